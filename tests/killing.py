"""Ingests that are killed at random moments, and what must be the same afterwards."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive_library import oracle
from small_library import PROGRAM, canoe_here, environment, exported, logical_files

from canoe.home import Home

_DATESTAMP = re.compile(r"<datestamp>[^<]*</datestamp>")


def start_ingest(folder: Path, home: str) -> subprocess.Popen[str]:
    """Start ``canoe ingest batch`` in ``folder``, in a session of its own."""
    command = [str(PROGRAM), "ingest", "batch", "--home", home, "--json", "--workers", "2"]
    return subprocess.Popen(
        command, cwd=folder, env=environment(), start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def state(home: Path) -> dict[str, Any]:
    """Return all that must not depend on whether an ingest was disturbed."""
    catalogue = Home.read(home).library.catalogue
    accessions = canoe_here("accessions", "--home", home, "--json").json
    specs = ["", *(spec for spec, _ in catalogue.oai_sets())]
    pages = {spec: catalogue.oai_page((0, 0), 1 << 40, spec, 10_000) for spec in specs}
    return {
        "items": exported(home),
        "accessions": [{**one, "received_at": ""} for one in accessions],
        "oai": {spec: sorted((_DATESTAMP.sub("", one.header), one.metadata) for one in pages[spec]) for spec in pages},
        "objects": logical_files(home),
        "search": canoe_here("search", "region station", "--home", home, "--json", "--limit", "100").lines,
    }


def faults(home: Path) -> list[str]:
    """Return what is wrong with a home, by Canoe's own check, by ocfl-py's, and in its staging folder."""
    checked = canoe_here("check", "--home", home, "--json").json["faults"]
    left = [f"left in staging: {path.name}" for path in (home / "staging").iterdir()]
    return [json.dumps(fault) for fault in checked] + oracle(home / "archive") + left


def session_members(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(path.parent.name))
    return found


def all_gone(session: int, patience: float = 10.0) -> bool:
    """Say whether every process of a session ends within ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while session_members(session):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass
class Killer:
    """Kills ingests of the batch in ``folder`` into copies of ``empty``, at moments drawn from ``seed``."""

    folder: Path
    empty: Path
    duration: float
    seed: int
    kills: int = 0
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw from a generator of our own, so that a seed tells everything but the machine's speed."""
        self._random = random.Random(self.seed)  # noqa: S311

    def torment(self, number: int, in_a_row: int) -> Path:
        """Kill up to ``in_a_row`` ingests into a fresh home, then let one finish; return the home."""
        home = self.folder / f"home-{self.seed}-{number}"
        shutil.copytree(self.empty, home)
        if all(self._kill(home, self.duration * (0.6 if row else 1.0)) for row in range(in_a_row)):
            finished = start_ingest(self.folder, home.name)
            _require_done(finished, finished.communicate()[0])
        return home

    def _kill(self, home: Path, within: float) -> bool:
        """Kill an ingest at some moment ``within`` so many seconds; False when it was done before."""
        moment, began = self._random.uniform(0.0, within), time.monotonic()
        process = start_ingest(self.folder, home.name)
        try:
            _require_done(process, process.communicate(timeout=moment)[0])
        except subprocess.TimeoutExpired:
            whole = self._random.random() < 0.5
            os.killpg(process.pid, signal.SIGKILL) if whole else process.kill()
            process.communicate()
            assert all_gone(process.pid), f"a worker outlived its parent, killed after {moment:.2f} s"
            self.kills += 1
            self.log.append(f"{'group' if whole else 'leader'} {moment:.2f} s")
            return True
        # The machine is less busy than it was: what is left of the duration must not be slept through.
        self.duration = min(self.duration, time.monotonic() - began)
        return False


def _require_done(process: subprocess.Popen[str], out: str) -> None:
    assert process.returncode == 3, out
    assert json.loads(out)["counts"]["refused"] == 2
