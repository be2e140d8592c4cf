"""Probable duplicates: items that look like others, reported and never merged.

Items are compared only where they share a *key*: an identifier, a series with its number or the
main title; or two of those that many share, each with the year: two words of the title (enough
alone where few share them), an agent, the extent. What meets so is compared by title, agents,
year, extent, edition and language (:mod:`metadata.likeness_scores`). The answer says what the
likeness is: the same publication again (``duplicate``), another edition of it, or a translation;
language editions are one work and never duplicates.

An item costs some 300 bytes beside its key: its features as one packed string, what it shares as
64-bit hashes in arrays. At most :data:`MOST` newest bearers of a key are looked at and the
:data:`COMPARED` likeliest compared, so that hostile or monotonous titles cost no more than
others; where there are more, some may go unreported.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence

from metadata.likeness_features import Features, Key, features_of, identities, likely, pack, titles_of
from metadata.likeness_scores import THRESHOLD, Alike, AlikeKind, Judgement, judge
from metadata.model import Item

__all__ = ["COMPARED", "MOST", "THRESHOLD", "Alike", "AlikeKind", "Likeness"]
MOST = 16
"""So many bearers of one key are looked at, the newest first."""

COMPARED = 6
"""With so many others, the likeliest, an item is compared at most."""

# How much a key counts that many bear, and that few bear; an identity counts most. An item is compared from two on.
_WEIGHTS = {"main": 4, "beside": 3, "words": 1, "agent": 1, "extent": 1}
_RARE = {**_WEIGHTS, "words": 2}
_IDENTITY = 8
_ENOUGH = 2


class Likeness:
    """Finds items like those that were added. Not for several threads at once."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._packed: list[str] = []
        self._heads = array("i", [-1]) * 1024
        self._hashes = array("q")
        self._next = array("i")
        self._bearer = array("i")
        self._last = Item(), _Marks.of(Item())  # an item is mostly asked after, then added

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str, item: Item) -> None:
        """Remember ``item`` under ``key`` (its id, or what names it in a batch)."""
        row = len(self._keys)
        self._keys.append(key)
        marks = self._marks(item)
        self._packed.append(marks.packed)
        for hashed in dict.fromkeys(map(hash, marks.borne())):
            self._post(hashed, row)

    def like(self, item: Item) -> list[Alike]:
        """Return what the item is like among those added, the likest first; what it is tied to already is left out."""
        marks = self._marks(item)
        met, weights = self._sharing(marks)
        if not met:
            return []
        tied = {relation.target for relation in item.relations} | {item.id}
        found = [
            Alike(self._keys[row], *judged)
            for row, judged in self._judged(_likeliest(weights), met, marks)
            if judged and self._keys[row] not in tied
        ]
        return sorted(found, key=lambda one: (-one.score, one.key))

    def _sharing(self, marks: "_Marks") -> tuple[list[tuple[str, list[int]]], dict[int, int]]:
        """Return the keys that others share with an item, by name, with who bears each; and how much these count."""
        met: list[tuple[str, list[int]]] = []
        weights: dict[int, int] = {}
        seen: set[int] = set()
        for key in marks.sought():
            if len(key) > 2 and len(weights) >= MOST:
                break  # as many as are looked at share an identity or the title: what many share adds nothing
            hashed = hash(key)
            if hashed in seen:
                continue
            seen.add(hashed)
            if rows := self._bearers(hashed):
                name = str(key[0])
                met.append((name, rows))
                weight = (_RARE if len(rows) < MOST else _WEIGHTS).get(name, _IDENTITY)
                for row in rows:
                    weights[row] = weights.get(row, 0) + weight
        return met, weights

    def _judged(
        self, rows: Iterable[int], met: Sequence[tuple[str, Collection[int]]], marks: "_Marks"
    ) -> Iterator[tuple[int, Judgement | None]]:
        """Yield what comparing says of each row; copies of one publication, often all there are, are compared once."""
        known: dict[tuple[str, ...], Judgement | None] = {}
        for row in rows:
            packed = self._packed[row]
            if packed == marks.packed:
                marks.packed = packed  # one string for all the copies
            shared = [name for name, bearers in met if row in bearers]
            asked = (packed, *shared)
            if asked not in known:
                known[asked] = judge(packed, marks.features, frozenset(shared))
            yield row, known[asked]

    def _marks(self, item: Item) -> "_Marks":
        if self._last[0] is not item:
            self._last = item, _Marks.of(item)
        return self._last[1]

    def _post(self, hashed: int, row: int) -> None:
        if len(self._hashes) >= len(self._heads):
            self._grow()
        slot = hashed & (len(self._heads) - 1)
        self._hashes.append(hashed)
        self._bearer.append(row)
        self._next.append(self._heads[slot])
        self._heads[slot] = len(self._hashes) - 1

    def _grow(self) -> None:
        """Double the table of heads and hang every posting in anew, in order of age."""
        self._heads = array("i", [-1]) * (2 * len(self._heads))
        mask = len(self._heads) - 1
        for number, hashed in enumerate(self._hashes):
            self._next[number] = self._heads[hashed & mask]
            self._heads[hashed & mask] = number

    def _bearers(self, hashed: int) -> list[int]:
        """Return the newest items with a key."""
        at = self._heads[hashed & (len(self._heads) - 1)]
        if at < 0:
            return []
        found: list[int] = []
        hashes, bearer, after = self._hashes, self._bearer, self._next
        while at >= 0:
            if hashes[at] == hashed:
                found.append(bearer[at])
                if len(found) == MOST:
                    break
            at = after[at]
        return found


class _Marks:
    """The features of an item and the keys that it bears and is sought by."""

    __slots__ = ("_dated", "_others", "_own", "features", "packed")

    def __init__(self, features: Features, own: list[Key], others: list[str], dated: list[Key]) -> None:
        self.features = features
        self.packed = pack(features)
        self._own = own
        self._others = others
        self._dated = dated

    @classmethod
    def of(cls, item: Item) -> "_Marks":
        features = features_of(item)
        own = list(identities(item))
        if features.main:
            own.append(("main", features.main))
        return cls(features, own, titles_of(item, features.main), likely(features))

    def borne(self) -> Iterator[Key]:
        """Yield the keys under which the item is remembered."""
        yield from self._own
        yield from (("beside", other) for other in self._others)
        year = self.features.year
        yield from [(*key, year) for key in self._dated]

    def sought(self) -> Iterator[Key]:
        """Yield the keys of what the item may be like; a year off is near enough.

        A title beside the main one finds main ones, and is found by them: never its like beside another.
        """
        yield from self._own
        yield from (("main", other) for other in self._others)
        if self.features.main:
            yield "beside", self.features.main
        year = self.features.year
        years = (year - 1, year, year + 1) if year else (0,)
        yield from [(*key, near) for key in self._dated for near in years]


def _likeliest(weights: dict[int, int]) -> Iterable[int]:
    """Return the items to compare: those that share enough, the ones that share most, then the newest."""
    enough = [row for row, weight in weights.items() if weight >= _ENOUGH]
    if len(enough) <= COMPARED:
        return enough
    return [row for _, row in sorted([(weights[row], row) for row in enough], reverse=True)[:COMPARED]]
