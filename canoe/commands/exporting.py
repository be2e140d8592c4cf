"""canoe export: the library, or what a query finds of it, written out."""

import csv
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from archive.durable import storage
from canoe.bag_export import export_bag
from canoe.choosing import chosen
from canoe.commands.options import HomeOption, counted, open_home, say
from canoe.home import Home
from canoe.marc_records import MarcRecords, marc21_records, marcxml_collection
from canoe.progress import counting
from canoe.quality import quality_lines
from metadata.edit_fields import plain, shown
from metadata.errors import DamageFound, StorageError, UsageError
from metadata.model import Item, Text
from metadata.serial import record_line
from metadata.table_cells import inert

_LONGEST_NAME = 240  # bytes: most file systems take 255, and a bag in the making has a longer name than it will have


class ExportFormat(StrEnum):
    """Forms the library is exported in."""

    JSONL = "jsonl"
    CSV = "csv"
    MARC = "marc"
    MARCXML = "marcxml"
    BAGIT = "bagit"


def export(
    query: Annotated[str, typer.Argument(help="Only what this finds.", show_default="everything")] = "",
    home: HomeOption = None,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="jsonl, csv, marc, marcxml or bagit.")
    ] = ExportFormat.JSONL,
    out: Annotated[
        Path | None, typer.Option(help="The file, or the bag's folder, to write.", show_default="standard output")
    ] = None,
    worst: Annotated[
        int, typer.Option(min=0, help="Only the N items that were read worst.", show_default="all items")
    ] = 0,
) -> None:
    """Write out the items, sorted by id, one JSON object a line or one CSV row each.

    Only facts that another run over the same sources gives again; times stand under keys
    ending in _at. `source` names what an item was made from.

    An item that came as MARC goes out as MARC with all that its record said, but for what was
    changed since. A record that is too long for MARC 21 (ISO 2709) is named, and goes out as MARCXML into a
    file beside --out whose name ends in .oversize.xml.

    A bag (BagIt, RFC 8493) holds the files of the items too, with a description in Dublin
    Core, MARC, PREMIS and METS for each. It needs --out, a folder that is new or empty.

    --worst writes, for the items whose pages were read worst, the worst first, one JSON object a
    line that says how: pages unread, mean confidence, words hardly read, languages, methods.

    Exit codes: 0 done, 4 a file of the archive is damaged: no bag was made, or MARC records
    were written without what their source said beside.
    """
    opened = open_home(home)
    if out:
        _require_place(opened, out)
    if worst:
        write(out, quality_lines(opened.library, chosen(opened, query), worst))
        return
    if form is ExportFormat.BAGIT:
        _export_bag(opened, query, out)
        return
    items = chosen(opened, query)
    if form in (ExportFormat.MARC, ExportFormat.MARCXML):
        _export_marc(opened, items, out, form)
    else:
        write(out, _FORMATS[form](opened, items))


def write(out: Path | None, parts: Iterable[bytes]) -> None:
    """Write to standard output, or to a file."""
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(parts)
        sys.stdout.buffer.flush()
        return
    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(f"{out} cannot be written.", "Name a file in a folder that is there.")
    try:
        with storage(out), out.open("wb") as stream:
            stream.writelines(parts)
    except OSError as fault:
        raise StorageError(f"{out}: {fault.strerror}.", "Name a file that can be written with --out.") from fault


def _export_marc(home: Home, items: Iterable[Item], out: Path | None, form: ExportFormat) -> None:
    """Write MARC; raises Exit with 4 at the end where source records could not be read."""
    damaged: list[DamageFound] = []

    def tell(fault: DamageFound) -> None:
        damaged.append(fault)
        say(f"{fault.message} What came in it is written from what the library knows. {fault.hint}")

    records = MarcRecords(home, tell)
    items = _for_others(home, items)
    if form is ExportFormat.MARC:
        _export_marc21(records, items, out)
    else:
        write(out, marcxml_collection(records, items))
    if damaged:
        raise typer.Exit(DamageFound.exit_code)


def _export_marc21(records: MarcRecords, items: Iterable[Item], out: Path | None) -> None:
    oversize: list[Item] = []

    def tell(item: Item, reason: str) -> None:
        oversize.append(item)
        say(f"{item.id} is too long for MARC 21: {reason}.")

    write(out, marc21_records(records, items, tell))
    if oversize and out is None:
        say(f"{counted(len(oversize), 'record')} left out; --format marcxml has no such limit.")
    elif oversize and out:
        beside = out.with_name(f"{out.name}.oversize.xml")
        write(beside, marcxml_collection(records, oversize))
        say(f"{counted(len(oversize), 'record')} written to {beside}.")


def _require_place(home: Home, out: Path) -> None:
    """Raise UsageError where nothing can be written, or nothing but the library should be."""
    if len(os.fsencode(out.name)) > _LONGEST_NAME:
        raise UsageError(f"{out} has too long a name.", "Name something shorter with --out.")
    if out.resolve().is_relative_to(home.path.resolve()):
        raise UsageError(f"{out} lies in the library itself.", "Name a place outside it with --out.")


def _export_bag(home: Home, query: str, out: Path | None) -> None:
    if out is None:
        raise UsageError("A bag is a folder.", "Name it with --out; it must be new or empty.")
    total = 0 if query else home.library.catalogue.number()
    with counting("Items put in the bag", total) as done:
        made = export_bag(home, _for_others(home, chosen(home, query)), out, done)
    say(f"{counted(made, 'item')} in the bag {out}.")


def _for_others(home: Home, items: Iterable[Item]) -> Iterator[Item]:
    """Yield items as others may know them: nothing of what is held for approval, nor ties to it."""
    for item in items:
        if item.status != "held":
            yield from home.library.catalogue.public([item])


def _jsonl(home: Home, items: Iterable[Item]) -> Iterator[bytes]:
    repeated = home.library.catalogue.repeated_sources()
    for item in items:
        yield msgspec.json.encode(export_object(item, repeated), order="sorted") + b"\n"


def export_object(item: Item, repeated: frozenset[str]) -> dict[str, Any]:
    """Return what is exported of an item; a source in ``repeated`` is told apart by the item's id."""
    facts: dict[str, Any] = msgspec.json.decode(record_line(item))
    return {**facts, "source": f"{item.source} [{item.id}]" if item.source in repeated else item.source}


def _csv(home: Home, items: Iterable[Item]) -> Iterator[bytes]:
    repeated = home.library.catalogue.repeated_sources()
    yield _row(_COLUMNS)
    for item in items:
        facts = {**export_object(item, repeated), **_flat(item)}
        yield _row([str(facts.get(column, "")) for column in _COLUMNS])


def _flat(item: Item) -> dict[str, str]:
    cells = {
        "titles": _values(item.titles),
        "agents": [f"{one.agent.name} ({one.role})" for one in item.contributions],
        "languages": item.languages,
        "subjects": [*item.concepts, *_values(item.keywords)],
        "identifiers": [f"{one.scheme}:{one.value}" for one in item.identifiers],
        "doi": [item.doi.name] if item.doi else [],
        "collections": item.collections,
        "rights": _values(item.rights),
        "descriptions": _values(item.descriptions),
        "notes": _values(item.notes),
        "places": item.places,
        "series": [plain(one) + (f" (ISSN {one.issn})" if one.issn else "") for one in item.series],
        "coverage": [*_values(item.coverage), *item.countries, *(shown(box) for box in item.boxes)],
        "relations": [f"{one.kind} {one.target}" for one in item.relations],
        "files": [file.name for file in item.files_as("original")],
        **{name: [one.value for one in item.dates if one.kind == kind] for name, kind in _DATES.items()},
    }
    return {name: " | ".join(values) for name, values in cells.items()}


def _values(texts: Iterable[Text]) -> list[str]:
    return [text.value for text in texts]


_DATES = {"dates": "issued", "created": "created", "period": "covered"}
_COLUMNS = [
    *("id", "source", "status", "type", "titles", "agents", "dates", "languages", "subjects"),
    *("identifiers", "doi", "collections", "rights", "page_count", "accession"),
    *("created", "period", "descriptions", "notes", "places", "edition", "extent", "series", "coverage"),
    *("access", "embargo", "relations", "files", "reason"),
]


def _row(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(inert(cell) for cell in cells)
    return line.getvalue().encode()


_FORMATS: dict[ExportFormat, Callable[[Home, Iterable[Item]], Iterator[bytes]]] = {
    ExportFormat.JSONL: _jsonl,
    ExportFormat.CSV: _csv,
}
