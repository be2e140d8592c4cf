"""Harvesting: how many records a second of processor time come in from another repository.

    python -m benchmarks.harvest [--records 20000] [--page 1000] [--prefix oai_dc] [--profile]

The repository is served by a process of its own, from a catalogue that was filled beforehand; what is
measured is ``canoe harvest`` into an empty home, from the first request until search finds the records:
asking, reading, the stages, the archive, the catalogue, the index. A second harvest, of what has not
changed, is measured as well.
"""

import argparse
import cProfile
import pstats
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archive.library import Library
from benchmarks.oai_serving import serve_oai, served
from benchmarks.oai_store import fill
from canoe.harvesting import Told, Wanted, harvest
from canoe.home import Home
from canoe.settings import HarvestSettings, LibrarySettings, Settings, write_settings


@dataclass(frozen=True, slots=True)
class Cost:
    """What a harvest took: seconds of processor and of wall, and the most memory ever, in megabytes."""

    cpu: float
    wall: float
    memory: float


def main() -> None:
    """Fill a repository, harvest it twice, print what that took."""
    parser = argparse.ArgumentParser(description="Harvest a repository into an empty home.")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--page", type=int, default=1000)
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), asked.records, asked.page, asked.profile)


def measure(folder: Path, records: int, page: int, profile: bool) -> None:
    """Do all of it in ``folder``."""
    fill(folder / "catalogue.db", records)
    with served(serve_oai, folder / "catalogue.db", page) as server:
        home = made_home(folder / "home")
        url = f"http://127.0.0.1:{server.port}/oai"
        profiler = cProfile.Profile()
        if profile:
            profiler.enable()
        first = timed(lambda: taken(home, url, "new", records))
        index = timed(home.update_index)
        profiler.disable()
        again = timed(lambda: taken(home, url, "identical", records, full=True))
    if profile:
        pstats.Stats(profiler).sort_stats("cumtime").print_stats(60)
    show("harvest", first, records)
    show("index", index, records)
    print(f"{'both':10} {records / (first.cpu + index.cpu):9.0f} records a second of processor")
    show("again", again, records)


def made_home(path: Path) -> Home:
    """Make an empty home that may ask this machine."""
    settings = Settings(
        LibrarySettings(base_url="http://here.example.org"), harvest=HarvestSettings(allow_private=True)
    )
    write_settings(path, settings)
    home = Home.read(path)
    Library.create(path, home.publishing)
    home.update_index()
    return home


def taken(home: Home, url: str, outcome: str, records: int, full: bool = False) -> None:
    """Harvest all of it, and look that all of it came."""
    with tempfile.TemporaryFile() as pieces:
        found = harvest(home, Wanted(url, full=full), pieces, Told())
    assert dict(found.counts)[outcome] == records, found.counts  # type: ignore[index]


def timed(work: Callable[[], object]) -> Cost:
    """Do ``work`` and return what it took."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(time.process_time() - cpu, time.perf_counter() - start, memory)


def show(name: str, cost: Cost, records: int) -> None:
    """Print a line."""
    rate = records / cost.cpu
    print(f"{name:10} {rate:9.0f} records a second of processor, {cost.wall:.1f} s, {cost.memory:.0f} MB")


if __name__ == "__main__":
    main()
