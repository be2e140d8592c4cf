"""Words into lines: measured, broken where the whole paragraph looks best, and justified."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from canoe.sample.canvas import Canvas, Point, Style
from canoe.sample.fonts import Font

SHRINK = 0.15
"""The part of a space that a tight line may give up."""


@dataclass(frozen=True, slots=True)
class Run:
    """Part of a word in one style; a word is a tuple of runs."""

    text: str
    style: Style


Word = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one line; ``indent`` and ``word_space`` are points, the latter added to every space."""

    words: tuple[Word, ...]
    indent: float = 0.0
    word_space: float = 0.0

    def draw(self, canvas: Canvas, at: Point) -> None:
        """Set the line with its left end and baseline ``at``; neighbours in one style share an operator."""
        x, y = at[0] + self.indent, at[1]
        for run in _merged(self.words):
            canvas.text((x, y), run.text, run.style, self.word_space)
            x += run.style.width(run.text) + self.word_space * run.text.count(" ")


def typographic(text: str) -> str:
    """Return ``text`` with curly quotes and, where French sets them, spaces that do not break."""
    text = re.sub(r" (?=[:;?!»])", "\u00a0", text.replace("'", "’").replace("« ", "«\u00a0"))
    text = re.sub(r'"([^"]*)"', r"“\1”", text)
    return re.sub(r"(?<=\d) (?=\d{3})", "\u00a0", text).replace("...", ". . .")


def words(text: str, size: float, font: Font = "Times-Roman") -> list[Word]:
    """Split ``text`` at spaces; what stands between underscores is in italics."""
    italic = False
    made: list[Word] = []
    for token in typographic(text).split(" "):
        runs: list[Run] = []
        for i, piece in enumerate(token.split("_")):
            italic ^= i > 0
            if piece:
                shown = piece.replace("\u00a0", " ")
                runs.append(Run(shown, Style("Times-Italic" if italic else font, size)))
        made.append(tuple(runs))
    return made


def lines(paragraph: Sequence[Word], measure: float, indent: float = 0.0, justify: bool = True) -> list[Line]:
    """Break a paragraph into lines of ``measure`` points, the first indented.

    The breaks are those with the least sum of cubed slack over all lines but the last.
    """
    space = paragraph[0][0].style.width(" ")
    widths = [_width(word) for word in paragraph]
    made = []
    for begin, end in _breaks(widths, measure, space, indent):
        inset = indent if begin == 0 else 0.0
        gaps = end - begin - 1 + sum(run.text.count(" ") for word in paragraph[begin:end] for run in word)
        slack = measure - inset - sum(widths[begin:end]) - space * (end - begin - 1)
        stretch = slack / gaps if gaps and (end < len(widths) or slack < 0) else 0.0
        made.append(Line(tuple(paragraph[begin:end]), inset, stretch if justify else min(stretch, 0.0)))
    return made


def _breaks(widths: Sequence[float], measure: float, space: float, indent: float) -> list[tuple[int, int]]:
    cost, came_from = [0.0], [0]
    for end in range(1, len(widths) + 1):
        least, origin, natural = inf, end - 1, -space
        for begin in range(end - 1, -1, -1):
            natural += widths[begin] + space
            slack = measure - (0.0 if begin else indent) - natural
            if slack < -SHRINK * space * (end - begin - 1) and begin < end - 1:
                break
            badness = 0.0 if end == len(widths) and slack >= 0 else abs(slack / measure * 10) ** 3
            if (total := cost[begin] + badness) < least:
                least, origin = total, begin
        cost.append(least)
        came_from.append(origin)
    return _walk_back(came_from)


def _walk_back(came_from: Sequence[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    end = len(came_from) - 1
    while end > 0:
        spans.append((came_from[end], end))
        end = came_from[end]
    return spans[::-1]


def _width(word: Word) -> float:
    return sum(run.style.width(run.text) for run in word)


def _merged(line: Sequence[Word]) -> list[Run]:
    runs: list[Run] = []
    for i, word in enumerate(line):
        for j, run in enumerate(word):
            text = f" {run.text}" if i and not j else run.text
            if runs and runs[-1].style == run.style:
                runs[-1] = Run(runs[-1].text + text, run.style)
            else:
                runs.append(Run(text, run.style))
    return runs
