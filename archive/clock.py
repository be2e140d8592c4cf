"""Change numbers: microseconds since 1970 in UTC, each greater than the one before.

One number serves as the item's place in the sequence of changes and, divided down to the
second, as its OAI datestamp. It is the OCFL version's ``created``, so a rebuild gives
every change the number it had. When the clock is set back the numbers go on rising, beyond
every moment, too, that a harvester was told and will ask from (:class:`Told`).
"""

import fcntl
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from archive.sums import sealed, unsealed

SECOND = 1_000_000


class Told:
    """The latest moment that any harvester was told as that of an answer, kept in a file of the home.

    A harvester asks next for what changed since. Were the clock set back meanwhile, changes
    numbered by it alone would lie before that moment and never be asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._noted = 0

    def last(self) -> int:
        """Return that moment in seconds since 1970; 0 where none was noted, or the note is damaged."""
        try:
            return _moment(self._path.read_bytes())
        except FileNotFoundError:
            return 0

    def note(self, second: int) -> None:
        """Note that ``second`` is told to a harvester, unless a later one was.

        Once a second at most, not synced, and not at all on read-only media, where nothing can
        change: whoever is told must not wait.
        """
        if second <= self._noted:
            return
        self._noted = second
        with suppress(OSError):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            with os.fdopen(handle, "r+b", buffering=0) as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)  # another server of this home must not put an earlier one
                if _moment(stream.read(100)) < second:
                    stream.seek(0)
                    stream.write(sealed(to_datestamp(second * SECOND).encode()))


def _moment(line: bytes) -> int:
    text = unsealed(line)
    return from_rfc3339(text.decode()) // SECOND if text else 0


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
