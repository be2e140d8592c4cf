"""What the provider asks of a catalogue, as protocols; :mod:`archive.catalogue` satisfies them."""

from collections.abc import Sequence
from typing import Protocol


class OaiRecord(Protocol):
    """An item's record, rendered when the item was written."""

    @property
    def change(self) -> int:
        """The number of the item's last change: never negative, and greater for a later change."""

    @property
    def datestamp(self) -> int:
        """Of the last change, in epoch seconds, UTC."""

    @property
    def deleted(self) -> bool:
        """Whether the record is a tombstone."""

    @property
    def header(self) -> str:
        """``<header>…</header>``, with ``status="deleted"`` where it is so."""

    @property
    def metadata(self) -> str:
        """``<oai_dc:dc …>…</oai_dc:dc>``; empty for a tombstone."""


class Records(Protocol):
    """The records of a library; tombstones are among them. Called from several threads at once."""

    def earliest_datestamp(self) -> int:
        """Return a lower bound of all datestamps, in epoch seconds."""

    def oai_sets(self) -> Sequence[tuple[str, str]]:
        """Return (setSpec, name) of every set, sorted, parents among them."""

    def oai_record(self, item_id: str) -> OaiRecord | None:
        """Return the record of an item, or None where there is no such item; any string may come."""

    def oai_page(self, after: tuple[int, int], until: int, set_spec: str, limit: int) -> Sequence[OaiRecord]:
        """Return at most ``limit`` records in the order of (datestamp, change).

        Those with (datestamp, change) > ``after`` and datestamp <= ``until``, in the set
        ``set_spec`` (empty: all). "From second s" is ``after=(s, -1)``.
        """

    def oai_count(self, since: int, until: int, set_spec: str) -> int:
        """Return how many records have since <= datestamp <= until in the set (empty: all)."""
