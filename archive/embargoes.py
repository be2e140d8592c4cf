"""The end of an embargo is a change of the item: its record is another from then on, so harvesters must be told.

It is written into the archive as an edit by hand would be, with a date and an event of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from archive.library import Library
from archive.lineage import EMBARGO_ENDED
from metadata.events import Event
from metadata.rights import has_ended


def ended(library: Library, today: date) -> Sequence[str]:
    """Return the ids of the items whose embargo is over on a day (UTC), but not yet said to be."""
    return [item_id for item_id, ends in library.catalogue.embargoes() if has_ended(ends, today)]


def lift(library: Library, today: date) -> int:
    """Open the items whose embargo is over on a day (UTC); return how many.

    The home is written to only where there are any; the date of the end stays with the item. Raises
    HomeHeld while another writes, and what writing raises.
    """
    if not ended(library, today):
        return 0
    with library.writer(patience=0) as writer, writer.grouped():
        due = ended(library, today)  # others may have been at it
        for item_id in due:
            item = library.item(item_id)
            event = Event("metadata modification", "", agent=writer.agent, detail=f"{EMBARGO_ENDED}: {item.embargo}")
            writer.put_item(replace(item, access="open"), {}, EMBARGO_ENDED, [event])
    return len(due)
