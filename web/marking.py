"""Marking the words of a query in a text that is shown whole."""

from collections.abc import Iterator, Sequence

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


def _pieces(text: str, bounds: tuple[int, int], places: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    at, end = bounds
    for first, last in places:
        if at < first:
            yield text[at:first], False
        yield text[first:last], True
        at = last
    if at < end:
        yield text[at:end], False
