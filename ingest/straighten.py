"""A page image made level for reading, and what was read on it brought back to where it stands on the page."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from ingest.images import READABLE, save_plain
from metadata.model import Word

_HALF_A_PIXEL = 0.5


@dataclass(frozen=True, slots=True)
class Level:
    """A levelled copy of an image: ``angle`` is the anticlockwise turn in degrees, sizes are in pixels."""

    path: Path
    angle: float
    size: tuple[int, int]
    page: tuple[int, int]

    def back(self, word: Word) -> Word:
        """Return a word of the levelled image with the smallest box on the page that holds its box."""
        left, top, right, bottom = word.box
        corners = [self._back(x, y) for x in (left, right) for y in (top, bottom)]
        across, down = [x for x, _ in corners], [y for _, y in corners]
        width, height = self.page
        box = (
            _within(math.floor(min(across) + _HALF_A_PIXEL), width),
            _within(math.floor(min(down) + _HALF_A_PIXEL), height),
            _within(math.ceil(max(across) - _HALF_A_PIXEL), width),
            _within(math.ceil(max(down) - _HALF_A_PIXEL), height),
        )
        return replace(word, box=box)

    def _back(self, x: float, y: float) -> tuple[float, float]:
        turn = math.radians(self.angle)
        across, down = x - self.size[0] / 2, y - self.size[1] / 2
        return (
            self.page[0] / 2 + across * math.cos(turn) - down * math.sin(turn),
            self.page[1] / 2 + across * math.sin(turn) + down * math.cos(turn),
        )


def level(path: Path, angle: float, paper: int, target: Path) -> Level:
    """Write the image turned anticlockwise by ``angle`` degrees, its corners filled with ``paper`` (grey, 0–255).

    A colour image stays one: Tesseract looks for ink in each colour.
    """
    with Image.open(path, formats=READABLE) as image:
        tones = image.convert("RGB" if image.mode == "RGB" else "L")
    corners: int | tuple[int, int, int] = (paper, paper, paper) if tones.mode == "RGB" else paper
    turned = tones.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=corners)
    return Level(save_plain(turned, target), angle, turned.size, tones.size)


def _within(value: int, most: int) -> int:
    return min(max(value, 0), most)
