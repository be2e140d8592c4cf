"""The table of old web addresses: which item each one led to.

It is an object of the archive (``urn:canoe:redirects``), so it is checked, copied and rebuilt as all is there,
and its versions are its history. ``redirects.csv`` holds an address (:mod:`metadata.old_addresses`) and what it leads
to a line: an item's id, a DOI, or an identifier that the item has. What that is, is looked for anew each time.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.catalogue import Catalogue
from archive.clock import from_rfc3339, next_stamp, to_rfc3339
from archive.inventory import Version
from archive.ocfl import INVENTORY, Archive
from archive.writer import Writer
from metadata.errors import DamageFound
from metadata.ids import is_item_id
from metadata.model import Item
from metadata.old_addresses import forms_asked

OBJECT = "urn:canoe:redirects"
TABLE = "redirects.csv"
MOST = 200_000
"""Addresses that the table may hold: a server has it in memory."""

_HEADER = ("address", "item")


def read_redirects(archive: Archive) -> dict[str, str]:
    """Return the table, by address; empty where there is none yet. Raises DamageFound."""
    if not archive.exists(OBJECT):
        return {}
    try:
        rows = list(csv.reader(io.StringIO(archive.read(archive.inventory(OBJECT), TABLE).decode(), newline="")))
        return {address: target for address, target, *_ in rows[1:]}
    except (OSError, ValueError, KeyError, csv.Error) as fault:
        raise DamageFound(
            f"{archive.folder(OBJECT)}: the table of old addresses cannot be read: {fault}.",
            "Run canoe check to see all that is damaged; canoe repair mends it from a second copy.",
        ) from fault


def keep_redirects(writer: Writer, table: Mapping[str, str], message: str) -> bool:
    """Put a table in place of the one that is kept; return False, and write nothing, where it is the same.

    What is pending is completed first. Raises StorageError, DamageFound.
    """
    writer.flush()
    content = {TABLE: _written(table)}
    if writer.archive.holds(OBJECT, content) or (not table and not writer.archive.exists(OBJECT)):
        return False
    former = writer.archive.former(OBJECT)
    last = next_stamp(from_rfc3339(former.created)) if former.versions else 0
    change = max(writer.catalogue.next_change(), last)
    writer.archive.put(OBJECT, content, Version(to_rfc3339(change), message, {})).done()
    return True


def _written(table: Mapping[str, str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([_HEADER, *sorted(table.items())])
    return out.getvalue().encode()


def bearers(catalogue: Catalogue, target: str) -> Sequence[Item]:
    """Return the items that a target names: one by its id, else those that have it as DOI or other identifier.

    What waits for approval is none of them: an address leads to it once it is public.
    """
    item = catalogue.item(target) if is_item_id(target) else None
    return [one for one in ([item] if item else catalogue.by_any_identifier(target)) if one.status != "held"]


@dataclass(slots=True)
class Redirects:
    """The table as a server has it: read when it is first asked for, and again once it has changed."""

    archive: Archive
    _state: tuple[int, int, int] | None = None
    _table: Mapping[str, str] = field(default_factory=dict)

    def target(self, host: str, path: str, query: str) -> str:
        """Return what an address leads to, ``""`` where it is none of the table's; raises DamageFound.

        ``host`` is that of the request, ``path`` decoded, ``query`` as it came.
        """
        state = _state_of(self.archive.folder(OBJECT) / INVENTORY)
        if state != self._state:
            # Two threads may both read it, which does no harm: each puts a whole table in place.
            self._table = read_redirects(self.archive) if state else {}
            self._state = state
        table = self._table
        return next((table[form] for form in forms_asked(host, path, query) if form in table), "")


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
