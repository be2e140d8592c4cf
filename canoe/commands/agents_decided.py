"""canoe agents proposals and decide: what may be one, as a table to be worked through, and the table taken back in."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.agents import Deciding, deciding, keep, keep_apart, merge
from archive.agents_following import look_at_agents
from archive.agents_lookup import as_authority, find, is_above
from archive.agents_proposals import Proposal, proposals
from canoe.commands.exporting import write
from canoe.commands.ingesting import INPUTS_REFUSED
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines, say
from canoe.table_text import MARK, table_text
from metadata.agents import Parent
from metadata.agents_files import safe_line
from metadata.agents_likeness import THRESHOLD
from metadata.errors import UsageError
from metadata.table_cells import delimiter_of

DECISIONS = ("merge", "apart", "part")
_LARGEST = 64 << 20  # bytes of a table
_COLUMNS = (
    "decision", "why", "score", "kind", "agent", "name", "items", "other", "other_name", "other_items", "reasons",
)  # fmt: skip


def proposals_command(
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many, the likest.")] = 100,
    score: Annotated[float, typer.Option(min=0, max=1, help="Show those that score so much.")] = THRESHOLD,
    file: Annotated[
        Path | None, typer.Option("--csv", help="Write all of them to a table.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Propose which agents may be one, or one a part of another, with a score and what speaks for it.

    Nothing is merged. Names are compared, then with whom, on what and when the two have worked. Say canoe agents merge
    or canoe agents apart; or work through the table of --csv: write merge, apart or part (the second is a part of
    the first) into its column decision, and give it to canoe agents decide.
    """
    with look_at_agents(open_home(home).library) as index:
        found = proposals(index, score)
    if file:
        write(file, chain([MARK], (line.encode() for line in _table(found))))
        say(f"{counted(len(found), 'proposal')} written to {file}.")
        return
    for one in found[:limit]:
        print_json(_proposal_json(one)) if as_json else print_lines(_proposal_lines(one))
    if not as_json:
        print_lines([f"{counted(len(found), 'proposal')}."])


def decide_file(
    file: Annotated[Path, typer.Argument(help="The table of canoe agents proposals --csv.", show_default=False)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what somebody wrote into the column decision of a table of proposals: merge, apart or part.

    Rows without a decision are passed over. Each row is a decision of its own, and can be undone by itself.

    Exit codes: 0 done, 3 some rows could not be done, and are named.
    """
    counts, faults = dict.fromkeys(DECISIONS, 0), list[str]()
    rows = list(_decided_rows(file))
    with deciding(open_home(home).library) as held:
        for number, row in rows:
            try:
                _decide(held, row)
                counts[row["decision"]] += 1
            except UsageError as fault:
                faults.append(f"{file.name}#{number}: {fault.message}")
    if as_json:
        print_json({**counts, "refused": faults})
    else:
        print_lines([", ".join(f"{count} {name}" for name, count in counts.items())])
    for line in faults:
        say(line)
    if faults:
        raise typer.Exit(INPUTS_REFUSED)


def _decide(held: Deciding, row: dict[str, str]) -> None:
    one, other, why = row["agent"], row["other"], row.get("why") or "proposed"
    if row["decision"] == "merge":
        merge(held, [one, other], why)
    elif row["decision"] == "apart":
        keep_apart(held, [one, other], why)
    elif row["decision"] == "part":
        whole, part = find(held.index, one), as_authority(held.index, find(held.index, other))
        if is_above(held.index, {}, part.id, whole):
            raise UsageError(f"{whole} is itself part of {part.id}.")
        parents = tuple(dict.fromkeys((*part.parents, Parent(whole))))
        keep(held, [replace(part, parents=parents)], "edit", why)
    else:
        raise UsageError(f"{row['decision'][:40]!r} is no decision.", f"Write one of: {', '.join(DECISIONS)}.")


def _decided_rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    hint = "canoe agents proposals --csv FILE writes one."
    text = table_text(file, _LARGEST, hint)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    try:
        if not {"decision", "agent", "other"} <= {*(rows.fieldnames or ())}:
            raise UsageError(f"{file} is no table of proposals.", hint)
        for number, row in enumerate(rows, 2):
            told = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
            if told["decision"]:
                yield number, {**told, "decision": told["decision"].lower()}
    except csv.Error as fault:
        raise UsageError(f"{file} is no table after line {rows.line_num}: {fault}.") from fault


def _table(found: list[Proposal]) -> Iterator[str]:
    yield safe_line(_COLUMNS)
    for one in found:
        sides = (side for x in (one.one, one.other) for side in (x.id, x.name, x.items))
        yield safe_line(("", "", one.score, one.kind, *sides, ", ".join(one.reasons)))


def _proposal_json(one: Proposal) -> dict[str, Any]:
    return {"score": one.score, "kind": one.kind, "agent": one.one, "other": one.other, "reasons": one.reasons}


def _proposal_lines(one: Proposal) -> Iterator[str]:
    yield f"{one.score:.2f}  {one.one.name}  ({one.one.id}, {counted(one.one.items, 'item')})"
    joint = "has the part" if one.kind == "part" else "may be"
    yield f"      {joint} {one.other.name}  ({one.other.id}, {counted(one.other.items, 'item')})"
    yield f"      {', '.join(one.reasons)}"
