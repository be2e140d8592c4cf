"""The ledger of a batch: names, and what was found alike."""

from pathlib import Path

import pytest

from ingest.ledger import Ledger
from metadata.errors import StorageError


@pytest.fixture(params=["in a folder", "anywhere"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    """Make an empty ledger."""
    return Ledger(tmp_path if request.param == "in a folder" else None)


def test_who_has_a_name_keeps_it_until_it_is_let_go(ledger: Ledger) -> None:
    ledger.name("control-number", "(A)1", "one")
    assert ledger.named("control-number", "(A)1") == "one"
    ledger.name("control-number", "(A)1", "two")
    ledger.name("file", "(A)1", "three")
    assert ledger.named("control-number", "(A)1") == "one"
    assert ledger.named("item", "(A)1") == ""
    ledger.unname("one")
    assert ledger.named("control-number", "(A)1") == ""
    assert ledger.named("file", "(A)1") == "three"


def test_a_name_may_hold_half_a_character_or_a_nul(ledger: Ledger) -> None:
    ledger.name("control-number", "\ud800\0x", "one")
    assert ledger.named("control-number", "\ud800\0x") == "one"


def test_of_each_code_the_first_likeness_stays_and_the_other_is_named_by_its_source(ledger: Ledger) -> None:
    ledger.note("one", "a#1", "One")
    ledger.note("two", "a#2", "Two")
    ledger.liken("two", "probable-edition", "one", None, "title")
    ledger.liken("two", "probable-duplicate", "held", "Held", "isbn")
    ledger.liken("two", "probable-edition", "held", "Held", "isbn")
    expected = [
        ("a#2", "two", "probable-edition", "one", "a#1", "One", "title"),
        ("a#2", "two", "probable-duplicate", "held", "held", "Held", "isbn"),
    ]
    assert ledger.likened("a#2") == expected
    assert list(ledger.all_likened()) == expected
    assert ledger.likened("a#1") == []


def test_many_rows_are_kept_in_order(ledger: Ledger) -> None:
    for number in range(5000):
        ledger.note(f"i{number}", f"a#{number}", f"Title {number}")
        if number:
            ledger.liken(f"i{number}", "probable-duplicate", f"i{number - 1}", None, "title")
    assert [one[0] for one in ledger.all_likened()] == [f"a#{number}" for number in range(1, 5000)]
    assert ledger.likened("a#4999")[0][4] == "a#4998"


def test_where_it_cannot_be_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"ledger\.db"):
        Ledger(tmp_path / "none")
