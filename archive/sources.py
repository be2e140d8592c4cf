"""The records that items were made from, out of the files that accessions keep as they came.

An item says which record of which file it was made from (``source``, ``file#n``) and in which
accession. The file lies in the accession's object, ``received/NNNN-name``. Where each of its records
begins is noted once a file, so that items can be asked for in any order; what is noted is bounded.
"""

import mmap
import os
import re
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Generic, TypeVar

import msgspec

from archive.inventory import Inventory
from archive.ocfl import Archive
from archive.replay import ITEM_FILE, RECORDS_FILE, accession_object, item_object
from metadata.errors import DamageFound, UsageError
from metadata.marc_pieces import HEAD, Kept, Kind, kind_of, pieces, submission_of, title_of
from metadata.model import Item
from metadata.problems import Problem
from metadata.serial import from_json

_LONGEST_NAME = 50  # of a received file, its number apart: how much of the end of its name is kept
_NUMBERED = re.compile(r"received/\d{4,}-")
_PROBLEMS, _LEFT = "problems.jsonl", "sidecar-unused"
_LARGEST_BESIDE = 16 << 20  # bytes of a file that holds one record
_MOST = 4_000_000  # records whose places are noted at one time
_GAP = 65_536  # bytes that may stand between two records of a file
_HINT = "Run canoe check to see all that is damaged."
_MOST_ASIDE = 1 << 30  # bytes of records that cannot be read from their file as they are
_T = TypeVar("_T", bound=Sized)


class SourceRecords:
    """Finds the MARC record that an item was made from, and the item as it was made from it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._received: _Notes[_Received] = _Notes(_MOST // 100)
        self._places: _Notes[_Places] = _Notes(_MOST)
        self._lines: _Notes[dict[str, int]] = _Notes(_MOST // 4)
        self._damaged: dict[str, DamageFound] = {}  # files that need not be read again to know it

    def record(self, item: Item) -> Kept | None:
        """Return the item's source record; None where it was not made from one of MARC.

        Raises DamageFound where the file that held it is not what its digest says, or not there.
        """
        if item.files:
            found = self._beside(item)
            return found[0] if found else None
        path, mark, number = item.source.rpartition("#")
        if not mark or not (number.isascii() and number.isdigit()):
            return None
        received = self._files(item.accession)
        kept = [one for name in received.named(path) if (one := self._numbered(received, name, int(number)))]
        proved = (one for one in kept if _is_of(item, one))
        # Another release of the XML library may write an element in another way: one candidate needs no proof.
        alone = kept[0] if len(kept) == 1 and kept[0].kind == "marcxml" else None
        return next(proved, alone)

    def as_described(self, item: Item) -> Item | None:
        """Return the item as it was when its record was taken in, None where the archive does not tell.

        Raises DamageFound.
        """
        if item.files:
            found = self._beside(item)
            return found[1] if found else None
        inventory = self._files(item.accession).inventory
        if RECORDS_FILE not in inventory.state:
            return None
        with _readable(inventory):
            lines = self._lines.get(
                inventory.object_id, lambda: _line_starts(self._archive.verified(inventory, RECORDS_FILE))
            )
            if item.id not in lines:
                return None
            with self._path(inventory, RECORDS_FILE).open("rb") as stream:
                stream.seek(lines[item.id])
                return from_json(stream.readline())

    def _beside(self, item: Item) -> tuple[Kept, Item] | None:
        """Return the record that a publication was described by, and what was made of it when it came.

        It is kept with the publication. One that was left, for another description, is none.
        """
        inventory = self._archive.former(item_object(item.id))
        with _readable(inventory):
            kinds = {name: _kind(self._path(inventory, name), name) for name in inventory.state if _is_source(name)}
            for name in sorted((name for name, kind in kinds.items() if kind), key=lambda one: (kinds[one] or "", one)):
                kept = self._only_record(inventory, name, kinds[name])
                was = self._when_it_came(inventory, name)
                if kept and was and title_of(kept) == was.title.value and not self._was_left(inventory, name):
                    return kept, was
        return None

    def _only_record(self, inventory: Inventory, name: str, kind: Kind | None) -> Kept | None:
        if kind is None or self._path(inventory, name).stat().st_size > _LARGEST_BESIDE:
            return None
        with self._archive.verified(inventory, name).open("rb") as stream:
            found = list(islice(_as_far_as_read(stream, kind), 2))
        return found[0] if len(found) == 1 else None

    def _when_it_came(self, inventory: Inventory, name: str) -> Item | None:
        """Return the item of the version that brought a file of its description."""
        for version in inventory.versions:
            if version.state.get(name) == inventory.state[name] and ITEM_FILE in version.state:
                path = self._archive.folder(inventory.object_id) / inventory.manifest[version.state[ITEM_FILE]]
                return from_json(path.read_bytes())
        return None

    def _was_left(self, inventory: Inventory, name: str) -> bool:
        if _PROBLEMS not in inventory.state:
            return False
        lines = self._path(inventory, _PROBLEMS).read_bytes().splitlines()
        left = (one for one in (msgspec.json.decode(line, type=Problem) for line in lines) if one.code == _LEFT)
        return any(str(dict(one.params).get("name")) == name.partition("/")[2] for one in left)

    def _files(self, accession: str) -> "_Received":
        return self._received.get(accession, lambda: self._looked_at(accession))

    def _looked_at(self, accession: str) -> "_Received":
        inventory = self._archive.former(accession_object(accession))
        kinds: dict[str, Kind] = {}
        with _readable(inventory):
            for name in sorted(filter(_NUMBERED.match, inventory.state)):
                if kind := _kind(self._path(inventory, name), name):
                    kinds[name] = kind
        return _Received(inventory, kinds)

    def _numbered(self, received: "_Received", name: str, number: int) -> Kept | None:
        inventory, kind = received.inventory, received.kinds[name]
        key = f"{inventory.object_id}/{name}"
        if key in self._damaged:
            raise self._damaged[key]
        try:
            with _readable(inventory):
                path = self._path(inventory, name)
                places = self._places.get(key, lambda: _noted(self._archive.verified(inventory, name), kind))
                return places.read(path, number)
        except DamageFound as fault:
            self._damaged[key] = fault
            raise

    def _path(self, inventory: Inventory, name: str) -> Path:
        return self._archive.folder(inventory.object_id) / inventory.content_path(name)


def _is_source(name: str) -> bool:
    """Say whether a file of a publication is kept because its description stood in it."""
    return name.startswith("source/")


@contextmanager
def _readable(inventory: Inventory) -> Iterator[None]:
    """Name the object where a file of it is not there or cannot be read."""
    try:
        yield
    except (OSError, KeyError, UsageError) as fault:
        raise DamageFound(f"{inventory.object_id} cannot be read: {fault}.", _HINT) from fault


def _is_of(item: Item, kept: Kept) -> bool:
    with suppress(ValueError):
        return submission_of(kept) == item.submission
    return False


def _kind(path: Path, name: str) -> Kind | None:
    with path.open("rb") as stream:
        return kind_of(stream.read(HEAD), name)


def _bare(name: str) -> str:
    """Return a received file's name without what numbers it."""
    return _NUMBERED.sub("", name)


@dataclass(frozen=True, slots=True)
class _Received:
    """What an accession's object holds, and which form of MARC the files of MARC that it received are in."""

    inventory: Inventory
    kinds: dict[str, Kind]

    def __len__(self) -> int:
        return len(self.inventory.state)

    def named(self, path: str) -> list[str]:
        """Return the files that may be the one at ``path`` when it came: by its name, else all."""
        wanted = path.rpartition("/")[2][-_LONGEST_NAME:]
        if any(_bare(name) == wanted for name in self.inventory.state):
            return [name for name in self.kinds if _bare(name) == wanted]
        return list(self.kinds)


class _Places:
    """Where the records of one file stand in it, or aside where the file has them in other bytes."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.context: bytes | None = None  # of the first record; one of another context stands aside
        self.starts = array("q")  # negative: in the file that holds what stands aside, from its byte -start - 1
        self.sizes = array("L")
        self.aside: BinaryIO | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def __del__(self) -> None:
        if self.aside:
            self.aside.close()

    def note(self, kept: Kept, at: int) -> None:
        """Note that the next record begins at the byte ``at`` of the file, -1 where it is not there as it is."""
        self.context = kept.context if self.context is None else self.context
        if at >= 0 and kept.context == self.context:
            self.starts.append(at)
            self.sizes.append(len(kept.raw))
        else:
            self._put_aside(msgspec.msgpack.encode(kept))

    def _put_aside(self, content: bytes) -> None:
        self.aside = self.aside or TemporaryFile()  # noqa: SIM115 - it lives as long as the notes do
        at = self.aside.seek(0, os.SEEK_END)
        if at > _MOST_ASIDE:  # no honest file comes here; its items are given out without their records
            content = b""
        self.aside.write(content)
        self.starts.append(-at - 1)
        self.sizes.append(len(content))

    def read(self, path: Path, number: int) -> Kept | None:
        """Return the record that has this number in the file, which lies at ``path``."""
        if not 0 < number <= len(self):
            return None
        start, size = self.starts[number - 1], self.sizes[number - 1]
        if start < 0 and self.aside:
            self.aside.seek(-start - 1)
            return msgspec.msgpack.decode(self.aside.read(size), type=Kept) if size else None
        with path.open("rb") as stream:
            stream.seek(start)
            return Kept(self.kind, stream.read(size), self.context or b"")


def _noted(path: Path, kind: Kind) -> _Places:
    places, end = _Places(kind), 0
    if not path.stat().st_size:
        return places
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for kept in _as_far_as_read(stream, kind):
            at = content.find(kept.raw, end, end + len(kept.raw) + _GAP)
            end = at + len(kept.raw) if at >= 0 else end
            places.note(kept, at)
    return places


def _as_far_as_read(stream: BinaryIO, kind: Kind) -> Iterator[Kept]:
    with suppress(ValueError):  # where the reader stopped nothing became an item
        yield from pieces(stream, kind)


class _LineId(msgspec.Struct):
    id: str = ""


def _line_starts(path: Path) -> dict[str, int]:
    """Return where the line of each item begins."""
    starts, at = {}, 0
    with path.open("rb") as lines:
        for line in lines:
            starts[msgspec.json.decode(line, type=_LineId).id] = at
            at += len(line)
    return starts


class _Notes(Generic[_T]):
    """Keeps what was asked for last, as long as all of it together has no more than ``most`` entries."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, _T] = OrderedDict()
        self._entries = 0

    def get(self, key: str, make: Callable[[], _T]) -> _T:
        """Return what is kept under ``key``, made now where nothing is."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        made = make()
        self._entries += len(made) + 1
        while self._held and self._entries > self._most:
            self._entries -= len(self._held.popitem(last=False)[1]) + 1
        self._held[key] = made
        return made
