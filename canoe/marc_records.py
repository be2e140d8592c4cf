"""MARC of the library's items: what the records need to know beside the item, and files of them."""

from collections.abc import Callable, Iterable, Iterator

from archive.clock import to_rfc3339
from canoe.home import Home
from metadata.marc_export import Agency, Oversize, marc21, marcxml
from metadata.model import Item
from metadata.xmlbuild import DECLARATION

_OPENING = f'{DECLARATION}<collection xmlns="http://www.loc.gov/MARC21/slim">\n'.encode()
_CLOSING = b"</collection>\n"


def agency(home: Home, item: Item) -> Agency:
    """Return what a MARC record of the item needs to know beside it."""
    catalogue, settings = home.library.catalogue, home.settings
    held = catalogue.held(item.id)
    tied = (catalogue.item(relation.target) for relation in item.relations)
    titles = {other.id: other.title.value for other in tied if other}
    return Agency(settings.namespace, settings.library.base_url, to_rfc3339(held.change if held else 0), titles)


def marcxml_collection(home: Home, items: Iterable[Item]) -> Iterator[bytes]:
    """Yield one MARCXML document of all items, part by part."""
    yield _OPENING
    for item in items:
        yield marcxml(item, home.vocabulary, agency(home, item)).removeprefix(DECLARATION.encode())
    yield _CLOSING


def marc21_records(home: Home, items: Iterable[Item], oversize: Callable[[Item, str], None]) -> Iterator[bytes]:
    """Yield the items' records in ISO 2709; ``oversize`` is told of each that is too long for it, and why."""
    for item in items:
        try:
            yield marc21(item, home.vocabulary, agency(home, item))
        except Oversize as fault:
            oversize(item, str(fault))
