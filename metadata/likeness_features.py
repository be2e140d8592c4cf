"""What items are compared by (:mod:`metadata.likeness`): features, and the keys under which they meet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from metadata.folding import fold
from metadata.kernel import w3cdtf
from metadata.model import Item

LONGEST = 160
"""Characters of a title, and of any other feature, that are looked at."""

STOP = frozenset(
    """
    a an and at by de del den der des die do du e el en et for from in into l la las le les los na o of on or ou
    para par pour por the to u un una une und with y
    """.split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)
"""Words that do not tell titles apart."""

Key = tuple[str | int, ...]
"""What items share: the name of the key, then what it holds."""

_SEPARATOR = "\x1f"
_SUBTITLE = re.compile(r"\s*[:;=/]\s|\s[:;=/]\s*|\. (?=\w)")
_WORDS = re.compile(r"[^\W_]+")
_PAGES = re.compile(r"(\d{1,5})\s*(?:\[?\d*\]?,?\s*)?(?:p|s|pages?|leaves|l|h|f|ff|págs?|pp)\b", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"(?:translation of|translated from|traduction de|traduit de|traducción de|título original|titre original"
    r"|original title)\b[\s:]*(.{3,160})",
    re.IGNORECASE,
)
_ORIGINAL_HINT = re.compile(r"trad|transl|origin", re.IGNORECASE)  # much quicker, and always there where _ORIGINAL is
_ORDINALS = {
    **dict.fromkeys(("first", "premiere", "primera"), "1"),
    **dict.fromkeys(("second", "seconde", "deuxieme", "segunda"), "2"),
    **dict.fromkeys(("third", "troisieme", "tercera"), "3"),
    **dict.fromkeys(("fourth", "quatrieme", "cuarta"), "4"),
    **dict.fromkeys(("fifth", "cinquieme", "quinta"), "5"),
}
_TEXTS = frozenset(("book", "report", "guideline", "thesis", "proceedings", "other"))  # often taken for each other
_MAKERS = frozenset(("pbl", "prt", "dst"))  # they make many publications, and tell none
_IDENTITIES = frozenset(("isbn", "doi", "report-number", "urn", "isrc", "ismn", "control-number"))


@dataclass(frozen=True, slots=True)
class Features:
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


def features_of(item: Item) -> Features:
    """Return what an item is compared by."""
    title, main = _title(item.title.value)
    languages = item.languages or tuple(filter(None, (item.title.language,)))
    agents = (_surname(one.agent.name) for one in item.contributions[:8] if one.role not in _MAKERS)
    return Features(
        title=title,
        main=main,
        date=_date(item),
        pages=_pages(item.extent) if item.extent else item.page_count,
        edition=_edition(item.edition) if item.edition else "",
        group="text" if item.type in _TEXTS else words_of(item.type)[:24],
        languages=frozenset(filter(None, map(_language, languages[:4]))),
        agents=frozenset(list(filter(None, agents))[:4]),
        isbns=any(one.scheme == "isbn" for one in item.identifiers),
    )


def _date(item: Item) -> str:
    """Return when an item was issued, else created, as far as the calendar has it."""
    dates = [when for when in item.dates if when.kind != "covered"]
    if len(dates) > 1:
        dates.sort(key=lambda when: when.kind != "issued")
    return next((found for when in dates if (found := _beginning(when.value))), "")


@lru_cache(maxsize=4096)
def _beginning(value: str) -> str:
    return w3cdtf(value).partition("/")[0]


@lru_cache(maxsize=1024)
def _language(tag: str) -> str:
    return words_of(tag.partition("-")[0])[:8]


def _title(text: str) -> tuple[str, str]:
    """Return a title's words, and those before its subtitle."""
    text = text[: 2 * LONGEST]
    whole, before = words_of(text), _SUBTITLE.split(text, maxsplit=1)[0]
    if len(before) == len(text):
        return whole, whole
    return whole, whole[: len(words_of(before))] or whole


def words_of(text: str) -> str:
    """Return the words of a text, folded."""
    return " ".join(_WORDS.findall(text.lower() if text.isascii() else fold(text)))[:LONGEST]


def significant(title: str) -> list[str]:
    """Return the words that tell a title, all of them where none does."""
    words = title.split()
    return [word for word in words if word not in STOP] or words


@lru_cache(maxsize=4096)
def _surname(name: str) -> str:
    """Return a person's family name, an organisation's first words."""
    return words_of(name.partition(",")[0][:LONGEST])[:24]


def _pages(extent: str) -> int:
    """Return the pages of an extent (``xii, 213 p.``), 0 where it names none."""
    found = _PAGES.search(extent[:LONGEST])
    return int(found[1]) if found else 0


@lru_cache(maxsize=1024)
def _edition(statement: str) -> str:
    """Return the number of an edition (``2e éd.``, ``Second edition``), else the statement, folded."""
    words = words_of(statement)
    if number := re.search(r"\d+", words):
        return number[0]
    named = next((_ORDINALS[word] for word in words.split() if word in _ORDINALS), "")
    return named or words[:24]


def identities(item: Item) -> Iterator[Key]:
    """Yield the keys that name a publication: its numbers, and its series with the number there."""
    for one in item.identifiers[:24]:
        if one.scheme == "isbn":
            yield "isbn", one.value.removeprefix("978")[:9]
        elif one.scheme in _IDENTITIES and (one.scheme != "control-number" or one.value.startswith("(")):
            yield one.scheme, fold(one.value)[:LONGEST]
        elif one.scheme == "issn" and item.type == "periodical":
            yield "issn", one.value
    if item.doi:
        yield "doi", item.doi.name.lower()
    for series in item.series[:4]:
        if number := words_of(series.number):
            yield "series", series.issn or words_of(series.title), number


def titles_of(item: Item, main: str) -> list[str]:
    """Return the titles that an item has beside its main one, those of its original among them."""
    others = [_title(title.value)[1] for title in item.titles[1:6]]
    for note in item.notes[:8]:
        text = note.value[:400]
        if _ORIGINAL_HINT.search(text) and (found := _ORIGINAL.search(text)):
            others.append(_title(found[1])[1])
    return [other for other in dict.fromkeys(others) if other and other != main]


def heads(item: Item) -> Iterator[tuple[str, ...]]:
    """Yield the first two words, or the only one, of each title of an item: where none is shared no title is."""
    _, main = _title(item.title.value)
    yield from (tuple(significant(title)[:2]) for title in (main, *titles_of(item, main)) if title)


def begins(title: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what :func:`heads` may say of a title, wherever its subtitle begins: one word of it, or two."""
    start = title[:LONGEST]
    words = _WORDS.findall(start.lower() if start.isascii() else fold(start))
    telling = [word for word in words if word not in STOP][:2] or words[:2]
    return tuple(telling[:1]), tuple(telling)


def likely(features: Features) -> list[Key]:
    """Return the keys, less their year, that many publications share: only two of them mean anything."""
    words = significant(features.main)
    keys: list[Key] = [("words", *words[:2])]
    if len(words) > 2:
        keys.append(("words", *words[2:4]))
    if features.agents:
        keys.append(("agent", min(features.agents), features.main[:1]))
    if features.pages:
        keys.append(("extent", features.pages, features.main[:1]))
    return keys


def pack(features: Features) -> str:
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


def unpack(packed: str) -> Features:
    """Return the features that were packed."""
    title, main, date, pages, edition, group, languages, agents, isbns = packed.split(_SEPARATOR)
    return Features(
        title,
        title[: int(main)],
        date,
        int(pages),
        edition,
        group,
        frozenset(languages.split(",")) if languages else frozenset(),
        frozenset(agents.split(",")) if agents else frozenset(),
        bool(isbns),
    )
