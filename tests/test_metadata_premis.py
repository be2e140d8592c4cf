import uuid
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from schemas_here import SCHEMAS, schema_of
from thoroughness import usually

from metadata.events import Event
from metadata.model import Doi, File, Identifier, Item, Text
from metadata.premis import NAMESPACE, event_identifier, file_identifier, object_identifier, premis

NS = {"p": NAMESPACE, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
KIND = "{http://www.w3.org/2001/XMLSchema-instance}type"
ORIGINAL = File(
    "original/Forêts 1.tif", "original", "image/tiff", 99, "a" * 128, "Forêts 1.tif", "fmt/353", (("md5", "0" * 32),)
)
ACCESS = File("access.pdf", "access", "application/pdf", 88, "b" * 128)
PAGES = File("pages.jsonl", "pages", "application/jsonl", 77, "c" * 128)
ITEM = Item(
    "0000000000",
    titles=(Text("Les forêts", "fr"),),
    identifiers=(Identifier("isbn", "0786808772"), Identifier("report-number", "R 1")),
    doi=Doi("10.5555/0000000000", "findable"),
    rights=(Text("CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"), Text("Ask first", "en")),
    files=(ORIGINAL, ACCESS, PAGES),
    source="batch/Forêts 1.tif",
)
AT = "2026-11-22T12:00:00.000000Z"
CAME = Event("ingestion", AT, agent="Canoe 0.1.0")
READ = Event("digitisation", AT, "warning", "Tesseract 5.3.0", "fra; 300 dpi", ("pages.jsonl", "access.pdf"))
CHECKED = Event("fixity check", AT, "failure", "Canoe 0.1.0", files=("original/Forêts 1.tif",))
WITHDRAWN = Event("withdrawal", AT, detail="asked for by the author")
EVENTS = (CAME, READ, CHECKED, WITHDRAWN, CAME)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return schema_of(SCHEMAS / "premis.xsd", SCHEMAS)


def parsed(item: Item = ITEM, events: tuple[Event, ...] = EVENTS) -> etree._Element:
    return etree.fromstring(premis(item, events))


def texts(root: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in root.iterfind(path, NS)]


def objects(root: etree._Element) -> dict[str, etree._Element]:
    return {found.findtext("p:objectIdentifier/p:objectIdentifierValue", "", NS): found for found in root[:4]}


def test_there_is_an_entity_and_an_object_for_each_file() -> None:
    found = objects(parsed())
    assert [one.get(KIND) for one in found.values()] == ["premis:intellectualEntity", *["premis:file"] * 3]
    assert next(iter(found)) == "urn:canoe:item:0000000000"
    assert list(found)[1] == "urn:canoe:item:0000000000/original/For%C3%AAts%201.tif"
    entity, original = list(found.values())[:2]
    assert texts(entity, "p:objectIdentifier/p:objectIdentifierType") == ["local", "doi", "isbn", "report-number"]
    assert texts(original, ".//p:messageDigestAlgorithm") == ["SHA-512", "MD5"]
    assert texts(original, ".//p:messageDigest") == ["a" * 128, "0" * 32]
    assert texts(original, ".//p:size") == ["99"]
    assert texts(original, ".//p:formatName") == ["image/tiff"]
    assert texts(original, ".//p:formatRegistryKey") == ["fmt/353"]
    assert texts(original, "p:originalName") == ["Forêts 1.tif"]


def test_only_pronoms_names_are_said_to_be_pronoms() -> None:
    ours = replace(ACCESS, puid="canoe/marc21")
    root = parsed(replace(ITEM, files=(ORIGINAL, ours, PAGES)))
    assert texts(root, ".//p:formatRegistryName") == ["PRONOM", "Canoe"]
    uris = [found.get("valueURI") for found in root.iterfind(".//p:formatRegistryKey", NS)]
    assert uris == ["https://www.nationalarchives.gov.uk/PRONOM/fmt/353", None]


def test_what_was_made_names_its_source_and_the_event_that_made_it() -> None:
    found = objects(parsed())
    access = found[file_identifier(ITEM.id, "access.pdf")]
    derived = access.findall("p:relationship", NS)[-1]
    assert texts(derived, "p:relationshipSubType") == ["has source"]
    assert texts(derived, ".//p:relatedObjectIdentifierValue") == [file_identifier(ITEM.id, ORIGINAL.path)]
    assert texts(derived, ".//p:relatedEventIdentifierValue") == [event_identifier(ITEM.id, READ)]
    entity = found[object_identifier(ITEM.id)]
    shown = [file_identifier(ITEM.id, file.path) for file in (ORIGINAL, ACCESS)]
    assert texts(entity, "p:relationship//p:relatedObjectIdentifierValue") == shown


def test_events_have_terms_outcomes_agents_and_objects() -> None:
    root = parsed()
    events = root.findall("p:event", NS)
    assert texts(root, "p:event/p:eventType") == ["ingestion", "creation", "fixity check", "withdrawal"]
    uris = [found.get("valueURI", "") for found in root.iterfind("p:event/p:eventType", NS)]
    assert [uri.rpartition("/")[2] for uri in uris] == ["ing", "cre", "fix", ""]
    assert texts(root, ".//p:eventOutcome") == ["success", "warning", "fail", "success"]
    assert texts(root, ".//p:eventDetail") == ["digitisation; fra; 300 dpi", "asked for by the author"]
    linked = [texts(event, ".//p:linkingObjectIdentifierValue") for event in events]
    own = object_identifier(ITEM.id)
    assert linked[:2] == [[own], [f"{own}/pages.jsonl", f"{own}/access.pdf"]]
    assert texts(root, "p:agent/p:agentName") == ["Canoe", "Tesseract"]
    assert texts(root, "p:agent/p:agentVersion") == ["0.1.0", "5.3.0"]
    agents = texts(root, "p:agent/p:agentIdentifier/p:agentIdentifierValue")
    assert set(texts(root, ".//p:linkingAgentIdentifierValue")) == set(agents)


def test_an_events_identifier_is_its_own_for_ever() -> None:
    assert event_identifier("0000000000", CAME) == "e398323c-96e3-5264-8bfc-fe57b2fd6415"
    others = [
        replace(CAME, type="validation"),
        replace(CAME, at=AT.replace("2026", "2027")),
        replace(CAME, outcome="failure"),
        replace(CAME, agent="x"),
        replace(CAME, detail="x"),
        replace(CAME, files=("x",)),
    ]
    names = {event_identifier("0000000000", event) for event in (CAME, *others)} | {event_identifier("1", CAME)}
    assert len(names) == 8
    assert all(uuid.UUID(name).version == 5 for name in names)


def test_rights_are_a_licence_where_one_is_linked_and_else_what_the_catalogue_says() -> None:
    root = parsed()
    assert texts(root, ".//p:rightsBasis") == ["license", "other"]
    assert texts(root, ".//p:licenseDocumentationIdentifierValue") == ["https://creativecommons.org/licenses/by/4.0/"]
    assert texts(root, ".//p:otherRightsNote") == ["Ask first"]
    stated = texts(root, ".//p:rightsStatementIdentifierValue")
    assert texts(root, "p:object/p:linkingRightsStatementIdentifier/p:linkingRightsStatementIdentifierValue") == stated


def test_every_event_linked_to_is_there() -> None:
    root = parsed()
    there = set(texts(root, "p:event/p:eventIdentifier/p:eventIdentifierValue"))
    linked = {*texts(root, ".//p:linkingEventIdentifierValue"), *texts(root, ".//p:relatedEventIdentifierValue")}
    assert linked == there


def test_premis_is_valid(schema: etree.XMLSchema) -> None:
    schema.assertValid(parsed())
    schema.assertValid(parsed(Item("1"), ()))


ANY = st.text(st.characters(exclude_categories=[]), max_size=5)


@given(ANY, ANY, ANY)
@settings(max_examples=usually(30, thoroughly=100), deadline=None)
def test_whatever_texts_say_premis_is_valid(schema: etree.XMLSchema, one: str, two: str, three: str) -> None:
    file = File(f"original/{one}", "original", two, 1, "a" * 128, three, two, ((one, "00"),) if one.strip() else ())
    rights, numbers = (Text(one), Text(two)), (Identifier(two, three),)
    item = replace(ITEM, files=(file,), rights=rights, identifiers=numbers, source=three)
    events = (
        Event("validation", AT, agent=one, detail=two, files=(file.path, three)),
        Event("repair", AT, agent=three),
    )
    schema.assertValid(parsed(item, events))


def test_who_decided_at_the_desk_is_a_person(schema: etree.XMLSchema) -> None:
    approved = Event("approval", AT, agent="Marie Curie", detail="looked through")
    edited = Event("metadata modification", AT, agent="Canoe 0.1.0")
    root = parsed(events=(CAME, edited, approved))
    schema.assertValid(root)
    agents = {
        one.findtext("p:agentName", "", NS): one.findtext("p:agentType", "", NS) for one in root.iterfind("p:agent", NS)
    }
    assert agents == {"Canoe": "software", "Marie Curie": "person"}
