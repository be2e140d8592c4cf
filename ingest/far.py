"""The far end of reading on several machines: what runs in a worker of a dask cluster.

The worker's own process opens no image. It hands each page to a child within the limits that
hold at home, and sends back the page, or why it is not the one to read it. A worker has no
library and keeps nothing: what it needs of a document travels with the page.
"""

import hashlib
import importlib.metadata
import logging
import multiprocessing
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from distributed import get_worker

from ingest.documents import Document, Limits
from ingest.engine import OcrEngine
from ingest.images import Picture
from ingest.models import models_folder
from ingest.read import PageRead, image_folder, page_file, recognise_page
from ingest.room import DISK_FAULTS
from ingest.workers import Failed, Workers
from metadata.errors import CanoeError

log = logging.getLogger(__name__)

_SEEN_OF_DIGEST = 12


@dataclass(frozen=True, slots=True)
class Job:
    """One page to read: of its document the key and the languages count, of its image all.

    ``data`` are the image's bytes, or None where it may be read at its path: ``digest`` (SHA-256,
    hexadecimal) tells whether what lies there is the same. ``facts`` are those of home.
    """

    document: Document
    number: int
    image: Picture
    digest: str
    data: bytes | None
    known: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What became of a page, and the page as a line of JSON, empty where it could not be read."""

    read: PageRead
    line: bytes


@dataclass(frozen=True, slots=True)
class Unfit:
    """This worker is not one to read pages for home; ``reason`` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSeen:
    """The image does not lie at its path here."""


Answer = Recognised | Failed | Unfit | NotSeen


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and which worker gives it: its name for people, and its address."""

    worker: str
    address: str
    answer: Answer


def facts_here(engine: OcrEngine, languages: Sequence[str]) -> dict[str, str]:
    """Return all that decides what a page is read as: what it is called → its version here.

    Plain strings, for one who has another Canoe must be able to tell that. Raises ProgramMissing.
    """
    models = (*sorted(set(languages)), "osd") if hasattr(engine, "languages") else ()
    return {
        "Canoe": importlib.metadata.version("canoe"),
        "the engine": _engine_here(engine).agent(),
        **{f"the model {code}": _model_digest(code) for code in models},
    }


def difference(home: dict[str, str], there: dict[str, str]) -> str:
    """Return, for people, in what another machine differs first; ``""`` where it does not."""
    for name, ours in home.items():
        theirs = there.get(name, "")
        if theirs != ours:
            return f"{name} is {theirs or 'missing'} there and {ours or 'missing'} here"
    return ""


def _engine_here(engine: OcrEngine) -> OcrEngine:
    """Return the engine as this machine has it: models may lie in another folder."""
    kind = type(engine)
    return _installed(kind) if hasattr(kind, "installed") else engine


@lru_cache
def _installed(kind: type[Any]) -> OcrEngine:
    engine: OcrEngine = kind.installed()
    return engine


@lru_cache
def _model_digest(code: str) -> str:
    """Return the start of a model's digest, ``""`` where there is none: distributions ship different ones."""
    path = models_folder() / f"{code}.traineddata"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_SEEN_OF_DIGEST] if path.is_file() else ""


class _Hands(threading.local):
    """The child of each thread of the worker, kept from page to page."""

    pool: Workers[int] | None = None
    limits: Limits | None = None

    def run(self, job: Job, folder: Path, engine: OcrEngine, limits: Limits) -> object:
        """Recognise a page in the child; raises StorageError where none can be started."""
        if self.pool is None or self.limits != limits:
            self.end()
            # dask's nanny starts its workers as daemons, which may have no children; ours end with their parent.
            multiprocessing.current_process().daemon = False
            self.pool, self.limits = Workers(1, limits), limits
        self.pool.submit(job.number, recognise, job, folder, engine, limits)
        ((_, result),) = self.pool.results()
        return result

    def end(self) -> None:
        """End the child."""
        if self.pool:
            self.pool.__exit__(None, None, None)
            self.pool = None


_hands = _Hands()


def read_far(job: Job, engine: OcrEngine, limits: Limits) -> Reply:
    """Read a page for home: a task of the cluster."""
    worker = get_worker()
    try:
        with tempfile.TemporaryDirectory(prefix="canoe-", dir=worker.local_directory) as folder:
            answer = _answer(_hands.run(job, Path(folder), engine, limits))
    except CanoeError as fault:
        answer = Unfit(fault.message.rstrip("."))
    except OSError as fault:
        answer = Unfit(f"it cannot write page images: {fault.strerror}")
    return Reply(str(worker.name), worker.address, answer)


def _answer(result: object) -> Answer:
    """Return a child's result as an answer; what it raised stays in this worker's log."""
    match result:
        case Failed(error=OSError() as fault) if fault.errno in DISK_FAULTS:
            return Unfit(f"it cannot write page images: {fault.strerror}")
        case Failed(error=CanoeError() as fault):
            return Unfit(fault.message.rstrip("."))
        case Failed(reason, error):
            if error:
                log.error("a page: %s", reason, exc_info=error)
            return Failed(reason)
        case Recognised() | Unfit() | NotSeen():
            return result
        case _:
            return Failed("its reader gave no page")


def recognise(job: Job, folder: Path, engine: OcrEngine, limits: Limits) -> Answer:
    """Recognise a page, in a child of the worker; ``folder`` takes what the work needs.

    Raises ProgramMissing, and OSError where the worker's disk refuses.
    """
    found = facts_here(engine, job.document.candidates)
    if told := difference(job.facts, found):
        return Unfit(told)
    data = job.data if job.data is not None else _seen(job)
    if data is None:
        return NotSeen()
    document = replace(job.document, workspace=folder)
    path = image_folder(document, job.number) / f"{job.number}{job.image.path.suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)  # it is, where a child before died of this page
    path.write_bytes(data)
    image = replace(job.image, path=path)
    read = recognise_page(document, job.number, image, job.known, _engine_here(engine), limits)
    return Recognised(read, b"" if read.method == "unread" else page_file(document, job.number).read_bytes())


def _seen(job: Job) -> bytes | None:
    """Return the image from its path, where that leads to the same file here."""
    try:
        data = job.image.path.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == job.digest else None
