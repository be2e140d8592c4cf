"""Documents: what of an item and its pages is searched."""

import pytest

from metadata.model import Agent, Contribution, Date, File, Identifier, Item, Page, Text
from metadata.vocabulary import Vocabulary, read_skos
from search.documents import documents, readable

SKOS = b"""
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:s> a skos:ConceptScheme .
<urn:land> a skos:Concept ; skos:inScheme <urn:s> ; skos:prefLabel "Land"@en .
<urn:wet> a skos:Concept ; skos:inScheme <urn:s> ; skos:broader <urn:land> ;
    skos:prefLabel "Wetlands"@en, "Zones humides"@fr, "Humedales"@es ; skos:altLabel "Marshes"@en .
"""


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_skos(SKOS)


def make_item() -> Item:
    return Item(
        id="abc",
        titles=(Text("Les marais", "fr"), Text("The marshes of the west", "en")),
        contributions=(Contribution(Agent("Dupont, Jean", "person"), "aut"),),
        dates=(Date("1987-05"),),
        languages=("fr",),
        type="report",
        concepts=("urn:wet",),
        keywords=(Text("roselière", "fr"),),
        descriptions=(Text("Un abrégé.", "fr"),),
        identifiers=(Identifier("isbn", "9782123456803"),),
        collections=("maps",),
        files=(
            File("original/a.tif", "original", "image/tiff", 1, "0", puid="fmt/353"),
            File("original/b.tif", "original", "image/tiff", 1, "0", puid="fmt/353"),
            File("original/c", "original", "application/pdf", 1, "0"),
            File("access.pdf", "access", "application/pdf", 1, "0", puid="fmt/17"),
        ),
    )


def test_the_description_says_all_that_is_known_in_all_languages(vocabulary: Vocabulary) -> None:
    (made,) = documents(make_item(), (), vocabulary)
    for said in ("Les marais", "The marshes of the west", "Dupont, Jean", "roselière", "Un abrégé.",
                 "Wetlands", "Zones humides", "Humedales", "Marshes", "9782123456803", "abc"):  # fmt: skip
        assert said in made.text
    assert (made.page, made.title) == (0, "Les marais\nThe marshes of the west")
    assert (made.type, made.year, made.languages, made.collections) == ("report", 1987, ("fr",), ("maps",))
    assert made.subjects == ("urn:wet", "urn:land")
    assert made.formats == ("fmt/353",)


def test_a_page_keeps_its_own_language_and_the_items_facts(vocabulary: Vocabulary) -> None:
    pages = [Page(1, 10, 10, "Seven words", "en"), Page(2, 10, 10), Page(3, 10, 10, "fin", "fr")]
    description, first, third = documents(make_item(), pages, vocabulary)
    assert (first.page, first.language, first.text) == (1, "en", "Seven words")
    assert (third.page, third.language) == (3, "fr")
    assert first.subjects == third.subjects == description.subjects


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conser-\nvation", "conservation"),
        ("conser\u00ad\r\n  vation", "conservation"),
        ("conser¬\nvation", "conservation"),
        ("Franco-\nAmerican", "Franco-American"),
        ("PROTEC-\nTION, ÉTA-\nTS", "PROTECTION, ÉTATS"),
        ("X-\nRAY of a B-\nA", "X-RAY of a B-A"),
        ("pages 12-\n14", "pages 12-\n14"),
        ("a -\nb", "a -\nb"),
        ("e\u0301te\u0301", "été"),
        ("fo\u00adrest\u200b", "forest"),
        (" \n ", ""),
    ],
)
def test_text_is_made_readable(text: str, expected: str) -> None:
    assert readable(text) == expected
