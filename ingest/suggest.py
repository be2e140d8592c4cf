"""Concepts proposed for a publication, from its title, its abstract and its pages, each with the passages that say so.

Nothing here changes an item: a librarian accepts or refuses. How the scores come about is told in
docs/why/suggesting.md.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from archive.library import Library
from ingest.languages import detect
from ingest.suggest_hits import Part, Passage, find_concepts
from ingest.suggest_model import UNTRAINED_MODEL, Model, rows_of
from metadata.matching_labels import Labels
from metadata.model import Item

_LEAST = 0.05  # what is less likely is not worth a reader's time
_ASKED = 400  # words that are looked at to tell the language of a part that names none


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A concept that is proposed: its URI, how likely it is (0 to 1), and where the text names it."""

    concept: str
    score: float
    passages: tuple[Passage, ...]


class Suggester:
    """Proposes concepts of one vocabulary."""

    def __init__(self, labels: Labels, model: Model = UNTRAINED_MODEL) -> None:
        self.labels = labels
        self.model = model

    def suggest(self, parts: Iterable[Part], limit: int, without: Collection[str] = ()) -> Sequence[Suggestion]:
        """Return at most ``limit`` concepts for a text, the likeliest first; none of ``without``."""
        found = find_concepts(parts, self.labels)
        scores = self.model.scores(rows_of(found, self.labels))
        likely = [(-score, uri) for uri, score in scores.items() if score >= _LEAST and uri not in without]
        return [Suggestion(uri, -score, tuple(found.hits[uri].passages)) for score, uri in sorted(likely)[:limit]]


def parts_of(library: Library, item: Item) -> Iterator[Part]:
    """Yield the parts of an item's text: titles, abstracts, then its pages as far as they are readable text.

    Raises DamageFound where its pages cannot be read.
    """
    own = item.languages[0] if item.languages else ""
    for text in item.titles:
        yield Part(text.value, text.language or own or _language(text.value), "title")
    for text in item.descriptions:
        yield Part(text.value, text.language or own or _language(text.value), "abstract")
    for page in library.page_texts(item):
        if page.text:
            yield Part(page.text, page.language or own or _language(page.text), "page", page.number)


def _language(text: str) -> str:
    return detect(text[: _ASKED * 10].split()[:_ASKED]) or "en"
