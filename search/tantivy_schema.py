"""How an item becomes Tantivy documents: one of the whole item, and one of each page.

That of the item (page 0) answers queries: it has its facts, its description under ``about`` and
the words of all its pages, in order, under ``whole``: ``whole_fr`` has those in French, and so on,
``whole`` those in languages without stems. Between two pages stands a gap, so that what stands
side by side or near does so on one page. A page (``body``) is looked for only to be shown.
Words are indexed as written, folded; their stems are in the lexicon (:mod:`search.tantivy_lexicon`).
The follower's position is a document of its own, so that it is committed with what it speaks of.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from tantivy import Document, Schema, SchemaBuilder
from tantivy.tantivy import __version__ as _tantivy_version

from search.analysis import FOLDED, RULES, SPACED, folded, folded_and_spelt, prepared, stemmed_in
from search.completion import entries, sorting_title
from search.engine import PageDocument
from search.facets import FIELDS, facet_values
from search.languages import STEMMERS
from search.query import MOST_BETWEEN
from search.tantivy_lexicon import FIELD as LEXICON
from search.tantivy_lexicon import Learner

WORDS: Mapping[str, Callable[[PageDocument], tuple[str, ...]]] = {
    "author": attrgetter("authors"),
    "publisher": attrgetter("publishers"),
    "subject": attrgetter("topics"),
    "place": attrgetter("places"),
    "series": attrgetter("series"),
    "collection": attrgetter("collections"),
}
"""Fields of words that a query names, and what of a document stands in each."""

_LAYOUT = 9
NAMES = "\x1f"
"""Stands before each name in what names the item of a description, after titles and subjects."""

_GAP = " " + "\x1f\x1f\x1f\x1f\x1f " * (MOST_BETWEEN + 1)
"""Stands between two pages: more words than may stand between near ones, which no query can ask for."""

_KEY_BITS = 36
_LAST_DAY = 99_991_231


def schema() -> Schema:
    """Return the schema of the index, which has fields of its own for each language that is stemmed."""
    return _schema(tuple(STEMMERS))


@cache
def _schema(stemmed: tuple[str, ...]) -> Schema:
    builder = SchemaBuilder()
    builder.add_text_field("item", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("work", *(field for facet, field in FIELDS.items() if facet != "year")):
        builder.add_text_field(name, stored=name == "work", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("page", stored=True, indexed=True, fast=True)
    builder.add_unsigned_field("key", indexed=True, fast=True)
    for name in ("work_key", "newest", "oldest"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_text_field("by_title", fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("described", "tied", "offered", "identifier", "tongue", "note"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("named", "shown"):
        builder.add_bytes_field(name, stored=True)
    for name in ("title", *WORDS):
        builder.add_text_field(name, tokenizer_name=FOLDED, index_option="position")
    for name in ("about", "body", *wholes(stemmed)):
        builder.add_text_field(name, tokenizer_name=SPACED, index_option="position")
    for name in ("date_first", "date_last"):
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_text_field(LEXICON, tokenizer_name=SPACED, index_option="basic")
    builder.add_unsigned_field("position", stored=True)
    return builder.build()


def wholes(languages: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of the pages' words: of each of these languages, and of all others."""
    return ("whole", *(f"whole_{language}" for language in languages))


POSITION = "position"


def version() -> str:
    """Return the name of this version of the index: what it holds and how it is analysed."""
    index_format = re.search(r"index_format \w+", _tantivy_version)
    parts = (_LAYOUT, RULES, list(STEMMERS.items()), index_format and index_format[0])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def item_documents(documents: Iterable[PageDocument], learner: Learner) -> Iterator[Document]:
    """Yield the Tantivy documents of an item's pages, and then of the item; ``learner`` is told its words."""
    pages: dict[str, list[str]] = {}  # their words, by the language that they are stemmed in
    description = None
    for document in documents:
        if document.page:
            own = stemmed_in(document.language)
            text = _clean(document.text)
            body, spelt = folded_and_spelt(text)
            pages.setdefault(own, []).append(body)
            if own:
                learner.learn(own, spelt.split())
            yield _page(document, own, body, text)
        else:
            description = document
    if description:
        made = _description(description, learner)
        for own, bodies in pages.items():
            made.add_text(f"whole_{own}" if own else "whole", _GAP.join(bodies))
        yield made


def position_document(position: int) -> Document:
    """Return the document that keeps the follower's position."""
    return Document.from_dict({"note": POSITION, "position": position}, schema())


@lru_cache
def item_key(item: str) -> int:
    """Return the number by which hits are grouped; the index can give numbers in bulk, not strings."""
    return int.from_bytes(hashlib.blake2b(item.encode(), digest_size=8).digest(), "big")


def _work_key(document: PageDocument) -> int:
    """Return the number of the document's work.

    A work is named after one of its items. While the follower is on its way that item may
    still be indexed as of no work: then it is none of the others' group.
    """
    return item_key(f"work {document.work}" if document.work else document.item)


def _page(document: PageDocument, own: str, body: str, text: str) -> Document:
    """Return the document of a page: ``own`` is the language it is stemmed in, ``body`` its words, folded."""
    made = Document()
    made.add_text("item", document.item)
    made.add_unsigned("key", item_key(document.item))
    made.add_unsigned("page", document.page)
    made.add_text("language", document.language)
    made.add_text("tongue", own)
    made.add_text("body", body)
    made.add_bytes("shown", text.encode())
    return made


def _description(document: PageDocument, learner: Learner) -> Document:
    """Return the document of an item without its pages. Its titles and labels may be in any language."""
    text, title, topics = map(_clean, (document.text, document.title, "\n".join(document.topics)))
    spelt = {word for part in (text, title, topics) for word in folded_and_spelt(part)[1].split()}
    for language in STEMMERS:
        learner.learn(language, spelt)
    fields: dict[str, Any] = {
        "item": document.item,
        "key": item_key(document.item),
        "page": 0,
        "work_key": _work_key(document),
        "newest": _order(document, _day(document)),
        "language": document.language,
        "identifier": list(dict.fromkeys(document.identifiers)),
        "title": prepared(title),
        "about": folded(text),
        "shown": _clean(document.summary).encode(),
        **{field: prepared(clean) for field, values in WORDS.items() if (clean := _clean("\n".join(values(document))))},
        **{field: list(facet_values(document, facet)) for facet, field in FIELDS.items() if facet != "year"},
        **_of_description(document),
    }
    if document.work:
        fields["work"] = document.work
    if document.year is not None:
        fields["year"] = document.year
    if document.dates:
        fields["date_first"], fields["date_last"] = document.dates
    return Document.from_dict(fields, schema())


def _of_description(document: PageDocument) -> dict[str, Any]:
    """Return the places in other listings, what names the item, and what is offered."""
    day = _day(document)
    return {
        "described": document.item,
        "oldest": _order(document, _LAST_DAY - day if day else 0),
        "by_title": _clean(f"{sorting_title(document)}\x1f{document.item}"),
        "tied": list(document.tied),
        "named": _clean(NAMES.join(("\n".join((document.title, *document.topics)), *document.authors))).encode(),
        "offered": list(map(_clean, entries(document))),
    }


def _day(document: PageDocument) -> int:
    """Return the first day of issue as YYYYMMDD, as far as it is known; 0 for none."""
    day = document.dates[0] if document.dates else (document.year or 0) * 10_000
    return min(max(day, 0), _LAST_DAY)


def _order(document: PageDocument, place: int) -> int:
    """Return the place in a listing, the highest first; among equals an arbitrary but lasting order."""
    return place << _KEY_BITS | item_key(document.item) >> (64 - _KEY_BITS)


def _clean(text: str) -> str:
    """Compose accents, since a lone combining mark would split its word; drop lone surrogates."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
