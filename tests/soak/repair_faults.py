"""The long soak: faults by the hundred, each found, named and mended byte for byte, and no false alarm.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/repair_faults.py 200

Options: the number of faults, a seed, and how many are put in at once. Prints a line a fault; ends with exit 1 when one
was not found or not mended.
"""

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from archive_faults import FAULTS, kept, spoil
from archive_library import dump, faults, filled, publishing

from archive.library import Library
from archive.repair import Orders, Repaired, open_for_repair, repair
from archive.replica import LocalFolder
from archive.replication import replicate


def main(count: int = 200, seed: int = 1, at_once: int = 1) -> None:
    """Put ``count`` faults into copies of a library, and repair each copy; check as many copies without a fault."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = filled(folder / "base")
        place = LocalFolder(folder / "copy")
        list(replicate(library.archive, place))
        library.catalogue.close()
        wanted, rows = kept(folder / "base" / "archive"), dump(folder / "base" / "catalogue.db")
        seen: Counter[str] = Counter()
        for number in range(seed, seed + count):
            home = folder / "home"
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(folder / "base", home)
            seen["false alarms"] += len(faults(Library.open(home, publishing())))
            put = spoil(home / "archive", number, at_once)
            found, left = _repair(home, place)
            same = kept(home / "archive") == wanted and dump(home / "catalogue.db") == rows
            seen.update({"faults": at_once, "found": at_once * bool(found), "mended": at_once * (same and not left)})
            seen["kind: " + FAULTS[number % len(FAULTS)].__name__] += 1
            print(f"{number}: {'; '.join(put)}: {found} named, {'as it was' if same else 'NOT AS IT WAS'}", flush=True)
        print(", ".join(f"{value} {what}" for what, value in sorted(seen.items())))
        if seen["false alarms"] or not seen["faults"] == seen["found"] == seen["mended"]:
            sys.exit(1)


def _repair(home: Path, place: LocalFolder) -> tuple[int, int]:
    """Return how many faults were named and how many are left."""
    library = open_for_repair(home, publishing())
    told: list[Repaired] = []
    repair(library, place, Orders(), told.append)
    library.catalogue.close()
    return sum(len(one.faults) for one in told), sum(len(one.left) for one in told)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
