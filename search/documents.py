"""From an item and its pages to the documents of the index."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from metadata.model import Item, Page
from metadata.pages import PageText
from metadata.vocabulary import Vocabulary
from search.engine import PageDocument

# The hyphen stands first: a pattern that looks behind at every letter takes four times as long.
_BROKEN_WORD = re.compile(r"[-\u2010\u00ac\u00ad](?<=[^\W\d_].)[ \t]*\r?\n[ \t]*(?=[^\W\d_])")
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")


def documents(item: Item, pages: Iterable[Page | PageText], vocabulary: Vocabulary) -> Iterator[PageDocument]:
    """Yield the description of an item, then a document for each page that has text.

    Subjects are the item's concepts and all broader ones of ``vocabulary``; formats are those
    of the files that were submitted, not of what was made from them.
    """
    description = _description(item, vocabulary)
    yield description
    for page in pages:
        if text := readable(page.text):
            yield replace(description, page=page.number, language=page.language, text=text, summary="")


def readable(text: str) -> str:
    """Return text as it is searched and shown: composed (NFC), words broken at a line's end joined.

    Soft hyphens and other characters without a width go: they would split words unseen.
    """
    joined = _BROKEN_WORD.sub(_joint, text)
    return (joined if joined.isascii() else unicodedata.normalize("NFC", _INVISIBLE.sub("", joined))).strip()


def _joint(broken: re.Match[str]) -> str:
    """Keep a hyphen before a capital (``Franco-`` / ``American``), drop it in the middle of a word."""
    return "-" if broken.string[broken.end()].isupper() and broken[0][0] in "-\u2010" else ""


def _description(item: Item, vocabulary: Vocabulary) -> PageDocument:
    broader = (above for uri in item.concepts for above in vocabulary.broader_closure(uri))
    return PageDocument(
        item=item.id,
        page=0,
        language=item.title.language,
        title="\n".join(title.value for title in item.titles),
        text=readable("\n".join(_facts(item, vocabulary))),
        summary=readable("\n".join(text.value for text in item.descriptions)),
        type=item.type,
        year=item.year,
        languages=item.languages,
        subjects=tuple(dict.fromkeys((*item.concepts, *broader))),
        collections=item.collections,
        formats=tuple(dict.fromkeys(file.puid for file in item.files_as("original") if file.puid)),
    )


def _facts(item: Item, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what describes the item, a line each, in the order people read it."""
    yield from (title.value for title in item.titles)
    yield from (contribution.agent.name for contribution in item.contributions)
    yield from (text.value for text in item.descriptions)
    for uri in item.concepts:
        if concept := vocabulary.concepts.get(uri):
            yield ", ".join(label.value for label in (*concept.labels, *concept.alternatives))
    yield from (text.value for text in (*item.keywords, *item.coverage, *item.notes))
    yield from (f"{series.title} {series.number} {series.issn}" for series in item.series)
    yield from filter(None, (item.edition, *item.places))
    yield from (identifier.value for identifier in item.identifiers)
    if item.doi:
        yield item.doi.name
    yield item.id
