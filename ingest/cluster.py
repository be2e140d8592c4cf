"""Pages read on several machines: the workers of a dask cluster read images, this machine does the rest.

This machine opens documents, takes the image out of each page and keeps what comes back. The
images of a bounded number of pages are under way at a time, by their path where the workers
see the same file there, else as bytes. A page belongs to this machine until it is back: one
whose worker dies is given to another, and when there is none for :data:`PATIENCE` seconds, or
the scheduler is gone for so long, it is read here. So none is lost, and none is kept twice.
"""

import hashlib
import logging
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Generic, Self, TypeVar

from distributed.cfexecutor import ClientExecutor

from ingest.documents import Document, Limits
from ingest.engine import OcrEngine
from ingest.far import Job, NotSeen, Recognised, Reply, Unfit, facts_here, read_far
from ingest.images import Picture
from ingest.read import PageRead, image_folder, look_at_page, page_file, read_page
from ingest.scheduler import QUESTION, connect, require_fit, threads_of
from ingest.workers import Workers
from metadata.problems import problem

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds without a scheduler or without any worker, after which pages are read here."""

Ticket = TypeVar("Ticket")

_EVERY = 1.0  # seconds between two looks at who is there
_MOST_TRIES = 4  # times that a page is given to workers that fail; then it is read here
_LARGEST = 256 << 20  # bytes of an image that is sent; a larger one is read here
_MOST_BYTES = 512 << 20  # bytes of images that are under way: the scheduler holds them, too


@dataclass(frozen=True, slots=True)
class _Task(Generic[Ticket]):
    """What was asked of this machine alone."""

    ticket: Ticket


@dataclass(slots=True)
class _Sheet(Generic[Ticket]):
    """A page that is asked for, and how often workers have failed at it."""

    ticket: Ticket
    document: Document
    number: int
    known: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class _Parcel(Generic[Ticket]):
    """A page with its image, which lies here, and how many bytes of it are sent."""

    sheet: _Sheet[Ticket]
    image: Picture
    sent: int = 0


class Cluster(Generic[Ticket]):
    """The workers of the cluster at ``address``, and ``count`` processes of this machine.

    An :class:`ingest.executors.Executor`.
    """

    def __init__(self, address: str, count: int, engine: OcrEngine, limits: Limits) -> None:
        self._address = address
        self._count = count
        self._engine = engine
        self._limits = limits
        self._near: Workers[_Sheet[Ticket] | _Task[Ticket]] = Workers(count, limits)
        self._ready: deque[_Parcel[Ticket]] = deque()  # what waits to be sent
        self._far: dict[Future[object], _Parcel[Ticket]] = {}
        self._threads: dict[str, int] = {}
        self._unfit: set[tuple[str, tuple[str, ...]]] = set()  # a worker's address, and for which languages
        self._said: set[tuple[str, str]] = set()
        self._pages: Counter[str] = Counter()
        self._is_shared = True  # until a worker does not see an image at its path
        self._lost = ""  # why nothing is sent any more
        self._owed: set[str] = set()  # documents that were under way then, of which that is still to be said

    def __enter__(self) -> Self:
        """Connect; raises UsageError as :func:`ingest.scheduler.require_cluster` does."""
        with ExitStack() as failing:
            client = failing.enter_context(connect(self._address, PATIENCE))
            self._threads = require_fit(client, self._address, self._engine, ())
            failing.pop_all()
            self._client = client
        self._looked = self._alive = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is at work here; the scheduler drops what nobody waits for any more."""
        self._near.__exit__(kind, error, trace)
        self._client.close(timeout=QUESTION)

    def __len__(self) -> int:
        """Return how many tasks are waiting or running."""
        return len(self._near) + len(self._ready) + len(self._far)

    @property
    def places(self) -> int:
        """How many pages the cluster reads at a time, and how many tasks this machine takes beside them."""
        return self._count + sum(self._threads.values())

    @property
    def pages_by_worker(self) -> Mapping[str, int]:
        """How many pages each worker has read, by its name."""
        return self._pages

    def submit(self, ticket: Ticket, function: Callable[..., object], *arguments: object) -> None:
        """Take a task for a process of this machine."""
        self._near.submit(_Task(ticket), function, *arguments)

    def read(self, ticket: Ticket, document: Document, number: int, known: str) -> None:
        """Take the task of reading a page: its image is taken out here, and read where there is room."""
        sheet = _Sheet(ticket, document, number, known)
        if self._lost:
            self._read_here(sheet)
        else:
            self._near.submit(sheet, look_at_page, document, number, self._limits)

    def results(self) -> Iterator[tuple[Ticket, object]]:
        """Wait for at least one task and yield each finished one's ticket with its result, or Failed."""
        finished: list[tuple[Ticket, object]] = []
        while not finished:
            self._look_after_cluster()
            self._send()
            done = self._wait()
            if done & self._near.futures:
                finished += self._results_here()
            for future in done & self._far.keys():
                finished += self._result_there(future, self._far.pop(future))
        yield from finished

    def _wait(self) -> set[Future[object]]:
        """Wait until a task is done, but not for long; return those that are."""
        if running := {*self._near.futures, *self._far}:
            return wait(running, _EVERY, FIRST_COMPLETED).done
        time.sleep(_EVERY)  # all wait for the cluster to come back
        return set()

    def _results_here(self) -> Iterator[tuple[Ticket, object]]:
        for task, result in self._near.results():
            if isinstance(task, _Task):
                yield task.ticket, result
            elif isinstance(result, Picture):
                self._queue(_Parcel(task, result))
            else:
                yield task.ticket, self._told(task, result)

    def _queue(self, parcel: _Parcel[Ticket]) -> None:
        """Let a page wait for its turn to be sent, unless it is to be read here."""
        if self._lost or parcel.sheet.tries >= _MOST_TRIES:
            self._read_here(parcel.sheet)
        else:
            self._ready.append(parcel)

    def _read_here(self, sheet: _Sheet[Ticket]) -> None:
        arguments = (sheet.document, sheet.number, sheet.known, self._engine, self._limits)
        self._near.submit(sheet, read_page, *arguments)

    def _told(self, sheet: _Sheet[Ticket], result: object) -> object:
        """Return what was read here; the first page of a document whose cluster went away says so."""
        if not isinstance(result, PageRead) or sheet.document.key not in self._owed:
            return result
        self._owed.remove(sheet.document.key)
        fault = problem("cluster-lost", sheet.document.key, reason=self._lost)
        return replace(result, problems=(*result.problems, fault))

    def _send(self) -> None:
        """Send pages while there is room: a little more than the cluster reads at a time, of not too many bytes."""
        threads = sum(self._threads.values())
        while self._ready and threads and len(self._far) < threads + max(2, threads // 4):
            if sum(parcel.sent for parcel in self._far.values()) > _MOST_BYTES:
                return
            parcel = self._ready.popleft()
            try:
                self._give(parcel)
            except (OSError, RuntimeError) as fault:  # the image's, or a connection's that has just broken
                self._try_again(parcel, fault)

    def _give(self, parcel: _Parcel[Ticket]) -> None:
        """Give a page to a worker that is fit for it; where there is none, or it is too large, it is read here."""
        sheet, image = parcel.sheet, parcel.image
        languages = sheet.document.candidates
        fit = [address for address in self._threads if (address, languages) not in self._unfit]
        if not fit or image.path.stat().st_size > _LARGEST:
            self._read_here(sheet)
            return
        data = image.path.read_bytes()
        digest, facts = hashlib.sha256(data).hexdigest(), facts_here(self._engine, languages)
        document = replace(sheet.document, more=(), places=(), pages=None)
        sent = None if self._is_shared else data
        job = Job(document, sheet.number, image, digest, sent, sheet.known, facts)
        future = self._executor(fit).submit(read_far, job, self._engine, self._limits)
        self._far[future] = replace(parcel, sent=len(sent or b""))

    def _executor(self, fit: list[str]) -> ClientExecutor:
        """Return the cluster's executor: of any worker, or of those that are fit where others are known."""
        executor: ClientExecutor
        if len(fit) == len(self._threads):
            executor = self._client.get_executor(pure=False)
        else:  # loosely: a page that is bound to a worker which dies would wait for it for ever
            executor = self._client.get_executor(pure=False, workers=fit, allow_other_workers=True)
        return executor

    def _try_again(self, parcel: _Parcel[Ticket], fault: BaseException) -> None:
        log.info("%s, page %d: %s", parcel.sheet.document.key, parcel.sheet.number, fault)
        parcel.sheet.tries += 1
        self._queue(parcel)

    def _result_there(self, future: Future[object], parcel: _Parcel[Ticket]) -> Iterator[tuple[Ticket, object]]:
        """Yield what came back for a page, unless it has to be sent once more."""
        if future.cancelled():  # with the connection
            self._queue(parcel)
        elif fault := future.exception():
            self._try_again(parcel, fault)
        else:
            match future.result():
                case Reply(worker, answer=Recognised(read, line)):
                    yield parcel.sheet.ticket, self._kept(parcel.sheet, read, line, worker)
                case Reply(worker, address, Unfit(reason)):
                    self._leave_out(worker, address, parcel.sheet.document.candidates, reason)
                    self._queue(parcel)
                case Reply(answer=NotSeen()):
                    self._is_shared = False
                    self._queue(parcel)
                case Reply(answer=answer):
                    yield parcel.sheet.ticket, answer

    def _kept(self, sheet: _Sheet[Ticket], read: PageRead, line: bytes, worker: str) -> PageRead:
        """Write a page that came back, and remove its image."""
        if line:
            page_file(sheet.document, sheet.number).write_bytes(line)
        shutil.rmtree(image_folder(sheet.document, sheet.number))
        self._pages[worker] += 1
        return read

    def _leave_out(self, worker: str, address: str, languages: tuple[str, ...], reason: str) -> None:
        """Give a worker no more pages in these languages, and say why, once."""
        self._unfit.add((address, languages))
        if (address, reason) not in self._said:
            self._said.add((address, reason))
            log.warning("The worker %s is left out: %s.", worker, reason)

    def _look_after_cluster(self) -> None:
        """See now and then who is there; when nobody was for long, read here."""
        now = time.monotonic()
        if self._lost or now - self._looked < _EVERY:
            return
        answer = threads_of(self._client)
        self._threads = answer or {}
        self._looked = time.monotonic()
        if self._threads:
            self._alive = self._looked
        elif self._looked - self._alive > PATIENCE:
            gone = "its scheduler does not answer any more" if answer is None else "it has no workers any more"
            self._lose(gone)

    def _lose(self, reason: str) -> None:
        """Read here from now on, first what was under way."""
        hint = "Interrupt and give the same command again to go on with the cluster."
        log.warning("The cluster at %s is lost: %s. Pages are read on this machine. %s", self._address, reason, hint)
        self._lost, self._threads = reason, {}
        sheets = [parcel.sheet for parcel in (*self._far.values(), *self._ready)]
        self._far.clear()
        self._ready.clear()
        self._owed = {sheet.document.key for sheet in sheets}
        for sheet in sheets:
            self._read_here(sheet)
        self._client.close(timeout=QUESTION)
