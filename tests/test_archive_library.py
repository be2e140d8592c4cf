"""A home: made, opened, read and written."""

import hashlib
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import Content, bare_item, book, dump, faults, filled, oracle, publishing, put_records, tree

import canoe
from archive.library import Library
from archive.replay import accession_object, item_object
from metadata.accession import Accession
from metadata.errors import DamageFound, HomeMissing, NotFound, Outdated, SourceChanged, StorageError, UsageError
from metadata.events import Event
from metadata.model import File, Item, Page, Text
from metadata.serial import record_line


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "home", publishing())


def test_a_home_is_made_once(library: Library) -> None:
    with library.writer() as writer:
        writer.put_item(*book(1), "Ingested")
    before = tree(library.archive.root), dump(library.catalogue.path)
    Library.create(library.home, publishing())
    assert (tree(library.archive.root), dump(library.catalogue.path)) == before


def test_a_home_whose_making_was_cut_short_is_made_whole(library: Library) -> None:
    library.catalogue.close()
    library.catalogue.path.write_bytes(b"")
    Library.create(library.home, publishing())
    assert Library.open(library.home, publishing()).catalogue.counts() == (0, 0, 0)


def test_create_does_not_hide_a_lost_catalogue(library: Library) -> None:
    with library.writer() as writer:
        writer.put_item(*book(1), "Ingested")
    library.catalogue.close()
    for path in library.home.glob("catalogue.db*"):
        path.unlink()
    Library.create(library.home, publishing())
    with pytest.raises(Outdated, match="missing"):
        Library.open(library.home, publishing())


def test_no_home_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(HomeMissing, match=str(tmp_path)) as raised:
        Library.open(tmp_path, publishing())
    assert "canoe init" in raised.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises((StorageError, NotADirectoryError, FileExistsError), match="file"):
        Library.create(tmp_path / "file" / "home", publishing())


def test_an_item_is_read_as_it_was_written(library: Library) -> None:
    item, content = book(1, pages=5)
    with library.writer() as writer:
        assert writer.put_item(item, content, "Ingested")
    assert library.item(item.id) == item
    assert list(library.items()) == [item]
    assert [page.number for page in library.pages(item.id)] == [1, 2, 3, 4, 5]
    assert isinstance(library.page(item.id, 5), Page)
    assert library.page(item.id, 5).text == "pagina 5 of 1"
    for file in item.files:
        assert library.file(item, file.path).read_bytes() == content[file.path]


def test_what_is_not_there_is_not_found(library: Library) -> None:
    item, content = book(1)
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
    with pytest.raises(NotFound, match="no item 0123456789"):
        library.item("0123456789")
    for number in (0, 4, -1):
        with pytest.raises(NotFound, match=f"no page {number}"):
            library.page(item.id, number)
    for path in ("item.json", "../../../../etc/passwd", "original", ""):
        with pytest.raises(NotFound, match="no file"):
            library.file(item, path)
    with pytest.raises(NotFound):
        library.pieces("a-none")
    assert list(library.pages("0123456789")) == []


def test_the_same_again_writes_nothing(library: Library) -> None:
    item, content = book(1)
    with library.writer() as writer:
        assert writer.put_item(item, content, "Ingested")
        before = tree(library.archive.root), dump(library.catalogue.path)
        assert not writer.put_item(item, content, "Ingested")
        assert not writer.put_item(item, {}, "Ingested")
    assert (tree(library.archive.root), dump(library.catalogue.path)) == before


def test_a_change_is_a_new_version_with_what_was_there(library: Library) -> None:
    item, content = book(1)
    anew = replace(item, titles=(Text("Anew", "en"),))
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
        first = library.catalogue.last_change()
        assert writer.put_item(anew, {}, "Described anew")
    assert [change.item for change in library.changes(first, 9)] == [anew]
    assert library.file(anew, "original/scan.tif").read_bytes() == content["original/scan.tif"]
    assert len(list(library.pages(item.id))) == 3
    assert faults(library) == []


def test_a_file_that_is_not_what_the_item_says_is_refused(library: Library) -> None:
    item, content = book(1)
    before = tree(library.home / "archive"), dump(library.catalogue.path)
    with library.writer() as writer, pytest.raises(SourceChanged):
        writer.put_item(item, {**content, "original/scan.tif": b"other"}, "Ingested")
    assert (tree(library.home / "archive"), dump(library.catalogue.path)) == before
    assert not list(library.archive.staging.iterdir())


def test_withdrawn_and_restored(library: Library) -> None:
    item, content = book(1)
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
        withdrawn = writer.withdraw(item, "a copy")
        assert (withdrawn.status, withdrawn.reason) == ("withdrawn", "a copy")
        assert library.item(item.id) == withdrawn
        record = library.catalogue.oai_record(item.id)
        assert record is not None
        assert record.deleted
        assert writer.restore(withdrawn) == item
    record = library.catalogue.oai_record(item.id)
    assert record is not None
    assert not record.deleted
    assert library.file(item, "original/scan.tif").read_bytes() == content["original/scan.tif"]
    messages = [version.message for version in next(library.archive.inventories()).versions]
    assert messages == ["Ingested", "Withdrawn: a copy", "Restored"]


def test_an_accession_keeps_what_came_and_what_became_of_it(library: Library) -> None:
    with library.writer() as writer:
        put_records(writer, range(2500))
    assert [piece.item for piece in library.pieces("a-first")][:2] == [bare_item(0).id, bare_item(1).id]
    assert library.catalogue.counts() == (2500, 0, 0)
    assert [change.item.id for change in library.changes(0, 3)] == [bare_item(n).id for n in range(3)]
    assert len(list(library.items())) == 2500
    accession = library.catalogue.accession("a-first")
    assert accession is not None
    assert accession.count("new") == 2500
    received = library.archive.path(accession_object("a-first"), "received/0001-records.mrc")
    assert received.read_bytes().startswith(b"00000nam")
    assert library.catalogue.next_change() > library.changes(0, 9999)[-1].number


def test_the_workspace_goes(library: Library) -> None:
    with library.writer() as writer:
        with writer.workspace() as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / "file").write_bytes(b"1")
            assert folder.stat().st_dev == library.archive.root.stat().st_dev
        assert not folder.exists()


def test_file_names_that_are_hostile_stay_inside(library: Library) -> None:
    item, content = book(1)
    for path in ("../../outside", "/etc/outside"):
        hostile = File(path, "original", "text/plain", 1, "")
        with library.writer() as writer, pytest.raises(ValueError, match="logical path"):
            writer.put_item(replace(item, files=(hostile,)), {**content, path: b"1"}, "Ingested")
    assert not list(library.home.parent.rglob("outside"))


def test_a_filled_library_counts_right(tmp_path: Path) -> None:
    library = filled(tmp_path / "full")
    assert library.catalogue.counts() == (6, 2, 12)
    assert [accession.id for accession in library.catalogue.accessions()] == ["a-first", "a-second"]
    assert [item.id for item in library.catalogue.editions(book(1)[0].id)] == [book(2)[0].id]


def test_the_moment_that_is_settled_waits_for_the_oldest_write(library: Library) -> None:
    began = int(time.time())
    assert began <= library.settled() <= int(time.time())
    first = library.archive.begin()
    time.sleep(1.1)
    second = library.archive.begin()
    assert began <= library.settled() < int(time.time())
    first.give_up()
    assert library.settled() == int(second.folder.name.partition("-")[0]) // 1_000_000
    second.give_up()
    assert library.settled() >= began + 1


def test_a_change_is_never_numbered_before_its_write_has_begun(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int | None] = []
    number = library.catalogue.next_change

    def watched() -> int:
        seen.append(library.archive.writing_since())
        return number()

    monkeypatch.setattr(library.catalogue, "next_change", watched)
    item, content = book(1)
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
    held = library.catalogue.held(item.id)
    assert held is not None
    assert len(seen) == 1
    assert seen[0] is not None
    assert seen[0] <= held.change
    assert library.archive.writing_since() is None


def test_what_a_killed_writer_left_holds_the_moment_back_until_it_is_healed(library: Library) -> None:
    left = library.archive.begin()
    assert library.settled() == int(left.folder.name.partition("-")[0]) // 1_000_000
    time.sleep(1.1)
    with library.writer():
        pass
    assert library.archive.writing_since() is None


def test_what_cannot_be_healed_does_not_keep_a_check_from_going_on(library: Library) -> None:
    item, content = book(1)
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
    folder = library.archive.folder(item_object(item.id))
    left = library.archive.begin()
    (left.folder / "objects.json").write_text(f'{{"1": "{item_object(item.id)}"}}')
    (folder / "inventory.json").write_bytes(b"{")
    with pytest.raises(DamageFound), library.writer():
        pass
    library.heal_if_free()
    assert [fault.where for fault in faults(library) if str(folder) in fault.where]


def with_fixity(*fixity: tuple[str, str]) -> tuple[Item, Content]:
    """Return a book whose original came with other digests."""
    item, content = book(1)
    return replace(item, files=(replace(item.files[0], fixity=fixity), *item.files[1:])), content


def digests() -> dict[str, str]:
    original = book(1)[1]["original/scan.tif"]
    assert isinstance(original, bytes)
    return {
        "md5": hashlib.md5(original, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(original, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(original).hexdigest(),
        "blake2b-512": hashlib.blake2b(original).hexdigest(),
        "sha384": hashlib.sha384(original).hexdigest(),
    }


def test_digests_that_came_with_a_file_stand_in_the_fixity_block(library: Library) -> None:
    """OCFL 1.1, section 3.5.4; they are checked with the rest, and stay when there are new versions."""
    wanted = digests()
    item, content = with_fixity(*((name, value.upper()) for name, value in wanted.items()))
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
        writer.withdraw(item, "a copy")
    (inventory,) = library.archive.inventories()
    block = json.loads(inventory.to_json())["fixity"]
    del wanted["sha384"]  # OCFL does not name it: it was checked, and stands in item.json
    assert block == {name: {value: ["v1/content/original/scan.tif"]} for name, value in wanted.items()}
    assert oracle(library.archive.root) == []
    assert faults(library) == []
    folder = library.archive.folder(inventory.object_id)
    (folder / "v1/content/original/scan.tif").write_bytes(b"II*\0 other")
    codes = {dict(fault.params).get("code") for fault in faults(library)}
    assert {"E092", "E093"} <= codes


def test_a_file_that_is_not_what_its_md5_says_is_refused(library: Library) -> None:
    right = digests()["md5"]
    before = tree(library.home / "archive"), dump(library.catalogue.path)
    for fixity in ([("md5", "0" * 32)], [("md5", right), ("md5", "0" * 32)], [("sha384", "0" * 96)]):
        item, content = with_fixity(*fixity)
        with library.writer() as writer, pytest.raises(SourceChanged, match=f"{fixity[-1][0]} .*{'0' * 32}"):
            writer.put_item(item, content, "Ingested")
    item, content = with_fixity(("crc32", "12345678"))
    with library.writer() as writer, pytest.raises(UsageError, match="crc32"):
        writer.put_item(item, content, "Ingested")
    assert (tree(library.home / "archive"), dump(library.catalogue.path)) == before
    assert not list(library.archive.staging.iterdir())


def test_a_digest_that_comes_later_is_checked_against_what_is_held(library: Library) -> None:
    item, content = book(1)
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
        with pytest.raises(SourceChanged, match="md5"):
            writer.put_item(with_fixity(("md5", "0" * 32))[0], {}, "Described anew")
        writer.put_item(with_fixity(("md5", digests()["md5"]))[0], {}, "Described anew")
    (inventory,) = library.archive.inventories()
    assert inventory.fixity == {"md5": {"v1/content/original/scan.tif": digests()["md5"]}}
    assert oracle(library.archive.root) == []
    assert faults(library) == []


def test_what_was_done_to_an_item_is_kept_with_it(library: Library) -> None:
    """An event without a moment has that of the change; those of earlier versions stay."""
    item, content = book(1)
    scanned = Event("digitisation", "2026-11-21T10:00:00Z", agent="Tesseract 5.3.0", files=("access/text.pdf",))
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested", [scanned, Event("ingestion", "")])
        assert not writer.put_item(item, content, "Ingested", [Event("ingestion", "")])
        writer.restore(writer.withdraw(item, "a copy"))
    moments = [version.created for version in next(library.archive.inventories()).versions]
    agent = f"Canoe {canoe.__version__}"
    assert library.events(item.id) == [
        scanned,
        Event("ingestion", moments[0]),
        Event("withdrawal", moments[1], agent=agent, detail="a copy"),
        Event("restoration", moments[2], agent=agent, detail="a copy"),
    ]
    assert oracle(library.archive.root) == []
    with pytest.raises(NotFound):
        library.events("0123456789")


def test_the_events_of_a_record_are_those_of_its_accession_then_its_own(library: Library) -> None:
    accession = Accession("a-first", "2026-11-22T10:00:00Z", ("records.mrc",), (("new", 1),))
    with library.writer() as writer:
        with writer.workspace() as folder:
            (folder / "records.jsonl").write_bytes(record_line(bare_item(20)))
            events = [Event("ingestion", "", files=("received/1.mrc",))]
            writer.put_accession(accession, [], folder / "records.jsonl", {}, events)
        moment = library.archive.inventory(accession_object("a-first")).created
        assert library.events(bare_item(20).id) == [replace(events[0], at=moment)]
        writer.withdraw(bare_item(20), "not ours")
    assert [event.type for event in library.events(bare_item(20).id)] == ["ingestion", "withdrawal"]


def test_who_did_it_is_said(library: Library) -> None:
    with library.writer() as writer:
        writer.agent = "Canoe 9.9"
        writer.put_item(*book(1), "Ingested")
        writer.withdraw(book(1)[0], "a copy")
    assert [event.agent for event in library.events(book(1)[0].id)] == ["Canoe 9.9"]


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_a_lost_object_is_not_hidden_by_a_new_version(library: Library, is_withdrawn: bool) -> None:
    item, content = book(1)
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
        if is_withdrawn:
            item = writer.withdraw(item, "a copy")
        shutil.rmtree(library.archive.folder(item_object(item.id)))
        with pytest.raises(DamageFound, match=r"has lost access/text\.pdf"):
            writer.restore(item) if is_withdrawn else writer.withdraw(item, "a copy")
    assert library.item(item.id) == item
    assert not library.archive.exists(item_object(item.id))
    with library.writer() as writer:  # brought in again it is whole
        assert writer.put_item(item, content, "Ingested")
    assert library.file(item, "original/scan.tif").read_bytes() == content["original/scan.tif"]


@pytest.mark.parametrize("fault", ["object lost", "file lost", "cut", "other bytes"])
def test_pages_that_are_damaged_are_said_to_be(library: Library, fault: str) -> None:
    item, content = book(1)
    with library.writer() as writer:
        writer.put_item(item, content, "Ingested")
    path = library.file(item, "pages.jsonl")
    if fault == "object lost":
        shutil.rmtree(library.archive.folder(item_object(item.id)))
    elif fault == "file lost":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:40] if fault == "cut" else b"\xff" * path.stat().st_size)
    with pytest.raises(DamageFound, match="the pages cannot be read"):
        list(library.pages(item.id))
    with pytest.raises(DamageFound, match="the pages cannot be read"):
        library.page(item.id, 3)
