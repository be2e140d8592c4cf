"""Words and the text they make: the same rules for every way of reading a page.

The text of a page holds exactly its words, in order: ``page.text.split()`` equals the words'
texts, so a place in the text is a place on the page image.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from metadata import xmltext
from metadata.model import Word


def legal(text: str) -> str:
    """Return ``text`` in NFC without the characters that XML 1.0 forbids."""
    return unicodedata.normalize("NFC", xmltext.legal(text))


def words_of(text: str, box: tuple[int, int, int, int], confidence: float = 100.0) -> Iterator[Word]:
    """Yield what one box on the page says, as words: none, one, or several where it holds blanks."""
    for part in legal(text).split():
        yield Word(part, box, round(confidence, 1))


def text_of(blocks: Iterable[Iterable[list[Word]]]) -> str:
    """Return the text of blocks of lines of words: a line a line, an empty line between blocks."""
    paragraphs = ("\n".join(" ".join(word.text for word in line) for line in block if line) for block in blocks)
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def mean_confidence(words: Iterable[Word]) -> float:
    """Return the mean confidence, 0–100; 0 where there are no words."""
    values = [word.confidence for word in words]
    return round(sum(values) / len(values), 1) if values else 0.0
