"""The map of coverage: what places the items are about, drawn without a script and said again as a list.

Countries are those of ISO 3166-1, regions those of UN M49 (:mod:`metadata.places`); the outlines are Natural
Earth's (``world.txt``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from metadata import places
from metadata.folding import fold
from web.reader import reader
from web.render import Service, View, respond

STEPS = 5
"""Shades of countries that items are about."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A country on the map: the data of an SVG path, or a point where it is too small to have an outline."""

    code: str
    path: str = ""
    point: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The map: width and height of the drawing, and what is on it."""

    size: tuple[int, int]
    shapes: Sequence[Shape]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shape as a reader sees it: its name, the items about it, and its shade from 0, none, to :data:`STEPS`."""

    shape: Shape
    name: str
    count: int
    step: int


@dataclass(frozen=True, slots=True)
class Place:
    """A country or region that items are about, and the ones in it."""

    code: str
    name: str
    count: int
    parts: Sequence["Place"] = ()


def coverage_map(service: Service, request: Request) -> Response:
    """Answer ``/map``."""
    language = reader(service.site, request).language
    counts = dict(service.library.catalogue.shelf("place"))
    bounds = steps([counts.get(shape.code, 0) for shape in world().shapes])
    values: dict[str, object] = {
        "size": world().size,
        "drawn": [*_drawn(counts, bounds, language)],
        "legend": legend(bounds),
        "regions": listed(counts, language),
        "countries": sum(1 for code in counts if not places.is_region(code)),
        "total": counts.get(places.WORLD, 0),
    }
    return respond(service, request, View("map.html", values))


def listed(counts: Mapping[str, int], language: str) -> list[Place]:
    """Return the continents that items are about, each with its regions, and these with their countries."""
    return [_place(code, counts, language) for code in places.parts_of(places.WORLD) if counts.get(code)]


def steps(counts: Sequence[int]) -> list[int]:
    """Return the least number of items of each shade: each step is about as many times the one before."""
    most = max(counts, default=0)
    wanted = (round(most ** (step / STEPS)) + (step > 0) for step in range(STEPS))
    return sorted({bound for bound in wanted if bound <= most}) if most else []


def legend(bounds: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return each shade with the least and the most number of items, 0 where there is no most."""
    return [(n + 1, low, (*bounds, 1)[n + 1] - 1) for n, low in enumerate(bounds)]


@cache
def world() -> World:
    """Return the map as it is kept."""
    lines = files("web").joinpath("world.txt").read_text("ascii").splitlines()
    size = next(line for line in lines if line.startswith("# size ")).split()[2:]
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return World((int(size[0]), int(size[1])), [_shape(code, drawing) for code, drawing in rows])


def _shape(code: str, drawing: str) -> Shape:
    if drawing.startswith("M"):
        return Shape(code, drawing)
    across, _, down = drawing.partition(",")
    return Shape(code, point=(int(across), int(down)))


def _drawn(counts: Mapping[str, int], bounds: Sequence[int], language: str) -> Iterator[Drawn]:
    for shape in world().shapes:
        count = counts.get(shape.code, 0)
        if count or shape.path:
            step = sum(1 for bound in bounds if bound <= count)
            yield Drawn(shape, places.name_of(shape.code, language) if count else "", count, step)


def _place(code: str, counts: Mapping[str, int], language: str) -> Place:
    below = sorted(_leaves(code), key=lambda one: fold(places.name_of(one, language)))
    parts = [_place(one, counts, language) for one in below if counts.get(one)]
    name = places.name_of(code, language)
    return Place(code, name[:1].upper() + name[1:], counts[code], parts)


def _leaves(code: str) -> list[str]:
    """Return the countries of a region, or the regions in it that consist of countries."""
    parts = places.parts_of(code)
    regions = [part for part in parts if places.is_region(part)]
    own = [part for part in parts if part not in regions]
    deeper = (one for region in regions for one in (_leaves(region) if _has_regions(region) else [region]))
    return [*own, *deeper]


def _has_regions(code: str) -> bool:
    return any(places.is_region(part) for part in places.parts_of(code))


ROUTES: Mapping[str, Callable[[Service, Request], Response]] = {"/map": coverage_map}
