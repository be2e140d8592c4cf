"""From a clean print to an honest scan: skew, show-through, uneven light, noise, thresholding.

Everything random comes from a seed, so a page is scanned the same way each time.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Mode = Literal["bitonal", "grey", "colour"]
BED = 70
"""How dark the scanner's bed shows beside a skewed page, 0 (black) to 255."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner's settings: resolution in dots an inch, what it records, the seed of its accidents."""

    dpi: int
    mode: Mode
    seed: int


def scan(page: Image.Image, verso: Image.Image, scanner: Scanner, number: int) -> Image.Image:
    """Return a scan of ``page`` (greyscale, upright), the ``number``-th of its volume.

    ``verso`` is what is printed on the back of the leaf. The result is ``1`` for bitonal,
    ``L`` for grey and ``RGB`` for colour.
    """
    chance = Random(f"{scanner.seed} {number}")  # noqa: S311 - accidents, not secrets
    inked = _printed(page, verso, scanner.dpi)
    skew = chance.uniform(0.3, 1.1) * chance.choice((-1, 1))
    turned = inked.rotate(skew, Image.Resampling.BICUBIC, fillcolor=BED)
    lit = _grain(_light(turned, number, chance), scanner, chance)
    if scanner.mode == "bitonal":
        return _specks(lit, chance).point(lambda value: 255 * (value > 128), "1")
    return _paper(lit, chance) if scanner.mode == "colour" else lit


def _printed(page: Image.Image, verso: Image.Image, dpi: int) -> Image.Image:
    """Put ink on paper: edges a little soft, black not black, white not white, the verso showing through."""
    soft = page.filter(ImageFilter.GaussianBlur(0.75 * dpi / 300))
    tone = soft.point(lambda value: 40 + value * 200 // 255)
    small = ImageOps.mirror(verso).reduce(4).filter(ImageFilter.GaussianBlur(1.2 * dpi / 300))
    ghost = small.resize(page.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(tone, ghost.point(lambda value: 235 + value * 20 // 255))


def _light(page: Image.Image, number: int, chance: Random) -> Image.Image:
    """Light it by a lamp that is brighter at one end, with the shadow of the gutter."""
    fall = chance.randint(14, 34)
    ramp = Image.linear_gradient("L").resize(page.size).point(lambda value: 255 - value * fall // 255)
    if chance.random() < 0.5:
        ramp = ImageOps.flip(ramp)
    gutter = Image.linear_gradient("L").rotate(90).resize((page.width // 14, page.height))
    shadow = Image.new("L", page.size, 255)
    shadow.paste(gutter.point(lambda value: 150 + value * 105 // 255), (0, 0))
    if number % 2 == 0:
        shadow = ImageOps.mirror(shadow)
    return ImageChops.multiply(ImageChops.multiply(page, ramp), shadow)


def _grain(page: Image.Image, scanner: Scanner, chance: Random) -> Image.Image:
    """Add the sensor's noise: seeded bytes, softened, centred on zero."""
    noise = Image.frombytes("L", page.size, chance.randbytes(page.width * page.height))
    strength = 3 if scanner.mode == "bitonal" else 5
    soft = noise.filter(ImageFilter.GaussianBlur(0.6)).point(lambda value: 128 + (value - 128) // strength)
    return ImageChops.add(page, soft, 1.0, -128)


def _specks(page: Image.Image, chance: Random) -> Image.Image:
    """Strew dust on the glass."""
    pen = ImageDraw.Draw(page)
    for _ in range(90):
        x, y, size = chance.randrange(page.width), chance.randrange(page.height), chance.choice((1, 1, 2, 3))
        pen.ellipse((x, y, x + size, y + size), fill=0)
    return page


def _paper(page: Image.Image, chance: Random) -> Image.Image:
    """Let the paper go yellow, with a few brown spots of age."""
    sheet = ImageOps.colorize(page, black=(30, 24, 20), white=(255, 247, 224), mid=(150, 132, 108))
    small = Image.new("L", (page.width // 8, page.height // 8))
    pen = ImageDraw.Draw(small)
    for _ in range(16):
        x, y, size = chance.randrange(small.width), chance.randrange(small.height), chance.randint(1, 7)
        pen.ellipse((x, y, x + size, y + size), fill=chance.randint(60, 150))
    spots = small.filter(ImageFilter.GaussianBlur(1.6)).resize(page.size, Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", page.size, (176, 128, 70)), sheet, spots.point(lambda v: v * 2 // 3))
