"""The command line: names, options and exit codes are a contract with other programs."""

from typing import Annotated

import typer

from canoe import __version__
from canoe.commands import (
    checking,
    demo,
    editing,
    exporting,
    formats,
    harvesting,
    ingesting,
    keeping,
    making,
    replicas,
    searching,
    serving,
    showing,
    undoing,
)
from canoe.commands.options import HELP_STYLE

app = typer.Typer(
    name="canoe",
    help="A digital library in one program and one folder: digitise, describe, keep, search, publish.",
    epilog="Begin with: canoe init, then canoe ingest PATH, then canoe serve. Or: canoe demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=HELP_STYLE,
)

app.command("init")(making.init)
app.command("ingest")(ingesting.ingest_command)
app.command("accessions")(ingesting.accessions)
app.command("undo")(undoing.undo_command)
app.command("harvest")(harvesting.harvest_command)
app.command("repositories")(harvesting.repositories)
app.command("show")(showing.show)
app.command("search")(searching.search)
app.command("export")(exporting.export)
app.command("formats")(formats.formats)
app.command("edit")(editing.edit_command)
app.command("withdraw")(keeping.withdraw)
app.command("restore")(keeping.restore)
app.add_typer(showing.vocabulary, name="vocabulary")
app.command("check")(checking.check)
app.command("replicate")(replicas.replicate_command)
app.command("repair")(replicas.repair_command)
app.command("rebuild")(keeping.rebuild)
app.command("serve")(serving.serve)
app.command("doctor")(making.doctor)
app.command("demo")(demo.demo)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"canoe {__version__}")
        raise typer.Exit


@app.callback()
def canoe(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """Nothing is done before a command."""
