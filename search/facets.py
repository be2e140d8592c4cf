"""Facets: what answers are counted by and narrowed to, the same for every engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from search.engine import FacetCount, PageDocument
from search.plan import Either, Span, Term

FIELDS: Final[Mapping[str, str]] = {
    "language": "languages",
    "type": "type",
    "year": "year",
    "subject": "subjects",
    "collection": "collections",
    "agent": "agents",
    "access": "access",
    "online": "online",
    "repository": "repository",
    "format": "formats",
}
"""The index's field for each facet, whose values are kept as they are; decades are counted by the year."""

ONLINE, CATALOGUE_ONLY = "yes", "no"


def facet_values(document: PageDocument, facet: str) -> tuple[str, ...]:
    """Return the values that a document's item has of a facet, each once."""
    return tuple(dict.fromkeys(_VALUES[facet](document)))


def chosen(facet: str, values: Iterable[str]) -> Either:
    """Return what to look for to find the items that have any of these values of a facet."""
    if facet in ("year", "decade"):
        last = 9 if facet == "decade" else 0
        return Either(tuple(Span("year", int(value), int(value) + last) for value in values if _is_year(value)))
    return Either(tuple(Term(FIELDS[facet], value) for value in values))


def by_decade(years: Iterable[FacetCount]) -> Sequence[FacetCount]:
    """Return the counts of decades (``1990`` for 1990 to 1999) from those of all years, the largest first."""
    sums: dict[str, int] = {}
    for year in years:
        decade = _decade(int(year.value))
        sums[decade] = sums.get(decade, 0) + year.count
    return in_order(FacetCount(decade, count) for decade, count in sums.items())


def in_order(counts: Iterable[FacetCount]) -> list[FacetCount]:
    """Return counts, the largest first."""
    return sorted(counts, key=lambda count: (-count.count, count.value))


def _decade(year: int) -> str:
    return str(year // 10 * 10)


def _is_year(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 4


_VALUES: Final[Mapping[str, Callable[[PageDocument], Iterable[str]]]] = {
    "language": lambda document: document.languages,
    "type": lambda document: (document.type,),
    "decade": lambda document: () if document.year is None else (_decade(document.year),),
    "year": lambda document: () if document.year is None else (str(document.year),),
    "subject": lambda document: document.subjects,
    "collection": lambda document: document.collections,
    "agent": lambda document: (*document.authors, *document.publishers),
    "access": lambda document: filter(None, (document.access,)),
    "online": lambda document: (ONLINE if document.online else CATALOGUE_ONLY,),
    "repository": lambda document: filter(None, (document.repository,)),
    "format": lambda document: document.formats,
}
