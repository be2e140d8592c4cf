"""Reading files to know their digests: never through a symbolic link, and no faster than asked."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing import get_context
from typing import Protocol


class _Sum(Protocol):
    def update(self, data: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


BLOCK = 1 << 18
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe in a file's place must not hold us up
_ALGORITHMS: dict[str, Callable[[], _Sum]] = {
    **{name: partial(hashlib.new, name.replace("/", "_")) for name in ("md5", "sha1", "sha256", "sha512/256")},
    **{f"blake2b-{bits}": partial(hashlib.blake2b, digest_size=bits // 8) for bits in (160, 256, 384, 512)},
    "sha512": hashlib.sha512,
}


class Throttle:
    """A pace in bytes a second that all keep together who share it, processes too."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        # When the next byte may be read: the monotonic clock is one for all processes of a machine.
        self._free = get_context("spawn").Value("d", 0.0)

    def keep(self, count: int) -> None:
        """Wait until ``count`` more bytes may have been read."""
        with self._free.get_lock():
            now = time.monotonic()
            free = max(now, self._free.value) + count / self._pace
            self._free.value = free
        time.sleep(free - now)


class Reader:
    """Reads the files of objects and counts the bytes."""

    def __init__(self, throttle: Throttle | None = None) -> None:
        self.bytes = 0
        self._throttle = throttle
        self._block = memoryview(bytearray(BLOCK))

    def read(self, path: str, most: int) -> bytes:
        """Return the first ``most`` bytes of a file; raises OSError."""
        handle = os.open(path, _FLAGS)
        try:
            content = b""
            while piece := os.read(handle, min(most, os.fstat(handle).st_size + 1) - len(content)):
                content += piece
            self._took(len(content))
            return content
        finally:
            os.close(handle)

    def digests(self, path: str, algorithms: Iterable[str]) -> dict[str, str]:
        """Return a file's digests, lower-case hexadecimal, by those ``algorithms`` that OCFL names; raises OSError.

        The file is read once, in blocks.
        """
        sums = {name: _ALGORITHMS[name]() for name in algorithms if name in _ALGORITHMS}
        handle = os.open(path, _FLAGS)
        try:
            while sums and (count := os.readv(handle, (self._block,))):
                for one in sums.values():
                    one.update(self._block[:count])
                self._took(count)
        finally:
            os.close(handle)
        return {name: one.hexdigest() for name, one in sums.items()}

    def _took(self, count: int) -> None:
        self.bytes += count
        if self._throttle:
            self._throttle.keep(count)
