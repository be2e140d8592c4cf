"""Lines in which requests wait: few are answered at a time, first come first served, and too long a line is refused.

Python makes one page at a time, however many threads there are. Of sixteen that are begun together each would take
sixteen times as long; one after the other half of them are done in half of that time, and none later.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from oai.app import come_later
from oai.limit import NO_LIMIT, Limit

RETRY_SECONDS = 5
"""After which a client that came when the line was too long may come again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast one client may search, and how fast it may take lists: feeds, sitemaps, tables."""

    searches: Limit = NO_LIMIT
    lists: Limit = NO_LIMIT


NO_LIMITS = Limits()


class Line:
    """Lets ``at_once`` answers be made at a time, in worker threads; ``most`` others wait, for ``seconds`` at most."""

    def __init__(self, at_once: int, most: int, seconds: float) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most = most
        self._seconds = seconds
        self._waiting = 0

    async def answer(self, made: Callable[[], Response]) -> Response:
        """Return what ``made`` returns in its turn, or the answer that says when to come again."""
        if self._waiting >= self._most:
            return come_later(RETRY_SECONDS)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
        except TimeoutError:
            return come_later(RETRY_SECONDS)
        finally:
            self._waiting -= 1
        try:
            return await run_in_threadpool(made)
        finally:
            self._places.release()


def seconds_to_wait(limit: Limit, request: Request) -> int:
    """Count a request of a client; return 0 where it may be answered, else after how many seconds it may."""
    return limit.seconds_to_wait(request.client.host if request.client else "")
