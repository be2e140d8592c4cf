"""canoe replicate and canoe repair: answers, exit codes, and what follows when something came back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from archive_faults import flip, kept, spoil
from small_library import PROGRAM, canoe_here, canoe_program, environment, items, marc_file, record

from archive.ocfl import Archive
from archive.replay import item_object

COUNTS = {"new": 0, "updated": 0, "same": 0, "damaged": 0, "differs": 0, "extra": 0}


@pytest.fixture
def filled(home: Path, tmp_path: Path) -> Path:
    """Return a home with two records, one of which was withdrawn: an accession's object, and an item's."""
    records = marc_file(tmp_path / "records.mrc", [record(1, "One"), record(2, "Deux", "fre", "1")])
    assert canoe_here("ingest", records, "--home", home).code == 0
    assert canoe_here("withdraw", second(home), "--reason", "a test", "--home", home).code == 0
    return home


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Path:
    assert canoe_here("replicate", tmp_path / "copy", "--home", filled).code == 0
    return tmp_path / "copy"


def second(home: Path) -> str:
    (made,) = [item["id"] for item in items(home).values() if item["titles"][0]["value"] == "Deux"]
    assert isinstance(made, str)
    return made


def folder_of(home: Path) -> Path:
    return Archive(home / "archive", home / "staging").folder(item_object(second(home)))


def test_replicate_tells_what_it_did(filled: Path, tmp_path: Path) -> None:
    first = canoe_program("replicate", tmp_path / "copy", "--home", filled, "--json")
    assert (first.code, first.err) == (0, "")
    written = [path for path in (tmp_path / "copy").glob("*/*/*/**/*") if path.is_file()]
    assert first.json == {
        "replica": str(tmp_path / "copy"),
        "counts": {**COUNTS, "new": 2},
        "files": len(written),
        "bytes": sum(path.stat().st_size for path in written),
        "objects": [],
    }
    again = canoe_here("replicate", tmp_path / "copy", "--home", filled)
    assert (again.code, again.out) == (0, f"{tmp_path}/copy: 2 the same. 0 files written, 0 bytes.\n")


def test_replicate_names_what_is_damaged_and_exits_4(filled: Path, tmp_path: Path) -> None:
    flip(folder_of(filled) / "v1" / "inventory.json")
    key = folder_of(filled).relative_to(filled / "archive")
    answer = canoe_here("replicate", tmp_path / "copy", "--home", filled)
    assert answer.code == 4
    assert str(folder_of(filled) / "v1" / "inventory.json") in answer.out
    assert "1 new, 1 damaged and not copied" in answer.out
    (named,) = canoe_here("replicate", tmp_path / "copy", "--home", filled, "--json").json["objects"]
    assert (named["object"], named["outcome"]) == (str(key), "damaged")
    assert {one["code"] for one in named["problems"]} <= {"fixity-wrong", "inventory-unusable", "inventory-differs"}


def test_replicate_verify_reads_the_copy(filled: Path, place: Path) -> None:
    damaged = place / folder_of(filled).relative_to(filled / "archive") / "v1" / "inventory.json"
    flip(damaged)
    assert canoe_here("replicate", place, "--home", filled, "--json").json["counts"] == {**COUNTS, "same": 2}
    counts = canoe_here("replicate", place, "--home", filled, "--verify", "--json").json["counts"]
    assert counts == {**COUNTS, "same": 1, "updated": 1}
    assert kept(place) == kept(filled / "archive")


@pytest.mark.parametrize("inside", ["", "archive", "copy"])
def test_a_place_in_the_library_is_refused(filled: Path, inside: str) -> None:
    before = kept(filled / "archive")
    for command in (("replicate",), ("repair", "--replica")):
        answer = canoe_here(*command, filled / inside, "--home", filled)
        assert (answer.code, answer.out) == (2, "")
        assert "in the library itself" in answer.err
    assert kept(filled / "archive") == before


@pytest.mark.parametrize("place", ["", "a-file", "a-broken-link", "file:///proc/none/x", "/proc/none"])
def test_a_place_that_can_be_no_folder_is_refused_by_name(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a-file").touch()
    Path("a-broken-link").symlink_to("nowhere")
    answer = canoe_here("replicate", place, "--home", filled)
    assert (answer.code, answer.out) == (6 if "proc" in place else 2, "")
    assert place.removeprefix("file://") in answer.err
    assert "ame a" in answer.err  # what to do


def test_a_second_copy_lies_in_a_folder_of_any_name(filled: Path, tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"old \xe9")
    made = canoe_program("replicate", place, "--home", filled, "--json")  # whose standard output must bear the name
    assert (made.code, made.json["replica"]) == (0, f"{tmp_path}/old \\xe9")
    again = canoe_here("replicate", place, "--home", filled)
    assert (again.code, again.out) == (0, f"{tmp_path}/old \\xe9: 2 the same. 0 files written, 0 bytes.\n")
    (folder_of(filled) / "v1" / "inventory.json").unlink()
    assert canoe_here("repair", "--replica", place, "--home", filled, "--json").code == 0


def test_what_s3_needs_is_named_when_it_is_not_installed(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "fsspec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    answer = canoe_here("replicate", "s3://bucket/copy", "--home", filled)
    assert (answer.code, answer.out) == (7, "")
    assert "pip install 'canoe[s3]'" in answer.err


def test_repair_mends_and_tells(filled: Path, place: Path) -> None:
    wanted = kept(filled / "archive")
    folder = folder_of(filled)
    (folder / "v1" / "inventory.json").unlink()
    (folder / "stray").write_bytes(b"?")
    planned = canoe_here("repair", "--replica", place, "--plan", "--home", filled)
    assert planned.code == 0
    assert f"{folder}: would be moved out: stray\n" in planned.out
    assert planned.out.endswith("faults, all can be mended.\n")
    answer = canoe_program("repair", "--replica", place, "--home", filled, "--json")
    assert (answer.code, answer.err) == (0, "")
    (done,) = answer.json["repaired"]
    assert answer.json["objects"] == 2
    assert answer.json["faults"] == len(done["faults"]) > 1
    assert {name: done[name] for name in ("where", "object", "put_back", "moved_out", "left")} == {
        "where": str(folder),
        "object": item_object(second(filled)),
        "put_back": ["v1/inventory.json"],
        "moved_out": ["stray"],
        "left": [],
    }
    assert kept(filled / "archive") == wanted
    assert canoe_here("check", "--home", filled).code == 0
    again = canoe_here("repair", "--replica", place, "--home", filled)
    assert (again.code, again.out) == (0, "2 objects checked, 0 faults.\n")


def test_what_cannot_be_mended_is_named_and_exits_4(filled: Path, place: Path) -> None:
    folder = folder_of(filled)
    name = "v1/content/item.json"
    for damaged in (folder, place / folder.relative_to(filled / "archive")):
        (damaged / name).write_bytes(b"{}")
    answer = canoe_here("repair", "--replica", place, "--home", filled)
    assert answer.code == 4
    assert f"{folder / name}: It could not be mended" in answer.out


def test_repair_of_one_item(filled: Path, place: Path) -> None:
    folder, other = folder_of(filled), next((filled / "archive").glob("*/*/*accession*"))
    item = second(filled)
    shutil.rmtree(folder)
    (other / "stray").write_bytes(b"?")
    planned = canoe_here("repair", item, "--replica", place, "--home", filled, "--plan")
    assert planned.out.startswith(f"{folder}: would be put back: all of it\n")
    answer = canoe_here("repair", item, "--replica", place, "--home", filled, "--json")
    assert answer.code == 0
    assert [one["put_back"] for one in answer.json["repaired"]] == [["."]]
    assert (other / "stray").exists()
    nobody = canoe_here("repair", "0000000000", "--replica", place, "--home", filled)
    assert nobody.code == 2
    assert "no item 0000000000" in nobody.err


def test_what_came_back_is_in_the_catalogue_and_in_the_index(filled: Path, place: Path) -> None:
    """They were made anew in the meantime, without it: what was withdrawn was there again."""

    def published() -> tuple[str, list[Any]]:
        found = canoe_here("search", "Deux", "--home", filled, "--json").lines
        return canoe_here("export", "--home", filled).out, found

    before = published()
    assert before[1] == []
    shutil.rmtree(folder_of(filled))
    assert canoe_here("rebuild", "--home", filled).code == 0
    without = published()
    assert len(without[1]) == 1
    answer = canoe_here("repair", "--replica", place, "--home", filled)
    assert (answer.code, "Only the second copy holds this object" in answer.out) == (0, True)
    assert published() == without
    assert canoe_here("repair", "--replica", place, "--missing", "--home", filled).code == 0
    assert published() == before


def test_a_catalogue_that_does_not_fit_is_said(filled: Path, place: Path) -> None:
    for path in filled.glob("catalogue.db*"):
        path.unlink()
    shutil.rmtree(next((filled / "archive").glob("*/*/*accession*")))
    answer = canoe_here("repair", "--replica", place, "--home", filled)
    assert answer.code == 0
    assert "Run canoe rebuild" in answer.err
    assert canoe_here("rebuild", "--home", filled).code == 0
    assert len(items(filled)) == 2


def test_a_library_is_moved_by_its_second_copy(filled: Path, place: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.copy(filled / "canoe.toml", moved)
    shutil.copytree(place, moved / "archive")
    assert canoe_here("rebuild", "--home", moved).code == 0
    assert canoe_here("export", "--home", moved).out == canoe_here("export", "--home", filled).out
    assert canoe_here("check", "--home", moved).code == 0


@pytest.mark.parametrize("seed", [3, 5, 6])
def test_repair_by_the_program_is_byte_for_byte(filled: Path, place: Path, seed: int) -> None:
    wanted = kept(filled / "archive")
    put = spoil(filled / "archive", seed, count=3)
    answer = canoe_here("repair", "--replica", place, "--home", filled)
    assert (answer.code, kept(filled / "archive")) == (0, wanted), (put, answer)


def test_stopped_by_hand_it_exits_130_and_goes_on(filled: Path, tmp_path: Path) -> None:
    """As a terminal's Ctrl-C does, at some moment of the work."""
    big = filled / "archive" / "000"
    command: list[Any] = [PROGRAM, "replicate", tmp_path / "copy", "--home", filled]
    for number in range(400):  # folders that are none of ours: each is read and named, which takes a while
        (big / f"{number:03x}" / "nobody").mkdir(parents=True)
    process = subprocess.Popen(command, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 300
    while (
        not (tmp_path / "copy" / "ocfl_layout.json").exists() and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "goes on where this one ended" in err
    shutil.rmtree(big)
    assert canoe_here("replicate", tmp_path / "copy", "--home", filled).code == 0
    assert kept(tmp_path / "copy") == kept(filled / "archive")
