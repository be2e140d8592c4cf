"""The undoing of an accession, killed before every single step: the next one ends where the first would have."""

import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from archive_library import bare_item, book, dump, publishing, put_records, tree
from test_archive_recovery import NOW, copy, in_library, killed_before
from thoroughness import steps

from archive.library import Library, Writer
from archive.lineage import DESCRIBED_ANEW, INGESTED
from archive.undo import OUTCOMES, plan_undoing, undo
from metadata.accession import Accession, Piece, is_undone, undone_reason
from metadata.errors import DamageFound, NotFound
from metadata.model import Text
from metadata.serial import record_line

NOTHING = dict.fromkeys(OUTCOMES, 0)


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every run the same change numbers, so that whole libraries can be compared."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW)


def second_accession(writer: Writer) -> None:
    """Bring a book and a record, and change a book and a record that an accession before had brought."""
    item, content = book(1)
    writer.put_item(replace(item, titles=(Text("Anew", "en"),)), {}, f"{DESCRIBED_ANEW}a-second")
    new, content = book(2)
    writer.put_item(replace(new, accession="a-second"), content, f"{INGESTED}a-second")
    lines = [
        replace(bare_item(20), titles=(Text("Anew", "en"),), accession="a-second"),
        replace(bare_item(30), accession="a-second"),
    ]
    outcomes = (("changed", item), ("new", new), ("changed", lines[0]), ("new", lines[1]))
    pieces = [msgspec.convert({"source": one.source, "outcome": told, "item": one.id}, Piece) for told, one in outcomes]
    with writer.workspace() as place:
        (place / "records").write_bytes(b"".join(map(record_line, lines)))
        accession = Accession("a-second", "2026-11-23T10:00:00Z", (), (("new", 2), ("changed", 2)))
        writer.put_accession(accession, pieces, place / "records", {})


@pytest.fixture
def base(folder: Path) -> Path:
    library = Library.create(folder / "base", publishing())
    with library.writer() as writer:
        put_records(writer, (20, 21))
        item, content = book(1)
        writer.put_item(item, content, f"{INGESTED}a-first")
        second_accession(writer)
    library.catalogue.close()
    return folder / "base"


def undoing(home: Path) -> None:
    library = Library.open(home, publishing())
    with library.writer() as writer:
        undo(library, writer, "a-second")
    library.catalogue.close()


def heal(home: Path) -> None:
    in_library(home, lambda _: None)


def test_killed_before_any_step_it_ends_where_it_would_have_ended(base: Path, folder: Path) -> None:
    whole = copy(base, folder / "whole")
    undoing(whole)
    rows, files = dump(whole / "catalogue.db"), tree(whole / "archive")
    home, seen = folder / "home", set()
    for step in steps(7):
        if not killed_before(step, undoing, copy(base, home)):
            break
        heal(home)
        library = Library.open(home, publishing())
        left = [one.outcome for one in plan_undoing(library, "a-second").steps]
        if tuple(left) not in seen:
            library.rebuild_catalogue()
            assert [one.outcome for one in plan_undoing(library, "a-second").steps] == left
        seen.add(tuple(left))
        library.catalogue.close()
        undoing(home)
        assert dump(home / "catalogue.db") == rows, step
        assert tree(home / "archive") == files, step
        assert not list((home / "staging").iterdir())
    assert step > 60
    done = "undone before"
    assert seen == {("reverted", "withdrawn") * 2, (done, done, "reverted", "withdrawn"), (done,) * 4}


def test_a_rebuild_gives_the_same_rows_and_items_go_back_to_what_they_were(base: Path) -> None:
    undoing(base)
    library = Library.open(base, publishing())
    assert library.item(book(1)[0].id) == book(1)[0]
    assert library.item(bare_item(20).id) == bare_item(20)
    assert is_undone(library.item(book(2)[0].id))
    assert is_undone(library.item(bare_item(30).id))
    library.catalogue.close()
    before = dump(base / "catalogue.db")
    library.rebuild_catalogue()
    library.catalogue.close()
    assert dump(base / "catalogue.db") == before


def test_what_another_accession_said_between_outlives_a_rebuild(base: Path) -> None:
    """The first accession is undone after the second changed its record: the first's later version does not count."""
    library = Library.open(base, publishing())
    with library.writer() as writer:
        report = undo(library, writer, "a-first")
    assert [step.outcome for step in report.steps] == ["left", "withdrawn"]
    library.rebuild_catalogue()
    assert library.item(bare_item(20).id).titles == (Text("Anew", "en"),)
    assert library.item(bare_item(21).id).status == "withdrawn"


def test_an_accession_whose_lines_are_damaged_cannot_be_undone_blindly(base: Path) -> None:
    (records,) = base.glob("archive/*/*/*accession%3aa-first/v1/content/records.jsonl")
    records.write_bytes(records.read_bytes().replace(b"Forest", b"Fxrest"))
    library = Library.open(base, publishing())
    with library.writer() as writer, pytest.raises(DamageFound, match=r"records\.jsonl"):
        undo(library, writer, "a-second")
    accession = library.catalogue.accession("a-second")
    assert accession is not None
    assert accession.state == "kept"


def test_what_an_interrupted_ingest_brought_is_taken_back_too(base: Path) -> None:
    library = Library.open(base, publishing())
    with library.writer() as writer:
        new, content = book(3)
        writer.put_item(replace(new, accession="a-third"), content, f"{INGESTED}a-third")
        changed, _ = book(2)
        writer.put_item(replace(changed, titles=(Text("Later", "en"),)), {}, f"{DESCRIBED_ANEW}a-third")
        before = library.catalogue.item(book(1)[0].id)
        assert plan_undoing(library, "a-third").counts == {**NOTHING, "withdrawn": 1, "reverted": 1}
        done = undo(library, writer, "a-third")
        assert (done.accession.state, done.counts["withdrawn"], done.counts["reverted"]) == ("undone", 1, 1)
        again = undo(library, writer, "a-third")
        assert (again.is_due, again.counts) == (False, {**NOTHING, "undone before": 2})
    assert library.item(new.id).reason == undone_reason("a-third")
    assert library.item(changed.id).titles == book(2)[0].titles
    assert library.catalogue.item(book(1)[0].id) == before
    with pytest.raises(NotFound):
        plan_undoing(library, "a-fourth")
    library.catalogue.close()
