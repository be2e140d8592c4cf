"""Whether a TIFF holds more than one page, told from its first two directories, without a decoder.

TIFF 6.0, section 2; BigTIFF as LibTIFF documents it. A second directory that is a small copy of
the first image (NewSubfileType, bit 0) is no page.
"""

import struct
from pathlib import Path
from typing import BinaryIO

_NEW_SUBFILE_TYPE = 254
_MOST = 1000  # entries of a directory that are looked at


def has_more_pages(path: Path) -> bool:
    """Say whether a file is a TIFF with a second page; no for what is none, is damaged or cannot be read."""
    try:
        with path.open("rb") as stream:
            return _is_page(stream)
    except (OSError, struct.error, OverflowError, ValueError):
        return False


def _is_page(stream: BinaryIO) -> bool:
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    kind = struct.unpack(f"{order}H", head[2:4])[0] if order else 0
    if kind not in (42, 43):
        return False
    count, size, offset = ("Q", 20, "Q") if kind == 43 else ("H", 12, "I")
    (first,) = struct.unpack_from(order + offset, head, 8 if kind == 43 else 4)
    shape = order + count, size, order + offset
    second, _ = _directory(stream, first, shape)
    return second not in (0, first) and not _directory(stream, second, shape)[1] & 1


def _directory(stream: BinaryIO, place: int, shape: tuple[str, int, str]) -> tuple[int, int]:
    """Return where the next directory is, and what kind of image this one says it is of."""
    count, size, offset = shape
    stream.seek(place)
    (number,) = struct.unpack(count, stream.read(struct.calcsize(count)))
    entries = stream.read(min(number, _MOST) * size)
    kind = 0
    for start in range(0, len(entries) - size + 1, size):
        if struct.unpack_from(count[0] + "H", entries, start)[0] == _NEW_SUBFILE_TYPE:
            (kind,) = struct.unpack_from(count[0] + "I", entries, start + size - struct.calcsize(offset))
    stream.seek(place + struct.calcsize(count) + number * size)
    (following,) = struct.unpack(offset, stream.read(struct.calcsize(offset)))
    return following, kind
