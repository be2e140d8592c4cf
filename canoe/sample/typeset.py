"""From a publication to pages: title page, text, tables and figures, as PDF content streams.

The page is 170 × 240 mm. Proceedings are set in two ragged columns under a title block;
everything else in one justified column after a title page.
"""

from dataclasses import dataclass, field

from canoe.sample.canvas import Canvas, Style
from canoe.sample.drawings import FIGURES, HEIGHTS, mark
from canoe.sample.fonts import Font
from canoe.sample.layout import Line, Word, lines, typographic, words
from canoe.sample.publications import Block, Publication, blocks

WIDTH, HEIGHT = 482.0, 680.0
MARGIN, TOP, BOTTOM = 57.0, 612.0, 58.0
GUTTER = 20.0
HEADING: Font = "Times-Bold"


@dataclass(frozen=True, slots=True)
class Typeset:
    """Pages and, for the outline, each heading with its page (from 0)."""

    pages: tuple[Canvas, ...]
    headings: tuple[tuple[str, int], ...]


def typeset(publication: Publication) -> Typeset:
    """Set a publication. Raises UnicodeEncodeError for a character outside Windows-1252."""
    composer = _Composer(publication)
    if publication.type == "proceedings":
        composer.two_columns()
    else:
        composer.title_page()
    for block in blocks(publication.body):
        composer.add(block)
    composer.tailpiece()
    return Typeset(tuple(composer.pages), tuple(composer.headings))


@dataclass(slots=True)
class _Composer:
    """Sets block after block, from column to column and page to page."""

    publication: Publication
    pages: list[Canvas] = field(default_factory=list)
    headings: list[tuple[str, int]] = field(default_factory=list)
    size: float = 12.0
    leading: float = 15.8
    lefts: tuple[float, ...] = (MARGIN,)
    measure: float = WIDTH - 2 * MARGIN
    justify: bool = True
    top: float = TOP
    column: int = 0
    y: float = 0.0
    after_heading: bool = True

    @property
    def page(self) -> Canvas:
        return self.pages[-1]

    @property
    def left(self) -> float:
        return self.lefts[self.column]

    def title_page(self) -> None:
        page = self._blank()
        p = self.publication
        page.centred(588, typographic(p.organisation), Style("Times-Roman", 12))
        page.line([(WIDTH / 2 - 60, 574), (WIDTH / 2 + 60, 574)], 0.6)
        y = self._centred_lines(p.title, Style("Times-Bold", 27), 470, 33)
        y = self._centred_lines(p.subtitle, Style("Times-Italic", 15), y - 2, 19)
        page.centred(y - 28, p.byline, Style("Times-Roman", 13))
        mark(page, (WIDTH / 2, 216), 1.0)
        page.line([(MARGIN, 132), (WIDTH - MARGIN, 132)], 1.4)
        page.line([(MARGIN, 129), (WIDTH - MARGIN, 129)], 0.4)
        page.centred(108, typographic(p.publisher), Style("Times-Bold", 12))
        page.centred(92, f"{p.place} · {p.date[:4]}", Style("Times-Roman", 11))
        self._centred_lines(p.notice, Style("Times-Italic", 10), 62, 12)
        self._turn()

    def two_columns(self) -> None:
        """Begin with a title block over both columns."""
        self.size, self.leading, self.justify = 11.6, 14.4, False
        self.measure = (WIDTH - 2 * MARGIN - GUTTER + 16) / 2
        self.lefts = (MARGIN - 8, MARGIN - 8 + self.measure + GUTTER)
        page, p = self._blank(), self.publication
        mark(page, (WIDTH - MARGIN - 26, 598), 0.5)
        left = MARGIN - 8
        page.text((left, 622), typographic(p.organisation), Style("Times-Roman", 11))
        page.text((left, 590), p.title, Style("Times-Bold", 25))
        page.text((left, 571), p.subtitle, Style("Times-Italic", 13))
        page.text((left, 551), p.byline, Style("Times-Roman", 12))
        page.line([(left, 540), (WIDTH - left, 540)], 1.4)
        page.text((left, 525), f"{p.publisher} · {p.place} · {p.date[:4]}", Style("Times-Bold", 11))
        page.text((left, 511), typographic(p.notice), Style("Times-Italic", 10.5))
        page.line([(left, 504), (WIDTH - left, 504)], 0.4)
        self.top = 484
        self.y = self.top

    def add(self, block: Block) -> None:
        match block.kind:
            case "heading":
                self._heading(block.text)
            case "paragraph":
                indent = 0.0 if self.after_heading else 14.0
                self._flow(lines(words(block.text, self.size), self.measure, indent, self.justify), self.leading)
            case "table":
                self._table(block.text)
            case "figure":
                self._figure(block.text)
            case "caption":
                self._caption(block.text)
            case "page":
                self._turn()
        self.after_heading = block.kind in ("heading", "caption", "page")

    def tailpiece(self) -> None:
        """Close with a small mark where there is room for one."""
        if self.y > BOTTOM + 50:
            mark(self.page, (self.left + self.measure / 2, self.y - 24), 0.4)

    def _heading(self, text: str) -> None:
        style = Style(HEADING, self.size + 2)
        self._need(4 * self.leading)
        if self.y < self.top - 1:
            self.y -= 9
        self.page.text((self.left, self.y), typographic(text), style)
        self.headings.append((typographic(text), len(self.pages) - 1))
        self.y -= self.leading + 3

    def _flow(self, made: list[Line], leading: float) -> None:
        for line in made:
            self._need(0)
            line.draw(self.page, (self.left, self.y))
            self.y -= leading

    def _caption(self, text: str) -> None:
        made = lines(words(text, self.size - 0.8, "Times-Italic"), self.measure, 0.0, False)
        self._flow(made, self.leading - 1.6)
        self.y -= 8

    def _figure(self, text: str) -> None:
        name, _, labels = text.partition(" ")
        height = HEIGHTS[name]
        self._need(height + 2 * self.leading)
        self.y -= height - 2
        shown = [typographic(label.strip()) for label in labels.split("|")]
        FIGURES[name](self.page, (self.left, self.y), self.measure, shown)
        self.y -= 15

    def _table(self, text: str) -> None:
        rows = [[typographic(cell.strip()) for cell in row.strip("| ").split("|")] for row in text.split("\n")]
        self._need((len(rows) + 2) * 15)
        body, head = Style("Times-Roman", 10.4), Style(HEADING, 10.4)
        columns = _columns(rows, head, body, self.measure)
        self.y -= 8
        self._rule(self.y + 12, 1.0)
        for i, row in enumerate(rows):
            for cell, offset in zip(row, columns, strict=True):
                self.page.text((self.left + offset + 3, self.y), cell, body if i else head)
            self.y -= 14.5
            if i in (0, len(rows) - 1):
                self._rule(self.y + 9.5, 1.0 if i else 0.5)
            self.y -= 3 if i == 0 else 0
        self.y -= 4

    def _rule(self, y: float, weight: float) -> None:
        self.page.line([(self.left, y), (self.left + self.measure, y)], weight)

    def _need(self, height: float) -> None:
        """Go on to the next column or page unless ``height`` points are left in this one."""
        if self.y - height >= BOTTOM:
            return
        if self.column + 1 < len(self.lefts):
            self.column += 1
            self.y = self.top
        else:
            self._turn()

    def _turn(self) -> None:
        page = self._blank()
        number = len(self.pages)
        outer = number % 2 == 1
        head, p = Style("Times-Italic", 10.5), self.publication
        running = typographic(p.byline if outer else p.title)
        left = self.lefts[0]
        at = (WIDTH - left - head.width(running)) if outer else left
        page.text((at, 640), running, head)
        page.line([(left, 633), (WIDTH - left, 633)], 0.5)
        page.centred(34, str(number), Style("Times-Roman", 10.5))
        self.top, self.column = TOP, 0
        self.y = self.top

    def _blank(self) -> Canvas:
        self.pages.append(Canvas(WIDTH, HEIGHT))
        return self.page

    def _centred_lines(self, text: str, style: Style, y: float, leading: float) -> float:
        """Set ``text`` centred, as many lines as it needs, the first at ``y``; return where the next would be."""
        for line in _balanced(words(text, style.size, style.font), WIDTH - 2 * MARGIN - 20):
            shown = " ".join("".join(run.text for run in word) for word in line.words)
            self.page.centred(y, shown, style)
            y -= leading
        return y


def _balanced(title: list[Word], measure: float) -> list[Line]:
    """Break into as few lines as ``measure`` asks for, as even as they can be."""
    made = lines(title, measure, 0.0, False)
    while len(narrower := lines(title, measure - 10, 0.0, False)) == len(made) > 1:
        made, measure = narrower, measure - 10
    return made


def _columns(rows: list[list[str]], head: Style, body: Style, measure: float) -> list[float]:
    """Return the left edge of each column, the room shared out over columns as wide as their widest cell."""
    widest = [
        max(head.width(column[0]), *(body.width(cell) for cell in column[1:])) for column in zip(*rows, strict=True)
    ]
    gap = (measure - 6 - sum(widest)) / (len(widest) - 1) if len(widest) > 1 else 0.0
    gap = min(gap, 60.0)
    return [sum(widest[:i]) + gap * i for i in range(len(widest))]
