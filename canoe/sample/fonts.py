"""Advance widths of the four standard fonts the sample is set in.

PDF readers carry these fonts (ISO 32000-1, 9.6.2.2), so nothing is embedded, and a line can
be measured without a font file. Widths are in thousandths of the type size.
"""

import unicodedata
from typing import Literal

Font = Literal["Times-Roman", "Times-Italic", "Times-Bold", "Helvetica"]

# The printing characters of ASCII, from the space to the tilde.
_ASCII: dict[Font, str] = {
    "Times-Roman": """250 333 408 500 500 833 778 180 333 333 500 564 250 333 250 278 500 500 500 500 500
        500 500 500 500 500 278 278 564 564 564 444 921 722 667 667 722 611 556 722 722 333 389 722 611
        889 722 722 556 722 667 556 611 722 722 944 722 722 611 333 278 333 469 500 333 444 500 444 500
        444 333 500 500 278 278 500 278 778 500 500 500 500 333 389 278 500 500 722 500 500 444 480 200
        480 541""",
    "Times-Italic": """250 333 420 500 500 833 778 214 333 333 500 675 250 333 250 278 500 500 500 500 500
        500 500 500 500 500 333 333 675 675 675 500 920 611 611 667 722 611 611 722 722 333 444 667 556
        833 667 722 611 722 611 500 556 722 611 833 611 556 556 389 278 389 422 500 333 500 500 444 500
        444 278 500 500 278 278 444 278 722 500 500 500 500 389 389 278 500 444 667 444 444 389 400 275
        400 541""",
    "Times-Bold": """250 333 555 500 500 1000 833 278 333 333 500 570 250 333 250 278 500 500 500 500 500
        500 500 500 500 500 333 333 570 570 570 500 930 722 667 722 722 667 611 778 778 389 500 778 667
        944 722 778 611 778 722 556 667 722 722 1000 722 722 667 333 278 333 581 500 333 500 556 444 556
        444 333 500 556 278 333 556 278 833 556 500 556 556 444 389 333 556 500 722 500 500 444 394 220
        394 520""",
    "Helvetica": """278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556
        556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556
        833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556
        556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260
        334 584""",
}
_OTHERS = "«»–’“”œ·¿©íîï"
_OTHER_WIDTHS: dict[Font, str] = {
    "Times-Roman": "500 500 500 333 444 444 722 250 444 760 278 278 278",
    "Times-Italic": "500 500 500 333 556 556 667 250 500 760 278 278 278",
    "Times-Bold": "500 500 500 333 500 500 722 250 500 747 278 278 278",
    "Helvetica": "612 612 556 222 333 333 944 278 611 737 278 278 278",
}


def _table(font: Font) -> dict[str, int]:
    table = {chr(32 + i): int(width) for i, width in enumerate(_ASCII[font].split())}
    return table | {c: int(width) for c, width in zip(_OTHERS, _OTHER_WIDTHS[font].split(), strict=True)}


_WIDTHS: dict[Font, dict[str, int]] = {font: _table(font) for font in _ASCII}


def width(text: str, font: Font, size: float) -> float:
    """Return how far ``text`` advances, in points at ``size`` points.

    An accented letter is as wide as its base letter. Raises UnicodeEncodeError for a
    character outside Windows-1252, KeyError for one that the tables here do not have.
    """
    table = _WIDTHS[font]
    return sum(table[c] if c in table else table[_base(c)] for c in text) * size / 1000


def _base(character: str) -> str:
    character.encode("cp1252")
    return unicodedata.normalize("NFKD", character)[0]
