"""canoe agents: the persons and organisations, and what is decided about them."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.agents import deciding, history, keep, keep_apart, merge, split, undo
from archive.agents_following import look_at_agents
from archive.agents_import import Imported, import_agents
from archive.agents_index import AgentIndex
from archive.agents_lookup import as_authority, find, is_above, standing_id
from archive.agents_pages import (
    Listed,
    children,
    claimed_twice,
    co_agents,
    faults,
    listed,
    names_in_records,
    roles,
)
from canoe.commands.agents_decided import decide_file, proposals_command
from canoe.commands.exporting import write
from canoe.commands.ingesting import INPUTS_REFUSED
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines, say
from canoe.help_style import HELP_STYLE
from canoe.report import problem_json
from canoe.table_text import MARK
from metadata.agents import Authority
from metadata.agents_editing import edit
from metadata.agents_files import read_file, table
from metadata.errors import UsageError
from metadata.problems import problem

agents = typer.Typer(
    help="Persons and organisations: whose each name is, and who decided so. Nothing is merged but by you.",
    epilog="Begin with: canoe agents proposals, then canoe agents merge A B, or canoe agents apart A B",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=HELP_STYLE,
)
AgentArgument = Annotated[
    str, typer.Argument(help="An agent: its id, its name as it stands, or an identifier.", show_default=False)
]
AgentsArgument = Annotated[
    list[str], typer.Argument(help="Agents: ids, names as they stand, or identifiers.", show_default=False)
]
WhyOption = Annotated[str, typer.Option("--why", help="Why; it is kept with the decision.", show_default="none")]
_PAGE = 50

agents.command("proposals")(proposals_command)
agents.command("decide")(decide_file)


@agents.command("list")
def list_agents(
    query: Annotated[list[str] | None, typer.Argument(help="Words of a name.", show_default="all agents")] = None,
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, help="List at most so many.")] = _PAGE,
    after: Annotated[int, typer.Option(min=0, help="Pass over so many first.")] = 0,
    with_problems: Annotated[
        bool,
        typer.Option("--problems", help="List what is wrong instead: identifiers that are none, names of several."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List agents, by name; with words, those in whose names words begin so, whichever of their names it is.

    A star marks those about which somebody has decided something; the others are just what records say.
    """
    with look_at_agents(open_home(home).library) as index:
        if with_problems:
            _print_problems(index, as_json)
            return
        found = listed(index, " ".join(query or ()), after, limit)
        for one in found:
            print_json(one) if as_json else print_lines([_listed_line(one)])
    if len(found) == limit:
        say(f"There may be more: --after {after + limit}")


@agents.command("show")
def show_agent(agent: AgentArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show an agent: its names, identifiers, parents and items, and every decision about it with who and why."""
    opened = open_home(home)
    with look_at_agents(opened.library) as index:
        one = as_authority(index, find(index, agent))
        decisions = [state.decision for state in history(opened.library, one.id) if state.decision]
        told = {
            "agent": one,
            "in_records": [{"name": name, "contributions": count} for name, count in names_in_records(index, one.id)],
            "roles": roles(index, one.id),
            "with": co_agents(index, one.id, 20),
            "parts": [{"id": part.id, "name": part.name.value} for part in children(index, one.id)],
            "decisions": decisions,
        }
        print_json(told) if as_json else print_lines(_shown_lines(index, one, told))


@agents.command("merge")
def merge_agents(
    named: AgentsArgument, why: WhyOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Make one agent of several: the first stays, with the names, identifiers and items of all.

    The pages of the others lead to it. No item is changed; canoe agents undo takes all of it back.

    Example: canoe agents merge "Marsden, Eleanor" "Marsden, E." --why "the same ORCID in her thesis"
    """
    with deciding(open_home(home).library) as held:
        made = merge(held, named, why)
    _print_decided(made, [f"{made.name.value} ({made.id}) is now all of them."], as_json)


@agents.command("split")
def split_agent(
    agent: AgentArgument,
    named: Annotated[list[str] | None, typer.Argument(help="Its names or identifiers that are another's.")] = None,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="Only on this item; say it again for others.")
    ] = None,
    why: WhyOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Part names or identifiers from an agent, as an agent of their own; with --item only what these items have.

    Two people of one name are parted by their items. The two are noted as different, and not proposed again.

    Example: canoe agents split "Smith, J." --item c7ahmjjc4k --why "the geologist"
    """
    opened = open_home(home)
    with deciding(opened.library) as held:
        for one in item or ():
            opened.library.item(one)  # raises NotFound
        rest, made = split(held, agent, named or (), item or (), why)
    _print_decided(made, [f"{made.name.value} is now {made.id}; {rest.id} is {rest.name.value}."], as_json)


@agents.command("apart")
def keep_agents_apart(
    named: AgentsArgument, why: WhyOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Note that agents are different, so that nobody proposes again to merge them."""
    with deciding(open_home(home).library) as held:
        made = keep_apart(held, named, why)
    lines = [f"{one.name.value} ({one.id}) is another than the other" for one in made]
    print_json(made) if as_json else print_lines(lines)


@agents.command("edit")
def edit_agent(
    agent: AgentArgument,
    assignments: Annotated[list[str], typer.Option("--set", help="field=value, field+=value, field-=value or field=.")],
    why: WhyOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put right what is known of an agent: name, variant, identifier, parent, language, begun, ended, kind, note.

    A name takes its language after an at sign (variant@fr+=UICN); the old name stays as a variant. A parent is
    an agent, with dates if they are known: parent+="IUCN [1949/]". An identifier is scheme:number, and its check
    character must be right.

    Example: canoe agents edit "Marsden, E." --set "name=Marsden, Eleanor" --set identifier+=orcid:0000-0002-1825-0097
    """
    with deciding(open_home(home).library) as held:
        before = as_authority(held.index, find(held.index, agent))
        made = edit(before, assignments, lambda text: find(held.index, text))
        for parent in made.parents:
            if is_above(held.index, {}, made.id, parent.agent):
                raise UsageError(f"{parent.agent} is itself part of {made.id}.", "Name another parent.")
        kept = keep(held, [made], "edit", why)[0] if made != before else before
    told = "is edited" if made != before else "is like that already; nothing was changed"
    _print_decided(kept, [f"{kept.name.value} ({kept.id}) {told}."], as_json)


@agents.command("undo")
def undo_decision(
    decided: Annotated[str, typer.Argument(help="An agent, or the id of a decision (canoe agents show).")],
    why: WhyOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back the last decision about an agent, or one by its id, with all that it did to others.

    After an undone merge every name, identifier and item is whose it was. Done again, it takes back the decision
    before that. What was decided since about one of the agents is to be undone first, and is named.
    """
    with deciding(open_home(home).library) as held:
        decision, made = undo(held, decided, why)
    if as_json:
        print_json({"undone": decision, "agents": made})
    else:
        print_lines([f"Undone: {decision.kind} of {decision.at[:10]} by {decision.by or 'nobody named'}."])
        print_lines(f"    {one.name.value} ({one.id}) is as it was." for one in made[:20])


@agents.command("export")
def export_agents(
    home: HomeOption = None,
    file: Annotated[
        Path | None, typer.Option("--to", help="The file to write.", show_default="standard output")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Those about whom nothing was decided, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the authorities as a table (CSV), which canoe agents import takes in again; with --json a line each."""
    with look_at_agents(open_home(home).library) as index:
        where = "" if every else "WHERE key IS NULL"
        ids = (row[0] for row in index.ask(f"SELECT id FROM agents {where} ORDER BY sort, id"))  # noqa: S608
        found = (as_authority(index, one) for one in ids)
        if as_json:
            for one in found:
                print_json(one)
        else:
            write(file, chain([MARK] if file else [], (line.encode() for line in table(found))))


@agents.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A table (CSV), or MARC 21 authority records.", show_default=False)],
    why: WhyOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in an authority file: a table (CSV) as canoe agents export writes it, or MARC 21 authority records.

    A row with an id says what that agent is; another is added to the agent with its identifier, else its name, else
    it is new. Only the column name is needed; cells with several values part them by a bar. It is one decision, so
    one canoe agents undo takes it back.

    Exit codes: 0 done, 3 done, but some rows name nobody.
    """
    opened = open_home(home)
    try:
        with file.open("rb") as stream, deciding(opened.library) as held:
            report = import_agents(held, read_file(stream, file.name), why or f"from {file.name}")
    except OSError as fault:
        raise UsageError(f"{file} cannot be read: {fault.strerror}.") from fault
    _print_imported(report, as_json)
    if report.refused:
        raise typer.Exit(INPUTS_REFUSED)


def _print_imported(report: Imported, as_json: bool) -> None:
    counts = {"new": report.new, "changed": report.changed, "same": report.same, "refused": report.refused}
    if as_json:
        print_json({**counts, "problems": [problem_json(one) for one in report.problems]})
        return
    for one in report.problems:
        say(f"{one.severity}: {one.where}: {one.message()}")
    print_lines([", ".join(f"{count} {name}" for name, count in counts.items() if count) or "Nothing was taken in."])


def _print_decided(made: Authority, lines: Sequence[str], as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    print_lines(lines)
    if made.decision:
        print_lines([f"canoe agents undo {made.decision.id} takes that back."])


def _print_problems(index: AgentIndex, as_json: bool) -> None:
    found = [problem("agent-identifier-wrong", one.item, value=f"{one.scheme}:{one.value}") for one in faults(index)]
    for key, claimants in claimed_twice(index):
        value = key.removeprefix("name:")
        found.append(problem("agent-name-shared", claimants[0], value=value, agents=", ".join(claimants)))
    for one in found:
        print_json(problem_json(one)) if as_json else print_lines([f"{one.severity}: {one.where}: {one.message()}"])


def _listed_line(one: Listed) -> str:
    return f"{one.id} {'*' if one.decided else ' '} {counted(one.items, 'item'):>10}  {one.name}"


def _shown_lines(index: AgentIndex, one: Authority, told: dict[str, Any]) -> Iterator[str]:
    yield f"{one.name.value}  ({one.kind}, {one.id})"
    yield from (f"    also {text.value}{f' ({text.language})' if text.language else ''}" for text in one.variants)
    yield from (f"    {number.scheme}:{number.value}" for number in one.identifiers)
    if one.begun or one.ended:
        yield f"    {one.begun} – {one.ended}"
    for parent in one.parents:
        when = f" {parent.since or '…'}–{parent.until or '…'}" if parent.since or parent.until else ""
        if above := standing_id(index, parent.agent):
            yield f"    part of {as_authority(index, above).name.value} ({above}){when}"
    yield from (f"    has part {part['name']} ({part['id']})" for part in told["parts"])
    if one.note:
        yield f"    {one.note}"
    yield from (f"    {role}: {counted(count, 'item')}" for role, count in told["roles"].items())
    yield from (f"    as {row['name']}: {row['contributions']}" for row in told["in_records"])
    yield from (f"    with {other.name}: {counted(other.count, 'item')}" for other in told["with"][:10])
    for decision in told["decisions"]:
        yield f"    {decision.at[:19]} {decision.kind} {decision.id} by {decision.by or '?'}: {decision.why or '-'}"
