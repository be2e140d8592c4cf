"""The long soak of ingests that are started at once, two to four of them, while others read.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/crowd.py 20

Option: the number of crowds. Every second crowd is all of the same source, in every other each brings its own and
one of four brings what another brings. Prints a line a crowd and a summary; ends with exit 1 when anything was not
as it is one after the other.
"""

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from crowding import Readers, served, settle, together, wrong_ends
from killing import State, faults, finish, start_ingest
from seen import Seen, look
from shelves import make_report, make_shelf
from small_library import canoe_program, marc_file, record

SOURCES = ("batch", "maps", "charts")


@dataclass(frozen=True, slots=True)
class Ground:
    """The folder in which the sources and an empty home lie, and what they come to one after the other."""

    folder: Path
    before: Seen
    one: State
    all: State


def main(crowds: int = 20) -> None:
    """Start ``crowds`` crowds and compare the home of each with one that had no crowd."""
    began, differing, held, asked = time.monotonic(), 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        ground = _ground(Path(name))
        for number in range(crowds):
            size, same = 2 + number % 3, number % 2 == 0
            sources: list[tuple[str, ...]] = [("batch" if same else SOURCES[n % 3],) for n in range(size)]
            wrong, told, questions = _crowd(ground, f"home-{number}", sources)
            held, asked, differing = held + told, asked + questions, differing + bool(wrong)
            print(f"{number + 1}: {size} of {'one source' if same else 'their own'}: {'; '.join(wrong) or 'the same'}")
            sys.stdout.flush()
    print(
        f"{crowds} crowds: {crowds - differing} ended the same, {differing} not; {held} ingests were told who held "
        f"the home; readers asked {asked} times meanwhile; {time.monotonic() - began:.0f} s."
    )
    sys.exit(differing > 0)


def _ground(folder: Path) -> Ground:
    make_shelf(folder / "batch", reports=6, records=60)
    for number, source in enumerate(SOURCES[1:], 1):
        (folder / source / "reports").mkdir(parents=True)
        make_report(folder / source, 50 + number)
        made = [record(1000 * number + n, f"{source.title()} {n} of the region") for n in range(50)]
        marc_file(folder / source / "more.mrc", made)
    canoe_program("init", "--home", folder / "empty", "--doi-prefix", "10.5555")
    home, states = shutil.copytree(folder / "empty", folder / "undisturbed"), list[State]()
    for source in SOURCES:
        finish(start_ingest(folder, home, source))
        states.append(State.of(home))
    return Ground(folder, look(folder / "empty"), states[0], states[-1])


def _crowd(ground: Ground, name: str, asked: list[tuple[str, ...]]) -> tuple[list[str], int, int]:
    """Return what went wrong with a crowd, how many were told who held the home, and how often readers asked."""
    home = shutil.copytree(ground.folder / "empty", ground.folder / name)
    with served(home) as url:
        readers = Readers(home, url, ground.before, ground.all.seen)
        with readers.reading():
            ends = together(ground.folder, home, asked)
            again = settle(ground.folder, home, ends)
    for source in SOURCES if len({*asked}) > 1 else ():  # a crowd of two has brought two of three
        finish(start_ingest(ground.folder, home, source))
    expected = ground.all if len({*asked}) > 1 else ground.one
    wrong = [*readers.wrong, *wrong_ends(ends, home, alone=False), *again, *faults(home)]
    wrong += expected.differences(State.of(home))
    shutil.rmtree(home)
    return wrong, sum(one.answer.code == 5 for one in ends), readers.asked


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
