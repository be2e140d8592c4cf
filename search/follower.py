"""The follower: brings the index up to the newest change of the library.

Its position is committed with the documents it speaks of, so a kill at any moment leaves
the index at some earlier change, never between two; what is read again replaces what was.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from metadata.errors import CanoeError, NotFound
from metadata.model import Item
from metadata.pages import PageText
from metadata.vocabulary import Vocabulary
from search.documents import documents
from search.engine import PageDocument, SearchEngine
from search.works import NO_WORKS, Ties, Works, outdated, works_of

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


class Library(Ties, Protocol):
    """What the follower reads."""

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Return the items changed after change number ``after``, oldest first."""

    def item(self, item_id: str) -> Item:
        """Return an item; raises NotFound."""

    def page_texts(self, item: Item) -> Iterator[PageText]:
        """Yield the text of each page of an item, in order."""


def catch_up(engine: SearchEngine, library: Library, vocabulary: Vocabulary) -> int:
    """Put every change since the engine's position into the index; return how many there were.

    Items that are withdrawn or held are taken out. An item whose pages cannot be read is found by its
    description alone, and the log says so. Other editions of what changed are put in again
    where they come to be, or cease to be, of the same work. An engine that is ahead of the
    library followed another catalogue and starts over.
    """
    _start_over_if_ahead(engine, library)
    follower = _Follower(engine, library, vocabulary)
    committed = reached = engine.position()
    handled = 0
    while changes := library.changes(reached, BATCH):
        committed = follower.look_at(changes, reached, committed)
        for change in changes:
            follower.put(change.item)
            handled, reached = handled + 1, change.number
            if follower.gathered >= COMMIT_AFTER:
                committed = follower.commit(reached)
    if reached != committed:
        follower.commit(reached)
    return handled


def _start_over_if_ahead(engine: SearchEngine, library: Library) -> None:
    position = engine.position()
    if position and not library.changes(position - 1, 1):
        _log.warning("The search index is ahead of the catalogue (change %d) and is made again.", position)
        engine.clear()


class _Follower:
    """One catching up: what it has gathered since the last commit, and the works of what it put in."""

    def __init__(self, engine: SearchEngine, library: Library, vocabulary: Vocabulary) -> None:
        self.gathered = 0
        self._engine = engine
        self._library = library
        self._vocabulary = vocabulary
        self._works = NO_WORKS
        self._put: dict[str, str] = {}  # since the last commit: item and work

    def look_at(self, changes: Sequence[Change], reached: int, committed: int) -> int:
        """Find out the works of what changed, and put in again the other editions that this concerns.

        They come before what changed, for a kill in between must leave nothing that is not
        looked at again. Returns the position of the newest commit, which an item that changes
        for the second time since makes necessary: what the index has it as is then known.
        """
        changed = {change.item.id for change in changes}
        if changed & self._put.keys():
            committed = self.commit(reached)
        indexed = dict(self._engine.editions(changed))
        self._works = works_of(changed | indexed.keys(), self._library)
        indexed |= {item: self._put[item] for item in self._works.names.keys() & self._put.keys()}
        for item_id in sorted(outdated(changed, self._works.names, indexed)):
            with suppress(NotFound):  # a tie may name what is not there
                item = self._library.item(item_id)
                if item.status == "published":
                    self.put(item)
        return committed

    def put(self, item: Item) -> None:
        """Put or remove one item."""
        if item.status != "published":
            self._engine.remove([item.id])
            self._put[item.id] = ""
            self.gathered += 1
            return
        made = _documents(self._library, self._vocabulary, item, self._works)
        self._engine.put(made)
        self._put[item.id] = self._works.names.get(item.id, "")
        self.gathered += len(made)

    def commit(self, position: int) -> int:
        """Commit what was put in, and return the position."""
        self._engine.commit(position)
        self._put.clear()
        self.gathered = 0
        return position


def _documents(library: Library, vocabulary: Vocabulary, item: Item, works: Works) -> list[PageDocument]:
    """Make all documents of an item before the engine is touched, so that it gets all or the description."""
    try:
        return list(documents(item, library.page_texts(item), vocabulary, works))
    except (CanoeError, OSError, ValueError) as fault:
        _log.warning("The pages of %s cannot be read and are not searched: %s", item.id, fault)
        return list(documents(item, (), vocabulary, works))
