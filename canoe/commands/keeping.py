"""canoe withdraw, restore, check, rebuild: the archive and what is made from it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from archive.check import check_archive, check_object
from archive.library import Library
from archive.replay import item_object
from canoe.commands.options import (
    HomeOption,
    ItemArgument,
    JsonOption,
    counted,
    open_home,
    print_json,
    print_lines,
    say,
)
from canoe.home import Home
from canoe.report import problem_json
from canoe.settings import home_folder
from metadata.errors import DamageFound, NotFound, Outdated, StorageError, UsageError
from metadata.problems import Problem, problem


def withdraw(
    item: ItemArgument,
    reason: Annotated[str, typer.Option(help="Why; it stands on the tombstone page.")],
    home: HomeOption = None,
) -> None:
    """Withdraw an item: harvesters are told, readers find a tombstone with the reason, nothing is lost."""
    if not reason.strip():
        raise UsageError("The reason is empty.", "Say why: it stands on the tombstone page.")
    opened = open_home(home)
    with opened.library.writer() as writer:
        found = opened.library.item(item)
        if found.status == "withdrawn":
            print_lines([f"{item} was withdrawn before: {found.reason}"])
            return
        writer.withdraw(found, reason.strip())
    opened.update_index_with_others()
    print_lines([f"{item} is withdrawn. canoe restore {item} brings it back."])


def restore(item: ItemArgument, home: HomeOption = None) -> None:
    """Publish a withdrawn item again."""
    opened = open_home(home)
    with opened.library.writer() as writer:
        found = opened.library.item(item)
        if found.status == "published":
            print_lines([f"{item} is published already; nothing was changed."])
            return
        writer.restore(found)
    opened.update_index_with_others()
    print_lines([f"{item} is published again."])


def check(
    items: Annotated[list[str] | None, typer.Argument(help="Only these items.", show_default="everything")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify every digest and the structure of every object of the archive; every fault is named.

    What the catalogue knows and the archive lacks, or the other way round, is a fault too.

    Exit codes: 0 all is well, 4 damage was found.
    """
    opened = Home.read(home_folder(home))
    library = Library.open_unverified(opened.path, opened.publishing)
    library.heal_if_free()
    checked, faults = 0, []
    for folder, found in _checked(library, items or []):
        checked += folder not in (library.archive.root, library.catalogue.path)
        faults += found
        if not as_json:
            print_lines(f"{one.where}: {one.message()}" for one in found)
    if as_json:
        print_json({"objects": checked, "faults": [problem_json(one) for one in faults]})
    else:
        print_lines([f"{counted(checked, 'object')} checked, {counted(len(faults), 'fault')}."])
    if faults:
        raise typer.Exit(DamageFound.exit_code)


def _checked(library: Library, items: Sequence[str]) -> Iterator[tuple[Path, list[Problem]]]:
    if not items:
        yield from check_archive(library.archive)
        yield library.catalogue.path, list(_compared(library))
    for item in items:
        folder = library.archive.folder(_object_of(library, item))
        yield folder, check_object(folder, library.archive)


def _object_of(library: Library, item: str) -> str:
    if library.archive.folder(item_object(item)).exists():
        return item_object(item)
    held = library.catalogue.held(item)
    if held is None:
        raise NotFound(f"There is no item {item}.")
    return held.object_id


def _compared(library: Library) -> Iterator[Problem]:
    """Yield a fault for each object that only the catalogue or only the archive knows."""
    try:
        library.catalogue.verify()
    except (Outdated, StorageError) as fault:
        say(f"The catalogue was not compared. {fault}")
        return
    for object_id in library.object_ids():
        if not library.archive.folder(object_id).is_dir():
            yield problem("object-lost", str(library.archive.folder(object_id)), object=object_id)
    for object_id in library.uncatalogued():
        yield problem("catalogue-behind", str(library.archive.folder(object_id)), object=object_id)


def rebuild(
    home: HomeOption = None,
    catalogue: Annotated[bool, typer.Option("--catalogue", help="Only the catalogue.")] = False,
    index: Annotated[bool, typer.Option("--index", help="Only the search index.")] = False,
) -> None:
    """Make catalogue and search index again from the archive alone; both when neither is named.

    A damaged object is named and left out; the rest of the library is there.

    Exit codes: 0 all is there, 4 some objects are damaged.
    """
    opened = Home.read(home_folder(home))
    damaged: tuple[DamageFound, ...] = ()
    if catalogue or not index:
        rebuilt = Library.open_unverified(opened.path, opened.publishing).rebuild_catalogue()
        damaged = rebuilt.damaged
        say(f"Catalogue made again from {rebuilt.objects} objects.")
    if index or not catalogue:
        opened.forget_index()
        say(f"Search index made again: {opened.update_index()} items taken in.")
    for fault in damaged:
        say(str(fault))
    if damaged:
        raise typer.Exit(DamageFound.exit_code)
