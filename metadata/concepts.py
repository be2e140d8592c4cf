"""Concepts with labels in several languages, and what one asks of them (W3C SKOS Reference, 2009).

Labels are not keys: two concepts may share one, a concept may have none, or many parents.
What items store is the concept's URI. Notations are text: 5.1 and 5.10 are two.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from metadata.folding import fold
from metadata.model import Concept, Text

_REMEMBERED = 16_384  # labels: the subjects of a catalogue come again and again
_WRITTEN_ALIKE = str.maketrans({
    "’": "'", "ʼ": "'", "‐": "-", "‑": "-", "–": "-", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE",
})  # fmt: skip

SORTED_IN = ("en", "fr", "es")
"""The languages that concepts without notations are put in order in: those of the pages."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A vocabulary of the library: its ``id`` here, its URI (``""`` where it has none) and its titles.

    ``own`` marks the library's own classification. ``prefix`` is what the URIs of all its concepts begin with.
    """

    id: str
    uri: str = ""
    titles: tuple[Text, ...] = ()
    concepts: int = 0
    own: bool = False
    prefix: str = ""

    def title(self, language: str) -> str:
        """Return the title in ``language``, else in English, else any, else the id."""
        return Concept(self.id, self.titles).label(language).value


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A concept scheme. ``concepts`` are by URI; ``top`` are the URIs of those without a parent.

    The vocabularies of a library are one such (:mod:`archive.vocabularies`): ``concepts`` are those of all,
    ``titles`` and ``top`` are the library's own classification's. To ask ``concepts`` for a concept that was
    replaced gives the one in its place; to go through them gives each that is here once.
    """

    concepts: Mapping[str, Concept]
    titles: tuple[Text, ...] = ()
    top: tuple[str, ...] = ()
    _labelled: Mapping[str, frozenset[tuple[str, str]]] = field(init=False, repr=False, compare=False)
    _narrower: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_labelled", _by_label(self.concepts.values()))
        object.__setattr__(self, "_narrower", _by_parent(self.concepts))

    @property
    def edition(self) -> str:
        """What changes when anything of the vocabulary does; ``""`` for one that never changes."""
        return ""

    @property
    def schemes(self) -> Sequence[Scheme]:
        """The vocabularies that this is made of, the library's own classification first."""
        uri = next((one.scheme for one in self.concepts.values()), "")
        return (Scheme("conservation", uri, self.titles, len(self.concepts), own=True, prefix=prefix(self.concepts)),)

    def concepts_of(self, scheme_id: str) -> Iterator[Concept]:
        """Yield the concepts of one of :attr:`schemes`, in the order of its files."""
        if any(one.id == scheme_id for one in self.schemes):
            yield from self.concepts.values()

    def title(self, language: str) -> str:
        """Return the scheme's title in ``language``, else in English, else any, else ``""``."""
        return Concept("", self.titles).label(language).value

    def scheme_title(self, concept: Concept, language: str) -> str:
        """Return the title of the scheme that a concept is of, as :meth:`title` does."""
        return self.title(language) if concept.uri in self.concepts else ""

    def scheme_of(self, uri: str) -> Scheme | None:
        """Return the vocabulary that a concept is in; None for one that nobody knows."""
        return self.schemes[0] if uri in self.concepts else None

    def is_top(self, uri: str) -> bool:
        """Say whether a concept is one of :attr:`top`."""
        return uri in self.top

    def current(self, uri: str) -> str:
        """Return the URI of the concept in whose name ``uri`` now counts: its own, but for one that was replaced."""
        found = self.concepts.get(uri)
        return found.uri if found else uri

    def find(self, label: str, language: str = "") -> str:
        """Return the URI of the one concept with this label, ``""`` where there is none or more than one.

        Preferred and alternative labels count alike; case, accents, spaces and the shape of
        apostrophes and hyphens do not matter, nor does a plural's ending where the exact
        label is nobody's. ``language`` (BCP 47) leaves only labels in that language, and
        those without one. The URI of a concept finds that concept.
        """
        if label in self.concepts:
            return label
        key = label_key(label)
        named = self._named(key, language) or self._named(bare_key(key), language)
        return named.pop() if len(named) == 1 else ""

    def meanings(self, label: str) -> tuple[str, ...]:
        """Return the one concept with this label of each vocabulary that has one, the library's own first."""
        found = self.find(label)
        return (found,) if found else ()

    def narrower(self, uri: str) -> tuple[str, ...]:
        """Return the URIs of the concepts directly below ``uri``, in order of notation."""
        return self._narrower.get(uri, ())

    def shown_below(self, uri: str, language: str, start: int, number: int) -> tuple[Sequence[str], int]:
        """Return so many concepts directly below ``uri`` from the ``start``-th, as readers are shown them, and all.

        ``uri`` may be the id of one of :attr:`schemes`: its top concepts are then below it. They are in order
        of notation where one has any, else of label in ``language``.
        """
        found = self.top if any(one.id == uri for one in self.schemes) else self.narrower(uri)
        placed = in_reading_order([self.concepts[one] for one in found], language)
        return [one.uri for one in placed[start : start + number]], len(placed)

    def number_below(self, uri: str) -> int:
        """Return how many concepts are directly below one."""
        return len(self.narrower(uri))

    def broader_closure(self, uri: str) -> tuple[str, ...]:
        """Return the URIs of all concepts above ``uri``, nearest first, each once, ``uri`` not among them.

        A circle in the hierarchy is walked once. Parents that the vocabulary does not hold are left out.
        """
        return closure(uri, self.concepts)

    def _named(self, key: str, language: str) -> set[str]:
        primary = language.partition("-")[0]
        labelled = self._labelled.get(key, frozenset())
        return {uri for uri, tag in labelled if not primary or tag in ("", primary)}


def closure(uri: str, concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    """Return what :meth:`Vocabulary.broader_closure` does, of any concepts."""
    found: dict[str, None] = {uri: None}
    waiting = [uri]
    for current in waiting:
        concept = concepts.get(current)
        parents = [p for p in (concept.broader if concept else ()) if p in concepts and p not in found]
        found.update(dict.fromkeys(parents))
        waiting.extend(dict.fromkeys(parents))
    return tuple(waiting[1:])


def in_reading_order(concepts: Sequence[Concept], language: str) -> list[Concept]:
    """Put concepts in the order that readers of ``language`` expect: by notation, or by label where none has any."""
    if any(one.notation for one in concepts):
        return sorted(concepts, key=lambda one: (place_of(one.notation), label_key(one.label(language).value), one.uri))
    return sorted(concepts, key=lambda one: (label_key(one.label(language).value), one.uri))


def place_of(notation: str) -> list[tuple[int, str]]:
    """Return what notations are sorted by: numbers count as numbers, 1.2 before 1.10."""
    steps = notation.split(".")
    return [(int(step) if step.isdecimal() and len(step) < 10 else 0, step) for step in steps]


def prefix(uris: Iterable[str]) -> str:
    """Return what URIs have in common at their beginning, as far as a whole step; each has something after it."""
    given = list(uris)
    if not given:
        return ""
    first, last = min(given), max(given)
    same = next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    step = max(first.rfind(sign, 0, min(same, len(first) - 1)) for sign in "/#:")
    return first[: step + 1]


def ordered(uris: Iterable[str], concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    """Sort URIs by notation, its numbers as numbers (1.2 before 1.10), then by URI."""
    return tuple(sorted(uris, key=lambda uri: (place_of(concepts[uri].notation), uri)))


def _by_label(concepts: Iterable[Concept]) -> dict[str, frozenset[tuple[str, str]]]:
    """Index concepts by folded label, exact and without its plural: URI and primary language."""
    index: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for concept in concepts:
        for key, tag in keys_of(concept):
            index[key].add((concept.uri, tag))
            index[bare_key(key)].add((concept.uri, tag))
    return {key: frozenset(entries) for key, entries in index.items()}


def keys_of(concept: Concept) -> Iterator[tuple[str, str]]:
    """Yield the key of each label of a concept, preferred or alternative, and the label's primary language."""
    for label in (*concept.labels, *concept.alternatives):
        yield label_key(label.value), label.language.partition("-")[0]


def _by_parent(concepts: Mapping[str, Concept]) -> dict[str, tuple[str, ...]]:
    children: dict[str, list[str]] = defaultdict(list)
    for concept in concepts.values():
        for parent in concept.broader:
            children[parent].append(concept.uri)
    return {parent: ordered(found, concepts) for parent, found in children.items()}


@lru_cache(maxsize=_REMEMBERED)
def label_key(label: str) -> str:
    """Return the form in which two labels are the same."""
    return fold(label if label.isascii() else label.translate(_WRITTEN_ALIKE))


@lru_cache(maxsize=_REMEMBERED)
def bare_key(key: str) -> str:
    """Take the plural's ending off each word of a key; a leading NUL keeps the form apart from whole labels."""
    return "\0" + " ".join(map(_singular, key.split()))


def _singular(word: str) -> str:
    if len(word) < 4:
        return word
    bare = word.removesuffix("s").removesuffix("e") if word[-1] in "se" else word.removesuffix("x")
    return bare[:-1] + "i" if bare.endswith("y") else bare
