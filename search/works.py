"""Works: language editions of one publication, which are shown as one.

Editions are tied by translation, in any direction and over any number of steps. The work is
named after the edition whose id comes first, so its name does not hang on who was followed
when; an item that has no other edition is of no work.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol


class Ties(Protocol):
    """Where the ties between items are known."""

    def translations(self, items: Collection[str]) -> Sequence[tuple[str, str]]:
        """Return each tie of translation that one of these items has, at either end: (item, item)."""


class Works(NamedTuple):
    """The work of each item that has another edition, and the items it is itself tied to."""

    names: Mapping[str, str]
    ties: Mapping[str, Sequence[str]]


NO_WORKS = Works({}, {})


def works_of(items: Collection[str], known: Ties) -> Works:
    """Return the works of these items and of all their other editions."""
    roots = {item: item for item in items}
    ties: dict[str, set[str]] = {}
    new = set(items)
    while new:
        before = set(roots)
        for one, other in known.translations(new):
            first, second = (_root(roots, item) for item in (one, other))
            roots[max(first, second)] = min(first, second)
            ties.setdefault(one, set()).add(other)
            ties.setdefault(other, set()).add(one)
        new = set(roots) - before
    names = {item: _root(roots, item) for item in roots}
    sizes = Counter(names.values())
    tied = {item: root for item, root in names.items() if sizes[root] > 1}
    return Works(tied, {item: sorted(ties.get(item, ())) for item in tied})


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
