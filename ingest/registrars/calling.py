"""Calling an agency over HTTP: one request, one answer, both bounded; whether to ask again is for others to say."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError
from urllib3.util import make_headers

from ingest.registrars import Credentials

_MOST_BYTES = 1 << 20
_CHUNK = 65_536
PASSING = frozenset((408, 409, 425, 429))
"""Answers below 500 that may be others in a while."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came: the status, the body as it is, and the seconds that Retry-After asks for."""

    status: int
    data: bytes
    wait: float | None = None

    @property
    def is_passing(self) -> bool:
        """Whether the same may be answered otherwise in a while."""
        return self.status in PASSING or self.status >= 500


class Unanswered(Exception):
    """No answer came; ``sent`` says that the request may have been received, ``is_distrusted`` that it must not be."""

    def __init__(self, reason: str, sent: bool, is_distrusted: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent
        self.is_distrusted = is_distrusted


class Caller:
    """Calls one agency. It follows no redirect: what is sent, the password among it, is for this address alone."""

    def __init__(self, credentials: Credentials | None, silence: float = 30.0, seconds: float = 120.0) -> None:
        """Take who calls, None where HTTP is not told.

        ``silence`` and ``seconds`` bound the wait for a byte, and for the whole answer.
        """
        known = f"{credentials.user}:{credentials.password}" if credentials else None
        self._headers = make_headers(basic_auth=known, user_agent="Canoe")
        self._seconds, self._timeout = seconds, Timeout(connect=min(10.0, silence), read=silence)
        self._pool = PoolManager(num_pools=1, maxsize=1, ssl_context=_trusting(), retries=False)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Return what an address answers; raises Unanswered."""
        deadline = time.monotonic() + self._seconds
        try:
            answer = self._pool.request(
                method, url, body=body, headers={**self._headers, **headers}, timeout=self._timeout,
                redirect=False, retries=False, preload_content=False,
            )  # fmt: skip
            try:
                return Reply(answer.status, _read(answer, deadline), _retry_after(answer))
            finally:
                answer.drain_conn() if answer.length_remaining == 0 else answer.close()
        except SSLError as fault:
            raise Unanswered(f"its certificate is not accepted ({_said(fault)})", False, True) from fault
        except (NewConnectionError, ConnectTimeoutError) as fault:
            raise Unanswered(f"it cannot be reached ({_said(fault)})", sent=False) from fault
        except (HTTPError, OSError) as fault:
            raise Unanswered(f"no answer came ({_said(fault)})", sent=True) from fault

    def close(self) -> None:
        """Give up the connection."""
        self._pool.clear()


def _read(answer: BaseHTTPResponse, deadline: float) -> bytes:
    data = bytearray()
    while chunk := answer.read1(_CHUNK):
        data += chunk
        if len(data) > _MOST_BYTES or time.monotonic() > deadline:
            raise Unanswered("its answer is too long, or takes too long", sent=True)
    return bytes(data)


@cache
def _trusting() -> ssl.SSLContext:
    """Return how servers are verified: by the authorities of this machine, and those that are shipped."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _retry_after(answer: BaseHTTPResponse) -> float | None:
    """Return the seconds that Retry-After asks for (RFC 9110, section 10.2.3): a number, or a moment."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _said(fault: Exception) -> str:
    """Return what happened in a sentence's words, without the names of classes and objects."""
    reason = str(fault).rpartition(": ")[2] or type(fault).__name__
    return " ".join(reason.split())[:200]
