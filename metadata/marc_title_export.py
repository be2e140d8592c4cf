"""Titles as MARC 21 enters them: what :mod:`metadata.marc_export` puts into 240 to 246, and 880.

Specification: MARC 21 Format for Bibliographic Data, 245; Appendix A (codes of scripts in $6); ISBD, area 1.
"""

from collections.abc import Iterator

from metadata.marc_coded import clean
from metadata.marc_record import Field
from metadata.model import Text

_ARTICLES = {
    "en": ("the ", "an ", "a "),
    "fr": ("les ", "une ", "le ", "la ", "un ", "l'", "l’"),
    "es": ("unas ", "unos ", "una ", "las ", "los ", "el ", "la ", "un "),
}


def title_field(main: Text, entered: str = "0") -> Field:
    """Return 245 for a main title; ``entered`` is its first indicator, ``1`` where there is a main entry (1XX)."""
    value = clean(main.value) or "[Untitled]"
    return Field("245", f"{entered}{nonfiling(main)}", tuple(part for part in title_parts(value) if part[1]))


def title_parts(value: str) -> Iterator[tuple[str, str]]:
    """Part the other title information (ISBD: after a colon) from the title proper."""
    proper, colon, rest = value.partition(" : ")
    yield "a", f"{proper} :" if colon and rest.strip() else value
    yield "b", rest


def nonfiling(title: Text) -> int:
    """Return how many characters of an article sorting passes over."""
    start = title.value[:6].lower()
    return next((len(word) for word in _ARTICLES.get(title.language[:2], ()) if start.startswith(word)), 0)


def script(text: str) -> str:
    """Return the code of a title's script for 880 $6 (MARC 21, appendix A), ``""`` for Latin."""
    for character in text:
        for code, first, last in (
            ("(3", "\u0600", "\u06ff"),
            ("(N", "\u0400", "\u04ff"),
            ("(S", "\u0370", "\u03ff"),
            ("(2", "\u0590", "\u05ff"),
            ("$1", "\u2e80", "\uffdc"),
        ):
            if first <= character <= last:
                return code
    return ""
