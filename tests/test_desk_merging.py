"""Two items made one at the desk: side by side, chosen part by part, one kept and the other leading to it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_items import HELD, ONE, TWO, WHO, Desk, at_desk, fields_of, item
from test_archive_recovery import copy

from archive.catalogue import Catalogue
from archive.catalogued import Listing
from archive.cataloguing import Batch
from archive.duplicate_decisions import read_distinct
from archive.library import Library
from canoe.home import Home
from desk.merging import lines, merged
from metadata.model import Date, Identifier, Relation, Text

PAGE = f"/desk/merge/{ONE}/{TWO}"


@pytest.fixture
def home(desk_made: Path, tmp_path: Path) -> Home:
    return Home.read(copy(desk_made, tmp_path / "library"))


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    with at_desk(home) as made:
        yield made


def test_a_proposed_pair_becomes_one(home: Home, desk: Desk) -> None:
    assert PAGE.replace(ONE, "X").replace(TWO, ONE).replace("X", TWO) in desk.get("/desk/duplicates").text
    shown = desk.get(PAGE)
    assert dict(fields_of(shown.text))["part-descriptions"] == "other"  # the fuller
    preview = desk.send(PAGE, fields_of(shown.text), preview="1")
    assert "<ins>A practical guide. (English)</ins>" in preview.text
    assert "publish the withdrawn item again and edit the one that was kept" in preview.text
    assert home.library.item(TWO).status == "published"
    assert desk.send(PAGE, fields_of(preview.text), save="1").status_code == 422
    assert desk.send(PAGE, fields_of(preview.text), save="1", why="The same book.").status_code == 303
    kept, gone = home.library.item(ONE), home.library.item(TWO)
    assert kept.descriptions == (Text("A practical guide.", "en"),)
    assert {Identifier("local", "number-of-one"), Identifier("local", "number-of-two")} <= {*kept.identifiers}
    assert Identifier("doi", f"10.5555/{TWO}") in kept.identifiers
    assert (kept.doi.name if kept.doi else "", kept.status) == (f"10.5555/{ONE}", "published")
    assert Relation("replaces", TWO) in kept.relations
    assert (gone.status, gone.reason) == ("withdrawn", f"The same book. Replaced by {ONE}: Reading the water")
    assert [home.library.events(one)[-1].agent for one in (ONE, TWO)] == [WHO, WHO]
    tombstone = desk.get(f"/item/{TWO}")
    assert tombstone.status_code == 410
    assert "The same book." in tombstone.text
    assert "Replaced by" not in tombstone.text  # the page says it in the reader's language, with the link
    assert f'href="/item/{ONE}"' in tombstone.text.replace("http://localhost:8000", "")
    assert desk.get("/desk/duplicates").text.count("/desk/merge/") == 0


@pytest.mark.parametrize(
    "named", [TWO, f"10.5555/{TWO}", f"https://doi.org/10.5555/{TWO}", f"http://x/item/{TWO}?lang=fr", "number-of-two"]
)
def test_two_that_nobody_proposed_are_compared(desk: Desk, named: str) -> None:
    assert f'action="/desk/items/{ONE}/merge"' in desk.get(f"/desk/items/{ONE}").text
    answer = desk.client.get(f"/desk/items/{ONE}/merge", params={"with": named, "lang": "fr"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?lang=fr")


@pytest.mark.parametrize(
    ("named", "language", "told"),
    [
        ("number-of-none", "en", "No item has this number, identifier or address."),
        (ONE, "es", "Es el mismo documento."),
        ("<script>", "fr", "Aucun document n’a ce numéro"),
    ],
)
def test_what_is_no_other_item_is_said_at_the_form(desk: Desk, named: str, language: str, told: str) -> None:
    answer = desk.client.get(f"/desk/items/{ONE}/merge", params={"with": named, "lang": language})
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<script>" not in answer.text


def test_of_several_that_bear_a_number_one_is_chosen(home: Home, desk: Desk) -> None:
    with home.library.writer() as writer:
        for one in (TWO, HELD):
            held = home.library.item(one)
            writer.put_item(replace(held, identifiers=(Identifier("isbn", "9780000000002"),)), {}, "Edited: numbered")
    answer = desk.client.get(f"/desk/items/{ONE}/merge", params={"with": "9780000000002"})
    assert answer.status_code == 200
    assert all(f"/desk/merge/{ONE}/{other}" in answer.text for other in (TWO, HELD))
    assert desk.get(f"/desk/items/{ONE}/merge").status_code == 200
    assert desk.get("/desk/items/0000000000/merge").status_code == 404


def test_what_a_pair_has_in_common_is_said_in_the_readers_language(desk: Desk) -> None:
    assert "Semblables par : titre, personnes ou organismes" in desk.get("/desk/duplicates?lang=fr").text.replace(
        "\xa0", " "
    )


def test_what_changed_meanwhile_is_looked_at_again(home: Home, desk: Desk) -> None:
    preview = desk.send(PAGE, desk.fields(PAGE), preview="1")
    with home.library.writer() as writer:
        writer.put_item(replace(home.library.item(TWO), extent="9 p."), {}, "Edited: counted")
    answer = desk.send(PAGE, fields_of(preview.text), save="1", why="The same")
    assert answer.status_code == 422
    assert "was saved meanwhile" in answer.text
    assert home.library.item(TWO).status == "published"


def test_what_is_not_the_same_is_never_proposed_again(home: Home, desk: Desk) -> None:
    answer = desk.send(PAGE, desk.fields(PAGE), distinct="1", why__distinct="another edition")
    assert answer.status_code == 303
    assert "/desk/merge/" not in desk.get("/desk/duplicates").text
    decided = read_distinct(home.library.archive)
    assert [(one.key, one.by, one.reason) for one in decided] == [
        ((min(ONE, TWO), max(ONE, TWO)), WHO, "another edition")
    ]
    Library.open_unverified(home.path, home.publishing).rebuild_catalogue()
    assert read_distinct(home.library.archive) == decided


def test_a_merge_is_undone_by_restoring_and_editing(home: Home, desk: Desk) -> None:
    preview = desk.send(PAGE, desk.fields(PAGE), preview="1")
    assert desk.send(PAGE, fields_of(preview.text), save="1", why="The same").status_code == 303
    assert (
        desk.send(f"/desk/items/{TWO}", desk.fields(f"/desk/items/{TWO}"), do="restore", why="Not so").status_code
        == 303
    )
    edit = f"/desk/items/{ONE}/edit"
    fields = [(name, value) for name, value in desk.fields(edit) if not name.startswith("relations-")]
    preview = desk.send(edit, fields, preview="1")
    assert desk.send(edit, fields_of(preview.text), save="1", why="Not so").status_code == 303
    assert home.library.item(ONE).relations == ()
    assert home.library.item(TWO).status == "published"
    assert len(home.library.catalogue.oai_records(Listing(), 100)) == 3


def test_parts_are_chosen_or_the_fuller_counts() -> None:
    kept = item("one", "Reading the water")
    other = replace(
        item("two", "Reading the water, anew"), dates=(Date("1991"), Date("1990", "created")), extent="9 p."
    )
    choices = {line.part: (line.choice, line.fixed) for line in lines(kept, other, {})}
    assert choices["titles"] == ("other", False)
    assert choices["identifiers"] == ("both", True)
    assert choices["extent"] == ("other", False)
    assert "keywords" not in choices  # they do not differ
    chosen = merged(kept, other, {"titles": "kept", "dates": "both", "extent": "both", "identifiers": "other"})
    assert chosen.titles == kept.titles
    assert chosen.dates == (*kept.dates, *other.dates)
    assert merged(kept, replace(other, concepts=("x:a",)), {"concepts": "both"}).concepts == (*kept.concepts, "x:a")
    assert chosen.extent == "9 p."  # one value cannot be both
    assert {*kept.identifiers, *other.identifiers} < {*chosen.identifiers}
    assert (chosen.id, chosen.doi, chosen.source) == (kept.id, kept.doi, kept.source)


def test_both_items_are_written_in_one_transaction(home: Home, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    write = Catalogue.write

    def counted(catalogue: Catalogue, batches: Iterable[Batch]) -> None:
        written.append(1)
        write(catalogue, batches)

    preview = desk.send(PAGE, desk.fields(PAGE), preview="1")
    monkeypatch.setattr(Catalogue, "write", counted)
    assert desk.send(PAGE, fields_of(preview.text), save="1", why="The same").status_code == 303
    assert written == [1]
    assert home.library.item(TWO).status == "withdrawn"
