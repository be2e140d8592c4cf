"""Slow clients: none keeps a connection for ever, and however many there are, others are answered."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from canoe import connections
from canoe.connections import Connection

SOON, MOST = 0.4, 8


async def _answer(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes" if request.method == "POST" else "x" * 50_000_000)


async def _short(_: Request) -> Response:
    return PlainTextResponse("short")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", SOON)
    monkeypatch.setattr(connections, "STALLED_SECONDS", SOON)
    monkeypatch.setattr(connections, "LINGERING_SECONDS", SOON)
    monkeypatch.setattr(connections, "MOST_WAITED_FOR", MOST)
    app = Starlette(routes=[Route("/", _answer, methods=["GET", "POST"]), Route("/short", _short)])
    config = uvicorn.Config(app, port=0, http=Connection, ws="none", log_level="error", limit_concurrency=3 * MOST)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def opened(port: int, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(20)
    connection.sendall(sent)
    return connection


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nverb=",
        b"GET /short HTTP/1.1\r\nHost: a\r\n\r\nGET / HT",
    ],
)
def test_half_a_request_is_not_waited_for(port: int, sent: bytes) -> None:
    with opened(port, sent) as connection:
        began, answer = time.monotonic(), b""
        while part := connection.recv(4096):
            answer += part
        assert SOON / 2 < time.monotonic() - began < 20 * SOON
    assert answer.endswith(b"short") or b"200 OK" not in answer


def test_dripping_does_not_make_the_time_longer(port: int) -> None:
    began = time.monotonic()
    with opened(port, b"GET / HTTP/1.1\r\n") as connection, suppress(ConnectionError):
        while time.monotonic() < began + 20 * SOON:
            connection.sendall(b"X: y\r\n")
            time.sleep(SOON / 8)
    assert time.monotonic() < began + 20 * SOON


def test_who_asks_is_answered_however_many_only_begin_to(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(5 * MOST):
            stack.enter_context(opened(port, b"GET / HTTP/1.1\r\n"))
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        asking.request("GET", "/short")
        assert asking.getresponse().status == 200
        asking.close()


def test_who_takes_nothing_of_an_answer_is_let_go(port: int) -> None:
    with opened(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        time.sleep(4 * SOON)
        received = 0
        with suppress(ConnectionError):
            while part := connection.recv(1 << 20):
                received += len(part)
    assert received < 50_000_000


def test_an_honest_client_keeps_its_connection(port: int) -> None:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(4):
        asking.request("POST", "/", b"verb=Identify")
        assert asking.getresponse().read() == b"13 bytes"
        time.sleep(SOON / 3)
    asking.close()


def test_who_sends_too_much_sees_the_answer(port: int) -> None:
    with opened(port, b"GET /?" + b"a" * 3_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        answer = b""
        while part := connection.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_who_does_not_end_is_cut_off(port: int) -> None:
    began = time.monotonic()
    with opened(port, b"\x16\x03\x01\x02\0\r\n\r\n") as connection, suppress(ConnectionError):
        while time.monotonic() < began + 20 * SOON:
            connection.sendall(b"a" * 1000)
            time.sleep(SOON / 8)
    assert time.monotonic() < began + 20 * SOON
