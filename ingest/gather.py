"""Gathering: from the paths a librarian names to the files that came, each named once.

Nothing is opened that is not a regular file, and no link below a named folder is followed.
What a file is, its first bytes say; its name is asked only where they say nothing. A folder
that holds ``bagit.txt`` is a bag: gone into where it is valid, else refused as a whole. An item
of DSpace's Simple Archive Format is one thing with all the files of its folder. A packed
archive is unpacked and gone into: what lies in it is called as if it were a folder.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.bag import Bag, check_bag
from ingest.bags import (
    DEEPEST,
    bag_piece,
    given_digests,
    is_bag,
    is_own_item,
    kept_name,
    nested_too_deep,
    part_of,
)
from ingest.members import is_packed, may_be_packed
from ingest.names import shown
from ingest.packed import DEEPEST as DEEPEST_PACKED
from ingest.packed import Budget, Unpacker, not_packed
from ingest.packed import nested_too_deep as packed_too_deep
from ingest.recognise import HEAD, Kind, media_type_of, recognise, why_unknown
from metadata import saf
from metadata.accession import Outcome, Piece
from metadata.problems import Problem, problem

_SYSTEM = {"thumbs.db", "desktop.ini", ".ds_store"}
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}
_Place = tuple[int, int, str]
"""Device and number of the folder a file lies in, and its name there."""
_Bags = tuple[Bag, ...]
"""The bags that a file lies in, the innermost last."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that came: ``source`` is its path as given, ``media_type`` what its content says it is.

    Of a payload file a bag has told the ``sha512``, and digests by other algorithms (``fixity``:
    algorithm and hexadecimal). ``name`` is what a tag file is kept as. ``unpacked`` is what the
    file is called where its bytes lie elsewhere, in the workspace. A ``parcel`` is a folder
    that is one item, and ``parts`` are all the files in it. An ``item`` is a bag's item.json,
    ``json`` one of any other place.
    """

    path: Path
    source: str
    kind: Kind
    media_type: str
    sha512: str = ""
    fixity: tuple[tuple[str, str], ...] = ()
    name: str = ""
    unpacked: Path | None = None
    parts: tuple["Found", ...] = ()

    @property
    def named(self) -> Path:
        """What it is called: a packed archive is a folder."""
        return self.unpacked or self.path


def gather(paths: Iterable[Path], home: Path, workspace: Path, mapped: bool = False) -> Iterator[Found | Piece]:
    """Yield every file below ``paths`` in a fixed order, or the Piece that says why it is left.

    A file that is reached twice comes once; two hard links are two files. The library's own
    ``home`` is not gone into. Nothing that a path may turn out to be is raised. ``mapped``: a
    table is a manifest whatever its columns are called. Packed archives are unpacked in
    ``workspace``. Raises StorageError.
    """
    yield from _Walk(home, mapped, Unpacker(workspace / "unpacked")).found(paths)


@dataclass(frozen=True, slots=True)
class _Stop:
    """A path on the way, and what it is called; the bags it lies in, and what its packed archives may still hold."""

    path: Path
    named: Path
    place: _Place
    bags: _Bags = ()
    packs: int = 0
    budget: Budget | None = None
    outright: bool = False

    @property
    def source(self) -> str:
        return shown(self.named)


class _Walk:
    """One way through all that was named: what was seen on it, and what it goes by."""

    def __init__(self, home: Path, mapped: bool, unpacker: Unpacker) -> None:
        self._home = _folder(Path(os.path.realpath(home)))
        self._mapped = mapped
        self._unpacker = unpacker
        self._seen: set[_Place] = set()
        self._waiting: list[_Stop] = []

    def found(self, paths: Iterable[Path]) -> Iterator[Found | Piece]:
        for named in paths:
            self._waiting.append(_Stop(named, named, _place(named), outright=True))
            while self._waiting:
                stop = self._waiting.pop()
                yield from self._at(stop, _kind_of(stop.path, stop.outright))

    def _at(self, stop: _Stop, kind: str) -> Iterator[Found | Piece]:
        """Yield what is found at a stop: a link that is named outright is followed, no other."""
        if kind == "folder":
            yield from self._once(stop, list(self._in_folder(stop)))
        elif stop.place in self._seen:
            return
        elif kind != "file":
            why = problem("not-a-regular-file", stop.source, kind=kind)
            yield from self._once(stop, [_left(stop, "refused", why)])
        elif _is_pack(stop):
            yield from self._once(stop, self._in_pack(stop))
        else:
            arrived = _arrived(stop, self._mapped)
            yield from self._once(stop, [arrived] if arrived else [])

    def _once(self, stop: _Stop, found: Sequence[Found | Piece]) -> Iterator[Found | Piece]:
        if found and stop.place not in self._seen:
            self._seen.add(stop.place)
            yield from found

    def _in_folder(self, stop: _Stop) -> Iterator[Found | Piece]:
        """Yield what a folder itself is, and line up what is in it. A bag comes before its files."""
        if _folder(stop.path) == self._home:
            yield _left(stop, "set_aside", _aside(stop.source, "this is the library’s own home"))
            return
        try:
            names = _names(stop.path)
        except OSError as fault:
            yield _unreadable(stop, fault)
            return
        bags = stop.bags
        if is_bag(names):
            piece, bags = _opened(stop)
            yield piece
            if piece.outcome == "refused":
                return
        elif _is_parcel(stop, names):
            yield from self._parcel(stop)
            return
        folder = _folder(stop.path)
        self._waiting += [
            replace(_below(stop, name), place=(*folder, name), bags=bags, outright=False) for name in reversed(names)
        ]

    def _parcel(self, stop: _Stop) -> Iterator[Found | Piece]:
        """Yield an item with all the files in its folder, and what is no file."""
        parts: list[Found] = []
        waiting = [stop]
        while waiting:
            at = waiting.pop()
            try:
                kind = "folder" if at is stop else _kind_of(at.path, False)
                if kind == "folder":
                    waiting += [_below(at, name) for name in reversed(_names(at.path))]
                elif kind != "file":
                    yield _left(at, "refused", problem("not-a-regular-file", at.source, kind=kind))
                elif not at.bags or part_of(at.bags[-1], at.path) != "copy":
                    parts.append(_part(at))
            except OSError as fault:
                yield _unreadable(at, fault)
        unpacked = stop.named if stop.packs else None
        yield Found(stop.path, stop.source, "parcel", "", unpacked=unpacked, parts=tuple(parts))

    def _in_pack(self, stop: _Stop) -> list[Found | Piece]:
        """Return what a packed archive is, and line up what is in it."""
        if stop.packs == DEEPEST_PACKED:
            return [packed_too_deep(stop.source)]
        budget = stop.budget or Budget(stop.path.stat().st_size)
        opened = self._unpacker.unpack(stop.path, stop.named, budget)
        if opened.folder:
            place = _place(opened.folder)
            self._waiting.append(_Stop(opened.folder, stop.named, place, (), stop.packs + 1, budget))
        return [*opened.pieces]


def _names(folder: Path) -> list[str]:
    return sorted((entry.name for entry in folder.iterdir()), key=os.fsencode)


def _below(stop: _Stop, name: str) -> _Stop:
    return replace(stop, path=stop.path / name, named=stop.named / name)


def _opened(stop: _Stop) -> tuple[Piece, _Bags]:
    """Judge a bag; return its piece, and the bags that its files lie in."""
    if len(stop.bags) == DEEPEST:
        return nested_too_deep(stop.source), stop.bags
    bag = check_bag(stop.path, stop.source)
    return bag_piece(bag, stop.source), (*stop.bags, bag)


def _is_pack(stop: _Stop) -> bool:
    if not may_be_packed(stop.path.name) or (stop.bags and part_of(stop.bags[-1], stop.path) != "payload"):
        return False
    try:
        return is_packed(stop.path.name, _head(stop.path))
    except OSError:
        return False


def _is_parcel(stop: _Stop, names: Sequence[str]) -> bool:
    """Say whether a folder is one item: of DSpace, in a bag only in its payload; or of a bag that Canoe made."""
    if stop.bags and is_own_item(stop.bags[-1], stop.path):
        return True
    if not {saf.DUBLIN_CORE, saf.CONTENTS}.intersection(names):
        return False
    if stop.bags and part_of(stop.bags[-1], stop.path / saf.CONTENTS) != "payload":
        return False
    path = stop.path / saf.CONTENTS
    try:
        is_file = saf.CONTENTS in names and _kind_of(path, False) == "file"
        return saf.is_item(names, saf.first_path(_head(path)) if is_file else "")
    except OSError:
        return saf.is_item(names)


def _arrived(stop: _Stop, mapped: bool) -> Found | Piece | None:
    """Return what a file is, also to the bag it lies in; None for what a bag holds only as a copy."""
    path, bags = stop.path, stop.bags
    part = part_of(bags[-1], path) if bags else "payload"
    if part == "copy":
        return None
    unpacked = stop.named if stop.packs else None
    if part == "tag":
        name = kept_name(bags[-1], path)
        return Found(path, stop.source, "tag", "text/plain", name=name, unpacked=unpacked)
    sha512, fixity = given_digests(bags, path)
    if part == "item":
        return Found(path, stop.source, "item", "application/json", sha512, fixity, unpacked=unpacked)
    found = _look(stop, mapped)
    return replace(found, sha512=sha512, fixity=fixity, unpacked=unpacked) if isinstance(found, Found) else found


def _part(stop: _Stop) -> Found:
    """Return a file of an item, whatever it is. Raises OSError."""
    sha512, fixity = given_digests(stop.bags, stop.path)
    media_type = media_type_of(stop.path.suffix.lower(), _head(stop.path))
    unpacked = stop.named if stop.packs else None
    return Found(stop.path, stop.source, "part", media_type, sha512, fixity, unpacked=unpacked)


def _place(path: Path) -> _Place:
    """Return where a named path lies, the same however it is spelt; a link lies where it leads."""
    real = Path(os.path.realpath(path)) if os.path.exists(path) else path  # noqa: PTH110 - exists() may raise
    return (*_folder(real.parent), real.name)


def _folder(path: Path) -> tuple[int, int]:
    """Return what tells a folder from every other: its device and its number there."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _look(stop: _Stop, mapped: bool) -> Found | Piece:
    path = stop.path
    if path.name.lower() in _SYSTEM or path.name.startswith("._"):
        return _left(stop, "set_aside", _aside(stop.source, "a file of the operating system, not a document"))
    try:
        head = _head(path)
    except OSError as fault:
        return _unreadable(stop, fault)
    if not head:
        return _left(stop, "refused", problem("file-empty", stop.source))
    known = recognise(path.suffix.lower(), head, mapped)
    return Found(path, stop.source, *known) if known else _unknown(stop)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD)


def _unknown(stop: _Stop) -> Piece:
    if may_be_packed(stop.path.name):
        return not_packed(stop.source)
    return _left(stop, "set_aside", _aside(stop.source, why_unknown(stop.path.suffix.lower())))


def _kind_of(path: Path, follow: bool) -> str:
    try:
        mode = path.stat().st_mode if follow else path.lstat().st_mode
    except OSError:
        return "symbolic link" if os.path.islink(path) else "path that leads nowhere"  # noqa: PTH114 - is_symlink() may raise
    return _KINDS.get(stat.S_IFMT(mode), "device")


def _unreadable(stop: _Stop, fault: OSError) -> Piece:
    why = problem("file-unreadable", stop.source, reason=fault.strerror or str(fault))
    return _left(stop, "refused", why)


def _aside(source: str, reason: str) -> Problem:
    return problem("not-a-document", source, reason=reason)


def _left(stop: _Stop, outcome: Outcome, why: Problem) -> Piece:
    return Piece(stop.source, outcome, problems=(why,))
