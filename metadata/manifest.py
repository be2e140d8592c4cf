"""A manifest: a table in CSV (RFC 4180) whose rows describe files beside it, or stand for themselves.

Read as spreadsheets write it: UTF-8 or Windows-1252, separated by commas, semicolons, tabs or
bars, headers in any of three languages (:mod:`metadata.manifest_columns`). Several values in
one cell are separated by ``;`` or ``|``.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from metadata import edtf_dates, languages, relators, types
from metadata import standard_numbers as numbers
from metadata.description import Description, Link, Rejected, Remarks
from metadata.manifest_columns import Column, column
from metadata.marc_charset import purify
from metadata.model import Agent, Contribution, Date, DateKind, Identifier, Item, Kind, RelationKind, Text
from metadata.problems import Problem

LARGEST = 64 * 1024 * 1024
LARGEST_CELL = 1024 * 1024
MOST_COLUMNS = 1000
_DELIMITERS = ",;\t|"
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
}
_NUMBERS = {"isbn": numbers.isbn, "issn": numbers.issn, "doi": numbers.doi, "url": numbers.url}
_UNCLOSED = "a quotation mark opens here and never closes; all rows after it were swallowed"
_ROLE = re.compile(r"(.+?)\s*[(\[]([^()\[\]]{2,60})[)\]]")
_ISO = re.compile(r"\d{4}(?:-\d{1,2}){1,2}")


@dataclass(frozen=True, slots=True)
class _Cell:
    column: Column
    header: str
    value: str


def read_manifest(data: bytes, where: str) -> Iterator[Description | Rejected]:
    """Yield every row of the table, numbered from 1 (the row after the header), blank rows left out.

    ``where`` is the table's name for reports. A row without a file describes itself; a row
    with neither title nor file is rejected, and so is a row with a cell over 1 MiB. A table
    over 64 MiB, with over 1,000 columns or without a column for title or file is refused whole.
    """
    whole = Remarks(where)
    header: list[str] = []
    rows: Iterator[list[str] | str] = iter(())
    if reason := _too_much(data):
        whole.add("manifest-refused", reason=reason)
    else:
        text, doubt = _decode(data)
        header, rows = _table(text)
        if doubt:
            whole.add("charset-doubtful", claimed="UTF-8", found="cp1252")
        if reason := _unfit(header):
            whole.add("manifest-refused", reason=reason)
    if reason:
        yield Rejected(1, tuple(whole.problems))
        return
    yield from _read_rows(header, rows, whole)


def is_manifest(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, is a table with a column for a title or a file."""
    header = _header(_decode(head)[0])
    return not _unfit(header) and "\0" not in "".join(header)


def _too_much(data: bytes) -> str:
    return f"it has {len(data)} bytes, the limit is {LARGEST}" if len(data) > LARGEST else ""


def _decode(data: bytes) -> tuple[str, bool]:
    """Return the text, and whether it had to be read as Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), False
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError as fault:
        if fault.end >= len(data) and fault.reason == "unexpected end of data":
            return data[: fault.start].decode("utf-8-sig"), False
        return data.decode("cp1252", "replace"), True


def _delimiter(text: str) -> str:
    """Return the delimiter by which the header has the most columns that are known."""
    return max(_DELIMITERS, key=lambda delimiter: sum(map(bool, map(column, _first_row(text, delimiter)))))


def _header(text: str) -> list[str]:
    return _first_row(text, _delimiter(text))


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter), [])[: MOST_COLUMNS + 1]
    except csv.Error:
        return []


def _table(text: str) -> tuple[list[str], Iterator[list[str] | str]]:
    """Return the header, and the rows; a row that cannot be read is its reason."""
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST))  # process-wide; we set our own limit below
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    header = next(rows, [])
    return ([] if isinstance(header, str) else header), rows


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str] | str]:
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            yield _UNCLOSED if "end of data" in str(fault) else str(fault)


def _unfit(header: list[str]) -> str:
    if len(header) > MOST_COLUMNS:
        return f"it has more than {MOST_COLUMNS} columns"
    fields = {found.field for name in header if (found := column(name))}
    return "" if fields & {"title", "file"} else "no column is named for a title or a file"


def _read_rows(header: list[str], rows: Iterable[list[str] | str], whole: Remarks) -> Iterator[Description | Rejected]:
    columns = [column(name) for name in header]
    for name, known in zip(header, columns, strict=True):
        if not known and name.strip():
            whole.add("column-unknown", name, name=name)
    blank = True
    for number, row in enumerate(rows, 1):
        if isinstance(row, str) or any(cell.strip() for cell in row):
            yield _read_row(header, columns, row, number, Remarks(f"{whole.where}#{number}"), whole.problems)
            whole.problems.clear()
            blank = False
    if blank:
        whole.add("manifest-refused", reason="it has a header and no rows")
        yield Rejected(1, tuple(whole.problems))


def _read_row(
    header: list[str],
    columns: list[Column | None],
    row: list[str] | str,
    number: int,
    remarks: Remarks,
    of_the_table: list[Problem],
) -> Description | Rejected:
    remarks.problems.extend(of_the_table)
    reason = row if isinstance(row, str) else _too_long(row)
    if isinstance(row, str) or reason:
        remarks.add("record-damaged", reason=reason)
        return Rejected(number, tuple(remarks.problems))
    raw = json.dumps(list(zip([*header, *[""] * len(row)], row, strict=False)), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    if any(cell.strip() for cell in row[len(header) :]):
        remarks.mended("it has more cells than the header; those without a name were left out")
    cells = [
        _Cell(known, name, value)
        for known, name, cell in zip(columns, header, row, strict=False)
        if known and (value := purify(unicodedata.normalize("NFC", cell.strip()), remarks).strip())
    ]
    row_of = _Row(cells, remarks)
    file = row_of.first("file").replace("\\", "/")
    item = row_of.item()
    if not item.titles and not file:
        remarks.add("record-without-title", field="title")
        return Rejected(number, tuple(remarks.problems), raw)
    return Description(number, item, raw, file, tuple(row_of.links()), tuple(remarks.problems))


def _too_long(row: list[str]) -> str:
    longest = max(map(len, row), default=0)
    return f"a cell has {longest} characters, the limit is {LARGEST_CELL}" if longest > LARGEST_CELL else ""


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
        texts = [
            Text(" ".join(text.value.split()), text.language or (own if field == "title" else ""))
            for field in ("title", "other_title")
            for text in self._texts(field)
        ]
        first = [text for text in texts if text.language in (own, "")] if own else []
        yield from (*first, *texts)

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
                value = edtf_dates.from_text(cell.value)
                if not value or (_ISO.fullmatch(cell.value) and len(value) < 7):
                    self.remarks.unknown(cell.header, cell.value)
                elif edtf_dates.is_ambiguous(cell.value):
                    self.remarks.mended(f"{cell.value} may be read two ways, the year alone was taken", cell.header)
                if value:
                    yield Date(value, kind)

    def _type(self) -> str:
        for cell in self._each("type"):
            if code := types.from_label(cell.value):
                return code
            self.remarks.unknown(cell.header, cell.value)
        return "other"

    def _identifiers(self) -> Iterator[Identifier]:
        for cell in self._each(*_NUMBERS):
            for value in _several(cell):
                if made := _NUMBERS[cell.column.field](value):
                    yield Identifier(cell.column.field, made)
                else:
                    self.remarks.unknown(cell.header, value)
        for cell in self._each("identifier"):
            for value in _several(cell):
                made = numbers.doi(value)
                yield Identifier("doi", made) if made else Identifier("local", value)


def _several(cell: _Cell) -> Iterator[str]:
    """Yield the values of a cell that may hold more than one."""
    yield from filter(None, (" ".join(value.split()) for value in re.split(r"[;|]", cell.value)))
