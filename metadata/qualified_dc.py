"""Qualified Dublin Core for harvesters: the ``oai_qdc`` record.

Specifications: DCMI Metadata Terms; Guidelines for implementing Dublin Core in XML (DCMI, 2003);
``qualifieddc`` in OCLC's namespace ``http://worldcat.org/xmlschemas/qdc-1.0/``, which is what
harvesters know by the prefix ``oai_qdc``. Places of publication have no term of their own and are
left out; edition and notes are descriptions.
"""

import re
from collections.abc import Iterable, Iterator

from metadata.dublin_core import dcmi_box, iso_date
from metadata.languages import to_iso639_3
from metadata.model import Identifier, Item, Text
from metadata.relators import CREATORS
from metadata.rights import ACCESS_TERMS
from metadata.standard_numbers import doi_address
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from metadata.xmlbuild import element, leaf

NAMESPACE = "http://worldcat.org/xmlschemas/qdc-1.0/"
SCHEMA = "http://worldcat.org/xmlschemas/qdc/1.0/qdc-1.0.xsd"
_DECLARED = {
    "xmlns:oai_qdc": NAMESPACE,
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:dcterms": "http://purl.org/dc/terms/",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
}
_RESOLVING = frozenset({"findable", "registered", "external"})
_RELATIONS = {"isTranslationOf": "isVersionOf", "isPartOf": "isPartOf", "replaces": "replaces"}
_RELATIONS |= {"isFormatOf": "isFormatOf", "isVersionOf": "isVersionOf"}
_URNS = {"isbn": "urn:ISBN:", "issn": "urn:ISSN:", "handle": "https://hdl.handle.net/"}
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*")
_URI = re.compile(r"(?:https?|urn|info|oai):\S+")
_LICENCE = re.compile(r"https?://(?:creativecommons\.org/(?:licenses|publicdomain)|opensource\.org/licenses)/\S+")


def qualified_dc(item: Item, base_url: str, vocabulary: Vocabulary) -> str:
    """Return the item's ``oai_qdc`` record: one ``qualifieddc`` element, its namespaces declared.

    ``base_url`` is the library's web address, without the slash at its end; ``vocabulary`` gives
    the concepts' labels (a concept it does not have appears as its URI).
    """
    parts = (
        _texts("dc:title", item.titles[:1]), _texts("dcterms:alternative", item.titles[1:]), _agents(item),
        _subjects(item, vocabulary), _texts("dcterms:abstract", item.descriptions),
        _texts("dc:description", (*map(Text, [item.edition]), *item.notes)), _dates(item), _type(item),
        _formats(item), _identifiers(item, base_url), _languages(item), _relations(item, base_url),
        _coverage(item), _rights(item),
    )  # fmt: skip
    return element("oai_qdc:qualifieddc", _DECLARED, (one for part in parts for one in part))


def _texts(name: str, texts: Iterable[Text]) -> Iterator[str]:
    for text in dict.fromkeys(texts):
        language = text.language if _LANGUAGE.fullmatch(text.language) else None
        yield leaf(name, text.value.strip(), {"xml:lang": language})


def _typed(name: str, value: str, scheme: str) -> str:
    return leaf(name, value, {"xsi:type": f"dcterms:{scheme}"})


def _agents(item: Item) -> Iterator[str]:
    """Yield creators, publishers and contributors, each name once."""
    for name in dict.fromkeys((_element_of(one.role), one.agent.name) for one in item.contributions):
        yield leaf(f"dc:{name[0]}", name[1])


def _element_of(role: str) -> str:
    return "creator" if role in CREATORS else "publisher" if role == "pbl" else "contributor"


def _subjects(item: Item, vocabulary: Vocabulary) -> Iterator[str]:
    for uri in dict.fromkeys(map(vocabulary.current, item.concepts)):
        concept = vocabulary.concepts.get(uri)
        yield from _texts("dc:subject", (concept.labels if concept else ()) or (Text(uri),))
    yield from _texts("dc:subject", item.keywords)


def _dates(item: Item) -> Iterator[str]:
    for date in item.dates:
        made = iso_date(date.value)
        if made and date.kind != "covered":
            yield _typed(f"dcterms:{date.kind}", made, "W3CDTF")
    yield _typed("dcterms:available", iso_date(item.embargo), "W3CDTF")


def _type(item: Item) -> Iterator[str]:
    kind = TYPES.get(item.type, TYPES["other"])
    if kind.dcmi:
        yield _typed("dc:type", kind.dcmi, "DCMIType")
    if kind.eu_repo:
        yield leaf("dc:type", f"info:eu-repo/semantics/{kind.eu_repo}")
    yield leaf("dc:type", kind.coar)
    yield leaf("dc:type", kind.en, {"xml:lang": "en"})


def _formats(item: Item) -> Iterator[str]:
    for name in dict.fromkeys(file.media_type for file in item.files_as("original")):
        yield _typed("dc:format", name, "IMT")
    yield leaf("dcterms:extent", item.extent)


def _identifiers(item: Item, base_url: str) -> Iterator[str]:
    doi = [doi_address(item.doi.name)] if item.doi and item.doi.state in _RESOLVING else []
    for value in dict.fromkeys([f"{base_url}/item/{item.id}", *doi, *map(_address, item.identifiers)]):
        yield _typed("dc:identifier", value, "URI") if _URI.fullmatch(value) else leaf("dc:identifier", value)


def _address(one: Identifier) -> str:
    if one.scheme in ("url", "uri", "urn", "local", "other"):
        return one.value
    if one.scheme == "doi":
        return doi_address(one.value)
    return f"{_URNS.get(one.scheme, one.scheme + ':')}{one.value}"


def _languages(item: Item) -> Iterator[str]:
    for code in dict.fromkeys(map(to_iso639_3, item.languages)):
        yield _typed("dc:language", code, "ISO639-3")


def _relations(item: Item, base_url: str) -> Iterator[str]:
    for one in item.series:
        yield leaf("dcterms:isPartOf", f"{one.title}; {one.number}" if one.title and one.number else one.title)
        yield _typed("dcterms:isPartOf", f"urn:ISSN:{one.issn}" if one.issn else "", "URI")
    for relation in item.relations:
        yield _typed(f"dcterms:{_RELATIONS[relation.kind]}", f"{base_url}/item/{relation.target}", "URI")


def _coverage(item: Item) -> Iterator[str]:
    yield from _texts("dcterms:spatial", item.coverage)
    yield from (_typed("dcterms:spatial", code, "ISO3166") for code in item.countries if "-" not in code)
    yield from (leaf("dcterms:spatial", code) for code in item.countries if "-" in code)
    yield from (_typed("dcterms:spatial", dcmi_box(box), "Box") for box in item.boxes if box.on_earth)
    yield from (leaf("dcterms:temporal", date.value) for date in item.dates if date.kind == "covered")


def _rights(item: Item) -> Iterator[str]:
    for text in dict.fromkeys(item.rights):
        if _LICENCE.fullmatch(text.value.strip()):
            yield _typed("dcterms:license", text.value.strip(), "URI")
        else:
            yield from _texts("dc:rights", [text])
    yield leaf("dcterms:accessRights", ACCESS_TERMS[item.access])
