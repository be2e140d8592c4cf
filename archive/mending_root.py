"""Mending what a storage root has beside its objects: its own files, and strays between the objects."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote_to_bytes

import msgspec

from archive.durable import make_folders, replace_file
from archive.evidence import VERSION_FOLDER, local
from archive.listing import Kind, entries
from archive.mending import LEFT_ALONE, Bench, move_out
from archive.ocfl import INVENTORY, ROOT_FILES, Archive

_TUPLE = re.compile(r"[0-9a-f]{3}")
_DEPTH = 3  # of an object's folder below the root
_DIGEST = 64  # characters of the digest at the end of a name that is cut


def survey_all(root: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the folder of each object, and each stray between them; and whether it is an object.

    An inventory that strays among the folders of the layout does not hide what lies below it.
    """
    yield from _survey(root, root)


def mend_root(archive: Archive, bench: Bench) -> tuple[list[str], list[str]]:
    """Put back the root's own files and move out the strays; return their paths below the root."""
    root = archive.root
    lost = [name for name, content in ROOT_FILES.items() if not _is_right(root, name, content)]
    in_the_way = [name for path in lost for name in _in_the_way(root, path)]
    strays = [path.relative_to(root).as_posix() for path, is_object in survey_all(root) if not is_object]
    moved = list(dict.fromkeys([*in_the_way, *strays]))
    if not bench.plan:
        for name in moved:
            move_out(root / name, bench.removed / root.name / name)
        for name in lost:
            make_folders((root / name).parent)
            replace_file(root / name, ROOT_FILES[name])
    return lost, moved


def remove_empty(root: Path) -> None:
    """Remove the folders of the layout that hold nothing."""
    for name, kind in _listed(root).items():
        if kind == "folder" and name != "extensions":
            for inner, _, _ in os.walk(root / name, topdown=False):
                if len(Path(inner).relative_to(root).parts) < _DEPTH:
                    with suppress(OSError):  # it is not empty
                        Path(inner).rmdir()


def fits_layout(archive: Archive, folder: Path) -> bool:
    """Say whether an object can have this folder by the layout, as far as its name tells."""
    parts = folder.relative_to(archive.root).parts
    if len(parts) != _DEPTH:
        return False
    with suppress(UnicodeDecodeError):
        if archive.folder(unquote_to_bytes(parts[2]).decode()) == folder:
            return True
    return len(parts[2]) > 100 and parts[2][-_DIGEST:].startswith("".join(parts[:2]))


def id_by_name(folder: Path) -> str:
    """Return the object that a folder's name tells of, where it is not cut."""
    return unquote_to_bytes(os.fsencode(folder.name)).decode("utf-8", "replace")


def _survey(root: Path, folder: Path) -> Iterator[tuple[Path, bool]]:
    depth = len(folder.relative_to(root).parts)
    there = _listed(folder) if depth < _DEPTH else {}
    if depth == _DEPTH or (depth and _has_signs(there) and not _leads_on(there, depth)):
        yield folder, True
        return
    for name, kind in sorted(there.items()):
        if kind == "folder":
            if depth or name != "extensions":
                yield from _survey(root, folder / name)
        elif depth or kind == "link" or _has_signs({name: kind}):
            yield folder / name, False


def _listed(folder: Path) -> Mapping[str, Kind]:
    try:
        return entries(str(folder))
    except OSError:
        return {}  # the check names it


def _has_signs(there: Mapping[str, Kind]) -> bool:
    files = (name for name, kind in there.items() if kind != "folder")
    return any(name == INVENTORY or name.startswith("0=ocfl_object_") for name in files)


def _leads_on(there: Mapping[str, Kind], depth: int) -> bool:
    """Say whether folders of the layout, or of objects in their place, lie in a folder."""
    folders = [name for name, kind in there.items() if kind == "folder"]
    if depth < _DEPTH - 1:
        return any(map(_TUPLE.fullmatch, folders))
    return any(not VERSION_FOLDER.fullmatch(name) and name not in LEFT_ALONE for name in folders)


def _is_right(root: Path, name: str, content: bytes) -> bool:
    found = local(root)(name)
    if found is None or not name.endswith(".json"):
        return found == content
    try:
        return bool(msgspec.json.decode(found) == msgspec.json.decode(content))
    except (ValueError, RecursionError):
        return False


def _in_the_way(root: Path, name: str) -> Iterator[str]:
    """Yield what is in the place of a file of the root, or of a folder above it."""
    path = root / name
    for above in reversed(path.relative_to(root).parents[:-1]):
        if os.path.lexists(root / above) and not _is_real(root / above, folder=True):
            yield above.as_posix()
            return
    if os.path.lexists(path) and not _is_real(path, folder=False):
        yield name


def _is_real(path: Path, folder: bool) -> bool:
    return not path.is_symlink() and (path.is_dir() if folder else path.is_file())
