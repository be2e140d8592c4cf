"""The follower: brings the index up to the newest change of the library.

Its position is committed with the documents it speaks of, so a kill at any moment leaves
the index at some earlier change, never between two; what is read again replaces what was.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

from metadata.errors import CanoeError
from metadata.model import Item
from metadata.pages import PageText
from metadata.vocabulary import Vocabulary
from search.documents import documents
from search.engine import PageDocument, SearchEngine

BATCH = 500  # changes read at once
COMMIT_AFTER = 20_000  # documents gathered before a commit

_log = logging.getLogger(__name__)


class Change(Protocol):
    """The newest change of an item: its number, and the item as it now is."""

    @property
    def number(self) -> int:
        """Its number in the one sequence of changes, from 1."""

    @property
    def item(self) -> Item:
        """The item."""


class Library(Protocol):
    """What the follower reads."""

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Return the items changed after change number ``after``, oldest first."""

    def page_texts(self, item: Item) -> Iterator[PageText]:
        """Yield the text of each page of an item, in order."""


def catch_up(engine: SearchEngine, library: Library, vocabulary: Vocabulary) -> int:
    """Put every change since the engine's position into the index; return how many there were.

    Withdrawn items are taken out. An item whose pages cannot be read is found by its
    description alone, and the log says so. An engine that is ahead of the library followed
    another catalogue and starts over.
    """
    _start_over_if_ahead(engine, library)
    committed = reached = engine.position()
    handled = gathered = 0
    while changes := library.changes(reached, BATCH):
        for change in changes:
            gathered += _follow(engine, library, vocabulary, change.item)
            handled, reached = handled + 1, change.number
            if gathered >= COMMIT_AFTER:
                engine.commit(reached)
                committed, gathered = reached, 0
    if reached != committed:
        engine.commit(reached)
    return handled


def _start_over_if_ahead(engine: SearchEngine, library: Library) -> None:
    position = engine.position()
    if position and not library.changes(position - 1, 1):
        _log.warning("The search index is ahead of the catalogue (change %d) and is made again.", position)
        engine.clear()


def _follow(engine: SearchEngine, library: Library, vocabulary: Vocabulary, item: Item) -> int:
    """Put or remove one item; return the number of its documents."""
    if item.status == "withdrawn":
        engine.remove([item.id])
        return 1
    made = _documents(library, vocabulary, item)
    engine.put(made)
    return len(made)


def _documents(library: Library, vocabulary: Vocabulary, item: Item) -> list[PageDocument]:
    """Make all documents of an item before the engine is touched, so that it gets all or the description."""
    try:
        return list(documents(item, library.page_texts(item), vocabulary))
    except (CanoeError, OSError, ValueError) as fault:
        _log.warning("The pages of %s cannot be read and are not searched: %s", item.id, fault)
        return list(documents(item, (), vocabulary))
