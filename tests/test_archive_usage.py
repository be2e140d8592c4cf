"""What is kept of usage: sums by month in usage.db, those of the months that are over in the archive."""

import csv
import os
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archive_library import bare_item, faults, oracle, publishing

from archive.library import Library
from archive.usage import FILE, Usage
from archive.usage_kept import METRICS, OBJECT, Sums, keep_months, kept_month, months_kept
from canoe.usage_keeping import Keeping, keep_usage
from metadata.errors import DamageFound, HomeHeld, Outdated

A, B, C = (bare_item(number).id for number in (1, 2, 3))
COUNTED = {
    (A, "2025-12"): Sums(5, 3, 2, 1),
    (A, "2026-10"): Sums(10, 8, 6, 4),
    (B, "2026-10"): Sums(9, 9, 9, 9),
    (C, "2026-11"): Sums(1, 1, 0, 0),
}
DECEMBER = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library.create(tmp_path / "home", publishing())
    Usage(library.home, library.archive).add(COUNTED)
    return library


def used(library: Library) -> Usage:
    return Usage(library.home, library.archive)


def everything(library: Library) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(library.home / FILE)) as connection:
        return connection.execute("SELECT * FROM usage ORDER BY item, month").fetchall()


def test_sums_are_told_by_item_month_and_year(library: Library) -> None:
    usage = used(library)
    usage.add({(A, "2026-10"): Sums(1, 1, 1, 1)})
    assert usage.of_item(A) == Sums(16, 12, 9, 6)
    assert usage.of_item("nobody") == Sums()
    assert usage.first_month() == "2025-12"
    assert usage.by_month() == {"2025-12": Sums(5, 3, 2, 1), "2026-10": Sums(20, 18, 16, 14), "2026-11": Sums(1, 1)}
    assert list(usage.by_month("2026")) == ["2026-10", "2026-11"]
    assert usage.by_month("2026", f'["{B}"]') == {"2026-10": Sums(9, 9, 9, 9)}
    assert usage.by_month("1999") == {}
    assert usage.most_used(2, "2026") == [(B, Sums(9, 9, 9, 9)), (A, Sums(11, 9, 7, 5))]
    assert usage.most_used(1, "", f'["{A}", "{C}"]') == [(A, Sums(16, 12, 9, 6))]
    assert usage.of_month("2026-11") == {C: Sums(1, 1)}
    assert {one.item: one.total for one in usage.of_year("2026")} == {
        A: Sums(11, 9, 7, 5),
        B: Sums(9, 9, 9, 9),
        C: Sums(1, 1),
    }


def test_a_year_of_many_items_is_told_whole(library: Library) -> None:
    many = {(bare_item(number).id, f"2024-{month:02}"): Sums(number) for number in range(1, 1201) for month in (1, 12)}
    used(library).add(many)
    found = list(used(library).of_year("2024"))
    assert [one.item for one in found] == sorted({item for item, _ in many})
    assert sum(one.total.investigations for one in found) == 2 * sum(range(1, 1201))
    assert len(list(used(library).of_year("2024", f'["{A}", "{C}"]'))) == 2


def test_without_a_file_there_are_no_sums_and_none_is_made(library: Library) -> None:
    (library.home / FILE).unlink()
    usage = used(library)
    assert (usage.of_item(A), usage.by_month(), usage.first_month(), list(usage.of_year("2026"))) == (
        Sums(),
        {},
        "",
        [],
    )
    assert not (library.home / FILE).exists()


def test_months_that_are_over_are_kept_once_and_come_back_from_the_archive(library: Library) -> None:
    before = everything(library)
    assert keep_usage(library, DECEMBER) == 3
    assert keep_usage(library, DECEMBER) == 0
    assert list(months_kept(library.archive)) == ["2025-12", "2026-10", "2026-11"]
    assert (faults(library), oracle(library.home / "archive")) == ([], [])
    for file in library.home.glob(f"{FILE}*"):
        file.unlink()
    library.rebuild_catalogue()
    assert everything(library) == before
    library.rebuild_catalogue()
    assert everything(library) == before


def test_a_file_that_is_made_anew_begins_with_what_is_kept(library: Library) -> None:
    keep_usage(library, DECEMBER)
    (library.home / FILE).unlink()
    used(library).add({(A, "2026-12"): Sums(1, 1, 1, 1)})
    assert used(library).of_item(A) == Sums(16, 12, 9, 6)


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), ["2025-12", "2026-10"]),
        (datetime(2026, 12, 1, 0, 5, tzinfo=UTC), ["2025-12", "2026-10"]),
        (datetime(2026, 12, 1, 0, 11, tzinfo=UTC), ["2025-12", "2026-10", "2026-11"]),
    ],
)
def test_a_month_is_kept_only_when_it_is_over(library: Library, now: datetime, kept: list[str]) -> None:
    keep_usage(library, now)
    assert list(months_kept(library.archive)) == kept


def test_what_is_counted_late_is_kept_too_and_no_sum_becomes_smaller(library: Library) -> None:
    keep_usage(library, DECEMBER)
    used(library).add({(C, "2026-11"): Sums(2, 1, 1, 1), (B, "2026-11"): Sums(1, 1)})
    assert keep_usage(library, DECEMBER) == 1
    assert kept_month(library.archive, "2026-11") == {B: Sums(1, 1), C: Sums(3, 2, 1, 1)}
    assert len(library.archive.inventory(OBJECT).versions) == 2
    with library.writer() as writer:
        assert keep_months(writer, {"2026-11": {C: Sums(1, 9, 0, 0)}}) == 1
    assert kept_month(library.archive, "2026-11")[C] == Sums(3, 9, 1, 1)


def test_the_file_of_a_month_is_a_table_for_people(library: Library) -> None:
    keep_usage(library, DECEMBER)
    inventory = library.archive.inventory(OBJECT)
    rows = list(csv.reader(library.archive.read(inventory, "2026-10.csv").decode().splitlines()))
    assert rows[0] == ["item", *METRICS]
    assert sorted(rows[1:]) == sorted([[A, "10", "8", "6", "4"], [B, "9", "9", "9", "9"]])


def test_a_library_that_nobody_uses_gets_nothing(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "home", publishing())
    assert keep_usage(library, DECEMBER) == 0
    library.rebuild_catalogue()
    assert not library.archive.exists(OBJECT)
    assert not (library.home / FILE).exists()


def test_keeping_waits_for_another_writer(library: Library) -> None:
    keeping = Keeping(Library.open(library.home, publishing()), threading.Event())
    with library.writer():
        with pytest.raises(HomeHeld):
            keep_usage(Library.open(library.home, publishing()), DECEMBER)
        assert keeping.keep() == 60
    assert keeping.keep() == 3600
    assert list(months_kept(library.archive))


def test_damage_in_the_archive_is_named_and_does_not_stop_the_counting(library: Library) -> None:
    keep_usage(library, DECEMBER)
    folder = library.archive.folder(OBJECT)
    (folder / library.archive.inventory(OBJECT).content_path("2026-10.csv")).write_text("item,x\n", "utf-8")
    with pytest.raises(DamageFound, match=r"2026-10\.csv"):
        kept_month(library.archive, "2026-10")
    (library.home / FILE).unlink()
    used(library).add({(A, "2026-12"): Sums(1)})
    assert used(library).of_item(A).investigations == 1 + 5
    assert [OBJECT in fault.message or "2026-10" in fault.message for fault in library.rebuild_catalogue().damaged] == [
        True
    ]


def test_a_damaged_file_is_named(library: Library) -> None:
    keep_usage(library, DECEMBER)
    (library.home / FILE).write_bytes(b"not a database, by far not" * 100)
    with pytest.raises(Outdated, match=FILE):
        used(library).of_item(A)
    with pytest.raises(Outdated, match=FILE):
        used(library).add(COUNTED)
    assert len(library.rebuild_catalogue().damaged) == 1


def test_sums_are_read_where_nothing_can_be_written(library: Library) -> None:
    for file in library.home.glob(f"{FILE}-*"):
        file.unlink()
    library.home.chmod(0o555)
    try:
        assert used(library).of_item(B) == Sums(9, 9, 9, 9)
        assert os.access(library.home, os.W_OK) or not [*library.home.glob(f"{FILE}-*")]
    finally:
        library.home.chmod(0o755)
