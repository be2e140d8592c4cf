from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree
from oai_library import (
    BASE_URL,
    NOW,
    NS,
    START,
    asked,
    identifier,
    made_item,
    opened,
    pages,
    repository,
    write,
)

from archive.catalogue import Catalogue
from archive.catalogued import Listing
from archive.clock import SECOND
from metadata.errors import UsageError
from metadata.model import Item
from oai.provider import SETS_PER_PAGE, Provider

ITEMS = [made_item(number) for number in range(35)]
DAY = "2001-09-09"


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Thirty-five records, five to the second; the last but one withdrawn."""
    with opened(tmp_path / "catalogue.db") as made:
        items = [*ITEMS[:33], replace(ITEMS[33], status="withdrawn"), ITEMS[34]]
        write(made, items, START, spread=5)
        yield made


@pytest.fixture
def provider(catalogue: Catalogue) -> Provider:
    return Provider(repository(), catalogue)


def every(provider: Provider, query: str) -> list[str]:
    return [name for page in pages(provider, query) for name in page.identifiers]


def test_identify_tells_who_answers(provider: Provider) -> None:
    said = asked(provider, "verb=Identify")
    assert said.echo == {"verb": "Identify"}
    assert said.all("oai:baseURL") == [BASE_URL]
    assert said.all("oai:repositoryName") == ["Roofs & walls"]
    assert said.all("oai:adminEmail") == ["keeper@library.example.org"]
    assert said.all("oai:earliestDatestamp") == ["2001-09-09T01:46:40Z"]
    assert said.all("oai:deletedRecord") == ["persistent"]
    assert said.all("oai:granularity") == ["YYYY-MM-DDThh:mm:ssZ"]
    assert said.all("oai:compression") == ["gzip"]
    assert said.all("oai:responseDate") == ["2001-09-20T15:33:20Z"]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:library.example.org:no", ["idDoesNotExist"]),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=nothing", ["idDoesNotExist"]),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=http://a/%2541", ["idDoesNotExist"]),
        ("verb=GetRecord&metadataPrefix=no&identifier=x", ["idDoesNotExist", "cannotDisseminateFormat"]),
        (f"verb=GetRecord&metadataPrefix=no&identifier={identifier(ITEMS[0])}", ["cannotDisseminateFormat"]),
        (f"verb=GetRecord&metadataPrefix=oai_dc&identifier={ITEMS[0].id}", ["idDoesNotExist"]),
        ("verb=ListMetadataFormats&identifier=nothing", ["idDoesNotExist"]),
        ("verb=ListRecords&metadataPrefix=no", ["cannotDisseminateFormat"]),
        ("verb=ListIdentifiers&metadataPrefix=OAI_DC", ["cannotDisseminateFormat"]),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=no:such", ["noRecordsMatch"]),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=typ", ["noRecordsMatch"]),
        ("verb=ListRecords&metadataPrefix=oai_dc&until=2001-09-08", ["noRecordsMatch"]),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2100-01-01", ["noRecordsMatch"]),
        ("verb=ListRecords&resumptionToken=junk", ["badResumptionToken"]),
        ("verb=ListRecords&resumptionToken=", ["badResumptionToken"]),
        ("verb=ListSets&resumptionToken=junk%26%22%0A%09%3C", ["badResumptionToken"]),
    ],
)
def test_later_errors_echo_what_was_asked(provider: Provider, query: str, codes: list[str]) -> None:
    said = asked(provider, query)
    assert said.codes == codes
    sent = (pair.partition("=") for pair in query.split("&"))
    assert said.echo == {name: unquote(value) for name, _, value in sent}


@pytest.mark.parametrize("query", ["", "verb=x", "verb=ListRecords", "verb=GetRecord&metadataPrefix=%22&identifier=x"])
def test_early_errors_echo_the_address_alone(provider: Provider, query: str) -> None:
    said = asked(provider, query)
    assert set(said.codes) <= {"badVerb", "badArgument"}
    assert said.echo == {}


def test_a_record_is_the_same_in_all_three_verbs(provider: Provider) -> None:
    for item in (ITEMS[0], ITEMS[33]):
        name = identifier(item)
        got = asked(provider, f"verb=GetRecord&metadataPrefix=oai_dc&identifier={name}").root.find(".//oai:record", NS)
        assert got is not None
        listed, headed = (
            [
                element
                for page in pages(provider, f"verb={verb}&metadataPrefix=oai_dc")
                for element in page.root.iterfind(path, NS)
                if element.findtext(".//oai:identifier", namespaces=NS) == name
            ]
            for verb, path in (("ListRecords", "*/oai:record"), ("ListIdentifiers", "*/oai:header"))
        )
        assert [_text(record) for record in listed] == [_text(got)]
        assert [_text(header) for header in headed] == [_text(got[0])]


def _text(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)


def test_a_tombstone_keeps_its_header_and_has_no_metadata(provider: Provider) -> None:
    query = f"verb=GetRecord&metadataPrefix=oai_dc&identifier={identifier(ITEMS[33])}"
    record = asked(provider, query).root.find(".//oai:record", NS)
    assert record is not None
    assert record[0].get("status") == "deleted"
    assert len(record) == 1
    formats = asked(provider, f"verb=ListMetadataFormats&identifier={identifier(ITEMS[33])}")
    assert formats.all("oai:metadataPrefix") == ["oai_dc"]


def test_the_formats_of_an_item_are_listed(provider: Provider) -> None:
    said = asked(provider, f"verb=ListMetadataFormats&identifier={identifier(ITEMS[0])}")
    assert said.all("oai:metadataPrefix") == ["oai_dc"]
    assert said.all("oai:metadataNamespace") == [NS["oai_dc"]]


@pytest.mark.parametrize("page_size", [1, 5, 7, 34, 35, 36])
def test_every_record_comes_once_whatever_the_page(catalogue: Catalogue, page_size: int) -> None:
    provider = Provider(repository(page_size), catalogue)
    assert every(provider, "verb=ListRecords&metadataPrefix=oai_dc") == [identifier(item) for item in ITEMS]


@pytest.mark.parametrize(("page_size", "cursors"), [(35, []), (36, []), (5, list(range(0, 35, 5))), (34, [0, 34])])
def test_tokens_count_and_none_dangles(catalogue: Catalogue, page_size: int, cursors: list[int]) -> None:
    provider = Provider(repository(page_size), catalogue)
    elements = [page.token for page in pages(provider, "verb=ListIdentifiers&metadataPrefix=oai_dc")]
    tokens = [element for element in elements if element is not None]
    assert [int(str(token.get("cursor"))) for token in tokens] == cursors
    assert {token.get("completeListSize") for token in tokens} <= {"35"}
    assert {token.get("expirationDate") for token in tokens} <= {"2001-09-22T15:33:20Z"}
    assert [bool(token.text) for token in tokens] == [True] * (len(cursors) - 1) + [False] * bool(cursors)


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        ("from=2001-09-09T01:46:40Z", 0, 35),
        ("from=2001-09-09T01:46:41Z", 5, 35),
        ("until=2001-09-09T01:46:40Z", 0, 5),
        ("from=2001-09-09T01:46:42Z&until=2001-09-09T01:46:43Z", 10, 20),
        ("from=2001-09-09T01:46:46Z&until=2001-09-09T01:46:46Z", 30, 35),
        ("from=1900-01-01&until=2001-09-10", 0, 35),
        (f"from={DAY}&until={DAY}", 0, 35),
        ("from=0001-01-01", 0, 35),
        ("until=9999-12-31", 0, 35),
    ],
)
def test_both_ends_of_a_window_are_in_it(provider: Provider, window: str, first: int, last: int) -> None:
    wanted = [identifier(item) for item in ITEMS[first:last]]
    for verb in ("ListRecords", "ListIdentifiers"):
        assert every(provider, f"verb={verb}&metadataPrefix=oai_dc&{window}") == wanted


def test_a_day_ends_with_its_last_second(catalogue: Catalogue) -> None:
    midnight = 1_000_080_000
    write(catalogue, [made_item(100), made_item(101)], midnight - 1)
    provider = Provider(repository(100), catalogue)
    for window, item in ((f"until={DAY}", 100), ("from=2001-09-10", 101)):
        assert every(provider, f"verb=ListRecords&metadataPrefix=oai_dc&{window}")[-1] == identifier(made_item(item))
    assert every(provider, "verb=ListRecords&metadataPrefix=oai_dc&from=2001-09-10") == [identifier(made_item(101))]


def test_every_listed_set_holds_its_records_through_all_pages(catalogue: Catalogue) -> None:
    provider = Provider(repository(3), catalogue)
    specs = asked(provider, "verb=ListSets").all("oai:setSpec")
    assert specs == sorted(set(specs))
    for spec in specs:
        found = every(provider, f"verb=ListRecords&metadataPrefix=oai_dc&set={spec}")
        with_spec = [
            str(header.findtext("oai:identifier", namespaces=NS))
            for page in pages(provider, "verb=ListIdentifiers&metadataPrefix=oai_dc")
            for header in page.root.iterfind("*/oai:header", NS)
            if any(f"{each.text}:".startswith(f"{spec}:") for each in header.iterfind("oai:setSpec", NS))
        ]
        assert found
        assert found == with_spec


def test_many_sets_come_in_pages(catalogue: Catalogue) -> None:
    names = tuple(f"c{number}" for number in range(2 * SETS_PER_PAGE))
    write(catalogue, [made_item(200, collections=names)], START + 100)
    provider = Provider(repository(), catalogue)
    found = [page.all("oai:setSpec") for page in pages(provider, "verb=ListSets")]
    assert [len(page) for page in found[:-1]] == [SETS_PER_PAGE] * 2
    assert [*chain.from_iterable(found)] == [spec for spec, _ in catalogue.oai_sets()]


def test_sets_have_the_names_they_are_given(catalogue: Catalogue) -> None:
    (spec, name), (other, _) = catalogue.oai_sets()[:2]
    given = replace(repository(), set_names={other: "Books & <more>"})
    said = asked(Provider(given, catalogue), "verb=ListSets")
    named = dict(zip(said.all("oai:setSpec"), said.all("oai:setName"), strict=True))
    assert (named[spec], named[other]) == (name, "Books & <more>")


def test_a_token_is_good_again_but_for_its_own_verb_and_time_only(provider: Provider) -> None:
    first = asked(provider, "verb=ListRecords&metadataPrefix=oai_dc")
    assert first.token is not None
    query = f"resumptionToken={first.token.text}"
    again = [asked(provider, f"verb=ListRecords&{query}").identifiers for _ in range(2)]
    assert again[0] == again[1] == [identifier(item) for item in ITEMS[10:20]]
    assert asked(provider, f"verb=ListIdentifiers&{query}").codes == ["badResumptionToken"]
    assert asked(provider, f"verb=ListSets&{query}").codes == ["badResumptionToken"]
    end = NOW + 48 * 3600
    assert asked(provider, f"verb=ListRecords&{query}", end).codes == []
    assert asked(provider, f"verb=ListRecords&{query}", end + 1).codes == ["badResumptionToken"]
    assert asked(provider, f"verb=ListRecords&metadataPrefix=oai_dc&{query}").codes == ["badArgument"]


def test_a_list_that_changes_under_way_loses_nothing(catalogue: Catalogue) -> None:
    provider = Provider(repository(4), catalogue)
    seen: list[tuple[str, str]] = []
    for turn, page in enumerate(pages(provider, "verb=ListRecords&metadataPrefix=oai_dc")):
        seen += zip(page.identifiers, page.all("oai:header/oai:datestamp"), strict=True)
        if turn < 5:
            _change(catalogue, turn)
    assert len(set(seen)) == len(seen)
    changed = {identifier(item) for turn in range(5) for item in _touched(turn)}
    added = {identifier(made_item(300 + turn)) for turn in range(5)}
    untouched = {identifier(item) for item in ITEMS} - changed
    assert {name for name, _ in seen} == {*untouched, *changed, *added}
    assert all([name for name, _ in seen].count(each) == 1 for each in untouched | added)
    newest = dict(catalogue.oai_headers(Listing(after=(START + 100) * SECOND - 1), 100))
    assert len(newest) == 15
    assert {name for name, stamp in seen if stamp >= "2001-09-09T01:48"} == changed | added


def _touched(turn: int) -> tuple[Item, Item]:
    """One item that the harvest has passed by then, and one that it has not."""
    return ITEMS[turn], ITEMS[30 - turn]


def _change(catalogue: Catalogue, turn: int) -> None:
    passed, coming = _touched(turn)
    changed = [made_item(turn, title="Anew"), replace(coming, status="withdrawn"), made_item(300 + turn)]
    assert changed[0].id == passed.id
    write(catalogue, changed, START + 100 + turn, spread=3)


def test_a_page_from_which_all_has_moved_is_no_invalid_list(catalogue: Catalogue) -> None:
    provider = Provider(repository(30), catalogue)
    query = "verb=ListRecords&metadataPrefix=oai_dc&until=2001-09-09T01:46:46Z"
    first = asked(provider, query)
    assert first.token is not None
    write(catalogue, ITEMS[30:], START + 100)
    assert asked(provider, f"verb=ListRecords&resumptionToken={first.token.text}").codes == ["noRecordsMatch"]


def test_an_empty_library_answers(tmp_path: Path) -> None:
    with opened(tmp_path / "catalogue.db") as empty:
        provider = Provider(repository(), empty)
        assert asked(provider, "verb=Identify").codes == []
        assert asked(provider, "verb=ListRecords&metadataPrefix=oai_dc").codes == ["noRecordsMatch"]
        assert asked(provider, "verb=ListSets").codes == ["noSetHierarchy"]
        assert asked(provider, "verb=ListRecords&metadataPrefix=oai_dc&set=type").codes == ["noSetHierarchy"]


@pytest.mark.parametrize(
    "wrong",
    [{"admin_email": "nobody"}, {"namespace": "localhost"}, {"page_size": 0}, {"token_key": b"short"}],
)
def test_settings_that_would_make_invalid_answers_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(repository(), **wrong)  # type: ignore[arg-type]
