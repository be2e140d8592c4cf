"""Other works that a MARC 21 record names: links to their records, and what else it says of them.

Specification: MARC 21 Bibliographic, fields 760-787 and works in 1XX and 7XX ($t). The model holds
four relations: isTranslationOf, isPartOf, replaces and isVersionOf. A tie of another kind (a translation that
exists, 767; what continues this one, 785; another format, 776), or one without the other's control
number, becomes a note, in the words that MARC displays before it.
"""

import re
from collections.abc import Iterator

from metadata import languages
from metadata.description import Link
from metadata.marc_record import Field
from metadata.marc_source import Source
from metadata.marc_text import trim
from metadata.model import RelationKind, Text

_KINDS: dict[str, RelationKind] = {
    "760": "isPartOf",
    "765": "isTranslationOf",
    "773": "isPartOf",
    "775": "isTranslationOf",
    "780": "replaces",
}
_CONTINUES = frozenset(" 0245")  # 780, second indicator: in whole; the others are parts of it, or came out of it
_TRANSLATION = re.compile("transl|tradu", re.IGNORECASE)
_LABELS = {
    "760": ("Main series", "Collection principale", "Serie principal"),
    "762": ("Has subseries", "A pour sous-collection", "Tiene subserie"),
    "765": ("Translation of", "Traduction de", "Traducción de"),
    "767": ("Translated as", "Traduit sous le titre", "Traducido como"),
    "770": ("Has supplement", "A pour supplément", "Tiene suplemento"),
    "772": ("Supplement to", "Supplément à", "Suplemento de"),
    "773": ("In", "Dans", "En"),
    "774": ("Constituent unit", "Unité constitutive", "Unidad constitutiva"),
    "775": ("Other edition available", "Autre édition disponible", "Otra edición disponible"),
    "776": ("Available in another form", "Disponible sous une autre forme", "Disponible en otro formato"),
    "777": ("Issued with", "Publié avec", "Publicado con"),
    "780": ("Continues", "Suite de", "Continuación de"),
    "785": ("Continued by", "Devient", "Continuado por"),
    "786": ("Data source", "Source des données", "Fuente de los datos"),
    "787": ("Related item", "Document apparenté", "Documento relacionado"),
}
_PRECEDING = {
    "1": ("Continues in part", "Suite partielle de", "Continuación en parte de"),
    "2": ("Supersedes", "Remplace", "Sustituye a"),
    "3": ("Supersedes in part", "Remplace en partie", "Sustituye en parte a"),
    "4": ("Formed by the union of", "Fusion de", "Fusión de"),
    "5": ("Absorbed", "Absorbe", "Absorbió a"),
    "6": ("Absorbed in part", "Absorbe en partie", "Absorbió en parte a"),
    "7": ("Separated from", "Détaché de", "Separado de"),
}
_SUCCEEDING = {
    "1": ("Continued in part by", "Devient en partie", "Continuado en parte por"),
    "2": ("Superseded by", "Remplacé par", "Sustituido por"),
    "3": ("Superseded in part by", "Remplacé en partie par", "Sustituido en parte por"),
    "4": ("Absorbed by", "Absorbé par", "Absorbido por"),
    "5": ("Absorbed in part by", "Absorbé en partie par", "Absorbido en parte por"),
    "6": ("Split into", "Scindé en", "Dividido en"),
    "7": ("Merged with", "Fusionné avec", "Fusionado con"),
    "8": ("Changed back to", "Redevient", "Vuelve a"),
}
_BY_INDICATOR = {"780": _PRECEDING, "785": _SUCCEEDING}
_WORKS = ("100", "110", "700", "710", "711")
LINKING = frozenset((*_LABELS, *_WORKS))
_TOLD = "abcdghkmnopqst"
_NUMBERS = {"x": "ISSN ", "z": "ISBN ", "r": "", "u": ""}


VERSION_LABEL = "Version of:"
"""$i of the 775 that says of which publication this one is another edition; so Canoe writes it."""


def links(source: Source) -> Iterator[Link]:
    """Yield the ties to records by their control numbers ($w), for the relations that the model holds."""
    fields = source.record.fields
    if LINKING.isdisjoint(fields):
        return
    for tag, kind in _KINDS.items():
        for field in fields.get(tag, ()):
            if _holds(field, source):
                for value in field.all("w"):
                    if value := value.strip():
                        kind = "isVersionOf" if _is_version(field) else kind
                        yield Link(kind, "control-number", value, f"{tag}$w")


def notes(source: Source) -> Iterator[Text]:
    """Yield a note for each other work that no link leads to: how it is tied, title, edition, numbers."""
    fields = source.record.fields
    for tag, words in () if _LABELS.keys().isdisjoint(fields) else _LABELS.items():
        for field in fields.get(tag, ()):
            linked = tag in _KINDS and _holds(field, source) and field.first("w").strip()
            if linked or (tag == "773" and field.first("ts")):
                continue
            if told := _told(field):
                said = _BY_INDICATOR.get(tag, {}).get(field.indicators[1:], words)
                yield Text(f"{_label(field, said, source)}: {told}", source.cataloguing)
    for field in source.record.each(*_WORKS):
        if field.first("t"):
            label = trim(field.first("i")).rstrip(":")
            work = " ".join([trim(value) + "." for code, value in field.subfields if code in "abcdfgklmnopqrst"])
            work = work.replace("..", ".").removesuffix(".")
            yield Text(f"{label}: {work}" if label else work, source.cataloguing)


def _label(field: Field, words: tuple[str, str, str], source: Source) -> str:
    """Return what stands before a linking entry: the cataloguer's words ($i), else MARC's for display."""
    if written := trim(field.first("i")).rstrip(": "):
        return written
    return words[{"fr": 1, "es": 2}.get(source.cataloguing[:2], 0)]


def _told(field: Field) -> str:
    parts = [trim(value) for code, value in field.subfields if code in _TOLD]
    numbers = [_NUMBERS[code] + value.strip() for code, value in field.subfields if code in _NUMBERS]
    return ", ".join(filter(None, (". ".join(filter(None, parts)).replace("..", "."), *numbers)))


def _holds(field: Field, source: Source) -> bool:
    """Say whether the relation of a linking entry is exactly the one that the model holds."""
    if field.tag == "775":
        return _is_version(field) or _is_original(field, source)
    return field.tag != "780" or field.indicators[1:] in _CONTINUES


def _is_version(field: Field) -> bool:
    return field.tag == "775" and trim(field.first("i")) == trim(VERSION_LABEL)


def _is_original(field: Field, source: Source) -> bool:
    """Say whether a 775 (other edition) names the original of this record's translation."""
    if _TRANSLATION.search(field.first("i")):
        return True
    other = languages.from_code(field.first("e").strip()[:100])
    return source.translated and bool(other) and other not in source.languages
