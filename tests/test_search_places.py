"""Countries and regions: what lies in them is found by their names in three languages, and by their codes."""

import pytest

from metadata.model import Item, Text
from metadata.vocabulary import Vocabulary
from search.documents import documents
from search.engine import Request, SearchReader, open_reader, open_writer
from search.places import lying_in
from search.query import parse

EMPTY = Vocabulary({})
ITEMS = (
    Item("kenya", titles=(Text("Plains"),), countries=("KE",)),
    Item("california", titles=(Text("Coast"),), countries=("US-CA",)),
    Item("french", titles=(Text("Marais"),), coverage=(Text("Sénégal", "fr"),)),
    Item("words", titles=(Text("Valley"),), coverage=(Text("The valley of the Rio de la Plata", "en"),)),
    Item("south", titles=(Text("Karoo"),), coverage=(Text("Sudáfrica", "es"), Text("1950-1960"))),
    Item("nowhere", titles=(Text("Africa in books"),)),
)


@pytest.fixture(scope="module", params=["tantivy", "whoosh"])
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SearchReader:
    folder = tmp_path_factory.mktemp("index")
    engine = open_writer(folder, request.param)
    for item in ITEMS:
        engine.put(documents(item, (), EMPTY))
    engine.commit(1)
    engine.close()
    return open_reader(folder, request.param, EMPTY)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("country:KE", {"kenya"}),
        ("country:ke", {"kenya"}),
        ("pais:Kenia", {"kenya"}),
        ("country:Africa", {"kenya", "french", "south"}),
        ("country:002", {"kenya", "french", "south"}),
        ("country:DE", set()),
        ("place:Afrique", {"kenya", "french", "south"}),
        ('place:"África austral"', {"south"}),
        ('place:"Southern Africa"', {"south"}),
        ("place:(southern africa)", {"south"}),
        ("lieu:Kenya", {"kenya"}),
        ("place:valley", {"words"}),
        ("place:america -country:US", set()),
        ("country:US", {"california"}),
        ("country:SN title:marais", {"french"}),
    ],
)
def test_what_lies_in_a_place_is_found(reader: SearchReader, query: str, found: set[str]) -> None:
    answer = reader.find(Request(query))
    assert {hit.id for hit in answer.hits} == found
    assert not answer.problems


def test_a_country_that_is_none_is_told() -> None:
    assert [one.code for one in parse("country:Atlantis").problems] == ["query-value-unknown"]


def test_words_that_only_hold_a_name_are_no_place() -> None:
    assert list(lying_in(ITEMS[3])) == []
    assert list(lying_in(ITEMS[1])) == ["m49us", "m49021", "m49003", "m49019", "m49001"]
