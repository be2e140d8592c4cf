"""The digests of an index's files, which Tantivy does not look at when it opens one.

A segment's file never changes, and Tantivy ends it with a footer that has the CRC-32 of what
stands before. ``meta.json``, the list of segments, has none: the writer that is done notes it
beside, and one that begins takes the note away, so that a kill leaves none and nothing is claimed.
"""

import time
from pathlib import Path
from zlib import crc32

import msgspec

from archive.durable import replace_file, sync_folder
from archive.sums import sealed, sum_of, unsealed

META = "meta.json"
NOTE = "meta.json.sum"
_MAGIC = 1337
_TAIL = 8  # bytes: the footer's length and Tantivy's magic number, both little-endian


_FOUND_WHOLE: set[tuple[int, ...]] = set()
"""Files that this process has found whole, as they were then: to read a large index again takes seconds."""

_MOST_REMEMBERED = 10_000
_YOUNG = 1_000_000_000
"""Nanoseconds for which a file is not remembered: it may be written to again without its times telling."""


class _Footer(msgspec.Struct):
    crc: int


def require_whole(path: Path) -> None:
    """Raise ValueError, naming the file, when it is missing or not what its footer says.

    A file that this process has found whole is read again only once it is another or was written to.
    """
    try:
        status = path.stat()
        mark = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if mark in _FOUND_WHOLE:
            return
        footer = _footer(path, status.st_size)
    except FileNotFoundError:
        raise ValueError(f"{path.name} is missing") from None
    if footer is None or sum_of(path, status.st_size - footer[0]).crc != footer[1]:
        raise ValueError(f"{path.name} is not as it was written")
    if time.time_ns() - status.st_ctime_ns > _YOUNG:
        if len(_FOUND_WHOLE) >= _MOST_REMEMBERED:
            _FOUND_WHOLE.clear()
        _FOUND_WHOLE.add(mark)


def read_meta(folder: Path) -> bytes:
    """Return meta.json; raises ValueError when it is not what was noted, FileNotFoundError when there is none.

    A difference counts only where the same note stands before and after looking.
    """
    noted, meta = _noted(folder), (folder / META).read_bytes()
    while noted is not None and noted != _line(meta):
        again = _noted(folder)
        if again == noted:
            raise ValueError(f"{META} is not as it was written")
        noted, meta = again, (folder / META).read_bytes()
    return meta


def note_meta(folder: Path) -> None:
    """Note what meta.json is; only while nobody else can write it."""
    replace_file(folder / NOTE, _line((folder / META).read_bytes()))


def forget_meta(folder: Path) -> None:
    """Take the note away, before meta.json is written anew."""
    if (folder / NOTE).exists():
        (folder / NOTE).unlink()
        sync_folder(folder)


def _footer(path: Path, size: int) -> tuple[int, int] | None:
    """Return the footer's size and the CRC-32 that it gives; None where there is none."""
    with path.open("rb") as stream:
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
        length, magic = int.from_bytes(tail[:4], "little"), int.from_bytes(tail[4:], "little")
        if magic != _MAGIC or length > size - _TAIL:
            return None
        stream.seek(size - _TAIL - length)
        try:
            return length + _TAIL, msgspec.json.decode(stream.read(length), type=_Footer).crc
        except msgspec.DecodeError:
            return None


def _noted(folder: Path) -> bytes | None:
    """Return the note; None where there is none, or none that can be relied on."""
    try:
        line = (folder / NOTE).read_bytes()
    except FileNotFoundError:
        return None
    return None if unsealed(line) is None else line


def _line(meta: bytes) -> bytes:
    return sealed(b"%d %08x" % (len(meta), crc32(meta)))
