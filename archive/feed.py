"""The feed: the rows of the catalogue that OAI-PMH answers are joined from, one record an item, many members.

A member row says that an item is in a set, and in which formats it can be had there; the set with
the empty name is the whole library. Who leaves a set, or a format, stays as a deleted record: harvesters
of the set are told once, whenever they come. So rows depend on what was there before, and a rebuild
must go through all that an item ever was (:func:`archive.replay.moments`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from archive.clock import SECOND, to_datestamp
from metadata.disseminations import formats_of
from metadata.dublin_core import oai_dc, oai_header
from metadata.model import Item
from metadata.origins import about
from metadata.sets import sets_of
from metadata.vocabulary import Vocabulary

WHOLE = ""
"""The spec of the set that every item is in."""

_OPENING = b"<record>"
HEADER_AT = len(_OPENING)
"""Where the header begins in a record."""

MINUTE = 60 * SECOND
"""Members are counted by the minute of their change: no list is counted row by row for more than two of them."""

_FORMER = (
    "SELECT item, spec, change, formats, gone, is_out FROM oai_members WHERE item IN (SELECT value FROM json_each(?))"
)
_COUNT = """INSERT INTO oai_counts (spec, minute, formats, number) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET number = number + excluded.number"""
_INSERT = "INSERT INTO oai_members (spec, change, item, formats, gone, is_out) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Publishing:
    """What records are rendered with.

    ``base_url`` has no slash at its end; ``namespace`` is the repository identifier of
    ``oai:namespace:id`` (OAI identifier guidelines, section 2); concepts are shown by
    the labels of ``vocabulary``, in all languages or in the one that ``subjects_in`` names.
    """

    base_url: str
    namespace: str
    vocabulary: Vocabulary
    subjects_in: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """An item in a set: since which ``change``, in which ``formats``, and in which no more (``gone``)."""

    change: int
    formats: int
    gone: int
    is_out: bool = False

    @property
    def ever(self) -> int:
        """The formats that harvesters may have had it in."""
        return self.formats | self.gone


@dataclass(frozen=True, slots=True)
class Placed:
    """An item at a change: the formats it has all it needs for, and the sets that it is in."""

    item: Item
    change: int
    formats: int
    sets: tuple[str, ...]

    @classmethod
    def of(cls, item: Item, change: int, vocabulary: Vocabulary) -> "Placed":
        """Find the place of an item; concepts are looked up in ``vocabulary``."""
        formats = formats_of(item)
        return cls(item, change, formats, sets_of(item, vocabulary, formats))

    @property
    def deleted(self) -> bool:
        """Whether its record is a tombstone."""
        return self.item.status == "withdrawn"

    @property
    def unknown(self) -> bool:
        """Whether harvesters are to hear nothing of it: it waits for approval, and never had a record."""
        return self.item.status == "held"


def record_row(placed: Placed, publishing: Publishing) -> dict[str, Any]:
    """Return the row of ``oai_records``; at the end of a record stands what ``<about>`` tells of its origins."""
    item, change = placed.item, placed.change
    identifier = oai_identifier(publishing, item.id)
    header = oai_header(identifier, to_datestamp(change), placed.sets, placed.deleted).encode()
    metadata = b"" if placed.deleted else _oai_dc(item, publishing)
    told = b"" if placed.deleted or not item.origins else about(item).encode()
    return {"change": change, "item": item.id, "header": len(header), "record": record(header, metadata, told)}


def _oai_dc(item: Item, publishing: Publishing) -> bytes:
    return oai_dc(item, publishing.base_url, publishing.vocabulary, publishing.subjects_in).encode()


def record(header: bytes, metadata: bytes, told: bytes = b"") -> bytes:
    """Return ``<record>`` on a line of its own; a deleted one has no metadata (OAI-PMH 2.0, section 2.5.1).

    ``told`` is what stands about it (:func:`metadata.origins.about`).
    """
    inside = b"<metadata>%b</metadata>%b" % (metadata, told) if metadata else b""
    return b"%b%b%b</record>\n" % (_OPENING, header, inside)


def oai_identifier(publishing: Publishing, item_id: str) -> str:
    """Return the OAI identifier of an item."""
    return f"oai:{publishing.namespace}:{item_id}"


def out_header(publishing: Publishing, item_id: str, change: int, spec: str) -> bytes:
    """Return the header that tells harvesters of the set ``spec`` that the item is in it no more."""
    identifier = oai_identifier(publishing, item_id)
    return oai_header(identifier, to_datestamp(change), (spec,), deleted=True).encode()


def deleted_header(header: bytes) -> bytes:
    """Return the header of an item that is not given any more in the format that is asked for."""
    return header.replace(b"<header>", b'<header status="deleted">', 1)


def former_members(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Member]]:
    """Return what the feed holds of items: by item, by spec."""
    found: dict[str, dict[str, Member]] = {}
    asked = msgspec.json.encode(ids).decode()
    for item, spec, change, formats, gone, is_out in connection.exec_driver_sql(_FORMER, (asked,)):
        found.setdefault(item, {})[spec] = Member(change, formats, gone, bool(is_out))
    return found


def members_of(placed: Placed, former: Mapping[str, Member]) -> Iterator[tuple[str, Member]]:
    """Yield (spec, member) for every set an item is in after a change, and for those that it left, then or before."""
    had = former[WHOLE].ever if WHOLE in former else 0
    formats = 0 if placed.deleted else placed.formats
    present = Member(placed.change, formats, (had | placed.formats) & ~formats if placed.deleted else had & ~formats)
    specs = (WHOLE, *placed.sets)
    yield from ((spec, present) for spec in specs)
    for spec in former.keys() - set(specs):
        was = former[spec]
        yield spec, was if was.is_out else Member(placed.change, 0, was.ever, is_out=True)


def insert_members(
    connection: Connection,
    members: Iterable[tuple[str, str, Member]],
    former: Mapping[str, Mapping[str, Member]],
) -> None:
    """Write (item id, spec, member) in place of what was ``former``, whose rows are gone already.

    The statement is SQLite's own, since an item has ten of them.
    """
    written = [*members]
    rows = [(spec, one.change, item, one.formats, one.gone, one.is_out) for item, spec, one in written]
    connection.exec_driver_sql(_INSERT, rows)
    specs = [(spec,) for spec in sorted({row[0] for row in rows})]
    connection.exec_driver_sql("INSERT OR IGNORE INTO oai_sets (spec) VALUES (?)", specs)
    counted = Counter(_counted(spec, one) for _, spec, one in written)
    counted.subtract(_counted(spec, one) for found in former.values() for spec, one in found.items())
    if changed := [(*what, number) for what, number in counted.items() if number]:
        connection.exec_driver_sql(_COUNT, changed)
    if former:
        connection.exec_driver_sql("DELETE FROM oai_counts WHERE number = 0")


def _counted(spec: str, member: Member) -> tuple[str, int, int]:
    return spec, member.change // MINUTE, member.ever
