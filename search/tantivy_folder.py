"""The folder of a Tantivy index: which version it is, whether it is whole, what lies about in it.

``index/<version>/``: another version of Canoe makes its own folder beside, and the first
writer to finish takes the others away. An index that is made anew while the old one answers
is built in ``index/<version>.<n>.new/``; it takes the old one's place by losing the ``.new``,
for of one version the highest number counts.
"""

import fcntl
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import msgspec
from tantivy import Index, Searcher

from archive.durable import make_folders, remove_tree, storage, sync_folder
from metadata.errors import HomeHeld, Outdated, StorageError
from search.analysis import ANALYSERS
from search.tantivy_schema import schema, version
from search.tantivy_sums import META, note_meta, read_meta, require_whole

_SUFFIXES = ("idx", "pos", "term", "store", "fast", "fieldnorm")
_SEGMENT_FILE = re.compile(r"([0-9a-f]{32})\..+")
_VERSION_FOLDER = re.compile(r"[0-9a-f]{16}(\.\d+)?(\.new)?")
_NEW = ".new"
_PATIENCE = 5.0  # seconds: a follower that has just committed gives its lock back
_MOMENT = 0.02
_LOCK = ".tantivy-writer.lock"
_ATTEMPTS = 5
_ALLOW = "Free space, or give this account the permission to write there."
_HINT = "Run canoe rebuild --index: the index is made again from the archive."
_ROOM_HINT = "See that there is room and permission there, then run canoe rebuild --index; all else is kept."


class _Deletes(msgspec.Struct):
    opstamp: int


class _Segment(msgspec.Struct):
    segment_id: str
    deletes: _Deletes | None


class _Meta(msgspec.Struct):
    """What is read of Tantivy's meta.json."""

    segments: list[_Segment]


def index_folder(folder: Path) -> Path:
    """Return the folder of this version's index, the one that was finished last."""
    first = version()
    try:
        numbers = [_number(path.name, first) for path in folder.iterdir()]
    except OSError:
        numbers = []
    return folder / _named(first, max(numbers, default=0))


@contextmanager
def built_beside(folder: Path) -> Iterator[Path]:
    """Give a folder to make an index in while another answers; at the end it takes that one's place.

    Nobody else can write to the old one meanwhile; raises HomeHeld where somebody does already.
    What an exception, or a kill, leaves unfinished is never read, and goes with the next writer.
    """
    with _locked_index(folder) as old:
        first = version()
        made = folder / _named(first, _number(old.name, first) + 1)
        new = made.with_name(made.name + _NEW)
        with storage(new):
            remove_tree(new)
            make_folders(new)
            try:
                yield new
            except BaseException:
                remove_tree(new)
                raise
            new.rename(made)
            sync_folder(folder)
    finish(made)


@contextmanager
def _locked_index(folder: Path) -> Iterator[Path]:
    """Hold the lock of the index that counts, which may become another one while it is waited for."""
    while True:
        counts = index_folder(folder)
        make_folders(counts)
        with _locked(counts, _PATIENCE):
            if counts == index_folder(folder):
                yield counts
                return


def _named(first: str, number: int) -> str:
    return f"{first}.{number}" if number else first


def _number(name: str, first: str) -> int:
    """Return the number of a finished index of this version, 0 for the first and for any other folder."""
    digits = name.removeprefix(f"{first}.")
    return int(digits) if digits != name and digits.isdecimal() else 0


@contextmanager
def faults(folder: Path) -> Iterator[None]:
    """Turn what Tantivy, or the disk, says of a folder it cannot use into CanoeErrors."""
    try:
        with storage(folder):
            yield
    except (ValueError, msgspec.DecodeError) as fault:  # Tantivy's binding knows no other than ValueError
        if "LockBusy" in str(fault):
            raise _held(folder) from fault
        if "Failed to acquire Lockfile" in str(fault):
            raise StorageError(f"{folder}: the index's lock cannot be written.", _ALLOW) from fault
        raise Outdated(f"The search index {folder} is damaged: {fault}", _HINT) from fault
    except FileNotFoundError as fault:
        raise _missing(folder) from fault
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":  # Tantivy's, of files that changed under its eyes; no Exception
            raise
        raise Outdated(f"The search index {folder} is damaged: {fault}", _HINT) from fault


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """Turn what goes wrong while an index is written into StorageError: the binding does not say what it was.

    A folder that was taken away meanwhile is Outdated: there is an index again when it is written once more.
    """
    try:
        yield
    except FileNotFoundError as fault:
        raise _missing(folder) from fault
    except ValueError as fault:
        if not folder.exists():
            raise _missing(folder) from fault
        raise StorageError(f"The search index {folder} cannot be written: {fault}", _ROOM_HINT) from fault


def open_index(folder: Path, whole: set[str]) -> Index:
    """Open an index that must be there and as it was written; raises Outdated.

    ``whole`` has the names of the files whose digests need no second look, and gets those
    looked at now. A writer may put other files in place of those just read of: then it is
    tried again.
    """
    for _ in range(_ATTEMPTS):
        seen = stamp(folder)
        try:
            return _open(folder, whole)
        except Outdated:
            if stamp(folder) == seen:
                raise
    return _open(folder, whole)


def open_searcher(folder: Path, whole: set[str]) -> Searcher:
    """Open what answers from the newest commit; raises what :func:`open_index` does.

    Tantivy cannot open an index in a folder that it cannot write its lock to: on read-only
    media it is opened in a folder of links, which may go as soon as all files are open.
    """
    try:
        return open_index(folder, whole).searcher()
    except StorageError:
        with TemporaryDirectory(prefix="canoe-index-", ignore_cleanup_errors=True) as view:
            for path in folder.iterdir():
                if path.suffix == ".json":
                    shutil.copyfile(path, Path(view) / path.name)
                elif not path.name.startswith("."):
                    (Path(view) / path.name).symlink_to(path.absolute())
            return open_index(Path(view), whole).searcher()


def renew_index(folder: Path) -> Index:
    """Make an empty index in place of whatever is there; raises HomeHeld while another process writes it."""
    make_folders(folder)
    with _locked(folder):
        remove_tree(folder)
        make_folders(folder)
        with faults(folder):
            return _prepared(Index(schema(), str(folder)))


def finish(folder: Path) -> None:
    """Leave an index as one is found: its list of segments noted and readable, no other version beside it.

    Nothing is done while another process is about to write to it: that one will, and what lies
    beside may be the index that it makes. Raises Outdated where the index is gone.
    """
    with suppress(HomeHeld), faults(folder), _locked(folder):
        note_meta(folder)
        for path in folder.glob("*.json"):  # Tantivy lets only their owner read its lists
            path.chmod(folder.stat().st_mode & 0o666)
        if folder == index_folder(folder.parent):
            _remove_other_versions(folder)


@contextmanager
def _locked(folder: Path, patience: float = 0) -> Iterator[None]:
    """Hold the lock that Tantivy's writers hold; raises HomeHeld where another has it after ``patience`` (seconds)."""
    deadline = time.monotonic() + patience
    with faults(folder):
        opened = (folder / _LOCK).open("ab")
    with opened as lock:
        while not _taken(lock):
            if time.monotonic() >= deadline:
                raise _held(folder)
            time.sleep(_MOMENT)
        yield


def _taken(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stamp(folder: Path) -> tuple[int, int]:
    """Return what changes with every commit; raises Outdated when there is no index."""
    with faults(folder):
        status = (folder / META).stat()
    return status.st_ino, status.st_mtime_ns


def sweep(folder: Path) -> None:
    """Remove segment files that no commit speaks of. Only while holding the writer's lock, before writing."""
    known = {segment for segment, _ in _segments(folder)}
    for path in folder.iterdir():
        match = _SEGMENT_FILE.fullmatch(path.name)
        if match and match[1] not in known:
            path.unlink(missing_ok=True)


def _remove_other_versions(folder: Path) -> None:
    for path in folder.parent.iterdir():
        if path != folder and _VERSION_FOLDER.fullmatch(path.name):
            remove_tree(path)


def _open(folder: Path, whole: set[str]) -> Index:
    with faults(folder):
        _check_files(folder, whole)
        index = _prepared(Index.open(str(folder)))
        index.searcher()
    return index


def _prepared(index: Index) -> Index:
    """Give an opened index its analysers, which it does not keep, and no thread that watches for commits."""
    index.config_reader("manual")
    for name, analyser in ANALYSERS.items():
        index.register_tokenizer(name, analyser)
    return index


def _missing(folder: Path) -> Outdated:
    return Outdated(f"There is no search index of this version in {folder.parent}.", _HINT)


def _held(folder: Path) -> HomeHeld:
    return HomeHeld(f"Another process is writing to the index {folder}.", "Wait until it has finished.")


def _check_files(folder: Path, whole: set[str]) -> None:
    """Raise ValueError naming a file that is missing or damaged: Tantivy takes some of them for empty."""
    for segment, deletions in _segments(folder):
        for suffix in (*_SUFFIXES, f"{deletions}.del") if deletions else _SUFFIXES:
            name = f"{segment}.{suffix}"
            if name not in whole:
                require_whole(folder / name)
                whole.add(name)


def _segments(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the id of each segment of the newest commit, and the stamp of its deletions (0: none)."""
    for segment in msgspec.json.decode(read_meta(folder), type=_Meta).segments:
        yield segment.segment_id.replace("-", ""), segment.deletes.opstamp if segment.deletes else 0
