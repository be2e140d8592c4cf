"""Publication types: one list, found by any of its names."""

from collections import Counter
from pathlib import Path

import pytest

from metadata.folding import fold
from metadata.types import TYPES, from_label

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def test_the_codes_are_the_agreed_ones() -> None:
    agreed = "book report article periodical proceedings guideline map thesis image dataset video other"
    assert list(TYPES) == agreed.split()


def test_every_type_is_found_by_its_code_and_its_three_labels() -> None:
    for code, kind in TYPES.items():
        labels = (code, *(kind.label(language) for language in ("en", "fr", "es")))
        assert {from_label(label) for label in labels} == {code}


def test_no_name_belongs_to_two_types() -> None:
    names = Counter(
        name
        for kind in TYPES.values()
        for name in {fold(n) for n in (kind.code, kind.en, kind.fr, kind.es, *kind.synonyms)}
    )
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("THESE", "thesis"),
        (" Jeu  de données ", "dataset"),
        ("articulo de revista", "article"),
        ("Monograph", "book"),
        ("info:eu-repo/semantics/article", "article"),
        ("http://purl.org/coar/resource_type/c_12cd", "map"),
        ("http://purl.org/coar/resource_type/c_93fc", "report"),
        ("sculpture", ""),
        ("", ""),
    ],
)
def test_the_code_of_a_label(written: str, code: str) -> None:
    assert from_label(written) == code


def test_a_label_in_a_language_of_none_is_english() -> None:
    assert TYPES["thesis"].label("fr-CA") == "Thèse"
    assert TYPES["thesis"].label("pt") == "Thesis"


@pytest.mark.shared
def test_the_terms_are_in_the_official_lists() -> None:
    schemas = SHARED / "schemas" / "oai"
    if not schemas.is_dir():
        pytest.skip("../shared/data is absent")
    coar = (schemas / "openaire-4" / "oaire-resourceType-v4.xsd").read_text("utf-8")
    datacite = (schemas / "datacite-4.6" / "include" / "datacite-resourceType-v4.xsd").read_text("utf-8")
    for kind in TYPES.values():
        assert f'"{kind.coar}"' in coar
        assert f'"{kind.datacite}"' in datacite
