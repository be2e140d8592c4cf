"""The concepts that were proposed for an item and refused, kept with the item: they are not proposed again."""

from collections.abc import Iterable

import msgspec

from archive.library import Library
from archive.replay import item_object
from metadata.errors import DamageFound

REFUSED_FILE = "refused-concepts.json"


def refused_json(concepts: Iterable[str]) -> bytes:
    """Return the file that names refused concepts (URIs): a JSON list, sorted."""
    return msgspec.json.format(msgspec.json.encode(sorted(set(concepts))), indent=1) + b"\n"


def read_refused(library: Library, item_id: str) -> frozenset[str]:
    """Return the concepts refused for an item; none where none were. Raises DamageFound."""
    object_id = item_object(item_id)
    if not library.archive.exists(object_id):
        return frozenset()
    inventory = library.archive.inventory(object_id)
    if REFUSED_FILE not in inventory.state:
        return frozenset()
    try:
        return frozenset(msgspec.json.decode(library.archive.read(inventory, REFUSED_FILE), type=list[str]))
    except (OSError, msgspec.MsgspecError) as fault:
        folder = library.archive.folder(object_id)
        hint = "Run canoe check to see all that is damaged."
        raise DamageFound(f"{folder}: {REFUSED_FILE} cannot be read: {fault}.", hint) from fault
