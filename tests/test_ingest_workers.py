import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from scans import LIMITS
from worker_tasks import die, double, limits_here, remark

from ingest.documents import Limits
from ingest.workers import Failed, Workers

CHILD = """
import sys, time
from ingest.documents import Limits
from ingest.workers import Workers
from worker_tasks import sleep_beside_a_child
if __name__ == "__main__":
    with Workers(2, Limits()) as pool:
        for name in ("a", "b"):
            pool.submit(name, sleep_beside_a_child, sys.argv[1] + "/" + name)
        list(pool.results())
"""


def _all(pool: Workers[int]) -> dict[int, object]:
    found: dict[int, object] = {}
    while len(pool):
        found.update(pool.results())
    return found


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL])
def test_a_worker_that_dies_takes_no_other_task_with_it(how: int) -> None:
    with Workers[int](2, LIMITS) as pool:
        for number in range(6):
            pool.submit(number, double, number) if number != 2 else pool.submit(2, die, how)
        found = _all(pool)
        pool.submit(7, double, 7)
        assert _all(pool) == {7: 14}
    assert isinstance(found.pop(2), Failed)
    assert found == {number: 2 * number for number in (0, 1, 3, 4, 5)}


def test_what_libraries_remark_in_a_worker_is_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    with Workers[int](1, LIMITS) as pool:
        pool.submit(1, remark)
        assert _all(pool) == {1: None}
    assert capfd.readouterr().err == ""


def test_what_a_task_raises_is_its_result() -> None:
    with Workers[int](1, LIMITS) as pool:
        pool.submit(1, int, "no number")
        failed = _all(pool)[1]
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, ValueError)


def test_tasks_run_within_limits() -> None:
    limits = Limits(memory=1 << 30, written=1 << 20, processor=50)
    with Workers[int](1, limits) as pool:
        pool.submit(1, limits_here)
        found = _all(pool)[1]
    assert found in [(1 << 30, 1 << 20, seconds, "1") for seconds in range(50, 56)]


def test_a_task_that_sleeps_too_long_is_woken() -> None:
    with Workers[int](1, replace(LIMITS, patience=1)) as pool:
        pool.submit(1, time.sleep, 600)
        failed = _all(pool)[1]
    assert isinstance(failed, Failed)
    assert failed.reason == "it took too long"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_and_their_children_end_with_the_process_that_started_them(tmp_path: Path, how: int) -> None:
    (tmp_path / "run.py").write_text(CHILD)
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{here.parent}:{here}:{here / 'faults'}"}
    parent = subprocess.Popen([sys.executable, str(tmp_path / "run.py"), str(tmp_path)], env=environment)
    notes = [tmp_path / "a", tmp_path / "b"]
    assert _wait_for(lambda: all(note.exists() and note.read_text() for note in notes))
    processes = [int(process) for note in notes for process in note.read_text().split()]
    assert all(_is_running(process) for process in processes)
    parent.send_signal(how)
    parent.wait()
    assert _wait_for(lambda: not any(_is_running(process) for process in processes))


def test_workers_that_cannot_be_started_are_named() -> None:
    program = """
import resource
from ingest.documents import Limits
from ingest.workers import Workers
from metadata.errors import StorageError
resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))
try:
    Workers(1, Limits())
except StorageError as fault:
    print(fault.message)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "Worker processes cannot be started: Too many open files.\n", ended.stderr
