"""The feed remembers: who left a set or a format stays there as a deleted record, after a rebuild as well."""

import random
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, book, dump, publishing, put_records

from archive.catalogue import Catalogue
from archive.catalogued import END, Listing
from archive.cataloguing import Batch, Entry
from archive.clock import SECOND
from archive.feed import WHOLE, Member, Placed, members_of
from archive.library import Library
from archive.replay import item_object
from metadata.disseminations import ANY, DATACITE, OAI_DC, OPENAIRE
from metadata.model import Date, Item
from metadata.vocabulary import shipped

SPECIES = "https://w3id.org/canoe/conservation/c0100"
BELOW_SPECIES = shipped().narrower(SPECIES)[0]
DATED = replace(bare_item(1), dates=(Date("1987"),))
EVERY = ANY | DATACITE | OPENAIRE


def became(*stages: Item) -> dict[str, Member]:
    """Return the members of an item that was one thing after the other, at the changes 10, 20, …."""
    members: dict[str, Member] = {}
    for number, item in enumerate(stages, 1):
        members = dict(members_of(Placed.of(item, 10 * number, shipped()), members))
    return members


def test_an_item_is_in_the_whole_library_and_in_its_sets() -> None:
    present = Member(10, EVERY, 0)
    assert became(replace(DATED, concepts=(BELOW_SPECIES,))) == dict.fromkeys(
        (
            WHOLE, "collection", "collection:leaflets", "language", "language:fr", "openaire", "subject",
            "subject:1", "type", "type:other",
        ),
        present,
    )  # fmt: skip


def test_who_leaves_a_set_stays_there_as_deleted_from_that_change_on() -> None:
    moved = replace(DATED, type="report", collections=())
    members = became(DATED, moved, replace(moved, keywords=()))
    assert members["type:report"] == members["type"] == Member(30, EVERY, 0)
    for left in ("type:other", "collection", "collection:leaflets"):
        assert members[left] == Member(20, 0, EVERY, is_out=True)


def test_who_comes_back_is_there_again() -> None:
    members = became(DATED, replace(DATED, type="report"), DATED)
    assert members["type:other"] == Member(30, EVERY, 0)
    assert members["type:report"].is_out


def test_a_format_that_an_item_loses_is_gone_until_it_has_it_again() -> None:
    assert became(DATED, bare_item(1))[WHOLE] == Member(20, ANY, DATACITE | OPENAIRE)
    assert became(DATED, bare_item(1))["openaire"] == Member(20, 0, EVERY, is_out=True)
    assert became(DATED, bare_item(1), DATED)[WHOLE] == Member(30, EVERY, 0)
    assert became(bare_item(1), DATED)[WHOLE] == Member(20, EVERY, 0)


def test_a_withdrawn_item_is_gone_in_all_it_had_and_stays_in_its_sets() -> None:
    withdrawn = became(DATED, bare_item(1), replace(bare_item(1), status="withdrawn"))
    assert withdrawn["type:other"] == Member(30, 0, EVERY)
    assert became(replace(DATED, status="withdrawn"))[WHOLE] == Member(10, 0, EVERY)
    restored = became(DATED, replace(DATED, status="withdrawn"), bare_item(1))
    assert restored[WHOLE] == Member(30, ANY, DATACITE | OPENAIRE)


@pytest.fixture
def moved(tmp_path: Path) -> Library:
    """Return a library whose items changed sets: records of accessions, some with objects of their own, a book."""
    library = Library.create(tmp_path / "home", publishing())
    with library.writer() as writer:
        put_records(writer, (20, 21, 22))
        writer.put_item(*book(1), "Ingested")
        item, _ = book(1)
        writer.put_item(replace(item, type="report", dates=(Date("1990"),)), {}, "Described anew")
        writer.put_item(replace(item, type="map", collections=("posters",)), {}, "Described anew")
        writer.withdraw(replace(item, type="map", collections=("posters",)), "a copy")
        writer.put_item(replace(bare_item(21), languages=("es",)), {}, "Described anew")
        put_records(writer, (22,), "a-second")
        writer.put_item(replace(bare_item(22), languages=()), {}, "Described anew")
    return library


def test_a_rebuild_remembers_who_left(moved: Library) -> None:
    moved.catalogue.close()
    before = dump(moved.catalogue.path)
    out = {(row[0], row[2]) for row in before["oai_members"] if row[5]}
    book_id = book(1)[0].id
    assert {
        ("type:other", book_id), ("type:report", book_id), ("collection:leaflets", book_id), ("openaire", book_id),
        ("language:en", bare_item(21).id), ("language", bare_item(22).id), ("language:fr", bare_item(22).id),
    } == out  # fmt: skip
    moved.rebuild_catalogue()
    moved.catalogue.close()
    assert dump(moved.catalogue.path) == before


def test_a_rebuild_does_without_a_former_version_that_is_damaged(moved: Library) -> None:
    inventory = moved.archive.inventory(item_object(book(1)[0].id))
    first = inventory.versions[0].state["item.json"]
    (moved.archive.folder(inventory.object_id) / inventory.manifest[first]).write_bytes(b"{}")
    assert moved.rebuild_catalogue().damaged == ()
    moved.catalogue.close()
    out = {row[0] for row in dump(moved.catalogue.path)["oai_members"] if row[5] and row[2] == book(1)[0].id}
    assert out == {"type:report", "collection:leaflets", "openaire"}


def test_harvesters_of_a_set_are_told_who_left_it(moved: Library) -> None:
    held = moved.catalogue.held(bare_item(21).id)
    assert held
    ((change, header),) = moved.catalogue.oai_headers(Listing(set_spec="language:en"), 9)[-1:]
    assert change == held.change
    assert header.startswith(b'<header status="deleted">')
    assert header.count(b"<setSpec>") == 1
    assert b"<setSpec>language:en</setSpec>" in header
    (record,) = [
        record for number, record in moved.catalogue.oai_records(Listing(set_spec="language:en"), 9) if number == change
    ]
    assert record == b"<record>%b</record>\n" % header
    whole = moved.catalogue.oai_record(bare_item(21).id)
    assert whole
    assert not whole.deleted
    assert b"language:en" not in whole.header


def test_the_first_datestamp_is_that_of_a_set_that_was_left(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "home", publishing())
    with library.writer() as writer:
        writer.put_item(*book(1), "Ingested")
        other = replace(book(1)[0], type="map")
        writer.put_item(other, {}, "Described anew")
        left = writer.catalogue.held(other.id)
        assert left
        writer.put_item(replace(other, edition="2"), {}, "Described anew")
    assert library.catalogue.oai_headers(Listing(OAI_DC, "type:other"), 9)[0][0] == left.change
    assert library.catalogue.earliest_datestamp() == left.change // SECOND


def test_a_list_is_as_long_as_it_is_said_to_be(tmp_path: Path) -> None:
    """Items of four minutes are changed, withdrawn and moved within a minute and across, then every window is read."""
    chance = random.Random(7)  # noqa: S311
    moments = [60 * 10 * SECOND + n * 7 * SECOND + n % 3 for n in range(40)]
    with closing(Catalogue(tmp_path / "catalogue.db", publishing())) as catalogue:
        catalogue.create()
        for at in moments:
            items = [bare_item(number) for number in chance.sample(range(9), 3)]
            changed = [_changed(one, chance) for one in items]
            catalogue.write([Batch([Entry(one, at + n * SECOND // 2, one.id) for n, one in enumerate(changed)])])
        for _ in range(400):
            after, until = chance.choice(moments) + chance.choice((-1, 0, SECOND)), chance.choice(moments) // SECOND
            window = chance.choice(((after, until), (0, until), (after, END), (0, END)))
            wanted = Listing(chance.choice((OAI_DC, DATACITE)), chance.choice(("", "type:report", "openaire")), *window)
            assert catalogue.oai_count(wanted) == len(catalogue.oai_headers(wanted, 99))


def _changed(item: Item, chance: random.Random) -> Item:
    return replace(
        item,
        type=chance.choice(("report", "other")),
        dates=chance.choice(((), DATED.dates)),
        status=chance.choice(("published", "published", "withdrawn")),
    )
