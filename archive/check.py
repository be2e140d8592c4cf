"""Checking the archive: structure and fixity of every object, every fault named.

The codes in brackets are those of the OCFL 1.1 validation codes
(https://ocfl.io/1.1/spec/validation-codes.html). A checker returns all faults, never only
the first.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from archive.durable import sha512_of
from archive.inventory import ALGORITHM
from archive.ocfl import INVENTORY, OBJECT_DECLARATION, ROOT_DECLARATION, SIDECAR, Archive
from metadata.problems import Problem, problem

_TOP = {INVENTORY, SIDECAR, OBJECT_DECLARATION}


def check_archive(archive: Archive) -> Iterator[tuple[Path, list[Problem]]]:
    """Yield each object's folder with its faults; the root's own faults come first."""
    yield archive.root, list(_check_root(archive.root))
    for folder in archive.folders():
        yield folder, check_object(folder, archive)


def check_object(folder: Path, archive: Archive | None = None) -> list[Problem]:
    """Return every fault of the object in ``folder``, and of its place where ``archive`` is given."""
    faults = list(_check_declaration(folder))
    document, unreadable = _read_inventory(folder)
    faults += unreadable
    if document is None:
        return faults
    if archive and archive.folder(str(document.get("id"))) != folder:
        faults.append(problem("object-misplaced", str(folder), object=document.get("id")))
    manifest = _manifest(document)
    faults += _check_state(folder, document, manifest)
    faults += _check_versions(folder, document)
    faults += _check_content(folder, manifest)
    return faults


def _check_root(root: Path) -> Iterator[Problem]:
    declaration = root / ROOT_DECLARATION
    if not declaration.is_file() or declaration.read_bytes() != b"ocfl_1.1\n":
        yield problem("declaration-wrong", str(declaration), code="E069")
    for folder, names, files in os.walk(root):
        inside = Path(folder)
        if any(name.startswith("0=ocfl_object_") for name in files) or inside.name == "extensions":
            names.clear()
        elif inside != root and (strays := [*files] if files or names else ["(empty folder)"]):
            yield from (problem("file-stray", str(inside / stray), code="E072") for stray in strays)


def _check_declaration(folder: Path) -> Iterator[Problem]:
    declaration = folder / OBJECT_DECLARATION
    if not declaration.is_file():
        yield problem("declaration-wrong", str(declaration), code="E003")
    elif declaration.read_bytes() != b"ocfl_object_1.1\n":
        yield problem("declaration-wrong", str(declaration), code="E007")


def _read_inventory(folder: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the inventory, where it can be used, and what is wrong with it and its sidecar."""
    path, sidecar = folder / INVENTORY, folder / SIDECAR
    if not path.is_file():
        return None, [problem("file-lost", str(path), code="E063")]
    data, faults = path.read_bytes(), []
    if not sidecar.is_file():
        faults.append(problem("file-lost", str(sidecar), code="E058"))
    elif sidecar.read_bytes().split(b" ")[0].decode("latin-1") != hashlib.sha512(data).hexdigest():
        faults.append(problem("fixity-wrong", str(path), code="E060"))
    try:
        document = msgspec.json.decode(data)
        _require_shape(document)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        faults.append(problem("inventory-unusable", str(path), code="E033", reason=str(fault)))
        return None, faults
    return document, faults


def _require_shape(document: Any) -> None:
    if document["digestAlgorithm"] != ALGORITHM:
        raise ValueError(f"digestAlgorithm is {document['digestAlgorithm']!r}")
    if document["head"] not in document["versions"]:
        raise ValueError(f"head {document['head']!r} is not among the versions")
    for version in document["versions"].values():
        version["created"], version["state"].items()
    for paths in document["manifest"].values():
        if not all(_inside(path) for path in paths):
            raise ValueError("a content path leads out of the object")


def _inside(path: str) -> bool:
    return not path.startswith("/") and not {"", ".", ".."} & set(path.split("/"))


def _manifest(document: Mapping[str, Any]) -> dict[str, str]:
    return {path: digest.lower() for digest, paths in document["manifest"].items() for path in paths}


def _check_state(folder: Path, document: Mapping[str, Any], manifest: Mapping[str, str]) -> Iterator[Problem]:
    held = set(manifest.values())
    for name, version in document["versions"].items():
        for digest, logical in version["state"].items():
            if digest.lower() not in held:
                where = f"{folder / INVENTORY}#{name}"
                yield problem("state-unheld", where, code="E050", path=", ".join(logical))


def _check_versions(folder: Path, document: Mapping[str, Any]) -> Iterator[Problem]:
    wanted = {f"v{n}" for n in range(1, len(document["versions"]) + 1)}
    for name in sorted(wanted - set(document["versions"])):
        yield problem("version-lost", str(folder / name), code="E010")
    for name in sorted(wanted & set(document["versions"])):
        inventory = folder / name / INVENTORY
        if not (folder / name).is_dir():
            yield problem("version-lost", str(folder / name), code="E010")
        elif not inventory.is_file():
            yield problem("file-lost", str(inventory), code="E063")
        else:
            yield from _check_version(folder, name, document["head"])
    for entry in sorted(folder.iterdir()):
        if entry.name not in _TOP | wanted and entry.name not in ("extensions", "logs"):
            yield problem("file-stray", str(entry), code="E001")


def _check_version(folder: Path, name: str, head: str) -> Iterator[Problem]:
    inventory, sidecar = folder / name / INVENTORY, folder / name / SIDECAR
    data = inventory.read_bytes()
    if not sidecar.is_file():
        yield problem("file-lost", str(sidecar), code="E058")
    elif sidecar.read_bytes().split(b" ")[0].decode("latin-1") != hashlib.sha512(data).hexdigest():
        yield problem("fixity-wrong", str(inventory), code="E060")
    if name == head and data != (folder / INVENTORY).read_bytes():
        yield problem("inventory-differs", str(folder / INVENTORY), code="E064")
    for entry in sorted((folder / name).iterdir()):
        if entry.name not in {INVENTORY, SIDECAR, "content"}:
            yield problem("file-stray", str(entry), code="E015")


def _check_content(folder: Path, manifest: Mapping[str, str]) -> Iterator[Problem]:
    found = set(_content_files(folder))
    for path in sorted(found - set(manifest)):
        yield problem("file-stray", str(folder / path), code="E023")
    for path, digest in sorted(manifest.items()):
        if path not in found:
            yield problem("file-lost", str(folder / path), code="E092")
        elif fault := _digest_fault(folder / path, digest):
            yield fault


def _digest_fault(path: Path, digest: str) -> Problem | None:
    if path.is_symlink() or not path.is_file():
        return problem("file-stray", str(path), code="E090")
    try:
        return None if sha512_of(path) == digest else problem("fixity-wrong", str(path), code="E092")
    except OSError as fault:
        return problem("file-unreadable", str(path), reason=fault.strerror or str(fault))


def _content_files(folder: Path) -> Iterator[str]:
    for version in folder.glob("v[0-9]*"):
        for inner, names, files in os.walk(version / "content"):
            links = [name for name in names if (Path(inner) / name).is_symlink()]
            yield from _relative(folder, Path(inner), [*files, *links])


def _relative(folder: Path, inner: Path, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield (inner / name).relative_to(folder).as_posix()
