"""Rows: from the named cells of a table, whatever it was written as, to the descriptions of items."""

import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from metadata.description import Description, Rejected, Remarks
from metadata.manifest_cells import Cell, Cells
from metadata.manifest_columns import Column
from metadata.mapping import Mapping
from metadata.marc_charset import purify
from metadata.problems import Problem

LARGEST_CELL = 1024 * 1024
MOST_COLUMNS = 1000
_DATED = frozenset({"date", "created", "period", "embargo"})
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
    elif not mapping.ignores("") and any(map(_is_nameless, columns, row.cells)):
        remarks.mended("a cell has no header above it; it was left out")
    _doubts(columns, row, remarks)
    cells = [*_cells(columns, row.cells, mapping, remarks), *_constants(mapping)]
    row_of = Cells(cells, remarks)
    file = row_of.only("file").replace("\\", "/")
    item = row_of.item()
    if not item.titles and not file:
        remarks.add("record-without-title", field="title")
        return Rejected(row.number, tuple(remarks.problems), raw)
    pages = tuple(value.replace("\\", "/") for value in row_of.listed("page_files")) if file else ()
    return Description(row.number, item, raw, file, tuple(row_of.links()), tuple(remarks.problems), pages)


def _is_nameless(named: _Named, cell: str) -> bool:
    return not named.header.strip() and bool(cell.strip())


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


def _cells(columns: list[_Named], row: list[str], mapping: Mapping, remarks: Remarks) -> Iterator[Cell]:
    padded = [*row, *[""] * (len(columns) - len(row))]
    for named, cell in zip(columns, padded, strict=False):
        if not named.column:
            continue
        composed = unicodedata.normalize("NFC", cell.strip())
        if composed != cell.strip():
            remarks.mended("its Unicode was not in the normal form C")
        value = purify(composed, remarks).strip() or named.column.default
        if value and named.column.field == "note" and not mapping.column(named.header):
            value = f"{named.header.strip()}: {value}"
        if value:
            yield Cell(named.column, named.header, value)


def _constants(mapping: Mapping) -> Iterator[Cell]:
    return (Cell(constant, constant.field, value) for constant, value in mapping.constants)
