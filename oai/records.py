"""What the provider asks of a catalogue, as a protocol; :mod:`archive.catalogue` satisfies it."""

from collections.abc import Sequence
from typing import Protocol

from archive.catalogued import Listing, OaiRecord
from metadata.model import Item


class Records(Protocol):
    """The records of a library; tombstones are among them. Called from several threads at once.

    Lists are in the order of change numbers, of which no two are equal and a later change has the
    greater; its second is the datestamp. Headers and records are XML in UTF-8.
    """

    def earliest_datestamp(self) -> int:
        """Return a lower bound of all datestamps, in epoch seconds."""

    def oai_sets(self) -> Sequence[tuple[str, str]]:
        """Return (setSpec, name) of every set, sorted, parents among them."""

    def oai_record(self, item_id: str) -> OaiRecord | None:
        """Return the record of an item, or None where there is no such item; any string may come."""

    def oai_records(self, listing: Listing, limit: int) -> Sequence[tuple[int, bytes]]:
        """Return (change number, whole ``<record>`` in oai_dc) of at most ``limit`` records."""

    def oai_headers(self, listing: Listing, limit: int) -> Sequence[tuple[int, bytes]]:
        """Return (change number, ``<header>``) of at most ``limit`` records."""

    def oai_items(self, listing: Listing, limit: int) -> Sequence[tuple[int, bytes, Item | None]]:
        """Return (change number, ``<header>``, item) of at most ``limit`` records; no item where it is deleted."""

    def oai_count(self, listing: Listing) -> int:
        """Return how many records a list has."""
