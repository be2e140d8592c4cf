"""From an object of the archive to its catalogue entries: what recovery and rebuild share.

An item's object holds ``item.json``, ``pages.jsonl``, ``problems.jsonl`` and its files. An accession's object
holds ``accession.json``, ``pieces.jsonl``, what was received as it was received, and
``records.jsonl``: the items that are records without files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from archive.catalogue import Catalogue
from archive.cataloguing import Batch, Entry, PageSpan
from archive.clock import from_rfc3339
from archive.inventory import Inventory
from archive.ocfl import Archive
from metadata.accession import Accession
from metadata.errors import DamageFound, UsageError
from metadata.model import Item
from metadata.pages import line_spans
from metadata.serial import from_json

ITEM_FILE = "item.json"
PAGES_FILE = "pages.jsonl"
EVENTS_FILE = "events.jsonl"
ACCESSION_FILE = "accession.json"
PIECES_FILE = "pieces.jsonl"
RECORDS_FILE = "records.jsonl"
_ITEM, _ACCESSION = "urn:canoe:item:", "urn:canoe:accession:"
_BATCH = 1000


def item_object(item_id: str) -> str:
    """Return the OCFL object id of an item."""
    return _ITEM + item_id


def accession_object(accession_id: str) -> str:
    """Return the OCFL object id of an accession."""
    return _ACCESSION + accession_id


def is_ours(object_id: str) -> bool:
    """Say whether an OCFL object is an item's or an accession's; others are left alone."""
    return object_id.startswith((_ITEM, _ACCESSION))


def replay(archive: Archive, inventory: Inventory) -> Iterator[Batch]:
    """Yield what the newest version of an object puts into the catalogue.

    Raises DamageFound, naming the object, when it does not hold what such an object must.
    """
    change = from_rfc3339(inventory.created)
    try:
        if inventory.object_id.startswith(_ITEM):
            yield Batch([_item_entry(archive, inventory, change)])
        elif inventory.object_id.startswith(_ACCESSION):
            yield from _accession_entries(archive, inventory, change)
    except (OSError, ValueError, KeyError, UsageError) as fault:
        raise DamageFound(
            f"{inventory.object_id} cannot be read: {fault}.", "Run canoe check to see all that is damaged."
        ) from fault


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many objects a catalogue was made from, and what kept the others out of it."""

    objects: int
    damaged: tuple[DamageFound, ...]


def rebuild_catalogue(archive: Archive, catalogue: Catalogue) -> Rebuilt:
    """Make the catalogue again from the archive alone; a damaged object is left out and named.

    Every change has the number it had: the version that made it says so by its ``created``.
    """
    damaged: list[DamageFound] = []
    found = sorted((one.created, one.object_id) for one in archive.inventories(damaged.append))
    catalogue.replace_all(_replay_all(archive, (object_id for _, object_id in found), damaged))
    return Rebuilt(len(found), tuple(damaged))


def _replay_all(archive: Archive, object_ids: Iterable[str], damaged: list[DamageFound]) -> Iterator[Batch]:
    for object_id in object_ids:
        try:
            yield from replay(archive, archive.inventory(object_id))
        except DamageFound as fault:
            damaged.append(fault)


def page_spans(archive: Archive, inventory: Inventory) -> tuple[PageSpan, ...]:
    """Return where each page of an item stands in its pages.jsonl."""
    if PAGES_FILE not in inventory.state:
        return ()
    with archive.verified(inventory, PAGES_FILE).open("rb") as stream:
        return tuple(PageSpan(*span) for span in line_spans(stream))


def record_entries(records: Iterable[Item], object_id: str, change: int) -> Iterator[Batch]:
    """Yield the records of an accession; their change numbers follow its own, one by one."""
    entries = (Entry(item, change + n, object_id) for n, item in enumerate(records, 1))
    while chunk := list(islice(entries, _BATCH)):
        yield Batch(chunk)


def _item_entry(archive: Archive, inventory: Inventory, change: int) -> Entry:
    item = from_json(archive.read(inventory, ITEM_FILE))
    return Entry(item, change, inventory.object_id, page_spans(archive, inventory))


def _accession_entries(archive: Archive, inventory: Inventory, change: int) -> Iterator[Batch]:
    accession = msgspec.json.decode(archive.read(inventory, ACCESSION_FILE), type=Accession)
    yield Batch(accession=accession, change=change)
    if RECORDS_FILE in inventory.state:
        with archive.verified(inventory, RECORDS_FILE).open("rb") as lines:
            yield from record_entries(map(from_json, lines), inventory.object_id, change)
