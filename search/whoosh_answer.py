"""Answers from a Whoosh index: what it finds, grouped, counted and sorted in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log, log1p
from typing import Any, Final

from search.analysis import terms
from search.completion import sorting_title
from search.engine import FACETS, Answer, Expansion, FacetCount, ItemHit, Meanings, PageDocument, PageHit, Request
from search.facets import facet_values, in_order
from search.meaning import understood
from search.plan import on_pages, plan, texts
from search.query import parse
from search.query_tree import Node
from search.snippets import Marker, snippet
from search.tantivy_answer import DEEPEST_OFFSET, MOST_EDITIONS
from search.tantivy_counts import MOST_VALUES, Narrowing, narrowing
from search.tantivy_ranking import EACH_PAGE
from search.tantivy_shown import MOST_ITEMS
from search.whoosh_library import query as whoosh
from search.whoosh_query import found, items, ranked
from search.whoosh_schema import clean
from search.whoosh_shelf import Shelf

_MUCH_BETTER: Final = 2.0
_OTHER_KIND: Final = 0.3  # of the best page beside the description, or the other way round
_MOST_TELLING: Final = 25
_READ: Final = 40_000  # characters of a description that are looked at for similar ones


@dataclass(frozen=True, slots=True)
class _Hit:
    """A document that answers."""

    score: float
    page: int
    number: int


_Hits = Mapping[str, Sequence[_Hit]]  # of each item, best first


def answer(searcher: Any, shelf: Shelf, request: Request, meanings: Meanings) -> Answer:
    """Answer a request on what ``searcher`` sees; ``meanings`` are what words are taken for."""
    query, narrowed = parse(request.query), narrowing(request)
    problems = query.problems + narrowed.problems
    if query.node is None and not query.blank:
        return Answer(0, facets=dict.fromkeys(request.facets, ()), problems=problems)
    node, taken = understood(query.node, meanings, request.expand)
    search = _Search(searcher, shelf, node, narrowed)
    return replace(search.answer(request), problems=problems, expansions=search.expanded(taken))


def every(searcher: Any, shelf: Shelf, request: Request, meanings: Meanings) -> frozenset[str]:
    """Return the items that answer a request."""
    query = parse(request.query)
    if query.node is None and not query.blank:
        return frozenset()
    node, _ = understood(query.node, meanings, request.expand)
    return frozenset(_Search(searcher, shelf, node, narrowing(request)).items)


def similar(searcher: Any, shelf: Shelf, item: str, limit: int) -> tuple[ItemHit, ...]:
    """Return items of other works that have this item's rarest words; best first."""
    own = shelf.items.get(item)
    telling = _telling(searcher, own) if own and limit > 0 else {}
    if not own or not telling:
        return ()
    words = whoosh.Or([whoosh.Term("body", word, boost=weight) for word, weight in telling.items()])
    hits = _found(searcher, shelf, words)
    scored = sorted(((found[0].score, other) for other, found in hits.items()), key=lambda one: (-one[0], one[1]))
    works: dict[str, ItemHit] = {}
    for score, other in scored:
        if (work := _work(shelf.items[other])) != _work(own):
            works.setdefault(work, ItemHit(other, score, work=shelf.items[other].work))
    return tuple(works.values())[:limit]


class _Search:
    """One query on one searcher."""

    def __init__(self, searcher: Any, shelf: Shelf, node: Node | None, narrowed: Narrowing) -> None:
        self._searcher = searcher
        self._shelf = shelf
        self._node = node
        self._narrowed = narrowed
        self._hits = self._scored(items(searcher, shelf, plan(node))) if node else dict.fromkeys(shelf.items, ())
        self.items = self._narrow()

    def answer(self, request: Request) -> Answer:
        """Return the works asked for, and the counts."""
        works: dict[str, list[str]] = defaultdict(list)
        for item in self.items:
            works[_work(self._shelf.items[item])].append(item)
        offset = max(request.offset, 0)
        limit = min(max(request.limit, 0), MOST_ITEMS) if offset <= DEEPEST_OFFSET else 0
        shown = self._sorted(works, request)[offset : offset + limit]
        marker = Marker(self._node)
        hits = tuple(self._work_hit(score, works[work], request, marker) for score, work in shown)
        facets = {facet: self._counts(facet) for facet in request.facets if facet in FACETS}
        return Answer(len(self.items), hits, facets, works=len(works))

    def expanded(self, taken: Iterable[Expansion]) -> tuple[Expansion, ...]:
        """Return the concepts and agents that items which answer have, of those the query's words were taken for."""
        counted = (replace(one, count=sum(self._is_so(item, one) for item in self.items)) for one in taken)
        return tuple(one for one in counted if one.count)

    def _is_so(self, item: str, taken: Expansion) -> bool:
        facet, values = ("subject", (taken.concept,)) if taken.concept else ("agent", taken.names)
        return _has(self._shelf.items[item], facet, values)

    def _scored(self, answering: Iterable[str]) -> _Hits:
        """Return the documents of these items that have any of the words; of the pages only those with all, if any."""
        if self._node is None or not texts(self._node):
            return dict.fromkeys(answering, ())
        scored, wanted = _found(self._searcher, self._shelf, ranked(self._node)), on_pages(self._node)
        whole = set(self._searcher.docs_for_query(found(wanted))) if wanted else set()
        return {item: _best(scored.get(item, ()), whole) for item in answering}

    def _narrow(self, besides: str = "") -> list[str]:
        """Return the items that answer and are not filtered out; the values chosen of one facet aside."""
        wanted = [pair for pair in self._narrowed.chosen.items() if pair[0] != besides]
        unwanted = list(self._narrowed.without.items())
        asked = self._hits.keys() & set(self._narrowed.items) if self._narrowed.items else self._hits
        return [
            item
            for item in self._hits
            if item in asked and self._is_in(item, wanted) and not self._is_any(item, unwanted)
        ]

    def _is_in(self, item: str, pairs: Iterable[tuple[str, tuple[str, ...]]]) -> bool:
        return all(_has(self._shelf.items[item], facet, values) for facet, values in pairs)

    def _is_any(self, item: str, pairs: Iterable[tuple[str, tuple[str, ...]]]) -> bool:
        return any(_has(self._shelf.items[item], facet, values) for facet, values in pairs)

    def _counts(self, facet: str) -> tuple[FacetCount, ...]:
        items = self._narrow(besides=facet) if facet in self._narrowed.chosen else self.items
        counted = Counter(value for item in items for value in facet_values(self._shelf.items[item], facet))
        if among := self._narrowed.among:
            counted = Counter({value: counted[value] for value in among if counted[value]})
        return tuple(in_order(FacetCount(value, count) for value, count in counted.items()))[:MOST_VALUES]

    def _sorted(self, works: Mapping[str, Sequence[str]], request: Request) -> list[tuple[float, str]]:
        """Return the works with their scores, in the order asked for."""
        sort = "newest" if request.sort == "relevance" and self._node is None else request.sort
        if sort == "relevance":
            scored = [(_score_of([hit for item in items for hit in self._hits[item]]), w) for w, items in works.items()]
            return sorted(scored, key=lambda one: (-one[0], -self._day(works[one[1]]), one[1]))
        place = self._places()[sort]
        return [(0.0, work) for work in sorted(works, key=lambda work: (min(map(place, works[work])), work))]

    def _places(self) -> Mapping[str, Callable[[str], tuple[float, str]]]:
        items = self._shelf.items
        return {
            "newest": lambda item: (-_day(items[item]), ""),
            "oldest": lambda item: (_day(items[item]) or inf, ""),
            "title": lambda item: (0.0, sorting_title(items[item])),
        }

    def _day(self, items: Iterable[str]) -> float:
        return max(_day(self._shelf.items[item]) for item in items)

    def _work_hit(self, score: float, items: Sequence[str], request: Request, marker: Marker) -> ItemHit:
        """Return a work: the edition in the reader's language leads, unless another answers much better."""
        scores = {item: max((hit.score for hit in self._hits[item]), default=0.0) for item in items}
        top = max(scores.values())

        def place(item: str) -> tuple[bool, float, str]:
            own = self._shelf.items[item].language.partition("-")[0] == request.language
            return not (own and scores[item] * _MUCH_BETTER >= top), -scores[item], item

        lead, *others = sorted(items, key=place)[:MOST_EDITIONS]
        editions = tuple(self._item_hit(item, scores[item], request.pages_per_item, marker) for item in others)
        return replace(self._item_hit(lead, score, request.pages_per_item, marker), editions=editions)

    def _item_hit(self, item: str, score: float, most: int, marker: Marker) -> ItemHit:
        document = self._shelf.items[item]
        hits = [hit for hit in self._hits[item] if hit.page] if most > 0 else []
        passages = tuple(self._page_hit(hit, marker) for hit in hits[: min(most, MOST_ITEMS)])
        return ItemHit(item, score, passages, len(hits), snippet(clean(document.summary), "", marker), document.work)

    def _page_hit(self, hit: _Hit, marker: Marker) -> PageHit:
        stored = self._searcher.stored_fields(hit.number)
        return PageHit(hit.page, snippet(stored["shown"], stored["language"], marker), hit.score)


def _found(searcher: Any, shelf: Shelf, query: Any) -> dict[str, list[_Hit]]:
    """Return the documents that match, by item, each item's best first; those of one score in page order."""
    found: dict[str, list[_Hit]] = defaultdict(list)
    for score, number in searcher.search(query, limit=None).top_n:
        place = shelf.places.get(number)
        if place and place.item in shelf.items:
            found[place.item].append(_Hit(score, place.page, number))
    for hits in found.values():
        hits.sort(key=lambda hit: (-hit.score, hit.page))
    return found


def _best(hits: Sequence[_Hit], whole: Container[int]) -> Sequence[_Hit]:
    """Leave out the pages that are not in ``whole``, unless none is."""
    best = [hit for hit in hits if not hit.page or hit.number in whole]
    return best if any(hit.page for hit in best) else hits


def _score_of(hits: Sequence[_Hit]) -> float:
    """Return the score of a work from those of its documents; see :mod:`search.tantivy_ranking`."""
    kinds = [[hit.score for hit in hits if bool(hit.page) is paged] for paged in (False, True)]
    best = sorted((max(found, default=0.0) for found in kinds), reverse=True)
    return best[0] + _OTHER_KIND * sum(best[1:]) + EACH_PAGE * log1p(max(len(kinds[1]) - 1, 0))


def _telling(searcher: Any, document: PageDocument) -> Mapping[str, float]:
    """Return the words that tell a description from others, and how much: often here, seldom elsewhere."""
    reader = searcher.reader()
    often = Counter(word for word in terms(document.text[:_READ]) if len(word) > 2 and not word.isdigit())
    weights = {
        word: (1 + log(times)) * log(1 + reader.doc_count() / occurs)
        for word, times in often.items()
        if (occurs := reader.doc_frequency("body", word)) > 1
    }
    return dict(sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:_MOST_TELLING])


def _has(document: PageDocument, facet: str, values: Iterable[str]) -> bool:
    if facet in ("year", "decade"):
        span = 9 if facet == "decade" else 0
        years = (int(value) for value in values if value.isascii() and value.isdigit() and len(value) <= 4)
        return document.year is not None and any(year <= document.year <= year + span for year in years)
    return not set(values).isdisjoint(facet_values(document, facet))


def _work(document: PageDocument) -> str:
    return document.work or document.item


def _day(document: PageDocument) -> float:
    return document.dates[0] if document.dates else (document.year or 0) * 10_000
