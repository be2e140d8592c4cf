"""Writing the catalogue: an item, its OAI record and all that points to it, in one transaction."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete

from archive import schema
from archive.browsing import series_rows, shelf_rows
from archive.feed import Member, Placed, former_members, insert_members, members_of, record_row
from archive.feed import Publishing as Publishing
from metadata.accession import Accession
from metadata.model import Item
from metadata.serial import from_own, record_line

Row = dict[str, Any]
_AT_ONCE = 500
_LINES = "SELECT id, json, change FROM items WHERE id IN (SELECT value FROM json_each(?))"
HELD_AMONG = "SELECT id FROM items WHERE status = 'held' AND id IN (SELECT value FROM json_each(?))"
"""The statement that finds, of a JSON list of ids, those of items that are held for approval."""

_WAITING_AMONG = f"{HELD_AMONG} AND coalesce(json_extract(json, '$.reason'), '') = ''"
# Those whose accession was undone come again, if they do, with all that is ingested then, and are not approved.
_TIED = """SELECT DISTINCT i.id FROM relations r JOIN items i ON i.id = r.item
WHERE r.target = ? AND i.status = 'published' ORDER BY i.id"""
_BY_ITEM = (
    schema.identifiers,
    schema.relations,
    schema.dois,
    schema.embargoes,
    schema.shelves,
    schema.series,
    schema.pages,
    schema.oai_records,
    schema.oai_members,
)


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Where page ``number`` stands in pages.jsonl: ``offset`` and ``length`` in bytes."""

    number: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as it is to be catalogued: its change number, the OCFL object that holds it, its pages.

    ``line`` is the item as a line of JSON (metadata.serial), where it has been read from one.
    """

    item: Item
    change: int
    object_id: str
    pages: tuple[PageSpan, ...] = ()
    line: bytes = b""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries to be catalogued together, and the accession, with its own change number, that brought them.

    ``publishing`` is what the records of this batch and of all later ones are rendered with, where that is another
    than before. ``reissued`` are items that are catalogued, whose records harvesters are given anew; their
    change numbers follow ``change``, one by one.
    """

    entries: Sequence[Entry] = ()
    accession: Accession | None = None
    change: int = 0
    publishing: Publishing | None = None
    reissued: Sequence[str] = ()


def write_batches(connection: Connection, batches: Iterable[Batch], publishing: Publishing) -> None:
    """Put batches in place of what the catalogue held of their items and accessions.

    Entries are written many at a time, whatever the size of the batches, but of two that speak
    of one item one after the other: the feed remembers in which sets it was.
    """
    waiting: dict[str, Entry] = {}
    for batch in batches:
        if batch.publishing or batch.reissued:
            _write_entries(connection, list(waiting.values()), publishing)
            waiting.clear()
            publishing = batch.publishing or publishing
            _reissue(connection, batch, publishing)
        for entry in batch.entries:
            if entry.item.id in waiting:
                _write_entries(connection, list(waiting.values()), publishing)
                waiting.clear()
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


def _reissue(connection: Connection, batch: Batch, publishing: Publishing) -> None:
    """Give records anew of items that have not changed: what their concepts are called, or are below, has."""
    numbers = {item: batch.change + n for n, item in enumerate(batch.reissued, 1)}
    items = list(numbers)
    for ids in (items[at : at + _AT_ONCE] for at in range(0, len(items), _AT_ONCE)):
        found = connection.exec_driver_sql(_LINES, (msgspec.json.encode(ids).decode(),)).all()
        rows = [(item, line) for item, line, change in found if change < numbers[item]]  # not done before, or since
        if not rows:
            continue
        former = former_members(connection, [row[0] for row in rows])
        gone = [{"gone": row[0]} for row in rows]
        for table in (schema.oai_records, schema.oai_members):
            connection.execute(delete(table).where(table.c.item == bindparam("gone")), gone)
        changed = [(numbers[row[0]], row[0]) for row in rows]
        connection.exec_driver_sql("UPDATE items SET change = ? WHERE id = ?", changed)
        given = without_held_ties(connection, [from_own(line) for _, line in rows])
        placed = [Placed.of(item, numbers[item.id], publishing.vocabulary) for item in given]
        _insert_records(connection, placed, publishing, former)


def _write_entries(connection: Connection, entries: Sequence[Entry], publishing: Publishing) -> None:
    if not entries:
        return
    ids = [entry.item.id for entry in entries]
    waiting = held_among(connection, ids, _WAITING_AMONG)
    former, held = former_members(connection, ids), held_among(connection, ids)
    if former or held:  # every item that is catalogued is in the feed, or held
        _forget(connection, [*former, *(held - former.keys())])
    _insert(connection, schema.items, map(_item_row, entries))
    _insert(connection, schema.identifiers, _identifier_rows(entries))
    _insert(connection, schema.relations, _relation_rows(entries))
    _insert(connection, schema.dois, _doi_rows(entries))
    _insert(connection, schema.embargoes, _embargo_rows(entries))
    _insert(connection, schema.shelves, shelf_rows(one.item for one in entries))
    _insert(connection, schema.series, series_rows(one.item for one in entries))
    _insert(connection, schema.pages, _page_rows(entries))
    items = {item.id: item for item in without_held_ties(connection, [one.item for one in entries])}
    placed = [Placed.of(items[one.item.id], one.change, publishing.vocabulary) for one in entries]
    _insert_records(connection, placed, publishing, former)
    for one in entries:
        if one.item.id in waiting and one.item.status == "published":  # approved
            _reissue(connection, Batch(change=one.change, reissued=_tied_to(connection, one.item.id)), publishing)


def held_among(connection: Connection, ids: Iterable[str], statement: str = HELD_AMONG) -> frozenset[str]:
    """Return those of the items that are held for approval."""
    asked = msgspec.json.encode([*dict.fromkeys(ids)]).decode()
    return frozenset(item for (item,) in connection.exec_driver_sql(statement, (asked,)))


def without_held_ties(connection: Connection, items: Sequence[Item]) -> list[Item]:
    """Return items without their ties to such as are held for approval: of those nobody is to hear."""
    targets = {tie.target for item in items for tie in item.relations}
    held = held_among(connection, targets) if targets else frozenset()
    return [without_ties(item, held) for item in items] if held else [*items]


def without_ties(item: Item, targets: Container[str]) -> Item:
    """Return an item without its ties to these."""
    kept = tuple(tie for tie in item.relations if tie.target not in targets)
    return item if kept == item.relations else replace(item, relations=kept)


def _tied_to(connection: Connection, target: str) -> list[str]:
    """Return the published items that say of themselves that they are tied to one, in the order of their ids."""
    return [item for (item,) in connection.exec_driver_sql(_TIED, (target,))]


def _insert_records(
    connection: Connection, placed: Sequence[Placed], publishing: Publishing, former: Mapping[str, Mapping[str, Member]]
) -> None:
    placed = [one for one in placed if not one.unknown]
    if not placed:
        return
    _insert(connection, schema.oai_records, (record_row(one, publishing) for one in placed))
    members = ((one.item.id, members_of(one, former.get(one.item.id, {}))) for one in placed)
    insert_members(connection, ((item_id, *member) for item_id, found in members for member in found), former)


def _forget(connection: Connection, ids: Sequence[str]) -> None:
    gone = [{"gone": item_id} for item_id in ids]
    for table in _BY_ITEM:
        connection.execute(delete(table).where(table.c.item == bindparam("gone")), gone)
    connection.execute(delete(schema.items).where(schema.items.c.id == bindparam("gone")), gone)


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    statement, values_of = _insertion(table)
    if values := list(map(values_of, rows)):
        connection.exec_driver_sql(statement, values)


@cache
def _insertion(table: Table) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return the statement that inserts into a table, SQLite's own, and what makes its values of a row."""
    names = [column.name for column in table.columns]
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", itemgetter(*names)  # noqa: S608 - ours


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
        "json": (entry.line or record_line(item)).decode(),
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


def _embargo_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for item in (entry.item for entry in entries):
        if item.access == "embargoed" and item.embargo and item.files and item.status == "published":
            yield {"item": item.id, "ends": item.embargo}


def _page_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        for span in entry.pages:
            yield {
                "item": entry.item.id,
                "number": span.number,
                "offset": span.offset,
                "length": span.length,
            }
