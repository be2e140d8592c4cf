"""A workbook: its sheets, and what their cells show.

Specification: ECMA-376 Part 1 (5th edition), 18.2 (workbook), 18.3 (worksheets), 18.4 (shared
strings) and 18.8 (styles); the namespaces of the transitional and the strict form are both
read. Formulas are not computed: what a cell showed when it was saved is what counts.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from metadata import xlsx_formats as formats
from metadata.manifest_rows import LARGEST_CELL
from metadata.xlsx_package import Package, Reader, Refused

LARGEST_ROW = 16 * 1024 * 1024
LARGEST_TABLE = 512 * 1024 * 1024
LARGEST_STRINGS = 128 * 1024 * 1024
MOST_STRINGS = 4_000_000
MOST_COLUMNS = 16_384
MOST_CELLS = 10_000_000
MOST_SHEETS = 1000
_MOST_ROWS = 1_048_576
_MOST_MERGES = 10_000
_MOST_STYLES = 65_536
_REFERENCE = re.compile(r"([A-Z]{1,3})\d{1,7}")
_MERGE = re.compile(
    rb"<(?:\w{1,20}:)?mergeCell\s[^<>]{0,200}?\bref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_OTHER_SHEETS = {
    "chartsheet": "is a chart",
    "dialogsheet": "is a dialogue",
    "xlMacrosheet": "holds macros, which are never run",
    "xlIntlMacrosheet": "holds macros, which are never run",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook; ``unread`` is why it is none that is read, ``""`` where it is one."""

    name: str
    part: str
    unread: str = ""


@dataclass(slots=True)
class SheetRow:
    """The cells of a row that show something, by their column, counted from 0; ``number`` counts from 1."""

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    dates: set[int] = field(default_factory=set)
    doubts: list[tuple[int, str]] = field(default_factory=list)
    damage: str = ""
    size: int = 0


class Workbook:
    """An open workbook. Every fault is raised as :class:`metadata.xlsx_package.Refused`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._package = Package(stream)
        main = next((one for one in self._package.relationships("").values() if one.kind == "officeDocument"), None)
        if main is None or main.external:
            raise Refused("it has no workbook in it")
        if main.target.endswith(".bin"):
            raise Refused("it is a binary workbook (.xlsb); save it as .xlsx")
        found = _Workbook(main.target)
        self._package.read(main.target, found)
        self._tied = self._package.relationships(main.target)
        self.sheets = [self._sheet(*one) for one in found.sheets]
        self.since_1904 = found.since_1904
        self.styles = self._styles()
        self.strings = self._strings()
        self._shown = 0

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows of a sheet that show something, in the order of the file, their numbers rising."""
        reader = _Rows(self)
        for _ in self._package.feed(sheet.part, reader):
            yield from reader.take()

    def look_through(self, sheet: Sheet) -> dict[int, list[tuple[int, int]]]:
        """Unpack a whole sheet, so that damage shows before its first row is used; return its merged cells.

        These are, by their first row, the first column and the last row of all that are higher than a row.
        """
        found: dict[int, list[tuple[int, int]]] = {}
        tail, count = b"", 0
        for chunk in self._package.chunks(sheet.part):
            text = tail + chunk
            end = 0
            for match in _MERGE.finditer(text):
                count, end = count + 1, match.end()
                first, last = int(match[2]), int(match[4])
                if first < last and count <= _MOST_MERGES:
                    found.setdefault(first, []).append((column_of(match[1].decode()), last))
            tail = text[max(end, len(text) - 300) :]
        self._package.again()
        return found

    def shows(self, row: SheetRow, column: int, cell: "_Cell") -> None:
        """Put what a cell shows into its row, with what is doubtful about it."""
        if row.damage:
            return
        text = self._text(row, column, cell)
        row.size += len(text)
        self._shown += len(text)
        if self._shown > LARGEST_TABLE:
            raise Refused(f"its sheets show more than {LARGEST_TABLE // 1024 // 1024} Mi characters")
        if row.size > LARGEST_ROW:
            row.damage = f"the row has more than {LARGEST_ROW} characters"
        elif text:
            row.cells[column] = text

    def _text(self, row: SheetRow, column: int, cell: "_Cell") -> str:
        value = cell.value if cell.kind in ("inlineStr", "str") else cell.value.strip()
        if not value:
            if cell.formula and cell.kind != "str":
                row.doubts.append((column, "a formula without a value; open the table, save it and submit it again"))
            return ""
        match cell.kind:
            case "s":
                return self.strings.get(value)
            case "b":
                return "FALSE" if value == "0" else "TRUE"
            case "e":
                row.doubts.append((column, f"the cell shows the error {value}; it was left out"))
                return ""
            case "d":
                row.dates.add(column)
                return value[:10] if value[10:11] in ("T", "") else value
            case "inlineStr" | "str":
                return unescaped(value)
        return self._number(row, column, cell, value)

    def _number(self, row: SheetRow, column: int, cell: "_Cell", value: str) -> str:
        code = self.styles[cell.style] if 0 <= cell.style < len(self.styles) else formats.GENERAL
        if formats.is_date(code) and (shown := formats.date_shown(value, code, self.since_1904)):
            row.dates.add(column)
            return shown
        return formats.number_shown(value, formats.GENERAL if formats.is_date(code) else code)

    def _sheet(self, name: str, tie: str, hidden: bool) -> Sheet:
        tied = self._tied.get(tie)
        if tied is None or (not tied.external and not self._package.has(tied.target)):
            return Sheet(name, "", "is not in the file")
        if tied.external:
            return Sheet(name, "", "lies in another file, which is not opened")
        if tied.kind != "worksheet":
            return Sheet(name, tied.target, _OTHER_SHEETS.get(tied.kind, "is no worksheet"))
        return Sheet(name, tied.target, "is hidden" if hidden else "")

    def _part(self, kind: str) -> str:
        tied = (one.target for one in self._tied.values() if one.kind == kind and not one.external)
        return next((target for target in tied if self._package.has(target)), "")

    def _styles(self) -> list[str]:
        found = _Styles()
        if part := self._part("styles"):
            self._package.read(part, found)
        return [found.codes.get(number) or formats.built_in(number) for number in found.styles]

    def _strings(self) -> "_Strings":
        found = _Strings()
        if part := self._part("sharedStrings"):
            self._package.read(part, found)
        return found


def column_of(letters: str) -> int:
    """Return the place of a column, counted from 0 (``A`` is 0, ``AA`` 26)."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def unescaped(text: str) -> str:
    """Return a string with the characters that XML cannot hold, written ``_x000D_`` (22.9.2.19)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _whole(text: str) -> int:
    """Return a count, -1 where there is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


class _Workbook(Reader):
    """The sheets of a workbook as they are named: name, relationship, whether hidden."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.sheets: list[tuple[str, str, bool]] = []
        self.since_1904 = False
        self._root = True

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        name = _local(tag)
        if self._root and name != "workbook":
            raise Refused(f"it is no workbook: {self.part} is a {name}")
        self._root = False
        if name == "workbookPr":
            self.since_1904 = attributes.get("date1904", "0") in ("1", "true")
        elif name == "sheet":
            if len(self.sheets) >= MOST_SHEETS:
                raise Refused(f"it has more than {MOST_SHEETS} sheets")
            tie = next((value for key, value in attributes.items() if key.endswith("}id")), "")
            self.sheets.append((attributes.get("name", ""), tie, attributes.get("state", "visible") != "visible"))


class _Styles(Reader):
    """The number formats: their codes, and which one each style of a cell has."""

    def __init__(self) -> None:
        self.codes: dict[int, str] = {}
        self.styles: list[int] = []
        self._within = ""

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        name = _local(tag)
        if name in ("numFmts", "cellXfs"):
            self._within = name
        elif len(self.styles) + len(self.codes) > _MOST_STYLES:
            raise Refused(f"it has more than {_MOST_STYLES} styles")
        elif name == "numFmt" and self._within == "numFmts":
            self.codes[_whole(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")
        elif name == "xf" and self._within == "cellXfs":
            self.styles.append(_whole(attributes.get("numFmtId", "0")))

    def end(self, tag: str, /) -> None:
        if _local(tag) == self._within:
            self._within = ""


class _Strings(Reader):
    """The strings that cells share, one after another in UTF-8; readings of Asian names are passed over."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        self._open = False
        self._phonetic = False

    def get(self, index: str) -> str:
        """Return the string with this index, ``""`` where there is none."""
        at = _whole(index)
        if not 0 <= at < len(self._ends) - 1:
            return ""
        return unescaped(self._bytes[self._ends[at] : self._ends[at + 1]].decode("utf-8", "surrogatepass"))

    def start(self, tag: str, _attributes: dict[str, str], /) -> None:
        name = _local(tag)
        self._phonetic = self._phonetic or name == "rPh"
        self._open = name == "t" and not self._phonetic

    def data(self, text: str, /) -> None:
        if self._open and len(self._bytes) - self._ends[-1] <= 4 * LARGEST_CELL:
            self._bytes += text.encode("utf-8", "surrogatepass")
            if len(self._bytes) > LARGEST_STRINGS:
                raise Refused(f"its strings have more than {LARGEST_STRINGS // 1024 // 1024} MiB")

    def end(self, tag: str, /) -> None:
        name = _local(tag)
        self._open = False
        if name == "rPh":
            self._phonetic = False
        elif name == "si":
            if len(self._ends) > MOST_STRINGS:
                raise Refused(f"it has more than {MOST_STRINGS} strings")
            self._ends.append(len(self._bytes))


@dataclass(slots=True)
class _Cell:
    kind: str
    style: int
    formula: bool = False
    value: str = ""


class _Rows(Reader):
    """The rows of a worksheet as they come; no more than the current one is held."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._done: list[SheetRow] = []
        self._row = SheetRow(0)
        self._column = -1
        self._cell: _Cell | None = None
        self._open = False
        self._phonetic = False
        self._cells = 0

    def take(self) -> list[SheetRow]:
        """Return the rows that have come since this was called last."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        match _local(tag):
            case "row":
                named = _whole(attributes.get("r", ""))
                if self._row.number >= _MOST_ROWS:
                    raise Refused(f"a sheet has more than {_MOST_ROWS} rows")
                number = named if self._row.number < named <= _MOST_ROWS else self._row.number + 1
                self._row, self._column = SheetRow(number), -1
            case "c":
                self._column = self._place(attributes.get("r", ""))
                self._cell = _Cell(attributes.get("t", "n"), _whole(attributes.get("s", "0")))
            case "f" if self._cell:
                self._cell.formula = True
            case "rPh":
                self._phonetic = True
            case "v" | "t":
                self._open = self._cell is not None and not self._phonetic

    def data(self, text: str, /) -> None:
        if self._open and self._cell and len(self._cell.value) <= LARGEST_CELL:
            self._cell.value += text

    def end(self, tag: str, /) -> None:
        match _local(tag):
            case "v" | "t":
                self._open = False
            case "rPh":
                self._phonetic = False
            case "c" if self._cell:
                self._book.shows(self._row, self._column, self._cell)
                self._cell = None
            case "row" if self._row.cells or self._row.doubts or self._row.damage:
                self._done.append(self._row)

    def _place(self, reference: str) -> int:
        found = _REFERENCE.fullmatch(reference)
        place = column_of(found[1]) if found else self._column + 1
        self._cells += 1
        if self._cells > MOST_CELLS:
            raise Refused(f"a sheet has more than {MOST_CELLS} cells")
        if place >= MOST_COLUMNS:
            raise Refused(f"a row has more than {MOST_COLUMNS} columns")
        return place
