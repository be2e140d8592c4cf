"""Answers: items that answer, grouped by work, best first.

Each item has one document that holds all it is found by, so counting these counts items, and
sorting and paging are Tantivy's own. Pages are asked only of the best items: which comes
first (:mod:`search.tantivy_ranking`), and what is shown of each (:mod:`search.tantivy_shown`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tantivy import DocAddress, Order, Query, Searcher

from search.engine import Answer, Expansion, ItemHit, Meanings, Request
from search.meaning import understood
from search.plan import on_pages, plan, texts
from search.query import parse
from search.query_tree import Fuzzy, Node, Prefix
from search.tantivy_counts import Narrowing, counts, narrowing
from search.tantivy_query import Finder, all_of, any_of, count, descriptions, of_items, one_of, term, unscored
from search.tantivy_ranking import for_pages, ranked
from search.tantivy_shown import MOST_ITEMS, Leaf, Shown, leaf_of
from search.tantivy_words import respelt

DEEPEST_OFFSET: Final = 10_000
MOST_EDITIONS: Final = 200  # of one work
FEW_ITEMS: Final = 3  # up to so many, other spellings are looked for
_LOOKED_AT = 100  # of the best items pages decide, too, which come first
_MOST_PAGES = 500  # of these
_MOST_TIED = 20_000
_MUCH_BETTER: Final = 2.0
_ORDERS: Final = {"newest": Order.Desc, "oldest": Order.Desc, "by_title": Order.Asc}

Drawn = Sequence[tuple[Any, DocAddress]]
Number = int | float | bool | None


def answer(searcher: Searcher, request: Request, meanings: Meanings) -> Answer:
    """Answer a request on what ``searcher`` sees; ``meanings`` are what words are taken for."""
    query = parse(request.query)
    narrowed = narrowing(request)
    problems = query.problems + narrowed.problems
    if query.node is None and not query.blank:
        return Answer(0, facets=dict.fromkeys(request.facets, ()), problems=problems)
    node, taken = understood(query.node, meanings, request.expand)
    search = _Search(searcher, node, narrowed)
    counted = counts(searcher, search.items, narrowed, request.facets)
    asked = request.respell and request.offset <= 0 and not any(one.agent for one in taken)
    few = asked and counted.total <= FEW_ITEMS
    instead = respelt(searcher, query.node, request.query) if few and query.node else ""
    hits = search.hits(request)
    return Answer(counted.total, hits, counted.facets, problems, counted.works, instead, search.expanded(taken))


def every(searcher: Searcher, request: Request, meanings: Meanings) -> frozenset[str]:
    """Return the items that answer a request."""
    query = parse(request.query)
    if query.node is None and not query.blank:
        return frozenset()
    node, _ = understood(query.node, meanings, request.expand)
    narrowed = narrowing(request)
    found = narrowed.applied(_Search(searcher, node, narrowed).items)
    number = count(searcher.search(found, 1))
    hits = searcher.search(found, number, count=False).hits if number else []
    return frozenset(str(searcher.doc(address)["item"][0]) for _, address in hits)


def editions(searcher: Searcher, items: Sequence[str]) -> dict[str, str]:
    """Return the items of the works that one of these is of, or was tied to, each with its work."""
    either = any_of(*(one_of(field, items) for field in ("described", "tied")))
    works = {work for _, work in _tied(searcher, either)}
    return dict(_tied(searcher, one_of("work", sorted(works)))) if works else {}


def _tied(searcher: Searcher, query: Query) -> Iterator[tuple[str, str]]:
    """Yield the items with more than one edition among the documents, each with its work."""
    tied = all_of(query, descriptions(), Query.exists_query("work"))
    for _, address in searcher.search(tied, _MOST_TIED, count=False).hits:
        document = searcher.doc(address)
        yield str(document["item"][0]), str(document["work"][0])


@dataclass(frozen=True, slots=True)
class _Work:
    """A work among the hits: its score and the document of its best item."""

    score: float
    address: DocAddress


class _Search:
    """One query on one searcher."""

    def __init__(self, searcher: Searcher, node: Node | None, narrowed: Narrowing) -> None:
        self._searcher = searcher
        self._node = node
        self._narrowed = narrowed
        self._finder = Finder(searcher)
        self._match = self._finder.found(plan(node)) if node else descriptions()
        # What may be many words is not worth the time of looking for it on the pages of many items.
        looks_closer = node is not None and not any(isinstance(word, Prefix | Fuzzy) for word in texts(node))
        self._on_pages = on_pages(node) if node and looks_closer else None
        self.items = unscored(self._match)

    def hits(self, request: Request) -> tuple[ItemHit, ...]:
        """Return the works asked for, best first; without a query the newest first."""
        offset = max(request.offset, 0)
        limit = min(max(request.limit, 0), MOST_ITEMS) if offset <= DEEPEST_OFFSET else 0
        drawn = self._works(offset + limit, request)[offset : offset + limit] if limit else []
        works = [self._editions(work, request) for work in drawn]
        shown = Shown(self._searcher, self._node, request.pages_per_item)
        found = shown.hits([leaf for editions in works for leaf in editions])
        return tuple(
            replace(found[lead.item], editions=tuple(found[leaf.item] for leaf in others)) for lead, *others in works
        )

    def expanded(self, taken: Iterable[Expansion]) -> tuple[Expansion, ...]:
        """Return the concepts and agents that items which answer have, of those the query's words were taken for."""
        items = self._narrowed.applied(self.items)
        counted = (replace(one, count=count(self._searcher.search(all_of(items, _so(one)), 1))) for one in taken)
        return tuple(one for one in counted if one.count)

    def _works(self, wanted: int, request: Request) -> list[_Work]:
        """Return the best works, best first: ever more hits until there are enough."""
        by_score = request.sort == "relevance" and self._node is not None
        order = "by_title" if request.sort == "title" else "oldest" if request.sort == "oldest" else "newest"
        return self._by_score(wanted) if by_score else self._in_order(wanted, order)

    def _by_score(self, wanted: int) -> list[_Work]:
        query = self._narrowed.applied(ranked(self._finder, self._match, self._node))
        draw = max(_LOOKED_AT, wanted)
        while True:
            hits = self._searcher.search(query, draw, count=False).hits
            works = self._grouped(hits)
            if len(works) >= wanted or len(hits) < draw:
                return works
            draw *= 4

    def _in_order(self, wanted: int, field: str) -> list[_Work]:
        query = self._narrowed.applied(self.items)
        draw = wanted
        while True:
            found = self._searcher.search(query, draw, count=False, order_by_field=field, order=_ORDERS[field])
            works: dict[object, _Work] = {}
            for key, (_, address) in zip(self._values("work_key", found.hits), found.hits, strict=True):
                works.setdefault(key, _Work(0.0, address))
            if len(works) >= wanted or len(found.hits) < draw:
                return list(works.values())
            draw *= 2

    def _grouped(self, hits: Drawn) -> list[_Work]:
        """Return the works of hits: first those of the first hits, by what is on their pages, too.

        These are the same however many are drawn, so that pages of results neither repeat nor
        miss a work. Works of one score are in an order that outlives a rebuild of the index.
        """
        first, later = hits[:_LOOKED_AT], hits[_LOOKED_AT:]
        closer = [score + more for (score, _), more in zip(first, self._for_pages(first), strict=True)]
        places = self._values("newest", first)
        rows = zip(closer, places, self._values("work_key", first), first, strict=True)
        works: dict[object, _Work] = {}
        for score, _, key, (_, address) in sorted(rows, key=lambda row: (-row[0], -(row[1] or 0))):
            works.setdefault(key, _Work(score, address))
        for key, (score, address) in zip(self._values("work_key", later), later, strict=True):
            works.setdefault(key, _Work(score, address))
        return list(works.values())

    def _for_pages(self, hits: Drawn) -> list[float]:
        """Return what their pages add to the score of each of these items."""
        if not hits or self._on_pages is None:
            return [0.0] * len(hits)
        keys = self._values("key", hits)
        query = all_of(self._finder.found(self._on_pages), of_items(int(key) for key in keys if key is not None))
        best: dict[Number, float] = {}
        number: Counter[Number] = Counter()
        pages = self._searcher.search(query, _MOST_PAGES, count=False).hits
        for key, (score, _) in zip(self._values("key", pages), pages, strict=True):
            best.setdefault(key, score)
            number[key] += 1
        return [for_pages(best[key], number[key]) if key in best else 0.0 for key in keys]

    def _values(self, field: str, hits: Drawn) -> Sequence[Number]:
        return self._searcher.fast_field_values(field, [address for _, address in hits])

    def _editions(self, work: _Work, request: Request) -> list[Leaf]:
        """Return the editions of a work that answer, the one to lead first: in a listing the one it is placed by."""
        best = leaf_of(self._searcher.doc(work.address), work.score)
        if not best.work:
            return [best]
        own = term("work", best.work)
        scores = self._scores(own)
        found = self._searcher.search(self._narrowed.applied(all_of(self.items, own)), MOST_EDITIONS, count=False)
        read = (leaf_of(self._searcher.doc(address), 0.0) for _, address in found.hits)
        editions = [replace(leaf, score=scores.get(leaf.item, 0.0)) for leaf in read]
        placed = best.item if request.sort != "relevance" else ""
        return _led(editions, request.language, placed, work.score)

    def _scores(self, own: Query) -> dict[str, float]:
        """Return the score of each item of a work."""
        if self._node is None:
            return {}
        hits = self._searcher.search(
            ranked(self._finder, all_of(self._match, own), self._node), MOST_EDITIONS, count=False
        ).hits
        scored = zip(hits, self._for_pages(hits), strict=True)
        return {str(self._searcher.doc(address)["item"][0]): score + more for (score, address), more in scored}


def _so(taken: Expansion) -> Query:
    """Return the items that have what words were taken for."""
    return term("subjects", taken.concept) if taken.concept else one_of("agents", taken.names)


def _led(editions: list[Leaf], language: str, placed: str, score: float) -> list[Leaf]:
    """Put one edition first: ``placed`` if it is given, else the one in ``language``, unless another is much better.

    It has the score of the work.
    """
    top = max(leaf.score for leaf in editions)

    def place(leaf: Leaf) -> tuple[bool, bool, float, str]:
        is_readers = leaf.language.partition("-")[0] == language and leaf.score * _MUCH_BETTER >= top
        return leaf.item != placed, not is_readers, -leaf.score, leaf.item

    lead, *others = sorted(editions, key=place)
    return [replace(lead, score=score), *others]
