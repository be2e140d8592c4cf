"""Gathering: from the paths a librarian names to the files that came, each named once.

Nothing is opened that is not a regular file, and no link below a named folder is followed.
What a file is, its first bytes say; its name is asked only where they say nothing.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from metadata.accession import Outcome, Piece
from metadata.manifest import is_manifest
from metadata.marc21 import is_marc21
from metadata.marcxml import is_marcxml
from metadata.problems import Problem, problem

Kind = Literal["document", "marc21", "marcxml", "manifest"]
HEAD = 65_536
_MAGIC = (
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
)
_BY_SUFFIX = {
    ".pdf": "application/pdf",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".jp2": "image/jp2",
}
_RECORDS = {".mrc", ".marc", ".dat"}
_TABLES = {".csv", ".tsv"}
_SYSTEM = {"thumbs.db", "desktop.ini", ".ds_store"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file that came: ``source`` is its path as given, ``media_type`` what its content says it is."""

    path: Path
    source: str
    kind: Kind
    media_type: str


def gather(paths: Iterable[Path], home: Path) -> Iterator[Found | Piece]:
    """Yield every file below ``paths`` in a fixed order, or the Piece that says why it is left.

    A file that is reached twice comes once. The library's own ``home`` is not gone into.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        for entry in _walk(path, home.resolve()):
            if isinstance(entry, Piece):
                yield entry
                continue
            status = entry.stat()
            if (status.st_dev, status.st_ino) not in seen or status.st_nlink > 1:
                seen.add((status.st_dev, status.st_ino))
                yield _look(entry, status.st_size)


def shown(path: Path) -> str:
    """Return a path as text that any encoding takes; bytes that are no UTF-8 are written ``\\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _walk(path: Path, home: Path) -> Iterator[Path | Piece]:
    """Yield the regular files at or below ``path``; a link that is named outright is followed."""
    if path.is_file():
        yield path
    elif not path.is_dir():
        yield _left(path, "refused", problem("not-a-regular-file", shown(path), kind=_kind_of(path)))
    elif path.resolve() == home:
        yield _left(path, "set_aside", _aside(path, "this is the library’s own home"))
    else:
        for entry in sorted(os.scandir(path), key=lambda entry: os.fsencode(entry.name)):
            below = path / entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(below, home)
            elif entry.is_file(follow_symlinks=False):
                yield below
            else:
                yield _left(below, "refused", problem("not-a-regular-file", shown(below), kind=_kind_of(below)))


def _look(path: Path, size: int) -> Found | Piece:
    source = shown(path)
    if path.name.lower() in _SYSTEM or path.name.startswith("._"):
        return _left(path, "set_aside", _aside(path, "a file of the operating system, not a document"))
    if size == 0:
        return _left(path, "refused", problem("file-empty", source))
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as fault:
        return _left(path, "refused", problem("file-unreadable", source, reason=fault.strerror))
    return _recognise(path, source, head)


def _recognise(path: Path, source: str, head: bytes) -> Found | Piece:
    suffix = path.suffix.lower()
    if media_type := _media_type(head):
        return Found(path, source, "document", media_type)
    if suffix in _RECORDS or is_marc21(head):
        return Found(path, source, "marc21", "application/marc")
    if is_marcxml(head) or (suffix == ".xml" and b"MARC21/slim" in head):
        return Found(path, source, "marcxml", "application/marcxml+xml")
    if suffix in _TABLES and is_manifest(head):
        return Found(path, source, "manifest", "text/csv")
    if suffix in _BY_SUFFIX:
        return Found(path, source, "document", _BY_SUFFIX[suffix])
    if suffix in _TABLES:
        return _left(path, "set_aside", _aside(path, "a table without a column for a title or a file"))
    return _left(path, "set_aside", _aside(path, f"Canoe does not read {suffix or 'files without an ending'} yet"))


def _media_type(head: bytes) -> str:
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    return next((media_type for magic, media_type in _MAGIC if head.startswith(magic)), "")


def _kind_of(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return "path that leads nowhere"
    names = {stat.S_IFLNK: "symbolic link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    return names.get(stat.S_IFMT(mode), "device")


def _aside(path: Path, reason: str) -> Problem:
    return problem("not-a-document", shown(path), reason=reason)


def _left(path: Path, outcome: Outcome, why: Problem) -> Piece:
    return Piece(shown(path), outcome, problems=(why,))
