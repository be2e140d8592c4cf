"""canoe usage: how often items were looked at, read and downloaded."""

import csv
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from archive.usage import ItemUse, Usage
from archive.usage_kept import Sums, months_kept
from canoe.commands.options import HomeOption, JsonOption, open_home, print_json, print_lines
from canoe.home import Home
from canoe.report import inert
from canoe.usage_keeping import keep_usage
from metadata.errors import NotFound, StorageError, UsageError
from metadata.model import Item
from web.usage_report import Asked, among, item_report, used_items, years

_MOST = 20


def usage(
    year: Annotated[
        int | None, typer.Option(min=1000, max=9999, help="Of which year.", show_default="the latest that was counted")
    ] = None,
    collection: Annotated[str, typer.Option(help="Only of the items of a collection.", show_default="all")] = "",
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print COUNTER's Item Report, as the web gives it.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Write the months that are over into the archive now.")] = False,
    home: HomeOption = None,
) -> None:
    """Tell how often items were looked at, read and downloaded in a year, as COUNTER 5.1 counts it.

    A server counts, and writes each month that is over into the archive by itself.

    Example: canoe usage --year 2026 --csv > usage-2026.csv
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv are two answers.", "Ask for one of them.")
    opened = open_home(home)
    if keep:
        _keep(opened, as_json)
        return
    counted = Usage(opened.path, opened.library.archive)
    with suppress(StorageError):  # where nothing can be written, what is there is told
        counted.begin()
    asked = _asked(opened, counted, str(year or ""), collection)
    if as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(item_report(opened.library, counted, asked))
    elif as_json:
        _print_json(opened, counted, asked)
    else:
        print_lines(_told(opened, counted, asked))


def _keep(opened: Home, as_json: bool) -> None:
    number = keep_usage(opened.library, datetime.now(UTC))
    kept = list(months_kept(opened.library.archive))
    if as_json:
        print_json({"changed": number, "months": kept})
    else:
        print_lines([f"{number} written; the archive keeps {', '.join(kept) or 'no month yet'}."])


def _asked(opened: Home, counted: Usage, year: str, collection: str) -> Asked:
    """Return what is asked for; raises NotFound for a collection that nothing public is in."""
    now = datetime.now(UTC)
    if collection and not opened.library.catalogue.on_shelf("collection", collection):
        raise NotFound(f"There is no collection {collection}.", "canoe search '*' shows what there is.")
    latest = next(iter(years(counted)), f"{now:%Y}")
    library = opened.settings.library
    return Asked(year or latest, library.name, library.base_url, now, collection)


def _print_json(opened: Home, counted: Usage, asked: Asked) -> None:
    ids = among(opened.library, asked.collection)
    use = counted.by_month(asked.year, ids)
    print_json(
        {
            "year": asked.year,
            "collection": asked.collection or None,
            "since": counted.first_month() or None,
            "total": sum(use.values(), Sums()).by_metric,
            "months": {month: use.get(month, Sums()).by_metric for month in asked.months},
            "items": [_item_json(item, one) for item, one in used_items(opened.library, counted, asked)],
        }
    )


def _item_json(item: Item, use: ItemUse) -> dict[str, object]:
    return {
        "item": item.id,
        "title": item.title.value,
        "doi": item.doi.name if item.doi else None,
        "total": use.total.by_metric,
        "months": {month: sums.by_metric for month, sums in use.months.items()},
    }


def _told(opened: Home, counted: Usage, asked: Asked) -> Iterator[str]:
    """Yield a table by month, and the items that were read most."""
    ids = among(opened.library, asked.collection)
    use = counted.by_month(asked.year, ids)
    if not use:
        yield f"Nothing was counted in {asked.year}."
        return
    yield f"{asked.year:10}{'views':>10}{'unique':>10}{'reads':>10}{'unique':>10}"
    for month in asked.months:
        yield _line(month, use.get(month, Sums()))
    yield _line("together", sum(use.values(), Sums()))
    yield ""
    for item, sums in counted.most_used(_MOST, asked.year, ids):
        if found := opened.library.catalogue.shown_item(item):
            yield f"{_line(item, sums)}  {inert(found.title.value)[:80]}"


def _line(name: str, use: Sums) -> str:
    return f"{name:10}" + "".join(f"{number:10}" for number in use.values)
