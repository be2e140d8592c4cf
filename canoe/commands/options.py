"""Options that many commands share, and how answers are printed."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from canoe.home import Home
from canoe.report import inert
from canoe.settings import home_folder

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="The library's folder.  [default: $CANOE_HOME, else ./library]", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output and nothing else there.")]
ItemArgument = Annotated[str, typer.Argument(help="An item's id, ten characters.", show_default=False)]


def open_home(given: Path | None) -> Home:
    """Return the home that a command was given, with its library opened."""
    home = Home.read(home_folder(given))
    home.library  # noqa: B018 - opening it now names what is wrong with it before any work is done
    return home


def print_json(value: Any) -> None:
    """Print one JSON document, on one line."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of text for people; what a terminal would obey, from a file's name perhaps, is shown."""
    for line in lines:
        sys.stdout.write(inert(line) + "\n")


def counted(number: int, noun: str) -> str:
    """Return ``1 item``, ``2 items``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def say(text: str) -> None:
    """Say something to people beside the answer, on standard error."""
    sys.stderr.write(text + "\n")
