"""A dask cluster for the tests: a scheduler and workers, each a process of its own on 127.0.0.1."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
_CONFIG = {
    "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "False",
    "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(message)s",
}


def wait_for(condition: Callable[[], object], seconds: float = 120) -> bool:
    """Say whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@dataclass
class Cluster:
    """Processes of a cluster whose notes and folders lie in ``folder``."""

    folder: Path
    scheduler: subprocess.Popen[bytes] | None = None
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the scheduler answers."""
        told: str = json.loads((self.folder / "scheduler.json").read_text())["address"]
        return told

    def start_scheduler(self, port: int = 0, *options: str) -> None:
        """Start the scheduler, on a port that the system chooses, and wait until it can be asked."""
        note = self.folder / "scheduler.json"
        note.unlink(missing_ok=True)
        where = ["--host", "127.0.0.1", "--port", str(port), "--scheduler-file", str(note)]
        self.scheduler = self._start("dask_scheduler", "scheduler", [*where, *options], {})
        assert wait_for(note.exists), (self.folder / "scheduler.log").read_text()

    def start_worker(self, name: str, *options: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker that reads one page at a time, ``more`` in its environment; it comes when it is ready."""
        folder = ["--local-directory", str(self.folder / name), "--name", name, "--nthreads", "1"]
        self.workers[name] = self._start("dask_worker", name, [self.address, *folder, *options], more)
        return self.workers[name]

    def _start(self, program: str, name: str, options: list[str], more: dict[str, str]) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join([*filter(None, [more.pop("PYTHONPATH", "")]), str(HERE / "faults")])
        quiet = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        command = [sys.executable, "-m", f"distributed.cli.{program}", *quiet, *options]
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = {**os.environ, **_CONFIG, **more, "PYTHONPATH": paths}
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)

    def stop_worker(self, name: str) -> None:
        """Kill a worker."""
        process = self.workers.pop(name)
        process.kill()
        process.wait()

    def stop_scheduler(self) -> None:
        """Kill the scheduler."""
        if self.scheduler:
            self.scheduler.kill()
            self.scheduler.wait()

    def stop(self) -> None:
        """End all that was started."""
        processes = [*self.workers.values(), *filter(None, [self.scheduler])]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


@contextmanager
def cluster(folder: Path, *names: str) -> Iterator[Cluster]:
    """Lend a cluster with a scheduler and, beginning to start, workers of these names."""
    folder.mkdir(parents=True)
    made = Cluster(folder)
    try:
        made.start_scheduler()
        for name in names:
            made.start_worker(name, "--no-nanny")
        yield made
    finally:
        made.stop()
