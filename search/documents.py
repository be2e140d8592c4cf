"""From an item and its pages to the documents of the index."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime

from metadata.model import Item, Page
from metadata.origins import home_name
from metadata.pages import PageText
from metadata.rights import is_readable
from metadata.vocabulary import Vocabulary
from search.dates import days
from search.engine import PageDocument
from search.identifiers import identifier
from search.places import lying_in
from search.works import NO_WORKS, Works

# The hyphen stands first and alone: a pattern that begins with one of several takes ten times as long.
_BROKEN_WORDS = {
    mark: re.compile(rf"{mark}(?<=[^\W\d_].)[ \t]*\r?\n[ \t]*(?=[^\W\d_])") for mark in "-\u2010\u00ac\u00ad"
}
_PUBLISHING = frozenset(("pbl", "prt", "dst"))
_SHARED = tuple(one.name for one in fields(PageDocument) if one.name not in ("page", "language", "text", "summary"))
"""The facts of an item, which all its documents have."""

_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")


def documents(
    item: Item, pages: Iterable[Page | PageText], vocabulary: Vocabulary, works: Works = NO_WORKS
) -> Iterator[PageDocument]:
    """Yield the description of an item, then a document for each page that has text and may be read by all.

    ``works`` says which publication it is an edition of.

    Subjects are the item's concepts and all broader ones of ``vocabulary``; formats are those
    of the files that were submitted, not of what was made from them.
    """
    description = _description(item, vocabulary, works)
    yield description
    if not is_readable(item, datetime.now(UTC).date()):  # a passage shown would be read
        return
    shared = {name: getattr(description, name) for name in _SHARED}
    for page in pages:
        if text := readable(page.text):
            yield PageDocument(page=page.number, language=page.language, text=text, **shared)


def readable(text: str) -> str:
    """Return text as it is searched and shown: composed (NFC), words broken at a line's end joined.

    Soft hyphens and other characters without a width go: they would split words unseen.
    """
    joined = text
    for mark, broken in _BROKEN_WORDS.items():
        if mark in joined:
            joined = broken.sub(_joint, joined)
    return (joined if joined.isascii() else unicodedata.normalize("NFC", _INVISIBLE.sub("", joined))).strip()


def _joint(broken: re.Match[str]) -> str:
    """Keep a hyphen before a capital (``Franco-`` / ``American``), drop it within a word, also one of capitals."""
    if not broken.string[broken.end()].isupper() or broken[0][0] not in "-\u2010":
        return ""
    before = broken.string[max(0, broken.start() - 2) : broken.start()]
    return "" if before.isupper() and before.isalpha() and len(before) == 2 else "-"


def _description(item: Item, vocabulary: Vocabulary, works: Works) -> PageDocument:
    concepts = [*map(vocabulary.current, item.concepts)]
    broader = (above for uri in concepts for above in vocabulary.broader_closure(uri))
    return PageDocument(
        item=item.id,
        page=0,
        language=item.title.language or "".join(item.languages[:1]),
        title="\n".join(title.value for title in item.titles),
        text=readable("\n".join(_facts(item, vocabulary))),
        summary=readable("\n".join(text.value for text in item.descriptions)),
        type=item.type,
        year=item.year,
        languages=item.languages,
        subjects=tuple(dict.fromkeys((*concepts, *broader))),
        collections=item.collections,
        formats=tuple(dict.fromkeys(file.puid for file in item.files_as("original") if file.puid)),
        authors=_agents(item, publishing=False),
        publishers=_agents(item, publishing=True),
        topics=tuple(_topics(item, vocabulary)),
        places=(*(text.value for text in item.coverage), *item.countries, *item.places, *lying_in(item)),
        series=tuple(_series(item)),
        identifiers=tuple(dict.fromkeys(filter(None, map(identifier, _identifiers(item))))),
        dates=_dates(item),
        access=item.access,
        work=works.names.get(item.id, ""),
        tied=tuple(works.ties.get(item.id, ())),
        online=any(item.files_as("original")),
        repository=home_name(item),
    )


def _agents(item: Item, publishing: bool) -> tuple[str, ...]:
    found = (one.agent.name for one in item.contributions if (one.role in _PUBLISHING) == publishing)
    return tuple(dict.fromkeys(found))


def _topics(item: Item, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what the item is about, in words: the labels of its concepts in all languages, its keywords."""
    for uri in item.concepts:
        if concept := vocabulary.concepts.get(uri):
            yield ", ".join(label.value for label in (*concept.labels, *concept.alternatives))
    yield from (text.value for text in item.keywords)


def _series(item: Item) -> Iterator[str]:
    yield from (f"{series.title} {series.number} {series.issn}" for series in item.series)


def _identifiers(item: Item) -> Iterator[str]:
    yield from (one.value for one in item.identifiers)
    yield from (series.issn for series in item.series)
    if item.doi:
        yield item.doi.name
    yield item.id


def _dates(item: Item) -> tuple[int, int] | None:
    """Return the first and last day of issue, else of creation; see :mod:`search.dates`."""
    dated = sorted((date for date in item.dates if date.kind != "covered"), key=lambda date: date.kind != "issued")
    return next((found for date in dated if (found := days(date.value))), None)


def _facts(item: Item, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what describes the item, a line each, in the order people read it."""
    yield from (title.value for title in item.titles)
    yield from (contribution.agent.name for contribution in item.contributions)
    yield from (text.value for text in item.descriptions)
    yield from _topics(item, vocabulary)
    yield from (text.value for text in (*item.coverage, *item.notes))
    yield from _series(item)
    yield from filter(None, (item.edition, *item.places))
    yield from _identifiers(item)
