"""What follows from an agency's answer: functions of a row of the ledger, the answer, the time, and nothing else."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from archive.doi_ledger import DoiRow
from archive.doi_receipts import Receipt
from ingest.registrars import Answer, Deposit
from metadata.problems import Problem, problem

_FIRST_WAIT, _LONGEST_WAIT = 2.0, 6 * 3600.0
_MOST_DOUBLED = 20
MOST_ASKED = 24 * 3600.0
"""Seconds that an agency is left in peace at most when it asks for that."""

LONGEST_PAUSE = 36 * 3600.0
"""Seconds that no pause lasts, whatever an agency asks for."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer came, in seconds since 1970, and a number from 0 to 1 drawn by lot."""

    now: float
    lot: float


def digest_of(deposit: Deposit) -> str:
    """Return the sha256 of all that an agency is told: the state, the address, the document."""
    return hashlib.sha256(b"\n".join([deposit.wanted.encode(), deposit.url.encode(), deposit.document])).hexdigest()


def wait_after(attempts: int, asked: float | None, lot: float) -> float:
    """Return how many seconds to wait after so many attempts that failed in passing.

    Twice as long each time, from two seconds up to six hours, less up to half by lot. What the agency
    asks for (``asked``) is never cut short, up to a day.
    """
    own = min(_FIRST_WAIT * 2.0 ** min(attempts - 1, _MOST_DOUBLED), _LONGEST_WAIT) * (1 - lot / 2)
    return own if asked is None else min(asked, MOST_ASKED) + lot * min(own, asked / 4)


def is_known(row: DoiRow, deposit: Deposit, agency: str) -> bool:
    """Whether just this is what the agency accepted last."""
    return row.accepted == deposit.wanted and row.agency == agency and row.digest == digest_of(deposit)


def settled(row: DoiRow) -> DoiRow:
    """Return a row of which nothing need be told."""
    return replace(
        row, phase="settled", next_try=None, attempts=0, in_doubt=False,
        sent="", refused="", problem="", answer="", document="",
    )  # fmt: skip


def parked(row: DoiRow, told: Problem) -> DoiRow:
    """Return a row that waits until somebody mends its item."""
    return replace(row, phase="parked", next_try=None, problem=msgspec.json.encode(told).decode())


def unsent(row: DoiRow, deposit: Deposit, told: Problem) -> DoiRow:
    """Return a row whose document is not fit to be sent; it is kept, for whoever is to mend it."""
    row = replace(row, document=deposit.document.decode(), answer="", refused=digest_of(deposit))
    return parked(row, told)


def answered(row: DoiRow, deposit: Deposit, agency: str, answer: Answer, moment: Moment) -> DoiRow:
    """Return the row as it is after an answer; ``row.in_doubt`` says whether an earlier one never came."""
    match answer.kind:
        case "accepted":
            same = row.accepted == deposit.wanted and row.agency == agency
            since = row.accepted_at if same else _instant(moment.now)
            told = replace(row, accepted=deposit.wanted, agency=agency, digest=digest_of(deposit), accepted_at=since)
            return settled(told)
        case "hidden":
            return settled(row)
        case "refused":
            sent = deposit.document.decode()
            told = replace(
                row, attempts=row.attempts + 1, answer=answer.said, document=sent, refused=digest_of(deposit)
            )
            return parked(
                told,
                problem("doi-refused", row.item, agency=agency, reason=answer.said.rstrip(". ") or "no reason given"),
            )
        case "denied":
            # To the end of the queue: what is forbidden of one DOI alone must not be met first the next time.
            return replace(row, answer=answer.said, next_try=moment.now)
        case "pending":
            # A judgement is waited for, longer each time, and not as a failure is: nothing is wrong.
            attempts = row.attempts + 1
            next_try = moment.now + max(answer.wait or 0.0, wait_after(attempts, None, moment.lot))
            waiting = replace(row, phase="waiting", attempts=attempts, next_try=next_try, answer=answer.said)
            return replace(waiting, in_doubt=True, sent=digest_of(deposit))
        case "passing":
            attempts = row.attempts + 1
            next_try = moment.now + wait_after(attempts, answer.wait, moment.lot)
            doubt = row.in_doubt or answer.in_doubt
            waiting = replace(row, phase="waiting", attempts=attempts, next_try=next_try, answer=answer.said)
            return replace(waiting, in_doubt=doubt, sent=digest_of(deposit) if answer.in_doubt else row.sent)


def receipt_of(row: DoiRow) -> Receipt:
    """Return what the archive keeps of what was accepted; only of a row of which something was."""
    assert row.accepted  # noqa: S101 - unkept rows have it
    return Receipt(row.name, row.accepted, row.agency, row.accepted_at, row.digest)


def _instant(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}"
