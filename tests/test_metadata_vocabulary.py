"""Vocabularies: labels are not keys, hierarchies may be circles, files may be hostile."""

import re
from pathlib import Path

import pytest

from metadata import skos
from metadata.errors import UsageError
from metadata.model import Text
from metadata.vocabulary import Vocabulary, read_skos, shipped

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "skos"
BASE = "https://w3id.org/canoe/conservation/"
HEAD = """
@prefix : <http://example.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""


def _turtle(body: str) -> Vocabulary:
    return read_skos((HEAD + body).encode())


def test_the_shipped_vocabulary_speaks_three_languages() -> None:
    for concept in shipped().concepts.values():
        assert [label.language for label in concept.labels] == ["en", "es", "fr"]
        assert {label.language for label in concept.alternatives} <= {"en", "es", "fr"}
    assert [title.language for title in shipped().titles] == ["en", "es", "fr"]
    assert shipped().title("fr") == "Sujets d’une bibliothèque de la conservation"


def test_every_shipped_concept_is_under_a_top_concept_within_three_steps() -> None:
    held = shipped()
    assert len(held.top) == 9
    for uri, concept in held.concepts.items():
        assert re.fullmatch(re.escape(BASE) + r"c\d{4}", uri)
        assert all(parent in held.concepts for parent in concept.broader)
        assert uri in held.top or set(held.broader_closure(uri)) & set(held.top)
        assert uri not in held.broader_closure(uri)
        assert concept.notation.count(".") <= 3


def test_shipped_notations_are_text_and_all_different() -> None:
    notations = [concept.notation for concept in shipped().concepts.values()]
    assert len(set(notations)) == len(notations)
    assert {"2.1", "2.10"} <= set(notations)


def test_every_shipped_label_finds_its_own_concept() -> None:
    held = shipped()
    for uri, concept in held.concepts.items():
        for label in (*concept.labels, *concept.alternatives):
            assert held.find(label.value) == uri
            assert held.find(label.value.upper(), label.language) == uri


@pytest.mark.parametrize(
    ("label", "language", "number"),
    [
        ("Mangroves", "", "c0302"),
        ("MANGROVE", "fr", "c0302"),
        ("manglar", "es", "c0302"),
        ("foret", "", "c0201"),
        ("aires marines protegees", "fr-CA", "c0403"),
        ("área protegida", "", "c0400"),
        ("écosystème d'eau douce", "", "c0209"),
        ("human-wildlife conflicts", "", "c0520"),
        (BASE + "c0501", "", "c0501"),
    ],
)
def test_a_subject_as_people_write_it(label: str, language: str, number: str) -> None:
    assert shipped().find(label, language) == BASE + number


@pytest.mark.parametrize("label", ["Œuvre d’art", "oeuvre d'art", "OEUVRE D'ART", "œuvres d’art"])
def test_a_ligature_is_as_good_as_its_letters(label: str) -> None:
    written = "Œuvre d'art" if label.isascii() else "Oeuvre d'art"
    held = _turtle(
        f':s a skos:ConceptScheme . :art a skos:Concept ; skos:inScheme :s ; skos:prefLabel "{written}"@fr .'
    )
    assert held.find(label) == "http://example.org/art"


@pytest.mark.parametrize(("label", "language"), [("", ""), ("quantum chemistry", ""), ("Manglares", "en")])
def test_what_is_nobodys_label_finds_nothing(label: str, language: str) -> None:
    assert shipped().find(label, language) == ""


def test_a_label_of_two_concepts_finds_neither() -> None:
    held = _turtle(':a a skos:Concept ; skos:prefLabel "Rock"@en . :b a skos:Concept ; skos:altLabel "rock"@en .')
    assert held.find("Rock") == ""
    assert held.find("rocks") == ""


def test_an_exact_label_goes_before_one_that_differs_in_its_ending() -> None:
    held = _turtle(':a a skos:Concept ; skos:prefLabel "Art"@en . :b a skos:Concept ; skos:prefLabel "Arts"@en .')
    assert held.find("art") == "http://example.org/a"
    assert held.find("arts") == "http://example.org/b"


def test_the_language_tells_homonyms_apart() -> None:
    held = _turtle(':a a skos:Concept ; skos:prefLabel "Chat"@en . :b a skos:Concept ; skos:prefLabel "Chat"@fr .')
    assert held.find("chat") == ""
    assert held.find("chat", "fr") == "http://example.org/b"
    assert held.find("chat", "en-GB") == "http://example.org/a"


def test_a_circle_in_the_hierarchy_is_walked_once() -> None:
    held = _turtle(
        ":a a skos:Concept ; skos:broader :b . :b a skos:Concept ; skos:broader :c . "
        ":c a skos:Concept ; skos:broader :a, :c ."
    )
    assert held.broader_closure("http://example.org/a") == ("http://example.org/b", "http://example.org/c")
    assert held.top == ()


def test_many_parents_missing_parents_and_ties_stated_from_above() -> None:
    held = _turtle(
        ":a a skos:Concept ; skos:broader :b, :gone . :b a skos:Concept . :c a skos:Concept ; skos:narrower :a ."
    )
    here = "http://example.org/"
    assert held.broader_closure(here + "a") == (here + "b", here + "c")
    assert held.narrower(here + "c") == (here + "a",)
    assert held.top == (here + "b", here + "c")
    assert held.broader_closure(here + "nobody") == ()


def test_children_come_in_the_order_of_their_notations() -> None:
    held = _turtle(
        ":t a skos:Concept . "
        + " ".join(f':n{n} a skos:Concept ; skos:broader :t ; skos:notation "5.{n}" .' for n in (10, 2, 1))
    )
    assert [held.concepts[uri].notation for uri in held.narrower("http://example.org/t")] == ["5.1", "5.2", "5.10"]


def test_a_concept_without_labels_is_a_concept() -> None:
    held = _turtle(":a a skos:Concept .")
    assert held.concepts["http://example.org/a"].label("fr") == Text("http://example.org/a")
    assert held.title("fr") == ""


def test_tags_are_brought_to_bcp_47_and_labels_trimmed() -> None:
    held = _turtle(':a a skos:Concept ; skos:prefLabel " Bosque "@SPA, "Forest", " "@fr .')
    assert held.concepts["http://example.org/a"].labels == (Text("Forest"), Text("Bosque", "es"))


BOMB = b"""<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="http://x/&b;"/></rdf:RDF>"""


@pytest.mark.parametrize(
    ("data", "media_type", "named"),
    [
        (b"", "text/turtle", "no SKOS concept"),
        (b"<http://a> <http://b> <http://c> .", "text/turtle", "no SKOS concept"),
        (b"<a> <b", "text/turtle", "cannot be read"),
        (b"\xff\xfe\x00", "text/turtle", "cannot be read"),
        (b"<http://a> <http://b> " + b"(" * 100_000, "text/turtle", "cannot be read"),
        (b"<rdf:RDF>", "application/rdf+xml", "cannot be read"),
        (BOMB, "application/rdf+xml", "DOCTYPE"),
        (b'{"@context": "http://example.org/"}', "application/ld+json", "never fetched"),
        (b"", "text/plain", "text/plain"),
    ],
)
def test_what_is_no_vocabulary_is_refused_by_name(data: bytes, media_type: str, named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        read_skos(data, media_type)


def test_too_large_a_vocabulary_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skos, "LARGEST", 1000)
    with pytest.raises(UsageError, match="the limit is 1000"):
        read_skos(b" " * 1001)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "media_type", "concepts", "without_label"),
    [
        ("unescothes.ttl", "text/turtle", 4408, 0),
        ("gemet-fr.rdf", "application/rdf+xml", 5570, 222),
        ("yso-archaeology.ttl", "text/turtle", 130, 0),
        ("yso-archaeology.rdf", "application/rdf+xml", 130, 0),
    ],
)
def test_real_vocabularies_come_in_whole(name: str, media_type: str, concepts: int, without_label: int) -> None:
    held = read_skos((SHARED / name).read_bytes(), media_type)
    assert len(held.concepts) == concepts
    assert sum(not concept.labels for concept in held.concepts.values()) == without_label
    assert held.top
    assert all(uri not in held.broader_closure(uri) for uri in held.concepts)
