"""The records of a MARC file one by one as they came, numbered as their readers number them.

The readers (:mod:`metadata.marc21`, :mod:`metadata.marcxml`) say what a record means; this says
which bytes it was, and gives its fields in the order that the record has them, across tags.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from lxml import etree

from metadata import iso2709, marc21, marcxml
from metadata.description import Description, Remarks
from metadata.marc import describe
from metadata.marc_record import Field, Record

Kind = Literal["marc21", "marcxml"]
HEAD = 65_536
_SUFFIXES = (".mrc", ".marc", ".dat")
_NOWHERE = "source"


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it came: ``raw`` its bytes without the record terminator, or its XML element in UTF-8.

    ``context`` has the namespace declarations of what encloses the element in its file.
    """

    kind: Kind
    raw: bytes
    context: bytes = b""


def kind_of(head: bytes, name: str) -> Kind | None:
    """Return which form of MARC a file is in that was taken in as one; ``head`` is its first 64 KiB."""
    lower = name.lower()
    if lower.endswith(_SUFFIXES) or marc21.is_marc21(head):
        return "marc21"
    is_xml = marcxml.is_marcxml(head) or (lower.endswith(".xml") and b"MARC21/slim" in head)
    return "marcxml" if is_xml else None


def pieces(stream: BinaryIO, kind: Kind) -> Iterator[Kept]:
    """Yield what the reader of this kind gives the numbers 1, 2, 3 …, be it a record or damage.

    Raises ValueError where the reader reads no further.
    """
    if kind == "marcxml":
        for piece, context in marcxml.pieces(marcxml.in_ascii_superset(stream)):
            yield Kept(kind, piece, context)
        return
    for piece, _ in marc21.pieces(stream):
        for part in marc21.resynchronise(piece):
            if part:
                yield Kept(kind, part.removeprefix(marc21.BOM))


def submission_of(kept: Kept) -> str:
    """Return the submission (sha512) that an item made of this record has; raises ValueError where none is."""
    raw = kept.raw if kept.kind == "marc21" else etree.tostring(_element(kept), encoding="utf-8", with_tail=False)
    return hashlib.sha512(hashlib.sha512(raw).hexdigest().encode()).hexdigest()


def parse(kept: Kept) -> tuple[Record, tuple[Field, ...]]:
    """Return the record as its reader reads it, and its fields in their order.

    Raises ValueError for what is no record.
    """
    remarks = Remarks(_NOWHERE)
    if kept.kind == "marc21":
        record = iso2709.parse(kept.raw, remarks)
        return record, _ordered(record, _directory_tags(kept.raw))
    element = _element(kept)
    record = marcxml.record_of(element, remarks)
    tags = [child.get("tag", "").rjust(3, "0") for child in element.iterchildren(etree.Element)]
    return record, _ordered(record, tags)


def title_of(kept: Kept) -> str:
    """Return the main title that the reader finds in a record, ``""`` where it finds none."""
    try:
        found = describe(parse(kept)[0], 1, b"", Remarks(_NOWHERE))
    except ValueError:
        return ""
    return found.item.title.value if isinstance(found, Description) else ""


def _element(kept: Kept) -> etree._Element:
    try:
        return marcxml.element_of(kept.raw, kept.context)
    except etree.XMLSyntaxError as fault:
        raise ValueError(str(fault)) from fault


def _directory_tags(raw: bytes) -> list[str]:
    end = raw.find(b"\x1e")
    directory = raw[iso2709.LEADER : end].decode("latin-1")
    return [directory[at : at + 3] for at in range(0, len(directory), iso2709.ENTRY)]


def _ordered(record: Record, tags: list[str]) -> tuple[Field, ...]:
    """Return the fields in the order in which ``tags`` name them; what these do not name comes last."""
    waiting = {tag: iter(fields) for tag, fields in record.fields.items()}
    named = (next(waiting[tag], None) for tag in tags if tag in waiting)
    found = [field for field in named if field is not None]
    return (*found, *(field for fields in waiting.values() for field in fields))
