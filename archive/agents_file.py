"""Where agents are kept: the objects of authorities in the archive, and agents.db in the home."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from archive.durable import storage

FILE = "agents.db"
LOCK = "agents.lock"
AGENT_FILE = "agent.json"
EDITION = 1
_OBJECT = "urn:canoe:agent:"


def agent_object(agent: str) -> str:
    """Return the OCFL object id of an authority."""
    return _OBJECT + agent


def is_agent(object_id: str) -> bool:
    """Say whether an OCFL object is an authority's."""
    return object_id.startswith(_OBJECT)


def agent_objects(home: Path) -> Iterator[str]:
    """Yield the OCFL objects of the authorities that agents.db knows; none where it is not there or cannot be read."""
    with suppress(sqlite3.Error), closing(connected(home / FILE)) as connection:
        yield from [agent_object(row[0]) for row in connection.execute("SELECT id FROM authorities")]


def forget_agents(home: Path) -> None:
    """Throw agents.db away; it is made again when it is next asked for. Raises StorageError."""
    with storage(home):
        for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
            (home / name).unlink(missing_ok=True)


def connected(path: Path) -> sqlite3.Connection:
    """Open agents.db to be read; raises sqlite3.OperationalError where it is not there, or of another edition."""
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    for more in ("", "&immutable=1"):  # where nothing can be written there is no way to share it, and nobody to
        with suppress(sqlite3.OperationalError):
            connection = sqlite3.connect(address + more, uri=True, isolation_level=None)
            try:
                if connection.execute("PRAGMA user_version").fetchone()[0] == EDITION:
                    return connection
            except sqlite3.DatabaseError:
                connection.close()
                raise
            connection.close()
    raise sqlite3.OperationalError("it is not there, or of another edition")
