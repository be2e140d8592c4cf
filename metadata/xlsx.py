"""A manifest as a workbook of a spreadsheet (Office Open XML: .xlsx, .xlsm).

The first sheet whose beginning has a header with a column for a title or a file is read, row
by row, as one in CSV is (:mod:`metadata.manifest_rows`); every other sheet that holds
something is set aside and reported. Macros are never run and nothing outside the file is opened.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from metadata.description import Description, Rejected, Remarks, shorten
from metadata.manifest_rows import MOST_COLUMNS, Row, read_rows, unfit
from metadata.mapping import Mapping
from metadata.problems import problem
from metadata.xlsx_package import Refused
from metadata.xlsx_workbook import Sheet, SheetRow, Workbook

_BY_HEADER = Mapping()
_HEADER_WITHIN = 20  # a title and a few remarks may stand above it
_FEWEST_BELOW = 2  # known columns that make a header of a row that is not the first
_LOCAL_ENTRY = re.compile(rb"PK\x03\x04.{26}/?xl/", re.DOTALL | re.IGNORECASE)
_NO_TABLE = "has no column that is named for a title or a file"
_SECOND = "is not the first that is a table; save it as a file of its own"


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The sheet that is read: its header, and the number of the header's row."""

    sheet: Sheet
    header: list[str]
    number: int


def is_xlsx(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, is a ZIP that names a part of a workbook."""
    return head.startswith(b"PK\x03\x04") and bool(_LOCAL_ENTRY.search(head))


def read_xlsx(stream: BinaryIO, where: str, mapping: Mapping | None = None) -> Iterator[Description | Rejected]:
    """Yield every row of the workbook's table, numbered from 1 (the row after the header), then the other sheets.

    ``stream`` can be sought in; ``where`` is its name for reports. Cells give what they show
    (``5.10`` where the format has two decimals), dates EDTF. A file over 64 MiB, one that
    unpacks to over 256 MiB, is damaged or has no table is refused whole; memory stays flat.
    """
    whole = Remarks(where)
    mapping = mapping or _BY_HEADER
    try:
        book = Workbook(stream)
        chosen, aside = _choose(book, mapping)
        merged = book.look_through(chosen.sheet)
    except Refused as fault:
        whole.add("manifest-refused", reason=fault)
        yield Rejected(1, tuple(whole.problems))
        return
    last = 0
    for one in read_rows(chosen.header, _rows(book, chosen, merged), whole, mapping):
        last = one.number
        yield one
    for number, (sheet, reason) in enumerate(aside, last + 1):
        told = f"the sheet “{shorten(sheet.name, 40)}” {reason}"
        yield Rejected(number, (problem("not-a-document", f"{where}#{number}", reason=told),), set_aside=True)


def _choose(book: Workbook, mapping: Mapping) -> tuple[_Chosen, list[tuple[Sheet, str]]]:
    """Return the sheet to read, and the others that hold something with the reason why they are not."""
    chosen: _Chosen | None = None
    aside: list[tuple[Sheet, str]] = []
    for sheet in book.sheets:
        header, blank = (None, False) if sheet.unread else _header(book, sheet, mapping)
        if header and not chosen:
            chosen = header
        elif not blank:
            aside.append((sheet, sheet.unread or (_SECOND if header else _NO_TABLE)))
    if not chosen:
        raise Refused("none of its sheets has a column that is named for a title or a file")
    return chosen, aside


def _header(book: Workbook, sheet: Sheet, mapping: Mapping) -> tuple[_Chosen | None, bool]:
    """Return a sheet's header where it has one, and whether the sheet shows nothing at all."""
    blank = True
    for at, row in enumerate(islice(book.rows(sheet), _HEADER_WITHIN)):
        blank = False
        header = _listed(row.cells)
        known = sum(mapping.column(name) is not None for name in header[:MOST_COLUMNS])
        if not unfit(header, mapping) and (at == 0 or known >= _FEWEST_BELOW):
            return _Chosen(sheet, header, row.number), False
    return None, blank


def _listed(cells: dict[int, str]) -> list[str]:
    return [cells.get(at, "") for at in range(max(cells, default=-1) + 1)]


def _rows(book: Workbook, chosen: _Chosen, merged: dict[int, list[tuple[int, int]]]) -> Iterator[Row]:
    """Yield the rows below the header; a fault on the way is a damaged row, the last."""
    held: dict[int, tuple[int, str]] = {}  # by column: the last row of a merged cell, and what it shows
    number = 0
    try:
        for row in book.rows(chosen.sheet):
            if row.number > chosen.number:
                number = row.number - chosen.number
                _fill(row, merged, held)
                damage = row.damage
                yield Row(number, _listed(row.cells), damage, tuple(row.doubts), frozenset(row.dates))
    except Refused as fault:
        yield Row(number + 1, [], f"the table cannot be read from here on: {fault}")


def _fill(row: SheetRow, merged: dict[int, list[tuple[int, int]]], held: dict[int, tuple[int, str]]) -> None:
    """Put what a cell shows that is merged over several rows into all of them."""
    for column, (last, text) in list(held.items()):
        if row.number > last:
            del held[column]
        elif column not in row.cells:
            row.cells[column] = text
            row.doubts.append((column, "the cell is merged with those above; what they show was taken"))
    for column, last in merged.get(row.number, ()):
        if column in row.cells:
            held[column] = (last, row.cells[column])
