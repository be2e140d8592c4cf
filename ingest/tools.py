"""What a batch works with, what it reports, and who is told meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.documents import Limits, Progress
from ingest.engine import OcrEngine
from ingest.series import Folders
from ingest.virus import Scanner
from metadata.accession import Piece
from metadata.mapping import Mapping
from metadata.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Tools:
    """What a batch works with: engine, vocabulary, limits; and what the librarian asked for.

    ``languages`` are Tesseract's codes for pages whose record names none, ``models`` those that
    the engine can read (empty: any). Every file is first shown to the ``scanner``, where there is one.
    ``mapping`` says what the columns of tables mean, where they have names of their own. ``scheduler``
    is the address of a dask cluster whose workers read the pages, ``""`` where this machine does.
    ``folders`` says how folders of images are taken (:mod:`ingest.series`).
    """

    engine: OcrEngine
    vocabulary: Vocabulary
    limits: Limits
    languages: tuple[str, ...]
    collection: str
    doi_prefix: str
    workers: int
    models: frozenset[str] = frozenset()
    scanner: Scanner | None = None
    mapping: Mapping | None = None
    scheduler: str = ""
    folders: Folders = "auto"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of each piece; ``accession`` is ``""`` when nothing new came in."""

    accession: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told how far the batch is: files looked at (of how many), pages read, pieces done."""

    looked: Callable[[int, int], None]
    read: Callable[[Progress], None]
    piece: Callable[[Piece], None]


def _deaf(*_: object) -> None:
    pass


NOBODY = Watcher(_deaf, _deaf, _deaf)
