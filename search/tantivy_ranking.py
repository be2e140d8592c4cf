"""Ranking: what puts one item before another.

A description is short and says what an item is about; a page may name anything in passing. So
an item whose description answers comes before one whose pages do, and words count most in
the title, then in subjects and names. The best of them are looked at more closely: a page that has
all the words helps the more the better it answers, and every further page a little, so that
of two books with the same description the one that speaks of it at length comes first, and an
item with the words together before one where they stand far apart.
"""

from collections.abc import Iterator
from math import log1p
from typing import Final

from tantivy import Occur, Query

from search.plan import plan, texts, wording
from search.query_tree import Fuzzy, Node, Prefix
from search.tantivy_query import Finder

DESCRIBED: Final = 3.0  # for a description that answers
WEIGHTS: Final = {"title": 1.2, "subject": 0.6, "author": 0.6, "about": 1.0}  # of a word there, times its rarity
OFTEN: Final = 0.2  # for how often its words stand in an item, as BM25 has it
BEST_PAGE: Final = 0.3
EACH_PAGE: Final = 0.4


def ranked(finder: Finder, match: Query, node: Node | None) -> Query:
    """Return ``match`` with a score that puts descriptions before pages, and titles before both."""
    if node is None:
        return match
    described = Query.const_score_query(finder.found(plan(node, "about")), DESCRIBED)
    wishes = (described, *_wishes(finder, node))
    base = (Occur.Must, Query.boost_query(match, OFTEN))
    return Query.boolean_query([base, *((Occur.Should, wish) for wish in wishes)])


def for_pages(best: float, number: int) -> float:
    """Return what pages that have all the words add to an item's score: the score of the best, how many there are."""
    return BEST_PAGE * best + EACH_PAGE * log1p(number)


def _wishes(finder: Finder, node: Node) -> Iterator[Query]:
    # What may be many words is not worth the time of looking for it once more in each field.
    for word in texts(node):
        if isinstance(word, Fuzzy):
            continue
        rarity = finder.rarity(word)
        for family, weight in WEIGHTS.items():
            if family == "title" or not isinstance(word, Prefix):
                yield Query.const_score_query(finder.found(wording(word, family)), weight * rarity)
