"""Shares of the library that keep their addresses: lists are given in such, each as cheap as the first.

Items are shared out by their ids, which are spread evenly (:mod:`metadata.ids`): an item is always in
the same share, whatever else comes or goes. Changes are shared out by the leading digits of their
numbers (:mod:`archive.clock`): what is in a share can only become less once its time is over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive.catalogue import Catalogue
from archive.catalogued import Listing
from metadata.errors import NotFound
from metadata.ids import ALPHABET

_MOST_BITS = 15
_WIDTH = 3  # characters of an id, five bits each
_DIGITS = 16  # of a change number, until the year 2286
_AFTER_ALL = "~"
_IDS = re.compile(r"(\d{1,2})-(\d{1,5})", re.ASCII)
_CHANGES = re.compile(rf"\d{{1,{_DIGITS}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class IdShare:
    """Share ``number`` of 2 to the power of ``bits`` of the ids."""

    bits: int = 0
    number: int = 0

    @property
    def name(self) -> str:
        """What it is called in addresses."""
        return f"{self.bits}-{self.number}"

    @property
    def bounds(self) -> tuple[str, str]:
        """The id it begins with, and the one before which it ends."""
        return _bound(self.number, self.bits), _bound(self.number + 1, self.bits)


@dataclass(frozen=True, slots=True)
class ChangeShare:
    """The changes whose numbers begin with ``digits``; all of them where there are none."""

    digits: str = ""

    @property
    def bounds(self) -> tuple[int, int]:
        """The change number it begins with, and the one before which it ends."""
        rest = 10 ** (_DIGITS - len(self.digits))
        first = int(self.digits or 0) * rest
        return first, first + rest


def id_share(name: str) -> IdShare:
    """Return the share of a name; raises NotFound."""
    found = _IDS.fullmatch(name)
    share = IdShare(int(found[1]), int(found[2])) if found else None
    if share is None or share.bits > _MOST_BITS or share.number >= 1 << share.bits or share.name != name:
        raise NotFound("There is no such part of the list.")
    return share


def id_shares(catalogue: Catalogue, most: int) -> list[IdShare]:
    """Return the shares of all items, of about ``most`` items each at the most."""
    items = catalogue.oai_count(Listing())
    bits = min(max(-(-items // most) - 1, 0).bit_length(), _MOST_BITS)
    return [IdShare(bits, number) for number in range(1 << bits)]


def change_share(name: str) -> ChangeShare:
    """Return the share of a name; raises NotFound."""
    if not _CHANGES.fullmatch(name):
        raise NotFound("There is no such part of the list.")
    return ChangeShare(name)


def change_shares(catalogue: Catalogue, most: int, share: ChangeShare | None = None) -> Iterator[ChangeShare]:
    """Yield the shares of all changes, oldest first, each as large as can be with ``most`` changes or fewer."""
    share = share or ChangeShare()
    if holds_more(catalogue, share, 0):
        if holds_more(catalogue, share, most):
            for digit in "0123456789":
                yield from change_shares(catalogue, most, ChangeShare(share.digits + digit))
        else:
            yield share


def holds_more(catalogue: Catalogue, share: ChangeShare, number: int) -> bool:
    """Say whether a share holds more than ``number`` changes."""
    first, end = share.bounds
    found = catalogue.nth_change(first - 1, number + 1)
    return found is not None and found < end


def _bound(number: int, bits: int) -> str:
    """Return the first characters of the ids that a share begins with."""
    place = number << (_MOST_BITS - bits)
    if place >> _MOST_BITS:
        return _AFTER_ALL
    return "".join(ALPHABET[place >> 5 * at & 31] for at in reversed(range(_WIDTH)))
