"""The access copy: a searchable PDF, linearised, the same bytes from the same input anywhere.

A PDF keeps its pages, its image streams byte for byte, its outline, links, metadata and
attachments; pages that OCR has read get their text as an invisible layer in place of an older
invisible one, turned ones a /Rotate. Images are put into a new PDF without loss. Where the
original names no title or language the copy does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Pdf

from ingest.documents import Document, Limits
from ingest.embed import add_image_page
from ingest.graft import Grafter, sheet_of
from ingest.images import TooLarge
from ingest.languages import most_frequent
from ingest.oldlayer import remove_invisible_text
from ingest.pdfclaims import is_pdfa_1, name_copy, settle_claim
from ingest.pdfnature import forbidden, unsign
from ingest.read import PageRead, page_file, work_folder
from ingest.room import is_disks
from ingest.spool import write_pages
from metadata.model import Page
from metadata.pages import read_page
from metadata.problems import Problem, problem

_FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, RuntimeError, LookupError, TypeError, AttributeError, MemoryError,
    pikepdf.PdfError, TooLarge,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bound:
    """The outcome of binding: the access copy, or None where the original serves or a problem says why not."""

    access: Path | None
    problems: tuple[Problem, ...] = ()


def bind(document: Document, pages: tuple[PageRead, ...], limits: Limits) -> Bound:
    """Make the access copy of a document whose pages are read, in its workspace."""
    target = document.workspace / "access.pdf"
    try:
        if document.media_type != "application/pdf":
            return _bind_images(document, pages, target, limits)
        if not any(page.method == "ocr" or page.rotation for page in pages):
            return Bound(None)
        return _bind_pdf(document, pages, target)
    except _FAULTS as error:
        if is_disks(error, limits):
            raise
        target.unlink(missing_ok=True)
        return _failed(document, " ".join(str(error).split())[:200] or type(error).__name__)


def _failed(document: Document, reason: str) -> Bound:
    return Bound(None, (problem("access-copy-failed", document.key, reason=reason),))


def _bind_pdf(document: Document, reads: tuple[PageRead, ...], target: Path) -> Bound:
    """Graft the layers onto a copy of the original, as far as its owner allows that."""
    with pikepdf.open(document.path) as pdf:
        if what := forbidden(pdf):
            return _failed(document, f"its owner forbids {what}")
        grafter = Grafter(pdf)
        changed = [_change(pdf, grafter, read, page) for read, page in _pages(document, reads)]
        if not any(changed):
            return Bound(None)
        grafter.finish()
        problems = (problem("signed-copy", document.key),) if unsign(pdf) else ()
        settle_claim(pdf)
        name_copy(pdf, document.title, _language(reads))
        _save(pdf, target)
    return Bound(target, problems)


def _pages(document: Document, reads: tuple[PageRead, ...]) -> Iterator[tuple[PageRead, Page]]:
    """Yield the pages that OCR has read, or that were turned, one by one: a book's words fill the memory."""
    for read in reads:
        if read.method == "ocr" or read.rotation:
            yield read, read_page(page_file(document, read.number).read_bytes())


def _change(pdf: Pdf, grafter: Grafter, read: PageRead, words: Page) -> bool:
    """Turn a page and give it the text that was read; return whether anything has changed."""
    page = pdf.pages[read.number - 1]
    removed = read.method == "ocr" and remove_invisible_text(pdf, page)
    _turn(page, read.rotation)
    grafter.lay(page, words)
    return bool(removed or read.rotation or words.words)


def _bind_images(document: Document, reads: tuple[PageRead, ...], target: Path, limits: Limits) -> Bound:
    images = work_folder(document) / "images.pdf"
    write_pages(images, (page for read in reads for page in _image_page(document, read, limits)))
    with pikepdf.open(images, access_mode=pikepdf.AccessMode.stream) as pdf:
        grafter = Grafter(pdf)
        for read, page in zip(reads, pdf.pages, strict=True):
            _turn(page, read.rotation)
            if read.method == "ocr":
                grafter.lay(page, read_page(page_file(document, read.number).read_bytes()))
        grafter.finish()
        name_copy(pdf, document.title, _language(reads))
        _save(pdf, target)
    return Bound(target)


def _image_page(document: Document, read: PageRead, limits: Limits) -> Iterator[pikepdf.Page]:
    """Yield the page that shows an image; an empty one for a damaged file among many, so that numbers stay."""
    path, frame = document.place(read.number)
    with Pdf.new() as pdf:
        try:
            page = add_image_page(pdf, path, frame, limits)
        except _FAULTS as error:
            if read.method != "unread" or not document.more or is_disks(error, limits):
                raise
            page = pdf.add_blank_page()
        yield page


def _language(reads: tuple[PageRead, ...]) -> str:
    return next(iter(most_frequent(read.language for read in reads)), "")


def _save(pdf: Pdf, target: Path) -> None:
    """Save without a date or a random number; streams stay as they are coded."""
    objects = pikepdf.ObjectStreamMode.disable if is_pdfa_1(pdf) else pikepdf.ObjectStreamMode.generate
    pdf.save(
        target,
        linearize=True,
        deterministic_id=True,
        compress_streams=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=objects,
    )


def _turn(page: pikepdf.Page, rotation: int) -> None:
    if rotation:
        page.obj.Rotate = (sheet_of(page).turn + rotation) % 360
