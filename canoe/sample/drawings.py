"""What is drawn, not set: the publisher's mark and the figures.

Each drawing takes a canvas, the lower left corner and width of its place, and the words to
put on it; all lengths are in points.
"""

from collections.abc import Callable, Sequence
from math import cos, pi, sin

from canoe.sample.canvas import Canvas, Point, Style

LABEL = Style("Helvetica", 9)
HEIGHTS = {"transect": 118.0, "map": 150.0, "bars": 112.0}
"""How high each figure is."""


def mark(canvas: Canvas, centre: Point, scale: float) -> None:
    """Draw the publisher's mark, a compass rose above a canoe, ``scale`` points to its unit of a hundredth."""
    x, y = centre

    def at(*points: Point) -> list[Point]:
        return [(x + dx * scale, y + dy * scale) for dx, dy in points]

    _rose(canvas, (x, y + 26 * scale), 21 * scale)
    sheer: list[Point] = [(-48, 6), (-40, -4), (-20, -8), (0, -8), (20, -8), (40, -4), (48, 6)]
    keel: list[Point] = [(48, -10), (36, -22), (0, -22), (-36, -22), (-48, -10), (-48, 6)]
    canvas.fill_curve(at(*sheer, *keel))
    for thwart in (-18, 0, 18):
        canvas.line(at((thwart, -9), (thwart, -20)), 0.5 * scale + 0.1)
    canvas.line(at((-30, 22), (-8, -20)), 1.6 * scale)
    canvas.line(at((-33, 20), (-27, 24)), 1.6 * scale)
    for row, reach in ((-28, 52), (-33, 38), (-38, 22)):
        _ripple(canvas, at((-reach, row), (reach, row)), scale)


def _rose(canvas: Canvas, centre: Point, radius: float) -> None:
    for turn in range(8):
        reach = radius * (1.0 if turn % 2 == 0 else 0.62)
        tip, left, right = (_polar(centre, r, turn * pi / 4 + d) for r, d in _blades(reach, radius))
        canvas.fill([centre, left, tip])
        canvas.line([centre, right, tip, left, centre], 0.5)


def _blades(reach: float, radius: float) -> tuple[Point, Point, Point]:
    waist = radius * 0.24
    return (reach, 0.0), (waist, pi / 8), (waist, -pi / 8)


def _polar(centre: Point, radius: float, angle: float) -> Point:
    return centre[0] + radius * sin(angle), centre[1] + radius * cos(angle)


def _ripple(canvas: Canvas, ends: Sequence[Point], scale: float) -> None:
    (left, y), (right, _) = ends
    waves = 4
    step = (right - left) / waves
    points: list[Point] = [(left, y)]
    for i in range(waves):
        start = left + i * step
        crest = y + (1.6 if i % 2 == 0 else -1.6) * scale
        points += [(start + step / 3, crest), (start + 2 * step / 3, crest), (start + step, y)]
    canvas.curve(points, 0.9 * scale)


def transect(canvas: Canvas, origin: Point, width: float, labels: Sequence[str]) -> None:
    """Draw a wetland in section, from open water to trees, a label under each of its four belts."""
    x, y = origin
    base, surface = y + 26, y + 62
    profile = [
        (0, 0),
        (0.12, -2),
        (0.2, 4),
        (0.26, 14),
        (0.4, 26),
        (0.46, 30),
        (0.5, 33),
        (0.6, 40),
        (0.7, 41),
        (1, 52),
    ]
    ground = [(x + along * width, base + up) for along, up in profile]
    canvas.fill([*ground, (x + width, base - 8), (x, base - 8)], 0.82)
    canvas.line(ground, 1.1)
    canvas.line([(x, surface), (x + 0.56 * width, surface)], 0.7, "4 2")
    for i in range(4):
        canvas.line([(x + 20 + 4 * i, surface - 5 * i - 5), (x + 62 - 4 * i, surface - 5 * i - 5)], 0.4)
    for i in range(13):
        _reed(canvas, (x + (0.27 + 0.018 * i) * width, base + 13 + 1.35 * i), 44 + 5 * (i % 3))
    for i in range(9):
        _tuft(canvas, (x + (0.53 + 0.024 * i) * width, base + 36 + 0.5 * i))
    for i in range(4):
        _tree(canvas, (x + (0.79 + 0.06 * i) * width, base + 44 + 2.4 * i), 34 + 6 * (i % 2))
    for label, along in zip(labels, (0.115, 0.375, 0.625, 0.875), strict=True):
        canvas.centred(y + 4, label, LABEL, x + along * width)


def _reed(canvas: Canvas, foot: Point, height: float) -> None:
    x, y = foot
    canvas.curve([(x, y), (x, y + height / 2), (x + 1, y + height), (x + 2, y + height)], 0.6)
    canvas.fill_curve([(x + 2, y + height - 9), (x + 5, y + height), (x + 4, y + height + 4), (x + 1, y + height + 5)])


def _tuft(canvas: Canvas, foot: Point) -> None:
    x, y = foot
    for lean in (-5, -2, 1, 4):
        canvas.curve([(x, y), (x, y + 5), (x + lean, y + 8), (x + lean * 1.4, y + 11)], 0.5)


def _tree(canvas: Canvas, foot: Point, height: float) -> None:
    x, y = foot
    canvas.line([(x, y - 3), (x, y + height * 0.5)], 1.4)
    for dx, dy, radius in ((-6, 0.5, 8), (6, 0.55, 8), (0, 0.75, 9), (0, 0.45, 9)):
        disc(canvas, (x + dx, y + height * dy), radius, 0.35)


def disc(canvas: Canvas, centre: Point, radius: float, grey: float = 0.0) -> None:
    """Fill a circle."""
    x, y = centre
    k = radius * 0.5523
    r = radius
    arcs = [(x + k, y + r), (x + r, y + k), (x + r, y), (x + r, y - k), (x + k, y - r), (x, y - r)]
    arcs += [(x - k, y - r), (x - r, y - k), (x - r, y), (x - r, y + k), (x - k, y + r), (x, y + r)]
    canvas.fill_curve([(x, y + r), *arcs], grey)


def bay(canvas: Canvas, origin: Point, width: float, labels: Sequence[str]) -> None:
    """Draw the map of a bay; labels: cape, river, village, beach, north, and the scale bar's length."""
    x, y = origin
    w, h = width, HEIGHTS["map"]
    cape, river, village, beach, north, scale = labels
    canvas.line([(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)], 0.8)
    coast: list[Point] = [(0.50, 1), (0.60, 0.93), (0.70, 0.90), (0.66, 0.80), (0.55, 0.74), (0.46, 0.62), (0.46, 0.46)]
    coast += [(0.46, 0.34), (0.50, 0.24), (0.56, 0.18), (0.60, 0.13), (0.60, 0.06), (0.64, 0)]
    shore = [(x + a * w, y + b * h) for a, b in coast]
    for offset in (4, 9, 15):
        canvas.curve([(px + offset, py) for px, py in shore], 0.35)
    canvas.curve(shore, 1.1)
    canvas.curve([shore[3], *(shore[4:7])], 3.2)
    canvas.curve(shore[6:10], 3.2)
    stream: list[Point] = [
        (0, 0.34),
        (0.14, 0.42),
        (0.22, 0.20),
        (0.34, 0.26),
        (0.44, 0.30),
        (0.50, 0.16),
        (0.572, 0.165),
    ]
    canvas.curve([(x + a * w, y + b * h) for a, b in stream], 0.8)
    for dx, dy in ((0.36, 0.56), (0.375, 0.60), (0.35, 0.62), (0.385, 0.53)):
        _house(canvas, (x + dx * w, y + dy * h))
    disc(canvas, (x + 0.625 * w, y + 0.855 * h), 2.6)
    canvas.text((x + 0.755 * w, y + 0.88 * h), cape, LABEL)
    canvas.text((x + 0.06 * w, y + 0.17 * h), river, LABEL)
    canvas.text((x + 0.33 * w - LABEL.width(village), y + 0.56 * h), village, LABEL)
    canvas.text((x + 0.55 * w, y + 0.46 * h), beach, LABEL)
    _rose(canvas, (x + 0.10 * w, y + 0.76 * h), 19)
    canvas.centred(y + 0.76 * h + 22, north, LABEL, x + 0.10 * w)
    canvas.line([(x + 0.76 * w, y + 17), (x + 0.76 * w, y + 12), (x + 0.95 * w, y + 12), (x + 0.95 * w, y + 17)], 0.9)
    canvas.centred(y + 20, scale, LABEL, x + 0.855 * w)


def _house(canvas: Canvas, at: Point) -> None:
    x, y = at
    canvas.fill([(x, y), (x + 4, y), (x + 4, y + 3.4), (x + 2, y + 5.4), (x, y + 3.4)])


def bars(canvas: Canvas, origin: Point, width: float, labels: Sequence[str]) -> None:
    """Draw pairs of bars; each label is ``name first second``, the values in the same unit."""
    x, y = origin
    base, room = y + 14, HEIGHTS["bars"] - 24
    rows = [label.split() for label in labels]
    highest = max(float(value) for row in rows for value in row[1:])
    step = width / len(rows)
    canvas.line([(x, base), (x + width, base)], 0.8)
    for i, (name, first, second) in enumerate(rows):
        middle = x + (i + 0.5) * step
        _bar(canvas, (middle - 9, base), room * float(first) / highest, 0.72)
        _bar(canvas, (middle, base), room * float(second) / highest, 0.0)
        canvas.centred(y + 2, name, LABEL, middle)


def _bar(canvas: Canvas, foot: Point, height: float, grey: float) -> None:
    x, y = foot
    corners: list[Point] = [(x, y), (x + 9, y), (x + 9, y + height), (x, y + height), (x, y)]
    canvas.fill(corners, grey)
    canvas.line(corners, 0.5)


FIGURES: dict[str, Callable[[Canvas, Point, float, Sequence[str]], None]] = {
    "transect": transect,
    "map": bay,
    "bars": bars,
}
