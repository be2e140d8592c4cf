"""The invisible text of a page, written from its words: what is searched, selected and copied in the access copy.

Text is shown in rendering mode 3 (ISO 32000-1, 9.3.6), a line of the page in one piece, so that copying
gives words and lines in their order. A line lies on the baseline that its words' boxes tell, slanted or upright
as they are; every word begins where its box does, within a third of a letter or so. To say all that
exactly would cost more bytes than the text itself: a bitonal page has some 60,000, its text 1,700.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.geometry import Matrix
from ingest.layer_font import ASCENT, Alphabet, width_of
from metadata.model import Page, Word

_UNITS = 100  # positions are told in this part of an inch
_ADRIFT = 0.5  # of the font's size: how far a word may stand from its box before it is set right
_STEP = 50  # thousandths of the font's size: how finely a word is set right
_ODD = 0.3  # a word that is wider or narrower than its letters by this share is stretched on its own
_SAME_SIZE = 0.2
_NEAR = 2.2  # units that a line may lie off the place where the usual step leads
_SAME_SCALE = 4  # per cent
_SLANTED = 0.25  # of the font's size: what a line may rise from its first word to its last and pass for level
_HANGING = frozenset("gjpqyçJQ,;()[]{}|/")
_TALL = frozenset("bdfhkltijß'’\"“”()[]{}|/!?&%$£€")

_Box = tuple[float, float, float, float]
"""Start, bottom, end, top of a word along and across its line, upwards, in our units."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Words on one baseline: the frame they lie in, their boxes in it, where it begins, how it rises, its size."""

    frame: Matrix
    words: tuple[tuple[str, _Box], ...]
    bottom: float
    slope: float
    size: float


def layer_of(page: Page, matrix: Matrix, alphabet: Alphabet, fonts: str) -> tuple[bytes, tuple[int, ...]]:
    """Return what draws a page's words invisibly, and the fonts (from 0) that it uses.

    ``matrix`` lays the upright sheet of ``page.width`` × ``page.height`` (origin bottom left) on the page, ``fonts``
    is the name that the fonts' names begin with. The text is to be added to the page's contents with the graphics
    state as it was at their beginning. ``b""`` where the page has no words.
    """
    unit = page.dpi / _UNITS
    lines = list(_lines(page, unit))
    pen = _Pen(alphabet, fonts, _pitch(lines))
    for line in lines:
        pen.write(line)
    if not pen.parts:
        return b"", ()
    a, b, c, d, e, f = matrix
    placed = " ".join(_number(value, 5) for value in (a * unit, b * unit, c * unit, d * unit, e, f))
    return b"".join([f"q {placed} cm BT 3 Tr\n".encode("ascii"), *pen.parts, b"ET Q\n"]), tuple(sorted(pen.used))


def _pitch(lines: Sequence[_Line]) -> float:
    """Return the usual distance from one line to the next."""
    steps = [above.bottom - below.bottom for above, below in pairwise(lines) if above.bottom > below.bottom]
    return round(median(steps), 1) if steps else 0.0


def _lines(page: Page, unit: float) -> Iterator[_Line]:
    """Yield the lines of a page's text; words that stand apart, initials perhaps, are lines of their own."""
    words = iter(page.words)
    for text in page.text.split("\n"):
        line = [next(words) for _ in text.split()]
        if line:
            yield from _split(_framed(line, page, unit))


def _framed(words: Sequence[Word], page: Page, unit: float) -> _Line:
    """Return words as one line, in the frame of their own direction: rightwards, or up or down the page."""
    height = page.height / unit
    upright = [(word.text, _upright(word, page.height, unit)) for word in words]
    tall = sum((box[3] - box[1]) > 1.5 * (box[2] - box[0]) for text, box in upright if len(text) > 2)
    if tall <= sum(len(text) > 2 for text, _ in upright) / 2:
        return _measured((1, 0, 0, 1, 0, 0), upright)
    if upright[0][1][1] > upright[-1][1][3]:  # from the top downwards
        turned = [(text, (height - top, left, height - bottom, right)) for text, (left, bottom, right, top) in upright]
        return _measured((0, -1, 1, 0, 0, height), turned)
    turned = [(text, (bottom, -right, top, -left)) for text, (left, bottom, right, top) in upright]
    return _measured((0, 1, -1, 0, 0, 0), turned)


def _upright(word: Word, height: int, unit: float) -> _Box:
    left, top, right, bottom = word.box
    return left / unit, (height - bottom) / unit, max(right, left + 1) / unit, (height - top) / unit


def _measured(frame: Matrix, words: Sequence[tuple[str, _Box]]) -> _Line:
    """Return a line with its baseline and its size, as the words' boxes and letters tell them."""
    standing = [box for text, box in words if not _HANGING & set(text)] or [box for _, box in words]
    slope = _slope(standing)
    start = words[0][1][0]
    level = [(text, box, slope * (box[0] - start)) for text, box in words]
    bottom = median(box[1] - rise for text, box, rise in level if box in standing)
    heights = [(_is_tall(text), box[3] - rise - bottom) for text, box, rise in level]
    above = median([h for tall, h in heights if tall] or [1.45 * h for _, h in heights])
    size = max(1.0, above * 1000 / ASCENT)
    rise = abs(slope) * (words[-1][1][2] - start)
    return _Line(frame, tuple(words), bottom, slope if rise > _SLANTED * size else 0.0, size)


def _slope(boxes: Sequence[_Box]) -> float:
    """Return how the bottoms of boxes rise along their line: the median over those that are far apart."""
    half = len(boxes) // 2
    if half < 2:
        return 0.0
    pairs = [(one, boxes[place + half]) for place, one in enumerate(boxes[: len(boxes) - half])]
    slope = median((far[1] - near[1]) / max(1.0, far[0] - near[0]) for near, far in pairs)
    return slope if abs(slope) < 0.5 else 0.0


def _is_tall(text: str) -> bool:
    return any(character in _TALL or character.isupper() or character.isdigit() for character in text)


def _split(line: _Line) -> Iterator[_Line]:
    """Yield the parts of a line that share a baseline and a size."""
    part: list[tuple[str, _Box]] = []
    for text, box in line.words:
        if len(line.words) > 1 and _stands_apart(line, box):
            if part:
                yield _Line(line.frame, tuple(part), _bottom_at(line, part[0][1]), line.slope, line.size)
                part = []
            yield _measured(line.frame, [(text, box)])
        else:
            part.append((text, box))
    if part:
        yield _Line(line.frame, tuple(part), _bottom_at(line, part[0][1]), line.slope, line.size)


def _bottom_at(line: _Line, box: _Box) -> float:
    return line.bottom + line.slope * (box[0] - line.words[0][1][0])


def _stands_apart(line: _Line, box: _Box) -> bool:
    bottom = _bottom_at(line, box)
    return box[3] < bottom or box[1] > bottom + line.size or box[3] - box[1] > 2 * line.size


class _Pen:
    """Writes lines as operators of a text object, and says only what changes from one to the next."""

    def __init__(self, alphabet: Alphabet, fonts: str, pitch: float) -> None:
        self.parts: list[bytes] = []
        self.used: set[int] = set()
        self._alphabet = alphabet
        self._fonts = fonts
        self._pitch = pitch
        self._font = 0
        self._size = self._scale = 0
        self._gap = self._told_gap = 0.0
        self._next_line = False  # whether the move to the next line is still to be told
        self._at: tuple[float, float] | None = (0, 0)  # None after a line that is not level

    def write(self, line: _Line) -> None:
        """Write a line."""
        if not self._size:
            self._say(f"{_number(self._pitch, 1)} TL")
        if abs(line.size - self._size) > _SAME_SIZE * self._size:
            self._size = max(1, round(line.size))
            self.use(line.words[0][0][0])
        self._move(line)
        scale = self._ratio(line.words)
        if abs(scale - self._scale) > _SAME_SCALE:
            self._stretch(scale)
        self._space(line.words)
        self._show(line.words)

    def show(self, parts: Sequence[bytes | int]) -> None:
        """Tell strings and the shifts between them, with the move that is due."""
        if len(parts) == 1 and isinstance(parts[0], bytes) and self._next_line:
            gap = f"{_number(self._gap, 1)} 0" if self._gap != self._told_gap else ""
            self.parts.append(gap.encode() + parts[0] + (b'"' if gap else b"'") + b"\n")
        else:
            if self._next_line:
                self._say("T*")
            if self._gap != self._told_gap:
                self._say(f"{_number(self._gap, 1)} Tw")
            joined = b"".join(part if isinstance(part, bytes) else b"%d" % part for part in parts)
            self.parts.append(joined + b"Tj\n" if joined == parts[0] else b"[" + joined + b"]TJ\n")
        self._told_gap, self._next_line = self._gap, False

    def place(self, character: str) -> tuple[bool, int]:
        """Return whether a character is in the font in use, and its code."""
        font, code = (self._font, 0x20) if character == " " else self._alphabet.place(character)
        return font == self._font, code

    def use(self, character: str) -> None:
        """Go on in the font that has ``character``."""
        self._font = self._alphabet.place(character)[0]
        self.used.add(self._font)
        self._say(f"/{self._fonts}{self._font} {self._size} Tf")

    def _move(self, line: _Line) -> None:
        along = line.words[0][1][0]
        a, b, c, d, e, f = line.frame
        x, y = round(a * along + c * line.bottom + e), round(b * along + d * line.bottom + f)
        if line.slope or (a, d) != (1, 1):
            run = 1 / math.hypot(1, line.slope)
            cosine, sine = run, run * line.slope
            turned = (a * cosine + c * sine, b * cosine + d * sine, c * cosine - a * sine, d * cosine - b * sine)
            self._say(" ".join(_number(value, 4) for value in turned) + f" {x} {y} Tm")
            self._at = None
        elif self._at is None:
            self._say(f"1 0 0 1 {x} {y} Tm")
            self._at = x, y
        elif self._is_next(x, y):
            self._next_line = True
            self._at = self._at[0], self._at[1] - self._pitch
        else:
            across, down = round(x - self._at[0]), round(y - self._at[1])
            self._say(f"{across} {down} Td")
            self._at = self._at[0] + across, self._at[1] + down

    def _is_next(self, x: float, y: float) -> bool:
        """Say whether a line begins, nearly, where the usual step from the last one leads."""
        near = self._at and math.hypot(x - self._at[0], y - self._at[1] + self._pitch) <= _NEAR
        return bool(near and self._size)

    def _show(self, words: Sequence[tuple[str, _Box]]) -> None:
        row, cursor, usual = _Row(self), words[0][1][0], self._scale
        for place, (text, box) in enumerate(words):
            if place:
                row.add(" ")
                cursor += self._length(" ")
            own = self._ratio([(text, box)])
            wanted = own if abs(own - usual) > _ODD * usual and len(text) > 1 else usual
            if wanted != self._scale:
                row.end()
                self._stretch(wanted)
            drift = box[0] - cursor
            em = self._size * self._scale / 100
            if place and abs(drift) > _ADRIFT * em:
                step = round(drift * 1000 / em / _STEP) * _STEP
                row.shift(-step)
                cursor += step * em / 1000
            row.add(text)
            cursor += self._length(text)
        row.end()

    def _ratio(self, words: Sequence[tuple[str, _Box]]) -> int:
        """Return by how many per cent letters are to be stretched to fill the words' boxes."""
        room = sum(box[2] - box[0] for _, box in words)
        natural = sum(width_of(character) for text, _ in words for character in text) * self._size / 1000
        return min(2000, max(5, round(100 * room / natural)))

    def _space(self, words: Sequence[tuple[str, _Box]]) -> None:
        """Set the blanks between words so that the last begins where its box does (word spacing; 9.3.3)."""
        before = words[:-1]
        if before:
            natural = sum(sum(map(width_of, text)) + width_of(" ") for text, _ in before) * self._size / 1000
            room = (words[-1][1][0] - words[0][1][0]) * 100 / self._scale
            gap = round((room - natural) / len(before), 1)
            if abs(gap - self._gap) * len(before) > _ADRIFT * self._size:
                self._gap = max(-self._size, min(self._size, gap))

    def _length(self, text: str) -> float:
        blanks = self._gap * text.count(" ")
        return (sum(map(width_of, text)) * self._size / 1000 + blanks) * self._scale / 100

    def _stretch(self, scale: int) -> None:
        self._scale = scale
        self._say(f"{scale} Tz")

    def _say(self, text: str) -> None:
        self.parts.append(text.encode("ascii") + b"\n")


class _Row:
    """A line in the making: strings, and the shifts between them."""

    def __init__(self, pen: _Pen) -> None:
        self._pen = pen
        self._parts: list[bytes | int] = []
        self._string = b""

    def add(self, text: str) -> None:
        """Add characters."""
        for character in text:
            fits, code = self._pen.place(character)
            if not fits:
                self.end()
                self._pen.use(character)
            self._string += bytes([code])

    def shift(self, thousandths: int) -> None:
        """Add a shift, to the left where it is positive."""
        self._close()
        self._parts.append(thousandths)

    def end(self) -> None:
        """Write what was added."""
        self._close()
        if self._parts:
            self._pen.show(self._parts)
        self._parts = []

    def _close(self) -> None:
        if self._string:
            self._parts.append(b"(" + self._string + b")")
            self._string = b""


def _number(value: float, places: int) -> str:
    """Return a number as PDF takes it: no exponent, no needless zeros."""
    return f"{value:.{places}f}".rstrip("0").rstrip(".") or "0"
