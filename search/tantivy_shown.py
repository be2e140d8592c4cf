"""What is shown of the items that answer: their best pages and passages, read for all items in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tantivy import DocAddress, Document, Query, Searcher

from search.engine import ItemHit, PageHit
from search.query_tree import Node
from search.snippets import Marker, snippet
from search.tantivy_counts import count
from search.tantivy_query import all_of, any_of, described, term
from search.tantivy_schema import item_key

MOST_ITEMS: Final = 100  # on one page of results, and pages of one item
_MOST_TOGETHER = 400  # pages of all items
_MORE_PAGES = 50  # than shown are looked at, for those of one score come in any order

Ranked = Sequence[tuple[float, DocAddress]]


@dataclass(frozen=True, slots=True)
class Leaf:
    """An item to be shown: its score, its work (``""``: it is the only edition) and its language."""

    item: str
    score: float
    work: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a query shows: ``match`` finds the pages that answer, None where none can or none are asked for."""

    searcher: Searcher
    node: Node | None
    match: Query | None
    pages_per_item: int

    def hits(self, leaves: Sequence[Leaf]) -> dict[str, ItemHit]:
        """Return what is shown of each item."""
        marker = Marker(self.node)
        ids = [leaf.item for leaf in leaves]
        summaries = self._summaries(ids)
        best = self._pages(self.match, ids) if self.match else {}
        shown = {}
        for leaf in leaves:
            total, addresses = best.get(leaf.item, (0, ()))
            passages = tuple(self._page(score, address, marker) for score, address in addresses)
            passage = snippet(summaries.get(leaf.item, ""), "", marker)
            shown[leaf.item] = ItemHit(leaf.item, leaf.score, passages, total, passage, leaf.work)
        return shown

    def _summaries(self, ids: Sequence[str]) -> dict[str, str]:
        if not ids:
            return {}
        found = self.searcher.search(described(list(ids)), len(ids), count=False)
        read = (self.searcher.doc(address) for _, address in found.hits)
        return {str(document["item"][0]): shown_text(document) for document in read}

    def _pages(self, match: Query, ids: Sequence[str]) -> Mapping[str, tuple[int, Ranked]]:
        """Return how many pages of each item answer, and the best of them."""
        most = min(self.pages_per_item, MOST_ITEMS)
        total, together = self._best(all_of(match, _of_any(ids)), _MOST_TOGETHER) if ids else (0, ())
        if total > _MOST_TOGETHER:
            each = {item: self._best(all_of(match, term("item", item)), most + _MORE_PAGES) for item in ids}
            return {item: (number, hits[:most]) for item, (number, hits) in each.items()}
        keys = self.searcher.fast_field_values("key", [address for _, address in together])
        grouped: dict[object, list[tuple[float, DocAddress]]] = {}
        for key, hit in zip(keys, together, strict=True):
            grouped.setdefault(key, []).append(hit)
        found = ((item, grouped.get(item_key(item), [])) for item in ids)
        return {item: (len(hits), hits[:most]) for item, hits in found}

    def _best(self, query: Query, limit: int) -> tuple[int, Ranked]:
        """Return how many pages match, and the best of them; those of one score in the order of the pages."""
        found = self.searcher.search(query, limit)
        numbers = self.searcher.fast_field_values("page", [address for _, address in found.hits])
        rows = sorted(zip(found.hits, numbers, strict=True), key=lambda row: (-row[0][0], row[1]))
        return count(found), [hit for hit, _ in rows]

    def _page(self, score: float, address: DocAddress, marker: Marker) -> PageHit:
        page = self.searcher.doc(address)
        return PageHit(page["page"][0], snippet(shown_text(page), page["language"][0], marker), score)


def shown_text(document: Document) -> str:
    """Return what snippets of a page or description are cut from."""
    return bytes(document["shown"][0]).decode()


def _of_any(ids: Sequence[str]) -> Query:
    return any_of(*(term("item", item) for item in ids))
