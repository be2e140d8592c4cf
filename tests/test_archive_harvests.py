"""How lists stand: what the accessions say, in whatever order things went."""

from dataclasses import replace
from pathlib import Path

from archive.harvests import Note, harvests, read_notes, write_note
from metadata.accession import Accession, Harvest

KEY = ("http://x.example/oai", "oai_dc", "")
WHOLE = Harvest(*KEY, "X", began="2026-03-01T00:00:00Z", newest="2026-02-01T00:00:00Z", complete=True)
PART = Harvest(*KEY, "X", "", WHOLE.began, WHOLE.newest, True, "t1")


def accession(number: int, harvest: Harvest | None, undone_at: str = "") -> Accession:
    received = f"2026-03-{number:02}T00:00:00Z"
    return Accession(f"a-{number}", received, ("x",), (("new", number),), undone_at, harvest=harvest)


def test_a_whole_list_is_marked_with_its_newest_datestamp_but_not_beyond_the_repositorys_clock() -> None:
    for newest, began, mark in (
        ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2031-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2031-01-01", "2026-03-01T00:00:00Z", "2026-03-01"),
        ("2026-02-01", "", "2026-02-01"),
        ("", "2026-03-01T00:00:00Z", ""),
    ):
        whole = replace(WHOLE, newest=newest, began=began)
        (listed,) = harvests([accession(1, whole)], {}).values()
        assert (listed.mark, listed.pending) == (mark, None)


def test_a_list_that_broke_off_is_pending_until_it_came_to_its_end() -> None:
    broken = harvests([accession(1, None), accession(2, PART)], {})[KEY]
    assert (broken.mark, broken.pending, broken.last_success_at) == ("", PART, "")
    ended = harvests([accession(2, PART), accession(3, WHOLE)], {})[KEY]
    assert (ended.mark, ended.pending, ended.last_success_at) == (WHOLE.newest, None, "2026-03-03T00:00:00Z")
    assert (ended.accessions, ended.counts["new"], ended.repository) == (2, 5, "X")


def test_what_was_asked_from_beyond_the_mark_leaves_the_mark() -> None:
    beyond = replace(WHOLE, since="2026-02-20", newest="2026-02-27T00:00:00Z")
    assert harvests([accession(1, WHOLE), accession(2, beyond)], {})[KEY].mark == WHOLE.newest
    assert harvests([accession(2, beyond)], {})[KEY].mark == beyond.newest
    within = replace(beyond, since="2026-01-20")
    assert harvests([accession(1, WHOLE), accession(2, within)], {})[KEY].mark == within.newest


def test_what_broke_off_is_still_to_come_where_only_later_records_were_asked_for() -> None:
    beyond = replace(WHOLE, since="2026-02-20", newest="2026-02-27T00:00:00Z")
    for later in (beyond, replace(beyond, complete=False, token=PART.token + "9")):
        assert harvests([accession(1, PART), accession(2, later)], {})[KEY].pending == PART
    incremental = replace(PART, since=WHOLE.newest)
    anew = replace(WHOLE, since="")
    assert harvests([accession(1, WHOLE), accession(2, incremental), accession(3, anew)], {})[KEY].pending is None


def test_undoing_brings_the_list_back_to_where_it_was_and_what_comes_then_counts() -> None:
    later = replace(WHOLE, since=WHOLE.newest, newest="2026-02-20T00:00:00Z")
    first, second = accession(1, WHOLE), accession(2, later)
    assert harvests([first, second], {})[KEY].mark == later.newest
    undone = replace(first, undone_at="2026-03-04T00:00:00Z")
    assert harvests([undone, second], {})[KEY].mark == ""
    assert harvests([first, replace(second, undone_at="2026-03-04T00:00:00Z")], {})[KEY].mark == WHOLE.newest
    assert harvests([undone, second, accession(5, later)], {})[KEY].mark == later.newest


def test_lists_are_by_address_form_and_set() -> None:
    others = [replace(WHOLE, set_spec="a"), replace(WHOLE, prefix="mods"), replace(WHOLE, base_url="http://a/")]
    found = harvests([accession(n, one) for n, one in enumerate([WHOLE, *others], 1)], {})
    assert list(found) == sorted([KEY, (*KEY[:2], "a"), (KEY[0], "mods", ""), ("http://a/", *KEY[1:])])


def test_notes_say_what_accessions_cannot(tmp_path: Path) -> None:
    assert read_notes(tmp_path) == {}
    other = ("http://never.example/", "mods", "s")
    write_note(tmp_path, KEY, Note("X", "2026-03-09T00:00:00Z"))
    write_note(tmp_path, other, Note("", "", "it is gone", "2026-03-08T00:00:00Z"))
    found = harvests([accession(1, WHOLE)], read_notes(tmp_path))
    assert (found[KEY].last_success_at, found[KEY].last_error) == ("2026-03-09T00:00:00Z", "")
    assert (found[other].last_success_at, found[other].last_error) == ("", "it is gone")
    (tmp_path / "harvests.json").write_text("{")
    assert read_notes(tmp_path) == {}
