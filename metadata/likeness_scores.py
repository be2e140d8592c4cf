"""How like two items are, by their features, and what the likeness is."""

import re
from collections.abc import Collection, Set
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel

from metadata.likeness_features import STOP, Features, significant, unpack

AlikeKind = Literal["duplicate", "edition", "translation"]
THRESHOLD = 0.8
"""Likenesses with a lower score are not reported."""

COMMON = frozenset(("main", "beside", "words", "agent", "extent"))
"""Keys that many publications share; the others name one publication, or nearly."""

_ROMAN = re.compile(r"[ivx]{1,5}")
_CLOSEST = 0.7  # of two words that may be the same, misspelt


@dataclass(frozen=True, slots=True)
class Alike:
    """An item that another is like: its ``key`` as added, how much (0–1), as what, and why.

    ``reasons`` are codes: ``isbn``, ``doi``, ``report-number`` … (the same one), ``series`` (with number),
    ``title``, ``main-title`` (a subtitle differs or is absent), ``other-title`` (one names the other's title beside
    its own), ``agent``, ``year``, ``extent``; ``language``, ``edition``, ``isbns`` (these differ).
    """

    key: str
    score: float
    kind: AlikeKind
    reasons: tuple[str, ...]


Judgement = tuple[float, AlikeKind, tuple[str, ...]]
"""Score, kind and reasons of an :class:`Alike`."""


def judge(packed: str, other: Features, keys: Set[str]) -> Judgement | None:
    """Return how two items are alike that share ``keys``, None where they are not; most are not, by their titles."""
    same = sorted(keys - COMMON)
    one = unpack(packed)
    beside = "beside" in keys or ("main" in keys and one.main != other.main)
    if not same and not beside and _numbered_apart(one, other):
        return None
    title, reason = _titles(one, other)
    if title < 1 and beside:
        title, reason = 0.97, "other-title"
    if not same and title < THRESHOLD:
        return None
    foreign = bool(one.languages and other.languages and not one.languages & other.languages)
    score, reasons = _weigh(one, other, title)
    if same:
        score = max(score, 0.9 if foreign or title >= THRESHOLD else THRESHOLD)
    elif score < THRESHOLD or (foreign and reason != "other-title" and "agent" not in reasons):
        return None
    if title < THRESHOLD:  # the same number under another title: a part of a set, or a number given twice
        reason = ""
    kind, differ = _kind(one, other, foreign, "isbn" in same)
    if kind == "duplicate" and not _named_alike(one, other, reason, reasons):
        kind = "edition"
    return round(min(score, 1.0), 3), kind, (*same, *filter(None, (reason,)), *reasons, *differ)


def _named_alike(one: Features, other: Features, reason: str, reasons: Collection[str]) -> bool:
    """Say whether titles are enough alike for a duplicate, or all else is."""
    dated_alike = "year" in reasons or not (one.year and other.year)
    named_alike = reason == "title" or (reason == "main-title" and dated_alike)
    return named_alike or bool(reason and {"year", "extent"} <= {*reasons})


def _titles(one: Features, other: Features) -> tuple[float, str]:
    """Return how like two titles are (0–1), and whether as wholes or because a subtitle is absent from one."""
    whole = _ratio(one.title, other.title)
    if whole == 1 or (one.main == one.title) == (other.main == other.title):
        return whole, "title"
    mains = _ratio(one.main, other.main) - 0.04
    return (whole, "title") if whole >= mains else (mains, "main-title")


def _ratio(one: str, other: str) -> float:
    """Return how like two texts are, by their significant words: a word misspelt costs little, one exchanged much."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    ours, theirs = set(one.split()), set(other.split())
    left, right = sorted(ours - theirs - STOP), sorted(theirs - ours - STOP)
    if abs(len(left) - len(right)) > 2 or min(len(left), len(right)) > 4:
        return 1.0 if one.replace(" ", "") == other.replace(" ", "") else 0.0
    if one.replace(" ", "") == other.replace(" ", ""):
        return 1.0
    score = 1.0
    for word in list(left):
        closeness, nearest = max(((_misspelt(word, near), near) for near in right), default=(0.0, ""))
        if closeness:
            left.remove(word)
            right.remove(nearest)
            score -= 0.3 * (1 - closeness)
    return max(0.0, score - sum(0.12 if len(word) > 2 or word.isdigit() else 0.03 for word in left + right))


def _misspelt(one: str, other: str) -> float:
    """Return how like two words are that may be the same misspelt, 0 where they may not."""
    if abs(len(one) - len(other)) > 2 or one.isdigit() or other.isdigit():
        return 0.0
    return Indel.normalized_similarity(one, other, score_cutoff=_CLOSEST)


def _numbered_apart(one: Features, other: Features) -> bool:
    """Say whether numbers in the titles (of a part, a year, a meeting) tell two items apart, or issues their dates."""
    if one.group == other.group == "periodical" and one.date != other.date:
        return True
    both = one.main == one.title, other.main == other.title
    titles = (one.title, other.title) if both[0] == both[1] else (one.main, other.main)
    return titles[0] != titles[1] and _numbers(titles[0]) != _numbers(titles[1])


def _numbers(title: str) -> list[str]:
    return sorted(word for word in title.split() if word.isdigit() or _ROMAN.fullmatch(word))


def _weigh(one: Features, other: Features, title: float) -> tuple[float, list[str]]:
    """Return the score that the title's likeness leads to, and what else speaks for it."""
    score, reasons = title, []
    generic = min(len(significant(one.main)), len(significant(other.main))) <= 2
    if one.agents & other.agents:
        reasons.append("agent")
    elif one.agents and other.agents:
        score -= 0.25
    else:
        score -= 0.12 if generic else 0.04
    if one.year and one.year == other.year:
        reasons.append("year")
    else:
        score -= 0.03
    if one.pages and other.pages:
        if _same_extent(one, other):
            reasons.append("extent")
        else:
            score -= 0.05
    return score - (0.25 if one.group != other.group else 0), reasons


def _same_extent(one: Features, other: Features) -> bool:
    return abs(one.pages - other.pages) <= max(2, 0.03 * max(one.pages, other.pages))


def _kind(one: Features, other: Features, foreign: bool, same_isbn: bool) -> tuple[AlikeKind, tuple[str, ...]]:
    """Return what a likeness is, and what differs."""
    if foreign:
        return "translation", ("language",)
    dated = bool(one.year and other.year)
    apart = abs(one.year - other.year) if dated else 0
    resized = bool(one.pages and other.pages) and not _same_extent(one, other)
    if one.edition != other.edition and ((one.edition and other.edition) or apart or not dated):
        return "edition", ("edition",)
    if one.isbns and other.isbns and not same_isbn:
        return "edition", ("isbns",)
    if apart > 1 or (resized and (apart or not same_isbn)):
        return "edition", ("edition",)
    return "duplicate", ()
