"""Text out of MARC fields: ISBD's punctuation belongs to the card, not to the title or the name."""

import re

from metadata.marc_record import Field

_TRAILING = " /:;,="
_ABBREVIATIONS = frozenset(
    """
    abbr arr assoc bros cie co corp dept dep dir ed eds edit env esp etc fig figs gen gov inc jr lic ltd ltda
    mlle mme mgr no nos nouv ph prof pref rev sec ser soc sr sra st ste sta supp suppl tr trad trans univ vol
    vols
    """.split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)


def trim(text: str) -> str:
    """Return ``text`` with single spaces, without the separators and the full stop that ISBD puts at its end.

    A stop that ends an abbreviation or an initial stays, and so do an ellipsis and brackets.
    """
    text = " ".join(text.split()).rstrip(_TRAILING)
    if not text.endswith(".") or text.endswith(".."):
        return text
    last = re.split(r"[\s(\[\-']", text[:-1])[-1]
    keeps = len(last) < 3 or "." in last or last.lower() in _ABBREVIATIONS
    return text if keeps else text[:-1].rstrip(_TRAILING)


def joined(field: Field, codes: str, separator: str = " ") -> str:
    """Return the subfields of ``codes`` in the order of the record, as one trimmed text."""
    return trim(separator.join([value for code, value in field.subfields if code in codes]))


def heading(field: Field, main: str, divisions: str = "vxyz") -> str:
    """Return a subject heading: its ``main`` subfields, then each subdivision after `` -- ``."""
    parts = [joined(field, main), *(trim(value) for value in field.all(divisions))]
    return " -- ".join([part for part in parts if part])
