"""Titles of a MARC 21 record, the main one first, each with its language and kind.

Specification: MARC 21 Bibliographic, fields 130, 210-247, 730, 740 and 880.
"""

from metadata import languages
from metadata.marc_record import Field
from metadata.marc_source import Source
from metadata.marc_text import trim
from metadata.model import Text, TitleKind

MAIN = "abnpfgks"
_UNIFORM = "adfgkmnoprs"
_VARIANT = "abfgnp"
OTHERS: dict[str, str] = {
    # tag: subfields of the title; in this order they follow the main one
    "242": "abnp",
    "246": _VARIANT,
    "247": _VARIANT,
    "130": _UNIFORM,
    "240": _UNIFORM,
    "730": _UNIFORM,
    "740": "anp",
    "222": "ab",
    "210": "ab",
}
_LONGEST_CODE = 100


def titles(source: Source) -> tuple[Text, ...]:
    """Return 245, then translations (242), variants, former and uniform titles, then those in other scripts (880).

    A title that repeats another is left out, whatever its kind.
    """
    fields = source.record.fields
    found = [(_title(field, MAIN), source.language) for field in fields.get("245", ())]
    made = [Text(value, language, "other" if at else "") for at, (value, language) in enumerate(found) if value]
    if OTHERS.keys().isdisjoint(fields) and "880" not in fields:
        return (made[0],) if len(made) == 1 else _distinct(made)
    for tag, codes in OTHERS.items():
        for field in fields.get(tag, ()):
            if title := _title(field, codes):
                made.append(Text(title, _language(field, source), _kind(tag)))
    for field in fields.get("880", ()):
        linked = field.first("6")[:3]
        if (linked == "245" or linked in OTHERS) and (title := _title(field, OTHERS.get(linked, MAIN))):
            made.append(Text(title, source.language if linked in ("245", "246") else "", _kind(linked)))
    return _distinct(made)


def _title(field: Field, codes: str) -> str:
    """Return a title as one trimmed text; of the medium ($h) only ISBD's sign before what follows stays."""
    parts = []
    for code, value in field.subfields:
        if code in codes:
            parts.append(value)
        elif code == "h" and value.rstrip()[-1:] in (":", "="):
            parts.append(value.rstrip()[-1])
    return trim(parts[0] if len(parts) == 1 else " ".join(parts))


def _distinct(found: list[Text]) -> tuple[Text, ...]:
    """Return the titles without those that say what one before says, in the same language or in one not told."""
    kept: dict[tuple[str, str], Text] = {}
    values: set[str] = set()
    for title in found:
        if (title.language or title.value not in values) and (title.value, title.language) not in kept:
            kept[title.value, title.language] = title
            values.add(title.value)
    return tuple(kept.values())


def _kind(tag: str) -> TitleKind:
    return "translated" if tag == "242" else "other"


def _language(field: Field, source: Source) -> str:
    if field.tag == "242":
        return languages.from_code(field.first("y").strip(" .")[:_LONGEST_CODE])
    return source.original if field.tag in ("130", "240") else ""
