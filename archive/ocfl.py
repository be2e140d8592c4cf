"""The archive: an OCFL 1.1 storage root (https://ocfl.io/1.1/spec/).

Layout: registered extension 0003, hash and encoded id n-tuples, so that the folder of an
object can be found by hand. Everything is first written whole in a staging folder on the
same file system and then renamed: a new object in one rename; a new version as its folder,
then the root inventory. A staging folder that names its object is whole: what a kill leaves
of it :meth:`Archive.recover` finishes. One that names none is thrown away.
"""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from archive.durable import copy_file, make_folders, remove_tree, sha512_of, storage, sync_folder, write_file
from archive.inventory import ALGORITHM, Inventory, Version, read_inventory
from metadata.errors import DamageFound, HomeMissing, NotFound, SourceChanged

ROOT_DECLARATION = "0=ocfl_1.1"
OBJECT_DECLARATION = "0=ocfl_object_1.1"
INVENTORY = "inventory.json"
SIDECAR = f"{INVENTORY}.{ALGORITHM}"
LAYOUT_FILE = "ocfl_layout.json"
EXTENSION = "0003-hash-and-id-n-tuple-storage-layout"
LAYOUT = {
    "extension": EXTENSION,
    "description": "Objects lie at tuples of the sha256 of their id, then the encoded id.",
}
LAYOUT_CONFIG = {"extensionName": EXTENSION, "digestAlgorithm": "sha256", "tupleSize": 3, "numberOfTuples": 2}
_NOTE = "object-id"
_HINT = "Run canoe check to see all that is damaged."
_DEPTH = 3  # of an object's folder below the root: the tuples, then the encoded id
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
            _write_once(root / LAYOUT_FILE, json.dumps(LAYOUT, indent=1).encode())
            _write_once(config / "config.json", json.dumps(LAYOUT_CONFIG, indent=1).encode())
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

    def begin(self) -> Path:
        """Announce a write: make its staging folder, whose name says when (microseconds since 1970).

        Whoever begins before taking a change number lets :meth:`writing_since` tell readers
        that a change of that moment may still be on its way.
        """
        with storage(self.staging):
            make_folders(self.staging)
            staging = self.staging / f"{time.time_ns() // 1000}-{secrets.token_hex(8)}"
            staging.mkdir()
            sync_folder(self.staging)
        return staging

    def writing_since(self) -> int | None:
        """Return when the oldest write that is not yet catalogued began; None when there is none.

        Microseconds since 1970. What a killed writer left counts until it is healed.
        """
        folders = self.staging.iterdir() if self.staging.is_dir() else ()
        began = (folder.name.partition("-")[0] for folder in folders)
        return min((int(moment) for moment in began if moment.isascii() and moment.isdigit()), default=None)

    def put(
        self, object_id: str, changed: Mapping[str, Content], version: Version, begun: Path | None = None
    ) -> Receipt:
        """Add a version that holds the former state with ``changed`` laid over it.

        ``begun`` is the write's staging folder, from :meth:`begin`.

        ``changed`` maps logical paths to a file or to bytes; content the object already has
        is not stored again. ``version`` says when and why; its state, where it names a path,
        is the sha512 wanted there. On return everything is on disk. Raises StorageError;
        SourceChanged when a file is no longer what it was when it was looked at; DamageFound
        when the object cannot take a version; ValueError for a logical path that OCFL forbids
        (section 3.5.3.1). Then the archive is as it was.
        """
        target, staging = self.folder(object_id), begun or self.begin()
        with storage(self.root), self._given_up(staging, target):
            former = self.inventory(object_id) if self.exists(object_id) else Inventory(object_id, {}, ())
            _check_logical_paths({*former.state, *changed})
            if (target / f"v{len(former.versions) + 1}").exists():
                raise DamageFound(f"{target} has a version that its inventory does not know.", _HINT)
            inventory = _stage(staging, former, changed, version)
            write_file(staging / _NOTE, f"{object_id}\n".encode())
            sync_folder(staging)
            self._install(staging, target)
        return Receipt(inventory, staging)

    def recover(self) -> Iterator[Receipt]:
        """Finish or throw away what a killed writer left; yield the objects to be catalogued again."""
        with storage(self.staging):
            for staging in sorted(self.staging.iterdir()) if self.staging.is_dir() else ():
                object_id = _noted(staging)
                if object_id:
                    self._install(staging, self.folder(object_id))
                    yield Receipt(self.inventory(object_id), staging)
                else:
                    remove_tree(staging)

    def unfinished(self) -> frozenset[Path]:
        """Return the folders of the objects that are being written, or were when a writer was killed."""
        notes = map(_noted, self.staging.iterdir()) if self.staging.is_dir() else ()
        return frozenset(self.folder(object_id) for object_id in notes if object_id)

    def _install(self, staging: Path, target: Path) -> None:
        """Move what is in ``staging`` into place; what was moved before a kill is not moved again."""
        if (staging / "object").exists():
            make_folders(target.parent)
            (staging / "object").rename(target)
        sync_folder(target.parent)
        for version in staging.glob("v*"):
            version.rename(target / version.name)
            sync_folder(target)
        for name in (INVENTORY, SIDECAR):
            if (staging / name).exists():
                (staging / name).replace(target / name)
        sync_folder(target)

    @contextmanager
    def _given_up(self, staging: Path, target: Path) -> Iterator[None]:
        """Leave no trace of a write that failed before anything of it was moved into place."""
        try:
            yield
        except BaseException:
            untouched = not (staging / _NOTE).exists() or (staging / "object").exists() or any(staging.glob("v*"))
            if untouched:
                (staging / _NOTE).unlink(missing_ok=True)
                remove_tree(staging)
                with suppress(OSError):
                    target.parent.rmdir()
                    target.parent.parent.rmdir()
            raise


def is_object(root: Path, folder: Path, files: Iterable[str]) -> bool:
    """Say whether ``folder``, which has these files, is an object's: by its depth, or by what lies in it."""
    signs = (name == INVENTORY or name.startswith("0=ocfl_object_") for name in files)
    return len(folder.parts) - len(root.parts) == _DEPTH or any(signs)


def _noted(staging: Path) -> str:
    """Return the object that a staging folder is for, ``""`` when it is not whole."""
    try:
        object_id, end, _ = (staging / _NOTE).read_text().rpartition("\n")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return object_id if end else ""


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


def _stage(staging: Path, former: Inventory, changed: Mapping[str, Content], version: Version) -> Inventory:
    """Write the new version's content and inventories below ``staging``; return its inventory."""
    head = f"v{len(former.versions) + 1}"
    first = head == "v1"
    object_folder = staging / "object" if first else staging
    content = object_folder / head / "content"
    content.mkdir(parents=True)
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
    document = inventory.to_json()
    _write_inventory(object_folder / head, document)
    _write_inventory(object_folder, document)
    if first:
        write_file(object_folder / OBJECT_DECLARATION, b"ocfl_object_1.1\n")
    _sync_tree(staging)
    return inventory


def _write_content(path: Path, source: Content) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, bytes):
        write_file(path, source)
        return hashlib.sha512(source).hexdigest()
    try:
        return copy_file(source, path)
    except FileNotFoundError as fault:
        raise SourceChanged(f"{source} is no longer there.", "Submit it again.") from fault


def _digest(source: Content) -> str:
    return sha512_of(source) if isinstance(source, Path) else hashlib.sha512(source).hexdigest()


def _write_inventory(folder: Path, document: bytes) -> None:
    write_file(folder / INVENTORY, document)
    write_file(folder / SIDECAR, f"{hashlib.sha512(document).hexdigest()}  {INVENTORY}\n".encode())


def _content_name(logical: str) -> str:
    """Return a content path that every file system takes: the logical path, or its hash where unfit."""
    parts = logical.split("/")
    if len(logical.encode()) <= 1000 and all(len(part.encode()) <= 200 and part.isprintable() for part in parts):
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
