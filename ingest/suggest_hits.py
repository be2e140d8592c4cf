"""Where a text names concepts: its words, in lemmas, against the labels of a vocabulary.

Of a text of any length only sums are kept, and for each concept a few passages; a page or a text is read as far as
:data:`LONGEST_PART`, a publication as far as :data:`LONGEST`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from metadata.lemmas import function_words, lemmas_in
from metadata.matching_labels import Label, LabelIndex, Labels

LONGEST_PART = 200_000
"""Characters of a page, a title or an abstract that are looked at."""

LONGEST = 5_000_000
"""Characters of a publication that are looked at, about: two thousand pages."""

PASSAGES = 3
"""Passages that are kept of each concept."""

_AROUND = 60  # characters before and after what is shown of a passage
_WORD = 25  # of these so many are given up for whole words
_SPACE = re.compile(r"\s")
_TOKEN = re.compile(r"[^\W_]+|[.;:!?]+|\n\s*\n")
_BROKEN = re.compile(r"(?<=\w)[-\u00ad\u2010]\n(?=[^\W\d_])")
_END = ""  # stands where a sentence ends; no label has it
_NESTED, _FOREIGN = 0.3, 0.5  # what counts a hit within a longer one; a label of another language

PartKind = Literal["title", "abstract", "page"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a publication's text: its title, its abstract or a page, in a language (BCP 47)."""

    text: str
    language: str
    kind: PartKind = "page"
    page: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a concept is named: in what, on which page (0 for none), with some words around."""

    kind: PartKind
    page: int
    snippet: str


@dataclass(slots=True)
class Hits:
    """What is known of a concept in a text; positions count words from the beginning of the text."""

    weight: float = 0.0
    number: int = 0
    preferred: int = 0
    words: int = 0
    shared: float = 0.0
    rarity: float = 0.0
    foreign: int = 0
    in_title: int = 0
    in_abstract: int = 0
    first: int = 0
    last: int = 0
    parts: int = 0
    last_part: int = -1
    passages: list[Passage] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """The concepts that a text names, by URI, and the length of the text in words and parts."""

    hits: dict[str, Hits] = field(default_factory=dict)
    words: int = 0
    parts: int = 0


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The words of a part that count, in lemmas, with where each begins and ends in the text."""

    text: str
    lemmas: Sequence[str]
    spans: Sequence[tuple[int, int]]


def find_concepts(parts: Iterable[Part], labels: Labels) -> Found:
    """Return what concepts the parts of a text name."""
    found, read = Found(), 0
    for part in parts:
        if read >= LONGEST:
            break
        read += min(len(part.text), LONGEST_PART)
        tokens = _tokens(part)
        for lexicon, foreign in ((labels.index(part.language), False), (labels.foreign(part.language), True)):
            for start, length, nested, named in _named(tokens, lexicon):
                _note(found, part, tokens, _Named(start, length, nested, foreign, named, lexicon))
        found.words += len(tokens.lemmas)
        found.parts += 1
    return found


@dataclass(frozen=True, slots=True)
class _Named:
    """Labels that stand in a text: where, how many words long, whether within a longer one."""

    start: int
    length: int
    nested: bool
    foreign: bool
    labels: tuple[Label, ...]
    lexicon: LabelIndex


def _tokens(part: Part) -> _Tokens:
    text = _BROKEN.sub("", part.text[:LONGEST_PART])
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals become two letters
        text = lowered
    known, small = lemmas_in(part.language), function_words(part.language)
    lemmas, spans = [], []
    for token in _TOKEN.finditer(lowered):
        word = token.group()
        if word in small:
            continue
        lemmas.append(known[word] if word[0].isalnum() else _END)
        spans.append(token.span())
    return _Tokens(text, lemmas, spans)


def _named(tokens: _Tokens, lexicon: LabelIndex) -> Iterator[tuple[int, int, bool, tuple[Label, ...]]]:
    """Yield the labels in a text: place, length, whether a longer one covers it, of which concepts."""
    lemmas, lengths, by_lemmas = tokens.lemmas, lexicon.lengths, lexicon.by_lemmas
    covered = 0
    for start, first in enumerate(lemmas):
        for length in lengths.get(first, ()):
            end = start + length
            if end > len(lemmas):
                continue
            key = first if length == 1 else " ".join(islice(lemmas, start, end))
            if named := by_lemmas.get(key):
                yield start, length, end <= covered, named
                covered = max(covered, end)


def _note(found: Found, part: Part, tokens: _Tokens, named: _Named) -> None:
    place, share = found.words + named.start, 1 / len(named.labels)
    usage = min(named.lexicon.usage[one] for one in tokens.lemmas[named.start : named.start + named.length])
    for label in named.labels:
        hits = found.hits.get(label.concept)
        if hits is None:
            hits = found.hits[label.concept] = Hits(first=place)
        hits.weight += (_NESTED if named.nested else 1.0) * (_FOREIGN if named.foreign else 1.0)
        hits.number += 1
        hits.preferred += label.preferred
        hits.words += named.length
        hits.shared += share
        hits.rarity += 1 / usage
        hits.foreign += named.foreign
        hits.in_title += part.kind == "title"
        hits.in_abstract += part.kind == "abstract"
        hits.last = place
        if hits.last_part != found.parts:
            hits.parts, hits.last_part = hits.parts + 1, found.parts
            if len(hits.passages) < PASSAGES:
                hits.passages.append(_passage(part, tokens, named))


def _passage(part: Part, tokens: _Tokens, named: _Named) -> Passage:
    """Return what stands around a name: whole words, where words are set apart."""
    start, end = tokens.spans[named.start][0], tokens.spans[named.start + named.length - 1][1]
    text = tokens.text
    begun, ended = max(start - _AROUND, 0), min(end + _AROUND, len(text))
    if begun and (space := _SPACE.search(text, begun - 1, min(begun + _WORD, start))):
        begun = space.end()
    if ended < len(text) and (spaces := [*_SPACE.finditer(text, max(ended - _WORD, end), ended + 1)]):
        ended = spaces[-1].start()
    shown = " ".join(text[begun:ended].split())
    snippet = f"{'…' if begun else ''}{shown}{'…' if ended < len(text) else ''}"
    return Passage(part.kind, part.page, snippet)
