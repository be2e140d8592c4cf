"""What an address asks of an image: region, size, rotation, quality and format (IIIF Image API 3.0, section 4).

Numbers have at most nine ASCII digits, so that nothing is computed with endless ones.
"""

import re
from dataclasses import dataclass, replace
from math import ceil, floor, sqrt
from typing import get_args

from ingest.page_images import Area, Cut, Format, Quality

QUALITIES = get_args(Quality)
FORMATS = get_args(Format)
MOST_WIDE = 8192
"""Pixels of the longest side of an image that is given."""

_WHOLE = r"([0-9]{1,9})"
_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})"
_REGION = re.compile(",".join([_WHOLE] * 4))
_REGION_PERCENT = re.compile("pct:" + ",".join([_PART] * 4))
_SIZE = re.compile(r"(!?)([0-9]{0,9}),([0-9]{0,9})")
_SIZE_PERCENT = re.compile("pct:" + _PART)
_ROTATION = re.compile("(!?)" + _PART)
_TURNS = (0, 90, 180, 270)


class Refused(Exception):
    """An address that is none of the Image API's (400), or asks for what is not offered here (501)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class Bounds:
    """The size of an image, and the largest that is given of it: pixels of either side, and pixels in all."""

    width: int
    height: int
    most_pixels: int
    most_wide: int = MOST_WIDE

    def fitting(self, width: int, height: int) -> tuple[int, int]:
        """Return a size within the limits that has the shape of another, no larger than that."""
        by_area = sqrt(self.most_pixels / (width * height))
        scale = min(1.0, by_area, self.most_wide / max(width, height))
        return (width, height) if scale == 1.0 else (max(1, floor(width * scale)), max(1, floor(height * scale)))


def read(parts: tuple[str, str, str, str], bounds: Bounds) -> Cut:
    """Return what region, size, rotation and ``quality.format`` ask for; raises Refused."""
    region, size, rotation, name = parts
    area = _region(region, bounds)
    mirrored, turn = _rotation(rotation)
    cut = Cut(area, _size(size, area, bounds), mirrored, turn)
    quality, _, form = name.rpartition(".")
    known_quality = next((one for one in QUALITIES if one == quality), None)
    known_form = next((one for one in FORMATS if one == form), None)
    if not known_quality:
        raise Refused(400, f"The quality is one of {', '.join(QUALITIES)}.")
    if not known_form:
        known = form in ("tif", "gif", "jp2", "pdf")
        raise Refused(501 if known else 400, f"The format is one of {', '.join(FORMATS)}.")
    return replace(cut, quality=known_quality, format=known_form)


def canonical(cut: Cut, bounds: Bounds) -> str:
    """Return the canonical form of the same request (section 4.7)."""
    whole = cut.area == (0, 0, bounds.width, bounds.height)
    region = "full" if whole else ",".join(map(str, cut.area))
    size = "max" if cut.size == bounds.fitting(*cut.area[2:]) else f"{cut.size[0]},{cut.size[1]}"
    return f"{region}/{size}/{'!' * cut.mirrored}{cut.turn}/{cut.quality}.{cut.format}"


def _region(text: str, bounds: Bounds) -> Area:
    width, height = bounds.width, bounds.height
    if text == "full":
        return (0, 0, width, height)
    if text == "square":
        side = min(width, height)
        return ((width - side) // 2, (height - side) // 2, side, side)
    if found := _REGION.fullmatch(text):
        left, top, across, down = map(int, found.groups())
        return _within(left, top, left + across, top + down, bounds)
    if found := _REGION_PERCENT.fullmatch(text):
        x, y, w, h = (float(part) / 100 for part in found.groups())
        left, top = round(x * width), round(y * height)
        return _within(left, top, left + round(w * width), top + round(h * height), bounds)
    raise Refused(400, "The region is full, square, x,y,w,h or pct:x,y,w,h.")


def _within(left: int, top: int, right: int, bottom: int, bounds: Bounds) -> Area:
    across, down = min(right, bounds.width) - left, min(bottom, bounds.height) - top
    if across <= 0 or down <= 0:
        raise Refused(400, "The region has no pixel of the image.")
    return (left, top, across, down)


def _size(text: str, area: Area, bounds: Bounds) -> tuple[int, int]:
    if text.startswith("^"):
        raise Refused(501, "Images are not given larger than they are.")
    across, down = area[2:]
    if text == "max":
        return bounds.fitting(across, down)
    wanted = _wanted(text, across, down)
    if wanted[0] > across or wanted[1] > down:
        raise Refused(400, "The size is larger than the region.")
    if bounds.fitting(*wanted) != wanted:
        raise Refused(400, f"Images of more than {bounds.most_pixels} pixels are not given.")
    return wanted


def _wanted(text: str, across: int, down: int) -> tuple[int, int]:
    if found := _SIZE_PERCENT.fullmatch(text):
        share = float(found[1]) / 100
        if not 0 < share <= 1:
            raise Refused(400, "The size is more than none and at most 100 percent.")
        return max(1, round(across * share)), max(1, round(down * share))
    if not (found := _SIZE.fullmatch(text)) or not (found[2] or found[3]):
        raise Refused(400, "The size is max, w, or ,h or w,h or !w,h or pct:n.")
    width, height = (int(side) if side else None for side in found.groups()[1:])
    if 0 in (width, height) or (found[1] and None in (width, height)):
        raise Refused(400, "The size has no pixel.")
    if width is None or height is None:
        return _kept_shape(width, height, across, down)
    return _confined(width, height, across, down) if found[1] else (width, height)


def _kept_shape(width: int | None, height: int | None, across: int, down: int) -> tuple[int, int]:
    """Return both sides of a size of which one is given."""
    if width is not None:
        return width, max(1, round(down * width / across))
    return max(1, round(across * (height or 1) / down)), height or 1


def _confined(width: int, height: int, across: int, down: int) -> tuple[int, int]:
    scale = min(1.0, width / across, height / down)
    return max(1, min(width, round(across * scale))), max(1, min(height, round(down * scale)))


def _rotation(text: str) -> tuple[bool, int]:
    found = _ROTATION.fullmatch(text)
    degrees = float(found[2]) if found else 361.0
    if not found or degrees > 360:
        raise Refused(400, "The rotation is a number of degrees from 0 to 360.")
    if degrees % 360 not in _TURNS:
        raise Refused(501, "Images are turned by 0, 90, 180 or 270 degrees.")
    return found[1] == "!", int(degrees) % 360


def scale_factors(bounds: Bounds, tile: int) -> list[int]:
    """Return the powers of two by which the image may be shrunk until it is one tile."""
    largest = max(bounds.width, bounds.height)
    return [2**power for power in range((ceil(largest / tile) - 1).bit_length() + 1)][:12]


def sizes(bounds: Bounds, smallest: int = 90) -> list[tuple[int, int]]:
    """Return the sizes of the whole image that cost least, smallest first."""
    factors = [2**power for power in range(12)]
    found = [(-(-bounds.width // factor), -(-bounds.height // factor)) for factor in factors]
    given = [size for size in found if bounds.fitting(*size) == size and max(size) >= smallest]
    return sorted(set(given)) or [bounds.fitting(bounds.width, bounds.height)]
