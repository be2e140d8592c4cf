"""Dublin Core for harvesters: the oai_dc record and the record's header.

Unqualified Dublin Core (DCMES 1.1, ISO 15836-1) as OAI-PMH 2.0 section 7 asks for, with the
choices of the DRIVER 2 and BASE guidelines: a landing page as the first identifier, a link to
the text, ISO 8601 dates, ISO 639-3 languages, types from ``info:eu-repo`` and COAR.

It is rendered once, when an item is written, so it is plain string building.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from metadata.languages import to_iso639_3
from metadata.model import Box, Contribution, File, Identifier, Item, Text
from metadata.relators import CREATORS, STAND_INS
from metadata.rights import ACCESS_TERMS, is_open
from metadata.standard_numbers import doi_address
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from metadata.xmltext import escape

_OPENING = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/'
    ' http://www.openarchives.org/OAI/2.0/oai_dc.xsd">'
)
_CLOSING = "</oai_dc:dc>"

_PUBLISHERS = frozenset({"pbl"})
# A DOI in these states resolves; harvesters make links of the others, dead ones.
_RESOLVING = frozenset({"findable", "registered", "external"})
_URNS = {"isbn": "urn:ISBN:", "issn": "urn:ISSN:", "handle": "https://hdl.handle.net/"}

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*")
_EDTF = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:-?[X\d]{2}|T[\d:.Z+-]+)*[?~%]?", re.ASCII)


def oai_dc(item: Item, base_url: str, vocabulary: Vocabulary, subjects_in: str = "") -> str:
    """Return the item's oai_dc record: one element, its namespaces declared, valid against oai_dc.xsd.

    ``base_url`` is the library's web address, without the slash at its end; ``vocabulary``
    gives the concepts' labels (a concept it does not have appears as its URI), in all languages or in
    the one that ``subjects_in`` (BCP 47) names, else in English, else in any.
    """
    creators, publishers, contributors = _agents(item.contributions)
    parts = [
        _OPENING,
        *_texts("title", item.titles),
        *_plain("creator", creators),
        *(_subject(uri, vocabulary, subjects_in) for uri in dict.fromkeys(map(vocabulary.current, item.concepts))),
        *_texts("subject", item.keywords),
        *_texts("description", item.descriptions),
        *_texts("description", item.notes),
        *_plain("publisher", publishers),
        *_plain("contributor", contributors),
        *_plain("date", _dates(item)),
        _type(item.type),
        *_plain("format", [*(file.media_type for file in _shown_files(item)), item.extent]),
        *_plain("identifier", _identifiers(item, base_url)),
        *_plain("language", map(to_iso639_3, item.languages)),
        *_plain("relation", [f"{base_url}/item/{relation.target}" for relation in item.relations]),
        *_plain("relation", _series(item)),
        *_texts("coverage", item.coverage),
        *_plain("coverage", [when.value for when in item.dates if when.kind == "covered"]),
        *_plain("coverage", [dcmi_box(box) for box in item.boxes if box.on_earth]),
        *_plain("rights", [ACCESS_TERMS[item.access]]),
        *_texts("rights", item.rights),
        _CLOSING,
    ]
    return "".join(parts)


def oai_header(identifier: str, datestamp: str, sets: tuple[str, ...], deleted: bool) -> str:
    """Return the header of a record (OAI-PMH 2.0 section 2.5), to stand in OAI-PMH's own namespace.

    ``identifier`` is the OAI identifier, ``datestamp`` is UTC as the repository's granularity
    has it, ``sets`` are setSpecs; ``deleted`` marks a record whose item was withdrawn.
    """
    status = ' status="deleted"' if deleted else ""
    specs = "".join(f"<setSpec>{escape(spec)}</setSpec>" for spec in sets)
    return (
        f"<header{status}><identifier>{escape(identifier)}</identifier>"
        f"<datestamp>{datestamp}</datestamp>{specs}</header>"
    )


def dcmi_box(box: Box) -> str:
    """Return a box in the DCMI Box Encoding Scheme (2006), in decimal degrees."""
    sides = (("northlimit", box.north), ("southlimit", box.south), ("westlimit", box.west), ("eastlimit", box.east))
    return "; ".join(f"{name}={value:.7f}".rstrip("0").rstrip(".") for name, value in sides)


def _series(item: Item) -> Iterator[str]:
    """Yield each series with its number, then its ISSN."""
    for one in item.series:
        yield f"{one.title} ; {one.number}" if one.title and one.number else one.title
        yield f"urn:ISSN:{one.issn}" if one.issn else ""


@lru_cache(maxsize=4096)
def iso_date(edtf: str) -> str:
    """Return the ISO 8601 date (year, month or day) that stands for an EDTF one, ``""`` if none does.

    An interval gives its start, or its end where the start is open. A doubt or an
    approximation is dropped, and so is what the calendar does not have. A decade
    (``198X``), and an interval with doubted ends (some year between them), give none.
    """
    start, slash, end = edtf.partition("/")
    if slash and ("?" in edtf or "%" in edtf):
        return ""
    match = _EDTF.fullmatch(end if start in ("", "..") else start)
    return _calendar(*match.groups(default="")) if match else ""


def _calendar(year: str, month: str, day: str) -> str:
    """Return as much of the date as the calendar knows."""
    for length, parts in ((10, (year, month, day)), (7, (year, month, "1")), (4, (year, "1", "1"))):
        try:
            return date(*map(int, parts)).isoformat()[:length]
        except ValueError:
            continue
    return ""


def _plain(name: str, values: Iterable[str]) -> Iterator[str]:
    """Render values without a language, each once, the blank ones left out."""
    for value in dict.fromkeys(values):
        if content := escape(value).strip():
            yield f"<dc:{name}>{content}</dc:{name}>"


def _texts(name: str, texts: Iterable[Text]) -> Iterator[str]:
    for text in texts:
        if content := escape(text.value).strip():
            yield f"<dc:{name}{_language(text.language)}>{content}</dc:{name}>"


@lru_cache(maxsize=1024)
def _language(tag: str) -> str:
    """Return the xml:lang attribute, or nothing where the tag is unknown or not legal (xs:language)."""
    return f' xml:lang="{tag}"' if _LANGUAGE.fullmatch(tag) else ""


def _subject(uri: str, vocabulary: Vocabulary, language: str) -> str:
    concept = vocabulary.concepts.get(uri)
    labels = concept.labels if concept else ()
    if concept and labels and language:
        labels = (concept.label(language),)
    return "".join(_texts("subject", labels or (Text(uri),)))


def _agents(contributions: tuple[Contribution, ...]) -> tuple[list[str], list[str], list[str]]:
    """Share the names out among creators, publishers and contributors."""
    roles = {contribution.role for contribution in contributions}
    leading = CREATORS if roles & CREATORS else STAND_INS
    creators: list[str] = []
    publishers: list[str] = []
    contributors: list[str] = []
    for contribution in contributions:
        role, name = contribution.role, contribution.agent.name
        shelf = creators if role in leading else publishers if role in _PUBLISHERS else contributors
        shelf.append(name)
    return creators, publishers, [name for name in contributors if name not in creators]


def _dates(item: Item) -> list[str]:
    """Return the dates of issue, or those of creation where none of issue can be said in ISO 8601."""
    issued = [found for when in item.dates if when.kind == "issued" and (found := iso_date(when.value))]
    return issued or [iso_date(when.value) for when in item.dates if when.kind == "created"]


@lru_cache(maxsize=64)
def _type(code: str) -> str:
    kind = TYPES.get(code, TYPES["other"])
    semantic = f"info:eu-repo/semantics/{kind.eu_repo}" if kind.eu_repo else ""
    return "".join((*_plain("type", (semantic, kind.coar)), *_texts("type", (Text(kind.en, "en"),))))


def _shown_files(item: Item) -> list[File]:
    """Return the files people are offered: the access copy first, then the originals."""
    return [*item.files_as("access"), *item.files_as("original")]


def _identifiers(item: Item, base_url: str) -> Iterator[str]:
    landing = f"{base_url}/item/{item.id}"
    yield landing
    if item.doi and item.doi.state in _RESOLVING:
        yield doi_address(item.doi.name)
    if is_open(item) and (offered := _shown_files(item)[:1]):
        yield f"{landing}/file/{quote(offered[0].path, safe='/', errors='replace')}"
    yield from map(_name, item.identifiers)


def _name(identifier: Identifier) -> str:
    scheme, value = identifier.scheme, identifier.value.strip()
    if not value or scheme in ("url", "uri", "urn"):
        return value
    if scheme == "doi":
        return doi_address(value)
    return f"{_URNS[scheme]}{value}" if scheme in _URNS else f"{scheme}:{value}"
