"""Works: language editions of one publication, which are shown as one.

Editions are tied by translation, in any direction and over any number of steps. The work is
named after the edition whose id comes first, so its name does not hang on who was followed
when; an item that has no other edition is of no work.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol


class Ties(Protocol):
    """Where the ties between items are known."""

    def translations(self, items: Collection[str]) -> Sequence[tuple[str, str]]:
        """Return each tie of translation that one of these items has, at either end: (item, item)."""


class Indexed(Protocol):
    """Where it is known what work items were put in as."""

    def editions(self, items: Iterable[str]) -> Mapping[str, str]:
        """Return the items that are of a work of one of these, each with its work."""


def works_of(items: Collection[str], ties: Ties) -> dict[str, str]:
    """Return the work of each of these items that has one, and of all their other editions."""
    roots = dict.fromkeys(items, "")
    roots = {item: item for item in roots}
    new = set(items)
    while new:
        known = set(roots)
        for one, other in ties.translations(new):
            first, second = (_root(roots, item) for item in (one, other))
            roots[max(first, second)] = min(first, second)
        new = set(roots) - known
    sizes: dict[str, int] = {}
    named = {item: _root(roots, item) for item in roots}
    for root in named.values():
        sizes[root] = sizes.get(root, 0) + 1
    return {item: root for item, root in named.items() if sizes[root] > 1}


def outdated(changed: Collection[str], works: Mapping[str, str], indexed: Mapping[str, str]) -> set[str]:
    """Return the items that did not change themselves but are indexed with another work than theirs now is."""
    others = (works.keys() | indexed.keys()) - set(changed)
    return {item for item in others if works.get(item, "") != indexed.get(item, "")}


def _root(roots: dict[str, str], item: str) -> str:
    """Return the first id known of an item's work, and remember it."""
    root = roots.setdefault(item, item)
    while roots[root] != root:
        root = roots[root]
    while roots[item] != root:
        roots[item], item = root, roots[item]
    return root
