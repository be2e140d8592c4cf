"""Two hundred slow clients of five kinds, for as long as they are borne; others are answered meanwhile.

Run by hand, from the repository:

    PYTHONPATH=.:tests/soak .venv/bin/python tests/soak/slow_sockets.py [--sockets 200] [--seconds 90]

A fifth each: a head that drips, a byte a second; a body that never comes; a connection on which nothing is asked any
more; a client that reads a large file a byte a second; one that closes its half and reads nothing. Who is let go comes
back at once. An honest client asks for a page of results and an item meanwhile. Prints how long it waited, and what the
server held; ends with exit 1 where it waited for two seconds, where memory grew without end, or where connections are
left after all have had their time.
"""

import argparse
import asyncio
import http.client
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from hashlib import sha512
from pathlib import Path

import load

from archive.cataloguing import Publishing
from archive.library import Library
from canoe.connections import REQUEST_SECONDS, STALLED_SECONDS
from canoe.home import Home
from canoe.settings import Settings, write_settings
from metadata.ids import item_id
from metadata.model import File, Item, Text
from metadata.vocabulary import shipped

LARGE = 200 << 20
MOST_WAIT, MOST_GROWTH = 2.0, 300
ITEM = item_id(sha512(b"large").hexdigest())
FILE = f"/item/{ITEM}/file/original/large.pdf"


def make(home: Path) -> None:
    """Make a library of one item with a large file."""
    library = Library.create(home, Publishing(Settings().library.base_url, "canoe.localhost", shipped()))
    data = bytes(LARGE)
    file = File("original/large.pdf", "original", "application/pdf", LARGE, sha512(data).hexdigest())
    made = Item(ITEM, (Text("A large one", "en"),), source="large", submission=sha512(b"large").hexdigest())
    object.__setattr__(made, "files", (file,))
    with library.writer() as writer:
        writer.put_item(made, {"original/large.pdf": data}, "Made")
    library.catalogue.close()
    write_settings(home, Settings())
    Home.read(home).update_index()


HEAD = b"GET %s HTTP/1.1\r\nHost: a\r\n"
KINDS = {
    "head drips": HEAD % b"/",
    "body never comes": b"POST /oai HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 60000\r\n\r\nverb=",
    "nothing is asked": b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    "reads a byte a second": HEAD % FILE.encode() + b"\r\n",
    "half closed": HEAD % FILE.encode() + b"\r\n",
}


async def slow(port: int, kind: str, stop: float, held: dict[str, list[float]]) -> None:
    """Be a slow client again and again; note for how long each connection was borne."""
    while time.monotonic() < stop:
        began = time.monotonic()
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(KINDS[kind])
            await writer.drain()
            if kind == "half closed":
                writer.write_eof()
            await _bear(kind, reader, writer, stop)
            writer.transport.abort()
        held[kind].append(time.monotonic() - began)


async def _bear(kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: float) -> None:
    """Go on, a byte a second, until the server ends it."""
    while time.monotonic() < stop:
        await asyncio.sleep(1)
        if kind == "head drips":
            writer.write(b"X")
            await writer.drain()
        if kind == "nothing is asked":
            await asyncio.wait_for(reader.readuntil(b"never"), 3600)
        elif kind in ("head drips", "body never comes"):
            with suppress(TimeoutError):
                if not await asyncio.wait_for(reader.read(1), 0.01):
                    return
        elif reader.at_eof() or not await reader.readexactly(1):
            return


async def attack(
    server: load.Server, sockets: int, seconds: float
) -> tuple[list[float], list[int], dict[str, list[float]]]:
    """Keep the slow clients going; return how long the honest one waited, the memory, and how long each was borne."""
    stop = time.monotonic() + seconds
    held: dict[str, list[float]] = {kind: [] for kind in KINDS}
    kinds = [*KINDS]
    clients = [asyncio.create_task(slow(server.port, kinds[n % len(kinds)], stop, held)) for n in range(sockets)]
    waits, memory = [], [server.memory()]
    await asyncio.sleep(1)
    while time.monotonic() < stop:
        for path in ("/search?q=large", f"/item/{ITEM}", "/oai?verb=Identify"):
            waits.append(await asyncio.to_thread(_ask, server.port, path))
        memory.append(server.memory())
        await asyncio.sleep(0.5)
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    return waits, memory, held


def _ask(port: int, path: str) -> float:
    began = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path)
    answer = line.getresponse()
    answer.read()
    line.close()
    assert answer.status == 200, (path, answer.status)
    return time.perf_counter() - began


def connections(server: load.Server) -> int:
    """Return how many sockets the server holds besides the one it listens on."""
    held = Path(f"/proc/{server.process.pid}/fd").iterdir()
    return sum(one.is_symlink() and str(one.readlink()).startswith("socket:") for one in held)


def main() -> None:
    """Serve, attack, look whether all are let go."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=90)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "home")
        with load.served(Path(folder) / "home") as server:
            _ask(server.port, "/search?q=large")
            before = connections(server)
            waits, memory, held = asyncio.run(attack(server, asked.sockets, asked.seconds))
            began = time.monotonic()
            while (left := connections(server) - before) > 0 and time.monotonic() < began + 2 * STALLED_SECONDS:
                time.sleep(0.5)
    print(f"honest: {len(waits)} answers, p50 {statistics.median(waits) * 1000:.0f} ms, max {max(waits) * 1000:.0f} ms")
    print(f"memory: {memory[0]} MB before, {max(memory)} MB at most")
    print(f"{left} connections left {time.monotonic() - began:.0f} s later")
    print(f"a request may take {REQUEST_SECONDS:.0f} s, a client may take nothing for {STALLED_SECONDS:.0f} s")
    for kind, borne in held.items():
        print(f"{kind:22} {len(borne):5} connections, borne for {max(borne, default=0):5.1f} s at most")
    sys.exit(max(waits) >= MOST_WAIT or max(memory) - memory[0] > MOST_GROWTH or left > 0)


if __name__ == "__main__":
    main()
