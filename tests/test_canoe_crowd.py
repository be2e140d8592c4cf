"""Several ingests at once, a holder that is killed, a lock that is not as it should be, and readers meanwhile."""

import fcntl
import os
import shutil
import signal
import socket
from pathlib import Path

import pytest
from crowding import HELD, Readers, served, settle, together, wrong_ends
from killing import State, faults, finish, start_ingest, wait_until_at_work
from seen import look
from shelves import make_report, make_shelf
from small_library import canoe_here, canoe_program, marc_file, record
from thoroughness import usually

GARBAGE = b"\xff\xfe\x00process \x1b]0;owned\x07\n\x1b[2J" + b"x" * 100_000
TEXT_ONLY = ("reports/1.pdf", "reports/2.pdf", "records.mrc", "records.xml")


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two sources that have nothing in common: ``batch`` and ``other``."""
    folder = tmp_path_factory.mktemp("shelves")
    whole = make_shelf(folder / "whole", reports=2, records=20)
    (folder / "batch/reports").mkdir(parents=True)
    for name in TEXT_ONLY:
        shutil.copy(whole / name, folder / "batch" / name)
    (folder / "other/reports").mkdir(parents=True)
    make_report(folder / "other", 50)
    marc_file(folder / "other/more.mrc", [record(number, f"Map {number}") for number in range(500, 520)])
    shutil.rmtree(whole)
    return folder


@pytest.fixture(scope="module")
def undisturbed(shelves: Path, empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> State:
    """Return what both sources come to, one after the other."""
    home = shutil.copytree(empty_home, tmp_path_factory.mktemp("undisturbed") / "home")
    for source in ("batch", "other"):
        assert canoe_program("ingest", source, "--home", home, cwd=shelves).code == 0
    return State.of(home)


def test_ingests_at_once_do_their_work_or_name_the_holder_and_readers_see_nothing_half(
    shelves: Path, undisturbed: State, home: Path
) -> None:
    with served(home) as url:
        readers = Readers(home, url, look(home), undisturbed.seen, pause=1.0)
        with readers.reading():
            ends = together(shelves, home, [*usually([], thoroughly=[("batch",)]), ("batch",), ("other",)])
            again = settle(shelves, home, ends)
        assert readers.wrong == []
        assert readers.asked > 3
    assert wrong_ends(ends, home, alone=False) == []
    assert again == []
    assert faults(home) == []
    assert undisturbed.differences(State.of(home)) == []


def test_a_killed_holder_holds_nothing_for_the_next(shelves: Path, home: Path) -> None:
    holder = start_ingest(shelves, home, workers=1)
    wait_until_at_work(holder, home)
    os.killpg(holder.pid, signal.SIGSTOP)  # it holds the home however slow the machine is
    refused = canoe_here("ingest", shelves / "other", "--home", home)
    assert refused.code == 5
    told = HELD.match(refused.err)
    assert told
    assert (int(told["pid"]), told["host"]) == (holder.pid, socket.gethostname())
    os.killpg(holder.pid, signal.SIGKILL)
    report = finish(start_ingest(shelves, home, workers=1))  # the dead one is not even waited for
    holder.communicate()
    assert report["counts"]["refused"] == 0
    assert faults(home) == []


@pytest.mark.parametrize("text", [b"", GARBAGE], ids=["empty", "garbage"])
def test_what_stands_in_the_lock_is_for_people_only(text: bytes, shelves: Path, home: Path) -> None:
    (home / "writer.lock").write_bytes(text)
    with (home / "writer.lock").open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        held = canoe_here("ingest", shelves / "other", "--home", home)
    assert (held.code, held.out) == (5, "")
    assert held.err.startswith(f"{home} is being written to by ")
    assert all(character.isprintable() for character in held.err.replace("\n", ""))
    assert len(held.err) < 2000
    free = canoe_here("ingest", shelves / "other/more.mrc", "--home", home)
    assert free.code == 0


def test_a_folder_in_place_of_the_lock_is_named_and_the_library_can_be_read(shelves: Path, home: Path) -> None:
    (home / "writer.lock").unlink(missing_ok=True)
    (home / "writer.lock").mkdir()
    refused = canoe_here("ingest", shelves / "other", "--home", home)
    assert (refused.code, refused.out) == (6, "")
    assert str(home / "writer.lock") in refused.err
    assert "bug" not in refused.err.lower()
    assert canoe_here("export", "--home", home).code == 0
    assert canoe_here("check", "--home", home).code == 0
