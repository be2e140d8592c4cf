"""The clients of the OAI-PMH benchmarks: a plain one that does next to nothing, and Sickle."""

import html
import http.client
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sickle import Sickle

from benchmarks.oai_serving import TOKEN, TOKEN_WITHIN, Server

FIRST = "/oai?verb=ListRecords&metadataPrefix=oai_dc"

Following = Callable[[bytes, int], str]
"""Given a page and how many came, returns the address of the page after; of the first, where none came yet."""


@dataclass(frozen=True, slots=True)
class Drain:
    """One harvest: ``seconds`` on the wall, processor seconds of the server (``cpu``) and of both, what came."""

    records: int
    size: int
    seconds: float
    cpu: float
    both: float

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


class Stopwatch:
    """Wall and processor time of a harvest, begun when it is made."""

    def __init__(self, server: Server) -> None:
        self._process = server.process
        self._cpu, self._own, self._start = cpu_seconds(self._process), time.process_time(), time.perf_counter()

    def stop(self, records: int, size: int) -> Drain:
        """Return what the harvest took."""
        seconds = time.perf_counter() - self._start
        cpu = cpu_seconds(self._process) - self._cpu
        return Drain(records, size, seconds, cpu, cpu + time.process_time() - self._own)


def drain(server: Server, following: Following) -> Drain:
    """Read a whole list over one connection, uncompressed."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    records = size = number = 0
    watch, path = Stopwatch(server), following(b"", 0)
    while path:
        body = get(connection, path)
        number, records, size = number + 1, records + body.count(b"<record>"), size + len(body)
        path = following(body, number)
    done = watch.stop(records, size)
    connection.close()
    return done


def harvest(server: Server, encoding: str = "") -> Drain:
    """Read a whole list with Sickle, which takes ``encoding``; nothing said: whatever ``requests`` asks for."""
    sickle = Sickle(f"http://127.0.0.1:{server.port}/oai", headers={"Accept-Encoding": encoding} if encoding else {})
    watch = Stopwatch(server)
    return watch.stop(sum(1 for _ in sickle.ListRecords(metadataPrefix="oai_dc")), 0)


def by_token(body: bytes, number: int) -> str:
    """Return the address that the page's token leads to, or nothing at the end."""
    if number == 0:
        return FIRST
    token = TOKEN.search(body, max(0, len(body) - TOKEN_WITHIN))
    return f"/oai?verb=ListRecords&resumptionToken={quote(html.unescape(token[1].decode()))}" if token else ""


def by_number(pages: Path) -> Following:
    """Return the way through numbered files; it reads the token as well, so the clients do alike."""
    count = len(list(pages.iterdir()))

    def following(body: bytes, number: int) -> str:
        by_token(body, number)
        return f"/{number}.xml" if number < count else ""

    return following


def keep(server: Server, pages: Path) -> None:
    """Store every page of a list as a file."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    path, number = FIRST, 0
    while path:
        body = get(connection, path)
        (pages / f"{number}.xml").write_bytes(body)
        number += 1
        path = by_token(body, number)
    connection.close()


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
