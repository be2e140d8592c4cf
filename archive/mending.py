"""Mending one object from a second copy: every file as its inventory says, and nothing beside it.

What is put in place was compared with its digest first, and is renamed there whole; what lies
in its way is moved out of the archive, not deleted. So after a kill in the midst there are
fewer faults than before, and the same again mends the rest.
"""

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from archive.durable import make_folders, storage, sync_folder, write_file
from archive.evidence import LONGEST, VERSION_FOLDER, Found, Look, all_proven, is_sidecar, local, proven
from archive.listing import Kind, entries, shown
from archive.ocfl import INVENTORY
from archive.replica import Digest, Replica, chunks_of
from metadata.errors import DamageFound
from metadata.problems import Problem, problem

LEFT_ALONE = ("logs", "extensions")  # of an object: they hold what no inventory speaks of


@dataclass(frozen=True, slots=True)
class Bench:
    """Where objects are mended: the second copy, and where to put what is in the making and what is in the way.

    With ``plan`` nothing is written.
    """

    replica: Replica
    staging: Path
    removed: Path
    plan: bool = False


@dataclass(slots=True)
class Work:
    """What was done to an object, or would be; paths are relative to its folder."""

    put_back: list[str] = field(default_factory=list)
    moved_out: list[str] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)
    content: dict[str, Digest] = field(default_factory=dict)
    """The content files among ``put_back``."""


class SecondCopy:
    """An object as the second copy holds it; ``key`` is its folder there."""

    def __init__(self, replica: Replica, key: str) -> None:
        self._replica = replica
        self._key = key

    @cached_property
    def files(self) -> Mapping[str, int]:
        """Its files, by their paths in the object, and their sizes."""
        found = self._replica.files(self._key)
        return {key.removeprefix(f"{self._key}/"): size for key, size in found.items()}

    def look(self, path: str) -> bytes | None:
        """Return the content of a file; None where there is none, or none that can be read."""
        if not 0 < self.files.get(path, 0) <= LONGEST:
            return None
        with suppress(DamageFound, FileNotFoundError):
            return b"".join(self.read(path))
        return None

    @cached_property
    def inventories(self) -> tuple[Found, ...]:
        """Every inventory that is proven there."""
        return tuple(all_proven(self.look, {path.split("/")[0] for path in self.files}))

    def holding(self, path: str, digest: Digest) -> Iterator[str]:
        """Yield the paths that should have this content: the same path first."""
        told = (other for found in self.inventories for other, one in found.content.items() if one == digest)
        yield from (name for name in dict.fromkeys([path, *told]) if name in self.files)

    def read(self, path: str) -> Iterator[bytes]:
        """Yield the content of a file; raises DamageFound, FileNotFoundError."""
        return self._replica.read(f"{self._key}/{path}", self.files[path])

    def where(self, path: str = "") -> str:
        """Return a path for people."""
        return shown(f"{self._replica.name}/{self._key}/{path}".rstrip("/"))


def trusted(folder: Path, copy: SecondCopy, object_id: str) -> Found | None:
    """Return the inventory that says what an object must be; None where no proven one is left.

    It is the root's own, where that is proven, or the copy of a later version that agrees with
    it. Where the root's is not, it is the newest that is proven here or in the second copy.
    """
    look = local(folder)
    here = [found for found in all_proven(look, _names(folder)) if found.object_id == object_id]
    root = proven(look)
    if root and root.object_id == object_id:
        return max((found for found in here if found.shares_history_with(root)), key=lambda found: found.number)
    there = [found for found in copy.inventories if found.object_id == object_id]
    return max([*here, *there], key=lambda found: found.number, default=None)


class Mending:
    """An object in ``folder``, which must become what ``wanted`` says."""

    def __init__(self, bench: Bench, folder: Path, copy: SecondCopy, wanted: Found) -> None:
        self._bench = bench
        self._folder = folder
        self._copy = copy
        self._wanted = wanted
        self._look = local(folder)
        self._kinds = dict(_kinds(folder))
        self.work = Work()
        root = proven(self._look)
        self._headless = root is None and any(self._is_next(name) for name in _names(folder))
        """There is a version of which nothing proven tells: the root's inventory must not be turned back."""

    def run(self) -> Work:
        """Mend what can be mended and return what was done."""
        expected = self._expected()
        for path in self._strays(expected):
            self._move_out(path)
        for path, content in expected.items():
            self._put_right(path, content)
        if self._headless:
            reason = "there are newer versions, and no sound inventory of them here or there"
            self.work.left.append(problem("not-mended", shown(str(self._folder / INVENTORY)), reason=reason))
        return self.work

    def _expected(self) -> dict[str, bytes | Digest | None]:
        """Return what must lie where, in the order to put it there: None where what lies there must do."""
        wanted: dict[str, bytes | Digest | None] = dict(self._wanted.content)
        for version in self._wanted.document.versions:
            if found := self._version(version):
                wanted |= self._inventory(found, f"{version}/")
            else:
                kept = (name for name in self._kinds if name.startswith(f"{version}/{INVENTORY}"))
                wanted |= dict.fromkeys(kept)
                self._name_lost(f"{version}/{INVENTORY}")
        name, content = self._wanted.declaration
        wanted[name] = content
        if self._headless:
            kept = (name for name in self._kinds if name.startswith(INVENTORY))
            return wanted | dict.fromkeys(kept)
        return wanted | self._inventory(self._wanted, "")

    def _version(self, version: str) -> Found | None:
        """Return the inventory of a version: the one here, else the one there, where it agrees with what is wanted."""
        if version == self._wanted.head:
            return self._wanted
        for look in (self._look, self._copy.look):
            found = proven(look, version)
            if found and found.shares_history_with(self._wanted):
                return found
        return None

    def _inventory(self, found: Found, start: str) -> dict[str, bytes | Digest | None]:
        name = start + found.sidecar_name
        looks: tuple[Look, ...] = (self._look, self._copy.look)
        sidecar = next((told for look in looks if is_sidecar(told := look(name), found)), None)
        return {start + INVENTORY: found.data, name: sidecar or found.sidecar}

    def _strays(self, expected: Mapping[str, object]) -> Iterator[str]:
        """Yield what lies in the object and must not: of a folder that must not, the folder alone."""
        folders = {str(parent) for path in expected for parent in PurePosixPath(path).parents}
        content = self._wanted.document.content_folder
        folders.update(*((name, f"{name}/{content}") for name in self._wanted.document.versions))
        gone: set[str] = set()
        for path, kind in sorted(self._kinds.items()):
            if gone & {str(parent) for parent in PurePosixPath(path).parents}:
                continue
            if not self._belongs(path, kind, folders, expected):
                gone.add(path)
                yield path

    def _belongs(self, path: str, kind: Kind, folders: set[str], expected: Mapping[str, object]) -> bool:
        top, _, inside = path.partition("/")
        if top in LEFT_ALONE:
            if not inside or (top == "extensions" and "/" not in inside):
                return kind == "folder"
            return kind in ("file", "folder")
        if self._headless and _is_newer(top, self._wanted):
            return True
        return path in folders if kind == "folder" else kind == "file" and path in expected

    def _is_next(self, name: str) -> bool:
        """Say whether a folder is the version after the newest that is wanted, by what lies in it."""
        if not VERSION_FOLDER.fullmatch(name) or int(name[1:]) != self._wanted.number + 1:
            return False
        content = self._wanted.document.content_folder
        return any(inner == content or inner.startswith(INVENTORY) for inner in _names(self._folder / name))

    def _move_out(self, path: str) -> None:
        self.work.moved_out.append(path)
        if not self._bench.plan:
            move_out(self._folder / path, self._bench.removed / self._folder.name / path)

    def _put_right(self, path: str, content: bytes | Digest | None) -> None:
        if content is None or self._is_right(path, content):
            return
        staged = self._bench.staging / secrets.token_hex(8)
        if isinstance(content, bytes):
            if not self._bench.plan:
                write_file(staged, content)
        elif not self._fetch(path, content, staged):
            return
        else:
            self.work.content[path] = content
        self.work.put_back.append(path)
        if not self._bench.plan:
            target = self._folder / path
            make_folders(target.parent)
            staged.replace(target)
            sync_folder(target.parent)

    def _is_right(self, path: str, content: bytes | Digest) -> bool:
        if self._kinds.get(path) != "file":
            return False
        if isinstance(content, bytes):
            return self._look(path) == content
        try:
            return content.fits(chunks_of(self._folder / path))
        except OSError:
            return False

    def _fetch(self, path: str, digest: Digest, staged: Path) -> bool:
        """Write content from the second copy to ``staged``; what is damaged there is named and not used."""
        for name in self._copy.holding(path, digest):
            try:
                if digest.fits(self._copied(name, staged)):
                    return True
            except (DamageFound, FileNotFoundError):
                pass
            staged.unlink(missing_ok=True)
            self.work.left.append(problem("replica-damaged", self._copy.where(name)))
        self._name_lost(path)
        return False

    def _copied(self, name: str, staged: Path) -> Iterator[bytes]:
        if self._bench.plan:
            yield from self._copy.read(name)
            return
        with staged.open("xb") as stream:
            for chunk in self._copy.read(name):
                stream.write(chunk)
                yield chunk
            stream.flush()
            os.fsync(stream.fileno())

    def _name_lost(self, path: str) -> None:
        where = shown(str(self._folder / path))
        self.work.left.append(problem("not-mended", where, reason=f"{self._copy.where()} has no sound copy of it"))


def move_out(path: Path, target: Path) -> None:
    """Move what must not lie in the archive out of it, under a new name where the old one is taken."""
    number = 0
    while os.path.lexists(_numbered(target, number)):
        number += 1
    with storage(target):
        make_folders(target.parent)
        path.rename(_numbered(target, number))
        sync_folder(target.parent)
        sync_folder(path.parent)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


def _kinds(folder: Path, inside: str = "") -> Iterator[tuple[str, Kind]]:
    """Yield all that lies below a folder, links not followed; nothing of what cannot be read."""
    try:
        found = entries(f"{folder}/{inside}")
    except OSError:
        return
    for name, kind in found.items():
        path = f"{inside}/{name}" if inside else name
        yield path, kind
        if kind == "folder":
            yield from _kinds(folder, path)


def _names(folder: Path) -> Iterable[str]:
    try:
        return sorted(entries(str(folder)))
    except OSError:
        return ()


def _is_newer(name: str, wanted: Found) -> bool:
    return VERSION_FOLDER.fullmatch(name) is not None and int(name[1:]) > wanted.number
