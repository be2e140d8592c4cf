"""Packed archives among what came: opened with care into the workspace, then gone into like a folder.

Nothing that an archive says of itself is believed: what it unpacks to is counted while it is
unpacked. Names that lead elsewhere, links and devices are refused one by one, each by its name, and the other
files come in; an archive that is not whole, asks for a password or unpacks to more than an
honest one is refused as a whole. A file that is only compressed (``records.mrc.gz``) is an
archive of one.
"""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from archive.durable import CHUNK, remove_tree, storage
from ingest.members import DAMAGE, FORMATS, Member, Unopened, form_of, members, unopened
from ingest.names import in_one_line, shown
from ingest.room import DISK_FAULTS
from metadata.accession import Piece
from metadata.problems import Problem, problem

MOST_MEMBERS = 100_000
MOST_BYTES = 100 << 30
RATIO = 200
"""Bytes that a byte of an archive may become: text becomes 5 to 20, blank pages 100."""

ALWAYS = 64 << 20
"""Bytes that any archive may unpack to, however small it is."""

DEEPEST = 2
"""Packed archives one in the other: that, and no more."""

_DEEPEST_FOLDER = 50


class Budget:
    """What may still be unpacked of an archive and of those that lie in it."""

    def __init__(self, packed: int) -> None:
        self._most = min(MOST_BYTES, max(ALWAYS, RATIO * packed))
        self._bytes = self._members = 0

    def take(self, size: int) -> None:
        """Count bytes that were unpacked."""
        self._bytes += size
        if self._bytes > self._most:
            raise unopened(f"it unpacks to more than {self._most} bytes, the most for one of its size")

    def take_member(self) -> None:
        """Count a file or folder."""
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise unopened(f"it holds more than {MOST_MEMBERS} files")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive opened: the folder that what was in it lies in, None where it was refused; and its pieces.

    The first piece is the archive's own, the others are of what was left packed.
    """

    folder: Path | None
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Unpacker:
    """Unpacks below ``folder``, each archive into a folder of its own."""

    folder: Path
    _count: int = 0

    def unpack(self, path: Path, named: Path, budget: Budget) -> Unpacked:
        """Unpack an archive; ``named`` is what it is called. Nothing it may hold is raised. Raises StorageError."""
        self._count += 1
        source = shown(named)
        with storage(self.folder):
            target = self.folder / f"{self._count:04}" / (path.name[-100:] or "archive")
            target.mkdir(parents=True)
            opened = _Opening(path, target, source, budget)
            try:
                opened.unpack()
            except Unopened as refused:
                return _given_up(target, Piece(source, "refused", problems=(refused.why(source),)))
            except DAMAGE as fault:
                _raise_disks(fault, target)
                why = problem(
                    "file-damaged", source, format=f"{FORMATS[form_of(path.name)]} archive", reason=_reason(fault)
                )
                return _given_up(target, Piece(source, "refused", problems=(why,)))
        note = problem("pack-opened", source, count=len(opened.made), left=len(opened.left))
        return Unpacked(target, (Piece(source, "set_aside", problems=(note,)), *opened.left.values()))


def _given_up(target: Path, piece: Piece) -> Unpacked:
    remove_tree(target)
    return Unpacked(None, (piece,))


def nested_too_deep(source: str) -> Piece:
    """Return the piece of an archive in an archive in an archive."""
    reason = "it lies in an archive that itself lies in one"
    return Piece(source, "refused", problems=(problem("pack-refused", source, reason=reason),))


def not_packed(source: str) -> Piece:
    """Return the piece of a file that is called like an archive and is none."""
    why = problem("pack-refused", source, reason="it does not begin like what its name says")
    return Piece(source, "refused", problems=(why,))


def _raise_disks(fault: BaseException, folder: Path) -> None:
    """Raise StorageError where a fault is the disk's and not the archive's."""
    if isinstance(fault, OSError) and fault.errno in DISK_FAULTS:
        with storage(folder):
            raise fault


def _reason(fault: BaseException) -> str:
    if isinstance(fault, UnicodeDecodeError):
        return "a name in it is not UTF-8, though it says so"
    return in_one_line(" ".join(str(fault).split()).rstrip("."))[:200] or type(fault).__name__


@dataclass(slots=True)
class _Opening:
    """An archive being unpacked: what was made of it and what was left, by names."""

    path: Path
    target: Path
    source: str
    budget: Budget
    made: set[str] = field(default_factory=set)
    left: dict[str, Piece] = field(default_factory=dict)

    def unpack(self) -> None:
        for member in members(self.path, self.budget.take):
            self.budget.take_member()
            if member.kind == "folder":
                continue
            if why := self._unfit(member):
                self._leave(member, why)
            else:
                self._write(member)
        if not self.made and not self.left:
            raise unopened("there is no file in it")

    def _unfit(self, member: Member) -> Problem | None:
        where = self._where(member)
        if member.kind != "file":
            return problem("not-a-regular-file", where, kind=member.kind)
        reason = _unfit_name(member.name)
        if member.name in self.made:
            (self.target / member.name).unlink(missing_ok=True)
            reason = "another file of the archive has the same name, and neither is taken"
        if not reason and where in self.left:
            return self.left[where].problems[0]
        return problem("pack-member-refused", where, reason=reason) if reason else None

    def _write(self, member: Member) -> None:
        """Write one file; a fault of its name, or in a ZIP of its content, leaves only this one."""
        path = self.target / member.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            out = path.open("xb")
        except (OSError, ValueError) as fault:
            self._leave(member, self._fault(member, fault))
            return
        try:
            with out:
                self._copy(member, out)
        except DAMAGE as fault:
            path.unlink()
            if form_of(self.path.name) != "zip":
                raise  # what comes after it cannot be found
            self._leave(member, self._fault(member, fault))
            return
        self.made.add(member.name)

    def _copy(self, member: Member, out: IO[bytes]) -> None:
        with member.open() as stream:
            while chunk := stream.read(CHUNK):
                self.budget.take(len(chunk))
                out.write(chunk)

    def _fault(self, member: Member, fault: BaseException) -> Problem:
        _raise_disks(fault, self.target)
        return problem("pack-member-refused", self._where(member), reason=_reason_of_member(fault))

    def _leave(self, member: Member, why: Problem) -> None:
        self.made.discard(member.name)
        self.left.setdefault(why.where, Piece(why.where, "refused", problems=(why,)))

    def _where(self, member: Member) -> str:
        return f"{self.source}/{in_one_line(member.name)}"


def _reason_of_member(fault: BaseException) -> str:
    if isinstance(fault, FileExistsError | NotADirectoryError | IsADirectoryError):
        return "another file or folder of the archive has the same name but for its case"
    if isinstance(fault, zipfile.BadZipFile) and "CRC" in str(fault):
        return "its checksum is wrong: it was damaged on its way"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror.lower()
    return _reason(fault)


def _unfit_name(name: str) -> str:
    """Return what is wrong with the name of a file in an archive, ``""`` where nothing is."""
    parts = name.split("/")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        return "its name holds control characters"
    if name.startswith(("/", "\\")) or (len(parts[0]) > 1 and parts[0][0].isalpha() and parts[0][1] == ":"):
        return "its name is an absolute path"
    if ".." in name.replace("\\", "/").split("/"):
        return "its name leads out of the archive"
    if not all(part not in ("", ".") for part in parts):
        return "its name has empty parts"
    return f"it lies more than {_DEEPEST_FOLDER} folders deep" if len(parts) > _DEEPEST_FOLDER else ""
