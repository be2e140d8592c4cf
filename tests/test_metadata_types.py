"""Publication types: one list, found by any of its names."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from metadata.datacite import datacite
from metadata.datacite_reader import read_datacite
from metadata.dc_xml import read_dublin_core
from metadata.description import Description, Rejected
from metadata.dublin_core import oai_dc
from metadata.folding import fold
from metadata.marc_export import Agency, marcxml
from metadata.marcxml import read_marcxml
from metadata.model import Date, Doi, Item, Text
from metadata.mods import read_mods
from metadata.mods_export import mods
from metadata.qualified_dc import qualified_dc
from metadata.ris import read_ris
from metadata.ris_export import ris
from metadata.types import TYPES, from_label
from metadata.vocabulary import shipped

Reader = Callable[[BinaryIO, str], Iterator[Description | Rejected]]

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def test_the_codes_are_the_agreed_ones() -> None:
    agreed = "book report article periodical proceedings guideline map thesis image dataset video"
    agreed += " sound music score software object mixed other"
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
        ("http://purl.org/coar/resource_type/c_1843", "other"),
        ("http://purl.org/coar/resource_type/c_18cw", "score"),
        ("música impresa", "score"),
        ("jeu vidéo", "software"),
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
    coar = (schemas / "openaire-4" / "oaire-resourceType-v4.xsd").read_text("utf-8")
    datacite = (schemas / "datacite-4.6" / "include" / "datacite-resourceType-v4.xsd").read_text("utf-8")
    for kind in TYPES.values():
        assert f'"{kind.coar}"' in coar
        assert f'"{kind.datacite}"' in datacite


AGENCY = Agency("example.org", "https://example.org", "2020-01-01T00:00:00.000000Z")


def _written(item: Item) -> dict[str, tuple[bytes, Reader]]:
    """Return an item in every form that says its type and is read, with what reads it."""
    concepts = shipped()
    return {
        "marcxml": (marcxml(item, concepts, AGENCY), read_marcxml),
        "mods": (mods(item, concepts, AGENCY).encode(), read_mods),
        "datacite": (datacite(replace(item, doi=Doi("10.1234/x", "draft")), "A", concepts).encode(), read_datacite),
        "dc": (oai_dc(item, "https://example.org", concepts).encode(), read_dublin_core),
        "qdc": (qualified_dc(item, "https://example.org", concepts).encode(), read_dublin_core),
        "ris": (ris(item, "https://example.org", concepts).encode(), read_ris),
    }


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_comes_back_from_every_form(kind: str) -> None:
    item = Item("0000000000", titles=(Text("A title", "en"),), dates=(Date("1999"),), languages=("en",), type=kind)
    for form, (data, reader) in _written(item).items():
        (read,) = reader(io.BytesIO(data), "x")
        assert isinstance(read, Description), (form, read)
        assert read.item.type == kind, form
