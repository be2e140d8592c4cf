"""Words of the index: other spellings, completion, similar items."""

from collections.abc import Iterator

import pytest
from search_sample import fill, item_of
from test_search_ranking import documents

from search.engine import PageDocument, Request, SearchReader, open_reader


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchReader]:
    folder = tmp_path_factory.mktemp("words") / "index"
    odd = PageDocument("odd", 0, "en", "A wetlnd, so spelt\nUn titre", "A wetlnd, so spelt", authors=("Okafor, Ngozi",))
    fill(folder, (page for item in (documents(), item_of(odd)) for page in item))
    opened = open_reader(folder)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "instead"),
    [
        ("hreon", "heron"), ("Salmno", "salmon"), ("wetlands hreon", "wetlands heron"), ("foretss", "forêts"),
        ("garzaz", "garzas"), ("hreon -salmno", "heron -salmno"), ("title:hreon", ""), ('"hreon"', ""), ("hreo*", ""),
        ("heron", ""), ("1998x", ""), ("qzxv", ""), ("", ""), ("glaciarr perdió", "glaciar perdió"),
    ],
)  # fmt: skip
def test_a_word_that_is_not_there_is_spelt_as_one_that_is(reader: SearchReader, query: str, instead: str) -> None:
    assert reader.find(Request(query)).instead == instead


def test_what_is_found_often_enough_is_not_doubted(reader: SearchReader) -> None:
    answer = reader.find(Request("wetlnd"))
    assert (answer.total, answer.instead) == (1, "")
    assert reader.find(Request("wetlandz")).instead == "wetlands"
    assert reader.find(Request("hreon", offset=10)).instead == ""


def offered(reader: SearchReader, start: str, limit: int = 10) -> list[tuple[str, str, int]]:
    return [(one.kind, one.text, one.count) for one in reader.complete(start, limit)]


def test_titles_and_agents_are_completed_from_any_word(reader: SearchReader) -> None:
    assert offered(reader, "ngo") == [("agent", "Okafor, Ngozi", 4)]
    assert offered(reader, "OKA")[0] == ("agent", "Okafor, Ngozi", 4)
    assert ("title", "La forêt et l'homme", 1) in offered(reader, "foret e")
    assert ("title", "Un titre", 1) in offered(reader, "titr")
    assert offered(reader, "delta bird cl") == [("agent", "Delta Bird Club", 2)]
    assert len(offered(reader, "de", 2)) == 2


@pytest.mark.parametrize("start", ["", "x", " ", "zzz", "\x1f\x1f", "*", "a" * 5000, "\ud800\ud800"])
def test_nothing_is_offered_for_nothing(reader: SearchReader, start: str) -> None:
    assert offered(reader, start) == []
    assert offered(reader, "oka", 0) == []


def test_similar_items_are_of_other_works_and_share_rare_words(reader: SearchReader) -> None:
    similar = [hit.id for hit in reader.similar("dams-en", 5)]
    assert similar[0] in ("climate-en", "report-minutes")
    assert "dams-en" not in similar
    assert {"wet-en", "wet-fr", "wet-es"}.isdisjoint(hit.id for hit in reader.similar("wet-en", 10))
    assert "forest-fr" in [hit.id for hit in reader.similar("pain", 3)]
    assert len(reader.similar("wet-en", 2)) == 2
    assert reader.similar("never-there", 5) == reader.similar("dams-en", 0) == ()
