"""canoe classify, canoe subjects: concepts for items, proposed by the program and decided by people."""

import getpass
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from canoe.choosing import chosen
from canoe.classifying import decide, propose, suggester, verdict
from canoe.commands.exporting import write
from canoe.commands.ingesting import INPUTS_REFUSED
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines, say
from canoe.help_style import HELP_STYLE
from canoe.home import Home
from canoe.progress import counting
from canoe.report import problem_json
from canoe.subjects import Keyword, Proposal, Reconciliation, affected, apply_decisions, decision
from canoe.subjects_csv import read_table, table
from ingest.suggest import Suggester, Suggestion
from ingest.suggest_training import MOST_TEXTS
from metadata.errors import DamageFound, UsageError
from metadata.model import Item

ByOption = Annotated[str, typer.Option("--by", help="Who decides.", show_default="your login name")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is kept with the decision.", show_default="none")]


def classify(
    item: Annotated[str, typer.Argument(help="An item's id, ten characters.", show_default=False)] = "",
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many concepts an item.")] = 5,
    accept: Annotated[list[str] | None, typer.Option(help="The item gets this concept: a URI, or a label.")] = None,
    refuse: Annotated[list[str] | None, typer.Option(help="This concept is not proposed for it again.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Propose for all items; a JSON line each.")] = False,
    query: Annotated[
        str, typer.Option(help="Propose for what this finds; a JSON line each.", show_default="none")
    ] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Propose concepts for an item, from its title, abstract and pages, with the passages that say so.

    Nothing is ever changed unless you say so: --accept gives the item a concept, --refuse has one not
    proposed for it again. Both make a new version in the archive, which says who decided.

    Example: canoe classify c7ahmjjc4k --accept Wetlands --refuse Birds
    """
    if sum(map(bool, (item, every, query))) != 1:
        raise UsageError("Say for what: an item's id, --query or --all; one of them.")
    if (accept or refuse) and not item:
        raise UsageError("--accept and --refuse are for one item.", "Name it by its id.")
    opened = open_home(home)
    if accept or refuse:
        _decide(opened, item, (accept or [], refuse or []), by or _login())
    with counting("Learning from classified items", MOST_TEXTS) as done:
        proposer = suggester(opened, done)
    if not item:
        _print_all(opened, proposer, chosen(opened, query), limit)
        return
    one = opened.library.item(item)
    proposed = propose(opened, proposer, one, limit)
    if as_json:
        print_json(_item_json(opened, proposer, one, proposed))
    else:
        print_lines(_item_lines(opened, one, proposed))


def _decide(home: Home, item_id: str, given: tuple[list[str], list[str]], by: str) -> None:
    with home.library.writer() as writer:
        item = home.library.item(item_id)
        changed = decide(writer, home, item, verdict(home, item, *given, by))
    if changed:
        home.update_index_with_others()
    say(f"{item_id} is {'classified' if changed else 'like that already'}.")


def _print_all(home: Home, proposer: Suggester, items: Iterator[Item], limit: int) -> None:
    """Print a line for each item; raises Exit with 4 at the end where pages could not be read."""
    damaged = 0
    for item in items:
        if item.status == "withdrawn":
            continue
        try:
            proposed = propose(home, proposer, item, limit)
        except DamageFound as fault:
            damaged += 1
            say(f"{fault.message} {fault.hint}")
            continue
        print_json(_item_json(home, proposer, item, proposed))
    if damaged:
        raise typer.Exit(DamageFound.exit_code)


def _item_json(home: Home, proposer: Suggester, item: Item, proposed: Sequence[Suggestion]) -> dict[str, Any]:
    suggestions = [
        {
            "concept": one.concept,
            "label": _label(home, one.concept),
            "score": round(one.score, 3),
            "passages": [{"in": p.kind, "page": p.page or None, "snippet": p.snippet} for p in one.passages],
        }
        for one in proposed
    ]
    return {
        "item": item.id,
        "title": item.title.value,
        "concepts": item.concepts,
        "learnt_from": proposer.model.texts,
        "suggestions": suggestions,
    }


def _item_lines(home: Home, item: Item, proposed: Sequence[Suggestion]) -> Iterator[str]:
    yield f"{item.id}  {item.title.value}"
    yield from (f"  = {_label(home, uri)}  {uri}" for uri in item.concepts)
    for one in proposed:
        yield f"  ? {one.score:.2f}  {_label(home, one.concept)}  {one.concept}"
        yield from (f"      {f'page {p.page}' if p.page else p.kind}: {p.snippet}" for p in one.passages)
    if not proposed:
        yield "  Nothing is proposed."


def _label(home: Home, uri: str) -> str:
    found = home.vocabulary.concepts.get(uri)
    return found.label(home.settings.library.language).value if found else uri


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name
        return ""


subjects = typer.Typer(
    help="Keywords that match no concept: what they might mean, and what you decide.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=HELP_STYLE,
)


@subjects.callback()
def listed(
    context: typer.Context,
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=0, help="The keywords of most items; 0 for all.")] = 50,
    file: Annotated[
        Path | None, typer.Option("--csv", help="Write a table to decide in, for a spreadsheet.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the keywords that match no concept, with how many items have each, and what they may mean.

    Without a command after it; --json prints a JSON line a keyword. Keywords that were decided to stay are left out.
    """
    if context.invoked_subcommand:
        return
    opened = open_home(home)
    found = Reconciliation(opened)
    keywords = found.unmatched()
    rows = ((one, found.proposals(one)) for one in (keywords[:limit] if limit else keywords))
    if file:
        write(file, table(opened, rows))
        say(f"{counted(len(keywords[:limit] if limit else keywords), 'keyword')} written to {file}.")
    elif as_json:
        for keyword, proposals in rows:
            print_json(_keyword_json(opened, keyword, proposals))
    else:
        print_lines(_keyword_lines(opened, rows))
    if not file and limit and len(keywords) > limit:
        say(f"{counted(len(keywords) - limit, 'keyword')} more; --limit 0 lists all.")


@subjects.command("decide")
def decide_keyword(
    keyword: Annotated[str, typer.Argument(help="The keyword, in any case.", show_default=False)],
    concept: Annotated[str, typer.Argument(help="The concept: a URI, or a label of it alone.", show_default=False)],
    home: HomeOption = None,
    language: Annotated[str, typer.Option(help="Only where it is in this language.", show_default="any")] = "",
    by: ByOption = "",
    reason: ReasonOption = "",
    plan: Annotated[bool, typer.Option("--plan", help="Write nothing; say how many items would change.")] = False,
) -> None:
    """Decide that a keyword is a concept: its items get it in place of the keyword, and so do items that come later."""
    if not concept:
        raise UsageError("No concept is named.", "canoe subjects keep KEYWORD has it stay a keyword.")
    _decided(home, [(keyword, concept, language)], by or _login(), reason, plan)


@subjects.command("keep")
def keep_keyword(
    keyword: Annotated[str, typer.Argument(help="The keyword, in any case.", show_default=False)],
    home: HomeOption = None,
    language: Annotated[str, typer.Option(help="Only where it is in this language.", show_default="any")] = "",
    by: ByOption = "",
    reason: ReasonOption = "",
) -> None:
    """Decide that a keyword is no concept and stays: it is matched with none, and listed no more."""
    _decided(home, [(keyword, "", language)], by or _login(), reason, plan=False)


@subjects.command("apply")
def apply_table(
    file: Annotated[Path, typer.Argument(help="What --csv wrote, its column decision filled in.", show_default=False)],
    home: HomeOption = None,
    by: ByOption = "",
    reason: ReasonOption = "",
    plan: Annotated[bool, typer.Option("--plan", help="Write nothing; say how many items would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Do what a table says under `decision`: a concept's URI or label, `yes` for what is proposed, `keep`.

    Stopped in the middle it can be run again, and goes on. Exit codes: 0 done, 3 some lines were refused.
    """
    opened = open_home(home)
    read = read_table(opened, file, by or _login(), reason)
    for one in read.problems:
        say(f"{one.severity}: {one.where}: {one.message()}")
    if plan:
        changed = len(affected(opened, read.decisions))
    else:
        changed = 0
        if read.decisions:
            with opened.library.writer() as writer:
                changed = apply_decisions(writer, opened, read.decisions)
            opened.update_index_with_others()
    if as_json:
        problems = [problem_json(one) for one in read.problems]
        print_json({"decisions": len(read.decisions), "items": changed, "problems": problems})
    else:
        would = "would change" if plan else "changed"
        print_lines([f"{counted(len(read.decisions), 'decision')}; {counted(changed, 'item')} {would}."])
    if read.problems:
        raise typer.Exit(INPUTS_REFUSED)


def _decided(home: Path | None, given: Sequence[tuple[str, str, str]], by: str, reason: str, plan: bool) -> None:
    opened = open_home(home)
    made = [decision(opened, *one, by, reason) for one in given]
    if plan:
        print_lines([f"{counted(len(affected(opened, made)), 'item')} would change."])
        return
    with opened.library.writer() as writer:
        changed = apply_decisions(writer, opened, made)
    opened.update_index_with_others()
    print_lines([f"Decided; {counted(changed, 'item')} changed."])


def _keyword_json(home: Home, keyword: Keyword, proposals: Sequence[Proposal]) -> dict[str, Any]:
    return {
        "keyword": keyword.written,
        "languages": sorted(keyword.languages),
        "items": keyword.items,
        "examples": [{"item": item, "title": title} for item, title in keyword.examples],
        "proposals": [
            {"concept": one.concept, "label": _label(home, one.concept), "how": one.how, "score": one.score}
            for one in proposals
        ],
    }


def _keyword_lines(home: Home, rows: Iterator[tuple[Keyword, Sequence[Proposal]]]) -> Iterator[str]:
    none = True
    for keyword, proposals in rows:
        none = False
        yield f"{keyword.items:>6}  {keyword.written}"
        for one in proposals:
            yield f"          ? {one.score:.2f}  {_label(home, one.concept)}  {one.concept}  ({one.how})"
    if none:
        yield "Every keyword is a concept, or was decided to stay."
