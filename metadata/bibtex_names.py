"""Names and lists in BibTeX: what ``and`` joins, and a name's parts (first, von, last, Jr)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from metadata.latex import to_unicode
from metadata.model import Kind

_SUFFIX = re.compile(r"(?:jr|sr|jnr|snr)\.?|I{2,3}|IV", re.IGNORECASE)
_WORD = re.compile(r"[{}]|[\s~]+|,|[^{}\s~,]+")
_EXTENDED = re.compile(r"\s*(family|given|prefix|suffix|given-i|family-i|prefix-i|useprefix)\s*=\s*(.*)", re.DOTALL)


class Name(NamedTuple):
    """A name as a catalogue writes it (``Family, Given``), and whose it is."""

    name: str
    kind: Kind


def names(value: str) -> Iterator[Name]:
    """Yield the names that a field holds in LaTeX; ``others`` is nobody. One wholly in braces is an organisation's."""
    for part in split(value, "and"):
        if part.lower() == "others":
            continue
        if wholly_braced(part):
            yield Name(to_unicode(part).text, "organisation")
        elif made := _person(part):
            yield Name(made, "person")


def split(value: str, joint: str) -> list[str]:
    """Part ``value`` at a word (``and``, whatever its case) or a character outside braces."""
    parts: list[str] = []
    depth = start = 0
    pattern = r"(?i:(?<=\s)and(?=\s))" if joint == "and" else re.escape(joint)
    for found in re.finditer(rf"[{{}}]|{pattern}", value):
        if found[0] in "{}":
            depth = max(0, depth + (1 if found[0] == "{" else -1))
        elif depth == 0:
            parts.append(value[start : found.start()])
            start = found.end()
    parts.append(value[start:])
    return [part.strip() for part in parts if part.strip()]


def listed(value: str, joint: str) -> list[str]:
    """Part a value only where each of its parts is in braces: ``{A} and {B}`` is two, ``Taylor and Francis`` one."""
    parts = split(value, joint)
    return parts if len(parts) > 1 and all(map(wholly_braced, parts)) else [value]


def wholly_braced(text: str) -> bool:
    """Say whether one pair of braces encloses all of ``text``, and no command (``{\\"O}``) is meant by it."""
    if not (text.startswith("{") and text.endswith("}")) or re.match(r"\{\\[^A-Za-z&%$#_]|\{\\[a-zA-Z]\W", text):
        return False
    depth = 0
    for at, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0 and at < len(text) - 1:
            return False
    return depth == 0


def _person(text: str) -> str:
    commas = split(text, ",")
    if len(commas) > 1 and all(_EXTENDED.fullmatch(part) for part in commas):
        return _extended(commas)
    if "," in text and (len(commas) > 1 or text.rstrip().endswith(",")):
        family, *rest = (to_unicode(part).text for part in commas)
        inner = rest[1:] + rest[:1] if len(rest) > 1 else rest  # von Last, Jr, First
        return ", ".join(part for part in (family, *inner) if part)
    return _direct(_words(text))


def _extended(parts: list[str]) -> str:
    """Read BibLaTeX's extended form (``family=Hasselt, given=Jan, prefix=van``)."""
    found = {match[1]: to_unicode(match[2].strip('" ')).text for part in parts if (match := _EXTENDED.fullmatch(part))}
    family = " ".join(filter(None, (found.get("prefix", ""), found.get("family", ""))))
    return ", ".join(filter(None, (family, found.get("given", ""), found.get("suffix", ""))))


def _words(text: str) -> list[str]:
    """Part a name at white space and ties outside braces."""
    words, current, depth = [], "", 0
    for piece in _WORD.findall(text):
        if piece in ("{", "}"):
            depth = max(0, depth + (1 if piece == "{" else -1))
        if depth == 0 and (piece[0].isspace() or piece[0] == "~"):
            words.append(current)
            current = ""
        else:
            current += piece
    return [word for word in (*words, current) if word]


def _direct(words: list[str]) -> str:
    """Put ``First von Last`` round: the last name begins at the first word in lower case, else is the last word."""
    plain = [to_unicode(word).text for word in words]
    suffix = plain.pop() if len(plain) > 1 and _SUFFIX.fullmatch(plain[-1]) else ""
    small = (at for at, word in enumerate(plain[:-1]) if word[:1].islower() and not words[at].startswith("{{"))
    start = next(small, len(plain) - 1)
    family, given = " ".join(plain[start:]), " ".join(plain[:start])
    return ", ".join(part for part in (family, given, suffix) if part)
