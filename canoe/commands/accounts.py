"""canoe account: who may work at the desk."""

import getpass
import re
import sys
from typing import Annotated

import typer

from canoe.commands.options import HomeOption, JsonOption, open_home, print_json, print_lines
from canoe.desk import accounts
from canoe.help_style import HELP_STYLE
from desk.passwords import LONGEST, require_good
from metadata.errors import NotFound, UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_LONGEST_FULL_NAME = 200

account = typer.Typer(
    help="Accounts for the desk, the pages where librarians work.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=HELP_STYLE,
)

NameArgument = Annotated[str, typer.Argument(help="The name to sign in with.", show_default=False)]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Take the password from standard input, its first line.")
]


@account.command("add")
def add(
    name: NameArgument,
    full_name: Annotated[
        str, typer.Option("--full-name", help="The name that changes are laid to.", show_default="the same")
    ] = "",
    from_stdin: StdinOption = False,
    home: HomeOption = None,
) -> None:
    """Make an account. The password is asked for twice and not shown.

    Example: canoe account add ada --full-name "Ada Lovelace"
    """
    opened = accounts(open_home(home))
    name = _name(name)
    if len(full_name) > _LONGEST_FULL_NAME or not full_name.isprintable():
        raise UsageError("--full-name cannot be what it is.", f"One line, at most {_LONGEST_FULL_NAME} letters.")
    if any(one.name == name for one in opened.all()):
        raise UsageError(f"There is an account {name} already.", f"Another password: canoe account password {name}")
    opened.add(name, full_name.strip(), _password(name, from_stdin))
    print_lines([f"{name} can sign in at /desk."])


@account.command("list")
def list_accounts(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the accounts, by name."""
    found = accounts(open_home(home)).all()
    if as_json:
        print_json([{"name": one.name, "full_name": one.full_name, "created_at": one.created_at} for one in found])
    else:
        print_lines(f"{one.name:<20} {one.created_at}  {one.full_name}".rstrip() for one in found)


@account.command("password")
def password(name: NameArgument, from_stdin: StdinOption = False, home: HomeOption = None) -> None:
    """Give an account another password; whoever is signed in with it is signed out."""
    opened = accounts(open_home(home))
    if all(one.name != name.lower() for one in opened.all()):
        raise NotFound(f"There is no account {name}.", "canoe account list shows all.")
    opened.set_password(name.lower(), _password(name.lower(), from_stdin))
    print_lines([f"{name.lower()} has another password; its sessions have ended."])


@account.command("remove")
def remove(name: NameArgument, home: HomeOption = None) -> None:
    """Remove an account and end its sessions. What it did stays laid to its full name."""
    accounts(open_home(home)).remove(name.lower())
    print_lines([f"{name.lower()} is removed; its sessions have ended."])


def _name(given: str) -> str:
    """Return the name as it is kept: in small letters."""
    name = given.lower()
    if not _NAME.fullmatch(name):
        hint = "Take letters a to z, digits and . _ @ + -, at most 64."
        raise UsageError(f"An account cannot be called {given!r}.", hint)
    return name


def _password(name: str, from_stdin: bool) -> str:
    """Return a password that will do; raises UsageError."""
    given = _from_stdin() if from_stdin else _asked_twice(name)
    require_good(given, name)
    return given


def _from_stdin() -> str:
    """Return the first line of standard input without its end."""
    return sys.stdin.readline(LONGEST * 8).rstrip("\r\n")


def _asked_twice(name: str) -> str:
    if not sys.stdin.isatty():
        hint = "From a program: canoe account add NAME --password-stdin"
        raise UsageError("There is no terminal to ask for the password at.", hint)
    first = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != first:
        raise UsageError("The two passwords are not the same.", "Run the command again.")
    return first
