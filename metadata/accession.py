"""Accession: one ingest; what came, and what became of each piece of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from metadata.problems import Problem

Outcome = Literal["new", "changed", "identical", "duplicate", "refused", "set_aside"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a record in one, and what became of it; ``item`` is the item's id or ``""``."""

    source: str
    outcome: Outcome
    item: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Accession:
    """One ingest. ``id`` is derived from what came; ``counts`` says how many pieces had which outcome."""

    id: str
    received_at: str
    sources: tuple[str, ...]
    counts: tuple[tuple[Outcome, int], ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many pieces had this outcome."""
        return dict(self.counts).get(outcome, 0)


def count_outcomes(pieces: Iterable[Piece]) -> tuple[tuple[Outcome, int], ...]:
    """Count the pieces of each outcome, in the order of :data:`OUTCOMES`, zeros included."""
    counted = Counter(piece.outcome for piece in pieces)
    return tuple((outcome, counted[outcome]) for outcome in OUTCOMES)
