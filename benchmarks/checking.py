"""What checking an archive costs over ``sha512sum`` of the same files on all cores, in the same run.

    python -m benchmarks.checking [--runs N] [--scans N] [--small N]

Two libraries are made: items with scans of 1 to 20 MB, and small items of nine files of 1 to
30 kB. The peer is ``sha512sum`` over every file of the archive, one process a core, fed by
``xargs``: it hashes and looks at nothing else. Canoe is the whole command ``canoe check``:
digests, structure, inventories, the catalogue compared, each check noted in its object.
Prints wall and processor seconds, medians of N runs, and their ratios: peer ÷ Canoe, 1.00 is
as fast. On a machine that has other work the processor seconds tell more. Everything has
been read once before, so that the disk is no part of it.
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from archive_library import bare_item, sha512

from archive.library import Library
from canoe.home import Home
from metadata.ids import item_id
from metadata.model import File, Item

PROGRAM = Path(sys.executable).with_name("canoe")
CORES = len(os.sched_getaffinity(0))
DICE = random.Random(6)  # noqa: S311


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    for name, count, sizes in (
        ("scans", arguments.scans, lambda: [DICE.randrange(1 << 20, 20 << 20)]),
        ("small", arguments.small, lambda: [DICE.randrange(1 << 10, 30 << 10) for _ in range(8)]),
    ):
        with tempfile.TemporaryDirectory(prefix="canoe-bench-") as folder:
            home = Path(folder) / "home"
            _fill(home, count, sizes)
            _report(name, count, home / "archive", _measured(home, arguments.runs))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scans", type=int, default=500)
    parser.add_argument("--small", type=int, default=8000)
    return parser.parse_args()


def _fill(home: Path, count: int, sizes: Callable[[], list[int]]) -> None:
    """Make a library of ``count`` items with files of these sizes, without waiting for the disk."""
    library = Library.create(home, Home.read(home).publishing)
    with patch("os.fsync"), library.writer() as writer:
        for number in range(count):
            content: dict[str, Path | bytes] = {
                f"original/{n:03}.tif": DICE.randbytes(size) for n, size in enumerate(sizes(), 1)
            }
            writer.put_item(_item(number, content), content, "Ingested")
    library.catalogue.close()


def _item(number: int, content: dict[str, Path | bytes]) -> Item:
    submission = sha512(str(number).encode())
    files = (
        File(path, "original", "image/tiff", len(data), sha512(data))
        for path, data in content.items()
        if isinstance(data, bytes)
    )
    made = item_id(submission)
    return replace(
        bare_item(number), id=made, doi=None, identifiers=(), submission=submission, source=made, files=tuple(files)
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU time, in seconds."""

    wall: float
    processor: float


def _measured(home: Path, runs: int) -> dict[str, Cost]:
    files = sorted(path for path in (home / "archive").rglob("*") if path.is_file())
    names = b"\0".join(os.fsencode(path) for path in files)
    share = max(1, min(500, len(files) // (CORES * 8)))
    sides: dict[str, list[str]] = {
        "sha512sum": ["xargs", "-0", "-P", str(CORES), "-n", str(share), "sha512sum"],
        "canoe check": [str(PROGRAM), "check", "--home", str(home)],
        "canoe check, 1 worker": [str(PROGRAM), "check", "--home", str(home), "--workers", "1"],
    }
    for command in sides.values():
        _cost(command, names)
    taken: dict[str, list[Cost]] = {side: [] for side in sides}
    for _ in range(runs):
        for side, command in sides.items():
            taken[side].append(_cost(command, names))
    return {
        side: Cost(statistics.median(one.wall for one in costs), statistics.median(one.processor for one in costs))
        for side, costs in taken.items()
    }


def _cost(command: list[str], given: bytes) -> Cost:
    before, began = _processor(), time.perf_counter()
    subprocess.run(command, input=given, stdout=subprocess.DEVNULL, check=True)
    return Cost(time.perf_counter() - began, _processor() - before)


def _processor() -> float:
    """Return the CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _report(name: str, count: int, archive: Path, taken: dict[str, Cost]) -> None:
    size = sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())
    sys.stdout.write(f"{name}: {count} objects, {size / 1e9:.2f} GB, {CORES} cores\n")
    peer = taken["sha512sum"]
    for side, cost in taken.items():
        pace = f"{size / 1e6 / cost.wall:6.0f} MB/s {count / cost.wall:6.0f} objects/s"
        ratios = f"ratio wall {peer.wall / cost.wall:5.2f}, CPU {peer.processor / cost.processor:5.2f}"
        sys.stdout.write(f"  {side:22} wall {cost.wall:6.2f} s, CPU {cost.processor:6.2f} s  {pace}  {ratios}\n")


if __name__ == "__main__":
    main()
