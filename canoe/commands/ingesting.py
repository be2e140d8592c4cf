"""canoe ingest."""

import os
import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archive.durable import replace_file, storage
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines, say
from canoe.commands.retrying import run_retry
from canoe.home import Home
from canoe.programs import require_languages
from canoe.progress import ProgressForm, watching
from canoe.report import report_json, report_lines
from canoe.report_page import Heading, report_page
from canoe.settings import LANGUAGE_CODES
from ingest.batch import ingest
from ingest.executors import require_executor
from ingest.tools import Report, Tools
from metadata.errors import UsageError
from metadata.mapping import read_mapping

INPUTS_REFUSED = 3


class FoldersForm(StrEnum):
    """How folders of images are taken: numbered ones as a publication, every one as one, or file by file."""

    AUTO = "auto"
    ONE = "one"
    FILES = "files"


PathsArgument = Annotated[list[Path] | None, typer.Argument(help="Folders (any depth) and files.", show_default=False)]
PlanOption = Annotated[bool, typer.Option("--plan", help="Write nothing; report what would become of each piece.")]
LanguageOption = Annotated[
    str, typer.Option(help="Languages of pages whose record names none: eng+fra+spa.", show_default="settings")
]
CollectionOption = Annotated[str, typer.Option(help="Collection that everything joins.", show_default="none")]
WorkersOption = Annotated[int, typer.Option(min=0, help="Processes that read pages.", show_default="all cores")]
SchedulerOption = Annotated[
    str, typer.Option(help="The dask cluster that reads the pages: tcp://HOST:PORT.", show_default="none")
]
MappingOption = Annotated[
    Path | None, typer.Option(help="What the columns of tables mean, in TOML.", show_default="their own names")
]
FoldersOption = Annotated[
    FoldersForm | None,
    typer.Option(help="How folders of images are taken: auto, one or files.", show_default="settings"),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write the report to this file, too: a page in HTML.")
]
RetryOption = Annotated[
    bool, typer.Option("--retry", help="Read again the pages that could not be read; takes no paths.")
]
HoldOption = Annotated[
    bool | None,
    typer.Option("--hold/--no-hold", help="What is new waits for canoe approve.", show_default="settings"),
]
ProgressOption = Annotated[
    ProgressForm, typer.Option(help="How far it is, on standard error: auto, lines, json or none.")
]


def ingest_command(
    paths: PathsArgument = None,
    home: HomeOption = None,
    plan: PlanOption = False,
    language: LanguageOption = "",
    collection: CollectionOption = "",
    workers: WorkersOption = 0,
    scheduler: SchedulerOption = "",
    mapping: MappingOption = None,
    folders: FoldersOption = None,
    report_file: ReportOption = None,
    hold: HoldOption = None,
    again: RetryOption = False,
    progress: ProgressOption = ProgressForm.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Bring publications and records into the library, and report what became of each piece.

    Takes folders of PDF, TIFF, JPEG, PNG, JPEG 2000 and WebP files, MARC 21, MARCXML, MODS, METS, Dublin Core,
    EPrints, BibTeX and RIS records, workbooks (XLSX) of records, bags (BagIt), and a CSV manifest beside the
    files. A folder of numbered page images is one publication. What came before is known again: nothing is
    stored twice. A bad file is reported with its reason and the rest goes on. Interrupted, the same command
    goes on where it stopped.

    Exit codes: 0 all came in, 3 some inputs were refused (the report says which and why).

    Example: canoe ingest scans/ records.mrc --collection iucn
    """
    opened = open_home(home)
    if language and not re.fullmatch(LANGUAGE_CODES, language):
        raise UsageError(f"--language cannot be {language!r}.", "Join Tesseract's codes by +: eng+fra+spa")
    tools = replace(opened.tools(language, collection, workers), scheduler=scheduler)
    if again:
        _require_no_more(paths, plan)
        run_retry(opened, tools, progress, as_json)
        return
    _require_file(report_file)
    tools = replace(tools, mapping=read_mapping(mapping) if mapping else None)
    tools = replace(tools, folders=folders.value) if folders else tools
    tools = replace(tools, hold=opened.settings.ingest.hold if hold is None else hold)
    report = run_ingest(opened, _given(paths), tools, plan=plan, form=progress)
    print_json(report_json(report)) if as_json else print_lines(report_lines(report))
    if not plan:
        opened.update_index_with_others()
        _say_held(opened, report)
    if report_file:
        _write_page(report_file, report, opened, plan)
    if any(piece.outcome == "refused" for piece in report.pieces):
        raise typer.Exit(INPUTS_REFUSED)


def _say_held(home: Home, report: Report) -> None:
    held = sum(one.item.accession == report.accession for one in home.library.catalogue.waiting())
    if report.accession and held:
        say(f"{counted(held, 'item')} held for approval: canoe approve --accession {report.accession}")


def _require_file(report: Path | None) -> None:
    if report and (report.is_dir() or not report.absolute().parent.is_dir()):
        raise UsageError(f"{report} can be no file.", "Name a file in a folder that is there.")


def _write_page(path: Path, report: Report, home: Home, plan: bool) -> None:
    library = home.settings.library
    heading = Heading(library.name, library.language, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", plan)
    with storage(path):
        replace_file(path.absolute(), report_page(report, heading).encode())
    say(f"The report is in {path}.")


def _given(paths: list[Path] | None) -> list[Path]:
    if not paths:
        raise UsageError("Nothing was named to be ingested.", "Name folders and files: canoe ingest scans/")
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"There is nothing at {path}.", "Name the folders and files to be ingested.")
    return paths


def _require_no_more(paths: list[Path] | None, plan: bool) -> None:
    if paths or plan:
        raise UsageError("--retry takes no paths and no --plan.", "Run it alone: canoe ingest --retry")


def run_ingest(
    home: Home,
    paths: list[Path],
    tools: Tools,
    plan: bool = False,
    form: ProgressForm = ProgressForm.AUTO,
    by: str = "",
) -> Report:
    """Run a batch with progress shown; letting the index follow is left to the caller, after the report.

    ``by`` is who had it done, where that was not at the command line; the events say so.
    """
    require_languages(tools.languages, tools.models)
    require_executor(tools.scheduler, tools.engine, tools.languages)
    with watching(tools.workers, form) as watcher, nullcontext() if plan else home.library.writer() as writer:
        if writer and by:
            writer.agent = f"{by}, with {writer.agent}"
        return ingest(paths, home.library, writer, tools, watcher)
