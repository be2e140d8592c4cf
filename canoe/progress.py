"""Progress bars on standard error, where that is a terminal; otherwise a line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ingest import documents
from ingest.tools import Watcher
from metadata.accession import Piece

_EVERY = 10.0


@contextmanager
def watching() -> Iterator[Watcher]:
    """Lend a watcher that shows how far a batch is."""
    if not sys.stderr.isatty():
        yield _Lines().watcher
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bars(bars).watcher


@contextmanager
def counting(what: str, total: int = 0) -> Iterator[Callable[[int], None]]:
    """Lend a function that is told how many are done; ``total`` is 0 where nobody knows yet."""
    if not sys.stderr.isatty():
        told = _Lines()
        yield lambda done: told.say(f"{what}: {done}{f' of {total}' if total else ''}.")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=total or None)
        yield lambda done: bars.update(task, completed=done)


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._files = bars.add_task("Looking at files", total=None)
        self._pages = bars.add_task("Reading pages", total=None, visible=False)
        self._pieces = bars.add_task("Pieces settled", total=None, visible=False)
        self.watcher = Watcher(self._looked, self._read, self._piece)

    def _looked(self, done: int, total: int) -> None:
        self._bars.update(self._files, completed=done, total=total)

    def _read(self, progress: documents.Progress) -> None:
        self._bars.update(self._pages, completed=progress.pages_done, total=progress.pages, visible=True)

    def _piece(self, _: Piece) -> None:
        self._bars.update(self._pieces, advance=1, visible=True)


class _Lines:
    def __init__(self) -> None:
        self._last = time.monotonic()
        self.watcher = Watcher(self._looked, self._read, lambda _: None)

    def _looked(self, done: int, total: int) -> None:
        self.say(f"Looked at {done} of {total} files.")

    def _read(self, progress: documents.Progress) -> None:
        self.say(f"Read {progress.pages_done} pages, {progress.documents_done} documents done.")

    def say(self, text: str) -> None:
        """Write a line, unless the last one is only seconds old."""
        if time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            print(text, file=sys.stderr, flush=True)
