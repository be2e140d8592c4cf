"""Writing the catalogue: an item, its OAI record and all that points to it, in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete

from archive import schema
from archive.clock import SECOND, to_datestamp
from metadata.accession import Accession
from metadata.dublin_core import oai_dc, oai_header
from metadata.model import Item
from metadata.serial import record_line
from metadata.sets import sets_of
from metadata.vocabulary import Vocabulary

Row = dict[str, Any]
_AT_ONCE = 500
_BY_ITEM = (schema.identifiers, schema.relations, schema.pages, schema.oai_records, schema.oai_members)


@dataclass(frozen=True, slots=True)
class Publishing:
    """What records are rendered with.

    ``base_url`` has no slash at its end; ``namespace`` is the repository identifier of
    ``oai:namespace:id`` (OAI identifier guidelines, section 2); concepts are shown by
    the labels of ``vocabulary``.
    """

    base_url: str
    namespace: str
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Where page ``number`` stands in pages.jsonl: ``offset`` and ``length`` in bytes."""

    number: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as it is to be catalogued: its change number, the OCFL object that holds it, its pages."""

    item: Item
    change: int
    object_id: str
    pages: tuple[PageSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries to be catalogued together, and the accession, with its own change number, that brought them."""

    entries: Sequence[Entry] = ()
    accession: Accession | None = None
    change: int = 0


def write_batches(connection: Connection, batches: Iterable[Batch], publishing: Publishing) -> None:
    """Put batches in place of what the catalogue held of their items and accessions.

    Entries are written many at a time, whatever the size of the batches; of two that speak
    of one item the later counts.
    """
    waiting: dict[str, Entry] = {}
    for batch in batches:
        for entry in batch.entries:
            waiting.pop(entry.item.id, None)
            waiting[entry.item.id] = entry
        if batch.accession:
            _write_accession(connection, batch.accession, batch.change)
        if len(waiting) >= _AT_ONCE:
            _write_entries(connection, list(waiting.values()), publishing)
            waiting.clear()
    if waiting:
        _write_entries(connection, list(waiting.values()), publishing)


def _write_accession(connection: Connection, accession: Accession, change: int) -> None:
    connection.execute(delete(schema.accessions).where(schema.accessions.c.id == accession.id))
    row = {"id": accession.id, "change": change, "json": msgspec.json.encode(accession).decode()}
    connection.execute(schema.accessions.insert(), row)


def _write_entries(connection: Connection, entries: Sequence[Entry], publishing: Publishing) -> None:
    ids = [{"gone": entry.item.id} for entry in entries]
    for table in _BY_ITEM:
        connection.execute(delete(table).where(table.c.item == bindparam("gone")), ids)
    connection.execute(delete(schema.dois).where(schema.dois.c.item == bindparam("gone")), ids)
    connection.execute(delete(schema.items).where(schema.items.c.id == bindparam("gone")), ids)
    _insert(connection, schema.items, map(_item_row, entries))
    _insert(connection, schema.identifiers, _identifier_rows(entries))
    _insert(connection, schema.relations, _relation_rows(entries))
    _insert(connection, schema.dois, _doi_rows(entries))
    _insert(connection, schema.pages, _page_rows(entries))
    _insert(connection, schema.oai_records, (_oai_row(entry, publishing) for entry in entries))
    _insert(connection, schema.oai_members, _member_rows(entries))


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    values = list(rows)
    if values:
        connection.execute(table.insert(), values)


def _item_row(entry: Entry) -> Row:
    item = entry.item
    return {
        "id": item.id,
        "change": entry.change,
        "status": item.status,
        "object_id": entry.object_id,
        "submission": item.submission,
        "accession": item.accession,
        "source": item.source,
        "json": record_line(item).decode(),
    }


def _identifier_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        for name in dict.fromkeys(entry.item.identifiers):
            yield {"scheme": name.scheme, "value": name.value, "item": entry.item.id}


def _relation_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        for relation in dict.fromkeys(entry.item.relations):
            yield {"item": entry.item.id, "kind": relation.kind, "target": relation.target}


def _doi_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        doi = entry.item.doi
        if doi and doi.state != "external":
            yield {"name": doi.name, "item": entry.item.id, "state": doi.state}


def _page_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        for span in entry.pages:
            yield {
                "item": entry.item.id,
                "number": span.number,
                "offset": span.offset,
                "length": span.length,
            }


def _oai_row(entry: Entry, publishing: Publishing) -> Row:
    item = entry.item
    deleted = item.status == "withdrawn"
    identifier = f"oai:{publishing.namespace}:{item.id}"
    return {
        "datestamp": entry.change // SECOND,
        "change": entry.change,
        "item": item.id,
        "deleted": deleted,
        "header": oai_header(identifier, to_datestamp(entry.change), sets_of(item), deleted),
        "oai_dc": "" if deleted else oai_dc(item, publishing.base_url, publishing.vocabulary),
    }


def _member_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        for spec in sets_of(entry.item):
            yield {
                "spec": spec,
                "datestamp": entry.change // SECOND,
                "change": entry.change,
                "item": entry.item.id,
            }
