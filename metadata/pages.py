"""pages.jsonl: the pages of an item, one JSON object a line, line n being page n.

A page with its words is some 10–60 kB, a book some thousand pages: a line can be read by
its offset without reading the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from metadata.model import Page


@dataclass(frozen=True, slots=True)
class PageText:
    """What is searched of a page: to read it without its words takes a quarter of the time."""

    number: int
    text: str = ""
    language: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Page)
_text_decoder = msgspec.json.Decoder(PageText)


def page_line(page: Page) -> bytes:
    """Return the line of one page, with its newline."""
    return _encoder.encode(page) + b"\n"


def read_page(line: bytes) -> Page:
    """Return the page of one line; raises ValueError when the line is not a page."""
    return _decoder.decode(line)


def read_page_text(line: bytes) -> PageText:
    """Return the text of the page of one line; raises ValueError when the line is not a page."""
    return _text_decoder.decode(line)


def line_spans(stream: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield number, offset and length in bytes of each page's line, in order."""
    offset = 0
    for number, line in enumerate(stream, 1):
        yield number, offset, len(line)
        offset += len(line)
