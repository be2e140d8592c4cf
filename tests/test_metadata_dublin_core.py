"""Dublin Core: valid, complete, in order, and honest about what it cannot say."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from thoroughness import usually

from metadata.dc_xml import read_dublin_core
from metadata.description import Description
from metadata.dublin_core import iso_date, oai_dc, oai_header
from metadata.model import (
    Access,
    Agent,
    Contribution,
    Date,
    Doi,
    DoiState,
    File,
    Identifier,
    Item,
    Relation,
    Text,
)
from metadata.vocabulary import shipped

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "schemas" / "oai"
SITE = "https://library.example.org"
CONSERVATION = "https://w3id.org/canoe/conservation/"
DC = "{http://purl.org/dc/elements/1.1/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ORDER = (
    "title creator subject description publisher contributor date type format identifier language relation"
    " coverage rights"
)

ITEM = Item(
    id="0123456789",
    titles=(Text("Forêts & <mangroves> du Sénégal", "fr"), Text("Forests of Senegal", "en")),
    contributions=(
        Contribution(Agent("Dupont, Jeanne", "person"), "aut"),
        Contribution(Agent("UICN", "organisation"), "pbl"),
        Contribution(Agent("Diop, Awa", "person"), "edt"),
    ),
    dates=(Date("1987-05"), Date("1980/1985", "covered")),
    languages=("fr", "en-GB"),
    type="report",
    concepts=(CONSERVATION + "c0302", "https://example.org/unknown"),
    keywords=(Text("palétuvier", "fr"), Text("untagged")),
    descriptions=(Text("A report.\x0b", "en"), Text("  ")),
    identifiers=(Identifier("isbn", "2-8317-0000-0"), Identifier("control-number", "ocm123")),
    doi=Doi("10.12345/0123456789", "findable"),
    relations=(Relation("isTranslationOf", "9876543210"),),
    coverage=(Text("Sénégal", "fr"),),
    rights=(Text("CC BY 4.0", "not a tag!"),),
    files=(
        File("originals/scan é.tif", "original", "image/tiff", 1, ""),
        File("access.pdf", "access", "application/pdf", 1, ""),
        File("pages.jsonl", "pages", "application/jsonl", 1, ""),
    ),
)


def _record(item: Item) -> etree._Element:
    return etree.fromstring(oai_dc(item, SITE, shipped()))


def _values(item: Item, name: str) -> list[str]:
    return [element.text or "" for element in _record(item).iter(DC + name)]


def _tagged(item: Item, name: str) -> list[tuple[str, str]]:
    return [(element.text or "", element.get(LANG, "")) for element in _record(item).iter(DC + name)]


def test_what_each_element_says() -> None:
    assert _tagged(ITEM, "title") == [("Forêts & <mangroves> du Sénégal", "fr"), ("Forests of Senegal", "en")]
    assert _values(ITEM, "creator") == ["Dupont, Jeanne"]
    assert _values(ITEM, "publisher") == ["UICN"]
    assert _values(ITEM, "contributor") == ["Diop, Awa"]
    assert _tagged(ITEM, "description") == [("A report.", "en")]
    assert _values(ITEM, "date") == ["1987-05"]
    assert _values(ITEM, "format") == ["application/pdf", "image/tiff"]
    assert _values(ITEM, "language") == ["fra", "eng"]
    assert _values(ITEM, "relation") == [f"{SITE}/item/9876543210"]
    assert _tagged(ITEM, "coverage") == [("Sénégal", "fr"), ("1980/1985", "")]
    assert _tagged(ITEM, "rights") == [("CC BY 4.0", "")]


@pytest.mark.parametrize("access", ["", "open", "embargoed", "restricted", "metadata-only"])
def test_access_is_said_and_read_again(access: Access) -> None:
    item = replace(ITEM, access=access)
    assert len(_values(item, "rights")) == (2 if access else 1)
    (found,) = read_dublin_core(BytesIO(oai_dc(item, SITE, shipped()).encode()), "a.xml")
    assert isinstance(found, Description)
    assert (found.item.access, [text.value for text in found.item.rights]) == (access, ["CC BY 4.0"])


def test_subjects_are_every_label_of_each_concept_then_the_keywords() -> None:
    assert _tagged(ITEM, "subject") == [
        ("Mangroves", "en"),
        ("Manglares", "es"),
        ("Mangroves", "fr"),
        ("https://example.org/unknown", ""),
        ("palétuvier", "fr"),
        ("untagged", ""),
    ]


def test_the_landing_page_is_the_first_identifier() -> None:
    assert _values(ITEM, "identifier") == [
        f"{SITE}/item/0123456789",
        "https://doi.org/10.12345/0123456789",
        f"{SITE}/item/0123456789/file/access.pdf",
        "urn:ISBN:2-8317-0000-0",
        "control-number:ocm123",
    ]


def test_without_an_access_copy_the_original_is_linked_with_its_path_encoded() -> None:
    item = Item(id="0123456789", files=ITEM.files[:1])
    assert _values(item, "identifier")[1] == f"{SITE}/item/0123456789/file/originals/scan%20%C3%A9.tif"


@pytest.mark.parametrize("state", ["findable", "registered", "external"])
def test_a_doi_that_resolves_is_a_link(state: DoiState) -> None:
    assert _values(Item(doi=Doi("10.1/a", state)), "identifier")[1:] == ["https://doi.org/10.1/a"]


@pytest.mark.parametrize("state", ["reserved", "draft"])
def test_a_doi_that_does_not_resolve_is_not_given_away(state: DoiState) -> None:
    assert _values(Item(doi=Doi("10.1/a", state)), "identifier")[1:] == []


def test_types_are_those_harvesters_know() -> None:
    assert _values(ITEM, "type") == [
        "info:eu-repo/semantics/report",
        "http://purl.org/coar/resource_type/c_93fc",
        "Report",
    ]
    assert _values(Item(type="no-such-type"), "type")[-1] == "Other"


def test_an_editor_stands_in_where_there_is_no_author() -> None:
    edited = Item(contributions=ITEM.contributions[1:])
    assert _values(edited, "creator") == ["Diop, Awa"]
    assert _values(edited, "contributor") == []


def test_an_agent_with_two_roles_is_named_once() -> None:
    author = Agent("Dupont, Jeanne", "person")
    item = Item(contributions=(Contribution(author, "aut"), Contribution(author, "ill")))
    assert (_values(item, "creator"), _values(item, "contributor")) == (["Dupont, Jeanne"], [])


def test_a_date_of_creation_counts_where_none_of_issue_can_be_said() -> None:
    assert _values(Item(dates=(Date("1980", "created"), Date("1987"))), "date") == ["1987"]
    assert _values(Item(dates=(Date("1980", "created"), Date("198X"))), "date") == ["1980"]


@pytest.mark.parametrize(
    ("edtf", "iso"),
    [
        ("1987", "1987"),
        ("1987-05", "1987-05"),
        ("1987-05-04", "1987-05-04"),
        ("1987/1989", "1987"),
        ("1987/..", "1987"),
        ("../1989", "1989"),
        ("/1989", "1989"),
        ("1987?", "1987"),
        ("1900~", "1900"),
        ("1987-XX", "1987"),
        ("1987-05-XX", "1987-05"),
        ("1987-05-04T10:00:00Z", "1987-05-04"),
        ("1987-02-30", "1987-02"),
        ("1987-21", "1987"),
        ("198X", ""),
        ("1906?/1912?", ""),
        ("0000", ""),
        ("Y17000", ""),
        ("nonsense", ""),
        ("", ""),
        ("..", ""),
        ("٢٠٢٠", ""),
    ],
)
def test_the_iso_date_of_an_edtf_one(edtf: str, iso: str) -> None:
    assert iso_date(edtf) == iso


def test_elements_come_in_one_order() -> None:
    names = [etree.QName(element).localname for element in _record(ITEM)]
    assert sorted(names, key=ORDER.split().index) == names
    assert set(names) == set(ORDER.split())


def test_the_header() -> None:
    header = oai_header("oai:a.org:x&y", "2026-01-01T00:00:00Z", ("type", "type:map"), deleted=True)
    assert header == (
        '<header status="deleted"><identifier>oai:a.org:x&amp;y</identifier>'
        "<datestamp>2026-01-01T00:00:00Z</datestamp><setSpec>type</setSpec><setSpec>type:map</setSpec></header>"
    )
    assert oai_header("oai:a.org:x", "2026-01-01", (), deleted=False) == (
        "<header><identifier>oai:a.org:x</identifier><datestamp>2026-01-01</datestamp></header>"
    )


class _Local(etree.Resolver):
    """Finds what the schema imports beside it, not on the network."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:  # noqa: ARG002
        return self.resolve_filename(str(SHARED / (system_url or "").rpartition("/")[2]), context)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    if not SHARED.is_dir():
        pytest.skip("../shared/data is absent")
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    return etree.XMLSchema(etree.parse(SHARED / "oai_dc.xsd", parser))


anything = st.text(st.characters())
texts = st.builds(Text, anything, anything | st.sampled_from(["en", "fr", "zh-Hans"]))
agents = st.builds(Agent, anything, st.sampled_from(["person", "organisation"]))
hostile = st.builds(
    Item,
    titles=st.tuples(texts),
    contributions=st.tuples(st.builds(Contribution, agents, st.sampled_from(["aut", "pbl", "x"]))),
    dates=st.tuples(st.builds(Date, anything, st.sampled_from(["issued", "covered"]))),
    languages=st.tuples(anything),
    type=anything,
    concepts=st.tuples(anything),
    keywords=st.tuples(texts),
    identifiers=st.tuples(st.builds(Identifier, anything, anything)),
    rights=st.tuples(texts),
    files=st.tuples(st.builds(File, st.text(), st.just("original"), anything, st.just(1), st.just(""))),
)


@settings(max_examples=usually(30, thoroughly=100), deadline=None)
@given(hostile)
def test_whatever_an_item_holds_the_record_is_well_formed(item: Item) -> None:
    assert _values(item, "identifier")[0] == f"{SITE}/item/"
    assert all(value.strip() for value in _values(item, "title"))


@pytest.mark.shared
@settings(max_examples=usually(15, thoroughly=50), deadline=None)
@given(hostile)
def test_whatever_an_item_holds_the_record_is_valid(schema: etree.XMLSchema, item: Item) -> None:
    schema.assertValid(_record(item))


@pytest.mark.shared
def test_a_full_record_is_valid(schema: etree.XMLSchema) -> None:
    schema.assertValid(_record(ITEM))
    assert not schema.validate(etree.fromstring(oai_dc(ITEM, SITE, shipped()).replace("dc:title", "dc:titel")))


def test_a_handle_is_the_address_it_resolves_at() -> None:
    item = replace(ITEM, identifiers=(Identifier("handle", "1234/5"),))
    assert "https://hdl.handle.net/1234/5" in _values(item, "identifier")
