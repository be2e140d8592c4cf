"""The catalogue made again from the archive: the same rows, the same numbers, whatever became of the file."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, book, dump, publishing, put_records, sha512, tree

from archive.library import Library
from archive.replay import Rebuilt, accession_object, item_object, replay
from metadata.errors import Outdated
from metadata.model import Text


@pytest.fixture
def library(pristine: Path, tmp_path: Path) -> Library:
    shutil.copytree(pristine, tmp_path / "home")
    return Library.open(tmp_path / "home", publishing())


def closed(library: Library) -> Path:
    library.catalogue.close()
    return library.catalogue.path


def lose(library: Library) -> None:
    for path in library.home.glob("catalogue.db*"):
        path.unlink()


def spoil(library: Library) -> None:
    library.catalogue.path.write_bytes(b"garbage" * 3000)


def spoil_all(library: Library) -> None:
    for suffix in ("", "-wal", "-shm"):
        (library.home / f"catalogue.db{suffix}").write_bytes(b"\xff" * 50_000)


def cut(library: Library) -> None:
    data = library.catalogue.path.read_bytes()
    library.catalogue.path.write_bytes(data[: len(data) // 2])


def leave(_: Library) -> None:
    pass


@pytest.mark.parametrize("mishap", [leave, lose, spoil, spoil_all, cut], ids=lambda mishap: mishap.__name__)
def test_every_row_is_the_same_after_a_rebuild(library: Library, mishap: object) -> None:
    before, files = dump(closed(library)), tree(library.archive.root)
    assert {name for name, rows in before.items() if not rows} == {"embargoes"}
    assert callable(mishap)
    mishap(library)
    again = Library.open_unverified(library.home, publishing())
    assert again.rebuild_catalogue() == Rebuilt(8, ())
    assert dump(closed(again)) == before
    assert tree(library.archive.root) == files
    Library.open(library.home, publishing())


def test_a_rebuild_renders_for_another_address(library: Library) -> None:
    before = dump(closed(library))
    elsewhere = publishing("http://elsewhere.example.org")
    with pytest.raises(Outdated):
        Library.open(library.home, elsewhere)
    Library.open_unverified(library.home, elsewhere).rebuild_catalogue()
    after = dump(library.catalogue.path)
    assert after["items"] == before["items"]
    assert after["oai_members"] == before["oai_members"]
    assert after["oai_records"] != before["oai_records"]
    assert "http://elsewhere.example.org" in str(after["oai_records"])
    Library.open(library.home, elsewhere)


def test_tables_of_another_edition_go(library: Library) -> None:
    import sqlite3

    before = dump(closed(library))
    connection = sqlite3.connect(library.catalogue.path)
    connection.executescript(
        "ALTER TABLE items DROP COLUMN object_id; DROP INDEX items_by_status; DROP TABLE oai_members;"
        "UPDATE settings SET value = '0' WHERE name = 'edition';"
    )
    connection.close()
    with pytest.raises(Outdated, match="edition"):
        Library.open(library.home, publishing())
    Library.open_unverified(library.home, publishing()).rebuild_catalogue()
    assert dump(library.catalogue.path) == before


def test_what_was_described_anew_outlives_the_record_it_came_as(library: Library) -> None:
    library.rebuild_catalogue()
    anew = library.catalogue.held(bare_item(21).id)
    assert anew is not None
    assert anew.item.titles == (Text("Bosques", "es"),)
    assert anew.object_id == item_object(bare_item(21).id)
    same = library.catalogue.held(bare_item(20).id)
    assert same is not None
    assert same.object_id == accession_object("a-first")
    assert library.item(bare_item(22).id).status == "withdrawn"


def test_the_order_of_a_rebuild_is_that_of_the_changes(library: Library) -> None:
    """An item of its own that later comes again as a record: the later one is what is known."""
    with library.writer() as writer:
        writer.put_item(bare_item(50), {}, "Ingested")
        put_records(writer, (50,), "a-third")
    before = dump(library.catalogue.path)
    held = library.catalogue.held(bare_item(50).id)
    assert held is not None
    assert held.object_id == accession_object("a-third")
    library.rebuild_catalogue()
    assert dump(library.catalogue.path) == before


def test_writing_goes_on_where_it_was_after_a_rebuild(library: Library) -> None:
    last = library.catalogue.last_change()
    library.rebuild_catalogue()
    assert library.catalogue.last_change() == last
    with library.writer() as writer:
        assert not writer.put_item(*book(1), "Ingested")
        assert writer.put_item(*book(9), "Ingested")
    assert [change.item.id for change in library.changes(last, 9)] == [book(9)[0].id]


def test_a_damaged_object_is_left_out_of_the_rebuild_and_named(library: Library) -> None:
    before, item_id = dump(library.catalogue.path), book(1)[0].id
    folder = library.archive.folder(item_object(item_id))

    def named() -> str:
        rebuilt = library.rebuild_catalogue()
        assert rebuilt.objects + len(rebuilt.damaged) >= len(list(library.archive.folders()))
        assert library.catalogue.item(item_id) is None
        assert library.catalogue.item(book(2)[0].id) is not None
        (fault,) = rebuilt.damaged
        return fault.message

    for name in ("item.json", "pages.jsonl"):
        path = folder / "v1/content" / name
        data = path.read_bytes()
        path.write_bytes(data.replace(b"1", b"2", 1))
        assert f"{path} is not what its digest says" in named()
        path.write_bytes(data)
    assert library.rebuild_catalogue().damaged == ()
    assert dump(library.catalogue.path) == before
    (folder / "v1/content/item.json").unlink()
    assert item_object(item_id) in named()
    (folder / "inventory.json").write_bytes(b"{}")
    assert "inventory.json" in named()
    folder.rename(folder.with_name("elsewhere"))
    shutil.copy(folder.with_name("elsewhere") / "v1/inventory.json", folder.with_name("elsewhere"))
    assert "whose place it is not" in named()


def test_objects_of_other_programs_are_left_alone(library: Library) -> None:
    from archive.inventory import Version

    version = Version("2026-11-22T15:04:05Z", "", {})
    receipt = library.archive.put("info:other/1", {"a": b"1"}, version)
    assert [list(replay(library.archive, one)) for one in receipt.inventories] == [[]]
    receipt.done()
    before = dump(library.catalogue.path)
    library.rebuild_catalogue()
    assert dump(library.catalogue.path) == before


def test_an_empty_archive_makes_an_empty_catalogue(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "home", publishing())
    before = dump(library.catalogue.path)
    assert library.rebuild_catalogue() == Rebuilt(0, ())
    assert dump(library.catalogue.path) == before


def test_pages_are_found_after_a_rebuild(library: Library) -> None:
    item, content = book(2)
    pages = list(library.pages(item.id))
    lose(library)
    again = Library.open_unverified(library.home, publishing())
    again.rebuild_catalogue()
    assert list(again.pages(item.id)) == pages
    assert sha512(again.file(again.item(item.id), "access/text.pdf").read_bytes()) == item.files[1].sha512
    assert again.page(item.id, 2) == pages[1]
    assert replace(again.item(item.id), relations=()) == item
    assert len(content) == 3
