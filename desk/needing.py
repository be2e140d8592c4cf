"""What the desk asks of the application to say which items need a librarian's attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Need = Literal["unread", "keywords", "duplicates", "agents", "dois"]
LISTED: tuple[Need, ...] = ("unread", "keywords", "agents", "dois")
"""What has a list of its own; duplicates have pages on which they are compared (:mod:`desk.merging`)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of what needs attention: the item (``""`` for none), its title, and what it is about.

    ``about`` are for unread pages their number; for keywords how they are written, and of how many items they are;
    for agents the two names; for DOIs the name and why it is parked, in English.
    """

    item: str
    title: str
    about: Sequence[str]


class Needing(Protocol):
    """Tells what needs attention, out of what is kept ready for it: in milliseconds, however large the library."""

    def counts(self) -> dict[Need, int]:
        """Return how many cases there are of each need that is known by now."""

    def cases(self, need: Need, start: int, most: int) -> Sequence[Case]:
        """Return the cases of a need from number ``start`` (0 the first), at most so many."""
