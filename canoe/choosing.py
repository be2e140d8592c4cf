"""Which items a command is for: all, or those that a query finds."""

from collections.abc import Iterator
from contextlib import closing

from canoe.home import Home
from metadata.model import Item
from search.engine import Request


def chosen(home: Home, query: str) -> Iterator[Item]:
    """Yield what a query finds, by id; every item, withdrawn ones too, where it is empty. Raises Outdated."""
    if not query:
        return home.library.items()
    with closing(home.index_reader()) as reader:
        found = reader.every(Request(query))
    return (home.library.item(item_id) for item_id in sorted(found))
