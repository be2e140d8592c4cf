"""Countries and regions by ISO 3166-1 and M49, and their names in three languages."""

import json

import pytest
from xml_shared import shared

from metadata.places import countries_in, find, is_region, name_of, names_of, within


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Kenya", "KE"), ("kenia", "KE"), ("KE", "KE"), ("the Gambia", "GM"),
        ("Côte d’Ivoire", "CI"), ("cote d'ivoire", "CI"),
        ("Ivory Coast", "CI"), ("Afrique", "002"), ("África", "002"), ("002", "002"), ("US-CA", "US"),
        ("St. Lucia", "LC"), ("KEN", "KE"), ("404", "KE"), ("384", "CI"), ("150", "150"), ("SUN", ""), ("ken", ""),
        ("Viet Nam", "VN"), ("Afrique de l’Ouest", "011"), ("América Latina", "419"), ("Europe", "150"),
        ("Atlantis", ""), ("", ""), ("ke", ""), ("The valley of Kenya", ""), ("x" * 10_000, ""), ("XX", ""),
        ("999", ""),
    ],
)  # fmt: skip
def test_a_whole_name_or_code_is_found_and_nothing_is_guessed(name: str, code: str) -> None:
    assert find(name) == code


def test_regions_hold_every_country_once_and_lie_in_the_world() -> None:
    assert len(countries_in("001")) == 249
    assert within("KE") == ("KE", "014", "202", "002", "001")
    assert "419" in within("BR")
    assert countries_in("419") == countries_in("005") | countries_in("013") | countries_in("029")
    assert countries_in("KE") == {"KE"}
    assert within("ZZ") == ()
    assert countries_in("ZZ") == frozenset()
    for code in ("002", "019", "142", "150", "009"):
        assert is_region(code)
        assert all(code in within(country) for country in countries_in(code))


def test_names_are_in_three_languages() -> None:
    assert [name_of("DE", language) for language in ("en", "fr", "es")] == ["Germany", "Allemagne", "Alemania"]
    assert names_of("PE") == ("Peru", "Pérou", "Perú")
    assert all(names_of(code) != (code,) for code in countries_in("001"))


@pytest.mark.shared
@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_names_in_use_are_found(language: str) -> None:
    known = json.loads((shared("skos", "geo") / f"world-{language}.json").read_text("utf-8"))
    right = [one for one in known if find(one["name"]) == one["alpha2"].upper()]
    wrong = [one["name"] for one in known if find(one["name"]) not in ("", one["alpha2"].upper())]
    assert len(known) == 249
    assert len(right) >= 240
    assert len(wrong) <= 1  # Saint Martin is two halves of one island
