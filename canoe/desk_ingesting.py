"""Uploads of the desk: each a folder in the home, taken in by a process of its own, one after the other.

What becomes of an upload is told by what lies in its folder, so that any server process can tell it,
also one that was started since::

    uploads/ID/job.json       who brought it, when, how it is to be taken in
    uploads/ID/ID/            the files, until they are in the archive
    uploads/ID/running.lock   held by the process that takes it in, for as long as it lives
    uploads/ID/begun          it was begun: without the lock and without an outcome, it was interrupted
    uploads/ID/held.txt       who holds the library, while it waits for that one
    uploads/ID/progress.jsonl how far it is (canoe ingest --progress json)
    uploads/ID/outcome.json   what became of it; beside it the report in three languages
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from archive.durable import make_folders, remove_tree, replace_file, storage
from canoe.desk_titles import Uploaded
from canoe.home import Home
from canoe.report_page import Heading, report_page
from desk.accounts import Account
from desk.ingesting import GOES_ON, Asked, Job, Limits, Progress, State
from ingest.engine import engine_languages
from ingest.tools import Report
from metadata.accession import Outcome
from metadata.errors import NotFound

UPLOADS = "uploads"
KEPT = 50
"""Uploads whose folders are kept when they are done; older ones go."""
_TAIL = 8192
_NEW = "new-"


@dataclass(frozen=True, slots=True)
class Wish:
    """job.json: who brought files (by full name), when, and how they are to be taken in."""

    account: str
    name: str
    created_at: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Ended:
    """outcome.json: what became of an upload."""

    state: Literal["done", "failed"]
    accession: str = ""
    counts: tuple[tuple[Outcome, int], ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """The folder of one upload."""

    folder: Path

    @property
    def id(self) -> str:
        """Its name: the time it came, in UTC, to the microsecond: by it uploads stand in their order."""
        return self.folder.name

    @property
    def files(self) -> Path:
        """Where its files lie; the folder's name is in the source of all that comes of it."""
        return self.folder / self.id

    @property
    def wish(self) -> Wish:
        """How it is to be taken in."""
        return msgspec.json.decode((self.folder / "job.json").read_bytes(), type=Wish)

    @property
    def state(self) -> State:
        """How far it is."""
        if ended := self.ended:
            return ended.state
        if self.is_held:
            return "running" if self.progress().files or not (self.folder / "held.txt").exists() else "held"
        return "interrupted" if (self.folder / "begun").exists() else "waiting"

    @property
    def ended(self) -> Ended | None:
        """What became of it, None as long as it is not done."""
        with suppress(FileNotFoundError):
            return msgspec.json.decode((self.folder / "outcome.json").read_bytes(), type=Ended)
        return None

    @property
    def is_held(self) -> bool:
        """Whether a process is at it."""
        with suppress(FileNotFoundError), (self.folder / "running.lock").open("rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def put(self, name: str, content: bytes) -> None:
        """Write one of its files, whole or not at all."""
        with storage(self.folder):
            replace_file(self.folder / name, content)

    def forget(self, *names: str) -> None:
        """Remove some of its files, where they are there."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def names(self) -> list[tuple[str, int]]:
        """Return the names and bytes of what was uploaded."""
        with suppress(FileNotFoundError):
            return msgspec.json.decode((self.folder / "files.json").read_bytes(), type=list[tuple[str, int]])
        return []

    def progress(self) -> Progress:
        """Return how far the process that takes it in has said to be."""
        found: dict[str, int | None] = {}
        with suppress(FileNotFoundError), (self.folder / "progress.jsonl").open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL))
            for line in stream.read().splitlines():
                with suppress(msgspec.DecodeError):
                    found |= {name: value for name, value in _told(line).items() if name in _PROGRESS}
        return msgspec.convert(found, Progress)


_PROGRESS = frozenset(Progress.__dataclass_fields__)


def _told(line: bytes) -> dict[str, int | None]:
    told = msgspec.json.decode(line, type=dict[str, object])
    return {name: value for name, value in told.items() if value is None or isinstance(value, int)}


@dataclass(frozen=True, slots=True)
class Uploads:
    """All uploads of a home."""

    home: Path

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.home / UPLOADS

    def all(self) -> list[Upload]:
        """Return all, oldest first."""
        with suppress(FileNotFoundError):
            names = sorted(name for name in os.listdir(self.folder) if not name.startswith(_NEW))  # noqa: PTH208
            return [Upload(self.folder / name) for name in names if (self.folder / name / "job.json").is_file()]
        return []

    def one(self, job_id: str) -> Upload:
        """Return one; raises NotFound."""
        found = next((one for one in self.all() if one.id == job_id), None)
        if found is None:
            raise NotFound(f"There is no upload {job_id}.")
        return found

    def waiting(self) -> list[Upload]:
        """Return those that are to be taken in, oldest first."""
        return [one for one in self.all() if one.state == "waiting"]

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Lend a folder for files that come; it goes afterwards, unless it was renamed."""
        folder = self.folder / f"{_NEW}{secrets.token_hex(8)}"
        with storage(self.home):
            make_folders(folder / "files")
        try:
            with (folder / "running.lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield folder / "files"
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def start(self, wish: Wish, staged: Path) -> Upload:
        """Make an upload of the files in a folder of :meth:`staging`."""
        upload = Upload(self.folder / f"upload-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
        folder = staged.parent
        sizes = [(entry.name, entry.stat().st_size) for entry in sorted(os.scandir(staged), key=lambda one: one.name)]
        with storage(folder):
            Uploaded(staged, wish.asked.folders).arrange(wish.asked.title)
            staged.rename(folder / upload.id)
            replace_file(folder / "files.json", msgspec.json.encode(sizes))
            replace_file(folder / "job.json", msgspec.json.encode(wish))
            folder.rename(upload.folder)
        return upload

    def tidy(self) -> None:
        """Remove what a killed server left of uploads that were not whole, and all but the newest that are done."""
        if not self.folder.is_dir():
            return
        for folder in self.folder.glob(f"{_NEW}*"):
            if not Upload(folder).is_held:
                shutil.rmtree(folder, ignore_errors=True)
        done = [one for one in self.all() if one.state == "done"]
        for one in done:
            remove_tree(one.files)
        for one in done[:-KEPT]:
            remove_tree(one.folder)


@dataclass(frozen=True)
class DeskIngesting:
    """Takes in what is uploaded at the desk (:class:`desk.ingesting.Ingesting`)."""

    home: Home
    uploads: Uploads = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "uploads", Uploads(self.home.path))

    @property
    def limits(self) -> Limits:
        """What one upload may be."""
        return Limits(self.home.settings.desk.upload_bytes, self.home.settings.desk.upload_files)

    @property
    def holds(self) -> bool:
        """Whether what is new waits for approval, by the settings."""
        return self.home.settings.ingest.hold

    def languages(self) -> Sequence[str]:
        """Return the codes of the models that the engine has here, but for those of no language."""
        return sorted(engine_languages(self.home.settings.ocr.engine) - {"osd", "equ"})

    def free(self) -> int:
        """Return the bytes that are free on the home's file system."""
        return shutil.disk_usage(self.home.path).free

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Lend a folder of :meth:`Uploads.staging`."""
        with self.uploads.staging() as folder:
            yield folder

    def can_have_title(self, staged: Path, asked: Asked) -> bool:
        """Say whether the files in a folder of :meth:`staging` are one publication."""
        with storage(self.home.path):
            return Uploaded(staged, asked.folders).is_one

    def start(self, account: Account, staged: Path, asked: Asked) -> str:
        """Let the files in a folder of :meth:`staging` be taken in."""
        wish = Wish(account.shown, account.name, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", asked)
        return self.uploads.start(wish, staged).id

    def job(self, job_id: str) -> Job:
        """Return how far an upload is."""
        upload = self.uploads.one(job_id)
        ahead = [one.id for one in self.uploads.all() if one.id < job_id and one.state in GOES_ON]
        return replace(_job(upload), progress=upload.progress(), ahead=len(ahead), files=upload.names())

    def jobs(self, most: int) -> Sequence[Job]:
        """Return the newest uploads."""
        return [_job(one) for one in self.uploads.all()[: -most - 1 : -1]]

    def go_on(self, job_id: str) -> None:
        """Let one that was interrupted or failed wait for its turn again."""
        upload = self.uploads.one(job_id)
        if upload.state in ("interrupted", "failed"):
            upload.forget("outcome.json", "begun", "held.txt", "progress.jsonl")

    def report(self, job_id: str, language: str) -> str:
        """Return the report of one that is done."""
        try:
            return (self.uploads.one(job_id).folder / f"report.{language}.html").read_text("utf-8")
        except FileNotFoundError:
            raise NotFound(f"The upload {job_id} has no report yet.") from None

    def accession_report(self, accession_id: str, language: str) -> str:
        """Return the report of an accession."""
        accession = self.home.library.catalogue.accession(accession_id)
        if accession is None:
            raise NotFound(f"There is no accession {accession_id}.")
        report = Report(accession.id, self.home.library.pieces(accession.id))
        return report_page(report, report_heading(self.home, language, accession.received_at))


def report_heading(home: Home, language: str, made_at: str) -> Heading:
    """Return what stands above a report at the desk of a home, in a language; ``made_at`` is RFC 3339."""
    library = home.settings.library
    return Heading(library.name, language, made_at, is_plan=False, desk=f"{urlsplit(library.base_url).path}/desk")


def _job(upload: Upload) -> Job:
    wish, ended = upload.wish, upload.ended
    told, state = ended.told if ended else "", upload.state
    if state == "held":
        told = (upload.folder / "held.txt").read_text("utf-8")
    job = Job(upload.id, wish.account, wish.created_at, (), wish.asked, state, told=told)
    return replace(job, accession=ended.accession, counts=ended.counts) if ended else job
