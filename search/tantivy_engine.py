"""Tantivy behind the interface: one that only reads, one that also writes."""

import os
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tantivy import Index, Query, Searcher

from archive.durable import storage
from metadata.errors import Outdated
from search.engine import Answer, PageDocument, Request
from search.tantivy_answer import answer
from search.tantivy_folder import (
    faults,
    index_folder,
    note,
    open_index,
    open_searcher,
    remove_other_versions,
    renew_index,
    stamp,
    sweep,
    written,
)
from search.tantivy_schema import POSITION, SCHEMA, page_document, position_document
from search.tantivy_sums import forget_meta

_HEAP = 64_000_000  # bytes a writer gathers before it writes a segment, in all its threads
_MOST_THREADS = 4  # each needs a share of the heap that makes segments of a decent size


class TantivyReader:
    """Answers from the newest commit; sees one that another process makes with the next question."""

    def __init__(self, folder: Path, whole: set[str] | None = None) -> None:
        self._folder = index_folder(folder)
        self._whole = set() if whole is None else whole
        self._stamp = stamp(self._folder)
        self._searcher = open_searcher(self._folder, self._whole)

    def find(self, request: Request) -> Answer:
        """See SearchReader."""
        searcher = self._newest()
        with faults(self._folder):
            return answer(searcher, request)

    def position(self) -> int:
        """See SearchReader."""
        searcher = self._newest()
        with faults(self._folder):
            return _position(searcher)

    def close(self) -> None:
        """See SearchReader; the files go with the last reference."""

    def _newest(self) -> Searcher:
        """Open the index again when there is a commit since; an opened one never changes."""
        now = stamp(self._folder)
        if now != self._stamp:
            self._searcher, self._stamp = open_searcher(self._folder, self._whole), now
        return self._searcher


class TantivyWriter(TantivyReader):
    """Also writes. Holds the index's lock until closed.

    Every writer works on an Index opened for it alone: one kept from before would write a
    list of files that forgets what others added, and they would never be removed.
    """

    def __init__(self, folder: Path) -> None:
        target = index_folder(folder)
        whole: set[str] = set()
        with storage(target):
            index = _open_or_renew(target, whole)
            with faults(target):
                self._writer = index.writer(_HEAP, num_threads=_threads(index))
            forget_meta(target)
            sweep(target)
        super().__init__(folder, whole)
        self._pending: int | None = None

    def position(self) -> int:
        """See SearchReader; what :meth:`clear` did counts at once."""
        return super().position() if self._pending is None else self._pending

    def put(self, documents: Iterable[PageDocument]) -> None:
        """See SearchEngine."""
        with storage(self._folder), written(self._folder):
            for item, pages in groupby(documents, key=attrgetter("item")):
                self._writer.delete_documents_by_term("item", item)
                for page in pages:
                    self._writer.add_document(page_document(page))

    def remove(self, items: Iterable[str]) -> None:
        """See SearchEngine."""
        with storage(self._folder), written(self._folder):
            for item in items:
                self._writer.delete_documents_by_term("item", item)

    def commit(self, position: int) -> None:
        """See SearchEngine. Takes some 100 ms, so gather many items before."""
        with storage(self._folder), written(self._folder):
            self._writer.delete_documents_by_term("note", POSITION)
            self._writer.add_document(position_document(position))
            self._writer.commit()
        self._pending = None

    def clear(self) -> None:
        """See SearchEngine."""
        self._writer.delete_all_documents()
        self._pending = 0

    def close(self) -> None:
        """See SearchReader."""
        with storage(self._folder), written(self._folder):
            self._writer.wait_merging_threads()
            note(self._folder)
        remove_other_versions(self._folder)


def _open_or_renew(folder: Path, whole: set[str]) -> Index:
    try:
        return open_index(folder, whole)
    except Outdated:
        return renew_index(folder)


def _position(searcher: Searcher) -> int:
    hits = searcher.search(Query.term_query(SCHEMA, "note", POSITION), 1).hits
    return int(searcher.doc(hits[0][1])["position"][0]) if hits else 0


def _threads(index: Index) -> int:
    """Return how many threads may write: all cores where the index is to be filled, since each leaves segments."""
    filled = index.searcher().num_docs > 1  # the position is a document, too
    return 1 if filled else min(_MOST_THREADS, len(os.sched_getaffinity(0)))
