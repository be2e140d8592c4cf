"""A home opened: the archive and the catalogue made from it, and the order both are written in.

Order of a write: content into staging and synced → renamed into the archive → catalogue
transaction → staging cleared. A kill in between is healed by the next writer: what lies in
staging names its object, which is then catalogued from the archive.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from archive.catalogue import Catalogue, Change
from archive.cataloguing import Batch, Entry, PageSpan, Publishing
from archive.clock import SECOND, to_rfc3339
from archive.durable import make_folders, storage
from archive.inventory import Version
from archive.lock import writer_lock
from archive.ocfl import Archive, Content
from archive.replay import (
    ACCESSION_FILE,
    ITEM_FILE,
    PAGES_FILE,
    PIECES_FILE,
    RECORDS_FILE,
    Rebuilt,
    accession_object,
    is_ours,
    item_object,
    page_spans,
    rebuild_catalogue,
    replay,
)
from metadata.accession import Accession, Piece
from metadata.errors import DamageFound, HomeHeld, HomeMissing, NotFound, Outdated, StorageError
from metadata.model import Item, Page
from metadata.pages import PageText, read_page, read_page_text
from metadata.serial import to_json


class Library:
    """What one home holds, for readers; :meth:`writer` opens it for writing."""

    def __init__(self, home: Path, archive: Archive, catalogue: Catalogue) -> None:
        self.home = home
        self.archive = archive
        self.catalogue = catalogue

    @classmethod
    def create(cls, home: Path, publishing: Publishing) -> "Library":
        """Make an empty library in ``home``; one that is there already is opened."""
        with storage(home):
            make_folders(home)
            Archive.create(home / "archive", home / "staging")
        library = cls.open_unverified(home, publishing)
        if not any(library.archive.folders()):
            library.catalogue.create()
        return library

    @classmethod
    def open_unverified(cls, home: Path, publishing: Publishing) -> "Library":
        """Open ``home`` whatever state its catalogue is in: for rebuild, check and doctor.

        Raises HomeMissing.
        """
        if not (home / "archive").is_dir():
            raise HomeMissing(f"There is no library in {home}.", f"Make one: canoe init --home {home}")
        archive = Archive(home / "archive", home / "staging")
        return cls(home, archive, Catalogue(home / "catalogue.db", publishing))

    @classmethod
    def open(cls, home: Path, publishing: Publishing) -> "Library":
        """Open ``home``; raises HomeMissing, and Outdated when the catalogue must be rebuilt."""
        library = cls.open_unverified(home, publishing)
        library.catalogue.verify()
        return library

    @contextmanager
    def writer(self) -> Iterator["Writer"]:
        """Hold the home for writing; what a killed writer left is healed first. Raises HomeHeld."""
        with writer_lock(self.home):
            writer = Writer(self)
            writer.heal()
            yield writer

    def heal_if_free(self) -> None:
        """Finish what a killed writer left, where that can be done.

        Not where another is at work, the home can only be read, or the catalogue or the object
        is not fit for it: a check goes on and names what is wrong.
        """
        if self.catalogue.path.is_file():
            with suppress(HomeHeld, Outdated, StorageError, DamageFound), self.writer():
                pass

    def rebuild_catalogue(self) -> Rebuilt:
        """Make the catalogue again from the archive alone."""
        with writer_lock(self.home):
            receipts = list(self.archive.recover())
            rebuilt = rebuild_catalogue(self.archive, self.catalogue)
            for receipt in receipts:
                receipt.done()
            return rebuilt

    def item(self, item_id: str) -> Item:
        """Return an item, withdrawn or not; raises NotFound."""
        item = self.catalogue.item(item_id)
        if item is None:
            raise NotFound(f"There is no item {item_id}.", "canoe search and canoe export list the items.")
        return item

    def items(self) -> Iterator[Item]:
        """Yield every item in the order of the ids, withdrawn ones too."""
        after = ""
        while batch := self.catalogue.items(after):
            yield from batch
            after = batch[-1].id

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Return the items changed after change number ``after``, oldest first: what followers read."""
        return self.catalogue.changes(after, limit)

    def settled(self) -> int:
        """Return the moment up to which every change is catalogued, in seconds since 1970.

        It is now, or when the oldest write under way began: a change has its number, and so
        its datestamp, before it can be seen, and a harvester that asks next for what came
        after this moment must not miss it.
        """
        now = time.time_ns() // 1000  # before looking: a write that begins later has a later number
        began = self.archive.writing_since()
        return (now if began is None else min(now, began)) // SECOND

    def pages(self, item_id: str) -> Iterator[Page]:
        """Yield the pages of an item, from the archive, in order."""
        return self._read_pages(item_id, self.catalogue.page_spans(item_id))

    def page_texts(self, item: Item) -> Iterator[PageText]:
        """Yield the text of each page of an item, from the archive, in order: what is searched."""
        if any(item.files_as("pages")):
            with self.archive.path(item_object(item.id), PAGES_FILE).open("rb") as lines:
                yield from map(read_page_text, lines)

    def page(self, item_id: str, number: int) -> Page:
        """Return one page of an item; raises NotFound."""
        spans = [span for span in self.catalogue.page_spans(item_id) if span.number == number]
        if not spans:
            raise NotFound(f"Item {item_id} has no page {number}.")
        return next(self._read_pages(item_id, spans))

    def file(self, item: Item, path: str) -> Path:
        """Return where a file of an item lies; raises NotFound for any other path."""
        if path not in {file.path for file in item.files}:
            raise NotFound(f"Item {item.id} has no file {path}.")
        return self.archive.path(item_object(item.id), path)

    def object_ids(self) -> Sequence[str]:
        """Return the OCFL objects that the catalogue speaks of, sorted: those of accessions too."""
        accessions = (accession_object(accession.id) for accession in self.catalogue.accessions())
        return sorted({*self.catalogue.object_ids(), *accessions})

    def uncatalogued(self) -> Iterator[str]:
        """Yield the OCFL objects of items and accessions that the catalogue does not speak of."""
        known = set(self.object_ids())
        for inventory in self.archive.inventories(lambda _: None):
            if inventory.object_id not in known and is_ours(inventory.object_id):
                yield inventory.object_id

    def pieces(self, accession_id: str) -> Sequence[Piece]:
        """Return what became of each piece of an accession; raises NotFound."""
        path = self.archive.path(accession_object(accession_id), PIECES_FILE)
        with path.open("rb") as lines:
            return [msgspec.json.decode(line, type=Piece) for line in lines]

    def _read_pages(self, item_id: str, spans: Sequence[PageSpan]) -> Iterator[Page]:
        if not spans:
            return
        with self.archive.path(item_object(item_id), PAGES_FILE).open("rb") as stream:
            for span in spans:
                stream.seek(span.offset)
                yield read_page(stream.read(span.length))


class Writer:
    """What only the holder of the writer's lock may do. Everything here raises StorageError."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.archive = library.archive
        self.catalogue = library.catalogue

    def heal(self) -> None:
        """Catalogue what a killed writer brought into the archive but not into the catalogue."""
        for receipt in self.archive.recover():
            self.catalogue.write(replay(self.archive, receipt.inventory))
            receipt.done()

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Lend a folder on the home's file system for files that are being made; it goes afterwards."""
        with storage(self.library.home):
            make_folders(self.archive.staging)
            with TemporaryDirectory(dir=self.archive.staging, prefix="work-") as folder:
                yield Path(folder)

    def put_item(self, item: Item, files: Mapping[str, Content], message: str) -> bool:
        """Archive and catalogue an item with the files that are new or changed.

        ``files`` maps paths of ``item.files`` to content. Returns False, and writes nothing,
        when the library holds just this already. Raises SourceChanged.
        """
        object_id = item_object(item.id)
        content = {**files, ITEM_FILE: to_json(item)}
        if self.catalogue.item(item.id) == item and self.archive.holds(object_id, content):
            return False
        begun, change = self.archive.begin(), self.catalogue.next_change()
        wanted = {file.path: file.sha512 for file in item.files}
        receipt = self.archive.put(object_id, content, Version(to_rfc3339(change), message, wanted), begun)
        spans = page_spans(self.archive, receipt.inventory)
        self.catalogue.write([Batch([Entry(item, change, object_id, spans)])])
        receipt.done()
        return True

    def put_accession(
        self,
        accession: Accession,
        pieces: Iterable[Piece],
        records: Path,
        received: Mapping[str, Path],
    ) -> None:
        """Archive and catalogue an accession: what came, what became of it, and its records.

        ``records`` holds the items without files, a line each (metadata.serial); ``received``
        maps a name to each file they stood in, kept as it came.
        """
        object_id = accession_object(accession.id)
        with self.workspace() as folder:
            content: dict[str, Content] = {f"received/{name}": path for name, path in received.items()}
            content[ACCESSION_FILE] = msgspec.json.format(msgspec.json.encode(accession), indent=1)
            content[PIECES_FILE] = _write_lines(folder, map(msgspec.json.encode, pieces))
            if records.stat().st_size:
                content[RECORDS_FILE] = records
            begun, change = self.archive.begin(), self.catalogue.next_change()
            receipt = self.archive.put(object_id, content, Version(to_rfc3339(change), "Ingested", {}), begun)
        self.catalogue.write(replay(self.archive, receipt.inventory))
        receipt.done()

    def withdraw(self, item: Item, reason: str) -> Item:
        """Withdraw an item: a new version, so that its tombstone outlives a rebuild."""
        withdrawn = replace(item, status="withdrawn", reason=reason)
        self.put_item(withdrawn, {}, f"Withdrawn: {reason}")
        return withdrawn

    def restore(self, item: Item) -> Item:
        """Publish a withdrawn item again."""
        restored = replace(item, status="published", reason="")
        self.put_item(restored, {}, "Restored")
        return restored


def _write_lines(folder: Path, lines: Iterable[bytes]) -> Path:
    path = folder / secrets.token_hex(8)
    with path.open("wb") as stream:
        stream.writelines(line if line.endswith(b"\n") else line + b"\n" for line in lines)
    return path
