"""pages.jsonl: the pages of an item, one JSON object a line, line n being page n.

A page with its words is some 10–60 kB, a book some thousand pages: a line can be read by
its offset without reading the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from metadata.model import Method, Page


@dataclass(frozen=True, slots=True)
class PageText:
    """What is searched of a page."""

    number: int
    text: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class PageShape:
    """What is to be known of a page to show its image: its size in pixels, and whether it has text."""

    number: int
    width: int = 0
    height: int = 0
    language: str = ""
    method: Method = "unread"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Page)
_text_decoder = msgspec.json.Decoder(PageText)
_shape_decoder = msgspec.json.Decoder(PageShape)


def page_line(page: Page) -> bytes:
    """Return the line of one page, with its newline."""
    return _encoder.encode(page) + b"\n"


def read_page(line: bytes) -> Page:
    """Return the page of one line; raises ValueError when the line is not a page."""
    return _decoder.decode(line)


def read_page_text(line: bytes) -> PageText:
    """Return the text of the page of one line; raises ValueError when the line is not a page."""
    return _text_decoder.decode(_without_words(line))


def read_page_shape(line: bytes) -> PageShape:
    """Return the shape of the page of one line; raises ValueError when the line is not a page."""
    return _shape_decoder.decode(_without_words(line))


def _without_words(line: bytes) -> bytes:
    """Return a page's line up to its words, which are nine tenths of it: to read over them takes most of the time.

    Within a string every quotation mark has a backslash, so what is looked for can only be a name.
    """
    end = line.find(b',"words":[')
    return line[:end] + b"}" if line.find(b'"text":', 0, end) > 0 and end > 0 else line


def line_spans(stream: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield number, offset and length in bytes of each page's line, in order."""
    offset = 0
    for number, line in enumerate(stream, 1):
        yield number, offset, len(line)
        offset += len(line)
