"""Marking the words of a query in a text that is shown whole."""

from collections.abc import Iterator, Sequence

from metadata.model import Item, Text
from metadata.vocabulary import Vocabulary
from search.engine import Snippet
from search.query import parse
from search.snippets import Marker


def marked_lines(text: str, language: str, query: str) -> list[Snippet]:
    """Return the lines of ``text`` in pieces: text, and whether the query asks for it.

    ``language`` is the text's own (BCP 47, ``""`` unknown); ``query`` is as typed. What is
    marked is what a snippet would mark.
    """
    places = Marker(parse(query).node).places(text, language) if query else []
    lines, start = [], 0
    for line in text.split("\n"):
        end = start + len(line)
        inside = [place for place in places if start <= place[0] and place[1] <= end]
        lines.append(tuple(_pieces(text, (start, end), inside)))
        start = end + 1
    return lines


def marked_subjects(item: Item, vocabulary: Vocabulary, query: str) -> list[tuple[str, Snippet]]:
    """Return the item's subjects that the query asks for: the language and the pieces of a label.

    A concept is found by its labels in every language; the one with most words of the query is given.
    """
    marker = Marker(parse(query).node)
    known = (vocabulary.concepts[uri] for uri in item.concepts if uri in vocabulary.concepts)
    names = [*((*concept.labels, *concept.alternatives) for concept in known), *((word,) for word in item.keywords)]
    return [found for labels in names if (found := _most_marked(labels, marker))]


def _most_marked(labels: Sequence[Text], marker: Marker) -> tuple[str, Snippet] | None:
    marked = [(marker.places(label.value, label.language), label) for label in labels]
    places, label = max(marked, key=lambda found: len(found[0]), default=([], Text("")))
    return (label.language, tuple(_pieces(label.value, (0, len(label.value)), places))) if places else None


def _pieces(text: str, bounds: tuple[int, int], places: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    at, end = bounds
    for first, last in places:
        if at < first:
            yield text[at:first], False
        yield text[first:last], True
        at = last
    if at < end:
        yield text[at:end], False
