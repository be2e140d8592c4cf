"""What is shown of the items that answer: their best pages and passages, read for all items in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tantivy import DocAddress, Document, Query, Searcher

from search.engine import ItemHit, PageHit
from search.plan import BODY, on_pages, texts, wording
from search.query_tree import Node
from search.snippets import Marker, snippet
from search.tantivy_query import Finder, all_of, any_of, count, of_items, term
from search.tantivy_schema import item_key

MOST_ITEMS: Final = 100  # on one page of results, and pages of one item
_MOST_TOGETHER = 400  # pages of all items
_MORE_PAGES = 50  # than shown are looked at, for those of one score come in any order

Ranked = Sequence[tuple[float, DocAddress]]


@dataclass(frozen=True, slots=True)
class Leaf:
    """An item to be shown: its score, its work (``""``: it is the only edition), its language and its summary."""

    item: str
    score: float
    work: str = ""
    language: str = ""
    summary: str = ""


def leaf_of(document: Document, score: float) -> Leaf:
    """Return what is shown of an item that has this document."""
    item, language = (str(document[name][0]) for name in ("item", "language"))
    return Leaf(item, score, str(document.get_first("work") or ""), language, shown_text(document))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a query shows of items: the pages that have all its words, or, where none has, those that have any."""

    searcher: Searcher
    node: Node | None
    pages_per_item: int

    def hits(self, leaves: Sequence[Leaf]) -> dict[str, ItemHit]:
        """Return what is shown of each item."""
        marker = Marker(self.node)
        ids = [leaf.item for leaf in leaves]
        best = self._best_pages(ids)
        shown = {}
        for leaf in leaves:
            total, addresses = best.get(leaf.item, (0, ()))
            passages = tuple(self._page(score, address, marker) for score, address in addresses)
            passage = snippet(leaf.summary, "", marker)
            shown[leaf.item] = ItemHit(leaf.item, leaf.score, passages, total, passage, leaf.work)
        return shown

    def _best_pages(self, ids: Sequence[str]) -> Mapping[str, tuple[int, Ranked]]:
        """Return how many pages of each item answer, and the best of them."""
        wanted = on_pages(self.node) if self.node else None
        if wanted is None or not ids or self.pages_per_item < 1:
            return {}
        finder = Finder(self.searcher, of_items(map(item_key, ids)))
        best = self._pages(finder.found(wanted), ids)
        words = texts(self.node) if self.node else ()
        if len(words) > 1 and (others := [item for item in ids if not best[item][0]]):
            any_word = any_of(*(finder.found(wording(word, BODY)) for word in words))
            best.update(self._pages(any_word, others))
        return best

    def _pages(self, match: Query, ids: Sequence[str]) -> dict[str, tuple[int, Ranked]]:
        """Return how many pages of each item match, and the best of them."""
        most = min(self.pages_per_item, MOST_ITEMS)
        keys = {item: item_key(item) for item in ids}
        total, together = self._best(all_of(match, of_items(keys.values())), _MOST_TOGETHER)
        if total > _MOST_TOGETHER:
            each = {item: self._best(all_of(match, term("item", item)), most + _MORE_PAGES) for item in ids}
            return {item: (number, hits[:most]) for item, (number, hits) in each.items()}
        found = self.searcher.fast_field_values("key", [address for _, address in together])
        grouped: dict[object, list[tuple[float, DocAddress]]] = {}
        for key, hit in zip(found, together, strict=True):
            grouped.setdefault(key, []).append(hit)
        own = ((item, grouped.get(key, [])) for item, key in keys.items())
        return {item: (len(hits), hits[:most]) for item, hits in own}

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
