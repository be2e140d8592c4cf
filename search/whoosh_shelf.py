"""What a Whoosh index holds, in memory: the items, and which document is a page of which.

Whoosh finds and scores documents; grouping, counting and sorting are done on this, in plain
Python. It is made anew for each commit and takes some kilobytes for an item.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from search.completion import SHORTEST, begun, entries, offer
from search.engine import Completion, PageDocument
from search.whoosh_library import query
from search.whoosh_schema import POSITION, facts

_MOST_LISTED = 500


class Place(NamedTuple):
    """A document: the item it is of, and the number of its page (0: the description)."""

    item: str
    page: int


@dataclass(frozen=True)
class Shelf:
    """All items by their id, all documents by Whoosh's number, and the follower's position."""

    items: Mapping[str, PageDocument]
    places: Mapping[int, Place]
    described: Mapping[str, int]
    position: int

    def complete(self, start: str, limit: int) -> tuple[Completion, ...]:
        """Return titles and agents in which a word begins as ``start`` does, the most borne first."""
        folded = begun(start)
        if len(folded) < SHORTEST or limit < 1:
            return ()
        counted = Counter(self._from(folded))
        offers = {(made.kind, made.text): made for made in (offer(entry, n) for entry, n in counted.items())}
        return tuple(sorted(offers.values(), key=lambda made: (-made.count, len(made.text), made.text))[:limit])

    def editions(self, items: Iterable[str]) -> dict[str, str]:
        """Return the items that are of a work of one of these, each with its work."""
        works = {self.items[item].work for item in items if item in self.items} - {""}
        return {item: document.work for item, document in self.items.items() if document.work in works}

    @cached_property
    def _entries(self) -> Sequence[str]:
        return sorted(entry for document in self.items.values() for entry in set(entries(document)))

    def _from(self, start: str) -> Iterator[str]:
        at = bisect_left(self._entries, start)
        for entry in self._entries[at : at + _MOST_LISTED]:
            if not entry.startswith(start):
                return
            yield entry


def read_shelf(searcher: Any) -> Shelf:
    """Read what the searcher sees."""
    reader = searcher.reader()
    if not reader.doc_count_all():  # an empty index has no columns either
        return Shelf({}, {}, {}, 0)
    items, pages = reader.column_reader("item"), reader.column_reader("page")
    numbers = (number for number in reader.all_doc_ids() if items[number])
    places = {number: Place(items[number], int(pages[number])) for number in numbers}
    described = {place.item: number for number, place in places.items() if place.page == 0}
    found = {item: facts(reader.stored_fields(number)["facts"]) for item, number in described.items()}
    return Shelf(found, places, described, _position(searcher))


def _position(searcher: Any) -> int:
    numbers = list(searcher.docs_for_query(query.Term("note", POSITION)))
    return int(searcher.reader().stored_fields(numbers[0])["position"]) if numbers else 0
