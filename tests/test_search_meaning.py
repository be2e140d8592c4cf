"""What words stand for: identifiers in any spelling, days of a date, concepts by their labels."""

import pytest

from metadata.vocabulary import read_skos
from search.dates import days
from search.engine import Expansion
from search.identifiers import identifier, looks_like_identifier
from search.meaning import meant
from search.query import And, Not, Or, Phrase, Value, Word, parse

VOCABULARY = read_skos(b"""
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:s> a skos:ConceptScheme .
<urn:wet> a skos:Concept ; skos:inScheme <urn:s> ;
    skos:prefLabel "Wetlands"@en, "Zones humides"@fr ; skos:altLabel "Wetland areas of the coast"@en .
<urn:bird> a skos:Concept ; skos:inScheme <urn:s> ; skos:prefLabel "Birds"@en .
<urn:one> a skos:Concept ; skos:inScheme <urn:s> ; skos:prefLabel "Twice"@en .
<urn:two> a skos:Concept ; skos:inScheme <urn:s> ; skos:prefLabel "Twice"@en .
""")
WET, BIRD = Value("subject", "urn:wet"), Value("subject", "urn:bird")
ZONE, HUMIDE = Word("zone"), Word("humide")


@pytest.mark.parametrize(
    ("query", "node", "taken"),
    [
        ("zone humide", Or((And((ZONE, HUMIDE)), WET)), ["zone humide"]),
        ("wetland", Or((Word("wetland"), WET)), ["wetland"]),
        ('"zones humides"', Or((Phrase("zones humides"), WET)), ["zones humides"]),
        ("sujet:wetlands", Or((Word("wetlands", "subject"), WET)), ["wetlands"]),
        ("the zone humide birds", And((Word("the"), Or((And((ZONE, HUMIDE)), WET)), Or((Word("birds"), BIRD)))),
         ["zone humide", "birds"]),
        ("wetland areas of the coast",
         Or((And(tuple(map(Word, ("wetland", "areas", "of", "the", "coast")))), WET)), ["wetland areas of the coast"]),
        ("zone OR humide", Or((ZONE, HUMIDE)), []),
        ("zone title:humide", And((ZONE, Word("humide", "title"))), []),
        ("title:wetlands", Word("wetlands", "title"), []),
        ("x -birds", And((Word("x"), Not(Word("birds")))), []),
        ("twice", Word("twice"), []),
        ("978-2-8317-1185-0", Or((Word("978-2-8317-1185-0"), Value("identifier", "9782831711850"))), []),
        ("2007", Word("2007"), []),
    ],
)  # fmt: skip
def test_words_are_looked_for_as_they_stand_or_as_what_they_mean(query: str, node: object, taken: list[str]) -> None:
    parsed = parse(query).node
    assert parsed
    made, expansions = meant(parsed, VOCABULARY)
    assert made == node
    assert [expansion.text for expansion in expansions] == taken


def test_words_name_a_concept_in_each_vocabulary_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(VOCABULARY), "meanings", lambda _, label: ("urn:own", "urn:wet") if label == "fen" else ())
    made, expansions = meant(Word("fen"), VOCABULARY)
    assert made == Or((Word("fen"), Value("subject", "urn:own"), WET))
    assert expansions == (Expansion("fen", "urn:own"), Expansion("fen", "urn:wet"))


def test_without_a_vocabulary_nothing_is_taken_for_a_concept() -> None:
    node = parse("zone humide").node
    assert node
    assert meant(node, None) == (node, ())
    assert meant(node, VOCABULARY)[1] == (Expansion("zone humide", "urn:wet"),)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("2-8317-1185-1", "9782831711850"), ("ISBN 978-2-8317-1185-0", "9782831711850"),
        ("urn:isbn:9782831711850", "9782831711850"), ("ISBN-13: 978 2 8317 1185 0", "9782831711850"),
        ("ISSN 0378-5955", "03785955"), ("https://doi.org/10.1234/AB.c-1", "101234abc1"),
        ("doi:10.1234/ab.C-1", "101234abc1"), ("TR-2004/17", "tr200417"), ("Réf. 12", "ref12"),
        ("https://hdl.handle.net/1834/55", "183455"), ("http://www.example.org/a", "exampleorga"), ("", ""), ("…", ""),
    ],
)  # fmt: skip
def test_an_identifier_has_one_form(written: str, form: str) -> None:
    assert identifier(written) == form


@pytest.mark.parametrize("word", ["forest", "2007", "12:30", "1990-1995", "porte-monnaie", "l'eau"])
def test_words_and_years_are_no_identifiers(word: str) -> None:
    assert not looks_like_identifier(word)


@pytest.mark.parametrize(
    ("edtf", "span"),
    [
        ("1987", (19870101, 19871231)), ("1987-05", (19870501, 19870531)), ("1987-05-04", (19870504, 19870504)),
        ("1987?", (19870101, 19871231)), ("198X", (19800101, 19891231)), ("1987/1989", (19870101, 19891231)),
        ("1987/..", (19870101, 99999999)), ("../1987", (0, 19871231)), ("soon", None), ("", None), ("/", None),
    ],
)  # fmt: skip
def test_a_date_is_a_span_of_days(edtf: str, span: tuple[int, int] | None) -> None:
    assert days(edtf) == span
