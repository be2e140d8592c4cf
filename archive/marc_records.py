"""MARC records of the library's items: what they need to know beside the item, and what they came with.

An item that came as MARC is given out with all that its source record says (:mod:`metadata.marc_merge`).
"""

from collections.abc import Callable

from archive.catalogue import Catalogue
from archive.catalogued import Held
from archive.clock import to_rfc3339
from archive.library import Library
from archive.replay import accession_object
from archive.sources import SourceRecords
from metadata.errors import DamageFound
from metadata.marc_export import Agency, marc_record
from metadata.marc_merge import Origin, merged
from metadata.marc_writing import Written
from metadata.model import Item


def agency(catalogue: Catalogue, item: Item) -> Agency:
    """Return what a MARC record of the item needs to know beside it."""
    held = catalogue.held(item.id)
    return _agency(catalogue, item, held.change if held else 0)


def _agency(catalogue: Catalogue, item: Item, change: int) -> Agency:
    tied = (catalogue.item(relation.target) for relation in item.relations)
    titles = {other.id: other.title.value for other in tied if other}
    return Agency(catalogue.publishing.namespace, catalogue.publishing.base_url, to_rfc3339(change), titles)


class MarcRecords:
    """Makes the MARC records of a library's items, many of them one after the other.

    ``damaged`` is told of each file of the archive that should hold source records and is damaged, once;
    the items that came in it are then written from what the library knows. Without it DamageFound is raised.
    """

    def __init__(self, library: Library, damaged: Callable[[DamageFound], None] | None = None) -> None:
        self._catalogue = library.catalogue
        self._sources = SourceRecords(library.archive)
        self._damaged = damaged
        self._told: set[str] = set()

    def record(self, item: Item) -> Written:
        """Return an item's record: merged into its source where it came as MARC, else made of the item alone."""
        held = self._catalogue.held(item.id)
        known = _agency(self._catalogue, item, held.change if held else 0)
        vocabulary = self._catalogue.publishing.vocabulary
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
