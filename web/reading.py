"""The reader: a page of an item as an image with the words of a search marked, and beside it as text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.catalogued import Held
from metadata.errors import NotFound
from metadata.model import Item, Page
from search.documents import readable
from search.engine import Snippet
from web.content_state import box_of, coded, state_of
from web.images import Sheet, refusal, sheet_of
from web.inside import passages
from web.items import held_item
from web.manifest import canvas_address, manifest_address
from web.marking import marked_lines
from web.picture_paths import THUMBNAIL, picture_path, shown_by, thumbnail_path
from web.reader import reader
from web.render import Service, View, respond
from web.results import LONGEST_QUERY, clean, whole_number
from web.word_boxes import Box, marks

VIEWS = ("both", "image", "text")
ZOOMS = {"fit": 0.0, "100": 1.0, "200": 2.0}
"""How large an image is shown: whole, or as a multiple of its size on paper."""

THUMBNAILS = 60
"""Small pictures on one page of them."""

PASSAGES = 50
"""Pages that answer a search inside an item, on one page of them."""

_NEAR = 4  # small pictures before and after the page that is read
_WIDTHS = (480, 800, 1200, 1600, 2200, 3000)
_SCREEN_DPI = 96
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_FULL = 0.7  # of the usual length, from which a line counts as going on
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""As everywhere, and the reader's own module, without which all works, too."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The pages before and after, 0 where there is none, and how many there are."""

    before: int
    after: int
    total: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How a page is asked for: the words to mark, what of it is shown, how large, and a part of it to point at."""

    query: str = ""
    view: str = "both"
    zoom: str = "fit"
    part: str = ""

    @classmethod
    def of(cls, request: Request) -> "Reading":
        """Return what the parameters of an address ask for; what makes no sense is left out."""
        asked = request.query_params
        view, zoom, part = (asked.get(name, "") for name in ("view", "zoom", "xywh"))
        return cls(
            query=clean(asked.get("q", ""))[:LONGEST_QUERY],
            view=view if view in VIEWS else VIEWS[0],
            zoom=zoom if zoom in ZOOMS else "fit",
            part=part if box_of(f"xywh={part}") else "",
        )

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that other pages of the item are asked for with."""
        found = (("q", self.query), ("view", self.view), ("zoom", self.zoom))
        return [(name, value) for name, value in found if value and (name, value) not in _USUAL]

    def viewed(self, view: str) -> list[tuple[str, str]]:
        """Return the parameters that show the same otherwise."""
        return replace(self, view=view).kept

    def zoomed(self, zoom: str) -> list[tuple[str, str]]:
        """Return the parameters that show the same in another size."""
        return replace(self, zoom=zoom).kept


_USUAL = (("view", "both"), ("zoom", "fit"))


@dataclass(frozen=True, slots=True)
class Picture:
    """The image of a page as HTML has it: width and height as shown, sources, what is marked, what is pointed at."""

    width: int
    height: int
    source: str
    sources: str
    sizes: str
    page: tuple[int, int]
    marked: Sequence[Sequence[Box]]
    part: Box | None


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The small picture of a page, ``""`` where there is none."""

    number: int
    path: str


def page(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}/page/{n}``; ``?q=`` marks words, ``?xywh=`` a part, which changes nothing else."""
    held = _seen(service, request)
    if isinstance(held, Response):
        return held
    found = service.library.page(held.item.id, whole_number(request.path_params["n"]))
    asked, total = Reading.of(request), len(service.library.catalogue.page_spans(held.item.id))
    sheet = sheet_of(service, held.item, found)
    text = paragraphs(found, asked.query)
    values: dict[str, object] = {
        "item": held.item,
        "page": found,
        "asked": asked,
        "picture": _picture(service, sheet, asked) if sheet else None,
        "paragraphs": text,
        "marked": any(marked for lines in text for line in lines for _, marked in line),
        "query": asked.query,
        "near": Neighbours(found.number - 1, found.number + 1 if found.number < total else 0, total),
        "strip": _thumbnails(held.item, range(max(1, found.number - _NEAR), min(total, found.number + _NEAR) + 1)),
        "thumbnail": THUMBNAIL,
        "manifest": manifest_address(service, held.item.id),
        "state": _state(service, held.item, found, asked),
    }
    return respond(service, request, View("page.html", values), {"Content-Security-Policy": POLICY})


def all_pages(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}/pages``: small pictures of all pages, :data:`THUMBNAILS` at once."""
    held = _seen(service, request)
    if isinstance(held, Response):
        return held
    total = len(service.library.catalogue.page_spans(held.item.id))
    part, parts = whole_number(request.query_params.get("part", "1")), -(-total // THUMBNAILS)
    if not 1 <= part <= parts:
        raise NotFound(f"Item {held.item.id} has no such pages.")
    first = (part - 1) * THUMBNAILS + 1
    values: dict[str, object] = {
        "item": held.item,
        "thumbnails": _thumbnails(held.item, range(first, min(first + THUMBNAILS - 1, total) + 1)),
        "thumbnail": THUMBNAIL,
        "part": part,
        "count": parts,
        "total": total,
    }
    return respond(service, request, View("pages.html", values, indexed=False))


def search_inside(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}/search?q=``: the pages of an item that answer, in their order."""
    held = _seen(service, request)
    if isinstance(held, Response):
        return held
    query = Reading.of(request).query.strip()
    found, more = passages(service, held.item, query)
    part, parts = whole_number(request.query_params.get("part", "1")) or 1, max(1, -(-len(found) // PASSAGES))
    values: dict[str, object] = {
        "item": held.item,
        "query": query,
        "found": found[(part - 1) * PASSAGES : part * PASSAGES],
        "total": len(found),
        "more": more,
        "part": part,
        "count": parts,
    }
    view = View("inside.html", values, 200 if part <= parts else 404, f"/item/{held.item.id}/search", indexed=False)
    return respond(service, request, view)


def go_to_page(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}/page?n=``, the form that asks for a page by its number."""
    held = held_item(service, request.path_params["id"])
    number = whole_number(request.query_params.get("n", ""))
    if not 1 <= number <= len(service.library.catalogue.page_spans(held.item.id)):
        raise NotFound(f"Item {held.item.id} has no such page.")
    link = reader(service.site, request).link(f"/item/{held.item.id}/page/{number}", Reading.of(request).kept)
    return RedirectResponse(link, 303)


def paragraphs(page: Page, query: str) -> list[list[Snippet]]:
    """Return the paragraphs of a page, each the lines that are kept, each line cut where marks begin and end.

    Lines flow together as in a web page; where one stops well before the margin (a heading,
    a verse, a row of a table) its end is kept.
    """
    text = readable(page.text)
    lengths = sorted(map(len, text.split("\n")))
    margin = lengths[len(lengths) * 9 // 10] * _FULL
    blocks = (_flowing(block, margin) for block in _BLANK_LINE.split(text))
    lines = marked_lines("\n\n".join(filter(None, blocks)), page.language, query)  # a phrase may begin in one of them
    return [list(found) for is_text, found in groupby(lines, bool) if is_text]


def _flowing(block: str, margin: float) -> str:
    lines = [line.strip() for line in block.split("\n")]
    ends = [" " if len(line) >= margin else "\n" for line in lines[:-1]]
    return "".join(map(str.__add__, lines, [*ends, ""])).strip()


def _seen(service: Service, request: Request) -> Held | Response:
    """Return the item that an address names, or the answer where its pages may not be seen; raises NotFound."""
    held = held_item(service, request.path_params["id"])
    return refusal(service, request, held) or held


def _thumbnails(item: Item, numbers: range) -> list[Thumbnail]:
    return [Thumbnail(n, thumbnail_path(item, n) if shown_by(item, n) else "") for n in numbers]


def _picture(service: Service, sheet: Sheet, asked: Reading) -> Picture:
    page, root = sheet.page, service.site.root
    wide, high = sheet.bounds.fitting(page.width, page.height)
    widths = [*(width for width in _WIDTHS if width < wide), wide]
    paths = {
        width: root + picture_path(sheet.item, page.number, f"{width}," if width < wide else "max") for width in widths
    }
    shown = ZOOMS[asked.zoom] * _SCREEN_DPI / max(page.dpi, 1)
    width, height = (round(page.width * shown), round(page.height * shown)) if shown else (wide, high)
    return Picture(
        width=max(1, width),
        height=max(1, height),
        source=next((paths[one] for one in widths if one >= 1200), paths[wide]),
        sources=", ".join(f"{path} {one}w" for one, path in paths.items()),
        sizes=f"{max(1, width)}px" if shown else _fitting(asked.view, page),
        page=(page.width, page.height),
        marked=[mark.boxes for mark in marks(page, asked.query)],
        part=_on(page, box_of(f"xywh={asked.part}")),
    )


def _fitting(view: str, page: Page) -> str:
    """Return how wide a page is that fits: as wide as a telephone, on larger screens as high as the window."""
    share = "50vw" if view == "both" else "96vw"
    return f"(min-width: 60rem) min({share}, {round(92 * page.width / page.height)}vh), 100vw"


def _on(page: Page, box: Box | None) -> Box | None:
    """Return the part of a box that lies on the page, None where none does."""
    if box is None or box[0] >= page.width or box[1] >= page.height:
        return None
    left, top, width, height = box
    return left, top, min(width, page.width - left), min(height, page.height - top)


def _state(service: Service, item: Item, page: Page, asked: Reading) -> str:
    """Return the content state of what is read, coded."""
    fragment = f"xywh={asked.part}" if asked.part else ""
    canvas = canvas_address(service, item.id, page.number)
    return coded(state_of(manifest_address(service, item.id), canvas, fragment))
