"""Usage counted at the door, by the COUNTER Code of Practice 5.1, section 7.

What is counted: the page of an item, the small pictures of its pages and the search inside are *investigations*;
pages that are read and files that are taken are *requests*, and investigations, too. Only what a person asked
for (GET) and got (200, 304, the beginning of a 206); nothing that a browser or a program asked for by itself.

Nobody is known by it. A *session* is an address, a User-Agent and an hour, and all that is ever made of these is a
:data:`Mark` for one item, hashed with a key that is made up each day and never written: not even in memory does it
say what else the same reader looked at. Marks are forgotten with their hour; what goes to the disk are sums.
"""

import hashlib
import logging
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple, Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.usage import Usage
from archive.usage_kept import Sums
from metadata.errors import CanoeError
from web.usage_robots import Robots

DOUBLE_CLICK = 30.0
"""Seconds within which the same is asked for again by a double click or a reload: only the last of them counts."""

FLUSHED_EVERY = 5.0
"""Seconds after which sums are written."""

LATE = 2.0
"""Seconds by which a look may come late from another process."""

MOST = 100_000
"""Marks of one hour, and clicks that wait, which a process holds at most; what a flood brings beyond is not counted."""

Mark = bytes
Kind = Literal["look", "request", "reading"]

_HOUR, _DAY = 3600, 86_400
_MARK_BYTES = 12
_LONGEST = 1000  # characters of a User-Agent that tell it from others
_LOOKED, _REQUESTED, _READ = 1, 2, 4
_PATH = re.compile(r"/item/([a-z0-9]{1,40})(?:/(pages|search|page/[0-9]{1,6}|file/.+))?", re.ASCII | re.DOTALL)
_FROM_THE_START = re.compile(r"\s*bytes\s*=\s*0+-", re.IGNORECASE)
_UNASKED = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_log = logging.getLogger(__name__)


class Look(NamedTuple):
    """What a reader asked for and got: from which address, with which User-Agent, what of an item, and when.

    ``link`` is what of the item, ``at`` seconds since 1970. It is made into a :class:`Click` within a second or two.
    """

    address: str
    agent: str
    link: str
    item: str
    kind: Kind
    at: float


class Click(NamedTuple):
    """A look of which nobody can say whose it is; ``former`` is its mark by the key of the day before."""

    mark: Mark
    former: Mark
    link: str
    item: str
    kind: Kind
    at: float


class Noting(Protocol):
    """What is told of answers: a counter, or who tells one in another process."""

    stop: threading.Event

    def answered(self, scope: Scope, start: Message) -> None:
        """Note an answer, of which ``start`` is the beginning, where it is usage; it does not wait for anything."""

    def run(self) -> None:
        """Do the rest of the work, until told to stop."""


class Counting:
    """An ASGI application around another: notes what is used. An answer does not wait for more than a hash."""

    def __init__(self, app: ASGIApp, counter: Noting) -> None:
        self.app = app
        self.counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the inner application does."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/item/"):
            await self.app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.counter.answered(scope, message)
            await send(message)

        await self.app(scope, receive, counted)


@dataclass(slots=True)
class Counter:
    """Counts. :meth:`answered` and :meth:`note` are for one thread, the rest for the one that runs it.

    ``clock`` gives the seconds since 1970, UTC.
    """

    usage: Usage
    robots: Robots
    stop: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.time
    _came: deque[Click] = field(default_factory=lambda: deque(maxlen=MOST))
    _waiting: OrderedDict[tuple[Mark, str], Click] = field(default_factory=OrderedDict)
    _known: dict[Mark, int] = field(default_factory=dict)
    _sums: dict[tuple[str, str], Sums] = field(default_factory=dict)
    _hour: int = 0
    _key: bytes = b""
    _key_day: float = -1.0
    _former_key: bytes = b""
    _said: str = ""
    _is_full: bool = False

    def answered(self, scope: Scope, start: Message) -> None:
        """Note an answer, of which ``start`` is the beginning, where it is usage."""
        if look := seen(scope, start, self.robots, self.clock()):
            self.note(look)

    def note(self, look: Look) -> None:
        """Take a look that is to be counted."""
        self._change_keys(look.at)
        told = f"{look.address}\0{look.agent}\0{look.item}".encode()
        marks = _mark(told, self._key), _mark(told, self._former_key) if self._former_key else b""
        self._came.append(Click(*marks, look.link, look.item, look.kind, look.at))

    def run(self) -> None:
        """Count and write until told to stop; then all that is there."""
        try:
            self.usage.begin()
        except (CanoeError, OSError) as fault:
            self._say(str(fault))
        while not self.stop.wait(FLUSHED_EVERY):
            self.settle(self.clock() - DOUBLE_CLICK - LATE)
            self.flush()
        self.settle(None)
        self.flush()

    def settle(self, until: float | None) -> None:
        """Count the clicks after which no other followed, up to a moment; all, where none is named."""
        while self._came:
            self._wait(self._came.popleft())
        self._count_before(inf if until is None else until)
        if until is not None and int(until // _HOUR) > self._hour:
            self._begin(int(until // _HOUR))

    def flush(self) -> None:
        """Write what was counted; what cannot be written is kept, and the log says so once."""
        if not self._sums:
            return
        try:
            self.usage.add(self._sums)
        except (CanoeError, OSError) as fault:
            self._say(str(fault))
            return
        self._sums.clear()
        self._said = ""

    def _change_keys(self, now: float) -> None:
        """Make a key up where a day begins; the former is forgotten once no double click can have begun before."""
        day, past = divmod(now, _DAY)
        if day == self._key_day - 1 and past > _DAY - LATE:  # a look that comes late
            return
        if day != self._key_day:
            self._former_key, self._key, self._key_day = self._key, secrets.token_bytes(32), day
        if past > DOUBLE_CLICK + LATE:
            self._former_key = b""

    def _wait(self, click: Click) -> None:
        """Let a click wait for another of the same, and take the place of one before."""
        self._count_before(click.at - DOUBLE_CLICK - LATE)
        for mark in (click.mark, click.former):
            former = self._waiting.pop((mark, click.link), None)
            if former and click.at - former.at > DOUBLE_CLICK:
                self._count(former)
        if len(self._waiting) >= MOST:
            self._leave_out()
            return
        self._waiting[click.mark, click.link] = click

    def _count_before(self, moment: float) -> None:
        """Count what waits since before a moment, in the order of time: an hour that is over does not come again."""
        while self._waiting and next(iter(self._waiting.values())).at < moment:
            self._count(self._waiting.popitem(last=False)[1])

    def _count(self, click: Click) -> None:
        if (hour := int(click.at // _HOUR)) not in (self._hour, self._hour - 1):  # the one before: it comes late
            self._begin(hour)
        known = self._known.get(click.mark, 0)
        if click.kind == "reading" and known & _READ:  # the pages of one item, read one after the other
            return
        if not known and len(self._known) >= MOST:
            self._leave_out()
            return
        is_request = click.kind != "look"
        self._known[click.mark] = known | _LOOKED | _REQUESTED * is_request | _READ * (click.kind == "reading")
        made = Sums(1, not known, is_request, is_request and not known & _REQUESTED)
        place = click.item, time.strftime("%Y-%m", time.gmtime(click.at))
        self._sums[place] = self._sums.get(place, Sums()) + made

    def _begin(self, hour: int) -> None:
        """Forget the marks of the hour before."""
        self._hour, self._known, self._is_full = hour, {}, False

    def _leave_out(self) -> None:
        if not self._is_full:
            _log.warning("More than %d readers and items within an hour: the others are not counted.", MOST)
        self._is_full = True

    def _say(self, trouble: str) -> None:
        """Log a trouble once, until there is none or another."""
        if trouble != self._said:
            _log.warning("What is used cannot be noted just now. %s", trouble)
        self._said = trouble


def seen(scope: Scope, start: Message, robots: Robots, now: float) -> Look | None:
    """Return what an answer, of which ``start`` is the beginning, is as usage; None where it is none."""
    headers = Headers(scope=scope)
    found = _used(scope["path"], headers, start)
    agent = headers.get("user-agent", "")[:_LONGEST]
    if found is None or robots.has(agent):
        return None
    item, link, kind = found
    return Look((scope.get("client") or ("",))[0], agent, link, item, kind, now)


def _mark(told: bytes, key: bytes) -> Mark:
    return hashlib.blake2b(told, key=key, digest_size=_MARK_BYTES).digest()


def _used(path: str, headers: Headers, start: Message) -> tuple[str, str, Kind] | None:
    """Return the item, what of it and how it was used, where an answer is usage."""
    status = start["status"]
    if status not in (200, 206, 304) or (status == 206 and not _FROM_THE_START.match(headers.get("range", ""))):
        return None
    found = _PATH.fullmatch(path)
    if found is None or any(_is_unasked(headers.get(name, "")) for name in _UNASKED):
        return None
    item, link = found[1], found[2] or ""
    if link.startswith("file/"):
        return item, link, "request"
    if not _is_page(start):
        return None
    return (item, "page", "reading") if link.startswith("page/") else (item, link, "look")


def _is_unasked(purpose: str) -> bool:
    return "prefetch" in purpose.lower() or "preview" in purpose.lower()


def _is_page(start: Message) -> bool:
    """Say whether an answer is a page for people; the forms for programs are at the same address."""
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])
