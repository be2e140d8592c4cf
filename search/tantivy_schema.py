"""How a page becomes a Tantivy document.

``body`` and ``title`` are families of fields: the folded words under that name, the stems of
a language under ``body_fr`` and so on. A page has stems in its own language; the description
(page 0), whose titles and labels are of several, has them in all. The follower's position is
a document of its own, so that it is committed with what it speaks of.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from tantivy import Document, Schema, SchemaBuilder
from tantivy.tantivy import __version__ as _tantivy_version

from search.analysis import FOLDED, RULES, STEMMERS, stemmed_in
from search.engine import PageDocument

_LAYOUT = 3
_KEY_BITS = 48
_YEAR_BITS = 14


def build_schema() -> Schema:
    """Return the schema of the index."""
    builder = SchemaBuilder()
    for name in ("item", "type", "languages", "subjects", "collections", "formats"):
        builder.add_text_field(name, stored=name == "item", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("page", stored=True, indexed=True, fast=True)
    for name in ("key", "order"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_text_field("body", tokenizer_name=FOLDED, index_option="position")
    builder.add_bytes_field("shown", stored=True)
    builder.add_text_field("title", tokenizer_name=FOLDED, index_option="position")
    for language in STEMMERS:
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
        "order": _order(document),
        "type": document.type,
        "language": document.language,
        "languages": list(dict.fromkeys(document.languages)),
        "subjects": list(dict.fromkeys(document.subjects)),
        "collections": list(dict.fromkeys(document.collections)),
        "formats": list(dict.fromkeys(document.formats)),
        "shown": _clean(document.text if document.page else document.summary).encode(),
        **dict(_texts(document)),
    }
    if document.year is not None:
        fields["year"] = document.year
    return Document.from_dict(fields, SCHEMA)


def position_document(position: int) -> Document:
    """Return the document that keeps the follower's position."""
    return Document.from_dict({"note": POSITION, "position": position}, SCHEMA)


def item_key(item: str) -> int:
    """Return the number by which hits are grouped; the index can give numbers in bulk, not strings."""
    return int.from_bytes(hashlib.blake2b(item.encode(), digest_size=8).digest(), "big")


def _texts(document: PageDocument) -> Iterator[tuple[str, str]]:
    own = stemmed_in(document.language)
    languages = tuple(STEMMERS) if document.page == 0 else (own,) * bool(own)
    for family, text in (("body", document.text), ("title", document.title)):
        clean = _clean(text)
        yield family, clean
        yield from ((f"{family}_{language}", clean) for language in languages)


def _order(document: PageDocument) -> int:
    """Return the place in a listing: the newest year first, then an arbitrary but lasting order."""
    year = min(max(document.year or 0, 0), (1 << _YEAR_BITS) - 1)
    return year << _KEY_BITS | item_key(document.item) >> (64 - _KEY_BITS)


def _clean(text: str) -> str:
    """Compose accents, since a lone combining mark would split its word; drop lone surrogates."""
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
