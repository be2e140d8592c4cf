"""canoe withdraw, restore, rebuild: the archive and what is made from it."""

from typing import Annotated

import typer

from archive.library import Library
from canoe.approving import approve_items, waiting_of
from canoe.commands.options import (
    HomeOption,
    ItemArgument,
    JsonOption,
    open_home,
    print_json,
    print_lines,
    say,
)
from canoe.home import Home
from canoe.settings import home_folder
from metadata.description import shorten
from metadata.errors import DamageFound, UsageError
from metadata.model import Item


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
        if found.status == "held":
            raise UsageError(f"{item} is held for approval and was never public.", _HELD)
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
        if found.status == "held":
            raise UsageError(f"{item} is held for approval and was never public.", f"canoe approve {item}")
        writer.restore(found)
    opened.update_index_with_others()
    print_lines([f"{item} is published again."])


_HELD = "canoe undo takes back the accession that brought it."


def approve(
    items: Annotated[list[str] | None, typer.Argument(metavar="ITEM...", help="Their ids.", show_default=False)] = None,
    accession: Annotated[
        str, typer.Option(help="All that this accession brought and is held.", show_default="none")
    ] = "",
    listing: Annotated[bool, typer.Option("--list", help="Only list what is held for approval.")] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the item.", show_default="none")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make public what was held for approval: readers and harvesters have it from that moment.

    With --json a line for each item: its id, its title, and whether it was approved.

    Example: canoe approve c7ahmjjc4k --reason "looked through"
    """
    opened = open_home(home)
    if listing:
        for change in opened.library.catalogue.waiting():
            _tell(change.item, False, as_json)
        return
    if bool(items) == bool(accession):
        raise UsageError("Name items, or one accession.", "canoe approve --list shows what is held for approval.")
    for done in approve_items(opened, items or waiting_of(opened.library, accession), reason.strip()):
        _tell(done.item, done.approved, as_json)
    opened.update_index_with_others()


def _tell(item: Item, approved: bool, as_json: bool) -> None:
    if as_json:
        print_json({"item": item.id, "title": item.title.value, "status": item.status, "approved": approved})
    else:
        print_lines([f"{item.id} is {'approved' if approved else item.status}: {shorten(item.title.value, 80)}"])


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
