"""How a page becomes a Whoosh document: the fields of :mod:`search.plan`, analysed before Whoosh sees them.

The words of a page and those of a description both stand under ``body``.

Whoosh gets lists of terms, made by :mod:`search.analysis` as Tantivy's are, and takes them as
they are. What is shown and counted is stored with the description.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from search.analysis import FOLDED, RULES, stemmed_in, terms
from search.engine import PageDocument
from search.facets import FIELDS, facet_values
from search.languages import STEMMERS
from search.tantivy_schema import WORDS
from search.whoosh_library import columns, fields

LAYOUT = 2
POSITION = "position"
NUMBERS = ("page", "year", "date_first", "date_last")
_LONGEST_TERM = 1000  # characters: what is longer is nothing that anybody looks for
_VALUES = sorted({*FIELDS.values(), "access", "identifier"} - {"year"})


def schema() -> Any:
    """Return the schema of the index."""
    found = fields.Schema(
        item=fields.ID(sortable=columns.VarBytesColumn()),
        note=fields.ID(),
        language=fields.STORED(),
        shown=fields.STORED(),
        facts=fields.STORED(),
        position=fields.STORED(),
    )
    for name in NUMBERS:
        found.add(name, fields.NUMERIC(int, bits=64, signed=True, sortable=name == "page"))
    for name in _VALUES:
        found.add(name, fields.ID())
    for name in ("body", "title", *WORDS):
        found.add(name, fields.TEXT(phrase=True))
    for family in ("body", "title", "subject"):
        for language in STEMMERS:
            found.add(f"{family}_{language}", fields.TEXT(phrase=False))
    return found


def version() -> str:
    """Return the name of this version of the index: what it holds and how it is analysed."""
    parts = (LAYOUT, RULES, list(STEMMERS.items()), NUMBERS, _VALUES, sorted(WORDS))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def page_fields(document: PageDocument) -> dict[str, Any]:
    """Return the Whoosh document of a page or description, field by field."""
    found: dict[str, Any] = {
        "item": document.item,
        "page": document.page,
        "language": document.language,
        "shown": clean(document.text if document.page else document.summary),
        "identifier": list(dict.fromkeys(document.identifiers)),
        **dict(_facets(document)),
        **dict(_texts(document)),
    }
    if document.page == 0:
        found["facts"] = msgspec.json.encode(replace(document, text=clean(document.text)))
    if document.year is not None:
        found["year"] = document.year
    if document.dates:
        found["date_first"], found["date_last"] = document.dates
    return found


def facts(data: bytes) -> PageDocument:
    """Return the description as it was stored."""
    return msgspec.json.decode(data, type=PageDocument)


def clean(text: str) -> str:
    """Compose accents, since a lone combining mark would split its word; drop lone surrogates."""
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))


def _facets(document: PageDocument) -> Iterator[tuple[str, list[str]]]:
    for facet, field in FIELDS.items():
        if field in _VALUES and (values := facet_values(document, facet)):
            yield field, list(values)


def _texts(document: PageDocument) -> Iterator[tuple[str, list[str]]]:
    own = stemmed_in(document.language)
    languages = tuple(STEMMERS) if document.page == 0 else (own,) * bool(own)
    for family, text in (("body", document.text), ("title", document.title)):
        yield from _family(family, text, languages)
    for field, values in WORDS.items():
        yield from _family(field, "\n".join(values(document)), tuple(STEMMERS) if field == "subject" else ())


def _family(family: str, text: str, languages: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Yield the terms of a text, folded under the family's name and stemmed under each language's."""
    prepared = clean(text)
    for field, analyser in ((family, FOLDED), *((f"{family}_{language}", language) for language in languages)):
        if found := terms(prepared, analyser):
            yield field, [term[:_LONGEST_TERM] for term in found]
