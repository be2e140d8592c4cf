"""What a batch must remember of all that it took in until it is whole, in a database of its own beside it.

Who is called what, so that a tie to what comes later can be followed; what was said of the
likeness of two, so that it can be taken back where they turn out to be tied. For a record this is a
kilobyte and more, and hardly any of it is ever looked at.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metadata.errors import StorageError

_CACHE = 4096  # KiB of it that stay in memory
_AT_ONCE = 2000  # rows
_PRAGMAS = ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", f"cache_size=-{_CACHE}")
_TABLES = (
    "CREATE TABLE names (scheme TEXT, value BLOB, item TEXT, PRIMARY KEY (scheme, value)) WITHOUT ROWID",
    "CREATE TABLE noted (item TEXT PRIMARY KEY, source TEXT, title TEXT) WITHOUT ROWID",
    "CREATE TABLE likenesses (item TEXT, code TEXT, other TEXT, title TEXT, reasons TEXT, UNIQUE (item, code))",
)
_NAME = "INSERT OR IGNORE INTO names VALUES (?, ?, ?)"
_NOTE = "INSERT OR IGNORE INTO noted VALUES (?, ?, ?)"
_LIKE = "INSERT OR IGNORE INTO likenesses VALUES (?, ?, ?, ?, ?)"
_LIKENESSES = """SELECT one.source, found.item, found.code, found.other, coalesce(other.source, found.other),
coalesce(found.title, other.title), found.reasons FROM likenesses found JOIN noted one ON one.item = found.item
LEFT JOIN noted other ON other.item = found.other AND found.title IS NULL"""

Likened = tuple[str, str, str, str, str, str, str]
"""Of what came: its source and item, a problem's code, the other item, its name and title, and the reasons."""


class Ledger:
    """The ledger of one batch, in ``folder``, else where SQLite has its temporary files.

    Everything here raises StorageError where there is no room for it.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / "ledger.db" if folder else None
        self._waiting: dict[str, list[tuple[str | bytes | None, ...]]] = {_NAME: [], _NOTE: [], _LIKE: []}
        self._rows = 0
        with self._room():
            self._database = sqlite3.connect(self._path or "", isolation_level=None)
            for pragma in _PRAGMAS:
                self._database.execute(f"PRAGMA {pragma}").close()
            self._database.execute("BEGIN")  # and never a commit, which would ask the disk for each row
            for table in _TABLES:
                self._database.execute(table)

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def name(self, scheme: str, value: str, item: str) -> None:
        """Remember what an item is called; who has a name already keeps it."""
        self._put(_NAME, scheme, _bytes(value), item)

    def named(self, scheme: str, value: str) -> str:
        """Return the item that is called so, ``""`` for none."""
        asked = "SELECT item FROM names WHERE scheme = ? AND value = ?"
        return next((item for (item,) in self._ask(asked, scheme, _bytes(value))), "")

    def unname(self, item: str) -> None:
        """Let go of all names of an item."""
        self._ask("DELETE FROM names WHERE item = ?", item)

    def note(self, item: str, source: str, title: str) -> None:
        """Remember from which source an item comes, and its title."""
        self._put(_NOTE, item, source, title)

    def liken(self, item: str, code: str, other: str, title: str | None, reasons: str) -> None:
        """Remember that an item was found to be like another; of each code the first stays.

        ``title`` is None for one that is noted here, too, and then named by its source.
        """
        self._put(_LIKE, item, code, other, title, reasons)

    def likened(self, source: str) -> list[Likened]:
        """Return what was found of the item from a source, in the order in which it was."""
        self._put_waiting()
        self._ask("CREATE INDEX IF NOT EXISTS noted_by_source ON noted (source)")
        return self._ask(f"{_LIKENESSES} WHERE one.source = ? ORDER BY found.rowid", source)

    def all_likened(self) -> Iterator[Likened]:
        """Yield what was found of any, in the order in which it was."""
        self._put_waiting()
        with self._room():
            yield from self._database.execute(f"{_LIKENESSES} ORDER BY found.rowid")

    def _put(self, statement: str, *row: str | bytes | None) -> None:
        self._waiting[statement].append(row)
        self._rows += 1
        if self._rows >= _AT_ONCE:
            self._put_waiting()

    def _put_waiting(self) -> None:
        if not self._rows:
            return
        with self._room():
            for statement, rows in self._waiting.items():
                self._database.executemany(statement, rows)
                rows.clear()
        self._rows = 0

    def _ask(self, statement: str, *values: str | bytes) -> list[Any]:
        self._put_waiting()
        with self._room():
            found: list[Any] = self._database.execute(statement, values).fetchall()
            return found

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as fault:
            where = self._path or "SQLite's temporary folder"
            raise StorageError(f"{where}: {fault}.", "Free some space there and run the same command again.") from fault


def _bytes(name: str) -> bytes:
    """Return a name as bytes, for what came may hold halves of characters, which SQLite does not take for text."""
    return name.encode("utf-8", "surrogatepass")
