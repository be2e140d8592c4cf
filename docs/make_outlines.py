"""Make the map of the world that the pages draw, from Natural Earth (public domain), and write ``web/world.txt``.

    python docs/make_outlines.py ne_110m_admin_0_countries.json ne_10m_admin_0_label_points.json

Run by hand, when Natural Earth has changed. Both files are GeoJSON, made of the shapefiles of
https://www.naturalearthdata.com. Countries are drawn in the Equal Earth projection (Šavrič, Patterson and Jenny,
2018), which keeps areas, and simplified by the algorithm of Douglas and Peucker. Those that have no outline at this
scale get a point.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import asin, cos, hypot, radians, sin, sqrt
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[1]))

from metadata import places

Point: TypeAlias = tuple[float, float]
TARGET = Path(__file__).parents[1] / "web" / "world.txt"
WIDTH = 2000
FINE = 1.1
"""How far an outline may lie from the original, in units of the drawing."""

_A = (1.340264, -0.081106, 0.000893, 0.003796)
_EAST = 2.7066301  # x of the equator's end
_NORTH = 1.3173628  # y of the pole
_NAMELESS = "-"
_OF = {"N. Cyprus": "CY", "Somaliland": "SO", "France": "FR", "Norway": "NO"}
"""What has no code in Natural Earth, or another than ISO 3166-1 gives it."""

_ALPHA_3 = {
    "ACA": "AG", "CCK": "CC", "COK": "CK", "CXR": "CX", "FRO": "FO", "SGS": "GS", "HMD": "HM", "IOT": "IO",
    "CYM": "KY", "MHL": "MH", "MNP": "MP", "PYF": "PF", "PCN": "PN", "NSV": "SJ", "STP": "ST", "TCA": "TC",
    "UMI": "UM", "VCT": "VC", "VGB": "VG", "VIR": "VI", "MYT": "YT",
}  # fmt: skip
"""What is called otherwise in Natural Earth than by CLDR."""

_HEAD = """\
# The countries of the world in the Equal Earth projection, made by docs/make_outlines.py.
# Source: Natural Earth, https://www.naturalearthdata.com, countries 1:110m and label points. Licence: public domain.
# A line each: code of ISO 3166-1 (- for land that has none), tab, outline as the data of an SVG path or x,y of a point.
# size {} {}
"""


def main() -> None:
    """Write the map."""
    countries, labels = (json.loads(Path(name).read_text("utf-8"))["features"] for name in sys.argv[1:3])
    outlines = dict(sorted(_outlines(countries).items()))
    points = {code: at for code, at in sorted(_points(labels).items()) if code not in outlines}
    lines = [f"{code}\t{path}" for code, path in outlines.items()]
    lines += [f"{code}\t{round(x)},{round(y)}" for code, (x, y) in points.items()]
    height = round(WIDTH * _NORTH / _EAST)
    TARGET.write_text(_HEAD.format(WIDTH, height) + "\n".join(lines) + "\n", "utf-8")
    missing = sorted(places.countries_in(places.WORLD) - set(outlines) - set(points))
    print(f"{len(outlines)} outlines, {len(points)} points, without either: {' '.join(missing)}")


def projected(longitude: float, latitude: float) -> Point:
    """Return where a place is on the drawing: right and down from its upper left corner."""
    root = sqrt(3) / 2
    t = asin(root * sin(radians(latitude)))
    across = 9 * _A[3] * t**8 + 7 * _A[2] * t**6 + 3 * _A[1] * t**2 + _A[0]
    x = 2 * sqrt(3) * radians(longitude) * cos(t) / (3 * across)
    y = _A[3] * t**9 + _A[2] * t**7 + _A[1] * t**3 + _A[0] * t
    scale = WIDTH / (2 * _EAST)
    return (x + _EAST) * scale, (_NORTH - y) * scale


def _outlines(features: Iterable[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for feature in features:
        facts, shape = feature["properties"], feature["geometry"]
        code = _OF.get(facts["NAME"], facts["ISO_A2"])
        code = code if places.within(code) else _NAMELESS
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings = (_ring([projected(*at) for at in ring]) for polygon in polygons for ring in polygon)
        found[code] = found.get(code, "") + "".join(rings)
    return found


def _ring(points: Sequence[Point]) -> str:
    """Return a ring as the data of a path, in whole units, each point after the first as far from the one before."""
    whole = [(round(x), round(y)) for x, y in simplified(points)]
    if len(set(whole)) < 3:
        return ""
    steps = [(x - a, y - b) for (a, b), (x, y) in pairwise(whole)]
    drawn = "".join(f"{x}{y:+d}" if n == 0 else f"{x:+d}{y:+d}" for n, (x, y) in enumerate(_moved(steps)))
    return "M{} {}l{}z".format(*whole[0], drawn.replace("+", " "))


def _moved(steps: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    yield from (step for step in steps[:-1] if step != (0, 0))  # the last leads back, as z does


def simplified(points: Sequence[Point]) -> list[Point]:
    """Return the points that matter: none that is left out lies farther than :data:`FINE` from the line."""
    kept, waiting = {0, len(points) - 1}, [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        far, at = max(
            ((_off(points[n], points[first], points[last]), n) for n in range(first + 1, last)), default=(0, 0)
        )
        if far > FINE:
            kept.add(at)
            waiting += [(first, at), (at, last)]
    return [points[n] for n in sorted(kept)]


def _off(point: Point, start: Point, end: Point) -> float:
    (x, y), (a, b), (c, d) = point, start, end
    length = hypot(c - a, d - b)
    return abs((c - a) * (b - y) - (a - x) * (d - b)) / length if length else hypot(x - a, y - b)


def _points(features: Iterable[Any]) -> dict[str, Point]:
    """Return where the largest part of each country is."""
    found: dict[str, tuple[float, Point]] = {}
    for feature in features:
        facts = feature["properties"]
        code = _ALPHA_3.get(facts["sr_gu_a3"] or "", "") or places.find(facts["sr_subunit"] or "")
        rank, at = facts["scalerank"], projected(*feature["geometry"]["coordinates"][:2])
        if code and not places.is_region(code) and (code not in found or rank < found[code][0]):
            found[code] = rank, at
    return {code: at for code, (_, at) in found.items()}


if __name__ == "__main__":
    main()
