import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from oai_library import opened, write

import metadata.ids
from archive.catalogue import Catalogue
from ingest.draft import Draft
from ingest.identify import Register
from metadata.ids import is_item_id, item_id
from metadata.model import Identifier, Item, Text


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Make an empty catalogue."""
    with opened(tmp_path / "catalogue.db") as made:
        yield made


def _draft(content: str, number: str = "", source: str = "") -> Draft:
    identifiers = (Identifier("control-number", number),) if number else ()
    submission = hashlib.sha512(content.encode()).hexdigest()
    return Draft(Item(titles=(Text(content),), identifiers=identifiers, source=source, submission=submission))


def _hold(catalogue: Catalogue, *drafts: Draft) -> list[Item]:
    register = Register(catalogue)
    items = [register.enter(draft).item for draft in drafts]
    write(catalogue, items, 1)
    return items


def test_the_same_submission_has_the_same_id_anywhere(catalogue: Catalogue) -> None:
    entered = Register(catalogue).enter(_draft("a")).item
    assert entered.id == item_id(entered.submission)
    assert is_item_id(entered.id)


def test_what_the_library_holds_keeps_its_id_even_one_derived_otherwise(catalogue: Catalogue) -> None:
    other = Draft(Item(id="0000000000", titles=(Text("x"),), submission=_draft("a").item.submission))
    write(catalogue, [other.item], 1)
    assert Register(catalogue).enter(_draft("a")).item.id == "0000000000"


def test_a_clash_derives_the_next(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def derive(submission: str, attempt: int) -> str:
        return real(submission if attempt else "the same for all", attempt)

    real = metadata.ids._derive
    monkeypatch.setattr(metadata.ids, "_derive", derive)
    (held,) = _hold(catalogue, _draft("held"))
    register = Register(catalogue)
    first, second = (register.enter(_draft(content)).item.id for content in "ab")
    assert len({held.id, first, second}) == 3
    assert all(map(is_item_id, (first, second)))
    assert register.enter(_draft("held")).item.id == held.id


def test_a_record_with_other_content_keeps_the_id_of_its_number(catalogue: Catalogue) -> None:
    (held,) = _hold(catalogue, _draft("old", "(A)1"))
    assert Register(catalogue).enter(_draft("new", "(A)1")).item.id == held.id


def test_a_number_without_its_agency_and_a_number_of_a_file_name_nothing(catalogue: Catalogue) -> None:
    held = _hold(catalogue, _draft("old", "1"), _draft("older", "(A)1"))
    register = Register(catalogue)
    entered = [register.enter(_draft("new", "1")), register.enter(_draft("newer", "(A)1"), numbered=False)]
    assert not {one.item.id for one in entered} & {one.id for one in held}


def test_a_number_that_two_bear_names_neither(catalogue: Catalogue) -> None:
    held = _hold(catalogue, _draft("one", "(A)1"), _draft("two", "(A)1"))
    assert held[0].id != held[1].id
    assert Register(catalogue).enter(_draft("three", "(A)1")).item.id not in {one.id for one in held}


def test_of_two_records_with_one_number_the_second_is_not_lost(catalogue: Catalogue) -> None:
    (held,) = _hold(catalogue, _draft("old", "(A)1"))
    register = Register(catalogue)
    ids = [register.enter(_draft(content, "(A)1")).item.id for content in ("new", "newer", "old", "new")]
    assert ids[0] == ids[3] == held.id
    assert len(set(ids)) == 3


def test_the_first_of_those_with_the_same_content_is_remembered(catalogue: Catalogue) -> None:
    register = Register(catalogue)
    assert register.first_source(_draft("a", source="1")) == "1"
    assert register.first_source(_draft("a", source="2")) == "1"
    assert register.first_source(_draft("b", source="3")) == "3"


def _record(content: str, *numbers: str, source: str = "r.mrc#1") -> Draft:
    identifiers = tuple(Identifier("control-number", number) for number in numbers)
    draft = _draft(content, source=source)
    return replace(draft, item=replace(draft.item, identifiers=identifiers))


def test_the_number_of_another_agency_replaces_no_other_librarys_record(catalogue: Catalogue) -> None:
    held = _hold(catalogue, _record("frogs", "(LibA)1", "(Sirsi) a114"), _record("toads", "7", "(Sirsi) a115"))
    register = Register(catalogue)
    others = [_record("economics", "(LibB)9", "(Sirsi) a114"), _record("newts", "8", "(Sirsi) a115")]
    assert not {register.enter(one).item.id for one in others} & {one.id for one in held}
    assert register.enter(_record("toads again", "7", "(Sirsi) a115")).item.id == held[1].id


def test_a_record_that_was_given_out_comes_back_under_its_id(catalogue: Catalogue) -> None:
    numbers = [("(LibA)1",), ("2", "(Sirsi) a115")]
    held = _hold(catalogue, *(_record(f"frogs {own[0]}", *own) for own in numbers))
    ours = [f"({catalogue.publishing.namespace}){one.id}" for one in held]
    register = Register(catalogue)
    given = zip(ours, numbers, strict=True)
    back = [register.enter(_record(f"mended {name}", name, *own[1:], own[0])).item for name, own in given]
    assert [one.id for one in back] == [one.id for one in held]
    write(catalogue, back, 2)
    again = [Register(catalogue).enter(_record(f"from their library {own[0]}", *own)).item for own in numbers]
    assert [one.id for one in again] == [one.id for one in held]


def test_a_key_of_a_file_called_alike_replaces_nothing_unlike(catalogue: Catalogue) -> None:
    (held,) = _hold(catalogue, _record("Frogs of the north", "(refs.bib)smith2001", source="x/refs.bib#1"))
    register = Register(catalogue)
    other = _record("Economics in war time", "(refs.bib)smith2001", source="y/refs.bib#1")
    assert register.enter(other).item.id != held.id
    mended = _record("The frogs of the North", "(refs.bib)smith2001", source="x/refs.bib#1")
    assert register.enter(mended).item.id == held.id


def test_a_library_that_is_empty_gives_the_ids_it_would_give_when_asked(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def derive(submission: str, attempt: int) -> str:
        return real(submission if attempt else "the same for all", attempt)

    real = metadata.ids._derive
    monkeypatch.setattr(metadata.ids, "_derive", derive)
    drafts = [_draft("a", "(A)1"), _draft("b", "(A)1"), _draft("a", "(A)1"), _draft("c")]
    asked = [Register(catalogue).enter, Register(catalogue, empty=True).enter]
    by_asking, unasked = ([enter(draft).item.id for draft in drafts] for enter in asked)
    assert unasked == by_asking
    assert len(set(unasked)) == 3


def test_the_submission_of_a_record_may_be_told_beside_it(catalogue: Catalogue) -> None:
    (held,) = _hold(catalogue, _draft("held"))
    bare = replace(held, id="", submission="")
    assert Register(catalogue).id_of(bare, submitted=held.submission) == held.id
