"""Asking another repository over HTTP: bounded in bytes, seconds and redirects, and patient.

Specification: OAI-PMH 2.0, section 3.1.2 (HTTP's own answers: 302, 503 with Retry-After) and 3.1.3
(compression); RFC 9110. What comes is counted while it is read, and unpacked no further than allowed.
"""

import random
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from urllib3 import BaseHTTPResponse, PoolManager
from urllib3.exceptions import HTTPError, SSLError

from metadata.calling import fault_said, retry_after, trusting
from metadata.errors import UsageError
from oai.guard import PrivateAddress, PublicConnections

_CHUNK = 65_536
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529))
_MOST_REDIRECTS = 5
_LONGEST_PAUSE = 120.0
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Manners:
    """How a repository is asked, and how much of it is borne.

    An answer may have ``most_bytes``, packed or unpacked, and take ``seconds`` in all. What fails in passing
    is asked ``tries`` times, after ``pause`` seconds and then twice as long each time; a repository that
    wants more than ``longest_wait`` seconds is left for today. ``agent`` is who asks.
    """

    agent: str = "Canoe"
    allow_private: bool = False
    most_bytes: int = 64 << 20
    seconds: float = 300.0
    silence: float = 60.0
    tries: int = 6
    pause: float = 1.0
    longest_wait: float = 900.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came: the status, the body unpacked, and the encoding that HTTP says it has (``""``: none said)."""

    status: int
    data: bytes
    charset: str = ""


class Trouble(Exception):
    """A repository cannot be harvested further; the message is the reason."""


class Forbidden(Trouble):
    """An address leads to where nobody may ask."""


class Unavailable(Trouble):
    """Nobody answers for now, whatever is asked for."""


class _Passing(Trouble):
    """May be over soon; ``wait`` is how many seconds the repository asks for, None where it does not.

    ``failed``: it answered, and that it cannot do just this.
    """

    def __init__(self, reason: str, wait: float | None = None, failed: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait
        self.failed = failed


Waiting = Callable[[str, float], None]
"""Is told why, and for how many seconds, nothing is asked."""


def require_address(url: str) -> str:
    """Return the base URL of a repository in one way of writing it. Raises UsageError where it can be none."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not url.isprintable():
        raise UsageError(f"{url!r} is no address of a repository.", "Give its base URL: https://example.org/oai")
    if parts.username or parts.password:
        raise UsageError("The address holds a name or a password.", "Everybody may see where a record came from.")
    shown = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    netloc = shown if port in (None, usual) else f"{shown}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))


class Fetcher:
    """Asks one repository."""

    def __init__(self, base_url: str, manners: Manners, waiting: Waiting = lambda _reason, _seconds: None) -> None:
        """Take the address; ``waiting`` is told of every pause. Raises UsageError where it is none."""
        self.base_url = require_address(base_url)
        self._manners = manners
        self._waiting = waiting
        self._connections = PublicConnections(manners.allow_private, manners.silence)
        self._pool = PoolManager(num_pools=4, maxsize=1, ssl_context=trusting(), retries=False)
        self._pool.pool_classes_by_scheme = self._connections.pools()

    def close(self) -> None:
        """Give up the connections."""
        self._pool.clear()

    def get(self, arguments: Mapping[str, str]) -> Reply:
        """Return the reply to a request of OAI-PMH; what fails in passing is asked again.

        Raises Trouble: Unavailable where it would be the same for every request, Forbidden where nobody may ask.
        """
        joint = "&" if urlsplit(self.base_url).query else "?"
        url = f"{self.base_url}{joint}{urlencode(arguments)}"
        for attempt in range(1, self._manners.tries + 1):
            try:
                return self._once(url)
            except _Passing as fault:
                if attempt == self._manners.tries:
                    kind = Trouble if fault.failed else Unavailable
                    raise kind(f"{fault}, {attempt} times") from fault
                self._pause(fault, attempt)
        raise Trouble("it was never asked")

    def breathe(self, reason: str) -> None:
        """Wait a little before the same is asked again, because of ``reason``."""
        self._pause(_Passing(reason), 1)

    def _pause(self, fault: _Passing, attempt: int) -> None:
        """Wait as long as is asked for, else longer each time, and never all harvesters at the same moment."""
        manners = self._manners
        wait = min(manners.pause * 2 ** (attempt - 1), _LONGEST_PAUSE) if fault.wait is None else fault.wait
        if wait > manners.longest_wait:
            raise Unavailable(f"{fault}, and it asks to come back in {wait:.0f} seconds") from fault
        wait += random.uniform(0, min(wait, manners.pause) / 2)  # noqa: S311 - no secret
        self._waiting(str(fault), wait)
        time.sleep(wait)

    def _once(self, url: str) -> Reply:
        with self._connections.within(self._manners.seconds) as is_over:
            try:
                for _ in range(_MOST_REDIRECTS + 1):
                    answer = self._pool.request(
                        "GET", url, headers=self._headers, timeout=self._manners.silence,
                        redirect=False, preload_content=False, decode_content=False,
                    )  # fmt: skip
                    try:
                        if answer.status not in _REDIRECTS:
                            return self._read(answer, is_over)
                        url = _led_on(url, answer)
                    finally:
                        answer.drain_conn() if answer.length_remaining == 0 else answer.close()
            except PrivateAddress as fault:
                raise Forbidden(str(fault)) from fault
            except SSLError as fault:
                raise Trouble(f"its certificate is not accepted ({fault_said(fault)})") from fault
            except (HTTPError, OSError, ValueError) as fault:  # urllib3 has ValueError for a chunk of less than nothing
                said = "it took too long to answer" if is_over() else f"it cannot be reached ({fault_said(fault)})"
                raise _Passing(said) from fault
        raise Trouble(f"it leads on and on: more than {_MOST_REDIRECTS} redirects")

    @property
    def _headers(self) -> dict[str, str]:
        return {"User-Agent": self._manners.agent, "Accept-Encoding": "gzip", "Accept": "text/xml, application/xml"}

    def _read(self, answer: BaseHTTPResponse, is_over: Callable[[], bool]) -> Reply:
        if answer.status in _PASSING:
            said = f"it answers with HTTP status {answer.status}"
            raise _Passing(said, retry_after(answer.headers.get("Retry-After", "")), failed=answer.status == 500)
        data = b"".join(self._unpacked(answer))
        if is_over():
            raise _Passing("it took too long to answer")
        return Reply(answer.status, data, _charset(answer.headers.get("Content-Type", "")))

    def _unpacked(self, answer: BaseHTTPResponse) -> Iterator[bytes]:
        """Yield the body as it comes, and stop where it grows too large, packed or unpacked."""
        coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("gzip", "x-gzip", "identity", ""):
            raise Trouble(f"it answers in the encoding {coding[:40]}, which was not asked for")
        unpacker = zlib.decompressobj(_GZIP) if "gzip" in coding else None
        most, packed, size = self._manners.most_bytes, 0, 0
        for chunk in answer.stream(_CHUNK, decode_content=False):
            packed += len(chunk)
            try:
                made = unpacker.decompress(chunk, most - size + 1) if unpacker else chunk
            except zlib.error as fault:
                raise _Passing("its answer cannot be unpacked") from fault
            size += len(made)
            if max(packed, size) > most:
                raise Trouble(f"its answer is longer than {most} bytes")
            yield made
        if unpacker and not unpacker.eof and packed:
            raise _Passing("its answer is cut short")


def _led_on(url: str, answer: BaseHTTPResponse) -> str:
    """Return where an answer leads; every host is judged again when it is connected to."""
    target = answer.headers.get("Location", "")
    try:
        return require_address(urljoin(url, target))
    except (UsageError, ValueError) as fault:
        raise Trouble(f"it leads to {target[:200]!r}, which is no address of the web") from fault


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'")[:40]
    return ""
