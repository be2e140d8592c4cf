"""The OCFL store: what it writes is OCFL by another implementation, and is written in the right order."""

import errno
import os
import re
from pathlib import Path

import pytest
from archive_library import filled, oracle, sha512, tree

from archive.check import check_archive
from archive.inventory import Version
from archive.ocfl import Archive, Content
from metadata.errors import DamageFound, HomeMissing, NotFound, SourceChanged, StorageError

CREATED = "2026-11-22T15:04:05.000001Z"
FIRST = Version(CREATED, "first", {})


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive", tmp_path / "staging")


def put(archive: Archive, content: dict[str, Content], object_id: str = "urn:x:1") -> None:
    archive.put(object_id, content, FIRST).done()


def assert_sound(archive: Archive) -> None:
    assert oracle(archive.root) == []
    assert [faults for _, faults in check_archive(archive) if faults] == []
    assert not list(archive.staging.iterdir())


def test_an_empty_root_is_valid(archive: Archive) -> None:
    assert_sound(archive)
    assert list(archive.folders()) == []


def test_create_again_changes_nothing(archive: Archive) -> None:
    put(archive, {"a": b"1"})
    before = tree(archive.root)
    Archive.create(archive.root, archive.staging)
    assert tree(archive.root) == before


def test_a_folder_without_declaration_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(HomeMissing, match="not an OCFL"):
        Archive(tmp_path, tmp_path)


def test_versions_are_valid_and_forward_delta(archive: Archive) -> None:
    put(archive, {"a.txt": b"one", "sub/b.txt": b"two"})
    before = tree(archive.folder("urn:x:1") / "v1")
    put(archive, {"a.txt": b"three"})
    put(archive, {"a.txt": b"one"})
    assert_sound(archive)
    folder = archive.folder("urn:x:1")
    assert tree(folder / "v1") == before
    assert [path.name for path in sorted(folder.glob("v*/content/**/*")) if path.is_file()] == [
        "a.txt",
        "b.txt",
        "a.txt",
    ]
    assert not (folder / "v3" / "content").exists()
    inventory = archive.inventory("urn:x:1")
    assert inventory.head == "v3"
    assert archive.path("urn:x:1", "a.txt").read_bytes() == b"one"
    assert archive.path("urn:x:1", "sub/b.txt") == folder / "v1/content/sub/b.txt"
    assert inventory.versions[1].state["a.txt"] == sha512(b"three")


def test_one_content_under_two_paths_is_stored_once(archive: Archive, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"same")
    put(archive, {"a": source, "b/c": b"same", "d": b"same"})
    assert_sound(archive)
    assert len([p for p in archive.folder("urn:x:1").glob("v1/content/**/*") if p.is_file()]) == 1
    assert {archive.path("urn:x:1", path).read_bytes() for path in ("a", "b/c", "d")} == {b"same"}
    assert source.read_bytes() == b"same"


@pytest.mark.parametrize(
    "logical",
    [
        "tab\there",
        "new\nline.txt",
        "bell\x07/\x7f.txt",
        "n" * 300,
        "é" * 150 + "/deep",
        "/".join(["deep"] * 300),
        "re\u0301sume\u0301.txt",
        "résumé.txt",
        "مخطوطة.pdf",
        "a b/ c .txt",
        "-rf",
        "~$lock.docx",
        'quo"te\\back',
        ".hidden",
        "...",
        "con:aux?*",
        "\u202egnp.exe",
        "v1/content/inventory.json",
        "0=ocfl_object_1.1",
        "\U0001f6f6.txt",
    ],
)
def test_odd_names_are_kept_and_valid(archive: Archive, logical: str) -> None:
    put(archive, {logical: b"odd", "plain": b"plain"})
    put(archive, {logical: b"odder"})
    assert_sound(archive)
    assert archive.path("urn:x:1", logical).read_bytes() == b"odder"
    assert set(archive.inventory("urn:x:1").state) == {logical, "plain"}
    names = [name for path in archive.root.rglob("*") for name in path.parts]
    assert all(len(name.encode()) <= 255 and name.isprintable() for name in names)


def test_composed_and_decomposed_names_are_two(archive: Archive) -> None:
    put(archive, {"e\u0301": b"decomposed", "é": b"composed"})
    assert_sound(archive)
    assert archive.path("urn:x:1", "é").read_bytes() == b"composed"
    assert archive.path("urn:x:1", "e\u0301").read_bytes() == b"decomposed"


@pytest.mark.parametrize("logical", ["../out", "/etc/passwd", "a/../b", "a//b", "a/", ".", "", "a/./b", "\udce9.txt"])
def test_what_ocfl_forbids_is_refused_and_leaves_nothing(archive: Archive, logical: str) -> None:
    before = tree(archive.root)
    with pytest.raises(ValueError, match=r"logical path|surrogates"):
        put(archive, {"good": b"1", logical: b"2"})
    assert tree(archive.root) == before
    assert not list(archive.staging.iterdir())


def test_a_path_below_another_is_refused_in_any_version(archive: Archive) -> None:
    put(archive, {"a": b"1"})
    with pytest.raises(ValueError, match="lies below another"):
        put(archive, {"a/b": b"2"})
    assert_sound(archive)


def test_a_file_that_changed_leaves_nothing_behind(archive: Archive, tmp_path: Path) -> None:
    source = tmp_path / "scan.tif"
    source.write_bytes(b"now this")
    put(archive, {"a": b"1"})
    before = tree(archive.root)
    wanted = Version(CREATED, "", {"original/scan.tif": sha512(b"then that")})
    for object_id in ("urn:x:1", "urn:x:2"):
        with pytest.raises(SourceChanged, match=r"scan\.tif changed"):
            archive.put(object_id, {"b": b"2", "original/scan.tif": source}, wanted)
    source.unlink()
    with pytest.raises(SourceChanged, match="no longer there"):
        archive.put("urn:x:2", {"original/scan.tif": source}, wanted)
    assert tree(archive.root) == before
    assert_sound(archive)


def test_a_failing_rename_leaves_nothing_behind(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    put(archive, {"a": b"1"})
    before = tree(archive.root)

    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "no", str(target))

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        for object_id in ("urn:x:1", "urn:x:2"):
            with pytest.raises(StorageError, match="No space left"):
                put(archive, {"a": b"2"}, object_id)
    assert tree(archive.root) == before
    assert_sound(archive)


def test_holds_compares_content(archive: Archive) -> None:
    put(archive, {"a": b"1", "b": b"2"})
    assert archive.holds("urn:x:1", {"a": b"1"})
    assert not archive.holds("urn:x:1", {"a": b"2"})
    assert not archive.holds("urn:x:1", {"c": b"1"})
    assert not archive.holds("urn:x:2", {})


def test_what_is_not_there_is_not_found(archive: Archive) -> None:
    put(archive, {"a": b"1"})
    for object_id, path in (("urn:x:2", "a"), ("urn:x:1", "b"), ("urn:x:1", "../a")):
        with pytest.raises(NotFound):
            archive.path(object_id, path)


def test_a_damaged_object_takes_no_version(archive: Archive) -> None:
    put(archive, {"a": b"1"})
    folder = archive.folder("urn:x:1")
    (folder / "v2").mkdir()
    with pytest.raises(DamageFound, match="does not know"):
        put(archive, {"a": b"2"})
    (folder / "v2").rmdir()
    (folder / "inventory.json").unlink()
    before = tree(archive.root)
    with pytest.raises(DamageFound, match=r"inventory\.json is not there"):
        put(archive, {"a": b"2"})
    with pytest.raises(DamageFound):
        list(archive.inventories())
    assert tree(archive.root) == before
    assert not list(archive.staging.iterdir())


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"head": "v1", "id": "x", "manifest": {}, "versions": {"v1": 1}}'],
)
def test_an_unreadable_inventory_is_named(archive: Archive, text: bytes) -> None:
    put(archive, {"a": b"1"})
    path = archive.folder("urn:x:1") / "inventory.json"
    path.write_bytes(text)
    with pytest.raises(DamageFound, match=re.escape(str(path))):
        archive.inventory("urn:x:1")


@pytest.mark.parametrize(
    ("object_id", "path"),
    [
        ("object-01", "3c0/ff4/object-01"),
        ("..hor/rib:le-$id", "487/326/%2e%2ehor%2frib%3ale-%24id"),
        (
            "abcdefghij" * 10 + "a",
            f"5cc/73e/{'abcdefghij' * 10}-5cc73e648fbcff136510e330871180922ddacf193b68fdeff855683a01464220",
        ),
    ],
)
def test_the_layout_is_that_of_extension_0003(archive: Archive, object_id: str, path: str) -> None:
    """The extension's own examples, with two tuples where those have three."""
    assert archive.folder(object_id) == archive.root / path


@pytest.mark.parametrize("object_id", ["..hor/rib:le-$id", "é" * 40, "a b\n", "x" * 100, "x" * 101, "/" * 200])
def test_any_object_id_lies_where_the_oracle_looks(archive: Archive, object_id: str) -> None:
    put(archive, {"a": b"1"}, object_id)
    said = oracle(archive.root)
    assert all("W005" in message for message in said), said  # ids should be URIs; ours are
    assert [inventory.object_id for inventory in archive.inventories()] == [object_id]


def test_a_library_is_valid_by_the_oracle(tmp_path: Path) -> None:
    library = filled(tmp_path / "home")
    assert len(list(library.archive.folders())) == 8
    assert_sound(library.archive)


def test_a_reader_follows_a_file_through_new_versions(archive: Archive) -> None:
    put(archive, {"a": b"1"})
    path = archive.path("urn:x:1", "a")
    with path.open("rb") as stream:
        put(archive, {"a": b"2"})
        assert stream.read() == b"1"
    assert path.read_bytes() == b"1"
