"""Places for a second copy of the archive: a local folder, or an object store by fsspec.

A place holds files under keys, which are paths relative to it, with ``/`` between their parts.
What is written is there whole or not at all. What is read is never believed: whoever reads
compares it with a digest.
"""

import errno
import fcntl
import hashlib
import importlib
import math
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from archive.durable import CHUNK, make_folders, storage, sync_folder
from metadata.errors import DamageFound, HomeHeld, ProgramMissing, StorageError, UsageError

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe in a file's place must not hold us up
_PART = ".part-"
_BLOCK = 8 * CHUNK  # of a file in an object store that is in memory at a time
_MOST_PARTS = 10_000  # of one file, by S3's rules
_S3 = ("s3", "s3a")
_REMOTE_HINT = "Look at the address, the credentials and the network; the same command goes on where it stopped."


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest that is wanted: the algorithm (``sha512`` or ``sha256``), and hexadecimal of either case."""

    algorithm: str
    value: str

    def fits(self, chunks: Iterable[bytes]) -> bool:
        """Say whether this is the digest of some bytes."""
        found = hashlib.new(self.algorithm)
        for chunk in chunks:
            found.update(chunk)
        return found.hexdigest() == self.value.lower()


class Replica(Protocol):
    """A place for a second copy. Everything here raises StorageError; many threads may use it at once."""

    @property
    def name(self) -> str:
        """How people name the place; no password is in it."""

    @property
    def hands(self) -> int:
        """How many threads it is worth to work with."""

    def names(self, folder: str = "") -> Sequence[str]:
        """Return the names of the files and folders that lie directly in ``folder``, sorted."""

    def files(self, folder: str) -> Mapping[str, int]:
        """Return every file below ``folder``: its key and its size in bytes."""

    def read(self, key: str, size: int) -> Iterator[bytes]:
        """Yield the content of a file of about ``size`` bytes.

        Raises FileNotFoundError where there is none, DamageFound where it is no file or the disk cannot read it.
        """

    def put(self, key: str, source: Path, wanted: Digest) -> None:
        """Write a file from ``source``, over one that is there.

        Raises DamageFound or FileNotFoundError, and writes nothing, when ``source`` is not what ``wanted`` says.
        """

    def write(self, key: str, content: bytes) -> None:
        """Write a file, over one that is there."""

    def remove(self, key: str) -> None:
        """Remove a file; nothing there is no fault."""

    def held(self) -> AbstractContextManager[None]:
        """Hold the place for writing; raises HomeHeld where another process can be seen to hold it."""


def open_replica(place: str) -> Replica:
    """Return the place that a path or a URL such as ``s3://bucket/prefix`` names; it need not exist yet.

    Raises UsageError for a URL that nothing can open and a path that is no folder's,
    ProgramMissing when a package is not installed.
    """
    protocol, separator, rest = place.partition("://")
    if not separator:
        return _open_local(place)
    if protocol == "file":
        return _open_local("/" + rest.lstrip("/"))
    return _open_remote(place, protocol)


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the content of a regular file, never through a symbolic link; raises OSError."""
    handle = os.open(path, _FLAGS)
    with os.fdopen(handle, "rb", buffering=0) as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        while chunk := stream.read(CHUNK):
            yield chunk


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine, of another disk best."""

    root: Path

    @property
    def name(self) -> str:
        """The path; bytes of it that are no UTF-8 are shown."""
        return os.fsencode(self.root).decode(errors="backslashreplace")

    @property
    def hands(self) -> int:
        """A few: a disk is slow at making small files durable, one after the other."""
        return 4

    def names(self, folder: str = "") -> Sequence[str]:
        """Return what lies in ``folder``, but for what a killed run was about to write."""
        with self._faults(folder):
            try:
                names = [path.name for path in (self.root / folder).iterdir()]
            except FileNotFoundError:
                return []
        return sorted(name for name in names if not name.startswith(_PART))

    def files(self, folder: str) -> Mapping[str, int]:
        """Return the regular files below ``folder``; what a killed run was about to write is none of them."""
        found: dict[str, int] = {}
        unreadable: list[OSError] = []
        with self._faults(folder):
            for inner, _, names in os.walk(self.root / folder, onerror=unreadable.append):
                for path in (Path(inner) / name for name in names):
                    seen = path.lstat()
                    if stat.S_ISREG(seen.st_mode) and not path.name.startswith(_PART):
                        found[path.relative_to(self.root).as_posix()] = seen.st_size
            for fault in unreadable:
                if not isinstance(fault, (FileNotFoundError, NotADirectoryError)):
                    raise fault
        return found

    def read(self, key: str, size: int) -> Iterator[bytes]:  # noqa: ARG002 - other places want to know the size
        """Yield the content of a regular file."""
        yield from _sound(self.root / key)

    def put(self, key: str, source: Path, wanted: Digest) -> None:
        """Copy a file; its digest is taken of the very bytes that are written."""
        with self._placing(key) as stream:
            if not wanted.fits(_written(_sound(source), stream)):
                raise _not_what_it_was(source)

    def write(self, key: str, content: bytes) -> None:
        """Write and sync a file and rename it into place."""
        with self._placing(key) as stream:
            stream.write(content)

    def remove(self, key: str) -> None:
        """Remove a file, and the folders that are empty then."""
        with self._faults(key):
            (self.root / key).unlink(missing_ok=True)
            self._prune(key)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder by the kernel's own lock, and clear away what a killed run left half written."""
        with self._faults(""):
            try:
                make_folders(self.root)
            except FileNotFoundError as fault:  # elsewhere that a file is not there is an answer
                raise StorageError(f"{self.root} cannot be made: {fault.strerror}.", "Name another folder.") from fault
            handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(handle, self.root)
            self._sweep()
            yield
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        with self._faults(""):
            for inner, _, names in os.walk(self.root):
                for name in names:
                    if name.startswith(_PART):
                        (Path(inner) / name).unlink(missing_ok=True)

    @contextmanager
    def _placing(self, key: str) -> Iterator[BinaryIO]:
        path = self.root / key
        staged = path.with_name(f"{_PART}{secrets.token_hex(8)}")
        with self._faults(key):
            make_folders(path.parent)
            try:
                with staged.open("xb") as stream:
                    yield stream
                    stream.flush()
                    os.fsync(stream.fileno())
                    # Who reads it back now reads the disk, not the memory.
                    os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                staged.replace(path)
                sync_folder(path.parent)
            except BaseException:
                staged.unlink(missing_ok=True)
                self._prune(key)
                raise

    def _prune(self, key: str) -> None:
        with suppress(OSError):  # at the first that is not empty
            for folder in PurePosixPath(key).parents[:-1]:
                (self.root / folder).rmdir()

    @contextmanager
    def _faults(self, key: str) -> Iterator[None]:
        with _as_storage_error(str(self.root / key), (OSError,), "Look at the disk."), storage(self.root / key):
            yield


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
        if not wanted.fits(_sound(source)):
            raise _not_what_it_was(source)
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
            with _as_storage_error(where, self.kinds, _REMOTE_HINT):
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


def _open_local(path: str) -> LocalFolder:
    if not path or (os.path.lexists(path) and not os.path.isdir(path)):  # noqa: PTH112 - Path raises without permission
        raise UsageError(f"{path!r} is no folder.", "Name a folder for the second copy; it may be a new one.")
    return LocalFolder(Path(path))


def _open_remote(url: str, protocol: str) -> ObjectStore:
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


@contextmanager
def _as_storage_error(where: str, kinds: tuple[type[Exception], ...], hint: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except kinds as fault:
        reason = (isinstance(fault, OSError) and fault.strerror) or str(fault) or type(fault).__name__
        raise StorageError(f"{where}: {reason.rstrip('.')}.", hint) from fault


def _lock(handle: int, root: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HomeHeld(f"Another process is replicating to {root}.", "Wait until it is done.") from None
    except OSError:
        return  # some network file systems have no locks for folders


def _sound(path: Path) -> Iterator[bytes]:
    """Yield the content of a file of a disk; that it cannot be read is damage to it."""
    try:
        yield from chunks_of(path)
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise DamageFound(f"{path} cannot be read: {fault.strerror}.", "Look at the disk.") from fault


def _written(chunks: Iterable[bytes], stream: BinaryIO) -> Iterator[bytes]:
    """Write ``chunks`` and pass them on."""
    for chunk in chunks:
        stream.write(chunk)
        yield chunk


def _not_what_it_was(source: Path) -> DamageFound:
    return DamageFound(f"{source} is not what its digest says.", "Run canoe check to see all that is damaged.")
