"""canoe undo: what one ingest brought or changed is taken back."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from archive.undo import Step, Undoing, plan_undoing, undo
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines
from metadata.errors import DamageFound

_SIGNS = {"withdrawn": "-", "reverted": "~", "undone before": "=", "left": "!"}


def undo_command(
    accession: Annotated[str, typer.Argument(help="The accession; canoe accessions lists them.", show_default=False)],
    home: HomeOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Write nothing; report what would become of each item.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take back what one ingest brought: new items are withdrawn, changed ones are as they were before.

    What something newer has changed since is left and named. Nothing is deleted: everything was public
    from the moment it came in. The same files may be ingested again, which brings the items back under
    their ids. Interrupted, the same command goes on where it stopped.

    Exit codes: 0 done, or there is nothing to do, 4 some items are damaged and were left.
    """
    opened = open_home(home)
    if plan:
        report = plan_undoing(opened.library, accession)
    else:
        with opened.library.writer() as writer:
            report = undo(opened.library, writer, accession)
    print_json(_report_json(report)) if as_json else print_lines(_report_lines(report, plan))
    if not plan:
        opened.update_index_with_others()
    if any(step.damaged for step in report.steps):
        raise typer.Exit(DamageFound.exit_code)


def _report_json(report: Undoing) -> dict[str, Any]:
    return {
        "accession": report.accession.id,
        "state": report.accession.state,
        "undone_at": report.accession.undone_at or None,
        "counts": dict(report.counts),
        "items": [_step_json(step) for step in report.steps],
    }


def _step_json(step: Step) -> dict[str, str]:
    return {"item": step.item, "source": step.source, "outcome": step.outcome, "reason": step.reason}


def _report_lines(report: Undoing, plan: bool) -> Iterator[str]:
    for step in report.steps:
        yield f"{_SIGNS[step.outcome]} {step.outcome:<13} {step.item}  {step.source}"
        if step.reason:
            yield f"    {step.reason}"
    told = [f"{count} {outcome}" for outcome, count in report.counts.items() if count]
    yield ""
    yield f"{counted(len(report.steps), 'item')}: {', '.join(told) or 'nothing'}."
    yield _said(report, plan)


def _said(report: Undoing, plan: bool) -> str:
    accession = report.accession
    if not any(step.is_due for step in report.steps):
        when = f" was undone on {accession.undone_at[:10]};" if accession.undone_at else ":"
        return f"Accession {accession.id}{when} there is nothing to do."
    return f"Accession {accession.id} would be undone." if plan else f"Accession {accession.id} is {accession.state}."
