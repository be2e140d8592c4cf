"""Calling an agency over HTTP: one request, one answer, both bounded; whether to ask again is for others to say."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError
from urllib3.util import make_headers

from ingest.registrars import Credentials
from metadata.calling import fault_said, retry_after, trusting

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
        self._pool = PoolManager(num_pools=1, maxsize=1, ssl_context=trusting(), retries=False)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Return what an address answers; raises Unanswered."""
        deadline = time.monotonic() + self._seconds
        try:
            answer = self._pool.request(
                method, url, body=body, headers={**self._headers, **headers}, timeout=self._timeout,
                redirect=False, retries=False, preload_content=False,
            )  # fmt: skip
            try:
                return Reply(answer.status, _read(answer, deadline), retry_after(answer.headers.get("Retry-After", "")))
            finally:
                answer.drain_conn() if answer.length_remaining == 0 else answer.close()
        except SSLError as fault:
            raise Unanswered(f"its certificate is not accepted ({fault_said(fault)})", False, True) from fault
        except (NewConnectionError, ConnectTimeoutError) as fault:
            raise Unanswered(f"it cannot be reached ({fault_said(fault)})", sent=False) from fault
        except (HTTPError, OSError) as fault:
            raise Unanswered(f"no answer came ({fault_said(fault)})", sent=True) from fault

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
