"""From an item to a MODS record: the way back of :mod:`metadata.mods`.

Specification: MODS 3.8, Library of Congress, namespace ``http://www.loc.gov/mods/v3``. What the
reader reads is written so that it reads the same again. What MODS has no place for: collections,
pages and fixity of files. Contributions become names, and plain publishers ``originInfo``, so
publishers come last. A record read back also has the library's own number and address, and a host
that is an item of this library is a series as well.
"""

import re
from collections.abc import Iterable, Iterator

from metadata.marc_export import Agency
from metadata.marc_fixed import language_code
from metadata.model import Agent, Box, Contribution, Identifier, Item, Text
from metadata.rights import ACCESS_TERMS
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from metadata.xmlbuild import element, leaf

_DECLARED = {
    "xmlns": "http://www.loc.gov/mods/v3",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": "http://www.loc.gov/mods/v3 http://www.loc.gov/standards/mods/v3/mods-3-8.xsd",
    "version": "3.8",
}
_MATERIALS = {
    "map": "cartographic",
    "image": "still image",
    "video": "moving image",
    "dataset": "software, multimedia",
    "software": "software, multimedia",
    "sound": "sound recording-nonmusical",
    "music": "sound recording-musical",
    "score": "notated music",
    "object": "three dimensional object",
    "mixed": "mixed material",
    "other": "",
}
_RESOLVING = frozenset({"findable", "registered", "external"})
_RELATIONS: dict[str, dict[str, object]] = {
    "isTranslationOf": {"otherType": "translation of"},
    "isPartOf": {"type": "host"},
    "isFormatOf": {"type": "otherFormat"},
    "replaces": {"type": "preceding"},
    "isVersionOf": {"type": "otherVersion"},
}
_TAGGED = re.compile(r' xml:lang="([^"]*)"')
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*")
_TEXT = r"(?:[^\s\[\]#%]|%[0-9A-Fa-f]{2})*"
# RFC 3987, without IP literals: what xs:anyURI may hold, and no more.
_ADDRESS = re.compile(rf"[A-Za-z]+://[^\s\[\]/?#%:]+(?::[0-9]{{1,5}})?(?:[/?]{_TEXT})?(?:#{_TEXT})?")


def mods(item: Item, vocabulary: Vocabulary, agency: Agency) -> str:
    """Return the item's MODS 3.8 record: one ``mods`` element, its namespace declared.

    ``vocabulary`` gives the concepts' labels (one it does not have appears as its URI). Characters
    that XML forbids are left out.
    """
    parts = (
        _titles(item), _names(item), _type(item), _origin(item), _languages(item), _physical(item),
        _texts("abstract", item.descriptions), _texts("note", item.notes), _subjects(item, vocabulary),
        _series(item), _relations(item, agency), _numbers(item), _locations(item, agency), _rights(item),
        _record(item, agency),
    )  # fmt: skip
    return element("mods", _DECLARED, (one for part in parts for one in part))


def mods_for_harvesters(item: Item, vocabulary: Vocabulary, agency: Agency) -> str:
    """Return the item's record in MODS 3.7: the schema of 3.8 is not valid itself, so nobody can check against it.

    It says languages by their codes (ISO 639-2b) alone, and does not know ISO 3166-2.
    """
    # What is in content or in a value has no plain quotation mark, so this finds attributes only.
    coded = _TAGGED.sub(lambda found: f' lang="{language_code(found[1])}"', mods(item, vocabulary, agency))
    coded = coded.replace(' authority="iso3166-2"', "")
    return coded.replace("mods-3-8.xsd", "mods-3-7.xsd", 1).replace('version="3.8"', 'version="3.7"', 1)


def _language(tag: str) -> str | None:
    return tag if _LANGUAGE.fullmatch(tag) else None


def _titles(item: Item) -> Iterator[str]:
    own = item.languages[0] if item.languages else ""
    for at, title in enumerate(item.titles or (Text("[Untitled]"),)):
        told = _language(title.language)
        if not at:
            # An empty xml:lang says that the language of the text is not this title's (XML 1.0, 2.12).
            attributes: dict[str, object] = {"xml:lang": "" if told is None and own else told}
        else:
            foreign = not title.kind and title.language and title.language != own
            kind = "translated" if foreign or title.kind == "translated" else "alternative"
            attributes = {"type": kind, "xml:lang": told}
        yield element("titleInfo", attributes, _title(title.value))


def _title(value: str) -> Iterator[str]:
    """Part the other title information (ISBD: after a colon) from the title proper."""
    proper, _, rest = value.partition(" : ")
    whole = not proper.strip() or not rest.strip()
    yield leaf("title", value if whole else proper)
    yield leaf("subTitle", "" if whole else rest)


def _names(item: Item) -> Iterator[str]:
    roles: dict[Agent, list[str]] = {}
    for one in item.contributions:
        if not _publishes(one):
            roles.setdefault(one.agent, []).append(one.role)
    for agent, codes in roles.items():
        kind = "personal" if agent.kind == "person" else "corporate"
        inside = [leaf("namePart", agent.name)]
        inside += [element("role", None, [_coded("roleTerm", code, "marcrelator")]) for code in dict.fromkeys(codes)]
        inside += [leaf("nameIdentifier", one.value, {"type": one.scheme}) for one in agent.identifiers]
        yield element("name", {"type": kind}, inside) if inside[0] else ""


def _coded(name: str, code: str, authority: str) -> str:
    return leaf(name, code, {"type": "code", "authority": authority})


def _publishes(one: Contribution) -> bool:
    """Say whether a contribution is a publisher's statement: an organisation, and no more known of it."""
    return one.role == "pbl" and one.agent.kind == "organisation" and not one.agent.identifiers


def _type(item: Item) -> Iterator[str]:
    kind = TYPES.get(item.type, TYPES["other"])
    yield leaf("typeOfResource", _MATERIALS.get(kind.code, "text"))
    yield leaf("genre", kind.en, {"authority": "coar", "valueURI": kind.coar})


def _origin(item: Item) -> Iterator[str]:
    places = [leaf("placeTerm", one, {"type": "text"}) for one in item.places]
    inside = [element("place", None, [place]) for place in places if place]
    inside += [leaf("publisher", one.agent.name) for one in item.contributions if _publishes(one)]
    for date in item.dates:
        name = {"issued": "dateIssued", "created": "dateCreated"}.get(date.kind)
        inside.append(leaf(name, date.value, {"encoding": "edtf"}) if name else "")
    inside.append(leaf("edition", item.edition))
    inside.append(leaf("issuance", "serial" if item.type == "periodical" else ""))
    yield element("originInfo", {"eventType": "publication"}, inside) if any(inside) else ""


def _languages(item: Item) -> Iterator[str]:
    for tag in item.languages:
        # ISO 639-2 names no region and few small languages: the tag itself says them.
        exact = _coded("languageTerm", tag, "rfc5646") if len(tag) > 2 else ""
        yield element("language", None, (_coded("languageTerm", language_code(tag), "iso639-2b"), exact))


def _physical(item: Item) -> Iterator[str]:
    shown = dict.fromkeys(file.media_type for file in item.files_as("original"))
    inside = [*(leaf("internetMediaType", one) for one in shown), leaf("extent", item.extent)]
    yield element("physicalDescription", None, inside) if any(inside) else ""


def _texts(name: str, texts: Iterable[Text], kind: str | None = None) -> Iterator[str]:
    for text in texts:
        yield leaf(name, text.value, {"type": kind, "xml:lang": _language(text.language)})


def _subjects(item: Item, vocabulary: Vocabulary) -> Iterator[str]:
    for uri in dict.fromkeys(map(vocabulary.current, item.concepts)):
        concept = vocabulary.concepts.get(uri)
        label = concept.label(item.languages[0] if item.languages else "en") if concept else Text(uri)
        yield _subject("topic", label, {"valueURI": uri})
    for keyword in item.keywords:
        yield _subject("topic", keyword, {})
    for place in item.coverage:
        yield _subject("geographic", place, {})
    for code in item.countries:
        scheme = {"authority": "iso3166-2" if "-" in code else "iso3166"}
        yield element("subject", None, [leaf("geographicCode", code, scheme)]) if code.strip() else ""
    for box in filter(lambda box: box.on_earth, item.boxes):
        yield element("subject", None, [element("cartographics", None, [leaf("coordinates", _coordinates(box))])])
    for date in item.dates:
        yield _subject("temporal", Text(date.value), {"encoding": "edtf"}) if date.kind == "covered" else ""


def _coordinates(box: Box) -> str:
    """Return a box as ISBD writes it (3.2.3), in decimal degrees: ``W 125.5°--W 120°/N 42°--N 37°``."""
    west, east = (_degrees(value, "EW") for value in (box.west, box.east))
    south, north = (_degrees(value, "NS") for value in (box.south, box.north))
    return f"{west}--{east}/{north}--{south}"


def _degrees(value: float, letters: str) -> str:
    written = f"{abs(value):.7f}".rstrip("0").rstrip(".")
    return f"{letters[value < 0]} {written}°"


def _subject(name: str, text: Text, attributes: dict[str, object]) -> str:
    inside = leaf(name, text.value, {**attributes, "xml:lang": _language(text.language)})
    return element("subject", None, [inside]) if inside else ""


def _series(item: Item) -> Iterator[str]:
    for one in item.series:
        inside = (leaf("title", one.title), leaf("partNumber", one.number))
        numbers = leaf("identifier", one.issn, {"type": "issn"})
        kind = "host" if item.type == "article" else "series"
        yield element("relatedItem", {"type": kind}, (element("titleInfo", None, inside), numbers))


def _relations(item: Item, agency: Agency) -> Iterator[str]:
    for relation in item.relations:
        title = leaf("title", agency.related.get(relation.target, ""))
        number = leaf("recordIdentifier", relation.target, {"source": agency.namespace})
        address = leaf("url", f"{agency.base_url}/item/{relation.target}")
        inside = (
            element("titleInfo", None, [title]) if title else "",
            element("location", None, [address]),
            element("recordInfo", None, [number]),
        )
        yield element("relatedItem", _RELATIONS[relation.kind], inside)


def _numbers(item: Item) -> Iterator[str]:
    numbers = list(item.identifiers)
    if item.doi and item.doi.state in _RESOLVING:
        numbers.append(Identifier("doi", item.doi.name))
    for one in dict.fromkeys(numbers):
        scheme = {"handle": "hdl", "url": "uri"}.get(one.scheme, one.scheme)
        yield leaf("identifier", one.value, {"type": scheme}) if not _is_address(one) else ""


def _locations(item: Item, agency: Agency) -> Iterator[str]:
    own = leaf("url", f"{agency.base_url}/item/{item.id}", {"access": "object in context", "usage": "primary"})
    given = (leaf("url", one.value) for one in item.identifiers if _is_address(one))
    yield element("location", None, (own, *given))


def _is_address(one: Identifier) -> bool:
    """Say whether it may stand where MODS wants a URI: not all that is a web address in practice is one."""
    return one.scheme == "url" and _ADDRESS.fullmatch(one.value) is not None


def _rights(item: Item) -> Iterator[str]:
    yield from _texts("accessCondition", item.rights, "use and reproduction")
    stated = [ACCESS_TERMS[item.access]] if item.access else []
    stated += [f"info:eu-repo/date/embargoEnd/{item.embargo}"] if item.embargo else []
    yield from _texts("accessCondition", map(Text, stated), "restriction on access")


def _record(item: Item, agency: Agency) -> Iterator[str]:
    inside = (
        leaf("recordContentSource", agency.namespace),
        leaf("recordChangeDate", agency.changed, {"encoding": "w3cdtf"}),
        leaf("recordIdentifier", item.id, {"source": agency.namespace}),
    )
    yield element("recordInfo", None, inside) if any(inside) else ""
