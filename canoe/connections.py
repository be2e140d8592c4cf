"""Connections that keep the server waiting: they are closed, so that no number of slow clients shuts others out.

Uvicorn waits without end for the rest of a request, and for a client to take its answer.
"""

import asyncio
from collections import OrderedDict
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 20.0
"""Within which a request must have come, body and all, from the end of the answer before it on."""

STALLED_SECONDS = 60.0
"""For which a client may take nothing of what is sent to it."""

MOST_WAITED_FOR = 256
"""Connections without a whole request; who waits longest goes when there is one more."""

LINGERING_SECONDS = 2.0
"""For which what a refused client goes on to send is taken and thrown away: cut off, it would not see the answer."""

_REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b"
)
_UNFINISHED = (h11.IDLE, h11.SEND_BODY)


class Connection(H11Protocol):
    """HTTP/1.1 as Uvicorn speaks it, with an end to patience."""

    _waited_for: ClassVar[OrderedDict["Connection", asyncio.TimerHandle]] = OrderedDict()
    _stalled: asyncio.TimerHandle | None = None
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait_no_more()
        self._go_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; with the last the waiting ends."""
        if self._is_refused:
            return
        super().data_received(data)
        if self.conn.their_state not in _UNFINISHED and not self._is_refused:
            self._wait_no_more()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.conn.their_state in _UNFINISHED and not self.transport.is_closing():
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, such as an address of a hundred thousand characters; nothing after it is read."""
        self._is_refused = True
        self._wait_no_more()
        if self.conn.our_state is not h11.IDLE:  # in the middle of an answer
            self.transport.close()
            return
        self.transport.write(_REFUSED % (len(msg), msg.encode()))
        self.transport.write_eof()
        self._waited_for[self] = self.loop.call_later(LINGERING_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        """Wait for a client that takes nothing."""
        super().pause_writing()
        self._go_on()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with an answer."""
        self._go_on()
        super().resume_writing()

    def _wait(self) -> None:
        self._wait_no_more()
        self._waited_for[self] = self.loop.call_later(REQUEST_SECONDS, self.transport.close)
        if len(self._waited_for) > MOST_WAITED_FOR:
            longest = next(iter(self._waited_for))
            longest._wait_no_more()
            longest.transport.close()

    def _wait_no_more(self) -> None:
        if timer := self._waited_for.pop(self, None):
            timer.cancel()

    def _go_on(self) -> None:
        if self._stalled:
            self._stalled.cancel()
            self._stalled = None
