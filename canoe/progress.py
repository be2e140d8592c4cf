"""How far a run is, on standard error: bars on a terminal, a line now and then elsewhere, JSON lines, or nothing."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ingest import documents
from ingest.tools import NOBODY, Watcher
from metadata.accession import Piece

_EVERY = 10.0
_MOST_NAMED = 8  # workers of a cluster that are named in a line
_RECENT = 120.0  # seconds over which the pace is taken: the pages of one book may take longer than another's


class ProgressForm(StrEnum):
    """How progress is told: ``auto`` is bars on a terminal and lines elsewhere."""

    AUTO = "auto"
    LINES = "lines"
    JSON = "json"
    NONE = "none"


@contextmanager
def watching(workers: int = 1, form: ProgressForm = ProgressForm.AUTO) -> Iterator[Watcher]:
    """Lend a watcher that shows how far a batch is, which ``workers`` processes read."""
    pace = Pace(workers)
    if form is ProgressForm.NONE:
        yield NOBODY
    elif form is ProgressForm.JSON:
        yield _JsonLines(pace).watcher
    elif form is ProgressForm.LINES or not sys.stderr.isatty():
        yield _Lines(pace).watcher
    else:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            yield _Bars(bars, pace).watcher


@contextmanager
def counting(what: str, total: int = 0) -> Iterator[Callable[[int], None]]:
    """Lend a function that is told how many are done; ``total`` is 0 where nobody knows yet."""
    if not sys.stderr.isatty():
        told = _Lines(Pace(1))
        yield lambda done: told.say(f"{what}: {done}{f' of {total}' if total else ''}.")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=total or None)
        yield lambda done: bars.update(task, completed=done)


@dataclass(slots=True)
class Pace:
    """How fast pages are read: their number at recent moments; ``clock`` gives seconds."""

    workers: int
    clock: Callable[[], float] = time.monotonic
    _seen: list[tuple[float, int]] = field(default_factory=list)

    def take(self, told: documents.Progress) -> None:
        """Take in how far it is, and who reads."""
        self.workers = len(told.by_worker) or self.workers
        self.note(told.pages_done)

    def note(self, done: int) -> None:
        """Take in how many pages are done now."""
        now = self.clock()
        if not self._seen or now - self._seen[-1][0] >= 1.0:
            self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _RECENT:
            self._seen.pop(0)

    def per_minute(self, done: int) -> float:
        """Return pages a minute, of all workers together; 0 while that cannot be told."""
        if not self._seen:
            return 0.0
        then, before = self._seen[0]
        elapsed = self.clock() - then
        return (done - before) * 60 / elapsed if elapsed > 0 else 0.0

    def left(self, done: int, pages: int) -> float | None:
        """Return the seconds that the pages known so far will still take, None while that cannot be told."""
        rate = self.per_minute(done)
        return (pages - done) * 60 / rate if rate else None

    def words(self, done: int, pages: int) -> str:
        """Return pace and time left for people, ``""`` while they cannot be told."""
        rate, left = self.per_minute(done), self.left(done, pages)
        if left is None:
            return ""
        each = f", {rate / self.workers:.1f} a worker" if self.workers > 1 else ""
        return f"{rate:.1f} pages a minute{each}, {_duration(left)} left"


def _duration(seconds: float) -> str:
    """Return ``45 s``, ``12 min`` or ``3 h 05 min``."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


class _Bars:
    def __init__(self, bars: Progress, pace: Pace) -> None:
        self._bars = bars
        self._pace = pace
        self._files = bars.add_task("Looking at files", total=None, pace="")
        self._pages = bars.add_task("Reading pages", total=None, visible=False, pace="")
        self._pieces = bars.add_task("Pieces settled", total=None, visible=False, pace="")
        self.watcher = Watcher(self._looked, self._read, self._piece)

    def _looked(self, done: int, total: int) -> None:
        self._bars.update(self._files, completed=done, total=total)

    def _read(self, told: documents.Progress) -> None:
        self._pace.take(told)
        words = self._pace.words(told.pages_done, told.pages)
        self._bars.update(self._pages, completed=told.pages_done, total=told.pages, visible=True, pace=words)

    def _piece(self, _: Piece) -> None:
        self._bars.update(self._pieces, advance=1, visible=True)


class _Lines:
    def __init__(self, pace: Pace) -> None:
        self._last = time.monotonic()
        self._pace = pace
        self.watcher = Watcher(self._looked, self._read, lambda _: None)

    def _looked(self, done: int, total: int) -> None:
        self.say(f"Looked at {done} of {total} files.")

    def _read(self, told: documents.Progress) -> None:
        self._pace.take(told)
        words = self._pace.words(told.pages_done, told.pages)
        pages = f"Read {told.pages_done} of {told.pages} pages, {told.documents_done} documents done"
        readers = ", ".join(f"{name} {count}" for name, count in told.by_worker[:_MOST_NAMED])
        self.say("; ".join(part for part in (pages, words, readers) if part) + ".")

    def say(self, text: str) -> None:
        """Write a line, unless the last one is only seconds old."""
        if time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            print(text, file=sys.stderr, flush=True)


class _JsonLines:
    """One JSON object a line, at most one a second, and one whenever a document is done."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._last = 0.0
        self._documents = 0
        self.watcher = Watcher(self._looked, self._read, lambda _: None)

    def _looked(self, done: int, total: int) -> None:
        self._tell({"files_looked_at": done, "files": total}, done == total)

    def _read(self, told: documents.Progress) -> None:
        self._pace.take(told)
        rate, left = self._pace.per_minute(told.pages_done), self._pace.left(told.pages_done, told.pages)
        facts = {
            "documents": told.documents,
            "documents_done": told.documents_done,
            "pages": told.pages,
            "pages_done": told.pages_done,
            "pages_a_minute": round(rate, 1),
            "pages_a_minute_a_worker": round(rate / self._pace.workers, 1),
            "workers": self._pace.workers,
            "seconds_left": None if left is None else round(left),
            **({"pages_by_worker": dict(told.by_worker)} if told.by_worker else {}),
        }
        self._tell(facts, told.documents_done != self._documents)
        self._documents = told.documents_done

    def _tell(self, facts: Mapping[str, float | dict[str, int] | None], at_once: bool) -> None:
        if at_once or time.monotonic() - self._last >= 1.0:
            self._last = time.monotonic()
            print(msgspec.json.encode(facts).decode(), file=sys.stderr, flush=True)
