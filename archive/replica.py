"""Places for a second copy of the archive: a local folder, or an object store (:mod:`archive.object_store`).

A place holds files under keys, which are paths relative to it, with ``/`` between their parts.
What is written is there whole or not at all. What is read is never believed: whoever reads
compares it with a digest.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from archive.durable import CHUNK, make_folders, storage, sync_folder
from metadata.errors import DamageFound, HomeHeld, StorageError, UsageError

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe in a file's place must not hold us up
_PART = ".part-"


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
    from archive.object_store import open_object_store  # only for those who have one

    return open_object_store(place, protocol)


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
        yield from sound(self.root / key)

    def put(self, key: str, source: Path, wanted: Digest) -> None:
        """Copy a file; its digest is taken of the very bytes that are written."""
        with self._placing(key) as stream:
            if not wanted.fits(_written(sound(source), stream)):
                raise not_what_it_was(source)

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
        with as_storage_error(str(self.root / key), (OSError,), "Look at the disk."), storage(self.root / key):
            yield


def _open_local(path: str) -> LocalFolder:
    if not path or (os.path.lexists(path) and not os.path.isdir(path)):  # noqa: PTH112 - Path raises without permission
        raise UsageError(f"{path!r} is no folder.", "Name a folder for the second copy; it may be a new one.")
    return LocalFolder(Path(path))


@contextmanager
def as_storage_error(where: str, kinds: tuple[type[Exception], ...], hint: str) -> Iterator[None]:
    """Turn faults of some kinds into StorageError; that a file is not there stays FileNotFoundError, an answer."""
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


def sound(path: Path) -> Iterator[bytes]:
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


def not_what_it_was(source: Path) -> DamageFound:
    """Return the error of a file that is not what its digest says."""
    return DamageFound(f"{source} is not what its digest says.", "Run canoe check to see all that is damaged.")
