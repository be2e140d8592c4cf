"""canoe replicate, canoe repair: a second copy of the archive, and mending from it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, get_args

import typer

from archive.library import Library
from archive.mending import SecondCopy
from archive.repair import WHOLE, Afterwards, Orders, Repaired, open_for_repair, repair
from archive.replay import item_object
from archive.replica import Replica, open_replica
from archive.replication import Outcome, Replicated, replicate, require_apart
from canoe import __version__
from canoe.commands.options import HomeOption, JsonOption, counted, print_json, print_lines, say
from canoe.home import Home
from canoe.progress import counting
from canoe.report import problem_json
from canoe.settings import home_folder
from metadata.errors import DamageFound, HomeHeld, NotFound, Outdated, StorageError
from metadata.ids import is_item_id
from metadata.problems import Problem

_PLACE = "A folder, best on another disk, or a URL such as s3://bucket/prefix."


def replicate_command(
    path: Annotated[str, typer.Argument(help=_PLACE, show_default=False)],
    home: HomeOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all that lies there, too, and put right what is wrong.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep a second copy of the archive up to date, in a folder or in an object store.

    Only what is missing there is copied; what is written is read back and compared. A damaged object is
    not copied, but named. Nothing there is ever deleted. Interrupted, the same command goes on.

    Exit codes: 0 all is there, 4 some objects are damaged here or are other ones there.

    Example: canoe replicate /media/second-disk/library
    """
    opened = Home.read(home_folder(home))
    library = Library.open_unverified(opened.path, opened.publishing)
    replica = open_replica(path)
    require_apart(replica, opened.path)
    library.heal_if_free()
    done = _Copied(replica.name)
    compared = closing(replicate(library.archive, replica, verify))
    with counting("Objects compared with the second copy") as tell, compared as answers:
        for number, answer in enumerate(answers, 1):
            done.take(answer)
            tell(number)
    print_json(done.as_json()) if as_json else print_lines(done.lines())
    if done.counts["damaged"] or done.counts["differs"]:
        raise typer.Exit(DamageFound.exit_code)


def repair_command(
    replica: Annotated[str, typer.Option(help=f"The second copy. {_PLACE}", show_default=False)],
    items: Annotated[list[str] | None, typer.Argument(help="Only these items.", show_default="everything")] = None,
    home: HomeOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Write nothing; say what would be done.")] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Bring back, too, objects that the catalogue does not know.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the archive and mend what is wrong from a second copy.

    A file is put back only when it is what its inventory says. What no inventory knows is moved to the folder
    removed in the home. What was done is noted in the object, in logs/repairs.jsonl.

    Exit codes: 0 all is well, 4 something could not be mended.

    Example: canoe repair --replica /media/second-disk/library
    """
    opened = Home.read(home_folder(home))
    library = open_for_repair(opened.path, opened.publishing)
    place = open_replica(replica)
    require_apart(place, opened.path)
    objects = tuple(_object_of(library, place, item) for item in items or ())
    done = _Mended(library.archive.root, plan)
    with counting("Objects checked") as tell:

        def told(one: Repaired) -> None:
            done.take(one)
            tell(done.objects)

        left_to_do = repair(library, place, Orders(objects, plan, missing, f"Canoe {__version__}"), told)
    print_json(done.as_json()) if as_json else print_lines(done.lines())
    _let_follow(opened, left_to_do)
    if done.unmended:
        raise typer.Exit(DamageFound.exit_code)


@dataclass(slots=True)
class _Copied:
    """What a replication has done so far."""

    place: str
    counts: Counter[str] = field(default_factory=Counter)
    files: int = 0
    size: int = 0
    named: list[Replicated] = field(default_factory=list)

    def take(self, one: Replicated) -> None:
        self.counts[one.outcome] += 1
        self.files += one.files
        self.size += one.size
        if one.problems:
            self.named.append(one)

    def as_json(self) -> dict[str, object]:
        """Return the report as one document."""
        return {
            "replica": self.place,
            "counts": {outcome: self.counts[outcome] for outcome in get_args(Outcome)},
            "files": self.files,
            "bytes": self.size,
            "objects": [
                {"object": one.key, "outcome": one.outcome, "problems": _as_json(one.problems)}
                for one in sorted(self.named, key=lambda one: one.key)
            ],
        }

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        for one in sorted(self.named, key=lambda one: one.key):
            yield from _problem_lines(one.problems)
        told = {"new": "new", "updated": "updated", "same": "the same", "damaged": "damaged and not copied"}
        told |= {"differs": "other than there", "extra": "only there"}
        counts = [f"{self.counts[outcome]} {words}" for outcome, words in told.items() if self.counts[outcome]]
        written = f"{counted(self.files, 'file')} written, {self.size:,} bytes."
        yield f"{self.place}: {', '.join(counts) or 'no objects'}. {written}"


@dataclass(slots=True)
class _Mended:
    """What a repair has done so far, or (a plan) would do."""

    root: Path
    plan: bool
    objects: int = 0
    faults: int = 0
    named: list[Repaired] = field(default_factory=list)

    def take(self, one: Repaired) -> None:
        only_there = bool(one.left) and not one.faults
        self.objects += one.where != self.root and not only_there
        self.faults += len(one.faults)
        if one.faults or one.left or one.put_back or one.moved_out:
            self.named.append(one)

    @property
    def unmended(self) -> int:
        """How much of what was found could not be mended."""
        return sum(fault.severity == "error" for one in self.named for fault in one.left)

    def as_json(self) -> dict[str, object]:
        """Return the report as one document."""
        return {"objects": self.objects, "faults": self.faults, "repaired": [_repaired_json(one) for one in self.named]}

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        for one in self.named:
            yield from (f"{one.where}: {self._done('put back')} {_part(path)}" for path in one.put_back)
            yield from (f"{one.where}: {self._done('moved out')} {path}" for path in one.moved_out)
            yield from _problem_lines(one.left)
        could = ("can be mended", "cannot be mended") if self.plan else ("mended", "could not be mended")
        result = f", {self.unmended} {could[1]}" if self.unmended else f", all {could[0]}" if self.faults else ""
        yield f"{counted(self.objects, 'object')} checked, {counted(self.faults, 'fault')}{result}."

    def _done(self, what: str) -> str:
        return f"would be {what}:" if self.plan else f"{what}:"


def _repaired_json(one: Repaired) -> dict[str, object]:
    return {
        "where": _shown(one.where),
        "object": one.object_id,
        "faults": _as_json(one.faults),
        "put_back": [_shown(path) for path in one.put_back],
        "moved_out": [_shown(path) for path in one.moved_out],
        "left": _as_json(one.left),
    }


def _as_json(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [problem_json(one) for one in problems]


def _problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    yield from (f"{one.where}: {one.message()}" for one in problems)


def _part(path: str) -> str:
    """Return how people are told of a path in an object."""
    return "all of it" if path == WHOLE else str(path)


def _shown(path: Path | str) -> str:
    return str(path).encode("utf-8", "backslashreplace").decode()


def _object_of(library: Library, replica: Replica, item: str) -> str:
    """Return the object that keeps an item, by the catalogue, else by the archive, else by the second copy."""
    try:
        library.catalogue.verify()
        if held := library.catalogue.held(item):
            return held.object_id
    except (Outdated, StorageError) as fault:
        say(f"The catalogue was not asked. {fault}")
    if is_item_id(item):
        object_id = item_object(item)
        key = library.archive.folder(object_id).relative_to(library.archive.root).as_posix()
        if library.archive.exists(object_id) or SecondCopy(replica, key).files:
            return object_id
    raise NotFound(f"There is no item {item}, neither here nor in the second copy.")


def _let_follow(home: Home, left_to_do: Afterwards) -> None:
    """Let the index know what came back."""
    if left_to_do.rebuild:
        say("The catalogue does not fit the archive now. Run canoe rebuild.")
    elif left_to_do.catalogued:
        # What came back has the change number it had: a follower that is past it must begin again.
        try:
            home.rebuild_index()
        except HomeHeld as fault:
            say(f"The index does not know all that came back. {fault.message} Then run canoe rebuild --index.")
