"""canoe init, canoe doctor."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from archive.library import Library
from canoe.commands.options import HomeOption, JsonOption, print_json, print_lines
from canoe.doctor import examine
from canoe.home import Home
from canoe.settings import FILE, DoiSettings, LibrarySettings, home_folder, read_settings, write_settings
from metadata.errors import UsageError

_DEFAULTS = LibrarySettings()


def init(
    home: HomeOption = None,
    name: Annotated[str, typer.Option(help="What the library is called.")] = _DEFAULTS.name,
    base_url: Annotated[str, typer.Option(help="Where readers reach it.")] = _DEFAULTS.base_url,
    admin_email: Annotated[str, typer.Option(help="Who answers for it.")] = _DEFAULTS.admin_email,
    doi_prefix: Annotated[str, typer.Option(help="Prefix under which DOIs are reserved.", show_default="none")] = "",
    language: Annotated[str, typer.Option(help="Its first language: en, fr or es.")] = _DEFAULTS.language,
) -> None:
    """Make a home: the one folder that holds a library.

    A home that is there already is left as it is.

    Example: canoe init --home library --name "Library of the Union" --base-url https://library.example.org
    """
    folder = home_folder(home)
    if (folder / FILE).exists():
        Library.create(folder, Home.read(folder).publishing)
        print_lines([f"{folder} is a library already; nothing was changed."])
        return
    make_home(folder, LibrarySettings(name, base_url.rstrip("/"), admin_email, language), doi_prefix)
    print_lines([f"Made a library in {folder}.", f"Its settings are in {folder / FILE}.", "Next: canoe ingest PATH"])


def make_home(folder: Path, library: LibrarySettings, doi_prefix: str) -> None:
    """Write canoe.toml and make an empty library; raises UsageError, and leaves nothing, for bad settings."""
    if any(part.is_file() for part in (folder, *folder.parents)) or (folder.exists() and any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder.", "Name a new folder with --home.")
    settings = replace(read_settings(folder), library=library, doi=DoiSettings(doi_prefix))
    settings.require_sense(folder / FILE)
    write_settings(folder, settings)
    home = Home.read(folder)
    Library.create(folder, home.publishing)
    home.update_index()


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say what is installed, what is missing and how to get it, and what state the home is in.

    Exit codes: 0 all is well, 7 a needed program is missing, 4 the home needs a rebuild or repair.
    """
    findings = examine(home_folder(home))
    if as_json:
        print_json(findings)
    else:
        print_lines(f"{'ok' if one.good else '! '}  {one.subject}: {one.state}" for one in findings)
        print_lines(f"    → {one.advice}" for one in findings if one.advice)
    if worst := max((one.exit_code for one in findings if not one.good), default=0):
        raise typer.Exit(worst)
