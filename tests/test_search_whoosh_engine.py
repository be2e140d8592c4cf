"""The Whoosh engine's folder: who writes to it, what a kill or damage leaves, and what becomes of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from metadata.errors import HomeHeld, Outdated
from search.engine import PageDocument, Request, open_reader, open_writer
from search.whoosh_folder import index_folder


def fill(folder: Path, *items: str, position: int = 1) -> None:
    writer = open_writer(folder, "whoosh")
    writer.put(PageDocument(item, 0, text="heron") for item in items)
    writer.commit(position)
    writer.close()


def total(folder: Path) -> int:
    return open_reader(folder, "whoosh").find(Request("heron")).total


def test_there_is_no_reading_where_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(Outdated, match="no search index"):
        open_reader(tmp_path, "whoosh")


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    writer = open_writer(tmp_path, "whoosh")
    with pytest.raises(HomeHeld):
        open_writer(tmp_path, "whoosh")
    writer.close()
    open_writer(tmp_path, "whoosh").close()


@pytest.mark.parametrize("how", ["cut", "changed", "missing"])
@pytest.mark.parametrize("name", ["*.seg", "*.toc"])
def test_a_damaged_index_is_outdated_for_readers_and_renewed_by_a_writer(tmp_path: Path, name: str, how: str) -> None:
    fill(tmp_path, "a", "b")
    (path,) = index_folder(tmp_path).glob(name)
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-9] if how == "cut" else data[:40] + bytes([data[40] ^ 1]) + data[41:])
    with pytest.raises(Outdated):
        open_reader(tmp_path, "whoosh")
    writer = open_writer(tmp_path, "whoosh")
    assert writer.position() == 0
    writer.close()
    fill(tmp_path, "a")
    assert total(tmp_path) == 1


def test_what_a_killed_writer_left_is_swept_away_and_what_it_committed_is_there(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    folder = index_folder(tmp_path)
    code = """
import os, sys
from pathlib import Path
from search.engine import PageDocument
from search.whoosh_engine import WhooshWriter
from search.whoosh_schema import page_fields
engine = WhooshWriter(Path(sys.argv[1]))
writer = engine._index.writer()
writer.add_document(**page_fields(PageDocument("b", 0, text="heron " * 5000)))
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert total(tmp_path) == 1
    fill(tmp_path, "c", position=2)
    assert total(tmp_path) == 2
    known = {"sums.json", ".canoe-writer.lock", "MAIN_WRITELOCK"}
    left = {path.name for path in folder.iterdir()} - known
    assert all(name.endswith((".seg", ".toc")) for name in left)
    assert len([name for name in left if name.endswith(".toc")]) == 1


def test_a_reader_goes_on_while_the_index_is_made_again(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    reader = open_reader(tmp_path, "whoosh")
    fill(tmp_path, "b", position=2)
    assert (reader.find(Request("heron")).total, reader.position()) == (2, 2)
    shutil.rmtree(index_folder(tmp_path))
    with pytest.raises(Outdated):
        reader.find(Request("heron"))


def test_documents_of_any_content_are_taken(tmp_path: Path) -> None:
    texts = ["\ud800 heron", "\x00heron\x00", "heron " + "x" * 70_000, "e\u0301te\u0301 heron", "", "日本 heron"]
    writer = open_writer(tmp_path, "whoosh")
    writer.put(PageDocument(f"i{n}", 0, text=text) for n, text in enumerate(texts))
    writer.commit(1)
    writer.close()
    assert total(tmp_path) == 5
