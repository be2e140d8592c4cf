"""The long soak: faults put into the files of an archive by the hundred, and `canoe check` asked about each.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/check_faults.py 200

Options: the number of faults, and a seed. Each fault is put into a fresh copy of a small library, the kinds in
turn, into any file; every tenth copy is left as it is. Prints what was found; ends with exit 1 where a fault was
not named, or something was named that is sound.
"""

import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from archive_library import filled, publishing
from damages import KINDS, damage, missed, strange
from small_library import canoe_here

from canoe.settings import LibrarySettings, OaiSettings, Settings, write_settings


def main(count: int = 200, seed: int = 1) -> None:
    """Put ``count`` faults into copies of a library, one each, and count what the check finds."""
    dice, found, untouched = random.Random(seed), Counter[str](), 0  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        base = _library(Path(name) / "base")
        for number in range(count):
            if number % 10 == 0:
                untouched += _judge(_copy(base), [], f"untouched {number}")
            home, kind = _copy(base), KINDS[number % len(KINDS)]
            found[kind] += _judge(home, damage(home / "archive", kind, dice), f"{kind} {number}")
    sys.stdout.write(f"{count} faults, {found.total()} found and named: {dict(found)}\n")
    sys.stdout.write(f"{untouched} untouched archives, 0 false alarms\n")


def _library(home: Path) -> Path:
    filled(home).catalogue.close()
    made = publishing()
    write_settings(home, Settings(LibrarySettings(base_url=made.base_url), oai=OaiSettings(namespace=made.namespace)))
    return home


def _copy(base: Path) -> Path:
    home = base.with_name("home")
    shutil.rmtree(home, ignore_errors=True)
    (base.parent / "aside").unlink(missing_ok=True)
    return shutil.copytree(base, home)


def _judge(home: Path, wrong: list[Path], what: str) -> int:
    """Return 1 when a check names every file that is ``wrong`` and none elsewhere; else end the program."""
    answer = canoe_here("check", "--home", home, "--json")
    named = [fault["where"] for fault in answer.json["faults"]]
    root = home / "archive"
    if answer.code != (4 if wrong else 0) or answer.err or missed(wrong, named) or strange(wrong, named, root):
        sys.exit(f"{what}: {list(map(str, wrong))} were wrong, {named} were named, exit code {answer.code}")
    return 1


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
