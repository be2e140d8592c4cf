"""Full disks, read-only disks and limits: the path is named, the hint says what to do, nothing is half written."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archive_library import book, dump, faults, publishing, sha512, tree

from archive.durable import copy_file, make_folders, remove_tree, replace_file, sha512_of, storage, write_file
from archive.inventory import Version
from archive.library import Library
from metadata.errors import StorageError


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Lend a file system of its own, of ``size``; skip where none may be mounted."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_files_are_written_whole(tmp_path: Path) -> None:
    make_folders(tmp_path / "a" / "b")
    make_folders(tmp_path / "a" / "b")
    write_file(tmp_path / "a" / "b" / "one", b"1")
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "a" / "b" / "one", b"2")
    data = os.urandom(3 << 20)
    write_file(tmp_path / "big", data)
    assert copy_file(tmp_path / "big", tmp_path / "copy") == sha512(data) == sha512_of(tmp_path / "copy")
    with pytest.raises(FileExistsError):
        copy_file(tmp_path / "big", tmp_path / "copy")
    remove_tree(tmp_path / "a")
    remove_tree(tmp_path / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big", "copy"]


def test_replace_file_leaves_old_or_new(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"1")
    (tmp_path / ".a.new").write_bytes(b"left by a kill")
    replace_file(tmp_path / "a", b"2")
    assert tree(tmp_path) == {"a": b"2"}


@pytest.mark.parametrize(
    ("number", "sign"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "file-size limit"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission"),
        (errno.EPERM, "permission"),
    ],
)
def test_faults_of_the_disk_name_the_path_and_say_what_to_do(number: int, sign: str) -> None:
    with pytest.raises(StorageError) as raised, storage(Path("/home/of/it")):
        raise OSError(number, os.strerror(number), "/a/file")
    assert raised.value.message.startswith("/a/file: ")
    assert sign in raised.value.hint


def test_a_full_disk_that_names_no_file_is_named_by_the_home() -> None:
    with pytest.raises(StorageError, match="/home/of/it"), storage(Path("/home/of/it")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_other_faults_pass() -> None:
    with pytest.raises(IsADirectoryError), storage(Path("/")):
        raise OSError(errno.EISDIR, "no")


def test_a_full_disk_at_any_moment(tmp_path: Path) -> None:
    """Less and less space is left: each time the write is refused by name, or done; then the same again works."""
    reached = set()
    with small_disk(tmp_path / "disk", "1m") as disk:
        library = Library.create(disk / "home", publishing())
        for number, free in enumerate([*range(0, 100, 4), *range(100, 300, 20)], 1):
            filler, before = disk / "filler", tree(library.archive.root)
            room = os.statvfs(disk).f_bavail * 4096
            filler.write_bytes(b"\0" * max(0, room - free * 1024))
            reached.add(refused := put_or_refused(library, number))
            assert library.catalogue.counts()[0] >= 0  # readers go on
            filler.unlink()
            with library.writer():
                assert faults(library) == []
            whole = library.catalogue.item(book(number)[0].id) is not None
            assert whole == (tree(library.archive.root) != before)
            assert whole or refused
            remove_tree(disk / "home")
            library.catalogue.close()
            library = Library.create(disk / "home", publishing())
        library.catalogue.close()
    assert {"archive", "catalogue", ""} <= reached <= {"archive", "catalogue", "staging", "writer", ""}


def put_or_refused(library: Library, number: int) -> str:
    """Archive and catalogue a book; return what part of the home had no space for it, ``""`` when all had."""
    try:
        with library.writer() as writer:
            writer.put_item(*book(number), "Ingested")
    except StorageError as fault:
        message, hint = str(fault).split("\n")
        return (
            re.split("[.:/]", message.removeprefix(f"{library.home}/"))[0] if "space" in hint else f"no hint: {fault}"
        )
    return ""


def test_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        library = Library.create(disk / "home", publishing())
        with library.writer() as writer:
            writer.put_item(*book(1), "Ingested")
        library.catalogue.close()
        before = tree(library.archive.root)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        try:
            with pytest.raises(StorageError, match=r"writer\.lock: Read-only") as raised, library.writer():
                pass
            assert "mount it for writing" in raised.value.hint
            with pytest.raises(StorageError, match=r"staging.*: Read-only"):
                library.archive.put("urn:x:1", {"a": b"1"}, Version("2026-11-22T15:04:05Z", "", {}))
            assert faults(library) == []
            assert tree(library.archive.root) == before
            assert library.catalogue.counts() == (1, 0, 3)
        finally:
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        with library.writer() as writer:
            assert writer.put_item(*book(2), "Ingested")
        library.catalogue.close()


_LIMITED = """
import resource, sys
from pathlib import Path
from archive_library import book, publishing
from archive.library import Library
from metadata.errors import StorageError
library = Library.open(Path(sys.argv[1]), publishing())
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with library.writer() as writer:
        writer.put_item(*book(1), "Ingested")
except StorageError as fault:
    print(fault)
"""


@pytest.mark.parametrize("limit", [0, 20, 500, 3000])
def test_a_limit_on_the_size_of_files(tmp_path: Path, limit: int) -> None:
    library = Library.create(tmp_path / "home", publishing())
    before = tree(library.archive.root), dump(library.catalogue.path)
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    ran = subprocess.run(
        [sys.executable, "-c", _LIMITED, library.home, str(limit)],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    message, hint = ran.stdout.strip().split("\n")
    assert message.startswith(str(library.home))
    assert "limit" in hint or "Free space" in hint
    healed = tree(library.archive.root) != before[0]  # the archive had it, and the next writer catalogues it
    with library.writer() as writer:
        assert (dump(library.catalogue.path) == before[1]) == (not healed)
        assert writer.put_item(*book(1), "Ingested") == (not healed)
    assert faults(library) == []


def test_a_refusal_that_names_no_file_is_not_laid_to_the_disk() -> None:
    with pytest.raises(PermissionError), storage(Path("/home/of/it")):
        raise PermissionError(errno.EACCES, "Permission denied")
