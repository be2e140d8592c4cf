"""The archive: an OCFL 1.1 storage root (https://ocfl.io/1.1/spec/).

Layout: registered extension 0003, hash and encoded id n-tuples, so that the folder of an
object can be found by hand. Everything is first written whole in a staging folder on the
same file system and then renamed: a new object in one rename; a new version as its folder,
then the root inventory. What a kill leaves half done lies in staging, with the name of its
object, and :meth:`Archive.recover` finishes it or throws it away.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from archive.durable import copy_file, make_folders, remove_tree, sha512_of, storage, sync_folder, write_file
from archive.inventory import ALGORITHM, Inventory, Version, read_inventory
from metadata.errors import DamageFound, HomeMissing, NotFound, SourceChanged

ROOT_DECLARATION = "0=ocfl_1.1"
OBJECT_DECLARATION = "0=ocfl_object_1.1"
INVENTORY = "inventory.json"
SIDECAR = f"{INVENTORY}.{ALGORITHM}"
EXTENSION = "0003-hash-and-id-n-tuple-storage-layout"
LAYOUT = {"extensionName": EXTENSION, "digestAlgorithm": "sha256", "tupleSize": 3, "numberOfTuples": 2}
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

Content = Path | bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A write that is safely in the archive; ``staging`` goes once it is catalogued too."""

    inventory: Inventory
    staging: Path

    def done(self) -> None:
        """Say that the write is known everywhere and need not be recovered."""
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
            config = root / "extensions" / EXTENSION
            make_folders(config)
            description = "Objects lie at tuples of the sha256 of their id, then the encoded id."
            layout = {"extension": EXTENSION, "description": description}
            _write_once(root / "ocfl_layout.json", json.dumps(layout, indent=1).encode())
            _write_once(config / "config.json", json.dumps(LAYOUT, indent=1).encode())
            _write_once(root / ROOT_DECLARATION, b"ocfl_1.1\n")
            sync_folder(config)
            sync_folder(root)
        return cls(root, staging)

    def folder(self, object_id: str) -> Path:
        """Return where an object lies or would lie (extension 0003)."""
        digest = hashlib.sha256(object_id.encode()).hexdigest()
        encoded = "".join(c if c in _PLAIN else "".join(f"%{b:02x}" for b in c.encode()) for c in object_id)
        name = encoded if len(encoded) <= 100 else f"{encoded[:100]}-{digest}"
        return self.root / digest[0:3] / digest[3:6] / name

    def exists(self, object_id: str) -> bool:
        """Say whether the archive holds this object."""
        return (self.folder(object_id) / INVENTORY).is_file()

    def inventory(self, object_id: str) -> Inventory:
        """Return an object's inventory; raises NotFound, or DamageFound when it cannot be read."""
        try:
            return _load(self.folder(object_id) / INVENTORY)
        except FileNotFoundError:
            raise NotFound(f"The archive holds no object {object_id}.") from None

    def path(self, object_id: str, logical: str) -> Path:
        """Return the file that the newest version of an object calls ``logical``; raises NotFound."""
        try:
            return self.folder(object_id) / self.inventory(object_id).content_path(logical)
        except KeyError:
            raise NotFound(f"{object_id} holds no file {logical}.") from None

    def folders(self) -> Iterator[Path]:
        """Yield the folder of every object, in the order of their names."""
        for folder, names, files in os.walk(self.root):
            names.sort()
            if any(name.startswith("0=ocfl_object_") for name in files):
                names.clear()
                yield Path(folder)
            elif Path(folder) == self.root and "extensions" in names:
                names.remove("extensions")

    def inventories(self) -> Iterator[Inventory]:
        """Yield every object's inventory; raises DamageFound at the first that cannot be read."""
        for folder in self.folders():
            yield _load(folder / INVENTORY)

    def read(self, inventory: Inventory, logical: str) -> bytes:
        """Return a file of the newest version; raises KeyError or OSError where it is not there."""
        return (self.folder(inventory.object_id) / inventory.content_path(logical)).read_bytes()

    def holds(self, object_id: str, content: Mapping[str, Content]) -> bool:
        """Say whether the newest version of an object has just this content under these paths."""
        if not self.exists(object_id):
            return False
        state = self.inventory(object_id).state
        return all(state.get(logical) == _digest(source) for logical, source in content.items())

    def put(self, object_id: str, changed: Mapping[str, Content], version: Version) -> Receipt:
        """Add a version that holds the former state with ``changed`` laid over it.

        ``changed`` maps logical paths to a file or to bytes; content the object already has
        is not stored again. ``version`` says when and why; its state, where it names a path,
        is the sha512 wanted there. On return everything is on disk. Raises StorageError, and
        SourceChanged when a file is no longer what it was when it was looked at.
        """
        staging = self.staging / secrets.token_hex(8)
        with storage(self.root):
            make_folders(staging)
            former = self.inventory(object_id) if self.exists(object_id) else Inventory(object_id, {}, ())
            inventory = _stage(staging, former, changed, version)
            write_file(staging / "object-id", object_id.encode())
            sync_folder(staging)
            sync_folder(self.staging)
            self._install(staging, inventory)
        return Receipt(inventory, staging)

    def recover(self) -> Iterator[Receipt]:
        """Finish or throw away what a killed writer left; yield the objects to be catalogued again."""
        for staging in sorted(self.staging.iterdir()):
            note = staging / "object-id"
            object_id = note.read_text() if note.is_file() else ""
            if object_id and not (staging / "object").exists() and not list(staging.glob("v*")):
                self._install_inventory(staging, self.folder(object_id))
                yield Receipt(self.inventory(object_id), staging)
            else:
                remove_tree(staging)

    def _install(self, staging: Path, inventory: Inventory) -> None:
        target = self.folder(inventory.object_id)
        if inventory.head == "v1":
            make_folders(target.parent)
            (staging / "object").rename(target)
            sync_folder(target.parent)
            return
        (staging / inventory.head).rename(target / inventory.head)
        sync_folder(target)
        self._install_inventory(staging, target)

    def _install_inventory(self, staging: Path, target: Path) -> None:
        for name in (INVENTORY, SIDECAR):
            if (staging / name).exists():
                (staging / name).replace(target / name)
        sync_folder(target)


def _load(path: Path) -> Inventory:
    try:
        return read_inventory(path.read_bytes())
    except ValueError as fault:
        raise DamageFound(f"{path}: {fault}.", "Run canoe check to see all that is damaged.") from fault


def _stage(staging: Path, former: Inventory, changed: Mapping[str, Content], version: Version) -> Inventory:
    """Write the new version's content and inventories below ``staging``; return its inventory."""
    head = f"v{len(former.versions) + 1}"
    first = head == "v1"
    object_folder = staging / "object" if first else staging
    content = object_folder / head / "content"
    make_folders(content)
    manifest, state = dict(former.manifest), dict(former.state)
    for logical, source in changed.items():
        relative = _content_name(logical)
        digest = _write_content(content / relative, source)
        if version.state.get(logical, digest) != digest:
            raise SourceChanged(f"{source!s} changed while it was being ingested.", "Submit it again.")
        state[logical] = digest
        if digest in manifest:
            (content / relative).unlink()
        else:
            manifest[digest] = f"{head}/content/{relative}"
    _prune(content)
    inventory = Inventory(
        former.object_id, manifest, (*former.versions, Version(version.created, version.message, state))
    )
    _write_inventory(object_folder / head, inventory)
    _write_inventory(object_folder, inventory)
    if first:
        write_file(object_folder / OBJECT_DECLARATION, b"ocfl_object_1.1\n")
    _sync_tree(object_folder)
    return inventory


def _write_content(path: Path, source: Content) -> str:
    make_folders(path.parent)
    if isinstance(source, Path):
        return copy_file(source, path)
    write_file(path, source)
    return hashlib.sha512(source).hexdigest()


def _digest(source: Content) -> str:
    return sha512_of(source) if isinstance(source, Path) else hashlib.sha512(source).hexdigest()


def _write_inventory(folder: Path, inventory: Inventory) -> None:
    data = inventory.to_json()
    write_file(folder / INVENTORY, data)
    write_file(folder / SIDECAR, f"{hashlib.sha512(data).hexdigest()}  {INVENTORY}\n".encode())


def _content_name(logical: str) -> str:
    """Return a content path that every file system takes: the logical path, or its hash where unfit."""
    parts = PurePosixPath(logical).parts
    if all(len(part.encode()) <= 200 and part.isprintable() and part not in ("/", ".", "..") for part in parts):
        return logical
    return "renamed/" + hashlib.sha256(logical.encode()).hexdigest()


def _prune(content: Path) -> None:
    """Remove folders left empty: OCFL allows none below content."""
    for folder, _, _ in os.walk(content, topdown=False):
        if not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _sync_tree(folder: Path) -> None:
    for inner, _, _ in os.walk(folder, topdown=False):
        sync_folder(Path(inner))


def _write_once(path: Path, content: bytes) -> None:
    if not path.exists():
        write_file(path, content)
