"""Tantivy behind the interface: one that only reads, one that also writes."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from tantivy import Index, Query, Searcher
from tantivy.tantivy import IndexWriter

from archive.durable import storage
from metadata.errors import Outdated
from search.engine import NO_MEANINGS, Answer, Completion, ItemHit, Meanings, PageDocument, Request
from search.tantivy_answer import answer, editions, every
from search.tantivy_folder import (
    built_beside,
    faults,
    finish,
    index_folder,
    open_index,
    open_searcher,
    renew_index,
    stamp,
    sweep,
    written,
)
from search.tantivy_lexicon import FIELD, Learner
from search.tantivy_schema import POSITION, item_documents, position_document, schema
from search.tantivy_sums import forget_meta
from search.tantivy_words import Occurrences, completions, similar

_HEAP = 64_000_000  # bytes a writer gathers before it writes a segment, in all its threads
_HEAP_FILLING = 256_000_000  # of an index that is to be filled: fewer segments, so less to merge
_MOST_THREADS = 4  # each needs a share of the heap that makes segments of a decent size


class TantivyReader:
    """Answers from the newest commit; sees one that another process makes with the next question."""

    def __init__(self, folder: Path, meanings: Meanings = NO_MEANINGS, whole: set[str] | None = None) -> None:
        self._meanings = meanings
        self._index = folder
        self._folder = self._where()
        self._whole = set() if whole is None else whole
        self._stamp = stamp(self._folder)
        self._searcher = open_searcher(self._folder, self._whole)
        self._occurrences = Occurrences()

    def find(self, request: Request) -> Answer:
        """See SearchReader."""
        searcher = self._newest()
        with faults(self._folder):
            return answer(searcher, request, self._meanings)

    def every(self, request: Request) -> frozenset[str]:
        """See SearchReader."""
        searcher = self._newest()
        with faults(self._folder):
            return every(searcher, request, self._meanings)

    def complete(self, start: str, limit: int) -> tuple[Completion, ...]:
        """See SearchReader."""
        searcher = self._newest()
        with faults(self._folder):
            return completions(searcher, start, limit)

    def similar(self, item: str, limit: int) -> tuple[ItemHit, ...]:
        """See SearchReader."""
        searcher = self._newest()
        with faults(self._folder):
            return similar(searcher, item, limit, self._occurrences)

    def position(self) -> int:
        """See SearchReader."""
        searcher = self._newest()
        with faults(self._folder):
            return _position(searcher)

    def close(self) -> None:
        """See SearchReader; the files go with the last reference."""

    def _newest(self) -> Searcher:
        """Open the index again when there is a commit since; an opened one never changes.

        One that was made anew in its place counts as a commit.
        """
        folder = self._where()
        try:
            now = stamp(folder)
            if now != self._stamp:
                self._searcher, self._stamp, self._folder = open_searcher(folder, self._whole), now, folder
        except Outdated:
            if self._where() == folder:
                raise
            return self._newest()
        return self._searcher

    def _where(self) -> Path:
        return index_folder(self._index)


class TantivyWriter(TantivyReader):
    """Also writes. Holds the index's lock until closed.

    Every writer works on an Index opened for it alone: one kept from before would write a
    list of files that forgets what others added, and they would never be removed.
    """

    def __init__(self, folder: Path, target: Path | None = None) -> None:
        target = target or index_folder(folder)
        whole: set[str] = set()
        with storage(target):
            index = _open_or_renew(target, whole)
            with faults(target):
                self._writer = _writer(index)
            forget_meta(target)
            sweep(target)
        self._target = target
        super().__init__(folder, whole=whole)
        self._pending: int | None = None
        self._learner = self._new_learner()

    def position(self) -> int:
        """See SearchReader; what :meth:`clear` did counts at once."""
        return super().position() if self._pending is None else self._pending

    def put(self, documents: Iterable[PageDocument]) -> None:
        """See SearchEngine."""
        with storage(self._folder), written(self._folder):
            for item, pages in groupby(documents, key=attrgetter("item")):
                self._writer.delete_documents_by_term("item", item)
                for made in item_documents(pages, self._learner):
                    self._writer.add_document(made)

    def editions(self, items: Iterable[str]) -> Mapping[str, str]:
        """See SearchEngine; after :meth:`clear` there are none."""
        if self._pending is not None:
            return {}
        searcher = self._newest()
        with faults(self._folder):
            return editions(searcher, list(items))

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
            if learnt := self._learner.learnt():
                self._writer.add_document(learnt)
            self._writer.commit()
        self._pending = None

    def clear(self) -> None:
        """See SearchEngine."""
        self._writer.delete_all_documents()
        self._pending = 0
        self._learner = Learner(lambda _: False)

    def close(self) -> None:
        """See SearchReader."""
        with storage(self._folder), written(self._folder):
            self._writer.wait_merging_threads()
            finish(self._target)

    def _where(self) -> Path:
        return self._target

    def _new_learner(self) -> Learner:
        """Return one that leaves out what the index has; of an empty one there is nothing to ask."""
        searcher = self._searcher
        if searcher.num_docs <= 1:  # the position is a document, too
            return Learner(lambda _: False)
        return Learner(lambda entry: searcher.doc_freq(FIELD, entry) > 0)


@contextmanager
def tantivy_builder(folder: Path) -> Iterator[TantivyWriter]:
    """Give an empty index that takes the place of the one in ``folder`` when the block ends well."""
    with built_beside(folder) as beside:
        writer = TantivyWriter(folder, beside)
        try:
            yield writer
        finally:
            writer.close()


def _open_or_renew(folder: Path, whole: set[str]) -> Index:
    try:
        return open_index(folder, whole)
    except Outdated:
        return renew_index(folder)


def _position(searcher: Searcher) -> int:
    hits = searcher.search(Query.term_query(schema(), "note", POSITION), 1).hits
    return int(searcher.doc(hits[0][1])["position"][0]) if hits else 0


def _writer(index: Index) -> IndexWriter:
    """Return a writer; one that fills an index has all cores and much memory, for each thread leaves segments."""
    if index.searcher().num_docs > 1:  # the position is a document, too
        return index.writer(_HEAP, num_threads=1)
    return index.writer(_HEAP_FILLING, num_threads=max(1, min(_MOST_THREADS, len(os.sched_getaffinity(0)) - 1)))
