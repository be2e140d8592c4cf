"""canoe demo: a sample library, made and ingested before your eyes."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from canoe.commands.ingesting import run_ingest
from canoe.commands.making import make_home
from canoe.commands.options import HomeOption, open_home, print_lines, say
from canoe.commands.serving import run_server
from canoe.home import Home
from canoe.report import report_lines
from canoe.sample.build import build
from canoe.settings import FILE, LibrarySettings, home_folder
from metadata.errors import UsageError

NAME = "The Canoe sample library"
PREFIX = "10.5555"
QUERY = "foret"


def demo(
    home: HomeOption = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop before serving.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 8000,
) -> None:
    """Make a sample library before your eyes and serve it.

    Writes conservation publications in three languages as honest scans beside the home, in
    a folder `sample`, with a manifest, a file of MARC records and two bad files; ingests it
    all, and prints three addresses to open. Done again, it changes nothing and says so.
    """
    folder = home_folder(home)
    _prepare(folder, port)
    sample = folder.parent / "sample"
    _make_sample(sample)
    opened = open_home(folder)
    report = run_ingest(opened, [sample], opened.tools("", "sample", 0))
    print_lines(report_lines(report))
    opened.update_index_with_others()
    print_lines(_addresses(opened))
    if not no_serve:
        run_server(opened, "127.0.0.1", port)


def _prepare(folder: Path, port: int) -> None:
    if not (folder / FILE).exists():
        make_home(folder, LibrarySettings(name=NAME, base_url=f"http://127.0.0.1:{port}"), PREFIX)
        say(f"Made a library in {folder}.")
    elif Home.read(folder).settings.library.name != NAME:
        raise UsageError(f"{folder} is a library of its own.", "Name another folder for the sample: --home demo")


def _make_sample(sample: Path) -> None:
    if sample.is_dir():
        say(f"The sample collection is in {sample}.")
        return
    say(f"Making the sample collection in {sample} …")
    with TemporaryDirectory(dir=sample.parent, prefix=".sample-") as made:
        build(Path(made) / "sample", lambda path: say(f"  {path}"))
        (Path(made) / "sample").rename(sample)


def _addresses(home: Home) -> list[str]:
    base = home.settings.library.base_url
    scans = (item for item in home.library.catalogue.newest(100) if item.page_count)
    shown = next((item.id for item in scans if "fr" in item.languages), "")
    return [
        "",
        "Open in a browser while it is served:",
        f"  search   {base}/search?q={QUERY}",
        f"  an item  {base}/item/{shown}",
        f"  harvest  {base}/oai?verb=Identify",
    ]
