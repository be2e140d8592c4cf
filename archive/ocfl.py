"""The archive: an OCFL 1.1 storage root (https://ocfl.io/1.1/spec/).

Layout: registered extension 0003, hash and encoded id n-tuples, so that the folder of an
object can be found by hand. Everything is first written whole in a staging folder on the
same file system and then renamed: a new object in one rename; a new version as its folder,
then the root inventory. The order, and what each step of it is for, is that of
:mod:`archive.staging`. A staging folder that names its objects is whole: what a kill leaves
of it :meth:`Archive.recover` finishes. One that names none is thrown away.
"""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.durable import make_folders, remove_tree, sha512_of, storage, sync_folder, write_file
from archive.inventory import Inventory, Version, read_inventory
from archive.staging import INVENTORY as INVENTORY
from archive.staging import OBJECT_DECLARATION as OBJECT_DECLARATION
from archive.staging import Content as Content
from archive.staging import Group, Staged, Wanted, install, noted
from metadata.errors import DamageFound, HomeMissing, NotFound, StorageError

ROOT_DECLARATION = "0=ocfl_1.1"
LAYOUT_FILE = "ocfl_layout.json"
EXTENSION = "0003-hash-and-id-n-tuple-storage-layout"
LAYOUT = {
    "extension": EXTENSION,
    "description": "Objects lie at tuples of the sha256 of their id, then the encoded id.",
}
LAYOUT_CONFIG = {"extensionName": EXTENSION, "digestAlgorithm": "sha256", "tupleSize": 3, "numberOfTuples": 2}
ROOT_FILES = {
    LAYOUT_FILE: json.dumps(LAYOUT, indent=1).encode(),
    f"extensions/{EXTENSION}/config.json": json.dumps(LAYOUT_CONFIG, indent=1).encode(),
    ROOT_DECLARATION: b"ocfl_1.1\n",
}
"""What lies in a storage root beside the objects; the declaration last, for it says that the rest is there."""
_HINT = "Run canoe check to see all that is damaged."
_LOST_HINT = "Mend it from a second copy with canoe repair, then run the same command again."
_DEPTH = 3  # of an object's folder below the root: the tuples, then the encoded id
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Writes that are safely in the archive; ``staging`` goes once they are catalogued too."""

    inventories: tuple[Inventory, ...]
    staging: Path

    def done(self) -> None:
        """Say that the writes are known everywhere and need not be recovered."""
        remove_tree(self.staging)


class Archive:
    """An OCFL storage root and the staging folder beside it.

    Reading needs no lock; writing is for the one process that holds the writer's lock.
    """

    def __init__(self, root: Path, staging: Path) -> None:
        if not (root / ROOT_DECLARATION).is_file():
            raise HomeMissing(f"{root} is not an OCFL 1.1 storage root.", "Run canoe init to make a home.")
        self.root = root
        self.staging = staging

    @classmethod
    def create(cls, root: Path, staging: Path) -> "Archive":
        """Make an empty storage root at ``root``, which must not exist or be empty."""
        with storage(root):
            make_folders(staging)
            for name, content in ROOT_FILES.items():
                make_folders((root / name).parent)
                _write_once(root / name, content)
                sync_folder((root / name).parent)
        return cls(root, staging)

    def folder(self, object_id: str) -> Path:
        """Return where an object lies or would lie (extension 0003)."""
        return self.root / place_of(object_id)

    def exists(self, object_id: str) -> bool:
        """Say whether the archive holds this object, be it damaged."""
        return self.folder(object_id).is_dir()

    def inventory(self, object_id: str) -> Inventory:
        """Return an object's inventory; raises NotFound, or DamageFound when it cannot be read."""
        if not self.exists(object_id):
            raise NotFound(f"The archive holds no object {object_id}.")
        return _load(self.folder(object_id) / INVENTORY)

    def path(self, object_id: str, logical: str) -> Path:
        """Return the file that the newest version of an object calls ``logical``; raises NotFound."""
        try:
            return self.folder(object_id) / self.inventory(object_id).content_path(logical)
        except KeyError:
            raise NotFound(f"{object_id} holds no file {logical}.") from None

    def folders(self) -> Iterator[Path]:
        """Yield the folder of every object, damaged ones too, in the order of their names.

        Raises StorageError at a folder that cannot be read: no object is passed over.
        """
        with storage(self.root):
            for folder, names, files in os.walk(self.root, onerror=_raise):
                names.sort()
                if is_object(self.root, Path(folder), files):
                    names.clear()
                    yield Path(folder)
                elif Path(folder) == self.root and "extensions" in names:
                    names.remove("extensions")

    def inventories(self, damaged: Callable[[DamageFound], None] | None = None) -> Iterator[Inventory]:
        """Yield every object's inventory.

        ``damaged`` is told of those that cannot be used; without it the first one raises DamageFound.
        """
        for folder in self.folders():
            try:
                inventory = _load(folder / INVENTORY)
                if self.folder(inventory.object_id) != folder:
                    raise DamageFound(f"{folder} holds {inventory.object_id}, whose place it is not.", _HINT)
            except DamageFound as fault:
                if damaged is None:
                    raise
                damaged(fault)
            else:
                yield inventory

    def read(self, inventory: Inventory, logical: str) -> bytes:
        """Return the content of a file of the newest version; raises what :meth:`verified` does."""
        return self.verified(inventory, logical).read_bytes()

    def read_former(self, inventory: Inventory, number: int, logical: str) -> bytes:
        """Return the content that a file had in version ``number``; raises what :meth:`verified` does."""
        digest = inventory.versions[number - 1].state[logical]
        path = self.folder(inventory.object_id) / inventory.manifest[digest]
        content = path.read_bytes()
        if hashlib.sha512(content).hexdigest() != digest:
            raise DamageFound(f"{path} is not what its digest says.", _HINT)
        return content

    def verified(self, inventory: Inventory, logical: str) -> Path:
        """Return a file of the newest version whose digest is right.

        Raises DamageFound where it is not, KeyError or OSError where there is no such file.
        """
        path = self.folder(inventory.object_id) / inventory.content_path(logical)
        if sha512_of(path) != inventory.state[logical]:
            raise DamageFound(f"{path} is not what its digest says.", _HINT)
        return path

    def holds(self, object_id: str, content: Mapping[str, Content]) -> bool:
        """Say whether the newest version of an object has just this content under these paths."""
        if not self.exists(object_id):
            return False
        state = self.inventory(object_id).state
        return all(state.get(logical) == _digest(source) for logical, source in content.items())

    def begin(self) -> Group:
        """Announce writes: make their staging folder, whose name says when (microseconds since 1970).

        Whoever begins before taking a change number lets :meth:`writing_since` tell readers
        that a change of that moment may still be on its way.
        """
        with storage(self.staging):
            make_folders(self.staging)
            folder = self.staging / f"{time.time_ns() // 1000}-{secrets.token_hex(8)}"
            folder.mkdir()
        return Group(folder)

    def writing_since(self) -> int | None:
        """Return when the oldest write that is not yet catalogued began; None when there is none.

        Microseconds since 1970. What a killed writer left counts until it is healed.
        """
        folders = self.staging.iterdir() if self.staging.is_dir() else ()
        began = (folder.name.partition("-")[0] for folder in folders)
        return min((int(moment) for moment in began if moment.isascii() and moment.isdigit()), default=None)

    def former(self, object_id: str) -> Inventory:
        """Return an object's inventory, one without versions where there is no such object; raises DamageFound."""
        return self.inventory(object_id) if self.exists(object_id) else Inventory(object_id, {}, ())

    def stage(
        self, group: Group, former: Inventory, changed: Mapping[str, Content], version: Version, fixity: Wanted
    ) -> Staged:
        """Write a version whole beside the archive: the ``former`` state with ``changed`` laid over it.

        ``changed`` maps logical paths to a file or to bytes; content the object already has
        is not stored again. ``version`` says when and why; its state, where it names a path,
        is the sha512 wanted there; ``fixity`` has other digests wanted. Raises StorageError;
        SourceChanged when a file is not, or no longer, what was said of it; DamageFound when the
        object cannot take a version, or has lost a file that it would name; UsageError for a digest
        OCFL has no name for; ValueError for a logical path that it forbids (section 3.5.3.1). Then
        it is as if nothing had been staged.
        """
        target = self.folder(former.object_id)
        with storage(self.root):
            _check_logical_paths({*former.state, *changed})
            if (target / f"v{len(former.versions) + 1}").exists():
                raise DamageFound(f"{target} has a version that its inventory does not know.", _HINT)
            if lost := sorted(version.state.keys() - former.state.keys() - changed.keys()):
                raise DamageFound(f"{target} has lost {lost[0]}.", _LOST_HINT)  # a version would hide that
            return group.stage(target, former, changed, version, fixity)

    def complete(self, group: Group) -> Receipt:
        """Bring a group's writes into the archive; on return everything is on disk.

        Raises StorageError. After an interrupt this can be called again; else the group is to be given up.
        """
        try:
            with storage(self.root):
                group.complete()
        except OSError as fault:  # whatever it is, it befell all that is in the group, not one source
            hint = "Look after the disk, then run the same command again."
            raise StorageError(f"{self.root}: {fault}.", hint) from fault
        return Receipt(group.inventories, group.folder)

    def put(
        self, object_id: str, changed: Mapping[str, Content], version: Version, begun: Group | None = None
    ) -> Receipt:
        """Add one version, in a group of its own (``begun``, where one was begun for it).

        Raises what :meth:`stage` and :meth:`complete` do; then the archive is as it was.
        """
        group = begun or self.begin()
        try:
            self.stage(group, self.former(object_id), changed, version, {})
            return self.complete(group)
        except BaseException:
            group.give_up()
            raise

    def recover(self) -> Iterator[Receipt]:
        """Finish or throw away what a killed writer left; yield what is to be catalogued again."""
        with storage(self.staging):
            for staging in sorted(self.staging.iterdir()) if self.staging.is_dir() else ():
                found = noted(staging)
                if found:
                    install([(folder, self.folder(object_id)) for folder, object_id in found.items()], healing=True)
                    yield Receipt(tuple(map(self.inventory, found.values())), staging)
                else:
                    remove_tree(staging)

    def unfinished(self) -> frozenset[Path]:
        """Return the folders of the objects that are being written, or were when a writer was killed."""
        notes = map(noted, self.staging.iterdir()) if self.staging.is_dir() else ()
        return frozenset(self.folder(object_id) for found in notes for object_id in found.values())


def place_of(object_id: str) -> Path:
    """Return where an object lies below the storage root (extension 0003)."""
    digest = hashlib.sha256(object_id.encode()).hexdigest()
    encoded = "".join(c if c in _PLAIN else "".join(f"%{b:02x}" for b in c.encode()) for c in object_id)
    name = encoded if len(encoded) <= 100 else f"{encoded[:100]}-{digest}"
    return Path(digest[0:3], digest[3:6], name)


def is_object(root: Path, folder: Path, files: Iterable[str]) -> bool:
    """Say whether ``folder``, which has these files, is an object's: by its depth, or by what lies in it."""
    signs = (name == INVENTORY or name.startswith("0=ocfl_object_") for name in files)
    return len(folder.parts) - len(root.parts) == _DEPTH or any(signs)


def _raise(fault: OSError) -> None:
    raise fault


def _check_logical_paths(paths: set[str]) -> None:
    for path in paths:
        parts = path.split("/")
        if {"", ".", ".."} & set(parts) or any("/".join(parts[:n]) in paths for n in range(1, len(parts))):
            raise ValueError(f"{path!r} is no logical path of OCFL, or lies below another.")


def _load(path: Path) -> Inventory:
    try:
        return read_inventory(path.read_bytes())
    except FileNotFoundError as fault:
        raise DamageFound(f"{path} is not there.", _HINT) from fault
    except ValueError as fault:
        raise DamageFound(f"{path}: {fault}.", _HINT) from fault


def _digest(source: Content) -> str:
    return sha512_of(source) if isinstance(source, Path) else hashlib.sha512(source).hexdigest()


def _write_once(path: Path, content: bytes) -> None:
    if not path.exists():
        write_file(path, content)
