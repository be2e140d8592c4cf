"""Vocabularies kept in the archive: replaced, chosen, removed, killed at every step, and made again from it alone."""

import pickle
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, book, dump, faults, oracle, put_records, tree
from test_archive_recovery import NOW, copy, killed_before
from thoroughness import steps

from archive.cataloguing import Publishing
from archive.library import Library, Writer
from archive.replay import replay
from archive.vocabularies import FILE, REGISTRY, require_id, vocabulary_object
from archive.vocabularies_keeping import Addition, Outcome, add, choose, look, remove
from archive.vocabularies_live import LiveVocabulary
from metadata.concepts import Vocabulary
from metadata.datacite import datacite
from metadata.errors import NotFound, Outdated, UsageError
from metadata.model import Concept, Item, Text
from metadata.skos import Source, read_vocabulary
from metadata.vocabulary import SHIPPED, shipped

BASE = "https://w3id.org/canoe/conservation/"
WET, DRY, MIRE, BOG = (f"urn:w:{name}" for name in ("wet", "dry", "mire", "bog"))
HEAD = """@prefix : <urn:w:> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> . :scheme a skos:ConceptScheme ; dct:title "Lands"@en .
:wet a skos:Concept ; skos:inScheme :scheme ; skos:notation "W" ; skos:prefLabel "Wet land"@en, "Zone humide"@fr .
:dry a skos:Concept ; skos:inScheme :scheme ; skos:notation "D" ; skos:prefLabel "Dry land"@en .
"""
FIRST = (
    HEAD
    + ':mire a skos:Concept ; skos:broader :wet ; skos:prefLabel "Mire"@en . :bog a skos:Concept ; skos:broader :wet .'
)
SECOND = HEAD + ':mire a skos:Concept ; skos:broader :dry ; skos:prefLabel "Quagmire"@en ; skos:exactMatch :bog .'


def lands(text: str = FIRST, own: bool = True) -> Addition:
    return Addition("lands", [Source(text.encode(), "lands.ttl")], "urn:x", own=own)


def publishing(home: Path) -> Publishing:
    return Publishing("http://library.example.org", "library.example.org", LiveVocabulary(home))


def open_library(home: Path) -> Library:
    return Library.open(home, publishing(home))


def about(number: int, *concepts: str) -> Item:
    return replace(bare_item(number), concepts=concepts)


def change(library: Library, work: Callable[[Writer], Outcome]) -> Outcome:
    with library.writer() as writer:
        return work(writer)


@pytest.fixture
def library(folder: Path) -> Library:
    """Make a library with a book on mires, records on bogs, wet land, mammals and nothing."""
    library = Library.create(folder / "home", publishing(folder / "home"))
    with library.writer() as writer:
        add(writer, lands())
        item, content = book(1)
        writer.put_item(replace(item, concepts=(MIRE,)), content, "Ingested")
        for number, concepts in ((2, (BOG,)), (3, (WET,)), (4, (BASE + "c0102",)), (5, ())):
            writer.put_item(about(number, *concepts), {}, "Ingested")
        put_records(writer, (20,))
    return library


def records(library: Library) -> dict[str, tuple[int, str]]:
    """Return datestamp and record of every item."""
    found = {}
    for number in (1, 2, 3, 4, 5, 20):
        record = library.catalogue.oai_record(bare_item(number).id)
        assert record is not None
        found[bare_item(number).id] = (record.change, record.record.decode())
    return found


def same_after_rebuild(library: Library) -> None:
    before, known = dump(library.catalogue.path), read(library)
    (library.home / FILE).unlink(missing_ok=True)
    library.catalogue.close()
    assert not library.rebuild_catalogue().damaged
    assert dump(library.catalogue.path) == before
    assert read(open_library(library.home)) == known


def read(library: Library) -> tuple[object, ...]:
    held = library.catalogue.publishing.vocabulary
    return (
        [*held.concepts.values()],
        held.schemes,
        held.top,
        [held.narrower(uri) for uri in (WET, DRY)],
        held.find("mire"),
    )


# --- one vocabulary out of many ------------------------------------------------------------------


def test_where_none_was_added_the_shipped_one_counts(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "home", publishing(tmp_path / "home"))
    held = library.catalogue.publishing.vocabulary
    assert held.concepts == shipped().concepts
    assert (held.top, held.titles, held.edition) == (shipped().top, shipped().titles, "")
    assert not (tmp_path / "home" / FILE).exists()


def test_it_is_asked_as_one_vocabulary_is(library: Library) -> None:
    held = library.catalogue.publishing.vocabulary
    alone = read_vocabulary([Source(FIRST.encode())]).vocabulary
    for uri, concept in alone.concepts.items():
        assert held.concepts[uri] == concept
        assert held.narrower(uri) == alone.narrower(uri)
        assert held.broader_closure(uri) == alone.broader_closure(uri)
        assert held.is_top(uri) == alone.is_top(uri)
        for label in (*concept.labels, *concept.alternatives):
            assert held.find(label.value) == held.find(label.value, label.language) == uri
    assert (held.top, held.titles, held.title("fr")) == (alone.top, alone.titles, "Lands")
    assert held.find("zones humides") == held.find("ZONE HUMIDE", "fr-CA") == WET
    assert held.find("zone humide", "en") == held.find("nothing of the kind") == ""
    assert len(held.concepts) == len(list(held.concepts)) == len(alone.concepts) + len(shipped().concepts)
    assert dict(held.concepts.items()) == {one.uri: one for one in held.concepts.values()}
    assert "urn:w:none" not in held.concepts
    assert held.concepts.get("urn:w:none", Concept("x")) == Concept("x")
    with pytest.raises(KeyError):
        held.concepts["urn:w:none"]


def test_the_own_classification_comes_first(library: Library) -> None:
    held = library.catalogue.publishing.vocabulary
    other = HEAD.replace("urn:w:", "urn:v:").replace("Lands", "Soils")
    change(library, lambda writer: add(writer, Addition("soils", [Source(other.encode())], "urn:x")))
    assert [one.id for one in held.schemes] == ["lands", "soils", SHIPPED]
    assert held.find("wet land") == WET
    change(library, lambda writer: choose(writer, "soils"))
    assert [(one.id, one.own) for one in held.schemes] == [("soils", True), ("lands", False), (SHIPPED, False)]
    assert held.find("wet land") == "urn:v:wet"
    assert held.meanings("zone humide") == ("urn:v:wet", WET, BASE + "c0207")
    assert held.meanings("nowhere") == ()
    assert held.titles == (Text("Soils", "en"),)
    assert held.scheme_title(held.concepts[WET], "en") == "Lands"
    assert held.find("mammals") == BASE + "c0102"
    assert change(library, lambda writer: choose(writer, "soils")).outcome == "identical"
    with pytest.raises(NotFound, match="no vocabulary rocks"):
        change(library, lambda writer: choose(writer, "rocks"))


def test_a_page_of_concepts_is_in_the_readers_order(library: Library) -> None:
    held = library.catalogue.publishing.vocabulary
    rows = "".join(f"{chr(122 - n)}x,\n" if n % 2 else f"{chr(122 - n)}x,{n:02}\n" for n in range(20)).replace(
        "x,", "x,Été "
    )
    change(
        library,
        lambda writer: add(
            writer,
            Addition(
                "flat",
                [Source(("uri,en,fr\n" + "".join(f"urn:f:{n},N{n:02},{99 - n}\n" for n in range(20))).encode())],
                "urn:x",
            ),
        ),
    )
    assert held.shown_below("flat", "en", 0, 3) == (["urn:f:0", "urn:f:1", "urn:f:2"], 20)
    assert held.shown_below("flat", "fr", 0, 2) == (["urn:f:19", "urn:f:18"], 20)
    assert held.shown_below("flat", "en", 19, 3) == (["urn:f:19"], 20)
    assert held.shown_below(WET, "en", 0, 9) == ([BOG, MIRE], 2) or rows
    assert held.shown_below("none", "en", 0, 9) == ([], 0)


def test_a_reader_that_is_open_sees_a_change_at_once(library: Library) -> None:
    reader = LiveVocabulary(library.home)
    edition = reader.edition
    assert reader.concepts[MIRE].label("en") == Text("Mire", "en")
    change(library, lambda writer: add(writer, lands(SECOND)))
    assert reader.concepts[MIRE].label("en") == Text("Quagmire", "en")
    assert reader.edition != edition
    assert pickle.loads(pickle.dumps(reader)).find("quagmire") == MIRE  # noqa: S301 - our own


# --- replacing -----------------------------------------------------------------------------------


def test_replacing_keeps_links_tells_of_what_went_and_gives_anew_what_changed(library: Library) -> None:
    before = records(library)
    told = change(library, lambda writer: add(writer, lands(SECOND)))
    after = records(library)
    mires, bogs = bare_item(1).id, bare_item(2).id
    assert (told.outcome, list(told.added), list(told.changed), list(told.gone)) == ("changed", [], [MIRE], [BOG])
    assert told.uses == {BOG: [bogs]}
    assert [(one.code, one.where) for one in told.problems if one.code.startswith("concept-repl")] == [
        ("concept-replaced", BOG)
    ]
    assert library.item(bogs).concepts == (BOG,)
    changed = {item for item in before if before[item] != after[item]}
    assert changed == {mires, bogs}
    assert told.items == 2
    newest = max(number for number, _ in before.values())
    assert all(after[item][0] > newest for item in changed)
    assert all('<dc:subject xml:lang="en">Quagmire</dc:subject>' in after[item][1] for item in changed)
    assert all("<setSpec>subject:D</setSpec>" in after[item][1] for item in changed)
    assert [one.item.id for one in library.changes(newest, 10)] == [mires, bogs]
    assert list(library.pages(mires))


def test_a_concept_that_was_replaced_counts_as_the_one_in_its_place(library: Library) -> None:
    change(library, lambda writer: add(writer, lands(SECOND)))
    held = library.catalogue.publishing.vocabulary
    assert held.current(BOG) == MIRE
    assert held.concepts[BOG].uri == MIRE
    assert held.broader_closure(BOG) == (MIRE, DRY)
    assert BOG not in list(held.concepts)
    third = HEAD + ":mire a skos:Concept ; dct:isReplacedBy :dry . :dry dct:isReplacedBy :gone ."
    change(library, lambda writer: add(writer, lands(third)))
    assert held.current(MIRE) == DRY
    assert held.current(DRY) == DRY
    assert MIRE not in held.shown_below("lands", "en", 0, 9)[0]


def test_a_new_file_may_name_what_replaces_a_concept_without_describing_it(library: Library) -> None:
    text = HEAD + ":dry dct:replaces :bog . :mire dct:isReplacedBy :wet ."
    told = change(library, lambda writer: add(writer, lands(text)))
    held = library.catalogue.publishing.vocabulary
    assert {held.current(MIRE), held.current(BOG)} == {WET, DRY}
    assert [one.where for one in told.problems if one.code == "concept-replaced"] == [MIRE, BOG]
    assert [one.code for one in told.problems if one.code == "concept-gone"] == []
    same_after_rebuild(library)
    change(library, lambda writer: add(writer, lands(HEAD + "# later")))
    assert (held.current(MIRE), held.current(BOG)) == (WET, DRY)


def test_replacements_in_a_circle_are_not_followed(library: Library) -> None:
    text = HEAD + ":a a skos:Concept ; dct:isReplacedBy :b . :b a skos:Concept ; dct:isReplacedBy :a ."
    change(library, lambda writer: add(writer, lands(text)))
    held = library.catalogue.publishing.vocabulary
    assert [held.current(f"urn:w:{name}") for name in "ab"] == ["urn:w:a", "urn:w:b"]


def test_a_concept_that_went_away_without_another_keeps_its_last_label(library: Library) -> None:
    told = change(library, lambda writer: add(writer, lands(HEAD)))
    held = library.catalogue.publishing.vocabulary
    assert {one.where: one.code for one in told.problems if one.code == "concept-gone"} == dict.fromkeys(
        (MIRE, BOG), "concept-gone"
    )
    assert held.concepts[MIRE].label("en") == Text("Mire", "en")
    assert MIRE not in list(held.concepts)
    assert held.find("mire") == ""
    change(library, lambda writer: add(writer, lands(HEAD + "# again")))
    assert held.concepts[MIRE].label("en") == Text("Mire", "en")
    change(library, lambda writer: add(writer, lands()))
    assert held.find("mire") == MIRE


def test_the_same_again_changes_nothing(library: Library) -> None:
    before = tree(library.home / "archive")
    assert change(library, lambda writer: add(writer, lands())).outcome == "identical"
    assert tree(library.home / "archive") == before
    assert look(library.home, lands(SECOND)).gone == [BOG]
    assert tree(library.home / "archive") == before


def test_a_concept_of_two_vocabularies_is_reported_and_counts_where_it_comes_first(library: Library) -> None:
    told = change(library, lambda writer: add(writer, Addition("copy", [Source(SECOND.encode())], "urn:x")))
    found = [one.where for one in told.problems if one.code == "concept-in-two-vocabularies"]
    assert sorted(found) == sorted([WET, DRY, MIRE])
    held = library.catalogue.publishing.vocabulary
    assert held.concepts[MIRE].label("en") == Text("Mire", "en")
    assert held.find("wet land") == WET
    assert len(list(held.concepts)) == len(set(held.concepts))


def test_records_name_subjects_in_one_language_where_that_is_set(library: Library) -> None:
    one = replace(publishing(library.home), subjects_in="fr")
    with pytest.raises(Outdated, match="language of subjects"):
        Library.open(library.home, one)
    library.catalogue.close()
    Library.open_unverified(library.home, one).rebuild_catalogue()
    again = Library.open(library.home, one).catalogue.oai_record(bare_item(3).id)
    assert again is not None
    assert b'<dc:subject xml:lang="fr">Zone humide</dc:subject>' in again.record
    assert b"Wet land" not in again.record
    with pytest.raises(Outdated, match="language of subjects"):
        open_library(library.home)


# --- removing ------------------------------------------------------------------------------------


def test_what_is_used_is_not_removed_unless_that_is_wanted(library: Library) -> None:
    with pytest.raises(UsageError, match="concepts of lands: 3"):
        change(library, lambda writer: remove(writer, "lands"))
    told = change(library, lambda writer: remove(writer, "lands", force=True))
    held = library.catalogue.publishing.vocabulary
    assert told.items == 3 + 1  # and the one on mammals, whose top concept is a set now
    assert [one.id for one in held.schemes] == [SHIPPED]
    assert MIRE not in held.concepts
    assert MIRE in records(library)[bare_item(1).id][1]
    with pytest.raises(UsageError, match="comes with Canoe"):
        change(library, lambda writer: remove(writer, SHIPPED))
    change(library, lambda writer: add(writer, lands()))
    assert held.find("mire") == MIRE
    same_after_rebuild(library)


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "x" * 41, "é"])
def test_an_id_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a vocabulary's id"):
        require_id(name)


def test_the_shipped_ones_id_is_taken(library: Library) -> None:
    with pytest.raises(UsageError, match="comes with Canoe"):
        change(library, lambda writer: add(writer, replace(lands(), id=SHIPPED)))


# --- from the archive alone ----------------------------------------------------------------------


def test_a_rebuild_gives_the_same_records_datestamps_sets_and_vocabularies(library: Library) -> None:
    with library.writer() as writer:
        writer.put_item(about(3), {}, "Described anew")  # out of a set, before what it is called changes
        add(writer, lands(SECOND))
        writer.put_item(about(5, MIRE), {}, "Described anew")
        choose(writer, SHIPPED)
        writer.withdraw(library.item(bare_item(2).id), "a copy")
        choose(writer, "lands")
        add(writer, lands(HEAD))
    assert any(row[-1] for row in dump(library.catalogue.path)["oai_members"])
    same_after_rebuild(library)
    assert not faults(library)
    assert not oracle(library.home / "archive")
    assert not list((library.home / "staging").iterdir())


def test_a_file_that_is_lost_or_older_is_made_again_at_the_next_look(library: Library, tmp_path: Path) -> None:
    known = read(library)
    former = (library.home / FILE).read_bytes()
    (library.home / FILE).unlink()
    assert read(open_library(library.home)) == known
    change(library, lambda writer: add(writer, lands(SECOND)))
    known = read(library)
    (library.home / FILE).write_bytes(former)
    assert read(open_library(library.home)) == known
    (library.home / FILE).write_bytes(b"nothing of the kind")
    assert read(open_library(library.home)) == known


def test_a_file_that_is_damaged_within_is_named(library: Library) -> None:
    path = library.home / FILE
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:8192] + b"\0" * (len(content) - 8192))
    with pytest.raises(Outdated, match=r"vocabularies\.db"):
        LiveVocabulary(library.home).find("mire")
    library.rebuild_catalogue()
    assert LiveVocabulary(library.home).find("mire") == MIRE


def test_in_a_home_that_can_only_be_read_one_is_made_for_the_moment(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archive import vocabularies
    from metadata.errors import StorageError

    known = read(library)
    (library.home / FILE).unlink()

    def refused(*_: object) -> None:
        raise StorageError("read-only")

    monkeypatch.setattr(vocabularies, "bring_up_to_date", refused)
    assert read(open_library(library.home)) == known
    assert not (library.home / FILE).exists()


def test_a_registry_that_is_told_again_turns_nothing_back(library: Library) -> None:
    with library.writer() as writer:
        add(writer, lands(SECOND))
        writer.put_item(about(2, WET), {}, "Described anew")
        before = dump(library.catalogue.path)
        library.catalogue.write(replay(library.archive, library.archive.inventory(REGISTRY)))
    assert dump(library.catalogue.path) == before


def test_datacite_speaks_of_the_concepts_own_vocabulary(library: Library) -> None:
    held = library.catalogue.publishing.vocabulary
    record = datacite(replace(about(1, WET, BASE + "c0102"), contributions=()), "P", held, registered=2026)
    assert 'subjectScheme="Lands"' in record
    assert 'subjectScheme="Subjects of a conservation library"' in record


def test_a_vocabulary_that_is_lost_is_missed(library: Library) -> None:
    assert {REGISTRY, vocabulary_object("lands")} <= set(library.object_ids())
    assert not list(library.uncatalogued())


def test_damage_to_a_vocabulary_is_named_by_a_rebuild_and_the_rest_is_there(library: Library) -> None:
    for path in library.archive.folder(vocabulary_object("lands")).rglob("*lands.ttl"):
        path.write_bytes(b"x")
    library.catalogue.close()
    rows = dump(library.catalogue.path)
    (fault,) = library.rebuild_catalogue().damaged
    assert "lands" in fault.message
    assert dump(library.catalogue.path) == rows  # the file still had what the archive has lost
    (library.home / FILE).unlink()
    assert LiveVocabulary(library.home).find("mire") == ""
    assert LiveVocabulary(library.home).find("mammals")
    (fault,) = library.rebuild_catalogue().damaged
    assert library.catalogue.item(bare_item(3).id) is not None


# --- killed --------------------------------------------------------------------------------------


def test_killed_before_any_step_it_is_absent_or_whole(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: NOW)

    def replacing(home: Path) -> None:
        again = open_library(home)
        change(again, lambda writer: add(writer, lands(SECOND)))
        again.catalogue.close()

    library.catalogue.close()
    whole = copy(library.home, folder / "whole")
    replacing(whole)
    wanted = tree(whole / "archive"), dump(whole / "catalogue.db"), read(open_library(whole))
    for step in steps(7):
        if not killed_before(step, replacing, copy(library.home, folder / "killed")):
            break
        again = open_library(folder / "killed")
        with again.writer():
            pass
        rows = dump(again.catalogue.path)
        label = again.catalogue.publishing.vocabulary.concepts[MIRE].label("en").value
        assert (
            rows["oai_records"] == (wanted[1] if label == "Quagmire" else dump(library.catalogue.path))["oai_records"]
        )
        again.catalogue.close()
        replacing(folder / "killed")
        assert (tree(folder / "killed/archive"), dump(folder / "killed/catalogue.db")) == wanted[:2]
        assert read(open_library(folder / "killed")) == wanted[2]
    assert step > 30


def test_nothing_of_it_stays_locked_or_open_for_writing(library: Library) -> None:
    with sqlite3.connect(library.home / FILE) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert isinstance(library.catalogue.publishing.vocabulary, Vocabulary)
    assert not (library.home / f".{FILE}.new").exists()
