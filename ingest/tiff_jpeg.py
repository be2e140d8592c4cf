"""The JPEG that a page of a TIFF is coded as, taken out without decoding it.

TIFF keeps a JPEG in strips that are coded each by itself, and their tables apart (TIFF Technical Note 2). Put one below
the other they are one JPEG: restart markers stand where a strip begins (ITU-T T.81, B.2.1, B.2.4.4 and E.1.4).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image

_COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS, _ORIENTATION, _STRIP_COUNTS, _TABLES = 259, 262, 273, 274, 279, 347
_JPEG = 7
_SAMPLES = {1: False, 2: False, 6: True}  # grey, RGB, YCbCr: whether the colours are to be made of luminance
_MOST_STRIPS = 10_000
_LONGEST = 65_535  # units between two restart markers (B.2.4.4)
_STARTS, _ENDS = b"\xff\xd8", b"\xff\xd9"
_SCAN, _RESTARTS = 0xDA, 0xDD
_BASELINE = (0xC0, 0xC1)


@dataclass(frozen=True, slots=True)
class Coded:
    """A JPEG file, and whether its three components are luminance and chrominance."""

    data: bytes
    transformed: bool


def jpeg_in_tiff(image: Image.Image, path: Path) -> Coded | None:
    """Return the JPEG of a frame that is not yet decoded, None where it is coded otherwise or lies turned.

    Raises OSError where the file cannot be read; what is damaged is not looked for.
    """
    tags = getattr(image, "tag_v2", {})
    transformed = _SAMPLES.get(tags.get(_PHOTOMETRIC, -1))
    plain = tags.get(_COMPRESSION) == _JPEG and tags.get(_ORIENTATION, 1) == 1 and image.mode in ("L", "RGB")
    if not plain or transformed is None:
        return None
    try:
        strips = _strips(path, tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_COUNTS, ()))
        return Coded(_joined(bytes(tags.get(_TABLES, _STARTS + _ENDS)), strips, image.height), transformed)
    except (ValueError, TypeError, struct.error):  # fields of a TIFF may hold anything
        return None


def _strips(path: Path, places: Sequence[int], counts: Sequence[int]) -> list["_Strip"]:
    """Return the strips; raises ValueError where there are none, or more than the file has room for."""
    if not 0 < len(places) == len(counts) <= _MOST_STRIPS or sum(counts) > path.stat().st_size:
        raise ValueError("no strips")
    strips = []
    with path.open("rb") as stream:
        for place, count in zip(places, counts, strict=True):
            stream.seek(place)
            strips.append(_Strip.of(stream.read(count)))
    return strips


@dataclass(frozen=True, slots=True)
class _Strip:
    """A strip taken apart: its segments (marker, content) up to its scan's header, and what is coded after it."""

    segments: tuple[tuple[int, bytes], ...]
    coded: bytes

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Take a strip apart; raises ValueError or struct.error where it is no JPEG of one scan."""
        end = data.rfind(_ENDS)
        if not data.startswith(_STARTS) or end < 0:
            raise ValueError("no JPEG")
        segments: list[tuple[int, bytes]] = []
        place = 2
        while not segments or segments[-1][0] != _SCAN:
            sign, marker, length = struct.unpack_from(">BBH", data, place)
            if sign != 0xFF or length < 2:
                raise ValueError("no segment")
            segments.append((marker, data[place + 4 : place + 2 + length]))
            place += 2 + length
        return cls(tuple(segments), data[place:end])

    @property
    def frame(self) -> bytes:
        """The header of a frame that is coded in one scan (B.2.2)."""
        (found,) = [content for marker, content in self.segments if marker in _BASELINE]
        return found

    @property
    def height(self) -> int:
        """Lines of the strip."""
        (lines,) = struct.unpack_from(">H", self.frame, 1)
        return int(lines)

    @property
    def others(self) -> list[tuple[int, bytes]]:
        """What must be the same in all strips: all but their heights."""
        return [
            (marker, content[:1] + content[3:] if marker in _BASELINE else content) for marker, content in self.segments
        ]


def _joined(tables: bytes, strips: Sequence[_Strip], height: int) -> bytes:
    """Return strips as one JPEG; raises ValueError where they do not make one."""
    first = strips[0]
    if not (tables.startswith(_STARTS) and tables.endswith(_ENDS)) or sum(one.height for one in strips) != height:
        raise ValueError("not all there")
    parts = [tables[: -len(_ENDS)]]
    between = _restarts(strips) if len(strips) > 1 else 0
    for marker, content in first.segments:
        if marker == _SCAN and between:
            parts.append(_segment(_RESTARTS, struct.pack(">H", between)))
        is_frame = marker in _BASELINE
        parts.append(_segment(marker, content[:1] + struct.pack(">H", height) + content[3:] if is_frame else content))
    for number, strip in enumerate(strips):
        parts += [bytes((0xFF, 0xD0 + (number - 1) % 8)), strip.coded] if number else [strip.coded]
    return b"".join([*parts, _ENDS])


def _restarts(strips: Sequence[_Strip]) -> int:
    """Return how many units of coding a strip has; raises ValueError where they are not alike."""
    first = strips[0]
    width, count = (int(value) for value in struct.unpack_from(">HB", first.frame, 3))
    sampling = [first.frame[7 + 3 * number] for number in range(count)]
    across, down = (8 * max(value >> 4 for value in sampling), 8 * max(value & 15 for value in sampling))
    if count == 1:  # a scan of one component is coded block by block, whatever its sampling (A.2.2)
        across, down = 8, 8
    rows, odd = divmod(first.height, down)
    alike = all(one.others == first.others for one in strips) and {one.height for one in strips[:-1]} == {first.height}
    has_restarts = any(marker == _RESTARTS for marker, _ in first.segments)
    units = -(-width // across) * rows
    if odd or not alike or has_restarts or not 0 < units <= _LONGEST or strips[-1].height > first.height:
        raise ValueError("strips that are not alike")
    return units


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
