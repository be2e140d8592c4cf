"""Text out of MARC fields: ISBD's punctuation belongs to the card, not to the title or the name."""

import re
from functools import lru_cache

from metadata.marc_record import Field

_TRAILING = " /:;,="
_ABBREVIATIONS = frozenset(
    """
    abbr arr assoc bros cie co corp dept dep dir ed eds edit env esp etc fig figs gen gov inc jr lic ltd ltda
    mlle mme mgr no nos nouv ph prof pref rev sec ser soc sr sra st ste sta supp suppl tr trad trans univ vol
    vols
    """.split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)
_SHORT = 80
_BEFORE_WORDS = re.compile(r"[(\[\-']")


def trim(text: str) -> str:
    """Return ``text`` with single spaces, without the separators and the full stop that ISBD puts at its end.

    A stop that ends an abbreviation or an initial stays, and so do an ellipsis and brackets.
    """
    return _short(text) if len(text) <= _SHORT else _trim(text)


def _trim(text: str) -> str:
    text = " ".join(text.split()).rstrip(_TRAILING)
    if not text.endswith(".") or text.endswith(".."):
        return text
    last = text[text.rfind(" ") + 1 : -1]
    if not last.isalpha():
        last = _BEFORE_WORDS.split(last)[-1]
    keeps = len(last) < 3 or "." in last or last.lower() in _ABBREVIATIONS
    return text if keeps else text[:-1].rstrip(_TRAILING)


# Names, headings, places and publishers come again and again.
_short = lru_cache(maxsize=16_384)(_trim)


def separated(text: str) -> str:
    """Return ``text`` with single spaces, without the separators at its end; its full stop stays."""
    return " ".join(text.split()).rstrip(_TRAILING)


def joined(field: Field, codes: str, separator: str = " ") -> str:
    """Return the subfields of ``codes`` in the order of the record, as one trimmed text."""
    parts = [value for code, value in field.subfields if code in codes]
    return trim(parts[0] if len(parts) == 1 else separator.join(parts))


def heading(field: Field, main: str, divisions: str = "vxyz") -> str:
    """Return a subject heading: its ``main`` subfields, then each subdivision after `` -- ``."""
    first: list[str] = []
    parts: list[str] = []
    for code, value in field.subfields:
        if code in main:
            first.append(value)
        elif code in divisions and (part := trim(value)):
            parts.append(part)
    named = trim(" ".join(first))
    return " -- ".join([named, *parts] if named else parts) if parts else named


def unbracketed(text: str) -> str:
    """Return ``text`` without the brackets of what a cataloguer supplied (``[Gland``, ``[Gland]``)."""
    if "[" not in text and "]" not in text:
        return text
    if text.count("[") != text.count("]"):
        return text.replace("[", "").replace("]", "").strip()
    return text[1:-1].strip() if text[0] == "[" and text.find("]") == len(text) - 1 else text
