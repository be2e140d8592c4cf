"""A manifest: a table in CSV (RFC 4180) whose rows describe files beside it, or stand for themselves.

Read as spreadsheets write it: UTF-8 or Windows-1252, separated by commas, semicolons, tabs or
bars, headers in any of three languages (:mod:`metadata.manifest_columns`). Several values in
one cell are separated by ``;`` or ``|``.
"""

import csv
import io
import re
from collections.abc import Iterator

from metadata.description import Description, Rejected, Remarks
from metadata.manifest_rows import MOST_COLUMNS, Row, read_rows, unfit
from metadata.mapping import Mapping

LARGEST = 64 * 1024 * 1024
_DELIMITERS = ",;\t|"
_UNCLOSED = "a quotation mark opens here and never closes; all rows after it were swallowed"
_SEPARATOR = re.compile(r'\A"?sep=[^\w\n]"?(?:\r\n?|\n)', re.IGNORECASE)
_BY_HEADER = Mapping()


def read_manifest(data: bytes, where: str, mapping: Mapping | None = None) -> Iterator[Description | Rejected]:
    """Yield every row of the table, numbered from 1 (the row after the header), blank rows left out.

    ``where`` is the table's name for reports; ``mapping`` says what its columns mean beyond
    what their headers say. A row without a file describes itself; a row
    with neither title nor file is rejected, and so is a row with a cell over 1 MiB. A table
    over 64 MiB, with over 1,000 columns or without a column for title or file is refused whole.
    """
    whole = Remarks(where)
    mapping = mapping or _BY_HEADER
    header: list[str] = []
    rows: Iterator[Row] = iter(())
    if reason := _too_much(data):
        whole.add("manifest-refused", reason=reason)
    else:
        text, doubt = _decode(data)
        header, rows = _table(text, mapping)
        if doubt:
            whole.add("charset-doubtful", claimed="UTF-8", found="cp1252")
        if reason := unfit(header, mapping):
            whole.add("manifest-refused", reason=reason)
    if reason:
        yield Rejected(1, tuple(whole.problems))
        return
    yield from read_rows(header, rows, whole, mapping)


def is_manifest(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, is a table with a column for a title or a file."""
    text = _decode(head)[0]
    header = _first_row(text, _delimiter(text, _BY_HEADER))
    return not unfit(header, _BY_HEADER) and "\0" not in "".join(header)


def _too_much(data: bytes) -> str:
    return f"it has {len(data)} bytes, the limit is {LARGEST}" if len(data) > LARGEST else ""


def _decode(data: bytes) -> tuple[str, bool]:
    """Return the text, and whether it had to be read as Windows-1252; Excel's line ``sep=;`` is no row of it."""
    text, doubt = _characters(data)
    return _SEPARATOR.sub("", text, count=1), doubt


def _characters(data: bytes) -> tuple[str, bool]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), False
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError as fault:
        if fault.end >= len(data) and fault.reason == "unexpected end of data":
            return data[: fault.start].decode("utf-8-sig"), False
        return data.decode("cp1252", "replace"), True


def _delimiter(text: str, mapping: Mapping) -> str:
    """Return the delimiter by which the header has the most columns that are known."""
    return max(_DELIMITERS, key=lambda delimiter: sum(map(bool, map(mapping.column, _first_row(text, delimiter)))))


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter), [])[: MOST_COLUMNS + 1]
    except csv.Error:
        return []


def _table(text: str, mapping: Mapping) -> tuple[list[str], Iterator[Row]]:
    """Return the header, and the rows; a row that cannot be read has its reason."""
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST))  # process-wide; we set our own limit below
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, mapping), strict=True)
    rows = _rows(reader)
    return next(rows, Row(0, [])).cells, rows


def _rows(reader: Iterator[list[str]]) -> Iterator[Row]:
    number = 0
    while True:
        try:
            yield Row(number, next(reader))
        except StopIteration:
            return
        except csv.Error as fault:
            yield Row(number, [], _UNCLOSED if "end of data" in str(fault) else str(fault))
        number += 1
