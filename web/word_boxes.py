"""From places in a page's text to boxes on its image, and back: lines of words, and what a query marks."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from metadata.model import Page, Word
from search.documents import readable
from search.query import parse
from search.snippets import Marker

Box = tuple[int, int, int, int]
"""Left, top, width, height in the page's own pixels."""

MOST_MARKS = 500
"""Marks on one page: more say nothing, and a page of a table may hold thousands."""

_AROUND = 60  # characters of text before and after a mark
_PADDING = 0.12  # of a word's height, around a mark
# What reading for search leaves out or joins (search.documents.readable): it stands in neither form of a text here.
_NOT_COMPARED = re.compile("[-\\s\u2010\u00ac\u00ad\u200b\u200c\u200d\u2060\ufeff]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """Words of a page that a query asks for, as they stand in the readable text, and their boxes, one a line."""

    text: str
    before: str
    after: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as it stands on the page, and the box around its words."""

    text: str
    box: Box


def marks(page: Page, query: str) -> list[Mark]:
    """Return what a query, as typed, marks on a page, in the order of the text."""
    if not (node := parse(query).node if query else None) or not page.words:
        return []
    text = readable(page.text)
    places = Marker(node).places(text, page.language)[:MOST_MARKS]
    return [_mark(page, text, place, words) for place, words in _standing(page, text, places) if words]


def lines(page: Page) -> list[Line]:
    """Return the lines of a page that have words, with their boxes."""
    words, found = iter(page.words), []
    for line in page.text.split("\n"):
        tokens = line.split()
        own = [word for word, _ in zip(words, tokens, strict=False)] if tokens else []
        if own:
            found.append(Line(" ".join(tokens), _around(own)))
    return found


def _mark(page: Page, text: str, place: tuple[int, int], words: Sequence[Word]) -> Mark:
    first, last = place
    boxes = tuple(_padded(page, _around(row)) for row in _rows(words))
    before, after = text[max(0, first - _AROUND) : first], text[last : last + _AROUND]
    return Mark(text[first:last], " ".join(before.split()), " ".join(after.split()), boxes)


def _standing(page: Page, text: str, places: Iterable[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], list[Word]]]:
    """Yield each place in the readable text with the words of the page that stand there.

    Both are counted in letters that reading for search leaves as they are.
    """
    ends, end = [], 0
    for word in page.words:
        end += len(_compared(word.text))
        ends.append(end)
    counted, at, first = 0, 0, 0
    for start, stop in places:
        counted += len(_compared(text[at:start]))
        until = counted + len(_compared(text[start:stop]))
        while first < len(ends) and ends[first] <= counted:
            first += 1
        last = first
        while last < len(ends) and ends[last] < until:
            last += 1
        yield (start, stop), list(page.words[first : last + 1]) if until > counted else []
        counted, at = until, stop


def _compared(text: str) -> str:
    return unicodedata.normalize("NFC", _NOT_COMPARED.sub("", text))


def _rows(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield words that stand side by side together; a word broken at a line's end has two boxes."""
    row: list[Word] = []
    for word in words:
        if row and not _beside(row[-1], word):
            yield row
            row = []
        row.append(word)
    if row:
        yield row


def _beside(one: Word, other: Word) -> bool:
    top, bottom = max(one.box[1], other.box[1]), min(one.box[3], other.box[3])
    lower = min(one.box[3] - one.box[1], other.box[3] - other.box[1])
    return bottom - top >= lower / 2 and other.box[0] >= one.box[0]


def _around(words: Sequence[Word]) -> Box:
    left, top = min(word.box[0] for word in words), min(word.box[1] for word in words)
    return left, top, max(word.box[2] for word in words) - left, max(word.box[3] for word in words) - top


def _padded(page: Page, box: Box) -> Box:
    """Return a box a little larger, so that a mark does not touch the letters; it stays on the page."""
    left, top, width, height = box
    more = round(height * _PADDING)
    x, y = max(0, left - more), max(0, top - more)
    return x, y, min(page.width, left + width + more) - x, min(page.height, top + height + more) - y
