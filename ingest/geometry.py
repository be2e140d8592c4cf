"""A PDF page as it is shown: its visible box, turned by /Rotate (ISO 32000-1, 7.7.3.3)."""

from dataclasses import dataclass

Matrix = tuple[float, float, float, float, float, float]
"""Six numbers in PDF's order: x' = a·x + c·y + e, y' = b·x + d·y + f (ISO 32000-1, 8.3.3)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The visible box in user space units, and the clockwise turn (0, 90, 180, 270) it is shown with."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int = 0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as shown."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.turn in (90, 270) else (width, height)

    def shown(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of user space as distances from the left and the top of the shown page."""
        match self.turn:
            case 90:
                return y - self.bottom, x - self.left
            case 180:
                return self.right - x, y - self.bottom
            case 270:
                return self.top - y, self.right - x
            case _:
                return x - self.left, self.top - y

    def laid(self, width: float, height: float) -> Matrix:
        """Return the matrix that lays an upright ``width`` × ``height`` sheet (origin bottom left) on the page."""
        shown_width, shown_height = self.size
        x, y = shown_width / width, shown_height / height
        match self.turn:
            case 90:
                return (0, x, -y, 0, self.right, self.bottom)
            case 180:
                return (-x, 0, 0, -y, self.right, self.top)
            case 270:
                return (0, -x, y, 0, self.left, self.top)
            case _:
                return (x, 0, 0, y, self.left, self.bottom)
