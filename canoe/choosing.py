"""Which items a command is for: all, or those that a query finds."""

from collections.abc import Iterator

from canoe.home import Home
from metadata.model import Item
from search.engine import Request


def chosen(home: Home, query: str) -> Iterator[Item]:
    """Yield what a query finds, by id; every item, withdrawn ones too, where it is empty. Raises Outdated."""
    if not query:
        return home.library.items()
    return (home.library.item(hit) for hit in sorted(_found_ids(home, query)))


def _found_ids(home: Home, query: str) -> Iterator[str]:
    reader, offset = home.index_reader(), 0
    try:
        while hits := reader.find(Request(query, offset=offset, limit=100, pages_per_item=0, facets=())).hits:
            yield from (item.id for hit in hits for item in hit.all_editions)
            offset += len(hits)
    finally:
        reader.close()
