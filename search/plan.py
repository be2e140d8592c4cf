"""What to look for in which field of an index: the query's tree, analysed, before an engine's own words.

The unit is the item. Every engine has the fields named here and matches these few kinds of
things, so that all of them find the same items. ``whole`` is all that is read of an item, its
description (``about``) and its pages. These, ``title`` and ``subject`` are families: the folded words
under that name, the stems of a language under ``whole_fr`` and so on. Of pages that are looked
for by themselves the family is ``body``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from search.analysis import core, terms, without_hyphens
from search.dates import OPEN_FIRST, OPEN_LAST
from search.languages import STEMMERS
from search.query import FURTHEST, LONG_WORD, SHORTEST_FUZZY
from search.query_tree import And, Dates, Fuzzy, Near, Node, Not, Or, Phrase, Prefix, Value, Wording, Years, wanted

STEM_WEIGHT: Final = 0.8  # a word as written counts more than its stem
WHOLE: Final = "whole"
BODY: Final = "body"
STEMMED = frozenset((WHOLE, BODY, "about", "title", "subject"))
FACT_FIELDS = {
    "language": "languages",
    "type": "type",
    "subject": "subjects",
    "collection": "collections",
    "year": "year",
    "format": "formats",
    "access": "access",
    "identifier": "identifier",
    "agent": "agents",
}
"""The index's field for each fact of an item. Its values are kept as they are."""


@dataclass(frozen=True, slots=True)
class Term:
    """This very term."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Forms:
    """A word as written, or one of its stems, each in the field of its language; the best counts."""

    written: Term
    stems: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Terms side by side, in order; at least two. They stand on one page, or in the description."""

    field: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Close:
    """Two different terms with at most ``between`` others between them, in either order, on one page."""

    field: str
    first: str
    second: str
    between: int


@dataclass(frozen=True, slots=True)
class Together:
    """All of these on one page, or in the description; at least two."""

    parts: tuple[Close, ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Terms that begin so."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Similar:
    """Terms at most so far off, in optimal string alignment."""

    field: str
    text: str
    distance: int


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from ``first`` to ``last``, both included; None is open."""

    field: str
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Everything:
    """All items."""


@dataclass(frozen=True, slots=True)
class Both:
    """All of these."""

    parts: "tuple[Plan, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """Any of these; nothing for none."""

    parts: "tuple[Plan, ...]"


@dataclass(frozen=True, slots=True)
class Without:
    """What is in ``base`` and in none of ``unwanted``."""

    base: "Plan"
    unwanted: "tuple[Plan, ...]"


Plan: TypeAlias = (
    Term | Forms | Run | Close | Together | Beginning | Similar | Span | Everything | Both | Either | Without
)
NOTHING: Final = Either(())


def plan(node: Node, family: str = WHOLE) -> Plan:
    """Return what to look for to find the items that a tree matches; ``family`` is where words of the text stand."""
    if isinstance(node, And):
        parts = [plan(part, family) for part in node.nodes if not isinstance(part, Not)]
        unwanted = [plan(part.node, family) for part in node.nodes if isinstance(part, Not)]
        base = _both(parts) if parts else Everything()
        return Without(base, tuple(unwanted)) if unwanted else base
    if isinstance(node, Or):
        return Either(tuple(plan(part, family) for part in node.nodes))
    if isinstance(node, Not):
        return Without(Everything(), (plan(node.node, family),))
    return leaf(node, family)


def on_pages(node: Node) -> Plan | None:
    """Return what to look for to find the pages that have all that is wanted of an item's text; None for nothing.

    The items are known: their facts are as they should be, and nothing unwanted stands in them.
    """
    if isinstance(node, And):
        parts = [found for part in node.nodes if (found := on_pages(part))]
        return _both(parts) if parts else None
    if isinstance(node, Or):
        either = [found for part in node.nodes if (found := on_pages(part))]
        return Either(tuple(either)) if either else None
    return wording(node, BODY) if isinstance(node, Wording) and node.field == "text" else None


def texts(node: Node) -> tuple[Wording, ...]:
    """Return the words that are wanted of the text, each once."""
    return tuple(dict.fromkeys(word for word in wanted(node) if word.field == "text"))


def leaf(node: Wording | Years | Dates | Value, family: str = WHOLE) -> Plan:
    """Return what to look for to find the items that have this."""
    if isinstance(node, Years):
        return Span("year", node.first, node.last)
    if isinstance(node, Dates):  # a day in common: begun before the end, ended after the beginning
        begun, ended = OPEN_LAST if node.last is None else node.last, OPEN_FIRST if node.first is None else node.first
        return Both((Span("date_first", OPEN_FIRST, begun), Span("date_last", ended, OPEN_LAST)))
    if isinstance(node, Value) and node.field == "country":
        return Term("place", node.value)  # it stands among the words of the places, as no word does
    if isinstance(node, Value):
        return Term(FACT_FIELDS[node.field], node.value)
    return wording(node, family if node.field == "text" else node.field)


def wording(node: Wording, family: str) -> Plan:
    """Return what to look for to find words in a family of fields."""
    if isinstance(node, Phrase):
        return _run(terms(node.text), family)
    if isinstance(node, Near):
        return _near(terms(node.text), node.between, family)
    found = terms(core(node.text))
    if isinstance(node, Prefix):
        return _with_whole(found, Beginning(family, found[-1]), family) if found else NOTHING
    if isinstance(node, Fuzzy):
        return _both(_similar(family, *one) for one in spelt_otherwise(node)) if found else NOTHING
    return _forms(core(node.text), family) if len(found) == 1 else _compound(node.text, found, family)


def spelt_otherwise(node: Fuzzy) -> list[tuple[str, int]]:
    """Return the terms of a word and how far off each may be: of several a short one less, or any word would do."""
    found = terms(core(node.text))
    if len(found) == 1:
        return [(found[0], node.distance)]
    return [(term, min(node.distance, _farthest(term))) for term in found]


def _farthest(term: str) -> int:
    return 0 if len(term) < SHORTEST_FUZZY else 1 if len(term) < LONG_WORD else FURTHEST


def _similar(family: str, term: str, distance: int) -> Plan:
    return Similar(family, term, distance) if distance else Term(family, term)


def _both(parts: Iterable[Plan]) -> Plan:
    found = tuple(parts)
    return found[0] if len(found) == 1 else Both(found)


def _compound(word: str, found: list[str], family: str) -> Plan:
    """Return a word of several parts; with hyphens between, in one, too: so it is read where a line ends in one."""
    whole = without_hyphens(word)
    return Either((_run(found, family), _forms(whole, family))) if whole else _run(found, family)


def _forms(word: str, family: str) -> Plan:
    """Return the word as written or any form of it, in the language of each page."""
    written = Term(family, terms(word)[0])
    if family not in STEMMED:
        return written
    stems = (Term(f"{family}_{language}", stem) for language in STEMMERS for stem in terms(word, language))
    return Forms(written, tuple(stems))


def _run(words: list[str], family: str) -> Plan:
    if len(words) < 2:
        return Term(family, words[0]) if words else NOTHING
    return Run(family, tuple(words))


def _near(words: list[str], between: int, family: str) -> Plan:
    """Return each word near the next; one that is named twice is wanted once."""
    different = list(dict.fromkeys(words))
    if len(different) < 2:
        return _run(different, family)
    pairs = tuple(Close(family, first, second, between) for first, second in pairwise(different))
    return pairs[0] if len(pairs) == 1 else Together(pairs)


def _with_whole(words: list[str], last: Plan, family: str) -> Plan:
    """Return the last word as given; what an apostrophe or hyphen parts off before must be there whole."""
    return _both([last, *(Term(family, word) for word in words[:-1])])
