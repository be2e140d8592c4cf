"""Snippets: the passage of a text that answers a query, with the words that do so marked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from search.analysis import STEMMERS, Token, core, stemmed_in, terms, tokens
from search.engine import Snippet
from search.query import Node, Phrase, Prefix, Word, wanted

LONGEST = 240
_LEAD = 60  # characters shown before the first marked word
_READ = 100_000  # characters of a text that are looked at
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Marks:
    """What to mark: folded words, stems by language, beginnings of words, runs of words."""

    words: frozenset[str] = frozenset()
    stems: Mapping[str, frozenset[str]] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()


def marks_of(node: Node | None) -> Marks:
    """Return what a query's tree would mark in a text."""
    words: set[str] = set()
    stems: dict[str, set[str]] = {language: set() for language in STEMMERS}
    prefixes: list[str] = []
    phrases: list[tuple[str, ...]] = []
    for leaf in wanted(node) if node else ():
        text = leaf.text if isinstance(leaf, Phrase) else core(leaf.text)
        run = tuple(terms(text))
        if isinstance(leaf, Prefix):
            prefixes += run[-1:]
            words.update(run[:-1])
        elif len(run) > 1:
            phrases.append(run)
        else:
            words.update(run)
            if isinstance(leaf, Word):
                for language, found in stems.items():
                    found.update(terms(text, language))
    frozen = {language: frozenset(found) for language, found in stems.items()}
    return Marks(frozenset(words), frozen, tuple(prefixes), tuple(phrases))


def snippet(text: str, language: str, marks: Marks) -> Snippet:
    """Return the passage of ``text`` with the most different marked words.

    It has at most :data:`LONGEST` characters. ``language`` is the text's own (BCP 47), ``""``
    for a text of several. Where nothing is to be marked the passage is the beginning. White
    space becomes single spaces; an ellipsis stands where the text goes on.
    """
    text = text.strip()
    read = text[:_READ]
    found = tokens(read)
    marked = _marked(read, [token.term for token in found], language, marks)
    places = [token for token, is_marked in zip(found, marked, strict=True) if is_marked]
    start, end = _bounds(read, found, _best(places))
    return tuple(_pieces(text, (start, end), [t for t in places if start <= t.start and t.end <= end]))


def _marked(text: str, folded: list[str], language: str, marks: Marks) -> list[bool]:
    """Say of each token whether it is marked."""
    marked = [term in marks.words or term.startswith(marks.prefixes) for term in folded]
    own = stemmed_in(language)
    for stemmed in (own,) if own else () if language else STEMMERS:
        stems = marks.stems.get(stemmed)
        if stems:
            marked = [was or term in stems for was, term in zip(marked, terms(text, stemmed), strict=True)]
    for phrase in marks.phrases:
        for start in _runs(folded, phrase):
            marked[start : start + len(phrase)] = [True] * len(phrase)
    return marked


def _runs(folded: list[str], phrase: Sequence[str]) -> Iterator[int]:
    """Yield where a phrase begins."""
    length, wanted_run = len(phrase), list(phrase)
    for start, term in enumerate(folded):
        if term == wanted_run[0] and folded[start : start + length] == wanted_run:
            yield start


def _best(places: list[Token]) -> int:
    """Return where the stretch with the most different marked words begins, 0 where none is marked."""
    best, most, last = 0, 0, 0
    for first, token in enumerate(places):
        while last < len(places) and places[last].end <= token.start + LONGEST - _LEAD:
            last += 1
        different = len({place.term for place in places[first:last]})
        if different > most:
            best, most = token.start, different
    return best


def _bounds(text: str, found: list[Token], best: int) -> tuple[int, int]:
    """Return a stretch around ``best`` that cuts no word."""
    earliest = best - _LEAD
    start = next((token.start for token in found if token.start >= earliest), 0) if earliest > 0 else 0
    latest = start + LONGEST
    if latest >= len(text):
        return start, len(text)
    return start, max((token.end for token in found if start < token.end <= latest), default=latest)


def _pieces(text: str, bounds: tuple[int, int], places: list[Token]) -> Iterator[tuple[str, bool]]:
    """Yield the stretch, cut where marks begin and end."""
    start, end = bounds
    if start > 0:
        yield "… ", False
    at = start
    for token in places:
        if token.start > at:
            yield _SPACE.sub(" ", text[at : token.start]), False
        yield text[token.start : token.end], True
        at = token.end
    if at < end:
        yield _SPACE.sub(" ", text[at:end]), False
    if end < len(text):
        yield " …", False
