"""Who may work at the desk, and who is at it: accounts, sessions and guesses, in a database of their own.

``accounts.db`` lies in the home, for its owner's eyes only, and cannot be made again from the
archive: it holds secrets, and those do not belong there. Of a session only the SHA-256 of its
token is kept, and of a password only its Argon2id hash.
"""

import hashlib
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.durable import storage
from desk.passwords import PASSWORDS, Passwords
from metadata.errors import NotFound, StorageError, UsageError

FILE = "accounts.db"
_TOKEN_BYTES = 32
_SEEN_EVERY = 60.0  # seconds between two notes that a session is in use: not every page writes to the disk
_WINDOW = 60.0  # seconds in which guesses are counted
_MOST_SESSIONS = 20  # of one account; with one more the oldest ends
_TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY, full_name TEXT NOT NULL, password TEXT NOT NULL, created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    digest BLOB PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    began REAL NOT NULL, seen REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_account ON sessions (account);
CREATE TABLE IF NOT EXISTS guesses (of TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS guesses_by_whom ON guesses (of, at);
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may work at the desk: the name to sign in with, and the name that changes are laid to."""

    name: str
    full_name: str = ""
    created_at: str = ""

    @property
    def shown(self) -> str:
        """The full name, or the name where there is none."""
        return self.full_name or self.name


@dataclass(frozen=True, slots=True)
class Patience:
    """How long sessions last, in seconds: without a request, and at all; how many wrong guesses a minute are heard."""

    idle: float = 30 * 60.0
    session: float = 12 * 3600.0
    guesses_of_account: int = 5
    guesses_of_client: int = 10


class Accounts:
    """The accounts of one home. Everything here raises StorageError where its file cannot be read or written.

    ``clock`` gives seconds since 1970.
    """

    def __init__(
        self,
        home: Path,
        patience: Patience = Patience(),
        passwords: Passwords = PASSWORDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = home / FILE
        self.patience = patience
        self._passwords = passwords
        self._clock = clock

    def add(self, name: str, full_name: str, password: str) -> Account:
        """Make an account; raises UsageError for a name that is taken."""
        account = Account(name, full_name, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        row = (name, full_name, self._passwords.hashed(password), account.created_at)
        with self._writing(make=True) as database:
            try:
                database.execute("INSERT INTO accounts VALUES (?, ?, ?, ?)", row)
            except sqlite3.IntegrityError:
                hint = f"Give it another password: canoe account password {name}"
                raise UsageError(f"There is an account {name} already.", hint) from None
        return account

    def all(self) -> Sequence[Account]:
        """Return every account, by name."""
        with self._reading() as database:
            rows = database.execute("SELECT name, full_name, created_at FROM accounts ORDER BY name")
            return [Account(*row) for row in rows]

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password and end its sessions; raises NotFound."""
        hashed = self._passwords.hashed(password)
        with self._writing() as database:
            changed = database.execute("UPDATE accounts SET password = ? WHERE name = ?", (hashed, name)).rowcount
            _require(changed, name)
            database.execute("DELETE FROM sessions WHERE account = ?", (name,))

    def remove(self, name: str) -> None:
        """Remove an account and end its sessions; what it did stays laid to it. Raises NotFound."""
        with self._writing() as database:
            _require(database.execute("DELETE FROM accounts WHERE name = ?", (name,)).rowcount, name)

    def seconds_to_wait(self, name: str, client: str) -> int:
        """Note a guess at a password and return 0; or the seconds until one is heard again, when there were too many.

        ``client`` is what is known of who guesses: its network address.
        """
        now, patience = self._clock(), self.patience
        asked = ((f"account {name}", patience.guesses_of_account), (f"client {client}", patience.guesses_of_client))
        with self._writing() as database:
            database.execute("DELETE FROM guesses WHERE at <= ? OR at > ?", (now - _WINDOW, now + _WINDOW))
            waits = [_wait(database, whose, most, now) for whose, most in asked]
            if not any(waits):
                database.executemany("INSERT INTO guesses VALUES (?, ?)", [(whose, now) for whose, _ in asked])
        return max(waits)

    def sign_in(self, name: str, password: str, client: str) -> str:
        """Return the token of a new session, ``""`` where name or password is wrong.

        An unknown name takes as long as a wrong password. Raises :class:`desk.passwords.Busy`.
        """
        kept = self._kept_password(name)
        if not self._passwords.is_right(kept, password):
            return ""
        if kept and self._passwords.is_outdated(kept):
            self._keep(name, self._passwords.hashed(password))
        return self._begin(name, client)

    def signed_in(self, token: str) -> Account | None:
        """Return whose session a token is, None where it is no session's, or of one that is over."""
        now, digest = self._clock(), _digest(token)
        asked = """SELECT name, full_name, created_at, began, seen FROM sessions JOIN accounts ON name = account
            WHERE digest = ?"""
        with self._reading() as database:
            row = database.execute(asked, (digest,)).fetchone()
        if row is None or now - row[3] >= self.patience.session or now - row[4] >= self.patience.idle:
            return None
        if now - row[4] >= _SEEN_EVERY:
            with suppress(StorageError), self._writing() as database:  # a full disk turns nobody out
                database.execute("UPDATE sessions SET seen = ? WHERE digest = ?", (now, digest))
        return Account(*row[:3])

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._writing() as database:
            database.execute("DELETE FROM sessions WHERE digest = ?", (_digest(token),))

    def _begin(self, name: str, client: str) -> str:
        """Begin a session; those that are over are forgotten, and the guesses of who got in."""
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock()
        over = "DELETE FROM sessions WHERE began <= ? OR seen <= ?"
        crowded = """DELETE FROM sessions WHERE digest IN
            (SELECT digest FROM sessions WHERE account = ? ORDER BY seen DESC LIMIT -1 OFFSET ?)"""
        with self._writing() as database:
            database.execute(over, (now - self.patience.session, now - self.patience.idle))
            database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (_digest(token), name, now, now))
            database.execute(crowded, (name, _MOST_SESSIONS))
            database.execute("DELETE FROM guesses WHERE of IN (?, ?)", (f"account {name}", f"client {client}"))
        return token

    def _kept_password(self, name: str) -> str:
        with self._reading() as database:
            row = database.execute("SELECT password FROM accounts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def _keep(self, name: str, hashed: str) -> None:
        with self._writing() as database:
            database.execute("UPDATE accounts SET password = ? WHERE name = ?", (hashed, name))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the database to read from; one without accounts where there is none yet."""
        with self._faults():
            if not self.path.exists():
                with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
                    database.executescript(_TABLES)
                    yield database
                return
            with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
                yield database

    @contextmanager
    def _writing(self, make: bool = False) -> Iterator[sqlite3.Connection]:
        """Lend the database within a transaction; where there is none, it is made, or nothing is kept."""
        with self._faults():
            if make:
                self._make()
            with closing(sqlite3.connect(self.path if self.path.exists() else ":memory:", isolation_level=None)) as it:
                if not self.path.exists():
                    it.executescript(_TABLES)
                it.execute("PRAGMA foreign_keys=ON")
                it.execute("BEGIN IMMEDIATE")
                try:
                    yield it
                except BaseException:
                    if it.in_transaction:  # a full disk has ended it already
                        it.execute("ROLLBACK")
                    raise
                it.execute("COMMIT")

    def _make(self) -> None:
        """Make the file, and only its owner's; SQLite gives the files beside it the same rights."""
        with suppress(FileExistsError), storage(self.path):
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            # Read without a file beside it: on a full disk, or a medium that is read only, one is still known.
            database.execute("PRAGMA journal_mode=DELETE").close()
            database.executescript(_TABLES)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as fault:
            hint = "Give this account the right to write there; where the file is damaged, bring it back from a copy."
            raise StorageError(f"{self.path}: {fault}.", hint) from fault


def _wait(database: sqlite3.Connection, whose: str, most: int, now: float) -> int:
    """Return the seconds until one more guess is heard."""
    asked = "SELECT at FROM guesses WHERE of = ? ORDER BY at DESC LIMIT 1 OFFSET ?"
    row = database.execute(asked, (whose, most - 1)).fetchone()
    return max(1, round(row[0] + _WINDOW - now)) if row else 0


def _require(changed: int, name: str) -> None:
    if not changed:
        raise NotFound(f"There is no account {name}.", "canoe account list shows all.")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
