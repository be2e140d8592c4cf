"""OAI-PMH sets: legal specs, parents included, names in three languages."""

import re

from hypothesis import given
from hypothesis import strategies as st

from metadata.model import Item
from metadata.sets import set_name, sets_of

# setSpecType in OAI-PMH.xsd
LEGAL = re.compile(r"([A-Za-z0-9\-_\.!~\*'\(\)])+(:[A-Za-z0-9\-_\.!~\*'\(\)]+)*")


def test_an_item_is_in_its_sets_and_in_their_parents() -> None:
    item = Item(collections=("maps",), type="map", languages=("fr", "pt-BR"))
    assert sets_of(item) == (
        "collection",
        "collection:maps",
        "language",
        "language:fr",
        "language:pt-BR",
        "type",
        "type:map",
    )


def test_an_item_without_language_or_collection_has_only_its_type() -> None:
    assert sets_of(Item()) == ("type", "type:other")


@given(st.lists(st.text(min_size=1), max_size=4), st.text())
def test_specs_are_legal_sorted_and_tell_collections_apart(collections: list[str], language: str) -> None:
    specs = sets_of(Item(collections=tuple(collections), languages=(language,)))
    assert all(LEGAL.fullmatch(spec) for spec in specs)
    assert list(specs) == sorted(set(specs))
    assert len([spec for spec in specs if spec.startswith("collection:")]) == len(set(collections))


@given(st.text(min_size=1))
def test_a_collection_is_called_by_its_id(collection: str) -> None:
    spec = next(spec for spec in sets_of(Item(collections=(collection,))) if spec.startswith("collection:"))
    assert set_name(spec) == f"Collection: {collection}"


def test_names_in_three_languages() -> None:
    assert set_name("type:thesis") == "Type: Thesis"
    assert set_name("type:thesis", "fr") == "Type : Thèse"
    assert set_name("language:fr", "es") == "Idioma: francés"
    assert set_name("language", "fr") == "Par langue"
    assert set_name("type:map", "de") == "Type: Map"
    assert set_name("nobody:knows") == "nobody:knows"
    assert set_name("collection:~zz") == "Collection: ~zz"
