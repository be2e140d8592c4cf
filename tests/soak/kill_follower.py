"""The long soak of the search index: kills of its follower by the hundred, while items come, change and are tied.

Run by hand, from the repository:

    PYTHONPATH=tests .venv/bin/python tests/soak/kill_follower.py 200

Options: the number of kills and a seed. Every other kill is of an index that is made anew beside the old one. After
each kill readers must find exactly what was there at the change the index has reached. At the end the index must
answer as one made from nothing does, and hold no file that its list of segments does not name. Prints a line a kill.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from test_search_follower import PAGES, VOCABULARY, follow, killed_while_following, orphans, put, reader_of, tie, works

import search.follower
from archive.cataloguing import Publishing
from archive.library import Library
from search.engine import Request

ITEMS = 60
ANEW = """
import sys
from pathlib import Path
import search.follower
from archive.cataloguing import Publishing
from archive.library import Library
from metadata.vocabulary import shipped
from search.engine import open_builder
search.follower.COMMIT_AFTER = 1
home = Path(sys.argv[1])
library = Library.open(home, Publishing("https://library.example", "library.example", shipped()))
with open_builder(home / "index") as engine:
    print("ready", flush=True)
    search.follower.catch_up(engine, library, shipped())
"""


def main(kills: int = 200, seed: int = 1) -> None:
    """Kill ``kills`` followers; end with exit 1 when anything is not as it should be."""
    chance, wrong = random.Random(seed), list[str]()  # noqa: S311 -- not for secrets
    with tempfile.TemporaryDirectory() as name:
        library = Library.create(Path(name), Publishing("https://library.example", "library.example", VOCABULARY))
        for number in range(10, ITEMS):
            put(library, number)
        follow(library)
        for kill in range(1, kills + 1):
            change(library, chance)
            before = reader_of(library).position()
            moment = chance.uniform(0.01, 0.4)
            (killed_anew if kill % 2 else killed_while_following)(library, moment)
            found = faults(library, before)
            wrong += found
            print(f"{kill}: {moment:.2f} s: {'; '.join(found) or 'as it should be'}", flush=True)
        wrong += at_the_end(library)
    print(f"{kills} kills, seed {seed}: {'; '.join(wrong) or 'no gap, no double, no orphan'}.")
    sys.exit(bool(wrong))


def change(library: Library, chance: random.Random) -> None:
    """Change some items, their pages or their ties."""
    for number in chance.sample(range(10, ITEMS), 6):
        put(library, number, chance.choice(("heron", "egret")))
    for number in chance.sample(range(10, ITEMS), 3):
        tie(library, number, *chance.sample(range(10, ITEMS), chance.choice((0, 1, 2))))


def killed_anew(library: Library, seconds: float) -> None:
    """Kill who makes the index anew."""
    command = [sys.executable, "-c", ANEW, str(library.home)]
    root = Path(search.follower.__file__).resolve().parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(seconds)
        child.kill()


def faults(library: Library, before: int) -> list[str]:
    """Return what readers find that they should not: an earlier change, a double, a page too many or few."""
    reader = reader_of(library)
    answer = reader.find(Request("heron OR egret", limit=100))
    hits = [one for hit in answer.hits for one in (hit, *hit.editions)]
    checks: dict[str, Callable[[], bool]] = {
        "the position went back": lambda: reader.position() >= before,
        "items are lost": lambda: answer.total == len(hits) == ITEMS - 10,
        "items are doubled": lambda: len({hit.id for hit in hits}) == len(hits),
        "pages are lost or doubled": lambda: all(hit.page_total == PAGES for hit in hits),
    }
    return [fault for fault, holds in checks.items() if not holds()]


def at_the_end(library: Library) -> list[str]:
    """Return what differs from an index made from nothing, and files that nobody knows."""
    follow(library)
    found = [f"orphan {name}" for name in orphans(library)]
    followed = works(library)
    shutil.rmtree(library.home / "index")
    follow(library)
    return found + ["the works are not those of a new index"] * (followed != works(library))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
