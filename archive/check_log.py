"""What checks found, object by object: a line a check in ``logs/fixity.jsonl`` of the object's folder.

OCFL 1.1, section 3.7, gives an object a ``logs`` folder for what is recorded without a new
version; validators pass over it. A line is an event (:mod:`metadata.events`) of the type
"fixity check". What stands there is read with care: no link is followed, a line that is
no such event is passed over.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.clock import from_rfc3339
from archive.listing import shown
from archive.ocfl import INVENTORY
from metadata.events import Event, event_lines, read_events
from metadata.problems import Problem

LOGS, LOG = "logs", "fixity.jsonl"
_LONGEST = 4096  # bytes of a line, at most
_DETAIL = 600  # characters of a line's detail: six bytes each in the worst case
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe in the log's place must not hold us up


def record_check(folder: Path, at: str, agent: str, faults: Sequence[Problem]) -> None:
    """Note a check of the object in ``folder``, done ``at`` (RFC 3339) by ``agent``; raises OSError.

    Nothing is noted where no inventory lies. The line is appended in one write and not
    synced: a line that a power cut takes costs one more check.
    """
    if not stat.S_ISREG(os.lstat(f"{folder}/{INVENTORY}").st_mode):
        return
    event = Event("fixity check", at, "failure" if faults else "success", agent, _detail(folder, faults))
    if not os.path.lexists(f"{folder}/{LOGS}"):
        with suppress(FileExistsError):
            (folder / LOGS).mkdir()
    with _opened(folder, os.O_RDWR | os.O_APPEND | os.O_CREAT) as log:
        torn = (end := os.fstat(log).st_size) and os.pread(log, 1, end - 1) != b"\n"
        os.write(log, b"\n" * bool(torn) + event_lines([event]))


def checks_of(folder: Path) -> Iterator[Event]:
    """Yield the checks of the object in ``folder``, oldest first; nothing where none are noted."""
    with suppress(OSError), _opened(folder) as log, os.fdopen(os.dup(log), "rb") as lines:
        while line := lines.readline(_LONGEST):
            yield from _checks(line)


def last_check(folder: Path) -> tuple[int, bool] | None:
    """Return when the object in ``folder`` was last checked and whether it was sound; None where nothing says so.

    The moment is in microseconds since 1970. Only the end of the log is read.
    """
    with suppress(OSError), _opened(folder) as log:
        end = os.pread(log, 2 * _LONGEST, max(0, os.fstat(log).st_size - 2 * _LONGEST))
        for line in reversed(end.splitlines()):
            for event in _checks(line):
                return from_rfc3339(event.at), event.outcome != "failure"
    return None


@contextmanager
def _opened(folder: Path, how: int = os.O_RDONLY) -> Iterator[int]:
    """Open the log of an object; raises OSError where it, or its folder, is a link or of another kind."""
    inside = os.open(f"{folder}/{LOGS}", _FOLDER)
    try:
        log = os.open(LOG, how | _FILE, 0o644, dir_fd=inside)
    finally:
        os.close(inside)
    try:
        if not stat.S_ISREG(os.fstat(log).st_mode):
            raise OSError(f"{folder}/{LOGS}/{LOG} is no file")
        yield log
    finally:
        os.close(log)


def _checks(line: bytes) -> Iterator[Event]:
    """Yield the event of a line, where it is a check at a moment that can be."""
    with suppress(ValueError, OverflowError, RecursionError):
        for event in read_events(line):
            if event.type == "fixity check" and from_rfc3339(event.at):
                yield event


def _detail(folder: Path, faults: Sequence[Problem]) -> str:
    """Return the codes of faults with their paths in the object, as many as a line takes."""
    inside = shown(f"{folder}/")
    named = (f"{dict(fault.params).get('code', fault.code)} {fault.where.removeprefix(inside)}" for fault in faults)
    text = "; ".join(named)
    return text if len(text) <= _DETAIL else f"{text[:_DETAIL]}…"
