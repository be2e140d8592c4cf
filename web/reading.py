"""A page of an item as text, with the words of a search marked."""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from metadata.errors import NotFound
from metadata.model import Page
from search.documents import readable
from search.engine import Snippet
from web.items import closed, gone, held_item, is_closed
from web.marking import marked_lines
from web.reader import reader
from web.render import Service, View, respond
from web.results import LONGEST_QUERY, clean, whole_number

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_FULL = 0.7  # of the usual length, from which a line counts as going on


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The pages before and after, 0 where there is none, and how many there are."""

    before: int
    after: int
    total: int


def page(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}/page/{n}``; ``?q=`` marks words, which changes nothing else."""
    held = held_item(service, request.path_params["id"])
    if held.item.status == "withdrawn":
        return gone(service, request, held)
    if is_closed(held.item):
        return closed(service, request, held.item)
    found = service.library.page(held.item.id, whole_number(request.path_params["n"]))
    query = clean(request.query_params.get("q", ""))[:LONGEST_QUERY]
    total = len(service.library.catalogue.page_spans(held.item.id))
    text = paragraphs(found, query)
    values: dict[str, object] = {
        "item": held.item,
        "page": found,
        "paragraphs": text,
        "marked": any(marked for lines in text for line in lines for _, marked in line),
        "query": query,
        "near": Neighbours(found.number - 1, found.number + 1 if found.number < total else 0, total),
    }
    return respond(service, request, View("page.html", values))


def go_to_page(service: Service, request: Request) -> Response:
    """Answer ``/item/{id}/page?n=``, the form that asks for a page by its number."""
    held = held_item(service, request.path_params["id"])
    number = whole_number(request.query_params.get("n", ""))
    if not 1 <= number <= len(service.library.catalogue.page_spans(held.item.id)):
        raise NotFound(f"Item {held.item.id} has no such page.")
    query = clean(request.query_params.get("q", ""))[:LONGEST_QUERY]
    asked = [("q", query)] if query else []
    return RedirectResponse(reader(service.site, request).link(f"/item/{held.item.id}/page/{number}", asked), 303)


def paragraphs(page: Page, query: str) -> list[list[Snippet]]:
    """Return the paragraphs of a page, each the lines that are kept, each line cut where marks begin and end.

    Lines flow together as in a web page; where one stops well before the margin (a heading,
    a verse, a row of a table) its end is kept.
    """
    text = readable(page.text)
    lengths = sorted(map(len, text.split("\n")))
    margin = lengths[len(lengths) * 9 // 10] * _FULL
    blocks = (_flowing(block, margin) for block in _BLANK_LINE.split(text))
    return [marked_lines(block, page.language, query) for block in blocks if block]


def _flowing(block: str, margin: float) -> str:
    lines = [line.strip() for line in block.split("\n")]
    ends = [" " if len(line) >= margin else "\n" for line in lines[:-1]]
    return "".join(map(str.__add__, lines, [*ends, ""])).strip()
