"""The labels of a vocabulary, by the lemmas of their words: what strings and texts are compared with.

All labels are gone through once. What a language's labels are in lemmas is made when that language is first asked
for, since its dictionary must be loaded for it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from metadata.concepts import label_key
from metadata.folding import fold
from metadata.lemmas import WORD, function_words, lemma_language, lemmas
from metadata.model import Concept
from metadata.vocabulary import Vocabulary

_LONGEST = 12  # words of a label that texts are searched for
_ANYWHERE = ("", "la")  # labels without a language, and the names of species, stand in texts of all languages
_BEGINNING = 3  # letters
# Mice, feet, teeth, geese, men, lives, wives, lice; peces, luces, voces; yeux.
_BEGUN_OTHERWISE = {
    "mic": "mou", "fee": "foo", "tee": "too", "gee": "goo", "men": "man", "liv": "lif", "wiv": "wif", "lic": "lou",
    "pec": "pez", "luc": "luz", "voc": "voz", "yeu": "oei",
}  # fmt: skip
_WEIGHTLESS = frozenset("the a an of s de du des d l la le les un une el los las del una".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Label:
    """A label as it is written: of which concept, and whether it is the preferred one of its language.

    ``place`` is that of the concept's vocabulary, the library's own classification being 0.
    """

    value: str
    concept: str
    preferred: bool
    place: int = 0


class LabelIndex:
    """Labels by their lemmas.

    ``by_lemmas`` maps lemmas, with a space between, to the labels that have them, one a concept, preferred ones
    before others; of several vocabularies that have such labels only the first counts. ``lengths`` maps the first
    lemma of labels to how many lemmas they have, the longest first. ``usage`` counts the labels that a lemma stands in.
    """

    def __init__(self, keyed: Iterable[tuple[Sequence[str], Label]]) -> None:
        found: dict[str, dict[str, Label]] = defaultdict(dict)
        lengths: dict[str, set[int]] = defaultdict(set)
        self.usage: Counter[str] = Counter()
        for words, label in keyed:
            if not 0 < len(words) <= _LONGEST:
                continue
            known = found[" ".join(words)]
            if label.concept not in known or label.preferred:
                known[label.concept] = label
            lengths[words[0]].add(len(words))
            self.usage.update(set(words))
        self.by_lemmas: Mapping[str, tuple[Label, ...]] = {
            key: tuple(sorted(_first(labels.values()), key=lambda one: (not one.preferred, one.concept)))
            for key, labels in found.items()
        }
        self.lengths: Mapping[str, tuple[int, ...]] = {
            first: tuple(sorted(numbers, reverse=True)) for first, numbers in lengths.items()
        }


class Labels:
    """All labels of a vocabulary, by language, and the concepts' parents."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._indexes: dict[str, LabelIndex] = {}
        self._foreign: dict[str, LabelIndex] = {}
        self._shapes: dict[str, frozenset[str]] = {}

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary whose labels these are."""
        return self._vocabulary

    @cached_property
    def _concepts(self) -> Sequence[Concept]:
        return tuple(self._vocabulary.concepts.values())

    @cached_property
    def by_language(self) -> Mapping[str, Sequence[Label]]:
        """The labels by primary language."""
        found: dict[str, list[Label]] = defaultdict(list)
        for concept in self._concepts:
            for texts, preferred in ((concept.labels, True), (concept.alternatives, False)):
                for text in texts:
                    label = Label(text.value, concept.uri, preferred, self._place(concept.uri))
                    found[text.language.partition("-")[0]].append(label)
        return dict(found)

    def _place(self, uri: str) -> int:
        """Return the place of a concept's vocabulary."""
        if len(self._places) < 2:
            return 0
        scheme = self._vocabulary.scheme_of(uri)
        return self._places.get(scheme.id, 0) if scheme else 0

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {scheme.id: place for place, scheme in enumerate(self._vocabulary.schemes)}

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The concepts directly above each concept, as far as they are in the vocabulary."""
        here = {one.uri for one in self._concepts}
        return {one.uri: tuple(uri for uri in one.broader if uri in here) for one in self._concepts}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The concepts directly below each concept."""
        found: dict[str, list[str]] = defaultdict(list)
        for uri, parents in self.parents.items():
            for parent in parents:
                found[parent].append(uri)
        return {parent: tuple(below) for parent, below in found.items()}

    def index(self, tag: str) -> LabelIndex:
        """Return the labels in a language (BCP 47) by their lemmas; its dictionary is loaded."""
        language = tag.partition("-")[0].lower()
        if language not in self._indexes:
            labels = self.by_language.get(language, ())
            self._indexes[language] = LabelIndex((lemmas(one.value, language), one) for one in labels)
        return self._indexes[language]

    def foreign(self, tag: str) -> LabelIndex:
        """Return the labels that stand in texts of a language though they are of none, or of another.

        These are labels without a language, Latin ones, and those of concepts that have none in the language. Their
        words are looked up as words of the text's language, which is how they stand in the text.
        """
        language = tag.partition("-")[0].lower()
        if language not in self._foreign:
            own = {one.concept for one in self.by_language.get(language, ())}
            self._foreign[language] = LabelIndex(
                (lemmas(one.value, language), one)
                for other, labels in self.by_language.items()
                if other != language
                for one in labels
                if (other in _ANYWHERE or one.concept not in own) and len(one.value) > 3
            )
        return self._foreign[language]

    def named(self, text: str, languages: Iterable[str]) -> tuple[str, ...]:
        """Return the concepts that have a label of the same lemmas as ``text`` in one of these languages, sorted.

        An article more or less does not matter, nor an ``of``; an ``and`` or a ``without`` does. No dictionary is
        loaded where the words begin as those of no label do.
        """
        found: set[str] = set()
        for language in languages:
            if lemma_language(language) and _shape(text, language) in self._shapes_in(language):
                key = " ".join(lemmas(text, language))
                joined = _joined(text, language)
                labels = self.index(language).by_lemmas.get(key, ())
                found.update(one.concept for one in labels if _joined(one.value, language) == joined)
        return tuple(sorted(found))

    def homonyms(self, label: str, tag: str = "") -> tuple[str, ...]:
        """Return the concepts that share a label (:func:`metadata.concepts.label_key`), sorted; none where one has it.

        ``tag`` (BCP 47) leaves only labels in that language, and those without one. Of several vocabularies only the
        first that has the label counts.
        """
        spoken = ("", tag.partition("-")[0])
        labels = [one for one, language in self._shared.get(label_key(label), ()) if not tag or language in spoken]
        named = {one.concept for one in _first(labels)}
        return tuple(sorted(named)) if len(named) > 1 else ()

    @cached_property
    def _shared(self) -> Mapping[str, Sequence[tuple[Label, str]]]:
        """The labels, and their languages, that several concepts have, by key."""
        once: dict[str, tuple[Label, str]] = {}
        found: dict[str, list[tuple[Label, str]]] = {}
        for language, labels in self.by_language.items():
            for one in labels:
                entry, key = (one, language), label_key(one.value)
                known = once.setdefault(key, entry)
                if known[0].concept != one.concept:
                    found.setdefault(key, [known]).append(entry)
                elif known is not entry and key in found:
                    found[key].append(entry)
        return found

    def _shapes_in(self, language: str) -> frozenset[str]:
        if language not in self._shapes:
            labels = self.by_language.get(language, ())
            self._shapes[language] = frozenset(_shape(one.value, language) for one in labels)
        return self._shapes[language]


def _first(labels: Collection[Label]) -> Iterable[Label]:
    """Return the labels of the first vocabulary among those of all."""
    place = min((one.place for one in labels), default=0)
    return (one for one in labels if one.place == place)


def _joined(text: str, language: str) -> list[str]:
    """Return the words of a text that join others in a way that matters."""
    small = function_words(language) - _WEIGHTLESS
    return [word for word in WORD.findall(text.lower()) if word in small]


def _shape(text: str, language: str) -> str:
    """Return how the words of a text begin: a word begins as its lemma does, but for a few."""
    small = function_words(language)
    begun = (word[:_BEGINNING] for word in WORD.findall(fold(text)) if word not in small)
    return " ".join(_BEGUN_OTHERWISE.get(one, one) for one in begun)
