"""Whether a word is in the dictionary that comes with an OCR model: no other word list is asked for.

A model (``fra.traineddata``) holds, beside its network, the words of its language as a graph, as Tesseract's
``ccutil/tessdatamanager.h`` and ``dict/dawg.h`` lay it out: an edge is a 64-bit number that holds a letter, three flags
and the place of the edges that follow.
"""

import re
import struct
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.models import models_folder
from metadata.errors import ProgramMissing
from metadata.languages import to_tesseract

_WORDS, _LETTERS = 19, 21  # parts of a model: its words, and the letters that they are written in
_MAGIC = 42
_LAST, _END = 1, 4  # flags of an edge: the last of its place, the end of a word
_LARGEST = 256 << 20
_PARTS = re.compile(r"[^\W\d_]+")
_SHORTEST = 2
_REMEMBERED = 200_000  # words whose answer is kept


class Dictionary:
    """The words of one language."""

    def __init__(self, model: Path) -> None:
        """Read the words of a model; raises OSError, and ValueError where it holds none."""
        data = _read(model)
        self._letters = {letter: code for code, letter in enumerate(_letters(_part(data, _LETTERS)))}
        words = _part(data, _WORDS)
        magic, size, count = struct.unpack_from("=hii", words)
        if magic != _MAGIC or count <= 0 or len(words) < 10 + 8 * count:
            raise ValueError("its words are laid out in another way")
        self._edges = array("Q", words[10 : 10 + 8 * count])
        self._flags = size.bit_length()
        self._places: dict[int, dict[int, tuple[int, bool]]] = {}

    def __contains__(self, word: str) -> bool:
        """Say whether a word is known as it is written, or in lower case."""
        return self._holds(word) or self._holds(word.lower()) or self._holds(word.capitalize())

    def _holds(self, word: str) -> bool:
        place, ends = 0, False
        for number, letter in enumerate(word):
            edge = self._at(place).get(self._letters.get(letter, -1)) if place or not number else None
            if edge is None:
                return False
            place, ends = edge
        return ends

    def _at(self, place: int) -> dict[int, tuple[int, bool]]:
        """Return the edges at a place: letter → where it leads, and whether a word may end there."""
        known = self._places.get(place)
        if known is None:
            known = self._places[place] = dict(self._edges_at(place))
        return known

    def _edges_at(self, place: int) -> Iterator[tuple[int, tuple[int, bool]]]:
        mask = (1 << self._flags) - 1
        for number in range(place, len(self._edges)):
            edge = self._edges[number]
            flags = edge >> self._flags & 7
            yield edge & mask, (edge >> self._flags + 3, bool(flags & _END))
            if flags & _LAST:
                return


class Dictionaries:
    """The dictionaries of the installed models, each read when it is first asked for."""

    def __init__(self) -> None:
        self._read: dict[str, Dictionary | None] = {}
        self._known: dict[tuple[str, str], bool] = {}

    def count(self, language: str, words: Iterable[str]) -> tuple[int, int]:
        """Return how many words the dictionary of a language (BCP 47) has, and of how many; 0 and 0 without one."""
        if language not in self._read:
            self._read[language] = _installed(language)
        dictionary = self._read[language]
        if dictionary is None:
            return 0, 0
        asked = [part for word in words for part in dictionary_words(word)]
        return sum(self._has(language, dictionary, part) for part in asked), len(asked)

    def _has(self, language: str, dictionary: Dictionary, word: str) -> bool:
        known = self._known.get((language, word))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[language, word] = word in dictionary
        return known


def _installed(language: str) -> Dictionary | None:
    code = to_tesseract(language)
    try:
        return Dictionary(models_folder() / f"{code}.traineddata") if code else None
    except (OSError, ValueError, ProgramMissing):
        return None


def dictionary_words(text: str) -> list[str]:
    """Return what of a printed word may stand in a dictionary: ``l'homme,`` is two, figures are none."""
    return [part for part in _PARTS.findall(text) if len(part) >= _SHORTEST]


def _read(model: Path) -> bytes:
    if model.stat().st_size > _LARGEST:
        raise ValueError("it is too large for a model")
    return model.read_bytes()


def _part(data: bytes, number: int) -> bytes:
    """Return a part of a model, ``b""`` where it has none."""
    try:
        (count,) = struct.unpack_from("=i", data)
        starts = struct.unpack_from(f"={count}q", data, 4) if 0 < count < 100 else ()
    except struct.error as fault:
        raise ValueError("it is no model") from fault
    if number >= len(starts) or starts[number] < 0:
        raise ValueError("it holds no words")
    end = min((start for start in starts if start > starts[number]), default=len(data))
    return data[starts[number] : end]


def _letters(part: bytes) -> Iterator[str]:
    """Yield the letters, in the order of their numbers."""
    for line in part.decode("utf-8", "replace").split("\n")[1:]:
        yield line.partition(" ")[0]
