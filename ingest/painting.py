"""Drawing a page for people: by pdfium, or from the original image.

All this decodes files that came from elsewhere and so runs in a worker only (:mod:`ingest.painters`).
A page is drawn at 1, 1/2, 1/4 … of its size, whichever is just enough; a few such drawings stay in
memory, since who looks at a page asks for many parts of it.
"""

import io
from collections import OrderedDict
from contextlib import closing
from math import ceil, floor

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image, ImageChops, ImageOps

from ingest.documents import Limits
from ingest.images import TooLarge, flat, opened, stored_turn
from ingest.page_images import Area, Cut, Leaf, NotDrawn, Quality

MOST_DRAWN = 25_000_000
"""Pixels of a drawing that is made whole; of a larger one only the part that is wanted is drawn."""

_KEPT = 2 * MOST_DRAWN
_SMALL = 200  # pixels: the longest side of what is only looked at in passing
_THRESHOLD = 128
_FLAGS = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
_DAMAGE = (
    TooLarge, OSError, SyntaxError, ValueError, EOFError, RuntimeError, MemoryError, pdfium.PdfiumError, IndexError,
)  # fmt: skip


class Painter:
    """Draws pages; keeps the last drawings for what is wanted of them next."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: OrderedDict[tuple[Leaf, int], Image.Image] = OrderedDict()

    def paint(self, leaf: Leaf, cut: Cut) -> bytes:
        """Return the image file; raises NotDrawn."""
        try:
            return self._painted(leaf, cut)
        except _DAMAGE as fault:
            reason = " ".join(str(fault).replace(str(leaf.path), "").split())[:200]
            raise NotDrawn(reason or type(fault).__name__) from fault

    def _painted(self, leaf: Leaf, cut: Cut) -> bytes:
        scaled = self._scaled(leaf, cut)
        upright = ImageOps.mirror(scaled) if cut.mirrored else scaled
        turned = upright.transpose(_TURNS[cut.turn]) if cut.turn else upright
        return _coded(_in_quality(turned, cut.quality), cut)

    def _scaled(self, leaf: Leaf, cut: Cut) -> Image.Image:
        halved = halvings(cut.area, cut.size)
        size = halved_size(leaf.size, halved)
        across, down = size[0] / leaf.size[0], size[1] / leaf.size[1]
        x, y, width, height = cut.area
        box = (x * across, y * down, (x + width) * across, (y + height) * down)
        if size[0] * size[1] <= MOST_DRAWN:
            return _resized(self._whole(leaf, halved), cut.size, box)
        left, top = floor(box[0]), floor(box[1])
        part = (left, top, min(ceil(box[2]), size[0]) - left, min(ceil(box[3]), size[1]) - top)
        drawn = _draw(leaf, size, part, self._limits)
        return _resized(drawn, cut.size, (box[0] - left, box[1] - top, box[2] - left, box[3] - top))

    def _whole(self, leaf: Leaf, halved: int) -> Image.Image:
        key = (leaf, halved)
        if key not in self._kept:
            size = halved_size(leaf.size, halved)
            self._kept[key] = _draw(leaf, size, (0, 0, *size), self._limits)
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(image.width * image.height for image in self._kept.values()) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]


def halvings(area: Area, size: tuple[int, int]) -> int:
    """Return how often a page may be halved and still has the pixels for an area of it in a size."""
    shrunk = min(area[2] / size[0], area[3] / size[1])
    halved = 0
    while shrunk >= 2 << halved:
        halved += 1
    return halved


def halved_size(size: tuple[int, int], halved: int) -> tuple[int, int]:
    """Return a size halved so often, rounded up."""
    return -(-size[0] >> halved), -(-size[1] >> halved)


def _draw(leaf: Leaf, size: tuple[int, int], part: Area, limits: Limits) -> Image.Image:
    if leaf.media_type == "application/pdf":
        return _without_colour(_from_pdf(leaf, size, part))
    return _without_colour(_from_image(leaf, size, part, limits))


def _from_pdf(leaf: Leaf, size: tuple[int, int], part: Area) -> Image.Image:
    left, top, width, height = part
    with closing(pdfium.PdfDocument(leaf.path)) as document, closing(document[leaf.index]) as page:
        bitmap = pdfium.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
        try:
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
            raw.FPDF_RenderPageBitmap(bitmap, page, -left, -top, *size, leaf.turn // 90, _FLAGS)
            drawn: Image.Image = bitmap.to_pil().copy()
        finally:
            bitmap.close()
    return drawn


def _from_image(leaf: Leaf, size: tuple[int, int], part: Area, limits: Limits) -> Image.Image:
    with opened(leaf.path, limits, leaf.index) as image:
        turn = leaf.turn or _unheeded_turn(image, leaf.size)
        image.draft(None, size[::-1] if turn in (90, 270) else size)
        plain = _eight_bits(image)
    upright = plain.transpose(_TURNS[turn]) if turn else plain
    left, top, width, height = part
    across, down = upright.width / size[0], upright.height / size[1]
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return _resized(upright, (width, height), box)


def _unheeded_turn(image: Image.Image, size: tuple[int, int]) -> int:
    """Return the turn that the file asks for, where the page was measured with it; what nobody read notes no turn."""
    turn = stored_turn(image)
    wide, high = image.width * size[1], image.height * size[0]
    lying = abs(wide - high) > abs(image.height * size[1] - image.width * size[0])
    return turn if turn in (90, 270) and lying else 0


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image in grey or RGB, without transparency, of 8 bits a channel."""
    if image.mode.startswith("I"):  # 16 bits: keep the high byte
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode == "F":
        return ImageOps.autocontrast(image.convert("L"))
    plain = flat(image)
    return plain.convert("L" if plain.mode in ("1", "L") else "RGB")


def _without_colour(image: Image.Image) -> Image.Image:
    """Return an RGB image that has no colour as a grey one: a third of the memory, and smaller files."""
    if image.mode != "RGB":
        return image
    red, green, blue = image.split()
    coloured = ImageChops.difference(red, green).getbbox() or ImageChops.difference(green, blue).getbbox()
    return image if coloured else green


def _resized(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    left, top, right, bottom = box
    as_it_is = (round(left), round(top), round(left) + size[0], round(top) + size[1])
    if all(whole == exact for whole, exact in zip(as_it_is, box, strict=True)):
        return image.crop(as_it_is)
    within = (left, top, min(right, image.width), min(bottom, image.height))
    return image.resize(size, Image.Resampling.LANCZOS, within, reducing_gap=3.0)


def _in_quality(image: Image.Image, quality: Quality) -> Image.Image:
    match quality:
        case "color":
            return image.convert("RGB")
        case "gray":
            return image.convert("L")
        case "bitonal":
            return image.convert("L").point(lambda value: 255 if value >= _THRESHOLD else 0, "1")
        case _:
            return image


def _coded(image: Image.Image, cut: Cut) -> bytes:
    target, small = io.BytesIO(), max(cut.size) <= _SMALL
    if cut.format == "png":
        image.save(target, "PNG", compress_level=4)
    elif cut.format == "webp":
        image.convert("L" if image.mode == "1" else image.mode).convert("RGB").save(
            target, "WEBP", quality=45 if small else 75, method=3
        )
    else:
        image.convert("L" if image.mode == "1" else image.mode).save(
            target, "JPEG", quality=45 if small else 80, optimize=True, progressive=not small
        )
    return target.getvalue()
