"""The long soak: kills of an ingest by the hundred, each followed by a dump and by the same ingest again.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/kill_ingest.py 200

Options: the number of kills, how many in a row on one home, a seed, and how many lanes work side by side. Every
second home begins empty, every other holds what the same shelf was a year before. Prints a line a home and a
summary; ends with exit 1 when anything was not as it would have been without the kills.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import count, islice
from pathlib import Path

from killing import Course, Killer, Round, finish, start_ingest, summary
from shelves import a_year_later, make_shelf
from small_library import canoe_program


def main(kills: int = 200, in_a_row: int = 1, seed: int = 1, lanes: int = 2) -> None:
    """Kill until ``kills`` ingests were killed, and compare every home with an undisturbed one."""
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(lanes) as pool:
        began, rounds = time.monotonic(), list[Round]()
        for one in _rounds(courses(Path(name)), pool, (kills, in_a_row, seed, lanes)):
            rounds.append(one)
            wrong = [*one.differences, *(wrong for kill in one.kills for wrong in kill.wrong)]
            where = ", ".join(f"{kill.whom} {kill.moment:.2f} s {kill.stage}" for kill in one.kills)
            print(f"{len(rounds)}: {where or 'not killed'}: {'; '.join(wrong) or 'the same'}", flush=True)
    print(f"{summary(rounds)}; {time.monotonic() - began:.0f} s, seed {seed}.")
    sys.exit(any(one.differences or any(kill.wrong for kill in one.kills) for one in rounds))


def courses(folder: Path) -> tuple[Course, Course]:
    """Return an ingest into an empty home, and one of the same shelf a year later."""
    first, second = folder / "first", folder / "second"
    make_shelf(first / "batch")
    canoe_program("init", "--home", folder / "empty", "--doi-prefix", "10.5555")
    shutil.copytree(first, second)
    a_year_later(second / "batch")
    filled = shutil.copytree(folder / "empty", folder / "filled")
    finish(start_ingest(first, filled))
    return Course.run(first, folder / "empty"), Course.run(second, filled)


def _rounds(courses: tuple[Course, ...], pool: Executor, asked: tuple[int, int, int, int]) -> Iterator[Round]:
    """Yield rounds, ``lanes`` at a time, until there were enough kills."""
    kills, in_a_row, seed, lanes = asked
    killed, numbers = 0, count()
    while killed < kills:
        drawn = [(courses[number % 2], seed * 100_000 + number) for number in islice(numbers, lanes)]
        for one in pool.map(_round, *zip(*drawn, strict=True), [in_a_row] * lanes):
            killed += len(one.kills)
            yield one


def _round(course: Course, seed: int, in_a_row: int) -> Round:
    return Killer(course, seed).round(in_a_row)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
