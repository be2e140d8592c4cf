"""A PDF page as an image: the scan itself taken out where the page is one, else rendered by pdfium."""

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from ingest.documents import Limits
from ingest.images import SMALLEST_PAGE, Picture, is_one_tone, likely_dpi, reading_scale, save_plain
from ingest.textlayer import DPI, sheet_of

_EDGE = 1.5  # points by which a scan may miss the edge of its page and still be the page
_JUST_BELOW = 1 - 1e-7  # pdfium rounds sizes up: 3300.0000000001 pixels would be 3301
_RAW_DPI = (120, 650)
_LARGEST_UNIT = 100


@contextmanager
def pdf_page(path: Path, number: int) -> Iterator[pdfium.PdfPage]:
    """Open one page (from 1) with pdfium; raises pypdfium2.PdfiumError."""
    with closing(pdfium.PdfDocument(path)) as document, closing(document[number - 1]) as page:
        yield page


def page_picture(path: Path, number: int, folder: Path, limits: Limits) -> Picture | None:
    """Return page ``number`` as an image in ``folder``, or None where it shows nothing at all.

    Raises what pikepdf and pypdfium2 raise on damage.
    """
    with pdf_page(path, number) as page:
        shown, taken = _only_image(page), None
        with pikepdf.open(path) as document:
            sheet = document.pages[number - 1] if number <= len(document.pages) else None  # pdfium may find more
            unit = _unit(sheet) if sheet else 1.0
            if sheet and shown:
                taken = _take_out(sheet, (shown[0] * unit, shown[1] * unit), folder / f"{number}")
        return taken or _render(page, unit, folder / f"{number}.pgm", limits)


def _unit(page: pikepdf.Page) -> float:
    """Return how many points a unit of the page is: more than one where a sheet is large (ISO 32000-1, 14.11.2)."""
    told = page.obj.get("/UserUnit", 1)
    return float(told) if isinstance(told, int | float | Decimal) and 1 <= told <= _LARGEST_UNIT else 1.0


def _render(page: pdfium.PdfPage, unit: float, target: Path, limits: Limits) -> Picture | None:
    width, height = (max(1, math.ceil(side * unit * DPI / 72)) for side in page.get_size())
    scale = reading_scale((width, height), limits)
    bitmap = page.render(scale=DPI / 72 * unit * scale * _JUST_BELOW, grayscale=True)
    try:
        image: Image.Image = bitmap.to_pil()
        if is_one_tone(image):
            return None
        save_plain(image, target)
    finally:
        bitmap.close()
    return Picture(target, max(1, round(DPI * scale)), 0, scale < 1)


def _only_image(page: pdfium.PdfPage) -> tuple[float, float] | None:
    """Return width and height in points of the upright image that is all the page shows, else None."""
    sheet = sheet_of(page)
    objects = list(page.get_objects(max_depth=1))
    images = [found for found in objects if found.type == raw.FPDF_PAGEOBJ_IMAGE]
    visible = [found for found in objects if found.type != raw.FPDF_PAGEOBJ_TEXT]
    if sheet.turn or len(images) != 1 or len(visible) != 1 or len(objects) != 1:
        return None
    a, b, c, d, e, f = images[0].get_matrix().get()
    edges = (e - sheet.left, f - sheet.bottom, e + a - sheet.right, f + d - sheet.top)
    upright = a > 0 and d > 0 and abs(b) + abs(c) < 0.01
    return (a, d) if upright and all(abs(edge) <= _EDGE for edge in edges) else None


def _take_out(page: pikepdf.Page, shown: tuple[float, float], target: Path) -> Picture | None:
    """Write the page's one image as it is stored, or None where only rendering shows it rightly.

    ``shown`` are the width and height that it is shown in, in points.
    """
    names = [str(instruction.operands[0]) for instruction in pikepdf.parse_content_stream(page, "Do")]
    image = page.resources.get("/XObject", pikepdf.Dictionary()).get(names[0]) if len(names) == 1 else None
    if not isinstance(image, pikepdf.Stream) or not _is_plain(image):
        return None
    size = int(image.Width), int(image.Height)
    dpi, down = (round(pixels * 72 / side) for pixels, side in zip(size, shown, strict=True))
    square = abs(dpi - down) <= max(2, dpi // 300)
    if max(shown) < SMALLEST_PAGE * 72 and dpi > _RAW_DPI[1]:
        dpi = likely_dpi(max(size))  # rendered at the size that is told, its letters would be specks
    if not (_RAW_DPI[0] <= dpi <= _RAW_DPI[1] and square):
        return None
    if _filters(image) == ["/DCTDecode"]:
        target.write_bytes(image.read_raw_bytes())
    else:
        save_plain(pikepdf.PdfImage(image).as_pil_image(), target)
    return Picture(target, dpi)


def _is_plain(image: pikepdf.Object) -> bool:
    """Say whether an image XObject is grey or RGB, unmasked, and coded in a way that needs no other program."""
    if any(key in image for key in ("/SMask", "/Mask", "/Decode", "/ImageMask", "/SMaskInData")):
        return False
    depth, filters = int(image.get("/BitsPerComponent", 8)), _filters(image)
    colours = _colours(image.get("/ColorSpace"))
    if filters == ["/DCTDecode"]:
        return depth == 8 and colours in (1, 3)
    return colours == 1 and depth in (1, 8) and filters in (["/CCITTFaxDecode"], ["/FlateDecode"])


def _filters(image: pikepdf.Object) -> list[str]:
    named = image.get("/Filter", pikepdf.Array())
    return [str(name) for name in named] if isinstance(named, pikepdf.Array) else [str(named)]


def _colours(space: pikepdf.Object | None) -> int:
    """Return how many components a colour space has, 0 for those we do not take out."""
    if isinstance(space, pikepdf.Name):
        return {"/DeviceGray": 1, "/DeviceRGB": 3}.get(str(space), 0)
    if isinstance(space, pikepdf.Array) and len(space) > 1:
        return {"/CalGray": 1, "/CalRGB": 3}.get(str(space[0]), 0) or (
            int(space[1].get("/N", 0)) if str(space[0]) == "/ICCBased" else 0
        )
    return 0
