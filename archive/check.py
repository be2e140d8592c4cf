"""Checking the archive: structure and fixity of every object, every fault named.

The codes in brackets are those of the OCFL 1.1 validation codes
(https://ocfl.io/1.1/spec/validation-codes.html). A checker returns all faults, never only
the first. Objects by other hands are judged as OCFL says; those in their place in our own
archive more strictly: every version has its inventory, and nothing lies beside it.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from archive.inventory_check import Document, Fault, inventory_faults
from archive.ocfl import (
    EXTENSION,
    INVENTORY,
    LAYOUT,
    LAYOUT_CONFIG,
    LAYOUT_FILE,
    OBJECT_DECLARATION,
    ROOT_DECLARATION,
    Archive,
    is_object,
)
from metadata.problems import Problem, problem

_SIDECAR = re.compile(rb"(\S+)[ \t]+inventory\.json\n?")
_DECLARATIONS = {f"0=ocfl_object_{version}": version for version in ("1.0", "1.1")}
_BLAKE2B = {f"blake2b-{bits}": bits // 8 for bits in (160, 256, 384, 512)}
_PATIENCE, _PAUSE = 20, 0.1  # looks at what a writer is about to finish, seconds between them

Expected = dict[str, dict[str, dict[str, str]]]
"""By content path and algorithm: the digests wanted, each with the code to report."""


def check_archive(archive: Archive) -> Iterator[tuple[Path, list[Problem]]]:
    """Yield each object's folder with its faults; the root's own faults come first.

    A writer may be at work meanwhile: what it has not yet finished is looked at again.
    """
    yield archive.root, _settled(lambda: list(_check_root(archive.root)), lambda: bool(archive.unfinished()))
    for folder in archive.folders():
        yield folder, _checked(folder, archive)


def check_object(folder: Path, archive: Archive | None = None) -> list[Problem]:
    """Return every fault of the object in ``folder``, and of its place where ``archive`` is given."""
    faults = list(_check_declaration(folder))
    root, unreadable = _read(folder)
    faults += unreadable
    if root is None:
        return faults
    if archive and archive.folder(str(root.document.raw.get("id"))) != folder:
        faults.append(problem("object-misplaced", _at(folder), object=root.document.raw.get("id")))
    earlier, broken = _read_versions(root, strict=archive is not None)
    faults += broken
    faults += _check_entries(root, strict=archive is not None)
    faults += _check_history(root, earlier)
    faults += _check_content(root, _expected(root, earlier))
    return faults


@dataclass(frozen=True, slots=True)
class _Seen:
    """An inventory that could be read, and the folder it lies in."""

    folder: Path
    data: bytes
    document: Document

    @property
    def sidecar(self) -> str:
        return f"{INVENTORY}.{self.document.algorithm}"

    def fault(self, code: str, reason: str) -> Problem:
        return problem("inventory-unusable", _at(self.folder / INVENTORY), code=code, reason=reason)


def _checked(folder: Path, archive: Archive) -> list[Problem]:
    return _settled(lambda: check_object(folder, archive), lambda: folder in archive.unfinished())


def _settled(look: Callable[[], list[Problem]], in_writing: Callable[[], bool]) -> list[Problem]:
    """Return the faults that stay when no writer is at work there; give up waiting after a while."""
    faults, busy, looks = look(), True, 0
    while faults and busy and looks < _PATIENCE:
        if busy := in_writing():
            time.sleep(_PAUSE)
        faults, looks = look(), looks + 1
    return faults


def _check_root(root: Path) -> Iterator[Problem]:
    if _bytes(root / ROOT_DECLARATION) != b"ocfl_1.1\n":
        yield problem("declaration-wrong", _at(root / ROOT_DECLARATION), code="E069")
    for path, wanted in (
        (root / LAYOUT_FILE, LAYOUT),
        (root / "extensions" / EXTENSION / "config.json", LAYOUT_CONFIG),
    ):
        if _decoded(_bytes(path)) != wanted:
            yield problem("declaration-wrong", _at(path), code="E070")
    unreadable: list[OSError] = []
    for folder, names, files in os.walk(root, onerror=unreadable.append):
        inside = Path(folder)
        links = [name for name in names if (inside / name).is_symlink()]
        if is_object(root, inside, files) or inside == root / "extensions":
            names.clear()
            continue
        strays = [*links, *(files if inside != root else ())]
        yield from (problem("file-stray", _at(inside / stray), code="E072") for stray in strays)
        if inside != root and not names and not files:
            yield problem("file-stray", _at(inside), code="E073")
    yield from (_unreadable(fault) for fault in unreadable)


def _check_declaration(folder: Path) -> Iterator[Problem]:
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith("0="))
    for name in found if len(found) > 1 else ([] if found else [OBJECT_DECLARATION]):
        yield problem("declaration-wrong", _at(folder / name), code="E003")
    for name in found:
        if name not in _DECLARATIONS:
            yield problem("declaration-wrong", _at(folder / name), code="E006")
        elif _bytes(folder / name) != f"{name[2:]}\n".encode():
            yield problem("declaration-wrong", _at(folder / name), code="E007")


def _read(folder: Path) -> tuple[_Seen | None, list[Problem]]:
    """Return the inventory in ``folder``, where it can be read, and what is wrong with it and its sidecar."""
    path = folder / INVENTORY
    data = _bytes(path)
    if data is None:
        return None, [problem("file-lost", _at(path), code="E063")]
    document = _decoded(data)
    if not isinstance(document, dict):
        sidecars = folder.glob(f"{INVENTORY}.*")
        reason = "it is not a JSON object"
        faults = [problem("inventory-unusable", _at(path), code="E033", reason=reason)]
        return None, faults + [fault for sidecar in sidecars for fault in _check_sidecar(path, data, sidecar)]
    seen = _Seen(folder, data, Document(document))
    faults = [seen.fault(code, reason) for code, reason in inventory_faults(seen.document)]
    if seen.document.algorithm:
        faults += _check_sidecar(path, data, folder / seen.sidecar)
    return seen, faults


def _check_sidecar(path: Path, data: bytes, sidecar: Path) -> Iterator[Problem]:
    written = _bytes(sidecar)
    if written is None:
        yield problem("file-lost", _at(sidecar), code="E058")
    elif not (found := _SIDECAR.fullmatch(written)):
        yield problem("inventory-unusable", _at(sidecar), code="E061", reason="it is not a digest and a file name")
    else:
        digest = hashlib.new(sidecar.suffix[1:], data).hexdigest().encode()
        # Hexadecimal is upper case or lower case as a whole: a mixture is a flipped bit.
        if found[1] not in (digest, digest.upper()):
            yield problem("fixity-wrong", _at(path), code="E060")


def _read_versions(root: _Seen, strict: bool) -> tuple[dict[str, _Seen], list[Problem]]:
    """Return the inventories of the versions that differ from the root's, and what is wrong with any."""
    earlier: dict[str, _Seen] = {}
    faults: list[Problem] = []
    head = root.document.newest
    for name in root.document.versions:
        folder = root.folder / name
        data = _bytes(folder / INVENTORY)
        if not _is_folder(folder):
            faults.append(problem("version-lost", _at(folder), code="E010"))
        elif data is None:
            faults += [problem("file-lost", _at(folder / INVENTORY), code="E063")] if strict else []
        elif name == head and data == root.data:
            faults += _check_sidecar(folder / INVENTORY, data, folder / root.sidecar)
        else:
            seen, unreadable = _read(folder)
            faults += unreadable
            if name == head:
                faults.append(problem("inventory-differs", _at(root.folder / INVENTORY), code="E064"))
            if seen:
                earlier[name] = seen
    return earlier, faults


def _check_entries(root: _Seen, strict: bool) -> Iterator[Problem]:
    """Yield what lies in the object or in a version and is none of what OCFL puts there."""
    versions = root.document.versions
    known = {INVENTORY, root.sidecar, *_DECLARATIONS}
    for entry in sorted(root.folder.iterdir()):
        if entry.name in (*versions, "logs", "extensions"):
            if not _is_folder(entry):
                yield problem("file-stray", _at(entry), code="E001")
        elif entry.name not in known:
            code = "E046" if re.fullmatch(r"v\d+", entry.name) and _is_folder(entry) else "E001"
            yield problem("file-stray", _at(entry), code=code)
    for entry in sorted((root.folder / "extensions").glob("*")):
        if not _is_folder(entry):
            yield problem("file-stray", _at(entry), code="E067")
    for name in filter(lambda name: _is_folder(root.folder / name), versions):
        for entry in sorted((root.folder / name).iterdir()):
            inventory = (root.folder / name / INVENTORY).exists() and re.fullmatch(
                r"inventory\.json(\.\w+)?", entry.name
            )
            if not inventory and entry.name != root.document.content_folder and (strict or not _is_folder(entry)):
                yield problem("file-stray", _at(entry), code="E015")


def _check_history(root: _Seen, earlier: Mapping[str, _Seen]) -> Iterator[Problem]:
    """Yield where the inventories of the versions contradict the root's or each other."""
    newest = root.document
    declared = {version for name, version in _DECLARATIONS.items() if (root.folder / name).exists()}
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


def _check_content(root: _Seen, expected: Expected) -> Iterator[Problem]:
    manifest = {path for _, path in root.document.manifest}
    found: set[str] = set()
    for name in root.document.versions:
        for entry in _below(root.folder / name / root.document.content_folder):
            if isinstance(entry, Problem):
                yield entry
            else:
                found.add(entry.relative_to(root.folder).as_posix())
    yield from (problem("file-stray", _at(root.folder / path), code="E023") for path in sorted(found - manifest))
    for path, digests in sorted(expected.items()):
        if path in found:
            yield from _check_digests(root.folder / path, digests)
        else:
            code = min(code for wanted in digests.values() for code in wanted.values())
            yield problem("file-lost", _at(root.folder / path), code=code)


def _check_digests(path: Path, digests: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    try:
        for algorithm, wanted in digests.items():
            found = _digest(path, algorithm)
            codes = {code for digest, code in wanted.items() if found and digest != found}
            yield from (problem("fixity-wrong", _at(path), code=code) for code in sorted(codes))
    except OSError as fault:
        yield _unreadable(fault)


def _digest(path: Path, algorithm: str) -> str:
    """Return a file's digest, ``""`` when the algorithm is none that OCFL names."""
    with path.open("rb") as stream:
        if algorithm in _BLAKE2B:
            return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=_BLAKE2B[algorithm])).hexdigest()
        if algorithm in ("md5", "sha1", "sha256", "sha512", "sha512/256"):
            return hashlib.file_digest(stream, algorithm.replace("/", "_")).hexdigest()
    return ""


def _below(folder: Path) -> Iterator[Path | Problem]:
    """Yield the files below a content folder, and the faults of all else that lies there."""
    unreadable: list[OSError] = []
    for inner, names, files in os.walk(folder, onerror=unreadable.append):
        inside = Path(inner)
        for name in sorted(files + [name for name in names if (inside / name).is_symlink()]):
            path = inside / name
            yield path if _is_file(path) else problem("file-stray", _at(path), code="E090")
        if inside != folder and not names and not files:
            yield problem("file-stray", _at(inside), code="E024")
    yield from (_unreadable(fault) for fault in unreadable if not isinstance(fault, FileNotFoundError))


def _unreadable(fault: OSError) -> Problem:
    return problem("file-unreadable", _at(Path(str(fault.filename))), reason=fault.strerror or str(fault))


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _bytes(path: Path) -> bytes | None:
    """Return a file's content; None when there is no such file, or it is a link, or cannot be read."""
    try:
        return path.read_bytes() if _is_file(path) else None
    except OSError:
        return None


def _decoded(data: bytes | None) -> Any:
    """Return what JSON says; None when it is none."""
    try:
        return msgspec.json.decode(data or b"")
    except (ValueError, RecursionError):
        return None


def _at(path: Path) -> str:
    """Return a path as text that can be shown, whatever bytes its name has."""
    return str(path).encode("utf-8", "backslashreplace").decode()
