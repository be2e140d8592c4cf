"""The time of a page at the beginning and at the end of a million records."""

import http.client
import statistics
import time
from pathlib import Path

from benchmarks.oai_clients import FIRST, by_token, get
from benchmarks.oai_serving import Server, serve_oai, served
from benchmarks.oai_store import multiplied

MILLION = 1_000_000
TIMES = 41


def measure(catalogue: Path, records: int, pages: list[int]) -> None:
    """Make a million records of those in the catalogue, and measure pages of them."""
    start = time.perf_counter()
    multiplied(catalogue, records, MILLION)
    size = catalogue.stat().st_size / 1e9
    print(f"{MILLION} records, {size:.1f} GB, made of {records} in {time.perf_counter() - start:.0f} s")
    for page in pages:
        with served(serve_oai, catalogue, page) as server:
            measure_pages(server, page)


def measure_pages(server: Server, page: int) -> None:
    """Read the whole list once, for the tokens; then pages of it in turns."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    wanted = {0: "page 1, with its count", 1: "page 2", MILLION // 2 // page: "halfway", (MILLION - 1000) // page: ""}
    path, number, records, found = FIRST, 0, 0, {}
    start = time.perf_counter()
    while path:
        if number in wanted:
            found[wanted[number] or f"record {number * page}"] = path
        body = get(connection, path)
        records, number = records + body.count(b"<record>"), number + 1
        path = by_token(body, number)
    assert records == MILLION, records
    print(f"\n{page} a page, all of it: {MILLION / (time.perf_counter() - start):.0f} records/s")
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(TIMES):
        for name, address in found.items():
            start = time.perf_counter()
            get(connection, address)
            times[name].append(time.perf_counter() - start)
    show(times)
    connection.close()


def show(times: dict[str, list[float]]) -> None:
    """Print the median of each page, beside page 1 and beside page 2, which counts nothing."""
    medians = {name: statistics.median(some) for name, some in times.items()}
    first, second, *_ = medians.values()
    for name, seconds in medians.items():
        ratios = f"÷ page 1 {seconds / first:.2f}, ÷ page 2 {seconds / second:.2f}"
        print(f"  {name:24} {1000 * seconds:7.2f} ms   {ratios}")
