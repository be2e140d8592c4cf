"""MODS in: every record accounted for, every value where it belongs."""

import io

import pytest
from lxml import etree
from xml_shared import outcomes, shared, sole, stands_hostile_files

from metadata.description import Description, Link, Rejected, Remarks
from metadata.marcxml import read_marcxml
from metadata.model import Agent, Box, Contribution, Date, Identifier, Item, Series, Text
from metadata.mods import NAMESPACE, is_mods, read_mods
from metadata.xmlrecords import Form, read_records

OPEN, CLOSE = f'<modsCollection xmlns="{NAMESPACE}">', "</modsCollection>"
OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{}</ListRecords></OAI-PMH>'


def record(title: str = "T", more: str = "") -> str:
    return f"<mods><titleInfo><title>{title}</title></titleInfo>{more}</mods>"


def read(text: str | bytes) -> list[Description | Rejected]:
    return list(read_mods(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "x.xml"))


def item(more: str, title: str = "T") -> Item:
    return sole(read(OPEN + record(title, more) + CLOSE)).item


def test_a_record_stands_alone_in_raw_and_has_its_number() -> None:
    found = read(OPEN + record("Été<!-- x -->") + record("Two") + CLOSE)
    assert [one.number for one in found] == [1, 2]
    assert etree.fromstring(found[0].raw).tag == f"{{{NAMESPACE}}}mods"
    assert "Été</title>".encode() in found[0].raw
    assert outcomes(found) == ["Été", "Two"]


def test_titles() -> None:
    more = (
        '<titleInfo type="translated" xml:lang="fr"><nonSort>L\'</nonSort><title>eau</title></titleInfo>'
        '<titleInfo type="alternative"><title>Water</title></titleInfo>'
        '<titleInfo usage="primary"><nonSort>The</nonSort><title>Book of water :</title>'
        "<subTitle>a view</subTitle><partNumber>Part 2</partNumber><partName>Ice</partName></titleInfo>"
        '<language><languageTerm type="code" authority="iso639-2b">ger</languageTerm></language>'
    )
    assert sole(read(OPEN + f"<mods>{more}</mods>" + CLOSE)).item.titles == (
        Text("The Book of water : a view. Part 2, Ice", "de"), Text("L'eau", "fr", "translated"),
        Text("Water", "", "other"),
    )  # fmt: skip


def test_countries_and_boxes() -> None:
    more = (
        '<subject><geographicCode authority="iso3166">sn</geographicCode></subject>'
        '<subject><geographicCode authority="marcgac">n-us-ca</geographicCode></subject>'
        '<subject><geographicCode authority="marcgac">r-----</geographicCode></subject>'
        '<subject authority="x"><geographic>Senegal</geographic><cartographics>'
        "<coordinates>W 17°30ʹ--W 11°/N 16.75°--N 12°15ʹ</coordinates></cartographics></subject>"
        "<subject><cartographics><coordinates>N 95°--N 12°/W 1°</coordinates></cartographics></subject>"
    )
    found = sole(read(OPEN + record("T", more) + CLOSE))
    assert found.item.countries == ("SN", "US-CA")
    assert found.item.boxes == (Box(-17.5, 12.25, -11.0, 16.75),)
    assert found.item.coverage == (Text("Senegal"),)
    assert [(one.code, one.where.rpartition(":")[2]) for one in found.problems] == [
        ("value-unknown", "subject/cartographics/coordinates")
    ]


def test_names_and_roles() -> None:
    more = (
        '<name type="personal" usage="primary"><namePart type="given">Ann</namePart>'
        '<namePart type="family">Lee</namePart>'
        '<namePart type="date">1950-</namePart><role><roleTerm type="text">Herausgeber</roleTerm>'
        '<roleTerm type="code" authority="marcrelator">edt</roleTerm></role>'
        '<nameIdentifier type="orcid">https://orcid.org/0000-0002-1825-0097</nameIdentifier></name>'
        '<name type="corporate" valueURI="http://viaf.org/viaf/123456"><namePart>Spain</namePart>'
        "<namePart>Ministry of Health</namePart></name>"
        '<name type="personal"><namePart>Ruiz, Eva</namePart><namePart type="termsOfAddress">Sr.</namePart>'
        '<role><roleTerm type="text">traductora</roleTerm></role><role><roleTerm>nobody knows</roleTerm></role>'
        '<nameIdentifier type="orcid">0000-0002-1825-0098</nameIdentifier></name>'
    )
    found = sole(read(OPEN + record("T", more) + CLOSE))
    lee = Agent("Lee, Ann", "person", (Identifier("orcid", "0000-0002-1825-0097"),))
    health = Agent("Spain. Ministry of Health", "organisation", (Identifier("viaf", "123456"),))
    assert found.item.contributions == (
        Contribution(lee, "edt"), Contribution(health, "ctb"), Contribution(Agent("Ruiz, Eva, Sr.", "person"), "trl")
    )  # fmt: skip
    assert [one.params[1][1] for one in found.problems] == ["0000-0002-1825-0098", "nobody knows"]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ('<dateIssued>c1999.</dateIssued><dateIssued encoding="marc">1998</dateIssued>', ["1999"]),
        ('<dateIssued>x</dateIssued><dateIssued encoding="marc">19uu</dateIssued>', ["19XX"]),
        (
            '<dateIssued point="start" encoding="marc">1990</dateIssued><dateIssued point="end">9999</dateIssued>',
            ["1990/.."],
        ),
        ('<dateIssued>1980</dateIssued><dateIssued keyDate="yes" encoding="w3cdtf">1981-05</dateIssued>', ["1981-05"]),
        ('<dateIssued qualifier="approximate">1870</dateIssued>', ["1870~"]),
        ('<dateIssued qualifier="questionable" encoding="iso8601">18700504</dateIssued>', ["1870-05-04?"]),
        ('<dateIssued encoding="edtf">1906?/1912?</dateIssued>', ["1906?/1912?"]),
        ('<dateIssued encoding="edtf">2001-13-40</dateIssued>', ["2001"]),
        ('<dateIssued encoding="edtf">1990/1980</dateIssued>', ["1990"]),
        ("<copyrightDate>©2003</copyrightDate>", ["2003"]),
    ],
)
def test_dates(dates: str, expected: list[str]) -> None:
    found = item(f"<originInfo>{dates}</originInfo>").dates
    assert [one.value for one in found if one.kind == "issued"] == expected


def test_origin_extent_and_texts() -> None:
    found = item(
        '<originInfo><place><placeTerm type="code">xxu</placeTerm><placeTerm type="text">[Boston]</placeTerm></place>'
        "<publisher>Ed. Uno</publisher><dateCreated>1900</dateCreated><edition>2. ed.</edition></originInfo>"
        '<originInfo eventType="distribution"><publisher>Dos</publisher></originInfo>'
        "<originInfo><publisher>[s.n.]</publisher></originInfo>"
        '<physicalDescription><extent>3 v.</extent></physicalDescription><abstract xml:lang="es">Resumen</abstract>'
        "<note>A\n  note</note><tableOfContents>1. One</tableOfContents>"
        '<recordInfo><recordIdentifier source="DLC">77</recordIdentifier><languageOfCataloging>'
        '<languageTerm type="code" authority="iso639-2b">fre</languageTerm></languageOfCataloging></recordInfo>'
    )
    assert (found.places, found.edition, found.extent) == (("Boston",), "2. ed.", "3 v.")
    assert [(one.agent.name, one.role) for one in found.contributions] == [("Ed. Uno", "pbl"), ("Dos", "dst")]
    assert found.dates == (Date("1900", "created"),)
    assert found.descriptions == (Text("Resumen", "es"),)
    assert found.notes == (Text("A note", "fr"), Text("1. One", "fr"))
    assert found.identifiers == (Identifier("control-number", "(DLC)77"),)


def test_subjects() -> None:
    found = item(
        '<subject valueURI="http://id.example.org/c1"><topic>Peat</topic></subject>'
        "<subject><topic>Wetlands</topic><geographic>France</geographic><temporal>19th century</temporal></subject>"
        "<subject><geographic>Chad</geographic></subject><subject><temporal>1914-1918</temporal></subject>"
        '<subject><name type="personal"><namePart>Hugo, Victor</namePart></name></subject>'
        "<subject><hierarchicalGeographic><country>Peru</country><city>Lima</city></hierarchicalGeographic></subject>"
    )
    assert [one.value for one in found.keywords] == ["Peat", "Wetlands -- France -- 19th century", "Hugo, Victor"]
    assert found.concepts == ("http://id.example.org/c1",)
    assert [one.value for one in found.coverage] == ["Chad", "Peru -- Lima"]
    assert found.dates == (Date("1914/1918", "covered"),)


def test_related_works() -> None:
    related = (
        '<relatedItem type="series"><titleInfo><title>Green</title><partNumber>no. 5</partNumber></titleInfo>'
        '<identifier type="issn">0317-8471</identifier></relatedItem>'
        '<relatedItem type="host"><titleInfo><title>Acta</title></titleInfo>'
        '<part><detail type="volume"><number>12</number>'
        '</detail><detail type="issue"><number>3</number></detail><extent unit="pages"><start>45</start><end>67</end>'
        '</extent></part><recordInfo><recordIdentifier source="OCoLC">9</recordIdentifier></recordInfo></relatedItem>'
        '<relatedItem otherType="translation of"><identifier type="oclc">8</identifier></relatedItem>'
        '<relatedItem type="preceding"><identifier type="local">7</identifier></relatedItem>'
        '<relatedItem type="otherFormat"><titleInfo><title>Online</title></titleInfo></relatedItem>'
    )
    found = sole(read(OPEN + record("T", related) + CLOSE))
    assert found.item.series == (Series("Green", "no. 5", "0317-8471"), Series("Acta", "12 (3), 45-67"))
    assert found.links == (
        Link("isPartOf", "control-number", "(OCoLC)9", "relatedItem[host]"),
        Link("isTranslationOf", "control-number", "(OCoLC)8", "relatedItem[]"),
        Link("replaces", "control-number", "7", "relatedItem[preceding]"),
    )
    assert found.item.notes == (Text("otherFormat: Online"),)
    assert found.item.type == "article"


def test_identifiers_and_access() -> None:
    found = sole(
        read(
            OPEN
            + record(
                "T",
                '<identifier type="isbn">978-0-521-16812-0 (pbk)</identifier><identifier type="isbn">12</identifier>'
                '<identifier type="isbn" invalid="yes">13</identifier>'
                '<identifier type="uri">https://doi.org/10.1/X</identifier>'
                '<identifier type="doi">10.1234/ABC</identifier><identifier type="hdl">10/5</identifier>'
                "<location><url>https://example.org/a</url><url>javascript:x</url></location>"
                '<accessCondition type="use and reproduction" xmlns:xlink="http://www.w3.org/1999/xlink" '
                'xlink:href="https://creativecommons.org/licenses/by/4.0/">CC BY</accessCondition>'
                '<accessCondition type="restriction on access">embargoed access</accessCondition>'
                "<accessCondition>info:eu-repo/date/embargoEnd/2031-02-03</accessCondition>",
            )
            + CLOSE
        )
    )
    assert found.item.identifiers == (
        Identifier("isbn", "9780521168120"), Identifier("url", "https://doi.org/10.1/X"),
        Identifier("doi", "10.1234/abc"), Identifier("handle", "10/5"), Identifier("url", "https://example.org/a"),
    )  # fmt: skip
    assert found.item.rights == (Text("CC BY https://creativecommons.org/licenses/by/4.0/"),)
    assert (found.item.access, found.item.embargo) == ("embargoed", "2031-02-03")
    ends = "<accessCondition>info:eu-repo/date/embargoEnd/2031-02-03</accessCondition>"
    assert sole(read(OPEN + record("T", ends) + CLOSE)).item.access == "embargoed"
    assert [one.params[1][1] for one in found.problems] == ["12", "javascript:x"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("<genre>thesis</genre><typeOfResource>text</typeOfResource>", "thesis"),
        ('<genre authority="marcgt">conference publication</genre>', "proceedings"),
        ("<typeOfResource>text</typeOfResource>", "book"),
        ("<typeOfResource>cartographic</typeOfResource>", "map"),
        ("<typeOfResource>text</typeOfResource><originInfo><issuance>serial</issuance></originInfo>", "periodical"),
        ('<genre valueURI="http://purl.org/coar/resource_type/c_db06">x</genre>', "thesis"),
        ("", "other"),
    ],
)
def test_types(more: str, expected: str) -> None:
    assert item(more).type == expected


def test_languages_are_those_of_the_text() -> None:
    found = item(
        '<language><languageTerm type="text">French</languageTerm>'
        '<languageTerm type="code">fre</languageTerm></language>'
        '<language objectPart="summary"><languageTerm type="code">eng</languageTerm></language>'
        '<language><languageTerm type="code" authority="iso639-2b">por</languageTerm>'
        '<languageTerm type="code" authority="rfc5646">pt-BR</languageTerm></language>'
    )
    assert found.languages == ("fr", "pt-BR")


def test_what_is_wrong_costs_only_itself() -> None:
    bad = f"<mods/>{record(' ')}<m:mods xmlns:m='urn:wrong'><m:titleInfo/></m:mods>"
    found = read(OPEN + record("One") + bad + record("Two") + CLOSE)
    assert outcomes(found) == ["One", "record-without-title", "record-without-title", "record-damaged", "Two"]
    assert outcomes(read(record("One"))) == ["One"]


def test_a_fault_of_the_document_costs_what_follows_and_says_where() -> None:
    found = read(OPEN + record("One") + "\n" + record("Two").replace("</title>", "") + record("Three") + CLOSE)
    assert outcomes(found) == ["One", "xml-refused"]
    assert "line 2" in str(found[1].problems[0].params)
    assert outcomes(read(OPEN + record("One"))) == ["One", "xml-refused"]


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/hostname">]>{OPEN}{record("&e;")}{CLOSE}',
        f"<?x?>\n<!-- x --> <!DOCTYPE c>{OPEN}{record()}{CLOSE}",
        f"<!--{'x' * 200_000}--><!DOCTYPE c>{OPEN}{record()}{CLOSE}",
        "", "<dc/>", OPEN + CLOSE, "<!-- never closed",
        f'<?xml version="1.0" encoding="utf-7"?>{OPEN}{record()}{CLOSE}',
        f'<?xml version="1.0" encoding="no-such"?>{OPEN}{record()}{CLOSE}',
        OPEN + record("x", "<a>" * 1000) + CLOSE,
        OPEN + record("&undeclared;") + CLOSE,
    ],
)  # fmt: skip
def test_what_is_refused_whole(text: str) -> None:
    found = read(text)
    assert outcomes(found) == ["xml-refused"]
    assert ("DOCTYPE" in text) == ("DOCTYPE" in str(found[0].problems[0].params))


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "windows-1252", "utf-8-sig"])
def test_other_encodings(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f'<?xml version="1.0" encoding="{declared}"?>{OPEN}{record("Été")}{CLOSE}'
    assert outcomes(read(text.encode(encoding))) == ["Été"]
    assert is_mods(text.encode(encoding))


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_the_cuts_of_the_stream_do_not_matter(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'<?xml version="1.0"?><!-- <a> -->{OPEN}{record("One")}<!-- {record("No")} -->{record("Two&#233;")}{CLOSE}'
    monkeypatch.setattr("metadata.xmlrecords._CHUNK", max(chunk, 60))
    assert outcomes(read(text)) == ["One", "Twoé"]


def test_a_harvest_with_deleted_and_foreign_records() -> None:
    mods = OPEN.replace("modsCollection", "mods") + "<titleInfo><title>One</title></titleInfo></mods>"
    text = OAI.format(
        f"<record><header><identifier>oai:x:1</identifier></header><metadata>{mods}</metadata></record>"
        '<record><header status="deleted"><identifier>oai:x:2</identifier></header></record>'
        "<record><header/><metadata><dc/></metadata></record>"
    )
    found = read(text)
    assert outcomes(found) == ["One", "not-a-document", "record-damaged"]
    assert isinstance(found[1], Rejected)
    assert found[1].set_aside
    assert b"oai:x:2" in found[1].raw
    assert found[0].raw.startswith(b"<mods")
    assert is_mods(text.encode())


def test_a_record_within_a_record_is_part_of_it() -> None:
    inner = record("Two", f"<extension>{record('Inner')}</extension>")
    assert outcomes(read(OPEN + record("One") + inner + CLOSE)) == ["One", "Two"]


def test_what_was_read_is_let_go() -> None:
    lengths: list[int] = []

    def look(element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Rejected:
        parent = element.getparent()
        assert parent is not None
        lengths.append(parent.index(element))
        return Rejected(number, ())

    form = Form("record", ("mods",), lambda _: True, look)
    data = (OPEN + (record("x") + "<junk/>") * 3000 + CLOSE).encode()
    assert sum(1 for _ in read_records(io.BytesIO(data), "x", form)) == 3000
    assert max(lengths) <= 2


def test_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metadata.xmlrecords.LARGEST", 100_000)
    assert outcomes(read(OPEN + record("a", f"<note>{'y' * 120_000}</note>") + record("b") + CLOSE)) == [
        "record-damaged",
        "b",
    ]
    assert outcomes(read(OPEN + "<x/>" * 100_000 + CLOSE)) == ["xml-refused"]


def test_the_sniffer() -> None:
    assert is_mods((OPEN + record()).encode())
    assert is_mods(record().encode())
    assert not is_mods(b"<records><record><title>mods</title></record></records>")
    assert not is_mods(f"<x xmlns='{NAMESPACE}'/>".encode())
    assert not is_mods(b"%PDF-1.7 <mods>")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["simple_monograph", "multi_author"])
def test_mods_and_the_marcxml_made_from_it_agree(name: str) -> None:
    with (
        shared("schemas", "mods-pairs", f"{name}.xml").open("rb") as one,
        shared("schemas", "mods-pairs", f"{name}_reference.xml").open("rb") as other,
    ):
        ours, marc = sole(list(read_mods(one, "a"))).item, sole(list(read_marcxml(other, "b"))).item
    # Documented differences: the stylesheet writes no " :" before a subtitle, and puts the LCCN first.
    assert [Text(text.value.replace(" : ", " "), text.language) for text in ours.titles] == list(marc.titles)
    assert set(ours.identifiers) == set(marc.identifiers)
    assert ours.contributions == marc.contributions
    assert (ours.dates, ours.languages, ours.type) == (marc.dates, marc.languages, marc.type)
    assert (ours.keywords, ours.descriptions) == (marc.keywords, marc.descriptions)


@pytest.mark.shared
def test_hostile_xml() -> None:
    found = stands_hostile_files(read_mods)
    assert all(isinstance(one, Rejected) for each in found.values() for one in each)


def test_what_marc_has_in_notes_and_headings_is_not_lost() -> None:
    found = item(
        "<genre>technical report</genre><genre>essays</genre><targetAudience>adult</targetAudience>"
        "<originInfo><frequency>Annual</frequency></originInfo>"
        "<subject><cartographics><scale>1:500</scale><projection>Mercator</projection></cartographics></subject>"
        '<part><detail type="volume"><number>9</number></detail></part>'
        '<name type="personal" valueURI="http://id.loc.gov/authorities/names/n79021164"><namePart>Twain</namePart></name>'
    )
    assert [one.value for one in found.notes] == ["Annual", "adult", "1:500", "Mercator", "volume 9"]
    assert (found.type, [one.value for one in found.keywords]) == ("report", ["essays"])
    assert found.contributions[0].agent.identifiers == (Identifier("lcnaf", "n79021164"),)
