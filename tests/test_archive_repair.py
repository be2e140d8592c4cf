"""Repair from a second copy: byte for byte as it was, nothing deleted, nothing invented, never worse for a kill."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from archive_faults import flip, kept, spoil
from archive_library import bare_item, book, dump, faults, files_of, oracle, publishing, put_records, tree
from test_archive_replication import killed_before
from thoroughness import steps

from archive.library import Library, Writer
from archive.lock import writer_lock
from archive.mending import Mending
from archive.ocfl import Archive
from archive.repair import Afterwards, Orders, Repaired, open_for_repair, repair
from archive.replay import accession_object, item_object
from archive.replica import LocalFolder
from archive.replication import replicate
from archive.undo import undo
from metadata.errors import HomeHeld, UsageError
from metadata.events import read_events


@pytest.fixture(scope="session")
def copied(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalFolder:
    """Return a second copy of the pristine library that nothing may change."""
    place = LocalFolder(tmp_path_factory.mktemp("second") / "copy")
    list(replicate(Archive(pristine / "archive", pristine / "staging"), place))
    return place


@pytest.fixture
def place(copied: LocalFolder, tmp_path: Path) -> LocalFolder:
    """Lend a copy of the second copy."""
    return LocalFolder(Path(shutil.copytree(copied.root, tmp_path / "copy")))


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "home"))


@dataclass(frozen=True)
class Done:
    """What a repair told."""

    told: list[Repaired]
    afterwards: Afterwards

    @property
    def left(self) -> list[str]:
        return [one.code for part in self.told for one in part.left]

    @property
    def faults(self) -> list[str]:
        return [one.where for part in self.told for one in part.faults]

    @property
    def put_back(self) -> list[str]:
        return [path for part in self.told for path in part.put_back]

    @property
    def moved_out(self) -> list[str]:
        return [path for part in self.told for path in part.moved_out]


def mend(home: Path, place: LocalFolder, **orders: Any) -> Done:
    library = open_for_repair(home, publishing())
    told: list[Repaired] = []
    afterwards = repair(library, place, Orders(agent="Canoe 9.9", **orders), told.append)
    library.catalogue.close()
    return Done(told, afterwards)


def folder_of(home: Path, number: int) -> Path:
    return Archive(home / "archive", home / "staging").folder(item_object(book(number)[0].id))


def worked(home: Path, work: Callable[[Writer], object]) -> None:
    library = Library.open(home, publishing())
    with library.writer() as writer:
        work(writer)
    library.catalogue.close()


def third_version(writer: Writer) -> None:
    item, content = book(2)
    content["access/text.pdf"] = b"%PDF-1.7 better"
    files = files_of({path: bytes(data) for path, data in content.items() if isinstance(data, bytes)})
    writer.put_item(replace(item, files=files), content, "Digitised anew")


def is_sound(home: Path) -> bool:
    library = Library.open(home, publishing())
    found = faults(library) + [problem for problem in oracle(library.archive.root) if "logs" not in problem]
    lost = [one for one in library.object_ids() if not library.archive.exists(one)]
    library.catalogue.close()
    return not found and not lost


# --- faults at random -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(28))
def test_any_fault_is_found_and_mended_byte_for_byte(
    home: Path, copied: LocalFolder, pristine: Path, seed: int
) -> None:
    put = spoil(home / "archive", seed)
    done = mend(home, copied)
    assert done.faults, put
    assert done.left == [], put
    assert kept(home / "archive") == kept(pristine / "archive"), put
    assert dump(home / "catalogue.db") == dump(pristine / "catalogue.db")
    assert mend(home, copied).faults == []


@pytest.mark.parametrize("seed", range(100, 106))
def test_many_faults_at_once_are_mended_too(home: Path, copied: LocalFolder, pristine: Path, seed: int) -> None:
    put = spoil(home / "archive", seed, count=8)
    done = mend(home, copied)
    assert done.left == [], put
    assert kept(home / "archive") == kept(pristine / "archive"), put


def test_a_sound_library_is_left_as_it_is(home: Path, copied: LocalFolder, pristine: Path) -> None:
    done = mend(home, copied)
    assert (done.faults, done.put_back, done.moved_out, done.left) == ([], [], [], [])
    assert tree(home / "archive") == tree(pristine / "archive")
    assert not (home / "removed").exists()


@pytest.mark.parametrize("name", ["0=ocfl_1.1", "ocfl_layout.json", "extensions"])
def test_the_files_of_the_root_come_back(home: Path, copied: LocalFolder, pristine: Path, name: str) -> None:
    path = home / "archive" / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    mend(home, copied)
    assert tree(home / "archive") == tree(pristine / "archive")


def test_an_archive_that_is_all_gone_comes_back(home: Path, copied: LocalFolder, pristine: Path) -> None:
    shutil.rmtree(home / "archive")
    (home / "archive").mkdir()
    done = mend(home, copied)
    assert done.left == []
    assert kept(home / "archive") == kept(pristine / "archive")
    assert is_sound(home)


# --- what is in the way is moved, not deleted -------------------------------------------------


def test_what_does_not_belong_is_moved_out_under_its_path(home: Path, copied: LocalFolder, pristine: Path) -> None:
    folder = folder_of(home, 1)
    aside = home.parent / "aside.tif"
    for path in (folder / "stray", folder / "v1" / "content" / "deep" / "stray", folder.parent / "stray"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"somebody's")
    (folder / "v1/content/original/scan.tif").rename(aside)
    (folder / "v1/content/original/scan.tif").symlink_to(aside)
    (folder / "v1/content/access/text.pdf").unlink()
    (folder / "v1/content/access/text.pdf/inside").mkdir(parents=True)
    done = mend(home, copied)
    removed = home / "removed"
    assert done.left == []
    assert (removed / folder.name / "stray").read_bytes() == b"somebody's"
    assert (removed / folder.name / "v1/content/deep/stray").read_bytes() == b"somebody's"
    assert (removed / "archive" / folder.parent.relative_to(home / "archive") / "stray").read_bytes() == b"somebody's"
    assert (removed / folder.name / "v1/content/original/scan.tif").readlink() == aside
    assert (removed / folder.name / "v1/content/access/text.pdf/inside").is_dir()
    assert kept(home / "archive") == kept(pristine / "archive")


def test_a_second_stray_of_the_same_name_does_not_replace_the_first(home: Path, copied: LocalFolder) -> None:
    folder = folder_of(home, 1)
    for content in (b"first", b"second"):
        (folder / "stray").write_bytes(content)
        mend(home, copied)
    assert {path.read_bytes() for path in (home / "removed" / folder.name).iterdir()} == {b"first", b"second"}


@pytest.mark.parametrize("to", ["000/111/{}", "{}", "other/{}"])
def test_an_object_in_another_place_is_moved_back(home: Path, place: LocalFolder, pristine: Path, to: str) -> None:
    """From where it lies, not from the second copy, which may be older."""
    folder = folder_of(home, 2)
    shutil.rmtree(place.root / folder.relative_to(home / "archive"))
    strange = home / "archive" / to.format(folder.name)
    strange.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(strange)
    done = mend(home, place)
    assert done.left == []
    assert kept(home / "archive") == kept(pristine / "archive")


def test_two_objects_that_changed_places_are_mended(home: Path, copied: LocalFolder, pristine: Path) -> None:
    one, other = folder_of(home, 1), folder_of(home, 2)
    one.rename(home / "aside")
    other.rename(one)
    (home / "aside").rename(other)
    assert mend(home, copied).left == []
    assert kept(home / "archive") == kept(pristine / "archive")


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_an_inventory_that_strays_does_not_take_objects_with_it(
    home: Path, place: LocalFolder, pristine: Path, depth: int
) -> None:
    """Which the second copy does not have yet."""
    folder = folder_of(home, 1)
    shutil.rmtree(place.root / folder.relative_to(home / "archive"))
    shutil.copy(folder / "inventory.json", folder.parents[depth] / "inventory.json")
    assert mend(home, place).left == []
    assert kept(home / "archive") == kept(pristine / "archive")


# --- which inventory to believe, and second copies that are older, newer, damaged ---------------


def test_an_older_copy_mends_what_both_share(home: Path, place: LocalFolder) -> None:
    worked(home, third_version)
    folder = folder_of(home, 2)
    wanted = kept(home / "archive")
    flip(folder / "v1/content/original/scan.tif")
    flip(folder / "v3/content/access/text.pdf")
    done = mend(home, place)
    lost = f"{folder.relative_to(home / 'archive')}/v3/content/access/text.pdf"
    assert "not-mended" in done.left
    assert {path for path, data in kept(home / "archive").items() if wanted.get(path) != data} == {lost}
    list(replicate(Archive(home / "archive", home / "staging"), place))
    flip(folder / "v3/content/access/text.pdf")
    assert mend(home, place).left == []
    assert kept(home / "archive") == wanted


@pytest.mark.parametrize("name", ["inventory.json", "v3/inventory.json"])
def test_an_inventory_is_mended_from_its_other_copy_in_the_object(home: Path, place: LocalFolder, name: str) -> None:
    """The second copy knows nothing of the newest version."""
    worked(home, third_version)
    wanted = kept(home / "archive")
    flip(folder_of(home, 2) / name)
    assert mend(home, place).left == []
    assert kept(home / "archive") == wanted


def test_an_object_is_never_turned_back_to_an_older_version(home: Path, place: LocalFolder) -> None:
    """Both inventories that tell of the newest version are damaged, and the second copy is older."""
    worked(home, third_version)
    folder = folder_of(home, 2)
    newest = tree(folder / "v3" / "content")
    flip(folder / "inventory.json")
    flip(folder / "v3" / "inventory.json")
    flip(folder / "v1/content/original/scan.tif")
    before = kept(folder)
    done = mend(home, place)
    assert "not-mended" in done.left
    assert tree(folder / "v3" / "content") == newest
    assert done.put_back == ["v1/content/original/scan.tif"]
    assert {path for path, data in kept(folder).items() if before.get(path) != data} == {"v1/content/original/scan.tif"}


def test_a_newer_copy_does_not_bring_an_object_forward(home: Path, place: LocalFolder, tmp_path: Path) -> None:
    """An old backup was restored, and is damaged: it is mended to what it says, and the newer version is named."""
    shutil.copytree(home, tmp_path / "newer")
    worked(tmp_path / "newer", third_version)
    list(replicate(Archive(tmp_path / "newer/archive", tmp_path / "newer/staging"), place))
    wanted = kept(home / "archive")
    flip(folder_of(home, 2) / "v1/content/original/scan.tif")
    done = mend(home, place)
    assert done.left == ["replica-newer"]
    assert kept(home / "archive") == wanted


def test_without_an_inventory_of_its_own_an_object_becomes_what_the_copy_says(
    home: Path, place: LocalFolder, tmp_path: Path
) -> None:
    shutil.copytree(home, tmp_path / "newer")
    worked(tmp_path / "newer", third_version)
    list(replicate(Archive(tmp_path / "newer/archive", tmp_path / "newer/staging"), place))
    for inventory in folder_of(home, 2).rglob("inventory.json"):
        flip(inventory)
    assert mend(home, place).left == []
    assert kept(home / "archive") == kept(tmp_path / "newer/archive")
    assert dump(home / "catalogue.db") == dump(tmp_path / "newer/catalogue.db")


def test_what_is_damaged_in_the_copy_is_named_and_not_used(home: Path, place: LocalFolder) -> None:
    folder = folder_of(home, 1)
    key = folder.relative_to(home / "archive")
    scan, text = "v1/content/original/scan.tif", "v1/content/access/text.pdf"
    flip(place.root / key / scan)
    flip(folder / scan, 12)
    (folder / text).unlink()
    damaged = (folder / scan).read_bytes()
    (done,) = [one for one in mend(home, place).told if one.faults]
    assert [(one.code, one.where) for one in done.left if "mend" in one.code or "replica" in one.code] == [
        ("replica-damaged", str(place.root / key / scan)),
        ("not-mended", str(folder / scan)),
    ]
    assert (folder / scan).read_bytes() == damaged
    assert done.put_back == (text,)


def test_content_is_taken_from_wherever_it_lies_in_the_copy(home: Path, place: LocalFolder, pristine: Path) -> None:
    """The root inventory of the copy is gone; a file there is a link: both are got over, or named."""
    folder = folder_of(home, 2)
    key = folder.relative_to(home / "archive")
    (place.root / key / "inventory.json").unlink()
    flip(folder / "v1/content/original/scan.tif")
    assert mend(home, place).left == []
    flip(folder / "v1/content/original/scan.tif")
    scan = place.root / key / "v1/content/original/scan.tif"
    scan.rename(place.root / "aside")
    scan.symlink_to(place.root / "aside")
    assert "not-mended" in mend(home, place).left


def test_an_empty_place_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no second copy"):
        mend(home, LocalFolder(tmp_path / "typo"))


# --- lost objects, and what the catalogue knows ------------------------------------------------


def test_a_lost_object_that_the_catalogue_forgot_comes_back_when_it_is_asked_for(
    home: Path, copied: LocalFolder, pristine: Path
) -> None:
    folder = folder_of(home, 2)
    shutil.rmtree(folder.parents[1])
    Library.open_unverified(home, publishing()).rebuild_catalogue()
    before = kept(home / "archive")
    assert mend(home, copied).left == ["replica-only"]
    assert kept(home / "archive") == before
    done = mend(home, copied, missing=True)
    assert (done.left, done.put_back, done.afterwards) == ([], ["."], Afterwards(catalogued=1))
    assert kept(home / "archive") == kept(pristine / "archive")
    assert dump(home / "catalogue.db") == dump(pristine / "catalogue.db")


def test_one_object_comes_back_by_its_name(home: Path, copied: LocalFolder) -> None:
    for number in (1, 2):
        shutil.rmtree(folder_of(home, number).parents[1])
    mend(home, copied, objects=(item_object(book(1)[0].id),))
    assert folder_of(home, 1).is_dir()
    assert not folder_of(home, 2).exists()


def test_without_a_catalogue_everything_comes_back_and_a_rebuild_is_asked_for(
    home: Path, copied: LocalFolder, pristine: Path
) -> None:
    shutil.rmtree(folder_of(home, 2).parents[1])
    for path in home.glob("catalogue.db*"):
        path.unlink()
    done = mend(home, copied)
    assert (done.left, done.afterwards) == ([], Afterwards(rebuild=True))
    assert kept(home / "archive") == kept(pristine / "archive")
    Library.open_unverified(home, publishing()).rebuild_catalogue()
    assert dump(home / "catalogue.db") == dump(pristine / "catalogue.db")


def test_a_catalogue_that_knows_more_than_the_copy_is_to_be_rebuilt(home: Path, copied: LocalFolder) -> None:
    worked(home, third_version)
    shutil.rmtree(folder_of(home, 2))
    assert mend(home, copied).afterwards == Afterwards(rebuild=True)


def test_a_lost_accession_does_not_turn_its_items_back(home: Path, copied: LocalFolder, pristine: Path) -> None:
    archive = Archive(home / "archive", home / "staging")
    shutil.rmtree(archive.folder(accession_object("a-first")))
    assert mend(home, copied).afterwards == Afterwards()
    assert kept(home / "archive") == kept(pristine / "archive")
    assert dump(home / "catalogue.db") == dump(pristine / "catalogue.db")


def test_an_accession_that_comes_back_as_it_was_before_its_undoing_is_to_be_rebuilt(
    home: Path, copied: LocalFolder
) -> None:
    library = Library.open(home, publishing())
    with library.writer() as writer:
        undo(library, writer, "a-first")
    library.catalogue.close()
    archive = Archive(home / "archive", home / "staging")
    shutil.rmtree(archive.folder(accession_object("a-first")))
    assert mend(home, copied).afterwards.rebuild


# --- plan, log, lock, kills -------------------------------------------------------------------


def without_sqlite(home: Path) -> dict[str, bytes]:
    """Return all that lies in a home but for what SQLite leaves beside a catalogue that was read."""
    return {path: data for path, data in tree(home).items() if not path.startswith("catalogue.db-")}


@pytest.mark.parametrize("seed", [100, 101, 102])
def test_a_plan_writes_nothing_and_says_what_will_be_done(
    home: Path, copied: LocalFolder, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(home / "archive", seed, count=4)
    (folder_of(home, 1) / "v1/content/original/scan.tif").unlink()
    before = without_sqlite(home)
    monkeypatch.chdir(home)
    planned = mend(home, copied, plan=True)
    assert without_sqlite(home) == before
    done = mend(home, copied)
    for plan, real in ((planned.put_back, done.put_back), (planned.moved_out, done.moved_out)):
        assert sorted(plan) == sorted(real)


def test_what_was_done_stands_in_the_log_of_the_object(home: Path, copied: LocalFolder) -> None:
    folder = folder_of(home, 1)
    for _ in range(2):
        flip(folder / "v1/content/original/scan.tif")
        (folder / "stray").write_bytes(b"?")
        mend(home, copied)
    events = list(read_events((folder / "logs" / "repairs.jsonl").read_bytes()))
    assert [(one.type, one.outcome, one.agent, one.files) for one in events] == [
        ("repair", "success", "Canoe 9.9", ("original/scan.tif",))
    ] * 2
    assert events[0].detail == (
        f"put back from {copied.root}: v1/content/original/scan.tif; moved out of the archive: stray"
    )
    assert is_sound(home)


def test_a_home_that_is_being_written_to_is_refused(home: Path, copied: LocalFolder) -> None:
    with writer_lock(home), pytest.raises(HomeHeld):
        mend(home, copied)


def test_what_a_killed_writer_left_is_finished_not_moved_out(
    home: Path, copied: LocalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its version is in place and the root's inventory not yet; another object is damaged meanwhile."""

    class Killed(BaseException):
        pass

    def die(source: Path, target: Path) -> None:
        raise Killed

    library = Library.open(home, publishing())
    with library.writer() as writer, monkeypatch.context() as patched:
        patched.setattr(Path, "replace", die)
        with pytest.raises(Killed):
            writer.withdraw(book(1)[0], "a test")
    library.catalogue.close()
    assert list((home / "staging").iterdir())
    flip(folder_of(home, 2) / "v1/content/original/scan.tif")
    done = mend(home, copied)
    assert (done.left, done.moved_out) == ([], [])
    assert not list((home / "staging").iterdir())
    assert is_sound(home)
    assert Library.open(home, publishing()).item(book(1)[0].id).status == "withdrawn"


def test_killed_at_any_step_it_is_no_worse_and_the_next_run_mends_the_rest(
    home: Path, copied: LocalFolder, pristine: Path, folder: Path
) -> None:
    spoil(home / "archive", 101, count=4)
    shutil.rmtree(folder_of(home, 4))
    damaged = faults_in(home)
    killed = folder / "killed"
    for step in steps(9):
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(home, killed, symlinks=True)
        if not killed_before(step, lambda: mend(killed, copied)):
            break
        assert faults_in(killed) <= damaged, f"killed before step {step}"
        assert mend(killed, copied).left == [], f"after a kill before step {step}"
        assert kept(killed / "archive") == kept(pristine / "archive"), f"after a kill before step {step}"
    assert step > 40


def faults_in(home: Path) -> int:
    """Return the number of files of the pristine library that are not as they were, or too many, in a copy."""
    library = open_for_repair(home, publishing())
    found = len(faults(library)) + sum(not library.archive.exists(one) for one in library.object_ids())
    library.catalogue.close()
    return found


def test_an_exception_in_the_midst_leaves_no_trace_in_staging(
    home: Path, copied: LocalFolder, pristine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(home / "archive", 105, count=5)
    with monkeypatch.context() as patched:
        patched.setattr(Mending, "_is_right", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mend(home, copied)
    assert not list((home / "staging").iterdir())
    assert mend(home, copied).left == []
    assert kept(home / "archive") == kept(pristine / "archive")


def interrupted(*_: object) -> bool:
    time.sleep(0.01)
    raise KeyboardInterrupt


def test_items_that_are_records_are_mended_with_their_accession(home: Path, copied: LocalFolder) -> None:
    worked(home, lambda writer: put_records(writer, (60,), "a-third"))
    archive = Archive(home / "archive", home / "staging")
    flip(archive.folder(accession_object("a-third")) / "v1/content/records.jsonl")
    assert "not-mended" in mend(home, copied).left, "the second copy does not have it yet"
    library = Library.open(home, publishing())
    assert library.item(bare_item(60).id).id == bare_item(60).id
