"""Rows: from the named cells of a table, whatever it was written as, to the descriptions of items."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from metadata import edtf_dates, languages, relators, types
from metadata import standard_numbers as numbers
from metadata.access_words import access_from_words
from metadata.description import Description, Link, Rejected, Remarks, shorten
from metadata.manifest_columns import Column
from metadata.mapping import Mapping
from metadata.marc_charset import purify
from metadata.model import (
    Access,
    Agent,
    Contribution,
    Date,
    DateKind,
    Identifier,
    Item,
    Kind,
    RelationKind,
    Series,
    Text,
)
from metadata.problems import Problem

_Read = TypeVar("_Read", bound=str)
LARGEST_CELL = 1024 * 1024
MOST_COLUMNS = 1000
_AGENTS: dict[str, tuple[Kind, str]] = {
    "author": ("person", "aut"),
    "organisation": ("organisation", "aut"),
    "editor": ("person", "edt"),
    "translator": ("person", "trl"),
    "contributor": ("person", "ctb"),
    "publisher": ("organisation", "pbl"),
}
_DATES: tuple[tuple[str, DateKind], ...] = (("date", "issued"), ("created", "created"), ("period", "covered"))
_DATED = frozenset({"date", "created", "period", "embargo"})
_LINKS: dict[str, RelationKind] = {
    "translation_of": "isTranslationOf",
    "part_of": "isPartOf",
    "replaces": "replaces",
}
_NUMBERS = {"isbn": numbers.isbn, "issn": numbers.issn, "doi": numbers.doi, "url": numbers.url}
_ROLE = re.compile(r"(.+?)\s*[(\[]([^()\[\]]{2,60})[)\]]")
_ISO = re.compile(r"\d{4}(?:-\d{1,2}){1,2}")
_SPAN = re.compile(r"\d{4}[\d-]{0,6}/\d{4}[\d-]{0,6}")
_YEARS = re.compile(r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)")
_MADE_A_DATE = "the spreadsheet holds a date here; if a number like 5.10 was typed, format the column as text"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: its place, counted from 1 after the header, and its cells.

    ``damage`` is why it cannot be read, ``""`` where it can. ``doubts`` are remarks on single
    cells, and ``dates`` the cells that the table itself holds as a date, by their index.
    """

    number: int
    cells: list[str]
    damage: str = ""
    doubts: tuple[tuple[int, str], ...] = ()
    dates: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Cell:
    column: Column
    header: str
    value: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A column of the table, and what it means; one that means nothing is ``lost`` or goes to the notes."""

    header: str
    column: Column | None


def unfit(header: list[str], mapping: Mapping) -> str:
    """Return why a row is no header of a manifest, ``""`` where it is one."""
    if len(header) > MOST_COLUMNS:
        return f"it has more than {MOST_COLUMNS} columns"
    fields = {found.field for name in header if (found := mapping.column(name))}
    fields |= {constant.field for constant, _ in mapping.constants} & {"title"}
    return "" if fields & {"title", "file"} else "no column is named for a title or a file"


def read_rows(
    header: list[str], rows: Iterable[Row], whole: Remarks, mapping: Mapping
) -> Iterator[Description | Rejected]:
    """Yield what each row says; blank rows are left out. ``whole`` has the remarks on the table itself.

    They go with the first row. A table without a row is refused.
    """
    columns = [_named(name, mapping, whole) for name in header]
    blank = True
    for row in rows:
        if row.damage or row.doubts or any(cell.strip() for cell in row.cells):
            yield _read_row(columns, row, Remarks(f"{whole.where}#{row.number}"), whole.problems, mapping)
            whole.problems.clear()
            blank = False
    if blank:
        whole.add("manifest-refused", reason="it has a header and no rows")
        yield Rejected(1, tuple(whole.problems))


def read_values(column: Column, header: str, values: Iterable[str], remarks: Remarks) -> tuple[Item, tuple[Link, ...]]:
    """Return what values of one field say, as if each stood in a cell of its own under ``header``, and their ties.

    A value is one value, whatever stands in it: there are no separators. What cannot be read is remarked on.
    """
    whole = replace(column, separator="")
    cells = (purify(unicodedata.normalize("NFC", value.strip()), remarks).strip() for value in values)
    row = _Row([_Cell(whole, header, cell) for cell in cells if cell], remarks)
    return row.item(), tuple(row.links())


def _named(header: str, mapping: Mapping, whole: Remarks) -> _Named:
    known = mapping.column(header)
    if known or not header.strip() or mapping.ignores(header):
        return _Named(header, known)
    if mapping.unknown == "note":
        return _Named(header, Column("note"))
    whole.add("column-unknown", header, name=header)
    return _Named(header, None)


def _read_row(
    columns: list[_Named], row: Row, remarks: Remarks, of_the_table: list[Problem], mapping: Mapping
) -> Description | Rejected:
    remarks.problems.extend(of_the_table)
    if reason := row.damage or _too_long(row.cells):
        remarks.add("record-damaged", reason=reason)
        return Rejected(row.number, tuple(remarks.problems))
    raw = _raw(columns, row.cells)
    if any(cell.strip() for cell in row.cells[len(columns) :]):
        remarks.mended("it has more cells than the header; those without a name were left out")
    _doubts(columns, row, remarks)
    cells = [*_cells(columns, row.cells, mapping, remarks), *_constants(mapping)]
    row_of = _Row(cells, remarks)
    file = row_of.only("file").replace("\\", "/")
    item = row_of.item()
    if not item.titles and not file:
        remarks.add("record-without-title", field="title")
        return Rejected(row.number, tuple(remarks.problems), raw)
    return Description(row.number, item, raw, file, tuple(row_of.links()), tuple(remarks.problems))


def _too_long(cells: list[str]) -> str:
    longest = max(map(len, cells), default=0)
    return f"a cell has {longest} characters, the limit is {LARGEST_CELL}" if longest > LARGEST_CELL else ""


def _raw(columns: list[_Named], cells: list[str]) -> bytes:
    """Return the row as it came, so that what was not understood is kept too."""
    names = [*(one.header for one in columns), *[""] * len(cells)]
    return json.dumps(list(zip(names, cells, strict=False)), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _doubts(columns: list[_Named], row: Row, remarks: Remarks) -> None:
    for at, reason in row.doubts:
        if at < len(columns) and columns[at].column:
            remarks.mended(reason, columns[at].header)
    for at in sorted(row.dates):
        if at < len(columns) and (known := columns[at].column) and known.field not in _DATED:
            remarks.mended(_MADE_A_DATE, columns[at].header)


def _cells(columns: list[_Named], row: list[str], mapping: Mapping, remarks: Remarks) -> Iterator[_Cell]:
    padded = [*row, *[""] * (len(columns) - len(row))]
    for named, cell in zip(columns, padded, strict=False):
        if not named.column:
            continue
        value = purify(unicodedata.normalize("NFC", cell.strip()), remarks).strip() or named.column.default
        if value and named.column.field == "note" and not mapping.column(named.header):
            value = f"{named.header.strip()}: {value}"
        if value:
            yield _Cell(named.column, named.header, value)


def _constants(mapping: Mapping) -> Iterator[_Cell]:
    return (_Cell(constant, constant.field, value) for constant, value in mapping.constants)


class _Row:
    """One row's cells, and what they say."""

    def __init__(self, cells: list[_Cell], remarks: Remarks) -> None:
        self.cells = cells
        self.remarks = remarks
        self.languages = tuple(dict.fromkeys(self._languages()))

    def item(self) -> Item:
        """Return what the row says of its item."""
        return Item(
            titles=tuple(dict.fromkeys(self._titles())),
            contributions=tuple(dict.fromkeys(self._contributions())),
            dates=tuple(dict.fromkeys(self._dates())),
            languages=self.languages,
            type=self._type(),
            keywords=self._listed("subject"),
            descriptions=self._texts("description"),
            identifiers=tuple(dict.fromkeys(self._identifiers())),
            coverage=self._listed("place"),
            rights=self._texts("rights"),
            access=self._access(),
            embargo=self._embargo(),
            places=tuple(dict.fromkeys(value for cell in self._each("published_in") for value in _several(cell))),
            edition=self._joined("edition"),
            extent=self._joined("extent"),
            series=tuple(dict.fromkeys(self._series())),
            notes=self._texts("note"),
            collections=tuple(dict.fromkeys(value for cell in self._each("collection") for value in _several(cell))),
            source=self.remarks.where,
        )

    def links(self) -> Iterator[Link]:
        """Yield the ties to other files, or to records by their control number."""
        for field, kind in _LINKS.items():
            for cell in self._each(field):
                for value in _several(cell):
                    if value.startswith("("):
                        yield Link(kind, "control-number", value, cell.header)
                    else:
                        yield Link(kind, "file", value.replace("\\", "/"), cell.header)

    def first(self, field: str) -> str:
        """Return the first cell of a field, else ``""``."""
        return next((cell.value for cell in self._each(field)), "")

    def only(self, field: str) -> str:
        """Return the first cell of a field that has one value; others that say something else are remarked on."""
        first = self.first(field)
        for cell in self._each(field):
            if cell.value != first:
                self._one_too_many(cell)
        return first

    def _one_too_many(self, cell: _Cell) -> None:
        self.remarks.mended(f"an item has one value of this kind; {shorten(cell.value)} was left out", cell.header)

    def _joined(self, field: str) -> str:
        values = (" ".join(cell.value.split()) for cell in self._each(field))
        return "; ".join(dict.fromkeys(filter(None, values)))

    def _each(self, *fields: str) -> list[_Cell]:
        return [cell for cell in self.cells if cell.column.field in fields]

    def _texts(self, *fields: str) -> tuple[Text, ...]:
        texts = (Text(cell.value, cell.column.language) for cell in self._each(*fields))
        return tuple(dict.fromkeys(texts))

    def _listed(self, field: str) -> tuple[Text, ...]:
        listed = (Text(value, cell.column.language) for cell in self._each(field) for value in _several(cell))
        return tuple(dict.fromkeys(listed))

    def _titles(self) -> Iterator[Text]:
        """Yield the title without a language or in the row's own first, then the others."""
        own = self.languages[0] if len(self.languages) == 1 else ""
        beside = [*self._texts("subtitle")]
        texts = [self._whole_title(text, beside, own) for text in self._texts("title")]
        texts += [_in_one_line(text) for text in (*self._texts("other_title"), *beside)]
        first = [text for text in texts if text.language in (own, "")] if own else []
        yield from (*first, *texts)

    def _whole_title(self, title: Text, beside: list[Text], own: str) -> Text:
        """Return a title with the first subtitle in its language behind it, which is taken out of ``beside``."""
        found = next((one for one in beside if one.language == title.language), None)
        if found:
            beside.remove(found)
        whole = f"{title.value} : {found.value}" if found else title.value
        return _in_one_line(replace(title, value=whole, language=title.language or own))

    def _languages(self) -> Iterator[str]:
        for cell in self._each("language"):
            for value in re.split(r"[;|,/+]", cell.value):
                if tag := languages.from_code(value.strip()):
                    yield tag
                elif value.strip():
                    self.remarks.unknown(cell.header, value.strip())

    def _contributions(self) -> Iterator[Contribution]:
        for cell in self._each(*_AGENTS):
            kind, role = _AGENTS[cell.column.field]
            for value in _several(cell):
                named = _ROLE.fullmatch(value)
                written = relators.from_term(named[2]) if named else ""
                name = named[1] if named and written else value
                yield Contribution(Agent(name, kind), written or role)

    def _dates(self) -> Iterator[Date]:
        for field, kind in _DATES:
            for cell in self._each(field):
                for written in _several(cell):
                    if value := self._date(cell, written):
                        yield Date(value, kind)

    def _date(self, cell: _Cell, written: str) -> str:
        value = edtf_dates.from_text(written)
        if not value or (_ISO.fullmatch(written) and len(value) < 7) or (_SPAN.fullmatch(written) and "/" not in value):
            self.remarks.unknown(cell.header, written)
        elif edtf_dates.is_ambiguous(written):
            self.remarks.mended(f"{written} may be read two ways, the year alone was taken", cell.header)
        elif value and any(year not in value for year in _YEARS.findall(written)):
            self.remarks.mended(f"of {shorten(written)} only {value} was taken", cell.header)
        return value

    def _one_of(self, field: str, read: Callable[[str], _Read]) -> _Read:
        """Return the first value of a field that is one, and remark on all others."""
        found = read("")
        for cell in self._each(field):
            value = read(cell.value)
            if not value:
                self.remarks.unknown(cell.header, cell.value)
            elif found and value != found:
                self._one_too_many(cell)
            found = found or value
        return found

    def _type(self) -> str:
        return self._one_of("type", types.from_label) or "other"

    def _access(self) -> Access:
        return self._one_of("access", access_from_words)

    def _embargo(self) -> str:
        return self._one_of("embargo", edtf_dates.from_text)

    def _series(self) -> Iterator[Series]:
        """Yield the series; numbers and ISSNs of their own columns go with them in order.

        A cell may hold a number behind its series, as ISBD writes it (``Notes ; 12``).
        """
        titles = [value for cell in self._each("series") for value in _parted(cell, "|")]
        counted = [value for cell in self._each("series_number") for value in _several(cell)]
        issns = list(self._issns_of_series())
        for at, written in enumerate(titles):
            title, _, number = (" ".join(part.split()) for part in written.partition(";"))
            if title:
                yield Series(title, number or _at(counted, at), _at(issns, at))
            if number and (other := _at(counted, at)) not in ("", number):
                self._of_no_series("series_number", other)
        for field, values in (("series_number", counted), ("series_issn", issns)):
            for value in values[len(titles) :]:
                self._of_no_series(field, value)

    def _of_no_series(self, field: str, value: str) -> None:
        header = next(cell.header for cell in self._each(field))
        self.remarks.mended(f"there is no series for {shorten(value)}; it was left out", header)

    def _issns_of_series(self) -> Iterator[str]:
        for cell in self._each("series_issn"):
            for value in _several(cell):
                yield self._number(cell, "issn", value)

    def _number(self, cell: _Cell, scheme: str, value: str) -> str:
        """Return a number's normal form, mended where a spreadsheet made an amount of it, else ``""``."""
        if made := _NUMBERS[scheme](value):
            return made
        if made := _NUMBERS[scheme](numbers.from_amount(value, scheme)):
            self.remarks.mended(f"a spreadsheet wrote {value}, which was read as {made}", cell.header)
        elif numbers.is_amount(value):
            self.remarks.add("number-rounded", cell.header, field=cell.header, value=value)
        else:
            self.remarks.unknown(cell.header, value)
        return made

    def _identifiers(self) -> Iterator[Identifier]:
        for cell in self._each(*_NUMBERS):
            for value in _several(cell):
                if made := self._number(cell, cell.column.field, value):
                    yield Identifier(cell.column.field, made)
        for cell in self._each("identifier"):
            for value in _several(cell):
                if numbers.is_amount(value):
                    self.remarks.add("number-rounded", cell.header, field=cell.header, value=value)
                made = numbers.doi(value)
                yield Identifier("doi", made) if made else Identifier("local", value)


def _in_one_line(text: Text) -> Text:
    return replace(text, value=" ".join(text.value.split()))


def _several(cell: _Cell) -> Iterator[str]:
    """Yield the values of a cell that may hold more than one."""
    yield from (" ".join(value.split()) for value in _parted(cell, ";|"))


def _parted(cell: _Cell, usual: str) -> Iterator[str]:
    """Yield what stands between the separators of a cell: its column's own, else any of ``usual``."""
    if cell.column.separator is None:
        parts = re.split(f"[{usual}]", cell.value)
    else:
        parts = cell.value.split(cell.column.separator) if cell.column.separator else [cell.value]
    yield from filter(None, map(str.strip, parts))


def _at(values: list[str], index: int) -> str:
    return values[index] if index < len(values) else ""
