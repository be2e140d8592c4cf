"""canoe redirects: the table of old web addresses."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from archive.redirects import bearers, keep_redirects, read_redirects
from canoe.commands.ingesting import INPUTS_REFUSED
from canoe.commands.options import HomeOption, JsonOption, open_home, print_json, print_lines
from canoe.help_style import HELP_STYLE
from canoe.redirecting import Taking, Wish, amiss, read_wishes, take
from metadata.errors import DamageFound, NotFound
from metadata.old_addresses import old_address
from metadata.problems import Problem

redirects = typer.Typer(
    help="Old web addresses: each leads on to the page of an item.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=HELP_STYLE,
)


@redirects.command("add")
def add(
    old: Annotated[str, typer.Argument(help="A CSV file; or one old address: a path, or the whole of it.")],
    item: Annotated[
        str, typer.Argument(help="With an address: an item's id, DOI or other identifier.", show_default=False)
    ] = "",
    home: HomeOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Write nothing; say what would be refused.")] = False,
    ahead: Annotated[bool, typer.Option("--ahead", help="Take addresses of items still to come, too.")] = False,
    over: Annotated[bool, typer.Option("--replace", help="Let an address that is known lead elsewhere.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take old addresses into the table, from a CSV file (address, item) or one by one.

    Lines that cannot be taken are named, and the others are taken. The same again changes nothing.

    Example: canoe redirects add old-addresses.csv

    Exit codes: 0 all were taken, 3 some were refused.
    """
    opened = open_home(home)
    wishes = [Wish(old, item)] if item else list(read_wishes(Path(old)))
    with nullcontext() if plan else opened.library.writer() as writer:
        taken = take(opened.library, read_redirects(opened.library.archive), wishes, Taking(ahead, over))
        if writer:
            keep_redirects(writer, taken.table, f"Old addresses added: {taken.changed}")
    if as_json:
        told = [_problem_json(one) for one in taken.refused]
        print_json({"added": taken.changed, "known": taken.same, "refused": told, "total": len(taken.table)})
    else:
        print_lines(_shown(one) for one in taken.refused)
        would = "would be " if plan else ""
        counts = f"{taken.changed} {would}added, {taken.same} known already, {len(taken.refused)} refused"
        print_lines([f"{counts}; the table has {len(taken.table)}."])
    if taken.refused:
        raise typer.Exit(INPUTS_REFUSED)


@redirects.command("list")
def list_redirects(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the old addresses, with what each leads to, in their order."""
    for address, target in sorted(read_redirects(open_home(home).library.archive).items()):
        print_json({"address": address, "item": target}) if as_json else print_lines([f"{address}  {target}"])


@redirects.command("remove")
def remove(
    old: Annotated[list[str], typer.Argument(help="Old addresses: paths, or the whole of them.")],
    home: HomeOption = None,
) -> None:
    """Take addresses out of the table; nothing is done where it lacks one of them."""
    opened = open_home(home)
    with opened.library.writer() as writer:
        table = read_redirects(writer.archive)
        for address in old:
            if table.pop(old_address(address), None) is None:
                raise NotFound(f"The table has no address {address}.", "canoe redirects list shows all.")
        keep_redirects(writer, table, f"Old addresses taken out: {len(old)}")
    print_lines([f"{len(old)} taken out; the table has {len(table)}."])


@redirects.command("check")
def check(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Name the addresses that lead nowhere, or to several items, or that the site itself uses by now.

    Exit codes: 0 all lead to an item, 4 some do not.
    """
    library = open_home(home).library
    table = read_redirects(library.archive)
    found = list(amiss(library, table))
    if as_json:
        gone = sum(any(one.status == "withdrawn" for one in bearers(library.catalogue, t)) for t in table.values())
        print_json({"total": len(table), "withdrawn": gone, "problems": [_problem_json(one) for one in found]})
    else:
        print_lines(_shown(one) for one in found)
        print_lines([f"{len(table) - len(found)} of {len(table)} lead to an item."])
    if found:
        raise typer.Exit(DamageFound.exit_code)


def _shown(one: Problem) -> str:
    return f"{one.where or '—'}: {one.message()}"


def _problem_json(one: Problem) -> dict[str, str]:
    return {"where": one.where, "code": one.code, "message": one.message()}
