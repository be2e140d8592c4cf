"""Laying invisible text on pages: one set of fonts for the document, one stream for each page.

The text is put before the page's own contents, which stay as they are: there it finds the graphics state of a
page on which nothing was drawn yet, also where contents save states that they never restore.
"""

from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from ingest.geometry import Sheet
from ingest.layer import layer_of
from ingest.layer_font import Alphabet, packed
from ingest.pdfnature import decoded_length
from metadata.model import Page

_DEEPEST_TREE = 50
_LETTER = (0.0, 0.0, 612.0, 792.0)  # what pdfium takes for a media box that is missing or empty
_SHORT = 4096  # bytes of contents: those of a scan are some 50


class Grafter:
    """Lays text on the pages of one document; :meth:`finish` makes its fonts when all is laid."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._alphabet = Alphabet()
        self._names = _unused(pdf)
        self._fonts: list[Dictionary] = []

    def lay(self, page: pikepdf.Page, read: Page) -> None:
        """Lay the words of ``read`` on the page as it is shown; nothing where it has none."""
        matrix = sheet_of(page).laid(read.width, read.height)
        content, used = layer_of(read, matrix, self._alphabet, self._names)
        if not content:
            return
        page.obj.Contents = self._before(page, content)
        fonts = self._own_fonts(page)
        for number in used:
            fonts[f"/{self._names}{number}"] = self._font(number)

    def finish(self) -> None:
        """Make the fonts what the laid text needs."""
        for blank, font in zip(self._fonts, self._alphabet.fonts(self._pdf), strict=True):
            for key, value in font.items():
                blank[key] = value

    def _before(self, page: pikepdf.Page, content: bytes) -> pikepdf.Object:
        """Return the page's contents after ``content``; short ones in one stream with it, for its size."""
        streams = list(_contents(page))
        lengths = [decoded_length(stream, _SHORT) for stream in streams]
        if all(length is not None and length <= _SHORT for length in lengths):
            return packed(self._pdf, b"".join([content, *(stream.read_bytes() + b"\n" for stream in streams)]))
        return Array([packed(self._pdf, content), *streams])

    def _font(self, number: int) -> Dictionary:
        """Return a font that is still blank: what it holds is known when all is laid."""
        while len(self._fonts) <= number:
            self._fonts.append(self._pdf.make_indirect(Dictionary(Type=Name.Font)))
        return self._fonts[number]

    def _own_fonts(self, page: pikepdf.Page) -> Dictionary:
        """Return the page's dictionary of fonts; one that it inherits or shares stays the others' too."""
        inherited = inherited_of(page, "/Resources")
        resources = _copied(inherited)
        fonts = _copied(resources.get("/Font"))
        resources.Font = fonts
        page.obj.Resources = self._pdf.make_indirect(resources)  # pages lie bare in the file, this is compressed
        return fonts


def _copied(found: pikepdf.Object | None) -> Dictionary:
    """Return a dictionary with the same entries, an empty one where there is none."""
    return Dictionary(dict(found.items())) if isinstance(found, Dictionary) else Dictionary()


def _unused(pdf: Pdf) -> str:
    """Return how names of fonts may begin: no page has such a name yet."""
    taken = {key for page in pdf.pages for key in _font_names(page)}
    number = 0
    while any(key.startswith(f"/Canoe{'x' * number}") for key in taken):
        number += 1
    return f"Canoe{'x' * number}"


def _font_names(page: pikepdf.Page) -> Iterator[str]:
    resources = inherited_of(page, "/Resources")
    fonts = resources.get("/Font") if isinstance(resources, Dictionary) else None
    if isinstance(fonts, Dictionary):
        yield from fonts.keys()


def _contents(page: pikepdf.Page) -> Iterator[pikepdf.Stream]:
    found = page.obj.get("/Contents")
    streams = list(found) if isinstance(found, Array) else [found]
    return (stream for stream in streams if isinstance(stream, pikepdf.Stream))


def sheet_of(page: pikepdf.Page) -> Sheet:
    """Return the visible box: the crop box as far as it lies in the media box (ISO 32000-1, 14.11.2)."""
    media, crop = _box(inherited_of(page, "/MediaBox")), _box(inherited_of(page, "/CropBox"))
    media = media or _LETTER
    crop = crop or media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if left >= right or bottom >= top:
        left, bottom, right, top = media
    turn = inherited_of(page, "/Rotate")
    return Sheet(left, bottom, right, top, int(turn) % 360 if turn is not None else 0)


def _box(array: pikepdf.Object | None) -> tuple[float, float, float, float] | None:
    """Return a rectangle with its corners in order; files give them in any (ISO 32000-1, 7.9.5). None for an empty one.

    Raises ValueError or TypeError for what is no rectangle.
    """
    if not isinstance(array, Array):
        return None
    x, y, other_x, other_y = (float(value) for value in array.as_list())
    box = min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)
    return box if box[0] < box[2] and box[1] < box[3] else None


def inherited_of(page: pikepdf.Page, key: str) -> pikepdf.Object | None:
    """Return a page attribute, its own or that of the page tree above it (ISO 32000-1, 7.7.3.4)."""
    node: pikepdf.Object | None = page.obj
    for _ in range(_DEEPEST_TREE):
        if not isinstance(node, Dictionary):
            break
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None
