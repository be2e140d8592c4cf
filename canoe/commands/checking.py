"""canoe check: fixity and structure of the archive, all of it or a share."""

import os
import re
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from archive.check import root_faults, survey
from archive.check_run import begin_run, end_run, interrupted_run
from archive.checking import Checked, Manner, check_objects, longest_unchecked
from archive.library import Library
from archive.repair import open_for_repair
from archive.replay import item_object
from canoe import __version__
from canoe.commands.options import HomeOption, JsonOption, counted, print_json, print_lines, say
from canoe.home import Home
from canoe.report import problem_json
from canoe.settings import home_folder
from metadata.errors import DamageFound, HomeHeld, Interrupted, NotFound, Outdated, StorageError, UsageError
from metadata.problems import Problem, problem

_SHARE = re.compile(r"(\d+)|(\d+(?:\.\d+)?)%")


def check(
    items: Annotated[list[str] | None, typer.Argument(help="Only these items.", show_default="everything")] = None,
    home: HomeOption = None,
    oldest: Annotated[
        str, typer.Option(help="Only so many objects, 5% or 500: those not checked for longest.", show_default="all")
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a check that was interrupted.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes that check.", show_default="all cores")] = 0,
    rate: Annotated[
        float, typer.Option(min=0, help="Read so many megabytes a second at most.", show_default="no limit")
    ] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Verify every digest and the structure of every object of the archive; every fault is named.

    What the catalogue knows and the archive lacks, or the other way round, is a fault too.
    Each check is noted in its object, in logs/fixity.jsonl.

    Exit codes: 0 all is well, 4 damage was found.

    Example: canoe check --oldest 5% --rate 50
    """
    if sum((bool(items), bool(oldest), resume)) > 1:
        raise UsageError("Items, --oldest and --resume exclude each other.", "Name one of them.")
    opened = Home.read(home_folder(home))
    library = open_for_repair(opened.path, opened.publishing)
    manner = Manner(workers or len(os.sched_getaffinity(0)), rate * 1e6, f"Canoe {__version__}")
    library.heal_if_free()
    found = _Found(as_json)
    try:
        if items:
            found.take(_check_items(library, items, manner), len(items))
        elif oldest:
            found.take(_check_share(library, oldest, manner))
        else:
            _check_all(library, found, manner, resume)
    except KeyboardInterrupt:
        hint = "The same command goes on" if items or oldest or resume else "canoe check --resume goes on"
        raise Interrupted(f"Stopped. {found}", f"{hint} where this one ended.") from None
    found.report()
    if found.faults:
        raise typer.Exit(DamageFound.exit_code)


@dataclass(slots=True)
class _Found:
    """What has been found so far; people see it as it comes, programs at the end."""

    as_json: bool
    objects: int = 0
    passed_over: int = 0
    size: int = 0
    faults: list[Problem] = field(default_factory=list)
    is_told: bool = False

    def __str__(self) -> str:
        passed_over = f"{self.passed_over} passed over, " if self.passed_over else ""
        return f"{counted(self.objects, 'object')} checked, {passed_over}{counted(len(self.faults), 'fault')}."

    def take(self, answers: Iterable[Checked], total: int | None = None) -> None:
        """Add what comes, and show how far it is, of ``total`` objects where that is known."""
        with _bar(total) if sys.stderr.isatty() and not self.as_json else nullcontext() as bar:
            for answer in answers:
                self.objects += answer.objects
                self.passed_over += answer.passed_over
                self.size += answer.size
                self.faults += answer.faults
                with _paused(bar if answer.faults or answer.unrecorded else None):
                    self._tell(answer)
                if bar:
                    done = answer.objects + answer.passed_over
                    bar.update(bar.task_ids[0], advance=done, size=decimal(self.size))

    def _tell(self, answer: Checked) -> None:
        if not self.as_json:
            print_lines(f"{one.where}: {one.message()}" for one in answer.faults)
        if answer.unrecorded:
            self.tell_unrecorded(answer.unrecorded)

    def tell_unrecorded(self, reason: str) -> None:
        """Say, once, that checks cannot be noted."""
        if not self.is_told:
            say(f"Checks are not being recorded. {reason}")
        self.is_told = True

    def report(self) -> None:
        """Print the whole answer."""
        if self.as_json:
            faults = [problem_json(one) for one in self.faults]
            counts = {"objects": self.objects, "passed_over": self.passed_over, "bytes": self.size}
            print_json({**counts, "faults": faults})
        else:
            print_lines([str(self)])


@contextmanager
def _bar(total: int | None) -> Iterator[Progress]:
    """Lend a bar on standard error with one task."""
    columns = (TextColumn("Objects checked"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[size]}"))
    console = Console(stderr=True)
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as bar:
        bar.add_task("", total=total, size="")
        yield bar


@contextmanager
def _paused(bar: Progress | None) -> Iterator[None]:
    """Take a bar away while something is printed."""
    if bar:
        bar.stop()
    yield
    if bar:
        bar.start()


def _check_items(library: Library, items: Sequence[str], manner: Manner) -> Iterator[Checked]:
    found = {library.archive.folder(object_id): object_id for object_id in (_object_of(library, one) for one in items)}
    lost = [path for path in found if not path.is_dir()]
    yield Checked(faults=tuple(problem("object-lost", str(path), object=found[path]) for path in lost))
    yield from check_objects(library.archive, (path for path in found if path not in lost), manner)


def _object_of(library: Library, item: str) -> str:
    if library.archive.folder(item_object(item)).exists():
        return item_object(item)
    held = library.catalogue.held(item)
    if held is None:
        raise NotFound(f"There is no item {item}.")
    return held.object_id


def _check_all(library: Library, found: _Found, manner: Manner, resume: bool) -> None:
    """Check everything, or the rest of it, and note meanwhile that it is under way."""
    since = interrupted_run(library.home) if resume else None
    if resume and since is None:
        say("No check was interrupted: everything is checked.")
    began = since
    if began is None:
        try:
            began = begin_run(library.home)
        except StorageError as fault:
            found.tell_unrecorded(fault.message)
    found.take(_check_among(library, iter, replace(manner, since=since)), _expected(library))
    if began is not None:
        end_run(library.home, began)


def _check_share(library: Library, oldest: str, manner: Manner) -> Iterator[Checked]:
    """Check the objects that were not checked for longest, ``oldest`` of them; and the root and the catalogue."""
    if not (asked := _SHARE.fullmatch(oldest)):
        raise UsageError(f"--oldest cannot be {oldest!r}.", "Say a share or a number of objects: 5% or 500.")

    def chosen(folders: Iterator[Path]) -> Iterable[Path]:
        count = int(asked[1]) if asked[1] else ceil(float(asked[2]) / 100 * _count(library))
        return longest_unchecked(folders, count)

    return _check_among(library, chosen, manner)


def _check_among(
    library: Library, choose: Callable[[Iterator[Path]], Iterable[Path]], manner: Manner
) -> Iterator[Checked]:
    """Check the objects that are chosen of all, then what lies between them, then what the catalogue knows."""
    strays, seen = list[Problem](), array("q")

    def passing() -> Iterator[Path]:
        for folder in survey(library.archive.root, strays):
            seen.append(hash(str(folder)))  # eight bytes an object, of a million too
            yield folder

    yield from check_objects(library.archive, choose(passing()), manner)
    yield Checked(faults=tuple(root_faults(library.archive, strays)))
    yield Checked(faults=tuple(_compared(library, seen)))


def _count(library: Library) -> int:
    return sum(1 for _ in survey(library.archive.root, []))


def _expected(library: Library) -> int | None:
    """Return how many objects the catalogue knows, None where it cannot be asked."""
    try:
        return len(library.object_ids()) if sys.stderr.isatty() else None
    except (Outdated, StorageError, HomeHeld):
        return None


def _compared(library: Library, seen: "array[int]") -> Iterator[Problem]:
    """Yield a fault for each object that only the catalogue or only the archive knows."""
    try:
        library.catalogue.verify()
    except (Outdated, StorageError) as fault:
        say(f"The catalogue was not compared. {fault}")
        return
    there, known, lost = set(seen), 0, dict[str, Path]()
    for object_id in library.object_ids():
        folder = library.archive.folder(object_id)
        known += hash(str(folder)) in there
        if hash(str(folder)) not in there and not folder.is_dir():
            lost[object_id] = folder
    strange = [*library.uncatalogued()] if known < len(there) else []
    if lost or strange:
        busy = library.archive.unfinished()  # before asking again: what is no longer in writing is catalogued
        now_known = set(library.object_ids())
        yield from (problem("object-lost", str(lost[one]), object=one) for one in lost if one in now_known)
        behind = {one: library.archive.folder(one) for one in strange if one not in now_known}
        unknown = ((one, folder) for one, folder in behind.items() if folder not in busy)
        yield from (problem("catalogue-behind", str(folder), object=one) for one, folder in unknown)
