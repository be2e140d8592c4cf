"""Analysis: from text to the terms of the index, the same for pages and for queries.

All analysers split the same way, so their tokens stand side by side. ``folded`` keeps whole
words without accents and case. A language's analyser stems with Snowball, which needs the
accents, and folds afterwards: ``forets`` and ``forêt`` meet in ``foret``.

To stem a word takes as long as to index several, so the stems of what stands between white space
are remembered, and the index gets its terms ready made (:data:`SPACED`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from search.languages import SNOWBALL, STEMMERS

FOLDED = "folded"
SPACED = "spaced"
"""The analyser of fields that get terms ready made, with a space between."""

RULES = "split at what is not alphanumeric; lower; stem; fold to ASCII"

_ELIDED = frozenset(("c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"))
# Without these characters Python's regular expressions find the same words as Tantivy, in less time.
_WORD = re.compile(r"\w+")
_SPLITS_OTHERWISE = re.compile("[_\u0300-\u036f\u0483-\u0489\u0590-\u1dff\u2400-\u24ff\u2c00-\U0010ffff]")
PLAIN = 0x2C00
"""From here on no character is plain (:func:`is_plain`)."""

_APOSTROPHE = re.compile("['’‘ʼ´`]")


_MOST_REMEMBERED = 100_000  # pieces of text in each language: some 20 MB
_LONGEST_REMEMBERED = 60  # characters


def _analyser(stemmer: str = "") -> TextAnalyzer:
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase())
    if stemmer:
        builder = builder.filter(Filter.stemmer(stemmer))
    return builder.filter(Filter.ascii_fold()).build()


ANALYSERS: Mapping[str, TextAnalyzer] = {
    FOLDED: _analyser(),
    SPACED: TextAnalyzerBuilder(Tokenizer.whitespace()).build(),
    **{language: _analyser(stemmer) for language, stemmer in SNOWBALL.items()},
}


class _Stems(dict[str, str]):
    """The stems, in one language, of pieces of text without white space; those met most often are remembered."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, piece: str) -> str:
        made = " ".join(terms(piece, self._language))
        if len(piece) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[piece] = made
        return made


_STEMS = {language: _Stems(language) for language in SNOWBALL}


def stemmed_in(tag: str) -> str:
    """Return the language whose stems serve a BCP 47 tag (``fr`` for ``fr-CA``), ``""`` for none."""
    language = tag.partition("-")[0].lower()
    return language if language in STEMMERS else ""


def terms(text: str, analyser: str = FOLDED) -> list[str]:
    """Return the terms of a text, in order."""
    return list(ANALYSERS[analyser].analyze(text))


def folded(text: str) -> str:
    """Return the terms of a text, in order, with white space between.

    Text of Latin letters, which nearly all is, is folded byte by byte, without being taken apart.
    """
    for mark in _MARKS:
        text = text.replace(mark, " ")
    try:
        return text.encode("latin-1").translate(_FOLDED_BYTES).decode("ascii")
    except UnicodeError:  # of other characters, or of some that are folded to two
        return " ".join(terms(text))


def _folded_byte(code: int) -> int:
    """Return what a character of Latin-1 is folded to: a space for what is no part of a word, itself for two."""
    made = "".join(terms(chr(code)))
    return ord(made) if len(made) == 1 else code if made else ord(" ")


_FOLDED_BYTES = bytes(map(_folded_byte, range(256)))
_MARKS = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u2022"  # what print has beyond Latin-1 and no word has


def stems(text: str, language: str) -> str:
    """Return the different stems of a text in a language that has them, in any order, with spaces between."""
    return next(stems_in(text, (language,)))[1]


def stems_in(text: str, languages: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each of these languages with what :func:`stems` returns; the text is taken apart once."""
    pieces = set(text.split())
    for language in languages:
        yield language, " ".join(set(map(_STEMS[language].__getitem__, pieces)))


def is_plain(text: str) -> bool:
    """Say whether Python's regular expressions find the same words in a text as the index does."""
    return (text.isascii() and "_" not in text) or not _SPLITS_OTHERWISE.search(text)


def words(text: str) -> list[str]:
    """Return the words of a text as written, split as the index splits them: each gives one term."""
    if not is_plain(text):
        found = ANALYSERS[FOLDED].pre_tokenize(text).tokens
        return [text[token.char_offset_from : token.char_offset_to] for token in found]
    return _WORD.findall(text)


def core(word: str) -> str:
    """Return a query's word without an elided article and without a possessive s.

    ``l'honnête`` gives ``honnête``, ``forest's`` gives ``forest``; ``presqu'île`` and
    ``O'Brien`` stay, being words of their own.
    """
    parts = [part for part in _APOSTROPHE.split(word) if part]
    if len(parts) > 1 and parts[-1].lower() == "s":
        parts.pop()
    if len(parts) > 1 and parts[0].lower() in _ELIDED:
        parts.pop(0)
    return "'".join(parts)
