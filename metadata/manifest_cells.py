"""Cells: what the named cells of one row of a table say of an item, and what of them cannot be read."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from metadata import edtf_dates, languages, relators, types
from metadata import standard_numbers as numbers
from metadata.access_words import access_from_words
from metadata.description import Link, Remarks, shorten
from metadata.manifest_columns import Column
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

_Read = TypeVar("_Read", bound=str)
_AGENTS: dict[str, tuple[Kind, str]] = {
    "author": ("person", "aut"),
    "organisation": ("organisation", "aut"),
    "editor": ("person", "edt"),
    "translator": ("person", "trl"),
    "contributor": ("person", "ctb"),
    "publisher": ("organisation", "pbl"),
}
_DATES: tuple[tuple[str, DateKind], ...] = (("date", "issued"), ("created", "created"), ("period", "covered"))
_LINKS: dict[str, RelationKind] = {
    "translation_of": "isTranslationOf",
    "part_of": "isPartOf",
    "replaces": "replaces",
    "version_of": "isVersionOf",
}
_NUMBERS = {"isbn": numbers.isbn, "issn": numbers.issn, "doi": numbers.doi, "url": numbers.url}
_ROLE = re.compile(r"(.+?)\s*[(\[]([^()\[\]]{2,60})[)\]]")
_DAY = re.compile(r"\d{4}(?:-\d{1,2}){1,2}|\d{1,2}([./-])\d{1,2}\1\d{4}")
_SPAN = re.compile(r"\d{4}[\d-]{0,6}/\d{4}[\d-]{0,6}")
_YEARS = re.compile(r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not empty: what its column means, the header as written, and its text."""

    column: Column
    header: str
    value: str


def read_values(column: Column, header: str, values: Iterable[str], remarks: Remarks) -> tuple[Item, tuple[Link, ...]]:
    """Return what values of one field say, as if each stood in a cell of its own under ``header``, and their ties.

    A value is one value, whatever stands in it: there are no separators. What cannot be read is remarked on.
    """
    whole = replace(column, separator="")
    cells = (purify(unicodedata.normalize("NFC", value.strip()), remarks).strip() for value in values)
    row = Cells([Cell(whole, header, cell) for cell in cells if cell], remarks)
    return row.item(), tuple(row.links())


class Cells:
    """One row's cells, and what they say."""

    def __init__(self, cells: list[Cell], remarks: Remarks) -> None:
        self.cells = cells
        self.remarks = remarks
        self.languages = tuple(dict.fromkeys(self._languages()))

    def item(self) -> Item:
        """Return what the row says of its item; the end of an embargo says that there is one."""
        embargo = self._embargo()
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
            access=self._access() or ("embargoed" if embargo else ""),
            embargo=embargo,
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

    def listed(self, field: str) -> Iterator[str]:
        """Yield the values of a field that has several."""
        return (value for cell in self._each(field) for value in _several(cell))

    def _one_too_many(self, cell: Cell) -> None:
        self.remarks.mended(f"an item has one value of this kind; {shorten(cell.value)} was left out", cell.header)

    def _joined(self, field: str) -> str:
        values = (" ".join(cell.value.split()) for cell in self._each(field))
        return "; ".join(dict.fromkeys(filter(None, values)))

    def _each(self, *fields: str) -> list[Cell]:
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

    def _date(self, cell: Cell, written: str) -> str:
        value = edtf_dates.from_text(written)
        if edtf_dates.is_ambiguous(written):
            self.remarks.mended(f"{written} may be read two ways, the year alone was taken", cell.header)
        elif not value or _says_more(written, value):
            self.remarks.unknown(cell.header, written)
        elif any(year not in value for year in _YEARS.findall(written)):
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
        for cell in self._each("embargo"):
            self._date(cell, cell.value)  # remarks on what of it is not taken
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

    def _number(self, cell: Cell, scheme: str, value: str) -> str:
        """Return a number's normal form, mended where a spreadsheet made an amount of it, else ``""``."""
        if made := _NUMBERS[scheme](value):
            return made
        if made := _NUMBERS[scheme](numbers.from_amount(value, scheme)):
            self.remarks.mended(f"a spreadsheet wrote {value}, which was read as {made}", cell.header)
        elif numbers.is_amount(value):
            self.remarks.add("number-rounded", cell.header, field=cell.header, value=value)
        else:
            self.remarks.wrong_number(cell.header, value, scheme)
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


def _says_more(written: str, value: str) -> bool:
    """Say whether a day or a span was written of which only the year was understood."""
    return bool((_DAY.fullmatch(written) and len(value) < 7) or (_SPAN.fullmatch(written) and "/" not in value))


def _in_one_line(text: Text) -> Text:
    return replace(text, value=" ".join(text.value.split()))


def _several(cell: Cell) -> Iterator[str]:
    """Yield the values of a cell that may hold more than one."""
    yield from (" ".join(value.split()) for value in _parted(cell, ";|"))


def _parted(cell: Cell, usual: str) -> Iterator[str]:
    """Yield what stands between the separators of a cell: its column's own, else any of ``usual``."""
    if cell.column.separator is None:
        parts = re.split(f"[{usual}]", cell.value)
    else:
        parts = cell.value.split(cell.column.separator) if cell.column.separator else [cell.value]
    yield from filter(None, map(str.strip, parts))


def _at(values: list[str], index: int) -> str:
    return values[index] if index < len(values) else ""
