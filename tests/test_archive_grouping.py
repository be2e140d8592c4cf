"""Writes completed together: none is said to be safe before it is, none waits for long, a fault is one piece's."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import Content, bare_item, book, dump, faults, files_of, oracle, publishing, put_records, tree

import archive.writer
from archive.cataloguing import Batch
from archive.library import Library, Writer
from archive.replay import item_object
from metadata.errors import SourceChanged, StorageError
from metadata.model import Item, Text


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "home", publishing())


@pytest.fixture
def writer(library: Library) -> Iterator[Writer]:
    with library.writer() as opened:
        yield opened


def held(library: Library) -> set[str]:
    """Return the items that readers see."""
    return {item.id for item in library.items()}


def ids(*numbers: int) -> set[str]:
    return {book(number)[0].id for number in numbers}


def versions(library: Library, item: Item) -> list[str]:
    return [version.message for version in library.archive.inventory(item_object(item.id)).versions]


def put_then(writer: Writer, last: Callable[[], None], *numbers: int) -> None:
    """Put books in a group, then do something, before it is complete."""
    with writer.grouped():
        for number in numbers:
            writer.put_item(*book(number), "Ingested")
        last()


def assert_sound(library: Library) -> None:
    assert oracle(library.archive.root) == []
    assert faults(library) == []
    assert list(library.archive.staging.iterdir()) == []
    assert list(library.uncatalogued()) == []
    again = library.home.with_name("again")
    shutil.copytree(library.archive.root, again / "archive")
    made = Library.open_unverified(again, publishing())
    made.rebuild_catalogue()
    assert dump(made.catalogue.path) == dump(library.catalogue.path)


def test_a_group_is_seen_at_once_and_not_before(library: Library) -> None:
    with library.writer() as writer:
        with writer.grouped():
            assert writer.put_item(*book(1), "Ingested")
            assert writer.put_item(*book(2), "Ingested")
            assert (writer.pending, held(library)) == (2, set())
            assert not list(library.archive.folders())
        assert (writer.pending, held(library)) == (0, ids(1, 2))
    numbers = [change.number for change in library.changes(0, 9)]
    assert numbers == sorted(set(numbers))
    assert [change.item.id for change in library.changes(0, 9)] == [book(1)[0].id, book(2)[0].id]
    assert_sound(library)


def test_one_transaction_and_few_fsyncs_for_all(
    library: Library, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    written: list[int] = []
    fsync, write = os.fsync, library.catalogue.write

    def counting(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", counting)

    def watched(batches: Iterable[Batch]) -> None:
        written.append(1)
        write(batches)

    monkeypatch.setattr(library.catalogue, "write", watched)
    with writer.grouped():
        for number in range(20):
            writer.put_item(*book(number), "Ingested")
    assert written == [1]
    assert synced.count(str(library.archive.staging)) == 1
    assert synced.count(str(library.archive.root)) == 1
    in_home = [path for path in synced if "/home/archive" in path or "/home/staging" in path]
    assert len(in_home) < 20 * 18


def test_a_full_group_is_completed_by_the_next(
    library: Library, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "GROUP_NUMBER", 3)
    with writer.grouped():
        for number in range(1, 5):
            writer.put_item(*book(number), "Ingested")
        assert (writer.pending, held(library)) == (1, ids(1, 2, 3))
    assert held(library) == ids(1, 2, 3, 4)


def test_so_is_one_of_many_bytes(library: Library, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "GROUP_BYTES", 6_000)
    with writer.grouped():
        for number in (1, 2, 3):
            writer.put_item(*book(number), "Ingested")
        assert held(library) == ids(1, 2)


def test_nothing_waits_for_long(library: Library, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "GROUP_SECONDS", 0.05)
    with writer.grouped():
        writer.put_item(*book(1), "Ingested")
        time.sleep(0.06)
        writer.flush_if_due()
        assert (writer.pending, held(library)) == (0, ids(1))
        writer.put_item(*book(2), "Ingested")
        time.sleep(0.06)
        writer.put_item(*book(3), "Ingested")
        assert held(library) == ids(1, 2)


def test_the_moment_that_is_settled_waits_for_the_oldest_of_the_group(library: Library, writer: Writer) -> None:
    with writer.grouped():
        before = library.archive.writing_since()
        writer.put_item(*book(1), "Ingested")
        began = library.archive.writing_since()
        time.sleep(0.01)
        writer.put_item(*book(2), "Ingested")
        assert before is None
        assert began is not None
        assert library.archive.writing_since() == began
    assert library.archive.writing_since() is None
    assert began <= library.changes(0, 9)[0].number


def test_an_item_put_twice_has_two_versions(library: Library, writer: Writer) -> None:
    item, content = book(1)
    anew = replace(item, titles=(Text("Anew", "en"),))
    with writer.grouped():
        assert writer.put_item(item, content, "Ingested")
        assert not writer.put_item(item, content, "Ingested")
        assert writer.put_item(anew, {}, "Described anew")
        writer.restore(writer.withdraw(anew, "by mistake"))
    assert library.item(item.id) == anew
    assert versions(library, item) == ["Ingested", "Described anew", "Withdrawn: by mistake", "Restored"]
    assert_sound(library)


def test_a_fault_is_one_pieces(library: Library, writer: Writer) -> None:
    item, content = book(2)
    bad: Content = {**content, "original/scan.tif": b"other"}
    with writer.grouped():
        writer.put_item(*book(1), "Ingested")
        with pytest.raises(SourceChanged, match="changed"):
            writer.put_item(item, bad, "Ingested")
        with pytest.raises(ValueError, match="logical path"):
            writer.put_item(item, {**content, "../out": b"1"}, "Ingested")
        assert writer.pending == 1
        writer.put_item(*book(3), "Ingested")
    assert held(library) == ids(1, 3)
    assert_sound(library)


def test_a_group_of_which_nothing_came_leaves_no_trace(library: Library, writer: Writer) -> None:
    item, content = book(2)
    before = tree(library.archive.root)
    with writer.grouped(), pytest.raises(SourceChanged):
        writer.put_item(item, {**content, "original/scan.tif": b"other"}, "Ingested")
    assert tree(library.archive.root) == before
    assert list(library.archive.staging.iterdir()) == []
    assert writer.put_item(*book(2), "Ingested")
    assert_sound(library)


@pytest.mark.parametrize("fault", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_an_exception_completes_what_is_whole(library: Library, writer: Writer, fault: type[BaseException]) -> None:
    def fail() -> None:
        raise fault

    with pytest.raises(fault):
        put_then(writer, fail, 1)
    assert held(library) == ids(1)
    assert_sound(library)


def test_an_interrupt_between_staging_and_knowing_of_it(
    library: Library, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies whole in the group but is not yet among what is to be catalogued does not get into the archive."""

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    def second() -> None:
        monkeypatch.setattr(archive.writer, "line_spans", interrupt)
        writer.put_item(*book(2), "Ingested")

    with pytest.raises(KeyboardInterrupt):
        put_then(writer, second, 1)
    assert held(library) == ids(1)
    assert_sound(library)


def test_a_group_within_a_group_is_the_same(library: Library, writer: Writer) -> None:
    with writer.grouped():
        with writer.grouped():
            writer.put_item(*book(1), "Ingested")
        assert writer.pending == 1
    assert held(library) == ids(1)


def test_an_accession_comes_after_what_it_brought(library: Library, writer: Writer) -> None:
    with writer.grouped():
        writer.put_item(*book(1), "Ingested")
        put_records(writer, (20, 21))
        assert held(library) == ids(1) | {bare_item(20).id, bare_item(21).id}
        writer.put_item(*book(2), "Ingested")
    assert [change.item.id for change in library.changes(0, 9)][::3] == [book(1)[0].id, book(2)[0].id]
    assert_sound(library)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_leaves_nothing_and_says_so(
    library: Library, writer: Writer, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """An fsync that fails is all of the group's fault, also where the disk itself is to blame."""
    before = tree(library.archive.root), dump(library.catalogue.path)

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched, pytest.raises(StorageError, match=os.strerror(number)):
        put_then(writer, lambda: patched.setattr(os, "fsync", refuse), 1, 2)
    assert writer.pending == 0
    assert list(library.archive.staging.iterdir()) == []
    assert (tree(library.archive.root), dump(library.catalogue.path)) == before
    assert writer.put_item(*book(1), "Ingested")
    assert_sound(library)


def test_what_cannot_be_catalogued_the_next_writer_finishes(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise StorageError("no")

    with library.writer() as writer, pytest.raises(StorageError, match="no"):
        put_then(writer, lambda: monkeypatch.setattr(library.catalogue, "write", refuse), 1, 2)
    monkeypatch.undo()
    assert held(library) == set()
    assert len(list(library.archive.staging.iterdir())) == 1
    with library.writer():
        pass
    assert held(library) == ids(1, 2)
    assert_sound(library)


def test_more_files_than_may_be_open(library: Library, writer: Writer) -> None:
    """A group with hundreds of files holds only so many of them open."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    content: Content = {f"original/{number}.txt": str(number).encode() for number in range(300)}
    files = files_of({path: bytes(data) for path, data in content.items() if isinstance(data, bytes)})
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with writer.grouped():
            for number in (1, 2, 3):
                item = replace(book(number)[0], files=files)
                writer.put_item(item, content, "Ingested")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert held(library) == ids(1, 2, 3)
    assert_sound(library)
