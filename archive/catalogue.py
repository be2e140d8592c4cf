"""The catalogue: SQLite through SQLAlchemy Core, made from the archive and made again at will.

Readers never wait: the journal is a write-ahead log. Every change of an item carries its
change number (:mod:`archive.clock`); :meth:`Catalogue.changes` is the sequence that
followers read.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, func, select

from archive import schema
from archive.catalogue_items import CatalogueItems, made_for, pairs, written
from archive.catalogued import Change, Listing, OaiRecord
from archive.cataloguing import HELD_AMONG, Batch, PageSpan, write_batches
from archive.clock import SECOND, next_stamp
from archive.feed import HEADER_AT, MINUTE, WHOLE, deleted_header, out_header, record
from metadata.accession import Accession
from metadata.model import Item
from metadata.serial import from_own
from metadata.sets import set_name
from metadata.standard_numbers import doi


class Catalogue(CatalogueItems):
    """catalogue.db of one home."""

    def create(self) -> None:
        """Make the tables that are missing and note what the rows are made for."""
        with self._file.transaction(renewing=True) as connection:
            self._create(connection)

    def writing(self) -> AbstractContextManager[None]:
        """Keep the file open for several writes; only for the holder of the writer's lock. Raises Outdated."""
        return self._file.session()

    def write(self, batches: Iterable[Batch]) -> None:
        """Catalogue ``batches`` in one transaction: readers see all of it or nothing."""
        with self._file.transaction() as connection:
            write_batches(connection, batches, self.publishing)

    def replace_all(self, batches: Iterable[Batch]) -> None:
        """Forget everything, tables too, and catalogue ``batches``, in one transaction.

        A file that is damaged, or no catalogue at all, is first taken away.
        """
        if not self._file.is_sound():
            self._file.discard()
        with self._file.transaction(renewing=True) as connection:
            schema.tables.drop_all(connection)
            self._create(connection)
            write_batches(connection, batches, self.publishing)

    def last_change(self) -> int:
        """Return the highest change number given so far, 0 when nothing has been."""
        with self._reading() as connection:
            highest = connection.scalar(select(func.max(schema.items.c.change))) or 0
            return max(highest, connection.scalar(select(func.max(schema.accessions.c.change))) or 0)

    def next_change(self) -> int:
        """Return the next change number; for the writer only."""
        return next_stamp(max(self.last_change(), self.told.last() * SECOND))

    def items(self, after: str = "", limit: int = 500) -> Sequence[Item]:
        """Return the items whose id follows ``after``, in the order of their ids."""
        wanted = select(schema.items.c.json).where(schema.items.c.id > after)
        return self._items(wanted.order_by(schema.items.c.id).limit(limit))

    def lines(self, after: str = "") -> Sequence[tuple[str, str]]:
        """Return what :meth:`items` does as ids and JSON (:mod:`metadata.serial`), for who looks at a part of each."""
        return [(row[0], row[1]) for row in self._ask(_LINES, after)]

    def newest(self, limit: int) -> Sequence[Item]:
        """Return the published items that changed last, newest first."""
        published = select(schema.items.c.json).where(schema.items.c.status == "published")
        return self._items(published.order_by(schema.items.c.change.desc()).limit(limit))

    def last_changed(self, limit: int) -> Sequence[Change]:
        """Return what :meth:`newest` does, with the change numbers."""
        return [Change(number, from_own(line)) for number, line in self._ask(_LAST_CHANGED, limit)]

    def ids_last_changed(self, limit: int) -> Sequence[str]:
        """Return the ids of what :meth:`newest` does."""
        return [item for (item,) in self._ask(_IDS_LAST_CHANGED, limit)]

    def published(self, ids: Iterable[str]) -> Sequence[Change]:
        """Return those of these items that are published, with the change numbers; the last that changed first."""
        found = self._ask(_PUBLISHED, _json(set(ids)))
        return sorted((Change(number, from_own(line)) for number, line in found), key=lambda one: -one.number)

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Return the items changed after change number ``after``, oldest first, each once."""
        columns = (schema.items.c.change, schema.items.c.json)
        wanted = select(*columns).where(schema.items.c.change > after)
        with self._reading() as connection:
            rows = connection.execute(wanted.order_by(schema.items.c.change).limit(limit)).all()
        return [Change(row.change, from_own(row.json)) for row in rows]

    def between(self, first: str, end: str) -> Sequence[Change]:
        """Return the published items whose id is ``first`` or follows it, and comes before ``end``, by id."""
        return [Change(number, from_own(line)) for number, line in self._ask(_BETWEEN, first, end)]

    def stamps_between(self, first: str, end: str) -> Sequence[tuple[str, int]]:
        """Return the ids of what :meth:`between` does, and the change numbers."""
        return [(item, number) for item, number in self._ask(_STAMPS_BETWEEN, first, end)]

    def nth_change(self, after: int, number: int) -> int | None:
        """Return the change number that so many changes come to after ``after``; None where there are fewer."""
        return next((change for (change,) in self._ask(_NTH, after, number - 1)), None)

    def by_submission(self, submission: str) -> Item | None:
        """Return the item made from this submission (sha512), if there is one."""
        return next((from_own(line) for (line,) in self._ask(_BY_SUBMISSION, submission)), None)

    def by_source(self, source: str) -> Sequence[Item]:
        """Return the items that were made from this source."""
        return self._items(select(schema.items.c.json).where(schema.items.c.source == source))

    def by_identifier(self, scheme: str, value: str) -> Sequence[Item]:
        """Return the items that bear this identifier."""
        return [from_own(line) for (line,) in self._ask(_BY_IDENTIFIER, scheme, value)]

    def by_any_identifier(self, value: str) -> Sequence[Item]:
        """Return the items that bear an identifier, whatever its scheme, or that have this DOI here; 50 at most.

        A DOI may come with its resolver, and in any case of letters.
        """
        name = doi(value)
        return [from_own(line) for (line,) in self._ask(_BY_ANY_IDENTIFIER, value, name or value, name)]

    def object_ids(self) -> Sequence[str]:
        """Return the OCFL objects that items are kept in, each once, sorted."""
        held = select(schema.items.c.object_id).distinct().order_by(schema.items.c.object_id)
        with self._reading() as connection:
            return connection.scalars(held).all()

    def subjects(self) -> Sequence[tuple[str, int]]:
        """Return each concept's URI that published items have, and how many have it."""
        return [(uri, number) for uri, number in self._ask(_SUBJECTS)]

    def classified(self, uris: Collection[str], published: bool = True) -> Sequence[tuple[str, str]]:
        """Return (item id, concept's URI) for each item that has one of these, in the order of the changes."""
        asked = msgspec.json.encode(sorted(uris)).decode()
        return [(item, uri) for item, uri in self._ask(_CLASSIFIED, asked, published)]

    def repeated_sources(self) -> frozenset[str]:
        """Return the sources that more than one item was made from."""
        source = schema.items.c.source
        with self._reading() as connection:
            return frozenset(connection.scalars(select(source).group_by(source).having(func.count() > 1)).all())

    def editions(self, item_id: str) -> Sequence[Item]:
        """Return the other published editions of an item, in the order of their languages; copies elsewhere, too."""
        found, new = {item_id}, {item_id}
        while new := self._tied(new) - found:
            found |= new
        others = _json(found - {item_id})
        items = [from_own(line) for _, line in self._ask(_PUBLISHED, others)] if len(found) > 1 else []
        return sorted(items, key=lambda item: (item.languages, item.id))

    def _tied(self, item_ids: Collection[str]) -> set[str]:
        asked = _json(item_ids)
        return {end for tie in self._ask(_TRANSLATIONS, asked, asked) for end in tie}

    def translations(self, item_ids: Collection[str]) -> Sequence[tuple[str, str]]:
        """Return each tie to another edition that one of these items has, at either end: (edition, of what).

        Those of what is held for approval count once it is approved.
        """
        asked = msgspec.json.encode(sorted(item_ids)).decode()
        ties = [(item, target) for item, target in self._ask(_TRANSLATIONS, asked, asked)]
        ends = msgspec.json.encode(sorted({end for tie in ties for end in tie})).decode()
        held = {item for (item,) in self._ask(HELD_AMONG, ends)} if ties else set()
        return [tie for tie in ties if held.isdisjoint(tie)]

    def shelf(self, kind: str) -> Sequence[tuple[str, int]]:
        """Return what published items are found by, and how many are: each place, collection or year, by its value."""
        return [(value, number) for value, number in self._ask(_SHELF, kind)]

    def on_shelf(self, kind: str, value: str) -> Sequence[str]:
        """Return the ids of the published items that are found by a value, sorted."""
        return [item for (item,) in self._ask(_ON_SHELF, kind, value)]

    def shelved(self, kind: str) -> Sequence[tuple[str, str]]:
        """Return (item id, value) for every place, collection or year that published items are found by."""
        return [(item, value) for item, value in self._ask(_SHELVED, kind)]

    def series(self) -> Sequence[tuple[str, str, str, int]]:
        """Return (name, ISSN, title, number of items) of each series that published items are part of."""
        return [(name, issn, title, number) for name, issn, title, number in self._ask(_ALL_SERIES)]

    def series_named(self, name: str, issn: str) -> Sequence[tuple[str, str, str, int]]:
        """Return what :meth:`series` does of those with this name, and of those with this ISSN."""
        return [(a, b, c, number) for a, b, c, number in self._ask(_SERIES_NAMED, name, issn, issn)]

    def in_series(self, name: str, issn: str) -> Sequence[tuple[str, Item]]:
        """Return the published items of a series with their numbers there, by their change."""
        return [(number, from_own(line)) for number, line in self._ask(_IN_SERIES, name, issn)]

    def embargoes(self) -> Sequence[tuple[str, str]]:
        """Return the published items whose files are under an embargo, and the dates (EDTF) that it ends."""
        return [(item, ends) for item, ends in self._ask("SELECT item, ends FROM embargoes ORDER BY item")]

    def page_spans(self, item_id: str) -> Sequence[PageSpan]:
        """Return where each page of an item stands in its pages.jsonl, by page number."""
        return [PageSpan(*row) for row in self._ask(_SPANS, item_id)]

    def counts(self) -> tuple[int, int, int]:
        """Return the number of published items, of withdrawn items, and of pages of both; nothing of what is held."""
        with self._reading() as connection:
            by_status = dict(
                pairs(
                    connection.execute(
                        select(schema.items.c.status, func.count()).group_by(schema.items.c.status)
                    ).all()
                )
            )
            pages = connection.scalar(select(func.count()).select_from(schema.pages)) or 0
            if by_status.get("held"):
                pages -= connection.exec_driver_sql(_HELD_PAGES).scalar_one()
        return by_status.get("published", 0), by_status.get("withdrawn", 0), pages

    def number(self) -> int:
        """Return the number of all items, withdrawn and held ones too."""
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(schema.items)) or 0

    def accessions(self) -> Sequence[Accession]:
        """Return all accessions, oldest first."""
        with self._reading() as connection:
            rows = connection.scalars(select(schema.accessions.c.json).order_by(schema.accessions.c.change))
            return [msgspec.json.decode(row, type=Accession) for row in rows]

    def last_accessions(self, most: int) -> Sequence[Accession]:
        """Return the newest accessions, newest first."""
        newest = select(schema.accessions.c.json).order_by(schema.accessions.c.change.desc()).limit(most)
        with self._reading() as connection:
            return [msgspec.json.decode(row, type=Accession) for row in connection.scalars(newest)]

    def accession(self, accession_id: str) -> Accession | None:
        """Return an accession, or None where there is none of this id."""
        wanted = select(schema.accessions.c.json).where(schema.accessions.c.id == accession_id)
        with self._reading() as connection:
            row = connection.scalar(wanted)
        return msgspec.json.decode(row, type=Accession) if row else None

    def earliest_datestamp(self) -> int:
        """Return the earliest datestamp of any record, in seconds since 1970; now when there is none."""
        ((earliest,),) = self._ask(_EARLIEST)
        return (next_stamp(0) if earliest is None else int(earliest)) // SECOND

    def oai_sets(self) -> Sequence[tuple[str, str]]:
        """Return the setSpec and the name of every set that has records, deleted ones too, sorted."""
        vocabulary = self.publishing.vocabulary
        return [(spec, set_name(spec, vocabulary=vocabulary)) for (spec,) in self._ask(_SETS)]

    def oai_record(self, item_id: str) -> OaiRecord | None:
        """Return the record of one item, deleted or not; None where there never was one."""
        for change, line, formats, gone, whole, length in self._ask(_ONE, item_id):
            header = whole[HEADER_AT : HEADER_AT + length]
            return OaiRecord(change, self.public([from_own(line)])[0], formats, gone, whole, header)
        return None

    def oai_records(self, listing: Listing, limit: int) -> Sequence[tuple[int, bytes]]:
        """Return (change number, whole record in oai_dc) of at most ``limit`` records, in the order of changes."""
        if listing.set_spec == WHOLE:
            return self._ask(_ALL, *listing.values[1:3], limit)
        rows = self._ask(_RECORDS, *listing.values, limit)
        return [(change, whole or record(self._out(item, change, listing), b"")) for change, item, whole in rows]

    def oai_headers(self, listing: Listing, limit: int) -> Sequence[tuple[int, bytes]]:
        """Return (change number, header), as :meth:`oai_records` does."""
        rows = self._ask(_HEADERS, listing.format, *listing.values, limit)
        return [(row[0], self._header(row[:4], listing)) for row in rows]

    def oai_items(self, listing: Listing, limit: int) -> Sequence[tuple[int, bytes, Item | None]]:
        """Return (change number, header, item) for formats that are made when asked for; no item where it is gone."""
        rows = self._ask(_ITEMS, listing.format, *listing.values, limit)
        items = {item.id: item for item in self.public([from_own(row[4]) for row in rows if row[2]])}
        return [(row[0], self._header(row[:4], listing), items.get(row[1])) for row in rows]

    def oai_count(self, listing: Listing) -> int:
        """Return how many records there are; it costs the same for lists of any length."""
        spec, after, end, formats = listing.values
        first = min(after + 1, end)
        bounds = (first // MINUTE, end // MINUTE, first // MINUTE * MINUTE, first, end // MINUTE * MINUTE, end)
        ((count,),) = self._ask(_COUNT, spec, formats, *bounds)
        return int(count)

    def _header(self, row: tuple[Any, ...], listing: Listing) -> bytes:
        change, item, is_given, header = row
        if header is None:
            return self._out(item, change, listing)
        return bytes(header) if is_given else deleted_header(header)

    def _out(self, item_id: str, change: int, listing: Listing) -> bytes:
        return out_header(self.publishing, item_id, change, listing.set_spec)

    def _create(self, connection: Connection) -> None:
        schema.tables.create_all(connection)
        connection.execute(delete(schema.settings))
        connection.execute(schema.settings.insert(), made_for(self.publishing))

    def _items(self, wanted: Select[str]) -> Sequence[Item]:
        with self._reading() as connection:
            return [from_own(row) for row in connection.scalars(wanted).all()]


_SUBJECTS = """SELECT c.value, count(*) FROM items i, json_each(i.json, '$.concepts') c
WHERE i.status = 'published' GROUP BY c.value"""
_CLASSIFIED = """SELECT i.id, c.value FROM items i, json_each(i.json, '$.concepts') c
WHERE c.value IN (SELECT value FROM json_each(?)) AND (i.status = 'published' OR NOT ?) ORDER BY i.change, c.value"""
_SHELF = "SELECT value, count(*) FROM shelves WHERE kind = ? GROUP BY value ORDER BY value"
_ON_SHELF = "SELECT item FROM shelves WHERE kind = ? AND value = ? ORDER BY item"
_SHELVED = "SELECT item, value FROM shelves WHERE kind = ? ORDER BY value, item"
_ALL_SERIES = "SELECT name, issn, min(title), count(DISTINCT item) FROM series GROUP BY name, issn"
_SERIES_NAMED = """SELECT name, issn, min(title), count(DISTINCT item) FROM series
WHERE name = ? OR (issn = ? AND ? <> '') GROUP BY name, issn"""
_IN_SERIES = """SELECT s.number, i.json FROM series s JOIN items i ON i.id = s.item
WHERE s.name = ? AND s.issn = ? ORDER BY i.change"""
_LINES = "SELECT id, json FROM items WHERE id > ? ORDER BY id LIMIT 2000"
_BETWEEN = "SELECT change, json FROM items WHERE id >= ? AND id < ? AND status = 'published' ORDER BY id"
_STAMPS_BETWEEN = "SELECT id, change FROM items WHERE id >= ? AND id < ? AND status = 'published' ORDER BY id"
_LAST_CHANGED = "SELECT change, json FROM items WHERE status = 'published' ORDER BY change DESC LIMIT ?"
_IDS_LAST_CHANGED = "SELECT id FROM items WHERE status = 'published' ORDER BY change DESC LIMIT ?"
_NTH = """SELECT change FROM items WHERE change > ?
AND change NOT IN (SELECT change FROM items WHERE status = 'held') ORDER BY change LIMIT 1 OFFSET ?"""
_HELD_PAGES = "SELECT count(*) FROM pages p JOIN items i ON i.id = p.item WHERE i.status = 'held'"
_TRANSLATIONS = """SELECT item, target FROM relations WHERE kind IN ('isTranslationOf', 'isFormatOf')
AND item IN (SELECT value FROM json_each(?)) UNION SELECT item, target FROM relations
WHERE kind IN ('isTranslationOf', 'isFormatOf') AND target IN (SELECT value FROM json_each(?))"""
_SPANS = "SELECT number, offset, length FROM pages WHERE item = ? ORDER BY number"
_PUBLISHED = """SELECT change, json FROM items WHERE id IN (SELECT value FROM json_each(?)) AND status = 'published'"""
_BY_SUBMISSION = written(select(schema.items.c.json).where(schema.items.c.submission == bindparam("submission")))
_BY_IDENTIFIER = written(
    select(schema.items.c.json)
    .join(schema.identifiers, schema.identifiers.c.item == schema.items.c.id)
    .where(schema.identifiers.c.scheme == bindparam("scheme"), schema.identifiers.c.value == bindparam("value"))
    .order_by(schema.items.c.id)
)
# The schemes one after the other, so that each is looked up and no row beside what is asked for is read.
_BY_ANY_IDENTIFIER = """WITH RECURSIVE schemes(scheme) AS (SELECT min(scheme) FROM identifiers
UNION ALL SELECT (SELECT min(i.scheme) FROM identifiers i WHERE i.scheme > s.scheme)
FROM schemes s WHERE s.scheme IS NOT NULL)
SELECT json FROM items WHERE id IN (
SELECT i.item FROM schemes s CROSS JOIN identifiers i WHERE i.scheme = s.scheme AND i.value IN (?1, ?2)
UNION SELECT d.item FROM dois d WHERE d.name = ?3) ORDER BY id LIMIT 50"""
_LISTED = """FROM oai_members m LEFT JOIN oai_records r ON r.change = m.change AND NOT m.is_out"""
_WHERE = """WHERE m.spec = ? AND m.change > ? AND m.change < ? AND (m.formats | m.gone) & ?"""
_ORDER = """ORDER BY m.change LIMIT ?"""
_HEADER = f"substr(r.record, {HEADER_AT + 1}, r.header)"
_RECORDS = f"SELECT m.change, m.item, r.record {_LISTED} {_WHERE} {_ORDER}"
# All are in oai_dc and none has left, so members need not be asked.
_ALL = "SELECT change, record FROM oai_records WHERE change > ? AND change < ? ORDER BY change LIMIT ?"
_HEADERS = f"SELECT m.change, m.item, m.formats & ?, {_HEADER} {_LISTED} {_WHERE} {_ORDER}"
_ITEMS = (
    f"SELECT m.change, m.item, m.formats & ?, {_HEADER}, i.json {_LISTED} LEFT JOIN items i ON i.id = m.item"
    f" {_WHERE} {_ORDER}"
)
# Whole minutes are counted already: from the first to the last, less what lies before the list, and what lies after.
_SOME = "SELECT count(*) FROM oai_members WHERE spec = ?1 AND (formats | gone) & ?2"
_COUNT = f"""SELECT
coalesce((SELECT sum(number) FROM oai_counts WHERE spec = ?1 AND formats & ?2 AND minute >= ?3 AND minute < ?4), 0)
- ({_SOME} AND change >= ?5 AND change < ?6) + ({_SOME} AND change >= ?7 AND change < ?8)"""  # noqa: S608 - of constants
_ONE = """SELECT r.change, i.json, m.formats, m.gone, r.record, r.header FROM oai_records r
JOIN oai_members m ON m.spec = '' AND m.change = r.change JOIN items i ON i.id = r.item WHERE r.item = ?"""
_SETS = "SELECT spec FROM oai_sets WHERE spec <> '' ORDER BY spec"
_EARLIEST = """SELECT min((SELECT m.change FROM oai_members m WHERE m.spec = s.spec ORDER BY m.change LIMIT 1))
FROM oai_sets s"""


def _json(item_ids: Collection[str]) -> str:
    return msgspec.json.encode(sorted(item_ids)).decode()
