"""What a batch works with, what it reports, and who is told meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingest.documents import Folders, Limits, Progress
from ingest.doi_prefixes import Prefixes
from ingest.engine import OcrEngine
from ingest.virus import Scanner
from metadata.accession import Piece
from metadata.mapping import Mapping
from metadata.matching import NO_DECISIONS, Decisions
from metadata.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Tools:
    """What a batch works with: engine, vocabulary, limits; and what the librarian asked for.

    ``languages`` are Tesseract's codes for pages whose record names none, ``models`` those that
    the engine can read (empty: any). Every file is first shown to the ``scanner``, where there is one.
    ``mapping`` says what the columns of tables mean, where they have names of their own. ``scheduler``
    is the address of a dask cluster whose workers read the pages, ``""`` where this machine does.
    ``folders`` says how folders of images are taken (:mod:`ingest.series`). ``decisions`` are a librarian's, on
    keywords (:mod:`archive.subject_decisions`). With ``hold`` what is new waits for approval and is not public.
    """

    engine: OcrEngine
    vocabulary: Vocabulary
    limits: Limits
    languages: tuple[str, ...]
    collection: str
    doi_prefixes: Prefixes
    workers: int
    models: frozenset[str] = frozenset()
    scanner: Scanner | None = None
    mapping: Mapping | None = None
    scheduler: str = ""
    folders: Folders = "auto"
    decisions: Decisions = field(default_factory=lambda: NO_DECISIONS)
    hold: bool = False


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
