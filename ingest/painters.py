"""A few processes that draw page images for a server: bounded in number, memory, time and in what waits for them.

Each has a thread here that starts it, gives it one task after the other and ends it when it takes
too long, dies, or has had nothing to do for a while. Answers come back as plain bytes and are never
unpickled: what draws a hostile file may be in its hands.
"""

import multiprocessing
import os
import queue
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from ingest.documents import Limits
from ingest.page_images import Cut, Leaf, NotDrawn
from ingest.workers import allow_processor, prepare

LIMITS = Limits(memory=1 << 30, written=0, processor=15, patience=20)
"""What drawing one image may take; a worker writes no files at all."""

WAITING = 24
"""Tasks that may wait for one worker."""

_IDLE = 60.0  # seconds after which a worker with nothing to do ends
_LONGEST = 64 << 20  # bytes of an answer
_MODESTY = 5  # nice(2): who reads pages goes before who waits for an image


class Busy(Exception):
    """All workers have as much to do as may wait."""


@dataclass(frozen=True, slots=True)
class _Task:
    leaf: Leaf
    cut: Cut
    answer: "Future[bytes]"


class Painters:
    """``count`` workers, started when there is something to draw; safe from several threads."""

    def __init__(self, count: int, limits: Limits = LIMITS, waiting: int = WAITING) -> None:
        self._benches = [_Bench(limits, waiting) for _ in range(count)]

    def paint(self, leaf: Leaf, cut: Cut) -> "Future[bytes]":
        """Have an image drawn; the future gives the file, or raises NotDrawn. Raises Busy.

        The parts of a page go to one worker, which has the page in memory then.
        """
        answer: Future[bytes] = Future()
        answer.set_running_or_notify_cancel()  # nobody who waits for it can call it off for the others
        first = hash((leaf.path, leaf.index)) % len(self._benches)
        for bench in (*self._benches[first:], *self._benches[:first]):
            if bench.take(_Task(leaf, cut, answer)):
                return answer
        raise Busy

    def close(self) -> None:
        """End the workers; what still waits is not drawn."""
        for bench in self._benches:
            bench.close()


class _Bench:
    """A worker's place: the tasks that wait for it, and the thread that sees to it."""

    def __init__(self, limits: Limits, waiting: int) -> None:
        self._limits = limits
        self._tasks: queue.Queue[_Task | None] = queue.Queue(waiting)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, task: _Task) -> bool:
        """Line a task up, where there is room for it."""
        with self._starting:
            try:
                self._tasks.put_nowait(task)
            except queue.Full:
                return False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="page images")
                self._thread.start()
        return True

    def close(self) -> None:
        """End the worker, and the thread."""
        with self._starting:
            thread = self._thread
        while thread and thread.is_alive():
            with suppress(queue.Full):
                self._tasks.put(None, timeout=0.1)
            thread.join(timeout=0.1)

    def _run(self) -> None:
        """Give out tasks until there is none for a while."""
        worker = _Worker(self._limits)
        try:
            while task := self._next():
                _do(worker, task)
        finally:
            worker.end()

    def _next(self) -> _Task | None:
        try:
            return self._tasks.get(timeout=_IDLE)
        except queue.Empty:
            with self._starting:  # a task that comes from here on finds no thread and starts one
                if self._tasks.empty():
                    self._thread = None
                    return None
            return self._tasks.get()


def _do(worker: "_Worker", task: _Task) -> None:
    try:
        answer = worker.ask(task.leaf, task.cut)
    except (OSError, EOFError) as fault:
        worker.end()
        task.answer.set_exception(NotDrawn(str(fault) or "its process died"))
        return
    if answer[:1] == b"+":
        task.answer.set_result(answer[1:])
    else:
        task.answer.set_exception(NotDrawn(answer[1:].decode("utf-8", "replace")))


class _Worker:
    """A process that draws, started when it is asked. It ends when the thread that started it does."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._started: tuple[BaseProcess, Connection[object, bytes]] | None = None

    def ask(self, leaf: Leaf, cut: Cut) -> bytes:
        """Return its answer; raises OSError or EOFError where it gives none in time."""
        if self._started is None:
            self._started = _start(self._limits)
        _, line = self._started
        line.send((leaf, cut))
        if not line.poll(self._limits.patience):
            raise OSError("it took too long")
        return line.recv_bytes(_LONGEST)

    def end(self) -> None:
        """Kill the process, if there is one."""
        if self._started:
            process, line = self._started
            self._started = None
            process.kill()
            process.join()
            process.close()
            line.close()


def _start(limits: Limits) -> "tuple[BaseProcess, Connection[object, bytes]]":
    # spawn: pdfium must never be forked, and a fork would inherit open databases and sockets.
    context = multiprocessing.get_context("spawn")
    line, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, limits, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    return process, line


def _work(line: "Connection[bytes, tuple[Leaf, Cut]]", limits: Limits, parent: int) -> None:
    """Draw what is asked for until nobody asks any more."""
    prepare(limits, parent)
    os.nice(_MODESTY)
    from ingest.painting import Painter  # here only: the server itself never loads what decodes

    painter = Painter(limits)
    with suppress(EOFError, ConnectionError):
        while True:
            leaf, cut = line.recv()
            allow_processor(limits.processor)
            try:
                line.send_bytes(b"+" + painter.paint(leaf, cut))
            except NotDrawn as fault:
                line.send_bytes(b"-" + str(fault).encode("utf-8", "replace"))
