"""Paper: canvases printed, pictures bound into PDF and TIFF files.

What is written is the same, byte for byte, on every run: no clock, and identifiers derived
from the content.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image
from pypdfium2 import raw as pdfium

from canoe.sample.canvas import FONT_NAMES, Canvas


def add_canvas(pdf: Pdf, canvas: Canvas) -> None:
    """Append a typeset page, which keeps its text layer."""
    fonts = Dictionary(
        {
            f"/{short}": Dictionary(
                Type=Name.Font,
                Subtype=Name.Type1,
                BaseFont=Name(f"/{font}"),
                Encoding=Name.WinAnsiEncoding,
            )
            for font, short in FONT_NAMES.items()
        }
    )
    page = _page(pdf, canvas.width, canvas.height)
    page.Resources = Dictionary(Font=fonts)
    page.Contents = pdf.make_stream(canvas.content())


def saved(pdf: Pdf) -> bytes:
    """Return the bytes of a PDF file, the same for the same content."""
    target = BytesIO()
    pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return target.getvalue()


def _page(pdf: Pdf, width: float, height: float) -> pikepdf.Object:
    page = pdf.make_indirect(Dictionary(Type=Name.Page, MediaBox=Array([0, 0, round(width, 2), round(height, 2)])))
    pdf.pages.append(pikepdf.Page(page))
    return pdf.pages[-1].obj


def rendered(canvases: Sequence[Canvas], dpi: int) -> list[Image.Image]:
    """Print pages: a greyscale picture of each canvas at ``dpi``."""
    pdf = Pdf.new()
    for canvas in canvases:
        add_canvas(pdf, canvas)
    with _built_in_fonts(), pypdfium2.PdfDocument(saved(pdf)) as document:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]


@contextmanager
def _built_in_fonts() -> Iterator[None]:
    """Let pdfium use the fonts it carries: a machine that has its own Times would print other pages."""
    pdfium.FPDF_SetSystemFontInfo(None)
    try:
        yield
    finally:
        pdfium.FPDF_SetSystemFontInfo(pdfium.FPDF_GetDefaultSystemFontInfo())


def add_scan(pdf: Pdf, picture: Image.Image, dpi: int) -> None:
    """Append an image-only page: JPEG, or CCITT Group 4 for a bitonal picture."""
    page = _page(pdf, picture.width * 72 / dpi, picture.height * 72 / dpi)
    width, height = (float(side) for side in page.MediaBox[2:])
    page.Resources = Dictionary(XObject=Dictionary({"/Scan": _image(pdf, picture)}))
    page.Contents = pdf.make_stream(f"q {width:g} 0 0 {height:g} 0 0 cm /Scan Do Q".encode("ascii"))


def _image(pdf: Pdf, picture: Image.Image) -> pikepdf.Object:
    stream = pdf.make_stream(group_4(picture) if picture.mode == "1" else jpeg(picture))
    stream.Type, stream.Subtype = Name.XObject, Name.Image
    stream.Width, stream.Height = picture.width, picture.height
    stream.BitsPerComponent = 1 if picture.mode == "1" else 8
    stream.ColorSpace = Name.DeviceRGB if picture.mode == "RGB" else Name.DeviceGray
    stream.Filter = Name.CCITTFaxDecode if picture.mode == "1" else Name.DCTDecode
    if picture.mode == "1":
        stream.DecodeParms = Dictionary(K=-1, Columns=picture.width, Rows=picture.height, BlackIs1=True)
    return stream


def jpeg(picture: Image.Image) -> bytes:
    """Encode as a scanner does that saves room: the artefacts show, the words stay."""
    target = BytesIO()
    picture.save(target, "JPEG", quality=52, subsampling="4:2:0", optimize=False, progressive=False)
    return target.getvalue()


def group_4(picture: Image.Image) -> bytes:
    """Encode a bitonal picture by ITU-T T.6, as one strip; a one bit is white."""
    target = BytesIO()
    picture.save(target, "TIFF", compression="group4", strip_size=picture.width * picture.height)
    with Image.open(BytesIO(target.getvalue())) as tiff:
        (start,), (length,) = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
    return target.getvalue()[start : start + length]


def tiff(pictures: Sequence[Image.Image], dpi: int) -> bytes:
    """Bind bitonal pictures into one multi-page TIFF with Group 4 compression."""
    first, *others = pictures
    target = BytesIO()
    first.save(target, "TIFF", save_all=True, append_images=others, compression="group4", dpi=(dpi, dpi))
    return target.getvalue()


def streamed(picture: Image.Image, dpi: int) -> bytes:
    """Write a one-page PDF as scanners do that cannot go back: the picture first, catalogue and table last."""
    data, (width, height) = jpeg(picture), picture.size
    box = f"[0 0 {width * 72 / dpi:g} {height * 72 / dpi:g}]"
    shown = f"q {width * 72 / dpi:g} 0 0 {height * 72 / dpi:g} 0 0 cm /Scan Do Q"
    image = f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8/ColorSpace/DeviceGray"
    bodies = [
        f"{image}/Filter/DCTDecode/Length {len(data)}>>\nstream\n".encode() + data + b"\nendstream",
        f"<</Length {len(shown)}>>\nstream\n{shown}\nendstream".encode(),
        f"<</Type/Page/Parent 4 0 R/MediaBox{box}/Contents 2 0 R/Resources<</XObject<</Scan 1 0 R>>>>>>".encode(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Catalog/Pages 4 0 R>>",
    ]
    return _numbered(bodies)


def _numbered(bodies: Sequence[bytes]) -> bytes:
    """Write objects 1, 2 … in order, the last the catalogue, then the cross-reference table."""
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), len(bodies) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(bodies), start)
    return bytes(out)
