"""Image files that were made once, kept in the home's ``cache/`` up to a number of bytes.

All of it may be deleted at any time, by anybody. Several server processes use it together: a file
appears whole or not at all, and those that were not asked for longest go first. Where nothing can
be written, nothing is kept.
"""

import itertools
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FULL = 0.9  # of the limit: what is left after room was made
_LOOK_AFTER = 0.05  # of the limit: how much may be written before its whole size is looked at again
_ASKED_FOR = 3600  # seconds: how exactly it is known when a file was last asked for
_ABANDONED = 3600  # seconds after which a file that was never finished goes
_UNFINISHED = ".part"


class ImageCache:
    """Files by name in a folder of at most ``limit`` bytes, as far as that can be; safe from several threads."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._written = limit  # by this process since it looked last: the first file makes it look
        self._numbers = itertools.count()
        self._counting = threading.Lock()
        self._sweeping = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        path = self._path(name)
        try:
            content = path.read_bytes()
            if time.time() - path.stat().st_mtime > _ASKED_FOR:
                os.utime(path)
        except OSError:
            return None
        return content or None  # one that a loss of power left without its content

    def put(self, name: str, content: bytes) -> None:
        """Keep a file; one that is there already is replaced."""
        if len(content) > self._limit:
            return
        path = self._path(name)
        part = path.with_name(f"{os.getpid()}-{next(self._numbers)}{_UNFINISHED}")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
            self._count(len(content))

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _count(self, size: int) -> None:
        with self._counting:
            self._written += size
            enough = self._written > self._limit * _LOOK_AFTER
            if enough:
                self._written = 0
        if enough and self._sweeping.acquire(blocking=False):
            try:
                self._sweep()
            finally:
                self._sweeping.release()

    def _sweep(self) -> None:
        """Remove what was not asked for longest until there is some room again."""
        kept = sorted(self._files())
        size = sum(length for _, length, _ in kept)
        if size <= self._limit * (1 - _LOOK_AFTER):
            return
        for _, length, path in kept:
            if size <= self._limit * _FULL:
                return
            with suppress(OSError):
                path.unlink()
            size -= length

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Yield when each was last asked for, its bytes and its path; what was never finished goes."""
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                status = path.lstat()
                if not path.name.endswith(_UNFINISHED):
                    yield status.st_mtime, status.st_size, path
                elif time.time() - status.st_mtime > _ABANDONED:
                    path.unlink()
