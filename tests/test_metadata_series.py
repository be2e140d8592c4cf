"""Series: one name for all spellings, numbers in order, and what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.model import Series
from metadata.series import MOST_MISSING, Gap, gaps, known_by, name, order, whole


@pytest.mark.parametrize(
    ("number", "alone"),
    [
        ("12", 12), ("No. 12", 12), ("n° 7", 7), ("Nº 8", 8), ("vol. 3", 3), ("007", 7), ("IV", 4), ("xlii", 42),
        ("Tome 2.", 2), ("٣", 3), ("vol. 3 no. 2", None), ("12a", None), ("mix", None), ("", None), ("1234567", None),
        ("2001/2", None),
    ],
)  # fmt: skip
def test_whole_numbers_are_known_as_printed(number: str, alone: int | None) -> None:
    assert whole(number) == alone


def test_numbers_stand_in_order() -> None:
    printed = ["", "Special issue", "vol. 10", "5", "IV", "3/12", "3/1", "2a", "No. 2", "1"]
    assert sorted(printed, key=order) == [*reversed(printed)]


def test_a_series_is_known_however_it_is_written() -> None:
    assert (
        name("Notes & Documents : Été")
        == name("notes  et documents: ÉTÉ").replace("-et-", "-")
        == "notes-documents-ete"
    )
    assert name("***") == ""
    assert name("Записки") == "записки"
    assert len(name("long " * 90)) <= 120
    assert known_by(Series("X", issn="03178471")) == ("x", "0317-8471")
    assert known_by(Series("X", issn="not one")) == ("x", "")


def test_what_is_missing_is_told_unless_the_numbering_began_anew() -> None:
    assert list(gaps([9, 1, 2, 5, 5])) == [Gap(3, 4), Gap(6, 8)]
    assert list(gaps([1, MOST_MISSING + 2])) == [Gap(2, MOST_MISSING + 1)]
    assert not list(gaps([1, MOST_MISSING + 3]))


@given(st.text(max_size=60))
def test_any_number_has_its_place(number: str) -> None:
    assert order(number) <= order(number)
    found = whole(number)
    assert found is None or 0 <= found < 10**6
    assert name(number) == name(name(number))
