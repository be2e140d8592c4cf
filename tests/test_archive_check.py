"""Every damage is named with its path; what is sound is left in peace; others' objects are judged as OCFL says."""

import errno
import os
import random
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from archive_library import book, dump, faults, publishing, sha512
from thoroughness import usually

from archive.check import check_archive, check_object, check_settled
from archive.library import Library
from archive.ocfl import Archive
from archive.replay import accession_object, item_object
from metadata.errors import StorageError
from metadata.problems import Problem, problem

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "preservation" / "ocfl-fixtures" / "1.1"


@pytest.fixture
def library(pristine: Path, tmp_path: Path) -> Library:
    shutil.copytree(pristine, tmp_path / "home")
    return Library.open(tmp_path / "home", publishing())


@dataclass(frozen=True)
class Place:
    """A book of two versions in a library, and the paths damage is done to."""

    library: Library

    @property
    def folder(self) -> Path:
        return self.library.archive.folder(item_object(book(2)[0].id))

    @property
    def scan(self) -> Path:
        return self.folder / "v1/content/original/scan.tif"

    @property
    def access(self) -> Path:
        return self.folder / "v1/content/access/text.pdf"


def test_a_sound_library_has_no_fault(library: Library) -> None:
    checked = list(check_archive(library.archive))
    assert [found for _, found in checked if found] == []
    assert len(checked) == 1 + 8
    assert checked[-1][0] == library.archive.root


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def remove_tree(path: Path) -> Path:
    shutil.rmtree(path)
    return path


def link(at: Place, path: Path) -> Path:
    """Put a symbolic link to a true copy in place of a file or folder."""
    aside = at.library.home / "aside"
    path.rename(aside)
    path.symlink_to(aside)
    return path


def write(path: Path, data: bytes = b"stray") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def made(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def cut(path: Path, end: int | None = None) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 if end is None else end])
    return path


def unlinked(path: Path) -> Path:
    path.unlink()
    return path


def flipped(path: Path) -> Path:
    flip(path, 11)
    return path


def fifo(path: Path) -> Path:
    path.unlink()
    os.mkfifo(path)
    return path


def swapped(one: Path, other: Path) -> Path:
    swap(one, other)
    return one


def moved(path: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    return target


Damage = Callable[[Place], Path]
DAMAGES: dict[str, Damage] = {
    "content flipped": lambda at: flipped(at.scan),
    "content of an old version flipped": lambda at: flipped(at.folder / "v1/content/item.json"),
    "content cut": lambda at: cut(at.scan),
    "content emptied": lambda at: write(at.scan, b""),
    "content longer": lambda at: write(at.scan, at.scan.read_bytes() + b"\0"),
    "content removed": lambda at: unlinked(at.scan),
    "content a fifo": lambda at: fifo(at.scan),
    "content a folder": lambda at: made(unlinked(at.scan)),
    "contents swapped": lambda at: swapped(at.scan, at.access),
    "content a link": lambda at: link(at, at.scan),
    "content folder a link": lambda at: link(at, at.scan.parent),
    "content folder removed": lambda at: remove_tree(at.scan.parent) / at.scan.name,
    "content renamed": lambda at: moved(at.scan, at.scan.with_name("other.tif")),
    "content in upper case": lambda at: moved(at.scan, at.scan.with_name("SCAN.TIF")),
    "inventory flipped": lambda at: flipped(at.folder / "inventory.json"),
    "inventory cut": lambda at: cut(at.folder / "inventory.json"),
    "inventory emptied": lambda at: write(at.folder / "inventory.json", b""),
    "inventory removed": lambda at: unlinked(at.folder / "inventory.json"),
    "inventory a link": lambda at: link(at, at.folder / "inventory.json"),
    "inventory nested without end": lambda at: write(at.folder / "inventory.json", b"[" * 200_000),
    "inventory of another shape": lambda at: write(
        at.folder / "inventory.json", b'{"versions": {"v1": {"state": [1]}}}'
    ),
    "old inventory flipped": lambda at: flipped(at.folder / "v1/inventory.json"),
    "old inventory removed": lambda at: unlinked(at.folder / "v1/inventory.json"),
    "old inventory without its sidecar": lambda at: unlinked(at.folder / "v1/inventory.json.sha512"),
    "sidecar cut": lambda at: cut(at.folder / "inventory.json.sha512"),
    "sidecar cut by a byte": lambda at: cut(at.folder / "v1/inventory.json.sha512", -1),
    "sidecar removed": lambda at: unlinked(at.folder / "inventory.json.sha512"),
    "sidecar of the newest version removed": lambda at: unlinked(at.folder / "v2/inventory.json.sha512"),
    "declaration removed": lambda at: unlinked(at.folder / "0=ocfl_object_1.1"),
    "declaration emptied": lambda at: write(at.folder / "0=ocfl_object_1.1", b""),
    "declaration of another version": lambda at: moved(
        at.folder / "0=ocfl_object_1.1", at.folder / "0=ocfl_object_2.0"
    ),
    "two declarations": lambda at: write(at.folder / "0=ocfl_object_1.0", b"ocfl_object_1.0\n"),
    "stray file in content": lambda at: write(at.folder / "v1/content/original/stray"),
    "stray file in version": lambda at: write(at.folder / "v1/stray"),
    "stray file in object": lambda at: write(at.folder / "stray"),
    "stray file in tuple": lambda at: write(at.folder.parent / "stray"),
    "stray name that is not text": lambda at: write(at.folder / os.fsdecode(b"stray\xe9")),
    "stray folder in content": lambda at: made(at.folder / "v1/content/original/stray"),
    "stray folder in version": lambda at: made(at.folder / "v1/stray"),
    "stray folder in object": lambda at: made(at.folder / "stray"),
    "stray version": lambda at: made(at.folder / "v3"),
    "stray folder in root": lambda at: made(at.library.archive.root / "stray"),
    "stray folder in tuple": lambda at: made(at.folder.parent / "stray"),
    "version removed": lambda at: remove_tree(at.folder / "v1"),
    "newest version removed": lambda at: remove_tree(at.folder / "v2"),
    "version a link": lambda at: link(at, at.folder / "v1"),
    "object a link": lambda at: link(at, at.folder),
    "object emptied": lambda at: made(remove_tree(at.folder)),
    "object moved to another tuple": lambda at: moved(at.folder, at.library.archive.root / "000/111" / at.folder.name),
    "object moved up": lambda at: moved(at.folder, at.library.archive.root / at.folder.name),
    "object moved down": lambda at: moved(at.folder, at.folder.parent / "more" / at.folder.name).parent,
    "object renamed": lambda at: moved(at.folder, at.folder.with_name("other")),
    "root declaration removed": lambda at: unlinked(at.library.archive.root / "0=ocfl_1.1"),
    "layout flipped": lambda at: flipped(at.library.archive.root / "ocfl_layout.json"),
    "layout of another kind": lambda at: write(at.library.archive.root / "ocfl_layout.json", b"{}"),
    "layout settings removed": lambda at: unlinked(
        at.library.archive.root / "extensions/0003-hash-and-id-n-tuple-storage-layout/config.json"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_named_with_its_path(library: Library, damage: str) -> None:
    place = Place(library)
    path = DAMAGES[damage](place)
    found = faults(library)
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    assert any(fault.where.startswith(shown) for fault in found), found
    assert all(fault.message() for fault in found)
    elsewhere = [
        fault for fault in found if not set(Path(fault.where).parents) & {place.folder.parent.parent, path, path.parent}
    ]
    assert [fault.where for fault in elsewhere if fault.where != shown] == []


def test_a_removed_object_is_known_to_the_catalogue(library: Library) -> None:
    """With its whole branch gone nothing in the archive tells: the catalogue does."""
    folder = Place(library).folder
    shutil.rmtree(folder.parent.parent)
    missing = [name for name in library.object_ids() if not library.archive.exists(name)]
    assert missing == [item_object(book(2)[0].id)]


def test_the_library_knows_the_objects_of_accessions_too(library: Library) -> None:
    known = set(library.object_ids())
    assert {accession_object("a-first"), accession_object("a-second")} <= known
    assert known == {inventory.object_id for inventory in library.archive.inventories()}


def test_any_flipped_bit_is_found(library: Library) -> None:
    """Bits anywhere: content, inventories, sidecars, declarations, the layout."""
    dice = random.Random(6)  # noqa: S311
    files = [path for path in sorted(library.archive.root.rglob("*")) if path.is_file()]
    for _ in range(150):
        path = dice.choice(files)
        bit = dice.randrange(path.stat().st_size * 8)
        flip(path, bit)
        found = faults(library)
        named = {path, *path.parents[:2]} if path.parent != library.archive.root else {path}
        assert any(Path(fault.where).parent in named or Path(fault.where) in named for fault in found), (
            path,
            bit,
            found,
        )
        flip(path, bit)
    assert faults(library) == []


def test_every_bit_of_a_sidecar_and_a_declaration_counts(library: Library) -> None:
    folder = Place(library).folder
    for name in ("inventory.json.sha512", "0=ocfl_object_1.1"):
        for bit in range(0, (folder / name).stat().st_size * 8, usually(7, thoroughly=1)):
            flip(folder / name, bit)
            assert check_object(folder, library.archive), (name, bit)
            flip(folder / name, bit)


def test_several_faults_are_all_named(library: Library) -> None:
    place = Place(library)
    flip(place.scan, 0)
    place.access.unlink()
    write(place.folder / "stray")
    (place.folder / "0=ocfl_object_1.1").unlink()
    codes = sorted(dict(fault.params)["code"] for fault in check_object(place.folder, library.archive))
    assert codes == ["E001", "E003", "E024", "E092", "E092"]


def test_two_writes_in_turn_are_no_fault(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look meets a write that is over when it is asked whether one is on its way."""
    folder = Place(library).folder
    seen = [[problem("version-lost", f"v{number}", code="E046")] for number in (1, 2, 3)]
    looks = iter([*seen, []])
    monkeypatch.setattr("archive.check.check_object", lambda *_: next(looks))
    assert check_settled(folder, library.archive) == []


def test_an_unreadable_file_is_named(library: Library) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    place = Place(library)
    place.scan.chmod(0)
    assert [fault.code for fault in check_object(place.folder)] == ["file-unreadable"]


def test_a_manifest_that_leads_outside_is_not_followed(library: Library, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", b"not to be read")
    folder = Place(library).folder
    text = (folder / "inventory.json").read_text()
    hostile = text.replace("v1/content/original/scan.tif", f"../../../../{secret.name}").encode()
    for inside in (folder, folder / "v2"):
        (inside / "inventory.json").write_bytes(hostile)
        (inside / "inventory.json.sha512").write_text(f"{sha512(hostile)}  inventory.json\n")
    found = check_object(folder, library.archive)
    assert "E099" in {dict(fault.params).get("code") for fault in found}
    assert str(folder / "../../../../secret") in {fault.where for fault in found}


def test_what_a_writer_has_half_moved_is_looked_at_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that comes between the version's rename and the root inventory's waits, and finds no fault."""
    checks: list[Future[list[Problem]]] = []
    replace = os.replace

    def slow(source: Path, target: Path) -> None:
        checks.append(pool.submit(faults, library))
        time.sleep(0.2)
        replace(source, target)

    with ThreadPoolExecutor() as pool, library.writer() as writer:
        monkeypatch.setattr(os, "replace", slow)
        writer.withdraw(book(1)[0], "a test")
    assert len(checks) >= 2
    assert [found for check in checks if (found := check.result())] == []


def test_what_a_killed_writer_left_is_named_in_the_end(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "no", str(target))

    folder = library.archive.folder(item_object(book(1)[0].id))
    with monkeypatch.context() as patched, library.writer() as writer:
        patched.setattr(os, "replace", die)
        with pytest.raises(StorageError):
            writer.withdraw(book(1)[0], "a test")
    assert [fault.where for fault in faults(library)] == [str(folder / "v2")]
    with library.writer():
        assert faults(library) == []
    assert library.item(book(1)[0].id).status == "withdrawn"


def test_checking_writes_nothing(library: Library) -> None:
    before = dump(library.catalogue.path)
    stamps = {path: path.stat().st_mtime_ns for path in library.archive.root.rglob("*")}
    faults(library)
    assert {path: path.stat().st_mtime_ns for path in library.archive.root.rglob("*")} == stamps
    assert dump(library.catalogue.path) == before


@pytest.mark.shared
@pytest.mark.parametrize(("kind", "count"), [("good", 12), ("warn", 13), ("bad", 55)])
def test_the_official_fixtures_are_judged_right(kind: str, count: int) -> None:
    """All of them; and each bad one for (one of) the reasons that its folder names."""
    folders = sorted((SHARED / f"{kind}-objects").iterdir())
    assert len(folders) == count
    for folder in folders:
        found = check_object(folder)
        assert bool(found) == (kind == "bad"), (folder.name, found)
        if found:
            expected = {part for part in folder.name.split("_") if part[1:].isdigit()}
            assert expected & {dict(fault.params).get("code") for fault in found}, (folder.name, found)


def test_an_archive_with_nothing_in_it_is_sound(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive", tmp_path / "staging")
    assert list(check_archive(archive)) == [(archive.root, [])]
