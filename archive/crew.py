"""Worker processes that one function is given to, and a stream of tasks: answers come in the tasks' order."""

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from archive.durable import storage
from metadata.errors import CanoeError

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_AHEAD = 10_000  # answers that wait for one that takes long
_QUICK = 0.5  # seconds; whoever answers within them has the next task lying ready
_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)


class _Worker(Generic[Task, Answer]):
    """One process, and the numbers of the tasks it has, the one at work first."""

    def __init__(self, function: Callable[[Task], Answer]) -> None:
        # spawn: a fork would inherit open databases, and locks that other threads hold.
        context = get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, function, os.getpid()), daemon=True)
        self.process.start()
        theirs.close()
        self.tasks: list[int] = []
        self._room, self._began = 1, 0.0

    @property
    def is_free(self) -> bool:
        """Whether it takes another task."""
        return len(self.tasks) < self._room

    def give(self, number: int, task: Task) -> None:
        """Hand it a task."""
        self._began = self._began if self.tasks else time.monotonic()
        self.tasks.append(number)
        with self._alive():
            self.line.send(task)

    def take(self) -> tuple[int, Answer]:
        """Return the answer to its first task with the task's number; it waits for it."""
        with self._alive():
            answer: Answer = self.line.recv()
        now = time.monotonic()
        self._room, self._began = 2 if now - self._began < _QUICK else 1, now
        return self.tasks.pop(0), answer

    @contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, ConnectionError) as fault:
            self.process.join(1)
            code = self.process.exitcode
            raise CanoeError(
                f"A worker process has ended by itself (exit code {code}).",
                "Exit code -9: it was killed, for want of memory perhaps; fewer --workers need less.",
            ) from fault


class Crew(Generic[Task, Answer]):
    """``count`` processes that call ``function``, which travels by pickle as tasks and answers do.

    A context manager: leaving it ends them at once, also in the middle of their work; they
    end, too, when this process does, however it ends. Ctrl-C is for this process alone.
    """

    def __init__(self, function: Callable[[Task], Answer], count: int) -> None:
        self._workers: list[_Worker[Task, Answer]] = []
        with storage(Path("worker processes")), _undisturbed():
            for _ in range(count):
                self._workers.append(_Worker(function))

    def __enter__(self) -> "Crew[Task, Answer]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.line.close()

    def results(self, tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield the answer to each of ``tasks``, in their order; raises CanoeError when a worker dies.

        Tasks are taken when there is a worker for them.
        """
        numbered, given, told, more = iter(tasks), 0, 0, True
        answers: dict[int, Answer] = {}
        while more or given > told:
            while more and given - told < _AHEAD and (worker := self._free()):
                for task in islice(numbered, 1):
                    worker.give(given, task)
                    break
                else:
                    more = False
                    break
                given += 1
            answers.update(self._answered())
            while told in answers:
                yield answers.pop(told)
                told += 1

    def _free(self) -> _Worker[Task, Answer] | None:
        """Return the worker that has least to do, if one takes another task."""
        free = (worker for worker in self._workers if worker.is_free)
        return min(free, key=lambda worker: len(worker.tasks), default=None)

    def _answered(self) -> Iterator[tuple[int, Answer]]:
        """Wait until one answers at least, where any is at work, and yield the answers."""
        at_work = [worker for worker in self._workers if worker.tasks]
        ready = wait([worker.line for worker in at_work]) if at_work else ()
        yield from (worker.take() for worker in at_work if worker.line in ready)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put Ctrl-C off; processes that begin meanwhile never hear it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends (Linux; elsewhere nothing)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _work(line: "Connection[Answer, Task]", function: Callable[[Task], Answer], parent: int) -> None:
    """Answer one task after the other; end with the parent."""
    die_with_parent()
    if os.getppid() != parent:  # it ended before we were bound to it
        os._exit(1)
    while True:
        line.send(function(line.recv()))
