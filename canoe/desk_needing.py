"""What needs a librarian's attention, kept ready in ``desk.db``: a follower of the catalogue, made again at need.

The desk's first page only reads what is there; a thread of the server keeps it up to date. What
hangs on more than one item (duplicates, agents, DOIs) is looked through anew after changes, and
seldom, for that takes time in a large library.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import msgspec

from archive.agents_file import FILE as AGENTS
from archive.agents_following import read_agents
from archive.agents_proposals import proposals
from archive.catalogued import Change
from archive.derived import derived
from archive.doi_ledger import look_into
from archive.library import Library
from archive.lock import file_lock
from archive.subject_decisions import read_decisions
from canoe.desk_pairs import Pairs
from canoe.home import Home
from desk.needing import Case, Need
from ingest.retry import unread_pages
from metadata.concepts import label_key
from metadata.errors import CanoeError, DamageFound, HomeHeld, Outdated
from metadata.model import Item

log = logging.getLogger(__name__)
FILE, LOCK = "desk.db", "desk.lock"
_EDITION = 1
_HINT = "Move it away: it is made again."
_AT_ONCE = 500
_MOST = 5000
"""Cases of agents and DOIs that are kept ready."""
_LOOK_EVERY = 2.0  # seconds
_LOOK_THROUGH_EVERY = 300.0
_TABLES = """
CREATE TABLE unread (item TEXT PRIMARY KEY, title TEXT, pages INTEGER) WITHOUT ROWID;
CREATE TABLE keywords (key TEXT, item TEXT, written TEXT, PRIMARY KEY (key, item)) WITHOUT ROWID;
CREATE INDEX keywords_by_item ON keywords (item);
CREATE TABLE open_keywords (number INTEGER PRIMARY KEY, key TEXT, items INTEGER);
CREATE TABLE cases (need TEXT, number INTEGER, json TEXT, PRIMARY KEY (need, number)) WITHOUT ROWID;
CREATE TABLE counts (need TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
CREATE TABLE followed (change INTEGER);
INSERT INTO followed VALUES (0);
"""


@dataclass(frozen=True, slots=True)
class DeskNeeding:
    """Tells what needs attention, as far as it is known (:class:`desk.needing.Needing`)."""

    home: Home

    def counts(self) -> dict[Need, int]:
        """Return how many cases there are of each need that is known by now."""
        with _reading(self.home.path) as database:
            return dict(database.execute("SELECT need, number FROM counts").fetchall()) if database else {}

    def cases(self, need: Need, start: int, most: int) -> Sequence[Case]:
        """Return the cases of a need from number ``start``, at most so many."""
        asked = {"unread": _UNREAD_CASES, "keywords": _KEYWORD_CASES}.get(need, _OTHER_CASES)
        with _reading(self.home.path) as database:
            if database is None:
                return []
            rows = database.execute(asked, {"need": need, "start": start, "most": most}).fetchall()
        return [_case(need, row, self.home.library) for row in rows]


_UNREAD_CASES = "SELECT item, title, pages FROM unread ORDER BY item LIMIT :most OFFSET :start"
_KEYWORD_CASES = """SELECT (SELECT min(item) FROM keywords k WHERE k.key = o.key),
    (SELECT min(written) FROM keywords k WHERE k.key = o.key), o.items
    FROM open_keywords o WHERE number > :start ORDER BY number LIMIT :most"""
_OTHER_CASES = "SELECT json FROM cases WHERE need = :need AND number >= :start ORDER BY number LIMIT :most"


def _case(need: Need, row: tuple[str, str, int], library: Library) -> Case:
    if need == "unread":
        return Case(row[0], row[1], (str(row[2]),))
    if need == "keywords":
        item = library.catalogue.item(row[0])
        return Case(row[0], _title(item) if item else "", (row[1], str(row[2])))
    return msgspec.json.decode(row[0], type=Case)


@dataclass(slots=True)
class Watching:
    """Keeps ``desk.db`` up to date while the library is served; of several processes one at a time does it."""

    home: Home
    stop: threading.Event
    _seen: int = field(default=-1, init=False)
    _looked_through: float = field(default=-inf, init=False)
    _agents_seen: tuple[int, ...] = field(default=(), init=False)

    def run(self) -> None:
        """Follow until the server stops; not in a home that can only be read."""
        while os.access(self.home.path, os.W_OK) and not self.stop.wait(_LOOK_EVERY):
            try:
                self.follow()
            except HomeHeld:  # another process does
                continue
            except CanoeError as fault:
                log.warning("What needs attention cannot be told: %s", fault)
                self.stop.wait(_LOOK_THROUGH_EVERY)
            finally:
                self.home.library.catalogue.close()

    def follow(self) -> None:
        """Take in what changed since the last look. Raises HomeHeld while another process does."""
        library = self.home.library
        newest, is_time = library.catalogue.last_change(), time.monotonic() > self._looked_through + _LOOK_THROUGH_EVERY
        if newest == self._seen and not is_time:
            return
        with _writing(self.home.path) as database:
            take_in(database, library, self.stop)
            _count_keywords(database, self.home)
            if is_time:
                self._look_through(database)
                self._looked_through = time.monotonic()
        self._seen = newest

    def _look_through(self, database: sqlite3.Connection) -> None:
        """Look anew for what hangs on more than one item; for agents only when theirs is another database."""
        _keep(database, "dois", [*_parked(self.home)])
        with _transaction(database):
            _count(database, "duplicates", len(Pairs(self.home.library).proposed()))
        if (state := _state_of_agents(self.home.path)) != self._agents_seen:
            self._agents_seen = state
            with suppress(Outdated):
                _keep(database, "agents", [*_agents(self.home)])


def take_in(database: sqlite3.Connection, library: Library, stop: threading.Event) -> None:
    """Take in the items that changed since ``database`` followed the catalogue last, as far as the server runs."""
    (position,) = database.execute("SELECT change FROM followed").fetchone()
    if position > library.catalogue.last_change():  # the archive was put back to what it was: begin anew
        for table in ("unread", "keywords"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - of constants
        position = 0
    while not stop.is_set() and (changes := library.changes(position, _AT_ONCE)):
        with _transaction(database):
            for change in changes:
                _take(database, library, change)
            position = changes[-1].number
            database.execute("UPDATE followed SET change = ?", (position,))


def _take(database: sqlite3.Connection, library: Library, change: Change) -> None:
    item = change.item
    for table in ("unread", "keywords"):
        database.execute(f"DELETE FROM {table} WHERE item = ?", (item.id,))  # noqa: S608 - of constants
    if item.status == "withdrawn":
        return
    if unread := _unread(library, item):
        database.execute("INSERT INTO unread VALUES (?, ?, ?)", (item.id, _title(item), unread))
    written = {label_key(text.value): text.value for text in item.keywords}
    rows = [(key, item.id, text) for key, text in written.items() if key]
    database.executemany("INSERT INTO keywords VALUES (?, ?, ?)", rows)


def _unread(library: Library, item: Item) -> int:
    """Return how many pages of an item are unread; what is damaged is for ``canoe check`` to tell."""
    if not any(item.files_as("pages")):
        return 0
    try:
        return len(unread_pages(library, item))
    except (DamageFound, OSError):
        return 0


def _count_keywords(database: sqlite3.Connection, home: Home) -> None:
    """Keep ready which keywords are open: those that nobody has decided on, of most items first."""
    decided = {label_key(text) for text in _decided(home)}
    rows = database.execute("SELECT key, count(*) FROM keywords GROUP BY key ORDER BY 2 DESC, 1")
    found = [(number, key, items) for number, (key, items) in enumerate((r for r in rows if r[0] not in decided), 1)]
    (unread,) = database.execute("SELECT count(*) FROM unread").fetchone()
    with _transaction(database):
        database.execute("DELETE FROM open_keywords")
        database.executemany("INSERT INTO open_keywords VALUES (?, ?, ?)", found)
        _count(database, "unread", unread)
        _count(database, "keywords", len(found))


def _decided(home: Home) -> Iterator[str]:
    for decision in read_decisions(home.library.archive):
        yield decision.keyword


def _keep(database: sqlite3.Connection, need: Need, cases: Sequence[Case]) -> None:
    """Keep the first cases of a need ready, and how many there are."""
    rows = ((need, number, msgspec.json.encode(case).decode()) for number, case in enumerate(cases[:_MOST]))
    with _transaction(database):
        database.execute("DELETE FROM cases WHERE need = ?", (need,))
        database.executemany("INSERT INTO cases VALUES (?, ?, ?)", rows)
        _count(database, need, len(cases))


def _parked(home: Home) -> Iterator[Case]:
    with look_into(home.path, home.library) as ledger:
        for row in ledger.rows(["parked"]):
            item = home.library.catalogue.item(row.item)
            yield Case(row.item, _title(item) if item else "", (row.name, row.problem))


def _agents(home: Home) -> Iterator[Case]:
    """Yield the agents that may be one, by the index as it is: its lock would be in the way of others.

    Raises Outdated where there is none.
    """
    with read_agents(home.path) as index:
        yield from (Case("", "", (one.one.name, one.other.name)) for one in proposals(index))


def _state_of_agents(home: Path) -> tuple[int, ...]:
    """Return what changes with the index of agents; costs next to nothing."""
    state: list[int] = []
    for name in (AGENTS, f"{AGENTS}-wal"):
        with suppress(FileNotFoundError):
            status = (home / name).stat()
            state += [status.st_ino, status.st_mtime_ns, status.st_size]
    return tuple(state)


def _count(database: sqlite3.Connection, need: Need, number: int) -> None:
    database.execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (need, number))


def _title(item: Item) -> str:
    return item.title.value


@contextmanager
def _writing(home: Path) -> Iterator[sqlite3.Connection]:
    path = home / FILE
    with (
        file_lock(home / LOCK, "What needs attention is being looked through", "Wait.", patience=0),
        derived(path, _HINT),
        closing(sqlite3.connect(path, isolation_level=None)) as database,
    ):
        database.execute("PRAGMA journal_mode=WAL").close()
        database.execute("PRAGMA synchronous=NORMAL")
        if database.execute("PRAGMA user_version").fetchone()[0] != _EDITION:
            _empty(database)
        yield database


def _empty(database: sqlite3.Connection) -> None:
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        database.execute(f"DROP TABLE {name}")
    database.executescript(f"{_TABLES}PRAGMA user_version = {_EDITION};")


@contextmanager
def _reading(home: Path) -> Iterator[sqlite3.Connection | None]:
    """Lend what is known to be read, None where nothing is yet, or where it cannot be read just now."""
    path = home / FILE
    if not path.exists():
        yield None
        return
    with derived(path, _HINT), closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield database if _is_made(database) else None


def _is_made(database: sqlite3.Connection) -> bool:
    """Say whether there is something to read; on a full disk, or a medium that is read only, it may not be opened."""
    with suppress(sqlite3.OperationalError):
        return bool(database.execute("PRAGMA user_version").fetchone()[0] == _EDITION)
    return False


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # a full disk has ended it already
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
