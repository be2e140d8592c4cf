"""Connections that keep the server waiting: they are closed, so that no number of slow clients shuts others out.

Uvicorn waits without end for the rest of a request, and for a client to take its answer.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, ClassVar, cast
from urllib.parse import unquote

import h11
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 8.0
"""Within which a request must have come from the end of the answer before it on; see :data:`BODY_BYTES`."""

BODY_BYTES = 20_000
"""Of a body that have come make the time begin anew, while the application wants it: files may be long in coming."""

STALLED_SECONDS = 60.0
"""For which a client may take nothing of what is sent to it."""

MOST_WAITED_FOR = 256
"""Connections without a whole request; who waits longest goes when there is one more."""

MOST_STALLED = 128
"""Connections whose clients take nothing just now; who has taken nothing for longest goes when there is one more."""

LINGERING_SECONDS = 2.0
"""For which what a refused client goes on to send is taken and thrown away: cut off, it would not see the answer."""

RETRY_SECONDS = 5
"""After which a client that came when there were too many may come again."""

_REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b"
)
_UNFINISHED = (h11.IDLE, h11.SEND_BODY)
_FRAMES = {b"content-length", b"transfer-encoding"}
_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")
_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)", re.IGNORECASE)

_too_many = PlainTextResponse(
    "There are too many visitors just now; come again in a moment.\n",
    503,
    {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store", "Connection": "close"},
)

_unsound = PlainTextResponse("The headers of the request cannot be.\n", 400, {"Connection": "close"})


class _Timers:
    """Connections of which something is awaited, longest first, and what ends the patience with each."""

    def __init__(self) -> None:
        self._handles: OrderedDict[Connection, asyncio.TimerHandle] = OrderedDict()

    def __len__(self) -> int:
        return len(self._handles)

    def start(self, one: "Connection", handle: asyncio.TimerHandle) -> None:
        """Begin to wait for ``one``, anew where it was waited for."""
        self.stop(one)
        self._handles[one] = handle

    def stop(self, one: "Connection") -> None:
        """Wait for it no more."""
        if handle := self._handles.pop(one, None):
            handle.cancel()

    def longest(self) -> "Connection":
        """Return the one that has been waited for longest."""
        return next(iter(self._handles))

    def __contains__(self, one: "Connection") -> bool:
        return one in self._handles


class Connection(H11Protocol):
    """HTTP/1.1 as Uvicorn speaks it, with an end to patience.

    Who comes when there are too many is told when to come again, and an address in absolute form, as clients send to
    a proxy, is understood (RFC 9112, section 3.2.2).
    """

    _waited_for: ClassVar[_Timers] = _Timers()
    _stalled: ClassVar[_Timers] = _Timers()
    _is_refused = False
    _come = 0  # bytes of a body since the waiting for it began

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._inner, self.app = cast(ASGIApp, self.app), self._answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._waited_for.stop(self)
        self._stalled.stop(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; with the last the waiting ends."""
        if not self._is_refused:
            super().data_received(data)
            self._look(len(data))

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._let_go()
        elif self.conn.their_state in _UNFINISHED:
            self._wait()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection on which nothing more is asked."""
        super().timeout_keep_alive_handler()
        self._let_go()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, such as an address of a hundred thousand characters; nothing after it is read."""
        self._is_refused = True
        self._waited_for.stop(self)
        if self.conn.our_state is not h11.IDLE:  # in the middle of an answer
            self._let_go()
            return
        self.transport.write(_REFUSED % (len(msg), msg.encode()))
        self.transport.write_eof()
        self._waited_for.start(self, self.loop.call_later(LINGERING_SECONDS, self._let_go))

    def pause_writing(self) -> None:
        """Wait for a client that takes nothing."""
        super().pause_writing()
        self._stall()

    def resume_writing(self) -> None:
        """Go on with an answer."""
        if not self.transport.is_closing():  # what is left of the last answer may be waited for, too
            self._stalled.stop(self)
        super().resume_writing()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._most
        if most is not None and (len(self.connections) >= most or len(self.tasks) > most):
            await _too_many(scope, receive, send)
        elif not _is_sound(scope["headers"]):
            await _unsound(scope, receive, send)
        else:
            await self._inner(_origin_form(scope), receive, send)

    def _look(self, come: int) -> None:
        """Wait no more for a request that is whole, anew for a body of which enough has come."""
        if self._is_refused:
            return
        if self.conn.their_state not in _UNFINISHED:
            self._waited_for.stop(self)
        elif self.conn.our_state is h11.SEND_RESPONSE:
            self._come += come
            if self._come >= BODY_BYTES:
                self._wait()

    def _wait(self) -> None:
        self._come = 0
        self._waited_for.start(self, self.loop.call_later(REQUEST_SECONDS, self._let_go))
        if len(self._waited_for) > MOST_WAITED_FOR:
            self._waited_for.longest()._let_go()

    def _stall(self) -> None:
        self._stalled.start(self, self.loop.call_later(STALLED_SECONDS, self.transport.abort))
        if len(self._stalled) > MOST_STALLED:
            longest = self._stalled.longest()
            self._stalled.stop(longest)
            longest.transport.abort()

    def _let_go(self) -> None:
        """Close the connection; what was not taken of the last answer is not kept for ever."""
        self._waited_for.stop(self)
        self.transport.close()
        if self not in self._stalled and self.transport.get_write_buffer_size():
            self._stall()


def _is_sound(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Say whether a request names a host that can be, and where it ends no more than once.

    RFC 9112, sections 3.2 and 6.1: a server before this one may have taken another end for it.
    """
    given = [*headers]
    hosts = all(_HOST.fullmatch(value) for name, value in given if name == b"host")
    return hosts and not {name for name, _ in given} >= _FRAMES


def _origin_form(scope: Scope) -> Scope:
    """Return a request as it is without scheme and host before its path; they stand for the Host header then."""
    found = _ABSOLUTE.match(scope["raw_path"])
    if not found:
        return scope
    path: bytes = scope["raw_path"][found.end() :] or b"/"
    headers = [(b"host", found[1]), *(pair for pair in scope["headers"] if pair[0] != b"host")]
    return {**scope, "path": unquote(path.decode("ascii")), "raw_path": path, "headers": headers}
