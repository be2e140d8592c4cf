"""Databases that are made again from what they were made from: what is said of one that cannot be used."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.durable import storage
from metadata.errors import Outdated


@contextmanager
def derived(path: Path, hint: str) -> Iterator[None]:
    """Turn what SQLite says of a database into Outdated, with ``hint``; what the disk says into StorageError."""
    try:
        with storage(path):
            yield
    except sqlite3.DatabaseError as fault:
        raise Outdated(f"{path} cannot be used: {fault}.", hint) from fault
