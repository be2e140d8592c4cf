"""Answers: page hits grouped by item and items by work, best first.

The items that answer are those one of whose documents does, be it the description or a page.
Each item has exactly one description, so counting those counts items, and a facet's values on
them are a facet's values in items (:mod:`search.tantivy_counts`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tantivy import DocAddress, Order, Query, Searcher

from metadata.vocabulary import Vocabulary
from search.engine import Answer, Expansion, ItemHit, Request
from search.meaning import meant
from search.query import parse
from search.query_tree import Node
from search.tantivy_counts import Narrowing, count, counts, item_ids, narrowing
from search.tantivy_query import all_of, any_of, described, descriptions, matching, pages, reaches_pages, term
from search.tantivy_ranking import Tally, ranked
from search.tantivy_schema import schema
from search.tantivy_shown import MOST_ITEMS, Leaf, Shown
from search.tantivy_words import respelt

DEEPEST_OFFSET: Final = 10_000
MOST_EDITIONS: Final = 200  # of one work
FEW_ITEMS: Final = 3  # up to so many, other spellings are looked for
_FIRST_DRAW = 200
_MOST_TIED = 20_000
_FEW = 500  # so many hits can be looked at all; of more, the first draw decides which works come first
_MUCH_BETTER: Final = 2.0
_ORDERS: Final = {"newest": Order.Desc, "oldest": Order.Desc, "by_title": Order.Asc}

Drawn = Sequence[tuple[Any, DocAddress]]
Number = int | float | bool | None


def answer(searcher: Searcher, request: Request, vocabulary: Vocabulary | None = None) -> Answer:
    """Answer a request on what ``searcher`` sees; ``vocabulary`` has the labels that words are taken for."""
    query = parse(request.query)
    narrowed = narrowing(request)
    problems = query.problems + narrowed.problems
    if query.node is None and not query.blank:
        return Answer(0, facets=dict.fromkeys(request.facets, ()), problems=problems)
    node, taken = meant(query.node, vocabulary if request.expand else None) if query.node else (None, ())
    search = _Search(searcher, node, narrowed)
    counted = counts(searcher, search.items, narrowed, request.facets)
    few = counted.total <= FEW_ITEMS and request.offset <= 0
    instead = respelt(searcher, query.node, request.query) if few and query.node else ""
    hits = search.hits(request)
    return Answer(counted.total, hits, counted.facets, problems, counted.works, instead, search.expanded(taken))


def editions(searcher: Searcher, items: Sequence[str]) -> dict[str, str]:
    """Return the items of the works that one of these is of, or was tied to, each with its work."""
    either = any_of(*(Query.term_set_query(schema(), field, list(items)) for field in ("item", "tied")))
    works = {work for _, work in _tied(searcher, either)}
    return dict(_tied(searcher, Query.term_set_query(schema(), "work", sorted(works)))) if works else {}


def _tied(searcher: Searcher, query: Query) -> Iterator[tuple[str, str]]:
    """Yield the items with more than one edition among the documents, each with its work."""
    tied = all_of(query, descriptions(), Query.exists_query("work"))
    for _, address in searcher.search(tied, _MOST_TIED, count=False).hits:
        document = searcher.doc(address)
        yield str(document["item"][0]), str(document["work"][0])


@dataclass(frozen=True, slots=True)
class _Work:
    """A work among the hits: its score and its best document."""

    score: float
    address: DocAddress


class _Search:
    """One query on one searcher."""

    def __init__(self, searcher: Searcher, node: Node | None, narrowed: Narrowing) -> None:
        self._searcher = searcher
        self._node = node
        self._narrowed = narrowed
        self._match = descriptions() if node is None else matching(node)
        self._on_pages = node is not None and reaches_pages(node)
        self.items = self._descriptions()

    def hits(self, request: Request) -> tuple[ItemHit, ...]:
        """Return the works asked for, best first; without a query the newest first."""
        offset = min(max(request.offset, 0), DEEPEST_OFFSET)
        limit = min(max(request.limit, 0), MOST_ITEMS)
        drawn = self._works(offset + limit, request)[offset : offset + limit] if limit else []
        works = [self._editions(work, request) for work in drawn]
        match = all_of(self._match, pages()) if self._on_pages and request.pages_per_item > 0 else None
        shown = Shown(self._searcher, self._node, match, request.pages_per_item)
        found = shown.hits([leaf for editions in works for leaf in editions])
        return tuple(
            replace(found[lead.item], editions=tuple(found[leaf.item] for leaf in others)) for lead, *others in works
        )

    def expanded(self, taken: Iterable[Expansion]) -> tuple[Expansion, ...]:
        """Return the concepts that items which answer have, of those the query's words were taken for."""
        items = self._narrowed.applied(self.items)
        counted = (
            replace(one, count=count(self._searcher.search(all_of(items, term("subjects", one.concept)), 1)))
            for one in taken
        )
        return tuple(one for one in counted if one.count)

    def _descriptions(self) -> Query:
        """Return the descriptions of all items that answer, filters aside."""
        if not self._on_pages:
            return self._match
        return described(item_ids(self._searcher, self._match))

    def _works(self, wanted: int, request: Request) -> list[_Work]:
        """Return the best works, best first: ever more hits until there are enough."""
        by_score = request.sort == "relevance" and self._node is not None
        order = "by_title" if request.sort == "title" else "oldest" if request.sort == "oldest" else "newest"
        return self._by_score(wanted) if by_score else self._in_order(wanted, order)

    def _by_score(self, wanted: int) -> list[_Work]:
        query = self._narrowed.applied(self._match)
        draw = max(_FEW + 1, wanted)
        while True:
            hits = self._searcher.search(ranked(query, self._node), draw, count=False).hits
            works = self._grouped(hits, _FEW if len(hits) <= _FEW else _FIRST_DRAW)
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

    def _grouped(self, hits: Drawn, looked_at: int) -> list[_Work]:
        """Return the works of hits: first those of the first ``looked_at``, by all their hits there.

        These are the same however many are drawn, so that pages of results neither repeat nor
        miss a work. Works of one score are in an order that outlives a rebuild of the index.
        """
        first = hits[:looked_at]
        tallies: dict[int, Tally] = {}
        for (score, address), key, place, page in zip(first, *self._facts(first), strict=True):
            tally = tallies.get(int(key or 0))
            if tally is None:
                tally = tallies[int(key or 0)] = Tally(int(place or 0), address)
            tally.add(score, page == 0)
        best = sorted((-tally.score, -tally.place, key) for key, tally in tallies.items())
        later: dict[int, _Work] = {}
        for key, (score, address) in zip(self._values("work_key", hits[looked_at:]), hits[looked_at:], strict=True):
            if key not in tallies:
                later.setdefault(int(key or 0), _Work(score, address))
        return [*(_Work(-score, tallies[key].address) for score, _, key in best), *later.values()]

    def _facts(self, hits: Drawn) -> tuple[Sequence[Number], ...]:
        return tuple(self._values(field, hits) for field in ("work_key", "newest", "page"))

    def _values(self, field: str, hits: Drawn) -> Sequence[Number]:
        return self._searcher.fast_field_values(field, [address for _, address in hits])

    def _editions(self, work: _Work, request: Request) -> list[Leaf]:
        """Return the editions of a work that answer, the one to lead first: in a listing the one it is placed by."""
        best = self._searcher.doc(work.address)
        if not (tied := str(best.get_first("work") or "")):
            return [Leaf(str(best["item"][0]), work.score)]
        own = Query.const_score_query(Query.term_query(schema(), "work", tied), 0.0)
        scores = self._scores(own)
        found = self._searcher.search(self._narrowed.applied(all_of(self.items, own)), MOST_EDITIONS, count=False)
        editions = []
        for _, address in found.hits:
            item, tongue = (str(self._searcher.doc(address)[name][0]) for name in ("item", "language"))
            editions.append(Leaf(item, scores.get(item, 0.0), tied, tongue))
        placed = str(best["item"][0]) if request.sort != "relevance" else ""
        return _led(editions, request.language, placed, work.score)

    def _scores(self, own: Query) -> dict[str, float]:
        """Return the score of each item of a work, as far as its documents are among the best."""
        if self._node is None:
            return {}
        query = ranked(all_of(self._match, own), self._node)
        scores: dict[str, float] = {}
        for score, address in self._searcher.search(query, _FIRST_DRAW, count=False).hits:
            scores.setdefault(str(self._searcher.doc(address)["item"][0]), score)
        return scores


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
