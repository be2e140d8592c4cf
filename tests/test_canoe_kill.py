"""Kill -9 at any moment of an ingest, then the same ingest again: the library is as if nothing had happened."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from killing import Course, Killer, all_gone, faults, finish, start_ingest
from shelves import a_year_later, make_shelf
from small_library import canoe_here

from canoe.home import Home


@pytest.fixture(scope="module")
def first(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Return an ingest into an empty home."""
    folder = tmp_path_factory.mktemp("first")
    make_shelf(folder / "batch", reports=4, records=20)
    return Course.run(folder, empty_home)


@pytest.fixture(scope="module")
def second(first: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Return an ingest of the same shelf a year later: much is there, much has changed."""
    folder = tmp_path_factory.mktemp("second")
    shutil.copytree(first.folder / "batch", folder / "batch")
    a_year_later(folder / "batch", reports=4, records=20)
    return Course.run(folder, first.folder / "undisturbed")


@pytest.mark.ocr
def test_a_killed_ingest_shows_nothing_half_and_goes_on_as_if_nothing_had_happened(second: Course) -> None:
    """Into a library that holds some of it; into an empty one, and hundreds of times: tests/soak/kill_ingest.py."""
    done = Killer(second, seed=3).round(3)
    assert [wrong for kill in done.kills for wrong in kill.wrong] == [], done.kills
    assert done.differences == (), done.kills


@pytest.mark.ocr
def test_an_ingest_that_is_stopped_by_hand_exits_130_and_goes_on(home: Path, batch: Path, tmp_path: Path) -> None:
    process = start_ingest(tmp_path, "home")
    deadline = time.monotonic() + 60
    while not list(home.glob("staging/work-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal's Ctrl-C: to all of them
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert all_gone(process.pid)
    report = finish(start_ingest(tmp_path, "home"))
    assert (report["counts"]["in"], report["counts"]["refused"]) == (16, 2)
    assert faults(home) == []
    assert len(Home.read(home).library.catalogue.accessions()) == 1
    assert canoe_here("check", "--home", home).code == 0
