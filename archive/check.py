"""Checking the archive: structure and fixity of every object, every fault named.

The codes in brackets are those of the OCFL 1.1 validation codes
(https://ocfl.io/1.1/spec/validation-codes.html). A checker returns all faults, never only
the first. Objects by other hands are judged as OCFL says; those in their place in our own
archive more strictly: every version has its inventory, and nothing lies beside it.
"""

import hashlib
import re
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from archive.fixity import Reader
from archive.inventory_check import ALGORITHMS, Document, Fault, inventory_faults
from archive.listing import Tree, entries, shown
from archive.ocfl import (
    EXTENSION,
    INVENTORY,
    LAYOUT,
    LAYOUT_CONFIG,
    LAYOUT_FILE,
    OBJECT_DECLARATION,
    ROOT_DECLARATION,
    Archive,
)
from metadata.problems import Problem, problem

_SIDECAR = re.compile(rb"(\S+)[ \t]+inventory\.json(\n?)")
_VERSION = re.compile(r"v[0-9]+")
_DECLARATIONS = {f"0=ocfl_object_{version}": version for version in ("1.0", "1.1")}
_PATIENCE, _PAUSE = 20, 0.1  # looks at what a writer is about to finish, seconds between them
_DEPTH = 1 + int(str(LAYOUT_CONFIG["numberOfTuples"]))  # of an object's folder below the root
_LONGEST = 1 << 30  # bytes of an inventory: two million files

Expected = dict[str, dict[str, dict[str, str]]]
"""By content path and algorithm: the digests wanted, each with the code to report."""


def check_archive(archive: Archive) -> Iterator[tuple[Path, list[Problem]]]:
    """Yield the folder of each object with its faults; the root's own faults come last.

    A writer may be at work meanwhile: what it has not yet finished is looked at again.
    Nothing is written down: :mod:`archive.checking` does that, and works on many cores.
    """
    strays: list[Problem] = []
    for folder in survey(archive.root, strays):
        yield folder, check_settled(folder, archive)
    yield archive.root, root_faults(archive, strays)


def survey(root: Path, strays: list[Problem]) -> Iterator[Path]:
    """Yield the folder of every object, damaged ones too, in the order of their names.

    ``strays`` takes what lies between the objects and is none of what OCFL puts there.
    """
    for found in _survey(str(root), 0):
        if isinstance(found, Problem):
            strays.append(found)
        else:
            yield found


def root_faults(archive: Archive, strays: list[Problem]) -> list[Problem]:
    """Return the faults of the storage root, given the ``strays`` that a survey has found in it."""

    def look() -> list[Problem]:
        again: list[Problem] = []
        all(survey(archive.root, again))
        return [*_check_root(archive.root), *again]

    if strays or (faults := list(_check_root(archive.root))):
        faults = _settled(look, lambda: bool(archive.unfinished()))
    return faults


def check_settled(folder: Path, archive: Archive, reader: Reader | None = None) -> list[Problem]:
    """Return every fault of an object of ``archive`` that stays when no writer is at work there."""
    return _settled(lambda: check_object(folder, archive, reader), lambda: folder in archive.unfinished())


def check_object(folder: Path, archive: Archive | None = None, reader: Reader | None = None) -> list[Problem]:
    """Return every fault of the object in ``folder``, and of its place where ``archive`` is given."""
    tree = Tree(str(folder), reader or Reader())
    faults = list(_check_declaration(tree))
    strict = archive is not None
    root, unusable = _read(tree, "", strict)
    faults += unusable
    if unusable:
        root = _stand_in(tree, root, strict)
    if root is not None:
        if archive and archive.folder(str(root.document.raw.get("id"))) != folder:
            faults.append(problem("object-misplaced", tree.at(), object=root.document.raw.get("id")))
        earlier, broken = _read_versions(tree, root, strict)
        faults += broken
        faults += _check_entries(tree, root, earlier, strict)
        faults += _check_history(tree, root, earlier)
        faults += _check_content(tree, root, _expected(root, earlier))
    return faults + [_unreadable(fault) for fault in tree.unreadable]


@dataclass(frozen=True)
class _Seen:
    """An inventory that could be read, and where it lies."""

    where: str
    data: bytes
    document: Document

    @property
    def sidecar(self) -> str:
        return f"{INVENTORY}.{self.document.algorithm}"

    @cached_property
    def digest(self) -> str:
        return hashlib.new(self.document.algorithm, self.data).hexdigest()

    def fault(self, code: str, reason: str) -> Problem:
        return problem("inventory-unusable", self.where, code=code, reason=reason)


def _settled(look: Callable[[], list[Problem]], in_writing: Callable[[], bool]) -> list[Problem]:
    """Return the faults that stay when no writer is at work there; give up waiting after a while.

    One that is seen at two looks, no writer before the second or after it, stays: what two writes
    that follow each other leave for a moment differs.
    """
    faults, looks = look(), 0
    while faults and looks < _PATIENCE:
        before, busy = faults, in_writing()
        if busy:
            time.sleep(_PAUSE)
        faults, looks = look(), looks + 1
        if faults == before and not busy and not in_writing():
            break
    return faults


def _check_root(root: Path) -> Iterator[Problem]:
    tree = Tree(str(root), Reader())
    if tree.read(ROOT_DECLARATION) != b"ocfl_1.1\n":
        yield problem("declaration-wrong", tree.at(ROOT_DECLARATION), code="E069")
    for path, wanted in (
        (LAYOUT_FILE, LAYOUT),
        (f"extensions/{EXTENSION}/config.json", LAYOUT_CONFIG),
    ):
        if _decoded(tree.read(path)) != wanted:
            yield problem("declaration-wrong", tree.at(path), code="E070")


def _survey(folder: str, depth: int) -> Iterator[Path | Problem]:
    """Yield the objects in a folder of the storage root, so many folders below it, and the strays there."""
    try:
        there = sorted(entries(folder).items())
    except OSError as fault:
        yield _unreadable(fault)
        return
    if depth and any(kind != "folder" and _is_sign(name) for name, kind in there):
        yield Path(folder)
        return
    for name, kind in there:
        if kind != "folder" and (depth or kind == "link" or name == INVENTORY):
            yield problem("file-stray", shown(f"{folder}/{name}"), code="E072")
        elif kind == "folder" and depth == _DEPTH - 1:  # by its place: what is in it is not for us to look at
            yield Path(f"{folder}/{name}")
        elif kind == "folder" and (depth or name != "extensions"):
            yield from _survey(f"{folder}/{name}", depth + 1)
    if depth and not there:
        yield problem("file-stray", shown(folder), code="E073")


def _is_sign(name: str) -> bool:
    """Say whether a file of this name tells that the folder is an object, wherever it lies."""
    return name == INVENTORY or name.startswith("0=ocfl_object_")


def _check_declaration(tree: Tree) -> Iterator[Problem]:
    found = sorted(name for name in tree.names() if name.startswith("0="))
    for name in found if len(found) > 1 else ([] if found else [OBJECT_DECLARATION]):
        yield problem("declaration-wrong", tree.at(name), code="E003")
    for name in found:
        if name not in _DECLARATIONS:
            yield problem("declaration-wrong", tree.at(name), code="E006")
        elif tree.read(name) != f"{name[2:]}\n".encode():
            yield problem("declaration-wrong", tree.at(name), code="E007")


def _read(tree: Tree, folder: str, strict: bool) -> tuple[_Seen | None, list[Problem]]:
    """Return the inventory in ``folder``, where it can be read, and what is wrong with it and its sidecar."""
    data = tree.read(_in(folder, INVENTORY), _LONGEST)
    if data is None:
        return None, [problem("file-lost", tree.at(_in(folder, INVENTORY)), code="E063")]
    return _judged(tree, folder, data, strict)


def _stand_in(tree: Tree, root: _Seen | None, strict: bool) -> _Seen | None:
    """Return the newest version's copy of a root inventory that is damaged, where the copy is sound.

    So the rest of the object is judged by what is right. Else return what there is.
    """
    versions = [name for name, kind in tree.names().items() if kind == "folder" and _VERSION.fullmatch(name)]
    newest = max(versions, key=lambda name: int(name[1:]), default="")
    copy, faults = _read(tree, newest, strict) if newest else (None, [])
    told = root.document.newest if root else ""
    is_sound = copy and not faults and copy.document.newest == newest and told in ("", newest)
    return copy if is_sound else root


def _judged(tree: Tree, folder: str, data: bytes, strict: bool) -> tuple[_Seen | None, list[Problem]]:
    """Return the same of an inventory that has been read."""
    where, document = tree.at(_in(folder, INVENTORY)), _decoded(data)
    if not isinstance(document, dict):
        faults = [problem("inventory-unusable", where, code="E033", reason="it is not a JSON object")]
        for algorithm in ALGORITHMS:
            if (name := f"{INVENTORY}.{algorithm}") in tree.names(folder):
                faults += _check_sidecar(tree, _in(folder, name), hashlib.new(algorithm, data).hexdigest(), strict)
        return None, faults
    seen = _Seen(where, data, Document(document))
    faults = [seen.fault(code, reason) for code, reason in inventory_faults(seen.document)]
    if seen.document.algorithm:
        faults += _check_sidecar(tree, _in(folder, seen.sidecar), seen.digest, strict)
    return seen, faults


def _check_sidecar(tree: Tree, path: str, digest: str, strict: bool) -> Iterator[Problem]:
    written = tree.read(path)
    if written is None:
        yield problem("file-lost", tree.at(path), code="E058")
    elif not (found := _SIDECAR.fullmatch(written)) or (strict and not found[2]):
        yield problem("inventory-unusable", tree.at(path), code="E061", reason="it is not a digest and a file name")
    # Hexadecimal is upper case or lower case as a whole: a mixture is a flipped bit.
    elif found[1].decode("ascii", "replace") not in (digest, digest.upper()):
        yield problem("fixity-wrong", tree.at(path.rpartition(".")[0]), code="E060")


def _read_versions(tree: Tree, root: _Seen, strict: bool) -> tuple[dict[str, _Seen], list[Problem]]:
    """Return the inventories of the versions that differ from the root's, and what is wrong with any."""
    earlier: dict[str, _Seen] = {}
    faults: list[Problem] = []
    for name in root.document.versions:
        path = f"{name}/{INVENTORY}"
        data = tree.read(path, _LONGEST)
        if tree.kind(name) != "folder":
            faults.append(problem("version-lost", tree.at(name), code="E010"))
        elif data is None:
            faults += [problem("file-lost", tree.at(path), code="E063")] if strict else []
        elif name == root.document.newest and data == root.data:
            faults += (
                _check_sidecar(tree, f"{name}/{root.sidecar}", root.digest, strict) if root.document.algorithm else []
            )
        else:
            seen, unusable = _judged(tree, name, data, strict)
            faults += unusable
            if name == root.document.newest:
                faults.append(problem("inventory-differs", root.where, code="E064"))
            if seen:
                earlier[name] = seen
    return earlier, faults


def _check_entries(tree: Tree, root: _Seen, earlier: Mapping[str, _Seen], strict: bool) -> Iterator[Problem]:
    """Yield what lies in the object or in a version and is none of what OCFL puts there."""
    versions = root.document.versions
    known = {INVENTORY, root.sidecar, *_DECLARATIONS}
    for name, kind in sorted(tree.names().items()):
        if name in versions or name in ("logs", "extensions"):
            if kind != "folder":
                yield problem("file-stray", tree.at(name), code="E001")
        elif name not in known:
            code = "E046" if kind == "folder" and _VERSION.fullmatch(name) else "E001"
            yield problem("file-stray", tree.at(name), code=code)
    for name, kind in sorted(tree.names("extensions").items()):
        if kind != "folder":
            yield problem("file-stray", tree.at(f"extensions/{name}"), code="E067")
    strange = (path for path, kind in sorted(tree.below("logs")) if kind in ("link", "other"))
    yield from (problem("file-stray", tree.at(path), code="E090") for path in strange)
    for name in versions:
        allowed = {root.document.content_folder}
        if strict or tree.kind(f"{name}/{INVENTORY}") == "file":
            allowed |= {INVENTORY, (earlier.get(name) or root).sidecar}
        yield from _check_version(tree, name, allowed, strict)


def _check_version(tree: Tree, name: str, allowed: Container[str], strict: bool) -> Iterator[Problem]:
    for inner, kind in sorted(tree.names(name).items()):
        if inner not in allowed and (strict or kind != "folder"):
            yield problem("file-stray", tree.at(f"{name}/{inner}"), code="E015")


def _check_history(tree: Tree, root: _Seen, earlier: Mapping[str, _Seen]) -> Iterator[Problem]:
    """Yield where the inventories of the versions contradict the root's or each other."""
    newest = root.document
    declared = {version for name, version in _DECLARATIONS.items() if name in tree.names()}
    if declared and newest.specification not in {*declared, ""}:
        yield root.fault("E038", f"type is {newest.raw['type']!r}, the declaration says otherwise")
    specifications = [(name, seen.document.specification) for name, seen in earlier.items()]
    for (_, before), (name, after) in pairwise([*specifications, ("the root", newest.specification)]):
        if after < before:
            yield root.fault("E103", f"{name} follows an older specification than the version before")
    for name, seen in earlier.items():
        yield from (seen.fault(code, reason) for code, reason in _contradictions(name, seen.document, newest))


def _contradictions(name: str, document: Document, newest: Document) -> Iterator[Fault]:
    if document.raw.get("id") != newest.raw.get("id"):
        yield "E037", "id is not that of the object"
    if document.raw.get("head") != name:
        yield "E040", f"head is not {name}"
    if document.content_folder != newest.content_folder:
        yield "E019", "contentDirectory is not that of the object"
    held = {path for _, path in document.manifest}
    lacking = {path for _, path in newest.manifest if _until(path, document)} - held
    yield from (("E023", f"the manifest lacks {path}") for path in sorted(lacking))
    for version in document.versions:
        if not _agree(document.content_of(version), newest.content_of(version)):
            yield "E066", f"its state of {version} is not the object's"


def _until(path: str, document: Document) -> bool:
    """Say whether a content path lies in one of the versions an inventory speaks of."""
    return path.split("/")[0] in document.versions


def _agree(before: Mapping[str, frozenset[str]], now: Mapping[str, frozenset[str]]) -> bool:
    """Say whether two inventories give a version the same files: digests may be by another algorithm."""
    return before.keys() == now.keys() and all(held <= now[logical] for logical, held in before.items())


def _expected(root: _Seen, earlier: Mapping[str, _Seen]) -> Expected:
    expected: Expected = {}
    for document in (root.document, *(seen.document for seen in earlier.values())):
        wanted = [("E092", document.algorithm, digest, path) for digest, path in document.manifest]
        for code, algorithm, digest, path in (*wanted, *(("E093", *row) for row in document.fixity)):
            expected.setdefault(path, {}).setdefault(algorithm, {}).setdefault(digest.lower(), code)
    return expected


def _check_content(tree: Tree, root: _Seen, expected: Expected) -> Iterator[Problem]:
    manifest = {path for _, path in root.document.manifest}
    found: set[str] = set()
    content = root.document.content_folder
    for name in root.document.versions if "/" not in content else ():
        for path, kind in sorted(tree.below(f"{name}/{content}")):
            if kind == "file":
                found.add(path)
            else:
                yield problem("file-stray", tree.at(path), code="E024" if kind == "folder" else "E090")
    yield from (problem("file-stray", tree.at(path), code="E023") for path in sorted(found - manifest))
    for path, digests in sorted(expected.items()):
        if path in found:
            yield from _check_digests(tree, path, digests)
        else:
            code = min(code for wanted in digests.values() for code in wanted.values())
            yield problem("file-lost", tree.at(path), code=code)


def _check_digests(tree: Tree, path: str, digests: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    try:
        found = tree.reader.digests(tree.path(path), digests)
    except OSError as fault:
        yield _unreadable(fault)
        return
    for algorithm, wanted in digests.items():
        codes = {code for digest, code in wanted.items() if digest != found.get(algorithm, digest)}
        yield from (problem("fixity-wrong", tree.at(path), code=code) for code in sorted(codes))


def _in(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _unreadable(fault: OSError) -> Problem:
    return problem("file-unreadable", shown(str(fault.filename)), reason=fault.strerror or str(fault))


def _decoded(data: bytes | None) -> Any:
    """Return what JSON says; None when it is none."""
    try:
        return msgspec.json.decode(data or b"")
    except (ValueError, RecursionError):
        return None
