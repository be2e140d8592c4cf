"""What DataCite and OpenAIRE say alike: elements of the DataCite kernel, and who and what stands in them.

DataCite Metadata Schema 4 (namespace http://datacite.org/schema/kernel-4), which the
OpenAIRE Guidelines for Literature Repository Managers 4 take their names from. DataCite's
own record declares it the default namespace, OpenAIRE's gives it a prefix: so a
:class:`Kernel` is made for a prefix.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote

from metadata.dublin_core import iso_date
from metadata.model import Agent, Box, Contribution, File, Identifier, Item, RelationKind, Text
from metadata.relators import CREATORS, STAND_INS
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from metadata.xmlbuild import element, leaf
from metadata.xmltext import legal

NAMESPACE = "http://datacite.org/schema/kernel-4"

RESOLVING = frozenset({"findable", "registered", "external"})
"""States of a DOI in which it resolves."""

CONTRIBUTORS = {
    "edt": "Editor",
    "edc": "Editor",
    "trl": "Translator",
    "dst": "Distributor",
    "pro": "Producer",
    "his": "HostingInstitution",
    "spn": "Sponsor",
    "fnd": "Sponsor",
    "ths": "Supervisor",
    "cur": "DataCurator",
    "col": "DataCollector",
    "res": "Researcher",
    "rth": "ProjectLeader",
    "rtm": "ProjectMember",
    "cph": "RightsHolder",
}
"""contributorType by MARC relator code (DataCite 4.6, appendix 1); every other one is ``Other``."""

_NAME_SCHEMES = {
    # scheme: its name there, its URI, what stands before a bare value
    "orcid": ("ORCID", "https://orcid.org", "https://orcid.org/"),
    "ror": ("ROR", "https://ror.org", "https://ror.org/"),
    "isni": ("ISNI", "https://isni.org", "https://isni.org/isni/"),
    "viaf": ("VIAF", "https://viaf.org", "https://viaf.org/viaf/"),
    "wikidata": ("Wikidata", "https://www.wikidata.org", "https://www.wikidata.org/wiki/"),
}
_ITEM_SCHEMES = {"isbn": "ISBN", "issn": "ISSN", "doi": "DOI", "url": "URL", "urn": "URN", "ean": "EAN13", "upc": "UPC"}
_TAG = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*")
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"
_LINK = re.compile(rf"(?:https?|ftps?)://[A-Za-z0-9.-]+(?::\d{{1,5}})?(?:[/?]{_CHARACTER})?(?:#{_CHARACTER})?")
_SPAN = re.compile(r"(\d{1,3})(X{1,3})[?~%]?", re.ASCII)
_DOUBT = re.compile(r"[?~%X]")


class MandatoryMissing(ValueError):
    """The item lacks what the format demands and no code may stand for; ``fields`` are the format's own names."""

    def __init__(self, *fields: str) -> None:
        super().__init__(f"the item has no {', no '.join(fields)}")
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Related:
    """A tie to another item: ``identifier`` (scheme ``doi`` or ``url``) is the other's.

    ``type`` is the other's publication type, ``""`` where it is not known. ``inverse`` is set when
    the tie is stated by the other item: this one *has* the translation, the part; is replaced.
    """

    kind: RelationKind
    identifier: Identifier
    type: str = ""
    inverse: bool = False


def related_to(kind: RelationKind, other: Item, base_url: str, inverse: bool = False) -> Related:
    """Return the tie to ``other``: by its DOI where that resolves, else by its page at ``base_url``."""
    if other.doi and other.doi.state in RESOLVING:
        return Related(kind, Identifier("doi", other.doi.name), other.type, inverse)
    return Related(kind, Identifier("url", f"{base_url}/item/{other.id}"), other.type, inverse)


@dataclass(frozen=True, slots=True)
class Shares:
    """Who did what in an item: names without the empty ones, each once a role."""

    creators: tuple[Agent, ...]
    publishers: tuple[Agent, ...]
    contributors: tuple[Contribution, ...]


def shares(item: Item) -> Shares:
    """Share the item's agents out; editors, compilers and issuing bodies are its creators where no one else is."""
    named = [one for one in dict.fromkeys(item.contributions) if plain(one.agent.name)]
    leading = CREATORS if any(one.role in CREATORS for one in named) else STAND_INS
    creators = tuple(dict.fromkeys(one.agent for one in named if one.role in leading))
    publishers = tuple(dict.fromkeys(one.agent for one in named if one.role == "pbl"))
    others = (one for one in named if one.role not in leading and one.role != "pbl")
    return Shares(creators, publishers, tuple(one for one in others if one.agent not in creators))


def offered(item: Item) -> tuple[File, ...]:
    """Return the files people read: the access copies, else the originals."""
    return tuple(item.files_as("access")) or tuple(item.files_as("original"))


def plain(text: str) -> str:
    """Return ``text`` without what XML forbids and without white space around it."""
    return legal(text).strip()


@lru_cache(maxsize=1024)
def tag(language: str) -> str | None:
    """Return the language as xml:lang may have it (xs:language), None where it is unknown or not legal."""
    return language if _TAG.fullmatch(language) else None


@lru_cache(maxsize=4096)
def link(text: str) -> str | None:
    """Return a web address as xs:anyURI may have it, other characters than RFC 3986's encoded; else None."""
    encoded = quote(text.strip(), safe="%/:?#@!$&'()*+,;=~") if len(text) <= 2000 and text.isprintable() else ""
    return encoded if _LINK.fullmatch(encoded) else None


@lru_cache(maxsize=4096)
def w3cdtf(edtf: str) -> str:
    """Return the date or range that stands for an EDTF one, ``""`` where none does.

    W3C-DTF for a date (``1987-05``), RKMS-ISO8601 for a range (``1987/1989``, ``1987/``, ``/1989``), as
    DataCite 4.6 (property 8) asks. A decade or century is its range; doubts are dropped (:func:`doubt`).
    """
    start, slash, end = edtf.partition("/")
    if not slash:
        return iso_date(edtf) or "/".join(_span(edtf))
    first, last = _edge(start, 0), _edge(end, 1)
    return f"{first}/{last}" if first or last else ""


def doubt(edtf: str) -> str | None:
    """Return what a W3C-DTF date cannot say of an EDTF one, for dateInformation; None where it says all."""
    return f"EDTF: {edtf}" if _DOUBT.search(edtf) else None


def _edge(edtf: str, which: int) -> str:
    return iso_date(edtf) or next(iter(_span(edtf)[which:]), "")


def _span(edtf: str) -> tuple[str, ...]:
    """Return first and last year of a decade, century or millennium (``198X``), or nothing."""
    found = _SPAN.fullmatch(edtf)
    if not found or len(found[1] + found[2]) != 4:
        return ()
    return found[1] + "0" * len(found[2]), found[1] + "9" * len(found[2])


@dataclass(frozen=True, slots=True)
class Kernel:
    """Builds elements of the kernel as XML strings, under ``prefix`` (``datacite:``, or ``""``).

    ``relations`` is relationType by kind of relation, forward and inverse; ``contributor_types`` is
    contributorType by MARC relator code: the lists differ between versions of the kernel.
    """

    relations: Mapping[RelationKind, tuple[str, str]]
    prefix: str = ""
    contributor_types: Mapping[str, str] = field(default_factory=lambda: CONTRIBUTORS)

    def list_of(self, name: str, parts: Iterable[str]) -> str:
        """Return the wrapper ``name`` around its parts, nothing where there are none."""
        inside = "".join(dict.fromkeys(parts))
        return element(self.prefix + name, None, (inside,)) if inside else ""

    def leaf(self, name: str, text: str, attributes: Mapping[str, object] | None = None) -> str:
        """Return an element that holds ``text``, nothing where there is no text."""
        return leaf(self.prefix + name, text.strip(), attributes)

    def texts(self, name: str, texts: Iterable[Text], attributes: Mapping[str, object] | None = None) -> Iterator[str]:
        """Yield an element for each text, with its language."""
        for text in texts:
            yield self.leaf(name, text.value, {**(attributes or {}), "xml:lang": tag(text.language)})

    def titles(self, item: Item) -> Iterator[str]:
        """Yield the titles: the first is the main one; others are translated or variants, by kind or by language."""
        titles = [title for title in dict.fromkeys(item.titles) if plain(title.value)]
        for title in titles:
            kind = None if title is titles[0] else _title_type(title, titles[0])
            yield from self.texts("title", (title,), {"titleType": kind})

    def creators(self, agents: Iterable[Agent]) -> Iterator[str]:
        """Yield a ``creator`` for each agent."""
        for agent in agents:
            yield element(f"{self.prefix}creator", None, self._agent("creatorName", agent))

    def contributors(self, contributions: Iterable[Contribution]) -> Iterator[str]:
        """Yield a ``contributor`` for each contribution, with its type."""
        for one in contributions:
            kind = self.contributor_types.get(one.role, "Other")
            parts = self._agent("contributorName", one.agent)
            yield element(f"{self.prefix}contributor", {"contributorType": kind}, parts)

    def _agent(self, name: str, agent: Agent) -> Iterator[str]:
        """Yield name, its parts and identifiers, in the order of the schema."""
        kind = "Personal" if agent.kind == "person" else "Organizational"
        yield self.leaf(name, agent.name, {"nameType": kind})
        family, comma, given = agent.name.partition(",")
        if comma and agent.kind == "person" and plain(family) and plain(given):
            yield self.leaf("givenName", given)
            yield self.leaf("familyName", family)
        for scheme, uri, value in name_identifiers(agent):
            yield self.leaf("nameIdentifier", value, {"nameIdentifierScheme": scheme, "schemeURI": uri})

    def subjects(self, item: Item, vocabulary: Vocabulary) -> Iterator[str]:
        """Yield every label of each concept with its URIs, then the keywords."""
        for uri in dict.fromkeys(map(vocabulary.current, item.concepts)):
            concept = vocabulary.concepts.get(uri)
            labels = (concept.labels if concept else ()) or (Text(uri),)
            attributes: dict[str, object] = {"valueURI": link(uri)}
            if concept:
                scheme = {
                    "subjectScheme": vocabulary.scheme_title(concept, "en") or None,
                    "schemeURI": link(concept.scheme),
                }
                attributes = {**scheme, **attributes}
            yield from self.texts("subject", labels, attributes)
        yield from self.texts("subject", item.keywords)

    def related(self, ties: Iterable[Related], item: Item) -> Iterator[str]:
        """Yield what the item is tied to, the series it is part of by ISSN, and the journal of an article."""
        for tie in ties:
            attributes: dict[str, object] = {
                "resourceTypeGeneral": TYPES[tie.type].datacite if tie.type in TYPES and not self.prefix else None,
                "relatedIdentifierType": "DOI" if tie.identifier.scheme == "doi" else "URL",
                "relationType": self.relation(tie.kind, item.type)[tie.inverse],
            }
            yield self.leaf("relatedIdentifier", tie.identifier.value, attributes)
        for issn in container_issns(item):
            yield self.leaf("relatedIdentifier", issn, {"relatedIdentifierType": "ISSN", "relationType": "IsPartOf"})

    def relation(self, kind: RelationKind, item_type: str) -> tuple[str, str]:
        """Return relationType, forward and inverse; a periodical continues another, anything else replaces it."""
        if kind == "replaces" and item_type == "periodical":
            return "Continues", "IsContinuedBy"
        return self.relations[kind]

    def alternates(self, item: Item) -> Iterator[str]:
        """Yield the item's other identifiers, its own DOI left out, and an ISSN that is not its own."""
        own = item.doi.name.lower() if item.doi else None
        for one in dict.fromkeys(item.identifiers):
            if (one.scheme == "doi" and one.value.lower() == own) or _is_containers(one, item):
                continue
            kind = _ITEM_SCHEMES.get(one.scheme, one.scheme)
            yield self.leaf("alternateIdentifier", one.value, {"alternateIdentifierType": kind})

    def sizes(self, item: Item) -> Iterator[str]:
        """Yield extent as printed, number of pages, and bytes of what is offered."""
        yield self.leaf("size", item.extent)
        if item.page_count:
            yield self.leaf("size", f"{item.page_count} pages")
        if files := offered(item):
            yield self.leaf("size", f"{sum(file.size for file in files)} bytes")

    def places(self, item: Item) -> Iterator[str]:
        """Yield the places that the content speaks of: in words, by ISO 3166 codes, as boxes in decimal degrees."""
        for name in (*(text.value for text in item.coverage), *item.countries):
            place = self.leaf("geoLocationPlace", name)
            yield element(f"{self.prefix}geoLocation", None, (place,)) if place else ""
        for box in filter(lambda box: box.on_earth, item.boxes):
            yield element(f"{self.prefix}geoLocation", None, (self._box(box),))

    def _box(self, box: Box) -> str:
        edges = {"west": "Longitude", "east": "Longitude", "south": "Latitude", "north": "Latitude"}
        bounds = (
            self.leaf(f"{side}Bound{axis}", f"{getattr(box, side):.7f}".rstrip("0").rstrip("."))
            for side, axis in edges.items()
        )
        return element(f"{self.prefix}geoLocationBox", None, bounds)


def name_identifiers(agent: Agent) -> Iterator[tuple[str, str | None, str]]:
    """Yield scheme, its URI and the identifier as a link, for each that the agent has."""
    for one in agent.identifiers:
        value = plain(one.value)
        name, uri, before = _NAME_SCHEMES.get(one.scheme, (one.scheme, None, ""))
        if value:
            yield name, uri, value if "://" in value or not before else before + value.replace(" ", "")


def container_issns(item: Item) -> list[str]:
    """Return the ISSNs of what the item is part of: its series, and for anything but a periodical its own field."""
    found = [one.issn for one in item.series] + [one.value for one in item.identifiers if _is_containers(one, item)]
    return [issn for issn in dict.fromkeys(found) if plain(issn)]


def _is_containers(identifier: Identifier, item: Item) -> bool:
    return identifier.scheme == "issn" and item.type != "periodical"


def _title_type(title: Text, main: Text) -> str:
    if title.kind:
        return "TranslatedTitle" if title.kind == "translated" else "AlternativeTitle"
    known = title.language and main.language
    other = title.language.partition("-")[0] != main.language.partition("-")[0]
    return "TranslatedTitle" if known and other else "AlternativeTitle"
