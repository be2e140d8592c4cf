"""Change numbers rise whatever the clock does, and are the instants of OCFL and OAI-PMH."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.clock import SECOND, from_rfc3339, next_stamp, to_datestamp, to_rfc3339

STAMPS = st.integers(min_value=0, max_value=253_402_300_799 * SECOND)


@given(STAMPS)
def test_an_instant_comes_back_as_it_went(stamp: int) -> None:
    assert from_rfc3339(to_rfc3339(stamp)) == stamp


@given(STAMPS, STAMPS)
def test_instants_sort_as_their_numbers(one: int, other: int) -> None:
    assert (to_rfc3339(one) < to_rfc3339(other)) == (one < other)


def test_instants_are_written_as_the_specifications_write_them() -> None:
    assert to_rfc3339(1_795_359_845 * SECOND + 1) == "2026-11-22T15:04:05.000001Z"
    assert to_datestamp(1_795_359_845 * SECOND + 999_999) == "2026-11-22T15:04:05Z"
    assert from_rfc3339("2026-11-22T17:04:05.25+02:00") == 1_795_359_845 * SECOND + 250_000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22T15:04:05", "2026-13-01T00:00:00Z"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_rfc3339(text)


def test_numbers_rise_when_the_clock_stands_still_or_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    last, day = next_stamp(0), 86_400 * 10**9
    start = time.time_ns()
    for now in (start, start, start + 3 * day, start - 3 * day, start):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        stamp = next_stamp(last)
        assert stamp > last
        last = stamp
