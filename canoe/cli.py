"""The command line: names, options and exit codes are a contract with other programs."""

from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from canoe import __version__
from canoe.help_style import HELP_STYLE

_COMMANDS = {
    "init": "making:init",
    "ingest": "ingesting:ingest_command",
    "accessions": "accessions:accessions",
    "undo": "undoing:undo_command",
    "harvest": "harvesting:harvest_command",
    "repositories": "harvesting:repositories",
    "show": "showing:show",
    "search": "searching:search",
    "export": "exporting:export",
    "formats": "formats:formats",
    "edit": "editing:edit_command",
    "withdraw": "keeping:withdraw",
    "restore": "keeping:restore",
    "approve": "keeping:approve",
    "vocabulary": "vocabularies:vocabulary",
    "subjects": "classifying:subjects",
    "classify": "classifying:classify",
    "agents": "agents:agents",
    "places": "places:places_command",
    "doi": "naming:doi",
    "redirects": "redirecting:redirects",
    "usage": "usage:usage",
    "check": "checking:check",
    "replicate": "replicas:replicate_command",
    "repair": "replicas:repair_command",
    "rebuild": "keeping:rebuild",
    "account": "accounts:account",
    "serve": "serving:serve",
    "doctor": "making:doctor",
    "demo": "demo:demo",
}
"""Each command, in the order of the help: the module of :mod:`canoe.commands` it lies in, and its name there."""


class _Commands(TyperGroup):
    """The commands; each is imported when it is asked for, so that none waits for what another needs.

    Contexts and commands are of classes that typer keeps to itself.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the same for all
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return _command(cmd_name) if cmd_name in _COMMANDS else None


@cache
def _command(name: str) -> Any:
    module, attribute = _COMMANDS[name].split(":")
    found = getattr(import_module(f"canoe.commands.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = _typer()
    alone.command(name)(found)
    return typer.main.get_command(alone)


def _typer() -> typer.Typer:
    return typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=HELP_STYLE)


app = typer.Typer(
    name="canoe",
    cls=_Commands,
    help="A digital library in one program and one folder: digitise, describe, keep, search, publish.",
    epilog="Begin with: canoe init, then canoe ingest PATH, then canoe serve. Or: canoe demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=HELP_STYLE,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"canoe {__version__}")
        raise typer.Exit


@app.callback()
def canoe(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """Nothing is done before a command."""
