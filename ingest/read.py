"""Reading one page, in a worker: its text layer where it has a good one, else one pass of OCR."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pikepdf
import pypdfium2 as pdfium

from ingest.documents import Document, Limits
from ingest.engine import OcrEngine, OcrFailed
from ingest.images import Picture, TooLarge, picture, turned
from ingest.languages import detect, tag_of
from ingest.pdfpages import page_picture, pdf_page
from ingest.room import is_disks
from ingest.textlayer import content_of, read_layer
from ingest.words import legal, mean_confidence
from metadata.model import Method, Page, Word
from metadata.pages import page_line
from metadata.problems import Problem, problem

_DAMAGE = (
    OcrFailed, TooLarge, OSError, SyntaxError, ValueError, EOFError, RuntimeError, MemoryError,
    pikepdf.PdfError, pdfium.PdfiumError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PageRead:
    """What became of a page; the page itself is a file in the workspace (:func:`page_file`).

    ``rotation`` is what its access copy is to be turned by, ``passes`` how often the engine was called, ``spoken``
    the BCP 47 tag that its words clearly tell, where ``language`` may be what was expected.
    """

    number: int
    method: Method = "unread"
    language: str = ""
    rotation: int = 0
    passes: int = 0
    problems: tuple[Problem, ...] = ()
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A page as it was read, before it is kept."""

    page: Page
    passes: int = 0
    problems: tuple[Problem, ...] = ()


Found = TypeVar("Found", bound=_Read | Picture)


def work_folder(document: Document) -> Path:
    """Return the folder in the workspace that holds what only the work needs."""
    return document.workspace / "work"


def page_file(document: Document, number: int) -> Path:
    """Return where a page lies as JSON."""
    return work_folder(document) / f"{number}.json"


def write_page(document: Document, page: Page) -> None:
    """Write a page where :func:`page_file` says, as one line of JSON."""
    page_file(document, page.number).write_bytes(page_line(page))


def image_folder(document: Document, number: int) -> Path:
    """Return the folder that holds the image of a page while it is read."""
    return work_folder(document) / f"image-{number}"


def read_page(document: Document, number: int, known: str, engine: OcrEngine, limits: Limits) -> PageRead:
    """Read page ``number`` (from 1), write it, and say what became of it.

    ``known`` is the BCP 47 tag of the language that the document's earlier pages speak, or ``""``.
    A page that cannot be read comes out as such, with its problem. Raises OSError only where the
    disk refuses to take what was read.
    """
    found = look_at_page(document, number, limits)
    return found if isinstance(found, PageRead) else recognise_page(document, number, found, known, engine, limits)


def look_at_page(document: Document, number: int, limits: Limits) -> PageRead | Picture:
    """Do the part of :func:`read_page` that needs the document: write the page, or leave its image for an engine.

    The image lies in :func:`image_folder`, or is the document itself. Raises as :func:`read_page` does.
    """
    folder = image_folder(document, number)
    folder.mkdir(exist_ok=True)
    found = _guarded(document, number, limits, lambda: _look(document, number, folder, limits))
    if isinstance(found, Picture):
        return found
    _empty(folder)
    return _kept(document, found)


def recognise_page(
    document: Document, number: int, image: Picture, known: str, engine: OcrEngine, limits: Limits
) -> PageRead:
    """Do the rest of :func:`read_page`, which needs the image, languages and key only; then the image is removed."""
    try:
        found = _guarded(document, number, limits, lambda: _recognise(document, number, image, known, engine))
    finally:
        _empty(image_folder(document, number))
    return _kept(document, found)


def _guarded(document: Document, number: int, limits: Limits, work: Callable[[], Found]) -> Found | _Read:
    """Return what the work gives, else a page that cannot be read, with its problem."""
    try:
        return work()
    except _DAMAGE as error:
        if is_disks(error, limits):
            raise
        reason = " ".join(legal(str(error)).split())[:200] or type(error).__name__
        return _Read(Page(number, 0, 0), 0, (problem("page-unread", document.key, number=number, reason=reason),))


def _kept(document: Document, read: _Read) -> PageRead:
    page = read.page
    if page.method != "unread":
        write_page(document, page)
    spoken = detect(word.text for word in page.words)
    return PageRead(page.number, page.method, page.language, page.rotation, read.passes, read.problems, spoken)


def _look(document: Document, number: int, folder: Path, limits: Limits) -> _Read | Picture:
    if document.media_type == "application/pdf":
        if page := _without_ocr(document, number):
            return _Read(page)
        image = page_picture(document.path, number, folder, limits)
    else:
        path, frame = document.place(number)
        image = picture(path, frame, folder, limits)
    return image or _Read(_blank(document, number))


def _recognise(document: Document, number: int, image: Picture, known: str, engine: OcrEngine) -> _Read:
    page, passes = _ocr(document, image, known, engine, image_folder(document, number))
    rotation = (page.rotation + image.turn) % 360
    page = replace(page, number=number, dpi=image.dpi, rotation=rotation)
    reduced = problem("page-reduced", document.key, number=number, dpi=image.dpi)
    return _Read(page, passes, (reduced,) if image.reduced else ())


def _without_ocr(document: Document, number: int) -> Page | None:
    """Return a page that has a good text layer, or nothing on it; None where it has to be read."""
    with pdf_page(document.path, number) as page:
        content = content_of(page)
        if not content.is_blank and not content.is_readable:
            return None
        read = read_layer(page, number)
    if content.is_blank:
        return replace(read, text="", words=(), confidence=0.0, method="blank")
    return replace(read, language=_language(read.words, document.languages))


def _blank(document: Document, number: int) -> Page:
    with pdf_page(document.path, number) as page:
        return replace(read_layer(page, number), text="", words=(), confidence=0.0, method="blank")


def _ocr(document: Document, image: Picture, known: str, engine: OcrEngine, folder: Path) -> tuple[Page, int]:
    """Read an image in the language that is known, else the likeliest; again where it speaks another.

    Two readings in one language each cost what one in three together does, and read accents better.
    Too few words to tell, and nothing known: then the languages of the record, or the default ones, together
    are the best there is.
    """
    by_tag = {tag_of(code): code for code in document.candidates}
    models = (by_tag.get(known, document.languages[0]),)
    page, passes = _sound(engine.read(image.path, models, image.dpi, folder)), 1
    spoken = detect(word.text for word in page.words)
    better = (by_tag[spoken],) if spoken in by_tag else models if known or not page.words else document.languages
    if better != models:
        page, passes = _read_again(page, image, better, engine, folder), 2
    return replace(page, language=_language(page.words, better), method="ocr"), passes


def _read_again(page: Page, image: Picture, models: tuple[str, ...], engine: OcrEngine, folder: Path) -> Page:
    """Read an image in other languages, turned as the first reading found it to be."""
    if not page.rotation:
        return _sound(engine.read(image.path, models, image.dpi, folder))
    upright = turned(image.path, page.rotation, folder / "turned.pnm")
    try:
        second = _sound(engine.read(upright, models, image.dpi, folder))
    finally:
        upright.unlink()
    return replace(second, rotation=(page.rotation + second.rotation) % 360)


def _language(words: tuple[Word, ...], candidates: tuple[str, ...]) -> str:
    """Return the tag of the language the words speak, else of the only candidate; ``""`` without words."""
    if not words:
        return ""
    return detect(word.text for word in words) or (tag_of(candidates[0]) if len(candidates) == 1 else "")


def _sound(page: object) -> Page:
    """Return the engine's page if it is one that can be kept; raises OcrFailed for rubbish."""
    if not isinstance(page, Page) or page.width <= 0 or page.height <= 0:
        raise OcrFailed("the engine did not give a page")
    if page.text.split() != [word.text for word in page.words] or legal(page.text) != page.text:
        raise OcrFailed("the engine's text and words do not agree, or hold forbidden characters")
    if not all(_lies_on(page, word) for word in page.words):
        raise OcrFailed("the engine placed words outside the page")
    return replace(page, confidence=mean_confidence(page.words))


def _lies_on(page: Page, word: Word) -> bool:
    left, top, right, bottom = word.box
    inside = 0 <= left <= right <= page.width and 0 <= top <= bottom <= page.height
    return inside and 0 <= word.confidence <= 100


def _empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    with suppress(OSError):
        folder.rmdir()
