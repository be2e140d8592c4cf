"""What goes into digitising and what comes out: plain values, small enough to travel between processes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from metadata.problems import Problem

Folders = Literal["auto", "one", "files"]
"""How folders of images are taken: as :mod:`ingest.series` says; each as one publication; each image by itself."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document, and one worker reading it, may take.

    ``memory`` is a worker's address space and ``written`` its largest file, both in bytes;
    ``processor`` and ``patience`` are seconds of CPU and of wall time for one task.
    ``size`` (bytes) and ``pages`` bound a document, ``pixels`` one image as it is stored;
    a page is read at no more than ``read_pixels``, at a lower resolution where it must.
    """

    memory: int = 2 << 30
    written: int = 4 << 30
    processor: int = 180
    patience: int = 180
    size: int = 4 << 30
    pages: int = 10_000
    pixels: int = 300_000_000
    read_pixels: int = 75_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """One file to digitise, or several images that are the pages of one publication.

    ``languages`` are ISO 639-2 codes as Tesseract names its models (``eng``, ``fra``, ``spa``),
    those of the record or the default ones. ``workspace`` is an empty folder of the document's
    own. ``key`` is the caller's name for it; problems carry it as their ``where``. ``title`` is
    what its record calls it, for an access copy that has none. ``more`` are further image files,
    in their order; pages are then numbered through, and ``places`` has file (from 0) and frame of
    each, once they are known. ``pages`` are those of an earlier reading (JSON lines, metadata.pages):
    only what is unread there is read. ``others`` are further languages that a page may turn out to speak.
    """

    path: Path
    media_type: str
    languages: tuple[str, ...]
    workspace: Path
    key: str
    title: str = ""
    more: tuple[Path, ...] = ()
    places: tuple[tuple[int, int], ...] = ()
    pages: Path | None = None
    others: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Its files, in order."""
        return (self.path, *self.more)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The languages that a page may be read in."""
        return (*self.languages, *self.others)

    def place(self, number: int) -> tuple[Path, int]:
        """Return file and frame (from 0) of page ``number`` (from 1)."""
        if not self.places:
            return self.path, number - 1
        file, frame = self.places[number - 1]
        return self.files[file], frame


@dataclass(frozen=True, slots=True)
class Identification:
    """A file's format: its PUID or our own name for it (:mod:`metadata.formats`), ``""`` where nothing tells.

    ``agent`` is the program that says so, with its version; ``remark`` is what spoke against it, for people.
    """

    puid: str = ""
    agent: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Digitised:
    """A document whose pages are known.

    ``pages`` is a file of JSON lines, one :class:`metadata.model.Page` each, in order.
    ``access`` is a searchable PDF, or None where the original serves as it is or no copy could
    be made (a problem says so). ``languages`` are BCP 47 tags of its pages, most frequent first.
    ``title`` is what the file says of itself, ``""`` where that is nothing or no title.
    ``original_format`` and ``access_format`` are the formats of the document and of its access copy.
    ``dois`` are those that its metadata state.
    """

    document: Document
    pages: Path
    access: Path | None
    page_count: int
    languages: tuple[str, ...]
    problems: tuple[Problem, ...]
    title: str = ""
    original_format: Identification = Identification()
    access_format: Identification = Identification()
    dois: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that cannot be opened; ``problems`` say why."""

    document: Document
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: documents taken up and finished, pages known so far and done.

    ``by_worker`` are the names of a cluster's workers and how many pages each has read; none where there is no cluster.
    """

    document: Document
    documents: int
    documents_done: int
    pages: int
    pages_done: int
    by_worker: tuple[tuple[str, int], ...] = ()
