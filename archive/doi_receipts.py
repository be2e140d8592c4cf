"""What a DOI agency has accepted, kept with the item: the state in ``item.json``, the receipt in ``doi.json``.

A DOI that begins to resolve is a change of the item: it goes into its records, and harvesters are
told. So is one that is hidden. What the agency is told later of an item that is findable
already changes nothing here, and makes no version: the receipt is that of the state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from archive.library import Library
from archive.lineage import DOI_STATE
from archive.replay import item_object
from metadata.errors import DamageFound
from metadata.events import Event
from metadata.model import Doi, DoiState

RECEIPT_FILE = "doi.json"


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an agency accepted a DOI: in which state, when (RFC 3339, UTC), by which registrar and address.

    ``sha256`` is the digest of what it was told (:func:`ingest.doi_rules.digest_of`).
    """

    name: str
    state: DoiState
    agency: str
    accepted_at: str
    sha256: str


def keep(library: Library, receipts: Sequence[tuple[str, Receipt]]) -> int:
    """Write receipts, each with the id of its item, into the archive; return how many said anything new.

    Raises HomeHeld, at once, while another writes, and what writing raises.
    """
    kept = 0
    with library.writer(patience=0) as writer, writer.grouped():
        for item_id, receipt in receipts:
            item = library.catalogue.item(item_id)
            named = item is not None and item.doi is not None and item.doi.name == receipt.name
            if item is None or not named or item.doi == Doi(receipt.name, receipt.state):
                continue
            detail = f"DOI {receipt.name}: {receipt.state} at {receipt.agency} since {receipt.accepted_at}"
            event = Event("metadata modification", "", agent=writer.agent, detail=detail)
            told = msgspec.json.format(msgspec.json.encode(receipt), indent=2) + b"\n"
            changed = replace(item, doi=Doi(receipt.name, receipt.state))
            kept += writer.put_item(changed, {RECEIPT_FILE: told}, DOI_STATE, [event])
    return kept


def read_receipt(library: Library, item_id: str) -> Receipt | None:
    """Return the receipt of an item's DOI; None where there is none or it is damaged: the agency is then told again."""
    object_id = item_object(item_id)
    if not library.archive.exists(object_id):
        return None
    try:
        inventory = library.archive.inventory(object_id)
        if RECEIPT_FILE not in inventory.state:
            return None
        return msgspec.json.decode(library.archive.read(inventory, RECEIPT_FILE), type=Receipt)
    except (DamageFound, msgspec.MsgspecError):
        return None
