"""What is proposed as one publication: the likenesses that ingests reported, as far as nobody has judged them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from archive.duplicate_decisions import pair, read_distinct
from archive.library import Library
from desk.editing_work import Pair
from metadata.accession import Piece
from metadata.errors import DamageFound, NotFound
from metadata.ids import is_item_id
from metadata.model import Item

MOST = 500
"""Pairs that are shown at once: a list of more is no list that anybody works through."""

_CODES = frozenset(("duplicate-identifier", "probable-duplicate"))

_Named = tuple[str, str, str]
"""Two items, and what they have in common."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The likenesses of one library; what an accession reported is read once."""

    library: Library
    _known: dict[str, Sequence[_Named]] = field(default_factory=dict)

    def proposed(self) -> Sequence[Pair]:
        """Return the pairs that nobody has judged, those of the newest accession first."""
        return [*islice(self._unjudged(), MOST)]

    def _unjudged(self) -> Iterator[Pair]:
        distinct = {one.key for one in read_distinct(self.library.archive)}
        met: set[tuple[str, str]] = set(distinct)
        for accession in reversed(self.library.catalogue.accessions()):
            for one, other, reasons in self._reported(accession.id):
                if pair(one, other) in met:
                    continue
                met.add(pair(one, other))
                first, second = self._standing(one), self._standing(other)
                if first and second and not _are_tied(first, second):
                    yield Pair(first, second, reasons)

    def _standing(self, item_id: str) -> Item | None:
        found = self.library.catalogue.item(item_id)
        return found if found and found.status == "published" and not found.origins else None

    def _reported(self, accession: str) -> Sequence[_Named]:
        if accession not in self._known:
            try:
                self._known[accession] = [*self._read(accession)]
            except (NotFound, DamageFound, OSError, ValueError):  # the others are proposed all the same
                return ()
        return self._known[accession]

    def _read(self, accession: str) -> Iterator[_Named]:
        sources: dict[str, str] = {}
        waiting: list[tuple[Piece, str, str]] = []
        for piece in self.library.each_piece(accession):
            sources[piece.source] = piece.item
            for problem in piece.problems:
                if problem.code in _CODES and piece.item:
                    params = dict(problem.params)
                    waiting.append((piece, params.get("other", ""), params.get("reasons", "")))
        for piece, other, reasons in waiting:  # what came with the same accession is named by its source
            named = sources.get(other) or (other if is_item_id(other) else "")
            if named and named != piece.item:
                yield piece.item, named, reasons


def _are_tied(one: Item, other: Item) -> bool:
    return any(tie.target == other.id for tie in one.relations) or any(tie.target == one.id for tie in other.relations)
