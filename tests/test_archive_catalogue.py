"""The catalogue: change numbers, what is found by what, OAI pages, and what it says when it cannot be used."""

import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, book, dump, filled, publishing, sha512

from archive import catalogue_file, schema
from archive.catalogue import Catalogue
from archive.catalogued import END, Listing
from archive.cataloguing import Batch, Entry, PageSpan
from archive.clock import SECOND
from archive.library import Library
from metadata.accession import Accession
from metadata.disseminations import OAI_DC
from metadata.errors import HomeHeld, Outdated, StorageError
from metadata.model import Doi, Identifier, Item, Relation, Text


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with closing(Catalogue(tmp_path / "catalogue.db", publishing())) as made:
        made.create()
        yield made


def write(catalogue: Catalogue, *items: Item, start: int = 1) -> None:
    catalogue.write([Batch([Entry(item, start + n, f"urn:x:{item.id}") for n, item in enumerate(items)])])


def ids(items: object) -> list[str]:
    assert isinstance(items, list | tuple)
    return [item.id for item in items]


def test_a_new_catalogue_is_empty(catalogue: Catalogue) -> None:
    catalogue.verify()
    assert catalogue.counts() == (0, 0, 0)
    assert catalogue.last_change() == 0
    assert catalogue.item("0123456789") is None
    assert catalogue.oai_record("0123456789") is None
    assert catalogue.accession("a-1") is None
    assert abs(catalogue.earliest_datestamp() - time.time()) < 5
    assert [*catalogue.changes(0, 9), *catalogue.items(), *catalogue.accessions(), *catalogue.oai_sets()] == []


def test_an_item_is_found_by_all_it_is_found_by(catalogue: Catalogue) -> None:
    item, other = bare_item(1), replace(bare_item(2), source="records.mrc#1", accession="a-second")
    write(catalogue, item, other)
    held = catalogue.held(item.id)
    assert held is not None
    assert (held.item, held.object_id, held.change) == (item, f"urn:x:{item.id}", 1)
    assert catalogue.by_submission(item.submission) == item
    assert catalogue.by_submission(sha512(b"never")) is None
    assert set(ids(catalogue.by_source("records.mrc#1"))) == {item.id, other.id}
    assert catalogue.repeated_sources() == {"records.mrc#1"}
    assert ids(catalogue.by_identifier("isbn", item.identifiers[0].value)) == [item.id]
    assert ids(catalogue.by_identifier("issn", item.identifiers[0].value)) == []
    assert catalogue.object_ids() == sorted([f"urn:x:{item.id}", f"urn:x:{other.id}"])
    assert ids(catalogue.items()) == sorted([item.id, other.id])
    assert ids(catalogue.items(after=min(item.id, other.id))) == [max(item.id, other.id)]


def test_an_item_written_again_replaces_all_of_itself(catalogue: Catalogue) -> None:
    item = replace(bare_item(1), relations=(Relation("isPartOf", "0123456789"),))
    spans = (PageSpan(1, 0, 10), PageSpan(2, 10, 20))
    catalogue.write([Batch([Entry(item, 1, "urn:x:1", spans)])])
    assert catalogue.page_spans(item.id) == list(spans)
    bare = Item(id=item.id, titles=(Text("Other", "fr"),), languages=("fr",), submission=item.submission)
    write(catalogue, bare, start=9)
    rows = dump(catalogue.path)
    assert {name for name, found in rows.items() if found} == {
        "settings",
        "items",
        "oai_records",
        "oai_members",
        "oai_sets",
        "oai_counts",
    }
    assert [(change.number, change.item) for change in catalogue.changes(0, 9)] == [(9, bare)]
    assert catalogue.last_change() == 9


def test_changes_are_a_sequence_with_each_item_once(catalogue: Catalogue) -> None:
    items = [bare_item(number) for number in range(6)]
    write(catalogue, *items)
    write(catalogue, items[1], items[4], start=10)
    read: list[int] = []
    while batch := catalogue.changes(read[-1] if read else 0, 2):
        read += [change.number for change in batch]
    assert read == [1, 3, 4, 6, 10, 11]
    assert ids(catalogue.newest(3)) == [items[4].id, items[1].id, items[5].id]


def test_changes_rise_when_the_clock_is_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library.create(tmp_path / "home", publishing())
    now, day = time.time_ns(), 86_400 * 10**9
    numbers = []
    for item_number, clock in enumerate((now, now, now + 3 * day, now - 3 * day, now, 1)):
        monkeypatch.setattr(time, "time_ns", lambda clock=clock: clock)
        with library.writer() as writer:
            writer.put_item(*book(item_number), "Ingested")
        numbers.append(library.catalogue.last_change())
    assert numbers == sorted(set(numbers))
    stamps = seconds(list(library.catalogue.oai_records(Listing(), 99)))
    assert stamps == sorted(stamps) == [number // SECOND for number in numbers]


def test_accessions_take_part_in_the_sequence(catalogue: Catalogue) -> None:
    accession = Accession("a-1", "2026-11-22T15:04:05Z", ("shelf",), (("new", 1),))
    catalogue.write([Batch(accession=accession, change=1 << 60)])
    assert catalogue.next_change() == (1 << 60) + 1
    catalogue.write([Batch(accession=replace(accession, sources=()), change=(1 << 60) + 1)])
    assert catalogue.accessions() == [replace(accession, sources=())]
    assert catalogue.accession("a-1") == replace(accession, sources=())


def test_a_withdrawn_item_is_counted_and_kept_apart(catalogue: Catalogue) -> None:
    write(catalogue, bare_item(1), replace(bare_item(2), status="withdrawn", reason="a copy"))
    assert catalogue.counts() == (1, 1, 0)
    assert ids(catalogue.newest(9)) == [bare_item(1).id]
    assert len(catalogue.changes(0, 9)) == 2


def test_external_dois_are_not_ours(catalogue: Catalogue) -> None:
    write(catalogue, bare_item(1), replace(bare_item(2), doi=Doi("10.1000/182", "external")))
    assert [row[0] for row in dump(catalogue.path)["dois"]] == [f"10.5555/{bare_item(1).id}"]


def test_editions_are_tied_both_ways_and_through_each_other(catalogue: Catalogue) -> None:
    english, french, spanish, other = (replace(bare_item(n), relations=()) for n in (0, 1, 2, 3))
    gone = replace(bare_item(4), languages=("de",), status="withdrawn", relations=tied(english))
    part = replace(bare_item(5), relations=(Relation("isPartOf", english.id),))
    beyond = replace(bare_item(6), languages=("pt",), relations=tied(gone))
    write(catalogue, english, replace(french, relations=tied(english)), replace(spanish, relations=tied(french)))
    write(catalogue, other, gone, part, beyond, start=10)
    assert ids(catalogue.editions(english.id)) == [spanish.id, french.id, beyond.id]
    assert ids(catalogue.editions(spanish.id)) == [english.id, french.id, beyond.id]
    assert set(ids(catalogue.editions(gone.id))) == {english.id, french.id, spanish.id, beyond.id}
    assert ids(catalogue.editions(other.id)) == ids(catalogue.editions(part.id)) == []
    circle = replace(english, relations=tied(spanish))
    write(catalogue, circle, start=20)
    assert ids(catalogue.editions(english.id)) == [spanish.id, french.id, beyond.id]


def tied(item: Item) -> tuple[Relation, ...]:
    return (Relation("isTranslationOf", item.id),)


Shown = tuple[int, bytes]


def pages(catalogue: Catalogue, set_spec: str, limit: int, until: int = END) -> list[Shown]:
    read: list[Shown] = []
    while batch := catalogue.oai_records(Listing(OAI_DC, set_spec, read[-1][0] if read else 0, until), limit):
        assert len(batch) <= limit
        read += batch
    return read


def seconds(read: list[Shown]) -> list[int]:
    return [change // SECOND for change, _ in read]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_oai_pages_give_every_record_once_in_order(catalogue: Catalogue, limit: int) -> None:
    """Three seconds with many records each: pages break inside a second."""
    items = [replace(bare_item(n), status="withdrawn" if n % 5 == 0 else "published") for n in range(30)]
    for second in range(3):
        write(catalogue, *items[second * 10 : second * 10 + 10], start=(1000 + second) * SECOND)
    read = pages(catalogue, "", limit)
    assert [change for change, _ in read] == [(1000 + n // 10) * SECOND + n % 10 for n in range(30)]
    assert [b'status="deleted"' in record for _, record in read] == [n % 5 == 0 for n in range(30)]
    assert [b"<metadata>" not in record for _, record in read] == [n % 5 == 0 for n in range(30)]
    assert all(item.id.encode() in record for item, (_, record) in zip(items, read, strict=True))
    assert seconds(pages(catalogue, "", limit, until=1001)) == [1000] * 10 + [1001] * 10
    french = pages(catalogue, "language:fr", limit)
    assert french == [shown for item, shown in zip(items, read, strict=True) if item.languages == ("fr",)]
    assert any(b'status="deleted"' in record for _, record in french)
    assert catalogue.oai_count(Listing(until=1002)) == 30
    assert catalogue.oai_count(Listing(OAI_DC, "language:fr", 1001 * SECOND - 1, 1001)) == seconds(french).count(1001)
    assert catalogue.oai_count(Listing(until=999)) == 0
    assert pages(catalogue, "language:xx", limit) == []
    assert {"language:en", "language:es", "language:fr"} <= {spec for spec, _ in catalogue.oai_sets()}
    assert catalogue.earliest_datestamp() == 1000


def test_a_record_changed_while_it_is_harvested_comes_again_and_none_is_missed(catalogue: Catalogue) -> None:
    items = [bare_item(n) for n in range(6)]
    write(catalogue, *items, start=1000 * SECOND)
    first = catalogue.oai_headers(Listing(), 3)
    write(catalogue, items[1], items[4], start=1001 * SECOND)
    rest = catalogue.oai_headers(Listing(after=first[-1][0]), 9)
    seen = [item.id for _, header in (*first, *rest) for item in items if item.id.encode() in header]
    assert seen == [items[n].id for n in (0, 1, 2, 3, 5, 1, 4)]


def test_what_it_was_made_for_is_verified(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    other_url = Catalogue(catalogue.path, publishing("http://elsewhere.example.org"))
    with closing(other_url), pytest.raises(Outdated, match=r"base URL 'http://library.*now it is 'http://elsewhere"):
        other_url.verify()
    other_name = Catalogue(catalogue.path, replace(publishing(), namespace="elsewhere.example.org"))
    with closing(other_name), pytest.raises(Outdated, match="OAI namespace"):
        other_name.verify()
    monkeypatch.setattr(schema, "EDITION", "0")
    with pytest.raises(Outdated, match="edition"):
        catalogue.verify()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = filled(tmp_path_factory.mktemp("pristine") / "home")
    library.catalogue.close()
    return library.home


def spoilt(pristine: Path, home: Path, data: bytes | None) -> Path:
    shutil.copytree(pristine, home)
    for path in home.glob("catalogue.db*"):
        path.unlink()
    if data is not None:
        (home / "catalogue.db").write_bytes(data)
    return home


@pytest.mark.parametrize(
    "data", [None, b"", b"garbage", b"garbage" * 5000, b"SQLite format 3\0" + b"\xff" * 8000, b"\0" * 4096]
)
def test_what_is_no_catalogue_is_said_to_be_none(pristine: Path, tmp_path: Path, data: bytes | None) -> None:
    home = spoilt(pristine, tmp_path / "home", data)
    with pytest.raises(Outdated, match=re.escape(str(home / "catalogue.db"))) as raised:
        Library.open(home, publishing())
    assert "canoe rebuild" in raised.value.hint


def test_a_cut_catalogue_never_answers_wrongly(pristine: Path, tmp_path: Path) -> None:
    whole = (pristine / "catalogue.db").read_bytes()
    answers = {item.id for item in Library.open(pristine, publishing()).items()}
    silent = 0
    for size in range(4096, len(whole), 8192):
        home = spoilt(pristine, tmp_path / str(size), whole[:size])
        library = Library.open_unverified(home, publishing())
        try:
            library.catalogue.verify()
            silent += {item.id for item in library.items()} != answers
        except Outdated as fault:
            silent += str(library.catalogue.path) not in fault.message
        library.catalogue.close()
    assert silent == 0


def test_a_catalogue_without_permission_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").mkdir()
    with closing(Catalogue(tmp_path / "catalogue.db", publishing())) as made, pytest.raises(StorageError):
        made.verify()


def test_readers_do_not_wait_and_see_all_or_nothing(catalogue: Catalogue) -> None:
    write(catalogue, bare_item(1))
    seen, waited = [], []

    def batches() -> Iterator[Batch]:
        for number in (1, 2, 3):
            yield Batch([Entry(replace(bare_item(number), reason="new"), 10 + number, "urn:x:1")])
            with closing(Catalogue(catalogue.path, publishing())) as reader:
                started = time.monotonic()
                seen.append([(change.number, change.item.reason) for change in reader.changes(0, 9)])
                waited.append(time.monotonic() - started)

    catalogue.write(batches())
    assert seen == [[(1, "")]] * 3
    assert max(waited) < 1
    seen.clear()
    catalogue.replace_all(batches())
    assert seen == [[(11, "new"), (12, "new"), (13, "new")]] * 3
    assert [change.number for change in catalogue.changes(0, 9)] == [11, 12, 13]


def test_a_write_that_fails_leaves_the_catalogue_as_it_was(catalogue: Catalogue) -> None:
    write(catalogue, bare_item(1))
    before = dump(catalogue.path)

    def failing() -> Iterator[Batch]:
        yield Batch([Entry(bare_item(2), 5, "urn:x:2")])
        raise RuntimeError("the archive is damaged")

    for writing in (catalogue.write, catalogue.replace_all):
        with pytest.raises(RuntimeError):
            writing(failing())
        assert dump(catalogue.path) == before


def test_another_program_that_holds_the_file_is_not_called_damage(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_file, "PATIENCE", 0.05)
    catalogue.close()
    with closing(sqlite3.connect(catalogue.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HomeHeld, match=r"catalogue\.db is held"):
            write(catalogue, bare_item(1))
        assert catalogue.counts() == (0, 0, 0)
        other.execute("ROLLBACK")
    write(catalogue, bare_item(1))
    assert catalogue.counts() == (1, 0, 0)


def test_a_lock_that_is_held_for_a_moment_is_waited_for(catalogue: Catalogue) -> None:
    """As a reader takes it that meets the log's index half written: also while the write has read already."""
    write(catalogue, bare_item(1))
    catalogue.close()
    with closing(sqlite3.connect(catalogue.path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, other.execute, ("ROLLBACK",))
        release.start()
        write(catalogue, bare_item(1), bare_item(2), start=2)
        release.join()
    assert catalogue.counts() == (2, 0, 0)


def test_a_home_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "what? #1 %41&mode=ro" / os.fsdecode("é")
    library = Library.create(folder, publishing())
    with library.writer() as writer:
        writer.put_item(*book(1), "Ingested")
    assert sorted(path.name for path in folder.glob("catalogue.db")) == ["catalogue.db"]
    assert Library.open(folder, publishing()).catalogue.counts() == (1, 0, 3)


def test_hostile_values_are_values(catalogue: Catalogue) -> None:
    item = replace(bare_item(1), source="'; DROP TABLE items; --", identifiers=(Identifier('"', "%' OR 1=1"),))
    write(catalogue, item, bare_item(2))
    assert ids(catalogue.by_source("'; DROP TABLE items; --")) == [item.id]
    assert ids(catalogue.by_identifier('"', "%' OR 1=1")) == [item.id]
    assert ids(catalogue.by_identifier('"', "%")) == []
