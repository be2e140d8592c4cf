"""Names of agents as they are compared: the key under which the same name meets itself, and the words of a name.

A key is strict: it forgets case, accents, punctuation and whether a person's name was inverted (``Darwin,
Charles``), and nothing else. What is only alike is for :mod:`metadata.agents_likeness` to propose.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from metadata.model import Kind

_LONGEST = 300
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "junior", "senior", "fils", "phd", "md", "esq"))
_TITLES = frozenset(("dr", "prof", "professor", "sir", "dame", "mr", "mrs", "ms", "mme", "mlle", "dra", "sra", "rev"))
_YEARS = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})?\s?[-–]\s?(1[0-9]{3}|20[0-9]{2})?\b")
_GLUED = re.compile("[A-Z]{1,3}")
_LETTERS = """
а:a б:b в:v г:g д:d е:e ж:zh з:z и:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch ъ: ы:y ь:
э:e ю:yu я:ya і:i є:ye ґ:g ў:u њ:nj љ:lj ђ:dj ћ:c џ:dz ј:j
α:a β:v γ:g δ:d ε:e ζ:z η:i θ:th ι:i κ:k λ:l μ:m ν:n ξ:x ο:o π:p ρ:r σ:s ς:s τ:t υ:y φ:f χ:ch ψ:ps ω:o
ß:ss ø:o đ:d ł:l æ:ae œ:oe þ:th ð:d ı:i
"""
_ROMAN = dict(pair.split(":") for pair in _LETTERS.split())
_LATIN = str.maketrans(_ROMAN)


@lru_cache(maxsize=65_536)
def name_key(name: str, kind: Kind) -> str:
    """Return the key of a name: its words, folded, a person's in direct order; ``""`` where it has no word."""
    parts = [part for part in name.split(",") if part.strip()] if kind == "person" and "," in name else [name]
    if len(parts) > 1 and not set(_words(parts[1])) <= _SUFFIXES:
        parts[:2] = [parts[1], parts[0]]
    key = " ".join(word for part in parts for word in _words(part))
    if len(key) > _LONGEST:  # nothing is cut: two long names are one only where they are the same
        key = f"{key[:_LONGEST]} {hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return key


def sort_key(name: str) -> str:
    """Return what a name is listed by: its words as they stand, folded and in Latin letters where these are known."""
    return romanised(" ".join(_words(name)))[:80]


def letter_of(name: str) -> str:
    """Return under which letter a name is listed: A to Z, ``#`` for all others."""
    first = sort_key(name)[:1].upper()
    return first if "A" <= first <= "Z" else "#"


def romanised(folded: str) -> str:
    """Return a folded text with Cyrillic and Greek letters in Latin ones, and letters that folding leaves."""
    return folded if folded.isascii() else folded.translate(_LATIN)


@dataclass(frozen=True, slots=True)
class PersonName:
    """The words of a person's name, folded and in Latin letters. ``inverted`` says that the comma told them apart."""

    family: tuple[str, ...]
    given: tuple[str, ...]
    inverted: bool

    @property
    def words(self) -> tuple[str, ...]:
        """All of them, sorted."""
        return tuple(sorted((*self.family, *self.given)))


def person_name(name: str) -> PersonName:
    """Return the words of a person's name; without a comma the last is taken for the family's."""
    bare = _YEARS.sub(" ", name[:_LONGEST])
    first, comma, rest = bare.partition(",")
    family, after = _latin(first), [word for word in _latin(rest) if word not in _TITLES | _SUFFIXES]
    if comma and after:
        return PersonName(tuple(family), tuple(after), inverted=True)
    words = [word for word in family if word not in _TITLES | _SUFFIXES] or family
    last = first.split()[-1].replace(".", "") if words else ""
    if len(words) > 1 and _GLUED.fullmatch(last) and not first.isupper():  # Darwin CR, as journals have it
        return PersonName(tuple(words[:-1]), tuple(last.lower()), inverted=True)
    return PersonName(tuple(words[-1:]), tuple(words[:-1]), inverted=False)


def organisation_words(name: str) -> tuple[str, ...]:
    """Return the words of an organisation's name, folded and in Latin letters, in order."""
    return tuple(_latin(name[:_LONGEST]))


def is_romanised(name: str) -> bool:
    """Say whether a name has letters that were put into Latin ones to be compared."""
    return any(character in _ROMAN for character in name.lower())


def _latin(text: str) -> list[str]:
    return [word for word in romanised(" ".join(_words(text))).split() if word]


def _words(text: str) -> list[str]:
    """Return the words of a text, folded: accents of Latin, Greek and Cyrillic go, marks of other scripts stay."""
    if text.isascii():
        return "".join(c if c.isalnum() else " " for c in text.lower()).split()
    kept = (c for c in unicodedata.normalize("NFKD", text) if not "\u0300" <= c <= "\u036f" and c not in _SILENT)
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in kept).casefold().split()


_SILENT = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
