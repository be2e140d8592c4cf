"""Image files as pages: opened within limits, and handed to the OCR engine in the cheapest form it reads.

Pillow's own limit on pixels refuses honest scans (A1 at 600 dpi is 279 megapixels) and lets
twice its figure pass with a warning; ours is checked on each frame before it is decoded.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from ingest.documents import Limits
from ingest.tiff_pages import NEW_SUBFILE_TYPE, NO_PAGE

Image.MAX_IMAGE_PIXELS = None  # see _admit

FORMATS = ("JPEG", "PNG", "TIFF", "JPEG2000", "WEBP")
"""What Pillow may open: decoders of other formats are never tried."""

READABLE = (*FORMATS, "PPM")
"""What a page image may be that we wrote ourselves, or hand on as it is."""

LONGEST_SIDE = 32_000
"""Pixels; Tesseract refuses more than 32,767."""

_DPI = (100, 1200)
_FEWEST = 600  # pixels of a page's longer side; what has less may be as small as its file says
_FAX = (1.8, 2.3)  # how much finer across than down: 204 × 98 dots an inch (ITU-T T.4, 2.1)

SMALLEST_PAGE = 3
"""Inches of its longer side: a page that would be smaller was scanned at less than its file says."""

_TURNS = {3: 180, 6: 90, 8: 270}  # Exif 2.32, 4.6.4 A, Orientation → clockwise turn to upright
_ORIENTATION, _SUBFILE_TYPE, _REDUCED = 0x0112, 255, 2
_TRANSPOSE = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


class TooLarge(Exception):
    """An image has more pixels than the limit; ``size`` and ``limit`` are both in pixels."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size, limit)
        self.size, self.limit = size, limit


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of one page as the OCR engine gets it.

    ``dpi`` is its resolution; ``turn`` is the clockwise turn its file asked for and that was
    made; ``reduced`` says that it has fewer pixels than the original.
    """

    path: Path
    dpi: int
    turn: int = 0
    reduced: bool = False


@contextmanager
def opened(path: Path, limits: Limits, frame: int = 0) -> Iterator[Image.Image]:
    """Open one frame of an image file, not yet decoded.

    Raises TooLarge, and what Pillow raises on damage (OSError, SyntaxError, ValueError, EOFError).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata that nobody reads here
        # Not by its path: what Pillow maps into memory of a TIFF that is to be turned comes out awry.
        with path.open("rb") as stream, Image.open(stream, formats=FORMATS) as image:
            _admit(image, limits)
            if frame:
                image.seek(frame)
                _admit(image, limits)
            yield image


def page_sizes(path: Path, limits: Limits) -> dict[int, tuple[int, int]]:
    """Return width and height of each frame that is a page, by the frame's number; raises as :func:`opened` does."""
    sizes = {}
    with opened(path, limits) as image:
        frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        if frames > limits.pages:
            raise TooLarge(frames, limits.pages)
        for frame in range(frames):
            image.seek(frame)
            _admit(image, limits)
            if _is_page(image):
                sizes[frame] = _upright_size(image)
        if not sizes:  # one that calls itself a small copy, of what is not there
            image.seek(0)
            sizes[0] = _upright_size(image)
    return sizes


def picture(path: Path, frame: int, folder: Path, limits: Limits) -> Picture:
    """Return a frame as the engine should get it, written into ``folder`` unless the file itself will do."""
    with opened(path, limits, frame) as image:
        turn = stored_turn(image)
        size = square_size(image)
        scale = reading_scale(size, limits)
        dpi = believable_dpi(image)
        if turn == 0 and scale == 1 and _as_it_is(image):
            return Picture(path.resolve(), dpi)
        upright = grey(image)
        if scale < 1:
            # Of an image of 1 bit Pillow would leave out every other pixel or so.
            tones = upright.convert("L") if upright.mode == "1" else upright
            upright = tones.resize([max(1, int(side * scale)) for side in size], reducing_gap=2.0)
        elif size != image.size:
            upright = upright.resize(size, Image.Resampling.NEAREST)
        if turn:
            upright = upright.transpose(_TRANSPOSE[turn])
        return Picture(save_plain(upright, folder / f"{frame}.pnm"), round(dpi * scale), turn, scale < 1)


def turned(path: Path, turn: int, target: Path) -> Path:
    """Write the image turned clockwise by 90, 180 or 270 degrees, and return where."""
    with Image.open(path, formats=READABLE) as image:
        return save_plain(grey(image).transpose(_TRANSPOSE[turn]), target)


def save_plain(image: Image.Image, target: Path) -> Path:
    """Write a grey, 1-bit or colour image as PGM, PBM or PPM: larger than PNG and a tenth of its time."""
    image.save(target, format="PPM")
    return target


def stored_turn(image: Image.Image) -> int:
    """Return the clockwise turn that the file's orientation field asks for (mirrored ones: 0).

    0 for a TIFF: Pillow turns and mirrors it as it decodes it, and gives the size that it has then.
    """
    told = image.getexif().get(_ORIENTATION) if image.format != "TIFF" else 1
    return _TURNS.get(told, 0) if isinstance(told, int) else 0


def believable_dpi(image: Image.Image) -> int:
    """Return the resolution the file states where that can be, else one that suits a page of its size."""
    stated = image.info.get("dpi", (0, 0))[0]
    longest = max(image.size)
    shrunk = _FEWEST <= longest < SMALLEST_PAGE * stated
    return likely_dpi(longest) if shrunk or not _DPI[0] <= stated <= _DPI[1] else round(float(stated))


def likely_dpi(longest: int) -> int:
    """Return the resolution of a page whose longer side has so many pixels, where nothing else tells it."""
    return 300 if 5 <= longest / 300 <= 20 else min(_DPI[1], max(_DPI[0], round(longest / 11.7)))


def square_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height that an image has once its pixels are square: those of a coarse fax are twice as high."""
    width, height = image.size
    if image.mode != "1" or image.format != "TIFF":
        return width, height
    across, down = map(float, image.info.get("dpi", (0, 0)))
    finer = across / down if down else 1.0
    return width, round(height * finer) if _FAX[0] <= finer <= _FAX[1] else height


def reading_scale(size: tuple[int, int], limits: Limits) -> float:
    """Return what to shrink an image by for reading: 1, or less where it passes the limits."""
    width, height = size
    by_area = (limits.read_pixels / (width * height)) ** 0.5
    return float(min(1.0, by_area, LONGEST_SIDE / max(size)))


def is_one_tone(image: Image.Image) -> bool:
    """Say whether every pixel is the same."""
    extrema = image.convert("L").getextrema()
    return extrema[0] == extrema[1]


def flat(image: Image.Image) -> Image.Image:
    """Return the image without transparency, on white."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _admit(image: Image.Image, limits: Limits) -> None:
    pixels = image.width * image.height
    if pixels > limits.pixels:
        raise TooLarge(pixels, limits.pixels)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = square_size(image)
    return (height, width) if stored_turn(image) in (90, 270) else (width, height)


def _is_page(image: Image.Image) -> bool:
    """Say whether a frame of a TIFF is a page, and neither a small copy nor a mask of one (TIFF 6.0, section 8)."""
    tags = getattr(image, "tag_v2", {})
    kind = tags.get(NEW_SUBFILE_TYPE)
    return not (isinstance(kind, int) and kind & NO_PAGE) and tags.get(_SUBFILE_TYPE) != _REDUCED


def _as_it_is(image: Image.Image) -> bool:
    """Say whether Tesseract reads the file itself rightly: grey or true colour, JPEG or PNG."""
    plain = image.mode in ("1", "L", "RGB") and "transparency" not in image.info
    return plain and image.format in ("JPEG", "MPO", "PNG")


def grey(image: Image.Image) -> Image.Image:
    """Return the image in grey of 8 bits, or as it is where it has 1; without transparency."""
    if image.mode == "1":
        return image
    if image.mode.startswith("I"):  # 16 bits: keep the high byte
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode == "F":
        return ImageOps.autocontrast(image.convert("L"))
    return flat(image).convert("L")
