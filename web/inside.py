"""Searching inside one item: its pages that answer, in their order, each with a passage."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from metadata.model import Item
from metadata.pages import PageText
from search.analysis import core, words
from search.documents import readable
from search.engine import Snippet
from search.plan import spelt_otherwise
from search.query import parse
from search.query_tree import And, Fuzzy, Node, Not, Or, Phrase, Prefix, Wording
from search.snippets import Marker, snippet
from web.render import Service

MOST_PAGES = 1000
"""Pages of one item that are given as an answer."""

PATIENCE = 2.0
"""Seconds that one search inside an item may take; pages behind those that were read till then are not searched."""

Holds = Callable[[str, str], bool]


class TooSlow(Exception):
    """A search inside an item that took too long; what it has found stands."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A page that answers, and the passage that does."""

    number: int
    language: str
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Search:
    """A query, ready to be asked of one page after the other."""

    node: Node
    marker: Marker

    @classmethod
    def of(cls, query: str) -> "Search | None":
        """Return the search for a query as typed, None where it asks for no words."""
        node = parse(query).node if query else None
        return cls(node, Marker(node)) if node else None

    def pages(self, texts: Iterator[PageText]) -> Iterator[tuple[PageText, str]]:
        """Yield the pages that answer, with their readable text; raises TooSlow after :data:`PATIENCE`.

        They are those with all the words; where no page has them all, for words of one query may stand
        on several pages of an item, those with any.
        """
        holds, denies, until = _holding(self.node), _denying(self.node), time.monotonic() + PATIENCE
        with_any: list[tuple[PageText, str]] | None = []
        for page in texts:
            if time.monotonic() > until:
                yield from with_any or ()
                raise TooSlow
            text = readable(page.text)
            if not text or not self.marker.places(text, page.language):
                continue
            if holds(text, page.language):
                with_any = None
                yield page, text
            elif with_any is not None and len(with_any) < MOST_PAGES and not denies(text, page.language):
                with_any.append((page, text))
        yield from with_any or ()


def passages(service: Service, item: Item, query: str) -> tuple[list[Passage], bool]:
    """Return the pages of an item that answer a query, at most :data:`MOST_PAGES`, and whether there may be more."""
    search = Search.of(query)
    if search is None:
        return [], False
    found: list[Passage] = []
    with suppress(TooSlow):
        for page, text in search.pages(service.library.page_texts(item)):
            if len(found) == MOST_PAGES:
                return found, True
            found.append(Passage(page.number, page.language, snippet(text, page.language, search.marker)))
        return found, False
    return found, True


def _holding(node: Node) -> Holds:
    """Return what says whether a page has the words a query asks for; facts of the item are taken as given."""
    match node:
        case And(nodes):
            each = [_holding(one) for one in nodes]
            return lambda text, language: all(holds(text, language) for holds in each)
        case Or(nodes):
            each = [_holding(one) for one in nodes]
            return lambda text, language: any(holds(text, language) for holds in each)
        case Not(one):
            denied = _holding(one)
            return lambda text, language: not denied(text, language)
    if isinstance(node, Wording) and node.field == "text":
        markers = [Marker(part) for part in _parts(node)]
        return lambda text, language: all(marker.places(text, language) for marker in markers)
    return lambda _text, _language: True


def _parts(node: Wording) -> Sequence[Wording]:
    """Return what must stand on a page: of an open word each part that an apostrophe or hyphen parts off."""
    parts = words(core(node.text))
    if isinstance(node, Prefix) and len(parts) > 1:
        return *map(Phrase, parts[:-1]), Prefix(parts[-1])
    if isinstance(node, Fuzzy) and len(parts) > 1:
        return [Fuzzy(term, distance) if distance else Phrase(term) for term, distance in spelt_otherwise(node)]
    return (node,)


def _denying(node: Node) -> Holds:
    """Return what says whether a page has what a query leaves out."""
    parts = node.nodes if isinstance(node, And) else (node,)
    denied = [_holding(part.node) for part in parts if isinstance(part, Not)]
    return lambda text, language: any(holds(text, language) for holds in denied)
