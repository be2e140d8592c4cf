"""Browsing by year: how many items there are of each ten years, and of each year."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from web.render import Service, View, respond


@dataclass(frozen=True, slots=True)
class Decade:
    """Ten years: the first, the items of all, and of each year that has any; ``share`` of the fullest, in percent."""

    first: str
    count: int
    years: Sequence[tuple[str, int]]
    share: float


def years(service: Service, request: Request) -> Response:
    """Answer ``/years``."""
    return respond(service, request, View("years.html", {"decades": decades(service)}))


def decades(service: Service) -> list[Decade]:
    """Return the decades that items are of, the latest first."""
    by_decade: dict[str, list[tuple[str, int]]] = {}
    for year, count in sorted(service.library.catalogue.shelf("year"), key=lambda one: -int(one[0])):
        by_decade.setdefault(str(int(year) // 10 * 10), []).append((year, count))
    counts = {first: sum(count for _, count in found) for first, found in by_decade.items()}
    shares = shares_of(counts.values())
    return [
        Decade(first, counts[first], sorted(found), share)
        for (first, found), share in zip(by_decade.items(), shares, strict=True)
    ]


def shares_of(counts: Iterable[int]) -> list[float]:
    """Return how long the bar of each count is, in percent of the longest; none is too short to be seen."""
    numbers = [*counts]
    most = max(numbers, default=1)
    return [max(1.0, round(100 * number / most, 1)) for number in numbers]


ROUTES: Mapping[str, Callable[[Service, Request], Response]] = {"/years": years}
