"""The catalogue: SQLite through SQLAlchemy Core, made from the archive and made again at will.

Readers never wait: the journal is a write-ahead log. Every change of an item carries its
change number (:mod:`archive.clock`); :meth:`Catalogue.changes` is the sequence that
followers read.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, func, select, tuple_

from archive import schema
from archive.catalogue_file import REBUILD, CatalogueFile
from archive.cataloguing import Batch, PageSpan, Publishing, write_batches
from archive.clock import SECOND, Told, next_stamp
from metadata.accession import Accession
from metadata.errors import Outdated
from metadata.model import Item
from metadata.serial import from_json
from metadata.sets import set_name


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of an item: its number in the sequence, and the item as it now is."""

    number: int
    item: Item


@dataclass(frozen=True, slots=True)
class OaiRecord:
    """A record as OAI-PMH gives it, rendered when the item changed.

    ``change`` orders records of one ``datestamp`` (seconds since 1970, UTC); ``header`` is
    the whole ``<header>`` element; ``metadata`` the ``<oai_dc:dc>`` element, empty when deleted.
    """

    change: int
    datestamp: int
    deleted: bool
    header: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Held:
    """Where an item is kept: its OCFL object and its change number."""

    item: Item
    object_id: str
    change: int


class Catalogue:
    """catalogue.db of one home."""

    def __init__(self, path: Path, publishing: Publishing) -> None:
        self.path = path
        self.publishing = publishing
        self.told = Told(path.with_name("clock"))
        self._file = CatalogueFile(path)

    def create(self) -> None:
        """Make the tables that are missing and note what the rows are made for."""
        with self._file.transaction(renewing=True) as connection:
            self._create(connection)

    def verify(self) -> None:
        """Raise Outdated when there is none, or one of another edition, base URL or namespace, or damaged."""
        self._file.verify()
        with self._file.reading() as connection:
            rows = connection.execute(select(schema.settings.c.name, schema.settings.c.value)).all()
        found, wanted = dict(_pairs(rows)), {row["name"]: row["value"] for row in _made_for(self.publishing)}
        for name, value in wanted.items():
            if found.get(name) != value:
                raise Outdated(f"{self.path} was made for {name} {found.get(name)!r}, now it is {value!r}.", REBUILD)

    def close(self) -> None:
        """Give up all connections; the next one to ask opens it again."""
        self._file.release()

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

    def held(self, item_id: str) -> Held | None:
        """Return an item, where it is kept and its change number; None where there is none."""
        columns = (schema.items.c.json, schema.items.c.object_id, schema.items.c.change)
        with self._reading() as connection:
            row = connection.execute(select(*columns).where(schema.items.c.id == item_id)).first()
        return Held(from_json(row.json.encode()), row.object_id, row.change) if row else None

    def item(self, item_id: str) -> Item | None:
        """Return an item, withdrawn ones too; None where there is none."""
        held = self.held(item_id)
        return held.item if held else None

    def items(self, after: str = "", limit: int = 500) -> Sequence[Item]:
        """Return the items whose id follows ``after``, in the order of their ids."""
        wanted = select(schema.items.c.json).where(schema.items.c.id > after)
        return self._items(wanted.order_by(schema.items.c.id).limit(limit))

    def newest(self, limit: int) -> Sequence[Item]:
        """Return the published items that changed last, newest first."""
        published = select(schema.items.c.json).where(schema.items.c.status == "published")
        return self._items(published.order_by(schema.items.c.change.desc()).limit(limit))

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Return the items changed after change number ``after``, oldest first, each once."""
        columns = (schema.items.c.change, schema.items.c.json)
        wanted = select(*columns).where(schema.items.c.change > after)
        with self._reading() as connection:
            rows = connection.execute(wanted.order_by(schema.items.c.change).limit(limit)).all()
        return [Change(row.change, from_json(row.json.encode())) for row in rows]

    def by_submission(self, submission: str) -> Item | None:
        """Return the item made from this submission (sha512), if there is one."""
        found = self._items(select(schema.items.c.json).where(schema.items.c.submission == submission).limit(1))
        return found[0] if found else None

    def by_source(self, source: str) -> Sequence[Item]:
        """Return the items that were made from this source."""
        return self._items(select(schema.items.c.json).where(schema.items.c.source == source))

    def by_identifier(self, scheme: str, value: str) -> Sequence[Item]:
        """Return the items that bear this identifier."""
        bearers = select(schema.identifiers.c.item).where(
            schema.identifiers.c.scheme == scheme, schema.identifiers.c.value == value
        )
        return self._items(
            select(schema.items.c.json).where(schema.items.c.id.in_(bearers)).order_by(schema.items.c.id)
        )

    def object_ids(self) -> Sequence[str]:
        """Return the OCFL objects that items are kept in, each once, sorted."""
        held = select(schema.items.c.object_id).distinct().order_by(schema.items.c.object_id)
        with self._reading() as connection:
            return connection.scalars(held).all()

    def repeated_sources(self) -> frozenset[str]:
        """Return the sources that more than one item was made from."""
        source = schema.items.c.source
        with self._reading() as connection:
            return frozenset(connection.scalars(select(source).group_by(source).having(func.count() > 1)).all())

    def editions(self, item_id: str) -> Sequence[Item]:
        """Return the other published language editions of an item, in the order of their languages."""
        found, new = {item_id}, {item_id}
        with self._reading() as connection:
            while new := _translations(connection, new) - found:
                found |= new
        wanted = select(schema.items.c.json).where(
            schema.items.c.id.in_(found - {item_id}), schema.items.c.status == "published"
        )
        return sorted(self._items(wanted), key=lambda item: (item.languages, item.id))

    def page_spans(self, item_id: str) -> Sequence[PageSpan]:
        """Return where each page of an item stands in its pages.jsonl, by page number."""
        columns = (schema.pages.c.number, schema.pages.c.offset, schema.pages.c.length)
        wanted = select(*columns).where(schema.pages.c.item == item_id).order_by(schema.pages.c.number)
        with self._reading() as connection:
            return [PageSpan(*row) for row in connection.execute(wanted).all()]

    def counts(self) -> tuple[int, int, int]:
        """Return the number of published items, of withdrawn items, and of pages."""
        with self._reading() as connection:
            by_status = dict(
                _pairs(
                    connection.execute(
                        select(schema.items.c.status, func.count()).group_by(schema.items.c.status)
                    ).all()
                )
            )
            pages = connection.scalar(select(func.count()).select_from(schema.pages)) or 0
        return by_status.get("published", 0), by_status.get("withdrawn", 0), pages

    def accessions(self) -> Sequence[Accession]:
        """Return all accessions, oldest first."""
        with self._reading() as connection:
            rows = connection.scalars(select(schema.accessions.c.json).order_by(schema.accessions.c.change))
            return [msgspec.json.decode(row, type=Accession) for row in rows]

    def accession(self, accession_id: str) -> Accession | None:
        """Return an accession, or None where there is none of this id."""
        wanted = select(schema.accessions.c.json).where(schema.accessions.c.id == accession_id)
        with self._reading() as connection:
            row = connection.scalar(wanted)
        return msgspec.json.decode(row, type=Accession) if row else None

    def earliest_datestamp(self) -> int:
        """Return the earliest datestamp of any record, in seconds since 1970; now when there is none."""
        with self._reading() as connection:
            earliest = connection.scalar(select(func.min(schema.oai_records.c.datestamp)))
        return next_stamp(0) // SECOND if earliest is None else earliest

    def oai_sets(self) -> Sequence[tuple[str, str]]:
        """Return the setSpec and the name of every set that has records, sorted."""
        with self._reading() as connection:
            specs = connection.scalars(select(schema.oai_members.c.spec).distinct()).all()
        return [(spec, set_name(spec)) for spec in sorted(specs)]

    def oai_record(self, item_id: str) -> OaiRecord | None:
        """Return the record of one item, deleted or not; None where there never was one."""
        with self._reading() as connection:
            row = connection.execute(_RECORD.where(schema.oai_records.c.item == item_id)).first()
        return OaiRecord(*row) if row else None

    def oai_page(self, after: tuple[int, int], until: int, set_spec: str, limit: int) -> Sequence[OaiRecord]:
        """Return the records that follow ``after`` (datestamp, change), up to ``until`` inclusive.

        Datestamps are seconds; ``set_spec`` ``""`` means all; deleted records are among them.
        """
        key = schema.oai_members if set_spec else schema.oai_records
        wanted = _RECORD.where(tuple_(key.c.datestamp, key.c.change) > after, key.c.datestamp <= until)
        if set_spec:
            wanted = wanted.join_from(key, schema.oai_records, _SAME).where(key.c.spec == set_spec)
        with self._reading() as connection:
            rows = connection.execute(wanted.order_by(key.c.datestamp, key.c.change).limit(limit)).all()
        return [OaiRecord(*row) for row in rows]

    def oai_count(self, since: int, until: int, set_spec: str) -> int:
        """Return how many records have a datestamp from ``since`` to ``until``, both included."""
        key = schema.oai_members if set_spec else schema.oai_records
        wanted = select(func.count()).select_from(key).where(key.c.datestamp.between(since, until))
        if set_spec:
            wanted = wanted.where(key.c.spec == set_spec)
        with self._reading() as connection:
            return connection.scalar(wanted) or 0

    def _create(self, connection: Connection) -> None:
        schema.tables.create_all(connection)
        connection.execute(delete(schema.settings))
        connection.execute(schema.settings.insert(), _made_for(self.publishing))

    def _items(self, wanted: Select[str]) -> Sequence[Item]:
        with self._reading() as connection:
            return [from_json(row.encode()) for row in connection.scalars(wanted).all()]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._file.is_replaced():
            self.verify()
        with self._file.reading() as connection:
            yield connection


_RECORD = select(
    schema.oai_records.c.change,
    schema.oai_records.c.datestamp,
    schema.oai_records.c.deleted,
    schema.oai_records.c.header,
    schema.oai_records.c.oai_dc,
)
_SAME = (schema.oai_members.c.datestamp == schema.oai_records.c.datestamp) & (
    schema.oai_members.c.change == schema.oai_records.c.change
)


def _pairs(rows: Sequence[Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in rows]


def _translations(connection: Connection, ids: set[str]) -> set[str]:
    ties = schema.relations.c
    forward = select(ties.target).where(ties.kind == "isTranslationOf", ties.item.in_(ids))
    backward = select(ties.item).where(ties.kind == "isTranslationOf", ties.target.in_(ids))
    return set(connection.scalars(forward).all()) | set(connection.scalars(backward).all())


def _made_for(publishing: Publishing) -> list[dict[str, str]]:
    values = {
        "edition": schema.EDITION,
        "base URL": publishing.base_url,
        "OAI namespace": publishing.namespace,
    }
    return [{"name": name, "value": value} for name, value in values.items()]
