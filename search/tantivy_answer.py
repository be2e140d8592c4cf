"""Answers: page hits grouped by item, exact totals, facets counted in items.

The items that answer are the descriptions that do, and the descriptions of the items one of
whose pages does. Each item has exactly one description, so counting those counts items, and
a facet's values on them are a facet's values in items.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tantivy import DocAddress, Document, Query, Searcher, SearchResult

from metadata.problems import Problem, problem
from search.engine import FACETS, Answer, FacetCount, ItemHit, PageHit, Request
from search.query import Node, parse
from search.snippets import Marker, snippet
from search.tantivy_query import (
    all_of,
    any_of,
    chosen,
    descriptions,
    facet_field,
    matching,
    of_items,
    pages,
    ranked,
    reaches_pages,
    term,
)

MOST_ITEMS = 100  # on one page of results
DEEPEST_OFFSET = 10_000
MOST_VALUES = 100  # of one facet
_FIRST_DRAW = 200
_FEW = 2_000  # so many hits can be put in order; of more, those of one score come as they lie in the index
_MORE_PAGES = 50
_BUCKETS = 60_000  # Tantivy's aggregations refuse more than 65,000

Filters = Mapping[str, tuple[str, ...]]


def answer(searcher: Searcher, request: Request) -> Answer:
    """Answer a request on what ``searcher`` sees."""
    query = parse(request.query)
    filters, unknown = _filters(request)
    problems = query.problems + unknown
    if query.node is None and not query.blank:
        return Answer(0, facets=dict.fromkeys(FACETS, ()), problems=problems)
    search = _Search(searcher, query.node, filters)
    return Answer(search.total(), search.hits(request), search.facets(), problems)


def _filters(request: Request) -> tuple[Filters, tuple[Problem, ...]]:
    filters: dict[str, tuple[str, ...]] = {}
    unknown: list[Problem] = []
    for facet, value in request.filters:
        if facet in FACETS:
            filters[facet] = (*filters.get(facet, ()), value)
        else:
            fields = ", ".join(FACETS)
            unknown.append(problem("query-field-unknown", field=facet, position=0, fields=fields))
    return filters, tuple(unknown)


@dataclass(frozen=True, slots=True)
class _Group:
    """An item among the hits: its best document."""

    score: float
    address: DocAddress


class _Search:
    """One query on one searcher."""

    def __init__(self, searcher: Searcher, node: Node | None, filters: Filters) -> None:
        self._searcher = searcher
        self._node = node
        self._filters = filters
        self._match = descriptions() if node is None else matching(node)
        self._on_pages = node is not None and reaches_pages(node)
        self._items = self._descriptions()

    def total(self) -> int:
        """Return how many items answer."""
        return self._count(all_of(self._items, *self._chosen()))

    def facets(self) -> dict[str, tuple[FacetCount, ...]]:
        """Return the values of each facet, the facet's own filter aside."""
        free = [facet for facet in FACETS if facet not in self._filters]
        counted = self._counts(free, self._chosen())
        for facet in self._filters:
            counted |= self._counts([facet], self._chosen(besides=facet))
        return {facet: counted[facet] for facet in FACETS}

    def hits(self, request: Request) -> tuple[ItemHit, ...]:
        """Return the items asked for, best first; without a query the newest first."""
        offset = min(max(request.offset, 0), DEEPEST_OFFSET)
        limit = min(max(request.limit, 0), MOST_ITEMS)
        groups = self._groups(offset + limit)[offset : offset + limit] if limit else []
        marker = Marker(self._node)
        return tuple(self._hit(group, marker, request.pages_per_item) for group in groups)

    def _descriptions(self) -> Query:
        """Return the descriptions of all items that answer, filters aside."""
        if not self._on_pages:
            return self._match
        found = self._item_ids(all_of(self._match, pages()))
        return all_of(descriptions(), any_of(self._match, of_items(found)))

    def _item_ids(self, query: Query) -> list[str]:
        """Return the items of all documents that match, exactly."""
        counted = {"items": {"terms": {"field": "item", "size": _BUCKETS, "segment_size": _BUCKETS}}}
        found = self._searcher.aggregate(query, counted)["items"]
        if found["sum_other_doc_count"] == 0:
            return [bucket["key"] for bucket in found["buckets"]]
        return [item for item, _ in self._searcher.terms_with_prefix("item", "", query)]

    def _chosen(self, besides: str = "") -> list[Query]:
        return [chosen(facet, values) for facet, values in self._filters.items() if facet != besides]

    def _count(self, query: Query) -> int:
        return _count(self._searcher.search(query, 1))

    def _counts(self, facets: Sequence[str], filters: Iterable[Query]) -> dict[str, tuple[FacetCount, ...]]:
        if not facets:
            return {}
        wanted = {
            facet: {"terms": {"field": facet_field(facet), "size": MOST_VALUES, "segment_size": _BUCKETS}}
            for facet in facets
        }
        counted = self._searcher.aggregate(all_of(self._items, *filters), wanted)
        return {facet: _facet_counts(counted[facet]["buckets"]) for facet in facets}

    def _groups(self, wanted: int) -> list[_Group]:
        """Return the best document of each item, best first: ever more hits until there are enough items."""
        query = all_of(self._match, *self._chosen())
        few = self._count(query) <= _FEW
        draw = max(_FEW if few else _FIRST_DRAW, wanted)
        while True:
            hits = self._draw(query, draw)
            groups: dict[Any, _Group] = {}
            for key, group in self._keyed(hits, settled=few):
                groups.setdefault(key, group)
            if len(groups) >= wanted or len(hits) < draw:
                return list(groups.values())
            draw *= 4

    def _keyed(self, hits: Sequence[tuple[float, DocAddress]], settled: bool) -> list[tuple[Any, _Group]]:
        """Return each hit with its item's key; ``settled``: those of one score in an order that outlives a rebuild."""
        addresses = [address for _, address in hits]
        rows = zip(self._searcher.fast_field_values("key", addresses), (_Group(*hit) for hit in hits), strict=True)
        if not settled:
            return list(rows)
        orders = self._searcher.fast_field_values("order", addresses)
        both = sorted(zip(rows, orders, strict=True), key=lambda one: (-one[0][1].score, -(one[1] or 0)))
        return [row for row, _ in both]

    def _draw(self, query: Query, limit: int) -> list[tuple[float, DocAddress]]:
        if self._node is None:
            hits = self._searcher.search(query, limit, count=False, order_by_field="order").hits
            return [(0.0, address) for _, address in hits]
        return list(self._searcher.search(ranked(query, self._node), limit, count=False).hits)

    def _hit(self, group: _Group, marker: Marker, most_pages: int) -> ItemHit:
        document = self._searcher.doc(group.address)
        item = str(document["item"][0])
        total, found = self._page_hits(item, marker, most_pages)
        return ItemHit(item, group.score, found, total, self._described(item, marker))

    def _page_hits(self, item: str, marker: Marker, most: int) -> tuple[int, tuple[PageHit, ...]]:
        if not self._on_pages or most < 1:
            return 0, ()
        query = all_of(self._match, pages(), term("item", item))
        most = min(most, MOST_ITEMS)
        found = self._searcher.search(query, most + _MORE_PAGES)  # more, for those of one score come in any order
        numbers = self._searcher.fast_field_values("page", [address for _, address in found.hits])
        rows = sorted(zip(found.hits, numbers, strict=True), key=lambda row: (-row[0][0], row[1]))
        return _count(found), tuple(self._page_hit(*hit, marker) for hit, _ in rows[:most])

    def _page_hit(self, score: float, address: DocAddress, marker: Marker) -> PageHit:
        page = self._searcher.doc(address)
        return PageHit(page["page"][0], snippet(_shown(page), page["language"][0], marker), score)

    def _described(self, item: str, marker: Marker) -> tuple[tuple[str, bool], ...]:
        hits = self._searcher.search(all_of(term("item", item), descriptions()), 1, count=False).hits
        return snippet(_shown(self._searcher.doc(hits[0][1])), "", marker) if hits else ()


def _shown(document: Document) -> str:
    """Return what snippets of a page or description are cut from."""
    return bytes(document["shown"][0]).decode()


def _count(result: SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # is there, though not in the stub


def _facet_counts(buckets: Iterable[Mapping[str, Any]]) -> tuple[FacetCount, ...]:
    counts = [FacetCount(_value(bucket["key"]), bucket["doc_count"]) for bucket in buckets]
    return tuple(sorted(counts, key=lambda count: (-count.count, count.value)))


def _value(key: str | float) -> str:
    return key if isinstance(key, str) else str(int(key))
