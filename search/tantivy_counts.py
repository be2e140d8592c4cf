"""Counting: how many items and works answer, and how many of them have each value of a facet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tantivy import Occur, Query, Searcher

from metadata.problems import Problem, problem
from search.engine import FACETS, FacetCount, Request
from search.facets import FIELDS, by_decade, chosen, in_order
from search.tantivy_query import described, having, unscored

MOST_VALUES: Final = 100  # of one facet
_MOST_YEARS = 10_000
_BUCKETS = 60_000  # Tantivy's aggregations refuse more than 65,000

Chosen = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a search is narrowed to: the values chosen of each facet, and those left out.

    ``among`` are the values that are counted, where not those that most items have; ``items`` those that are asked
    about, where not all are.
    """

    chosen: Chosen
    without: Chosen
    problems: tuple[Problem, ...] = ()
    among: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    def applied(self, query: Query, besides: str = "") -> Query:
        """Return ``query`` narrowed, the values chosen of the facet ``besides`` aside; scores stay."""
        wanted = [_has(facet, values) for facet, values in self.chosen.items() if facet != besides]
        wanted += [described(self.items)] if self.items else []
        unwanted = [_has(facet, values) for facet, values in self.without.items()]
        clauses = [*((Occur.Must, one) for one in wanted), *((Occur.MustNot, one) for one in unwanted)]
        return Query.boolean_query([(Occur.Must, query), *clauses]) if clauses else query


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items, how many works, and how many items have each value."""

    total: int
    works: int
    facets: Mapping[str, tuple[FacetCount, ...]]


def narrowing(request: Request) -> Narrowing:
    """Return what a request narrows to; a facet that there is not is a problem."""
    unknown = dict.fromkeys(facet for facet, _ in (*request.filters, *request.without) if facet not in FACETS)
    fields = ", ".join(FACETS)
    problems = (problem("query-field-unknown", field=facet, position=0, fields=fields) for facet in unknown)
    return Narrowing(
        _by_facet(request.filters), _by_facet(request.without), tuple(problems), request.among, request.items
    )


def counts(searcher: Searcher, items: Query, narrowed: Narrowing, facets: Sequence[str]) -> Counts:
    """Count ``items``, the descriptions of the items that answer, and the values they have of ``facets``."""
    asked = [facet for facet in facets if facet in FACETS]
    free = [facet for facet in asked if facet not in narrowed.chosen]
    query = narrowed.applied(items)
    extra = {"total": {"value_count": {"field": "page"}}, "works": _terms("work", _BUCKETS)}
    counted = searcher.aggregate(query, extra | dict(_wanted(facet, narrowed.among) for facet in free))
    found = {facet: _facet_counts(facet, counted[facet]) for facet in free}
    for facet in narrowed.chosen:
        if facet in asked:
            alone = searcher.aggregate(narrowed.applied(items, besides=facet), dict([_wanted(facet, narrowed.among)]))
            found[facet] = _facet_counts(facet, alone[facet])
    total = int(counted["total"]["value"])
    return Counts(total, _works(searcher, query, total, counted["works"]), {facet: found[facet] for facet in asked})


def _values(searcher: Searcher, field: str, query: Query, counted: Mapping[str, Any]) -> list[str]:
    if counted["sum_other_doc_count"] == 0:
        return [bucket["key"] for bucket in counted["buckets"]]
    return [value for value, _ in searcher.terms_with_prefix(field, "", query)]


def _works(searcher: Searcher, query: Query, total: int, counted: Mapping[str, Any]) -> int:
    """Return how many works there are: the items that are alone, and the works of those that are not."""
    tied: int = sum(bucket["doc_count"] for bucket in counted["buckets"]) + counted["sum_other_doc_count"]
    return total - tied + len(_values(searcher, "work", query, counted))


def _by_facet(pairs: Iterable[tuple[str, str]]) -> Chosen:
    found: dict[str, tuple[str, ...]] = {}
    for facet, value in pairs:
        if facet in FACETS:
            found[facet] = (*found.get(facet, ()), value)
    return found


def _has(facet: str, values: Iterable[str]) -> Query:
    return unscored(having(chosen(facet, values)))


def _wanted(facet: str, among: Sequence[str]) -> tuple[str, dict[str, Any]]:
    if facet in ("year", "decade"):
        return facet, _terms("year", _MOST_YEARS)
    return facet, _terms(FIELDS[facet], MOST_VALUES, among)


def _terms(field: str, size: int, among: Sequence[str] = ()) -> dict[str, Any]:
    only = {"include": [*among]} if among else {}
    return {"terms": {"field": field, "size": size, "segment_size": _BUCKETS, **only}}


def _facet_counts(facet: str, counted: Mapping[str, Any]) -> tuple[FacetCount, ...]:
    found = [FacetCount(_value(bucket["key"]), bucket["doc_count"]) for bucket in counted["buckets"]]
    return tuple(by_decade(found) if facet == "decade" else in_order(found))[:MOST_VALUES]


def _value(key: str | float) -> str:
    return key if isinstance(key, str) else str(int(key))
