"""Folding: the form in which two labels count as the same."""

import unicodedata


def fold(text: str) -> str:
    """Return ``text`` without accents, case and surplus white space.

    NFKD with the combining marks (general category Mn) taken away, then full case folding
    (Unicode 3.13, default caseless matching): ``" Forêts  CLAIRES"`` gives ``"forets claires"``.
    """
    if text.isascii():  # most are, and have nothing to take away
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text).translate(_MARKS)
    return " ".join(bare.casefold().split())


class _Unmarked(dict[int, int | None]):
    """What each character becomes: itself, or nothing where it is a combining mark; known once it was asked for."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code)) == "Mn" else code
        self[code] = kept
        return kept


_MARKS = _Unmarked()
