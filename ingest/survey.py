"""The first look at a document: whether it opens, what it is, how many pages it has."""

import re
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace

import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import UnidentifiedImageError

from ingest.documents import Document, Limits
from ingest.images import TooLarge, page_sizes
from ingest.pdfdoi import stated_dois
from ingest.pdfnature import MOST_CONTENTS, remarks, swollen_page
from ingest.textlayer import DPI
from ingest.words import legal
from metadata.problems import Problem, problem

FORMAT_NAMES = {
    "application/pdf": "PDF", "image/tiff": "TIFF", "image/jpeg": "JPEG", "image/png": "PNG",
    "image/jp2": "JPEG 2000", "image/webp": "WebP",
}  # fmt: skip
"""Media types that can be digitised, and what people call them."""

_MAGIC: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("PDF", lambda head: b"%PDF-" in head),
    ("PNG", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("JPEG", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("TIFF", lambda head: head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ("JPEG 2000", lambda head: head[4:8] == b"jP  " or head.startswith(b"\xff\x4f\xff\x51")),
    ("WebP", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    ("GIF", lambda head: head.startswith(b"GIF8")),
    ("a ZIP archive", lambda head: head.startswith(b"PK\x03\x04")),
    ("PostScript", lambda head: head.startswith(b"%!PS")),
    ("HTML", lambda head: re.match(rb"\s*<(!doctype\s+html|html|head|body)", head, re.IGNORECASE) is not None),
    ("XML", lambda head: re.match(rb"(\xef\xbb\xbf)?\s*<(\?xml|svg)", head, re.IGNORECASE) is not None),
)
_HEAD = 1024  # ISO 32000-1, annex H.3.4.1: readers look for the header in the first 1024 bytes
_NO_TITLE = re.compile(r"^(untitled|document\d*|microsoft word\b.*|.*\.\w{2,4}|\W*|scan\w*\W*\d*)$", re.IGNORECASE)
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, MemoryError, pikepdf.PdfError, pdfium.PdfiumError)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a document holds: width and height of each page in pixels (PDF: at 300 dpi), and its title.

    ``places`` are as in :class:`ingest.documents.Document`; ``problems`` are no reason to refuse it. ``dois`` are
    those that a PDF's metadata state.
    """

    sizes: tuple[tuple[int, int], ...]
    title: str = ""
    places: tuple[tuple[int, int], ...] = ()
    problems: tuple[Problem, ...] = ()
    dois: tuple[str, ...] = ()


def survey(document: Document, limits: Limits) -> Survey | Problem:
    """Open a document and return what it holds, or why it is refused."""
    return _survey_images(document, limits) if document.more else _survey_file(document, limits)


def _survey_images(document: Document, limits: Limits) -> Survey | Problem:
    """Survey the files of one publication; one that does not open is a page that cannot be read, unless all are so."""
    found = [_survey_file(replace(document, path=path, more=()), limits) for path in document.files]
    if not any(isinstance(one, Survey) for one in found):
        return next(one for one in found if isinstance(one, Problem))
    sizes: list[tuple[int, int]] = []
    places: list[tuple[int, int]] = []
    for number, one in enumerate(found):
        pages = one if isinstance(one, Survey) else Survey(((0, 0),), places=((0, 0),))
        sizes.extend(pages.sizes)
        places.extend((number, frame) for _, frame in pages.places)
    if len(sizes) > limits.pages:
        return _too_many(document, len(sizes), limits)
    return Survey(tuple(sizes), places=tuple(places))


def _too_many(document: Document, pages: int, limits: Limits) -> Problem:
    size = f"{pages} pages"
    return problem("file-too-large", document.key, what="The document", size=size, limit=limits.pages)


def _survey_file(document: Document, limits: Limits) -> Survey | Problem:
    name = FORMAT_NAMES.get(document.media_type, document.media_type)
    try:
        if refusal := _refusal(document, name, limits):
            return refusal
        return _survey_pdf(document, limits) if name == "PDF" else _survey_image(document, limits)
    except TooLarge as error:
        return problem("file-too-large", document.key, what="The image", size=f"{error.size} pixels", limit=error.limit)
    except pikepdf.PasswordError:
        return problem("file-locked", document.key)
    except PermissionError as error:
        return problem("file-unreadable", document.key, reason=error.strerror)
    except _DAMAGE as error:
        return problem("file-damaged", document.key, format=name, reason=_one_line(error, document))


def _refusal(document: Document, name: str, limits: Limits) -> Problem | None:
    """Return what is wrong with a file by its size and its first bytes."""
    size = document.path.stat().st_size
    if size == 0:
        return problem("file-empty", document.key)
    if size > limits.size:
        return problem("file-too-large", document.key, what="The file", size=f"{size} bytes", limit=limits.size)
    with document.path.open("rb") as stream:
        head = stream.read(_HEAD)
    found = next((kind for kind, matches in _MAGIC if matches(head)), "")
    images = set(FORMAT_NAMES.values()) - {"PDF"}
    if found == name or (found in images and name in images):
        return None
    if found:
        return problem("file-disguised", document.key, claimed=name, found=found)
    return problem("file-damaged", document.key, format=name, reason="it does not begin like one")


def _survey_image(document: Document, limits: Limits) -> Survey:
    try:
        sizes = page_sizes(document.path, limits)
    except (TypeError, LookupError) as fault:  # Pillow's, of fields of a TIFF that are missing or of another type
        raise ValueError("its fields make no sense") from fault
    return Survey(tuple(sizes.values()), places=tuple((0, frame) for frame in sizes))


def _survey_pdf(document: Document, limits: Limits) -> Survey | Problem:
    with pikepdf.open(document.path) as opened:
        if len(opened.pages) > limits.pages:
            return _too_many(document, len(opened.pages), limits)
        if len(opened.pages) == 0:
            return problem("file-damaged", document.key, format="PDF", reason="it has no pages")
        if number := swollen_page(opened):
            what, size = f"The content of page {number}", f"more than {MOST_CONTENTS} bytes"
            return problem("file-too-large", document.key, what=what, size=size, limit=MOST_CONTENTS)
        title, told, dois = _title(opened), tuple(remarks(opened, document.key)), _dois(opened)
    with closing(pdfium.PdfDocument(document.path)) as pages:
        count = len(pages)
        if count > limits.pages:
            return _too_many(document, count, limits)
        return Survey(tuple(_size(pages, index) for index in range(count)), title, problems=told, dois=dois)


def _size(pages: pdfium.PdfDocument, index: int) -> tuple[int, int]:
    """Return a page's size; a page that does not load has none, and is reported when it is read."""
    size = raw.FS_SIZEF()
    raw.FPDF_GetPageSizeByIndexF(pages, index, size)
    return round(size.width * DPI / 72), round(size.height * DPI / 72)


def _dois(opened: pikepdf.Pdf) -> tuple[str, ...]:
    """Return the DOIs that its metadata state; none where these cannot be read, which is no reason to refuse it."""
    with suppress(*_DAMAGE):
        return stated_dois(opened)
    return ()


def _title(opened: pikepdf.Pdf) -> str:
    """Return the title in the document information dictionary, where it is more than a file's name."""
    stated = opened.trailer.get("/Info", pikepdf.Dictionary())
    value = stated.get("/Title") if isinstance(stated, pikepdf.Dictionary) else None
    title = " ".join(legal(str(value)).split()) if isinstance(value, pikepdf.String) else ""
    letters = sum(character.isalpha() for character in title)
    return title if letters >= 4 and len(title) <= 500 and not _NO_TITLE.match(title) else ""


def _one_line(error: BaseException, document: Document) -> str:
    """Return an error's text, short, and without the path: the same file gives the same words anywhere."""
    if isinstance(error, UnidentifiedImageError):
        return "its header makes no sense"
    text = str(error).replace(str(document.path), "").removeprefix(": ")
    return " ".join(legal(text).split()).rstrip(".")[:200] or type(error).__name__
