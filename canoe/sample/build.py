"""The folder itself: scans and PDFs with their manifest, the catalogue, and two spoilt downloads."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path

from pikepdf import Dictionary, Name, OutlineItem, Pdf, String
from PIL import Image

from canoe.sample.canvas import Canvas
from canoe.sample.degrade import Scanner, scan
from canoe.sample.paper import add_canvas, add_scan, rendered, saved, streamed, tiff
from canoe.sample.publications import Publication, publication
from canoe.sample.records import records
from canoe.sample.typeset import Typeset, typeset

RIGHTS = "https://creativecommons.org/licenses/by/4.0/"
COLUMNS = (
    *("file", "title", "author", "organisation", "publisher", "date", "language", "type"),
    *("subjects", "description", "rights", "collection", "translation_of"),
)


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition and how it came to be a file.

    ``scanner`` is None for one that was never on paper. ``upside_down`` is the page (from 1)
    that lay the wrong way round in the scanner, 0 for none; ``born_digital`` counts the first
    pages, which keep their text layer.
    """

    name: str
    scanner: Scanner | None
    upside_down: int = 0
    born_digital: int = 0


EDITIONS = (
    Edition("wetlands.en", Scanner(300, "grey", 1988)),
    Edition("wetlands.fr", Scanner(300, "grey", 1990), upside_down=3),
    Edition("wetlands.es", Scanner(300, "bitonal", 1991)),
    Edition("turtles.fr", Scanner(300, "colour", 1979)),
    Edition("turtles.es", Scanner(300, "bitonal", 1981)),
    Edition("cloudforest.es", Scanner(300, "bitonal", 1994)),
    Edition("cloudforest.en", Scanner(200, "grey", 1995)),
    Edition("parks.en", None),
    Edition("parks.fr", Scanner(300, "grey", 2012), born_digital=2),
)


def build(folder: Path, progress: Callable[[str], None]) -> None:
    """Make the sample collection in ``folder``, which is created where it is missing.

    The same bytes on every run. ``progress`` is told the path of each file, relative to
    ``folder``, once it is written. Raises OSError where the folder cannot be written.
    """

    def put(path: str, content: bytes) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        progress(path)

    published = [publication(edition.name) for edition in EDITIONS]
    for edition, text in zip(EDITIONS, published, strict=True):
        put(f"scans/{text.file}", bound(edition, text))
    put("scans/manifest.csv", manifest(published))
    put("catalogue/records.mrc", records())
    put("downloads/atlas-of-estuaries.pdf", files("canoe.sample").joinpath("texts", "error.html").read_bytes())
    put("downloads/inventaire-des-tourbieres.pdf", cut_short())


def manifest(published: Sequence[Publication]) -> bytes:
    """Return the CSV that describes the publications: UTF-8, RFC 4180, several subjects parted by ``; ``."""
    target = StringIO()
    writer = csv.DictWriter(target, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for text in published:
        row = {name: getattr(text, name, "") for name in COLUMNS}
        writer.writerow(row | {"title": text.full_title, "subjects": "; ".join(text.subjects), "rights": RIGHTS})
    return target.getvalue().encode("utf-8")


def cut_short() -> bytes:
    """Return a PDF whose download broke off at 60 %, before its page tree and its table."""
    scanner = Scanner(200, "grey", 404)
    page = next(scans(typeset(publication("parks.fr")).pages, scanner, first=1))
    whole = streamed(page, scanner.dpi)
    return whole[: len(whole) * 60 // 100]


def scans(pages: Sequence[Canvas], scanner: Scanner, first: int = 0) -> Iterator[Image.Image]:
    """Print all the pages, and scan them leaf after leaf from page ``first`` (counted from 0)."""
    prints = rendered(pages, scanner.dpi)
    versos = [*prints[1:], Image.new("L", prints[0].size, 255)]
    for number in range(first, len(prints)):
        yield scan(prints[number], versos[number], scanner, number + 1)


def bound(edition: Edition, text: Publication) -> bytes:
    """Return the file of an edition: typeset, and printed and scanned as far as it was on paper."""
    made, scanner = typeset(text), edition.scanner
    if scanner is None:
        return _pdf(text, made, len(made.pages), [], 0)
    scanned = list(scans(made.pages, scanner, edition.born_digital))
    if edition.upside_down:
        wrong = edition.upside_down - edition.born_digital - 1
        scanned[wrong] = scanned[wrong].transpose(Image.Transpose.ROTATE_180)
    if text.file.endswith(".tif"):
        return tiff(scanned, scanner.dpi)
    return _pdf(text, made, edition.born_digital, scanned, scanner.dpi)


def _pdf(text: Publication, made: Typeset, with_text: int, scanned: Sequence[Image.Image], dpi: int) -> bytes:
    """Bind a PDF: first the pages that keep their text layer, then the scanned ones."""
    pdf = Pdf.new()
    for canvas in made.pages[:with_text]:
        add_canvas(pdf, canvas)
    for picture in scanned:
        add_scan(pdf, picture, dpi)
    if with_text:
        _describe(pdf, text, made)
    return saved(pdf)


def _describe(pdf: Pdf, text: Publication, made: Typeset) -> None:
    """Give a born-digital PDF what its makers gave it: title, author, language, outline."""
    pdf.docinfo = pdf.make_indirect(
        Dictionary(
            Title=String(text.full_title),
            Author=String(text.byline),
            CreationDate=String(f"D:{text.date}0301120000Z"),
        )
    )
    pdf.Root.Lang = String(text.language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pdf.Root.PageMode = Name.UseOutlines
    with pdf.open_outline() as outline:
        outline.root.extend(OutlineItem(heading, page, "FitH", top=660) for heading, page in made.headings)
