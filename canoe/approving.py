"""Approving what an ingest held: it becomes public, to readers and to harvesters."""

from collections.abc import Iterable
from dataclasses import dataclass

from archive.library import Library, Writer
from canoe.home import Home
from metadata.accession import is_undone
from metadata.errors import UsageError
from metadata.model import Item


@dataclass(frozen=True, slots=True)
class Approval:
    """An item as it is now, and whether it was approved, not public before."""

    item: Item
    approved: bool


def waiting_of(library: Library, accession: str) -> list[str]:
    """Return the items that an accession brought and that are held for approval; raises UsageError for none."""
    found = [one.item.id for one in library.catalogue.waiting() if one.item.accession == accession]
    if not found:
        raise UsageError(f"Nothing of the accession {accession} is held for approval.", "canoe accessions lists them.")
    return found


def approve_items(home: Home, items: Iterable[str], reason: str, agent: str = "") -> list[Approval]:
    """Make items public that are held; return what became of each. All are looked at before anything is done.

    ``agent`` is who approves, ``""`` for this program. Raises NotFound, UsageError for what was withdrawn or undone,
    HomeHeld, StorageError.
    """
    wanted = [*dict.fromkeys(items)]
    for item_id in wanted:
        _require_approvable(home.library.item(item_id))
    with home.library.writer() as writer, writer.grouped():
        writer.agent = agent or writer.agent
        return [_approved(writer, home.library.item(item_id), reason) for item_id in wanted]


def _approved(writer: Writer, item: Item, reason: str) -> Approval:
    _require_approvable(item)  # others may have been at it
    held = item.status == "held"
    return Approval(writer.approve(item, reason) if held else item, held)


def _require_approvable(item: Item) -> None:
    if item.status == "withdrawn":
        raise UsageError(f"{item.id} is withdrawn, not held for approval.", f"canoe restore {item.id}")
    if is_undone(item):
        raise UsageError(f"{item.id} was taken back with its accession.", "Ingest it again.")
