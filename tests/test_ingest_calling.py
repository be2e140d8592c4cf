"""Calling an agency: whatever it does, the call has an end."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from ingest.registrars.calling import Caller, Unanswered


@pytest.fixture(params=[b"X-More: ", b"HTTP/1.1 100 Continue\r\n\r\n", b""], ids=["headers", "100", "silence"])
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve an answer that goes on and on before its body begins; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_drip, args=(server, request.param))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def _drip(server: socket.socket, more: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65_536)
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n" if more.startswith(b"X") else b"")
            for byte in (more or b" ") * 1000:
                time.sleep(0.01)
                connection.sendall(bytes((byte,)) if more else b"")
                if _is_gone(connection):
                    return
        except OSError:
            return


def _is_gone(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    finally:
        connection.setblocking(True)


def test_an_answer_that_never_begins_ends(dripping: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unanswered) as told:
        Caller(None, silence=2.0, seconds=0.3).ask("GET", dripping, {})
    assert told.value.sent
    assert time.monotonic() - began < 8  # the server would go on for ten seconds
