"""Dublin Core in, whatever it is wrapped in."""

import io

import pytest
from xml_shared import outcomes, sole, stands_hostile_files

from metadata.dc_xml import is_dublin_core, read_dublin_core
from metadata.description import Description, Rejected
from metadata.model import Date, Identifier, Item, Series, Text

NAMES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
)
T = "<dc:title>T</dc:title>"


def read(text: str) -> list[Description | Rejected]:
    return list(read_dublin_core(io.BytesIO(text.encode()), "x.xml"))


def item(more: str) -> Item:
    return sole(read(f"<oai_dc:dc {NAMES}>{T}{more}</oai_dc:dc>")).item


def test_simple_dublin_core() -> None:
    found = item(
        '<dc:title xml:lang="fr">Eau</dc:title><dc:creator>Lee, Ann</dc:creator>'
        "<dc:creator>Université de Lomé</dc:creator>"
        "<dc:contributor>Eva Ruiz</dc:contributor><dc:publisher>UNEP</dc:publisher><dc:publisher>s.n.</dc:publisher>"
        "<dc:date>2011-02-03T10:00:00Z</dc:date><dc:date>1999-05</dc:date><dc:type>Text</dc:type>"
        "<dc:type>info:eu-repo/semantics/doctoralThesis</dc:type><dc:type>info:eu-repo/semantics/publishedVersion</dc:type>"
        "<dc:language>eng</dc:language><dc:language>und</dc:language><dc:subject>Peat; Bogs</dc:subject>"
        '<dc:description xml:lang="en_US">About peat</dc:description><dc:format>application/pdf</dc:format>'
        "<dc:format>xv, 20 p.</dc:format><dc:source>A shelf</dc:source><dc:relation>http://x.org/1</dc:relation>"
        "<dc:coverage>Chad</dc:coverage><dc:coverage>1914/1918</dc:coverage>"
        "<dc:rights>info:eu-repo/semantics/openAccess</dc:rights><dc:rights>http://rightsstatements.org/vocab/InC/1.0/</dc:rights>"
    )
    assert found.titles == (Text("T", "en"), Text("Eau", "fr"))
    assert [(one.agent.name, one.agent.kind, one.role) for one in found.contributions] == [
        ("Lee, Ann", "person", "aut"), ("Université de Lomé", "organisation", "aut"), ("Eva Ruiz", "person", "ctb"),
        ("UNEP", "organisation", "pbl"),
    ]  # fmt: skip
    assert found.dates == (Date("1999-05"), Date("1914/1918", "covered"))
    assert (found.type, found.languages, found.extent) == ("thesis", ("en",), "xv, 20 p.")
    assert found.keywords == (Text("Peat"), Text("Bogs"))
    assert found.descriptions == (Text("About peat", "en-US"),)
    assert found.notes == (Text("A shelf"), Text("http://x.org/1"))
    assert (found.coverage, found.access) == ((Text("Chad"),), "open")
    assert found.rights == (Text("http://rightsstatements.org/vocab/InC/1.0/"),)


@pytest.mark.parametrize(
    ("text", "scheme", "value"),
    [
        ("https://doi.org/10.1234/ABC", "doi", "10.1234/abc"),
        ("doi:10.1234/abc", "doi", "10.1234/abc"),
        ("http://hdl.handle.net/2268/123", "handle", "2268/123"),
        ("ISBN 978-0-521-16812-0", "isbn", "9780521168120"),
        ("urn:ISBN:9780521168120", "isbn", "9780521168120"),
        ("0317-8471", "issn", "0317-8471"),
        ("https://x.org/a?b=1", "url", "https://x.org/a?b=1"),
        ("oai:x.org:1", "uri", "oai:x.org:1"),
        ("FAO/12", "local", "FAO/12"),
        ("1234-5678", "local", "1234-5678"),
    ],
)
def test_identifiers_are_sorted_by_what_they_are(text: str, scheme: str, value: str) -> None:
    assert item(f"<dc:identifier>{text}</dc:identifier>").identifiers == (Identifier(scheme, value),)


def test_wrong_values_are_reported_and_left_out() -> None:
    found = sole(
        read(
            f"<oai_dc:dc {NAMES}>{T}<dc:identifier>ISBN 123</dc:identifier><dc:date>soon</dc:date>"
            "<dc:language>klingonish</dc:language><dc:type>thing</dc:type>"
            "<dc:identifier>http://</dc:identifier></oai_dc:dc>"
        )
    )
    assert sorted(one.params[1][1] for one in found.problems) == ["123", "http://", "klingonish", "soon", "thing"]
    assert (found.item.identifiers, found.item.dates, found.item.type) == ((), (), "other")


def test_qualified_dublin_core() -> None:
    found = item(
        "<dcterms:alternative>U</dcterms:alternative><dcterms:abstract>A</dcterms:abstract>"
        "<dcterms:tableOfContents>1</dcterms:tableOfContents><dcterms:issued>2001-02-03</dcterms:issued>"
        "<dcterms:created>1999</dcterms:created><dcterms:extent>3 v.</dcterms:extent>"
        "<dcterms:spatial>Chad</dcterms:spatial>"
        "<dcterms:temporal>start=1914; end=1918;</dcterms:temporal><dcterms:isPartOf>Green; 5</dcterms:isPartOf>"
        "<dcterms:isPartOf>urn:ISSN:0317-8471</dcterms:isPartOf><dcterms:isVersionOf>Old</dcterms:isVersionOf>"
        "<dcterms:license>https://x.org/l</dcterms:license>"
        "<dcterms:accessRights>restricted access</dcterms:accessRights>"
        "<dc:date>info:eu-repo/date/embargoEnd/2031-01-01</dc:date>"
        "<dcterms:bibliographicCitation>Green 5</dcterms:bibliographicCitation>"
    )
    assert found.titles == (Text("T"), Text("U", "", "other"))
    assert found.dates == (Date("2001-02-03"), Date("1999", "created"), Date("1914/1918", "covered"))
    assert (found.extent, found.coverage, found.series) == (
        "3 v.",
        (Text("Chad"),),
        (Series("Green", "5", "0317-8471"),),
    )
    assert [one.value for one in found.notes] == ["Green 5", "1", "isVersionOf: Old"]
    assert (found.rights, found.access, found.embargo) == ((Text("https://x.org/l"),), "restricted", "2031-01-01")


def test_what_dspace_writes() -> None:
    found = sole(
        read(
            '<dublin_core schema="dc"><dcvalue element="title" qualifier="none" language="es_MX">T</dcvalue>'
            '<dcvalue element="contributor" qualifier="author">Lee, Ann</dcvalue>'
            '<dcvalue element="contributor" qualifier="advisor">Ruiz, Eva</dcvalue>'
            '<dcvalue element="date" qualifier="accessioned">2020-01-01T00:00:00Z</dcvalue>'
            '<dcvalue element="date" qualifier="issued">2019-06</dcvalue>'
            '<dcvalue element="identifier" qualifier="isbn">9780521168120</dcvalue>'
            '<dcvalue element="identifier" qualifier="uri">http://hdl.handle.net/1/2</dcvalue>'
            '<dcvalue element="language" qualifier="iso">en_US</dcvalue>'
            '<dcvalue element="description" qualifier="provenance">Made available by staff@x.org</dcvalue>'
            '<dcvalue element="relation" qualifier="ispartofseries">Green;no. 5</dcvalue>'
            '<dcvalue element="description" qualifier="abstract" language="*">A</dcvalue></dublin_core>'
        )
    ).item
    assert found.titles == (Text("T", "es-MX"),)
    assert [(one.agent.name, one.role) for one in found.contributions] == [("Lee, Ann", "aut"), ("Ruiz, Eva", "ths")]
    assert (found.dates, found.languages) == ((Date("2019-06"),), ("en-US",))
    assert found.identifiers == (Identifier("isbn", "9780521168120"), Identifier("handle", "1/2"))
    assert (found.series, found.notes, found.descriptions) == ((Series("Green", "no. 5"),), (), (Text("A"),))


@pytest.mark.parametrize(
    "wrapped",
    [
        "<metadata {n}>{t}</metadata>",
        "<records {n}><record>{t}</record></records>",
        "<metadata {n}><oai_dc:dc>{t}</oai_dc:dc></metadata>",
        '<q:qualifieddc xmlns:q="http://worldcat.org/xmlschemas/qdc-1.0/" {n}>{t}</q:qualifieddc>',
        "<dc><title>T</title></dc>",
        '<d:dim xmlns:d="http://www.dspace.org/xmlns/dspace/dim">'
        '<d:field mdschema="dc" element="title">T</d:field></d:dim>',
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord><record><header/><metadata>'
        "<oai_dc:dc {n}>{t}</oai_dc:dc></metadata></record></GetRecord></OAI-PMH>",
    ],
)
def test_wrappers(wrapped: str) -> None:
    text = wrapped.format(n=NAMES, t=T)
    assert outcomes(read(text)) == ["T"]
    assert is_dublin_core(text.encode()) or "dim" in text


def test_every_record_is_accounted_for() -> None:
    one = f"<oai_dc:dc>{T}</oai_dc:dc>"
    text = f"<list {NAMES}>{one}<oai_dc:dc/><oai_dc:dc><dc:creator>x</dc:creator></oai_dc:dc>{one}</list>"
    found = read(text)
    assert outcomes(found) == ["T", "record-without-title", "record-without-title", "T"]
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert found[0].raw.startswith(b"<oai_dc:dc")


def test_the_sniffer() -> None:
    assert not is_dublin_core(b"<records><record><title>x</title></record></records>")
    assert not is_dublin_core(b'<mods xmlns="http://www.loc.gov/mods/v3"/>')
    assert not is_dublin_core(b"dublin_core <dc>")


@pytest.mark.shared
def test_hostile_xml() -> None:
    found = stands_hostile_files(read_dublin_core)
    sound = {name for name, each in found.items() if any(isinstance(one, Description) for one in each)}
    assert sound == {"cdata.xml", "schema-location-ssrf.xml", "stylesheet-pi.xml"}


def test_a_statement_of_no_element_of_dublin_core_becomes_a_note() -> None:
    dspace = '<dublin_core><dcvalue element="title">T</dcvalue><dcvalue element="weird" qualifier="thing">Odd</dcvalue>'
    assert sole(read(dspace + "</dublin_core>")).item.notes == (Text("weird.thing: Odd"),)
    terms = "<dcterms:educationLevel>K</dcterms:educationLevel><dcterms:provenance>P</dcterms:provenance>"
    assert item(terms).notes == (Text("educationLevel: K"),)
