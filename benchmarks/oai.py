"""OAI-PMH: how fast a harvester drains the library, beside other libraries and the same pages as static files.

    python -m benchmarks.oai [--records 50000] [--page 100 --page 1000] [--rounds 3] [--peer-python PATH] [--million]

All serve the same records, each over uvicorn in a process of its own, and are read by the same plain client over one
kept-alive connection, uncompressed, in turns. The static pages are those that Canoe gave, so the ratio says what making
an answer costs over sending it. pyoai and oai-repo are served with the interpreter ``--peer-python``, which must have
them, uvicorn and lxml; without it with this one, if that has them. Of the rounds the medians are shown; the ratios are
by the wall, and by the processor time of client and server together, which the machine's other work changes less.

Then Sickle harvests all of them, once: as it asks by itself, gzip allowed, which only Canoe gives; and uncompressed.
Its ceiling is its harvest of the static pages. ``--million`` measures the time of a page at both ends of a million
records instead (:mod:`benchmarks.oai_deep`).
"""

import argparse
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import oai_deep
from benchmarks.oai_clients import Drain, Following, by_number, by_token, drain, harvest, keep
from benchmarks.oai_serving import Server, serve_files, serve_oai, served, served_by
from benchmarks.oai_store import fill

OURS, FILES = "Canoe", "static files"
PEERS = ("pyoai", "oai-repo")


@dataclass(frozen=True, slots=True)
class Served:
    """A server and the way through its list."""

    server: Server
    following: Following


def main() -> None:
    """Fill a catalogue, drain the servers in turns, print medians."""
    parser = argparse.ArgumentParser(description="Drain OAI-PMH servers and static files with the same client.")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--page", type=int, action="append", help="records a page; may be given again  [100 and 1000]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable, metavar="PATH", help="has pyoai, oai-repo and uvicorn")
    parser.add_argument("--million", action="store_true", help="measure pages of a million records instead")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "catalogue.db", asked.records)
        print(f"Load of the machine, {os.cpu_count()} processors: {os.getloadavg()[0]:.1f}")
        if asked.million:
            oai_deep.measure(folder / "catalogue.db", asked.records, asked.page or [1000])
            return
        for page in asked.page or (100, 1000):
            measure(folder, page, asked.rounds, asked.peer_python)


def measure(folder: Path, page: int, rounds: int, python: str) -> None:
    """Do all of it for one size of page."""
    pages = folder / f"pages-{page}"
    pages.mkdir()
    with ExitStack() as stack:
        ours = stack.enter_context(served(serve_oai, folder / "catalogue.db", page))
        keep(ours, pages)
        all_served = {OURS: Served(ours, by_token)}
        for name in PEERS:
            if peer := stack.enter_context(served_by(python, name, folder / "catalogue.db", page)):
                all_served[name] = Served(peer, by_token)
        files = stack.enter_context(served(serve_files, pages, page))
        all_served[FILES] = Served(files, by_number(pages))
        compare(all_served, page, rounds)


def compare(all_served: dict[str, Served], page: int, rounds: int) -> None:
    """Harvest from all in turns, once unmeasured with the plain client, and show what that took."""
    for one in all_served.values():
        drain(one.server, one.following)
    drains: dict[str, list[Drain]] = {name: [] for name in all_served}
    harvests: dict[str, list[Drain]] = {name: [] for name in all_served}
    plain: dict[str, list[Drain]] = {OURS: [], FILES: []}
    for _ in range(rounds):
        for name, one in all_served.items():
            drains[name].append(drain(one.server, one.following))
    show(f"Drain, {page} a page, {drains[OURS][0].size / drains[OURS][0].records:.0f} bytes a record", drains)
    for name, one in all_served.items():
        harvests[name].append(harvest(one.server))
    for name, some in plain.items():
        some.append(harvest(all_served[name].server, "identity"))
    show(f"Sickle, {page} a page", harvests)
    show(f"Sickle uncompressed, {page} a page", plain)
    for name in PEERS:
        if name not in all_served:
            print(f"{name} is not installed")


def show(title: str, drains: dict[str, list[Drain]]) -> None:
    """Print the medians of all servers, and how many times as fast as each Canoe is, on the wall and by processor."""
    counts = {each.records for some in drains.values() for each in some}
    assert len(counts) == 1, counts
    ours = drains[OURS]
    print(f"\n{title}, {counts.pop()} records, {len(ours)} rounds")
    for name, some in drains.items():
        ratio, by_cpu = median(ours, "rate") / median(some, "rate"), median(some, "both") / median(ours, "both")
        print(
            f"  {name:13} {median(some, 'rate'):9.0f} records/s   server CPU {median(some, 'cpu'):6.2f} s"
            f"   Canoe is {ratio:6.2f} times as fast, by CPU {by_cpu:6.2f}"
        )


def median(drains: list[Drain], of: str) -> float:
    """Return the median of a property of harvests."""
    found: list[float] = [getattr(each, of) for each in drains]
    return statistics.median(found)


if __name__ == "__main__":
    main()
