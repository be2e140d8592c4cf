"""canoe withdraw, restore, rebuild: the archive and what is made from it."""

from typing import Annotated

import typer

from archive.library import Library
from canoe.commands.options import (
    HomeOption,
    ItemArgument,
    open_home,
    print_lines,
    say,
)
from canoe.home import Home
from canoe.settings import home_folder
from metadata.errors import DamageFound, UsageError


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
        say(f"Search index made again: {opened.rebuild_index()} items taken in.")
    for fault in damaged:
        say(str(fault))
    if damaged:
        raise typer.Exit(DamageFound.exit_code)
