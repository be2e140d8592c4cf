"""What in a batch is like something else, in the batch or in the library: reported, never merged.

What comes is compared as it comes with what came before it. What the library holds is compared with
the batch when the batch is whole: not all of it, but what bears a number of the batch or a title
that begins like one (:mod:`metadata.likeness` says how likenesses are weighed).
"""

from collections.abc import Iterator, Mapping, Set
from itertools import islice

import msgspec

from archive.catalogue import Catalogue
from ingest.ledger import Ledger
from metadata.accession import is_undone
from metadata.description import shorten
from metadata.likeness import Alike, Likeness
from metadata.likeness_features import begins, heads
from metadata.model import Item
from metadata.problems import Problem, problem
from metadata.serial import from_json
from metadata.standard_numbers import isbn_forms

LOOKED_THROUGH = 100_000
"""So many held items are looked through for a batch of any size; more, for one of at least a hundredth of them."""

_MOST_CANDIDATES = 10_000
_SHOWN = 80  # characters of a title
_NUMBERS = frozenset(("isbn", "issn", "doi", "report-number", "urn", "isrc", "ismn", "control-number"))
_NAMES_ONE = frozenset(("doi", "control-number"))  # whatever language or title: no two publications share it
_CODES = {"duplicate": "probable-duplicate", "edition": "probable-edition", "translation": "probable-translation"}


class _Title(msgspec.Struct):
    value: str


class _Glance(msgspec.Struct):
    """As much of a held item as tells whether it is worth a look."""

    titles: tuple[_Title, ...] = ()


class Resemblance:
    """The likenesses of one batch."""

    def __init__(self, catalogue: Catalogue, ledger: Ledger | None = None) -> None:
        self._catalogue = catalogue
        self._likeness = Likeness()
        self._ledger = ledger or Ledger()
        self._noted: set[str] = set()  # items
        self._begins: set[int] = set()  # hashes of how titles begin
        self._candidates: set[str] = set()  # held items that bear a number of the batch
        self._tied: set[tuple[str, str]] = set()
        self._own: dict[str, str] = {}  # by item: the library's own that is the same publication
        self._held = catalogue.number()

    def note(self, source: str, item: Item) -> None:
        """Compare what comes in from ``source``, new or changed, with what came before, and remember it."""
        if item.id in self._noted:
            return
        self._noted.add(item.id)
        self._ledger.note(item.id, source, shorten(item.title.value, _SHOWN))
        for alike in self._likeness.like(item):
            self._ledger.liken(item.id, _code(alike), alike.key, None, ", ".join(alike.reasons))
        self._likeness.add(item.id, item)
        self.tie(item)
        if self._held:
            self._begins.update(map(hash, heads(item)))
            self._look_up(item)

    def tie(self, item: Item) -> None:
        """Remember what an item is tied to: of that nothing need be said."""
        self._tied.update((item.id, relation.target) for relation in item.relations)

    def remarks(self) -> Mapping[str, tuple[Problem, ...]]:
        """Return what there is to say, by the source of the piece; all must have been noted and tied."""
        for held in self._alike_held():
            for alike in self._likeness.like(held):
                if held.status != "withdrawn" and not is_undone(held):
                    if alike.kind == "duplicate" and held.status == "published" and not held.origins:
                        self._own.setdefault(alike.key, held.id)
                    title, reasons = shorten(held.title.value, _SHOWN), ", ".join(alike.reasons)
                    self._ledger.liken(alike.key, _code(alike), held.id, title, reasons)
        return _Said(self._ledger, self._tied)

    def same_as_own(self) -> Mapping[str, str]:
        """Return by item the one of the library's own, not harvested, that is the same; after :meth:`remarks`."""
        return self._own

    def _look_up(self, item: Item) -> None:
        """Remember what the library holds under a number of the item."""
        if len(self._candidates) >= _MOST_CANDIDATES:
            return
        for scheme, value in _numbers(item):
            self._candidates.update(held.id for held in self._catalogue.by_identifier(scheme, value))
            if scheme == "doi":
                self._candidates.add(value.rpartition("/")[2])  # one given here ends in the item's id

    def _alike_held(self) -> Iterator[Item]:
        """Yield what the library holds and is worth a comparison, each once, without what is of this batch."""
        for candidate in sorted(self._candidates - self._noted):
            if held := self._catalogue.item(candidate):
                yield held
        if self._begins and self._held <= max(LOOKED_THROUGH, 100 * len(self._noted)):
            yield from islice(self._beginning_alike(), _MOST_CANDIDATES + len(self._noted))

    def _beginning_alike(self) -> Iterator[Item]:
        decode, starts, after = msgspec.json.Decoder(_Glance).decode, self._begins, ""
        while lines := self._catalogue.lines(after):
            for held, line in lines:
                for title in decode(line).titles:
                    one, two = begins(title.value)
                    if hash(two) in starts or hash(one) in starts:
                        break
                else:
                    continue
                if held not in self._candidates and held not in self._noted:
                    yield from_json(line.encode())
            after = lines[-1][0]


class _Said(Mapping[str, tuple[Problem, ...]]):
    """What the ledger says of likenesses, of each kind the likest, without those of what is tied."""

    def __init__(self, ledger: Ledger, tied: Set[tuple[str, str]]) -> None:
        self._ledger = ledger
        self._tied = tied

    def __getitem__(self, source: str) -> tuple[Problem, ...]:
        said = tuple(
            problem(code, source, other=named, title=title, reasons=reasons)
            for _, item, code, other, named, title, reasons in self._ledger.likened(source)
            if self._is_untied(item, other)
        )
        if not said:
            raise KeyError(source)
        return said

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(one[0] for one in self._ledger.all_likened() if self._is_untied(one[1], one[3])))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_untied(self, item: str, other: str) -> bool:
        return (item, other) not in self._tied and (other, item) not in self._tied


def _code(alike: Alike) -> str:
    """Return the code of the problem: a number that names one publication alone makes a duplicate exact."""
    numbers = _NUMBERS & {*alike.reasons}
    exact = numbers & _NAMES_ONE or (numbers and alike.kind == "duplicate")
    return "duplicate-identifier" if exact else _CODES[alike.kind]


def _numbers(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the numbers of an item by scheme, in every form in which the library may hold them."""
    for one in item.identifiers:
        if one.scheme == "isbn":
            yield from (("isbn", value) for value in isbn_forms(one.value))
        elif one.scheme in _NUMBERS and (one.scheme != "control-number" or one.value.startswith("(")):
            yield one.scheme, one.value
    if item.doi and item.doi.state == "external":
        yield "doi", item.doi.name
