"""Lemmas: the form in which a dictionary has a word, by language, folded: ``mice`` gives ``mouse``.

The dictionaries are simplemma's, one a language; each is loaded when a word of its language is first asked for,
and the words asked for most are remembered. A language without one has its words folded (:mod:`metadata.folding`).
They are for comparing, not for showing: what is left of a plural's ending is taken off in English, French and Spanish.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from metadata.concepts import bare_key
from metadata.folding import fold
from metadata.small_words import SMALL_WORDS

LANGUAGES = frozenset(
    """
ar ast bg ca cs cy da de el en enm eo es et fa fi fr ga gd gl grc gv hbs he hi hu hy id is it ka la lb lt lv
mk ml ms nb nl nn pl pt ro ru se sk sl sq sv sw tl tr uk
""".split()  # noqa: SIM905 -- a table is read more easily than fifty quotes
)
"""The languages that there are dictionaries for, as simplemma calls them."""

WORD = re.compile(r"[^\W_]+")
"""A word: letters and digits. What an apostrophe or a hyphen joins is several."""

_ALSO = {"no": "nb", "bs": "hbs", "hr": "hbs", "sr": "hbs", "fil": "tl"}
_ELIDED = "c d j l m n s t qu jusqu lorsqu puisqu quoiqu"
_MORE_SMALL_WORDS = {"en": "s an de", "fr": f"du à {_ELIDED}", "es": "e u o", "it": "l d di del della dei", "ca": "l d"}
_PLURALS = ("en", "fr", "es")  # whose dictionaries know some plurals as words of their own: studies
_MOST_REMEMBERED = 100_000  # words in each language: some 15 MB
_LONGEST = 40  # characters of a word that is looked up; nothing longer is in a dictionary


def lemma_language(tag: str) -> str:
    """Return the dictionary that serves a BCP 47 tag (``fr`` for ``fr-CA``), ``""`` where there is none."""
    language = tag.partition("-")[0].lower()
    language = _ALSO.get(language, language)
    return language if language in LANGUAGES else ""


def lemma(word: str, language: str) -> str:
    """Return the lemma of a word, folded; the word itself, folded, where nothing is known of it.

    ``language`` is a BCP 47 tag. Case does not matter.
    """
    return lemmas_in(language)[word]


def lemmas(text: str, language: str) -> list[str]:
    """Return the lemmas of a text in order, without the words that only join others (``of``, ``de la``)."""
    known, small = lemmas_in(language), function_words(language)
    return [known[word] for word in WORD.findall(text.lower()) if word not in small]


@cache
def function_words(tag: str) -> frozenset[str]:
    """Return the words, in lower case, that only join others; empty for a language whose are not known."""
    language = tag.partition("-")[0].lower()
    return SMALL_WORDS.get(language, frozenset()) | frozenset(_MORE_SMALL_WORDS.get(language, "").split())


def lemmas_in(tag: str) -> Mapping[str, str]:
    """Return a mapping of every word to its lemma (:func:`lemma`) in a language: the quick way for many words."""
    return _remembered(lemma_language(tag))


class _Lemmas(dict[str, str]):
    """The lemmas, in one language, of the words that were asked for."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> str:
        made = fold(_looked_up(word.lower(), self._language)).replace(" ", "") or word
        if self._language in _PLURALS and len(word) <= _LONGEST:
            made = bare_key(made)[1:]
        if len(word) <= _LONGEST:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[word] = made
        return made


@cache
def _remembered(language: str) -> _Lemmas:
    return _Lemmas(language)


def _looked_up(word: str, language: str) -> str:
    if not language or len(word) > _LONGEST or word.isdecimal():
        return word
    return _dictionaries()(word, language)


@cache
def _dictionaries() -> Callable[[str, str], str]:
    # Imported when it is needed: who asks for no lemma does not wait for it. Read as they are packed the dictionaries
    # take a tenth of the memory and open sooner; a look-up takes longer, but what was looked up is remembered here.
    strategy = import_module("simplemma.strategies").DefaultStrategy(low_memory=True)
    lemmatizer = import_module("simplemma").Lemmatizer(cache_max_size=1, lemmatization_strategy=strategy)
    found: Callable[[str, str], str] = lemmatizer.lemmatize
    return found
