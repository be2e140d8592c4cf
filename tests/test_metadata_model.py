"""The central types: the few things they work out for themselves."""

from dataclasses import FrozenInstanceError

import pytest

from metadata.model import Concept, Date, File, Item, Text


def test_a_label_is_the_language_asked_for_then_english_then_any_then_the_uri() -> None:
    labels = (Text("Manglares", "es"), Text("Mangroves", "en"))
    assert Concept("u", labels).label("es") == Text("Manglares", "es")
    assert Concept("u", labels).label("fr") == Text("Mangroves", "en")
    assert Concept("u", labels[:1]).label("fr") == Text("Manglares", "es")
    assert Concept("u").label("fr") == Text("u")


def test_the_main_title_is_the_first() -> None:
    assert Item(titles=(Text("a", "fr"), Text("b", "en"))).title == Text("a", "fr")
    assert Item().title == Text("")


@pytest.mark.parametrize(
    ("dates", "year"),
    [
        ((), None),
        ((Date("1987"),), 1987),
        ((Date("1987-05-04"),), 1987),
        ((Date("1987/1989"),), 1987),
        ((Date("1987?"),), 1987),
        ((Date("1980", "created"), Date("1987")), 1987),
        ((Date("1980", "created"), Date("198X")), 1980),
        ((Date("1900", "covered"),), None),
        ((Date("198X"),), None),
        ((Date("٢٠٢٠"),), None),
    ],
)
def test_the_year_is_that_of_issue_else_of_creation(dates: tuple[Date, ...], year: int | None) -> None:
    assert Item(dates=dates).year == year


def test_files_are_given_by_role_in_order() -> None:
    files = (
        File("a.tif", "original", "image/tiff", 1, ""),
        File("access.pdf", "access", "application/pdf", 1, ""),
        File("b.tif", "original", "image/tiff", 1, ""),
    )
    item = Item(files=files)
    assert [file.path for file in item.files_as("original")] == ["a.tif", "b.tif"]
    assert [file.path for file in item.files_as("pages")] == []


def test_values_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Item().id = "x"  # type: ignore[misc]
