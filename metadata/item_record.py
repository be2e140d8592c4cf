"""An ``item.json`` that comes from outside, read as a description: what another library knew of an item.

It says what a record or a manifest's row would say, and under which id the item went. What a
library finds out by itself (files, pages, accession) is not taken over.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from metadata import languages
from metadata import standard_numbers as numbers
from metadata.description import Description, Link, Rejected, Remarks
from metadata.errors import UsageError
from metadata.ids import is_item_id
from metadata.marc_charset import purify
from metadata.model import Identifier, Item
from metadata.serial import from_json
from metadata.types import TYPES

LARGEST = 16 << 20
_FIELD = "relations"
_DATE = re.compile(r"[\dXYTZ?~%:./+-]{1,60}")
_SHA512 = re.compile("[0-9a-f]{128}")
_ROLE = re.compile("[a-z]{3}")
_TITLES = re.compile(rb'"titles"\s*:\s*\[\s*\{\s*"(?:language|value)"')
_UNTOLD = ("findable", "registered", "external")


def read_item_record(data: bytes, where: str) -> Description | Rejected:
    """Return what an ``item.json`` (UTF-8, :func:`metadata.serial.to_json`) says; ``where`` names it for reports.

    ``file`` is the original's path from where the ``item.json`` lies, ``""`` for a record without
    files, which alone keeps its ``id`` and ``submission``. An item that was withdrawn is set aside.
    """
    remarks = Remarks(f"{where}#1")
    try:
        item = _purified(_parsed(data), remarks)
    except UsageError as fault:
        remarks.add("record-damaged", reason=fault.message)
        return Rejected(1, tuple(remarks.problems), data)
    if item.status == "withdrawn":
        remarks.add("record-not-bibliographic", kind="an item that was withdrawn")
        return Rejected(1, tuple(remarks.problems), data, set_aside=True)
    originals = [portable(file.path) for file in item.files_as("original")]
    if not originals and not item.titles:
        remarks.add("record-without-title", field="titles")
        return Rejected(1, tuple(remarks.problems), data)
    links = tuple(_links(item, remarks))
    told = _told(item, bool(originals), remarks)
    return Description(1, told, data, f"../{originals[0]}" if originals else "", links, tuple(remarks.problems))


def originals_of(data: bytes) -> tuple[str, ...]:
    """Return the paths of an item's originals from its folder in a bag; none where ``data`` is no ``item.json``."""
    try:
        return tuple(portable(file.path) for file in _parsed(data).files_as("original"))
    except UsageError:
        return ()


def page_count_of(data: bytes) -> int:
    """Return how many pages an item.json says that its item has, 0 where it cannot be read."""
    try:
        return _parsed(data).page_count
    except UsageError:
        return 0


def portable(path: str) -> str:
    """Return the path under which a bag holds a file of an item.

    Percent signs that a reader of bags may take for encoded line ends are replaced, and so are
    names that would make a bag of their folder.
    """
    return re.sub(r"(?<=/)(?=bagit\.txt$)", "_", re.sub("%(?=0[aAdD]|25)", "_", path))


def _parsed(data: bytes) -> Item:
    if len(data) > LARGEST:
        raise UsageError(f"it has more than {LARGEST} bytes")
    return from_json(data)


def _purified(item: Item, remarks: Remarks) -> Item:
    """Return the item without the characters that XML forbids, in whichever field they stood."""
    return msgspec.convert(_clean(msgspec.to_builtins(item), remarks), Item)


def _clean(value: object, remarks: Remarks) -> object:
    if isinstance(value, str):
        return purify(value, remarks)
    if isinstance(value, dict):
        return {name: _clean(part, remarks) for name, part in value.items()}
    return [_clean(part, remarks) for part in value] if isinstance(value, list | tuple) else value


def _links(item: Item, remarks: Remarks) -> Iterator[Link]:
    for relation in item.relations:
        if is_item_id(relation.target):
            yield Link(relation.kind, "item", relation.target, _FIELD)
        else:
            remarks.unknown(_FIELD, relation.target)


def _told(item: Item, has_file: bool, remarks: Remarks) -> Item:
    """Return what the item says as a description; what is no value of the model's is left out with a remark."""
    named = not has_file and is_item_id(item.id) and _SHA512.fullmatch(item.submission)
    kept = Item(id=item.id, submission=item.submission) if named else Item()
    return replace(
        kept,
        titles=item.titles,
        contributions=tuple(part for part in item.contributions if _known("role", part.role, _ROLE, remarks)),
        dates=tuple(date for date in item.dates if _known("dates", date.value, _DATE, remarks)),
        languages=tuple(dict.fromkeys(_tags(item, remarks))),
        type=_type(item.type, remarks),
        concepts=item.concepts,
        keywords=item.keywords,
        descriptions=item.descriptions,
        identifiers=tuple(dict.fromkeys([*item.identifiers, *_doi(item)])),
        coverage=item.coverage,
        countries=item.countries,
        boxes=tuple(box for box in item.boxes if box.on_earth),
        rights=item.rights,
        access=item.access,
        embargo=item.embargo if not item.embargo or _known("embargo", item.embargo, _DATE, remarks) else "",
        places=item.places,
        edition=item.edition,
        extent=item.extent,
        series=item.series,
        notes=item.notes,
        collections=item.collections,
    )


def _known(field: str, value: str, pattern: re.Pattern[str], remarks: Remarks) -> bool:
    if pattern.fullmatch(value):
        return True
    remarks.unknown(field, value)
    return False


def _tags(item: Item, remarks: Remarks) -> Iterator[str]:
    for language in item.languages:
        if tag := languages.from_code(language):
            yield tag
        else:
            remarks.unknown("languages", language)


def _type(code: str, remarks: Remarks) -> str:
    if code in TYPES:
        return code
    remarks.unknown("type", code)
    return "other"


def _doi(item: Item) -> Iterator[Identifier]:
    """Yield the DOI that the item has been registered under, lest it be given a second one."""
    if item.doi and item.doi.state in _UNTOLD and (made := numbers.doi(item.doi.name)):
        yield Identifier("doi", made)


def is_item_record(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like an ``item.json`` (UTF-8)."""
    return head.lstrip()[:1] == b"{" and _TITLES.search(head) is not None
