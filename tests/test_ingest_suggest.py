"""Suggestion: what a text names is proposed, likeliest first, with the passages; hostile texts cost little."""

import time
from collections.abc import Sequence
from itertools import repeat

import pytest

from ingest.suggest import Suggester, Suggestion
from ingest.suggest_hits import PASSAGES, Part, find_concepts
from ingest.suggest_model import FEATURES, UNTRAINED, Experience, Model, learn, rows_of
from ingest.suggest_training import learn_from
from metadata.matching_labels import Labels
from metadata.model import Concept, Text
from metadata.vocabulary import Vocabulary


def concept(uri: str, *labels: str, broader: tuple[str, ...] = ()) -> Concept:
    """Return a concept; labels are written ``en:Wetlands``."""
    return Concept(uri, tuple(Text(one.partition(":")[2], one.partition(":")[0]) for one in labels), broader=broader)


LABELS = Labels(
    Vocabulary(
        {
            one.uri: one
            for one in (
                concept("u:habitats", "en:Habitats", "fr:Habitats"),
                concept("u:wetlands", "en:Wetlands", "fr:Zones humides", "es:Humedales", broader=("u:habitats",)),
                concept("u:marshes", "en:Marshes", broader=("u:habitats",)),
                concept("u:management", "en:Wetland management"),
                concept("u:managing", "en:Management"),
                concept("u:birds", "en:Birds", "fr:Oiseaux", "es:Aves"),
                concept("u:panther", "la:Panthera pardus"),
                concept("u:bank", "en:Bank"),
                concept("u:bank2", "en:Banks"),
                concept("u:who", "en:WHO"),
            )
        }
    )
)


def suggested(*parts: Part, limit: int = 10, without: Sequence[str] = ()) -> list[Suggestion]:
    return list(Suggester(LABELS).suggest(parts, limit, without))


def uris(*parts: Part) -> list[str]:
    return [one.concept for one in suggested(*parts)]


def test_concepts_are_found_in_any_form_with_page_and_passage() -> None:
    (found,) = suggested(
        Part("It was long ago.", "en", "page", 1), Part("Every wetland\nwas drained.", "en", "page", 2)
    )
    assert found.concept == "u:wetlands"
    assert 0 < found.score < 1
    assert [(one.kind, one.page, one.snippet) for one in found.passages] == [("page", 2, "Every wetland was drained.")]


def test_a_page_in_french_is_read_in_french() -> None:
    assert set(uris(Part("La zone humide et l’oiseau", "fr"))) == {"u:birds", "u:wetlands"}
    assert uris(Part("Every bird", "fr")) == []


def test_names_of_species_stand_in_any_language() -> None:
    assert uris(Part("Le léopard (Panthera pardus) chasse.", "fr")) == ["u:panther"]


def test_the_title_weighs_more_than_a_page_and_often_more_than_once() -> None:
    text = Part("Marshes here. " + "Nothing of note. " * 30, "en")
    assert uris(Part("Birds", "en", "title"), text)[0] == "u:birds"
    assert uris(Part("Birds; marshes; marshes; marshes; marshes.", "en"))[0] == "u:marshes"


def test_the_longest_label_counts_most() -> None:
    text = Part("On wetland management in the north", "en")
    assert uris(text)[0] == "u:management"
    hits = find_concepts([text], LABELS).hits
    assert hits["u:managing"].weight < hits["u:management"].weight == 1


def test_labels_do_not_reach_over_the_end_of_a_sentence() -> None:
    assert "u:management" not in uris(Part("This is a wetland. Management is another matter.", "en"))
    assert uris(Part("the last word is wetland", "en")) == ["u:wetlands"]


def test_words_broken_at_the_end_of_a_line_are_joined() -> None:
    assert uris(Part("all the wet-\nlands of the north", "en")) == ["u:wetlands"]


def test_a_homonym_weighs_less_for_each() -> None:
    scores = {one.concept: one.score for one in suggested(Part("The bank. The birds.", "en"))}
    assert scores["u:bank"] == scores["u:bank2"] < scores["u:birds"]


def test_relatives_in_the_same_text_support_each_other() -> None:
    alone = {one.concept: one.score for one in suggested(Part("Wetlands. Birds.", "en"))}
    among = {one.concept: one.score for one in suggested(Part("Wetlands. Habitats.", "en"))}
    assert among["u:wetlands"] > alone["u:wetlands"]


def test_a_label_of_nothing_but_little_words_is_not_found_everywhere() -> None:
    assert uris(Part("Who was it, and who said so?", "en")) == []


def test_what_is_not_wanted_is_left_out_and_the_limit_kept() -> None:
    text = Part("Birds, marshes, wetlands.", "en")
    assert len(suggested(text, limit=2)) == 2
    assert "u:birds" not in [one.concept for one in suggested(text, without=["u:birds"])]
    assert suggested() == []


@pytest.mark.parametrize(
    "text", ["wetland " * 10_000, "w" * 1_000_000, "wetland-\n" * 20_000, "İ wetland " * 5000, "\x00" * 10**6]
)
def test_hostile_pages_cost_little(text: str) -> None:
    begun = time.process_time()
    for one in suggested(*repeat(Part(text, "en"), 3)):
        assert len(one.passages) <= PASSAGES
        assert all(len(passage.snippet) < 250 for passage in one.passages)
    assert time.process_time() - begun < 5


def test_no_word_of_a_passage_is_cut() -> None:
    (found,) = suggested(Part("abcdefgh " * 30 + "wetland " + "ijklmnop " * 30, "en"))
    assert {*found.passages[0].snippet.strip("…").split()} == {"abcdefgh", "wetland", "ijklmnop"}
    assert 100 < len(found.passages[0].snippet) < 130
    assert suggested(Part("x" * 99 + " wetland " + "y" * 99, "en"))[0].passages[0].snippet.count("y") == 59


def test_endless_texts_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.suggest_hits.LONGEST", 50_000)
    assert find_concepts(repeat(Part("wetland was " * 500, "en")), LABELS).parts == 9
    monkeypatch.setattr("ingest.suggest_hits.LONGEST_PART", 25_000)
    assert find_concepts(repeat(Part("wetland was " * 5000, "en")), LABELS).parts == 2


def test_a_row_has_every_feature_and_the_untrained_weights_name_them() -> None:
    found = find_concepts([Part("Wetlands and birds", "en", "title")], LABELS)
    assert {len(row) for row in rows_of(found, LABELS).values()} == {len(FEATURES) - 2}
    assert set(UNTRAINED) == set(FEATURES[:-2])


def test_learning_tells_what_is_wanted_and_is_the_same_each_time() -> None:
    rows = [(1.0, float(n % 2), n / 10, *([0.0] * (len(FEATURES) - 3))) for n in range(40)]
    wanted = [n % 2 == 1 for n in range(40)]
    weights = learn(rows, wanted)
    assert weights == learn(rows, wanted)
    assert weights["weight"] > 1 > abs(weights["share"])
    with pytest.raises(ValueError, match="nothing can be learnt"):
        learn(rows, [True] * 40)


def test_experience_leaves_out_the_text_that_is_asked_about() -> None:
    experience = Experience({"u:birds": 10}, {"u:birds": 9}, 0.1)
    often, known = experience.of("u:birds")
    assert often > experience.of("u:birds", 1)[0] > 0
    assert known > experience.of("u:birds", 0)[1] > 0
    assert Experience({"u:x": 1}, {"u:x": 1}, 0.1).of("u:x", 1) == (0.0, 0.0)


def test_a_trained_library_does_as_its_librarians_did() -> None:
    texts = [
        (
            [Part(f"Report {n}", "en", "title"), Part("Management. Management of birds and marshes.", "en")],
            frozenset(["u:birds"]),
        )
        for n in range(30)
    ]
    model = learn_from(texts, LABELS)
    assert model.texts == 30
    assert model == learn_from(texts, LABELS)
    new = [Part("Management and management of birds.", "en")]
    assert suggested(*new)[0].concept == "u:managing"
    assert Suggester(LABELS, model).suggest(new, 5)[0].concept == "u:birds"
    assert learn_from([], LABELS) == Model(UNTRAINED)
