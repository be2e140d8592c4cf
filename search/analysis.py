"""Analysis: from text to the terms of the index, the same for pages and for queries.

All analysers split the same way, so their tokens stand side by side. Chinese and Japanese are written without
spaces: each of their characters is a word of its own, so that any part of a text is found as a phrase is.
``folded`` keeps whole words without accents and case. A language's analyser stems with Snowball, which needs
the accents, and folds afterwards: ``forets`` and ``forêt`` meet in ``foret``. What folding to ASCII leaves as it
is goes before (:func:`prepared`): the accents of Greek, the vowel signs of Arabic and Hebrew, the dot of ``İ``.

To stem a word takes as long as to index several, and its stem is always the same, so each
different word is stemmed once (:func:`forms`); the index gets its terms ready made (:data:`SPACED`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from search.languages import SNOWBALL, STEMMERS

FOLDED = "folded"
SPACED = "spaced"
"""The analyser of fields that get terms ready made, with a space between."""

RULES = "bare of marks; split at what is not alphanumeric, and at each ideograph and kana; lower; stem; fold to ASCII"

_ELIDED = frozenset(("c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"))
# Without these characters Python's regular expressions find the same words as Tantivy, in less time.
_WORD = re.compile(r"\w+")
_SPLITS_OTHERWISE = re.compile("[_\u02bc\u0300-\u036f\u0483-\u0489\u0590-\u1dff\u2400-\u24ff\u2c00-\U0010ffff]")
PLAIN = 0x2C00
"""From here on no character is plain (:func:`is_plain`)."""

_IDEOGRAPHS = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
_PARTS = re.compile(f"[{_IDEOGRAPHS}]|[^{_IDEOGRAPHS}]+")
_APOSTROPHE = re.compile("['’‘ʼ´`]")
_HYPHEN = re.compile("[-\u2010\u2011]")
_LETTER_LIKE = "\u02bc"  # an apostrophe to readers, a letter to Unicode

_MARKS = (
    "\u0300-\u036f\u0483-\u0487"  # accents that no letter is composed with
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # of Hebrew
    "\u0610-\u061a\u0640\u064b-\u065f\u0670"  # of Arabic, and its stretching of words
)
_IN_WORDS = re.compile(rf"(?<=[^\W_])(?<![{_IDEOGRAPHS}])[{_MARKS}]+")


def _bare(code: int) -> str:
    """Return the letter of a letter with accents, the character itself for any other."""
    apart = unicodedata.normalize("NFD", chr(code))
    return apart[0] if apart[0].isalpha() and all(map(unicodedata.combining, apart[1:])) else chr(code)


_BARE = {
    code: _bare(code)
    for code in (0x130, 0x401, 0x451, *range(0x370, 0x400), *range(0x620, 0x6D5), *range(0x1F00, 0x2000))
} | {ord("ς"): "σ"}
_ACCENTED = "".join(chr(code) for code, bare in _BARE.items() if bare != chr(code))
_UNPREPARED = re.compile(f"[{_IDEOGRAPHS}{_LETTER_LIKE}{_MARKS}{_ACCENTED}]")


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


def stemmed_in(tag: str) -> str:
    """Return the language whose stems serve a BCP 47 tag (``fr`` for ``fr-CA``), ``""`` for none."""
    language = tag.partition("-")[0].lower()
    return language if language in STEMMERS else ""


def terms(text: str, analyser: str = FOLDED) -> list[str]:
    """Return the terms of a text, in order."""
    return list(ANALYSERS[analyser].analyze(prepared(text)))


def prepared(text: str) -> str:
    """Return a text as the analysers take it.

    Each ideograph and kana, a word of its own, has a space on both sides. Greek, Cyrillic and Arabic letters
    have no accents, and no word has marks that it may be written without. The words stay as many.
    """
    if text.isascii() or not _UNPREPARED.search(text):
        return text
    bare = _IN_WORDS.sub("", text.replace(_LETTER_LIKE, "'")).translate(_BARE)
    return _IDEOGRAPH.sub(r" \g<0> ", bare)


def folded(text: str) -> str:
    """Return the terms of a text, in order, with white space between."""
    return folded_and_spelt(text)[0]


def folded_and_spelt(text: str) -> tuple[str, str]:
    """Return the terms of a text, in order, and a text with the same words and their accents; white space between.

    Text of Latin letters, which nearly all is, is folded byte by byte, without being taken apart.
    """
    if text.isascii():
        plain = text.encode("ascii").translate(_FOLDED_BYTES).decode("ascii")
        return plain, plain
    plain = text
    for mark in _NO_LETTERS:
        plain = plain.replace(mark, " ")
    try:
        data = plain.encode("latin-1")
        return data.translate(_FOLDED_BYTES).decode("ascii"), data.translate(_SPELT_BYTES).decode("latin-1")
    except UnicodeError:  # of other characters, or of some that are folded to two
        return " ".join(terms(text)), text


def forms(words: Iterable[str], language: str) -> Iterator[tuple[str, str]]:
    """Yield the stem of each word in a language that has them, and its term as written (folded)."""
    text = " ".join(words)  # one call for all: a call costs more than a word
    return zip(terms(text, language), terms(text), strict=True)


def _folded_byte(code: int) -> int:
    """Return what a character of Latin-1 is folded to: a space for what is no part of a word, itself for two."""
    made = "".join(terms(chr(code)))
    return ord(made) if len(made) == 1 else code if made else ord(" ")


def _spelt_byte(code: int) -> int:
    """Return the lower case of a character of Latin-1: a space for what is no part of a word."""
    lower = ord(chr(code).lower())
    return ord(" ") if not terms(chr(code)) else lower if lower < 256 else code


_FOLDED_BYTES = bytes(map(_folded_byte, range(256)))
_SPELT_BYTES = bytes(map(_spelt_byte, range(256)))
_NO_LETTERS = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u2022"  # what print has beyond Latin-1 and no word has


def is_plain(text: str) -> bool:
    """Say whether Python's regular expressions find the same words in a text as the index does."""
    return (text.isascii() and "_" not in text) or not _SPLITS_OTHERWISE.search(text)


def words(text: str) -> list[str]:
    """Return the words of a text as written, split as the index splits them: each gives one term."""
    if not is_plain(text):
        # Marks do not part a word.
        joined = _IN_WORDS.sub(lambda marks: "a" * len(marks[0]), text.replace(_LETTER_LIKE, "'"))
        found = ANALYSERS[FOLDED].pre_tokenize(joined).tokens
        spelt = (text[token.char_offset_from : token.char_offset_to] for token in found)
        return [part for word in spelt for part in _PARTS.findall(word)]
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


def without_hyphens(word: str) -> str:
    """Return a query's word of letters and hyphens without these; ``""`` for any other."""
    parts = _HYPHEN.split(core(word))
    whole = "".join(parts)
    return whole if len(parts) > 1 and all(map(str.isalpha, parts)) and len(terms(whole)) == 1 else ""
