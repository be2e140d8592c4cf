"""Series: which statements mean the same one, in what order its numbers stand, and which are missing."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from metadata.folding import fold
from metadata.model import Series
from metadata.standard_numbers import issn

Order: TypeAlias = tuple[tuple[int, int, str], ...]

MOST_MISSING = 200
"""Numbers in a row that may be missing; where more are, the numbering was begun anew."""

_LONGEST = 120
_WORDS = re.compile(r"[^\W_]+")
_PARTS = re.compile(r"(\d+)|([^\W\d_]+)")
_ROMAN = re.compile(r"(?=[ivxlc])(?:c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_WHOLE = re.compile(
    r"(?:(?:no|nos|n|nr|num|numero|number|vol|volume|bd|band|t|tome|tomo|pt|part|parte|h|heft|issue)?[.°º]*\s*)?0*(\d{1,6})\.?"
)


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that are missing, the first and the last."""

    first: int
    last: int


def name(title: str) -> str:
    """Return the form of a series's title that is the same for all ways to write it, fit for an address; ``""`` too."""
    return "-".join(_WORDS.findall(fold(title)))[:_LONGEST].strip("-")


def known_by(series: Series) -> tuple[str, str]:
    """Return the name (:func:`name`) and the ISSN of a series, ``""`` for what it lacks or has wrong."""
    return name(series.title), issn(series.issn) if series.issn else ""


def order(number: str) -> Order:
    """Return what puts numbers in order: ``2`` before ``10``, ``IV`` between ``3`` and ``5``; words after numbers."""
    if (alone := whole(number)) is not None:
        return ((0, alone, ""),)
    return tuple(_part(digits, letters) for digits, letters in _PARTS.findall(fold(number))) or ((2, 0, ""),)


def whole(number: str) -> int | None:
    """Return the number that a printed one is, where it is a whole one and nothing else: ``No. 12`` is 12."""
    text = fold(number)
    if found := _WHOLE.fullmatch(text):
        return int(found[1])
    return _roman(text) if text and _ROMAN.fullmatch(text) else None


def gaps(numbers: Iterable[int]) -> Iterator[Gap]:
    """Yield what is missing between whole numbers, in order."""
    there = sorted(set(numbers))
    for before, after in pairwise(there):
        if 1 < after - before <= MOST_MISSING + 1:
            yield Gap(before + 1, after - 1)


def _part(digits: str, letters: str) -> tuple[int, int, str]:
    if digits:
        return 0, int(digits[:18]), ""
    return (0, _roman(letters), "") if _ROMAN.fullmatch(letters) else (1, 0, letters)


def _roman(letters: str) -> int:
    values = [_DIGITS[letter] for letter in letters.lower()]
    return sum(-one if one < next_one else one for one, next_one in zip(values, [*values[1:], 0], strict=True))
