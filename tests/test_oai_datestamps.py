import pytest
from hypothesis import given
from hypothesis import strategies as st

from oai import datestamps


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ("1970-01-01", (0, 86_399)),
        ("1970-01-02T00:00:01Z", (86_401, 86_401)),
        ("2024-02-29", (1_709_164_800, 1_709_251_199)),
        ("1969-12-31", (-86_400, -1)),
        ("0001-01-01", (datestamps.BEGINNING, datestamps.BEGINNING + 86_399)),
        ("9999-12-31T23:59:59Z", (datestamps.END, datestamps.END)),
    ],
)
def test_a_datestamp_means_all_its_seconds(written: str, window: tuple[int, int]) -> None:
    assert datestamps.parse(written) == window


@pytest.mark.parametrize(
    "written",
    [
        "",
        "junk",
        "2002",
        "2002-05",
        "2002-5-1",
        "2002-02-30",
        "2023-02-29",
        "2002-13-01",
        "0000-01-01",
        "20020501",
        "2002-05-01T",
        "2002-05-01T10:00Z",
        "2002-05-01T10:00:00",
        "2002-05-01 10:00:00Z",
        "2002-05-01t10:00:00z",
        "2002-05-01T24:00:00Z",
        "2002-05-01T23:59:60Z",
        "2002-05-01T10:00:00.5Z",
        "2002-05-01T10:00:00+00:00",
        "2002-W05-1",
        "-2002-05-01",
        " 2002-05-01",
        "2002-05-01\n",
        "２００２-０５-０１",
    ],
)
def test_what_is_no_datestamp_is_refused(written: str) -> None:
    assert datestamps.parse(written) is None


@given(st.integers(datestamps.BEGINNING, datestamps.END))
def test_every_second_is_read_back(epoch: int) -> None:
    assert datestamps.parse(datestamps.render(epoch)) == (epoch, epoch)
