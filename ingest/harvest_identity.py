"""Which item a harvested record is: by its identifier at its home, and never one of the library's own.

Another repository's control numbers and contents say nothing of ours: only what it calls the record, and
that it is the same repository, makes it the same item. Ids are derived from both, so they are the same
in any home.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from archive.catalogue import Catalogue
from ingest.identify import Register
from ingest.ties import Ties
from metadata.description import Link
from metadata.ids import is_item_id, item_id
from metadata.model import Item, Origin
from metadata.origins import is_deleted_at_home, is_harvested_from, is_record


class HarvestRegister(Register):
    """The items that are records of one repository."""

    def __init__(self, catalogue: Catalogue, base_url: str) -> None:
        super().__init__(catalogue)
        self._base_url = base_url
        self._new: set[str] = set()

    def known(self, identifier: str) -> Item | None:
        """Return the item that is the repository's record of this identifier, withdrawn or not.

        What it was harvested as counts, which nobody can edit; its identifiers only help to find it.
        """
        found = next(filter(self._is(identifier), self._catalogue.by_identifier("oai", identifier)), None)
        return found or next(filter(self._is(identifier), self._made_of(identifier)), None)

    def _is(self, identifier: str) -> Callable[[Item], bool]:
        return lambda item: is_record(item, self._base_url, identifier)

    def _made_of(self, identifier: str) -> Iterator[Item]:
        held = self._catalogue.item(item_id(self._digest(identifier)))
        yield from (held,) if held else ()

    def _digest(self, identifier: str) -> str:
        return hashlib.sha512(f"{self._base_url}\n{identifier}".encode()).hexdigest()

    def new_id(self, identifier: str) -> str:
        """Return the id of a record that is not known yet, the same in any home."""
        made = item_id(self._digest(identifier), self)
        self._new.add(made)
        return made

    def id_of(self, item: Item, numbered: bool = True, submitted: str = "") -> str:  # noqa: ARG002 - it is known
        """Return the id that the item comes with."""
        self._submissions[item.id] = b""  # taken, whatever its submission
        return item.id

    def held(self, item_id: str) -> Item | None:
        """Return what the library held; what its home had deleted comes again, and is published again."""
        held = None if item_id in self._new else super().held(item_id)
        if held and is_deleted_at_home(held):
            return replace(held, status="published", reason="", submission="")
        return held


class HarvestTies(Ties):
    """Ties within one repository: its bare numbers mean its own records."""

    def __init__(self, catalogue: Catalogue, base_url: str) -> None:
        super().__init__(catalogue)
        self._base_url = base_url

    def _in_library(self, link: Link) -> str:
        if link.scheme != "control-number":
            return ""
        known = self._catalogue.by_identifier(link.scheme, link.value)
        own = [item.id for item in known if is_harvested_from(item, self._base_url)]
        return own[0] if len(own) == 1 else ""


@dataclass(frozen=True, slots=True)
class Ourselves:
    """How the library's own records are known when they come back by way of another.

    ``base_url`` is the library's, ``namespace`` the middle of its OAI identifiers.
    """

    catalogue: Catalogue
    base_url: str
    namespace: str

    def own(self, item: Item, origins: tuple[Origin, ...]) -> str:
        """Return the id of the item of this library that a record describes, ``""`` where it is another's."""
        for candidate in dict.fromkeys(self._candidates(item, origins)):
            if is_item_id(candidate) and (held := self.catalogue.item(candidate)) and not held.origins:
                return candidate
        return ""

    def _candidates(self, item: Item, origins: tuple[Origin, ...]) -> Iterator[str]:
        """Yield what may be ids of ours: of our identifiers, our pages and our DOIs."""
        ours, pages = f"oai:{self.namespace}:", f"{self.base_url}/item/"
        names = [origin.identifier for origin in origins] + [one.value for one in item.identifiers]
        for name in names:
            for start in (ours, pages):
                if name.startswith(start):
                    yield name.removeprefix(start)
        for one in item.identifiers:
            if one.scheme == "doi" and self._is_our_doi(one.value):
                yield one.value.rpartition("/")[2]

    def _is_our_doi(self, name: str) -> bool:
        held = self.catalogue.item(name.rpartition("/")[2])
        return bool(held and held.doi and held.doi.state != "external" and held.doi.name.lower() == name.lower())
