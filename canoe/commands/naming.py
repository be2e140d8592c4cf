"""canoe doi: the DOI ledger, and what the agency is told."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from typing import Annotated, Any

import msgspec
import typer

from archive.doi_ledger import DoiLedger, DoiRow, look_into
from canoe.choosing import chosen
from canoe.commands.ingesting import INPUTS_REFUSED
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines, say
from canoe.help_style import HELP_STYLE
from canoe.home import Home
from canoe.registering import ledger_of, registering
from ingest.doi_reconcile import Difference, reconcile
from ingest.doi_reserve import is_doubtful, nameless, reserve
from ingest.doi_sync import Synced, sync
from ingest.registrars import AgencyTrouble
from metadata.errors import DamageFound, UsageError
from metadata.ids import is_item_id
from metadata.model import Item
from metadata.problems import Problem

STATES = ("reserved", "waiting", "parked", "findable", "registered", "withdrawn")
"""What a DOI is shown as: named only; on its way; refused; as the agency has it; withdrawn before it was registered."""

_MOST_SHOWN = 200
_RESERVE_HINT = "docs/how-to/name-with-dois.md says how to name with DOIs."

doi = typer.Typer(
    help="The DOIs: what the agency knows of them, and what it is still to be told.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=HELP_STYLE,
)


@doi.command("status")
def status(
    home: HomeOption = None,
    state: Annotated[
        str, typer.Option(help="List only these: " + ", ".join(STATES) + ".", show_default="waiting and parked")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show how many DOIs stand how, and those that need somebody, or time."""
    if state and state not in STATES:
        raise UsageError(f"There is no state {state}.", f"There are: {', '.join(STATES)}.")
    opened = open_home(home)
    with look_into(opened.path, opened.library) as ledger:
        _print_status_json(opened, ledger, state) if as_json else print_lines(_status_lines(opened, ledger, state))


@doi.command("reserve")
def reserve_dois(
    query: Annotated[
        str, typer.Argument(help="Only what this finds; or one item's id.", show_default="everything")
    ] = "",
    home: HomeOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Write nothing; say what would be reserved.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Reserve DOIs for items that have none: those that came in before there was a prefix for them.

    Nothing is reserved for what has a DOI elsewhere, is withdrawn or was harvested. Where a file may tell of a
    DOI elsewhere that is not sure, the item is passed over unless it is named by its id. Broken off, it can be
    run again.
    """
    opened = open_home(home)
    prefixes = opened.settings.doi.prefixes
    if not prefixes.all:
        raise UsageError("No DOIs are reserved: canoe.toml sets no doi.prefix.", _RESERVE_HINT)
    library, is_one = opened.library, is_item_id(query)
    items = iter([library.item(query)]) if is_one else chosen(opened, query)
    found = (one for one in nameless(items, prefixes) if is_one or not is_doubtful(library, one))
    with nullcontext() if plan else library.writer() as writer:
        named = Counter(_tell_named(one, as_json) for one in (reserve(library, writer, found) if writer else found))
    if writer and named.total():
        opened.update_index_with_others()
    say(f"{counted(named.total(), 'DOI')} {'would be' if plan else 'are now'} reserved.")


def _tell_named(item: Item, as_json: bool) -> str:
    """Print an item's DOI; return its prefix."""
    name = item.doi.name if item.doi else ""
    print_json({"item": item.id, "doi": name}) if as_json else print_lines([f"{name}  {item.id}  {item.title.value}"])
    return name.partition("/")[0]


@doi.command("sync")
def sync_dois(
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=0, help="Make at most so many calls.", show_default="any number")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say only what needs somebody; for cron.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell the agency what it does not know yet. Run it as often as you like: nothing is sent twice in vain.

    Exit codes: 0 done, or the agency needs a rest and a later run goes on; 2 the agency does not let this
    library in; 3 some DOIs were refused (named once, then by canoe doi status); 5 another run is at it.
    """
    opened = open_home(home)
    with registering(opened) as office:
        done = sync(office, limit)
        agency = office.registrar.agency
    if as_json:
        print_json(_synced_json(done))
    else:
        print_lines(_synced_lines(done, agency, quiet))
    if done.kept:
        opened.update_index_with_others()
    if done.is_denied:
        hint = (
            "Check doi.prefix and doi.endpoint in canoe.toml, CANOE_DOI_USER and CANOE_DOI_PASSWORD; then run it again."
        )
        raise UsageError(f"{agency} does not let this library in: {done.stopped.rstrip('. ')}.", hint)
    if done.parked:
        raise typer.Exit(INPUTS_REFUSED)


@doi.command("retry")
def retry(
    dois: Annotated[list[str] | None, typer.Argument(help="These DOIs.", show_default="all parked")] = None,
    home: HomeOption = None,
) -> None:
    """Let DOIs be sent again at the next run: those that are parked, or those named, whatever the agency has."""
    with ledger_of(open_home(home)) as ledger:
        number = ledger.retry(dois or [])
    print_lines([f"{counted(number, 'DOI')} will be sent again: canoe doi sync" if number else "No DOI is parked."])


@doi.command("reconcile")
def reconcile_dois(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Ask the agency for every DOI it has accepted, and name those that are otherwise there.

    Exit codes: 0 all agree, 4 some differ.
    """
    opened = open_home(home)
    found: list[Difference] = []
    with registering(opened) as office:
        office.ledger.follow(office.library)
        try:
            for difference in reconcile(office):
                found.append(difference)
                print_json(difference) if as_json else print_lines([_difference_line(difference)])
        except AgencyTrouble as fault:
            raise UsageError(f"{office.registrar.agency} cannot be asked: {fault}.", "Try again later.") from fault
    if found:
        say("canoe doi retry DOI sends what the library has.")
        raise typer.Exit(DamageFound.exit_code)
    say("The agency has what the library has.")


def shown_as(row: DoiRow, is_registering: bool) -> str:
    """Return one of :data:`STATES`."""
    if row.phase == "parked":
        return "parked"
    if not row.wanted:
        return "withdrawn" if row.status == "withdrawn" else row.state
    if row.phase == "settled":
        return row.accepted or row.state
    if is_registering:
        return "waiting"
    return row.accepted or row.state


def _print_status_json(home: Home, ledger: DoiLedger, state: str) -> None:
    """Print one JSON document, the DOIs in it one by one: there may be a hundred thousand."""
    doi = home.settings.doi
    told = {"registrar": doi.registrar, "prefix": doi.prefix or None, "counts": _counts(home, ledger)}
    sys.stdout.write(msgspec.json.encode(told).decode().removesuffix("}") + ',"dois":[')
    for number, row in enumerate(_listed(home, ledger, state)):
        sys.stdout.write(("," if number else "") + msgspec.json.encode(_row_json(home, row)).decode())
    sys.stdout.write("]}\n")


def _row_json(home: Home, row: DoiRow) -> dict[str, Any]:
    problem = _problem_of(row)
    return {
        "doi": row.name,
        "item": row.item,
        "state": shown_as(row, _is_registering(home, row)),
        "wanted": row.wanted or None,
        "accepted": row.accepted or None,
        "accepted_at": row.accepted_at or None,
        "agency": row.agency or None,
        "attempts": row.attempts,
        "next_try": row.next_try or None,
        "problem": {"code": problem.code, "message": problem.message()} if problem else None,
        "answer": row.answer or None,
        "sent": row.document or None,
    }


def _counts(home: Home, ledger: DoiLedger) -> dict[str, int]:
    counted_rows = Counter(shown_as(row, _is_registering(home, row)) for row in ledger.rows())
    return {state: counted_rows[state] for state in STATES}


def _status_lines(home: Home, ledger: DoiLedger, state: str) -> Iterator[str]:
    counts = _counts(home, ledger)
    yield from (f"{state:<12} {number:>9}" for state, number in counts.items() if number)
    if not any(counts.values()):
        yield "No item has a DOI of this library's."
    rows = _listed(home, ledger, state)
    for row in islice(rows, _MOST_SHOWN):
        yield f"{row.name}  {row.item}  {_standing(row, home)}"
        yield from _told(row)
    if next(rows, None):
        yield "… and more; canoe doi status --json lists all."


def _told(row: DoiRow) -> Iterator[str]:
    if (problem := _problem_of(row)) and row.phase == "parked":
        yield f"    {problem.severity}: {problem.message()}"
    elif row.answer:
        tried = f"{counted(row.attempts, 'attempt')}; " if row.attempts else ""
        yield f"    {tried}last answer: {row.answer}"


def _standing(row: DoiRow, home: Home) -> str:
    since = f" since {row.accepted_at[:10]}" if row.accepted_at else ""
    shown = shown_as(row, _is_registering(home, row))
    return f"{shown}{since if shown == row.accepted else ''}"


def _listed(home: Home, ledger: DoiLedger, state: str) -> Iterator[DoiRow]:
    wanted = (state,) if state else ("waiting", "parked")
    return (row for row in ledger.rows() if shown_as(row, _is_registering(home, row)) in wanted)


def _is_registering(home: Home, row: DoiRow) -> bool:
    """Say whether the agency is told of a DOI: not of one whose prefix the settings have not, unless it knows it."""
    doi = home.settings.doi
    return doi.registrar != "none" and bool(row.accepted or row.name.partition("/")[0] in doi.prefixes.all)


def _problem_of(row: DoiRow) -> Problem | None:
    return msgspec.json.decode(row.problem, type=Problem) if row.problem else None


def _synced_json(done: Synced) -> dict[str, Any]:
    parked = [
        {"doi": row.name, "item": row.item, "code": told.code, "message": told.message()}
        for row in done.parked
        if (told := _problem_of(row))
    ]
    return {
        "calls": done.calls,
        "accepted": done.accepted,
        "kept": done.kept,
        "unkept": done.unkept,
        "parked": parked,
        "stopped": done.stopped or None,
    }


def _synced_lines(done: Synced, agency: str, quiet: bool) -> Iterator[str]:
    for row in done.parked:
        if told := _problem_of(row):
            yield f"! {row.name}  {row.item}"
            yield f"    {told.severity}: {told.message()}"
    if quiet:
        return
    yield f"{agency}: {counted(done.calls, 'call')}, {done.accepted} accepted, {len(done.parked)} parked."
    if done.unkept:
        yield f"{counted(done.unkept, 'DOI')} accepted; the archive is being written to, the next run notes it there."
    if done.stopped and not done.is_denied:
        yield f"It needs a rest ({done.stopped}); the next run goes on."


def _difference_line(difference: Difference) -> str:
    return f"{difference.doi}  {difference.item}  {difference.field}: here {difference.here}, there {difference.there}"
