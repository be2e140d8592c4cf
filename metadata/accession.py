"""Accession: one ingest; what came, and what became of each piece of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from metadata.model import Item
from metadata.problems import Problem

Outcome = Literal["new", "changed", "identical", "duplicate", "refused", "set_aside"]
AccessionState = Literal["kept", "undone", "partly undone"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a record in one, and what became of it; ``item`` is the item's id or ``""``."""

    source: str
    outcome: Outcome
    item: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Harvest:
    """How far the list of a repository's records had come when an accession was made of a part of it.

    A list is one of ``base_url``, metadata ``prefix`` and ``set_spec`` (``""`` for all records), asked
    from ``since`` on (``""`` from the beginning). ``began`` is the response date of its first answer,
    ``newest`` the newest datestamp so far, as the repository writes it; ``in_order`` tells whether
    the datestamps never fell. ``token`` is where it goes on, ``""`` where nobody can say; a list
    that is ``complete`` has none. ``repository`` is the name it gives itself.

    Of the ``size`` records that the list says it has (0: it does not say) ``came`` have come, ``passed`` of
    them before the first with the newest datestamp: so many are not asked for again where it begins at that.
    """

    base_url: str
    prefix: str
    set_spec: str = ""
    repository: str = ""
    since: str = ""
    began: str = ""
    newest: str = ""
    in_order: bool = True
    token: str = ""
    complete: bool = False
    size: int = 0
    came: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Accession:
    """One ingest. ``id`` is derived from what came; ``counts`` says how many pieces had which outcome.

    ``undone_at`` is when it was taken back, ``""`` where it was not; ``left`` is how many of its items
    were left as they were then, because something newer had changed them. ``harvest`` is set where it
    came from another repository.
    """

    id: str
    received_at: str
    sources: tuple[str, ...]
    counts: tuple[tuple[Outcome, int], ...]
    undone_at: str = ""
    left: int = 0
    harvest: Harvest | None = None

    @property
    def state(self) -> AccessionState:
        """Whether it stands, or was undone, wholly or in part."""
        if not self.undone_at:
            return "kept"
        return "partly undone" if self.left else "undone"

    def count(self, outcome: Outcome) -> int:
        """Return how many pieces had this outcome."""
        return dict(self.counts).get(outcome, 0)


def undone_reason(accession_id: str) -> str:
    """Return the reason for which an item is gone that an accession brought, and took away when undone."""
    return f"The accession {accession_id}, which brought it, was undone."


def is_undone(item: Item) -> bool:
    """Say whether an item is gone only because its accession was undone: it may come again as if new.

    One that was public is withdrawn; one that was held is held for good, for nobody is to approve it.
    """
    return item.status != "published" and item.reason == undone_reason(item.accession)


def count_outcomes(pieces: Iterable[Piece]) -> tuple[tuple[Outcome, int], ...]:
    """Count the pieces of each outcome, in the order of :data:`OUTCOMES`, zeros included."""
    counted = Counter(piece.outcome for piece in pieces)
    return tuple((outcome, counted[outcome]) for outcome in OUTCOMES)
