"""The access copy: a searchable PDF, linearised, the same bytes from the same input anywhere.

A PDF keeps its image streams byte for byte, its outline, links and metadata; pages that OCR
has read get their text as an invisible layer, turned ones a /Rotate. Images are put into a
new PDF without loss.
"""

from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from ingest.documents import Document, Limits
from ingest.embed import add_image_page
from ingest.geometry import Sheet
from ingest.images import TooLarge
from ingest.read import PageRead, layer_file
from ingest.room import is_disks
from metadata.problems import Problem, problem

_DEEPEST_TREE = 50
_FAULTS = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, KeyError, MemoryError, pikepdf.PdfError, TooLarge)


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
            _bind_images(document, pages, target, limits)
        elif not any(_changes(document, page) for page in pages):
            return Bound(None)
        elif reason := _bind_pdf(document, pages, target):
            return Bound(None, (problem("access-copy-failed", document.key, reason=reason),))
    except _FAULTS as error:
        if is_disks(error, limits):
            raise
        target.unlink(missing_ok=True)
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        return Bound(None, (problem("access-copy-failed", document.key, reason=reason),))
    return Bound(target)


def _changes(document: Document, page: PageRead) -> bool:
    return page.rotation != 0 or layer_file(document, page.number).exists()


def _bind_pdf(document: Document, reads: tuple[PageRead, ...], target: Path) -> str:
    """Graft the layers onto a copy of the original; return why this is not allowed, or ``""``."""
    with pikepdf.open(document.path) as pdf:
        if not (pdf.allow.modify_other and pdf.allow.extract):
            return "its owner forbids changing or copying it"
        grafter = _Grafter(pdf)
        for read in reads:
            if _changes(document, read):
                page = pdf.pages[read.number - 1]
                _turn(page, read.rotation)
                grafter.graft(page, layer_file(document, read.number))
        _save(pdf, target)
    return ""


def _bind_images(document: Document, reads: tuple[PageRead, ...], target: Path, limits: Limits) -> None:
    with Pdf.new() as pdf:
        grafter = _Grafter(pdf)
        for read in reads:
            page = add_image_page(pdf, document.path, read.number - 1, limits)
            _turn(page, read.rotation)
            grafter.graft(page, layer_file(document, read.number))
        _save(pdf, target)


def _save(pdf: Pdf, target: Path) -> None:
    """Save without a date or a random number; streams stay as they are coded."""
    pdf.save(
        target,
        linearize=True,
        deterministic_id=True,
        compress_streams=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )


def _turn(page: pikepdf.Page, rotation: int) -> None:
    if rotation:
        page.obj.Rotate = (_sheet(page).turn + rotation) % 360


def _sheet(page: pikepdf.Page) -> Sheet:
    """Return the visible box: the crop box as far as it lies in the media box (ISO 32000-1, 14.11.2)."""
    media, crop = _box(page.mediabox), _box(page.cropbox)
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if left >= right or bottom >= top:
        left, bottom, right, top = media
    return Sheet(left, bottom, right, top, int(_inherited(page, Name.Rotate, 0)) % 360)


def _box(array: Array) -> tuple[float, float, float, float]:
    """Return a rectangle with its corners in order; files give them in any (ISO 32000-1, 7.9.5)."""
    x, y, other_x, other_y = (float(value) for value in array.as_list())
    return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def _inherited(page: pikepdf.Page, key: Name, default: int) -> int:
    """Return a page attribute, its own or that of the page tree above it (ISO 32000-1, 7.7.3.4)."""
    node: pikepdf.Object | None = page.obj
    for _ in range(_DEEPEST_TREE):
        if not isinstance(node, Dictionary):
            break
        if key in node:
            return int(node[key])
        node = node.get("/Parent")
    return default


class _Grafter:
    """Lays one-page text PDFs on pages; their font is the same in all, and is kept once."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._count = 0
        self._fonts: dict[str, pikepdf.Object] = {}

    def graft(self, page: pikepdf.Page, layer: Path) -> None:
        """Lay the text of ``layer``, if there is such a file, invisibly on the page as it is shown."""
        if not layer.exists():
            return
        with pikepdf.open(layer) as text:
            sheet = text.pages[0]
            width, height = (float(side) for side in sheet.mediabox.as_list()[2:])
            form = self._pdf.copy_foreign(sheet.as_form_xobject())
        self._share_fonts(form)
        matrix = " ".join(f"{number:.6f}" for number in _sheet(page).laid(width, height))
        page.contents_add(b"q\n", prepend=True)
        name = page.add_resource(form, Name.XObject, self._name())
        page.contents_add(f"\nQ q {matrix} cm {name} Do Q\n".encode("ascii"))

    def _name(self) -> Name:
        """Return a new name: pages may share one resource dictionary, and a random name differs each time."""
        self._count += 1
        return Name(f"/CanoeText{self._count}")

    def _share_fonts(self, form: pikepdf.Object) -> None:
        fonts = form.Resources.get("/Font", Dictionary())
        for key in list(fonts.keys()):
            fonts[key] = self._fonts.setdefault(str(fonts[key].get("/BaseFont")), fonts[key])
