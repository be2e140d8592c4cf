"""How a page becomes a Tantivy document.

``body`` and ``title`` are families of fields: the folded words under that name, the stems of
a language under ``body_fr`` and so on. A page has stems in its own language; the description
(page 0), whose titles and labels are of several, has them in all. The follower's position is
a document of its own, so that it is committed with what it speaks of.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cache
from operator import attrgetter
from typing import Any

from tantivy import Document, Schema, SchemaBuilder
from tantivy.tantivy import __version__ as _tantivy_version

from search.analysis import FOLDED, RULES, SPACED, folded, stemmed_in, stems_in
from search.completion import entries, sorting_title
from search.engine import PageDocument
from search.facets import FIELDS, facet_values
from search.languages import STEMMERS

WORDS: Mapping[str, Callable[[PageDocument], tuple[str, ...]]] = {
    "author": attrgetter("authors"),
    "publisher": attrgetter("publishers"),
    "subject": attrgetter("topics"),
    "place": attrgetter("places"),
    "series": attrgetter("series"),
    "collection": attrgetter("collections"),
}
"""Fields of words that a query names, and what of a document stands in each."""

_LAYOUT = 8
NAMES = "\x1f"
"""Stands before each name in what names the item of a description, after titles and subjects."""

_KEY_BITS = 36
_LAST_DAY = 99_991_231


def schema() -> Schema:
    """Return the schema of the index, which has fields of its own for each language that is stemmed."""
    return _schema(tuple(STEMMERS))


@cache
def _schema(stemmed: tuple[str, ...]) -> Schema:
    builder = SchemaBuilder()
    for name in ("item", "work", *(field for facet, field in FIELDS.items() if facet != "year")):
        is_stored = name in ("item", "work")
        builder.add_text_field(name, stored=is_stored, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("page", stored=True, indexed=True, fast=True)
    for name in ("work_key", "key", "newest", "oldest"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_text_field("by_title", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("described", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("tied", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("offered", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("named", stored=True)
    builder.add_text_field("body", tokenizer_name=SPACED, index_option="position")
    builder.add_bytes_field("shown", stored=True)
    builder.add_text_field("title", tokenizer_name=FOLDED, index_option="position")
    builder.add_text_field("identifier", tokenizer_name="raw", index_option="basic")
    for name in ("date_first", "date_last"):
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in WORDS:
        builder.add_text_field(name, tokenizer_name=FOLDED, index_option="position")
    for language in stemmed:
        for family in ("subject", "body", "title"):
            builder.add_text_field(f"{family}_{language}", tokenizer_name=SPACED, index_option="basic")
    builder.add_text_field("language", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("note", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("position", stored=True)
    return builder.build()


POSITION = "position"


def version() -> str:
    """Return the name of this version of the index: what it holds and how it is analysed."""
    index_format = re.search(r"index_format \w+", _tantivy_version)
    parts = (_LAYOUT, RULES, list(STEMMERS.items()), index_format and index_format[0])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def item_documents(documents: Iterable[PageDocument]) -> Iterator[Document]:
    """Yield the Tantivy documents of an item's description and pages.

    What is of the item, and so the same in all of them, is made once for each language of its pages.
    """
    shared: dict[str, Document] = {}
    for document in documents:
        if document.page == 0:
            yield _description(document)
            continue
        if document.language not in shared:
            own = stemmed_in(document.language)
            shared[document.language] = _of_item(document, (own,) * bool(own))
        page = copy(shared[document.language])
        _add_text(page, document, document.text, (stemmed_in(document.language),))
        yield page


def position_document(position: int) -> Document:
    """Return the document that keeps the follower's position."""
    return Document.from_dict({"note": POSITION, "position": position}, schema())


def item_key(item: str) -> int:
    """Return the number by which hits are grouped; the index can give numbers in bulk, not strings."""
    return int.from_bytes(hashlib.blake2b(item.encode(), digest_size=8).digest(), "big")


def _work_key(document: PageDocument) -> int:
    """Return the number of the document's work.

    A work is named after one of its items. While the follower is on its way that item may
    still be indexed as of no work: then it is none of the others' group.
    """
    return item_key(f"work {document.work}" if document.work else document.item)


def _description(document: PageDocument) -> Document:
    """Return the document of an item's description, whose titles and labels may be in any language."""
    made = _of_item(document, tuple(STEMMERS))
    made.extend(_of_description(document), schema())
    _add_text(made, document, document.summary, tuple(STEMMERS))
    return made


def _of_item(document: PageDocument, languages: Sequence[str]) -> Document:
    """Return what all documents of an item have that are in the language of this one."""
    fields: dict[str, Any] = {
        "item": document.item,
        "key": item_key(document.item),
        "work_key": _work_key(document),
        "newest": _order(document, _day(document)),
        "language": document.language,
        "identifier": list(dict.fromkeys(document.identifiers)),
        **dict(_words(document, languages)),
        **{field: list(facet_values(document, facet)) for facet, field in FIELDS.items() if facet != "year"},
    }
    if document.work:
        fields["work"] = document.work
    if document.year is not None:
        fields["year"] = document.year
    if document.dates:
        fields["date_first"], fields["date_last"] = document.dates
    return Document.from_dict(fields, schema())


def _add_text(made: Document, document: PageDocument, shown: str, languages: Iterable[str]) -> None:
    """Add to a document what is its own: its number, its text and what snippets are cut from."""
    text = _clean(document.text)
    made.add_unsigned("page", document.page)
    made.add_text("body", folded(text))
    for language, found in stems_in(text, filter(None, languages)):
        made.add_text(f"body_{language}", found)
    made.add_bytes("shown", (text if shown is document.text else _clean(shown)).encode())


def _words(document: PageDocument, languages: Sequence[str]) -> Iterator[tuple[str, str]]:
    title = _clean(document.title)
    yield "title", title
    yield from ((f"title_{language}", found) for language, found in stems_in(title, languages))
    for field, values in WORDS.items():
        if clean := _clean("\n".join(values(document))):
            yield field, clean
            if field == "subject":
                yield from ((f"subject_{language}", found) for language, found in stems_in(clean, STEMMERS))


def _of_description(document: PageDocument) -> dict[str, Any]:
    """Return what only the description has: the places in other listings, what names the item, what is offered."""
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
