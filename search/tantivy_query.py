"""From what to look for to Tantivy's queries, which are built, never parsed."""

import re

from tantivy import FieldType, Occur, Query

from search.plan import (
    DESCRIPTIONS,
    FACT_FIELDS,
    PAGES,
    STEM_WEIGHT,
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
    Without,
    plan,
    reaches_pages,
)
from search.query_tree import Node
from search.tantivy_schema import schema

__all__ = ("all_of", "any_of", "described", "descriptions", "found", "matching", "pages", "reaches_pages", "term")

_VALUES = frozenset(FACT_FIELDS.values())
_NUMBER_TYPES = {"page": FieldType.Unsigned}


def all_of(*queries: Query) -> Query:
    """Return what matches all of these."""
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(*queries: Query) -> Query:
    """Return what matches any of these; nothing for none."""
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def term(field: str, value: str | int) -> Query:
    """Return what has this very term, without a score."""
    return Query.const_score_query(Query.term_query(schema(), field, value), 0.0)


def descriptions() -> Query:
    """Return the descriptions of all items: one document an item."""
    return found(DESCRIPTIONS)


def pages() -> Query:
    """Return all pages that are no description."""
    return found(PAGES)


def described(items: list[str]) -> Query:
    """Return the descriptions of these items."""
    return Query.const_score_query(Query.term_set_query(schema(), "described", items), 0.0)


def matching(node: Node) -> Query:
    """Return the documents a tree matches."""
    return found(plan(node))


def found(looked_for: Plan) -> Query:
    """Return what a plan finds. Words have a score, values and numbers none."""
    match looked_for:
        case Both(parts):
            return all_of(*map(found, parts))
        case Either(parts):
            return any_of(*map(found, parts))
        case Without(base, unwanted):
            return Query.boolean_query([(Occur.Must, found(base)), *((Occur.MustNot, found(one)) for one in unwanted)])
        case Everything():
            return Query.exists_query("page")
        case Span(field, first, last):
            return _span(field, first, last)
        case Forms(written, stems):
            weighed = (Query.boost_query(found(stem), STEM_WEIGHT) for stem in stems)
            return Query.disjunction_max_query([found(written), *weighed])
        case _:
            return _words(looked_for)


def _words(looked_for: Term | Run | Close | Beginning | Similar) -> Query:
    match looked_for:
        case Term(field, text):
            return term(field, text) if field in _VALUES else Query.term_query(schema(), field, text)
        case Run(field, texts):
            return Query.phrase_query(schema(), field, list(texts))
        case Close(field, first, second, between):
            return any_of(*(_in_order(field, pair, between) for pair in ((first, second), (second, first))))
        case Beginning(field, text):
            return Query.regex_query(schema(), field, f"{re.escape(text)}.*")
        case Similar(field, text, distance):
            return Query.fuzzy_term_query(schema(), field, text, distance)


def _in_order(field: str, pair: tuple[str, str], between: int) -> Query:
    return Query.phrase_query(schema(), field, list(pair), slop=between)


def _span(field: str, first: int | None, last: int | None) -> Query:
    if first == last and first is not None:
        return term(field, first)
    kind = _NUMBER_TYPES.get(field, FieldType.Integer)
    return Query.const_score_query(Query.range_query(schema(), field, kind, first, last), 0.0)
