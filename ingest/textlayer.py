"""The text a PDF page already has: whether it can be trusted, and its words with their boxes.

No single measure tells: a download stamp on a scan is good text but not the page's, a garbage
layer has characters enough. Count, the room they take, alphanumeric share, the look of the words
and the share of the page that images cover are judged together.
"""

import ctypes
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.geometry import Sheet
from ingest.words import text_of, words_of
from metadata.model import Page, Word

DPI = 300
"""The resolution in which pages with a text layer are measured."""

_SCALE = DPI / 72
_MOST_OBJECTS = 20_000
_MOST_CHARACTERS = 200_000
_COVERED = 0.5
_STAMP = 200  # characters: fewer on a scan are a stamp or a heading, not its text
_LONG_STAMP = 600  # characters that are a stamp, too, in little room: a map or a slide may have as few
_STAMP_ROOM = 0.02  # of the page; 200 characters of 10 points take as much
_LEADERS = re.compile(r"([^\w\s])\1{2,}")
_WORDLIKE = re.compile(r"^\W*(?:[^\W\d_]+(?:['’.\-][^\W\d_]+)*|[\d.,:/%\-–]+(?:st|nd|rd|th|er|e|º|ª)?)\W*$")
_PLAIN = re.compile(r"^\W*([^\W\d_A-Z]{4,})\W*$")
_LATIN = re.compile(r"[a-z]")
_VOWELS = re.compile(r"[aeiouwyæøœıəɛɔ]")  # without their accents
_FEW_PLAIN = 30
_VOWELLESS = 0.05  # of a page's longer words; no language that is written in Latin letters has as many
_NESTED = 5  # forms in forms that are looked into
_BREAKS = (0x02, 0xFFFE)  # pdfium's marks for a hyphen that breaks a word, after which it tells no end of the line


@dataclass(frozen=True, slots=True)
class Content:
    """What a page holds: its characters, the share of it that images cover, and whether it draws anything.

    ``room`` is the share of it that the text takes, where images cover much of it.
    """

    text: str
    covered: float
    drawn: bool
    room: float = 1.0

    @property
    def is_blank(self) -> bool:
        """Neither text nor image nor line."""
        return not self.drawn

    @property
    def is_readable(self) -> bool:
        """The text is the page's own and makes sense, so that no OCR is wanted."""
        squeezed = _LEADERS.sub(r"\1", self.text)
        characters = [character for character in squeezed if not character.isspace()]
        stamped = len(characters) < (_LONG_STAMP if self.room < _STAMP_ROOM else _STAMP)
        if not characters or (self.covered >= _COVERED and stamped):
            return False
        letters = sum(character.isalnum() for character in characters) / len(characters)
        unknown = sum(_is_unknown(character) for character in characters) / len(characters)
        words = squeezed.split()
        wordlike = sum(bool(_WORDLIKE.match(word)) for word in words) / len(words)
        return letters >= 0.6 and unknown <= 0.05 and wordlike >= 0.5 and not _is_cipher(words)


def _is_cipher(words: Iterable[str]) -> bool:
    """Say whether letters stand for others, as those of a font do that does not tell its letters."""
    plain = [found[1] for found in map(_PLAIN.match, words) if found and _LATIN.search(found[1])]
    vowelless = sum(not _VOWELS.search(unicodedata.normalize("NFD", word)) for word in plain)
    return len(plain) >= _FEW_PLAIN and vowelless > _VOWELLESS * len(plain)


def content_of(page: pdfium.PdfPage) -> Content:
    """Return what is on a page, by pdfium's reading of it."""
    sheet = sheet_of(page)
    objects = list(islice(page.get_objects(max_depth=1), _MOST_OBJECTS))
    covered = _share((found.get_bounds() for found in objects if _shows_image(page, found)), sheet)
    annotated = raw.FPDFPage_GetAnnotCount(page) > 0
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range(0, min(textpage.count_chars(), _MOST_CHARACTERS))
        rows = range(min(textpage.count_rects(), _MOST_OBJECTS)) if covered >= _COVERED else range(0)
        room = _share(map(textpage.get_rect, rows), sheet) if rows else 1.0
    finally:
        textpage.close()
    return Content(text, covered, bool(objects) or annotated, room)


def sheet_of(page: pdfium.PdfPage) -> Sheet:
    """Return the page's visible box and turn."""
    left, bottom, right, top = page.get_bbox()
    return Sheet(left, bottom, right, top, page.get_rotation())


def read_layer(page: pdfium.PdfPage, number: int) -> Page:
    """Return the page's own text, its words with their boxes in pixels at 300 dpi."""
    sheet = sheet_of(page)
    width, height = (max(1, round(side * _SCALE)) for side in sheet.size)
    lines = [list(_words(line, sheet)) for line in _lines(page)]
    words = tuple(word for line in lines for word in line)
    return Page(number, width, height, text_of([lines]), "", 100.0 if words else 0.0, "text-layer", DPI, 0, words)


_Glyph = tuple[str, int]


def _lines(page: pdfium.PdfPage) -> Iterator[list[tuple[str, "_Box"]]]:
    """Yield the lines of a page as (word, box in user space)."""
    textpage = page.get_textpage()
    try:
        line: list[tuple[str, _Box]] = []
        for glyphs in _runs(textpage):
            if glyphs is None:
                yield line
                line = []
            else:
                box = _union(_box(textpage, index) for _, index in glyphs)
                line.append(("".join(character for character, _ in glyphs), box))
        yield line
    finally:
        textpage.close()


_Box = tuple[float, float, float, float]


def _runs(textpage: pdfium.PdfTextPage) -> Iterator[list[_Glyph] | None]:
    """Yield each word as its characters with their places; None at the end of each line."""
    run: list[_Glyph] = []
    count = min(textpage.count_chars(), _MOST_CHARACTERS)
    for character, index in _characters(textpage, count):
        if not character.isspace():
            run.append((character, index))
            continue
        if run:
            yield run
            run = []
        if character in "\r\n":
            yield None
    if run:
        yield run


def _characters(textpage: Any, count: int) -> Iterator[_Glyph]:
    """Yield characters with their places; UTF-16 surrogates come in two and are joined, lone ones dropped."""
    high = 0
    for index in range(count):
        code = raw.FPDFText_GetUnicode(textpage, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            if high:
                yield chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00), index
        elif code in _BREAKS:
            yield "-", index
            yield "\n", index
        elif code:
            yield chr(code), index
        high = 0


def _box(textpage: Any, index: int) -> _Box:
    found = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(textpage, index, ctypes.byref(found)):
        return (0.0, 0.0, 0.0, 0.0)
    return (found.left, found.bottom, found.right, found.top)


def _union(boxes: Iterator[_Box]) -> _Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return (min(lefts), min(bottoms), max(rights), max(tops))


def _words(line: list[tuple[str, _Box]], sheet: Sheet) -> Iterator[Word]:
    for text, (left, bottom, right, top) in line:
        yield from words_of(text, _pixels(sheet, sheet.shown(left, bottom), sheet.shown(right, top)))


def _pixels(sheet: Sheet, one: tuple[float, float], other: tuple[float, float]) -> tuple[int, int, int, int]:
    """Return the box between two corners in whole pixels, kept on the page."""
    width, height = (round(side * _SCALE) for side in sheet.size)
    xs, ys = sorted((one[0], other[0])), sorted((one[1], other[1]))
    left, right = (round(min(max(x * _SCALE, 0), width)) for x in xs)
    top, bottom = (round(min(max(y * _SCALE, 0), height)) for y in ys)
    return (left, top, right, bottom)


def _shows_image(page: pdfium.PdfPage, found: pdfium.PdfObject) -> bool:
    """Say whether an object is an image, or a form that holds one."""
    if found.type != raw.FPDF_PAGEOBJ_FORM:
        return bool(found.type == raw.FPDF_PAGEOBJ_IMAGE)
    inner = islice(page.get_objects(form=found, max_depth=_NESTED, level=1), _MOST_OBJECTS)
    return any(nested.type == raw.FPDF_PAGEOBJ_IMAGE for nested in inner)


def _share(boxes: Iterable["_Box"], sheet: Sheet) -> float:
    """Return the share of a sheet that boxes cover, those that overlap twice; 1 at most."""
    area = (sheet.right - sheet.left) * (sheet.top - sheet.bottom)
    return min(1.0, sum(_area(box, sheet) for box in boxes) / area) if area else 0.0


def _area(box: "_Box", sheet: Sheet) -> float:
    left, bottom, right, top = box
    width = min(right, sheet.right) - max(left, sheet.left)
    height = min(top, sheet.top) - max(bottom, sheet.bottom)
    return max(0.0, width) * max(0.0, height)


def _is_unknown(character: str) -> bool:
    """Say whether a character stands for nothing: replacement, private use, control."""
    return character == "\ufffd" or "\ue000" <= character <= "\uf8ff" or (character < " " and character != "\x02")
