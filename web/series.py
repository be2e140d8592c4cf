"""Series: which there are, and of each the items in the order of their numbers, with what is missing between."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from metadata import series as known
from metadata.errors import NotFound
from metadata.folding import fold
from metadata.model import Item
from metadata.model import Series as Statement
from metadata.series import Gap
from metadata.standard_numbers import issn as as_issn
from web.reader import reader
from web.render import Service, View, respond
from web.results import whole_number

AT_ONCE = 100
"""Series, or numbers of one, on a page."""

_Row = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Series:
    """A series: the id in its address (its ISSN, else its name), its titles, the most used first, and its items."""

    id: str
    titles: Sequence[str]
    issn: str
    count: int
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a series as printed, ``""`` for what has none, its items, and what is missing before it."""

    number: str
    items: Sequence[Item]
    missing: Gap | None = None


def all_series(service: Service, request: Request) -> Response:
    """Answer ``/series``."""
    found = sorted(_grouped(service.library.catalogue.series()), key=lambda one: (fold(one.titles[0]), one.id))
    page = whole_number(request.query_params.get("page", "1"))
    shown = found[max(page - 1, 0) * AT_ONCE : page * AT_ONCE]
    if not shown and page != 1:
        raise NotFound("There is no such page of the series.")
    values = {"found": shown, "page": page, "pages": -(-len(found) // AT_ONCE), "total": len(found)}
    return respond(service, request, View("series_all.html", values))


def one_series(service: Service, request: Request) -> Response:
    """Answer ``/series/{id}``, by ISSN or by name; the name of one that has an ISSN leads there."""
    asked = request.path_params["id"]
    found = _found(service, asked)
    if found.id != asked:
        return RedirectResponse(reader(service.site, request).link(f"/series/{found.id}"), 301)
    numbers = _numbers(service, found)
    page, pages = whole_number(request.query_params.get("page", "1")), -(-len(numbers) // AT_ONCE)
    if not 1 <= page <= max(pages, 1):
        raise NotFound(f"There is no page {page} of series {asked[:40]!r}.")
    values: dict[str, object] = {
        "series": found,
        "numbers": numbers[(page - 1) * AT_ONCE : page * AT_ONCE],
        "page": page,
        "pages": pages,
        "search": f'series:"{found.titles[0].replace(chr(34), " ").strip()[:200]}"',
    }
    return respond(service, request, View("series.html", values))


def address(service: Service, statement: Statement) -> str:
    """Return the path of the series that an item says it is part of, ``""`` where there is no page."""
    name, issn = known.known_by(statement)
    if not name and not issn:
        return ""
    others = {row[1] for row in service.library.catalogue.series_named(name, "") if row[1]} if not issn else set()
    return f"/series/{issn or (others.pop() if len(others) == 1 else name)}"


def ids(service: Service) -> list[str]:
    """Return the ids of all series."""
    return [one.id for one in _grouped(service.library.catalogue.series())]


def _found(service: Service, asked: str) -> Series:
    """Return the series with this ISSN or name; raises NotFound."""
    catalogue = service.library.catalogue
    issn = as_issn(asked)
    rows = catalogue.series_named("", issn) if issn else catalogue.series_named(known.name(asked), "")
    near = {row for name in {row[0] for row in rows} for row in catalogue.series_named(name, "")} | {*rows}
    groups = {one.id: one for one in _grouped(near)}
    wanted = groups.get(issn or known.name(asked)) or (next(iter(groups.values())) if len(groups) == 1 else None)
    if wanted is None:
        raise NotFound(f"There is no series {asked[:40]!r}.")
    return wanted


def _grouped(rows: Iterable[_Row]) -> list[Series]:
    """Return series of rows (name, ISSN, title, items): those with one ISSN are one, and what bears its name alone."""
    held = sorted(rows, key=lambda row: (-row[3], row[:3]))
    issns: dict[str, set[str]] = {}
    for name, issn, _, _ in held:
        issns.setdefault(name, set()).update({issn} - {""})
    groups: dict[str, list[_Row]] = {}
    for row in held:
        own = issns[row[0]]
        groups.setdefault(row[1] or (next(iter(own)) if len(own) == 1 and row[0] else row[0]), []).append(row)
    return [_series(series_id, found) for series_id, found in groups.items()]


def _series(series_id: str, rows: Sequence[_Row]) -> Series:
    titles = {fold(title): title for _, _, title, _ in reversed(rows) if title}
    issn = next((issn for _, issn, _, _ in rows if issn), "")
    shown = [*dict.fromkeys(titles[fold(row[2])] for row in rows if row[2])]
    return Series(series_id, shown or [issn], issn, sum(row[3] for row in rows), [row[:2] for row in rows])


def _numbers(service: Service, series: Series) -> list[Number]:
    """Return the numbers of a series in their order, those without a number last."""
    found = [entry for row in series.rows for entry in service.library.catalogue.in_series(*row)]
    found.sort(key=lambda entry: known.order(entry[0]))
    wholes = [whole for number, _ in found if (whole := known.whole(number)) is not None]
    missing = {gap.last + 1: gap for gap in known.gaps(wholes)}
    groups = (list(group) for _, group in groupby(found, key=lambda entry: known.order(entry[0])))
    return [_number(group[0][0], [item for _, item in group], missing) for group in groups]


def _number(number: str, items: Sequence[Item], missing: Mapping[int, Gap]) -> Number:
    own = {item.id: item for item in items}
    whole = known.whole(number)
    return Number(number, [*own.values()], None if whole is None else missing.get(whole))


ROUTES: Mapping[str, Callable[[Service, Request], Response]] = {
    "/series": all_series,
    "/series/{id}": one_series,
}
