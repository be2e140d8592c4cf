"""Statistics: what there is, how it grew, and how it is used, each as a table with bars that need no script."""

import csv
import io
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archive.catalogue import Catalogue
from archive.usage import Usage
from archive.usage_kept import Sums
from metadata.errors import NotFound
from metadata.model import Item
from search.engine import Request as Question
from web.home import counted
from web.render import Service, View, respond
from web.usage_report import Asked, among, item_report, years

LISTED = 20
"""Rows of a table at most, but for those of time."""

MOST_READ = 20
MOST_READ_OF_YEAR = 50
MONTHS = 24
"""Months of use that are shown, the latest."""

REMEMBERED = 60
"""Seconds for which sums over all items are remembered: they take long where there are many."""

_SEPARATORS = {
    "csv": (",", "text/csv; charset=utf-8; header=present"),
    "tsv": ("\t", "text/tab-separated-values; charset=utf-8"),
}
_YEAR = re.compile(r"(\d{4})(?:\.(csv|tsv))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: what is counted, how often, and how long its bar is, in percent of the longest."""

    value: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class UseRow:
    """How much was used of something: a month, an item, a collection; ``share`` is of the requests."""

    name: str
    use: Sums
    share: float
    item: Item | None = None


def statistics(service: Service, request: Request) -> Response:
    """Answer ``/statistics``; of one collection with ``?collection=``. Raises NotFound for one that is not there."""
    collection = request.query_params.get("collection", "")
    ids = _among(service, collection)
    use = _by_month(service.usage, "", ids, _now())
    values: dict[str, object] = {
        "collection": collection,
        **_holdings(service, collection),
        "growth": []
        if collection
        else _rows(_received(service.library.catalogue, service.library.catalogue.last_change())),
        "months": _use_rows([*use.items()][-MONTHS:]),
        "since": service.usage.first_month(),
        "total": sum(use.values(), Sums()),
        "most_read": _most_read(service, MOST_READ, "", ids),
        "years": years(service.usage),
    }
    return respond(service, request, View("statistics.html", values, indexed=not collection))


def of_year(service: Service, request: Request) -> Response:
    """Answer ``/statistics/{year}``, and as a table ``.csv`` and ``.tsv``; raises NotFound for what was not counted."""
    found = _YEAR.fullmatch(request.path_params["year"])
    if found is None or found[1] not in years(service.usage):
        raise NotFound(f"Nothing was counted in {request.path_params['year'][:40]!r}.")
    collection = request.query_params.get("collection", "")
    ids = _among(service, collection)
    asked = Asked(found[1], service.site.name, service.site.base_url, datetime.now(UTC), collection)
    if found[2]:
        return _table(service, asked, found[2])
    use = _by_month(service.usage, asked.year, ids, _now())
    values: dict[str, object] = {
        "year": asked.year,
        "collection": collection,
        "months": _use_rows([(month, use.get(month, Sums())) for month in asked.months]),
        "total": sum(use.values(), Sums()),
        "collections": [] if collection else _use_of_collections(service, asked.year),
        "most_read": _most_read(service, MOST_READ_OF_YEAR, asked.year, ids),
        "years": years(service.usage),
    }
    return respond(service, request, View("statistics_year.html", values, indexed=not collection))


ROUTES: Mapping[str, Callable[[Service, Request], Response]] = {
    "/statistics": statistics,
    "/statistics/{year}": of_year,
}


def _among(service: Service, collection: str) -> str | None:
    if collection and not service.library.catalogue.on_shelf("collection", collection):
        raise NotFound(f"There is no collection {collection[:40]!r}.")
    return among(service.library, collection)


def _holdings(service: Service, collection: str) -> dict[str, object]:
    """Return what there is: items, pages where they are known, and items by type, language and ten years."""
    if not collection:
        whole = counted(service)
        items, _, pages = whole.library
        by = {name: [(one.value, one.count) for one in whole.facets.get(name, ())] for name in ("type", "language")}
        by_decade = [(one.first, one.count) for one in whole.decades]
    else:
        wanted = Question("", (("collection", collection),), limit=0, facets=("type", "language", "decade"))
        answer = service.engine.find(wanted)
        items, pages = answer.total, None
        by = {name: [(one.value, one.count) for one in answer.facets.get(name, ())] for name in ("type", "language")}
        by_decade = [(one.value, one.count) for one in answer.facets.get("decade", ())]
    return {
        "items": items,
        "pages": pages,
        "languages_held": len(by["language"]),
        "types": _rows(by["type"][:LISTED]),
        "languages_of": _rows(by["language"][:LISTED]),
        "decades": _rows(sorted(by_decade)),
    }


def _now() -> int:
    """Return what stays the same for :data:`REMEMBERED` seconds."""
    return int(time.monotonic() // REMEMBERED)


@lru_cache(16)
def _by_month(usage: Usage, year: str, ids: str | None, _when: int) -> Mapping[str, Sums]:
    return usage.by_month(year, ids)


@lru_cache(16)
def _most_used(usage: Usage, limit: int, year: str, ids: str | None, _when: int) -> Sequence[tuple[str, Sums]]:
    return usage.most_used(limit, year, ids)


@lru_cache(16)
def _received(catalogue: Catalogue, _last_change: int) -> Sequence[tuple[str, int]]:
    """Return how many items were received in each year, less what was undone; counted once after each write."""
    by_year = Counter[str]()
    for one in catalogue.accessions():
        if one.state != "undone":
            by_year[one.received_at[:4]] += one.count("new")
    return sorted(by_year.items())


def _use_of_collections(service: Service, year: str) -> list[UseRow]:
    """Return the use of each collection in a year, of those that are used most."""
    use = dict(_most_used(service.usage, -1, year, None, _now()))
    found: dict[str, Sums] = {}
    for item, name in service.library.catalogue.shelved("collection"):
        if item in use:
            found[name] = found.get(name, Sums()) + use[item]
    most = sorted(found.items(), key=lambda one: (-one[1].requests, -one[1].investigations, one[0]))
    return _use_rows(most[:LISTED])


def _most_read(service: Service, limit: int, year: str, ids: str | None) -> list[UseRow]:
    """Return the published items that were requested most."""
    rows = (
        (service.library.catalogue.shown_item(item), use)
        for item, use in _most_used(service.usage, 2 * limit, year, ids, _now())
    )
    shown = [(item, use) for item, use in rows if item and item.status == "published"][:limit]
    shares = _shares(use.requests for _, use in shown)
    return [UseRow(item.id, use, share, item) for (item, use), share in zip(shown, shares, strict=True)]


def _rows(counts: Sequence[tuple[str, int]]) -> list[Row]:
    shares = _shares(count for _, count in counts)
    return [Row(value, count, share) for (value, count), share in zip(counts, shares, strict=True)]


def _use_rows(rows: Sequence[tuple[str, Sums]]) -> list[UseRow]:
    shares = _shares(use.requests for _, use in rows)
    return [UseRow(name, use, share) for (name, use), share in zip(rows, shares, strict=True)]


def _shares(counts: Iterable[int]) -> list[float]:
    numbers = [*counts]
    return [round(100 * number / max(numbers), 1) if number else 0 for number in numbers]


def _table(service: Service, asked: Asked, suffix: str) -> Response:
    separator, media_type = _SEPARATORS[suffix]
    rows = item_report(service.library, service.usage, asked)
    headers = {
        "Content-Disposition": f'attachment; filename="usage-{asked.year}.{suffix}"',
        "Cache-Control": "no-cache",
        "X-Robots-Tag": "noindex",
        "Content-Type": media_type,
    }
    return StreamingResponse(_lines(rows, separator), headers=headers)


def _lines(rows: Iterable[Sequence[str]], separator: str) -> Iterator[bytes]:
    """Yield a table as it is sent, a few rows at a time, so that a long one takes no memory."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % 200 == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()
