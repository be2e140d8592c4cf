"""A pool of worker processes in which anything may die without taking the rest with it.

A decoder that crashes, is killed for its memory or calls exit breaks a
ProcessPoolExecutor and everything in flight with it. Then a new pool is made, and what was
in flight runs again one at a time, each alone in a pool of its own: the one that dies again
is the culprit, the others have their results.
"""

import faulthandler
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, KeysView
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Generic, TypeVar

from archive.crew import die_with_parent
from ingest.documents import Limits
from ingest.offline import go_offline
from metadata.errors import StorageError

Ticket = TypeVar("Ticket")

_GRACE = 10  # seconds between the alarm that Python hears and the end that C code hears too


class TookTooLong(RuntimeError):
    """A task ran longer than its limit of wall time."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A task without a result: its worker died (``error`` is None), or it raised ``error``."""

    reason: str
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class _Task(Generic[Ticket]):
    ticket: Ticket
    function: Callable[..., object]
    arguments: tuple[object, ...]


class Workers(Generic[Ticket]):
    """``count`` worker processes under ``limits``; results come back with the ticket they went in with.

    A context manager: leaving it ends the processes and their children at once, also in the
    middle of their work.
    """

    def __init__(self, count: int, limits: Limits) -> None:
        self._count = count
        self._limits = limits
        self._pool = self._new_pool(count)
        self._running: dict[Future[object], _Task[Ticket]] = {}

    def __enter__(self) -> "Workers[Ticket]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._pool)

    def __len__(self) -> int:
        """Return how many tasks are waiting or running."""
        return len(self._running)

    @property
    def futures(self) -> KeysView[Future[object]]:
        """What waits or runs, for one who waits for other things, too."""
        return self._running.keys()

    def submit(self, ticket: Ticket, function: Callable[..., object], *arguments: object) -> None:
        """Give a task to the pool; function, arguments and result travel by pickle."""
        task = _Task(ticket, function, arguments)
        self._running[self._start(self._pool, task)] = task

    def results(self) -> Iterator[tuple[Ticket, object]]:
        """Wait for at least one task and yield each finished one's ticket with its result, or Failed."""
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        if any(isinstance(future.exception(), BrokenExecutor) for future in done):
            done, _ = wait(self._running)
            _end(self._pool)
            self._pool = self._new_pool(self._count)
        finished = [(future, self._running.pop(future)) for future in list(self._running) if future in done]
        for future, task in finished:
            if not isinstance(future.exception(), BrokenExecutor):
                yield task.ticket, _outcome(future)
        lost = [task for future, task in finished if isinstance(future.exception(), BrokenExecutor)]
        yield from self._one_at_a_time(lost)

    def _one_at_a_time(self, tasks: list[_Task[Ticket]]) -> Iterator[tuple[Ticket, object]]:
        """Run tasks alone, one after the other; each that dies gets its successor a new process."""
        while tasks:
            pool = self._new_pool(1)
            try:
                alive = True
                while tasks and alive:
                    task = tasks.pop(0)
                    future = self._start(pool, task)
                    wait([future])
                    alive = not isinstance(future.exception(), BrokenExecutor)
                    yield task.ticket, _outcome(future)
            finally:
                _end(pool)

    def _start(self, pool: ProcessPoolExecutor, task: _Task[Ticket]) -> Future[object]:
        try:
            return pool.submit(_limited, self._limits, task.function, *task.arguments)
        except BrokenExecutor as error:  # a worker died while idle: this task goes the way of the others
            broken: Future[object] = Future()
            broken.set_exception(error)
            return broken

    def _new_pool(self, count: int) -> ProcessPoolExecutor:
        # spawn: pdfium must never be forked, and a fork would inherit open databases.
        context = multiprocessing.get_context("spawn")
        try:
            return ProcessPoolExecutor(count, context, prepare, (self._limits, os.getpid()))
        except OSError as fault:
            hint = "They need shared memory: see that /dev/shm is there and that this account may write to it."
            raise StorageError(f"Worker processes cannot be started: {fault.strerror}.", hint) from fault


def _outcome(future: Future[object]) -> object:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenExecutor):
        return Failed("its process died")
    return Failed(" ".join(str(error).split())[:200] or type(error).__name__, error)


def _end(pool: ProcessPoolExecutor) -> None:
    """End a pool's processes at once. Before Python 3.14 (kill_workers) only its private list names them."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    manager = getattr(pool, "_executor_manager_thread", None)
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
    if manager:  # one that ends together with Python leaves a traceback behind
        manager.join(_GRACE)


def prepare(limits: Limits, parent: int) -> None:
    """Set up a worker: bound to its parent, which Ctrl-C is left to; quiet, within its limits and off the network."""
    die_with_parent()
    if os.getppid() != parent:  # it ended before we were bound to it
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _ring)
    if not os.environ.get("CANOE_DEBUG"):  # what decoders remark on a damaged file is not for the lines of progress
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.environ["OMP_THREAD_LIMIT"] = "1"  # for engines that are libraries; one process a core is enough
    for kind, limit in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.written),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    go_offline()


def _limited(limits: Limits, function: Callable[..., object], *arguments: object) -> object:
    """Run a task within its limits of time; raises TookTooLong, or ends the process where C code does not yield."""
    allow_processor(limits.processor)
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(limits.patience + _GRACE, exit=True, file=nowhere)
        signal.alarm(limits.patience)
        try:
            return function(*arguments)
        finally:
            signal.alarm(0)
            faulthandler.cancel_dump_traceback_later()


def allow_processor(seconds: int) -> None:
    """Move the limit of CPU time to ``seconds`` from now; at the limit the kernel ends the process."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time()) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _ring(_number: int, _frame: FrameType | None) -> None:
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    raise TookTooLong("it took too long")
