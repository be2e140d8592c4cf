"""Digitising: documents in, their pages, text and access copies out, on all cores, in order.

Each document goes through three kinds of task, each a plain function in a worker: survey,
read (once a page, pages side by side), bind. Documents are taken up as workers fall free, so
memory does not grow with their number, and are given back in the order they came.
"""

import logging
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import msgspec

from archive.durable import storage
from ingest.access import Bound, bind
from ingest.documents import Digitised, Document, Limits, Progress, Refused
from ingest.engine import OcrEngine
from ingest.executors import Executor, executor
from ingest.formats import Identifier
from ingest.languages import most_frequent, tag_of
from ingest.read import PageRead, page_file, work_folder, write_page
from ingest.room import DISK_FAULTS
from ingest.survey import FORMAT_NAMES, Survey, survey
from ingest.workers import Failed
from metadata.errors import StorageError
from metadata.model import Page
from metadata.problems import Problem, problem

log = logging.getLogger(__name__)

LEAST_ROOM = 8 << 20
"""Bytes that must be free where pages are read; with less, what was written last may be cut short."""

_reading = msgspec.json.Decoder(PageRead)  # of a page's line, what a reading says of it

_SCOUTS = 3
"""Pages read one after the other to learn a document's language, where its record leaves that open."""


def digitise(
    documents: Iterable[Document],
    engine: OcrEngine,
    workers: int,
    limits: Limits,
    progress: Callable[[Progress], None],
    scheduler: str = "",
) -> Iterator[Digitised | Refused]:
    """Digitise documents with ``workers`` processes; yield each as it is done, in the order they came.

    ``scheduler`` is the address of a dask cluster whose workers read the pages, ``""`` for none.
    Raises StorageError when the disk is all but full, UsageError when there is no such cluster.

    A page that fails is a page unread with its problem; a document that cannot be opened is
    Refused; nothing else is lost. ``documents`` is read lazily, a few ahead. Closing the
    generator ends the workers at once. Errors of ``documents`` and ``progress`` pass through.
    """
    pool: Executor[tuple[_Course, int]] = executor(scheduler, workers, engine, limits)
    with pool, Identifier(limits) as identifier:
        for outcome in _Run(pool, limits, progress).outcomes(iter(documents)):
            yield _identified(outcome, identifier) if isinstance(outcome, Digitised) else outcome


def _identified(done: Digitised, identifier: Identifier) -> Digitised:
    """Return it with the formats of its files: both are what will be kept, the copy has just been made."""
    original = identifier.identify(done.document.path, done.document.media_type)
    access = identifier.identify(done.access, "application/pdf") if done.access else done.access_format
    return replace(done, original_format=original, access_format=access)


class _Run:
    """What is under way: the documents that are taken up and not yet given back, in order."""

    def __init__(
        self, pool: "Executor[tuple[_Course, int]]", limits: Limits, progress: Callable[[Progress], None]
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._progress = progress
        self._courses: deque[_Course] = deque()
        self._taken = self._done = self._pages = self._pages_done = 0

    def outcomes(self, documents: Iterator[Document]) -> Iterator[Digitised | Refused]:
        """Yield what becomes of each document, keeping the pool just full enough."""
        pool = self._pool
        while True:
            steps = self._steps(documents, 4 * pool.places)
            for course, step in islice(steps, max(0, 2 * pool.places - len(pool))):
                self._start(course, step)
            if self._courses and (outcome := self._courses[0].outcome):
                self._courses.popleft()
                yield outcome
            elif len(pool):
                for (course, step), result in pool.results():
                    self._take(course, step, result)
            else:
                return

    def _steps(self, documents: Iterator[Document], most: int) -> Iterator[tuple["_Course", int]]:
        """Yield steps that may start, those of the earliest document first, taking up a new one only at need."""
        for course in self._courses:
            yield from ((course, step) for step in iter(course.next_step, None))
        while len(self._courses) < most and (document := next(documents, None)):
            course = _Course(document)
            self._courses.append(course)
            self._taken += 1
            yield from ((course, step) for step in iter(course.next_step, None))

    def _start(self, course: "_Course", step: int) -> None:
        pool, document, limits = self._pool, course.surveyed, self._limits
        if step == 0:
            pool.submit((course, step), survey, document, limits)
        elif step <= course.pages:
            pool.read((course, step), document, step, course.known)
        else:
            reads = tuple(course.reads[number] for number in sorted(course.reads))
            pool.submit((course, step), bind, document, reads, limits)

    def _take(self, course: "_Course", step: int, result: object) -> None:
        _require_room(course.document, result)
        if isinstance(result, Failed) and result.error:
            log.error("%s, step %d: %s", course.document.key, step, result.reason, exc_info=result.error)
        course.take(step, result)
        self._pages += course.pages if step == 0 else 0
        self._pages_done += len(course.reads) if step == 0 else 0 < step <= course.pages
        self._done += course.outcome is not None
        counts = (self._taken, self._done, self._pages, self._pages_done)
        self._progress(Progress(course.document, *counts, tuple(self._pool.pages_by_worker.items())))


def _require_room(document: Document, result: object) -> None:
    """Raise StorageError where the disk refused, or is all but full: what was just written there may be cut short.

    A page that is short for want of room must not pass for a page that could not be read.
    """
    if isinstance(result, Failed) and isinstance(result.error, OSError) and result.error.errno in DISK_FAULTS:
        with storage(document.workspace):
            raise result.error
    free = shutil.disk_usage(document.workspace).free
    if free < LEAST_ROOM:
        raise StorageError(
            f"{document.workspace.parent}: only {free} bytes are free, too few to read pages.",
            "Free some space there and run the same command again: it goes on where it stopped.",
        )


class _Course:
    """One document on its way: which task may start next, and what has come back."""

    def __init__(self, document: Document) -> None:
        self.document = self.surveyed = document
        self.survey: Survey | None = None
        self.known = ""
        self.outcome: Digitised | Refused | None = None
        self.reads: dict[int, PageRead] = {}
        self._started = -1  # the last step given out: 0 the survey, n page n, pages + 1 the binding
        work_folder(document).mkdir()

    @property
    def pages(self) -> int:
        return len(self.survey.sizes) if self.survey else 0

    def next_step(self) -> int | None:
        """Return the step that may start now and count it as started; None where it has to wait."""
        step = self._started + 1
        while 0 < step in self.reads:  # read before
            step += 1
        if self._may_start(step):
            self._started = step
            return step
        return None

    def _may_start(self, step: int) -> bool:
        if self.outcome or step == 0:
            return not self.outcome
        if self.survey is None or step > self.pages + 1:
            return False
        if step == self.pages + 1:
            return len(self.reads) == self.pages
        scouting = not self.known and step <= _SCOUTS + 1 and len(self.document.candidates) > 1
        return not scouting or all(number in self.reads for number in range(1, step))

    def take(self, step: int, result: object) -> None:
        """Take the result of a step: what it should have returned, or Failed."""
        if step == 0:
            self._take_survey(result)
        elif step <= self.pages:
            self._take_page(step, result)
        else:
            self._take_binding(result)

    def _take_survey(self, result: object) -> None:
        match result:
            case Survey():
                self.survey = result
                self.surveyed = replace(self.document, places=result.places)
                self._recall()
            case Problem():
                self._refuse(result)
            case Failed(reason):
                name = FORMAT_NAMES.get(self.document.media_type, self.document.media_type)
                self._refuse(problem("decoder-failed", self.document.key, format=name, reason=reason))

    def _recall(self) -> None:
        """Take over the pages of an earlier reading that were read then."""
        if self.document.pages is None:
            return
        with self.document.pages.open("rb") as lines:
            for line, _ in zip(lines, range(self.pages), strict=False):
                page = _reading.decode(line)
                if page.method != "unread":
                    page_file(self.document, page.number).write_bytes(line)
                    told = PageRead(page.number, page.method, page.language, page.rotation, spoken=page.language)
                    self._note(told)

    def _refuse(self, fault: Problem) -> None:
        shutil.rmtree(work_folder(self.document))
        self.outcome = Refused(self.document, (fault,))

    def _take_page(self, number: int, result: object) -> None:
        read = result if isinstance(result, PageRead) else self._lost_page(number, result)
        if read.method == "unread" and self.survey:
            write_page(self.document, Page(number, *self.survey.sizes[number - 1]))
        self._note(read)

    def _note(self, read: PageRead) -> None:
        self.reads[read.number] = read
        # Only the first pages decide, in their order: the same document gives the same pages anywhere.
        if not self.known and read.number <= _SCOUTS and read.spoken in map(tag_of, self.document.candidates):
            self.known = read.spoken

    def _lost_page(self, number: int, result: object) -> PageRead:
        reason = result.reason if isinstance(result, Failed) else "its reader gave no page"
        fault = problem("page-unread", self.document.key, number=number, reason=reason)
        return PageRead(number, problems=(fault,))

    def _take_binding(self, result: object) -> None:
        if not isinstance(result, Bound):
            reason = result.reason if isinstance(result, Failed) else "it gave no copy"
            result = Bound(None, (problem("access-copy-failed", self.document.key, reason=reason),))
        reads = [self.reads[number] for number in sorted(self.reads)]
        told = self.survey.problems if self.survey else ()
        self.outcome = Digitised(
            self.document,
            self._gather(),
            result.access,
            len(reads),
            most_frequent(read.language for read in reads),
            (*told, *(fault for read in reads for fault in read.problems), *result.problems),
            self.survey.title if self.survey else "",
            dois=self.survey.dois if self.survey else (),
        )
        shutil.rmtree(work_folder(self.document))

    def _gather(self) -> Path:
        target = self.document.workspace / "pages.jsonl"
        with target.open("wb") as out:
            for number in sorted(self.reads):
                out.write(page_file(self.document, number).read_bytes())
        return target
