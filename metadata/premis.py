"""PREMIS: an item, its files, what was done to them, by which programs, and its rights.

PREMIS Data Dictionary 3.0 and its XML schema 3.0. Terms are those of the Library of Congress's
preservation vocabularies (https://id.loc.gov/vocabulary/preservation), where they have one that
means the same. What they have none for keeps Canoe's own word, without an authority: a
withdrawal is no deaccession (all is kept), and its lifting no recovery. *Imaging* is the
vocabulary's word for disk images, so what makes a document's text out of its images is a creation.
"""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from metadata.alto import name_and_version
from metadata.events import Event, EventOutcome, EventType
from metadata.model import File, Item, Text
from metadata.xmlbuild import document, element, leaf
from metadata.xmltext import legal

NAMESPACE = "http://www.loc.gov/premis/v3"
SCHEMA = "https://www.loc.gov/standards/premis/premis.xsd"

_VOCABULARY = "http://id.loc.gov/vocabulary/preservation"
_IDENTIFIERS = "http://id.loc.gov/vocabulary/identifiers"
_PRONOM = "https://www.nationalarchives.gov.uk/PRONOM/"
_EVENT_TYPES: dict[EventType, tuple[str, str]] = {
    "ingestion": ("ing", "ingestion"),
    "format identification": ("for", "format identification"),
    "virus check": ("vir", "virus check"),
    "validation": ("val", "validation"),
    "digitisation": ("cre", "creation"),
    "migration": ("mig", "migration"),
    "metadata modification": ("mem", "metadata modification"),
    "fixity check": ("fix", "fixity check"),
    "repair": ("rec", "recovery"),
}
_OUTCOMES: dict[EventOutcome, tuple[str, str]] = {
    "success": ("suc", "success"),
    "warning": ("war", "warning"),
    "failure": ("fai", "fail"),
}
_DIGESTS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_SCHEMES = frozenset({"doi", "isbn", "issn", "local"})
_MAKING = ("digitisation", "migration")
_DECIDED: frozenset[EventType] = frozenset(("metadata modification", "approval", "withdrawal", "restoration"))
"""What people do at the desk, under their own names."""
_LICENCE = re.compile(r"https?://(?:www\.)?(?:creativecommons|opendatacommons|gnu)\.org/\S+|https?://spdx\.org/\S+")

# An event as it is linked to: its identifier, and itself.
_Named = tuple[str, Event]


def premis(item: Item, events: Iterable[Event]) -> bytes:
    """Return the PREMIS document (XML, UTF-8) of an item, valid against premis.xsd 3.0.

    ``events`` are those of its ``events.jsonl`` and of later checks; one that stands twice is
    written once. Files are named as :func:`file_identifier` says; an event's identifier is
    derived from the item and the event, so that it is the same in every export.
    """
    named = [(event_identifier(item.id, event), event) for event in dict.fromkeys(events)]
    agents = dict.fromkeys(event.agent for _, event in named if legal(event.agent).strip())
    programs = {event.agent for _, event in named if not _is_by_hand(event)}
    attributes = {
        "xmlns:premis": NAMESPACE,
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
        "version": "3.0",
    }
    parts = (
        _entity(item, named),
        *(_file(item, file, named) for file in item.files),
        *(_event(item.id, name, event) for name, event in named),
        *(_agent(agent, agent in programs) for agent in agents),
        *_rights(item),
    )
    return document(element("premis:premis", attributes, parts))


def object_identifier(item_id: str) -> str:
    """Return the identifier of an item's object, the one it has in the archive."""
    return f"urn:canoe:item:{item_id}"


def file_identifier(item_id: str, path: str) -> str:
    """Return the identifier of a file: its object's, and its logical path there (RFC 3986, percent-encoded)."""
    return f"{object_identifier(item_id)}/{quote(path, safe='/', errors='replace')}"


def event_identifier(item_id: str, event: Event) -> str:
    """Return an event's UUID (RFC 9562, version 5), the same for the same event of the same item, always."""
    told = [event.type, event.at, event.outcome, event.agent, event.detail, *event.files]
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{object_identifier(item_id)}#{json.dumps(told)}"))


def _element(name: str, *content: str) -> str:
    return element(f"premis:{name}", None, content)


def _leaf(name: str, text: str, attributes: Mapping[str, object] | None = None) -> str:
    return leaf(f"premis:{name}", text, attributes)


def _term(name: str, label: str, vocabulary: str, code: str) -> str:
    """Return an element that holds a term of one of the preservation vocabularies."""
    uri = f"{_VOCABULARY}/{vocabulary}"
    return _leaf(name, label, {"authority": vocabulary, "authorityURI": uri, "valueURI": f"{uri}/{code}"})


def _named(name: str, value: str, scheme: str = "local", more: str = "") -> str:
    """Return an identifier as PREMIS writes them, its type and its value; nothing where one of them is empty."""
    uri = f"{_IDENTIFIERS}/{scheme}"
    known: dict[str, object] = {"authority": "identifiers", "authorityURI": _IDENTIFIERS, "valueURI": uri}
    kind = _leaf(f"{name}Type", scheme, known if scheme in _SCHEMES else None)
    told = _leaf(f"{name}Value", value)
    return _element(name, kind, told, more) if kind and told else ""


def _object(kind: str, parts: Iterable[str]) -> str:
    return element("premis:object", {"xsi:type": f"premis:{kind}"}, parts)


def _entity(item: Item, events: list[_Named]) -> str:
    """Return the intellectual entity, which its originals and access copies represent."""
    own = [name for name, event in events if not event.files]
    shown = [file_identifier(item.id, file.path) for file in item.files if file.role != "pages"]
    parts = (
        _named("objectIdentifier", object_identifier(item.id)),
        *dict.fromkeys(_other_identifiers(item)),
        _leaf("originalName", item.source),
        _relationship("str", "structural", "isr", "is represented by", shown),
        *(_named("linkingEventIdentifier", name, "UUID") for name in own),
        *(_named("linkingRightsStatementIdentifier", name, "UUID") for name in _rights_named(item)),
    )
    return _object("intellectualEntity", parts)


def _other_identifiers(item: Item) -> Iterator[str]:
    if item.doi:
        yield _named("objectIdentifier", item.doi.name, "doi")
    for identifier in item.identifiers:
        yield _named("objectIdentifier", identifier.value, identifier.scheme)


def _file(item: Item, file: File, events: list[_Named]) -> str:
    done = [(name, event) for name, event in events if file.path in event.files]
    parts = (
        _named("objectIdentifier", file_identifier(item.id, file.path)),
        _element(
            "objectCharacteristics",
            _leaf("compositionLevel", "0"),
            _fixity("sha512", file.sha512, "Canoe"),
            *(_fixity(algorithm, digest, "submitter") for algorithm, digest in file.fixity),
            _leaf("size", str(file.size)),
            _format(file),
        ),
        _leaf("originalName", file.name),
        *_relationships(item, file, done),
        *(_named("linkingEventIdentifier", name, "UUID") for name, _ in done),
    )
    return _object("file", parts)


def _fixity(algorithm: str, digest: str, originator: str) -> str:
    label, vocabulary = _DIGESTS.get(algorithm, algorithm), "cryptographicHashFunctions"
    known = algorithm in _DIGESTS
    named = (
        _term("messageDigestAlgorithm", label, vocabulary, algorithm)
        if known
        else _leaf("messageDigestAlgorithm", label)
    )
    told = _leaf("messageDigest", digest)
    return _element("fixity", named, told, _leaf("messageDigestOriginator", originator)) if named and told else ""


def _format(file: File) -> str:
    name = _leaf("formatName", file.media_type) or _leaf("formatName", "application/octet-stream")
    designation = _element("formatDesignation", name)
    registry = _element("formatRegistry", *_registered(file.puid)) if legal(file.puid).strip() else ""
    return _element("format", designation, registry)


def _registered(puid: str) -> tuple[str, str, str]:
    """Return the parts of a format's entry in its registry; a name that is not PRONOM's is Canoe's own."""
    is_pronom = puid.startswith(("fmt/", "x-fmt/"))
    uri = {"valueURI": _PRONOM + quote(puid, errors="replace")} if is_pronom else None
    registry = _leaf("formatRegistryName", "PRONOM" if is_pronom else "Canoe")
    return registry, _leaf("formatRegistryKey", puid, uri), _leaf("formatRegistryRole", "specification")


def _relationships(item: Item, file: File, done: list[_Named]) -> Iterator[str]:
    """Yield that a file shows the item, and what it was made from, by which event."""
    if file.role != "pages":
        yield _relationship("str", "structural", "rep", "represents", [object_identifier(item.id)])
    if file.role != "original":
        sources = [file_identifier(item.id, original.path) for original in item.files_as("original")]
        made = [name for name, event in done if event.type in _MAKING and event.outcome != "failure"]
        yield _relationship("der", "derivation", "hss", "has source", sources, made)


def _relationship(
    code: str, kind: str, subcode: str, subkind: str, objects: list[str], events: Iterable[str] = ()
) -> str:
    if not objects:
        return ""
    return _element(
        "relationship",
        _term("relationshipType", kind, "relationshipType", code),
        _term("relationshipSubType", subkind, "relationshipSubType", subcode),
        *(_named("relatedObjectIdentifier", name) for name in objects),
        *(_named("relatedEventIdentifier", name, "UUID") for name in events),
    )


def _event(item_id: str, name: str, event: Event) -> str:
    code, label = _EVENT_TYPES.get(event.type, ("", event.type))
    kind = _term("eventType", label, "eventType", code) if code else _leaf("eventType", label)
    detail = "; ".join(part for part in (event.type if label != event.type else "", event.detail) if part)
    outcome_code, outcome = _OUTCOMES[event.outcome]
    objects = [file_identifier(item_id, path) for path in event.files] or [object_identifier(item_id)]
    return _element(
        "event",
        _named("eventIdentifier", name, "UUID"),
        kind,
        _leaf("eventDateTime", event.at),
        _element("eventDetailInformation", _leaf("eventDetail", detail)) if legal(detail).strip() else "",
        _element("eventOutcomeInformation", _term("eventOutcome", outcome, "eventOutcome", outcome_code)),
        _doer(event),
        *(_named("linkingObjectIdentifier", found) for found in objects),
    )


def _doer(event: Event) -> str:
    name, code = ("implementer", "imp") if _is_by_hand(event) else ("executing program", "exe")
    role = _term("linkingAgentRole", name, "eventRelatedAgentRole", code)
    return _named("linkingAgentIdentifier", event.agent, more=role)


def _is_by_hand(event: Event) -> bool:
    """Say whether a person did it, not a program: programs have versions."""
    return event.type in _DECIDED and not name_and_version(event.agent)[1]


def _agent(agent: str, is_program: bool) -> str:
    """Return a program and its version, or a person, who works at the desk by name."""
    if not is_program:
        person = _term("agentType", "person", "agentType", "per")
        return _element("agent", _named("agentIdentifier", agent), _leaf("agentName", agent), person)
    name, version = name_and_version(agent)
    return _element(
        "agent",
        _named("agentIdentifier", agent),
        _leaf("agentName", name),
        _term("agentType", "software", "agentType", "sof"),
        _leaf("agentVersion", version),
    )


def _rights(item: Item) -> Iterator[str]:
    """Yield a statement for each of the item's texts about rights."""
    for name, text in _rights_named(item).items():
        link = _LICENCE.search(text.value)
        statement = _element(
            "rightsStatement",
            _named("rightsStatementIdentifier", name, "UUID"),
            *(_licence(link[0].rstrip(").,;"), text) if link else _other_rights(text)),
            _named("linkingObjectIdentifier", object_identifier(item.id)),
        )
        yield _element("rights", statement)


def _licence(link: str, text: Text) -> tuple[str, str]:
    basis = _term("rightsBasis", "license", "rightsBasis", "lic")
    where = _named("licenseDocumentationIdentifier", link, "URI")
    return basis, _element("licenseInformation", where, _leaf("licenseTerms", text.value))


def _other_rights(text: Text) -> tuple[str, str]:
    """Return a statement that names no licence: what the catalogue says of the item's rights."""
    basis = _term("rightsBasis", "other", "rightsBasis", "oth")
    said = _leaf("otherRightsBasis", "statement in the catalogue"), _leaf("otherRightsNote", text.value)
    return basis, _element("otherRightsInformation", *said)


def _rights_named(item: Item) -> dict[str, Text]:
    """Return the item's texts about rights by the UUID that is derived from each."""
    place = f"{object_identifier(item.id)}#rights"
    named = ((json.dumps([text.value, text.language]), text) for text in item.rights if legal(text.value).strip())
    return {str(uuid.uuid5(uuid.NAMESPACE_URL, f"{place}{told}")): text for told, text in named}
