import json
from pathlib import Path

import pytest

from canoe.progress import Pace, ProgressForm, watching
from ingest.documents import Document, Progress

DOCUMENT = Document(Path("a.pdf"), "application/pdf", ("eng",), Path("w"), "a.pdf")


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _paced(workers: int, *steps: tuple[float, int]) -> Pace:
    """Return the pace after pages were done: seconds since the step before, pages in all."""
    clock = _Clock()
    pace = Pace(workers, clock)
    for seconds, done in steps:
        clock.now += seconds
        pace.note(done)
    return pace


def test_pace_and_time_left_are_told_in_all_and_for_a_worker() -> None:
    pace = _paced(2, (0, 0), (60, 30))
    assert pace.per_minute(30) == 30
    assert pace.left(30, 90) == 120
    assert pace.words(30, 90) == "30.0 pages a minute, 15.0 a worker, 2 min left"
    assert pace.words(30, 30 + 30 * 185) == "30.0 pages a minute, 15.0 a worker, 3 h 05 min left"


def test_the_pace_is_that_of_the_last_minutes() -> None:
    steps = [(0.0, 0), (60.0, 600), *((30.0, 600 + 5 * n) for n in range(1, 11))]
    assert _paced(1, *steps).per_minute(650) == pytest.approx(10)


def test_at_first_nothing_can_be_told() -> None:
    assert Pace(1).left(0, 10) is None
    assert _paced(1, (0, 0)).words(0, 10) == ""


def test_json_lines_tell_all_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    with watching(2, ProgressForm.JSON) as watcher:
        watcher.looked(1, 1)
        watcher.read(Progress(DOCUMENT, 1, 1, 4, 4))
    looked, read = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert looked == {"files_looked_at": 1, "files": 1}
    assert read.pop("pages_a_minute") >= 0
    assert read.pop("pages_a_minute_a_worker") >= 0
    assert read.pop("seconds_left") in (None, 0)
    assert read == {"documents": 1, "documents_done": 1, "pages": 4, "pages_done": 4, "workers": 2}


@pytest.mark.parametrize("form", [ProgressForm.NONE, ProgressForm.LINES, ProgressForm.AUTO])
def test_quiet_is_quiet_and_lines_come_only_now_and_then(form: ProgressForm, capfd: pytest.CaptureFixture[str]) -> None:
    with watching(1, form) as watcher:
        for done in range(100):
            watcher.read(Progress(DOCUMENT, 1, 0, 100, done))
    assert capfd.readouterr().err == ""


def test_a_line_says_how_far_and_how_fast(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _Clock()
    monkeypatch.setattr("canoe.progress.time.monotonic", clock)
    with watching(1, ProgressForm.LINES) as watcher:
        watcher.read(Progress(DOCUMENT, 1, 0, 100, 0))
        clock.now += 30
        watcher.read(Progress(DOCUMENT, 1, 0, 100, 20))
    told = capfd.readouterr().err
    assert told.startswith("Read 20 of 100 pages, 0 documents done")
