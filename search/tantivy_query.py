"""From what to look for to Tantivy's queries, which are built, never parsed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import log
from typing import Final

from tantivy import FieldType, Occur, Query, Searcher, SearchResult

from search.analysis import core, terms
from search.languages import STEMMERS
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
)
from search.query_tree import Fuzzy, Prefix, Wording
from search.tantivy_lexicon import Lexicon
from search.tantivy_schema import schema, wholes

_VALUES = frozenset(FACT_FIELDS.values())
_ABOUT: Final = "about"
_MOST_BEGUN = 1000  # words of one beginning that are looked for one by one


def all_of(*queries: Query) -> Query:
    """Return what matches all of these."""
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(*queries: Query) -> Query:
    """Return what matches any of these; nothing for none."""
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def term(field: str, value: str | int) -> Query:
    """Return what has this very term, without a score."""
    return unscored(Query.term_query(schema(), field, value))


def one_of(field: str, values: Iterable[str | int]) -> Query:
    """Return what has one of these terms, without a score."""
    return unscored(Query.term_set_query(schema(), field, list(values)))


def unscored(query: Query) -> Query:
    """Return the same without a score."""
    return Query.const_score_query(query, 0.0)


def descriptions() -> Query:
    """Return the documents of all items: one an item."""
    return term("page", 0)


def pages() -> Query:
    """Return all pages."""
    return unscored(Query.range_query(schema(), "page", FieldType.Unsigned, 1, None))


def described(items: Iterable[str]) -> Query:
    """Return the documents of these items."""
    return one_of("described", items)


def of_items(keys: Iterable[int]) -> Query:
    """Return what is of a few items, by their keys; of many :func:`one_of` is quicker."""
    return unscored(any_of(*(Query.term_query(schema(), "key", key) for key in keys)))


def having(values: Term | Span | Either) -> Query:
    """Return the items that have a value, a number, or one of several."""
    match values:
        case Term(field, text):
            return term(field, text)
        case Span(field, first, last):
            return _span(field, first, last)
        case Either(parts):
            return any_of(*(having(part) for part in parts if isinstance(part, Term | Span)))


def count(result: SearchResult) -> int:
    """Return how many documents a search has found."""
    number: int = result.count  # type: ignore[attr-defined]  # is there, though not in the stub
    return number


class Finder:
    """Makes queries for one searcher, which knows the forms of words.

    ``among`` are the items of which pages are looked for: of words that begin so there are few on the
    pages of a few items, and a query for all that begin so would read through the pages of all.
    """

    def __init__(self, searcher: Searcher, among: Query | None = None) -> None:
        self._searcher = searcher
        self._among = among
        self._lexicon = Lexicon(searcher)
        self._items_there = searcher.doc_freq("page", 0)

    def found(self, looked_for: Plan) -> Query:
        """Return what a plan finds. Words have a score, values and numbers none."""
        match looked_for:
            case Both(parts):
                return all_of(*map(self.found, parts))
            case Either(parts):
                return any_of(*map(self.found, parts))
            case Without(base, unwanted):
                without = ((Occur.MustNot, self.found(one)) for one in unwanted)
                return Query.boolean_query([(Occur.Must, self.found(base)), *without])
            case Everything():
                return descriptions()
            case Span(field, first, last):
                return _span(field, first, last)
            case Forms(written, stems):
                return self._forms(written, stems)
            case Together(parts):
                return self._together(parts)
            case Beginning("body", text) if self._among and (begun := self._begun(text, self._among)):
                return any_of(*(_text(BODY, word) for word in begun))
            case _:
                return _words(looked_for)

    def rarity(self, word: Wording) -> float:
        """Return how much a word tells, from 1 on: the fewer items have it, the more."""
        if isinstance(word, Prefix | Fuzzy):
            return 1.0
        return max((self._rarity(text) for text in terms(core(word.text))), default=1.0)

    def _rarity(self, text: str) -> float:
        """Return the inverse document frequency of a term among items; Tantivy's own counts pages, too."""
        having_it = sum(self._searcher.doc_freq(field, text) for field in _fields(WHOLE))
        return 1 + log((1 + self._items_there) / (1 + min(having_it, self._items_there)))

    def _forms(self, written: Term, stems: Iterable[Term]) -> Query:
        """Return a word as it is written, or in another form of a language it is written in; the best counts."""
        own = written.field
        exact = (_text(field, written.text) for field in _fields(own))
        others: dict[tuple[str, str], Query] = {}
        for stem in stems:
            language = stem.field.removeprefix(f"{own}_")
            for form in self._lexicon.forms(language, stem.text):
                if form != written.text:
                    others.update(_form(own, language, form))
        weighed = (Query.boost_query(other, STEM_WEIGHT) for other in others.values())
        return _best_of(chain(exact, weighed))

    def _begun(self, text: str, among: Query) -> set[str]:
        """Return the words on the pages of some items that begin so; none where there are too many."""
        listed = (self._searcher.terms_with_prefix(field, text, among, _MOST_BEGUN) for field in wholes(STEMMERS))
        begun = {word for found in listed for word, _ in found}
        return begun if len(begun) < _MOST_BEGUN else set()

    def _together(self, parts: Iterable[Close]) -> Query:
        """Return what has all pairs on one page; of an item several pages may have them, but each not all."""
        pairs = list(parts)
        if pairs[0].field != WHOLE:
            return all_of(*map(_words, pairs))
        of_item = all_of(*(any_of(*_near(field, pair)) for field in (_ABOUT,) for pair in pairs))
        on_page = self._items(all_of(*(any_of(*_near(BODY, pair)) for pair in pairs)))
        return any_of(of_item, on_page)

    def _items(self, match: Query) -> Query:
        """Return the items that have a page which matches."""
        number = count(self._searcher.search(match, 1))
        hits = self._searcher.search(match, number, count=False).hits if number else []
        keys = set(self._searcher.fast_field_values("key", [address for _, address in hits]))
        return all_of(descriptions(), one_of("key", (int(key) for key in keys if key is not None)))


def _fields(family: str) -> tuple[str, ...]:
    """Return the index's fields in which words of a family stand."""
    return (_ABOUT, *wholes(STEMMERS)) if family == WHOLE else (family,)


def _form(family: str, language: str, form: str) -> Mapping[tuple[str, str], Query]:
    """Return where a form of a word in a language stands. The description's words may be of any."""
    if family == BODY:
        return {(language, form): all_of(term("tongue", language), _text(BODY, form))}
    own = (_ABOUT, f"whole_{language}") if family == WHOLE else (family,)
    return {(field, form): _text(field, form) for field in own}


def _words(looked_for: Term | Run | Close | Beginning | Similar) -> Query:
    match looked_for:
        case Term(field, text) if field in _VALUES:
            return term(field, text)
        case Term(family, text):
            return _best_of(_text(field, text) for field in _fields(family))
        case Run(family, texts):
            return any_of(*(Query.phrase_query(schema(), field, list(texts)) for field in _fields(family)))
        case Close(family):
            return any_of(*(query for field in _fields(family) for query in _near(field, looked_for)))
        case Beginning(family, text):
            start = f"{re.escape(text)}.*"
            return any_of(*(Query.regex_query(schema(), field, start) for field in _fields(family)))
        case Similar(family, text, distance):
            return any_of(*(Query.fuzzy_term_query(schema(), field, text, distance) for field in _fields(family)))


def _near(field: str, pair: Close) -> Iterator[Query]:
    for words in ((pair.first, pair.second), (pair.second, pair.first)):
        yield Query.phrase_query(schema(), field, list(words), slop=pair.between)


def _best_of(queries: Iterable[Query]) -> Query:
    each = list(queries)
    return each[0] if len(each) == 1 else Query.disjunction_max_query(each)


def _text(field: str, text: str) -> Query:
    return Query.term_query(schema(), field, text)


def _span(field: str, first: int | None, last: int | None) -> Query:
    if first == last and first is not None:
        return term(field, first)
    return unscored(Query.range_query(schema(), field, FieldType.Integer, first, last))
