"""Matching: a subject finds the concept that it names, in every way that one is written, and none is guessed."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from metadata.lemmas import LANGUAGES
from metadata.matching import LONGEST, Kind, Match, Matcher
from metadata.matching_labels import Labels
from metadata.model import Concept, Text
from metadata.vocabulary import Scheme, Vocabulary


def concept(uri: str, *labels: str, also: tuple[str, ...] = (), broader: tuple[str, ...] = ()) -> Concept:
    """Return a concept; labels are written ``en:Wetlands``."""
    texts = [tuple(Text(one.partition(":")[2], one.partition(":")[0]) for one in some) for some in (labels, also)]
    return Concept(uri, texts[0], texts[1], broader)


VOCABULARY = Vocabulary(
    {
        one.uri: one
        for one in (
            concept(
                "u:wetlands", "en:Wetlands", "fr:Zones humides", "es:Humedales", also=("en:Marshes", "fr:Marécages")
            ),
            concept("u:management", "en:Wetland management", broader=("u:wetlands",)),
            concept("u:birds", "en:Birds", "fr:Oiseaux", "es:Aves"),
            concept("u:migratory", "en:Migratory birds", "fr:Oiseaux migrateurs", broader=("u:birds",)),
            concept("u:waders", "en:Waders", broader=("u:birds",)),
            concept("u:mouse", "en:Mouse"),
            concept("u:sanitation", "en:Water and sanitation"),
            concept("u:banks", "en:Bank", also=("en:Shores",)),
            concept("u:money", "en:Bank"),
        )
    }
)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(VOCABULARY)


@pytest.mark.parametrize(
    ("value", "language", "kind", "uri", "whole"),
    [
        ("wetlands", "en", "preferred", "u:wetlands", True),
        ("WETLANDS", "", "preferred", "u:wetlands", True),
        ("Marshes", "en", "alternative", "u:wetlands", True),
        ("Zones humides", "en", "language", "u:wetlands", True),
        ("Zone humide", "fr", "lemma", "u:wetlands", True),
        ("Mice", "en", "lemma", "u:mouse", True),
        ("mice", "", "lemma", "u:mouse", True),
        ("management of wetlands", "en", "none", "", True),
        ("u:birds", "", "concept", "u:birds", True),
        ("Birds, Migratory", "en", "inverted", "u:migratory", True),
        ("Oiseaux, migrateurs", "fr", "inverted", "u:migratory", True),
        ("Birds > Waders", "en", "path", "u:waders", True),
        ("Birds > Nothing known", "en", "path", "u:birds", False),
        ("Wetlands -- Management", "en", "joined", "u:management", True),
        ("Wetlands--Management--Africa", "en", "joined", "u:management", False),
        ("Wetlands -- Africa", "en", "heading", "u:wetlands", False),
        ("Africa -- Wetlands", "en", "none", "", True),
        ("Water without sanitation", "en", "none", "", True),
        ("Water and sanitation", "en", "preferred", "u:sanitation", True),
        ("nothing of the kind", "en", "none", "", True),
        ("", "", "none", "", True),
    ],
)
def test_a_subject_is_matched(matcher: Matcher, value: str, language: str, kind: Kind, uri: str, whole: bool) -> None:
    assert matcher.match(Text(value, language)) == Match(kind, uri, whole=whole)


def test_a_label_of_two_concepts_is_not_guessed(matcher: Matcher) -> None:
    for value in ("Bank", "banks", "Bank -- France", "Anything > Banks"):
        assert matcher.match(Text(value, "en")) == Match("ambiguous", candidates=("u:banks", "u:money")), value
    assert matcher.match(Text("Shores", "en")).concept == "u:banks"


def test_decisions_come_first_and_those_on_concepts_that_are_gone_do_not_count() -> None:
    decisions = {("marshes", ""): "u:birds", ("waders", "en"): "", ("bank", ""): "u:money", ("birds", ""): "u:gone"}
    matcher = Matcher(VOCABULARY, decisions)
    assert matcher.match(Text("Marshes", "fr")) == Match("decided", "u:birds")
    assert matcher.match(Text("Waders", "en")) == Match("kept")
    assert matcher.match(Text("Waders", "")).concept == "u:waders"
    assert matcher.match(Text("Bank", "en")) == Match("decided", "u:money")
    assert matcher.match(Text("Birds", "en")) == Match("preferred", "u:birds")


def test_the_surer_a_match_the_higher_its_score(matcher: Matcher) -> None:
    values = (
        "Wetlands",
        "Marshes",
        "Humedales",
        "Mice",
        "Wetlands -- Management",
        "Birds > Waders",
        "Birds -- Africa",
        "x",
    )
    scores = [matcher.match(Text(value, "en")).score for value in values]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0


@pytest.mark.parametrize("value", ["a" * 10_000_000, "a, " * 200, " > ".join("ab" * 100), "--" * 200, "x-- " * 100])
def test_hostile_subjects_are_quick(matcher: Matcher, value: str) -> None:
    begun = time.process_time()
    matcher.match(Text(value, "en"))
    assert time.process_time() - begun < 2
    assert len(value) <= LONGEST or matcher.match(Text(value, "en")).kind == "none"


def test_no_dictionary_is_asked_where_words_begin_as_those_of_no_label() -> None:
    labels = Labels(VOCABULARY)
    assert labels.named("qqqq xxxx", LANGUAGES) == ()
    assert not labels._indexes
    assert labels.named("wetland", ("en",)) == ("u:wetlands",)


def test_labels_know_parents_children_and_homonyms() -> None:
    labels = Labels(Vocabulary({**VOCABULARY.concepts, "u:x": replace(VOCABULARY.concepts["u:mouse"], uri="u:x")}))
    assert labels.parents["u:waders"] == ("u:birds",)
    assert set(labels.children["u:birds"]) == {"u:migratory", "u:waders"}
    assert labels.homonyms("MOUSE", "en") == ("u:mouse", "u:x")
    assert labels.homonyms("mouse", "fr") == ()


class _Two(Vocabulary):
    """Two vocabularies: the second is of the concepts whose URIs begin with ``v:``."""

    @property
    def schemes(self) -> Sequence[Scheme]:
        return Scheme("first", own=True), Scheme("second")

    def scheme_of(self, uri: str) -> Scheme | None:
        return self.schemes[uri.startswith("v:")]


def test_of_several_vocabularies_the_first_that_has_a_label_counts() -> None:
    given = [
        concept("v:fen", "en:Fens"),
        concept("u:fen", "en:Fens"),
        concept("v:a", "en:Bog"),
        concept("v:b", "en:Bog"),
    ]
    labels = Labels(_Two({one.uri: one for one in given}))
    assert labels.named("fen", ("en",)) == ("u:fen",)
    assert labels.homonyms("Fens") == ()
    assert labels.homonyms("bog") == ("v:a", "v:b")
