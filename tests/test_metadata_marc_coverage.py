"""Space and time out of MARC 21 records: places, countries, boxes, periods."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marc_fields import described, item, places

from metadata import marc_areas
from metadata.marc_coverage import written_box
from metadata.model import Box, Date, Text
from metadata.mods_export import _coordinates


def test_places_in_words() -> None:
    assert item(
        "040    $bspa",
        "651  0 $aFrance$xHistory$zParis.",
        "752    $aSenegal$bDakar$dDakar.",
        "662    $aChile$bMaule$2tgn",
        "522    $aSahel.",
    ).coverage == (
        Text("France -- Paris", "en"),
        Text("Chile -- Maule", "es"),
        Text("Senegal -- Dakar -- Dakar", "es"),
        Text("Sahel", "es"),
    )


def test_countries_are_those_that_codes_mean_exactly() -> None:
    found = described("043    $af-sg---$an-us-ca$ae------$ae-gw---$an-us---$cch$cFR-75$cFrance", "043    $ae-uk-st")
    assert found.item.countries == ("SN", "US-CA", "US", "CH", "FR-75", "GB-SCT")
    assert places(found) == ["043$c"]


def test_the_table_of_areas_has_codes_of_the_right_form_and_none_twice() -> None:
    codes = list(marc_areas._CODES.values())
    assert len(set(codes)) == len(codes) > 280
    assert all(code[:2].isupper() and (len(code) == 2 or code[2] == "-") for code in codes)
    assert marc_areas.iso3166("n-us-nb") == "US-NE"
    assert marc_areas.iso3166("e-gw---") == ""


@pytest.mark.parametrize(
    ("subfields", "box"),
    [
        ("$dW0173000$eW0110000$fN0164500$gN0121500", Box(-17.5, 12.25, -11.0, 16.75)),
        ("$dW017.5000$eW011.0$fN016.75$gN012.25", Box(-17.5, 12.25, -11.0, 16.75)),
        ("$d-017.5$e-11$f+16.75$g12.25", Box(-17.5, 12.25, -11.0, 16.75)),
        ("$dW01730$eW01100$fN01645.00$gN01215", Box(-17.5, 12.25, -11.0, 16.75)),
        ("$dw0173000$ew0110000$fs0121500$gs0164500", Box(-17.5, -16.75, -11.0, -12.25)),
        ("$dE0235912.36$eE0240000$fN0000000$gS0010000", Box(23.9867667, -1.0, 24.0, 0.0)),
        ("$dE1700000$eW1700000$fN0100000$gS0100000", Box(170.0, -10.0, -170.0, 10.0)),
        ("$dE1800000$eE1800000$fS0900000$gS0900000", Box(180.0, -90.0, 180.0, -90.0)),
    ],
)
def test_coded_boxes_in_all_their_forms(subfields: str, box: Box) -> None:
    assert item(f"034 1  $aa$b250000{subfields}").boxes == (box,)


@pytest.mark.parametrize(
    "subfields",
    [
        "$dW1810000$eW0110000$fN0164500$gN0121500",  # no such longitude
        "$dW0173000$eW0110000$fN0910000$gN0121500",  # nor latitude
        "$dW0173000$eW0110000$fN0121500$gN0164500",  # upside down
        "$dW0176000$eW0110000$fN0164500$gN0121500",  # sixty minutes
        "$dW0173000$eW0110000$fN0164500",  # an edge is missing
        "$d0173000$e0110000$f0164500$g0121500",  # no hemisphere
        "$dWest$eEast$fNorth$gSouth",
        "$d1e9$e-inf$fnan$g٣٣",
    ],
)
def test_a_box_that_is_none_is_told(subfields: str) -> None:
    found = described(f"034 1  $aa{subfields}")
    assert found.item.boxes == ()
    assert places(found) == ["034"]


def test_the_sky_and_other_bodies_have_no_boxes_here() -> None:
    assert item("034 0  $aa$j-016.0$k-046.0", "034 1  $dE0010000$eE0020000$fN0020000$gN0010000$zMoon").boxes == ()


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("(W 125°30ʹ--W 120°/N 42°--N 37°)", Box(-125.5, 37.0, -120.0, 42.0)),
        ("(E 72°--E 148°/N 13°--N 18°)", Box(72.0, 13.0, 148.0, 18.0)),
        ("W 106°30'00\"--W 105°00'00\"/N 37°00'00\"--N 36°15'00\"", Box(-106.5, 36.25, -105.0, 37.0)),
        ("(O 5°15' - E 9°/N 51° - N 41°)", Box(-5.25, 41.0, 9.0, 51.0)),
        ("(W 10.5°/S 5°)", Box(-10.5, -5.0, -10.5, -5.0)),
        ("(W 185°--W 120°/N 42°--N 37°)", None),
        ("(W 125°75ʹ--W 120°/N 42°--N 37°)", None),
        ("(RA 16 hr.--Decl. -23°)", None),
        ("", None),
    ],
)
def test_written_boxes(text: str, box: Box | None) -> None:
    assert written_box(text) == box


def test_a_written_box_counts_where_none_is_coded() -> None:
    written = "255    $aScale 1:250,000$c(W 10°--W 9°/N 5°--N 4°)."
    assert item(written).boxes == (Box(-10.0, 4.0, -9.0, 5.0),)
    coded = "034 1  $dW0110000$eW0090000$fN0050000$gN0040000"
    assert item(written, coded).boxes == (Box(-11.0, 4.0, -9.0, 5.0),)
    assert places(described("255    $cnowhere")) == ["255$c"]


degrees = st.integers(-1_800_000_000, 1_800_000_000).map(lambda value: value / 10_000_000)


@given(degrees, degrees, st.tuples(degrees, degrees).map(lambda pair: tuple(sorted(value / 2 for value in pair))))
def test_a_box_that_is_written_reads_again(west: float, east: float, sides: tuple[float, float]) -> None:
    box = Box(west, round(sides[0], 7), east, round(sides[1], 7))
    assert written_box(_coordinates(box)) == box


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        (["045 0  $bd1985"], ["1985"]),
        (["045 1  $bd1985$bd198702"], ["1985", "1987-02"]),
        (["045 2  $bd1914$bd1918"], ["1914/1918"]),
        (["045 2  $bd1918$bd1914"], ["1918", "1914"]),
        (["045 2  $bc0044$bd0014"], ["0014"]),
        (["045    $aw1w3"], ["1810/1839"]),
        (["045    $ax-x-"], ["1900/1999"]),
        (["045    $av7w2"], ["1770/1829"]),
        (["045    $ad7d7"], []),
        (["045    $bd1985$ax8x8"], ["1985"]),
        (["045 0  $bd19851345"], []),
        (["648  7 $a1900-1999$2fast"], ["1900/1999"]),
        (["648  7 $aMiddle Ages$2x", "648  4 $a1914/1918"], ["1914/1918"]),
    ],
)
def test_periods(fields: list[str], meant: list[str]) -> None:
    assert [date.value for date in item(*fields).dates if date.kind == "covered"] == meant
    assert Date("2020") in item(*fields).dates
