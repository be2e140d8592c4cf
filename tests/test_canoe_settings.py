"""Settings of collections: read, checked, and said to harvesters and viewers."""

from pathlib import Path

import pytest

from canoe.home import Home
from canoe.server import repository, site
from canoe.settings import read_settings, write_settings
from metadata.collection import Collection, by_id, description_of, title_of
from metadata.errors import UsageError
from metadata.model import Text
from metadata.sets import set_name

TOLD = """
[[collections]]
id = "maps"
title.fr = "Cartes"
title.en = "Maps & atlases"

[[collections]]
id = "été"
title.es = "Verano"
description.es = "Lo que es de verano."
"""


def home_with(folder: Path, settings: str) -> Home:
    (folder / "canoe.toml").write_text(settings, "utf-8")
    return Home(folder, read_settings(folder))


def test_collections_are_called_what_the_settings_say(tmp_path: Path) -> None:
    known = site(home_with(tmp_path, TOLD)).collections
    assert [title_of(known, "maps", language) for language in ("en", "fr", "es")] == [
        Text("Maps & atlases", "en"), Text("Cartes", "fr"), Text("Cartes", "fr"),
    ]  # fmt: skip
    assert title_of(known, "others", "en") == Text("others")
    assert description_of(known, "maps", "en") is description_of(known, "others", "en") is None
    assert description_of(known, "été", "fr") == Text("Lo que es de verano.", "es")


def test_sets_are_called_what_the_settings_say(tmp_path: Path) -> None:
    home = home_with(tmp_path, f'[oai]\nnamespace = "library.example.org"\n{TOLD}')
    assert repository(home).set_names == {
        "collection:maps": "Collection: Maps & atlases", "collection:~c3~a9t~c3~a9": "Collection: Verano",
    }  # fmt: skip
    known = site(home).collections
    assert set_name("collection:maps", "fr", collections=known) == "Collection : Cartes"
    assert set_name("collection:others", "fr", collections=known) == "Collection : others"


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('title.en = "Maps"', "id"),
        ('id = " "\ntitle.en = "Maps"', "collections, number 1, id"),
        ('id = "maps"', "collections, number 1, title"),
        ('id = "maps"\ntitle.en = ""', "collections, number 1, title"),
        ('id = "maps"\ntitle.en = "Two\\nlines"', "collections, number 1, title"),
        ('id = "maps"\ntitle.de = "Karten"', "collections, number 1, title"),
        ('id = "maps"\ntitle = "Maps"', "title"),
        ('id = "maps"\ntitle.en = "Maps"\ndescription.pt = "Mapas."', "collections, number 1, description"),
        ('id = "maps"\ntitle.en = "Maps"\ntitel.en = "Maps"', "collections.titel"),
        ('id = "maps"\ntitle.en = "A"\n[[collections]]\nid = "maps"\ntitle.en = "B"', "collections, number 2, id"),
    ],
)
def test_a_table_that_cannot_be_is_named(tmp_path: Path, table: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        home_with(tmp_path, f"[[collections]]\n{table}\n")


def test_the_settings_of_a_new_home_name_no_collection(tmp_path: Path) -> None:
    write_settings(tmp_path, read_settings(tmp_path))
    assert "collections" not in (tmp_path / "canoe.toml").read_text("utf-8")
    assert read_settings(tmp_path).collections == ()


def test_collections_by_id() -> None:
    assert by_id((one := Collection("maps", {"en": "Maps"}),)) == {"maps": one}
