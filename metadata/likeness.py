"""Probable duplicates: items that look like others, reported and never merged.

Items are compared only where they share a *key*: an identifier, a series with its number, the
main title, two words of it with the year, or an agent with the year. What shares one is then
compared by title, agents, year, extent, edition and language. The answer says what the likeness
is: the same publication again (``duplicate``), another edition of it, or a translation; language
editions are one work and never duplicates.

An item costs some 300 bytes beside its key: its features as one packed string, what it shares as
64-bit hashes in arrays. At most :data:`MOST` newest bearers of a key are looked at, so that hostile or monotonous
titles cost no more than others; of more than that, older ones may go unreported.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from metadata.folding import fold
from metadata.kernel import w3cdtf
from metadata.model import Item

AlikeKind = Literal["duplicate", "edition", "translation"]
MOST = 40
"""So many bearers of one key are compared, the newest first."""

THRESHOLD = 0.8
"""Likenesses with a lower score are not reported."""

_LONGEST = 160  # characters of a title, and of any other feature
_SEPARATOR = "\x1f"
_STOP = frozenset(
    """
    a an and at by de del den der des die do du e el en et for from in into l la las le les los na o of on or ou
    para par pour por the to u un una une und with y
    """.split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)
_SUBTITLE = re.compile(r"\s*[:;=/]\s|\s[:;=/]\s*|\. (?=\w)")
_WORDS = re.compile(r"[^\W_]+")
_PAGES = re.compile(r"(\d{1,5})\s*(?:\[?\d*\]?,?\s*)?(?:p|s|pages?|leaves|l|h|f|ff|págs?|pp)\b", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"(?:translation of|translated from|traduction de|traduit de|traducción de|título original|titre original"
    r"|original title)\b[\s:]*(.{3,160})",
    re.IGNORECASE,
)
_ORDINALS = {
    **dict.fromkeys(("first", "premiere", "primera"), "1"),
    **dict.fromkeys(("second", "seconde", "deuxieme", "segunda"), "2"),
    **dict.fromkeys(("third", "troisieme", "tercera"), "3"),
    **dict.fromkeys(("fourth", "quatrieme", "cuarta"), "4"),
    **dict.fromkeys(("fifth", "cinquieme", "quinta"), "5"),
}
_ROMAN = re.compile(r"[ivx]{1,5}")
_TEXTS = frozenset(("book", "report", "guideline", "thesis", "proceedings", "other"))  # often taken for each other
_COMMON = frozenset(("main", "beside", "words", "agent", "extent"))  # keys that many publications share
_IDENTITIES = frozenset(("isbn", "doi", "report-number", "urn", "isrc", "ismn", "control-number"))


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


@dataclass(frozen=True, slots=True)
class _Features:
    """What items are compared by, all folded; ``""`` and 0 where not known."""

    title: str
    main: str
    date: str
    pages: int
    edition: str
    group: str
    languages: frozenset[str]
    agents: frozenset[str]
    isbns: bool

    @property
    def year(self) -> int:
        """The year, 0 where it is not known."""
        return int(self.date[:4] or 0)


class Likeness:
    """Finds items like those that were added. Not for several threads at once."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._packed: list[str] = []
        self._heads = array("i", [-1]) * 1024
        self._hashes = array("q")
        self._next = array("i")
        self._bearer = array("i")
        self._last = Item(), _features(Item())  # an item is mostly asked after, then added

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str, item: Item) -> None:
        """Remember ``item`` under ``key`` (its id, or what names it in a batch)."""
        row = len(self._keys)
        self._keys.append(key)
        features = self._features(item)
        self._packed.append(_pack(features))
        for hashed in dict.fromkeys(map(hash, _key_texts(item, features, 0))):
            self._post(hashed, row)

    def like(self, item: Item) -> list[Alike]:
        """Return what the item is like among those added, the likest first; what it is tied to already is left out."""
        features = self._features(item)
        shared: dict[int, set[str]] = {}
        for text in dict.fromkeys(_key_texts(item, features, 1)):
            for row in self._bearers(hash(text)):
                shared.setdefault(row, set()).add(text.partition(_SEPARATOR)[0])
        tied = {relation.target for relation in item.relations} | {item.id}
        found = (
            alike
            for row, keys in shared.items()
            if self._keys[row] not in tied and (alike := _compare(self._keys[row], self._packed[row], features, keys))
        )
        return sorted(found, key=lambda one: (-one.score, one.key))

    def _features(self, item: Item) -> _Features:
        if self._last[0] is not item:
            self._last = item, _features(item)
        return self._last[1]

    def _post(self, hashed: int, row: int) -> None:
        if len(self._hashes) >= len(self._heads):
            self._grow()
        slot = hashed & (len(self._heads) - 1)
        self._hashes.append(hashed)
        self._bearer.append(row)
        self._next.append(self._heads[slot])
        self._heads[slot] = len(self._hashes) - 1

    def _grow(self) -> None:
        """Double the table of heads and hang every posting in anew, in order of age."""
        self._heads = array("i", [-1]) * (2 * len(self._heads))
        mask = len(self._heads) - 1
        for number, hashed in enumerate(self._hashes):
            self._next[number] = self._heads[hashed & mask]
            self._heads[hashed & mask] = number

    def _bearers(self, hashed: int) -> Iterator[int]:
        """Yield the newest items with a key."""
        at, left = self._heads[hashed & (len(self._heads) - 1)], MOST
        while at >= 0 and left:
            if self._hashes[at] == hashed:
                left -= 1
                yield self._bearer[at]
            at = self._next[at]


def _features(item: Item) -> _Features:
    title, main = _title(item.title.value)
    issued = sorted((when for when in item.dates if when.kind != "covered"), key=lambda when: when.kind != "issued")
    date = next((found for when in issued if (found := w3cdtf(when.value).partition("/")[0])), "")
    languages = item.languages or tuple(filter(None, (item.title.language,)))
    agents = (_surname(one.agent.name) for one in item.contributions[:8] if one.role not in ("pbl", "prt", "dst"))
    return _Features(
        title=title,
        main=main,
        date=date,
        pages=_pages(item.extent) or item.page_count,
        edition=_edition(item.edition),
        group="text" if item.type in _TEXTS else _words(item.type)[:24],
        languages=frozenset(filter(None, (_words(one.partition("-")[0])[:8] for one in languages[:4]))),
        agents=frozenset(list(filter(None, agents))[:4]),
        isbns=any(one.scheme == "isbn" for one in item.identifiers),
    )


def _title(text: str) -> tuple[str, str]:
    """Return a title's words, and those before its subtitle."""
    text = text[: 2 * _LONGEST]
    whole = _words(text)
    length = len(_words(_SUBTITLE.split(text, maxsplit=1)[0]))
    return whole, whole[:length] or whole


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(text.lower() if text.isascii() else fold(text)))[:_LONGEST]


def _significant(title: str) -> list[str]:
    return [word for word in title.split() if word not in _STOP] or title.split()


@lru_cache(maxsize=4096)
def _surname(name: str) -> str:
    """Return a person's family name, an organisation's first words."""
    return _words(name.partition(",")[0][:_LONGEST])[:24]


def _pages(extent: str) -> int:
    """Return the pages of an extent (``xii, 213 p.``), 0 where it names none."""
    found = _PAGES.search(extent[:_LONGEST])
    return int(found[1]) if found else 0


@lru_cache(maxsize=1024)
def _edition(statement: str) -> str:
    """Return the number of an edition (``2e éd.``, ``Second edition``), else the statement, folded."""
    words = _words(statement)
    if number := re.search(r"\d+", words):
        return number[0]
    named = next((_ORDINALS[word] for word in words.split() if word in _ORDINALS), "")
    return named or words[:24]


def _key_texts(item: Item, features: _Features, reach: int) -> Iterator[str]:
    """Yield the keys of an item, each its name and what it holds; years within ``reach`` of the item's own."""
    yield from _identities(item)
    others = [_title(title.value)[1] for title in item.titles[1:6]]
    others += [_title(found[1])[1] for note in item.notes[:8] if (found := _ORIGINAL.search(note.value[:400]))]
    if features.main:
        yield f"main{_SEPARATOR}{features.main}"
    for other in dict.fromkeys(others):
        if other and other != features.main:
            # A title beside the main one finds main ones, and is found by them: never its like beside another.
            yield f"{'main' if reach else 'beside'}{_SEPARATOR}{other}"
    if reach and features.main:
        yield f"beside{_SEPARATOR}{features.main}"
    words = _significant(features.main)
    years = range(features.year - reach, features.year + reach + 1) if features.year else (0,)
    for year in years:
        yield f"words{_SEPARATOR}{year}{_SEPARATOR}{' '.join(words[:2])}"
        if len(words) > 2:
            yield f"words{_SEPARATOR}{year}{_SEPARATOR}{' '.join(words[2:4])}"
        for agent in sorted(features.agents)[:1]:
            yield f"agent{_SEPARATOR}{year}{_SEPARATOR}{agent}{_SEPARATOR}{features.main[:1]}"
        if features.pages:
            yield f"extent{_SEPARATOR}{year}{_SEPARATOR}{features.pages}{_SEPARATOR}{features.main[:1]}"


def _identities(item: Item) -> Iterator[str]:
    """Yield the keys that name a publication: its numbers, and its series with the number there."""
    for one in item.identifiers[:24]:
        if one.scheme == "isbn":
            yield f"isbn{_SEPARATOR}{one.value.removeprefix('978')[:9]}"
        elif one.scheme in _IDENTITIES and (one.scheme != "control-number" or one.value.startswith("(")):
            yield f"{one.scheme}{_SEPARATOR}{fold(one.value)[:_LONGEST]}"
        elif one.scheme == "issn" and item.type == "periodical":
            yield f"issn{_SEPARATOR}{one.value}"
    if item.doi:
        yield f"doi{_SEPARATOR}{item.doi.name.lower()}"
    for series in item.series[:4]:
        if number := _words(series.number):
            yield f"series{_SEPARATOR}{series.issn or _words(series.title)}{_SEPARATOR}{number}"


def _pack(features: _Features) -> str:
    """Pack features into one string; the main title, which begins the whole one, as its length."""
    parts = (
        features.title,
        str(len(features.main)),
        features.date,
        str(features.pages),
        features.edition,
        features.group,
        ",".join(sorted(features.languages)),
        ",".join(sorted(features.agents)),
        "1" if features.isbns else "",
    )
    return _SEPARATOR.join(parts)


def _packed_titles(packed: str) -> tuple[str, str]:
    title, main, _ = packed.split(_SEPARATOR, 2)
    return title, title[: int(main)]


def _unpack(packed: str) -> _Features:
    title, main = _packed_titles(packed)
    date, pages, edition, group, languages, agents, isbns = packed.split(_SEPARATOR)[2:]
    return _Features(
        title,
        main,
        date,
        int(pages),
        edition,
        group,
        frozenset(filter(None, languages.split(","))),
        frozenset(filter(None, agents.split(","))),
        bool(isbns),
    )


def _compare(key: str, packed: str, other: _Features, keys: set[str]) -> Alike | None:
    """Return how two items are alike that share ``keys``, None where they are not; most are not, by their titles."""
    same = sorted(keys - _COMMON)
    if not same and not keys & {"main", "beside"} and _titles(*_packed_titles(packed), other)[0] < THRESHOLD:
        return None
    one = _unpack(packed)
    foreign = bool(one.languages and other.languages and not one.languages & other.languages)
    title, reason = _titles(one.title, one.main, other)
    if title < 1 and ("beside" in keys or ("main" in keys and one.main != other.main)):
        title, reason = 0.97, "other-title"
    score, reasons = _weigh(one, other, title)
    if same:
        score = max(score, 0.9 if foreign or title >= THRESHOLD else THRESHOLD)
    elif (reason != "other-title" and _numbered_apart(one, other)) or (
        foreign and reason != "other-title" and "agent" not in reasons
    ):
        return None
    if score < THRESHOLD:
        return None
    kind, differ = _kind(one, other, foreign, "isbn" in same)
    if title < THRESHOLD:  # the same number under another title: a part of a set, or a number given twice
        reason = ""
    dated_alike = "year" in reasons or not (one.year and other.year)
    named_alike = reason == "title" or (reason == "main-title" and dated_alike)
    if kind == "duplicate" and not named_alike and not (reason and {"year", "extent"} <= {*reasons}):
        kind = "edition"
    return Alike(key, round(min(score, 1.0), 3), kind, (*same, *filter(None, (reason,)), *reasons, *differ))


def _titles(title: str, main: str, other: _Features) -> tuple[float, str]:
    """Return how like two titles are (0–1), and whether as wholes or because a subtitle is absent from one."""
    whole = _ratio(title, other.title)
    if whole == 1 or (main == title) == (other.main == other.title):
        return whole, "title"
    mains = _ratio(main, other.main) - 0.04
    return (whole, "title") if whole >= mains else (mains, "main-title")


def _ratio(one: str, other: str) -> float:
    """Return how like two texts are, by their significant words: a word misspelt costs little, one exchanged much."""
    if not one or not other:
        return 0.0
    if one == other or one.replace(" ", "") == other.replace(" ", ""):
        return 1.0
    ours, theirs = set(one.split()), set(other.split())
    left, right = sorted(ours - theirs - _STOP), sorted(theirs - ours - _STOP)
    if abs(len(left) - len(right)) > 2 or min(len(left), len(right)) > 4:
        return 0.0
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
    ratio = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return ratio if ratio >= 0.7 else 0.0


def _numbered_apart(one: _Features, other: _Features) -> bool:
    """Say whether numbers in the titles (of a part, a year, a meeting) tell two items apart, or issues their dates."""
    if one.group == other.group == "periodical" and one.date != other.date:
        return True
    both = one.main == one.title, other.main == other.title
    titles = (one.title, other.title) if both[0] == both[1] else (one.main, other.main)
    return _numbers(titles[0]) != _numbers(titles[1])


def _numbers(title: str) -> list[str]:
    return sorted(word for word in title.split() if word.isdigit() or _ROMAN.fullmatch(word))


def _weigh(one: _Features, other: _Features, title: float) -> tuple[float, list[str]]:
    """Return the score that the title's likeness leads to, and what else speaks for it."""
    score, reasons = title, []
    generic = min(len(_significant(one.main)), len(_significant(other.main))) <= 2
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


def _same_extent(one: _Features, other: _Features) -> bool:
    return abs(one.pages - other.pages) <= max(2, 0.03 * max(one.pages, other.pages))


def _kind(one: _Features, other: _Features, foreign: bool, same_isbn: bool) -> tuple[AlikeKind, tuple[str, ...]]:
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
