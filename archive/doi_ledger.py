"""The DOI ledger: what each DOI of the library should be at its agency, what it is there, and what was tried.

It stands in ``dois.db`` of the home and follows the catalogue by its change numbers, so whatever an
ingest, an edit or a withdrawal committed is found here at the next look, and nothing of it waits for an
agency. It is no part of the catalogue: an answer can be noted while an ingest of many hours holds the
writer's lock, and an attempt costs no digest of the catalogue. All of it may be lost. What was accepted
stands in the archive (:mod:`archive.doi_receipts`); what was not is tried anew.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields, replace
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from archive.catalogued import Change
from archive.derived import derived
from archive.doi_receipts import Receipt, read_receipt
from archive.library import Library
from archive.lock import file_lock
from metadata.errors import HomeHeld, NotFound, StorageError
from metadata.model import DoiState, Status

FILE = "dois.db"
_HINT = "Move it away: what was accepted stands in the archive, the rest is tried anew."
_EDITION = 1
_AT_ONCE = 500
_RESOLVING = ("findable", "registered")

Phase = Literal["look", "waiting", "parked", "settled"]
"""To be looked at; to be tried again; refused, until somebody mends the item; nothing to do."""


@dataclass(frozen=True, slots=True)
class DoiRow:
    """A DOI in the ledger. Instants are RFC 3339; ``next_try`` is seconds since 1970, None where none is due.

    ``state`` and ``status`` are what the item says. ``accepted``, ``agency``, ``digest`` and ``accepted_at`` tell
    what an agency has accepted last. ``in_doubt`` is set while something was sent that may have been accepted
    though no answer came, ``sent`` being its digest. ``refused`` is the digest of what was refused last. ``problem``
    (JSON), ``answer`` and ``document`` are what is wrong with a parked one, what came back last, and what was sent.
    """

    name: str
    item: str
    change: int
    state: DoiState
    status: Status = "published"
    phase: Phase = "look"
    accepted: Literal["", "findable", "registered"] = ""
    agency: str = ""
    digest: str = ""
    accepted_at: str = ""
    attempts: int = 0
    next_try: float | None = 0.0
    in_doubt: bool = False
    sent: str = ""
    refused: str = ""
    problem: str = ""
    answer: str = ""
    document: str = ""

    @property
    def wanted(self) -> Literal["", "findable", "registered"]:
        """What it should be at the agency: what was withdrawn is hidden there, if it can ever have been seen."""
        if self.status == "published":
            return "findable"
        return "registered" if self.accepted or self.in_doubt or self.state in _RESOLVING else ""


_COLUMNS = tuple(part.name for part in fields(DoiRow))
_values = attrgetter(*_COLUMNS)
_NAMES, _MARKS = ", ".join(_COLUMNS), ", ".join("?" * len(_COLUMNS))
_TABLES = (
    f"CREATE TABLE dois ({_NAMES}, PRIMARY KEY (name)) WITHOUT ROWID",
    "CREATE INDEX dois_by_item ON dois (item)",
    "CREATE INDEX dois_due ON dois (next_try, change) WHERE next_try IS NOT NULL",
    "CREATE INDEX dois_unkept ON dois (name) WHERE accepted <> '' AND accepted <> state",
    "CREATE TABLE ties (target, item, PRIMARY KEY (target, item)) WITHOUT ROWID",
    "CREATE INDEX ties_by_item ON ties (item)",
    "CREATE TABLE followed (change)",
    f"PRAGMA user_version = {_EDITION}",
)
_ROWS = f"SELECT {_NAMES} FROM dois"  # noqa: S608 - of constants
_PUT = f"INSERT OR REPLACE INTO dois VALUES ({_MARKS})"  # noqa: S608 - of constants


class DoiLedger:
    """The ledger of one home, opened by :func:`open_ledger`; one process at a time has it open to write."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def follow(self, library: Library) -> int:
        """Take in what changed in the catalogue since the last look; return how many items that were."""
        position = self._position()
        if position > library.catalogue.last_change():  # the archive was put back to what it was: begin anew
            position = self._forget()
        number = 0
        while changes := library.changes(position, _AT_ONCE):
            with self._transaction():
                for change in changes:
                    self._take_in(library, change)
                position = changes[-1].number
                self._connection.execute("UPDATE followed SET change = ?", (position,))
            number += len(changes)
        return number

    def row(self, name: str) -> DoiRow:
        """Return the row of a DOI, in whatever case its letters are; raises NotFound."""
        for row in self._rows("WHERE name = ? COLLATE NOCASE", name):
            return row
        raise NotFound(f"The library has no DOI {name}.", "canoe doi status lists them.")

    def next_due(self, prefixes: Sequence[str], agency: str) -> DoiRow | None:
        """Return the row that is due first, be it later than now; None where none ever is.

        It is under one of ``prefixes``, or was accepted by this ``agency`` when its prefix was among them: that
        one must hear of it as long as it leads readers to the item.
        """
        # The plus keeps SQLite from going through all names and sorting them: the first of those due is at hand.
        under = "".join(["(+name >= ? AND +name < ?) OR "] * len(prefixes))
        where = f"WHERE next_try IS NOT NULL AND ({under}agency = ?) ORDER BY next_try, change LIMIT 1"
        return next(self._rows(where, *chain.from_iterable(map(_under, prefixes)), agency), None)

    def unkept(self) -> Sequence[DoiRow]:
        """Return the rows of which the archive does not say yet what was accepted."""
        return list(self._rows("WHERE accepted <> '' AND accepted <> state ORDER BY name"))

    def rows(self, phases: Iterable[Phase] = (), after: str = "") -> Iterator[DoiRow]:
        """Yield the rows in these phases, all where none is named, in the order of their names."""
        wanted = tuple(phases)
        phase = f"AND phase IN ({', '.join('?' * len(wanted))})" if wanted else ""
        return self._rows(f"WHERE name > ? {phase} ORDER BY name", after, *wanted)

    def put(self, row: DoiRow) -> None:
        """Put a row in place of what was known of its DOI."""
        self._connection.execute(_PUT, _values(row))

    def retry(self, names: Sequence[str]) -> int:
        """Let DOIs be tried again, and sent again whatever was accepted; every parked one where none is named.

        Returns how many. Raises NotFound, before anything is done, at one that the library has not.
        """
        rows = [self.row(name) for name in dict.fromkeys(names)] if names else list(self.rows(["parked"]))
        with self._transaction():
            for row in rows:
                digest = "" if names else row.digest
                self.put(replace(row, phase="look", next_try=0.0, attempts=0, refused="", digest=digest))
        return len(rows)

    def rest(self, agency: str, until: float) -> None:
        """Note until when (seconds since 1970) an agency asks to be left in peace."""
        self._connection.execute("INSERT OR REPLACE INTO rests VALUES (?, ?)", (agency, until))

    def rests_until(self, agency: str) -> float:
        """Return until when an agency asked to be left in peace, in seconds since 1970; 0 where it never did."""
        found = self._connection.execute("SELECT until FROM rests WHERE agency = ?", (agency,)).fetchone()
        return float(found[0]) if found else 0.0

    def _take_in(self, library: Library, change: Change) -> None:
        item, doi = change.item, change.item.doi
        former = {row.name: row for row in self._rows("WHERE item = ?", item.id)}
        tied = self._connection.execute("SELECT target FROM ties WHERE item = ?", (item.id,)).fetchall()
        self._connection.execute("DELETE FROM ties WHERE item = ?", (item.id,))
        ties = [(relation.target, item.id) for relation in item.relations]
        self._connection.executemany("INSERT OR IGNORE INTO ties VALUES (?, ?)", ties)
        for target in {target for (target, *_) in (*tied, *ties)}:
            self._look_at(target)
        is_ours = doi is not None and doi.state != "external" and not item.origins
        for name in former:
            if not is_ours or doi is None or doi.name != name:
                self._connection.execute("DELETE FROM dois WHERE name = ?", (name,))
        if doi is None or not is_ours:  # what another repository keeps is for that one to name
            return
        known = former.get(doi.name, DoiRow(doi.name, item.id, change.number, "reserved"))
        row = replace(known, change=change.number, state=doi.state, status=item.status)
        if row.state in _RESOLVING and not row.accepted and (receipt := read_receipt(library, item.id)):
            row = _with_receipt(row, receipt)
        self.put(row if row.phase == "waiting" else replace(row, phase="look", next_try=0.0))
        if row.state != known.state:
            self._look_again(item.id)

    def tied_to(self, target: str, limit: int) -> Sequence[str]:
        """Return the ids of the items that say of themselves that they are tied to one, in order."""
        found = "SELECT item FROM ties WHERE target = ? ORDER BY item LIMIT ?"
        return [item for (item,) in self._connection.execute(found, (target, limit))]

    def _look_at(self, item: str) -> None:
        """Have an item looked at of which another has said anew how they are tied: its metadata say so, too."""
        looked = "UPDATE dois SET phase = 'look', next_try = 0.0 WHERE phase = 'settled' AND item = ?"
        self._connection.execute(looked, (item,))

    def _look_again(self, target: str) -> None:
        """Have the items looked at that are tied to one: their metadata name it by its DOI where that resolves."""
        tied = "item IN (SELECT item FROM ties WHERE target = ?)"
        looked = f"UPDATE dois SET phase = 'look', next_try = 0.0 WHERE phase = 'settled' AND {tied}"  # noqa: S608
        self._connection.execute(looked, (target,))

    def _position(self) -> int:
        return int(self._connection.execute("SELECT coalesce(max(change), 0) FROM followed").fetchone()[0])

    def _forget(self) -> int:
        with self._transaction():
            self._connection.execute("DELETE FROM dois")
            self._connection.execute("DELETE FROM ties")
            self._connection.execute("UPDATE followed SET change = 0")
        return 0

    def _rows(self, where: str, *values: object) -> Iterator[DoiRow]:
        for found in self._connection.execute(f"{_ROWS} {where}", values):
            told = dict(zip(_COLUMNS, found, strict=True))
            yield DoiRow(**{**told, "in_doubt": bool(told["in_doubt"])})

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:
            yield


@contextmanager
def open_ledger(home: Path) -> Iterator[DoiLedger]:
    """Lend the ledger of a home, made where there is none or it is of another edition.

    Raises HomeHeld while another process has it, Outdated where it is damaged, StorageError.
    """
    path = home / FILE
    told, hint = f"The DOIs of {home} are being registered", "It is enough that one does it; wait until it is done."
    with file_lock(home / "doi.lock", told, hint), derived(path, _HINT):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            # An answer that a power cut loses is asked for again; that costs less than a disk's wait for each.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            _prepare(connection)
            yield DoiLedger(connection)
        finally:
            connection.close()


@contextmanager
def look_into(home: Path, library: Library) -> Iterator[DoiLedger]:
    """Lend the ledger of a home to be read only, up to date with the catalogue where nobody else has it.

    While another process registers, it is as that one left it; in a home that can only be read it is
    made for the moment, from the archive, and knows of no attempts. Raises Outdated where it is damaged.
    """
    path = home / FILE
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(open_ledger(home))
            ledger.follow(library)
        except HomeHeld:
            stack.enter_context(derived(path, _HINT))
            ledger = DoiLedger(stack.enter_context(closing(sqlite3.connect(_readable(path), uri=True))))
        except StorageError:
            connection = stack.enter_context(closing(sqlite3.connect(":memory:", isolation_level=None)))
            _prepare(connection)
            ledger = DoiLedger(connection)
            ledger.follow(library)
        yield ledger


def _readable(path: Path) -> str:
    return f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS rests (agency PRIMARY KEY, until) WITHOUT ROWID")
    if connection.execute("PRAGMA user_version").fetchone()[0] == _EDITION:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for table in ("dois", "ties", "followed"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO followed VALUES (0)")


def _with_receipt(row: DoiRow, receipt: Receipt) -> DoiRow:
    """Return a row as the archive knows it; a receipt of another name or state does not count."""
    if receipt.name != row.name or receipt.state != row.state or receipt.state not in ("findable", "registered"):
        return row
    accepted: Literal["findable", "registered"] = "findable" if receipt.state == "findable" else "registered"
    agency, digest = receipt.agency, receipt.sha256
    return replace(row, accepted=accepted, agency=agency, digest=digest, accepted_at=receipt.accepted_at)


def _under(prefix: str) -> tuple[str, str]:
    """Return the first name under a prefix, and the first after all of them."""
    return f"{prefix}/", f"{prefix}0"
