"""Likeness: what is the same is found in spite of faults, and editions and translations are never called duplicates."""

import random
import re
import string
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from kernel_items import items, real_items, some
from thoroughness import usually

from metadata.folding import fold
from metadata.likeness import COMPARED, MOST, Alike, Likeness
from metadata.model import Agent, Contribution, Date, Doi, Identifier, Item, Relation, Series, Text

WHALES = Item(
    titles=(Text("The blue whales of the Indian Ocean : a survey of 1986", "en"),),
    contributions=(Contribution(Agent("Ånderson, Maria", "person"), "aut"),),
    dates=(Date("1987"),),
    languages=("en",),
    type="report",
    identifiers=(Identifier("isbn", "9782831700007"),),
    extent="xii, 213 p.",
)
BARE = replace(WHALES, identifiers=())


def alike(one: Item, *others: Item) -> list[Alike]:
    likeness = Likeness()
    for number, other in enumerate(others):
        likeness.add(str(number), other)
    return likeness.like(one)


def kind(one: Item, other: Item) -> str:
    """Say what ``one`` is to ``other``, ``""`` where nothing."""
    return next((found.kind for found in alike(one, other)), "")


def titled(value: str, item: Item = BARE) -> Item:
    return replace(item, titles=(Text(value, "en"),))


def test_the_same_is_a_duplicate_with_its_reasons() -> None:
    (found,) = alike(WHALES, WHALES)
    assert found == Alike("0", 1.0, "duplicate", ("isbn", "title", "agent", "year", "extent"))


@pytest.mark.parametrize(
    "variant",
    [
        titled("The bleu whales of the Indian Oceen : a survey of 1986"),
        titled("The blue whales of the Indian Ocean"),
        titled("BLUE WHALES OF INDIAN OCEAN: A SURVEY OF 1986"),
        titled("The bluewhales of the Indian Ocean : a survey of 1986"),
        replace(BARE, dates=(Date("1988"),)),
        replace(BARE, dates=()),
        replace(BARE, contributions=()),
        replace(BARE, contributions=(Contribution(Agent("Anderson, M.", "person"), "aut"),)),
        replace(BARE, type="book", extent="213 pages"),
    ],
)
def test_a_fault_does_not_hide_a_duplicate(variant: Item) -> None:
    assert kind(variant, WHALES) == kind(WHALES, variant) == "duplicate"


def test_a_faulty_letter_does_not_hide_one_of_which_little_is_known() -> None:
    bare = replace(BARE, contributions=(), extent="")
    assert kind(titled("The blue whales of the Indian Oceen : a survey of 1986", bare), bare) == "duplicate"


def test_what_shares_one_thing_with_many_is_compared_with_none_of_them() -> None:
    likeness = Likeness()
    for number in range(MOST + 1):
        likeness.add(
            str(number),
            titled(
                f"The blue whales of ocean {'abcdefghijklmnopqrstuvwxyz'[number]}",
                replace(BARE, extent="", contributions=()),
            ),
        )
    assert likeness.like(titled("The blue whales of oceaan z", replace(BARE, extent="", contributions=()))) == []


@pytest.mark.parametrize(
    "other",
    [
        titled("The blue whales of the Atlantic Ocean : a survey of 1986"),
        titled("The blue whales of the Indian Ocean : a survey of 1990"),
        titled("The fin whales of the Indian Ocean"),
        titled("Fishes"),
        replace(BARE, contributions=(Contribution(Agent("Smith, John", "person"), "aut"),)),
        replace(BARE, type="map"),
    ],
)
def test_what_is_another_is_not_alike(other: Item) -> None:
    assert kind(other, WHALES) == ""


def test_a_short_title_alone_is_not_enough() -> None:
    report = Item(titles=(Text("Annual report"),), dates=(Date("1987"),))
    named = replace(report, contributions=(Contribution(Agent("UICN", "organisation"), "aut"),))
    other = replace(report, contributions=(Contribution(Agent("WWF", "organisation"), "aut"),))
    assert kind(named, other) == ""
    assert kind(named, named) == "duplicate"
    assert kind(replace(named, dates=(Date("1995"),)), named) == "edition"


def test_parts_and_issues_are_not_alike() -> None:
    assert kind(titled("Fauna of Kenya, part 1"), titled("Fauna of Kenya, part 2")) == ""
    assert kind(titled("Fauna of Kenya, vol. I"), titled("Fauna of Kenya, vol. II")) == ""
    oryx = replace(titled("Oryx"), type="periodical", identifiers=(), dates=(Date("1987-05"),))
    assert kind(oryx, replace(oryx, dates=(Date("1987-06"),))) == ""
    assert kind(oryx, oryx) == "duplicate"


@pytest.mark.parametrize(
    "variant",
    [
        replace(BARE, dates=(Date("1995"),)),
        replace(BARE, edition="2nd ed.", dates=(Date("1988"),)),
        replace(BARE, extent="340 p.", dates=(Date("1988"),)),
        replace(WHALES, identifiers=(Identifier("isbn", "0415041171"),)),
        replace(WHALES, edition="Revised edition", dates=(Date("1990"),)),
    ],
)
def test_another_edition_is_called_one(variant: Item) -> None:
    assert kind(variant, WHALES) == kind(WHALES, variant) == "edition"


@pytest.mark.parametrize(
    ("written", "meant"), [("2e éd.", "Second edition"), ("3rd ed.", "Tercera edición"), ("Ed. 4", "4th")]
)
def test_editions_are_compared_by_number(written: str, meant: str) -> None:
    assert kind(replace(BARE, edition=written), replace(BARE, edition=meant)) == "duplicate"


FRENCH = replace(BARE, titles=(Text("Les baleines bleues de l’océan Indien", "fr"),), languages=("fr",))


@pytest.mark.parametrize(
    "translation",
    [
        replace(FRENCH, identifiers=WHALES.identifiers),
        replace(FRENCH, identifiers=(Identifier("isbn", "2831700000"),)),  # the same in ten digits
        replace(FRENCH, titles=(*FRENCH.titles, Text("The blue whales of the Indian Ocean", "en"))),
        replace(FRENCH, notes=(Text("Traduction de : The blue whales of the Indian Ocean", "fr"),)),
        replace(BARE, languages=("fr",)),
    ],
)
def test_a_language_edition_is_a_translation_never_a_duplicate(translation: Item) -> None:
    assert kind(translation, WHALES) == kind(WHALES, translation) == "translation"


def test_language_editions_share_a_number_in_their_series() -> None:
    series = (Series("Species survival", "12"),)
    one, other = replace(FRENCH, series=series), replace(BARE, series=series)
    assert [(found.kind, found.reasons[0]) for found in alike(one, other)] == [("translation", "series")]
    assert kind(FRENCH, BARE) == ""


def test_a_number_under_another_title_is_not_a_duplicate() -> None:
    volume = titled("Fishes of Kenya", WHALES)
    assert [(found.kind, found.score) for found in alike(volume, WHALES)] == [("edition", 0.8)]


@pytest.mark.parametrize(
    "number", [Identifier("doi", "10.1/A"), Identifier("report-number", "TR-12"), Identifier("control-number", "(OC)1")]
)
def test_numbers_are_compared_whatever_their_case(number: Identifier) -> None:
    small = replace(number, value=number.value.lower())
    (found,) = alike(replace(BARE, identifiers=(number,)), replace(BARE, identifiers=(small,)))
    assert (found.reasons[0], found.kind) == (number.scheme, "duplicate")


def test_the_items_own_doi_counts_as_one() -> None:
    external = replace(titled("Fishes"), doi=Doi("10.1/a", "external"))
    assert alike(external, replace(BARE, identifiers=(Identifier("doi", "10.1/A"),)))[0].reasons[0] == "doi"


def test_what_is_tied_already_and_the_item_itself_are_left_out() -> None:
    likeness = Likeness()
    likeness.add("aaa", WHALES)
    assert likeness.like(replace(WHALES, relations=(Relation("isTranslationOf", "aaa"),))) == []
    assert likeness.like(replace(WHALES, id="aaa")) == []


def test_the_likest_comes_first() -> None:
    found = alike(WHALES, replace(BARE, dates=(Date("1988"),)), titled("The blue whales of the Indian Ocean"), WHALES)
    assert [one.key for one in found] == ["2", "0", "1"]


@settings(max_examples=usually(30, thoroughly=100), deadline=None)
@given(held=some(items), one=items)
def test_any_item_can_be_compared(held: tuple[Item, ...], one: Item) -> None:
    for found in alike(one, *held, one):
        assert 0.8 <= found.score <= 1


def test_a_thousand_of_one_title_cost_what_a_few_cost() -> None:
    likeness = Likeness()
    for number in range(1000):
        likeness.add(str(number), replace(BARE, dates=(Date("1987"),)))
    assert len(likeness) == 1000
    assert {int(found.key) for found in likeness.like(BARE)} == set(range(1000 - COMPARED, 1000))


def test_an_item_takes_little_memory() -> None:
    made = random.Random(7)  # noqa: S311 -- titles, not secrets
    words = ["".join(made.choices(string.ascii_lowercase, k=7)) for _ in range(1000)]
    many = [titled(" ".join(made.sample(words, 7)), WHALES) for _ in range(1000)]
    keys = [str(number) for number in range(1000)]
    likeness = Likeness()
    likeness.add("first", WHALES)
    tracemalloc.start()
    try:
        for key, item in zip(keys, many, strict=True):
            likeness.add(key, item)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / len(many) < 600


Variant = Callable[[Item], Item]


def _retitled(change: Callable[[str], str]) -> Variant:
    return lambda item: replace(
        item, titles=(Text(change(item.title.value), item.title.language), *item.titles[1:]), identifiers=()
    )


def _misspelt(title: str) -> str:
    letters = [place for place, one in enumerate(title) if one.isalpha()]
    at = letters[len(letters) * 2 // 3]
    return title[:at] + title[at + 1 :]


def _dated(years: int) -> Variant:
    return lambda item: replace(item, dates=(Date(str((item.year or 1987) + years)),), identifiers=())


VARIANTS: dict[str, tuple[Variant, str, float]] = {
    "a letter lost": (_retitled(_misspelt), "duplicate", 0.95),
    "accents lost": (_retitled(fold), "duplicate", 0.99),
    "subtitle dropped": (_retitled(lambda title: re.split(r"\s[:;=/]\s", title)[0]), "duplicate", 0.97),
    "a year off": (_dated(1), "duplicate", 0.97),
    "another edition": (lambda item: replace(_dated(6)(item), edition="7th ed., revised"), "edition", 0.95),
    "a translation": (
        lambda item: replace(
            item,
            titles=(Text("Þýðing", "is"),),
            languages=("is",),
            identifiers=(),
            notes=(Text(f"Translation of: {item.title.value}"),),
        ),
        "translation",
        0.95,
    ),
}


@pytest.fixture(scope="module")
def originals() -> list[Item]:
    """Return the items of real records, one for each title; every one has a year and a language."""
    found = {fold(item.title.value)[:50]: item for item in real_items() if item.year and item.languages}
    return [replace(item, doi=None, id="") for item in found.values() if item.type != "periodical"]


@pytest.mark.shared
@pytest.mark.parametrize("name", VARIANTS)
def test_planted_variants_of_real_records_are_found(originals: list[Item], name: str) -> None:
    make, expected, recall = VARIANTS[name]
    likeness = Likeness()
    for number, item in enumerate(originals):
        likeness.add(str(number), item)
    right = wrong = 0
    for number, item in enumerate(originals):
        found = {one.key: one.kind for one in likeness.like(make(item))}
        right += found.pop(str(number), "") == expected
        already = {one.key for one in likeness.like(item) if one.kind == "duplicate"}
        wrong += sum(found[key] == "duplicate" for key in found.keys() - already)
    assert right / len(originals) >= recall, f"{right} of {len(originals)}"
    assert wrong / len(originals) <= 0.06, f"{wrong} wrong"
