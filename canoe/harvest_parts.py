"""The pages of a list on their way: spooled to disk, and brought into the library when there are many."""

import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.durable import storage
from canoe.home import Home
from canoe.interrupts import undisturbed
from ingest.harvest import Intake, PageFile, Part, Place, bring_in
from ingest.harvest_identity import Ourselves
from ingest.tools import Report
from metadata.accession import Harvest
from oai.harvester import Page

MOST_RECORDS = 10_000
"""Records of one part; a full one is brought in and is one accession."""
_MOST_BYTES = 512 << 20
_MOST_SECONDS = 900.0  # so that what a slow repository gave is soon to be found
_PREFIX, _LOCK = "canoe-harvest-", "lock"
_PATIENCE = 120.0  # seconds that another writer is waited for


@contextmanager
def spooling(home: Home, start: Harvest, is_pending: bool, collection: str) -> Iterator["Parts"]:
    """Lend what takes the pages of the list that begins at ``start``; what was not brought in goes afterwards.

    ``is_pending``: the archive says that the list was broken off. Raises StorageError.
    """
    with storage(Path(tempfile.gettempdir())):
        _sweep(Path(tempfile.gettempdir()))
        made = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    with made as folder, (Path(folder) / _LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Parts(home, start, is_pending, collection, Path(folder))


def _sweep(place: Path) -> None:
    """Clear away what harvests left that were killed: nobody holds the locks of those any more."""
    for lock in place.glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            with lock.open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:  # another's, or at work
            continue


class Parts:
    """One list: ``harvest`` is how far it has come, ``records`` how many came.

    ``spares`` is asked of what is deleted in the list, whether it stays all the same; ``brought`` is told of a part.
    """

    def __init__(self, home: Home, start: Harvest, is_pending: bool, collection: str, folder: Path) -> None:
        self.harvest = start
        self.records = 0
        self.brought: Callable[[Report], None] = lambda _: None
        self.spares: Callable[[str], bool] = lambda _: False
        self._home = home
        self._is_pending = is_pending
        library, settings = home.library, home.settings
        ourselves = Ourselves(library.catalogue, settings.library.base_url, settings.namespace)
        self._intake = Intake(library, home.vocabulary, ourselves, collection, decisions=home.decisions)
        self._folder = folder
        self._empty()

    def _empty(self) -> None:
        self._pages: list[PageFile] = []
        self._last: dict[str, Place] = {}
        self._spared: set[str] = set()
        self._count = self._size = 0
        self._began = time.monotonic()

    def take(self, page: Page) -> None:
        """Spool a page; a full part is brought in. Raises StorageError, HomeHeld, and what ``spares`` raises."""
        if page.data:
            self._spool(page)
        self.harvest = page.harvest
        is_full = self._count >= MOST_RECORDS or self._size >= _MOST_BYTES
        if is_full or time.monotonic() - self._began > _MOST_SECONDS:
            self.bring_in()

    def _spool(self, page: Page) -> None:
        deleted = [one.identifier for one in page.answer.records if one.deleted and not one.fault]
        self._spared.update(filter(self.spares, deleted))
        at, path = len(self._pages), self._folder / f"{len(self._pages):06}.xml"
        with storage(self._folder):
            path.write_bytes(page.data)
        self._pages.append(PageFile(path, page.charset))
        for nth, record in enumerate(page.answer.records):
            if not record.fault:
                self._last[record.identifier] = at, nth
        self._size += len(page.data)
        self._count += len(page.answer.records)
        self.records += len(page.answer.records)

    def bring_in(self, failure: str = "") -> None:
        """Bring in what was spooled, and tell of it; ``failure`` is why the list ends here. Raises what take does."""
        must_note = self._is_pending and self.harvest.complete
        if not (self._pages or failure or must_note):
            return
        part = Part(tuple(self._pages), self.harvest, self._last, failure, must_note, frozenset(self._spared))
        with undisturbed():
            with self._home.library.writer(_PATIENCE) as writer:
                report = bring_in(part, self._intake, writer)
            if report.accession:
                self._is_pending = not self.harvest.complete
            for page in self._pages:
                page.path.unlink(missing_ok=True)
            self._empty()
            self.brought(report)
