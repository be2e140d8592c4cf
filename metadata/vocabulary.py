"""Vocabularies: concepts with labels in several languages (W3C SKOS Reference, 2009).

Labels are not keys: two concepts may share one, a concept may have none, or many parents.
What items store is the concept's URI. Notations are text: 5.1 and 5.10 are two.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files

import pyoxigraph as rdf

from metadata import languages
from metadata.errors import UsageError
from metadata.folding import fold
from metadata.model import Concept, Text

LARGEST = 64 * 1024 * 1024
_REMEMBERED = 16_384  # labels: the subjects of a catalogue come again and again
"""Vocabularies of more bytes than this are refused."""

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_TITLES = (
    "http://purl.org/dc/terms/title",
    "http://purl.org/dc/elements/1.1/title",
    _SKOS + "prefLabel",
    "http://www.w3.org/2000/01/rdf-schema#label",
)
# Only formats that name no other document to be fetched.
_FORMATS = {
    "text/turtle": rdf.RdfFormat.TURTLE,
    "application/n-triples": rdf.RdfFormat.N_TRIPLES,
    "application/rdf+xml": rdf.RdfFormat.RDF_XML,
}
_PUNCTUATION = str.maketrans({"’": "'", "ʼ": "'", "‐": "-", "‑": "-", "–": "-"})

_Facts = dict[str, list[rdf.NamedNode | rdf.Literal]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A concept scheme. ``concepts`` are by URI; ``top`` are the URIs of those without a parent."""

    concepts: Mapping[str, Concept]
    titles: tuple[Text, ...] = ()
    top: tuple[str, ...] = ()
    _labelled: Mapping[str, frozenset[tuple[str, str]]] = field(init=False, repr=False, compare=False)
    _narrower: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_labelled", _by_label(self.concepts.values()))
        object.__setattr__(self, "_narrower", _by_parent(self.concepts))

    def title(self, language: str) -> str:
        """Return the scheme's title in ``language``, else in English, else any, else ``""``."""
        return Concept("", self.titles).label(language).value

    def find(self, label: str, language: str = "") -> str:
        """Return the URI of the one concept with this label, ``""`` where there is none or more than one.

        Preferred and alternative labels count alike; case, accents, spaces and the shape of
        apostrophes and hyphens do not matter, nor does a plural's ending where the exact
        label is nobody's. ``language`` (BCP 47) leaves only labels in that language, and
        those without one. The URI of a concept finds that concept.
        """
        if label in self.concepts:
            return label
        key = _key(label)
        named = self._named(key, language) or self._named(_bare(key), language)
        return named.pop() if len(named) == 1 else ""

    def narrower(self, uri: str) -> tuple[str, ...]:
        """Return the URIs of the concepts directly below ``uri``, in order of notation."""
        return self._narrower.get(uri, ())

    def broader_closure(self, uri: str) -> tuple[str, ...]:
        """Return the URIs of all concepts above ``uri``, nearest first, each once, ``uri`` not among them.

        A circle in the hierarchy is walked once. Parents that the vocabulary does not hold are left out.
        """
        found: dict[str, None] = {uri: None}
        waiting = [uri]
        for current in waiting:
            concept = self.concepts.get(current)
            parents = [p for p in (concept.broader if concept else ()) if p in self.concepts and p not in found]
            found.update(dict.fromkeys(parents))
            waiting.extend(dict.fromkeys(parents))
        return tuple(waiting[1:])

    def _named(self, key: str, language: str) -> set[str]:
        primary = language.partition("-")[0]
        labelled = self._labelled.get(key, frozenset())
        return {uri for uri, tag in labelled if not primary or tag in ("", primary)}


def read_skos(data: bytes, media_type: str = "text/turtle") -> Vocabulary:
    """Return the vocabulary written in ``data`` (Turtle, N-Triples or RDF/XML, UTF-8).

    ``media_type`` is ``text/turtle``, ``application/n-triples`` or ``application/rdf+xml``.
    Raises UsageError when the data is too large, is of another type, declares a DOCTYPE, is
    not well formed, or holds no concept. Nothing it refers to is fetched.
    """
    subjects = _subjects(data, media_type)
    parents = _parents(subjects)
    found = (uri for uri, facts in subjects.items() if _is_a(facts, "Concept"))
    concepts = {uri: _concept(uri, subjects[uri], parents.get(uri, ())) for uri in found}
    if not concepts:
        raise UsageError("The vocabulary holds no SKOS concept", "Give a SKOS file in Turtle, N-Triples or RDF/XML.")
    schemes = [facts for facts in subjects.values() if _is_a(facts, "ConceptScheme")]
    titles = (text for facts in schemes for text in _titles(facts))
    return Vocabulary(concepts, tuple(titles), _top(concepts, subjects))


@cache
def shipped() -> Vocabulary:
    """Return the vocabulary that comes with Canoe: conservation, in English, French and Spanish."""
    return read_skos(files("metadata").joinpath("conservation.ttl").read_bytes())


def _subjects(data: bytes, media_type: str) -> dict[str, _Facts]:
    """Read the statements about named subjects, by subject and predicate."""
    form = _FORMATS.get(media_type)
    if form is None:
        raise UsageError(f"{media_type} is not read as a vocabulary", f"It can be {', '.join(_FORMATS)}.")
    if len(data) > LARGEST:
        raise UsageError(f"The vocabulary has {len(data)} bytes, the limit is {LARGEST}")
    if form == rdf.RdfFormat.RDF_XML and b"<!DOCTYPE" in data:
        raise UsageError("The vocabulary declares a DOCTYPE, which is not read", "Save it without one.")
    subjects: dict[str, _Facts] = defaultdict(lambda: defaultdict(list))
    try:
        for statement in rdf.parse(data, format=form):
            subject, value = statement.subject, statement.object
            if isinstance(subject, rdf.NamedNode) and isinstance(value, rdf.NamedNode | rdf.Literal):
                subjects[subject.value][statement.predicate.value].append(value)
    except (SyntaxError, ValueError) as fault:
        raise UsageError(f"The vocabulary cannot be read: {fault}") from fault
    return dict(subjects)


def _concept(uri: str, facts: _Facts, parents: Iterable[str]) -> Concept:
    notations = sorted(value.value for value in facts.get(_SKOS + "notation", ()))
    schemes = (*_links(facts, "inScheme"), *_links(facts, "topConceptOf"))
    return Concept(
        uri=uri,
        labels=_literals(facts, _SKOS + "prefLabel"),
        alternatives=_literals(facts, _SKOS + "altLabel"),
        broader=tuple(parent for parent in dict.fromkeys(parents) if parent != uri),
        notation=next(iter(notations), ""),
        scheme=next(iter(schemes), ""),
    )


def _parents(subjects: Mapping[str, _Facts]) -> dict[str, list[str]]:
    """Return the parents of each subject, whichever side states the tie (SKOS section 8)."""
    parents: dict[str, list[str]] = defaultdict(list)
    for uri, facts in subjects.items():
        parents[uri] += _links(facts, "broader")
        for child in _links(facts, "narrower"):
            parents[child].append(uri)
    return parents


def _top(concepts: Mapping[str, Concept], subjects: Mapping[str, _Facts]) -> tuple[str, ...]:
    """Return the stated top concepts, or, where none is stated, those without a parent here."""
    stated = {uri for facts in subjects.values() for uri in _links(facts, "hasTopConcept")}
    stated |= {uri for uri, facts in subjects.items() if _links(facts, "topConceptOf")}
    parentless = (c.uri for c in concepts.values() if not any(parent in concepts for parent in c.broader))
    return _ordered((stated & concepts.keys()) or parentless, concepts)


def _by_label(concepts: Iterable[Concept]) -> dict[str, frozenset[tuple[str, str]]]:
    """Index concepts by folded label, exact and without its plural: URI and primary language."""
    index: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for concept in concepts:
        for label in (*concept.labels, *concept.alternatives):
            entry = (concept.uri, label.language.partition("-")[0])
            key = _key(label.value)
            index[key].add(entry)
            index[_bare(key)].add(entry)
    return {key: frozenset(entries) for key, entries in index.items()}


def _by_parent(concepts: Mapping[str, Concept]) -> dict[str, tuple[str, ...]]:
    children: dict[str, list[str]] = defaultdict(list)
    for concept in concepts.values():
        for parent in concept.broader:
            children[parent].append(concept.uri)
    return {parent: _ordered(found, concepts) for parent, found in children.items()}


def _ordered(uris: Iterable[str], concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    """Sort by notation, its numbers as numbers (1.2 before 1.10), then by URI."""

    def place(uri: str) -> tuple[list[tuple[int, str]], str]:
        steps = concepts[uri].notation.split(".")
        return [(int(step) if step.isdecimal() and len(step) < 10 else 0, step) for step in steps], uri

    return tuple(sorted(uris, key=place))


@lru_cache(maxsize=_REMEMBERED)
def _key(label: str) -> str:
    return fold(label.translate(_PUNCTUATION))


@lru_cache(maxsize=_REMEMBERED)
def _bare(key: str) -> str:
    """Take the plural's ending off each word; a leading NUL keeps the form apart from whole labels."""
    return "\0" + " ".join(_singular(word) for word in key.split())


def _singular(word: str) -> str:
    if len(word) < 4:
        return word
    bare = word.removesuffix("s").removesuffix("e") if word[-1] in "se" else word.removesuffix("x")
    return bare[:-1] + "i" if bare.endswith("y") else bare


def _is_a(facts: _Facts, kind: str) -> bool:
    return any(value.value == _SKOS + kind for value in facts.get(_TYPE, ()))


def _links(facts: _Facts, name: str) -> list[str]:
    return [value.value for value in facts.get(_SKOS + name, ()) if isinstance(value, rdf.NamedNode)]


def _literals(facts: _Facts, predicate: str) -> tuple[Text, ...]:
    """Return the literals in order of language, each once."""
    literals = [value for value in facts.get(predicate, ()) if isinstance(value, rdf.Literal)]
    texts = dict.fromkeys(Text(value.value.strip(), _tag(value.language or "")) for value in literals)
    return tuple(sorted((text for text in texts if text.value), key=lambda text: (text.language, text.value)))


def _titles(facts: _Facts) -> tuple[Text, ...]:
    found = (_literals(facts, predicate) for predicate in _TITLES)
    return next((texts for texts in found if texts), ())


def _tag(written: str) -> str:
    return languages.from_code(written) or written.lower()
