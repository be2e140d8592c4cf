"""DataCite read: what Canoe writes comes back, kernel 3 is understood, and what is no record is named."""

from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from kernel_items import ITEM, RELATED, items
from lxml import etree
from schemas_here import SHARED
from thoroughness import usually

from metadata.datacite import datacite
from metadata.datacite_reader import is_datacite, read_datacite
from metadata.description import Description, Rejected
from metadata.kernel import MandatoryMissing
from metadata.model import Agent, Box, Contribution, Date, Doi, Identifier, Item, Series, Text
from metadata.vocabulary import shipped

EXAMPLES = SHARED / "schemas" / "datacite"
THREE = """<resource xmlns="http://datacite.org/schema/kernel-3">
<identifier identifierType="DOI">10.1234/ABC</identifier>
<creators><creator><creatorName>Roe, Ann</creatorName>
  <nameIdentifier nameIdentifierScheme="ORCID">0000-0002-1825-0097</nameIdentifier></creator>
  <creator><creatorName>Ministry of Water</creatorName></creator><creator><creatorName>(:unav)</creatorName></creator>
</creators>
<titles><title titleType="AlternativeTitle">Wells</title><title>All the wells</title><title>:unas</title></titles>
<publisher>:unav</publisher><publicationYear>1999</publicationYear>
<dates><date dateType="Collected">1997-05-04T10:00:00Z/1998</date><date dateType="Submitted">1990</date></dates>
<resourceType resourceTypeGeneral="Dataset"/>
<contributors><contributor contributorType="Funder"><contributorName>The Fund</contributorName></contributor>
  <contributor contributorType="ContactPerson"><contributorName>Desk, Help</contributorName></contributor>
</contributors>
<alternateIdentifiers><alternateIdentifier alternateIdentifierType="ISBN">978-2-1234-5680-3</alternateIdentifier>
  <alternateIdentifier alternateIdentifierType="Internal No">x 1</alternateIdentifier></alternateIdentifiers>
<relatedIdentifiers><relatedIdentifier relatedIdentifierType="DOI" relationType="Cites">10.1/x</relatedIdentifier>
</relatedIdentifiers>
<sizes><size>3 maps</size><size>12 MB</size></sizes><formats><format>text/csv</format><format>paper</format></formats>
<rightsList><rights rightsURI="info:eu-repo/semantics/openAccess"/>
  <rights rightsURI="https://creativecommons.org/publicdomain/zero/1.0/">CC0</rights></rightsList>
<descriptions><description descriptionType="Abstract">Wells,<br/>measured.</description>
  <description descriptionType="Methods">By rope.</description>
  <description descriptionType="SeriesInformation">Water papers, 4</description></descriptions>
<geoLocations><geoLocation><geoLocationPoint>31.2 67.3</geoLocationPoint>
  <geoLocationBox>41.1 -71.0 42.9 -69.5</geoLocationBox>
  <geoLocationPlace>Atlantic</geoLocationPlace></geoLocation><geoLocation><geoLocationBox>a b c d</geoLocationBox>
  </geoLocation></geoLocations></resource>"""


def read(xml: str) -> list[Description | Rejected]:
    return list(read_datacite(BytesIO(xml.encode()), "x.xml"))


def item_of(xml: str) -> Item:
    (found,) = read(xml)
    assert isinstance(found, Description), found
    return found.item


def test_what_canoe_writes_comes_back() -> None:
    found = item_of(datacite(ITEM, "The library", shipped(), RELATED))
    assert [text.value for text in found.titles] == [text.value for text in ITEM.titles]
    assert found.dates == ITEM.dates
    assert found.languages == ITEM.languages[:1]
    assert (found.type, found.edition, found.access, found.embargo) == (
        ITEM.type, ITEM.edition, ITEM.access, ITEM.embargo,
    )  # fmt: skip
    assert found.series == ITEM.series
    assert {*ITEM.identifiers} <= {*found.identifiers}
    assert found.contributions[:2] == ITEM.contributions[:2]
    assert {one.agent.name for one in found.contributions} == {one.agent.name for one in ITEM.contributions}
    assert {*ITEM.keywords} <= {*found.keywords}
    assert found.descriptions == (Text("A report.", "en"),)


def test_boxes_countries_and_places_come_back() -> None:
    item = replace(ITEM, countries=("SN", "US-CA"), boxes=(Box(-17.5, 12.25, -11.0, 16.75),))
    found = item_of(datacite(item, "The library", shipped()))
    assert (found.countries, found.boxes, found.coverage) == (item.countries, item.boxes, (Text("Sénégal"),))


@settings(max_examples=usually(12, thoroughly=40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items)
def test_whatever_is_written_can_be_read(item: Item) -> None:
    try:
        xml = datacite(replace(item, doi=Doi("10.5555/x", "findable")), "The library", shipped(), (), 2026)
    except MandatoryMissing:
        return
    for found in read(xml):
        assert isinstance(found, Description) or found.problems[0].code == "record-without-title"


def test_kernel_three_is_understood() -> None:
    found = item_of(THREE)
    assert found.titles == (Text("All the wells"), Text("Wells", "", "other"))
    orcid = Identifier("orcid", "0000-0002-1825-0097")
    assert found.contributions == (
        Contribution(Agent("Roe, Ann", "person", (orcid,)), "aut"),
        Contribution(Agent("Ministry of Water", "organisation"), "aut"),
        Contribution(Agent("The Fund", "organisation"), "fnd"),
    )
    assert found.dates == (Date("1999"), Date("1997-05-04/1998", "created"))
    assert found.type == "dataset"
    assert found.identifiers[:2] == (Identifier("doi", "10.1234/abc"), Identifier("isbn", "9782123456803"))
    assert (found.extent, found.access) == ("3 maps", "open")
    assert found.rights == (Text("CC0 https://creativecommons.org/publicdomain/zero/1.0/"),)
    assert found.descriptions[0].value.startswith("Wells,")
    assert found.series == (Series("Water papers, 4"),)
    assert found.boxes == (Box(-71.0, 41.1, -69.5, 42.9), Box(67.3, 31.2, 67.3, 31.2))
    assert [note.value for note in found.notes] == ["By rope.", "Cites: 10.1/x", "paper"]


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        ('<resource xmlns="urn:other"><titles><title>T</title></titles></resource>', "record-damaged"),
        ('<resource xmlns="http://datacite.org/schema/kernel-4"><titles><title>:unas</title></titles></resource>',
         "record-without-title"),
        ("<other/>", "xml-refused"),
        ('<!DOCTYPE x><resource xmlns="http://datacite.org/schema/kernel-4"/>', "xml-refused"),
    ],
)  # fmt: skip
def test_what_is_no_record_is_named(xml: str, code: str) -> None:
    (found,) = read(xml)
    assert isinstance(found, Rejected)
    assert found.problems[0].code == code


def test_it_is_told_from_other_forms() -> None:
    assert is_datacite(THREE.encode())
    assert not is_datacite(b'<resource xmlns="urn:x"/>')
    assert not is_datacite(b'<mods xmlns="http://www.loc.gov/mods/v3"/>')


@pytest.mark.shared
def test_the_examples_of_the_schema_are_read() -> None:
    paths = sorted(EXAMPLES.rglob("*example*.xml")) if EXAMPLES.is_dir() else []
    for path in paths:
        (found,) = read(path.read_text("utf-8"))
        assert isinstance(found, Description), (path, found)
        title = etree.parse(path).findtext(".//{*}titles/{*}title")
        assert found.item.titles[0].value == " ".join((title or "").split())
