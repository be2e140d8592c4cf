"""Files that come with a form (multipart/form-data, RFC 7578), written to disk as they come.

Nothing is kept in memory but a piece at a time. Of a file's name only the last part is taken, and
that cleaned: it names a file in the folder given, and nothing else. The form's own token comes
before the first file and is judged before anything is written.
"""

import os
import unicodedata
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from desk.form import Form

_MOST_FIELDS = 40
_LONGEST_VALUE = 2000  # bytes of a field that is no file
_LONGEST_HEADERS = 8000  # bytes, of one part
_LONGEST_NAME = 200  # bytes of a file's name; file systems take 255
_LONGEST_SUFFIX = 20


class Broken(Exception):
    """What came is no form with files, or ended before it was whole."""


class TooMuch(Exception):
    """More files, or bytes, than one upload may bring."""


class NotOurs(Exception):
    """The form has not the token of the session."""


@dataclass(slots=True)
class _Part:
    headers: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    value: bytearray = field(default_factory=bytearray)
    stream: BinaryIO | None = None


class Receiver:
    """Takes the pieces of one form; files go into ``folder``. ``judge`` says whether a token is the session's.

    ``files`` and ``total`` are how many files and bytes there may be.
    """

    def __init__(self, content_type: str, folder: Path, judge: Callable[[str], bool], files: int, total: int) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
            raise Broken
        self.files: list[tuple[str, int]] = []
        self._folder, self._judge = folder, judge
        self._most_files, self._left = files, total
        self._pairs: list[tuple[str, str]] = []
        self._part = _Part()
        self._name, self._value = bytearray(), bytearray()
        self._header_bytes = 0
        self._is_ours = False
        self._is_whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._opened,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )

    async def take(self, pieces: AsyncIterator[bytes]) -> Form:
        """Take all of it and return the fields that are no files. Raises Broken, TooMuch, NotOurs, OSError."""
        try:
            async for piece in pieces:
                if piece:
                    await run_in_threadpool(self._write, piece)
        finally:
            if self._part.stream:
                self._part.stream.close()
        if not self._is_whole:
            raise Broken
        if not self._is_ours:
            raise NotOurs
        return Form.of(self._pairs)

    def _write(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise TooMuch
        try:
            self._parser.write(piece)
        except FormParserError:
            raise Broken from None

    def _begin(self) -> None:
        self._part, self._header_bytes = _Part(), 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header(self._name, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header(self._value, data[start:end])

    def _header(self, into: bytearray, data: bytes) -> None:
        self._header_bytes += len(data)
        if self._header_bytes > _LONGEST_HEADERS:
            raise Broken
        into += data

    def _header_end(self) -> None:
        self._part.headers[self._name.decode("latin-1").lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _opened(self) -> None:
        """Open the file that a part is, where it is one; a field for files that has none comes without a name."""
        _, options = parse_options_header(self._part.headers.get("content-disposition", b""))
        self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            return
        given = options[b"filename"].decode("utf-8", "replace")
        if not given:
            self._part.name = ""
            return
        if not self._is_ours:
            raise NotOurs
        if len(self.files) >= self._most_files:
            raise TooMuch
        self._part.stream = _new_file(self._folder, given)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.stream:
            self._part.stream.write(data[start:end])
            return
        self._part.value += data[start:end]
        if len(self._part.value) > _LONGEST_VALUE:
            raise Broken

    def _end(self) -> None:
        part = self._part
        if part.stream:
            self.files.append((Path(part.stream.name).name, part.stream.tell()))
            part.stream.flush()
            os.fsync(part.stream.fileno())
            part.stream.close()
        elif part.name:
            self._keep(part.name, part.value.decode("utf-8", "replace"))

    def _keep(self, name: str, value: str) -> None:
        if name == "csrf":
            self._is_ours = self._judge(value)
        elif len(self._pairs) >= _MOST_FIELDS:
            raise Broken
        else:
            self._pairs.append((name, value))

    def _finish(self) -> None:
        self._is_whole = True


def clean_name(given: str) -> str:
    """Return the last part of a path as a file's name that any file system takes and nobody is misled by.

    Control and direction characters are left out, and dots and spaces at either end.
    """
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    plain = "".join(one for one in last if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    plain = plain.strip(". ") or "file"
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > _LONGEST_SUFFIX:
        return _shortened(plain, _LONGEST_NAME)
    return f"{_shortened(stem, _LONGEST_NAME - len(suffix.encode()) - 1)}.{suffix}"


def _new_file(folder: Path, given: str) -> BinaryIO:
    """Open a new file; one whose name is taken, in whatever case, gets a number."""
    name = clean_name(given)
    taken = {one.lower() for one in os.listdir(folder)}  # noqa: PTH208 - names only
    stem, dot, suffix = name.rpartition(".")
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{stem} ({number}).{suffix}" if dot else f"{suffix} ({number})"
    return (folder / name).open("xb")


def _shortened(text: str, most: int) -> str:
    """Return as much of the beginning as has ``most`` bytes in UTF-8."""
    return text.encode()[:most].decode(errors="ignore")
