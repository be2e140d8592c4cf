"""Ranking: what puts one document before another, and one work before another.

A description is short and says what an item is about; a page may name anything in passing. So
words count more in a description, most in the title, then in subjects and names. A work has
the score of its best document and a part of its best of the other kind, so that of two books
with the same chapter the one that is described so comes first; and a little for every further
page, so that a book on the matter comes before one that has a page of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log1p
from typing import Final

from tantivy import DocAddress, Occur, Query

from search.plan import wording
from search.query_tree import Fuzzy, Node, Prefix, wanted
from search.tantivy_query import any_of, descriptions, found

DESCRIBED: Final = 3.0  # for a description that answers at all
WEIGHTS: Final = {"title": 2.0, "subject": 1.0, "author": 1.0, "body": 0.6}  # what a word adds in a description
OTHER_KIND: Final = 0.3
EACH_PAGE: Final = 0.4


@dataclass(slots=True)
class Tally:
    """What is known of a work among the hits: its best scores and how many pages it has there.

    ``place`` and ``address`` are those of its best document: in listings, and where it lies.
    """

    place: int
    address: DocAddress
    described: float = 0.0
    paged: float = 0.0
    pages: int = 0

    def add(self, score: float, is_description: bool) -> None:
        """Count one of its documents; the best of each kind comes first."""
        if is_description:
            self.described = self.described or score
        else:
            self.paged = self.paged or score
            self.pages += 1

    @property
    def score(self) -> float:
        """The score of the work."""
        best, other = max(self.described, self.paged), min(self.described, self.paged)
        return best + OTHER_KIND * other + EACH_PAGE * log1p(max(self.pages - 1, 0))


def ranked(match: Query, node: Node | None) -> Query:
    """Return ``match`` with a score that puts descriptions before pages, and titles before both."""
    described = [(Occur.Must, Query.const_score_query(descriptions(), DESCRIBED))]
    described += [(Occur.Should, wish) for wish in _wishes(node)] if node else []
    return Query.boolean_query([(Occur.Must, match), (Occur.Should, Query.boolean_query(described))])


def _wishes(node: Node) -> Iterator[Query]:
    # What may be many words is not worth the time of looking for it once more in each field.
    words = [word for word in wanted(node) if word.field == "text" and not isinstance(word, Fuzzy)]
    for family, weight in WEIGHTS.items():
        looked_for = [word for word in words if family == "title" or not isinstance(word, Prefix)]
        if looked_for:
            yield Query.boost_query(any_of(*(found(wording(word, family)) for word in looked_for)), weight)
