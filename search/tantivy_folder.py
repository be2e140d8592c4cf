"""The folder of a Tantivy index: which version it is, whether it is whole, what lies about in it.

``index/<version>/``: another version of Canoe makes its own folder beside, and the first
writer to finish takes the others away.
"""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from tantivy import Index

from archive.durable import make_folders, remove_tree
from metadata.errors import HomeHeld, Outdated
from search.analysis import ANALYSERS
from search.tantivy_schema import SCHEMA, version

_SUFFIXES = ("idx", "pos", "term", "store", "fast", "fieldnorm")
_SEGMENT_FILE = re.compile(r"([0-9a-f]{32})\..+")
_VERSION_FOLDER = re.compile(r"[0-9a-f]{16}")
_ATTEMPTS = 5
_HINT = "Run canoe rebuild --index: the index is made again from the archive."


class _Deletes(msgspec.Struct):
    opstamp: int


class _Segment(msgspec.Struct):
    segment_id: str
    deletes: _Deletes | None


class _Meta(msgspec.Struct):
    """What is read of Tantivy's meta.json."""

    segments: list[_Segment]


def index_folder(folder: Path) -> Path:
    """Return the folder of this version's index."""
    return folder / version()


@contextmanager
def faults(folder: Path) -> Iterator[None]:
    """Turn what Tantivy says of a folder it cannot use into CanoeErrors."""
    try:
        yield
    except (ValueError, msgspec.DecodeError) as fault:  # Tantivy's binding knows no other than ValueError
        if "LockBusy" in str(fault):
            raise _held(folder) from fault
        raise Outdated(f"The search index {folder} is damaged: {fault}", _HINT) from fault
    except FileNotFoundError as fault:
        raise Outdated(f"There is no search index of this version in {folder.parent}.", _HINT) from fault


def open_index(folder: Path) -> Index:
    """Open an index that must be there and whole; raises Outdated.

    A writer may put other files in place of those just read of: then it is tried again.
    """
    for _ in range(_ATTEMPTS):
        seen = stamp(folder)
        try:
            return _open(folder)
        except Outdated:
            if stamp(folder) == seen:
                raise
    return _open(folder)


def renew_index(folder: Path) -> Index:
    """Make an empty index in place of whatever is there; raises HomeHeld while another process writes it."""
    make_folders(folder)
    with (folder / ".tantivy-writer.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise _held(folder) from fault
        remove_tree(folder)
        make_folders(folder)
        with faults(folder):
            return _prepared(Index(SCHEMA, str(folder)))


def stamp(folder: Path) -> tuple[int, int]:
    """Return what changes with every commit; raises Outdated when there is no index."""
    with faults(folder):
        status = (folder / "meta.json").stat()
    return status.st_ino, status.st_mtime_ns


def sweep(folder: Path) -> None:
    """Remove segment files that no commit speaks of. Only while holding the writer's lock, before writing."""
    known = {segment for segment, _ in _segments(folder)}
    for path in folder.iterdir():
        match = _SEGMENT_FILE.fullmatch(path.name)
        if match and match[1] not in known:
            path.unlink(missing_ok=True)


def remove_other_versions(folder: Path) -> None:
    """Remove the indexes that other versions left beside ``folder``."""
    for path in folder.parent.iterdir():
        if path != folder and _VERSION_FOLDER.fullmatch(path.name):
            remove_tree(path)


def _open(folder: Path) -> Index:
    with faults(folder):
        _check_files(folder)
        index = _prepared(Index.open(str(folder)))
        index.searcher()
    return index


def _prepared(index: Index) -> Index:
    """Give an opened index its analysers, which it does not keep, and no thread that watches for commits."""
    index.config_reader("manual")
    for name, analyser in ANALYSERS.items():
        index.register_tokenizer(name, analyser)
    return index


def _held(folder: Path) -> HomeHeld:
    return HomeHeld(f"Another process is writing to the index {folder}.", "Wait until it has finished.")


def _check_files(folder: Path) -> None:
    """Raise ValueError naming a file that is missing: Tantivy takes some of them for empty."""
    for segment, deletions in _segments(folder):
        suffixes = (*_SUFFIXES, f"{deletions}.del") if deletions else _SUFFIXES
        for suffix in suffixes:
            if not (folder / f"{segment}.{suffix}").is_file():
                raise ValueError(f"{segment}.{suffix} is missing")


def _segments(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the id of each segment of the newest commit, and the stamp of its deletions (0: none)."""
    for segment in msgspec.json.decode((folder / "meta.json").read_bytes(), type=_Meta).segments:
        yield segment.segment_id.replace("-", ""), segment.deletes.opstamp if segment.deletes else 0
