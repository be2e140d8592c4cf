"""From what to look for to the query DSL of OpenSearch 2, as JSON values.

There is no engine behind it yet: this is the part of one that an OpenSearch index would be asked
with. It presumes one document an item, filled by the same analysis: fields of words hold terms
made by :mod:`search.analysis` and joined by spaces (:func:`mapping`), so no analyser of
OpenSearch takes part. ``whole`` holds the words of the description and of every page, an array
with a value each, ``whole_fr`` the stems of those in French, of the description in all languages,
``about`` and its stems the description's alone. The gap between values (``position_increment_gap``) is
wider than any nearness, so that phrases and what is near stay on a page. Of more than two near words each has the next
one near it on *some* page of the item, not the same for all, which finds more than the other engines do.
"""

from typing import Any, Final, TypeAlias

from search.engine import Request
from search.facets import FIELDS, chosen
from search.languages import STEMMERS
from search.plan import (
    BODY,
    FACT_FIELDS,
    STEM_WEIGHT,
    STEMMED,
    Beginning,
    Both,
    Close,
    Either,
    Everything,
    Forms,
    Plan,
    Run,
    Similar,
    Span,
    Term,
    Together,
    Without,
    plan,
    texts,
    wording,
)
from search.query import MOST_BETWEEN
from search.query_tree import Fuzzy, Node, Words

Json: TypeAlias = dict[str, Any]

_DESCRIPTION_WEIGHT: Final = 3.0
_TITLE_WEIGHT: Final = 2.0
_MOST_TERMS: Final = 1024  # that a fuzzy word may stand for: as many as a query may have clauses
_VALUES = frozenset((*FACT_FIELDS.values(), *FIELDS.values()))
_WORDS = ("whole", "about", *(field for field in Words.__args__ if field != "text"))  # type: ignore[attr-defined]


def mapping() -> Json:
    """Return the mapping of the index: each field of :mod:`search.plan`."""
    words = {"type": "text", "analyzer": "whitespace", "position_increment_gap": MOST_BETWEEN + 2}
    stems = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
    fields: Json = {name: {"type": "keyword"} for name in sorted({*_VALUES, "item", "work"} - {"year"})}
    fields |= {name: {"type": "integer"} for name in ("year", "date_first", "date_last")}
    fields |= dict.fromkeys(_WORDS, words)
    fields |= {f"{name}_{language}": stems for name in sorted(STEMMED - {BODY}) for language in STEMMERS}
    return {"properties": fields}


def body(node: Node | None, request: Request) -> Json:
    """Return the body of a search: the items that answer, and how many there are.

    ``request`` gives the filters, what is left out, ``offset`` and ``limit``; its query has been
    read and is ``node``.
    """
    match = found(plan(node)) if node else found(Everything())
    narrowed = {"filter": _by_facet(request.filters), "must_not": _by_facet(request.without)}
    return {
        "query": {"bool": {"must": [match], "should": _wishes(node) if node else [], **narrowed}},
        "track_total_hits": True,
        "from": request.offset,
        "size": request.limit,
    }


def _wishes(node: Node) -> list[Json]:
    """Return what puts items first: a description that answers, words in the title."""
    wishes: list[Json] = [{"constant_score": {"filter": found(plan(node, "about")), "boost": _DESCRIPTION_WEIGHT}}]
    if named := [found(wording(word, "title")) for word in texts(node) if not isinstance(word, Fuzzy)]:
        wishes.append({"bool": {"should": named, "boost": _TITLE_WEIGHT}})
    return wishes


def found(looked_for: Plan) -> Json:
    """Return what a plan finds."""
    match looked_for:
        case Both(parts) | Together(parts):
            return {"bool": {"must": [found(part) for part in parts]}}
        case Either(()):
            return {"match_none": {}}
        case Either(parts):
            return {"bool": {"should": [found(part) for part in parts], "minimum_should_match": 1}}
        case Without(base, unwanted):
            return {"bool": {"must": [found(base)], "must_not": [found(part) for part in unwanted]}}
        case Everything():
            return {"match_all": {}}
        case Span(field, first, last):
            bounds = {"gte": first, "lte": last}
            return _unscored({"range": {field: {sign: day for sign, day in bounds.items() if day is not None}}})
        case Forms(written, stems):
            weighed = [{"term": {stem.field: {"value": stem.text, "boost": STEM_WEIGHT}}} for stem in stems]
            return {"dis_max": {"queries": [found(written), *weighed]}}
        case _:
            return _words(looked_for)


def _words(looked_for: Term | Run | Close | Beginning | Similar) -> Json:
    match looked_for:
        case Term(field, text):
            term = {"term": {field: {"value": text}}}
            return _unscored(term) if field in _VALUES else term
        case Run(field, texts):
            return _side_by_side(field, texts, 0, in_order=True)
        case Close(field, first, second, between):
            return _side_by_side(field, (first, second), between, in_order=False)
        case Beginning(field, text):
            return {"prefix": {field: {"value": text}}}
        case Similar(field, text, distance):
            how = {"fuzziness": distance, "transpositions": True, "max_expansions": _MOST_TERMS}
            return {"fuzzy": {field: {"value": text, **how}}}


def _side_by_side(field: str, texts: tuple[str, ...], between: int, in_order: bool) -> Json:
    clauses = [{"span_term": {field: text}} for text in texts]
    return {"span_near": {"clauses": clauses, "slop": between, "in_order": in_order}}


def _by_facet(pairs: tuple[tuple[str, str], ...]) -> list[Json]:
    """Return a filter for each facet: any of its values."""
    facets = dict.fromkeys(facet for facet, _ in pairs)
    return [found(chosen(facet, [value for other, value in pairs if other == facet])) for facet in facets]


def _unscored(query: Json) -> Json:
    return {"constant_score": {"filter": query, "boost": 0}}
