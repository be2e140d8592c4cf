"""The writer of a home: what only the holder of the writer's lock may do, alone or in groups.

Order of a write: content into staging and synced → renamed into the archive → catalogue
transaction → staging cleared (:mod:`archive.staging` has it in full). A kill in between is
healed by the next writer: what lies in staging names its objects, which are then
catalogued from the archive. Many writes can go this way together (:meth:`Writer.grouped`):
each is then absent or whole as ever, and the disk is asked once for all of them.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from archive.catalogue import Catalogue
from archive.cataloguing import Batch, Entry, PageSpan
from archive.clock import from_rfc3339, next_stamp, to_datestamp, to_rfc3339
from archive.durable import make_folders, storage
from archive.inventory import Inventory, Version
from archive.ocfl import Archive, Content
from archive.replay import (
    ACCESSION_FILE,
    EVENTS_FILE,
    ITEM_FILE,
    PAGES_FILE,
    PIECES_FILE,
    RECORDS_FILE,
    accession_object,
    item_object,
    page_spans,
    replay,
    undone_file,
)
from archive.staging import Group, Staged
from archive.vocabularies import REGISTRY, bring_up_to_date
from metadata.accession import Accession, Piece
from metadata.events import Event, event_lines, read_events
from metadata.model import Item
from metadata.pages import line_spans
from metadata.serial import to_json

APPROVED = "Approved"
"""The message of a version that made an item public which was held: it changes nothing of who made it what it is."""


class Writer:
    """Writes into the archive and the catalogue of one home. Everything here raises StorageError.

    ``agent`` is the program that events are laid to (:mod:`metadata.events`).
    """

    GROUP_NUMBER, GROUP_BYTES, GROUP_SECONDS = 64, 64 << 20, 1.0
    """When a group is full: so many objects, bytes of content, seconds since its first write.

    More objects gain nothing, by benchmarks/writing.py; more bytes only lie about in memory
    until the disk is asked for all of them. The seconds bound how long what is put stays unseen.
    """

    def __init__(self, home: Path, archive: Archive, catalogue: Catalogue, agent: str = "") -> None:
        self.home = home
        self.archive = archive
        self.catalogue = catalogue
        self.agent = agent or _program()
        self._grouping = False
        self._group: Group | None = None
        self._entries: list[Entry] = []

    def heal(self) -> None:
        """Catalogue what a killed writer brought into the archive but not into the catalogue."""
        for receipt in self.archive.recover():
            if any(inventory.object_id == REGISTRY for inventory in receipt.inventories):
                bring_up_to_date(self.home, self.archive)  # records are rendered with what is in it
            self.catalogue.write(
                batch for inventory in receipt.inventories for batch in replay(self.archive, inventory)
            )
            receipt.done()

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Lend a folder on the home's file system for files that are being made; it goes afterwards."""
        with storage(self.home):
            make_folders(self.archive.staging)
            # What cannot be cleared away must not hide why; the next writer does it.
            with TemporaryDirectory(dir=self.archive.staging, prefix="work-", ignore_cleanup_errors=True) as folder:
                yield Path(folder)

    @contextmanager
    def grouped(self) -> Iterator[None]:
        """Complete what is put within the ``with`` in groups: much faster, and no less safe.

        What was put is read from its sources and hashed at once, and faults of it are raised
        then, but it is in the archive, in the catalogue and safe only when its group is complete:
        when the next is put and the group is full, at :meth:`flush`, and at the end, also
        when that is an exception's. Who tells others that an item is kept looks at
        :attr:`pending` first; who looks up what was put calls :meth:`flush` before.
        """
        if self._grouping:
            yield
            return
        self._grouping = True
        try:
            yield
        finally:
            self._grouping = False
            self.flush()

    @property
    def pending(self) -> int:
        """How many items were put that are not yet safe."""
        return len(self._entries)

    def flush(self) -> None:
        """Complete what is pending: archive and catalogue it, in one transaction.

        An interrupt (Ctrl-C) waits until that is done, a second one does not. When it fails what
        was pending is absent, or the next writer finishes it; this one can go on.
        """
        try:
            self._complete()
        except KeyboardInterrupt:
            self._complete()
            raise

    def _complete(self) -> None:
        """Do what :meth:`flush` does; interrupted it can be called again, and goes on."""
        group = self._group
        if group is None:
            return
        try:
            group.retain({entry.object_id for entry in self._entries})
            if self._entries:
                receipt = self.archive.complete(group)
                self.catalogue.write([Batch(self._entries)])
                receipt.done()
        except Exception:
            self._forget(group)
            raise
        self._forget(group)

    def flush_if_due(self) -> None:
        """Complete what is pending where the group is full or old; for who waits long between two puts."""
        group = self._group
        if group and (
            group.number >= self.GROUP_NUMBER or group.size >= self.GROUP_BYTES or group.age >= self.GROUP_SECONDS
        ):
            self.flush()

    def put_item(self, item: Item, files: Mapping[str, Content], message: str, events: Sequence[Event] = ()) -> bool:
        """Archive and catalogue an item with the files that are new or changed.

        ``files`` maps paths of ``item.files`` to content; what ``item.files`` says of digests
        must be so. ``events`` are added to those of the object; ``at`` is the moment of the change
        where it is ``""``. Returns False, and writes nothing, when the library holds just
        this already. Raises SourceChanged.
        """
        object_id = item_object(item.id)
        if self._group and object_id in self._group:
            self.flush()
        self.flush_if_due()
        content = {**files, ITEM_FILE: to_json(item)}
        known = self.archive.exists(object_id)  # what is new need not be looked up, nor hashed twice
        if known and self.catalogue.item(item.id) == item and self.archive.holds(object_id, content):
            return False
        with self.grouped():
            self._stage(item, content, message, events)
        return True

    def put_accession(
        self,
        accession: Accession,
        pieces: Iterable[Piece],
        records: Path,
        received: Mapping[str, Path],
        events: Sequence[Event] = (),
    ) -> None:
        """Archive and catalogue an accession: what came, what became of it, and its records.

        ``records`` holds the items without files, a line each (metadata.serial); ``received``
        maps a name to each file they stood in, kept as it came; ``events`` are as for an item.
        What is pending is completed first.
        """
        self.flush()
        object_id = accession_object(accession.id)
        with self.workspace() as folder:
            content: dict[str, Content] = {f"received/{name}": path for name, path in received.items()}
            content[ACCESSION_FILE] = _accession_json(accession)
            content[PIECES_FILE] = _write_lines(folder, map(msgspec.json.encode, pieces))
            if records.stat().st_size:
                content[RECORDS_FILE] = records
            begun, change = self.archive.begin(), self.catalogue.next_change()
            self._put_accession(object_id, content, "Ingested", events, (begun, change))

    def undo_accession(self, accession: Accession, left: int, lines: Path, events: Sequence[Event]) -> Accession:
        """Archive and catalogue that an accession was undone; return it as it then is.

        ``lines`` holds the items without files as its undoing leaves them, ``left`` counts those it
        leaves alone; ``events`` are as for an item. What is pending is completed first.
        """
        self.flush()
        object_id = accession_object(accession.id)
        former = self.archive.inventory(object_id)
        begun = self.archive.begin()
        change = max(self.catalogue.next_change(), next_stamp(from_rfc3339(former.created)))
        undone = replace(accession, undone_at=to_datestamp(change), left=left)
        content: dict[str, Content] = {ACCESSION_FILE: _accession_json(undone)}
        if lines.stat().st_size:
            content[undone_file(former)] = lines
        self._put_accession(object_id, content, "Undone", events, (begun, change))
        return undone

    def _put_accession(
        self,
        object_id: str,
        content: dict[str, Content],
        message: str,
        events: Sequence[Event],
        begun: tuple[Group, int],
    ) -> None:
        """Put a version of an accession in the group, and under the change number, that were taken for it."""
        group, change = begun
        content |= self._with_events(self.archive.former(object_id), events, change)
        receipt = self.archive.put(object_id, content, Version(to_rfc3339(change), message, {}), group)
        self.catalogue.write(batch for inventory in receipt.inventories for batch in replay(self.archive, inventory))
        receipt.done()

    def withdraw(self, item: Item, reason: str) -> Item:
        """Withdraw an item: a new version, so that its tombstone outlives a rebuild."""
        withdrawn = replace(item, status="withdrawn", reason=reason)
        event = Event("withdrawal", "", agent=self.agent, detail=reason)
        self.put_item(withdrawn, {}, f"Withdrawn: {reason}", [event])
        return withdrawn

    def approve(self, item: Item, reason: str = "") -> Item:
        """Publish an item that was held for approval.

        Records of what is tied to it are given anew, under the numbers that follow its own: it is then in no group.
        """
        is_alone = self.catalogue.is_tied_to(item.id)
        if is_alone:
            self.flush()
        approved = replace(item, status="published", reason="")
        event = Event("approval", "", agent=self.agent, detail=reason)
        self.put_item(approved, {}, APPROVED, [event])
        if is_alone:
            self.flush()
        return approved

    def restore(self, item: Item, reason: str = "") -> Item:
        """Publish a withdrawn item again; without a ``reason`` its event says why it was withdrawn."""
        restored = replace(item, status="published", reason="")
        event = Event("restoration", "", agent=self.agent, detail=reason or item.reason)
        self.put_item(restored, {}, "Restored", [event])
        return restored

    def _stage(self, item: Item, content: Mapping[str, Content], message: str, events: Sequence[Event]) -> None:
        """Write a version of an item into the group, which is begun where there is none."""
        group = self._group = self._group or self.archive.begin()
        change = self._next_change()
        former = self.archive.former(item_object(item.id))
        content = {**content, **self._with_events(former, events, change)}
        version = Version(to_rfc3339(change), message, {file.path: file.sha512 for file in item.files})
        fixity = {file.path: file.fixity for file in item.files if file.fixity}
        staged = self.archive.stage(group, former, content, version, fixity)
        self._entries.append(Entry(item, change, former.object_id, self._page_spans(staged, content)))

    def _next_change(self) -> int:
        """Return the next change number; this writer is alone, and knows those that are pending."""
        return next_stamp(self._entries[-1].change) if self._entries else self.catalogue.next_change()

    def _with_events(self, former: Inventory, events: Sequence[Event], change: int) -> dict[str, Content]:
        """Return the events of an object with those that come to them, as the content to be put."""
        if not events:
            return {}
        dated = [event if event.at else replace(event, at=to_rfc3339(change)) for event in events]
        return {EVENTS_FILE: event_lines([*object_events(self.archive, former), *dated])}

    def _page_spans(self, staged: Staged, content: Mapping[str, Content]) -> tuple[PageSpan, ...]:
        """Return where pages stand: in what was just hashed, or in what the archive has, which is hashed again."""
        if PAGES_FILE not in content:
            return page_spans(self.archive, staged.inventory)
        with staged.path(PAGES_FILE).open("rb") as stream:
            return tuple(PageSpan(*span) for span in line_spans(stream))

    def _forget(self, group: Group) -> None:
        group.give_up()
        self._group, self._entries = None, []


def object_events(archive: Archive, inventory: Inventory) -> Iterator[Event]:
    """Yield the events that an object keeps, oldest first; raises DamageFound."""
    if EVENTS_FILE in inventory.state:
        yield from read_events(archive.read(inventory, EVENTS_FILE))


def _accession_json(accession: Accession) -> bytes:
    told = msgspec.to_builtins(accession)
    if accession.harvest is None:
        del told["harvest"]
    return msgspec.json.format(msgspec.json.encode(told), indent=1)


def _program() -> str:
    try:
        return f"Canoe {version('canoe')}"
    except PackageNotFoundError:  # run from a copy of the source that nobody has installed
        return "Canoe"


def _write_lines(folder: Path, lines: Iterable[bytes]) -> Path:
    path = folder / secrets.token_hex(8)
    with path.open("wb") as stream:
        stream.writelines(line if line.endswith(b"\n") else line + b"\n" for line in lines)
    return path
