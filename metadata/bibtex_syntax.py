"""The syntax of BibTeX: a stream cut into entries, an entry parsed into fields.

As BibTeX 0.99d reads it: braces count whether or not a backslash stands before them, and text between
entries is comment. The stream is cut where the braces of an entry close; where they do not,
at the next line that begins an entry. Nothing recurses, so nesting may be as deep as it likes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from metadata.description import Remarks
from metadata.reference_reading import blocks

LARGEST = 1024 * 1024
"""An entry of more bytes than this is refused."""

MOST_ABBREVIATIONS = 10_000
LONGEST_ABBREVIATION = 64 * 1024
_ALL_ABBREVIATIONS = 8 * 1024 * 1024
MOST_FIELDS = 1000
_HELD_BACK = 256  # more than the longest head of an entry
_HEAD = rb"@[ \t]{0,40}(?P<type>[A-Za-z][\w-]{0,40})\s{0,40}[{(]"
_OUTSIDE = re.compile(_HEAD + rb"|(?<![^\r\n])[ \t]{0,40}@[ \t]{0,40}(?P<bare>[A-Za-z]{1,40})(?![\w@.-]|\s{0,40}[{(])")
_LINE_HEAD = rb"(?P<head>(?<![^\r\n])[ \t]{0,40}@[ \t]{0,40}[A-Za-z][\w-]{0,40}\s{0,40}[{(](?=\s{0,40}[^\s{}\"]))"
_INSIDE = re.compile(_LINE_HEAD + rb"|(?P<mark>[{}])")
_NEXT = re.compile(_LINE_HEAD)
_INSIDE_PARENTHESES = re.compile(_LINE_HEAD + rb"|(?P<mark>[{}\")])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_SPACE = re.compile(r"\s*")
_KEY = re.compile(r"[^,={}\"\s][^,=\s]*(?=\s*(?:,|\Z))")
_NAME = re.compile(r"[^\s\"#%'(),={}]+")
_BRACES = re.compile(r"[{}]")
_BRACES_AND_QUOTES = re.compile(r'[{}"]')


class Damaged(ValueError):
    """The entry cannot be read; the message is the reason."""


class Piece(NamedTuple):
    """An entry as it stands, in lower case what it is (``article``, ``string`` …), and what is wrong with it."""

    raw: bytes
    kind: str
    fault: str = ""


@dataclass(slots=True)
class Entry:
    """A parsed entry: ``fields`` by name in lower case, their values still LaTeX, a repeated one's in order."""

    kind: str
    key: str
    fields: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *names: str) -> str:
        """Return the first value of the first of these fields that there is, else ``""``."""
        return next((self.fields[name][0] for name in names if name in self.fields), "")


def pieces(stream: BinaryIO) -> Iterator[Piece]:
    """Yield every entry of a stream, commands (``@string``) among them, in order; memory stays flat."""
    cutter = _Cutter()
    for block in blocks(stream):
        yield from cutter.feed(block)
    yield from cutter.feed(b"", last=True)


class _Cutter:
    """Cuts a stream where entries begin and end."""

    def __init__(self) -> None:
        self.buffer = b""
        self.begin = 0  # where the entry begins that is open
        self.looked = 0  # up to here all is seen
        self.kind = ""  # of the entry that is open
        self.depth = 0
        self.round = False  # whether it is in parentheses
        self.quoted = False
        self.passing = False  # whether it was too long and is passed over

    def feed(self, block: bytes, last: bool = False) -> Iterator[Piece]:
        """Take in a block and yield the entries that end in it; with the ``last``, what remains."""
        self.buffer += block
        limit = len(self.buffer) - (0 if last else _HELD_BACK)
        while self.looked < limit:
            found = self._pattern().search(self.buffer, self.looked)
            if not found or found.start() >= limit:
                self.looked = limit
                break
            yield from self._inside(found) if self.kind else self._outside(found)
        if self.kind and not self.passing and len(self.buffer) - self.begin > LARGEST:
            yield self._too_long()
            self.passing = True
        if last and self.kind:
            yield from self._end(len(self.buffer), self._fault("the file ends before it does"))
        self._forget()

    def _pattern(self) -> re.Pattern[bytes]:
        """Return what to look for; after an entry that is too long only the next one."""
        if self.passing:
            return _NEXT
        return (_INSIDE_PARENTHESES if self.round else _INSIDE) if self.kind else _OUTSIDE

    def _outside(self, found: re.Match[bytes]) -> Iterator[Piece]:
        if found["bare"]:
            self.looked = found.end()
            if found["bare"].lower() != b"comment":
                line = self.buffer[found.start() : found.start() + LARGEST].splitlines()[0]
                yield Piece(line.lstrip(), "", "no brace follows its type")
            return
        self.begin, self.looked = found.start(), found.end()
        self.kind = found["type"].decode("ascii", "replace").lower()
        self.round = self.buffer[self.looked - 1 : self.looked] == b"("
        self.depth, self.quoted, self.passing = int(not self.round), False, False

    def _inside(self, found: re.Match[bytes]) -> Iterator[Piece]:
        self.looked = found.end()
        if found["head"]:
            yield from self._end(found.start(), self._fault("another entry begins before it ends"))
            return
        mark = found["mark"]
        if mark == b"{":
            self.depth += 1
        elif mark == b"}":
            self.depth -= 1
            if not self.round and self.depth <= 0:
                yield from self._end(found.end())
        elif mark == b'"' and self.depth == 0:
            self.quoted = not self.quoted
        elif mark == b")" and self.depth <= 0 and not self.quoted:
            yield from self._end(found.end())

    def _fault(self, reason: str) -> str:
        """Return why an entry is no whole one; an entry that lacks its last brace alone can be read."""
        return "" if self.depth == 1 and not self.round else f"its braces do not close; {reason}"

    def _end(self, at: int, fault: str = "") -> Iterator[Piece]:
        if at - self.begin > LARGEST and not self.passing:
            yield self._too_long()
        elif not self.passing:
            yield Piece(self.buffer[self.begin : at].strip(), self.kind, fault)
        self.kind, self.passing = "", False
        self.begin = self.looked = at

    def _too_long(self) -> Piece:
        raw = self.buffer[self.begin : self.begin + LARGEST]
        return Piece(raw, self.kind, f"it is longer than {LARGEST // 1024 // 1024} MiB")

    def _forget(self) -> None:
        """Let go of what is read, but for one byte, which tells whether a line begins."""
        cut = self.begin if self.kind and not self.passing else max(0, self.looked - 1)
        self.buffer = self.buffer[cut:]
        self.begin, self.looked = 0, self.looked - cut


class Abbreviations:
    """What ``@string`` defines, and the months; what is defined may not grow without end."""

    def __init__(self) -> None:
        self._values = {name: name for name in _MONTHS}
        self._size = 0

    def define(self, name: str, value: str) -> bool:
        """Take a definition in; False where there are too many already or this one is too long."""
        self._size += len(value)
        if len(value) > LONGEST_ABBREVIATION or self._size > _ALL_ABBREVIATIONS:
            return False
        if len(self._values) >= MOST_ABBREVIATIONS:
            return False
        self._values[name.lower()] = value
        return True

    def get(self, name: str) -> str | None:
        """Return what an abbreviation stands for, None where it is not defined."""
        return self._values.get(name.lower())


class _Cursor:
    """A place in the text of an entry."""

    def __init__(self, text: str, at: int, abbreviations: Abbreviations, remarks: Remarks) -> None:
        self.text = text
        self.at = at
        self.abbreviations = abbreviations
        self.remarks = remarks

    def skip(self, mark: str = "") -> bool:
        """Pass over white space and then ``mark``; say whether it stood there."""
        self.at = _space_end(self.text, self.at)
        if mark and self.text.startswith(mark, self.at):
            self.at = _space_end(self.text, self.at + 1)
            return True
        return False

    def take(self, pattern: re.Pattern[str]) -> str:
        """Return what matches here and pass over it, ``""`` where nothing does."""
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def value(self, name: str) -> str:
        """Return a value: strings, figures and abbreviations joined by ``#``."""
        parts = [self._part(name)]
        length = len(parts[0])
        while self.skip("#"):
            parts.append(self._part(name))
            length += len(parts[-1])
            if length > LARGEST:
                raise Damaged(f"the value of {name} is longer than {LARGEST // 1024 // 1024} MiB")
        return "".join(parts)

    def _part(self, name: str) -> str:
        if self.text.startswith("{", self.at):
            return self._enclosed(name, _BRACES, "}")
        if self.text.startswith('"', self.at):
            return self._enclosed(name, _BRACES_AND_QUOTES, '"')
        word = self.take(_NAME)
        if not word:
            raise Damaged(f"{name} has no value")
        if word.isdecimal():
            return word
        known = self.abbreviations.get(word)
        if known is None:
            self.remarks.mended(f"the abbreviation {word} is not defined; it was taken as it stands", name)
        return word if known is None else known

    def _enclosed(self, name: str, marks: re.Pattern[str], closing: str) -> str:
        start, depth = self.at + 1, 0
        for found in marks.finditer(self.text, start):
            if found[0] == closing and depth == 0:
                self.at = found.end()
                return self.text[start : found.start()]
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            if depth < 0:
                break
        raise Damaged(f"the value of {name} does not end")


def _space_end(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def parse(text: str, kind: str, abbreviations: Abbreviations, remarks: Remarks) -> Entry:
    """Return the entry in ``text``, which is one piece whole.

    A missing key, comma or last brace and an undefined abbreviation are mended, with a remark. Raises
    Damaged for what cannot be read.
    """
    opening = re.search(r"[{(]", text)
    start = opening.end() if opening else len(text)
    if text[-1:] in ("}", ")") and (text[-1] == ")" or text.count("{") <= text.count("}")):
        text = text[:-1]
    else:
        remarks.mended("its last brace is missing")
    cursor = _Cursor(text, start, abbreviations, remarks)
    cursor.skip()
    entry = Entry(kind, "" if kind == "string" else cursor.take(_KEY))
    if not entry.key and kind != "string":
        remarks.mended("it has no citation key")
    cursor.skip(",")
    _fields(cursor, entry)
    return entry


def _fields(cursor: _Cursor, entry: Entry) -> None:
    found = 0
    while cursor.at < len(cursor.text):
        name = cursor.take(_NAME).lower()
        cursor.skip()
        if not name or not cursor.skip("="):
            raise Damaged(f"a field was expected at “{cursor.text[max(0, cursor.at - 20) : cursor.at + 20]}”")
        entry.fields.setdefault(name, []).append(cursor.value(name))
        found += 1
        if found > MOST_FIELDS:
            raise Damaged(f"it has more than {MOST_FIELDS} fields")
        if not cursor.skip(",") and cursor.at < len(cursor.text):
            cursor.remarks.mended("a comma between fields is missing", name)
        while cursor.skip(","):
            pass
