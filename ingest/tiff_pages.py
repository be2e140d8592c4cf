"""Whether a TIFF holds more than one page, told from its directories, without a decoder.

TIFF 6.0, section 2; BigTIFF as LibTIFF documents it. A directory of a small copy of another
image, or of a mask (section 8, NewSubfileType), is no page.
"""

import struct
from pathlib import Path
from typing import BinaryIO

NEW_SUBFILE_TYPE = 254
"""The field of a directory that says what kind of image it is."""

NO_PAGE = 0b101
"""Bits of that field: an image of lower resolution, a transparency mask."""

_MOST = 1000  # directories, and entries of one, that are looked at


def has_more_pages(path: Path) -> bool:
    """Say whether a file is a TIFF with a second page; no for what is none, is damaged or cannot be read."""
    try:
        with path.open("rb") as stream:
            return _has_two(stream)
    except (OSError, struct.error, OverflowError, ValueError):
        return False


def _has_two(stream: BinaryIO) -> bool:
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    kind = struct.unpack(f"{order}H", head[2:4])[0] if order else 0
    if kind not in (42, 43):
        return False
    count, size, offset = ("Q", 20, "Q") if kind == 43 else ("H", 12, "I")
    (place,) = struct.unpack_from(order + offset, head, 8 if kind == 43 else 4)
    shape = order + count, size, order + offset
    seen: set[int] = set()
    pages = 0
    while place and place not in seen and len(seen) < _MOST and pages < 2:
        seen.add(place)
        place, found = _directory(stream, place, shape)
        pages += not found & NO_PAGE
    return pages > 1


def _directory(stream: BinaryIO, place: int, shape: tuple[str, int, str]) -> tuple[int, int]:
    """Return where the next directory is, and what kind of image this one says it is of."""
    count, size, offset = shape
    stream.seek(place)
    (number,) = struct.unpack(count, stream.read(struct.calcsize(count)))
    entries = stream.read(min(number, _MOST) * size)
    kind = 0
    for start in range(0, len(entries) - size + 1, size):
        if struct.unpack_from(count[0] + "H", entries, start)[0] == NEW_SUBFILE_TYPE:
            (kind,) = struct.unpack_from(count[0] + "I", entries, start + size - struct.calcsize(offset))
    stream.seek(place + struct.calcsize(count) + number * size)
    (following,) = struct.unpack(offset, stream.read(struct.calcsize(offset)))
    return following, kind
