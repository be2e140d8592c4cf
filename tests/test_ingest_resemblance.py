"""Likenesses in a batch and with what the library holds: said once, at the later or the newer one, never merged."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from oai_library import opened, write

from archive.catalogue import Catalogue
from ingest import resemblance
from ingest.resemblance import Resemblance
from metadata.model import Agent, Contribution, Date, Doi, Identifier, Item, Relation, Text

WHALES = Item(
    id="whales",
    titles=(Text("The blue whales of the Indian Ocean : a survey of 1986", "en"),),
    contributions=(Contribution(Agent("Ånderson, Maria", "person"), "aut"),),
    dates=(Date("1987"),),
    languages=("en",),
    type="report",
    identifiers=(Identifier("isbn", "9782831700007"),),
    extent="xii, 213 p.",
    source="old.mrc#1",
    submission="1",
)
BALEINES = replace(
    WHALES,
    id="baleines",
    titles=(Text("Les baleines bleues de l’océan Indien", "fr"), Text(WHALES.title.value, "en")),
    languages=("fr",),
    identifiers=(),
    submission="2",
)
SECOND = replace(WHALES, id="second", edition="2nd ed.", dates=(Date("1994"),), identifiers=(), submission="3")
TWIN = replace(WHALES, id="twin", identifiers=(), submission="4")


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Make an empty catalogue."""
    with opened(tmp_path / "catalogue.db") as made:
        yield made


def found(catalogue: Catalogue, *items: Item) -> dict[str, list[tuple[str, str]]]:
    """Return the codes of what is said and the other that is named, by source: ``a#1``, ``a#2`` …."""
    made = Resemblance(catalogue)
    for number, item in enumerate(items, 1):
        made.note(f"a#{number}", item)
    return {
        source: [(one.code, dict(one.params)["other"]) for one in problems]
        for source, problems in made.remarks().items()
    }


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (TWIN, "probable-duplicate"),
        (SECOND, "probable-edition"),
        (BALEINES, "probable-translation"),
        (replace(TWIN, identifiers=WHALES.identifiers), "duplicate-identifier"),
        (replace(TWIN, identifiers=(Identifier("isbn", "2831700000"),)), "duplicate-identifier"),
    ],
)
def test_a_likeness_is_said_in_the_batch_and_with_the_library(catalogue: Catalogue, other: Item, code: str) -> None:
    assert found(catalogue, WHALES, other) == {"a#2": [(code, "a#1")]}
    write(catalogue, [WHALES], 1)
    assert found(catalogue, other) == {"a#1": [(code, "whales")]}


def test_a_remark_names_the_other_and_the_reasons(catalogue: Catalogue) -> None:
    made = Resemblance(catalogue)
    made.note("a#1", WHALES)
    made.note("a#2", TWIN)
    (said,) = made.remarks()["a#2"]
    assert said.where == "a#2"
    assert said.message() == (
        "This is probably the same publication as a#1 “The blue whales of the Indian Ocean : a survey of 1986” "
        "(title, agent, year, extent); keep one, or let both stay."
    )


def test_what_is_another_raises_nothing(catalogue: Catalogue) -> None:
    write(catalogue, [WHALES], 1)
    assert found(catalogue, replace(TWIN, titles=(Text("The fishes of Kenya"),))) == {}


@pytest.mark.parametrize("scheme", ["doi", "control-number"])
def test_a_number_of_one_publication_is_exact_under_any_title(catalogue: Catalogue, scheme: str) -> None:
    value = "10.1234/x" if scheme == "doi" else "(OC)12"
    one = replace(WHALES, identifiers=(Identifier(scheme, value),))
    fishes = replace(TWIN, titles=(Text("Fishes of Kenya"),), identifiers=one.identifiers)
    assert found(catalogue, one, fishes) == {"a#2": [("duplicate-identifier", "a#1")]}
    write(catalogue, [one], 1)
    assert found(catalogue, fishes) == {"a#1": [("duplicate-identifier", "whales")]}


def test_a_doi_that_is_the_items_own_is_looked_up_too(catalogue: Catalogue) -> None:
    write(catalogue, [replace(WHALES, identifiers=(Identifier("doi", "10.1234/x"),))], 1)
    other = replace(TWIN, titles=(Text("Fishes of Kenya"),), doi=Doi("10.1234/x", "external"))
    assert found(catalogue, other) == {"a#1": [("duplicate-identifier", "whales")]}


def test_a_doi_that_was_given_here_is_known_again(catalogue: Catalogue) -> None:
    write(catalogue, [replace(WHALES, doi=Doi("10.5555/whales", "reserved"))], 1)
    other = replace(TWIN, titles=(Text("Fishes of Kenya"),), identifiers=(Identifier("doi", "10.5555/whales"),))
    assert found(catalogue, other) == {"a#1": [("duplicate-identifier", "whales")]}


def test_a_shared_isbn_under_another_title_is_a_volume_not_a_duplicate(catalogue: Catalogue) -> None:
    write(catalogue, [WHALES], 1)
    volume = replace(TWIN, titles=(Text("Fishes of Kenya", "en"),), identifiers=WHALES.identifiers)
    assert found(catalogue, volume) == {"a#1": [("probable-edition", "whales")]}


def test_what_is_tied_whenever_it_was_tied_is_not_said(catalogue: Catalogue) -> None:
    made = Resemblance(catalogue)
    made.note("a#1", BALEINES)
    made.note("a#2", WHALES)
    made.tie(replace(BALEINES, relations=(Relation("isTranslationOf", "whales"),)))
    assert made.remarks() == {}


def test_of_each_kind_the_likest_is_said(catalogue: Catalogue) -> None:
    twins = [replace(TWIN, id=f"twin{number}", submission=str(number)) for number in range(5, 9)]
    said = found(catalogue, WHALES, BALEINES, *twins)
    assert [code for code, _ in said["a#6"]] == ["probable-duplicate", "probable-translation"]


def test_withdrawn_items_and_what_comes_again_are_not_named(catalogue: Catalogue) -> None:
    write(catalogue, [replace(WHALES, status="withdrawn", reason="twice"), SECOND], 1)
    assert found(catalogue, replace(SECOND, edition="Second edition")) == {}
    assert found(catalogue, TWIN) == {"a#1": [("probable-edition", "second")]}


def test_a_library_too_large_for_the_batch_is_asked_by_numbers_alone(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [replace(TWIN, id=f"o{n}", titles=(Text(f"Other {n}"),), submission=f"o{n}") for n in range(200)]
    write(catalogue, [WHALES, *others], 1)
    monkeypatch.setattr(resemblance, "LOOKED_THROUGH", 10)
    assert found(catalogue, TWIN) == {}
    assert found(catalogue, replace(TWIN, identifiers=WHALES.identifiers))
    assert found(catalogue, TWIN, replace(TWIN, id="z", titles=(Text("Another"),)), SECOND).keys() == {"a#1", "a#3"}
