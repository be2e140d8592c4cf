"""SRU: explain, records in each schema, paging, and a diagnostic for everything else."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from lxml import etree
from schemas_here import SHARED, schema_of
from web_library import EN, FR, RECORDS, Pages, make, serving

from web import cql
from web.sru import _MESSAGES, DIAGNOSTIC, MOST, NAMESPACE, SCHEMAS

NAMES = {"z": NAMESPACE, "d": DIAGNOSTIC, "e": "http://explain.z3950.org/dtd/2.0/"}
SEARCH = "/sru?operation=searchRetrieve&version=1.2"
HOSTILE = SHARED / "hostile" / "web"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serving(make(tmp_path_factory.mktemp("home"))) as opened:
        yield opened


def tree_of(pages: Pages, path: str, **parameters: object) -> etree._Element:
    more = "".join(f"&{name}={quote(str(value))}" for name, value in parameters.items())
    answer = pages.get(path + more)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/xml")
    return etree.fromstring(answer.content)


def found(tree: etree._Element, path: str) -> list[str]:
    return [str(value) for value in tree.xpath(path, namespaces=NAMES)]


def codes(tree: etree._Element) -> list[int]:
    return [int(uri.rpartition("/")[2]) for uri in found(tree, "//d:diagnostic/d:uri/text()")]


@pytest.mark.parametrize("path", ["/sru", "/sru?operation=explain&version=1.2"])
def test_it_explains_itself(pages: Pages, path: str) -> None:
    tree = tree_of(pages, path)
    assert tree.tag == f"{{{NAMESPACE}}}explainResponse"
    assert found(tree, "//e:serverInfo/e:host/text()") == ["library.example.org"]
    assert found(tree, "//e:serverInfo/e:database/text()") == ["sru"]
    assert found(tree, "//e:schema/@name") == [one.name for one in SCHEMAS]
    for index_set, name in zip(found(tree, "//e:map/e:name/@set"), found(tree, "//e:map/e:name/text()"), strict=True):
        assert f"{index_set}.{name}".lower() in cql.INDEXES


def test_records_are_found_and_given_in_each_schema(pages: Pages) -> None:
    for schema in SCHEMAS:
        for name in (schema.name, schema.uri):
            tree = tree_of(pages, SEARCH, query="paturages", recordSchema=name)
            assert found(tree, "//z:numberOfRecords/text()") == ["1"]
            assert found(tree, "//z:recordSchema/text()")[0] == schema.uri
            assert found(tree, "//z:recordIdentifier/text()") == [FR]
            (data,) = tree.xpath("//z:recordData/*", namespaces=NAMES)
            assert "Prendre soin des zones humides" in " ".join(data.itertext())
    packed = tree_of(pages, SEARCH, query="paturages", recordPacking="string")
    assert etree.QName(etree.fromstring(found(packed, "//z:recordData/text()")[0])).localname == "dc"


@pytest.mark.shared
@pytest.mark.parametrize(("name", "path"), [("mods", "oai/mods-3-7.xsd"), ("marcxml", "oai/MARC21slim.xsd")])
def test_records_are_valid(pages: Pages, name: str, path: str) -> None:
    schema = schema_of(SHARED / "schemas" / path, SHARED / "schemas" / "oai")
    tree = tree_of(pages, SEARCH, query='dc.title any "report wetlands humides"', recordSchema=name, maximumRecords=50)
    records = tree.xpath("//z:recordData/*", namespaces=NAMES)
    assert len(records) == RECORDS + 2
    for record in records:
        schema.assertValid(etree.fromstring(etree.tostring(record)))


def test_all_records_are_reached_page_by_page_each_once(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.tantivy_answer.MOST_ITEMS", 5)  # works that an engine gives at once
    met: list[str] = []
    position: list[str] = ["1"]
    while position:
        tree = tree_of(pages, SEARCH, query="dc.type = report", maximumRecords=7, startRecord=position[0])
        assert found(tree, "//z:numberOfRecords/text()") == [str(RECORDS)]
        assert found(tree, "//z:recordPosition/text()")[0] == position[0]
        met += found(tree, "//z:recordIdentifier/text()")
        position = found(tree, "//z:nextRecordPosition/text()")
    assert len(met) == len(set(met)) == RECORDS


@pytest.mark.parametrize(
    ("query", "items"),
    [("eleanor and dc.language = fr", [FR]), ("dc.creator = marsden and dc.date > 1988", [FR]),
     ("eleanor not dc.language = fr", [EN]),
     ('dc.date within "1988 1988" and title = wetlands', [EN]), ("otters or paturages", [EN, FR]), ("xylophone", [])],
)  # fmt: skip
def test_cql_finds_what_it_says(pages: Pages, query: str, items: list[str]) -> None:
    tree = tree_of(pages, SEARCH, query=query)
    assert sorted(found(tree, "//z:recordIdentifier/text()")) == sorted(items)
    assert not codes(tree)


def test_numbers_of_records(pages: Pages) -> None:
    assert len(tree_of(pages, SEARCH, query="report").findall(f".//{{{NAMESPACE}}}record")) == 10
    none = tree_of(pages, SEARCH, query="report", maximumRecords=0)
    assert found(none, "//z:numberOfRecords/text()") == [str(RECORDS)]
    assert none.find(f"{{{NAMESPACE}}}records") is None
    many = tree_of(pages, SEARCH, query="cql.allRecords=1", maximumRecords=99999)
    assert len(many.findall(f".//{{{NAMESPACE}}}record")) == min(MOST, RECORDS + 3)
    echoed = "//z:echoedSearchRetrieveRequest/z:"
    assert found(many, f"{echoed}query/text()") == ["cql.allRecords=1"]
    assert found(many, f"{echoed}maximumRecords/text()") == [str(MOST)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("operation=scan&version=1.2&scanClause=a", 4), ("operation=delete&version=1.2", 4),
        ("operation=searchRetrieve&version=2.0&query=a", 5), ("operation=searchRetrieve&query=a", 7),
        ("version=1.2&query=a", 7), ("operation=searchRetrieve&version=1.2", 7),
        ("operation=searchRetrieve&version=1.2&query=%20", 7),
        ("operation=searchRetrieve&version=1.2&query=a&nonsense=1", 8),
        ("operation=searchRetrieve&version=1.2&query=a&query=b", 9),
        ("operation=searchRetrieve&version=1.2&query=a%20and", 10),
        ("operation=searchRetrieve&version=1.2&query=dc.rights=a", 16),
        ("operation=searchRetrieve&version=1.2&query=report&startRecord=0", 6),
        ("operation=searchRetrieve&version=1.2&query=report&startRecord=x", 6),
        ("operation=searchRetrieve&version=1.2&query=report&maximumRecords=-1", 6),
        ("operation=searchRetrieve&version=1.2&query=report&startRecord=25", 61),
        ("operation=searchRetrieve&version=1.2&query=report&startRecord=999999", 61),
        ("operation=searchRetrieve&version=1.2&query=a&recordSchema=ead", 66),
        ("operation=searchRetrieve&version=1.2&query=a&recordPacking=zip", 71),
        ("operation=searchRetrieve&version=1.2&query=a&recordXPath=/x", 72),
        ("operation=searchRetrieve&version=1.2&query=a&sortKeys=title", 80),
        ("operation=searchRetrieve&version=1.2&query=a&stylesheet=http://x.example/x.xsl", 110),
    ],
)  # fmt: skip
def test_everything_else_is_a_diagnostic(pages: Pages, asked: str, code: int) -> None:
    tree = tree_of(pages, f"/sru?{asked}")
    assert codes(tree) == [code]
    assert found(tree, "//d:message/text()") == [_MESSAGES[code]]
    assert "x.example" not in pages.get(f"/sru?{asked}").text


def test_what_extends_the_protocol_is_ignored_and_1_1_is_answered_as_such(pages: Pages) -> None:
    tree = tree_of(pages, "/sru?operation=searchRetrieve&version=1.1", query="otters", **{"x-info-5-a": "b"})
    assert found(tree, "/z:*/z:version/text()") == ["1.1"]
    assert not codes(tree)


@pytest.mark.shared
def test_hostile_queries_are_answered_and_come_back_as_text_or_not_at_all(pages: Pages) -> None:
    lines = [json.loads(line)["q"] for line in (HOSTILE / "search_fuzz.jsonl").read_text("utf-8").splitlines()]
    for query in [*lines, "<script>alert(1)</script>", "]]><x/>", "&evil;", "\x00", "a" * 100_000, "(" * 10_000]:
        for path in (f"{SEARCH}&query=", "/sru?operation=", "/search.atom?q="):
            answer = pages.get(path + quote(query[:30_000].encode("utf-8", "replace")))
            assert answer.status_code == 200, query[:60]
            etree.fromstring(answer.content)
            assert b"<script" not in answer.content
