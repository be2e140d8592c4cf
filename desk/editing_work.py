"""What the desk asks of the application to edit, approve, withdraw and merge items."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from metadata.edit_fields import Difference
from metadata.model import Item
from metadata.problems import Problem

Outcome = Literal["done", "same", "overtaken", "faulty", "refused"]
"""What became of a wish: done; nothing would be different; another was faster; values are faulty; not as things are."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something, by full name, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a part of an item (its name in :class:`Item`): a problem, or a value that cannot be there."""

    part: str
    value: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an edit would make of an item: with ``faults`` it cannot be done, ``problems`` are only doubtful."""

    before: Item
    after: Item
    differences: Sequence[Difference]
    problems: Sequence[Problem] = ()
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """What an item was made at a change: when (the change number), by whom, why, and what it was before and after."""

    change: int
    what: str
    who: str
    why: str
    after: Item
    before: Item | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items that are proposed as one publication, and what they have in common."""

    one: Item
    other: Item
    reasons: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """A concept (URI) that is proposed for an item: how likely it is (0 to 1), and what says so.

    A passage is what it stands in (``title``, ``page`` and the like), the page (0 for none), and the words.
    """

    concept: str
    score: float
    passages: Sequence[tuple[str, int, str]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A concept (URI) that a keyword may mean, and how sure that is (0 to 1)."""

    concept: str
    score: float


class Editing(Protocol):
    """The work on items. All that writes may raise HomeHeld and StorageError; all raise NotFound for an unknown id."""

    def awaiting_approval(self) -> int:
        """Return how many items are held for approval."""

    def plan(self, wanted: Item) -> Plan:
        """Say what it would be to make an item what is wanted, judged as ``canoe edit`` does; nothing is written."""

    def save(self, wanted: Item, change: int, doing: Doing) -> Outcome:
        """Make an item what is wanted, where it is still as it was at ``change``."""

    def as_of(self, item_id: str, change: int) -> Item | None:
        """Return an item as it was at a change; None where the archive does not tell."""

    def history(self, item_id: str) -> Sequence[Version]:
        """Return the versions of an item, newest first."""

    def withdraw(self, item_id: str, doing: Doing) -> Outcome:
        """Withdraw a published item; ``refused`` for any other."""

    def restore(self, item_id: str, doing: Doing) -> Outcome:
        """Publish a withdrawn item again; ``refused`` for any other."""

    def approve(self, item_ids: Sequence[str], doing: Doing) -> int:
        """Make public what of these is held for approval; return how many items that were."""

    def pairs(self) -> Sequence[Pair]:
        """Return what is proposed as one publication, and was neither merged nor dismissed since; newest first."""

    def dismiss(self, one: str, other: str, doing: Doing) -> None:
        """Say for good that two items are not the same publication."""

    def merge(self, wanted: Item, other: str, changes: tuple[int, int], doing: Doing) -> Outcome:
        """Make of two items one: ``wanted`` is what is kept, ``other`` is withdrawn in its favour.

        ``changes`` are those at which the two were looked at, in this order.
        """

    def suggested(self, item_id: str) -> Sequence[Suggested]:
        """Return the concepts that are proposed for an item, the likeliest first; DamageFound where it is damaged."""

    def classify(self, item_id: str, accepted: Sequence[str], refused: Sequence[str], doing: Doing) -> Outcome:
        """Give an item concepts, and have others not proposed for it again."""

    def meanings(self, keyword: str) -> Sequence[Meaning]:
        """Return the concepts that a keyword may mean, the likeliest first."""

    def decide(self, keyword: str, concept: str, doing: Doing) -> int | None:
        """Decide that a keyword is a concept, or (``""``) none; return how many items changed, None if it cannot be."""
