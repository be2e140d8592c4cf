from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from oai_library import opened, write

from archive.catalogue import Catalogue
from ingest.doi_prefixes import Prefixes
from ingest.identify import Register
from ingest.records import Amendment, Naming, RecordShelf, rejected_piece
from ingest.resemblance import Resemblance
from ingest.ties import Ties
from metadata.description import Description, Link, Rejected
from metadata.matching import Matcher
from metadata.model import Doi, Identifier, Item, Relation, Text
from metadata.problems import problem
from metadata.serial import from_json
from metadata.vocabulary import shipped

NAMING = Naming(Matcher(shipped()), Prefixes("10.5555"), "shelf", "a-1")


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Make an empty catalogue."""
    with opened(tmp_path / "catalogue.db") as made:
        yield made


@pytest.fixture
def shelf(catalogue: Catalogue, tmp_path: Path) -> RecordShelf:
    """Make an empty shelf beside the catalogue."""
    return _shelf(catalogue, tmp_path)


def _shelf(catalogue: Catalogue, folder: Path) -> RecordShelf:
    (folder / "records.jsonl").unlink(missing_ok=True)
    return RecordShelf(folder / "records.jsonl", Register(catalogue), Ties(catalogue), NAMING, Resemblance(catalogue))


def _record(title: str, number: str = "", translation_of: str = "") -> Description:
    identifiers = (Identifier("control-number", number),) if number else ()
    links = (Link("isTranslationOf", "control-number", translation_of, "765$w"),) if translation_of else ()
    item = Item(titles=(Text(title),), identifiers=identifiers, keywords=(Text("wetlands", "en"),))
    return Description(1, item, title.encode(), links=links)


def _kept(shelf: RecordShelf) -> list[Item]:
    return [from_json(line) for line in shelf.path.read_bytes().splitlines()]


def test_a_record_is_kept_named_classified_and_in_its_collection(shelf: RecordShelf) -> None:
    piece = shelf.take("r.mrc#1", _record("One", "(A)1"))
    (item,) = _kept(shelf)
    assert (piece.source, piece.outcome, piece.item) == ("r.mrc#1", "new", item.id)
    assert item.doi == Doi(f"10.5555/{item.id}", "reserved")
    assert (item.collections, item.accession, item.source) == (("shelf",), "a-1", "r.mrc#1")
    assert len(item.concepts) == 1
    assert shelf.resolve() == {}


def test_the_same_record_twice_is_a_duplicate(shelf: RecordShelf) -> None:
    first = shelf.take("r.mrc#1", _record("One"))
    second = shelf.take("r.mrc#2", _record("One"))
    assert (second.outcome, second.item) == ("duplicate", first.item)
    assert len(_kept(shelf)) == 1


def test_what_the_library_holds_is_not_kept_again(catalogue: Catalogue, tmp_path: Path) -> None:
    first = _shelf(catalogue, tmp_path)
    first.take("r.mrc#1", _record("One"))
    write(catalogue, _kept(first), 1)
    again = _shelf(catalogue, tmp_path)
    assert again.take("other.mrc#1", _record("One")).outcome == "identical"
    assert _kept(again) == []


def test_a_changed_record_keeps_id_doi_and_withdrawal(catalogue: Catalogue, tmp_path: Path) -> None:
    first = _shelf(catalogue, tmp_path)
    first.take("r.mrc#1", _record("One", "(A)1"))
    (item,) = _kept(first)
    held = replace(item, status="withdrawn", reason="wrong", doi=Doi("10.1/x", "findable"))
    write(catalogue, [held], 1)
    second = _shelf(catalogue, tmp_path)
    assert second.take("r.mrc#1", _record("Two", "(A)1")).outcome == "changed"
    (changed,) = _kept(second)
    assert changed.title.value == "Two"
    assert (changed.id, changed.doi, changed.status, changed.reason) == (held.id, held.doi, "withdrawn", "wrong")


def test_ties_are_resolved_when_all_numbers_are_known(shelf: RecordShelf) -> None:
    first = shelf.take("r.mrc#1", _record("Un", "(A)1", translation_of="(A)2"))
    second = shelf.take("r.mrc#2", _record("Two", "(A)2", translation_of="(A)9"))
    amended = shelf.resolve()
    kept = {item.id: item.relations for item in _kept(shelf)}
    assert kept == {first.item: (Relation("isTranslationOf", second.item),), second.item: ()}
    assert list(amended) == ["r.mrc#2"]
    assert [one.code for one in amended["r.mrc#2"].problems] == ["relation-unresolved"]
    assert not amended["r.mrc#2"].changed


def test_what_was_held_is_kept_again_when_its_tie_can_be_told_now(catalogue: Catalogue, tmp_path: Path) -> None:
    first = _shelf(catalogue, tmp_path)
    first.take("r.mrc#1", _record("Un", "(A)1", translation_of="(A)2"))
    write(catalogue, _kept(first), 1)
    second = _shelf(catalogue, tmp_path)
    held = second.take("r.mrc#1", _record("Un", "(A)1", translation_of="(A)2"))
    new = second.take("r.mrc#2", _record("Two", "(A)2"))
    assert held.outcome == "identical"
    assert second.resolve() == {"r.mrc#1": Amendment(True, ())}
    kept = {item.id: item for item in _kept(second)}
    assert kept[held.item].relations == (Relation("isTranslationOf", new.item),)
    assert kept[held.item].accession == "a-1"


def test_what_is_no_record_of_ours_is_set_aside_and_what_is_bad_is_refused() -> None:
    why = (problem("record-damaged", "r.mrc#1", reason="x"),)
    assert rejected_piece("r.mrc#1", Rejected(1, why)).outcome == "refused"
    assert rejected_piece("r.mrc#1", Rejected(1, why, set_aside=True)).outcome == "set_aside"
    assert rejected_piece("r.mrc#1", Rejected(1, why)).problems == why
