"""Mojibake: UTF-8 that was read as Windows-1252 or Latin-1, once or several times, and how to undo it.

Only sequences that hardly any honest text has are taken for it: the first byte of a UTF-8
sequence as that encoding shows it, then as many continuation bytes as it wants, which
together give a character such texts use. All else in the text stays as it is.
"""

import re

_MOST_TIMES = 3
LOST = "\N{REPLACEMENT CHARACTER}"


def _as_shown(first: int, last: int) -> str:
    """Return how bytes look in either encoding, as the inside of a character class."""
    shown = {chr(byte) for byte in range(first, last + 1)}
    shown |= {bytes([byte]).decode("cp1252", "ignore") for byte in range(first, last + 1)}
    return re.escape("".join(sorted(shown)))


_BYTES = {bytes([byte]).decode("cp1252", "ignore"): byte for byte in range(0x80, 0x100)}
_REST = _as_shown(0x80, 0xBF)
_SEQUENCE = re.compile(
    f"[{_as_shown(0xC2, 0xDF)}][{_REST}]|[{_as_shown(0xE0, 0xEF)}][{_REST}]{{2}}"
    f"|[{_as_shown(0xF0, 0xF4)}][{_REST}]{{3}}"
)
# A sequence of whichever length begins so.
_BEGINNING = re.compile(f"[{_as_shown(0xC2, 0xF4)}][{_REST}]")
# What is believed of a single sequence: Latin letters and signs, punctuation, the signs for
# money and trade marks, the byte order mark and the sign for lost characters.
_USUAL = re.compile("[\u00a0-\u024f\u1e00-\u1eff\u2010-\u2044\u20a0-\u20bf\u2100-\u214f\ufeff\ufffd]")


def mended(text: str) -> str:
    """Return what ``text`` was before it was read in a wrong encoding; ``text`` itself where nothing looks like it."""
    for _ in range(_MOST_TIMES):
        if text.isascii() or (better := _SEQUENCE.sub(_decoded, text)) == text:
            return text
        text = better
    return text


def is_likely(text: str) -> bool:
    """Say whether :func:`mended` may find anything in ``text``; it is much quicker."""
    return _BEGINNING.search(text) is not None


def _decoded(found: re.Match[str]) -> str:
    data = bytes(_BYTES.get(character, ord(character) & 0xFF) for character in found[0])
    try:
        character = data.decode("utf-8")
    except UnicodeDecodeError:
        return found[0]
    return character if _USUAL.fullmatch(character) else found[0]
