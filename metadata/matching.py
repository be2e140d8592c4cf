"""From a subject as a catalogue has it to the concept that it names.

A subject is compared whole first: with the labels in its own language, in others, without plural's endings, by lemmas,
turned round where a comma inverts it (``Birds, Migratory``). Then by its parts: of a path (``Birds > Waders``) the
last that is known counts, of a heading with subdivisions (``Wetlands -- Africa``) the heading, or heading and
subdivision together where they are one concept (``Wetlands -- Management``). Subdivisions alone are not matched, since
they say the form or the place of a publication as often as what it is about. A label that two concepts have is
never guessed: the candidates are named.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from metadata.concepts import SORTED_IN, label_key
from metadata.matching_labels import Labels
from metadata.model import Concept, Text
from metadata.vocabulary import Vocabulary

Kind = Literal[
    "none", "ambiguous", "kept", "decided", "concept", "preferred", "alternative", "language", "lemma", "inverted",
    "joined", "path", "heading",
]  # fmt: skip
"""How a subject matched: not at all, several concepts, not by decision; by decision, as a URI, by a label, by a label
of another language, by lemmas, turned round, heading and subdivision as one, by a part of a path, by its heading."""

SCORES: Mapping[Kind, float] = {
    "decided": 1.0, "concept": 1.0, "preferred": 1.0, "alternative": 0.95, "language": 0.9, "lemma": 0.85,
    "inverted": 0.85, "joined": 0.8, "path": 0.75, "heading": 0.6,
}  # fmt: skip
"""How sure a match of each kind is, 0 to 1."""

LONGEST = 500
"""Characters of a subject; a longer one is no subject, and stays a keyword."""

Decisions = Mapping[tuple[str, str], str]
"""What a librarian decided: the key of a keyword (:func:`metadata.concepts.label_key`) and a primary language, ``""``
for any, to the URI of a concept, or to ``""`` where it is to stay a keyword."""

NO_DECISIONS: Decisions = {}

_MOST_REMEMBERED = 50_000
_SUBDIVISION = re.compile(r"\s*--\s*|\s+[–—]\s+")
_STEP = re.compile(r"\s*(?:>|::|»)\s*")
_PARTED = re.compile(r"--|[,;:>»]")
_INVERTED = re.compile(r"(?P<noun>[^,()]{2,80}),\s+(?P<qualifier>[^,()]{2,80})")


@dataclass(frozen=True, slots=True)
class Match:
    """How a subject matched, and the concept's URI; ``candidates`` are the concepts of an ambiguous label.

    ``whole`` says that the subject says nothing beyond the concept, and need not be kept beside it.
    """

    kind: Kind
    concept: str = ""
    candidates: tuple[str, ...] = ()
    whole: bool = True

    @property
    def score(self) -> float:
        """How sure it is, 0 to 1."""
        return SCORES.get(self.kind, 0.0)


NO_MATCH = Match("none")


class Matcher:
    """Matches subjects with the concepts of a vocabulary, after what was decided; each string once."""

    def __init__(self, vocabulary: Vocabulary, decisions: Decisions = NO_DECISIONS) -> None:
        self.vocabulary = vocabulary
        self.labels = Labels(vocabulary)
        self._decisions = decisions
        self._known: dict[Text, Match] = {}

    def match(self, subject: Text) -> Match:
        """Return how a subject matches; its language may be ``""``."""
        known = self._known.get(subject)
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            known = self._known[subject] = self._matched(subject) if len(subject.value) <= LONGEST else NO_MATCH
        return known

    def _matched(self, subject: Text) -> Match:
        seen: list[Match] = []
        for match in self._tried(subject):
            if match.concept or match.kind == "kept":
                return match
            seen.append(match)
        return next((match for match in seen if match.candidates), NO_MATCH)

    def _tried(self, subject: Text) -> Iterator[Match]:
        """Yield what the ways to match give, the surest first."""
        value, language = subject.value, subject.language.partition("-")[0]
        yield self._decided(value, language)
        yield self._whole(value, language)
        yield from self._turned(value, language)
        yield from self._path(_STEP.split(value), language)
        yield from self._heading(_SUBDIVISION.split(value), language)

    def _decided(self, value: str, language: str) -> Match:
        if not self._decisions:
            return NO_MATCH
        key = label_key(value)
        decided = self._decisions.get((key, language), self._decisions.get((key, "")))
        if decided is None:
            return NO_MATCH
        if not decided:
            return Match("kept")
        return Match("decided", self.vocabulary.current(decided)) if decided in self.vocabulary.concepts else NO_MATCH

    def _whole(self, value: str, language: str) -> Match:
        """Match by label: in its language, else in any, else by lemmas."""
        vocabulary = self.vocabulary
        if found := vocabulary.find(value, language) or (vocabulary.find(value) if language else ""):
            return Match(_kind(value, language, vocabulary.concepts[found]), found)
        if homonyms := self.labels.homonyms(value, language) or self.labels.homonyms(value):
            return Match("ambiguous", candidates=homonyms)
        if _PARTED.search(value):  # its parts are for the ways that know what parts them
            return NO_MATCH
        return _one_of(self.labels.named(value, (language,) if language else SORTED_IN), "lemma")

    def _turned(self, value: str, language: str) -> Iterator[Match]:
        if found := _INVERTED.fullmatch(value):
            match = self._whole(f"{found['qualifier']} {found['noun']}", language)
            # In French and Spanish the adjective follows: what was turned round is right without its comma.
            match = match if match != NO_MATCH else self._whole(f"{found['noun']} {found['qualifier']}", language)
            yield Match("inverted", match.concept, match.candidates) if match.concept else match

    def _path(self, steps: list[str], language: str) -> Iterator[Match]:
        for number, step in enumerate(reversed(steps) if len(steps) > 1 else ()):
            match = self._whole(step, language)
            yield Match("path", match.concept, whole=not number) if match.concept else match

    def _heading(self, parts: list[str], language: str) -> Iterator[Match]:
        if len(parts) < 2:
            return
        for joined in (f"{parts[0]} {parts[1]}", f"{parts[1]} {parts[0]}"):
            if (match := self._whole(joined, language)).concept:
                yield Match("joined", match.concept, whole=len(parts) == 2)
        match = self._whole(parts[0], language)
        yield Match("heading", match.concept, whole=False) if match.concept else match


def _one_of(found: Iterable[str], kind: Kind) -> Match:
    candidates = tuple(found)
    if len(candidates) > 1:
        return Match("ambiguous", candidates=candidates)
    return Match(kind, candidates[0]) if candidates else NO_MATCH


def _kind(value: str, language: str, concept: Concept) -> Kind:
    """Return by which of its labels a concept was found."""
    key = label_key(value)
    preferred = [text for text in concept.labels if label_key(text.value) == key]
    others = [text for text in concept.alternatives if label_key(text.value) == key]
    if not preferred and not others:
        return "concept" if value == concept.uri else "lemma"
    spoken = ("", language) if language else {text.language.partition("-")[0] for text in (*preferred, *others)}
    if any(text.language.partition("-")[0] in spoken for text in preferred):
        return "preferred"
    return "alternative" if any(text.language.partition("-")[0] in spoken for text in others) else "language"
