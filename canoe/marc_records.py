"""MARC of the library's items: what the records need to know beside the item, and files of them.

An item that came as MARC is given out with all that its source record says (:mod:`metadata.marc_merge`).
"""

from collections.abc import Callable, Iterable, Iterator

from archive.catalogue import Held
from archive.clock import to_rfc3339
from archive.replay import accession_object
from archive.sources import SourceRecords
from canoe.home import Home
from metadata.errors import DamageFound
from metadata.marc_export import Agency, marc_record
from metadata.marc_merge import Origin, merged
from metadata.marc_writing import NAMESPACE, Oversize, Written, record_element, to_iso2709, to_marcxml
from metadata.model import Item
from metadata.xmlbuild import DECLARATION

_OPENING = f'{DECLARATION}<collection xmlns="{NAMESPACE}">\n'.encode()
_CLOSING = b"</collection>\n"


def agency(home: Home, item: Item) -> Agency:
    """Return what a MARC record of the item needs to know beside it."""
    held = home.library.catalogue.held(item.id)
    return _agency(home, item, held.change if held else 0)


def _agency(home: Home, item: Item, change: int) -> Agency:
    catalogue, settings = home.library.catalogue, home.settings
    tied = (catalogue.item(relation.target) for relation in item.relations)
    titles = {other.id: other.title.value for other in tied if other}
    return Agency(settings.namespace, settings.library.base_url, to_rfc3339(change), titles)


class MarcRecords:
    """Makes the MARC records of a library's items, many of them one after the other.

    ``damaged`` is told of each file of the archive that should hold source records and is damaged, once;
    the items that came in it are then written from what the library knows. Without it DamageFound is raised.
    """

    def __init__(self, home: Home, damaged: Callable[[DamageFound], None] | None = None) -> None:
        self._home = home
        self._sources = SourceRecords(home.library.archive)
        self._damaged = damaged
        self._told: set[str] = set()

    def record(self, item: Item) -> Written:
        """Return an item's record: merged into its source where it came as MARC, else made of the item alone."""
        held = self._home.library.catalogue.held(item.id)
        known = _agency(self._home, item, held.change if held else 0)
        vocabulary = self._home.vocabulary
        if held and (origin := self._origin(item, held)):
            return merged(item, origin, vocabulary, known)
        return marc_record(item, vocabulary, known)

    def _origin(self, item: Item, held: Held) -> Origin | None:
        try:
            if not (kept := self._sources.record(item)):
                return None
            # An item that the accession itself holds is what the accession made of it, unless it was undone.
            untouched = held.object_id == accession_object(item.accession) and item.status == "published"
            was = item if untouched else self._sources.as_described(item)
            return Origin(kept, was) if was else None
        except DamageFound as fault:
            if self._damaged is None:
                raise
            if fault.message not in self._told:
                self._told.add(fault.message)
                self._damaged(fault)
            return None


def marcxml_record(home: Home, item: Item) -> bytes:
    """Return an item's record as a MARCXML document; raises DamageFound where its source record is damaged."""
    return to_marcxml(MarcRecords(home).record(item))


def marcxml_collection(records: MarcRecords, items: Iterable[Item]) -> Iterator[bytes]:
    """Yield one MARCXML document of all items, part by part."""
    yield _OPENING
    for item in items:
        yield f"{record_element(records.record(item))}\n".encode()
    yield _CLOSING


def marc21_records(
    records: MarcRecords, items: Iterable[Item], oversize: Callable[[Item, str], None]
) -> Iterator[bytes]:
    """Yield the items' records in ISO 2709; ``oversize`` is told of each that is too long for it, and why."""
    for item in items:
        try:
            yield to_iso2709(records.record(item))
        except Oversize as fault:
            oversize(item, str(fault))
