"""EPrints XML in: real exports, and what is not in the archive."""

import io
from collections import Counter

import pytest
from xml_shared import outcomes, shared, sole, stands_hostile_files

from metadata.description import Description, Rejected
from metadata.eprints import NAMESPACE, is_eprints, read_eprints
from metadata.model import Date, Identifier, Item, Series, Text

OPEN, CLOSE = f'<eprints xmlns="{NAMESPACE}">', "</eprints>"


def read(text: str) -> list[Description | Rejected]:
    return list(read_eprints(io.BytesIO(text.encode()), "x.xml"))


def item(more: str) -> Item:
    return sole(read(f"{OPEN}<eprint><title>T</title>{more}</eprint>{CLOSE}")).item


def test_who_and_what() -> None:
    found = item(
        "<type>thesis</type><creators><item><name><family>Lee</family><given>Ann</given></name>"
        "<id>ann@example.org</id><orcid>0000-0002-1825-0097</orcid></item></creators>"
        "<corp_creators><item>Peat Society</item></corp_creators>"
        "<editors><item><name><family>Ruiz</family></name></item>"
        "</editors><contributors><item><type>http://www.loc.gov/loc.terms/relators/TRL</type>"
        "<name><family>Oh</family></name></item></contributors><institution>University of X</institution>"
        "<date>2001-03</date><date_type>completed</date_type><keywords>a, b; c</keywords><publisher>P</publisher>"
        "<subjects><item>QA75</item></subjects><pages>12</pages><place_of_pub>Lyon</place_of_pub>"
        "<full_text_status>restricted</full_text_status><abstract>About</abstract>"
    )
    assert [(one.agent.name, one.agent.kind, one.role) for one in found.contributions] == [
        ("Lee, Ann", "person", "aut"), ("Peat Society", "organisation", "aut"), ("Ruiz", "person", "edt"),
        ("Oh", "person", "trl"), ("P", "organisation", "pbl"), ("University of X", "organisation", "dgg"),
    ]  # fmt: skip
    assert found.contributions[0].agent.identifiers == (Identifier("orcid", "0000-0002-1825-0097"),)
    assert "ann@example.org" not in repr(found)
    assert (found.type, found.dates, found.access) == ("thesis", (Date("2001-03", "created"),), "restricted")
    assert found.keywords == (Text("a, b"), Text("c"), Text("QA75"))
    assert (found.extent, found.places, found.descriptions) == ("12 p.", ("Lyon",), (Text("About"),))


def test_a_part_of_a_book_and_a_report_in_a_series() -> None:
    found = item(
        "<type>book_section</type><book_title>B</book_title><pagerange>1-9</pagerange><isbn>9780521168120</isbn>"
    )
    assert (found.type, found.series) == ("article", (Series("B", "1-9"),))
    assert found.identifiers == (Identifier("isbn", "9780521168120"),)
    found = item("<type>monograph</type><series>S</series><number>7</number><issn>0317-8471</issn>")
    assert (found.type, found.series) == ("report", (Series("S", "7"),))
    assert found.identifiers == (Identifier("issn", "0317-8471"),)


def test_documents_are_named_and_an_embargo_is_told() -> None:
    found = item(
        "<documents><document><files><file><filename>a.pdf</filename><mime_type>application/pdf</mime_type></file></files>"
        "<language>fr</language><license>cc_by_nc_4</license><date_embargo>2031-05-01</date_embargo></document>"
        "<document><files><file><filename>indexcodes.txt</filename></file></files><relation><item>"
        "<type>http://eprints.org/relation/isVolatileVersionOf</type></item></relation></document></documents>"
    )
    assert found.notes == (Text("a.pdf (application/pdf)"),)
    assert (found.languages, found.titles) == (("fr",), (Text("T", "fr"),))
    assert (found.access, found.embargo, found.rights) == ("embargoed", "2031-05-01", (Text("CC BY-NC 4.0"),))


def test_titles_in_several_languages() -> None:
    one = "<title><item><text>Eau</text><lang>fr</lang></item><item><text>Water</text><lang>en</lang></item></title>"
    found = sole(read(f"{OPEN}<eprint>{one}</eprint>{CLOSE}"))
    assert found.item.titles == (Text("Eau", "fr"), Text("Water", "en"))


@pytest.mark.parametrize("status", ["deletion", "inbox", "buffer"])
def test_what_is_not_in_the_archive_is_set_aside(status: str) -> None:
    text = f"{OPEN}<eprint><eprint_status>{status}</eprint_status><title>T</title></eprint><eprint/>{CLOSE}"
    found = read(text)
    assert outcomes(found) == ["not-a-document", "record-without-title"]
    assert isinstance(found[0], Rejected)
    assert found[0].set_aside
    assert status in str(found[0].problems[0].params)


def test_wrong_values_are_reported() -> None:
    found = sole(
        read(
            f"{OPEN}<eprint><title>T</title><doi>x</doi><isbn>1</isbn><date>soon</date><type>spell</type>"
            f"<creators><item><name><family>L</family></name><orcid>0000-0002-1825-0098</orcid></item></creators></eprint>{CLOSE}"
        )
    )
    assert sorted(one.params[1][1] for one in found.problems) == ["0000-0002-1825-0098", "1", "soon", "spell", "x"]


def test_the_sniffer() -> None:
    assert is_eprints(OPEN.encode())
    assert not is_eprints(f"<x xmlns='{NAMESPACE}'/>".encode())
    assert outcomes(read("<eprints><eprint xmlns='urn:wrong'/></eprints>")) == ["record-damaged"]


@pytest.mark.shared
def test_real_eprints() -> None:
    data = shared("other", "eprints", "lemurprints-import-api-23.xml").read_bytes()
    found = list(read_eprints(io.BytesIO(data), "x"))
    assert Counter(type(one) for one in found) == {Description: 20}
    items = [one.item for one in found if isinstance(one, Description)]
    assert not any(
        "<" in text for one in items for text in (one.title.value, *(c.agent.name for c in one.contributions))
    )
    assert sum(len(one.contributions) for one in items) > 411
    assert all(any(number.scheme == "doi" for number in one.identifiers) for one in items)
    assert is_eprints(data[:65536])


@pytest.mark.shared
def test_a_real_article() -> None:
    with shared("other", "eprints", "test_eprint1.xml").open("rb") as stream:
        found = sole(list(read_eprints(stream, "x"))).item
    assert found.titles == (Text("Safety-Critical Kinematic Control of Robotic Systems", "en"),)
    assert found.series == (Series("IEEE Control Systems Letters", "6, 139-144", "2475-1456"),)
    assert Identifier("control-number", "(authors.library.caltech.edu)106567") in found.identifiers
    assert Identifier("doi", "10.1109/lcsys.2021.3050609") in found.identifiers
    assert [one.role for one in found.contributions] == ["aut"] * 3 + ["fnd"] * 2 + ["pbl"]
    assert sum(note.value.startswith(("2009.09100.pdf (", "09319250.pdf (")) for note in found.notes) == 3
    assert "J. Q. Public" not in repr(found)


@pytest.mark.shared
def test_hostile_xml() -> None:
    found = stands_hostile_files(read_eprints)
    assert all(isinstance(one, Rejected) for each in found.values() for one in each)
