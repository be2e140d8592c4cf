"""Mending the archive from a second copy: what a check finds, object by object.

The archive itself says what it must be, as long as an inventory of its own is proven
(:func:`archive.mending.trusted`): a second copy that is newer does not bring an object forward,
one that is older does not turn it back. What nobody can vouch for is named and left.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.catalogue import Catalogue
from archive.cataloguing import Publishing
from archive.check import check_object, check_settled, root_faults, survey
from archive.clock import from_rfc3339, to_rfc3339
from archive.durable import make_folders, storage, sync_folder
from archive.evidence import Found, all_proven, local
from archive.library import Library
from archive.listing import entries, shown
from archive.lock import writer_lock
from archive.mending import Bench, Mending, SecondCopy, Work, move_out, trusted
from archive.mending_root import fits_layout, id_by_name, mend_root, remove_empty, survey_all
from archive.ocfl import INVENTORY, LAYOUT_FILE, ROOT_DECLARATION, Archive, Receipt
from archive.replay import accession_object, item_object, replay
from archive.replica import Replica
from archive.replication import object_folders
from metadata.accession import Accession
from metadata.errors import DamageFound, HomeMissing, Outdated, StorageError, UsageError
from metadata.events import Event, event_lines
from metadata.problems import Problem, problem

LOGS, LOG = "logs", "repairs.jsonl"
_LONGEST = 2000  # characters of an event's detail
WHOLE = "."
"""Stands among the paths of an object for the whole of it."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What to mend: these objects, or (none named) everything.

    ``plan``: say what would be done and write nothing. ``missing``: bring back, too, what
    neither the archive nor the catalogue knows. ``agent`` names the program in the objects' logs.
    """

    objects: tuple[str, ...] = ()
    plan: bool = False
    missing: bool = False
    agent: str = "Canoe"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of an object, or of the storage root: ``where`` is its folder.

    ``faults`` is what the check found; ``put_back`` and ``moved_out`` are paths below ``where``;
    ``left`` is what could not be mended, and remarks. ``returned`` objects were lost, or had
    another inventory before.
    """

    where: Path
    object_id: str = ""
    faults: tuple[Problem, ...] = ()
    put_back: tuple[str, ...] = ()
    moved_out: tuple[str, ...] = ()
    left: tuple[Problem, ...] = ()
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What is still to be done: ``catalogued`` items are new to the index; a ``rebuild`` may be needed."""

    catalogued: int = 0
    rebuild: bool = False


def open_for_repair(home: Path, publishing: Publishing) -> Library:
    """Open a library whatever state its catalogue and its storage root are in; raises HomeMissing."""
    if not (home / "archive").is_dir():
        raise HomeMissing(f"There is no library in {home}.", f"Make one: canoe init --home {home}")
    return Library(home, _Undeclared(home / "archive", home / "staging"), Catalogue(home / "catalogue.db", publishing))


class _Undeclared(Archive):
    """A storage root that may lack its declaration."""

    def __init__(self, root: Path, staging: Path) -> None:
        self.root = root
        self.staging = staging


def repair(library: Library, replica: Replica, orders: Orders, tell: Callable[[Repaired], None]) -> Afterwards:
    """Check the archive, mend what is wrong from the second copy, and ``tell`` of all that was looked at.

    Raises HomeHeld, StorageError, and UsageError when there is no second copy at the place.
    """
    if not {LAYOUT_FILE, ROOT_DECLARATION, "extensions"} & set(replica.names()):
        raise UsageError(f"{replica.name} holds no second copy.", "Name the place that canoe replicate was given.")
    if orders.plan:
        _Repair(library, Bench(replica, Path(), Path(), plan=True), orders, tell).run()
        return Afterwards()
    with writer_lock(library.home), storage(library.home):
        make_folders(library.archive.staging)
        receipts = _installed(library.archive)
        with TemporaryDirectory(dir=library.archive.staging, prefix="work-") as folder:
            work = _Repair(library, Bench(replica, Path(folder), library.home / "removed"), orders, tell)
            work.run({library.archive.folder(one.object_id) for receipt in receipts for one in receipt.inventories})
        return work.catalogue(receipts)


def _installed(archive: Archive) -> list[Receipt]:
    """Finish what a killed writer left, so that none of it is taken for a stray."""
    receipts: list[Receipt] = []
    with suppress(DamageFound):
        for receipt in archive.recover():
            receipts.append(receipt)
    return receipts


class _Repair:
    """One run over an archive."""

    def __init__(self, library: Library, bench: Bench, orders: Orders, tell: Callable[[Repaired], None]) -> None:
        self._library = library
        self._archive = library.archive
        self._bench = bench
        self._orders = orders
        self._tell = tell
        self._known = _known(library)
        self._returned: list[str] = []
        self._awaited: set[Path] = set()
        self._unfinished: frozenset[Path] = frozenset()

    def run(self, finished: Set[Path] = frozenset()) -> None:
        """Mend the objects that were asked for, or everything; what was being written to ``finished`` is in place."""
        self._unfinished = self._archive.unfinished() - finished
        if self._orders.objects:
            for object_id in self._orders.objects:
                self._done(self._object(self._archive.folder(object_id)))
            return
        self._done(self._root())
        for folder, is_object in survey_all(self._archive.root):
            if is_object:
                self._done(self._found(folder))
        for folder in self._lost():
            self._done(self._object(folder))
        if not self._orders.plan:
            remove_empty(self._archive.root)
            self._done(Repaired(self._archive.root, left=tuple(self._root_faults())))

    def catalogue(self, receipts: Sequence[Receipt]) -> Afterwards:
        """Let the catalogue know what came back, and what a killed writer had left to do."""
        if self._known is None:
            return Afterwards(rebuild=True)
        for receipt in receipts:
            with suppress(DamageFound):
                self._library.catalogue.write(
                    batch for inventory in receipt.inventories for batch in replay(self._archive, inventory)
                )
                receipt.done()
        told = [self._catalogue_one(object_id) for object_id in self._returned]
        return Afterwards(told.count("catalogued"), "rebuild" in told)

    def _catalogue_one(self, object_id: str) -> str:
        """Catalogue an item that came back; say ``rebuild`` where that would not be enough, ``known`` where it is."""
        catalogue, item = self._library.catalogue, object_id.removeprefix(item_object(""))
        if object_id.startswith(accession_object("")):
            # Items of it may have changed since: only their order tells what counts.
            known = catalogue.accession(object_id.removeprefix(accession_object("")))
            return "known" if known and self._is_as_undone(object_id, known) else "rebuild"
        if item == object_id:
            return "known"
        try:
            inventory = self._archive.inventory(object_id)
            held, change = catalogue.held(item), from_rfc3339(inventory.created)
            if held and held.change >= change:
                return "known" if held.change == change else "rebuild"
            catalogue.write(replay(self._archive, inventory))
        except DamageFound:
            return "rebuild"
        return "catalogued"

    def _is_as_undone(self, object_id: str, known: Accession) -> bool:
        """Say whether an accession that came back is undone just when the catalogue says so."""
        try:
            return (len(self._archive.inventory(object_id).versions) > 1) == bool(known.undone_at)
        except DamageFound:
            return False

    def _done(self, one: Repaired) -> None:
        if one.returned:
            self._returned.append(one.object_id)
        self._tell(one)

    def _root(self) -> Repaired:
        faults = self._root_faults()
        lost, moved = mend_root(self._archive, self._bench)
        return Repaired(self._archive.root, "", tuple(faults), tuple(lost), tuple(moved))

    def _root_faults(self) -> list[Problem]:
        strays: list[Problem] = []
        all(survey(self._archive.root, strays))
        return root_faults(self._archive, strays)

    def _found(self, folder: Path) -> Repaired:
        """Mend what a survey took for an object: the one whose place it is, or one that lies there by mistake."""
        faults = self._check(folder)
        if not faults:
            return Repaired(folder)
        return self._object(folder, faults) if fits_layout(self._archive, folder) else self._stranger(folder, faults)

    def _stranger(self, folder: Path, faults: Sequence[Problem]) -> Repaired:
        """Move an object back to its place, or move out what is none."""
        homes = (self._archive.folder(found.object_id) for found in all_proven(local(folder), _names(folder)))
        target = next((home for home in homes if not os.path.lexists(home)), None)
        if target is None:
            if not self._orders.plan:
                name = folder.relative_to(self._archive.root)
                move_out(folder, self._bench.removed / self._archive.root.name / name)
            return Repaired(folder, "", tuple(faults), moved_out=(WHOLE,))
        self._awaited.add(target)
        lies = folder
        if not self._orders.plan:
            make_folders(target.parent)
            lies = folder.rename(target)
            sync_folder(target.parent)
            sync_folder(folder.parent)
        mended = self._object(target, faults, lies)
        return replace(mended, put_back=(WHOLE, *mended.put_back), returned=not self._orders.plan)

    def _object(self, place: Path, faults: Sequence[Problem] = (), lies: Path | None = None) -> Repaired:
        """Mend the object whose place is ``place``; it may (in a plan) lie elsewhere still."""
        folder = lies or place
        copy = SecondCopy(self._bench.replica, place.relative_to(self._archive.root).as_posix())
        object_id, there = self._id_of(place, copy), folder.is_dir() and not folder.is_symlink()
        if not faults and there and not (faults := self._check(folder)):
            return Repaired(place, object_id)
        faults = faults or [problem("object-lost", shown(str(place)), object=object_id)]
        if place in self._unfinished:
            return _left(place, object_id, faults, "what a writer left there is not finished, and cannot be")
        wanted = trusted(folder, copy, object_id)
        if wanted is None:
            return _left(place, object_id, faults, f"{copy.where()} has no sound inventory of it")
        returned = not there or local(folder)(INVENTORY) != wanted.data
        work = self._mended(folder, copy, wanted) if there else self._brought_back(place, copy, wanted)
        left = [*work.left, *_newer(copy, wanted)]
        if not self._orders.plan:
            after = check_object(place, self._archive)
            left += [fault for fault in after if fault.where not in {one.where for one in left}]
            self._note(place, work, wanted, left)
        put_back = work.put_back if there else [WHOLE]
        return Repaired(
            place,
            object_id,
            tuple(faults),
            tuple(put_back),
            tuple(work.moved_out),
            tuple(left),
            returned and not self._orders.plan,
        )

    def _mended(self, folder: Path, copy: SecondCopy, wanted: Found) -> Work:
        return Mending(self._bench, folder, copy, wanted).run()

    def _brought_back(self, place: Path, copy: SecondCopy, wanted: Found) -> Work:
        """Bring a lost object back: it is made beside the archive and comes into its place in one step."""
        made = self._bench.staging / place.name
        work = Mending(self._bench, made, copy, wanted).run()
        if not self._orders.plan:
            if os.path.lexists(place):
                move_out(place, self._bench.removed / place.name / place.name)
            make_folders(place.parent)
            made.rename(place)
            sync_folder(place.parent)
        return work

    def _id_of(self, place: Path, copy: SecondCopy) -> str:
        """Return the object whose place this is; ``""`` where nothing tells."""
        found = (one.object_id for one in (*all_proven(local(place), _names(place)), *copy.inventories))
        candidates = (id_by_name(place), *found, *(self._known or ()))
        return next((one for one in candidates if self._archive.folder(one) == place), "")

    def _lost(self) -> Iterator[Path]:
        """Yield the places of the objects that are not there and ought to be; name those of which nobody knows."""
        known = {self._archive.folder(object_id) for object_id in self._known or ()} - self._awaited
        yield from (place for place in sorted(known) if not _is_there(place))
        for name in sorted(set(self._bench.replica.names())):
            for key in sorted(object_folders(self._bench.replica.files(name))) if name != "extensions" else ():
                place = self._archive.root / key
                if place in known or place in self._awaited or _is_there(place):
                    continue
                if self._orders.missing or self._known is None:
                    yield place
                else:
                    where = shown(f"{self._bench.replica.name}/{key}")
                    self._tell(Repaired(place, left=(problem("replica-only", where),)))

    def _check(self, folder: Path) -> list[Problem]:
        """Check an object; nobody else is writing, unless this is only a plan."""
        return check_settled(folder, self._archive) if self._orders.plan else check_object(folder, self._archive)

    def _note(self, place: Path, work: Work, wanted: Found, left: Sequence[Problem]) -> None:
        """Write into the object's log what was done to it."""
        if not work.put_back and not work.moved_out:
            return
        told = {
            f"put back from {self._bench.replica.name}": work.put_back,
            "moved out of the archive": work.moved_out,
            "not mended": [one.where for one in left if one.severity == "error"],
        }
        detail = "; ".join(f"{what}: {', '.join(map(shown, paths))}" for what, paths in told.items() if paths)
        held = {digest.value for digest in work.content.values()}
        states = (wanted.document.state(version) for version in wanted.document.versions)
        files = {logical for state in states for digest, logical in state if digest in held}
        event = Event(
            "repair",
            to_rfc3339(time.time_ns() // 1000),
            "warning" if told["not mended"] else "success",
            self._orders.agent,
            detail if len(detail) <= _LONGEST else f"{detail[:_LONGEST]}…",
            tuple(sorted(files)),
        )
        _append(place / LOGS, event_lines([event]))


def _left(place: Path, object_id: str, faults: Sequence[Problem], reason: str) -> Repaired:
    left = (problem("not-mended", shown(str(place)), reason=reason),)
    return Repaired(place, object_id, tuple(faults), left=left)


def _newer(copy: SecondCopy, wanted: Found) -> Iterator[Problem]:
    """Yield a remark where the second copy holds versions that the archive does not know."""
    newest = max(copy.inventories, key=lambda found: found.number, default=wanted)
    if newest.number > wanted.number:
        yield problem("replica-newer", copy.where(), theirs=newest.head, ours=wanted.head)


def _known(library: Library) -> frozenset[str] | None:
    """Return the objects that the catalogue speaks of; None where it cannot be relied on."""
    try:
        library.catalogue.verify()
        return frozenset(library.object_ids())
    except (Outdated, StorageError):
        return None


def _append(folder: Path, lines: bytes) -> None:
    """Add lines to an object's log of repairs and sync them; a line cut off by a kill stays by itself."""
    make_folders(folder)
    how = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(folder / LOG, how, 0o644)
    try:
        end = os.fstat(handle).st_size
        torn = end and os.pread(handle, 1, end - 1) != b"\n"
        os.write(handle, b"\n" * bool(torn) + lines)
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(folder)


def _is_there(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _names(folder: Path) -> Sequence[str]:
    try:
        return sorted(entries(str(folder)))
    except OSError:
        return ()
