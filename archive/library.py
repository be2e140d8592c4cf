"""A home opened: the archive, and the catalogue made from it. Writing is :mod:`archive.writer`'s."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from archive.agents_file import agent_objects, forget_agents
from archive.catalogue import Catalogue
from archive.catalogued import Change, Held
from archive.cataloguing import PageSpan, Publishing
from archive.clock import SECOND, from_rfc3339
from archive.durable import make_folders, storage
from archive.inventory import Inventory
from archive.lock import PATIENCE, writer_lock
from archive.ocfl import Archive
from archive.replay import (
    PAGES_FILE,
    PIECES_FILE,
    Rebuilt,
    accession_object,
    is_accession,
    is_ours,
    item_object,
    rebuild_catalogue,
)
from archive.usage import Usage
from archive.vocabularies import bring_up_to_date, objects_known
from archive.writer import Writer as Writer
from archive.writer import object_events
from metadata.accession import Piece, is_undone
from metadata.errors import DamageFound, HomeHeld, HomeMissing, NotFound, Outdated, StorageError
from metadata.events import Event
from metadata.model import Item, Page
from metadata.pages import PageShape, PageText, read_page, read_page_shape, read_page_text

Part = TypeVar("Part", PageShape, PageText)

_UNDOINGS = ("withdrawal", "metadata modification")
"""The events of an accession that are only about some of its items: what its undoing did to them."""


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
            with writer_lock(home):
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
    def writer(self, patience: float = PATIENCE) -> Iterator[Writer]:
        """Hold the home for writing; what a killed writer left is healed first.

        Raises HomeHeld where another holds it still after ``patience`` (seconds).
        """
        with writer_lock(self.home, patience), self.catalogue.writing():
            writer = Writer(self.home, self.archive, self.catalogue)
            writer.heal()
            yield writer

    def heal_if_free(self) -> None:
        """Finish what a killed writer left, where that can be done.

        Not where another is at work, the home can only be read, or the catalogue or the object
        is not fit for it: a check goes on and names what is wrong.
        """
        # Looked at first: who takes the lock for nothing turns away an ingest that begins just then.
        if self.catalogue.path.is_file() and self.archive.writing_since() is not None:
            with suppress(HomeHeld, Outdated, StorageError, DamageFound), self.writer(patience=0):
                pass

    def rebuild_catalogue(self) -> Rebuilt:
        """Make the catalogue again from the archive alone."""
        with writer_lock(self.home):
            receipts = list(self.archive.recover())
            left_out = [*self._made_vocabularies(), *self._restored_usage()]
            forget_agents(self.home)
            rebuilt = rebuild_catalogue(self.archive, self.catalogue)
            for receipt in receipts:
                receipt.done()
            damaged = {fault.message: fault for fault in (*left_out, *rebuilt.damaged)}
            return Rebuilt(rebuilt.objects, tuple(damaged.values()))

    def _made_vocabularies(self) -> Sequence[DamageFound]:
        """Make vocabularies.db again, which records are rendered with; return what could not be read for it."""
        try:
            return bring_up_to_date(self.home, self.archive, anew=True)
        except DamageFound as fault:
            return (fault,)

    def _restored_usage(self) -> Sequence[DamageFound]:
        """Take into usage.db what the archive keeps; return what kept that from being done."""
        try:
            Usage(self.home, self.archive).restore()
        except DamageFound as fault:
            return (fault,)
        except Outdated as fault:
            return (DamageFound(fault.message, fault.hint),)
        return ()

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

    def translations(self, item_ids: Collection[str]) -> Sequence[tuple[str, str]]:
        """Return each tie of translation that one of these items has, at either end: (translation, of what)."""
        return self.catalogue.translations(item_ids)

    def settled(self) -> int:
        """Return the moment up to which every change is catalogued, in seconds since 1970.

        It is now, or when the oldest write under way began: a change has its number, and so
        its datestamp, before it can be seen, and a harvester that asks next for what came
        after this moment must not miss it.
        """
        now = time.time_ns() // 1000  # before looking: a write that begins later has a later number
        self.catalogue.told.note(now // SECOND)
        began = self.archive.writing_since()
        return (now if began is None else min(now, began)) // SECOND

    def pages(self, item_id: str) -> Iterator[Page]:
        """Yield the pages of an item, from the archive, in order; raises DamageFound."""
        return self._read_pages(item_id, self.catalogue.page_spans(item_id))

    def page_texts(self, item: Item) -> Iterator[PageText]:
        """Yield the text of each page of an item, from the archive, in order: what is searched; raises DamageFound."""
        yield from self._each_page(item, read_page_text)

    def page_shapes(self, item: Item) -> Iterator[PageShape]:
        """Yield the shape of each page of an item, in order: what viewers need at first; raises DamageFound."""
        yield from self._each_page(item, read_page_shape)

    def page(self, item_id: str, number: int) -> Page:
        """Return one page of an item; raises NotFound, DamageFound."""
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
        """Return the OCFL objects that the home speaks of, sorted: those of accessions, vocabularies, agents too."""
        accessions = (accession_object(accession.id) for accession in self.catalogue.accessions())
        return sorted({*self.catalogue.object_ids(), *accessions, *objects_known(self.home), *agent_objects(self.home)})

    def uncatalogued(self) -> Iterator[str]:
        """Yield the OCFL objects of items and accessions that the catalogue does not speak of."""
        known = set(self.object_ids())
        for inventory in self.archive.inventories(lambda _: None):
            object_id = inventory.object_id
            if object_id not in known and is_ours(object_id) and not self._is_superseded(inventory):
                yield object_id

    def _is_superseded(self, inventory: Inventory) -> bool:
        """Say whether an object holds what a record once was that has come otherwise since, with an accession."""
        held = self.catalogue.held(inventory.object_id.removeprefix(item_object("")))
        return held is not None and held.change > from_rfc3339(inventory.created)

    def pieces(self, accession_id: str) -> Sequence[Piece]:
        """Return what became of each piece of an accession; raises NotFound."""
        return list(self.each_piece(accession_id))

    def each_piece(self, accession_id: str) -> Iterator[Piece]:
        """Yield what :meth:`pieces` returns, one by one."""
        path = self.archive.path(accession_object(accession_id), PIECES_FILE)
        with path.open("rb") as lines:
            yield from (msgspec.json.decode(line, type=Piece) for line in lines)

    def events(self, item_id: str) -> Sequence[Event]:
        """Return what was done to an item, oldest first; raises NotFound, DamageFound.

        What befell a record without files on its way in stands with the accession that brought
        it; what came later, if anything, with the object of its own that it has since.
        """
        held = self.catalogue.held(item_id)
        if held is None:
            raise NotFound(f"There is no item {item_id}.", "canoe search and canoe export list the items.")
        objects = [held.object_id]
        if not held.item.files:
            objects.insert(0, accession_object(held.item.accession))
        return [event for object_id in dict.fromkeys(objects) for event in self._events(object_id, held)]

    def _events(self, object_id: str, held: Held) -> Iterator[Event]:
        """Yield what an object tells of an item; an accession tells of all its items what its undoing did to some."""
        for event in object_events(self.archive, self.archive.former(object_id)):
            if not is_accession(object_id) or event.type not in _UNDOINGS or _befell(event, object_id, held):
                yield event

    def _read_pages(self, item_id: str, spans: Sequence[PageSpan]) -> Iterator[Page]:
        if not spans:
            return
        with self._opened_pages(item_id) as stream:
            for span in spans:
                stream.seek(span.offset)
                yield read_page(stream.read(span.length))

    def _each_page(self, item: Item, read: Callable[[bytes], Part]) -> Iterator[Part]:
        if any(item.files_as("pages")):
            with self._opened_pages(item.id) as lines:
                yield from map(read, lines)

    @contextmanager
    def _opened_pages(self, item_id: str) -> Iterator[BinaryIO]:
        try:
            with self.archive.path(item_object(item_id), PAGES_FILE).open("rb") as stream:
                yield stream
        except (NotFound, FileNotFoundError, ValueError) as fault:  # the catalogue knows that they are there
            raise DamageFound(
                f"{self.archive.folder(item_object(item_id))}: the pages cannot be read.",
                "Run canoe check to see all that is damaged; canoe repair mends it from a second copy.",
            ) from fault


def _befell(event: Event, object_id: str, held: Held) -> bool:
    """Say whether the undoing of an accession, of which an event tells, made an item what it is."""
    wanted = "withdrawal" if held.item.status == "withdrawn" or is_undone(held.item) else "metadata modification"
    return event.type == wanted and held.object_id == object_id and held.change > from_rfc3339(event.at)
