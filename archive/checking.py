"""Checking many objects: on all cores, in a fixed order, at a given pace, each check noted in its object.

The objects come as a stream and the answers go as one, in the order of the objects, so that
memory stays the same for a million of them. A few objects are checked right here; worker
processes begin when that has taken a moment.
"""

import heapq
import os
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from archive.check import check_settled
from archive.check_log import last_check, record_check
from archive.clock import to_rfc3339
from archive.crew import Crew
from archive.fixity import Reader, Throttle
from archive.ocfl import Archive
from metadata.problems import Problem

_ALONE = 0.2  # seconds of work that are not worth a worker's start
_SHARE = 0.04  # seconds of work that are handed to a worker at once
_MOST = 64  # objects that are


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of some objects.

    ``passed_over`` were found sound before and are not among ``objects``; ``size`` is in
    bytes that were read; ``unrecorded`` says why a check could not be noted, if one could not.
    """

    objects: int = 0
    passed_over: int = 0
    size: int = 0
    faults: tuple[Problem, ...] = ()
    unrecorded: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to check: on how many cores, and bytes a second over all of them (0: as fast as it goes).

    ``agent`` names the program in the notes; without it none are made. Objects found sound
    at or after ``since`` (microseconds since 1970) are passed over.
    """

    workers: int = 1
    pace: float = 0.0
    agent: str = ""
    since: int | None = None


def check_objects(archive: Archive, folders: Iterable[Path], manner: Manner) -> Generator[Checked]:
    """Check the objects in ``folders`` and yield what becomes of them, a few at a time, in their order.

    An object that is gone when its turn comes has no fault. Leaving early ends the workers at
    once; each object checked so far has its note.
    """
    checker = _Checker(archive, manner, Throttle(manner.pace) if manner.pace else None)
    waiting, began, pace = iter(folders), time.monotonic(), _Pace()
    for folder in waiting:
        answer, seconds = checker.check((folder,))
        pace.saw(1, seconds)
        yield answer
        if manner.workers > 1 and time.monotonic() - began > _ALONE:
            break
    for first in waiting:
        with Crew(checker.check, manner.workers) as crew:
            for answer, seconds in crew.results(pace.shares(chain((first,), waiting))):
                pace.saw(answer.objects + answer.passed_over, seconds)
                yield answer


def longest_unchecked(folders: Iterable[Path], count: int) -> list[Path]:
    """Return the ``count`` objects whose last check is longest ago, in their order; one at least, if there is one.

    Never checked comes first; so does a check of the future, which a wrong clock noted.
    Those that were not sound when they were last looked at are always among them, beside the ``count``.
    """
    now, faulty = time.time_ns() // 1000, list[tuple[int, Path]]()

    def dated() -> Iterator[tuple[int, int, Path]]:
        for number, folder in enumerate(folders):
            moment, sound = last_check(folder) or (0, True)
            if sound:
                yield moment if moment <= now else 0, number, folder
            else:
                faulty.append((number, folder))

    oldest = heapq.nsmallest(max(1, count), dated())
    return [folder for _, folder in sorted([*faulty, *((number, folder) for _, number, folder in oldest)])]


class _Checker:
    """Checks shares of objects; it travels to the workers."""

    def __init__(self, archive: Archive, manner: Manner, throttle: Throttle | None) -> None:
        self._archive = archive
        self._manner = manner
        self._throttle = throttle

    def check(self, folders: Iterable[Path]) -> tuple[Checked, float]:
        """Return what becomes of the objects in ``folders``, and the seconds that it took."""
        reader, began = Reader(self._throttle), time.monotonic()
        objects, passed_over, faults, unrecorded = 0, 0, list[Problem](), ""
        for folder in folders:
            if self._is_known(folder):
                passed_over += 1
                continue
            found = check_settled(folder, self._archive, reader)
            if found and not os.path.lexists(folder):
                continue
            objects += 1
            faults += found
            unrecorded = self._record(folder, found) or unrecorded
        return Checked(objects, passed_over, reader.bytes, tuple(faults), unrecorded), time.monotonic() - began

    def _is_known(self, folder: Path) -> bool:
        if self._manner.since is None:
            return False
        moment, sound = last_check(folder) or (-1, True)
        return sound and self._manner.since <= moment

    def _record(self, folder: Path, faults: list[Problem]) -> str:
        """Note a check; return why that cannot be done, ``""`` when it is."""
        if self._manner.agent:
            try:
                record_check(folder, to_rfc3339(time.time_ns() // 1000), self._manner.agent, faults)
            except FileNotFoundError:  # no inventory, or gone: the faults say so
                return ""
            except OSError as fault:
                return f"{folder}: {fault.strerror or fault}"
        return ""


class _Pace:
    """How many objects make a share: as many as take a moment, by what the last ones took."""

    def __init__(self) -> None:
        self._count = 1

    def saw(self, objects: int, seconds: float) -> None:
        """Learn what some objects took."""
        self._count = max(1, min(_MOST, int(objects * _SHARE / max(seconds, 1e-6))))

    def shares(self, folders: Iterator[Path]) -> Iterator[tuple[Path, ...]]:
        """Yield the objects in shares."""
        while share := tuple(islice(folders, self._count)):
            yield share
