"""What the desk asks of the application to bring uploaded files into the library."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from desk.accounts import Account
from metadata.accession import Outcome

State = Literal["waiting", "held", "running", "done", "failed", "interrupted"]
Folders = Literal["auto", "one", "files"]
GOES_ON: tuple[State, ...] = ("waiting", "held", "running")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one upload may be: bytes, files."""

    total: int = 8 << 30
    files: int = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """How uploaded files are to be taken in.

    ``collection`` is the one they join; ``languages`` are Tesseract's codes joined by ``+``, of pages whose
    record names none; ``folders`` says how images are taken (:mod:`ingest.series`); with ``hold`` what is new
    waits for approval. ``title`` is that of the one publication which the files are.
    """

    collection: str = ""
    languages: str = ""
    folders: Folders = "auto"
    hold: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files looked at, pages read, seconds that are left (None: not known yet)."""

    files_looked_at: int = 0
    files: int = 0
    documents_done: int = 0
    documents: int = 0
    pages_done: int = 0
    pages: int = 0
    seconds_left: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Files that were uploaded together (their names and bytes), and how far their ingest is.

    A job that is ``held`` waits for another process that writes to the library; an ``interrupted`` one ended
    without a word, and can go on. ``told`` says in English why it waits or failed. ``accession`` is what it made,
    ``counts`` how many pieces had which outcome. ``ahead`` jobs are taken before one that waits.
    """

    id: str
    account: str
    created_at: str
    files: Sequence[tuple[str, int]]
    asked: Asked
    state: State = "waiting"
    progress: Progress = Progress()
    ahead: int = 0
    accession: str = ""
    counts: Sequence[tuple[Outcome, int]] = ()
    told: str = ""

    @property
    def goes_on(self) -> bool:
        """Whether it may look otherwise in a moment."""
        return self.state in GOES_ON


class Ingesting(Protocol):
    """Takes uploaded files in, one upload after the other."""

    @property
    def limits(self) -> Limits:
        """What one upload may be."""

    @property
    def holds(self) -> bool:
        """Whether what is new waits for approval where nobody says otherwise."""

    def languages(self) -> Sequence[str]:
        """Return Tesseract's codes of the languages that pages can be read in here."""

    def free(self) -> int:
        """Return the bytes that are free where uploads are kept."""

    def staging(self) -> AbstractContextManager[Path]:
        """Lend an empty folder for what is uploaded; it goes afterwards, unless it was handed to :meth:`start`."""

    def can_have_title(self, staged: Path, asked: Asked) -> bool:
        """Say whether the files in a folder of :meth:`staging` are one publication, as far as can be told in advance.

        Raises StorageError.
        """

    def start(self, account: Account, staged: Path, asked: Asked) -> str:
        """Take over the files in a folder of :meth:`staging`; return the id of their job. Raises StorageError."""

    def job(self, job_id: str) -> Job:
        """Return how far a job is; raises NotFound."""

    def jobs(self, most: int) -> Sequence[Job]:
        """Return the newest jobs, at most so many."""

    def go_on(self, job_id: str) -> None:
        """Let a job that was interrupted or failed go on; others are left as they are. Raises NotFound."""

    def report(self, job_id: str, language: str) -> str:
        """Return the report of a job that is done as a page in HTML; raises NotFound."""

    def accession_report(self, accession_id: str, language: str) -> str:
        """Return the report of any accession as a page in HTML; raises NotFound."""
