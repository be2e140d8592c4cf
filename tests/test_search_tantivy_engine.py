"""The Tantivy engine: writing, being read meanwhile, and what becomes of a damaged index."""

import json
import os
import random
import re
import shutil
import threading
from pathlib import Path

import pytest
from search_sample import ENGLISH, fill, ids, item_of, sample

import search.tantivy_folder
from metadata.errors import CanoeError, HomeHeld, Outdated, UsageError
from search.engine import PageDocument, Request, open_builder, open_reader, open_writer
from search.tantivy_folder import finish, index_folder, open_index
from search.tantivy_lexicon import FIELD


def test_what_is_put_again_replaces_and_what_is_removed_is_gone(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    writer = open_writer(tmp_path)
    assert writer.position() == 3
    writer.put(item_of(ENGLISH, "Only reeds."))
    writer.remove(["fr1", "never there"])
    writer.commit(9)
    assert ids(writer.find(Request(""))) == {"en1", "es1"}
    assert ids(writer.find(Request("forest OR foret"))) == set()
    assert ids(writer.find(Request("reeds"))) == {"en1"}
    assert writer.position() == 9
    writer.close()


def test_what_is_not_committed_is_not_there(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    writer = open_writer(tmp_path)
    writer.clear()
    writer.put(item_of(PageDocument("new", 0)))
    assert writer.position() == 0
    writer.close()
    reader = open_reader(tmp_path)
    assert ids(reader.find(Request(""))) == {"en1", "es1", "fr1"}
    assert reader.position() == 3


def test_clear_forgets_everything_with_the_next_commit(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    writer = open_writer(tmp_path)
    writer.clear()
    writer.commit(0)
    writer.close()
    reader = open_reader(tmp_path)
    assert (reader.find(Request("")).total, reader.position()) == (0, 0)


def test_a_reader_sees_a_commit_at_once(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    reader = open_reader(tmp_path)
    for position in range(1, 6):
        writer.put(item_of(PageDocument(f"i{position}", 0, text="heron")))
        writer.commit(position)
        assert (reader.find(Request("heron")).total, reader.position()) == (position, position)
    writer.close()
    assert reader.find(Request("heron")).total == 5


def test_readers_answer_while_a_writer_writes_and_merges(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    writer.commit(1)
    faults: list[CanoeError] = []
    totals: list[int] = []
    done = threading.Event()

    def read() -> None:
        reader = open_reader(tmp_path)
        try:
            while not done.is_set():
                totals.append(reader.find(Request("heron")).total)
        except CanoeError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(12):
        writer.put(item_of(PageDocument(f"i{n}", 0, text="heron")))
        writer.commit(n)
    done.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert faults == []
    assert totals
    assert all(0 <= total <= 12 for total in totals)


def lexicon(folder: Path) -> list[str]:
    """Return the entries, each as often as it was written."""
    searcher = open_index(index_folder(folder), set()).searcher()
    return [entry for entry, count in searcher.terms_with_prefix(FIELD, "") for _ in range(count)]


def test_a_form_is_learnt_once_and_found_by_any_other(tmp_path: Path) -> None:
    fill(tmp_path, item_of(PageDocument("a", 0, "fr", "Le bois", "Le bois"), "Les forêts, la forêt !"))
    first = lexicon(tmp_path)
    assert {"fr=foret=forets", "fr=foret=foret", "en=le=le"} <= set(first)
    assert not any(entry.startswith("en=foret") for entry in first)
    for position in (2, 3):  # what was known before, by another writer or this one, is not written again
        writer = open_writer(tmp_path)
        writer.put(item_of(PageDocument("b", 0, "fr", "Le bois", "Le bois"), "La forêt et l’arbre"))
        writer.put(item_of(PageDocument("c", 0, "fr", "Le bois", "Le bois"), "Un arbre dans les forêts"))
        writer.remove(["a"])
        writer.commit(position)
        writer.close()
    entries = lexicon(tmp_path)
    assert set(first) < set(entries)
    assert len(entries) == len(set(entries))
    assert ids(open_reader(tmp_path).find(Request("forêt"))) == {"b", "c"}


def test_an_index_that_is_cleared_learns_anew(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    for position in (1, 2):
        writer.clear()
        writer.put(item_of(PageDocument("a", 0, "fr"), "Les forêts"))
        writer.commit(position)
    assert ids(writer.find(Request("forêt"))) == {"a"}
    writer.close()


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    with pytest.raises(HomeHeld):
        open_writer(tmp_path)
    (meta,) = tmp_path.glob("*/meta.json")
    meta.write_bytes(b"")
    with pytest.raises(HomeHeld):
        open_writer(tmp_path)
    writer.close()


def test_documents_of_any_content_are_taken(tmp_path: Path) -> None:
    texts = ["\ud800 heron", "\x00heron\x00", "heron " + "x" * 70_000, "e\u0301te\u0301 heron", "", "日本 heron"]
    fill(tmp_path, (PageDocument(f"i{n}", 0, text=text) for n, text in enumerate(texts)))
    reader = open_reader(tmp_path)
    assert reader.find(Request("heron")).total == 5
    assert ids(reader.find(Request("été"))) == {"i3"}


# The folder


def test_there_is_no_reading_where_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(Outdated, match="no search index") as caught:
        open_reader(tmp_path)
    assert "canoe rebuild --index" in caught.value.hint


def test_an_engine_is_known_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lucene"):
        open_writer(tmp_path, "lucene")


DAMAGED = [".store", ".idx", ".pos", ".term", ".fast", ".fieldnorm", "meta.json", ".managed.json"]


@pytest.mark.parametrize("how", ["cut", "emptied", "missing"])
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_index_is_outdated_for_readers_and_renewed_by_a_writer(tmp_path: Path, name: str, how: str) -> None:
    fill(tmp_path, sample(), 3)
    path = next(path for path in tmp_path.glob("*/*") if path.name.endswith(name))
    damage(path, how)
    if (name, how) == (".managed.json", "missing"):  # which Tantivy makes again by itself
        assert open_reader(tmp_path).find(Request("")).total == 3
        return
    with pytest.raises(Outdated):
        open_reader(tmp_path)
    writer = open_writer(tmp_path)
    assert writer.position() == 0
    writer.put(sample())
    writer.commit(3)
    writer.close()
    assert open_reader(tmp_path).find(Request("forest")).total == 1


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if how == "cut" else b"")


def test_a_reader_says_so_when_its_index_goes(tmp_path: Path) -> None:
    fill(tmp_path, sample())
    reader = open_reader(tmp_path)
    for folder in tmp_path.iterdir():
        shutil.rmtree(folder)
    with pytest.raises(Outdated):
        reader.find(Request("forest"))


def test_files_that_no_commit_speaks_of_are_swept(tmp_path: Path) -> None:
    fill(tmp_path, sample())
    (folder,) = tmp_path.iterdir()
    orphans = [folder / f"{'0f' * 16}{suffix}" for suffix in (".store", ".idx", ".12.del")]
    for orphan in orphans:
        orphan.write_bytes(b"left by a writer that was killed")
    kept = folder / "notes.txt"
    kept.write_text("somebody's own")
    open_writer(tmp_path).close()
    assert not any(orphan.exists() for orphan in orphans)
    assert kept.exists()
    assert open_reader(tmp_path).find(Request("")).total == 3


def test_repeated_writers_leave_no_files_behind(tmp_path: Path) -> None:
    for n in range(12):
        fill(tmp_path, sample(), n)
    (folder,) = tmp_path.iterdir()
    segments = json.loads((folder / "meta.json").read_text())["segments"]
    assert len({p.name[:32] for p in folder.iterdir() if len(p.name) > 32}) <= len(segments) + 1
    open_writer(tmp_path).close()
    assert open_reader(tmp_path).find(Request("")).total == 3


def test_another_version_gets_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, sample(), 3)
    monkeypatch.setattr(search.tantivy_folder, "version", lambda: "0123456789abcdef")
    with pytest.raises(Outdated):
        open_reader(tmp_path)
    writer = open_writer(tmp_path)
    assert writer.position() == 0
    assert len(list(tmp_path.iterdir())) == 2
    writer.put(sample())
    writer.commit(3)
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["0123456789abcdef"]
    assert open_reader(tmp_path).find(Request("")).total == 3


def segment_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*") if len(path.stem) >= 32)


def put_byte(path: Path, place: int, value: int) -> None:
    """Change one byte in place: a file that is cut short while Tantivy has it mapped would kill the process."""
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(bytes([value]))


def test_no_byte_of_an_index_can_change_unnoticed(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    open_reader(tmp_path).close()
    chance = random.Random(1)  # noqa: S311
    (meta,) = tmp_path.glob("*/meta.json")
    for path in [*segment_files(tmp_path), meta]:
        whole, status = path.read_bytes(), path.stat()
        body = len(whole) - 1 if path == meta else whole.rindex(b'{"version"')
        for _ in range(12):
            place = chance.randrange(body)
            put_byte(path, place, whole[place] ^ 1 << chance.randrange(8))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
            with pytest.raises(Outdated, match=re.escape(path.name)) as caught:
                open_reader(tmp_path)
            assert "canoe rebuild --index" in caught.value.hint
            put_byte(path, place, whole[place])
    assert open_reader(tmp_path).find(Request("forest")).total == 1


def test_a_footer_that_is_damaged_is_no_footer(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    for path in segment_files(tmp_path):
        whole = path.read_bytes()
        start = whole.rindex(b'{"version"')
        for place in range(start, len(whole)):
            put_byte(path, place, whole[place] ^ 0x10)
            try:
                found = open_reader(tmp_path).find(Request("forest")).total
            except Outdated:
                found = 1
            put_byte(path, place, whole[place])
            assert found == 1, "what the digest does not cover is of no meaning"


def test_a_writer_that_was_killed_leaves_an_index_that_is_not_called_damaged(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    writer = open_writer(tmp_path)
    assert not list(tmp_path.glob("*/meta.json.sum"))
    writer.put(item_of(PageDocument("x", 0, text="forest")))
    writer.commit(4)
    assert open_reader(tmp_path).find(Request("forest")).total == 2
    del writer  # never closed: nothing is noted
    assert not list(tmp_path.glob("*/meta.json.sum"))
    assert open_reader(tmp_path).position() == 4
    open_writer(tmp_path).close()
    assert list(tmp_path.glob("*/meta.json.sum"))
    assert open_reader(tmp_path).position() == 4


def test_whoever_may_read_the_folder_may_read_the_index(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    (folder,) = tmp_path.iterdir()
    folder.chmod(0o750)
    open_writer(tmp_path).close()
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.json")} == {0o640}


class PanicException(BaseException):
    """What Tantivy's binding raises when Tantivy panics; its own class cannot be imported."""


def test_a_panic_of_tantivys_is_a_damaged_index_and_no_end_of_the_process(tmp_path: Path) -> None:
    with pytest.raises(Outdated, match="damaged: index out of bounds"), search.tantivy_folder.faults(tmp_path):
        raise PanicException("index out of bounds")
    with pytest.raises(KeyboardInterrupt), search.tantivy_folder.faults(tmp_path):
        raise KeyboardInterrupt


# Made anew beside


def test_an_index_is_made_anew_beside_the_old_one_which_answers_until_then(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    reader = open_reader(tmp_path)
    with open_builder(tmp_path) as engine:
        assert engine.position() == 0
        engine.put(item_of(ENGLISH, "Only reeds."))
        engine.commit(7)
        with pytest.raises(HomeHeld):
            open_writer(tmp_path)
        assert (reader.position(), reader.find(Request("foret")).total) == (3, 1)
        assert open_reader(tmp_path).position() == 3
    assert (reader.position(), ids(reader.find(Request("")))) == (7, {"en1"})
    assert len(list(tmp_path.iterdir())) == 1
    fill(tmp_path, sample(), 8)
    assert (reader.position(), reader.find(Request("")).total) == (8, 3)
    with open_builder(tmp_path) as engine:
        engine.commit(9)
    assert reader.position() == 9


def test_a_writer_that_has_just_let_go_does_not_take_away_what_is_made_beside(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    with open_builder(tmp_path) as engine:
        finish(index_folder(tmp_path))  # the last thing that a writer does, after its lock is free
        engine.put(item_of(ENGLISH, "Only reeds."))
        engine.commit(7)
    assert open_reader(tmp_path).position() == 7
    assert len(list(tmp_path.iterdir())) == 1


def _break_while_building(folder: Path) -> None:
    with open_builder(folder) as engine:
        engine.put(item_of(ENGLISH, "Only reeds."))
        engine.commit(7)
        raise ZeroDivisionError


def test_an_index_that_was_not_finished_never_answers(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 3)
    with pytest.raises(ZeroDivisionError):
        _break_while_building(tmp_path)
    (folder,) = tmp_path.iterdir()
    left = folder.with_name(f"{folder.name}.1.new")
    shutil.copytree(folder, left)  # what a kill leaves
    assert open_reader(tmp_path).position() == 3
    open_writer(tmp_path).close()
    assert not left.exists()
    assert open_reader(tmp_path).find(Request("")).total == 3


def test_readers_answer_while_indexes_are_made_anew(tmp_path: Path) -> None:
    fill(tmp_path, sample(), 1)
    totals: list[int] = []
    faults: list[CanoeError] = []
    done = threading.Event()

    def read() -> None:
        reader = open_reader(tmp_path)
        try:
            while not done.is_set():
                totals.append(reader.find(Request("")).total)
        except CanoeError as fault:
            faults.append(fault)

    thread = threading.Thread(target=read)
    thread.start()
    for position in range(2, 8):
        with open_builder(tmp_path) as engine:
            engine.put(sample())
            engine.commit(position)
    done.set()
    thread.join()
    assert faults == []
    assert set(totals) == {3}


def test_the_items_of_a_work_are_known_by_any_of_them(tmp_path: Path) -> None:
    works = {"a1": "a1", "a2": "a1", "b1": "", "c1": "c1", "c2": "c1"}
    fill(tmp_path, (PageDocument(item, 0, title="heron", work=work) for item, work in works.items()))
    writer = open_writer(tmp_path)
    assert writer.editions(["a2", "b1", "x"]) == {"a1": "a1", "a2": "a1"}
    assert writer.editions(["b1"]) == {}
    writer.clear()
    assert writer.editions(["a2"]) == {}
    writer.close()
