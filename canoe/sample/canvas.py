"""A page being drawn: PDF content-stream operators, collected (ISO 32000-1, 8.5 and 9.4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from canoe.sample.fonts import Font, width

FONT_NAMES: dict[Font, str] = {
    "Times-Roman": "F1",
    "Times-Italic": "F2",
    "Times-Bold": "F3",
    "Helvetica": "F4",
}
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Style:
    """A font and its size in points."""

    font: Font
    size: float

    def width(self, text: str) -> float:
        """Return the width of ``text`` in points."""
        return width(text, self.font, self.size)


@dataclass(slots=True)
class Canvas:
    """One page, ``width`` × ``height`` points, origin at the lower left."""

    width: float
    height: float
    operators: list[bytes] = field(default_factory=list)

    def text(self, at: Point, text: str, style: Style, word_space: float = 0.0) -> None:
        """Set one line from ``at``; ``word_space`` points are added to each space."""
        shown = text.encode("cp1252")
        for character in (b"\\", b"(", b")"):
            shown = shown.replace(character, b"\\" + character)
        name = FONT_NAMES[style.font]
        head = f"BT /{name} {style.size:g} Tf {word_space:.3f} Tw {at[0]:.2f} {at[1]:.2f} Td ("
        self.operators.append(head.encode("ascii") + shown + b") Tj ET")

    def centred(self, y: float, text: str, style: Style, x: float | None = None) -> None:
        """Set one line centred on ``x``, by default on the middle of the page."""
        middle = self.width / 2 if x is None else x
        self.text((middle - style.width(text) / 2, y), text, style)

    def line(self, points: Sequence[Point], weight: float = 0.6, dash: str = "") -> None:
        """Draw straight strokes from point to point, ``weight`` points thick."""
        self._draw(f"{weight:g} w [{dash}] 0 d {_path(points)} S")

    def curve(self, points: Sequence[Point], weight: float = 0.6, dash: str = "") -> None:
        """Draw Bézier curves: a starting point, then three points for each curve."""
        self._draw(f"{weight:g} w [{dash}] 0 d {_bezier(points)} S")

    def fill(self, points: Sequence[Point], grey: float = 0.0) -> None:
        """Fill a polygon; ``grey`` is 0 (black) to 1 (white)."""
        self._draw(f"q {grey:g} g {_path(points)} f Q")

    def fill_curve(self, points: Sequence[Point], grey: float = 0.0) -> None:
        """Fill the shape inside Bézier curves."""
        self._draw(f"q {grey:g} g {_bezier(points)} f Q")

    def content(self) -> bytes:
        """Return the content stream."""
        return b"1 J 1 j\n" + b"\n".join(self.operators) + b"\n"

    def _draw(self, operators: str) -> None:
        self.operators.append(operators.encode("ascii"))


def _point(point: Point) -> str:
    return f"{point[0]:.2f} {point[1]:.2f}"


def _path(points: Sequence[Point]) -> str:
    first, *rest = points
    return " ".join([f"{_point(first)} m", *(f"{_point(point)} l" for point in rest)])


def _bezier(points: Sequence[Point]) -> str:
    first, *rest = points
    curves = (rest[i : i + 3] for i in range(0, len(rest), 3))
    return " ".join([f"{_point(first)} m", *(" ".join(map(_point, curve)) + " c" for curve in curves)])
