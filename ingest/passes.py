"""How one page image is read well: put right before it is read, read once, and again only where that was poor.

The same for every engine that is Tesseract underneath: an engine does one pass (:class:`Recogniser`), what
passes there are and which of them counts is decided here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from PIL import Image

from ingest.dictionary import Dictionaries, dictionary_words
from ingest.evening import evened
from ingest.images import READABLE, turned
from ingest.languages import tag_of
from ingest.look import Look, look_at
from ingest.straighten import level
from ingest.tsv import Block
from ingest.words import mean_confidence, text_of
from metadata.model import Page, Word

_LEAST_INK = 0.001
_DOUBTFUL = 60.0  # upright pages score 85–96, turned ones about 35
_POOR = 70.0
_UNSURE = 80.0  # of an evened page: well read, it scores as others do
_BETTER = 1.03
_READ_WELL = 80.0
_LETTERS = 4
_FEW_LETTERS = 20
_NOISE = 45.0
_GUESSED = 38.0  # below, Tesseract takes words from its own dictionary for what it does not see
_WORDLIKE = 0.1
_KNOWN, _FEWEST_KNOWN = 0.3, 5  # words of a dictionary, of those that are long enough to be told by it
_DPI = (70, 2400)  # what Tesseract believes

_dictionaries = Dictionaries()  # of a worker, which reads many pages


class Recogniser(Protocol):
    """One pass of an engine over one image."""

    def recognise(self, image: Path, languages: tuple[str, ...], dpi: int) -> tuple[Block, ...]:
        """Return the paragraphs of words, boxes in pixels of the image. Raises OcrFailed."""
        ...

    def orientation(self, image: Path) -> int:
        """Return the clockwise turn (0, 90, 180, 270) that makes the page upright, 0 where it cannot be told."""
        ...


def read_page_image(recogniser: Recogniser, image: Path, languages: tuple[str, ...], dpi: int, folder: Path) -> Page:
    """Read an image as :class:`ingest.engine.OcrEngine` says; ``folder`` is for images made on the way."""
    return _Reader(recogniser, languages, min(max(dpi, _DPI[0]), _DPI[1]), folder).read(image)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one page image in given languages."""

    recogniser: Recogniser
    languages: tuple[str, ...]
    dpi: int
    folder: Path

    def read(self, image: Path) -> Page:
        """Read the page: on its side it is turned first, upside down only once it has read badly."""
        look = look_at(image)
        turn = self.recogniser.orientation(image) if look.sideways else 0
        page = self._turned(image, turn) if turn else self._lying(image, look)
        if _says_something(page, self.languages):
            return page
        return replace(page, text="", words=(), confidence=0.0, language="")

    def _turned(self, image: Path, turn: int) -> Page:
        upright = turned(image, turn, self.folder / "upright.pnm")
        return replace(self._lying(upright, look_at(upright), known=True), rotation=turn)

    def _lying(self, image: Path, look: Look, known: bool = False) -> Page:
        """Read a page as it lies, evened out if it is lit unevenly; the other way too where that reads poorly.

        ``known`` says that this is how it has to lie: nobody asks again whether it is turned.
        """
        page = self._once(image, look, look.uneven)
        asked = not (known or look.sideways) and _doubtful(page, look)
        if asked and (turn := self.recogniser.orientation(image)):
            turned_page = self._turned(image, turn)
            if _better(page, turned_page) is turned_page:
                return turned_page
        poor = page.confidence < (_UNSURE if look.uneven else _POOR)
        if poor and (page.words or look.uneven) and not _is_bitonal(image):
            page = _better(page, self._once(image, look, not look.uneven))
        return page

    def _once(self, image: Path, look: Look, even: bool) -> Page:
        """Read the image once, evened out or not, levelled if it is askew."""
        shown = evened(image, self.folder / "even.pnm") if even else image
        made = level(shown, look.skew, 255 if even else look.paper, self.folder / "level.pnm") if look.skew else None
        blocks = self.recogniser.recognise(made.path if made else shown, self.languages, self.dpi)
        words = tuple(word for block in blocks for line in block for word in line)
        if made:
            words = tuple(made.back(word) for word in words)
        text = text_of([list(line) for line in block] for block in blocks)
        language = tag_of(self.languages[0]) if len(self.languages) == 1 else ""
        width, height = made.page if made else _size(image)
        return Page(1, width, height, text, language, mean_confidence(words), "ocr", self.dpi, 0, words)


def _size(image: Path) -> tuple[int, int]:
    with Image.open(image, formats=READABLE) as opened:
        return opened.size


def _is_bitonal(image: Path) -> bool:
    """Say whether there is nothing left to part: every threshold gives the same."""
    with Image.open(image, formats=READABLE) as opened:
        return opened.mode == "1"


def _better(first: Page, second: Page) -> Page:
    """Return the page on which more was read well; the first where that is not clear."""
    return second if _evidence(second) > _BETTER * _evidence(first) else first


def _evidence(page: Page) -> float:
    """Return how many letters were read well: a turned page has many words, and doubts nearly all of them."""
    well = sum(max(0.0, word.confidence - 50) * len(word.text) for word in page.words)
    return well / 2 if _is_sideways(page) else well


def _doubtful(page: Page, look: Look) -> bool:
    return page.confidence < _DOUBTFUL or _is_sideways(page) if page.words else look.ink > _LEAST_INK


def _is_sideways(page: Page) -> bool:
    """Say whether lines run up or down: Tesseract reads some such pages well, but leaves them lying."""
    boxes = [word.box for word in page.words if len(word.text) >= 4]
    tall = sum(bottom - top > right - left for left, top, right, bottom in boxes)
    return tall > len(boxes) / 2


def _says_something(page: Page, languages: tuple[str, ...]) -> bool:
    """Say whether the words are words, and not what dust on a blank sheet, or a picture, was taken for.

    Nor what shines through it from the other side: mirrored, some of its short words look like others.
    """
    letters = _letters(page.words)
    if letters < _FEW_LETTERS:
        return letters > 0 and page.confidence >= _NOISE
    sure = (word for word in page.words if word.confidence >= _READ_WELL and _is_wordlike(word.text))
    if page.confidence >= _DOUBTFUL or _letters(sure) >= _WORDLIKE * letters:
        return True
    known = (_is_known(page.words, tag_of(language)) for language in languages)
    return page.confidence >= _GUESSED and any(known)


def _is_known(words: Iterable[Word], language: str) -> bool:
    """Say whether a language has such words: coarse print is doubted throughout, and yet half of it is read."""
    parts = [part for word in words for part in dictionary_words(word.text) if len(part) >= _LETTERS]
    known, _ = _dictionaries.count(language, parts)
    return known >= max(_FEWEST_KNOWN, _KNOWN * len(parts))


def _is_wordlike(text: str) -> bool:
    return len(text) >= _LETTERS and sum(character.isalnum() for character in text) >= len(text) - 2


def _letters(words: Iterable[Word]) -> int:
    return sum(character.isalnum() for word in words for character in word.text)
