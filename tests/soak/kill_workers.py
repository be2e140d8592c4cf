"""The soak of reading on several machines: workers, and now and then the scheduler, killed again and again.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/kill_workers.py 40

Options: the number of kills, and a seed. An ingest runs on a cluster of three workers; each lives some seconds, is
killed (kill -9) and started again; every fourth of an ingest is the scheduler's. Then the library is compared with one
that was read on this machine. Prints a line an ingest and a summary; ends with exit 1 when anything was lost, doubled
or read otherwise, or a process outlived its worker.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from clusters import Cluster, cluster
from killing import all_gone, finish, start_ingest
from scans import ENGLISH, FRENCH, SPANISH, scan_of, scanned
from small_library import canoe_here, canoe_program, logical_files

NAMES = ("one", "two", "three")
_SCHEDULER_EVERY = 4  # kills in one ingest


@dataclass
class Round:
    """One ingest, the kills that fell into it, and what was wrong."""

    workers: int = 0
    schedulers: int = 0
    wrong: list[str] = field(default_factory=list)


def main(kills: int = 40, seed: int = 1) -> None:
    """Ingest until there were so many kills."""
    rounds, began, drawn = list[Round](), time.monotonic(), random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make_shelf(folder / "batch")
        canoe_program("init", "--home", folder / "empty")
        here = shutil.copytree(folder / "empty", folder / "here")
        finish(start_ingest(folder, here))
        while sum(one.workers + one.schedulers for one in rounds) < kills:
            rounds.append(_round(folder, here, len(rounds), drawn))
            one = rounds[-1]
            told = "; ".join(one.wrong) or "the same"
            print(f"{len(rounds)}: {one.workers} workers and {one.schedulers} schedulers killed: {told}", flush=True)
    workers, schedulers = sum(one.workers for one in rounds), sum(one.schedulers for one in rounds)
    same = sum(not one.wrong for one in rounds)
    took = time.monotonic() - began
    print(
        f"{workers} workers and {schedulers} schedulers killed in {len(rounds)} ingests: {same} the same; {took:.0f} s."
    )
    sys.exit(same != len(rounds))


def _make_shelf(folder: Path) -> None:
    folder.mkdir()
    for number, text in enumerate((ENGLISH, FRENCH, SPANISH, ENGLISH)):
        scanned(folder / f"{number}.pdf", scan_of(folder, [f"{text}\nSheet {sheet}" for sheet in range(1, 9)]))
    (folder / "source.pdf").unlink()


def _round(folder: Path, here: Path, number: int, drawn: random.Random) -> Round:
    """Ingest on a cluster that is disturbed until the end."""
    home, one = shutil.copytree(folder / "empty", folder / f"home-{number}"), Round()
    with cluster(folder / f"cluster-{number}", *NAMES) as disturbed:
        port = int(disturbed.address.rpartition(":")[2])
        process = start_ingest(folder, home, "batch", "--scheduler", disturbed.address)
        dies = {name: time.monotonic() + drawn.uniform(6, 20) for name in NAMES}
        while process.poll() is None:
            time.sleep(0.1)
            for name in [name for name, when in dies.items() if when < time.monotonic()]:
                _kill(disturbed, name, port, one)
                dies[name] = time.monotonic() + drawn.uniform(6, 20)
        finish(process)
    one.wrong += _differences(home, here)
    shutil.rmtree(home)
    return one


def _kill(disturbed: Cluster, name: str, port: int, one: Round) -> None:
    """Kill a worker, or in its place the scheduler, which takes its workers with it, and start them again."""
    if (one.workers + one.schedulers) % _SCHEDULER_EVERY == _SCHEDULER_EVERY - 1 and disturbed.scheduler:
        disturbed.scheduler.kill()
        disturbed.scheduler.wait()
        one.schedulers += 1
        for each in list(disturbed.workers):
            disturbed.stop_worker(each)
        disturbed.start_scheduler(port)
        for each in NAMES:
            disturbed.start_worker(each, "--no-nanny")
        return
    session = disturbed.workers[name].pid
    os.kill(session, signal.SIGKILL)
    disturbed.stop_worker(name)
    if not all_gone(session):
        one.wrong.append(f"a process outlived its worker {name}")
    one.workers += 1
    disturbed.start_worker(name, "--no-nanny")


def _differences(home: Path, here: Path) -> list[str]:
    far, near = logical_files(home), logical_files(here)
    wrong = [f"{key} differs" for key in sorted(far.keys() | near.keys()) if far.get(key) != near.get(key)]
    faults = canoe_here("check", "--home", home, "--json").json["faults"]
    return [*wrong, *(f"fault: {fault}" for fault in faults)]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
