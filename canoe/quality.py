"""How well the pages of items were read: a summary of each, and the worst of them.

``canoe show ITEM --pages`` has every page; this has a line an item, from what its pages say of themselves.
The share of dictionary words is that of the words which the OCR models know (:mod:`ingest.dictionary`). It
is for comparing items: names and old spelling are in no dictionary, and a good page has some 90 in a hundred.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from archive.library import Library
from archive.replay import PAGES_FILE, item_object
from ingest.dictionary import Dictionaries
from metadata.errors import DamageFound, NotFound
from metadata.model import Item, Method

DOUBTFUL = 60.0
"""A word below this confidence (0–100) was hardly read."""


class _Word(msgspec.Struct):
    text: str = ""
    confidence: float = 100.0


class _Page(msgspec.Struct):
    language: str = ""
    confidence: float = 0.0
    method: Method = "unread"
    words: tuple[_Word, ...] = ()


_decoder = msgspec.json.Decoder(_Page)


@dataclass(frozen=True, slots=True)
class Quality:
    """How an item's pages were read.

    ``confidence`` (0–100) is the mean over the words that OCR read, None where it read none;
    ``doubtful`` the share of these below DOUBTFUL, ``in_dictionary`` the share that the dictionary of
    their page's language has, None where there is none. ``methods`` counts pages by how they were read,
    ``languages`` by the language found, each the most frequent first.
    """

    item: str
    source: str
    title: str
    pages: int
    unread: int
    words: int
    confidence: float | None
    doubtful: float
    in_dictionary: float | None
    methods: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]

    @property
    def rank(self) -> tuple[float, float, str]:
        """What items are sorted by, the worst first: the share of pages unread, then the mean confidence."""
        mean = 100.0 if self.confidence is None else self.confidence
        return -self.unread / max(1, self.pages), mean, self.item


def quality_of(library: Library, item: Item, dictionaries: Dictionaries | None = None) -> Quality:
    """Return how the pages of an item were read; raises DamageFound, and NotFound where it has none."""
    if not any(item.files_as("pages")):
        raise NotFound(f"Item {item.id} has no pages.", "Only what was digitised has a quality.")
    methods: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    dictionaries = dictionaries or Dictionaries()
    words, doubtful, total, known, asked = 0, 0, 0.0, 0, 0
    for page in _pages(library, item):
        methods[page.method] += 1
        languages[page.language] += bool(page.language)
        if page.method == "ocr":
            words += len(page.words)
            total += sum(word.confidence for word in page.words)
            doubtful += sum(word.confidence < DOUBTFUL for word in page.words)
            in_page, of_page = dictionaries.count(page.language, (word.text for word in page.words))
            known, asked = known + in_page, asked + of_page
    return Quality(
        item.id,
        item.source,
        item.title.value,
        methods.total(),
        methods["unread"],
        words,
        round(total / words, 1) if words else None,
        round(doubtful / words, 3) if words else 0.0,
        round(known / asked, 3) if asked else None,
        tuple(methods.most_common()),
        tuple((tag, count) for tag, count in languages.most_common() if count),
    )


def worst(library: Library, items: Iterable[Item], most: int) -> list[Quality]:
    """Return the ``most`` items that were read worst, the worst first.

    Items without pages, and those that were not read but had good text of their own, are passed over;
    so are damaged ones, which ``canoe check`` names.
    """
    return heapq.nsmallest(most, _read(library, items), key=lambda one: one.rank)


def _read(library: Library, items: Iterable[Item]) -> Iterator[Quality]:
    dictionaries = Dictionaries()
    for item in items:
        if item.status == "published" and any(item.files_as("pages")):
            try:
                found = quality_of(library, item, dictionaries)
            except DamageFound:
                continue
            if found.unread or found.confidence is not None:
                yield found


def _pages(library: Library, item: Item) -> Iterator[_Page]:
    path = library.archive.path(item_object(item.id), PAGES_FILE)
    try:
        with path.open("rb") as lines:
            yield from map(_decoder.decode, lines)
    except (OSError, ValueError) as fault:
        raise DamageFound(
            f"{path}: the pages cannot be read.", "Run canoe check to see all that is damaged."
        ) from fault


def quality_json(quality: Quality) -> dict[str, Any]:
    """Return a summary as ``canoe export --worst`` gives it."""
    return {
        "id": quality.item,
        "source": quality.source,
        "title": quality.title,
        "pages": quality.pages,
        "unread": quality.unread,
        "words": quality.words,
        "confidence": quality.confidence,
        "doubtful": quality.doubtful,
        "in_dictionary": quality.in_dictionary,
        "methods": dict(quality.methods),
        "languages": dict(quality.languages),
    }


def quality_lines(library: Library, items: Iterable[Item], most: int) -> Iterator[bytes]:
    """Yield the worst items as JSON, a line each."""
    for one in worst(library, items, most):
        yield msgspec.json.encode(quality_json(one)) + b"\n"
