"""Writing so that a power cut or a kill leaves a file absent or whole.

The order is always: content written and fsynced, renamed into place, parent folder fsynced.
A full disk or a missing permission becomes a StorageError that names the path.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from metadata.errors import StorageError

CHUNK = 1 << 20
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
        named = fault.filename if isinstance(fault.filename, str) else str(path)
        raise StorageError(f"{named}: {os.strerror(fault.errno)}.", _HINTS[fault.errno]) from fault


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
        while chunk := reading.read(CHUNK):
            digest.update(chunk)
            writing.write(chunk)
        _flush(writing)
    return digest.hexdigest()


def sha512_of(path: Path) -> str:
    """Return the sha512 of a file, in lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha512").hexdigest()


def remove_tree(folder: Path) -> None:
    """Remove a folder and all below it; nothing there is no fault."""
    shutil.rmtree(folder, ignore_errors=True)


def _flush(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
