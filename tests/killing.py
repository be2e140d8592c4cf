"""Ingests that are killed at random moments, what readers see then, and what must be the same afterwards."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from archive_library import oracle
from seen import Seen, halves, look
from small_library import PROGRAM, canoe_here, environment

from archive.catalogued import Listing
from canoe.home import Home

MOMENTS = (("canoe.toml", 1.0), ("staging/work-*", 0.8), ("staging/[0-9]*", 0.15))
WEIGHTS = (0.1, 0.4, 0.5)
"""When a kill may fall, and how often: after a sign that is looked for in the home, within this share of the time that
an ingest takes. The signs: none but the home, an ingest at work, a write into the archive under way."""


def start_ingest(
    folder: Path, home: Path | str, *sources: str, workers: int = 2, before: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Start ``canoe ingest``, of ``batch`` where no sources are named, in ``folder``, in a session of its own.

    ``before`` is a command that starts it, with limits perhaps.
    """
    command = [str(PROGRAM), "ingest", *(sources or ["batch"]), "--home", str(home), "--json"]
    return subprocess.Popen(
        [*before, *command, "--workers", str(workers)], cwd=folder, env=environment(), start_new_session=True,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> Any:
    """Return the report of an ingest that must have come to its end."""
    out, err = process.communicate()
    assert process.returncode in (0, 3), err
    return json.loads(out)


def wait_until_at_work(process: subprocess.Popen[str], home: Path, patience: float = 300.0) -> None:
    """Wait until an ingest reads pages into its home; one that ended before has failed."""
    deadline = time.monotonic() + patience
    while not any(home.glob("staging/work-*")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "it has not begun to work"
        time.sleep(0.01)


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


def all_gone(session: int, patience: float = 60.0) -> bool:
    """Say whether every process of a session ends within ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while session_members(session):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def archived(home: Path) -> dict[str, dict[str, str]]:
    """Return each archived object's newest version and its files, but for what tells the time."""
    found = {}
    for path in home.glob("archive/*/*/*/inventory.json"):
        inventory = json.loads(path.read_text())
        state = inventory["versions"][inventory["head"]]["state"]
        files = {name: digest for digest, names in state.items() for name in names if name != "accession.json"}
        if "events.jsonl" in files:
            lines = (path.parent / inventory["manifest"][files["events.jsonl"]][0]).read_text().splitlines()
            files["events.jsonl"] = json.dumps([{**json.loads(line), "at": ""} for line in lines])
        found[inventory["id"]] = {**files, "": inventory["head"]}
    return found


@dataclass(frozen=True, slots=True)
class State:
    """All that must not depend on whether an ingest was disturbed."""

    seen: Seen
    members: Mapping[str, list[str]]
    objects: Mapping[str, dict[str, str]]

    @classmethod
    def of(cls, home: Path) -> "State":
        """Look at a home that nobody writes to."""
        catalogue = Home.read(home).library.catalogue
        specs = [spec for spec, _ in catalogue.oai_sets()]
        pages = {spec: catalogue.oai_headers(Listing(set_spec=spec), 10_000) for spec in specs}
        members = {
            spec: sorted(header.decode().partition("<datestamp>")[0] for _, header in pages[spec]) for spec in specs
        }
        return cls(look(home), members, archived(home))

    def differences(self, other: "State") -> list[str]:
        """Return in what two states differ."""
        found = [*self.seen.faults, *other.seen.faults]
        for part, one, two in (
            ("items", self.seen.items, other.seen.items),
            ("accessions", self.seen.accessions, other.seen.accessions),
            ("search", self.seen.hits, other.seen.hits),
            ("sets", self.members, other.members),
            ("archived files", self.objects, other.objects),
        ):
            keys = sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
            found += [f"{part} differ: {', '.join(keys[:5])}"] if keys else []
        return found


@dataclass(frozen=True, slots=True)
class Course:
    """An ingest of ``folder / "batch"`` into copies of the home ``start``, and how it goes when it is not disturbed.

    ``reports`` are the report of that ingest and the report of the same ingest once more.
    """

    folder: Path
    start: Path
    before: Seen
    after: State
    duration: float
    reports: tuple[Any, Any]

    @classmethod
    def run(cls, folder: Path, start: Path, home: Path | None = None) -> "Course":
        """Run the ingest undisturbed, twice, into ``home``, else into ``folder / "undisturbed"``, which is left."""
        home = home or shutil.copytree(start, folder / "undisturbed")
        began = time.monotonic()
        first = finish(start_ingest(folder, home))
        duration = time.monotonic() - began
        again = finish(start_ingest(folder, home))
        after = State.of(home)
        assert faults(home) == []
        assert after.seen.faults == ()
        assert again["accession"] is None
        return cls(folder, start, look(start), after, duration, (first, again))

    def differences(self, home: Path) -> list[str]:
        """Return all in which a home differs from the undisturbed one, and its faults."""
        return [*faults(home), *self.after.differences(State.of(home))]


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill: what was killed, after how many seconds, what of the ingest could be seen then, what was wrong."""

    whom: str
    moment: float
    stage: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """What became of one home: the kills, and how its end differs from the undisturbed one."""

    kills: tuple[Kill, ...]
    differences: tuple[str, ...]


@dataclass
class Killer:
    """Kills ingests of a course at moments drawn from ``seed``."""

    course: Course
    seed: int
    workers: int = 2
    patience: float = field(init=False)

    def __post_init__(self) -> None:
        """Draw from a generator of our own, so that a seed tells everything but the machine's speed."""
        self._random = random.Random(self.seed)  # noqa: S311
        self.patience = self.course.duration

    def round(self, in_a_row: int) -> Round:
        """Kill up to ``in_a_row`` ingests into a fresh home, looking at it after each; then let one finish."""
        home = self.course.folder / f"home-{self.seed}"
        shutil.copytree(self.course.start, home)
        kills: list[Kill] = []
        while len(kills) < in_a_row and (killed := self._kill(home)):
            kills.append(self._seen(home, killed))
        report = finish(start_ingest(self.course.folder, home, workers=self.workers))
        different = [] if report in self.course.reports else [f"another report: {report['counts']}"]
        different += self.course.differences(home)
        shutil.rmtree(home)
        return Round(tuple(kills), tuple(different))

    def _kill(self, home: Path) -> Kill | None:
        """Kill an ingest at some moment, mostly once it is at work; None when it was done before."""
        began, (sign, share) = time.monotonic(), self._random.choices(MOMENTS, WEIGHTS)[0]
        process = start_ingest(self.course.folder, home, workers=self.workers)
        while process.poll() is None and not any(home.glob(sign)):
            time.sleep(0.002)
        moment = self._random.uniform(0, self.patience) * share
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            whole = self._random.random() < 0.7
            os.killpg(process.pid, signal.SIGKILL) if whole else process.kill()
            process.communicate()
            assert all_gone(process.pid), f"a worker outlived its parent, killed after {moment:.2f} s"
            return Kill("group" if whole else "leader", moment, "", ())
        # The machine is less busy than it was: what is left of the duration must not be slept through.
        self.patience = min(self.patience, time.monotonic() - began)
        return None

    def _seen(self, home: Path, kill: Kill) -> Kill:
        """Look at a copy of a home just as the kill left it, and once more when it is healed."""
        copy = shutil.copytree(home, home.with_name(f"{home.name}-dump"))
        seen = look(copy)
        stage = self._stage(copy, seen)
        wrong = halves(seen, self.course.before, self.course.after.seen)
        wrong += [f"when healed: {fault}" for fault in faults(copy) if "left in staging" not in fault]
        wrong += [f"when healed: {half}" for half in halves(look(copy), self.course.before, self.course.after.seen)]
        shutil.rmtree(copy)
        return replace(kill, stage=stage, wrong=tuple(wrong))

    def _stage(self, home: Path, seen: Seen) -> str:
        if seen.items == self.course.after.seen.items:
            return "after all was kept"
        if any(Home.read(home).library.uncatalogued()):
            return "between archive and catalogue"
        if seen.items != self.course.before.items:
            return "midway"
        return "while reading" if any((home / "staging").iterdir()) else "while starting"


def summary(rounds: list[Round]) -> str:
    """Return what a row of rounds has shown, in one line."""
    kills = [kill for one in rounds for kill in one.kills]
    stages = ", ".join(f"{count} {stage}" for stage, count in sorted(Counter(kill.stage for kill in kills).items()))
    same = sum(not one.differences for one in rounds)
    wrong = sum(bool(kill.wrong) for kill in kills)
    return (
        f"{len(kills)} kills ({stages}) in {len(rounds)} homes: {same} ended the same, {len(rounds) - same} differing; "
        f"{wrong} kills after which something was lost, twice there or half"
    )
