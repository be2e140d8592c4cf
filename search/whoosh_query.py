"""From what to look for to Whoosh's queries, which are built, never parsed.

Whoosh finds documents, pages and descriptions; what items answer is put together from these
in plain Python (:func:`items`), word by word. So it shares no shortcut with the other engine.
"""

from collections.abc import Iterator
from itertools import permutations
from typing import Any, Final

from rapidfuzz.distance import OSA

from search.plan import (
    BODY,
    FACT_FIELDS,
    STEM_WEIGHT,
    WHOLE,
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
    texts,
    wording,
)
from search.query_tree import Fuzzy, Node
from search.whoosh_library import query
from search.whoosh_shelf import Shelf

_VALUES = frozenset(FACT_FIELDS.values())
_DESCRIPTIONS: Final = Span("page", 0, 0)
_DESCRIPTION_WEIGHT: Final = 3.0
_TITLE_WEIGHT: Final = 2.0


def items(searcher: Any, shelf: Shelf, looked_for: Plan) -> set[str]:
    """Return the items that a plan finds: each word may stand on another page, or in the description."""
    match looked_for:
        case Both(parts):
            return set.intersection(*(items(searcher, shelf, part) for part in parts))
        case Either(parts):
            return set().union(*(items(searcher, shelf, part) for part in parts))
        case Without(base, unwanted):
            return items(searcher, shelf, base).difference(*(items(searcher, shelf, part) for part in unwanted))
        case Everything():
            return set(shelf.items)
        case _:
            numbers = searcher.docs_for_query(found(looked_for))
            return {shelf.places[number].item for number in numbers if number in shelf.places} & shelf.items.keys()


def found(looked_for: Plan) -> Any:
    """Return the pages and descriptions that a plan finds. Words have a score, values and numbers none."""
    match looked_for:
        case Both(parts) | Together(parts):
            return query.And(list(map(found, parts)))
        case Either(parts):
            return query.Or(list(map(found, parts))) if parts else query.NullQuery
        case Span(field, first, last):
            return _unscored(query.NumericRange(field, first, last))
        case Forms(written, stems):
            weighed = [query.Term(_field(stem.field), stem.text, boost=STEM_WEIGHT) for stem in stems]
            return query.DisjunctionMax([found(written), *weighed])
        case Everything() | Without():
            raise TypeError(looked_for)  # of items alone
        case _:
            return _words(looked_for)


def ranked(node: Node) -> Any:
    """Return what has any word of a query, with a score that puts descriptions before pages, and titles before both."""
    words = query.Or([found(wording(word, BODY)) for word in texts(node)])
    described = found(_DESCRIPTIONS)
    wishes = [query.ConstantScoreQuery(described, _DESCRIPTION_WEIGHT)]
    if named := [found(wording(word, "title")) for word in texts(node) if not isinstance(word, Fuzzy)]:
        wishes.append(query.And([described, query.Or(named, boost=_TITLE_WEIGHT)]))
    return query.AndMaybe(words, query.Or(wishes))


class Alike(query.MultiTerm):  # type: ignore[misc]  # Whoosh has no types
    """Terms at most ``distance`` off, in optimal string alignment, as Tantivy counts; Whoosh knows no exchange."""

    def __init__(self, fieldname: str, text: str, distance: int) -> None:
        self.fieldname, self.text, self.distance, self.boost = fieldname, text, distance, 1.0

    def _btexts(self, ixreader: Any) -> Iterator[bytes]:
        for term in ixreader.lexicon(self.fieldname):
            if OSA.distance(term.decode(), self.text, score_cutoff=self.distance) <= self.distance:
                yield term


def _words(looked_for: Term | Run | Close | Beginning | Similar) -> Any:
    match looked_for:
        case Term(field, text):
            term = query.Term(_field(field), text)
            return _unscored(term) if field in _VALUES else term
        case Run(field, run):
            return query.Phrase(_field(field), list(run))
        case Close(field, first, second, between):
            pairs = permutations((first, second))
            return query.Or([query.Phrase(_field(field), list(pair), slop=between + 1) for pair in pairs])
        case Beginning(field, text):
            return query.Prefix(_field(field), text)
        case Similar(field, text, distance):
            return Alike(_field(field), text, distance)


def _unscored(found: Any) -> Any:
    return query.ConstantScoreQuery(found, 0.0)


def _field(field: str) -> str:
    """Return the field of documents for one of items: ``body`` has the words of a page or a description."""
    return field.replace(WHOLE, BODY, 1) if field.partition("_")[0] == WHOLE else field
