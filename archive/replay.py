"""From an object of the archive to its catalogue entries: what recovery and rebuild share.

An item's object holds ``item.json``, ``pages.jsonl``, ``problems.jsonl`` and its files. An accession's object
holds ``accession.json``, ``pieces.jsonl``, what was received as it was received, and
``records.jsonl``: the items that are records without files. Where the accession was undone, a
later version of it holds ``undone-vN.jsonl``: what these, or others that it had changed, were
made again. So an accession may speak at several moments (:func:`moments`), and between them
others may speak of the same items.

What concepts are called is a matter of the vocabularies (:mod:`archive.vocabularies`), and these change, too: each
record is rendered with those of its moment, and each version of their registry says which were given anew.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import msgspec

from archive.catalogue import Catalogue
from archive.cataloguing import Batch, Entry, PageSpan
from archive.clock import from_rfc3339
from archive.inventory import Inventory
from archive.ocfl import Archive
from archive.vocabularies import REGISTRY, reissued
from archive.vocabularies_past import Vocabularies
from metadata.accession import Accession
from metadata.errors import DamageFound, UsageError
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
_LINES = (RECORDS_FILE, "undone-")


def item_object(item_id: str) -> str:
    """Return the OCFL object id of an item."""
    return _ITEM + item_id


def accession_object(accession_id: str) -> str:
    """Return the OCFL object id of an accession."""
    return _ACCESSION + accession_id


def is_accession(object_id: str) -> bool:
    """Say whether an OCFL object is an accession's."""
    return object_id.startswith(_ACCESSION)


def is_ours(object_id: str) -> bool:
    """Say whether an OCFL object is an item's or an accession's; others are left alone."""
    return object_id.startswith((_ITEM, _ACCESSION))


def replay(archive: Archive, inventory: Inventory) -> Iterator[Batch]:
    """Yield what the newest version of an object puts into the catalogue.

    Raises DamageFound, naming the object, when it does not hold what such an object must.
    """
    yield from _replay_version(archive, inventory, len(inventory.versions))


def undone_file(inventory: Inventory) -> str:
    """Return under which name the next version of an accession keeps the items as its undoing leaves them."""
    return f"undone-v{len(inventory.versions) + 1}.jsonl"


def moments(inventory: Inventory) -> Iterator[tuple[str, int]]:
    """Yield when an object says something that counts, and the number of the version that says it.

    An item says all in its newest version, but the feed must be told what it was before
    (:mod:`archive.feed`). Of an accession every version with new lines counts, for
    what it says of an item may have been said otherwise meanwhile by another.
    """
    for number, version in enumerate(inventory.versions, 1):
        if inventory.object_id == REGISTRY:
            counts = True
        elif is_accession(inventory.object_id):
            counts = number == 1 or any(lines_of(inventory, number))
        else:
            counts = number == len(inventory.versions) or _says_otherwise(inventory, number)
        if counts:
            yield version.created, number


def _says_otherwise(inventory: Inventory, number: int) -> bool:
    """Say whether a version of an item describes it, and not as the one before does."""
    described = inventory.versions[number - 1].state.get(ITEM_FILE)
    before = inventory.versions[number - 2].state.get(ITEM_FILE) if number > 1 else None
    return described is not None and described != before


def lines_of(inventory: Inventory, number: int) -> Iterator[str]:
    """Yield the files of items, a line each, that version ``number`` of an accession brought."""
    former = inventory.versions[number - 2].state if number > 1 else {}
    new = (name for name in inventory.versions[number - 1].state if name not in former)
    yield from sorted(name for name in new if name.startswith(_LINES))


def _replay_version(archive: Archive, inventory: Inventory, number: int) -> Iterator[Batch]:
    try:
        if inventory.object_id.startswith(_ITEM):
            yield Batch([*_item_entries(archive, inventory, number)])
        elif is_accession(inventory.object_id):
            yield from _accession_entries(archive, inventory, number)
        elif inventory.object_id == REGISTRY:
            change = from_rfc3339(inventory.versions[number - 1].created)
            yield Batch(change=change, reissued=reissued(archive, inventory, number))
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
    found = [
        (created, one.object_id, number)
        for one in archive.inventories(damaged.append)
        for created, number in moments(one)
    ]
    with Vocabularies(archive, catalogue.publishing) as vocabularies:
        catalogue.replace_all(_replay_all(archive, sorted(found), damaged, vocabularies))
    damaged += vocabularies.damaged
    return Rebuilt(len({object_id for _, object_id, _ in found}), tuple(damaged))


def _replay_all(
    archive: Archive,
    found: Iterable[tuple[str, str, int]],
    damaged: list[DamageFound],
    vocabularies: Vocabularies,
) -> Iterator[Batch]:
    spoilt: set[str] = set()
    yield from vocabularies.at_first()
    for _, object_id, number in found:
        if object_id in spoilt:
            continue
        try:
            if object_id == REGISTRY:
                yield vocabularies.at(number)
            yield from _replay_version(archive, archive.inventory(object_id), number)
        except DamageFound as fault:
            spoilt.add(object_id)
            damaged.append(fault)


def page_spans(archive: Archive, inventory: Inventory) -> tuple[PageSpan, ...]:
    """Return where each page of an item stands in its pages.jsonl."""
    if PAGES_FILE not in inventory.state:
        return ()
    with archive.verified(inventory, PAGES_FILE).open("rb") as stream:
        return tuple(PageSpan(*span) for span in line_spans(stream))


def record_entries(records: Iterable[bytes], object_id: str, change: int) -> Iterator[Batch]:
    """Yield the records of an accession, given as lines; their change numbers follow its own, one by one."""
    entries = (Entry(from_json(line), change + n, object_id, line=line) for n, line in enumerate(records, 1))
    while chunk := list(islice(entries, _BATCH)):
        yield Batch(chunk)


def _item_entries(archive: Archive, inventory: Inventory, number: int) -> Iterator[Entry]:
    """Yield an item as one of its versions says; nothing of a former one that is damaged, for the newest counts."""
    change = from_rfc3339(inventory.versions[number - 1].created)
    if number == len(inventory.versions):
        item = from_json(archive.read(inventory, ITEM_FILE))
        yield Entry(item, change, inventory.object_id, page_spans(archive, inventory))
    else:
        with suppress(OSError, KeyError, DamageFound):
            content = archive.read_former(inventory, number, ITEM_FILE)
            yield Entry(from_json(content), change, inventory.object_id)


def _accession_entries(archive: Archive, inventory: Inventory, number: int) -> Iterator[Batch]:
    """Yield an accession as it now is, at the moment it came, and the items of one of its versions."""
    accession = msgspec.json.decode(archive.read(inventory, ACCESSION_FILE), type=Accession)
    yield Batch(accession=accession, change=from_rfc3339(inventory.versions[0].created))
    change = from_rfc3339(inventory.versions[number - 1].created)
    for name in lines_of(inventory, number):
        with archive.verified(inventory, name).open("rb") as lines:
            yield from record_entries(lines, inventory.object_id, change)
