"""The tables of catalogue.db. All of it can be made again from the archive.

A changed table is a new :data:`EDITION`, and a catalogue of another edition is rebuilt,
never migrated.
"""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

EDITION = "4"

tables = MetaData()

settings = Table(
    "settings",
    tables,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
    comment="What the rows were made for: edition, base URL, OAI namespace.",
)

items = Table(
    "items",
    tables,
    Column("id", String, primary_key=True),
    Column("change", Integer, nullable=False, unique=True, comment="archive.clock"),
    Column("status", String, nullable=False),
    Column("object_id", String, nullable=False, comment="the OCFL object that holds it"),
    Column("submission", String, nullable=False, index=True),
    Column("accession", String, nullable=False, index=True),
    Column("source", String, nullable=False, index=True),
    Column("json", String, nullable=False, comment="metadata.serial"),
)

identifiers = Table(
    "identifiers",
    tables,
    Column("scheme", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("item", String, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

relations = Table(
    "relations",
    tables,
    Column("item", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("target", String, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

dois = Table(
    "dois",
    tables,
    Column("name", String, primary_key=True),
    Column("item", String, nullable=False, index=True),
    Column("state", String, nullable=False),
)

embargoes = Table(
    "embargoes",
    tables,
    Column("item", String, primary_key=True),
    Column("ends", String, nullable=False, comment="EDTF"),
    comment="The published items whose files are closed until a day.",
    sqlite_with_rowid=False,
)

shelves = Table(
    "shelves",
    tables,
    Column("kind", String, primary_key=True, comment="place, collection or year"),
    Column("value", String, primary_key=True, comment="a code of ISO 3166-1 or M49; a name; a year"),
    Column("item", String, primary_key=True, index=True),
    comment="Where readers who browse find a published item.",
    sqlite_with_rowid=False,
)

series = Table(
    "series",
    tables,
    Column("name", String, primary_key=True, comment="metadata.series: the title's words"),
    Column("issn", String, primary_key=True, comment="empty where none is known"),
    Column("item", String, primary_key=True, index=True),
    Column("number", String, primary_key=True, comment="as printed"),
    Column("title", String, nullable=False),
    comment="The series that a published item is part of.",
    sqlite_with_rowid=False,
)

pages = Table(
    "pages",
    tables,
    Column("item", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("offset", Integer, nullable=False, comment="bytes from the start of pages.jsonl"),
    Column("length", Integer, nullable=False, comment="bytes of the line"),
    sqlite_with_rowid=False,
)

oai_records = Table(
    "oai_records",
    tables,
    # The key of the rows themselves, so that a page of records lies together in the file.
    Column("change", Integer, primary_key=True, comment="its second is the datestamp"),
    Column("item", String, nullable=False, unique=True),
    Column("header", Integer, nullable=False, comment="bytes of the header, which follows <record>"),
    Column("record", LargeBinary, nullable=False, comment="the whole record in oai_dc, UTF-8"),
)

oai_members = Table(
    "oai_members",
    tables,
    Column("spec", String, primary_key=True, comment="empty: the whole library"),
    Column("change", Integer, primary_key=True, comment="of the item, or the one that took it out of the set"),
    Column("item", String, nullable=False, index=True),
    Column("formats", Integer, nullable=False, comment="metadata.disseminations: what it is given in"),
    Column("gone", Integer, nullable=False, comment="what it was given in before: deleted records"),
    Column("is_out", Boolean, nullable=False, comment="whether the item has left the set"),
    sqlite_with_rowid=False,
)

oai_sets = Table(
    "oai_sets",
    tables,
    Column("spec", String, primary_key=True),
    comment="Every spec of oai_members: who leaves a set stays in it as a deleted record, so none is ever empty.",
    sqlite_with_rowid=False,
)

oai_counts = Table(
    "oai_counts",
    tables,
    Column("spec", String, primary_key=True),
    Column("minute", Integer, primary_key=True, comment="of the change, since 1970 in UTC"),
    Column("formats", Integer, primary_key=True, comment="given in now or before"),
    Column("number", Integer, nullable=False, comment="of such rows in oai_members"),
    comment="How many members there are, so that the length of a list is known without reading it.",
    sqlite_with_rowid=False,
)

accessions = Table(
    "accessions",
    tables,
    Column("id", String, primary_key=True),
    Column("change", Integer, nullable=False, unique=True),
    Column("json", String, nullable=False),
)

Index("series_by_issn", series.c.issn, series.c.name)
Index("items_by_status", items.c.status, items.c.change)
