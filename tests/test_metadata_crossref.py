"""Crossref deposits: what is made of items of every kind is valid against the agency's schema."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from kernel_items import ITEM, items
from lxml import etree
from schemas_here import SHARED, schema_of
from thoroughness import usually

from metadata.crossref import NAMESPACE, Head, crossref, deposit
from metadata.model import Agent, Contribution, Date, Doi, Identifier, Item, Series, Text
from metadata.types import TYPES

HEAD = Head("canoe-0123", "20261122150405000", "The library & sons", "librarian@example.org")
URL = "https://library.example.org/item/c7ahmjjc4k?a=1&b=2"
N = f"{{{NAMESPACE}}}"
BARE = Item(id="c7ahmjjc4k", doi=Doi("10.5555/c7ahmjjc4k", "reserved"))


@pytest.fixture(scope="module")
def valid() -> Callable[[Item], etree._Element]:
    folder = SHARED / "schemas" / "crossref-5.3.1"
    schema = schema_of(folder / "crossref5.3.1.xsd", folder) if folder.is_dir() else pytest.skip("shared is absent")

    def judged(item: Item) -> etree._Element:
        root = made(item)
        schema.assertValid(root)
        return root

    return judged


def made(item: Item) -> etree._Element:
    return etree.fromstring(deposit(crossref(item, URL, "The library", 2026), HEAD).encode())


def full(kind: str) -> Item:
    return replace(
        BARE,
        type=kind,
        titles=(Text("Forests < & > water", "en"), Text("Forêts", "fr")),
        contributions=(
            Contribution(Agent("Silva, Ana", "person", (Identifier("orcid", "0000-0002-1825-0097"),)), "aut"),
            Contribution(Agent("Pope John 23", "person"), "aut"),
            Contribution(Agent("World Union", "organisation"), "edt"),
            Contribution(Agent("Island Press", "organisation"), "pbl"),
        ),
        dates=(Date("1987-05", "issued"), Date("1900/1950", "covered")),
        languages=("fr", "en"),
        identifiers=(Identifier("isbn", "978-2-8317-0000-1"), Identifier("isbn", "9782831708195")),
        series=(Series("Forest letters", "12", "0317-8471"),),
    )


@pytest.mark.shared
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_valid(kind: str, valid: Callable[[Item], etree._Element]) -> None:
    valid(replace(BARE, type=kind))
    valid(full(kind))
    valid(replace(full(kind), status="withdrawn"))
    valid(replace(ITEM, type=kind, doi=BARE.doi))


@pytest.mark.shared
@pytest.mark.parametrize("when", ["1987", "1987-05-04", "1987/1989", "../1989", "198X", "1987?", "-0044", "today", ""])
def test_every_date_is_valid(when: str, valid: Callable[[Item], etree._Element]) -> None:
    root = valid(replace(full("report"), dates=(Date(when),)))
    year = root.findtext(f".//{N}publication_date/{N}year")
    assert year == {"../1989": "1989", "198X": "1980", "today": "2026", "": "2026", "-0044": "2026"}.get(when, "1987")


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["x" * 700, "A, B1", "  ", "Né, " + "y" * 80, "\x00\x1f", "O'Neil; de la Cruz, María José", ", Ana"]
)
@pytest.mark.parametrize("kind", ["thesis", "book", "article"])
def test_every_name_is_valid(name: str, kind: str, valid: Callable[[Item], etree._Element]) -> None:
    valid(replace(full(kind), contributions=(Contribution(Agent(name, "person"), "aut"),)))


def test_what_is_told() -> None:
    root = made(full("book"))
    assert root.findtext(f".//{N}timestamp") == HEAD.timestamp
    assert root.findtext(f".//{N}doi_data/{N}doi") == "10.5555/c7ahmjjc4k"
    assert root.findtext(f".//{N}doi_data/{N}resource") == URL
    assert [one.text for one in root.iter(f"{N}title")] == ["Forests < & > water"]
    assert [one.text for one in root.iter(f"{N}surname")] == ["Silva"]
    assert [one.text for one in root.iter(f"{N}ORCID")] == ["https://orcid.org/0000-0002-1825-0097"]
    assert [one.text for one in root.iter(f"{N}isbn")] == ["9782831708195"]
    assert root.findtext(f".//{N}publisher_name") == "Island Press"
    assert made(replace(full("book"), status="withdrawn")).findtext(f".//{N}title") == "WITHDRAWN: Forests < & > water"
    article = made(full("article"))
    assert article.findtext(f".//{N}journal_metadata/{N}full_title") == "Forest letters"
    assert article.findtext(f".//{N}issn") == "0317-8471"
    assert made(full("thesis")).find(f".//{N}dissertation") is not None


@pytest.mark.shared
@settings(max_examples=usually(12, thoroughly=25), deadline=None)
@given(items)
def test_any_item_is_valid(valid: Callable[[Item], etree._Element], item: Item) -> None:
    valid(replace(item, doi=BARE.doi))
