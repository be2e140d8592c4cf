"""From what to look for to Whoosh's queries, which are built, never parsed."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any, Final

from rapidfuzz.distance import OSA

from search.plan import (
    DESCRIPTIONS,
    FACT_FIELDS,
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
    titles,
)
from search.query_tree import Node
from search.whoosh_library import matching, query

_VALUES = frozenset(FACT_FIELDS.values())
_DESCRIPTION_WEIGHT: Final = 3.0
_TITLE_WEIGHT: Final = 2.0


def found(looked_for: Plan) -> Any:
    """Return what a plan finds. Words have a score, values and numbers none."""
    match looked_for:
        case Both(parts):
            return query.And(list(map(found, parts)))
        case Either(parts):
            return query.Or(list(map(found, parts))) if parts else query.NullQuery
        case Without(base, unwanted):
            return AndNot(found(base), query.Or(list(map(found, unwanted))))
        case Everything():
            return _unscored(query.Every("page"))
        case Span(field, first, last):
            return _unscored(query.NumericRange(field, first, last))
        case Forms(written, stems):
            weighed = [query.Term(stem.field, stem.text, boost=STEM_WEIGHT) for stem in stems]
            return query.DisjunctionMax([found(written), *weighed])
        case _:
            return _words(looked_for)


def ranked(looked_for: Plan, node: Node | None) -> Any:
    """Return what a plan finds, with a score that puts descriptions before pages, and titles before both."""
    wishes = [query.ConstantScoreQuery(found(DESCRIPTIONS), _DESCRIPTION_WEIGHT)]
    if named := [found(words) for words in titles(node)] if node else []:
        wishes.append(query.And([found(DESCRIPTIONS), query.Or(named, boost=_TITLE_WEIGHT)]))
    return query.AndMaybe(found(looked_for), query.Or(wishes))


class AndNot(query.AndNot):  # type: ignore[misc]  # Whoosh has no types
    """What matches the first and not the second."""

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """Return the matcher; of the second no score is wanted."""
        return _AndNotMatcher(self.a.matcher(searcher, context), self.b.matcher(searcher, searcher.boolean_context()))


class _AndNotMatcher(matching.AndNotMatcher):  # type: ignore[misc]
    """Whoosh's own lets the first document through where the second begins before it, and reads past the end."""

    def _find_first(self) -> None:
        self._find_next()

    def _find_next(self) -> bool:
        """Go on to a document of the first that is not in the second; say whether any was passed over."""
        base, unwanted, is_moved = self.a, self.b, False
        while base.is_active() and unwanted.is_active() and unwanted.id() <= base.id():
            if unwanted.id() < base.id():
                unwanted.skip_to(base.id())
            else:
                base.next()
                is_moved = True
        return is_moved


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
            term = query.Term(field, text)
            return _unscored(term) if field in _VALUES else term
        case Run(field, texts):
            return query.Phrase(field, list(texts))
        case Close(field, first, second, between):
            pairs = permutations((first, second))
            return query.Or([query.Phrase(field, list(pair), slop=between + 1) for pair in pairs])
        case Beginning(field, text):
            return query.Prefix(field, text)
        case Similar(field, text, distance):
            return Alike(field, text, distance)


def _unscored(found: Any) -> Any:
    return query.ConstantScoreQuery(found, 0.0)
