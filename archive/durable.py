"""Writing so that a power cut or a kill leaves a file absent or whole.

The order is always: content written and fsynced, renamed into place, parent folder fsynced.
What need not be on disk one before the other is fsynced together (:class:`Unsynced`).
A full disk or a missing permission becomes a StorageError that names the path.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from metadata.errors import StorageError

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK = 1 << 20
_THREADS = 8  # that wait for the disk side by side: more gain nothing
_FEW = 16  # fsyncs for which starting threads costs more than waiting for one after the other
_HINTS = {
    errno.ENOSPC: "Free some space there and run the same command again: it goes on where it stopped.",
    errno.EDQUOT: "The disk quota is used up; free some space and run the same command again.",
    errno.EFBIG: "The file-size limit of this account is too small; raise it and run the command again.",
    errno.EROFS: "The file system is mounted read-only; mount it for writing and run the command again.",
    errno.EACCES: "Give this account the permission to read and write there, then run the command again.",
    errno.EPERM: "Give this account the permission to read and write there, then run the command again.",
}


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn the faults of a disk into StorageError; ``path`` is named where the fault names none."""
    try:
        yield
    except OSError as fault:
        # A refusal that names no file is no disk's: semaphores, sockets and the like give such, too.
        nameless = fault.filename is None and fault.errno in (errno.EACCES, errno.EPERM)
        if fault.errno not in _HINTS or nameless:
            raise
        # A bare name is told from within a folder that is being cleared away: it does not say where.
        named = fault.filename if os.sep in str(fault.filename) else str(path)
        raise StorageError(f"{named}: {os.strerror(fault.errno)}.", _HINTS[fault.errno]) from fault


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Unsynced:
    """New files that are to be fsynced, all together: a disk that is asked for many at once writes its journal once.

    They stay open until then, for the kernel tells a fault of writing to those who have the
    file open. Of more than :attr:`MOST` the earlier ones are fsynced first.
    """

    MOST = 100
    """Files that are open at a time; a process may often have no more than 256, and a server needs some itself."""

    def __init__(self) -> None:
        self._handles: list[int] = []

    def write(self, path: Path, content: bytes) -> None:
        """Write a new file."""
        with self._new(path) as stream:
            stream.write(content)

    def copy(self, source: Path, target: Path, digests: "Iterable[_Hash | hashlib.blake2b]") -> None:
        """Copy ``source`` to the new file ``target`` and update ``digests`` with what was written."""
        with source.open("rb") as reading, self._new(target) as writing:
            _copy(reading, writing, digests)

    def discard(self, path: Path) -> None:
        """Remove the file that was written last: it turned out not to be needed."""
        os.close(self._handles.pop())
        path.unlink()

    def sync(self, folders: Iterable[Path] = ()) -> None:
        """Make the files written so far, and the names in ``folders``, survive a power cut.

        After an interrupt it can be called again.
        """
        _sync_all([*self._handles, *folders])
        self.close()

    @property
    def number(self) -> int:
        """How many files there are."""
        return len(self._handles)

    def close(self, kept: int = 0) -> None:
        """Give up the files that are open, but for the first ``kept``."""
        while len(self._handles) > kept:
            os.close(self._handles.pop())

    @contextmanager
    def _new(self, path: Path) -> Iterator[BinaryIO]:
        if len(self._handles) >= self.MOST:
            self.sync()
        with path.open("xb") as stream:
            yield stream
            _flush(stream)
            self._handles.append(os.dup(stream.fileno()))


def sync_folders(folders: Iterable[Path]) -> None:
    """Make the names in many folders survive a power cut; in what order is not said."""
    _sync_all(list(folders))


def _sync_all(things: Sequence[int | Path]) -> None:
    """Fsync open files and folders, a few at a time; raises OSError when one of them fails."""
    if len(things) <= _FEW:
        _sync_each(things)
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(_sync_each, (things[n::_THREADS] for n in range(_THREADS))))


def _sync_each(things: Iterable[int | Path]) -> None:
    for thing in things:
        if isinstance(thing, Path):
            sync_folder(thing)
        else:
            os.fsync(thing)


def make_folders(folder: Path) -> None:
    """Create ``folder`` and its missing parents, each synced into the one above it."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write and fsync a new file; the caller syncs the folder."""
    with path.open("xb") as stream:
        stream.write(content)
        _flush(stream)
        os.fsync(stream.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` in one step: readers see the old file or the new one."""
    staged = path.with_name(f".{path.name}.new")
    staged.unlink(missing_ok=True)
    write_file(staged, content)
    staged.replace(path)
    sync_folder(path.parent)


def copy_file(source: Path, target: Path) -> str:
    """Copy and fsync ``source`` to the new file ``target``; return the sha512 of what was written."""
    digest = hashlib.sha512()
    with source.open("rb") as reading, target.open("xb") as writing:
        _copy(reading, writing, [digest])
        _flush(writing)
        os.fsync(writing.fileno())
    return digest.hexdigest()


def sha512_of(path: Path) -> str:
    """Return the sha512 of a file, in lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha512").hexdigest()


def remove_tree(folder: Path) -> None:
    """Remove a folder and all below it; nothing there is no fault."""
    shutil.rmtree(folder, ignore_errors=True)


def _flush(stream: BinaryIO) -> None:
    """Hand over to the system what Python still holds: until then a kill leaves an empty file."""
    stream.flush()


def _copy(reading: BinaryIO, writing: BinaryIO, digests: "Iterable[_Hash | hashlib.blake2b]") -> None:
    while chunk := reading.read(CHUNK):
        for digest in digests:
            digest.update(chunk)
        writing.write(chunk)
