"""What whoever calls another server needs: whom to trust, how long to wait, how to say what went wrong."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@cache
def trusting() -> ssl.SSLContext:
    """Return how servers are verified: by the authorities of this machine, and those that are shipped."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def retry_after(told: str) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, section 10.2.3): a number, or a moment.

    None where there is none, or what it says is neither.
    """
    told = told.strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def fault_said(fault: Exception) -> str:
    """Return what happened in a sentence's words, without the names of classes and objects."""
    reason = str(fault).rpartition(": ")[2] or type(fault).__name__
    return " ".join(reason.split())[:200]


class Connections:
    """Connections that can all be ended at once: each wait for a byte may be short, and the whole have no end."""

    def __init__(self) -> None:
        self._made: list[HTTPConnection] = []

    def connected(self, connection: HTTPConnection) -> socket.socket | None:
        """Return what a connection speaks through; None: what urllib3 opens by itself."""
        del connection
        return None

    def cut(self) -> None:
        """End every connection there is: what waits for an answer goes on with what has come."""
        for connection in self._made:
            held = getattr(connection, "sock", None)
            if isinstance(held, socket.socket):
                with suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def within(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """End whatever is under way when its time is over; gives what says whether it is."""
        over = threading.Event()

        def end() -> None:
            over.set()
            self.cut()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield over.is_set
        finally:
            timer.cancel()

    def pools(self) -> dict[str, type[HTTPConnectionPool]]:
        """Return the kinds of pools that connect in this way, by scheme, as urllib3 wants them."""
        noted = self._noted

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return noted(self) or super()._new_conn()

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return noted(self) or super()._new_conn()

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        return {"http": PlainPool, "https": SecurePool}

    def _noted(self, connection: HTTPConnection) -> socket.socket | None:
        del self._made[:-4]
        self._made.append(connection)
        return self.connected(connection)
