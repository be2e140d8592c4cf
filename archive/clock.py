"""Change numbers: microseconds since 1970 in UTC, each greater than the one before.

One number serves as the item's place in the sequence of changes and, divided down to the
second, as its OAI datestamp. It is the OCFL version's ``created``, so a rebuild gives
every change the number it had. When the clock is set back the numbers go on rising.
"""

import time
from datetime import UTC, datetime

SECOND = 1_000_000


def next_stamp(last: int) -> int:
    """Return a change number for now that is greater than ``last``."""
    return max(time.time_ns() // 1000, last + 1)


def to_rfc3339(stamp: int) -> str:
    """Return ``2026-11-22T15:04:05.000001Z``."""
    moment = datetime.fromtimestamp(stamp // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{stamp % SECOND:06d}Z"


def from_rfc3339(text: str) -> int:
    """Return the change number of an instant; raises ValueError where ``text`` is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return int(moment.replace(microsecond=0).timestamp()) * SECOND + moment.microsecond


def to_datestamp(stamp: int) -> str:
    """Return the OAI datestamp, to the second."""
    return f"{datetime.fromtimestamp(stamp // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
