"""The records that the OAI-PMH benchmarks serve: items as rich as a library's, in a catalogue.

A million takes too long to catalogue one by one: :func:`multiplied` copies the rows that are there, each under an
identifier and a datestamp of its own, after those that there are. What has to do with listing is as if all had been
catalogued; the items themselves are not there.
"""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from archive.catalogue import Catalogue
from archive.cataloguing import Batch, Entry, Publishing
from archive.feed import MINUTE
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, Identifier, Item, Text
from metadata.vocabulary import shipped

BATCH = 1000
START = 1_500_000_000_000_000  # the first change number, in microseconds since 1970
APART = 1000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ABSTRACT = "The roof of the chapel was surveyed in spring; its timbers had suffered from rising damp. " * 5

_STAMP = "strftime('%Y-%m-%dT%H:%M:%SZ', {} / 1000000, 'unixepoch')"
_COPY_RECORDS = f"""INSERT INTO oai_records (change, item, header, record)
SELECT change + ?1, substr(item, 1, 8) || ?2, header, CAST(replace(replace(CAST(record AS TEXT),
item, substr(item, 1, 8) || ?2), {_STAMP.format("change")}, {_STAMP.format("(change + ?1)")}) AS BLOB)
FROM oai_records WHERE change < ?3 ORDER BY change"""  # noqa: S608 - of constants
_COPY_MEMBERS = """INSERT INTO oai_members (spec, change, item, formats, gone, is_out)
SELECT spec, change + ?1, substr(item, 1, 8) || ?2, formats, gone, is_out FROM oai_members
WHERE change < ?3 ORDER BY spec, change"""
_COUNT = f"""INSERT INTO oai_counts (spec, minute, formats, number)
SELECT spec, change / {MINUTE}, formats | gone, count(*) FROM oai_members GROUP BY 1, 2, 3"""  # noqa: S608 - constants


def publishing() -> Publishing:
    """Return what the records are rendered with."""
    return Publishing("http://library.example.org", "library.example.org", shipped())


def fill(path: Path, records: int) -> None:
    """Make a catalogue of ``records`` items, one a millisecond."""
    with closing(Catalogue(path, publishing())) as catalogue:
        catalogue.create()
        for first in range(0, records, BATCH):
            numbers = range(first, min(first + BATCH, records))
            items = [(number, made_item(number)) for number in numbers]
            catalogue.write([Batch([Entry(item, START + APART * number, item.id) for number, item in items])])


def multiplied(path: Path, records: int, wanted: int) -> None:
    """Make ``wanted`` records of the ``records`` of the catalogue at ``path``, a whole multiple of them."""
    with closing(sqlite3.connect(path)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
            connection.execute(f"PRAGMA {pragma}")
        for copy in range(1, wanted // records):
            ending = LETTERS[copy // len(LETTERS)] + LETTERS[copy % len(LETTERS)]  # ids have small letters only
            shift = copy * records * APART
            for statement in (_COPY_RECORDS, _COPY_MEMBERS):
                connection.execute(statement, (shift, ending, START + records * APART))
        connection.execute("DELETE FROM oai_counts")
        connection.execute(_COUNT)
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")


def made_item(number: int) -> Item:
    """Return an item as rich as a library's usual ones."""
    submission = hashlib.sha512(str(number).encode()).hexdigest()
    return Item(
        id=item_id(submission),
        titles=(Text(f"The conservation of timber roofs, part {number}", "en"),),
        contributions=(
            Contribution(Agent("Durand, Zoé", "person"), "aut"),
            Contribution(Agent(f"Office of Works {number % 97}", "organisation"), "pbl"),
        ),
        dates=(Date(str(1950 + number % 70)),),
        languages=(("en", "fr", "es")[number % 3],),
        type=("report", "article", "book")[number % 3],
        keywords=(Text("timber", "en"), Text("damp", "en"), Text("roofs", "en")),
        descriptions=(Text(ABSTRACT, "en"),),
        identifiers=(Identifier("control-number", f"{number:09}"),),
        rights=(Text("CC BY 4.0"),),
        collections=(f"c{number % 10}",),
        source=f"records.mrc#{number}",
        submission=submission,
    )
