"""CSL JSON: types, names and dates as citation processors take them."""

import json

import pytest

from metadata.csl import csl, date_value
from metadata.model import Agent, Contribution, Date, Doi, Identifier, Item, Series, Text
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary

SITE = "https://library.example.org"
NOTHING = Vocabulary({})
# csl-data.json 1.0.2, property "type".
CSL_TYPES = """
article article-journal article-magazine article-newspaper bill book broadcast chapter classic collection dataset
document entry entry-dictionary entry-encyclopedia event figure graphic hearing interview legal_case legislation
manuscript map motion_picture musical_score pamphlet paper-conference patent performance periodical
personal_communication post post-weblog regulation report review review-book software song speech standard thesis
treaty webpage
""".split()  # noqa: SIM905 -- a table is read more easily than forty quotes


@pytest.mark.parametrize(
    ("edtf", "value"),
    [
        ("1987", {"date-parts": [[1987]]}),
        ("1987-05-04", {"date-parts": [[1987, 5, 4]]}),
        ("1987/1989-02", {"date-parts": [[1987], [1989, 2]]}),
        ("1987~", {"date-parts": [[1987]], "circa": True}),
        ("198X", {"literal": "198X"}),
        ("1987/..", {"literal": "1987/.."}),
        ("", {}),
    ],
)
def test_dates(edtf: str, value: dict[str, object]) -> None:
    assert date_value(edtf) == value


@pytest.mark.parametrize("kind", [*TYPES, "unheard-of"])
def test_every_type_is_one_of_csl(kind: str) -> None:
    assert csl(Item("a", type=kind), SITE, NOTHING)["type"] in CSL_TYPES


def test_an_article() -> None:
    item = Item(
        "0123456789",
        titles=(Text("Forests\n of Senegal", "en"),),
        contributions=(
            Contribution(Agent("van der Berg, Jan", "person"), "aut"),
            Contribution(Agent("IUCN", "organisation"), "aut"),
            Contribution(Agent("Diop, Awa", "person"), "edt"),
        ),
        dates=(Date("1987-05"),),
        languages=("en",),
        type="article",
        extent="p. 45–67",
        series=(Series("Journal of Forests", "12(3)", "0036-8075"),),
        doi=Doi("10.5555/0123456789", "findable"),
    )
    made = csl(item, SITE, NOTHING)
    assert made == {
        "id": "0123456789",
        "type": "article-journal",
        "title": "Forests of Senegal",
        "issued": {"date-parts": [[1987, 5]]},
        "author": [
            {"non-dropping-particle": "van der", "family": "Berg", "given": "Jan"},
            {"literal": "IUCN"},
        ],
        "editor": [{"family": "Diop", "given": "Awa"}],
        "ISSN": "0036-8075",
        "page": "45-67",
        "container-title": "Journal of Forests",
        "volume": "12",
        "issue": "3",
        "DOI": "10.5555/0123456789",
        "URL": f"{SITE}/item/0123456789",
        "language": "en",
    }
    assert json.loads(json.dumps(made)) == made


def test_a_doi_that_does_not_resolve_is_not_cited() -> None:
    assert "DOI" not in csl(Item("a", doi=Doi("10.5555/a", "draft")), SITE, NOTHING)


def test_a_book_in_a_series_and_a_chapter() -> None:
    book = Item("a", type="book", series=(Series("Papers", "7"),), places=("Gland",), edition="2nd", page_count=9)
    made = csl(book, SITE, NOTHING)
    assert (made["collection-title"], made["collection-number"]) == ("Papers", "7")
    assert (made["publisher-place"], made["edition"], made["number-of-pages"]) == ("Gland", "2nd", "9")
    chapter = Item("a", type="article", series=(Series("A book"),), identifiers=(Identifier("isbn", "9780387234830"),))
    assert csl(chapter, SITE, NOTHING)["type"] == "chapter"


def test_notes_do_not_run_together() -> None:
    texts = ("by Mark", "Plain.", "See https://x.org/a", "(late)", "End")
    notes = tuple(Text(text) for text in texts)
    item = Item(id="0123456789", titles=(Text("T"),), notes=notes)
    assert csl(item, "https://x.org", Vocabulary({}))["note"] == "by Mark. Plain. See https://x.org/a (late). End"
