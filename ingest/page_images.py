"""What is drawn of pages for people: which page, which part of it, in which size and form."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Quality = Literal["default", "color", "gray", "bitonal"]
Format = Literal["jpg", "png", "webp"]
Area = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

DRAWN_BY = "2"
"""Changes when the same page would be drawn otherwise: what was kept of it is then of no use."""


class NotDrawn(Exception):
    """A page of which no image can be made: its file is damaged, too large, or takes too long."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a page is drawn from: a PDF's page or an image's frame (``index``, from 0).

    ``turn`` is the clockwise turn (0, 90, 180, 270) that makes it upright; ``size`` is width and
    height of the page in its own pixels, those its word boxes are in.
    """

    path: Path
    media_type: str
    index: int
    turn: int
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """What is wanted of a page: an area of it, scaled to ``size``, mirrored, turned, in a quality and a format."""

    area: Area
    size: tuple[int, int]
    mirrored: bool = False
    turn: int = 0
    quality: Quality = "default"
    format: Format = "jpg"
