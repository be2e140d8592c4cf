"""DOI agencies on 127.0.0.1 that keep what they are told, and fail when they are told to."""

import json
import random
import socket
import struct
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree

USER, PASSWORD = "LIBRARY.CANOE", "hush-hush-7"
_BASIC = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
CROSSREF = "{http://www.crossref.org/schema/5.3.1}"
KERNEL = "{http://datacite.org/schema/kernel-4}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call: an HTTP status, or the connection cut; before the work is done or ``after`` it."""

    status: int = 0
    after: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"<html>busy</html>"
    pause: float = 0.0


CUT_BEFORE, CUT_AFTER = Fault(), Fault(after=True)
Told = tuple[str, str, dict[str, Any]]
WAYS = (
    CUT_BEFORE,
    CUT_AFTER,
    Fault(500),
    Fault(503),
    Fault(429, headers=(("Retry-After", "2"),)),
    Fault(502, after=True),
    Fault(200, body=b"<html>Welcome to our wireless network</html>"),
    Fault(422, body=b'{"errors":[{"source":"doi","title":"This DOI has already been taken"}]}'),
)
"""What may go wrong with a call to DataCite."""


def failing(seed: int) -> Callable[[int, str, str], Fault | None]:
    """Return what lets three calls of ten fail, in one of these ways, by lot."""
    lots = random.Random(seed)  # noqa: S311 - no secret
    return lambda *_: lots.choice(WAYS) if lots.random() < 0.3 else None


@dataclass(slots=True)
class Kept:
    """A DOI at the agency: ``registrations`` counts how often it became one, ``events`` what was asked of it."""

    state: str = "draft"
    url: str = ""
    xml: bytes = b""
    registrations: int = 0
    events: list[str] = field(default_factory=list)


@dataclass(slots=True)
class DataCitePeer:
    """Plays DataCite's REST API: drafts, findable and registered DOIs; PUT makes or changes one.

    ``fault`` is asked before every call what goes wrong with it. After a change the next ``lag`` reads of the DOI show
    what it was before (``shown``).
    """

    prefixes: tuple[str, ...] = ("10.5555",)
    fault: Callable[[int, str, str], Fault | None] = lambda _number, _method, _name: None
    dois: dict[str, Kept] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    refuse: Callable[[bytes], str] = lambda _xml: ""
    lag: int = 0
    shown: dict[str, list[tuple[str, str] | None]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def name_in(self, path: str) -> str:
        return unquote(path).removeprefix("/dois/")

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> tuple[int, bytes, str]:
        status, told = self._answer(method, self.name_in(path), headers.get("Authorization") == _BASIC, body)
        return status, json.dumps(told).encode(), "application/vnd.api+json"

    def _answer(self, method: str, name: str, authorised: bool, body: bytes) -> tuple[int, dict[str, Any]]:
        if not authorised:
            return 401, {"errors": [{"status": "401", "title": "Bad credentials."}]}
        if name.partition("/")[0] not in self.prefixes:
            return 403, {"errors": [{"status": "403", "title": "You are not authorized to access this resource."}]}
        if method == "GET":
            kept = self._seen(name)
            return (
                (200, _document(name, kept)) if kept else (404, {"errors": [{"status": "404", "title": "Not found"}]})
            )
        return self._put(name, json.loads(body)["data"]["attributes"])

    def _seen(self, name: str) -> Kept | None:
        if old := self.shown.get(name):
            was = old.pop()
            return Kept(*was) if was else None
        return self.dois.get(name)

    def _put(self, name: str, told: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        xml = b64decode(told["xml"])
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
        if root.findtext(f"{KERNEL}identifier") != name:
            return 422, {"errors": [{"source": "doi", "uid": name, "title": "Identifier does not match"}]}
        if wrong := self.refuse(xml):
            return 422, {"errors": [{"source": "metadata", "uid": name, "title": wrong}]}
        is_new = name not in self.dois
        before = self.dois.get(name)
        self.shown[name] = [(before.state, before.url) if before else None] * self.lag
        kept = self.dois.setdefault(name, Kept())
        kept.url, kept.xml = told["url"], xml
        kept.events.append(told["event"])
        if told["event"] == "publish":
            kept.registrations += kept.state == "draft"
            kept.state = "findable"
        elif told["event"] == "hide" and kept.state == "findable":
            kept.state = "registered"
        return 201 if is_new else 200, _document(name, kept)


def _document(name: str, kept: Kept) -> dict[str, Any]:
    return {"data": {"id": name, "type": "dois", "attributes": {"doi": name, "state": kept.state, "url": kept.url}}}


@dataclass(slots=True)
class CrossrefPeer:
    """Plays Crossref's deposit system: uploads are queued, and judged once they have been asked for ``slow`` times.

    ``refuse`` says of a document what is wrong with it.
    """

    fault: Callable[[int, str, str], Fault | None] = lambda _number, _method, _name: None
    refuse: Callable[[bytes], str] = lambda _xml: ""
    slow: int = 1
    dois: dict[str, Kept] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    stamps: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def name_in(self, path: str) -> str:
        return urlsplit(path).path

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> tuple[int, bytes, str]:
        if method == "POST":
            return self._upload(_form(headers.get("Content-Type", ""), body))
        asked = dict(parse_qsl(urlsplit(path).query))
        if urlsplit(path).path == "/search/doi":
            return 200, self._query(asked), "application/xml"
        if (asked["usr"], asked["pwd"]) != (USER, PASSWORD):
            return 401, b"Unauthorized", "text/html"
        return 200, self._judgement(asked["doi_batch_id"]).encode(), "text/xml"

    def _query(self, asked: dict[str, str]) -> bytes:
        assert "@" in asked["pid"]
        assert PASSWORD not in str(asked)
        kept = self.dois.get(asked["doi"])
        found = etree.fromstring(kept.xml).findall(f"{CROSSREF}body/*") if kept else []
        told = b"".join(etree.tostring(one) for one in found)
        status = b"resolved" if kept else b"unresolved"
        space = b'xmlns="http://www.crossref.org/qrschema/3.0"'
        return b'<crossref_result %s><query status="%s"><doi_record>%s</doi_record></query></crossref_result>' % (
            space, status, told,
        )  # fmt: skip

    def _upload(self, form: dict[str, bytes]) -> tuple[int, bytes, str]:
        if (form["login_id"].decode(), form["login_passwd"].decode()) != (USER, PASSWORD):
            return 401, b"<h2>FAILURE</h2><p>Invalid credentials</p>", "text/html"
        try:
            root = etree.fromstring(form["fname"])
        except etree.XMLSyntaxError:
            return 200, b"<html><h2>FAILURE</h2><p>The file is no XML</p></html>", "text/html"
        self.uploads[root.findtext(f"{CROSSREF}head/{CROSSREF}doi_batch_id") or ""] = form["fname"]
        return 200, b"<html><h2>SUCCESS</h2><p>Your batch submission was successfully received.</p></html>", "text/html"

    def _judgement(self, batch: str) -> str:
        if batch not in self.uploads:
            return '<doi_batch_diagnostic status="unknown_submission"/>'
        self.asked[batch] = self.asked.get(batch, 0) + 1
        if self.asked[batch] < self.slow:
            return '<doi_batch_diagnostic status="in_process"/>'
        name, wrong = self._take(self.uploads[batch])
        status, said = ("Failure", wrong) if wrong else ("Success", "Successfully added")
        told = f'<record_diagnostic status="{status}"><doi>{name}</doi><msg>{said}</msg></record_diagnostic>'
        return f'<doi_batch_diagnostic status="completed"><batch_id>{batch}</batch_id>{told}</doi_batch_diagnostic>'

    def _take(self, xml: bytes) -> tuple[str, str]:
        root = etree.fromstring(xml)
        data = next(root.iter(f"{CROSSREF}doi_data"))
        name, stamp = data.findtext(f"{CROSSREF}doi") or "", int(root.findtext(f".//{CROSSREF}timestamp") or 0)
        if wrong := self.refuse(xml):
            return name, wrong
        if stamp > self.stamps.get(name, 0):
            kept = self.dois.setdefault(name, Kept())
            kept.registrations += kept.state == "draft"
            kept.state, kept.xml, kept.url = "findable", xml, data.findtext(f"{CROSSREF}resource") or ""
            self.stamps[name] = stamp
        return name, ""


def _form(kind: str, body: bytes) -> dict[str, bytes]:
    """Return the fields of a form that was sent as multipart/form-data."""
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts = [part for part in message.walk() if not part.is_multipart()]
    found = {str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True) for part in parts}
    return {name: data for name, data in found.items() if isinstance(data, bytes)}


@contextmanager
def serving(peer: DataCitePeer | CrossrefPeer) -> Iterator[str]:
    """Let an agency answer; lend its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"peer": peer}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    peer: DataCitePeer | CrossrefPeer

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.peer.name_in(self.path)
        with self.peer.lock:
            self.peer.calls.append((self.command, name))
            fault = self.peer.fault(len(self.peer.calls), self.command, name)
            if fault is None or fault.after:
                status, told, kind = self.peer.respond(self.command, self.path, self.headers, body)
        if fault is None:
            self._send(status, told, (("Content-Type", kind),))
        else:
            self._fail(fault)

    def _fail(self, fault: Fault) -> None:
        time.sleep(fault.pause)
        if fault.status:
            self._send(fault.status, fault.body, fault.headers)
        else:
            self._cut()

    def _send(self, status: int, data: bytes, headers: tuple[tuple[str, str], ...]) -> None:
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _cut(self) -> None:
        """End the connection at once, as a machine does that goes down."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
