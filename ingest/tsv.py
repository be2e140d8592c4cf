"""Tesseract's TSV: a row a word, with the block, paragraph and line it stands in, its box and its confidence."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ingest.words import words_of
from metadata.model import Word

Line = tuple[Word, ...]
Block = tuple[Line, ...]

_WORD = "5"  # the level of a row that is a word; 2 block, 3 paragraph, 4 line
_COLUMNS = 12


def parse(table: str) -> tuple[Block, ...]:
    """Return the paragraphs of a page, each the lines that hold words, in reading order.

    ``table`` is TSV with or without its header, boxes in pixels of the image that was read.
    Raises ValueError where it is no such table.
    """
    rows = [row for row in _rows(table) if row[0] == _WORD]
    blocks = (_lines(block) for _, block in groupby(rows, key=lambda row: (row[2], row[3])))
    return tuple(block for block in blocks if block)


def _lines(rows: Iterable[list[str]]) -> Block:
    lines = (tuple(_words(line)) for _, line in groupby(rows, key=lambda row: row[4]))
    return tuple(line for line in lines if line)


def _rows(table: str) -> Iterator[list[str]]:
    for line in table.splitlines():
        row = line.split("\t", _COLUMNS - 1)
        if len(row) == _COLUMNS:
            yield row


def _words(rows: Iterable[list[str]]) -> Iterator[Word]:
    for row in rows:
        left, top, width, height = (int(value) for value in row[6:10])
        yield from words_of(row[11], (left, top, left + width, top + height), float(row[10]))
