"""What the catalogue is asked for, and what it answers."""

from dataclasses import dataclass

from archive.clock import SECOND
from archive.feed import WHOLE
from metadata.disseminations import OAI_DC
from metadata.model import Item

END = 253_402_300_799
"""The last second that a datestamp can be of: 9999-12-31T23:59:59Z."""


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of an item: its number in the sequence, and the item as it now is."""

    number: int
    item: Item


@dataclass(frozen=True, slots=True)
class OaiRecord:
    """An item's record as OAI-PMH gives it, UTF-8: the whole ``<record>`` in oai_dc, rendered when the item changed.

    ``formats`` is what it can be had in (:mod:`metadata.disseminations`), ``gone`` in what it is a deleted
    record: what it was had in before.
    """

    change: int
    item: Item
    formats: int
    gone: int
    record: bytes
    header: bytes

    @property
    def datestamp(self) -> int:
        """When it changed, in seconds since 1970, UTC."""
        return self.change // SECOND

    @property
    def deleted(self) -> bool:
        """Whether it is a tombstone."""
        return self.item.status == "withdrawn"


@dataclass(frozen=True, slots=True)
class Listing:
    """Which records: in a format and a set (empty: the whole library), changed ``after`` a change number.

    ``until`` is the last second (since 1970, UTC) that counts.
    """

    format: int = OAI_DC
    set_spec: str = WHOLE
    after: int = 0
    until: int = END

    @property
    def values(self) -> tuple[str, int, int, int]:
        """What the statements are asked with."""
        return self.set_spec, self.after, (self.until + 1) * SECOND, self.format


@dataclass(frozen=True, slots=True)
class Held:
    """Where an item is kept: its OCFL object and its change number."""

    item: Item
    object_id: str
    change: int
