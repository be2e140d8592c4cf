"""A repository for harvesters on 127.0.0.1 that does, when it is told to, all that repositories should not do."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

OAI = "http://www.openarchives.org/OAI/2.0/"
DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/">{}</oai_dc:dc>'
)
Asked = dict[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the repository gives it; ``metadata`` and ``about`` are XML."""

    identifier: str
    datestamp: str = "2026-01-01T00:00:00Z"
    metadata: str = ""
    deleted: bool = False
    about: str = ""

    def xml(self) -> str:
        status = ' status="deleted"' if self.deleted else ""
        named = f"<identifier>{self.identifier}</identifier><datestamp>{self.datestamp}</datestamp>"
        body = "" if self.deleted else f"<metadata>{self.metadata}</metadata>{self.about}"
        return f"<record><header{status}>{named}</header>{body}</record>"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP; ``pause`` is waited between its bytes."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/xml; charset=utf-8"),)
    pause: float = 0.0
    length: int | None = None


Fault = Callable[[Asked], Reply | None]
"""Answers in the repository's place, or leaves it to the repository."""


def dublin_core(number: int, more: str = "") -> Record:
    """Return a record that a page may hold, the one of its number, a day younger than the one before."""
    stamp = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    inside = f"<dc:title>Report {_WORDS[number % 9]} {number}</dc:title><dc:date>{1900 + number % 100}</dc:date>{more}"
    return Record(f"oai:faulty.example:{number}", f"{stamp:%Y-%m-%dT%H:%M:%SZ}", DC.format(inside))


_WORDS = ("alder", "birch", "cedar", "elm", "fir", "hazel", "larch", "oak", "yew")


def envelope(inside: str, head: str = "", root: str = f'<OAI-PMH xmlns="{OAI}">') -> bytes:
    """Return an answer around what is in it."""
    name = root[1:].split()[0].rstrip(">")
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{root}<responseDate>2026-03-01T00:00:00Z</responseDate>'
    return f"{text}<request>http://faulty.example/oai</request>{inside}</{name}>".encode()


@dataclass(slots=True)
class Repository:
    """What it holds, how it pages, and what it does wrong: ``fault`` is asked first."""

    records: Sequence[Record] = ()
    page_size: int = 3
    by_day: bool = False
    tells_size: bool = True
    name: str = "The faulty repository"
    sets: dict[str, Sequence[Record]] = field(default_factory=dict)
    fault: Fault = lambda _asked: None
    asked: list[Asked] = field(default_factory=list)
    namespace: str = "http://www.openarchives.org/OAI/2.0/oai_dc/"
    prefix: str = "oai_dc"

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.fault(asked) or Reply(self.answer(asked))

    @property
    def lists(self) -> list[Asked]:
        """What ListRecords was asked for, the verb left out."""
        found = [asked for asked in self.asked if asked.get("verb") == "ListRecords"]
        return [{name: value for name, value in asked.items() if name != "verb"} for asked in found]

    def answer(self, asked: Asked) -> bytes:
        """Return what a repository without faults answers."""
        if asked["verb"] == "Identify":
            grain = "YYYY-MM-DD" if self.by_day else "YYYY-MM-DDThh:mm:ssZ"
            return envelope(
                f"<Identify><repositoryName>{self.name}</repositoryName><granularity>{grain}</granularity></Identify>"
            )
        if asked["verb"] == "ListMetadataFormats":
            told = (
                f"<metadataPrefix>{self.prefix}</metadataPrefix><metadataNamespace>{self.namespace}</metadataNamespace>"
            )
            return envelope(f"<ListMetadataFormats><metadataFormat>{told}</metadataFormat></ListMetadataFormats>")
        return self.list_records(asked)

    def list_records(self, asked: Asked) -> bytes:
        if "resumptionToken" in asked:
            set_spec, since, start = asked["resumptionToken"].split("|")
        else:
            set_spec, since, start = asked.get("set", ""), asked.get("from", ""), "0"
        found = [one for one in self.sets.get(set_spec, self.records) if one.datestamp[: len(since)] >= since]
        page = found[int(start) : int(start) + self.page_size]
        if not page:
            return envelope('<error code="noRecordsMatch">None.</error>')
        reached = int(start) + len(page)
        size = f' completeListSize="{len(found)}"' if self.tells_size else ""
        token = f"{set_spec}|{since}|{reached}" if reached < len(found) else ""
        more = f"<resumptionToken{size}>{token}</resumptionToken>" if token or int(start) else ""
        return envelope(f"<ListRecords>{''.join(one.xml() for one in page)}{more}</ListRecords>")


@contextmanager
def serving(repository: Repository) -> Iterator[str]:
    """Serve a repository for as long as the context lasts; yield its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            reply = repository.reply(asked if self._path == "/oai" else {"path": self._path, **asked})
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            self.end_headers()
            try:
                self._send(reply)
            except OSError:
                self.close_connection = True

        @property
        def _path(self) -> str:
            return urlsplit(self.path).path

        def _send(self, reply: Reply) -> None:
            if not reply.pause:
                self.wfile.write(reply.body)
            for place in range(len(reply.body)) if reply.pause else ():
                self.wfile.write(reply.body[place : place + 1])
                self.wfile.flush()
                time.sleep(reply.pause)
            if reply.length is not None:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/oai"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def on_list(number: int, reply: Reply | Callable[[Asked], Reply | None], times: int = 1) -> Fault:
    """Return a fault that comes with the nth ListRecords (from 1), and with the next ones, ``times`` in all."""
    seen = 0

    def fault(asked: Asked) -> Reply | None:
        nonlocal seen
        if asked.get("verb") != "ListRecords":
            return None
        seen += 1
        if not number <= seen < number + times:
            return None
        return reply if isinstance(reply, Reply) else reply(asked)

    return fault


def refusal(code: str) -> Reply:
    """Return an error of the protocol."""
    return Reply(envelope(f'<error code="{code}">No.</error>'))


def packed(body: bytes) -> Reply:
    """Return a body in gzip."""
    return Reply(gzip.compress(body), headers=(("Content-Encoding", "gzip"),))


def come_back(wait: str | timedelta, status: int = 503) -> Reply:
    """Return an answer that asks to come back: after seconds, or at a moment."""
    told = wait if isinstance(wait, str) else format_datetime(datetime.now(UTC) + wait, usegmt=True)
    return Reply(b"later", status, (("Retry-After", told),))
