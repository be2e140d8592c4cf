"""Calling an agency over HTTP: one request, one answer, both bounded; whether to ask again is for others to say."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError
from urllib3.util import make_headers

from ingest.registrars import Credentials
from metadata.calling import Connections, fault_said, retry_after, trusting

_MOST_BYTES = 1 << 20
_CHUNK = 65_536
_LONGEST = 2000  # characters of what came back that are worth keeping
PASSING = frozenset((408, 409, 425, 429))
"""Answers below 500 that may be others in a while."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came: the status, the body as it is, and the seconds that Retry-After asks for, None without."""

    status: int
    data: bytes
    wait: float | None = None

    @property
    def is_passing(self) -> bool:
        """Whether the same may be answered otherwise in a while."""
        return self.status in PASSING or self.status >= 500


def cleaned(text: str, credentials: Credentials) -> str:
    """Return what came back on one line, shortened, and without what an answer may echo of who called."""
    password = credentials.password
    for secret in filter(None, (_basic(credentials), quote_plus(password), password)):
        text = text.replace(secret, "…")
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:_LONGEST]


def _basic(credentials: Credentials) -> str:
    return b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()


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
        self._headers = make_headers(user_agent="Canoe")
        if credentials:  # in UTF-8 (RFC 7617, 2.1): urllib3's own takes no letters beyond Latin-1
            self._headers["Authorization"] = f"Basic {_basic(credentials)}"
        self._seconds, self._timeout = seconds, Timeout(connect=min(10.0, silence), read=silence)
        self._connections = Connections()
        self._pool = PoolManager(num_pools=1, maxsize=1, ssl_context=trusting(), retries=False)
        self._pool.pool_classes_by_scheme = self._connections.pools()

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Return what an address answers; raises Unanswered."""
        try:
            with self._connections.within(self._seconds) as is_over:
                return self._answered(method, url, {**self._headers, **headers}, body, is_over)
        except SSLError as fault:
            raise Unanswered(f"its certificate is not accepted ({fault_said(fault)})", False, True) from fault
        except (NewConnectionError, ConnectTimeoutError) as fault:
            raise Unanswered(f"it cannot be reached ({fault_said(fault)})", sent=False) from fault
        except (HTTPError, OSError) as fault:
            raise Unanswered(f"no answer came ({fault_said(fault)})", sent=True) from fault

    def _answered(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, is_over: Callable[[], bool]
    ) -> Reply:
        answer = self._pool.request(
            method, url, body=body, headers=headers, timeout=self._timeout,
            redirect=False, retries=False, preload_content=False,
        )  # fmt: skip
        try:
            # No time at all, or a moment that has passed since clocks differ, asks for nothing.
            wait = retry_after(answer.headers.get("Retry-After", "")) or None
            return Reply(answer.status, _read(answer, is_over), wait)
        finally:
            answer.drain_conn() if answer.length_remaining == 0 else answer.close()

    def close(self) -> None:
        """Give up the connection."""
        self._pool.clear()


def _read(answer: BaseHTTPResponse, is_over: Callable[[], bool]) -> bytes:
    data = bytearray()
    while chunk := answer.read1(_CHUNK):
        data += chunk
        if len(data) > _MOST_BYTES:
            break
    if len(data) > _MOST_BYTES or is_over():
        raise Unanswered("its answer is too long, or takes too long", sent=True)
    return bytes(data)
