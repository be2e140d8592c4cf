"""What a page image shows at a glance, before it is read: whether it lies askew or on its side, how it is lit.

All is told from a thumbnail, at a hundredth of what reading costs: a page that is put right first need
not be read twice. Lines of text are told by the profile of their ink: of the rows of an image the lines
run along, some are full and some empty, and the difference between neighbours is greatest.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

from ingest.images import READABLE

THUMBNAIL = 800
"""Pixels of a thumbnail's longer side: a line of small print is some six of them."""

STEEPEST = 12
"""Degrees; a page that lies more askew than this is not put right."""

_TILE = 8  # pixels of the thumbnail: wider than a stroke, narrower than a shadow
_RIM = 2  # tiles: a fifth of an inch
_CONTRAST = 25  # grey levels that ink is darker than the paper around it
_LEAST_INK = 0.005
_MOST_INK = 0.4  # of dark print on light paper; where more is dark, the print is the light
_DIM = 0.8  # of the lightest paper: what the darkest is at least on a page that is lit evenly
_PEAK = 1.3
_SIDEWAYS = 2.0
_LEVEL = 1.0  # degrees: up to this Tesseract reads as well, and turning an image blurs its letters


@dataclass(frozen=True, slots=True)
class Look:
    """``skew`` is what makes the lines level, in degrees anticlockwise, 0 where nothing is to be gained.

    ``sideways`` says that the lines run up or down; ``uneven`` that the paper is much darker in one place than
    in another; ``paper`` is its grey (0–255), ``ink`` the share of the page that is darker than the paper around.
    """

    skew: float = 0.0
    sideways: bool = False
    uneven: bool = False
    paper: int = 255
    ink: float = 0.0


def look_at(path: Path) -> Look:
    """Return what a page image (grey, 1-bit or colour) shows; raises what Pillow raises on damage."""
    thumbnail, bitonal = _thumbnail(path)
    paper = _paper_of(thumbnail)
    darkest, tone, lightest = _tones(paper.tobytes(), 5, 50, 95)
    full = paper.resize(thumbnail.size, Image.Resampling.BILINEAR)
    ink = _above(ImageChops.subtract(full, thumbnail), _CONTRAST)
    share = _share(ink)
    if share < _LEAST_INK:
        return Look(paper=tone, ink=share)
    skew, sideways = _lie(ink)
    darkest = max(darkest, *_tones(_rim(paper), 2))
    uneven = not bitonal and share < _MOST_INK and darkest < _DIM * lightest
    return Look(skew, sideways, uneven, tone, share)


def _thumbnail(path: Path) -> tuple[Image.Image, bool]:
    """Return a small grey image, and whether the large one has but two tones."""
    with Image.open(path, formats=READABLE) as image:
        image.draft("L", (THUMBNAIL, THUMBNAIL))
        grey = image.convert("L")
    return grey.reduce(max(1, max(grey.size) // THUMBNAIL)), image.mode == "1"


def lightest_tiles(thumbnail: Image.Image) -> Image.Image:
    """Return a grey thumbnail in tiles, smaller than it, each as light as the lightest of those beside it."""
    return thumbnail.reduce(_TILE).filter(ImageFilter.MaxFilter(3))


def _paper_of(thumbnail: Image.Image) -> Image.Image:
    """Return the tone of the paper all over a grey thumbnail."""
    return lightest_tiles(thumbnail).filter(ImageFilter.BoxBlur(1))


def _tones(tiles: bytes, *parts: int) -> list[int]:
    """Return the tones that so many in a hundred tiles are darker than."""
    tones = sorted(tiles)
    return [tones[len(tones) * part // 100] for part in parts]


def _rim(paper: Image.Image) -> bytes:
    """Return the tiles along the edges: a shadow falls across them, a picture stands within its margins."""
    width, height = paper.size
    across, down = min(_RIM, width), min(_RIM, height)
    sides = (
        (0, 0, width, down), (0, height - down, width, height),
        (0, 0, across, height), (width - across, 0, width, height),
    )  # fmt: skip
    return b"".join(paper.crop(side).tobytes() for side in sides)


def _lie(ink: Image.Image) -> tuple[float, bool]:
    """Return the skew of an upright page, or that it lies on its side."""
    across = ink.transpose(Image.Transpose.ROTATE_90)
    along = {angle: _profile(ink, angle) for angle in (0.0, -1.0, 1.0)}
    if along[0] < max(_PEAK * max(along[-1], along[1]), _profile(across, 0)):
        angles = [float(angle) for angle in range(-STEEPEST, STEEPEST + 1)]
        along = {angle: _profile(ink, angle) for angle in angles}
        if max(_profile(across, angle) for angle in angles) > _SIDEWAYS * max(along.values()):
            return 0.0, True
    skew = _refined(ink, along)
    return (skew if abs(skew) >= _LEVEL and along[skew] >= _PEAK * along[0] else 0.0), False


def _refined(ink: Image.Image, along: dict[float, float]) -> float:
    """Return the angle of the greatest profile, to a tenth of a degree; ``along`` gets what was tried."""
    for step, count in ((0.2, 4), (0.1, 1)):
        middle = max(along, key=along.__getitem__)
        for number in range(-count, count + 1):
            angle = round(middle + number * step, 1)
            along.setdefault(angle, _profile(ink, angle))
    best = max(along, key=along.__getitem__)
    return best if abs(best) <= STEEPEST else 0.0


def _profile(ink: Image.Image, angle: float) -> float:
    """Return how much neighbouring rows of the turned image differ in ink."""
    turned = ink.rotate(angle, Image.Resampling.NEAREST, fillcolor=0) if angle else ink
    rows = turned.reduce((turned.width, 1)).tobytes()
    return float(sum((above - below) ** 2 for above, below in pairwise(rows)))


def _above(image: Image.Image, level: int) -> Image.Image:
    return image.point([255 if value > level else 0 for value in range(256)])


def _share(mask: Image.Image) -> float:
    return mask.histogram()[255] / (mask.width * mask.height)
