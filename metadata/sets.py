"""OAI-PMH sets: which ones an item is in, and what they are called (OAI-PMH 2.0, section 2.6)."""

from collections.abc import Iterator

from metadata import languages
from metadata.collection import Collections, title_of
from metadata.disseminations import OPENAIRE, formats_of
from metadata.model import Concept, Item
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary

OPENAIRE_SET = "openaire"
"""What OpenAIRE harvests (its guidelines 4.0, "Use of OAI-PMH"): the items that have an ``oai_openaire`` record."""

# The characters of setSpecType in OAI-PMH.xsd, less the tilde, which starts an encoded byte here.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!*'()")

_FAMILIES = {
    "collection": {"en": "Collection", "fr": "Collection", "es": "Colección"},
    "type": {"en": "Type", "fr": "Type", "es": "Tipo"},
    "language": {"en": "Language", "fr": "Langue", "es": "Idioma"},
    "subject": {"en": "Subject", "fr": "Sujet", "es": "Materia"},
}
_WHOLE = {
    "collection": {"en": "By collection", "fr": "Par collection", "es": "Por colección"},
    "type": {"en": "By type", "fr": "Par type", "es": "Por tipo"},
    "language": {"en": "By language", "fr": "Par langue", "es": "Por idioma"},
    "subject": {"en": "By subject", "fr": "Par sujet", "es": "Por materia"},
}
_NO_VOCABULARY = Vocabulary({})
_NO_COLLECTIONS: Collections = {}


def sets_of(item: Item, vocabulary: Vocabulary = _NO_VOCABULARY, formats: int | None = None) -> tuple[str, ...]:
    """Return the setSpecs of ``item``, sorted: each set it is in and that set's parent.

    Of its concepts count those at the top of ``vocabulary`` that they are, or are below. ``formats``
    is what formats_of says of the item, where that is known.
    """
    known = formats_of(item) if formats is None else formats
    members = {
        "collection": item.collections,
        "type": (item.type,),
        "language": item.languages,
        "subject": tuple(_subjects(item, vocabulary)),
    }
    specs: set[str] = {OPENAIRE_SET} if known & OPENAIRE else set()
    for family, values in members.items():
        named = {f"{family}:{_encode(value)}" for value in values if value}
        specs |= named | ({family} if named else set())
    return tuple(sorted(specs))


def collection_set(name: str) -> str:
    """Return the setSpec of a collection."""
    return f"collection:{_encode(name)}"


def set_name(
    spec: str,
    language: str = "en",
    vocabulary: Vocabulary = _NO_VOCABULARY,
    collections: Collections = _NO_COLLECTIONS,
) -> str:
    """Return what people call the set ``spec``, in ``en``, ``fr`` or ``es`` (else English).

    A collection is called by its title in ``collections``, else by its id, a subject by its concept's
    label in ``vocabulary``. A spec of no known family is its own name.
    """
    if spec == OPENAIRE_SET:
        return "OpenAIRE"
    family, colon, member = spec.partition(":")
    tongue = language if language in _FAMILIES["type"] else "en"
    if family not in _FAMILIES:
        return spec
    if not colon:
        return _WHOLE[family][tongue]
    between = " : " if tongue == "fr" else ": "
    own = _decode(member)
    called = title_of(collections, own, tongue).value if family == "collection" else ""
    return _FAMILIES[family][tongue] + between + (called or _member_name(family, own, tongue, vocabulary))


def _subjects(item: Item, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what names the concepts at the top of the vocabulary that the item is about, in part or whole."""
    for uri in item.concepts:
        for above in (uri, *vocabulary.broader_closure(uri)):
            if vocabulary.is_top(above):
                yield _subject_name(vocabulary.concepts[above])


def _subject_name(concept: Concept) -> str:
    return concept.notation or concept.uri


def _member_name(family: str, value: str, language: str, vocabulary: Vocabulary) -> str:
    if family == "type" and value in TYPES:
        return TYPES[value].label(language)
    if family == "subject" and vocabulary.is_top(value):  # a concept without a notation
        return vocabulary.concepts[value].label(language).value
    if family == "subject":
        top = (vocabulary.concepts[uri] for uri in vocabulary.top)
        return next((one.label(language).value for one in top if _subject_name(one) == value), value)
    return languages.name(value, language) if family == "language" else value


def _encode(value: str) -> str:
    """Write ``value`` in the characters a setSpec may have; any other becomes ``~`` and two digits a byte."""
    if all(character in _PLAIN for character in value):
        return value
    return "".join(c if c in _PLAIN else "".join(f"~{b:02x}" for b in c.encode()) for c in value)


def _decode(encoded: str) -> str:
    head, *parts = encoded.split("~")
    try:
        raw = head.encode() + b"".join(bytes([int(p[:2], 16)]) + p[2:].encode() for p in parts)
        return raw.decode()
    except ValueError:
        return encoded
