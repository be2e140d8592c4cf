"""The file of the catalogue: how it is opened for reading and for writing, and what its faults are called.

Whoever reads opens it read-only and never changes it, not even by closing it last. One
session at a time writes, under the writer's lock; it decides when the write-ahead log is
played into the catalogue, and keeps the digests of both (:mod:`archive.sums`).

The files are opened by hand only while this process has no connection to them: closing a
file takes from the process every lock it has on it, SQLite's too (POSIX.1, ``fcntl``;
https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from archive.durable import storage
from archive.sums import Note, Sums, size_of
from metadata.errors import HomeHeld, Outdated, StorageError

REBUILD = "Run canoe rebuild: everything in it is made again from the archive."
PATIENCE = 30.0  # seconds that one program waits for another's lock
_LOG_LIMIT = 32 << 20  # bytes after which the log is played into the catalogue
_CHECKPOINT_PATIENCE = 1000  # milliseconds to wait for readers then
_DISK_FAULTS = ("disk is full", "readonly", "unable to open", "disk I/O error")
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an item whose staging folder is gone must not be forgotten by a power cut
    "wal_autocheckpoint=0",
)

Seen = tuple[int, ...]
"""What tells that a file is another one, or has been written to where SQLite cannot notice."""


@dataclass(frozen=True)
class _Reading:
    """The catalogue opened for reading; ``frozen`` where SQLite takes for granted that nobody writes."""

    engine: Engine
    seen: Seen
    frozen: bool
    copy: TemporaryDirectory[str] | None = None

    def close(self) -> None:
        self.engine.dispose()
        if self.copy:
            self.copy.cleanup()


class CatalogueFile:
    """catalogue.db of one home, to read from by any number of threads, and to write by one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sums = Sums(path)
        self._reading: _Reading | None = None
        self._asking: Any = None  # the connection that the writer's thread asks with
        self._writing: Engine | None = None
        self._writer_thread = 0
        self._noted: Note | None = None
        self._verified: Note | None = None
        self._log_limit = _LOG_LIMIT
        _opened_here.add(self)

    def verify(self) -> None:
        """Raise Outdated when there is none, or one that is not as the last writer left it; close it before."""
        with storage(self.path), _opening:
            if not self.path.exists():
                raise Outdated(f"{self.path} is missing.", "Run canoe rebuild --catalogue.")
            self.release()
            if not self._is_free_here():
                return
            if found := self._sums.differing():
                raise Outdated(f"{found} is damaged, or another program has changed it.", REBUILD)
            self._verified = self._sums.read()

    def is_replaced(self) -> bool:
        """Say whether another file, or another content, is in place of the one that was opened for reading.

        While this thread writes, nobody else does: then it is not looked at.
        """
        opened = self._reading
        return opened is not None and not self._is_mine and opened.seen != _look(self.path, opened.frozen)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection that reads; raises Outdated, StorageError, HomeHeld."""
        with faults(self.path):
            opened = self._opened()
            with opened.engine.connect() as connection:
                yield connection
            self._require_unchanged(opened)

    def ask(self, statement: str, *values: str | int) -> list[tuple[Any, ...]]:
        """Return the rows of one statement that reads: a tenth of the time that :meth:`reading` takes for one row.

        Raises what :meth:`reading` does.
        """
        if self._is_mine:
            return self._ask_often(statement, values)
        with faults(self.path):
            opened = self._opened()
            connection: Any = opened.engine.raw_connection()
            try:
                found: list[tuple[Any, ...]] = connection.execute(statement, values).fetchall()
            finally:
                connection.close()
            self._require_unchanged(opened)
            return found

    def _ask_often(self, statement: str, values: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        """Ask as the writer does, for every record of a batch: with a connection of its own, until :meth:`release`."""
        try:
            if self._asking is None:
                self._asking = self._opened().engine.raw_connection()
            found: list[tuple[Any, ...]] = self._asking.dbapi_connection.execute(statement, values).fetchall()
        except (DatabaseError, sqlite3.DatabaseError, OSError):
            with faults(self.path):
                raise
        return found

    @contextmanager
    def session(self, renewing: bool = False) -> Iterator[None]:
        """Keep it open for writing, and its digests noted; only for the holder of the writer's lock.

        Raises Outdated for a damaged one, unless it is ``renewing``. Sessions may be nested.
        """
        if self._writing is not None:
            yield
            return
        if not (renewing or self._is_verified()):
            self.verify()
        with _opening:
            self.release()  # what was opened while nothing could be written takes for granted that nothing is
            self._writing, self._writer_thread = _writer(self.path), threading.get_ident()
        try:
            with faults(self.path):
                self._begin(renewing)
            try:
                yield
            finally:
                self._end()
        finally:
            self._stop_asking()
            self._writing.dispose()
            self._writing = self._noted = None

    @contextmanager
    def transaction(self, renewing: bool = False) -> Iterator[Connection]:
        """Lend a connection that writes, all of it or nothing, in the present session or in one of its own."""
        with self.session(renewing), faults(self.path):
            assert self._writing is not None  # noqa: S101 - a session is open
            try:
                with self._writing.begin() as connection:
                    yield connection
            except BaseException:
                self._forget()  # what was begun may stand in the log, and the next commit is written over it
                raise
            self._follow()

    def is_sound(self) -> bool:
        """Say whether it is as it was noted and of one piece; False where there is none."""
        try:
            self.verify()
            with self.reading() as connection:
                return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        except Outdated:
            return False

    def discard(self) -> None:
        """Take the file away, with its log: SQLite would play one left behind into the new file."""
        self.release()
        with storage(self.path):
            for suffix in (".sum", "-wal", "-shm", ""):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def release(self) -> None:
        """Give up the connections that read; the next one to read opens it again."""
        with _opening:
            self._stop_asking()
            opened, self._reading = self._reading, None
            if opened:
                opened.close()

    @property
    def _is_mine(self) -> bool:
        """Whether the thread that asks is the one that writes."""
        return self._writing is not None and threading.get_ident() == self._writer_thread

    def _stop_asking(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.close()

    def _opened(self) -> _Reading:
        with _opening:
            if self._reading is None:
                self._reading = _reader(self.path)
            return self._reading

    def _require_unchanged(self, opened: _Reading) -> None:
        if opened.frozen and _look(self.path, frozen=True) != opened.seen:
            raise HomeHeld(f"{self.path} was written to while it was read.", "Run the command again.")

    def _is_verified(self) -> bool:
        """Say whether this was looked at before, a moment ago in a command, and nobody has written since."""
        return self._verified is not None and self.path.exists() and self._sums.read() == self._verified

    def _is_free_here(self) -> bool:
        """Give up all this process has open of the file; False where it is being written here."""
        mine = os.path.realpath(self.path)
        others = [other for other in list(_opened_here) if os.path.realpath(other.path) == mine]
        if any(other._writing is not None for other in others):
            return False
        for other in others:
            other.release()
        return True

    def _begin(self, renewing: bool) -> None:
        self._noted, self._log_limit = self._sums.read(), _LOG_LIMIT
        if renewing:
            self._forget()
        elif self._noted is None:
            self._require_sound()
            self._settle()
        elif size_of(self._sums.log):
            self._settle()

    def _require_sound(self) -> None:
        assert self._writing is not None  # noqa: S101 - a session is open
        with self._writing.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if found != "ok":
            raise Outdated(f"{self.path} is damaged: {found}.", REBUILD)

    def _end(self) -> None:
        # What cannot be settled now, for want of space perhaps, stands in the log and is settled the next time.
        with suppress(DatabaseError, sqlite3.Error, OSError):
            if self._noted is None or size_of(self._sums.log):
                self._settle()

    def _follow(self) -> None:
        if self._noted is not None:
            self._noted = self._sums.follow(self._noted)
        if size_of(self._sums.log) > self._log_limit:
            self._settle()
            self._log_limit = size_of(self._sums.log) + _LOG_LIMIT

    def _forget(self) -> None:
        self._noted = None
        self._sums.forget()

    def _settle(self) -> None:
        """Play the log into the catalogue and note what that is now; note nothing while readers prevent it."""
        self._forget()
        assert self._writing is not None  # noqa: S101 - a session is open
        done = _play_log(self._writing)
        self._writing.dispose()  # connects again when it is next used
        if done and self._has_no_connection():
            self._noted = self._verified = self._sums.note()

    def _has_no_connection(self) -> bool:
        writing, self._writing = self._writing, None
        try:
            return self._is_free_here()
        finally:
            self._writing = writing


_opened_here: WeakSet[CatalogueFile] = WeakSet()
"""The catalogues of this process: see the module's docstring for why one must know of the others."""

_opening = threading.RLock()
"""Held while one of them is opened, given up or looked at by hand: not while another thread begins to write."""


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a file it cannot use into CanoeErrors."""
    try:
        with storage(path):
            yield
    except (OperationalError, sqlite3.OperationalError) as fault:
        text = str(fault.orig if isinstance(fault, OperationalError) else fault)
        if "locked" in text:
            raise HomeHeld(f"{path} is held by another program.", "End it and run the command again.") from fault
        if _is_disk_fault(text):
            raise StorageError(f"{path}: {text}.", "Free space or give permission there.") from fault
        raise Outdated(f"{path} cannot be used: {text}.", REBUILD) from fault
    except (DatabaseError, sqlite3.DatabaseError) as fault:
        text = str(fault.orig if isinstance(fault, DatabaseError) else fault)
        raise Outdated(f"{path} is damaged: {text}.", REBUILD) from fault


def _reader(path: Path) -> _Reading:
    """Open the catalogue for reading; on read-only media, without permission to write, and on a full disk, too.

    SQLite needs shared memory beside the file. Where it can make none it must be told that
    nobody writes; and a log that was left there is read with a private copy of the catalogue.
    """
    if not path.exists():
        raise Outdated(f"{path} is missing.", "Run canoe rebuild --catalogue.")
    shared = _Reading(_engine(path, "mode=ro"), _look(path, frozen=False), frozen=False)
    try:
        _try(shared.engine)
    except OperationalError as fault:
        shared.close()
        if not _is_disk_fault(str(fault.orig)):
            raise
        return _frozen(path)
    return shared


def _frozen(path: Path) -> _Reading:
    seen, log = _look(path, frozen=True), path.with_name(f"{path.name}-wal")
    if not size_of(log):
        return _Reading(_engine(path, "mode=ro&immutable=1"), seen, frozen=True)
    folder = TemporaryDirectory(prefix="canoe-catalogue-")
    for source in (path, log):
        shutil.copyfile(source, Path(folder.name) / source.name)
    return _Reading(_engine(Path(folder.name) / path.name, "mode=ro"), seen, frozen=True, copy=folder)


def _try(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()


def _is_disk_fault(text: str) -> bool:
    return any(sign in text for sign in _DISK_FAULTS)


def _writer(path: Path) -> Engine:
    # A reader that sees the log's index half written takes the writer's lock for a moment to look again: who
    # asks for it in the middle of a transaction is refused at once, who begins with it waits.
    return _engine(path, "mode=rwc", "BEGIN IMMEDIATE", _PRAGMAS)


def _engine(path: Path, how: str, begins: str = "BEGIN", pragmas: tuple[str, ...] = ()) -> Engine:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?{how}"

    def connect() -> sqlite3.Connection:
        # The driver begins no transaction of its own: it leaves tables and plain reading out of them.
        connection = sqlite3.connect(uri, PATIENCE, isolation_level=None, check_same_thread=False, uri=True)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(begins)

    return engine


def _play_log(engine: Engine) -> bool:
    """Play the whole log into the catalogue and empty it; False when a reader did not let it in time."""
    connection: Any = engine.raw_connection()  # outside any transaction
    try:
        connection.execute(f"PRAGMA busy_timeout={_CHECKPOINT_PATIENCE}").close()
        cursor = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchone()[0]
        cursor.close()
        connection.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}").close()
    finally:
        connection.close()
    return not busy


def _look(path: Path, frozen: bool) -> Seen:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    which = (found.st_dev, found.st_ino)
    if not frozen:
        return which
    return (*which, found.st_size, found.st_mtime_ns, size_of(path.with_name(f"{path.name}-wal")))
