"""Files of the MARC records of the library's items."""

from collections.abc import Callable, Iterable, Iterator

from archive import marc_records
from canoe.home import Home
from metadata.errors import DamageFound
from metadata.marc_export import Agency
from metadata.marc_writing import NAMESPACE, Oversize, record_element, to_iso2709, to_marcxml
from metadata.model import Item
from metadata.xmlbuild import DECLARATION

_OPENING = f'{DECLARATION}<collection xmlns="{NAMESPACE}">\n'.encode()
_CLOSING = b"</collection>\n"


def agency(home: Home, item: Item) -> Agency:
    """Return what a MARC record of the item needs to know beside it."""
    return marc_records.agency(home.library.catalogue, item)


class MarcRecords(marc_records.MarcRecords):
    """The records of a home's library (:class:`archive.marc_records.MarcRecords`)."""

    def __init__(self, home: Home, damaged: Callable[[DamageFound], None] | None = None) -> None:
        super().__init__(home.library, damaged)


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
