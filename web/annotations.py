"""The text of pages as annotations, and searching it: Web Annotation, IIIF Content Search API 2.0.

Content Search: https://iiif.io/api/search/2.0/. Each hit is an annotation on the part of the
canvas where its words stand; a second one says which words of the text they are.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from metadata.model import Item, Page
from web.inside import Search, TooSlow
from web.manifest import CONTEXT, SEARCH_CONTEXT, Node, canvas_address, item_address
from web.render import Service
from web.word_boxes import Box, Mark, lines, marks

AT_ONCE = 200
"""Hits in one answer; those after them are in the next."""

MOST_HITS = 5000
"""Hits of one item that are given at all."""

IGNORED = ("motivation", "date", "user")


@dataclass(frozen=True, slots=True)
class Hit:
    """A mark on a page; ``number`` counts those of the page."""

    page: Page
    number: int
    mark: Mark


def text_of(service: Service, item: Item, page: Page) -> Node:
    """Return the lines of a page, each as an annotation that supplements it."""
    address = f"{item_address(service, item.id)}/text/{page.number}"
    canvas = canvas_address(service, item.id, page.number)
    return {
        "@context": CONTEXT,
        "id": address,
        "type": "AnnotationPage",
        "items": [
            {
                "id": f"{address}/{number}",
                "type": "Annotation",
                "motivation": "supplementing",
                "body": _words(line.text, page.language),
                "target": f"{canvas}#{xywh(line.box)}",
            }
            for number, line in enumerate(lines(page), 1)
        ],
    }


def found_in(service: Service, item: Item, query: str, part: int, ignored: list[str], address: str) -> Node:
    """Return an answer's ``part`` (from 1) of :data:`AT_ONCE` hits; ``address`` is that of the whole answer."""
    start = (part - 1) * AT_ONCE
    found = list(islice(hits(service, item, query), start, min(start + AT_ONCE + 1, MOST_HITS)))
    shown, more = found[:AT_ONCE], len(found) > AT_ONCE
    own = f"{address}&page={part}" if part > 1 else address
    made: Node = {
        "@context": SEARCH_CONTEXT,
        "id": own,
        "type": "AnnotationPage",
        "items": [_place(service, item, hit, box, number) for hit in shown for number, box in _boxes(hit)],
    }
    if shown:
        quotes = [_quote(service, item, hit) for hit in shown]
        made["annotations"] = [{"id": f"{own}#context", "type": "AnnotationPage", "items": quotes}]
    if ignored:
        made["ignored"] = ignored
    if more:
        made["next"] = {"id": f"{address}&page={part + 1}", "type": "AnnotationPage"}
    if part > 1:
        previous = f"{address}&page={part - 1}" if part > 2 else address
        made["prev"] = {"id": previous, "type": "AnnotationPage"}
    if more or part > 1:
        made["startIndex"] = start
        made["partOf"] = {
            "id": f"{address}#all",
            "type": "AnnotationCollection",
            "first": {"id": address, "type": "AnnotationPage"},
        }
    return made


def hits(service: Service, item: Item, query: str) -> Iterator[Hit]:
    """Yield what a query finds in an item, page by page."""
    search = Search.of(query)
    if search is None:
        return
    with suppress(TooSlow):
        for answering, _ in search.pages(service.library.page_texts(item)):
            page = service.library.page(item.id, answering.number)
            yield from (Hit(page, number, mark) for number, mark in enumerate(marks(page, query), 1))


def xywh(box: Box) -> str:
    """Return the media fragment of a box (Media Fragments URI 1.0, 4.2.2)."""
    return f"xywh={','.join(map(str, box))}"


def _boxes(hit: Hit) -> list[tuple[int, Box]]:
    return list(enumerate(hit.mark.boxes, 1))


def _name(service: Service, item: Item, hit: Hit, box: int) -> str:
    return f"{item_address(service, item.id)}/found/{hit.page.number}/{hit.number}/{box}"


def _place(service: Service, item: Item, hit: Hit, box: Box, number: int) -> Node:
    return {
        "id": _name(service, item, hit, number),
        "type": "Annotation",
        "motivation": "supplementing",
        "body": _words(hit.mark.text, hit.page.language),
        "target": f"{canvas_address(service, item.id, hit.page.number)}#{xywh(box)}",
    }


def _quote(service: Service, item: Item, hit: Hit) -> Node:
    mark = hit.mark
    selector = {"type": "TextQuoteSelector", "prefix": mark.before, "exact": mark.text, "suffix": mark.after}
    source = _name(service, item, hit, 1)
    return {
        "id": f"{source}/context",
        "type": "Annotation",
        "motivation": "contextualizing",
        "target": {"type": "SpecificResource", "source": source, "selector": [selector]},
    }


def _words(text: str, language: str) -> Node:
    body: Node = {"type": "TextualBody", "value": text, "format": "text/plain"}
    return {**body, "language": language} if language else body
