"""OAI-PMH sets: which ones an item is in, and what they are called (OAI-PMH 2.0, section 2.6)."""

from metadata import languages
from metadata.model import Item
from metadata.types import TYPES

# The characters of setSpecType in OAI-PMH.xsd, less the tilde, which starts an encoded byte here.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!*'()")

_FAMILIES = {
    "collection": {"en": "Collection", "fr": "Collection", "es": "Colección"},
    "type": {"en": "Type", "fr": "Type", "es": "Tipo"},
    "language": {"en": "Language", "fr": "Langue", "es": "Idioma"},
}
_WHOLE = {
    "collection": {"en": "By collection", "fr": "Par collection", "es": "Por colección"},
    "type": {"en": "By type", "fr": "Par type", "es": "Por tipo"},
    "language": {"en": "By language", "fr": "Par langue", "es": "Por idioma"},
}


def sets_of(item: Item) -> tuple[str, ...]:
    """Return the setSpecs of ``item``, sorted: each set it is in and that set's parent."""
    members = {
        "collection": item.collections,
        "type": (item.type,),
        "language": item.languages,
    }
    specs: set[str] = set()
    for family, values in members.items():
        named = {f"{family}:{_encode(value)}" for value in values if value}
        specs |= named | ({family} if named else set())
    return tuple(sorted(specs))


def set_name(spec: str, language: str = "en") -> str:
    """Return what people call the set ``spec``, in ``en``, ``fr`` or ``es`` (else English).

    A collection is called by its id. A spec of no known family is its own name.
    """
    family, colon, member = spec.partition(":")
    tongue = language if language in _FAMILIES["type"] else "en"
    if family not in _FAMILIES:
        return spec
    if not colon:
        return _WHOLE[family][tongue]
    between = " : " if tongue == "fr" else ": "
    return _FAMILIES[family][tongue] + between + _member_name(family, _decode(member), tongue)


def _member_name(family: str, value: str, language: str) -> str:
    if family == "type" and value in TYPES:
        return TYPES[value].label(language)
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
