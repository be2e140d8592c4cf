import pytest

from metadata import edtf_dates


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1987", "1987"),
        ("c1989.", "1989"),
        ("©2014", "2014"),
        ("1919, c1918", "1919"),
        ("[1987?]", "1987?"),
        ("[ca. 1900]", "1900~"),
        ("vers 1850", "1850~"),
        ("[198-]", "198X"),
        ("[19--]", "19XX"),
        ("1993-", "1993/.."),
        ("1987-1989", "1987/1989"),
        ("1987-89", "1987/1989"),
        ("[between 1906 and 1912]", "1906?/1912?"),
        ("entre 1906 y 1912", "1906?/1912?"),
        ("1987 [i.e. 1978]", "1978"),
        ("12 mai 1987", "1987-05-12"),
        ("4 de mayo de 1987", "1987-05-04"),
        ("August 5, 1990", "1990-08-05"),
        ("1er août 1999", "1999-08-01"),
        ("1987-05-04", "1987-05-04"),
        ("1987-05/1987-06", "1987-05/1987-06"),
        ("25/12/1987", "1987-12-25"),
        ("12/05/1987", "1987"),
        ("n.d.", ""),
        ("s.d.", ""),
        ("1950 BC", ""),
        ("vers 1200 av. J.-C.", ""),
        ("1200 a. C.", ""),
        ("1950, Academic Press", "1950"),
        ("12345678", ""),
    ],
)
def test_a_date_says_what_the_cataloguer_said(written: str, meant: str) -> None:
    assert edtf_dates.from_text(written) == meant


@pytest.mark.parametrize(
    ("positions", "meant"),
    [
        ("s1987    ", "1987"),
        ("t19901989", "1990"),
        ("c19939999", "1993/.."),
        ("d19701980", "1970/1980"),
        ("q19061912", "1906?/1912?"),
        ("s19uu    ", "19XX"),
        ("e19870504", "1987-05-04"),
        ("e19871399", "1987"),
        ("nuuuuuuuu", ""),
        ("|||||||||", ""),
        ("", ""),
    ],
)
def test_008_is_read_by_its_type_of_date(positions: str, meant: str) -> None:
    assert edtf_dates.from_008("200101" + positions) == meant


def test_a_day_and_month_that_may_be_exchanged_are_ambiguous() -> None:
    assert edtf_dates.is_ambiguous("05/06/1987")
    assert not edtf_dates.is_ambiguous("05/05/1987")
    assert not edtf_dates.is_ambiguous("25/12/1987")
