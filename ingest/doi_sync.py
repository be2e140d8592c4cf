"""Telling the DOI agency what it should know: one call at a time, none in vain, none lost.

What is due is sent as it is at that moment, so of several changes of an item the newest is told. An
answer is noted in the ledger as soon as it is there, and in the archive a little later, many together,
where nobody else is writing then. Whatever is lost in between is told again: to tell twice does no harm.
"""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from archive.doi_ledger import DoiLedger, DoiRow
from archive.doi_receipts import keep
from archive.library import Library
from ingest.doi_rules import (
    LONGEST_PAUSE,
    MOST_ASKED,
    Moment,
    answered,
    digest_of,
    is_known,
    parked,
    receipt_of,
    settled,
    unsent,
    wait_after,
)
from ingest.registrars import Answer, Deposit, Publication, Registrar
from metadata.citing import landing
from metadata.errors import HomeHeld, NotFound
from metadata.kernel import RESOLVING, MandatoryMissing, Related, related_to
from metadata.model import Item
from metadata.problems import problem
from metadata.standard_numbers import doi
from metadata.vocabulary import Vocabulary

_PATIENCE = 120.0  # seconds that a run waits for what is to be tried again
_MOST_FAILURES = 20  # one after the other, after which an agency is left in peace for today
_MOST_TIED = 200  # items that are named as parts, translations, versions of one
_KEPT_TOGETHER = 500
_KEPT_AFTER = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Clock:
    """The time in seconds since 1970, how to let some pass, and a number from 0 to 1 drawn by lot.

    ``is_over`` says that there is no more time: a run then ends after the call that it is at.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    lot: Callable[[], float] = random.random
    is_over: Callable[[], bool] = lambda: False


def _is_anything(_: bytes) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Office:
    """What DOIs are registered with: the library, its ledger, the agency, the prefixes, and what documents say.

    ``is_valid`` holds a document against the agency's schema, and says what is wrong with it, ``""`` for nothing.
    """

    library: Library
    ledger: DoiLedger
    registrar: Registrar
    prefixes: Sequence[str]
    name: str
    base_url: str
    vocabulary: Vocabulary
    clock: Clock = field(default_factory=Clock)
    is_valid: Callable[[bytes], str] = _is_anything


@dataclass(frozen=True, slots=True)
class Synced:
    """What a run did: calls, DOIs accepted, parked anew, and noted in the archive.

    ``stopped`` says why it ended before its time, ``""`` where it did not; ``is_denied`` that no other
    run will do better until somebody mends the settings. ``unkept`` DOIs were accepted, but the archive is
    being written to by another and is told by a later run.
    """

    calls: int = 0
    accepted: int = 0
    parked: tuple[DoiRow, ...] = ()
    kept: int = 0
    unkept: int = 0
    stopped: str = ""
    is_denied: bool = False


def sync(office: Office, limit: int = 0) -> Synced:
    """Tell the agency all that is due, in at most ``limit`` calls (0: any number), and note what it accepted.

    Raises StorageError, and what reading and writing the archive raise; what was accepted is noted before.
    """
    run = _Run(office, limit)
    try:
        run.all()
    finally:
        run.keep()
    office.ledger.follow(office.library)
    run.settle_noted()
    return run.done


class _Run:
    """One run; ``done`` is what it has done so far."""

    def __init__(self, office: Office, limit: int) -> None:
        self.done = Synced()
        self._office = office
        self._limit = limit
        self._failures = 0
        self._resumes = office.ledger.rests_until(office.registrar.agency)
        self._noted: list[str] = []  # DOIs of which the archive was told
        self._accepted = 0  # since the archive was told last
        self._kept_at = office.clock.now()

    def all(self) -> None:
        """Send what is due, and what falls due because of that, until nothing is, or it must stop."""
        office = self._office
        office.ledger.follow(office.library)
        while True:
            while row := self._next():
                self._one(row)
                self._keep_if_due()
            if self.done.stopped or not self.keep():
                return
            office.ledger.follow(office.library)  # what was noted is news for the items that are tied to it

    def keep(self) -> int:
        """Note in the archive what was accepted; return how many that were."""
        office = self._office
        self._accepted, self._kept_at = 0, office.clock.now()
        rows = office.ledger.unkept()
        try:
            kept = keep(office.library, [(row.item, receipt_of(row)) for row in rows]) if rows else 0
        except HomeHeld:
            self.done = replace(self.done, unkept=len(rows))
            return 0
        self.done = replace(self.done, kept=self.done.kept + kept, unkept=0)
        self._noted += [row.name for row in rows]
        return kept

    def settle_noted(self) -> None:
        """Settle what was noted and is known: a run that ended before its turn came would leave it as if it waited."""
        office = self._office
        for name in self._noted:
            with suppress(NotFound, MandatoryMissing):
                row = office.ledger.row(name)
                held = office.library.catalogue.held(row.item) if row.phase == "look" else None
                deposit = self._deposit(row, held.item) if held else None
                if deposit and is_known(row, deposit, office.registrar.agency):
                    office.ledger.put(settled(row))

    def _keep_if_due(self) -> None:
        late = self._office.clock.now() - self._kept_at >= _KEPT_AFTER
        if self._accepted >= _KEPT_TOGETHER or (self._accepted and late):
            self.keep()
            self._office.ledger.follow(self._office.library)

    def _next(self) -> DoiRow | None:
        """Return the row whose turn it is, after whatever must be waited for; None where the run is at its end."""
        office, clock = self._office, self._office.clock
        while not (self.done.stopped or clock.is_over() or 0 < self._limit <= self.done.calls):
            row = office.ledger.next_due(office.prefixes, office.registrar.agency)
            if row is None:
                return None
            wait = max(row.next_try or 0.0, self._resumes) - clock.now()
            if wait <= 0 or wait > LONGEST_PAUSE:  # so far ahead only a clock lies that was set back since
                return row
            if wait > _PATIENCE:
                if self._resumes - clock.now() > _PATIENCE:
                    until = datetime.fromtimestamp(self._resumes, UTC)
                    self.done = replace(self.done, stopped=f"it asked for one until {until:%Y-%m-%d %H:%M:%SZ}")
                return None
            clock.sleep(wait)
        return None

    def _one(self, row: DoiRow) -> None:
        """Do what one row needs, of its item as it is now."""
        office = self._office
        held = office.library.catalogue.held(row.item)
        if held is None or held.item.doi is None or held.item.doi.name != row.name:
            office.ledger.put(settled(row))
            office.ledger.follow(office.library)
            return
        row = replace(row, state=held.item.doi.state, status=held.item.status, change=held.change)
        if other := self._elsewhere(row, held.item):
            self._park(row, parked(row, problem("doi-elsewhere", row.item, doi=other)))
            return
        try:
            deposit = self._deposit(row, held.item)
        except MandatoryMissing as fault:
            self._park(row, parked(row, problem("doi-metadata-missing", row.item, field=", ".join(fault.fields))))
            return
        if deposit is None or is_known(row, deposit, office.registrar.agency):
            office.ledger.put(settled(row))
        elif row.refused == digest_of(deposit):
            office.ledger.put(replace(row, phase="parked", next_try=None))
        elif wrong := office.is_valid(deposit.document):
            self._park(row, unsent(row, deposit, problem("doi-metadata-invalid", row.item, reason=wrong)))
        else:
            self._send(row, deposit)

    def _elsewhere(self, row: DoiRow, item: Item) -> str:
        """Return the DOI that an item was found to have elsewhere while no agency could know its own, else ``""``."""
        if row.accepted or row.in_doubt or not row.wanted:
            return ""
        names = (doi(one.value) for one in item.identifiers if one.scheme == "doi")
        given_here = tuple(f"{prefix}/" for prefix in self._office.prefixes)
        return next((name for name in names if name and not name.startswith(given_here)), "")

    def _deposit(self, row: DoiRow, item: Item) -> Deposit | None:
        """Return what the agency should know, None where that is nothing; raises MandatoryMissing."""
        office = self._office
        if not row.wanted:
            return None
        year = int(row.accepted_at[:4] or datetime.fromtimestamp(office.clock.now(), UTC).year)
        publication = Publication(item, self._ties(item), office.name, office.base_url, office.vocabulary, year)
        document = office.registrar.document(publication)
        return Deposit(row.name, landing(item, office.base_url), row.wanted, document)

    def _ties(self, item: Item) -> tuple[Related, ...]:
        """Return the ties of an item: its own, and those that others have to it, as soon as their DOIs resolve."""
        office = self._office
        found = ((one.kind, office.library.catalogue.item(one.target)) for one in item.relations)
        own = [related_to(kind, other, office.base_url) for kind, other in found if other]
        others = map(office.library.catalogue.item, office.ledger.tied_to(item.id, _MOST_TIED))
        told = (one for one in others if one and one.status == "published" and one.doi and one.doi.state in RESOLVING)
        inverse = (
            related_to(tie.kind, other, office.base_url, inverse=True)
            for other in told
            for tie in other.relations
            if tie.target == item.id
        )
        return tuple(dict.fromkeys([*own, *inverse]))

    def _send(self, row: DoiRow, deposit: Deposit) -> None:
        """Send a deposit, and note before that it may have come to the agency, and then what became of it."""
        office, clock = self._office, self._office.clock
        asked = office.registrar.ask(deposit) if row.in_doubt and row.sent == digest_of(deposit) else None
        office.ledger.put(replace(row, in_doubt=True, sent=digest_of(deposit)))
        answer = asked or office.registrar.deposit(deposit)
        told = answered(row, deposit, office.registrar.agency, answer, Moment(clock.now(), clock.lot()))
        self.done = replace(self.done, calls=self.done.calls + 1)
        self._heed(answer)
        if told.phase == "parked":
            self._park(row, told)
        else:
            office.ledger.put(told)

    def _park(self, row: DoiRow, told: DoiRow) -> None:
        if row.problem != told.problem:  # said once
            self.done = replace(self.done, parked=(*self.done.parked, told))
        self._office.ledger.put(told)

    def _heed(self, answer: Answer) -> None:
        """Draw from an answer what concerns all: that nothing will do, or that the agency needs a rest."""
        if answer.kind == "accepted":
            self._accepted += 1
            self.done = replace(self.done, accepted=self.done.accepted + 1)
        if answer.kind == "denied":
            self.done = replace(self.done, stopped=answer.said, is_denied=True)
        if answer.kind != "passing":
            self._failures = 0
            return
        self._failures += 1
        clock = self._office.clock
        asked = answer.wait if answer.wait is not None else min(wait_after(self._failures, None, clock.lot()), 60.0)
        self._resumes = clock.now() + asked
        if asked > _PATIENCE:  # longer than this run: the next one is to know of it
            self._resumes = clock.now() + min(asked, MOST_ASKED)
            self._office.ledger.rest(self._office.registrar.agency, self._resumes)
        if self._failures >= _MOST_FAILURES or asked > _PATIENCE:
            self.done = replace(self.done, stopped=answer.said)
