"""Kill -9 at any moment of an ingest, then the same ingest again: the library is as if nothing had happened."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from killing import Course, Killer, all_gone, faults, finish, start_ingest, wait_until_at_work
from shelves import a_year_later, make_shelf
from small_library import canoe_here
from thoroughness import usually

from canoe.home import Home


@pytest.fixture(scope="module")
def second(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Return an ingest of a shelf that came a year before: much is there, much has changed."""
    folder = tmp_path_factory.mktemp("second")
    make_shelf(folder / "batch", reports=4, records=20)
    home = shutil.copytree(empty_home, folder / "home")
    finish(start_ingest(folder, home))
    a_year_later(folder / "batch", reports=4, records=20)
    return Course.run(folder, home)


@pytest.mark.ocr
def test_a_killed_ingest_shows_nothing_half_and_goes_on_as_if_nothing_had_happened(second: Course) -> None:
    """Into a library that holds some of it; into an empty one, and hundreds of times: tests/soak/kill_ingest.py."""
    done = Killer(second, seed=3).round(usually(2, thoroughly=3))
    assert [wrong for kill in done.kills for wrong in kill.wrong] == [], done.kills
    assert done.differences == (), done.kills


@pytest.mark.ocr
def test_an_ingest_that_is_stopped_by_hand_exits_130_and_goes_on(home: Path, batch: Path, tmp_path: Path) -> None:
    process = start_ingest(tmp_path, "home")
    wait_until_at_work(process, home)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal's Ctrl-C: to all of them
    out, err = process.communicate()
    assert (process.returncode, out) == (130, ""), err
    assert all_gone(process.pid)
    report = finish(start_ingest(tmp_path, "home"))
    assert (report["counts"]["in"], report["counts"]["refused"]) == (16, 2)
    assert faults(home) == []
    assert len(Home.read(home).library.catalogue.accessions()) == 1
    assert canoe_here("check", "--home", home).code == 0
