"""Countries and regions among the places of an item, and in queries: ``country:KE``, ``place:Afrique``.

An item is in the countries of its codes and in those that its coverage names exactly, in any of three languages, and
in every region that these lie in (UN M49). Each has a term of its own among the words of the places, which no
text has: ``m49ke``, ``m49002``.
"""

from collections.abc import Iterator

from metadata import places
from metadata.model import Item

_PREFIX = "m49"


def country(text: str) -> str:
    """Return the term of the country or region with this name or code, ``""`` where there is none."""
    name = text.strip()
    code = places.find(name) or places.find(name.upper() if len(name) == 2 else "")
    return _PREFIX + code.lower() if code else ""


def named(text: str) -> str:
    """Return the term of the country or region with this name, in any language; a code alone is a word, too."""
    return country(text) if len(text.strip()) > 2 else ""


def lying_in(item: Item) -> Iterator[str]:
    """Yield the terms of the countries and regions that an item is in, each once."""
    codes = dict.fromkeys((*item.countries, *filter(None, (places.find(text.value) for text in item.coverage))))
    yield from dict.fromkeys(_PREFIX + place.lower() for code in codes for place in places.within(code))
