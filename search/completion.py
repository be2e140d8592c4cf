"""Completion and listing by title: how titles and names are put in order, and found by the start of any word."""

import unicodedata
from collections.abc import Iterator

from search.analysis import terms
from search.engine import Completion, PageDocument

SHORTEST = 2
"""Characters that must have been typed before anything is offered."""

_LONGEST = 160  # characters of what is offered
_LONGEST_START = 100
_MOST_WORDS = 8  # of a title or name, where the typed may begin
_MARK = "\x1f"
_FIRST_ALIKE = 120  # characters of a title that count for its place


def entries(document: PageDocument) -> Iterator[str]:
    """Yield what a description is offered by: folded from the start of a word, the kind, and as it is shown."""
    for kind, texts in (("title", document.title.split("\n")), ("agent", (*document.authors, *document.publishers))):
        for text in dict.fromkeys(" ".join(one.split()) for one in texts):
            shown = text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
            folded = folded_words(shown)
            for first in range(min(len(folded), _MOST_WORDS)):
                yield _MARK.join((" ".join(folded[first:]), kind, shown))


def offer(entry: str, count: int) -> Completion:
    """Return what an entry offers."""
    _, kind, text = entry.split(_MARK)
    return Completion("title" if kind == "title" else "agent", text, count)


def begun(start: str) -> str:
    """Return what entries begin with that are offered for what was typed."""
    return " ".join(folded_words(start[:_LONGEST_START]))


def folded_words(text: str) -> list[str]:
    """Return the words of a text as entries begin."""
    return terms(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8")))


def sorting_title(document: PageDocument) -> str:
    """Return what the main title is sorted by: its words, without accents, case and punctuation."""
    return " ".join(folded_words(document.title.partition("\n")[0]))[:_FIRST_ALIKE]
