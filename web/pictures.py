"""Page images for whoever asks: from the cache, else drawn once however many ask."""

import asyncio
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ingest.page_images import Cut, Leaf, NotDrawn
from ingest.painters import Busy, Painters
from web.image_cache import ImageCache

_MOST_WAITING = 100  # requests that wait for an image at the same time
_NOT_AGAIN = 300.0  # seconds for which a page that could not be drawn is not tried again
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """How many bytes of images are kept, how many pixels an image may have, how many processes draw."""

    cache_bytes: int = 1 << 30
    pixels: int = 16_000_000
    processes: int = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image that is asked for; ``name`` stands for all that it depends on."""

    name: str
    leaf: Leaf
    cut: Cut


class Pictures:
    """The page images of a library whose home is ``home``."""

    def __init__(self, home: Path, limits: ImageLimits) -> None:
        self.limits = limits
        self._cache = ImageCache(home / "cache" / "images", limits.cache_bytes)
        self._painters = Painters(limits.processes)
        self._changing = threading.Lock()
        self._coming: dict[str, Future[bytes]] = {}
        self._failed: OrderedDict[Leaf, float] = OrderedDict()
        self._waiting = 0

    def kept(self, wanted: Wanted) -> bytes | None:
        """Return an image that was drawn before."""
        return self._cache.get(wanted.name)

    async def drawn(self, wanted: Wanted) -> bytes:
        """Return an image, drawn now; no thread waits for it. Raises Busy or NotDrawn."""
        if self._waiting >= _MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.wrap_future(self._draw(wanted))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the processes that draw."""
        self._painters.close()

    def _draw(self, wanted: Wanted) -> "Future[bytes]":
        with self._changing:
            if coming := self._coming.get(wanted.name):
                return coming
            if time.monotonic() < self._failed.get(wanted.leaf, 0.0):
                raise NotDrawn("it could not be drawn a moment ago")
            coming = self._coming[wanted.name] = self._painters.paint(wanted.leaf, wanted.cut)
        coming.add_done_callback(partial(self._take, wanted))
        return coming

    def _take(self, wanted: Wanted, drawn: "Future[bytes]") -> None:
        """Keep what was drawn, and only then forget that it was coming: nobody has it drawn twice."""
        fault = drawn.exception()
        if fault is None:
            self._cache.put(wanted.name, drawn.result())
        with self._changing:
            del self._coming[wanted.name]
            if fault is not None:
                self._failed[wanted.leaf] = time.monotonic() + _NOT_AGAIN
                while len(self._failed) > _MOST_REMEMBERED:
                    self._failed.popitem(last=False)
