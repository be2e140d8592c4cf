"""Documents for the tests: typeset with PDF's own fonts, and turned into scans by rendering."""

import io
import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
from pikepdf import Dictionary, Name, Pdf
from PIL import Image, ImageFilter, TiffImagePlugin

from ingest.documents import Document, Limits

ENGLISH = (
    "The wetlands of the northern coast\nare the home of more than forty species\n"
    "of birds that have been seen there\nby the people of the village and by\nthose who came to count them."
)
FRENCH = (
    "Les forêts de la côte sont protégées\npar une loi que le conseil a votée\n"
    "pour les espèces qui sont dans la région\net pour les habitants du village\navec une aide des États voisins."
)
SPANISH = (
    "Los bosques de la costa están protegidos\npor una ley que el consejo votó\n"
    "para las especies que viven en la región\ny también para los habitantes del pueblo\n"
    "con una ayuda de los Estados vecinos."
)
LIMITS = Limits(processor=60, patience=60)


def typeset(path: Path, pages: Sequence[str], box: tuple[int, int, int, int] = (0, 0, 300, 200), turn: int = 0) -> Path:
    """Write a born-digital PDF, 12-point Times, a line a line from 20 points below the top left corner."""
    with Pdf.new() as pdf:
        font = Dictionary(
            Type=Name.Font, Subtype=Name.Type1, BaseFont=Name("/Times-Roman"), Encoding=Name.WinAnsiEncoding
        )
        for text in pages:
            page = pdf.add_blank_page(page_size=(box[2] - box[0], box[3] - box[1]))
            page.mediabox = pikepdf.Array(list(box))
            page.obj.Rotate = turn
            page.Resources = Dictionary(Font=Dictionary(F1=font))
            lines = b"".join(b"(" + line.encode("cp1252") + b") Tj T*\n" for line in text.split("\n"))
            start = f"BT /F1 12 Tf 16 TL {box[0] + 20} {box[3] - 30} Td\n".encode()
            page.Contents = pdf.make_stream(start + lines + b"ET")
        pdf.save(path)
    return path


def images(path: Path, dpi: int = 300) -> list[Image.Image]:
    """Render the pages of a PDF in grey."""
    with closing(pdfium.PdfDocument(path)) as document:
        return [page.render(scale=dpi / 72 * 0.999999, grayscale=True).to_pil().copy() for page in document]


def degraded(image: Image.Image, seed: int = 1) -> Image.Image:
    """Return the image as an honest scanner gives it: a little soft, a little noisy."""
    noise = Image.frombytes("L", image.size, random.Random(seed).randbytes(image.width * image.height))  # noqa: S311
    return Image.blend(image.filter(ImageFilter.GaussianBlur(0.8)), noise, 0.08)


def scanned(path: Path, pictures: Sequence[Image.Image], dpi: int = 300) -> Path:
    """Write a PDF of JPEG images that cover their pages."""
    with Pdf.new() as pdf:
        for picture in pictures:
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=80)
            image = pikepdf.Stream(
                pdf, buffer.getvalue(), Type=Name.XObject, Subtype=Name.Image, Filter=Name.DCTDecode,
                Width=picture.width, Height=picture.height, BitsPerComponent=8,
                ColorSpace=Name.DeviceRGB if picture.mode == "RGB" else Name.DeviceGray,
            )  # fmt: skip
            width, height = picture.width * 72 / dpi, picture.height * 72 / dpi
            page = pdf.add_blank_page(page_size=(width, height))
            page.Resources = Dictionary(XObject=Dictionary(Im0=image))
            page.Contents = pdf.make_stream(f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q".encode())
        pdf.save(path)
    return path


def tiff(path: Path, frames: Sequence[tuple[int, int]]) -> Path:
    """Write a TIFF of square frames: the length of a side, and what kind of image it says it is (NewSubfileType)."""
    with TiffImagePlugin.AppendingTiffWriter(str(path), True) as writer:
        for side, kind in frames:
            Image.new("L", (side, side), 200).save(writer, "TIFF", tiffinfo={254: kind})
            writer.newFrame()
    return path


def scan_of(folder: Path, texts: Sequence[str]) -> list[Image.Image]:
    """Return texts as degraded scans of 300 × 200 points at 300 dpi."""
    return [degraded(image) for image in images(typeset(folder / "source.pdf", texts))]


def document(path: Path, workspace: Path, languages: tuple[str, ...] = ("eng",)) -> Document:
    """Return a document to digitise, its workspace made, its media type by its name."""
    kinds = {".pdf": "application/pdf", ".tif": "image/tiff", ".jpg": "image/jpeg", ".png": "image/png"}
    workspace.mkdir(parents=True)
    return Document(path, kinds[path.suffix], languages, workspace, path.name)
