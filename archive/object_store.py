"""An object store, or anything else that fsspec reaches, as a place for a second copy of the archive."""

import importlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from archive.durable import CHUNK
from archive.replica import Digest, as_storage_error, not_what_it_was, sound
from metadata.errors import ProgramMissing, StorageError, UsageError

_BLOCK = 8 * CHUNK  # of a file that is in memory at a time
_MOST_PARTS = 10_000  # of one file, by S3's rules
_S3 = ("s3", "s3a")
_HINT = "Look at the address, the credentials and the network; the same command goes on where it stopped."


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A place that fsspec reaches; ``root`` is its path there, ``kinds`` are the faults it may have."""

    files_there: "_FileSystem"
    root: str
    name: str
    kinds: tuple[type[Exception], ...]
    is_s3: bool

    @property
    def hands(self) -> int:
        """Many: most of the time is spent waiting for answers."""
        return 16

    def names(self, folder: str = "") -> Sequence[str]:
        """Return the first parts of the keys below ``folder``."""
        path = self._path(folder)
        with self._faults(folder):
            self.files_there.invalidate_cache()
            try:
                listed = self.files_there.ls(path, detail=False)
            except FileNotFoundError:
                return []
        inside = (one.strip("/") for one in listed)
        return sorted(PurePosixPath(one).name for one in inside if one != path.strip("/"))

    def files(self, folder: str) -> Mapping[str, int]:
        """Return every key below ``folder``."""
        with self._faults(folder):
            self.files_there.invalidate_cache()
            try:
                listed = self.files_there.find(self._path(folder), detail=True)
            except FileNotFoundError:
                return {}
        start, below = self.root.strip("/") + "/", f"{folder}/"
        keys = ((path.strip("/").removeprefix(start), seen) for path, seen in listed.items() if not path.endswith("/"))
        return {key: int(str(seen["size"])) for key, seen in keys if key.startswith(below)}

    def read(self, key: str, size: int) -> Iterator[bytes]:
        """Yield the content of a key: in one request when it is small, in blocks when it is not."""
        with self._faults(key):
            if size <= _BLOCK:
                yield self.files_there.cat_file(self._path(key))
                return
            with self.files_there.open(self._path(key), "rb", block_size=_BLOCK) as stream:
                while chunk := stream.read(_BLOCK):
                    yield chunk

    def put(self, key: str, source: Path, wanted: Digest) -> None:
        """Copy a file; it is read before it is sent, for what has been sent cannot be taken back."""
        if not wanted.fits(sound(source)):
            raise not_what_it_was(source)
        size = source.stat().st_size
        options = {"chunksize": max(_BLOCK, math.ceil(size / _MOST_PARTS))} if self.is_s3 else {}
        with self._faults(key, writing=True):
            self.files_there.put_file(str(source), self._path(key), **options)

    def write(self, key: str, content: bytes) -> None:
        """Write a key in one request."""
        with self._faults(key, writing=True):
            if not self.is_s3:  # an object store has no folders, and a bucket is not ours to make
                self.files_there.makedirs(self._path(key).rpartition("/")[0], exist_ok=True)
            self.files_there.pipe_file(self._path(key), content)

    def remove(self, key: str) -> None:
        """Remove a key."""
        with self._faults(key), suppress(FileNotFoundError):
            self.files_there.rm_file(self._path(key))

    def held(self) -> AbstractContextManager[None]:
        """Hold nothing: there is no lock in an object store."""
        return nullcontext()

    def _path(self, key: str) -> str:
        return f"{self.root}/{key}" if key else self.root

    @contextmanager
    def _faults(self, key: str, writing: bool = False) -> Iterator[None]:
        where = f"{self.name}/{key}" if key else self.name
        try:
            with as_storage_error(where, self.kinds, _HINT):
                yield
        except FileNotFoundError as fault:
            if not writing:
                raise
            raise StorageError(f"{where} cannot be written: {fault}.", "Make the bucket first.") from fault


class _FileSystem(Protocol):
    """What we use of fsspec.AbstractFileSystem, which has no types of its own."""

    def ls(self, path: str, detail: bool) -> list[str]: ...

    def find(self, path: str, detail: bool) -> dict[str, dict[str, object]]: ...

    def cat_file(self, path: str) -> bytes: ...

    def open(self, path: str, mode: str, block_size: int) -> BinaryIO: ...

    def put_file(self, lpath: str, rpath: str, **options: int) -> None: ...

    def pipe_file(self, path: str, value: bytes) -> None: ...

    def makedirs(self, path: str, exist_ok: bool) -> None: ...

    def rm_file(self, path: str) -> None: ...

    def invalidate_cache(self) -> None: ...


def open_object_store(url: str, protocol: str) -> ObjectStore:
    """Return the place that a URL names; raises UsageError, and ProgramMissing when a package is not installed."""
    is_s3 = protocol in _S3
    options = {"use_listings_cache": False} if is_s3 else {}
    try:
        opener = importlib.import_module("fsspec.core")
        opened, root = opener.url_to_fs(url, skip_instance_cache=True, **options)
    except ImportError as fault:
        hint = "For S3: pip install 'canoe[s3]'. For others: the package that is named here."
        raise ProgramMissing(f"{protocol}:// cannot be opened: {str(fault).rstrip('.')}.", hint) from fault
    except ValueError as fault:
        raise UsageError(f"{url} is no place for a second copy: {fault}.", "For example: s3://bucket/prefix") from fault
    if not root.strip("/") and is_s3:
        raise UsageError(f"{url} names no bucket.", "For example: s3://bucket/prefix")
    parts = urlsplit(url)
    name = f"{protocol}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
    return ObjectStore(opened, root.rstrip("/"), name, _fault_kinds(), is_s3)


def _fault_kinds() -> tuple[type[Exception], ...]:
    """Return what an object store may raise: fsspec turns most into OSError, some of boto's come as they are."""
    kinds: tuple[type[Exception], ...] = (OSError,)
    for module, name in (("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError")):
        with suppress(ImportError):
            kinds += (getattr(importlib.import_module(module), name),)
    return kinds
