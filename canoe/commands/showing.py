"""canoe show, canoe export, canoe search, canoe vocabulary: what the library knows."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from archive.durable import storage
from canoe.commands.options import (
    HELP_STYLE,
    HomeOption,
    ItemArgument,
    JsonOption,
    counted,
    open_home,
    print_json,
    print_lines,
)
from canoe.home import Home
from canoe.settings import home_folder
from metadata.dublin_core import oai_dc
from metadata.errors import NotFound, StorageError, UsageError
from metadata.model import Item, Page
from metadata.serial import record_line, to_json
from search.engine import ItemHit, Request, SearchReader, open_reader


class ShowFormat(StrEnum):
    """Forms an item is shown in."""

    JSON = "json"
    DC = "dc"


class ExportFormat(StrEnum):
    """Forms the library is exported in."""

    JSONL = "jsonl"
    CSV = "csv"


def show(
    item: ItemArgument,
    home: HomeOption = None,
    form: Annotated[ShowFormat, typer.Option("--format", help="json or dc (Dublin Core).")] = ShowFormat.JSON,
    pages: Annotated[bool, typer.Option("--pages", help="Show the pages instead, a JSON line each.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show an item: what is known of it, or the text of its pages."""
    opened = open_home(home)
    found = opened.library.item(item)
    if pages:
        for page in opened.library.pages(item):
            print_json(_page(page))
    elif form is ShowFormat.DC and not as_json:
        sys.stdout.write(oai_dc(found, opened.settings.library.base_url, opened.vocabulary) + "\n")
    else:
        sys.stdout.write(to_json(found).decode())


def _page(page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "language": page.language,
        "confidence": round(page.confidence, 1),
        "method": page.method,
        "text": page.text,
    }


def export(
    query: Annotated[str, typer.Argument(help="Only what this finds.", show_default="everything")] = "",
    home: HomeOption = None,
    form: Annotated[ExportFormat, typer.Option("--format", help="jsonl or csv.")] = ExportFormat.JSONL,
    out: Annotated[Path | None, typer.Option(help="Write to this file.", show_default="standard output")] = None,
) -> None:
    """Write out the items, sorted by id, one JSON object a line or one CSV row each.

    Only facts that another run over the same sources gives again; times stand under keys
    ending in _at. `source` names what an item was made from.
    """
    opened = open_home(home)
    lines = (_FORMATS[form])(opened, _chosen(opened, query))
    if out is None:
        sys.stdout.writelines(lines)
    else:
        if out.is_dir() or not out.parent.is_dir():
            raise UsageError(f"{out} cannot be written.", "Name a file in a folder that is there.")
        try:
            with storage(out), out.open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(lines)
        except OSError as fault:
            raise StorageError(f"{out}: {fault.strerror}.", "Name a file that can be written with --out.") from fault


def _chosen(home: Home, query: str) -> Iterator[Item]:
    if not query:
        return home.library.items()
    return (home.library.item(hit) for hit in sorted(_found_ids(home, query)))


def _found_ids(home: Home, query: str) -> Iterator[str]:
    reader, offset = open_reader(home.index), 0
    try:
        while hits := reader.find(Request(query, offset=offset, limit=100)).hits:
            yield from (hit.id for hit in hits)
            offset += len(hits)
    finally:
        reader.close()


def _jsonl(home: Home, items: Iterable[Item]) -> Iterator[str]:
    repeated = home.library.catalogue.repeated_sources()
    for item in items:
        yield msgspec.json.encode(export_object(item, repeated), order="sorted").decode() + "\n"


def export_object(item: Item, repeated: frozenset[str]) -> dict[str, Any]:
    """Return what is exported of an item; a source in ``repeated`` is told apart by the item's id."""
    facts: dict[str, Any] = msgspec.json.decode(record_line(item))
    return {**facts, "source": f"{item.source} [{item.id}]" if item.source in repeated else item.source}


def _csv(home: Home, items: Iterable[Item]) -> Iterator[str]:
    repeated = home.library.catalogue.repeated_sources()
    yield _row(_COLUMNS)
    for item in items:
        facts = {**export_object(item, repeated), **_flat(item)}
        yield _row([str(facts.get(column, "")) for column in _COLUMNS])


def _flat(item: Item) -> dict[str, str]:
    return {
        "titles": " | ".join(text.value for text in item.titles),
        "agents": " | ".join(f"{one.agent.name} ({one.role})" for one in item.contributions),
        "dates": " | ".join(date.value for date in item.dates),
        "languages": " | ".join(item.languages),
        "subjects": " | ".join([*item.concepts, *(keyword.value for keyword in item.keywords)]),
        "identifiers": " | ".join(f"{one.scheme}:{one.value}" for one in item.identifiers),
        "doi": item.doi.name if item.doi else "",
        "collections": " | ".join(item.collections),
        "rights": " | ".join(text.value for text in item.rights),
    }


_COLUMNS = [
    *("id", "source", "status", "type", "titles", "agents", "dates", "languages", "subjects"),
    *("identifiers", "doi", "collections", "rights", "page_count", "accession"),
]


def _row(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(_inert(cell) for cell in cells)
    return line.getvalue()


def _inert(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


_FORMATS: dict[ExportFormat, Callable[[Home, Iterable[Item]], Iterator[str]]] = {
    ExportFormat.JSONL: _jsonl,
    ExportFormat.CSV: _csv,
}


def search(
    query: Annotated[str, typer.Argument(help='Words, "a phrase", -not, title:word, year:1990..2005.')],
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Items at most.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Search the full text and the descriptions; answers are items, with their best pages.

    With --json: a JSON line an item.
    """
    opened = open_home(home)
    reader = open_reader(opened.index)
    try:
        _print_answer(opened, reader, Request(query, limit=limit), as_json)
    finally:
        reader.close()


def _print_answer(home: Home, reader: SearchReader, request: Request, as_json: bool) -> None:
    answer = reader.find(request)
    for remark in answer.remarks:
        typer.echo(remark, err=True)
    for hit in answer.hits:
        title = home.library.item(hit.id).title.value
        if as_json:
            print_json(_hit_json(hit, title))
        else:
            print_lines(_hit_lines(hit, title))
    if not as_json:
        print_lines([f"{counted(answer.total, 'item')}."])


def _hit_json(hit: ItemHit, title: str) -> dict[str, Any]:
    pages = [{"number": page.number, "snippet": "".join(text for text, _ in page.snippet)} for page in hit.pages]
    return {"id": hit.id, "title": title, "score": round(hit.score, 4), "pages": pages}


def _hit_lines(hit: ItemHit, title: str) -> Iterator[str]:
    yield f"{hit.id}  {title}"
    for page in hit.pages:
        passage = "".join(f"[{text}]" if marked else text for text, marked in page.snippet)
        yield f"    p. {page.number}: {' '.join(passage.split())}"


vocabulary = typer.Typer(
    help="The classification: its concepts and their labels.", no_args_is_help=True, rich_markup_mode=HELP_STYLE
)


@vocabulary.command("list")
def list_concepts(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the concepts of the vocabulary, each with its labels."""
    for concept in Home.read(home_folder(home)).vocabulary.concepts.values():
        if as_json:
            print_json(concept)
        else:
            labels = " | ".join(f"{text.value} ({text.language})" for text in concept.labels)
            print_lines([f"{concept.notation:<8} {labels}  {concept.uri}"])


@vocabulary.command("show")
def show_concept(
    uri: Annotated[str, typer.Argument(help="The concept's URI.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one concept: its labels, and what is broader and narrower."""
    opened = Home.read(home_folder(home))
    concept = opened.vocabulary.concepts.get(uri)
    if concept is None:
        raise NotFound(f"There is no concept {uri}.", "canoe vocabulary list shows all.")
    if as_json:
        print_json(concept)
        return
    print_lines(f"{text.language}: {text.value}" for text in concept.labels)
    print_lines(f"broader: {_named(one, opened)}" for one in concept.broader)
    print_lines(f"narrower: {_named(one, opened)}" for one in opened.vocabulary.narrower(uri))


def _named(uri: str, home: Home) -> str:
    concept = home.vocabulary.concepts.get(uri)
    return f"{concept.label(home.settings.library.language).value}  {uri}" if concept else uri
