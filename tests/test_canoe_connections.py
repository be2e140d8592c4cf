"""Slow clients: none keeps a connection for ever, and however many there are, others are answered."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
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
    size = int(request.query_params.get("size", 50_000_000))
    return PlainTextResponse(f"{len(await request.body())} bytes" if request.method == "POST" else "x" * size)


async def _short(request: Request) -> Response:
    return PlainTextResponse("short", headers={"X-Host": request.headers["host"]})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", SOON)
    monkeypatch.setattr(connections, "STALLED_SECONDS", SOON)
    monkeypatch.setattr(connections, "LINGERING_SECONDS", SOON)
    monkeypatch.setattr(connections, "MOST_WAITED_FOR", MOST)
    monkeypatch.setattr(connections, "MOST_STALLED", MOST)
    app = Starlette(routes=[Route("/", _answer, methods=["GET", "POST"]), Route("/short", _short)])
    config = uvicorn.Config(app, port=0, http=Connection, ws="none", log_level="error", limit_concurrency=3 * MOST)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join()


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    number: int = server.servers[0].sockets[0].getsockname()[1]
    return number


def opened(port: int, sent: bytes, room: int = 0) -> socket.socket:
    """Open a connection and send something; ``room`` is how many bytes it takes in without being read, 0: many."""
    connection = socket.socket()
    if room:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", port))
    connection.sendall(sent)
    return connection


def whole(connection: socket.socket) -> bytes:
    answer = b""
    while part := connection.recv(1 << 16):
        answer += part
    return answer


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


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


def _kept_back(server: uvicorn.Server) -> int:
    """Return how many bytes the server keeps for a client, the only one, that the system does not take any more."""
    (connection,) = server.server_state.connections
    kept: int = connection.transport.get_write_buffer_size()
    return kept


def test_the_last_part_of_an_answer_is_not_kept_for_ever(server: uvicorn.Server, port: int) -> None:
    size, kept = 4_000_000, 0
    for _ in range(10):  # how much the system takes for a client that reads nothing is found out by asking
        with opened(port, f"GET /?size={size} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 4096):
            time.sleep(SOON / 2)
            kept = _kept_back(server)
            if 0 < kept < 65_536:  # so little that nobody is told that the client takes nothing
                assert within(20 * SOON, lambda: not server.server_state.connections)
                return
        size += 30_000 - kept
        assert within(5, lambda: not server.server_state.connections)
    pytest.skip("the system takes now more and now less")


def test_of_many_who_take_nothing_the_longest_are_let_go(server: uvicorn.Server, port: int) -> None:
    asking = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(4 * MOST):
            stack.enter_context(opened(port, asking, 4096))
        assert len(server.server_state.connections) <= 3 * MOST
        with opened(port, b"GET /short HTTP/1.0\r\nHost: a\r\n\r\n") as honest:
            assert whole(honest).endswith(b"short")


def test_a_file_may_be_long_in_coming_and_a_few_bytes_may_not(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_BYTES", 100)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3000\r\n\r\n"
    with opened(port, head) as quick, opened(port, head) as slow:
        for _ in range(30):
            quick.sendall(b"x" * 100)
            with suppress(ConnectionError):
                slow.sendall(b"x")
            time.sleep(SOON / 10)
        assert whole(quick).endswith(b"3000 bytes")
        with suppress(ConnectionError):
            assert whole(slow) == b""


def test_who_comes_when_there_are_too_many_is_told_when_to_come_again(
    server: uvicorn.Server, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_WAITED_FOR", 10 * MOST)
    with ExitStack() as stack:
        for _ in range(3 * MOST - 1):
            stack.enter_context(opened(port, b""))
        assert within(5, lambda: len(server.server_state.connections) == 3 * MOST - 1)
        with opened(port, b"GET /short HTTP/1.1\r\nHost: a\r\n\r\n") as refused:
            head, _, body = whole(refused).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 5" in head.lower()
    assert b"come again" in body
    assert within(5, lambda: not server.server_state.connections)
    with opened(port, b"GET /short HTTP/1.0\r\nHost: a\r\n\r\n") as welcome:
        assert whole(welcome).endswith(b"short")


@pytest.mark.parametrize(
    ("target", "status", "host"),
    [
        ("http://library.example.org/short", 200, "library.example.org"),
        ("HTTPS://library.example.org:8000/short?a=http://b/", 200, "library.example.org:8000"),
        ("http://someone@library.example.org/short", 404, ""),
        ("http:///short", 404, ""),
        ("short", 404, ""),
        ("*", 404, ""),
        ("//evil.example/short", 404, ""),
    ],
)
def test_targets_of_every_form_are_understood_or_refused(port: int, target: str, status: int, host: str) -> None:
    with opened(port, f"GET {target} HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n".encode()) as asking:
        answer = whole(asking)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert not host or f"x-host: {host}\r\n".encode() in answer
