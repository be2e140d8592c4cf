"""The lexicon: which forms of a word are written in the index, by its stem in each language.

Items and pages are indexed by words as they are written alone; what has a stem is looked for
by all forms of it. So a word is stemmed when it is first met, not on each page. Each entry is
a term of one field, ``fr=foret=forets``, in documents of their own, one a commit at most, which
stay when items go: an entry more only looks for what is not there.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import filterfalse
from typing import Final

from tantivy import Document, Searcher

from search.analysis import forms

FIELD: Final = "forms"
MOST_FORMS: Final = 1000  # of one stem in one language
_MOST_REMEMBERED: Final = 300_000  # words of all languages: some 30 MB
_LONGEST: Final = 60  # characters: what is longer is found as it is written


class Learner:
    """What a writer adds to the lexicon; ``is_known`` says whether the index has an entry already."""

    def __init__(self, is_known: Callable[[str], bool]) -> None:
        self._is_known = is_known
        self._seen: dict[str, set[str]] = {}
        self._new: list[str] = []

    def learn(self, language: str, words: Iterable[str]) -> None:
        """Take in words, as they are spelt, of a language that has stems."""
        seen = self._seen.setdefault(language, set())
        if new := set(filterfalse(seen.__contains__, words)):
            self._new += filter(lambda entry: not self._is_known(entry), _entries(new, language))
            seen |= new
            if sum(map(len, self._seen.values())) > _MOST_REMEMBERED:
                self._seen.clear()

    def learnt(self) -> Document | None:
        """Return the document of the entries that are new since the last time; None for none."""
        if not self._new:
            return None
        made = Document()
        made.add_text(FIELD, " ".join(dict.fromkeys(self._new)))
        self._new.clear()
        return made


class Lexicon:
    """What a searcher sees of it; each stem is looked up once."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self._found: dict[str, tuple[str, ...]] = {}

    def forms(self, language: str, stem: str) -> tuple[str, ...]:
        """Return the words as written (folded) that have this stem in a language."""
        start = f"{language}={stem}="
        if start not in self._found:
            listed = self._searcher.terms_with_prefix(FIELD, start, None, MOST_FORMS)
            self._found[start] = tuple(entry[len(start) :] for entry, _ in listed)
        return self._found[start]


def _entries(words: Iterable[str], language: str) -> Iterator[str]:
    short = (word for word in words if len(word) <= _LONGEST)
    return (f"{language}={stem}={written}" for stem, written in forms(short, language))
