"""One writer at a time: a lock on the home that names its holder.

The kernel's own lock (flock) is what holds: it is gone with the process, whatever killed
it, so a dead holder never needs to be cleared away. The text in the file is for people.
"""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from archive.durable import storage
from metadata.errors import HomeHeld, StorageError

_LONGEST = 300  # bytes of what names the holder
_LOOKS, _MOMENT = 5, 0.02  # how often, and seconds between
PATIENCE = 0.5  # seconds: a reader that heals what a killed writer left holds the lock this briefly


@contextmanager
def writer_lock(home: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the writer's lock of ``home``.

    Raises HomeHeld, naming the holder, when it is still taken after ``patience`` (seconds).
    """
    hint = "Wait until it is done, or stop it; reading goes on meanwhile."
    with file_lock(home / "writer.lock", f"{home} is being written to", hint, patience):
        yield


@contextmanager
def file_lock(path: Path, told: str, hint: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock that the file ``path`` is, and name the holder in it.

    Raises HomeHeld when it is still taken after ``patience`` (seconds): ``told``, by whom, and ``hint``.
    """
    with storage(path), _opened(path) as handle:
        if not _taken(handle, time.monotonic() + patience):
            raise HomeHeld(f"{told} by {_holder(handle)}.", hint)
        handle.truncate(0)
        since = datetime.now(UTC)
        handle.write(f"process {os.getpid()} on {socket.gethostname()} since {since:%Y-%m-%d %H:%M:%SZ}".encode())
        try:
            yield
            handle.truncate(0)
        finally:
            # Said outright: a child that was forked meanwhile shares the lock until it is gone or has called exec.
            fcntl.flock(handle, fcntl.LOCK_UN)


def _taken(handle: FileIO, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_MOMENT)
        else:
            return True


def _opened(path: Path) -> FileIO:
    try:
        return path.open("a+b", buffering=0)
    except IsADirectoryError as fault:
        raise StorageError(f"{path} is a folder; it should be a file.", "Move it away, then run again.") from fault


def _holder(handle: FileIO) -> str:
    """Return the name of the holder; one that has only just taken the lock needs a moment to write it."""
    for _ in range(_LOOKS):
        handle.seek(0)
        if text := handle.read(_LONGEST).decode("utf-8", "replace").strip():
            return "".join(character if character.isprintable() else "?" for character in text)
        time.sleep(_MOMENT)
    return "another process"
