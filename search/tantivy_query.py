"""From the query's tree to Tantivy's queries, which are built, never parsed."""

import re
from collections.abc import Iterable
from typing import Final

from tantivy import FieldType, Occur, Query

from search.analysis import STEMMERS, core, terms
from search.query import And, Node, Not, Or, Phrase, Prefix, Value, Word, Years, wanted
from search.tantivy_schema import SCHEMA

_STEM_WEIGHT: Final = 0.8  # a word as written counts more than its stem
_DESCRIPTION_WEIGHT: Final = 3.0
_TITLE_WEIGHT: Final = 2.0
_FACET_FIELDS = {
    "language": "languages",
    "type": "type",
    "subject": "subjects",
    "collection": "collections",
    "year": "year",
    "format": "formats",
}


def all_of(*queries: Query) -> Query:
    """Return what matches all of these."""
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(*queries: Query) -> Query:
    """Return what matches any of these; nothing for none."""
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def term(field: str, value: str | int) -> Query:
    """Return what has this very term, without a score."""
    return Query.const_score_query(Query.term_query(SCHEMA, field, value), 0.0)


def descriptions() -> Query:
    """Return the descriptions of all items: one document an item."""
    return term("page", 0)


def pages() -> Query:
    """Return all pages that are no description."""
    return Query.range_query(SCHEMA, "page", FieldType.Unsigned, lower_bound=1)


def of_items(items: list[str]) -> Query:
    """Return all documents of these items."""
    return Query.const_score_query(Query.term_set_query(SCHEMA, "item", items), 0.0)


def matching(node: Node, anchored: bool = False) -> Query:
    """Return the documents a tree matches.

    Facts of the item alone (``title:``, ``year:`` …) are asked of descriptions, not of every
    page of the item; ``anchored`` says that something beside the node asks for text already.
    """
    if isinstance(node, And):
        return _conjunction(node, anchored or _needs_text(node))
    if isinstance(node, Or):
        return any_of(*(matching(part, anchored) for part in node.nodes))
    if isinstance(node, Not):
        return _without(_everything(anchored), [matching(node.node, anchored=True)])
    return _leaf(node) if anchored or _needs_text(node) else all_of(_leaf(node), descriptions())


def reaches_pages(node: Node) -> bool:
    """Say whether pages, too, can answer: words of the text are asked for somewhere."""
    return any(leaf.field == "text" for leaf in wanted(node))


def ranked(match: Query, node: Node | None) -> Query:
    """Return ``match`` with a score that puts descriptions before pages, and titles before both."""
    described = Query.const_score_query(descriptions(), _DESCRIPTION_WEIGHT)
    wishes = [(Occur.Must, match), (Occur.Should, described)]
    titles = [_text(leaf, "title") for leaf in wanted(node) if leaf.field == "text"] if node else []
    if titles:
        in_title = Query.boost_query(any_of(*titles), _TITLE_WEIGHT)
        wishes.append((Occur.Should, all_of(in_title, descriptions())))
    return Query.boolean_query(wishes)


def chosen(facet: str, values: Iterable[str]) -> Query:
    """Return the documents whose item has any of these values of a facet."""
    if facet == "year":
        return any_of(*(term("year", int(value)) for value in values if _is_year(value)))
    return any_of(*(term(_FACET_FIELDS[facet], value) for value in values))


def facet_field(facet: str) -> str:
    """Return the field a facet is counted on."""
    return _FACET_FIELDS[facet]


def _is_year(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 4


def _needs_text(node: Node) -> bool:
    """Say whether nothing can match without words of its text."""
    if isinstance(node, And):
        return any(map(_needs_text, node.nodes))
    if isinstance(node, Or):
        return all(map(_needs_text, node.nodes))
    return isinstance(node, Word | Prefix | Phrase) and node.field == "text"


def _everything(anchored: bool) -> Query:
    return Query.exists_query("page") if anchored else descriptions()


def _conjunction(node: And, anchored: bool) -> Query:
    parts = [matching(part, anchored) for part in node.nodes if not isinstance(part, Not)]
    unwanted = [matching(part.node, anchored=True) for part in node.nodes if isinstance(part, Not)]
    return _without(all_of(*(parts or [_everything(anchored)])), unwanted)


def _without(base: Query, unwanted: list[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, base), *((Occur.MustNot, query) for query in unwanted)])


def _leaf(node: Word | Prefix | Phrase | Years | Value) -> Query:
    if isinstance(node, Years):
        return _years(node)
    if isinstance(node, Value):
        return chosen(node.field, [node.value])
    return _text(node, "body" if node.field == "text" else "title")


def _years(node: Years) -> Query:
    query = Query.range_query(SCHEMA, "year", FieldType.Integer, node.first, node.last)
    return Query.const_score_query(query, 0.0)


def _text(node: Word | Prefix | Phrase, family: str) -> Query:
    if isinstance(node, Phrase):
        return _phrase(terms(node.text), family)
    folded = terms(core(node.text))
    if isinstance(node, Prefix):
        return _prefix(folded, family)
    return _word(core(node.text), family) if len(folded) == 1 else _phrase(folded, family)


def _word(word: str, family: str) -> Query:
    """Return the word as written or any form of it, in the language of each page."""
    written = Query.term_query(SCHEMA, family, terms(word)[0])
    stems = (
        Query.term_query(SCHEMA, f"{family}_{language}", stem)
        for language in STEMMERS
        for stem in terms(word, language)
    )
    return Query.disjunction_max_query([written, *(Query.boost_query(stem, _STEM_WEIGHT) for stem in stems)])


def _phrase(words: list[str], family: str) -> Query:
    if not words:
        return Query.empty_query()
    if len(words) == 1:
        return Query.term_query(SCHEMA, family, words[0])
    return Query.phrase_query(SCHEMA, family, list(words))


def _prefix(words: list[str], family: str) -> Query:
    """Return words that begin so; what an apostrophe or hyphen parts off before must be there whole."""
    if not words:
        return Query.empty_query()
    beginning = Query.regex_query(SCHEMA, family, f"{re.escape(words[-1])}.*")
    return all_of(beginning, *(Query.term_query(SCHEMA, family, word) for word in words[:-1]))
