"""A second copy: the same storage root elsewhere, incremental, verified, and never worse for a kill."""

import errno
import os
import random
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from archive_faults import flip, kept
from archive_library import bare_item, book, dump, files_of, oracle, publishing, put_records, sha512, tree
from thoroughness import steps

from archive.check import check_object
from archive.evidence import local, proven
from archive.library import Library, Writer
from archive.ocfl import Archive
from archive.replay import item_object
from archive.replica import LocalFolder, open_replica
from archive.replication import Replicated, replicate, require_apart
from metadata.errors import HomeHeld, StorageError, UsageError


@pytest.fixture
def library(pristine: Path, tmp_path: Path) -> Library:
    shutil.copytree(pristine, tmp_path / "home")
    return Library.open(tmp_path / "home", publishing())


@pytest.fixture
def place(tmp_path: Path) -> LocalFolder:
    return LocalFolder(tmp_path / "second" / "copy")


def run(library: Library, place: LocalFolder, verify: bool = False) -> dict[str, Replicated]:
    return {one.key: one for one in replicate(library.archive, place, verify)}


def outcomes(done: dict[str, Replicated]) -> Counter[str]:
    return Counter(one.outcome for one in done.values())


def key_of(library: Library, number: int) -> str:
    folder = library.archive.folder(item_object(book(number)[0].id))
    return folder.relative_to(library.archive.root).as_posix()


def second_version(writer: Writer, number: int = 1) -> None:
    item, content = book(number)
    content["access/text.pdf"] = b"%PDF-1.7 better"
    files = files_of({path: bytes(data) for path, data in content.items() if isinstance(data, bytes)})
    writer.put_item(replace(item, files=files), content, "Digitised anew")


def stamps(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_the_second_copy_is_the_same_storage_root(library: Library, place: LocalFolder) -> None:
    done = run(library, place)
    assert outcomes(done) == {"new": 8}
    assert tree(place.root) == tree(library.archive.root)
    assert oracle(place.root) == []
    files = [path for path in library.archive.root.glob("*/*/*/**/*") if path.is_file()]
    assert sum(one.files for one in done.values()) == len(files)
    assert sum(one.size for one in done.values()) == sum(path.stat().st_size for path in files)


def test_a_home_made_of_the_copy_is_the_same_library(library: Library, place: LocalFolder, tmp_path: Path) -> None:
    run(library, place)
    home = tmp_path / "restored"
    shutil.copytree(place.root, home / "archive")
    made = Library.open_unverified(home, publishing())
    assert made.rebuild_catalogue().damaged == ()
    assert dump(home / "catalogue.db") == dump(library.catalogue.path)


def test_what_is_there_is_not_written_again(library: Library, place: LocalFolder) -> None:
    run(library, place)
    before = stamps(place.root)
    done = run(library, place)
    assert outcomes(done) == {"same": 8}
    assert {one.files for one in done.values()} == {0}
    assert stamps(place.root) == before


def test_an_object_that_is_the_same_is_passed_over_unread(library: Library, place: LocalFolder) -> None:
    run(library, place)
    read: list[str] = []

    @dataclass(frozen=True)
    class Watched(LocalFolder):
        def read(self, key: str, size: int) -> Iterator[bytes]:
            read.append(key)
            yield from super().read(key, size)

    scan = library.archive.root / key_of(library, 1) / "v1/content/original/scan.tif"
    stamp = scan.stat().st_atime_ns
    run(library, Watched(place.root))
    assert {key.rpartition("/")[2] for key in read if key.count("/") > 2} == {"inventory.json.sha512"}
    assert scan.stat().st_atime_ns == stamp


def test_only_what_is_missing_is_copied(library: Library, place: LocalFolder) -> None:
    run(library, place)
    before = stamps(place.root)
    with library.writer() as writer:
        second_version(writer)
        writer.withdraw(book(2)[0], "a test")
    done = run(library, place)
    assert outcomes(done) == {"updated": 2, "same": 6}
    again = {path for path, stamp in before.items() if stamps(place.root)[path] != stamp}
    assert {path.name for path in again} == {"inventory.json", "inventory.json.sha512"}
    assert {path.parent.name[:1] for path in again} == {"u"}, "no version's own inventory was written again"
    assert tree(place.root) == tree(library.archive.root)


def test_logs_are_copied_when_they_have_grown(library: Library, place: LocalFolder) -> None:
    run(library, place)
    logs = library.archive.root / key_of(library, 1) / "logs"
    logs.mkdir()
    (logs / "fixity.jsonl").write_bytes(b"checked\n")
    (logs / "link").symlink_to("/etc/passwd")
    done = run(library, place)[key_of(library, 1)]
    copied = place.root / key_of(library, 1) / "logs"
    assert (done.outcome, done.files) == ("same", 1)
    assert tree(copied) == {"fixity.jsonl": b"checked\n"}
    (logs / "fixity.jsonl").write_bytes(b"")
    assert run(library, place)[key_of(library, 1)].files == 0
    assert tree(copied) == {"fixity.jsonl": b"checked\n"}, "evidence is not taken back"


# --- damage, here and there -------------------------------------------------------------------


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "content": lambda folder: flip(folder / "v2/content/access/text.pdf"),
    "content lost": lambda folder: (folder / "v2/content/access/text.pdf").unlink(),
    "content a fifo": lambda folder: fifo(folder / "v2/content/access/text.pdf"),
    "inventory": lambda folder: flip(folder / "inventory.json"),
    "inventory of a version": lambda folder: flip(folder / "v1/inventory.json"),
    "declaration": lambda folder: flip(folder / "0=ocfl_object_1.1"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_not_copied_and_the_rest_goes_on(library: Library, place: LocalFolder, damage: str) -> None:
    run(library, place)
    before = tree(place.root / key_of(library, 1))
    with library.writer() as writer:
        second_version(writer)
        second_version(writer, 2)
    DAMAGES[damage](library.archive.root / key_of(library, 1))
    done = run(library, place)
    assert outcomes(done) == {"updated": 1, "same": 6, "damaged": 1}
    found = done[key_of(library, 1)]
    assert found.outcome == "damaged"
    assert all(str(library.archive.folder(item_object(book(1)[0].id))) in one.where for one in found.problems)
    assert found.problems
    assert tree(place.root / key_of(library, 1)) == before, "it is whole, as it was"


def test_old_content_that_the_copy_has_needs_not_be_read_to_add_a_version(library: Library, place: LocalFolder) -> None:
    """And damage to it does not keep the new version from being safe."""
    run(library, place)
    with library.writer() as writer:
        second_version(writer)
    flip(library.archive.root / key_of(library, 1) / "v1/content/original/scan.tif")
    assert run(library, place)[key_of(library, 1)].outcome == "updated"
    assert oracle(place.root) == []


def test_a_manifest_that_leads_outside_is_damage(library: Library, place: LocalFolder, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    folder = library.archive.root / key_of(library, 2)
    text = (folder / "inventory.json").read_text()
    hostile = text.replace("v1/content/original/scan.tif", "../../../../escaped").encode()
    for inside in (folder, folder / "v2"):
        (inside / "inventory.json").write_bytes(hostile)
        (inside / "inventory.json.sha512").write_text(f"{sha512(hostile)}  inventory.json\n")
    assert run(library, place)[key_of(library, 2)].outcome == "damaged"
    assert sorted(path.name for path in tmp_path.rglob("escaped")) == []


def test_what_was_lost_or_cut_there_is_seen_by_its_size(library: Library, place: LocalFolder) -> None:
    run(library, place)
    (place.root / key_of(library, 1) / "v1/content/original/scan.tif").unlink()
    os.truncate(place.root / key_of(library, 2) / "v1/inventory.json", 10)
    assert outcomes(run(library, place)) == {"updated": 2, "same": 6}
    assert tree(place.root) == tree(library.archive.root)


def test_verify_finds_any_flipped_bit_and_puts_it_right(library: Library, place: LocalFolder) -> None:
    run(library, place)
    dice = random.Random(3)  # noqa: S311
    files = sorted(path for path in place.root.glob("*/*/*/**/*") if path.is_file())
    for _ in range(20):
        path = dice.choice(files)
        flip(path, dice.randrange(path.stat().st_size * 8))
        done = run(library, place, verify=True)
        assert outcomes(done) == {"updated": 1, "same": 7}, path
        assert tree(place.root) == tree(library.archive.root), path


def test_what_is_read_back_must_be_what_was_written(library: Library, place: LocalFolder) -> None:
    """A disk that forgets: a place that takes everything and gives other bytes back."""

    @dataclass(frozen=True)
    class Forgetful(LocalFolder):
        def read(self, key: str, size: int) -> Iterator[bytes]:
            yield from (chunk.replace(b"%PDF", b"%PDf") for chunk in super().read(key, size))

    with pytest.raises(StorageError, match=r"text.pdf: what was written is not what is read back"):
        run(library, Forgetful(place.root))


# --- what else lies there ---------------------------------------------------------------------


def test_what_is_only_there_is_named_and_stays(library: Library, place: LocalFolder) -> None:
    run(library, place)
    shutil.rmtree(library.archive.root / key_of(library, 1))
    before = tree(place.root)
    done = run(library, place)
    assert done[key_of(library, 1)].outcome == "extra"
    assert [one.code for one in done[key_of(library, 1)].problems] == ["replica-only"]
    assert outcomes(done) == {"same": 7, "extra": 1}
    assert tree(place.root) == before


@pytest.mark.parametrize("damaged", [False, True])
def test_newer_versions_there_are_not_overwritten(
    library: Library, place: LocalFolder, tmp_path: Path, damaged: bool
) -> None:
    """The library was restored from an old backup."""
    shutil.copytree(library.archive.root, tmp_path / "old")
    with library.writer() as writer:
        second_version(writer)
    run(library, place)
    if damaged:
        flip(place.root / key_of(library, 1) / "inventory.json")
    shutil.rmtree(library.archive.root)
    shutil.copytree(tmp_path / "old", library.archive.root)
    before = tree(place.root)
    done = run(library, place)
    assert outcomes(done) == {"same": 7, "differs": 1}
    assert [one.code for one in done[key_of(library, 1)].problems] == ["replica-differs"]
    assert tree(place.root) == before


def test_another_history_there_is_not_overwritten(library: Library, place: LocalFolder, tmp_path: Path) -> None:
    shutil.copytree(library.home, tmp_path / "other")
    other = Library.open(tmp_path / "other", publishing())
    for one, reason in ((library, "a test"), (other, "for another reason")):
        with one.writer() as writer:
            writer.withdraw(book(1)[0], reason)
    run(other, place)
    before = tree(place.root)
    assert run(library, place)[key_of(library, 1)].outcome == "differs"
    assert tree(place.root) == before


def test_a_place_with_something_else_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    other = Archive.create(tmp_path / "other", tmp_path / "staging").root
    (other / "ocfl_layout.json").write_text('{"extension": "0004-hashed-n-tuple-storage-layout"}')
    for folder in (tmp_path / "photos", other):
        before = tree(folder)
        with pytest.raises(UsageError, match="is no second copy of a library"):
            run(library, LocalFolder(folder))
        assert tree(folder) == before


def test_the_library_itself_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(library.home)
    for folder in (library.home, library.archive.root, library.home / "cache" / "copy", tmp_path / "way" / "copy"):
        with pytest.raises(UsageError, match="in the library itself"):
            require_apart(open_replica(str(folder)), library.home)
    require_apart(LocalFolder(library.home.with_name("home2")), library.home)


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    assert open_replica(f"file://{tmp_path}/copy") == LocalFolder(tmp_path / "copy")


# --- beside others, and stopped at any moment -------------------------------------------------


def test_a_writer_may_be_at_work(library: Library, place: LocalFolder) -> None:
    def write() -> None:
        with library.writer() as writer:
            for number in range(40, 60):
                writer.put_item(*book(number), "Ingested")
                second_version(writer, number)

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        while not writing.done():
            assert not {"damaged", "differs", "extra"} & set(outcomes(run(library, place)))
        writing.result()
    run(library, place)
    assert tree(place.root) == tree(library.archive.root)


def test_two_at_once_are_refused(library: Library, place: LocalFolder) -> None:
    answers = replicate(library.archive, place)
    next(answers)
    with pytest.raises(HomeHeld, match="Another process is replicating"):
        run(library, place)
    answers.close()
    run(library, place)
    assert tree(place.root) == tree(library.archive.root)


def test_a_full_disk_is_named_and_the_same_again_goes_on(
    library: Library, place: LocalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [20]

    def fsync(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        with pytest.raises(StorageError, match=f"{place.root}.*No space left"):
            run(library, place)
    run(library, place)
    assert tree(place.root) == tree(library.archive.root)


@contextmanager
def dying_before(step: int) -> Iterator[None]:
    """Kill this process before its ``step``-th change of a file or folder, in whichever thread."""
    left = step

    def audit(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writing = name == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writing or name in ("os.rename", "os.mkdir", "os.remove"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)
    yield


def killed_before(step: int, work: Callable[[], object]) -> bool:
    with warnings.catch_warnings():  # forking beside other threads: the child ends by _exit
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _die(step, work)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), "it failed of itself"
    return status == signal.SIGKILL


def _die(step: int, work: Callable[[], object]) -> NoReturn:
    try:
        with dying_before(step):
            work()
        os._exit(0)
    finally:
        traceback.print_exc()
        os._exit(70)


def test_killed_at_any_moment_it_is_whole_or_visibly_unfinished(library: Library, folder: Path) -> None:
    source = LocalFolder(folder / "before")
    run(library, source)
    with library.writer() as writer:
        second_version(writer)
        put_records(writer, (50,), "a-third")
        writer.withdraw(bare_item(20), "a test")
    library.catalogue.close()
    place, seen = LocalFolder(folder / "killed"), Counter[str]()
    for step in steps(11):
        shutil.rmtree(place.root, ignore_errors=True)
        shutil.copytree(source.root, place.root)
        if not killed_before(step, lambda: run(library, place)):
            break
        for path in place.root.glob("*/*/urn*"):
            mine, theirs = (local(folder) for folder in (library.archive.root / path.relative_to(place.root), path))
            if theirs("inventory.json.sha512") == mine("inventory.json.sha512"):
                assert check_object(path) == [], f"killed before step {step}: {path} claims to be whole"
                seen["whole"] += 1
            elif proven(theirs):
                seen["older"] += 1
                broken = [one for one in check_object(path) if one.code in ("fixity-wrong", "file-lost")]
                assert broken == [], f"killed before step {step}: the older state of {path} is hurt"
            else:
                seen["unfinished"] += 1
        run(library, place)
        assert tree(place.root) == tree(library.archive.root), f"after a kill before step {step}"
    assert step > 50
    assert set(seen) == {"whole", "older", "unfinished"}


def test_stopping_leaves_at_once(library: Library, place: LocalFolder) -> None:
    """As Ctrl-C does: no object is begun any more, and the next run completes what there is."""

    @dataclass(frozen=True)
    class Slow(LocalFolder):
        def write(self, key: str, content: bytes) -> None:
            time.sleep(0.05)
            super().write(key, content)

    answers = replicate(library.archive, Slow(place.root))
    next(answers)
    answers.close()
    assert kept(place.root) != kept(library.archive.root)
    run(library, place)
    assert tree(place.root) == tree(library.archive.root)
