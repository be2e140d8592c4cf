"""Keeping a second copy of the archive: an OCFL storage root of the same layout, elsewhere.

Only what is missing there is copied, object by object. Versions never change, so an object
whose root sidecar is the same there is the same. The order within an object is: declaration,
content, the versions' inventories, the root's inventory, and its sidecar last. So after a kill
an object is there as it was, or without a right sidecar; the next run completes it, and
believes nothing there that no proven inventory vouches for.

Nothing damaged is copied: content is compared with its digest before or while it is sent.
Everything written is read back and compared.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Literal

from archive.check import check_object, survey
from archive.evidence import VERSION_FOLDER, Found, local, proven
from archive.listing import shown
from archive.ocfl import INVENTORY, ROOT_FILES, Archive
from archive.replica import Digest, LocalFolder, Replica
from metadata.errors import DamageFound, StorageError, UsageError
from metadata.problems import Problem, problem

Outcome = Literal["new", "updated", "same", "damaged", "differs", "extra"]
_LOGS = "logs"
_PATIENCE, _PAUSE = 100, 0.1  # looks at what a writer is about to finish, seconds between them
_DEPTH = 3  # parts of the key of an object's folder
_LONGEST_LOG = 1 << 26

Branch = tuple[str, tuple[Path, ...]]
"""A first part of the layout's folders, and the objects of the archive below it."""


@dataclass(frozen=True, slots=True)
class Replicated:
    """What became of an object: ``size`` is in bytes written; ``key`` is its folder in the storage root.

    ``damaged`` objects of the archive are not copied; those that are other versions of the
    object in the second copy ``differ``, and are left alone; ``extra`` ones are only there.
    """

    key: str
    outcome: Outcome
    files: int = 0
    size: int = 0
    problems: tuple[Problem, ...] = ()


def require_apart(replica: Replica, home: Path) -> None:
    """Raise UsageError when a second copy would lie in the home."""
    if isinstance(replica, LocalFolder) and replica.root.resolve().is_relative_to(home.resolve()):
        raise UsageError(f"{replica.name} lies in the library itself.", "Keep the second copy on another disk.")


def replicate(archive: Archive, replica: Replica, verify: bool = False) -> Generator[Replicated, None, None]:
    """Bring the second copy up to date and yield what became of each object, in no order.

    With ``verify`` all that lies there is read and compared, too, and what is wrong is put
    right. Writing to the archive may go on meanwhile. Raises UsageError when something else lies at the
    place, StorageError when it cannot be written, HomeHeld when another process writes there.
    """
    with replica.held():
        _prepare_root(replica)
        worker, strays = _Worker(archive, replica, verify), list[Problem]()
        with ThreadPoolExecutor(replica.hands) as pool:
            pending: deque[Future[list[Replicated]]] = deque()
            try:
                for branch in _branches(archive, replica, strays):
                    pending.append(pool.submit(worker.branch, *branch))
                    if len(pending) > 2 * replica.hands:
                        yield from pending.popleft().result()
                while pending:
                    yield from pending.popleft().result()
            except BaseException:
                worker.stopped.set()
                pool.shutdown(cancel_futures=True)
                raise
        unreadable = (stray for stray in strays if stray.code == "file-unreadable")
        yield from (Replicated(stray.where, "damaged", problems=(stray,)) for stray in unreadable)


def _prepare_root(replica: Replica) -> None:
    there = set(replica.names())
    ours = {name.split("/")[0] for name in ROOT_FILES}
    for name, content in reversed(ROOT_FILES.items()):  # the declaration first: it says whose place this is
        found = _content(replica, name)
        if found is not None and found != content:
            raise _strange(replica, f"its {name} is another's, or damaged")
        if found is None and there - ours:
            raise _strange(replica, f"it holds other things, and no {name}")
        if found is None:
            _write(replica, name, content)


def _strange(replica: Replica, reason: str) -> UsageError:
    return UsageError(
        f"{replica.name} is no second copy of a library: {reason}.", "Name an empty or new folder, or one made by it."
    )


def _branches(archive: Archive, replica: Replica, strays: list[Problem]) -> Iterator[Branch]:
    """Yield the parts of the layout that the archive or the second copy has; ``strays`` is as in a survey."""
    elsewhere = set(replica.names()) - {name.split("/")[0] for name in ROOT_FILES}
    for name, folders in groupby(
        survey(archive.root, strays), lambda folder: folder.relative_to(archive.root).parts[0]
    ):
        yield name, tuple(folders)
        elsewhere.discard(name)
    yield from ((name, ()) for name in sorted(elsewhere))


def object_folders(files: Iterable[str]) -> set[str]:
    """Return the keys of the folders of the objects that some files of a storage root belong to."""
    split = (key.split("/") for key in files)
    return {"/".join(parts[:_DEPTH]) for parts in split if len(parts) > _DEPTH}


class _Worker:
    """Replicates branches; many threads share it."""

    def __init__(self, archive: Archive, replica: Replica, verify: bool) -> None:
        self._archive = archive
        self._replica = replica
        self._verify = verify
        self.stopped = threading.Event()

    def branch(self, name: str, folders: tuple[Path, ...]) -> list[Replicated]:
        """Replicate the objects of a branch, and name those that only the second copy holds."""
        there = self._replica.files(name)
        by_object: dict[str, dict[str, int]] = {key: {} for key in object_folders(there)}
        for key, size in there.items():
            by_object.setdefault("/".join(key.split("/")[:_DEPTH]), {})[key] = size
        done = [self._object(folder, by_object) for folder in folders]
        keys = {self._key(folder) for folder in folders}
        extra = sorted(object_folders(there) - keys)
        named = (Replicated(key, "extra", problems=(self._problem("replica-only", key),)) for key in extra)
        return [one for one in chain(done, named) if one]

    def _object(self, folder: Path, by_object: Mapping[str, Mapping[str, int]]) -> Replicated | None:
        """Replicate an object, waiting where a writer is at work; None when it is gone."""
        key = self._key(folder)
        for looked in range(_PATIENCE):
            if self.stopped.is_set():
                raise CancelledError
            busy = folder in self._archive.unfinished()
            try:
                return _Copying(folder, key, by_object.get(key, {}), self._replica, self.stopped).run(
                    self._archive, self._verify
                )
            except (DamageFound, FileNotFoundError) as fault:
                if not os.path.lexists(folder):
                    return None
                faults = tuple(check_object(folder, self._archive))
                reason = problem("inventory-unusable", shown(str(folder)), code="E033", reason=_reason(fault))
                given_up = Replicated(key, "damaged", problems=faults or (reason,))
            if looked and not busy:
                break
            time.sleep(_PAUSE)
        return given_up

    def _key(self, folder: Path) -> str:
        return folder.relative_to(self._archive.root).as_posix()

    def _problem(self, code: str, key: str) -> Problem:
        return problem(code, shown(f"{self._replica.name}/{key}"))


class _Copying:
    """One object on its way to the second copy, of which ``there`` lists the files with their sizes."""

    def __init__(
        self, folder: Path, key: str, there: Mapping[str, int], replica: Replica, stopped: threading.Event
    ) -> None:
        self._folder = folder
        self._key = key
        self._there = there
        self._replica = replica
        self._stopped = stopped
        self._look = local(folder)
        self._written: list[str] = []
        self._size = 0

    def run(self, archive: Archive, verify: bool) -> Replicated:
        """Copy what is missing; raises DamageFound or FileNotFoundError when the object is not whole."""
        root = proven(self._look)
        if root is None or archive.folder(root.object_id) != self._folder:
            raise DamageFound(f"{self._folder} has no inventory that can be relied on.")
        same = self._theirs(root.sidecar_name) == self._look(root.sidecar_name)
        if verify or not same or not self._is_complete(root):
            theirs = proven(self._theirs)
            if not same and (found := self._difference(root, theirs)):
                return Replicated(self._key, "differs", problems=(found,))
            self._copy(root, None if verify else theirs)
        changed = not same or bool(self._written)
        self._copy_logs()
        outcome: Outcome = "same" if not changed else "updated" if self._there else "new"
        return Replicated(self._key, outcome, len(self._written), self._size)

    def _is_complete(self, root: Found) -> bool:
        """Say whether every file is there with the size it has here: both are known without reading."""
        names = [*root.content, root.declaration[0], INVENTORY, *(f"{v}/{INVENTORY}" for v in root.document.versions)]
        return all(self._there.get(f"{self._key}/{name}") == _size_of(self._folder / name) for name in names)

    def _difference(self, root: Found, theirs: Found | None) -> Problem | None:
        """Return what tells that the second copy does not hold an earlier state of the object."""
        where = shown(f"{self._replica.name}/{self._key}")
        if theirs and theirs.number <= root.number and root.shares_history_with(theirs):
            return None
        inside = (key.removeprefix(f"{self._key}/").split("/")[0] for key in self._there)
        versions = {int(name[1:]) for name in inside if VERSION_FOLDER.fullmatch(name)}
        if not theirs and max(versions, default=0) <= root.number:
            return None
        return problem("replica-differs", where, object=root.object_id, ours=root.head)

    def _copy(self, root: Found, vouched: Found | None) -> None:
        """Copy the object's files in their order; take back what was begun where one is damaged."""
        before = set(self._there)
        try:
            self._copy_files(root, vouched)
        except (DamageFound, FileNotFoundError):
            for key in self._written:
                if key not in before:
                    self._replica.remove(key)
            raise

    def _copy_files(self, root: Found, vouched: Found | None) -> None:
        name, content = root.declaration
        if self._look(name) != content:
            raise DamageFound(f"{self._folder / name} is not what it must be.")
        known = vouched.content if vouched else {}
        self._put_bytes(name, content, name in self._there and vouched is not None)
        for path, digest in root.content.items():
            self._put_content(path, digest, path in known)
        for version in root.document.versions:
            found = proven(self._look, version)
            if found is None or not root.shares_history_with(found):
                raise DamageFound(f"{self._folder / version} has no inventory that can be relied on.")
            self._put_inventory(found, f"{version}/", vouched is not None and version in vouched.document.versions)
        self._put_inventory(root, "", False)

    def _put_inventory(self, found: Found, start: str, vouched: bool) -> None:
        sidecar = self._look(start + found.sidecar_name)
        self._put_bytes(start + INVENTORY, found.data, vouched)
        self._put_bytes(start + found.sidecar_name, sidecar or found.sidecar, vouched)

    def _put_content(self, path: str, digest: Digest, vouched: bool) -> None:
        """Copy a content file, unless it is there; what nothing vouches for there is read first."""
        source, key = self._folder / path, f"{self._key}/{path}"
        size, there = source.lstat().st_size, self._there.get(key)
        if there == size and (vouched or digest.fits(_read(self._replica, key, size))):
            return
        self._require_going_on()
        self._replica.put(key, source, digest)
        self._written.append(key)
        self._size += size
        if not digest.fits(_read(self._replica, key, size)):
            raise _not_as_written(self._replica, key)

    def _put_bytes(self, path: str, content: bytes, vouched: bool) -> None:
        key = f"{self._key}/{path}"
        if self._there.get(key) == len(content) and (vouched or _content(self._replica, key) == content):
            return
        self._require_going_on()
        _write(self._replica, key, content)
        self._written.append(key)
        self._size += len(content)

    def _copy_logs(self) -> None:
        """Copy the object's logs where they have grown; they are no part of what the inventory says.

        They are the evidence of the checks and repairs of years, small, and only ever added to.
        """
        for path in sorted((self._folder / _LOGS).glob("*")) if (self._folder / _LOGS).is_dir() else ():
            name = f"{_LOGS}/{path.name}"
            if path.lstat().st_size > self._there.get(f"{self._key}/{name}", 0):
                content = self._look(name)
                if content and len(content) <= _LONGEST_LOG:
                    self._put_bytes(name, content, vouched=False)

    def _theirs(self, path: str) -> bytes | None:
        key = f"{self._key}/{path}"
        return _content(self._replica, key) if key in self._there else None

    def _require_going_on(self) -> None:
        if self._stopped.is_set():
            raise CancelledError


def _size_of(path: Path) -> int:
    """Return the size of a file in bytes, -1 where there is none."""
    try:
        return path.lstat().st_size
    except OSError:
        return -1


def _content(replica: Replica, key: str) -> bytes | None:
    """Return a small file of the second copy; None where there is none, or none that can be read."""
    try:
        return b"".join(replica.read(key, 0))
    except (FileNotFoundError, DamageFound):
        return None


def _read(replica: Replica, key: str, size: int) -> Iterator[bytes]:
    """Yield a file of the second copy; nothing where it is not there or cannot be read."""
    try:
        yield from replica.read(key, size)
    except (FileNotFoundError, DamageFound):
        return


def _write(replica: Replica, key: str, content: bytes) -> None:
    replica.write(key, content)
    if _content(replica, key) != content:
        raise _not_as_written(replica, key)


def _not_as_written(replica: Replica, key: str) -> StorageError:
    return StorageError(
        f"{replica.name}/{key}: what was written is not what is read back.", "Do not rely on this place; look at it."
    )


def _reason(fault: Exception) -> str:
    return fault.message if isinstance(fault, DamageFound) else str(fault)
