"""A page image evened out for reading: as if its paper were white all over, and the light the same.

One threshold then parts ink from paper everywhere. Thresholds that are local themselves were tried too:
Sauvola's loses worn type and what stands in deep shadow, where this reads all of it.
"""

import math
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

from ingest.images import READABLE, save_plain
from ingest.look import THUMBNAIL, lightest_tiles

_DARKEST = 40  # what is darker is no paper in the shadow but the scanner's lid, or a picture

# A quotient is a difference of logarithms, and those are looked up.
_UNIT = 255 / math.log(255)
_LOGARITHMS = [round(_UNIT * math.log(max(1, level))) for level in range(256)]
_OF_PAPER = [_LOGARITHMS[max(level, _DARKEST)] for level in range(256)]
_QUOTIENTS = [round(255 * math.exp(-difference / _UNIT)) for difference in range(256)]


def evened(path: Path, target: Path) -> Path:
    """Write the image in grey, every place divided by the tone of the paper there, and return ``target``."""
    with Image.open(path, formats=READABLE) as image:
        grey = image.convert("L")
    thumbnail = grey.reduce(max(1, max(grey.size) // THUMBNAIL))
    # Made as much narrower again as it was made wider: else the light reaches into a shadow that has an edge.
    tones = lightest_tiles(thumbnail).filter(ImageFilter.MinFilter(3)).filter(ImageFilter.BoxBlur(1))
    paper = tones.resize(grey.size, Image.Resampling.BILINEAR)
    darker = ImageChops.subtract(paper.point(_OF_PAPER), grey.point(_LOGARITHMS))
    return save_plain(darker.point(_QUOTIENTS), target)
