"""Kill -9 at any moment of an ingest, then the same ingest again: the library is as if nothing had happened."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from killing import Killer, all_gone, faults, start_ingest, state
from small_library import canoe_here

from canoe.home import Home

KILLS = 5
"""How often each seed kills; up to so often one after the other."""


@pytest.fixture(scope="session")
def undisturbed(
    small_batch: Path, empty_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], float]:
    """Return the state that every disturbed ingest must reach, and how long an undisturbed one takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "batch").symlink_to(small_batch)
    killer = Killer(folder, empty_home, 0.0, 0)
    began = time.monotonic()
    home = killer.torment(0, 0)
    duration = time.monotonic() - began
    assert faults(home) == []
    return state(home), duration


@pytest.mark.ocr
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_killed_ingest_goes_on_as_if_nothing_had_happened(
    seed: int, undisturbed: tuple[dict[str, Any], float], small_batch: Path, empty_home: Path, tmp_path: Path
) -> None:
    expected, duration = undisturbed
    (tmp_path / "batch").symlink_to(small_batch)
    killer = Killer(tmp_path, empty_home, duration, seed)
    number = 0
    while killer.kills < KILLS:
        number += 1
        home = killer.torment(number, KILLS - killer.kills)
        assert faults(home) == [], killer.log
        assert state(home) == expected, killer.log


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
    finished = start_ingest(tmp_path, "home")
    report = json.loads(finished.communicate()[0])
    assert (finished.returncode, report["counts"]["in"]) == (3, 16)
    assert faults(home) == []
    assert len(Home.read(home).library.catalogue.accessions()) == 1
    assert canoe_here("check", "--home", home).code == 0
