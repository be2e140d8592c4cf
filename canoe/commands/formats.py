"""canoe formats: what the library holds by file format, and what of it is at risk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from archive.library import Library
from canoe.commands.options import HomeOption, JsonOption, counted, open_home, print_json, print_lines
from metadata.errors import UsageError
from metadata.formats import RISKS, UNKNOWN, Format, format_of, puids_named
from metadata.model import File, Item

_AT_ONCE = 500  # items read from the catalogue
_NOT_KNOWN = "unknown"
_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_HEAD = ("PUID", "format", "files", "items", "size", "risk")
_NUMBERS = range(2, 5)  # the columns that are set flush right


@dataclass(slots=True)
class Holding:
    """What is held in one format: files, the items they belong to, bytes."""

    files: int = 0
    items: int = 0
    size: int = 0


def formats(
    home: HomeOption = None,
    listed: Annotated[
        str,
        typer.Option("--list", metavar="FORMAT", help="List the files of this format: a PUID, a name, or unknown."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Say which file formats the library holds, how much in each, and which are at risk of becoming unreadable.

    All files count, those of withdrawn items too, and those that were made here: access copies and page texts.

    Example: canoe formats --list pdf/a
    """
    library = open_home(home).library
    if listed:
        _print_files(library, _meant(listed), as_json)
        return
    holdings = _sorted(tally(library))
    if as_json:
        print_json({"formats": [_json(kind, held) for kind, held in holdings]})
    else:
        print_lines(_lines(holdings))


def tally(library: Library) -> dict[str, Holding]:
    """Return what is held in each format, by PUID; the catalogue is read in portions."""
    found: dict[str, Holding] = {}
    for item in _items(library):
        for file in item.files:
            held = found.setdefault(file.puid, Holding())
            held.files, held.size = held.files + 1, held.size + file.size
        for puid in {file.puid for file in item.files}:
            found[puid].items += 1
    return found


def _items(library: Library) -> Iterator[Item]:
    portion = library.catalogue.items(limit=_AT_ONCE)
    while portion:
        yield from portion
        portion = library.catalogue.items(portion[-1].id, _AT_ONCE)


def _sorted(found: dict[str, Holding]) -> list[tuple[Format, Holding]]:
    """Sort by risk, the gravest first, then by the number of files."""
    holdings = [(format_of(puid), held) for puid, held in found.items()]
    return sorted(holdings, key=lambda one: (RISKS.index(one[0].outlook.risk), -one[1].files, one[0].puid))


def _json(kind: Format, held: Holding) -> dict[str, Any]:
    return {
        "puid": kind.puid,
        "name": kind.label(),
        "media_type": kind.media_type,
        "risk": kind.outlook.risk,
        "reason": kind.outlook.reason.en,
        "advice": kind.outlook.advice.en,
        "files": held.files,
        "items": held.items,
        "bytes": held.size,
    }


def _lines(holdings: list[tuple[Format, Holding]]) -> Iterator[str]:
    """Yield a table, then reason and advice for each format that is not at low risk."""
    if not holdings:
        yield "The library holds no files."
        return
    table = [_HEAD, *(_row(kind, held) for kind, held in holdings)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEAD))]
    for row in table:
        cells = (
            cell.rjust(w) if n in _NUMBERS else cell.ljust(w)
            for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
    for kind, _ in holdings:
        if kind.outlook.risk != "low":
            yield ""
            yield f"{kind.label()}: {kind.outlook.reason.en}"
            yield f"    {kind.outlook.advice.en}"
            yield f"    canoe formats --list {kind.puid or _NOT_KNOWN}"
    yield ""
    yield f"{counted(sum(held.files for _, held in holdings), 'file')} in {counted(len(holdings), 'format')}."


def _row(kind: Format, held: Holding) -> tuple[str, ...]:
    return kind.puid or "—", kind.label(), f"{held.files:,}", f"{held.items:,}", _size(held.size), kind.outlook.risk


def _size(count: int) -> str:
    step, unit = next((found for found in _UNITS if count >= found[0]), (1, "B"))
    return f"{count / step:.1f} {unit}" if step > 1 else f"{count} {unit}"


def _meant(name: str) -> tuple[str, ...]:
    """Return the PUIDs that a librarian means; raises UsageError for a name that no format has."""
    if name.strip().lower() == _NOT_KNOWN:
        return (UNKNOWN,)
    if found := puids_named(name):
        return found
    raise UsageError(f"There is no format called {name!r}.", "canoe formats lists what the library holds.")


def _print_files(library: Library, puids: tuple[str, ...], as_json: bool) -> None:
    for item in _items(library):
        for file in item.files:
            if file.puid in puids:
                print_json(_file_json(item, file)) if as_json else print_lines([_file_line(item, file)])


def _file_json(item: Item, file: File) -> dict[str, Any]:
    return {
        "item": item.id,
        "path": file.path,
        "name": file.name,
        "media_type": file.media_type,
        "puid": file.puid,
        "bytes": file.size,
    }


def _file_line(item: Item, file: File) -> str:
    return f"{item.id}  {format_of(file.puid).label()}  {_size(file.size)}  {file.path}"
