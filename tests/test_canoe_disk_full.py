"""Disks that fill up or refuse: said with path and reason, nothing is lost, and the same ingest goes on once mended."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filling import namespace, run_inside
from scans import images, typeset
from small_library import PROGRAM, Answer, environment, marc_file, record


@pytest.fixture(scope="module")
def mounting() -> list[str]:
    """Return the command that lets a command mount disks of its own."""
    command = namespace()
    if not command:
        pytest.skip("no disk can be mounted here: neither as this account nor with unshare -rm")
    return command


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a batch of records alone: no page is read, so the disk may be full to the last byte."""
    folder = tmp_path_factory.mktemp("records") / "batch"
    folder.mkdir()
    marc_file(folder / "records.mrc", [record(number, f"Station book {number}") for number in range(200)])
    return folder


def test_a_full_disk_is_named_and_the_same_goes_on(records: Path, empty_home: Path, mounting: list[str]) -> None:
    disks = [("full", 30), ("filled", 60)]
    refused = list(run_inside(mounting, records, empty_home, disks))
    assert [(one.code, one.wrong) for one in refused] == [(6, ()), (6, ())], refused


@pytest.mark.ocr
def test_a_page_without_room_is_not_taken_for_a_page_that_cannot_be_read(home: Path, tmp_path: Path) -> None:
    page = images(typeset(tmp_path / "page.pdf", ["The whole page"], box=(0, 0, 595, 842)))[0]
    page.save(tmp_path / "page.tif", compression="tiff_deflate", dpi=(300, 300))
    command = [str(PROGRAM), "ingest", "page.tif", "--home", str(home), "--json", "--workers", "1"]
    limit = 4 << 20  # the page, unpacked for reading, takes 8.7 MB; nothing else more than 4 MiB
    limited = _run(["prlimit", f"--fsize={limit}:{limit}", *command], tmp_path)
    assert (limited.code, limited.out) == (6, ""), limited
    assert "File too large" in limited.err
    assert "Traceback" not in limited.err
    assert '"counts":{"in":1,"new":1' in _run(command, tmp_path).out


def test_a_permission_taken_away_is_named_and_the_same_goes_on(empty_home: Path, tmp_path: Path) -> None:
    batch = marc_file(tmp_path / "maps.mrc", [record(number, f"Map {number}") for number in range(20)])
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    without = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []  # root is above permissions
    asked = [sys.executable, str(Path(__file__).parent / "faults/forbidden.py"), str(batch), str(empty_home)]
    done = subprocess.run(
        [*without, *asked, str(tmp_path)], env=environment(PYTHONPATH=path), capture_output=True, text=True, check=True
    )
    for told in map(json.loads, done.stdout.splitlines()):
        refused, exported, checked, again, found = (Answer(**one) for one in told["said"])
        assert (refused.code, exported.code, checked.code, again.code, found.code) == (6, 0, 0, 0, 0), told
        assert told["part"] in refused.err
        assert "permission" in refused.err
        kept = told["part"].endswith("index")
        assert (refused.out != "") == kept, "what is kept is reported, though it cannot be found yet"
        assert len(exported.lines) == (20 if kept else 0)
        assert "20 items." in found.out
    assert len(done.stdout.splitlines()) == 5


def _run(command: list[str], folder: Path) -> Answer:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)
