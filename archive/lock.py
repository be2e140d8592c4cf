"""One writer at a time: a lock on the home that names its holder.

The kernel's own lock (flock) is what holds: it is gone with the process, whatever killed
it, so a dead holder never needs to be cleared away. The text in the file is for people.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from archive.durable import storage
from metadata.errors import HomeHeld


@contextmanager
def writer_lock(home: Path) -> Iterator[None]:
    """Hold the writer's lock of ``home``; raises HomeHeld, naming the holder, when it is taken."""
    path = home / "writer.lock"
    with storage(path), path.open("a+b", buffering=0) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read(500).decode("utf-8", "replace").strip() or "another process"
            raise HomeHeld(
                f"{home} is being written to by {holder}.",
                "Wait until it is done, or stop it; reading goes on meanwhile.",
            ) from None
        handle.truncate(0)
        since = datetime.now(UTC)
        handle.write(f"process {os.getpid()} on {socket.gethostname()} since {since:%Y-%m-%d %H:%M:%SZ}".encode())
        yield
        handle.truncate(0)
