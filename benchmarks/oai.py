"""OAI-PMH: how fast a harvester drains the library, beside the same pages as static files.

    python -m benchmarks.oai [--records 20000] [--page 1000] [--rounds 3]

Both are served by uvicorn in a process of its own and read by the same plain client over one
kept-alive connection, uncompressed, in turns. The static pages are those the provider gave, so
the ratio says what making an answer costs over sending it. Of the rounds the medians are shown.
"""

import argparse
import hashlib
import http.client
import multiprocessing
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archive.catalogue import Catalogue
from archive.cataloguing import Batch, Entry, Publishing
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, Identifier, Item, Text
from metadata.vocabulary import shipped
from oai.app import application
from oai.provider import Provider, Repository

BATCH = 1000
FIRST = "/oai?verb=ListRecords&metadataPrefix=oai_dc"
TOKEN = re.compile(rb"<resumptionToken[^>]*>([^<]+)<")
ABSTRACT = "The roof of the chapel was surveyed in spring; its timbers had suffered from rising damp. " * 5


@dataclass(frozen=True, slots=True)
class Drain:
    """One harvest: ``seconds`` on the wall, ``cpu`` seconds of the server, what came."""

    records: int
    size: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


def main() -> None:
    """Fill a catalogue, drain both servers in turns, print medians."""
    parser = argparse.ArgumentParser(description="Drain OAI-PMH and static files with the same client.")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--page", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), asked.records, asked.page, asked.rounds)


def measure(folder: Path, records: int, page: int, rounds: int) -> None:
    """Do all of it in ``folder``."""
    pages = folder / "pages"
    pages.mkdir()
    fill(folder / "catalogue.db", records)
    with served(serve_oai, folder / "catalogue.db", page) as oai, served(serve_files, pages, page) as files:
        keep(oai, pages)
        drains = [(drain(oai, by_token), drain(files, by_number(pages))) for _ in range(rounds)]
    assert all(each.records == records for both in drains for each in both)
    ours, static = ([both[n] for both in drains] for n in (0, 1))
    print(f"{records} records, {page} a page, {ours[0].size / records:.0f} bytes a record")
    show("OAI-PMH", ours)
    show("static files", static)
    print(f"OAI-PMH ÷ static files: {median_rate(ours) / median_rate(static):.2f}")


def show(name: str, drains: list[Drain]) -> None:
    """Print the medians of one server."""
    cpu = statistics.median(each.cpu for each in drains)
    print(f"{name:13} {median_rate(drains):9.0f} records/s   server CPU {cpu:.2f} s")


def median_rate(drains: list[Drain]) -> float:
    """Return the median of the rates."""
    return statistics.median(each.rate for each in drains)


def publishing() -> Publishing:
    """Return what the records are rendered with."""
    return Publishing("http://library.example.org", "library.example.org", shipped())


def fill(path: Path, records: int) -> None:
    """Make a catalogue of ``records`` items, one a millisecond."""
    start = 1_500_000_000_000_000
    with closing(Catalogue(path, publishing())) as catalogue:
        catalogue.create()
        for first in range(0, records, BATCH):
            numbers = range(first, min(first + BATCH, records))
            items = [(number, made_item(number)) for number in numbers]
            catalogue.write([Batch([Entry(item, start + 1000 * number, item.id) for number, item in items])])


def made_item(number: int) -> Item:
    """Return an item as rich as a library's usual ones."""
    submission = hashlib.sha512(str(number).encode()).hexdigest()
    return Item(
        id=item_id(submission),
        titles=(Text(f"The conservation of timber roofs, part {number}", "en"),),
        contributions=(
            Contribution(Agent("Durand, Zoé", "person"), "aut"),
            Contribution(Agent(f"Office of Works {number % 97}", "organisation"), "pbl"),
        ),
        dates=(Date(str(1950 + number % 70)),),
        languages=(("en", "fr", "es")[number % 3],),
        type=("report", "article", "book")[number % 3],
        keywords=(Text("timber", "en"), Text("damp", "en"), Text("roofs", "en")),
        descriptions=(Text(ABSTRACT, "en"),),
        identifiers=(Identifier("control-number", f"{number:09}"),),
        rights=(Text("CC BY 4.0"),),
        collections=(f"c{number % 10}",),
        source=f"records.mrc#{number}",
        submission=submission,
    )


@contextmanager
def served(serve: Callable[[Connection, Path, int], None], path: Path, page: int) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own; yield its port and process id."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there, path, page), daemon=True)
    process.start()
    try:
        port = here.recv()
        assert process.pid is not None
        yield port, process.pid
    finally:
        process.terminate()
        process.join()


def serve_oai(port: Connection, path: Path, page: int) -> None:
    """Serve the catalogue at ``path``."""
    repository = Repository(
        "Benchmark",
        "http://library.example.org/oai",
        "keeper@library.example.org",
        "library.example.org",
        page,
        os.urandom(32),
    )
    run(application(Provider(repository, Catalogue(path, publishing()))), port)


def serve_files(port: Connection, path: Path, _page: int) -> None:
    """Serve the files of ``path``, each read and sent whole (StaticFiles, in pieces, takes twice as long)."""

    async def file(request: Request) -> Response:
        return Response((path / request.path_params["name"]).read_bytes(), media_type="text/xml")

    run(Route("/{name}", file), port)


def run(route: Route, port: Connection) -> None:
    """Serve ``route``, and say at which port."""
    config = uvicorn.Config(Starlette(routes=[route]), port=0, log_level="warning", access_log=False, lifespan="off")
    with config.bind_socket() as socket:
        port.send(socket.getsockname()[1])
        uvicorn.Server(config).run([socket])


def keep(server: tuple[int, int], pages: Path) -> None:
    """Store every page of the provider as a file."""
    connection = http.client.HTTPConnection("127.0.0.1", server[0])
    path, number = FIRST, 0
    while path:
        body = get(connection, path)
        (pages / f"{number}.xml").write_bytes(body)
        number += 1
        path = by_token(body, number)
    connection.close()


def drain(server: tuple[int, int], following: Callable[[bytes, int], str]) -> Drain:
    """Read a whole list over one connection; ``following`` gives the address of the page after."""
    port, process = server
    connection = http.client.HTTPConnection("127.0.0.1", port)
    records = size = number = 0
    cpu, start, path = cpu_seconds(process), time.perf_counter(), following(b"", 0)
    while path:
        body = get(connection, path)
        number, records, size = number + 1, records + body.count(b"<record>"), size + len(body)
        path = following(body, number)
    seconds = time.perf_counter() - start
    connection.close()
    return Drain(records, size, seconds, cpu_seconds(process) - cpu)


def by_token(body: bytes, number: int) -> str:
    """Return the address that the page's token leads to, or nothing at the end."""
    if number == 0:
        return FIRST
    token = TOKEN.search(body, max(0, len(body) - 1000))
    return f"/oai?verb=ListRecords&resumptionToken={token[1].decode()}" if token else ""


def by_number(pages: Path) -> Callable[[bytes, int], str]:
    """Return the way through numbered files; it reads the token as well, so the clients do alike."""
    count = len(list(pages.iterdir()))

    def following(body: bytes, number: int) -> str:
        TOKEN.search(body, max(0, len(body) - 1000))
        return f"/{number}.xml" if number < count else ""

    return following


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """Return the body of an answer."""
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.status == http.HTTPStatus.OK
    return response.read()


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds that a process has used (proc(5), fields utime and stime)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
