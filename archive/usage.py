"""How often items are used: sums by item and month, in ``usage.db`` of the home.

The metrics are those of the COUNTER Code of Practice 5.1, section 3.3.5. Nothing else is kept: no address, no
session, no moment. Months that are over are kept in the archive, too (:mod:`archive.usage_kept`), from which a
file that is lost is made again; so it has of each sum the larger of both. Of the month under way it is the only place.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import quote

from archive.derived import derived
from archive.ocfl import Archive
from archive.usage_kept import Sums, is_kept, read_kept
from metadata.errors import DamageFound

FILE = "usage.db"
_EDITION = 1
_PATIENCE = 5.0  # seconds, while another process of the server writes
_HINT = "Move it away: the months that are over are taken from the archive again."
_NAMES = [part.name for part in fields(Sums)]
_TABLE = f"""CREATE TABLE usage (item TEXT NOT NULL, month TEXT NOT NULL, {", ".join(f"{n} INTEGER" for n in _NAMES)},
PRIMARY KEY (item, month)) WITHOUT ROWID"""
_PUT = f"INSERT INTO usage VALUES ({', '.join('?' * (2 + len(_NAMES)))}) ON CONFLICT DO UPDATE SET "  # noqa: S608
_ADD = _PUT + ", ".join(f"{name} = {name} + excluded.{name}" for name in _NAMES)
_RAISE = _PUT + ", ".join(f"{name} = max({name}, excluded.{name})" for name in _NAMES)
_SUMS = ", ".join(f"sum({name})" for name in _NAMES)
_AMONG = "(?2 IS NULL OR item IN (SELECT value FROM json_each(?2)))"
_IN_YEAR = "month GLOB ?1 || '*'"
_SOME = f"SELECT DISTINCT item FROM usage WHERE item > ?3 AND {_IN_YEAR} AND {_AMONG} ORDER BY item LIMIT 500"  # noqa: S608
_OF_ITEM = f"SELECT (SELECT min(month) FROM usage), {_SUMS} FROM usage WHERE item = ?"  # noqa: S608
_OF_YEAR = f"""SELECT item, month, {", ".join(_NAMES)} FROM usage
WHERE item IN ({_SOME}) AND {_IN_YEAR} ORDER BY item, month"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class ItemUse:
    """The use of one item in a year, by month (``2026-11``)."""

    item: str
    months: Mapping[str, Sums]

    @property
    def total(self) -> Sums:
        """All of the year."""
        return sum(self.months.values(), Sums())


class Usage:
    """The sums of one home. Its methods raise Outdated where usage.db is damaged, StorageError for what a disk says.

    Where there is no usage.db all sums are 0; writing makes it, of what the archive keeps.
    """

    def __init__(self, home: Path, archive: Archive) -> None:
        self.path = home / FILE
        self._archive = archive

    def add(self, counted: Mapping[tuple[str, str], Sums]) -> None:
        """Add what was counted, by item and month, in one transaction."""
        rows = [(item, month, *sums.values) for (item, month), sums in counted.items()]
        with self._writing() as connection:
            connection.executemany(_ADD, rows)

    def begin(self) -> None:
        """Make usage.db of what the archive keeps, where there is none and it keeps something; raises DamageFound."""
        if not self.path.is_file():
            self.restore()

    def restore(self) -> None:
        """Take in what the archive keeps; nothing is done where it keeps nothing. Raises DamageFound."""
        if is_kept(self._archive):
            with self._writing() as connection:
                _take_in(connection, self._archive)

    def of_item(self, item: str) -> Sums:
        """Return all use of an item."""
        return self.of_item_since(item)[0]

    def of_item_since(self, item: str) -> tuple[Sums, str]:
        """Return what :meth:`of_item` and :meth:`first_month` do, in one look."""
        rows = self._ask(_OF_ITEM, item)
        return (Sums(*(value or 0 for value in rows[0][1:])), str(rows[0][0] or "")) if rows else (Sums(), "")

    def first_month(self) -> str:
        """Return the month (``2026-11``) from which on there are sums, ``""`` where there are none."""
        return str(next(iter(self._ask("SELECT min(month) FROM usage")), ("",))[0] or "")

    def by_month(self, year: str = "", among: str | None = None) -> Mapping[str, Sums]:
        """Return the use of all items, or of those that ``among``, a JSON list of ids, names, by month, in order.

        ``year`` is of four figures, ``""`` for all years. Months without use are not there.
        """
        where = f"WHERE {_IN_YEAR} AND {_AMONG} GROUP BY month ORDER BY month"
        rows = self._ask(f"SELECT month, {_SUMS} FROM usage {where}", year, among)  # noqa: S608 - of constants
        return {str(month): Sums(*values) for month, *values in rows}

    def most_used(self, limit: int, year: str = "", among: str | None = None) -> Sequence[tuple[str, Sums]]:
        """Return the items that were requested most, and of those with as many the ones most looked at, and their use.

        ``year`` and ``among`` are as for :meth:`by_month`.
        """
        order = "GROUP BY item ORDER BY sum(requests) DESC, sum(investigations) DESC, item LIMIT ?3"
        where = f"WHERE {_IN_YEAR} AND {_AMONG} {order}"
        rows = self._ask(f"SELECT item, {_SUMS} FROM usage {where}", year, among, limit)  # noqa: S608
        return [(str(item), Sums(*values)) for item, *values in rows]

    def of_year(self, year: str, among: str | None = None) -> Iterator[ItemUse]:
        """Yield the use of each item in a year, by id; read a few at a time, so that memory stays the same."""
        after = ""
        while rows := self._ask(_OF_YEAR, year, among, after):
            found: dict[str, dict[str, Sums]] = {}
            for item, month, *values in rows:
                found.setdefault(str(item), {})[str(month)] = Sums(*values)
            yield from (ItemUse(item, months) for item, months in found.items())
            after = str(rows[-1][0])

    def of_month(self, month: str) -> Mapping[str, Sums]:
        """Return the use of each item in a month."""
        rows = self._ask(f"SELECT item, {', '.join(_NAMES)} FROM usage WHERE month = ? ORDER BY item", month)  # noqa: S608
        return {str(item): Sums(*values) for item, *values in rows}

    def _ask(self, statement: str, *values: str | int | None) -> list[tuple[int, ...]]:
        if not self.path.is_file():
            return []
        with derived(self.path, _HINT), closing(_opened_to_read(self.path)) as connection:
            return connection.execute(statement, values).fetchall() if _edition(connection) else []

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with derived(self.path, _HINT), closing(_opened(self.path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not _edition(connection):
                connection.execute(_TABLE)
                connection.execute("CREATE INDEX usage_by_month ON usage (month)")
                connection.execute(f"PRAGMA user_version = {_EDITION}")
                with suppress(DamageFound):  # what is counted now must not wait until that is mended
                    _take_in(connection, self._archive)
            yield connection
            connection.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    # SQLite does not say whether a file cannot be opened for want of space or of permission; the system does.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644))
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _opened_to_read(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
    try:
        _edition(connection)
    except sqlite3.DatabaseError as fault:
        connection.close()
        if not isinstance(fault, sqlite3.OperationalError):
            raise
        # Where nothing can be written there is no way to share it, and nobody to.
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    return connection


def _edition(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _take_in(connection: sqlite3.Connection, archive: Archive) -> None:
    for month, use in read_kept(archive):
        connection.executemany(_RAISE, [(item, month, *sums.values) for item, sums in use.items()])
