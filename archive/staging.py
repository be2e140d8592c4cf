"""Staging: versions of objects written whole beside the archive, then moved into it, many at a time.

A group of writes has one staging folder, named by when it began. In it each object has a
numbered folder: a new object as it will be, or a new version with the inventory that goes
with it. What is on disk before what, and what for:

1. Every file of the group, every folder of it: *whole before it is named*.
2. The note that names the group's objects, the group's folder, the staging folder: *named
   before it is moved*. From here on a kill or a power cut loses nothing: whoever holds the
   writer's lock next finishes what the note names. Before, it is thrown away.
3. The folders that objects go into, from the root down; then the renames of new objects and
   of versions' folders, then the folders they came into: *nothing is moved to where a power
   cut might leave no way*.
4. The root inventories, last of each object, and the objects' folders again: *no inventory
   speaks of a version that is not there*.
5. The catalogue's transaction, which SQLite syncs; then the staging folder goes. That is not
   synced: what comes back after a power cut is only done once more.

Within a step the order is free, so its fsyncs are asked for together. Making the group's
folder is not synced of itself: until the note is on disk the folder means nothing.
"""

import hashlib
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from archive.durable import Unsynced, remove_tree, sync_folder, sync_folders, write_file
from archive.inventory import ALGORITHM, NAMED, Inventory, Version, hasher
from metadata.errors import SourceChanged

OBJECT_DECLARATION = "0=ocfl_object_1.1"
INVENTORY = "inventory.json"
SIDECAR = f"{INVENTORY}.{ALGORITHM}"
NOTE = "objects.json"
_DEPTH = 2  # of the folders that objects go into, below the root

Content = Path | bytes
Wanted = Mapping[str, Sequence[tuple[str, str]]]
"""By logical path: other digests that its file must have, algorithm and hexadecimal."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A version that lies whole in ``folder``, and the object's folder that it goes to."""

    inventory: Inventory
    folder: Path
    target: Path

    def path(self, logical: str) -> Path:
        """Return where the file that this version calls ``logical`` lies until the group is complete."""
        content = self.inventory.content_path(logical)
        return (self.folder if content.startswith(f"{self.inventory.head}/") else self.target) / content


class Group:
    """Writes that are completed together; at most one of each object."""

    def __init__(self, folder: Path) -> None:
        """Take the empty ``folder`` for a new group."""
        self.folder = folder
        self.size = 0
        self._began = time.monotonic()
        self._staged: dict[str, Staged] = {}
        self._unsynced = Unsynced()
        self._folders: dict[str, list[Path]] = {}
        self._taken = 0
        self._noted = False

    def __contains__(self, object_id: object) -> bool:
        """Say whether a version of this object is among the writes."""
        return object_id in self._staged

    @property
    def number(self) -> int:
        """How many writes there are."""
        return len(self._staged)

    @property
    def age(self) -> float:
        """The seconds since the group began."""
        return time.monotonic() - self._began

    @property
    def inventories(self) -> tuple[Inventory, ...]:
        """The inventories of the versions, in the order in which they were staged."""
        return tuple(staged.inventory for staged in self._staged.values())

    def stage(
        self, target: Path, former: Inventory, changed: Mapping[str, Content], version: Version, fixity: Wanted
    ) -> Staged:
        """Write a version below the group's folder: ``former``'s state with ``changed`` laid over it.

        Nothing of it stays when that fails. Raises SourceChanged, OSError.
        """
        self._taken += 1
        folder, files = self.folder / str(self._taken), self._unsynced.number
        try:
            making = _Making(folder, former, self._unsynced)
            making.store(changed, version.state, fixity)
            making.vouch(target, fixity)
            inventory = making.finish(version)
        except BaseException:
            self._unsynced.close(files)
            remove_tree(folder)
            raise
        staged = Staged(inventory, folder, target)
        self._folders[former.object_id] = making.folders
        self.size += making.size
        self._staged[former.object_id] = staged
        return staged

    def retain(self, object_ids: Collection[str]) -> None:
        """Forget the writes of other objects: an interrupt came before anyone knew of them."""
        for object_id in [one for one in self._staged if one not in object_ids]:
            remove_tree(self._staged.pop(object_id).folder)

    def complete(self) -> None:
        """Bring all of it into the archive, on disk. After an interrupt it can be called again."""
        if not self._noted:
            self._unsynced.sync(folder for object_id in self._staged for folder in self._folders[object_id])
            note = self.folder / NOTE
            note.unlink(missing_ok=True)  # of a call that was interrupted
            write_file(note, _note(self._staged))
            sync_folder(self.folder)
            sync_folder(self.folder.parent)
            self._noted = True
        install([(staged.folder, staged.target) for staged in self._staged.values()])

    def give_up(self) -> None:
        """Leave no trace of writes of which nothing has been moved yet; else leave all to be finished."""
        self._unsynced.close()
        if all(_is_unmoved(staged.folder) for staged in self._staged.values()):
            (self.folder / NOTE).unlink(missing_ok=True)
            remove_tree(self.folder)
            for staged in self._staged.values():
                with suppress(OSError):
                    staged.target.parent.rmdir()
                    staged.target.parent.parent.rmdir()


class _Making:
    """A version in the making."""

    def __init__(self, folder: Path, former: Inventory, unsynced: Unsynced) -> None:
        self.folder = folder
        self.folders: list[Path] = []
        self.size = 0
        self._former = former
        self._unsynced = unsynced
        self._head = f"v{len(former.versions) + 1}"
        self._manifest, self._state = dict(former.manifest), dict(former.state)
        self._fixity: dict[str, dict[str, str]] = {algorithm: dict(paths) for algorithm, paths in former.fixity.items()}
        self._made: set[str] = set()

    def store(self, changed: Mapping[str, Content], wanted: Mapping[str, str], fixity: Wanted) -> None:
        """Write the content that the object does not have yet; every file must be what is wanted of it."""
        self._make_folder(f"{self._head}/content")
        for logical, source in changed.items():
            content = f"{self._head}/content/{_content_name(logical)}"
            others = fixity.get(logical, ())
            self._make_folder(content.rpartition("/")[0])
            found = self._write(self.folder / content, source, {ALGORITHM, *(algorithm for algorithm, _ in others)})
            digest = found[ALGORITHM]
            if wanted.get(logical, digest) != digest:
                raise SourceChanged(f"{source!s} changed while it was being ingested.", "Submit it again.")
            for algorithm, value in others:
                _require(str(source), algorithm, value, found[algorithm])
            self._keep(logical, content, digest)

    def vouch(self, target: Path, fixity: Wanted) -> None:
        """Note the other digests that OCFL has names for; content of ``target`` is read where one is new."""
        held = ((self._state[logical], logical, others) for logical, others in fixity.items() if logical in self._state)
        for digest, logical, others in held:
            content = self._manifest[digest]
            for algorithm, value in others:
                if algorithm not in NAMED:
                    continue  # was checked when the content came; it stands with the item
                noted = self._fixity.setdefault(algorithm, {})
                if noted.get(content) != value.lower() and not content.startswith(f"{self._head}/"):
                    _require(logical, algorithm, value, _digest_of(target / content, algorithm))
                noted[content] = value.lower()

    def finish(self, version: Version) -> Inventory:
        """Write the inventories; return the newest."""
        former = self._former
        self._prune()
        versions = (*former.versions, Version(version.created, version.message, self._state))
        inventory = Inventory(former.object_id, self._manifest, versions, self._fixity)
        document = inventory.to_json()
        sidecar = f"{hashlib.sha512(document).hexdigest()}  {INVENTORY}\n".encode()
        for folder in (self.folder / self._head, self.folder):
            self._unsynced.write(folder / INVENTORY, document)
            self._unsynced.write(folder / SIDECAR, sidecar)
        if self._head == "v1":
            self._unsynced.write(self.folder / OBJECT_DECLARATION, b"ocfl_object_1.1\n")
        self.folders = [self.folder, *(self.folder / made for made in sorted(self._made))]
        return inventory

    def _write(self, path: Path, source: Content, algorithms: Iterable[str]) -> dict[str, str]:
        digests = {algorithm: hasher(algorithm) for algorithm in algorithms}
        if isinstance(source, bytes):
            self._unsynced.write(path, source)
            for digest in digests.values():
                digest.update(source)
        else:
            try:
                self._unsynced.copy(source, path, list(digests.values()))
            except FileNotFoundError as fault:
                raise SourceChanged(f"{source} is no longer there.", "Submit it again.") from fault
        return {algorithm: digest.hexdigest() for algorithm, digest in digests.items()}

    def _keep(self, logical: str, content: str, digest: str) -> None:
        self._state[logical] = digest
        path = self.folder / content
        if digest in self._manifest:
            self._unsynced.discard(path)
        else:
            self._manifest[digest] = content
            self.size += path.stat().st_size

    def _make_folder(self, folder: str) -> None:
        if folder not in self._made:
            (self.folder / folder).mkdir(parents=True)
            parts = folder.split("/")
            self._made.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))

    def _prune(self) -> None:
        """Remove folders left empty: OCFL allows none below content."""
        for folder in sorted(self._made, reverse=True):
            if folder != self._head:
                with suppress(OSError):
                    (self.folder / folder).rmdir()
                    self._made.remove(folder)


def install(moves: Iterable[tuple[Path, Path]], healing: bool = False) -> None:
    """Move what is staged to its objects' folders; what was moved before a kill is not moved again.

    ``healing`` says that folders may be there that nobody has synced.
    """
    moves = list(moves)
    new = [(folder, target) for folder, target in moves if (folder / OBJECT_DECLARATION).exists()]
    _make_way({target.parent for _, target in new}, healing)
    for folder, target in new:
        folder.rename(target)
    versions = [(folder, target) for folder, target in moves if folder.exists()]
    targets = [target for _, target in versions]
    sync_folders({target.parent for folder, target in moves if not folder.exists()})
    for folder, target in versions:
        for version in folder.glob("v*"):
            version.rename(target / version.name)
    sync_folders(targets)
    for folder, target in versions:
        for name in (INVENTORY, SIDECAR):
            if (folder / name).exists():
                (folder / name).replace(target / name)
    sync_folders(targets)


def noted(folder: Path) -> Mapping[Path, str]:
    """Return the objects that a staging folder is for, by their folders in it; nothing where it is not whole."""
    try:
        found = msgspec.json.decode((folder / NOTE).read_bytes(), type=dict[str, str])
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return {folder / name: object_id for name, object_id in found.items()}


def _note(staged: Mapping[str, Staged]) -> bytes:
    return msgspec.json.encode({one.folder.name: object_id for object_id, one in staged.items()})


def _make_way(folders: Iterable[Path], healing: bool) -> None:
    """Make the folders that objects go into; their names are on disk before anything goes there."""
    grown: set[Path] = set()
    for folder in folders:
        way = [folder, *folder.parents[:_DEPTH]]
        missing = [one for one in way[:-1] if not one.is_dir()]
        for one in reversed(missing):
            one.mkdir()
        grown.update(way[1:] if healing else (one.parent for one in missing))
    sync_folders(grown)


def _is_unmoved(folder: Path) -> bool:
    return (folder / OBJECT_DECLARATION).exists() or any(folder.glob("v*"))


def _require(name: str, algorithm: str, wanted: str, found: str) -> None:
    if found != wanted.lower():
        raise SourceChanged(
            f"{name} is not what the {algorithm} that came with it says: {wanted}, but it has {found}.",
            "Have it sent again, or the digest put right, and submit it again.",
        )


def _digest_of(path: Path, algorithm: str) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hasher(algorithm)).hexdigest()


def _content_name(logical: str) -> str:
    """Return a content path that every file system takes: the logical path, or its hash where unfit."""
    parts = logical.split("/")
    if len(logical.encode()) <= 1000 and all(len(part.encode()) <= 200 and part.isprintable() for part in parts):
        return logical
    return "renamed/" + hashlib.sha256(logical.encode()).hexdigest()
