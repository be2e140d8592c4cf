"""The folder of a Whoosh index: which version it is, whether it is whole, who writes to it.

``index/whoosh-<version>/``, beside Tantivy's. Whoosh keeps no digests: they are written after
each commit, of the files it consists of. A kill before that leaves those of an older commit,
and nothing is claimed of the new one.
"""

import fcntl
import pickle
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from archive.durable import make_folders, remove_tree, replace_file, storage
from archive.sums import sealed, sum_of, unsealed
from metadata.errors import HomeHeld, Outdated
from search.whoosh_library import FileStorage, index
from search.whoosh_schema import schema, version

_LOCK = ".canoe-writer.lock"
_SUMS = "sums.json"
_TOC = re.compile(r"_MAIN_(\d+)\.toc")
_FILE = re.compile(r"MAIN_[0-9a-z]+\.\w+|_MAIN_\d+\.toc")
_FOLDER = re.compile(r"whoosh-[0-9a-f]{16}")
_ATTEMPTS = 5
_HINT = "Run canoe rebuild --index: the index is made again from the archive."
_DAMAGE = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, TypeError, ValueError,
    index.IndexError, index.LockError, pickle.UnpicklingError, struct.error, zlib.error,
)  # fmt: skip
"""What Whoosh raises on files that are not as it wrote them; it knows no error of its own for that."""

Stamp = tuple[str, int]


class _Sums(msgspec.Struct):
    """The digests of one commit: its list of segments, and size and CRC-32 of each file."""

    toc: str
    files: dict[str, tuple[int, int]]


def index_folder(folder: Path) -> Path:
    """Return the folder of this version's index."""
    return folder / f"whoosh-{version()}"


def stamp(folder: Path) -> Stamp:
    """Return what changes with every commit; raises Outdated when there is no index."""
    names = [path for path in folder.glob("_MAIN_*.toc") if _TOC.fullmatch(path.name)]
    with suppress(FileNotFoundError, ValueError):
        newest = max(names, key=_generation)
        return newest.name, newest.stat().st_mtime_ns
    raise Outdated(f"There is no search index of this version in {folder.parent}.", _HINT)


def open_index(folder: Path) -> Any:
    """Open an index that must be there and as it was written; raises Outdated.

    A writer may put other files in place of those just read of: then it is tried again.
    """
    for _ in range(_ATTEMPTS):
        seen = stamp(folder)
        try:
            return _open(folder, seen)
        except Outdated:
            if stamp(folder) == seen:
                raise
    return _open(folder, stamp(folder))


def renew_index(folder: Path) -> Any:
    """Make an empty index in place of whatever is there; only while holding the lock."""
    with storage(folder):
        for path in folder.iterdir():
            if path.name != _LOCK:
                remove_tree(path) if path.is_dir() else path.unlink()
        return FileStorage(str(folder)).create_index(schema())


def note_sums(folder: Path) -> None:
    """Write down what the files of the newest commit are; only while holding the lock."""
    files = {}
    for path in folder.iterdir():
        if _FILE.fullmatch(path.name):
            size = path.stat().st_size
            files[path.name] = (size, sum_of(path, size).crc)
    replace_file(folder / _SUMS, sealed(msgspec.json.encode(_Sums(stamp(folder)[0], files))))


@contextmanager
def faults(folder: Path) -> Iterator[None]:
    """Turn what Whoosh says of files it cannot use into Outdated."""
    try:
        yield
    except _DAMAGE as fault:
        raise Outdated(f"The search index {folder} is damaged: {type(fault).__name__}: {fault}", _HINT) from fault


def lock(folder: Path) -> BinaryIO:
    """Hold the lock of the folder, which is made where there is none, until what is returned is closed.

    Raises HomeHeld while another process holds it.
    """
    make_folders(folder)
    held = (folder / _LOCK).open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        held.close()
        raise HomeHeld(f"Another process is writing to the index {folder}.", "Wait until it has finished.") from fault
    return held


def sweep(folder: Path) -> None:
    """Remove what a killed writer had begun. Only while holding the lock, before writing."""
    known = {segment.segment_id() for segment in FileStorage(str(folder)).open_index()._segments()}
    for path in folder.iterdir():
        if path.is_dir() and path.name.startswith("MAIN"):
            remove_tree(path)
        elif _FILE.fullmatch(path.name) and path.suffix != ".toc" and path.stem not in known:
            path.unlink(missing_ok=True)


def remove_other_versions(folder: Path) -> None:
    """Remove the Whoosh indexes that other versions left beside ``folder``."""
    for path in folder.parent.iterdir():
        if path != folder and _FOLDER.fullmatch(path.name):
            remove_tree(path)


def _open(folder: Path, seen: Stamp) -> Any:
    with faults(folder):
        _check_files(folder, seen)
        return FileStorage(str(folder)).open_index()


def _check_files(folder: Path, seen: Stamp) -> None:
    """Raise ValueError naming a file that is missing or not as it was written, OSError where it cannot be read."""
    with suppress(FileNotFoundError):
        line = unsealed((folder / _SUMS).read_bytes())
        if line is None:
            raise ValueError(f"{_SUMS} is not as it was written")
        sums = msgspec.json.decode(line, type=_Sums)
        if sums.toc != seen[0]:
            return
        for name, (size, crc) in sums.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size or sum_of(path, size).crc != crc:
                raise ValueError(f"{name} is not as it was written")


def _generation(path: Path) -> int:
    match = _TOC.fullmatch(path.name)
    return int(match[1]) if match else -1
