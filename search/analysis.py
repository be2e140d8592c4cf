"""Analysis: from text to the terms of the index, the same for pages and for queries.

All analysers split the same way, so their tokens stand side by side. ``folded`` keeps whole
words without accents and case. A language's analyser stems with Snowball, which needs the
accents, and folds afterwards: ``forets`` and ``forêt`` meet in ``foret``.
"""

import re
from collections.abc import Mapping

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

FOLDED = "folded"
STEMMERS: Mapping[str, str] = {"en": "english", "fr": "french", "es": "spanish"}
RULES = "split at what is not alphanumeric; lower; stem; fold to ASCII"

_ELIDED = frozenset(("c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"))
# Without these characters Python's regular expressions find the same words as Tantivy, in less time.
_WORD = re.compile(r"\w+")
_SPLITS_OTHERWISE = re.compile("[_\u0300-\u036f\u0483-\u0489\u0590-\u1dff\u2400-\u24ff\u2c00-\U0010ffff]")
PLAIN = 0x2C00
"""From here on no character is plain (:func:`is_plain`)."""

_APOSTROPHE = re.compile("['’‘ʼ´`]")


def _analyser(stemmer: str = "") -> TextAnalyzer:
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase())
    if stemmer:
        builder = builder.filter(Filter.stemmer(stemmer))
    return builder.filter(Filter.ascii_fold()).build()


ANALYSERS: Mapping[str, TextAnalyzer] = {
    FOLDED: _analyser(),
    **{language: _analyser(stemmer) for language, stemmer in STEMMERS.items()},
}


def stemmed_in(tag: str) -> str:
    """Return the language whose stems serve a BCP 47 tag (``fr`` for ``fr-CA``), ``""`` for none."""
    language = tag.partition("-")[0].lower()
    return language if language in STEMMERS else ""


def terms(text: str, analyser: str = FOLDED) -> list[str]:
    """Return the terms of a text, in order."""
    return list(ANALYSERS[analyser].analyze(text))


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
