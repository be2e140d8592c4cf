"""Crossref XML read: every official example, and what Canoe deposits; what is valid is written back valid."""

import io
from dataclasses import replace

import pytest
from lxml import etree
from schemas_here import SHARED, schema_of
from xml_shared import Reader, sole, stands_hostile_files

from ingest.recognise import recognise
from metadata.agency_rules import crossref_fault
from metadata.crossref import Head, crossref, deposit
from metadata.crossref_reader import is_crossref, read_crossref
from metadata.datacite import datacite
from metadata.datacite_reader import read_datacite
from metadata.description import Description, Rejected
from metadata.model import Agent, Contribution, Date, Doi, Identifier, Item, Series, Text
from metadata.rest_json import read_crossref_json, read_datacite_json
from metadata.standard_numbers import doi
from metadata.vocabulary import shipped

SCHEMAS = SHARED / "schemas"
EXAMPLES = sorted((SCHEMAS / "crossref-examples").glob("*.xml"))
KERNELS = sorted((SCHEMAS / "datacite").glob("kernel-4.*/example/*.xml"))
HEAD = Head("canoe-0123", "20261122150405000", "The library", "librarian@example.org")
URL = "https://library.example.org/item/c7ahmjjc4k"
TITLES = {
    "book5.3.0": ["book", "article"],
    "book_series5.3.0": ["book", "article"],
    "book_set5.3.0": ["book", "article"],
    "dissertation.5.3.0": ["thesis"],
    "journal.article5.3.0": ["article"],
    "journal.vol.issue5.3.0": ["periodical"],
    "report.5.3.0": ["report"],
    "standard5.3.0": ["report"],
}


def read(data: bytes) -> list[Description | Rejected]:
    return list(read_crossref(io.BytesIO(data), "a.xml"))


def described(data: bytes) -> list[Item]:
    found = read(data)
    assert all(isinstance(one, Description) for one in found), [one.problems for one in found]
    return [one.item for one in found if isinstance(one, Description)]


@pytest.mark.shared
def test_every_official_example_of_crossref_is_read_and_written_back_valid() -> None:
    assert len(EXAMPLES) == 8
    schema = schema_of(SCHEMAS / "crossref-5.3.1" / "crossref5.3.1.xsd", SCHEMAS / "crossref-5.3.1")
    for path in EXAMPLES:
        data = path.read_bytes()
        assert recognise(".xml", data[:65_536], False) == ("crossref", "application/xml")
        items = described(data)
        assert [one.type for one in items] == TITLES[path.stem], path.name
        for item in items:
            name = next(one.value for one in item.identifiers if one.scheme == "doi")
            assert name.encode() in data.lower()
            named = replace(item, doi=Doi(name, "external"))
            told = crossref(named, URL, "The library", 2026)
            schema.assertValid(etree.fromstring(deposit(told, HEAD).encode()))
            assert crossref_fault(told.encode()) == ""
            again = described(deposit(told, HEAD).encode())[0]
            assert (again.title.value, again.dates) == (item.title.value, item.dates), path.name


@pytest.mark.shared
def test_every_official_example_of_datacite_is_read_and_written_back_valid() -> None:
    assert len(KERNELS) >= 20
    kernel = SCHEMAS / "datacite" / "kernel-4.6" / "metadata.xsd"
    schema = schema_of(kernel, kernel.parent)
    for path in KERNELS:
        item = sole(list(read_datacite(io.BytesIO(path.read_bytes()), path.name))).item
        name = next((one.value for one in item.identifiers if one.scheme == "doi"), "10.5555/none")
        made = datacite(replace(item, doi=Doi(name, "external")), "The library", shipped(), registered=2026)
        schema.assertValid(etree.fromstring(made))
        again = sole(list(read_datacite(io.BytesIO(made.encode()), path.name))).item
        assert again.titles == item.titles, path.name
        assert {one.agent.name for one in again.contributions} <= {one.agent.name for one in item.contributions} | {
            "The library"
        }
        lost = [one for one in item.contributions if one.role == "aut" and one not in again.contributions]
        assert (again.dates, again.languages, lost) == (item.dates, item.languages, []), path.name


@pytest.mark.shared
def test_the_article_is_read_whole() -> None:
    item = described((SCHEMAS / "crossref-examples" / "journal.article5.3.0.xml").read_bytes())[0]
    assert item.titles[0] == Text("This is a journal article title", "en")
    assert [(one.agent.name, one.role) for one in item.contributions] == [
        ("Housecat, Minerva", "aut"),
        ("Carberry, Josiah", "aut"),
    ]
    assert item.contributions[1].agent.identifiers == (Identifier("orcid", "0000-0002-1825-0097"),)
    assert item.dates == (Date("2021-07-07"),)
    assert [text.language for text in item.descriptions] == ["fr", "en"]
    assert item.series == (Series("Journal of Crossref Test Data", "", "1942-4027"),)
    assert Identifier("doi", "10.5555/n0hrokm") in item.identifiers
    assert Text("hasReview: 10.5555/zLl10OQ") in item.notes


def test_what_canoe_deposits_comes_back() -> None:
    item = Item(
        titles=(Text("Forests < & > water", "en"),),
        contributions=(
            Contribution(Agent("Silva, Ana", "person", (Identifier("orcid", "0000-0002-1825-0097"),)), "aut"),
            Contribution(Agent("World Union", "organisation"), "edt"),
            Contribution(Agent("Island Press", "organisation"), "pbl"),
        ),
        dates=(Date("1987-05"),),
        languages=("en",),
        descriptions=(Text("First.\n\nSecond.", "en"),),
        identifiers=(Identifier("isbn", "9782831708195"),),
        doi=Doi("10.5555/c7ahmjjc4k", "findable"),
        type="book",
    )
    told = crossref(replace(item, status="withdrawn"), URL, "The library", 2026)
    back = described(deposit(told, HEAD).encode())[0]
    expected = replace(
        item, doi=None, identifiers=(Identifier("doi", "10.5555/c7ahmjjc4k"), *item.identifiers), source="a.xml#1"
    )
    assert back == expected


def test_each_article_of_a_journal_knows_its_journal() -> None:
    article = "<journal_article><titles><title>{0}</title></titles><doi_data><doi>10.1000/{0}</doi></doi_data>"
    article += "</journal_article>"
    text = (
        '<doi_batch xmlns="http://www.crossref.org/schema/4.4.2"><body><journal><journal_metadata><full_title>Letters'
        "</full_title><issn>0317-8471</issn></journal_metadata><journal_issue><publication_date><year>1999</year>"
        "</publication_date><journal_volume><volume>12</volume></journal_volume><issue>3</issue></journal_issue>"
        f"{article.format('a')}{article.format('b')}</journal><journal><journal_metadata><full_title>Notes</full_title>"
        f"</journal_metadata>{article.format('c')}</journal></body></doi_batch>"
    )
    found = [(one.title.value, one.series) for one in described(text.encode())]
    letters = (Series("Letters", "12(3)", "0317-8471"),)
    assert found == [("a", letters), ("b", letters), ("c", (Series("Notes"),))]


def test_what_is_no_record_is_named() -> None:
    head = '<doi_batch xmlns="http://www.crossref.org/schema/5.3.1"><body>'
    assert not is_crossref(b'<doi_batch xmlns="urn:x"/>')
    assert is_crossref(head.encode())
    untitled = read(f"{head}<dissertation><doi_data/></dissertation></body></doi_batch>".encode())
    assert [one.problems[-1].code for one in untitled] == ["record-without-title"]
    broken = read(f"{head}<dissertation>".encode())
    assert [one.problems[-1].code for one in broken] == ["xml-refused"]


@pytest.mark.shared
def test_hostile_files_are_stood() -> None:
    stands_hostile_files(read_crossref)


def test_dois_are_in_normal_form() -> None:
    assert doi("10.5555/N0HRokm") == "10.5555/n0hrokm"


@pytest.mark.shared
def test_answers_of_the_agencies_are_read_as_their_xml_is() -> None:
    folder = SHARED / "other" / "dspace"
    data = (folder / "dataCite-test.json").read_bytes()
    assert recognise(".json", data[:65_536], False) == ("datacite-json", "application/json")
    item = sole(list(read_datacite_json(io.BytesIO(data), "a.json"))).item
    assert (item.title.value, item.dates[0]) == ("Mathematical Proof Between Generations", Date("2022"))
    assert [one.agent.name for one in item.contributions][:2] == ["Bayer, Jonas", "Benzmüller, Christoph"]
    assert {Identifier("doi", "10.48550/arxiv.2207.04779"), Identifier("arxiv", "2207.04779")} <= set(item.identifiers)
    assert Text("IsVersionOf: 10.1090/noti2860") in item.notes
    data = (folder / "crossRef-test.json").read_bytes()
    assert recognise(".json", data[:65_536], False) == ("crossref-json", "application/json")
    found = [one for one in read_crossref_json(io.BytesIO(data), "a.json") if isinstance(one, Description)]
    assert [(one.number, one.item.source) for one in found] == [(1, "a.json#1"), (2, "a.json#2")]
    first = found[0].item
    assert (first.type, first.dates, first.extent) == ("article", (Date("2016-05-19"),), "p. 184–187")
    assert [(one.number, one.issn) for one in first.series] == [("1(2)", "2415-3060")]
    assert first.contributions[0].agent == Agent("Senyuk, L.V.", "person")
    assert Identifier("doi", "10.26693/jmbs01.02.184") in first.identifiers


@pytest.mark.parametrize("reader", [read_datacite_json, read_crossref_json])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b'{"data": 1, "message": 2}',
        b'{"data": [{"attributes": {"titles": 7, "creators": {"a": 1}, "types": []}}], "message": {"title": 7}}',
        b"\xff\xfe",
        b'{"data": [{"attributes": {"titles": [{"title": "\\ud800"}]}}], "message": {"title": ["\\ud800"]}}',
        b'{"data": [{"attributes": {"titles": [{"title": {"x": 1}}]}}], "message": {"items": [1]}}',
    ],
)
def test_hostile_json_is_named(reader: Reader, data: bytes) -> None:
    found = list(reader(io.BytesIO(data), "a.json"))
    assert found
    assert all(isinstance(one, Rejected) and one.problems for one in found)
