"""How a page becomes a Tantivy document.

``body`` and ``title`` are families of fields: the folded words under that name, the stems of
a language under ``body_fr`` and so on. A page has stems in its own language; the description
(page 0), whose titles and labels are of several, has them in all. The follower's position is
a document of its own, so that it is committed with what it speaks of.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from tantivy import Document, Schema, SchemaBuilder
from tantivy.tantivy import __version__ as _tantivy_version

from search.analysis import FOLDED, RULES, STEMMERS, stemmed_in
from search.completion import entries, sorting_title
from search.engine import PageDocument
from search.facets import FIELDS, facet_values

WORDS: Mapping[str, Callable[[PageDocument], tuple[str, ...]]] = {
    "author": attrgetter("authors"),
    "publisher": attrgetter("publishers"),
    "subject": attrgetter("topics"),
    "place": attrgetter("places"),
    "series": attrgetter("series"),
    "collection": attrgetter("collections"),
}
"""Fields of words that a query names, and what of a document stands in each."""

_LAYOUT = 6
NAMES = "\x1f"
"""Stands before each name in what names the item of a description, after titles and subjects."""

_KEY_BITS = 36
_LAST_DAY = 99_991_231


def build_schema() -> Schema:
    """Return the schema of the index."""
    builder = SchemaBuilder()
    for name in ("item", "work", *(field for facet, field in FIELDS.items() if facet != "year")):
        is_stored = name in ("item", "work")
        builder.add_text_field(name, stored=is_stored, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("page", stored=True, indexed=True, fast=True)
    for name in ("work_key", "key", "newest", "oldest"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_text_field("by_title", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("tied", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("offered", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("named", stored=True)
    builder.add_text_field("body", tokenizer_name=FOLDED, index_option="position")
    builder.add_bytes_field("shown", stored=True)
    builder.add_text_field("title", tokenizer_name=FOLDED, index_option="position")
    builder.add_text_field("identifier", tokenizer_name="raw", index_option="basic")
    for name in ("date_first", "date_last"):
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in WORDS:
        builder.add_text_field(name, tokenizer_name=FOLDED, index_option="position")
    for language in STEMMERS:
        builder.add_text_field(f"subject_{language}", tokenizer_name=language, index_option="basic")
        builder.add_text_field(f"body_{language}", tokenizer_name=language, index_option="freq")
        builder.add_text_field(f"title_{language}", tokenizer_name=language, index_option="basic")
    builder.add_text_field("language", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("note", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("position", stored=True)
    return builder.build()


SCHEMA = build_schema()
POSITION = "position"


def version() -> str:
    """Return the name of this version of the index: what it holds and how it is analysed."""
    index_format = re.search(r"index_format \w+", _tantivy_version)
    parts = (_LAYOUT, RULES, sorted(STEMMERS.items()), index_format and index_format[0])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def page_document(document: PageDocument) -> Document:
    """Return the Tantivy document of a page or description."""
    fields: dict[str, Any] = {
        "item": document.item,
        "page": document.page,
        "key": item_key(document.item),
        "work_key": _work_key(document),
        "newest": _order(document, _day(document)),
        "language": document.language,
        "identifier": list(dict.fromkeys(document.identifiers)),
        "shown": _clean(document.text if document.page else document.summary).encode(),
        **dict(_texts(document)),
        **{field: list(facet_values(document, facet)) for facet, field in FIELDS.items() if facet != "year"},
    }
    if document.work:
        fields["work"] = document.work
    if document.page == 0:
        fields |= _of_description(document)
    if document.year is not None:
        fields["year"] = document.year
    if document.dates:
        fields["date_first"], fields["date_last"] = document.dates
    return Document.from_dict(fields, SCHEMA)


def position_document(position: int) -> Document:
    """Return the document that keeps the follower's position."""
    return Document.from_dict({"note": POSITION, "position": position}, SCHEMA)


def item_key(item: str) -> int:
    """Return the number by which hits are grouped; the index can give numbers in bulk, not strings."""
    return int.from_bytes(hashlib.blake2b(item.encode(), digest_size=8).digest(), "big")


def _work_key(document: PageDocument) -> int:
    """Return the number of the document's work.

    A work is named after one of its items. While the follower is on its way that item may
    still be indexed as of no work: then it is none of the others' group.
    """
    return item_key(f"work {document.work}" if document.work else document.item)


def _texts(document: PageDocument) -> Iterator[tuple[str, str]]:
    own = stemmed_in(document.language)
    languages = tuple(STEMMERS) if document.page == 0 else (own,) * bool(own)
    for family, text in (("body", document.text), ("title", document.title)):
        clean = _clean(text)
        yield family, clean
        yield from ((f"{family}_{language}", clean) for language in languages)
    for field, values in WORDS.items():
        if clean := _clean("\n".join(values(document))):
            yield field, clean
            if field == "subject":
                yield from ((f"subject_{language}", clean) for language in STEMMERS)


def _of_description(document: PageDocument) -> dict[str, Any]:
    """Return what only the description has: the places in other listings, what names the item, what is offered."""
    day = _day(document)
    return {
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
