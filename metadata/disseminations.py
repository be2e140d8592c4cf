"""In which metadata formats an item can be given to harvesters, as bits of one number (OAI-PMH 2.0, section 2.4).

The catalogue keeps the number beside each item, so a list in one format is counted and paged
without making a record of any item.
"""

from metadata import datacite, openaire
from metadata.model import Item

OAI_DC, OAI_QDC, MARCXML, MODS, DATACITE, OPENAIRE = (1 << place for place in range(6))
ANY = OAI_DC | OAI_QDC | MARCXML | MODS
"""What every item can be given in."""


def formats_of(item: Item) -> int:
    """Return the formats that ``item`` has all it needs for, whether it is published or not."""
    found = ANY
    if not datacite.lacking(item):
        found |= DATACITE
    if not openaire.lacking(item):
        found |= OPENAIRE
    return found
