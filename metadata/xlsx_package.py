"""The package a workbook comes in: a ZIP of XML parts, none of which is trusted.

Specification: ECMA-376 Part 2 (5th edition), and PKWARE's APPNOTE 6.3. Sizes are looked at
before a part is opened, no more of it is inflated than it claimed, and all that is inflated is
summed up; nothing outside the package is ever opened, and no part is run.
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

LARGEST = 64 * 1024 * 1024
LARGEST_PART = 256 * 1024 * 1024
MOST_PARTS = 10_000
STEEPEST = 250  # deflate makes at most 1,032 of 1; real sheets 10 to 60
_FREE = 16 * 1024 * 1024  # below this a ratio says nothing
_CHUNK = 64 * 1024
_ENTRY = b"PK\x01\x02"


class Refused(Exception):
    """The package cannot be read; the message is the reason."""


class Reader:
    """What takes the parts of an XML document in as they are read (lxml's parser target); a base to build on."""

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        """Take in the start of an element."""

    def end(self, tag: str, /) -> None:
        """Take in the end of an element."""

    def data(self, text: str, /) -> None:
        """Take in a piece of text."""

    def doctype(self, _name: str | None, _public: str | None, _system: str | None, /) -> None:
        """Refuse the document: a workbook has none, so it would only serve to do harm."""
        raise Refused("a part of it has a document type declaration (DOCTYPE)")

    def close(self) -> None:
        """End; there is nothing to return."""


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part says it belongs together with; ``kind`` is the last step of its type (``worksheet``)."""

    kind: str
    target: str
    external: bool


class Package:
    """An open package. Every fault is raised as :class:`Refused`."""

    def __init__(self, stream: BinaryIO) -> None:
        _count(stream)
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as fault:
            raise Refused(f"it is no whole ZIP file ({fault}); it may have been cut off") from fault
        self._parts = {one.filename.lower(): one for one in self._zip.infolist()}
        self._left = LARGEST_PART

    def has(self, name: str) -> bool:
        """Say whether there is such a part; case does not matter."""
        return name.lower() in self._parts

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a part's bytes, some at a time."""
        part = self._parts.get(name.lower())
        if part is None:
            raise Refused(f"it has no part {name}")
        _look(part)
        try:
            with self._zip.open(part) as opened:
                while chunk := opened.read(_CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise Refused(f"it unpacks to more than {LARGEST_PART // 1024 // 1024} MiB")
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as fault:
            raise Refused(f"its part {name} is damaged ({fault})") from fault

    def read(self, name: str, target: Reader) -> None:
        """Feed a part to ``target``."""
        for _ in self.feed(name, target):
            pass

    def feed(self, name: str, target: Reader) -> Iterator[None]:
        """Feed a part to ``target``, and yield after each piece, so that what it has found may be taken away."""
        # The stubs ask for every method that a target may have.
        parser = etree.XMLParser(  # type: ignore[call-overload]
            target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        try:
            for chunk in self.chunks(name):
                parser.feed(chunk)
                yield
            parser.close()
        except etree.XMLSyntaxError as fault:
            raise Refused(f"the XML of its part {name} is not well formed ({fault.args[0]})") from fault
        yield

    def again(self) -> None:
        """Count sizes anew: what was looked through once is to be read."""
        self._left = LARGEST_PART

    def relationships(self, name: str) -> dict[str, Relationship]:
        """Return what a part (``""`` for the package) is tied to, by the ids it uses for them."""
        folder, base = posixpath.split(name)
        described = posixpath.join(folder, "_rels", f"{base}.rels")
        found = _Relationships(folder)
        if self.has(described):
            self.read(described, found)
        return found.by_id


class _Relationships(Reader):
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.by_id: dict[str, Relationship] = {}

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        if tag.rpartition("}")[2] != "Relationship" or len(self.by_id) >= MOST_PARTS:
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        external = attributes.get("TargetMode") == "External"
        target = attributes.get("Target", "")
        if not external:
            target = posixpath.normpath(posixpath.join("/", self.folder, target)).lstrip("/")
        self.by_id[attributes.get("Id", "")] = Relationship(kind, target, external)


def _look(part: zipfile.ZipInfo) -> None:
    """Refuse a part for what the directory says of it."""
    if part.flag_bits & 0x1:
        raise Refused("it is locked with a password; save it without one")
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused(f"its part {part.filename} is packed in a way that workbooks are not")
    if part.file_size > max(_FREE, STEEPEST * part.compress_size):
        raise Refused(f"its part {part.filename} unpacks to more than {STEEPEST} times its size")
    if part.file_size > LARGEST_PART:
        raise Refused(f"its part {part.filename} unpacks to more than {LARGEST_PART // 1024 // 1024} MiB")


def _count(stream: BinaryIO) -> None:
    """Refuse a file that is too large or has too many parts, before its directory is read into memory.

    The directory's own count may lie, so its entries are counted where they stand.
    """
    size, parts, tail = 0, 0, b""
    stream.seek(0)
    while chunk := stream.read(1024 * 1024):
        size += len(chunk)
        parts += (tail + chunk).count(_ENTRY)
        tail = chunk[-len(_ENTRY) + 1 :]
        if size > LARGEST:
            raise Refused(f"it has more than {LARGEST} bytes")
        if parts > MOST_PARTS:
            raise Refused(f"it has more than {MOST_PARTS} parts")
    stream.seek(0)
