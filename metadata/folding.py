"""Folding: the form in which two labels count as the same."""

import unicodedata


def fold(text: str) -> str:
    """Return ``text`` without accents, case and surplus white space.

    NFKD with the combining marks (general category Mn) taken away, then full case folding
    (Unicode 3.13, default caseless matching): ``" Forêts  CLAIRES"`` gives ``"forets claires"``.
    """
    if text.isascii():  # most are, and have nothing to take away
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
    return " ".join(bare.casefold().split())
