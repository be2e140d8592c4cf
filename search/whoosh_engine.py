"""Whoosh behind the interface: pure Python, for small libraries, and the judge of the other engine."""

import threading
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from archive.durable import storage
from metadata.errors import Outdated
from search.engine import NO_MEANINGS, Answer, Completion, ItemHit, Meanings, PageDocument, Request
from search.whoosh_answer import answer, every, similar
from search.whoosh_folder import (
    Stamp,
    faults,
    index_folder,
    lock,
    note_sums,
    open_index,
    remove_other_versions,
    renew_index,
    stamp,
    sweep,
)
from search.whoosh_library import writing
from search.whoosh_schema import POSITION, page_fields
from search.whoosh_shelf import Shelf, read_shelf

_MEGABYTES = 64  # a writer gathers before it writes


class WhooshReader:
    """Answers from the newest commit; sees one that another process makes with the next question.

    One question is answered at a time: Whoosh's readers are not made for several threads.
    """

    def __init__(self, folder: Path, meanings: Meanings = NO_MEANINGS) -> None:
        self._meanings = meanings
        self._folder = index_folder(folder)
        self._asking = threading.RLock()
        self._stamp: Stamp | None = None
        self._newest()

    def find(self, request: Request) -> Answer:
        """See SearchReader."""
        with self._asking, faults(self._folder):
            searcher, shelf = self._newest()
            return answer(searcher, shelf, request, self._meanings)

    def every(self, request: Request) -> frozenset[str]:
        """See SearchReader."""
        with self._asking, faults(self._folder):
            return every(*self._newest(), request, self._meanings)

    def complete(self, start: str, limit: int) -> tuple[Completion, ...]:
        """See SearchReader."""
        with self._asking, faults(self._folder):
            return self._newest()[1].complete(start, limit)

    def similar(self, item: str, limit: int) -> tuple[ItemHit, ...]:
        """See SearchReader."""
        with self._asking, faults(self._folder):
            return similar(*self._newest(), item, limit)

    def position(self) -> int:
        """See SearchReader."""
        with self._asking, faults(self._folder):
            return self._newest()[1].position

    def close(self) -> None:
        """See SearchReader."""
        with self._asking:
            if self._stamp:
                self._searcher.close()
            self._stamp = None

    def _newest(self) -> tuple[Any, Shelf]:
        """Open the index again when there is a commit since; an opened one never changes."""
        if (now := stamp(self._folder)) != self._stamp:
            opened = open_index(self._folder)
            with faults(self._folder):
                searcher = opened.searcher()
                self._shelf = read_shelf(searcher)
            self._searcher, self._stamp = searcher, now
        return self._searcher, self._shelf


class WhooshWriter(WhooshReader):
    """Also writes. Holds the folder's lock until closed.

    What is put and removed is gathered and given to Whoosh with the commit: its writer would
    not see, and so not replace, what it was given since the last one.
    """

    def __init__(self, folder: Path) -> None:
        target = index_folder(folder)
        with storage(target):
            self._lock = lock(target)
            self._index = _open_or_renew(target)
        self._gathered: dict[str, list[PageDocument]] = {}
        self._is_cleared = False
        super().__init__(folder)

    def position(self) -> int:
        """See SearchReader; what :meth:`clear` did counts at once."""
        return 0 if self._is_cleared else super().position()

    def put(self, documents: Iterable[PageDocument]) -> None:
        """See SearchEngine."""
        for item, pages in groupby(documents, key=attrgetter("item")):
            self._gathered[item] = list(pages)

    def editions(self, items: Iterable[str]) -> Mapping[str, str]:
        """See SearchEngine."""
        with self._asking, faults(self._folder):
            return self._newest()[1].editions(items)

    def remove(self, items: Iterable[str]) -> None:
        """See SearchEngine."""
        self._gathered.update((item, []) for item in items)

    def commit(self, position: int) -> None:
        """See SearchEngine."""
        with storage(self._folder):
            writer = self._index.writer(limitmb=_MEGABYTES)
            writer.delete_by_term("note", POSITION)
            writer.add_document(note=POSITION, position=position)
            for item, pages in self._gathered.items():
                writer.delete_by_term("item", item)
                for page in pages:
                    writer.add_document(**page_fields(page))
            writer.commit(mergetype=writing.CLEAR if self._is_cleared else None)
            note_sums(self._folder)
        self._gathered, self._is_cleared = {}, False

    def clear(self) -> None:
        """See SearchEngine."""
        self._gathered, self._is_cleared = {}, True

    def close(self) -> None:
        """See SearchReader."""
        super().close()
        remove_other_versions(self._folder)
        self._lock.close()


def _open_or_renew(folder: Path) -> Any:
    try:
        opened = open_index(folder)
        sweep(folder)
    except Outdated:
        return renew_index(folder)
    return opened
