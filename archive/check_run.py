"""The note that a check of the whole archive is under way: ``check.json`` in the home.

It says when the check began. What was found sound since then need not be read again when an
interrupted check goes on, for every object has its own note (:mod:`archive.check_log`). A
check that comes to its end takes it away.
"""

import time
from contextlib import suppress
from pathlib import Path

import msgspec

from archive.clock import from_rfc3339, to_rfc3339
from archive.durable import replace_file, storage

FILE = "check.json"
_LONGEST = 1000


def begin_run(home: Path) -> int:
    """Note, durably, that a check begins now; return the moment in microseconds since 1970. Raises StorageError."""
    began = time.time_ns() // 1000
    with storage(home):
        replace_file(home / FILE, msgspec.json.encode({"began": to_rfc3339(began)}) + b"\n")
    return began


def interrupted_run(home: Path) -> int | None:
    """Return when the check began that did not come to its end; None when there is none."""
    with suppress(OSError, ValueError, OverflowError, RecursionError), (home / FILE).open("rb") as stream:
        return from_rfc3339(msgspec.json.decode(stream.read(_LONGEST), type=dict[str, str]).get("began", ""))
    return None


def end_run(home: Path, began: int) -> None:
    """Take the note of the check that began then away; that of another, begun since, stays."""
    if interrupted_run(home) == began:
        with suppress(OSError):
            (home / FILE).unlink()
