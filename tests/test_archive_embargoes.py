"""The end of an embargo is told: as a version of the archive, and as a change that harvesters and followers see."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from archive_library import bare_item, book, dump, publishing

from archive.catalogued import Listing
from archive.embargoes import ended, lift
from archive.library import Library
from archive.lineage import EMBARGO_ENDED, own_states
from archive.replay import item_object
from metadata.errors import HomeHeld
from metadata.model import Item

LAST, DAY = date(2030, 1, 30), date(2030, 1, 31)


def closed(number: int, ends: str = "2030-01-31") -> Item:
    return replace(book(number)[0], access="embargoed", embargo=ends)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library.create(tmp_path / "home", publishing())
    with made.writer() as writer:
        for item in (closed(1), closed(2, "2030-02"), closed(3, ""), replace(closed(4), access="restricted")):
            writer.put_item(item, book(int(item.source[6]))[1], "Ingested")
        writer.put_item(replace(bare_item(5), access="embargoed", embargo="2030-01-31"), {}, "Ingested")
        writer.put_item(closed(6), book(6)[1], "Ingested")
        writer.withdraw(closed(6), "a copy")
    return made


def test_on_its_day_an_embargo_is_over_and_harvesters_are_told(library: Library) -> None:
    before = library.catalogue.last_change()
    assert lift(library, LAST) == 0
    assert library.catalogue.last_change() == before
    assert ended(library, DAY) == [closed(1).id]
    assert lift(library, DAY) == 1
    ((change, record),) = library.catalogue.oai_records(Listing(after=before), 9)
    assert change > before
    assert b"/file/access/text.pdf</dc:identifier>" in record
    assert library.item(closed(1).id) == replace(closed(1), access="open")
    assert [one.item.id for one in library.changes(before, 9)] == [closed(1).id]
    assert library.archive.inventory(item_object(closed(1).id)).versions[-1].message == EMBARGO_ENDED


def test_it_is_over_once_and_a_rebuild_knows_it(library: Library) -> None:
    assert (lift(library, date(2030, 3, 1)), lift(library, date(2030, 3, 1))) == (2, 0)
    with library.writer() as writer:
        writer.put_item(closed(7), book(7)[1], "Ingested")
    library.catalogue.close()
    before = dump(library.catalogue.path)
    assert before["embargoes"] == [(closed(7).id, "2030-01-31")]
    library.rebuild_catalogue()
    library.catalogue.close()
    assert dump(library.catalogue.path) == before


def test_while_another_writes_it_waits(library: Library) -> None:
    other = Library.open(library.home, publishing())
    with other.writer(), pytest.raises(HomeHeld):
        lift(library, DAY)
    assert lift(library, DAY) == 1


def test_a_closed_file_is_named_in_no_record(library: Library) -> None:
    records = b"".join(record for _, record in library.catalogue.oai_records(Listing(), 9))
    assert b"/file/" not in records


def test_it_keeps_nothing_from_being_undone_for_it_is_nobodys_doing(library: Library) -> None:
    before = list(own_states(library.archive, closed(1).id))
    lift(library, DAY)
    assert list(own_states(library.archive, closed(1).id)) == before
