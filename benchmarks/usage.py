"""What counting usage costs an answer, and what the numbers cost the page that shows them.

    python -m benchmarks.usage [--answers 20000] [--items 20000]

The first figure is the processor's time that the door takes for an answer that is counted, beside one that is not
(a search) and one to a robot; the second what settling and writing take for each in the thread behind; the others what
the page of an item and the statistics ask usage.db, which holds a year of ``--items`` items. By the processor's
clock, so it can be compared on a machine that has other work.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from starlette.types import Message, Receive, Scope, Send

from archive.cataloguing import Publishing
from archive.library import Library
from archive.usage import Usage
from archive.usage_kept import Sums
from metadata.vocabulary import shipped
from web.usage import Counter, Counting
from web.usage_robots import Robots

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.{}"
START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}


async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer at once, as no application does: what is left is the door's."""
    await send(START)
    await send({"type": "http.response.body", "body": b""})


def scope(path: str, agent: str, number: int) -> Scope:
    """Return a request as browsers make it, with the headers that they send."""
    headers = [
        (b"host", b"library.example.org"),
        (b"user-agent", agent.encode()),
        (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        (b"accept-language", b"en-GB,en;q=0.7,fr;q=0.3"),
        (b"accept-encoding", b"gzip, deflate, br, zstd"),
        (b"referer", b"https://library.example.org/search?q=wetlands"),
        (b"sec-fetch-dest", b"document"),
        (b"connection", b"keep-alive"),
    ]
    client = (f"192.0.{number // 256 % 256}.{number % 256}", 40_000)
    return {"type": "http", "method": "GET", "path": path, "headers": headers, "client": client}


def microseconds(work: Callable[[], object], times: int) -> float:
    """Return what a piece of work takes the processor, in microseconds for each of ``times``."""
    started = time.process_time()
    work()
    return (time.process_time() - started) / times * 1_000_000


def asked(app: Callable[[Scope, Receive, Send], object], scopes: list[Scope]) -> Callable[[], None]:
    """Return the work of asking an application for all of these."""

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        return

    async def ask() -> None:
        for one in scopes:
            await app(one, receive, send)  # type: ignore[misc]

    return lambda: asyncio.run(ask())


def main() -> None:
    """Make an empty library, count, and print."""
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("--answers", type=int, default=20_000)
    given.add_argument("--items", type=int, default=20_000)
    wanted = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Library.create(Path(folder) / "home", Publishing("http://x.example", "x.example", shipped()))
        usage = Usage(library.home, library.archive)
        door(usage, wanted.answers)
        pages(usage, wanted.items)


def door(usage: Usage, answers: int) -> None:
    """Print what the door takes."""
    counter = Counter(usage, Robots.of(usage.path.parent))
    items = [f"item{number:06}" for number in range(1000)]
    kinds = {
        "an item's page": [scope(f"/item/{items[n % 1000]}", AGENT.format(n % 500), n) for n in range(answers)],
        "a robot's": [scope(f"/item/{items[n % 1000]}", "Googlebot/2.1", n) for n in range(answers)],
        "a search": [scope("/search", AGENT.format(n % 500), n) for n in range(answers)],
    }
    for name, scopes in kinds.items():
        bare = microseconds(asked(answer, scopes), answers)
        counted = microseconds(asked(Counting(answer, counter), scopes), answers)
        print(f"{name:16} {counted - bare:6.1f} µs more (of {counted:.1f})")
    waiting = len(counter._came)
    print(f"settled          {microseconds(lambda: counter.settle(None), waiting):6.1f} µs a click, {waiting} clicks")
    print(f"written          {microseconds(counter.flush, waiting):6.1f} µs a click")


def pages(usage: Usage, items: int) -> None:
    """Print what those take who show the numbers."""
    chance = random.Random(1)  # noqa: S311
    names = [f"i{number:09}" for number in range(items)]
    usage.add({(one, f"2026-{month:02}"): Sums(*[chance.randrange(50)] * 4) for one in names for month in range(1, 13)})
    some = chance.sample(names, 300)
    print(f"one item's sums  {microseconds(lambda: [usage.of_item(one) for one in some], 300):6.0f} µs")
    print(f"since when       {microseconds(lambda: [usage.first_month() for _ in some], 300):6.0f} µs")
    print(f"by month         {microseconds(usage.by_month, 1) / 1000:6.1f} ms for {items} items")
    print(f"read most        {microseconds(lambda: usage.most_used(20), 1) / 1000:6.1f} ms")
    print(f"a year's report  {microseconds(lambda: sum(1 for _ in usage.of_year('2026')), 1) / 1000:6.1f} ms")


if __name__ == "__main__":
    main()
