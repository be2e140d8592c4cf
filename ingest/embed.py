"""An image as a PDF page, without loss and without decoding where that can be.

JPEG and JPEG 2000 go in as they are (ISO 32000-1, 7.4.8 and 7.4.9), the JPEG that a TIFF holds too, 1-bit
images as CCITT Group 4 (7.4.6), everything else as PNG codes it: Flate with predictors (7.4.4.4).
"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from ingest.documents import Limits
from ingest.images import believable_dpi, flat, grey, opened, square_size
from ingest.tiff_jpeg import Coded, jpeg_in_tiff

_SMALLEST, _LARGEST = 3, 14_400  # units of the sides of a page (ISO 32000-1, annex C.2)
_GREY, _COLOUR, _PALETTE = 0, 2, 3  # PNG 11.2.2, colour types
_STRIP_OFFSETS, _STRIP_COUNTS, _ROWS_PER_STRIP = 273, 279, 278  # TIFF 6.0, section 8


def add_image_page(pdf: Pdf, path: Path, frame: int, limits: Limits) -> pikepdf.Page:
    """Append a page that shows one frame of an image file, in its own size; return the page.

    Raises TooLarge, and what Pillow raises on damage.
    """
    with opened(path, limits, frame) as image:
        stream = _stream(pdf, image, path)
        size = square_size(image)
        scale = max(72 / believable_dpi(image), _SMALLEST / min(size))
        scale = min(scale, _LARGEST / max(size))
    width, height = size[0] * scale, size[1] * scale
    page = pdf.add_blank_page()
    page.mediabox = Array([0, 0, round(width, 3), round(height, 3)])
    page.add_resource(stream, Name.XObject, Name.Scan)
    page.Contents = pdf.make_stream(f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Scan Do Q".encode("ascii"))
    return page


def _stream(pdf: Pdf, image: Image.Image, path: Path) -> pikepdf.Stream:
    """Return the image XObject."""
    if image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB", "CMYK"):
        return _as_jpeg(pdf, image, path.read_bytes())
    if image.format == "JPEG2000":
        width, height = image.size
        return _image(pdf, path.read_bytes(), (width, height), Filter=Name.JPXDecode)
    if image.mode == "1":
        return _as_ccitt(pdf, image)
    coded = jpeg_in_tiff(image, path)
    return _from_tiff(pdf, image, coded) if coded else _as_png(pdf, image)


def _as_jpeg(pdf: Pdf, image: Image.Image, data: bytes) -> pikepdf.Stream:
    space = {"L": Name.DeviceGray, "RGB": Name.DeviceRGB, "CMYK": Name.DeviceCMYK}[image.mode]
    made = _image(pdf, data, image.size, Filter=Name.DCTDecode, ColorSpace=space, BitsPerComponent=8)
    if image.mode == "CMYK" and "adobe" in image.info:  # Adobe's CMYK is stored inverted
        made.Decode = Array([1, 0, 1, 0, 1, 0, 1, 0])
    return made


def _from_tiff(pdf: Pdf, image: Image.Image, coded: Coded) -> pikepdf.Stream:
    return _image(
        pdf,
        coded.data,
        image.size,
        Filter=Name.DCTDecode,
        DecodeParms=Dictionary(ColorTransform=int(coded.transformed)),  # Table 13
        ColorSpace=Name.DeviceGray if image.mode == "L" else Name.DeviceRGB,
        BitsPerComponent=8,
    )


def _as_ccitt(pdf: Pdf, image: Image.Image) -> pikepdf.Stream:
    """Code a 1-bit image as one Group 4 strip, by way of a TIFF."""
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression="group4", tiffinfo={_ROWS_PER_STRIP: image.height})
    with Image.open(buffer, formats=("TIFF",)) as coded:
        tags = coded.tag_v2  # type: ignore[attr-defined]
        start, length = tags[_STRIP_OFFSETS][0], tags[_STRIP_COUNTS][0]
        white_is_zero = tags[262] == 0
    parameters = Dictionary(K=-1, Columns=image.width, Rows=image.height, BlackIs1=not white_is_zero)
    return _image(
        pdf,
        buffer.getvalue()[start : start + length],
        image.size,
        Filter=Name.CCITTFaxDecode,
        DecodeParms=parameters,
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=1,
    )


def _as_png(pdf: Pdf, image: Image.Image) -> pikepdf.Stream:
    buffer = io.BytesIO()
    _opaque(image).save(buffer, "PNG")
    chunks = list(_chunks(buffer.getvalue()))
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    colours = 3 if kind == _COLOUR else 1
    palette = next((data for name, data in chunks if name == b"PLTE"), b"")
    spaces = {_GREY: Name.DeviceGray, _COLOUR: Name.DeviceRGB}
    indexed = Array([Name.Indexed, Name.DeviceRGB, len(palette) // 3 - 1, pikepdf.String(palette)])
    return _image(
        pdf,
        b"".join(data for name, data in chunks if name == b"IDAT"),
        (width, height),
        Filter=Name.FlateDecode,
        DecodeParms=Dictionary(Predictor=15, Colors=colours, BitsPerComponent=depth, Columns=width),
        ColorSpace=indexed if kind == _PALETTE else spaces[kind],
        BitsPerComponent=depth,
    )


def _opaque(image: Image.Image) -> Image.Image:
    """Return the image in a mode that PNG and PDF both have, without transparency."""
    if image.mode.startswith("I;16"):
        return image.convert("I").convert("I;16")  # of either order of bytes
    if image.mode in ("I", "F"):
        return grey(image)
    plain = flat(image)
    return plain if plain.mode in ("L", "RGB", "P") else plain.convert("RGB")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and data of each chunk (PNG 5.3)."""
    place = 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def _image(pdf: Pdf, data: bytes, size: tuple[int, int], **entries: object) -> pikepdf.Stream:
    return pikepdf.Stream(pdf, data, Type=Name.XObject, Subtype=Name.Image, Width=size[0], Height=size[1], **entries)
