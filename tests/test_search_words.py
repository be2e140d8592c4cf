"""Words of the index: other spellings, completion, similar items."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from search_sample import fill, item_of
from test_search_ranking import documents

from metadata.errors import Outdated
from search.analysis import folded, folded_and_spelt, forms, terms
from search.engine import ENGINES, PageDocument, Request, SearchReader, open_reader, open_writer
from search.languages import STEMMED, STEMMERS, stem_in


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


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_offered_may_be_typed_without_accents_in_any_script(tmp_path: Path, engine: str) -> None:
    titles = ("L’Œuvre d’Ærø", "Ο ΛΌΓΟΣ", "日本の国立公園", "Zoo", "İzmir")
    writer = open_writer(tmp_path, engine)
    writer.put(PageDocument(f"i{number}", 0, title=title, text=title) for number, title in enumerate(titles))
    writer.commit(1)
    writer.close()
    reader = open_reader(tmp_path, engine)
    starts = {"oeu": 0, "l'oe": 0, "l’œuvre d": 0, "aer": 0, "λογος": 1, "国立": 2, "日本": 2, "izm": 4}
    assert {start: [one.text for one in reader.complete(start, 9)] for start in starts} == {
        start: [titles[number]] for start, number in starts.items()
    }
    in_order = [hit.id for hit in reader.find(Request("", sort="title")).hits]
    assert in_order.index("i4") < in_order.index("i0") < in_order.index("i3")  # İzmir, L’Œuvre, Zoo


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


def test_stems_and_folding_are_those_of_other_programs() -> None:
    """Beside Whoosh's Snowball and Python's own tables of Unicode, which know nothing of Tantivy."""
    lang = pytest.importorskip("whoosh.lang")
    written: dict[str, set[str]] = {language: set() for language in STEMMERS}
    for page in documents():
        if page.language in written:
            written[page.language].update(re.findall(r"[^\W\d_]+", page.text.lower()))
    for language, words in written.items():
        assert len(words) > 50
        stem = lang.stemmer_for_language(language)
        assert {word: terms(word, language) for word in words} == {word: [plain(stem(word))] for word in words}
        assert {word: terms(word) for word in words} == {word: [plain(word)] for word in words}


@pytest.mark.parametrize("engine", ENGINES)
def test_other_languages_are_stemmed_once_they_are_set(tmp_path: Path, engine: str) -> None:
    description = PageDocument("de1", 0, "de", "Vom Walde", "Vom Walde")
    try:
        for languages, found in ((("en", "fr", "es"), 0), (("de", "en"), 1)):
            stem_in(languages)
            with pytest.raises(Outdated):
                open_reader(tmp_path, engine)
            writer = open_writer(tmp_path, engine)
            writer.put(item_of(description, "Die Wälder brennen."))
            writer.commit(1)
            writer.close()
            answer = open_reader(tmp_path, engine).find(Request("Wäldern"))
            assert answer.total == found
            assert [text for hit in answer.hits for text, marked in hit.pages[0].snippet if marked] == [
                "Wälder"
            ] * found
    finally:
        stem_in(STEMMED)


def plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.replace("œ", "oe").replace("æ", "ae").replace("ß", "ss"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@given(st.text(st.characters(codec="utf-8"), max_size=60))
@example("L’île d’Yeu — « œuvre » naïve, 20 °C ; ß, Ærø, ﬁn, ᵃ, İ, ½")
def test_a_text_is_folded_as_its_words_are(text: str) -> None:
    assert folded(text).split() == terms(text)


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.sampled_from(sorted(STEMMERS)))
@example("Forêts forêts, FORÊTS-galeries\u00a0l’eau", "fr")
def test_forms_are_the_words_with_their_stems(text: str, language: str) -> None:
    spelt = folded_and_spelt(text)[1]
    assert set(forms(set(spelt.split()), language)) == set(zip(terms(text, language), terms(text), strict=True))
