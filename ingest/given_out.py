"""What the library itself gave out and gets back: whether it says just what it was given out to say."""

from collections.abc import Iterable, Mapping

from lxml import etree

from archive.library import Library
from archive.marc_records import MarcRecords, agency
from metadata.datacite import datacite
from metadata.description import Remarks
from metadata.errors import DamageFound
from metadata.iso2709 import Damaged, parse
from metadata.kernel import MandatoryMissing
from metadata.marc_record import Field, Record
from metadata.marc_writing import NAMESPACE, record_element
from metadata.marcxml import Refused, element_of, record_of
from metadata.model import Item
from metadata.mods_export import mods

_UNTOLD = {"recordChangeDate", "publisher"}  # when it last changed; by default the library, whose name may change
_MARC = f'xmlns="{NAMESPACE}"'.encode()
_Content = tuple[str, Mapping[str, list[Field]]]
_Plain = tuple[object, ...]


class GivenOut:
    """Compares records that come with those that the library gives out of the items they name."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._records = MarcRecords(library, _pass)

    def is_unchanged(self, held: Item, raw: bytes) -> bool:
        """Say whether ``raw``, one record as it came, is what the library gives out of ``held`` in that form.

        MARC 21, MARCXML, MODS and DataCite are known. When the item was last changed, lengths and how
        XML is laid out do not count; anything else does, what no item holds as well.
        """
        names = (held.id, held.doi.name if held.doi else held.id)
        if not any(name.encode() in raw for name in names):
            return False
        try:
            return self._is_same(held, raw)
        except (etree.XMLSyntaxError, Damaged, Refused, MandatoryMissing):
            return False

    def _is_same(self, held: Item, raw: bytes) -> bool:
        if not raw.lstrip().startswith(b"<"):
            written = self._records.record(held)
            return _of_record(parse(raw, Remarks(""))) == _content(written.leader, written.fields)
        element = element_of(raw, b"")
        name, vocabulary = etree.QName(element).localname, self._library.catalogue.publishing.vocabulary
        made = ""
        if name == "record":  # XML can say less than ISO 2709: what it would hold is compared
            told = element_of(record_element(self._records.record(held)).encode(), _MARC)
            return _of_record(record_of(element, Remarks(""))) == _of_record(record_of(told, Remarks("")))
        if name == "mods":
            made = mods(held, vocabulary, agency(self._library.catalogue, held))
        elif name == "resource":
            made = datacite(held, "-", vocabulary)
        return bool(made) and _plain(etree.fromstring(made)) == _plain(element)


def _pass(fault: DamageFound) -> None:
    """Leave damage of the archive to those who look for it: what is lost there is no reason to refuse a record."""


def _of_record(record: Record) -> _Content:
    return _content(record.leader, (field for fields in record.fields.values() for field in fields))


def _content(leader: str, fields: Iterable[Field]) -> _Content:
    """Return what a record says: the positions of its leader that count, its fields by tag without 005."""
    by_tag: dict[str, list[Field]] = {}
    for field in fields:
        if field.tag != "005":
            by_tag.setdefault(field.tag, []).append(field)
    return leader[5:9] + leader[17:20], by_tag


def _plain(element: etree._Element) -> _Plain:
    """Return an element as values that may be compared: its name, attributes, text and children."""
    inside = (one for one in element.iterchildren(etree.Element) if etree.QName(one).localname not in _UNTOLD)
    attributes = tuple(sorted((str(name), str(value)) for name, value in element.attrib.items()))
    return str(element.tag), attributes, (element.text or "").strip(), tuple(map(_plain, inside))
