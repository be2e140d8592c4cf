"""The use of items in the months that are over, kept in the archive.

It is an object (``urn:canoe:usage``), so it is checked, copied and rebuilt as all is there. ``2026-11.csv`` holds the
sums of a month, an item a line. What was counted late makes a new version; a sum never becomes smaller.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass

from archive.clock import from_rfc3339, next_stamp, to_rfc3339
from archive.inventory import Inventory, Version
from archive.ocfl import Archive
from archive.writer import Writer
from metadata.errors import DamageFound

OBJECT = "urn:canoe:usage"
METRICS = ("Total_Item_Investigations", "Unique_Item_Investigations", "Total_Item_Requests", "Unique_Item_Requests")
"""The Metric_Types of COUNTER 5.1 that are counted, in the order of the fields of :class:`Sums`."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How often: every look (a request is one, too), and every reading or download; each also once a session."""

    investigations: int = 0
    unique_investigations: int = 0
    requests: int = 0
    unique_requests: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*map(int.__add__, self.values, other.values))

    @property
    def values(self) -> tuple[int, int, int, int]:
        """The four, in the order of :data:`METRICS`."""
        return self.investigations, self.unique_investigations, self.requests, self.unique_requests

    def or_more(self, other: "Sums") -> "Sums":
        """Return the larger of each."""
        return Sums(*map(max, self.values, other.values))

    @property
    def by_metric(self) -> Mapping[str, int]:
        """The four by the names that COUNTER has for them."""
        return dict(zip(METRICS, astuple(self), strict=True))


def is_kept(archive: Archive) -> bool:
    """Say whether the archive keeps anything of use."""
    return archive.exists(OBJECT)


def months_kept(archive: Archive) -> Iterator[str]:
    """Yield the months that the archive keeps (``2026-11``), in order; raises DamageFound."""
    if is_kept(archive):
        yield from (name.removesuffix(".csv") for name in sorted(archive.inventory(OBJECT).state))


def kept_month(archive: Archive, month: str) -> Mapping[str, Sums]:
    """Return the use of items that is kept of a month, nothing where it is not kept; raises DamageFound."""
    inventory = archive.former(OBJECT)
    return _read(archive, inventory, f"{month}.csv") if f"{month}.csv" in inventory.state else {}


def read_kept(archive: Archive) -> Iterator[tuple[str, Mapping[str, Sums]]]:
    """Yield each month that is kept, with the use of its items; raises DamageFound."""
    if is_kept(archive):
        inventory = archive.inventory(OBJECT)
        for name in sorted(inventory.state):
            yield name.removesuffix(".csv"), _read(archive, inventory, name)


def keep_months(writer: Writer, months: Mapping[str, Mapping[str, Sums]]) -> int:
    """Keep what months were used, with what is kept of them; return how many became different.

    What is pending is completed first. Raises StorageError, DamageFound.
    """
    writer.flush()
    former = writer.archive.former(OBJECT)
    content = {f"{month}.csv": _written(_merged(writer.archive, month, use)) for month, use in months.items()}
    new = {name: data for name, data in content.items() if not writer.archive.holds(OBJECT, {name: data})}
    if new:
        last = next_stamp(from_rfc3339(former.created)) if former.versions else 0
        change = max(writer.catalogue.next_change(), last)
        message = f"Use counted: {', '.join(sorted(name.removesuffix('.csv') for name in new))}"
        writer.archive.put(OBJECT, new, Version(to_rfc3339(change), message, {})).done()
    return len(new)


def _merged(archive: Archive, month: str, use: Mapping[str, Sums]) -> Mapping[str, Sums]:
    known = kept_month(archive, month)
    return {item: known.get(item, Sums()).or_more(use.get(item, Sums())) for item in sorted({*known, *use})}


def _read(archive: Archive, inventory: Inventory, name: str) -> Mapping[str, Sums]:
    try:
        rows = list(csv.reader(io.StringIO(archive.read(inventory, name).decode(), newline="")))
        return {item: Sums(*map(int, values)) for item, *values in rows[1:]}
    except (OSError, ValueError, TypeError, csv.Error) as fault:
        raise DamageFound(
            f"{archive.folder(OBJECT)}: the use in {name} cannot be read: {fault}.",
            "Run canoe check to see all that is damaged; canoe repair mends it from a second copy.",
        ) from fault


def _written(use: Mapping[str, Sums]) -> bytes:
    out = io.StringIO(newline="")
    rows = ([item, *sums.values] for item, sums in use.items())
    csv.writer(out, lineterminator="\n").writerows([["item", *METRICS], *rows])
    return out.getvalue().encode()
