"""What an item was, version by version, and who made it so: read from the archive alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from archive.clock import from_rfc3339
from archive.library import Library
from archive.lineage import read_state, record_states
from archive.replay import ITEM_FILE, accession_object, item_object
from desk.editing_work import Version
from metadata.edit_fields import Difference, differences
from metadata.errors import DamageFound, NotFound, UsageError
from metadata.events import Event
from metadata.model import Item
from metadata.serial import from_json

_KINDS = {
    "metadata modification": "edited",
    "withdrawal": "withdrawn",
    "restoration": "restored",
    "approval": "approved",
}


@dataclass(frozen=True, slots=True)
class _State:
    change: int
    message: str
    item: Item


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the items of a library."""

    library: Library

    def as_of(self, item_id: str, change: int) -> Item | None:
        """Return an item as it was at a change; None where the archive does not tell."""
        held = self.library.catalogue.held(item_id)
        if held is not None and held.change == change:
            return held.item
        found = [state.item for state in self._states(item_id) if state.change <= change]
        return found[-1] if found else None

    def history(self, item_id: str) -> Sequence[Version]:
        """Return the versions of an item, newest first; raises NotFound."""
        events = {from_rfc3339(event.at): event for event in self.library.events(item_id) if event.type in _KINDS}
        before: Item | None = None
        found: list[Version] = []
        for state in self._states(item_id):
            found.append(_version(state, events, before))
            before = state.item
        return found[::-1]

    def _states(self, item_id: str) -> list[_State]:
        return sorted([*self._own(item_id), *self._lines(item_id)], key=lambda state: state.change)

    def _own(self, item_id: str) -> Iterator[_State]:
        """Yield the versions of an item's own object that can be read."""
        archive = self.library.archive
        inventory = archive.former(item_object(item_id))
        last = ""
        for number, version in enumerate(inventory.versions, 1):
            described = version.state.get(ITEM_FILE, "")
            if not described or described == last:
                continue
            try:
                item = from_json(archive.read_former(inventory, number, ITEM_FILE))
            except (OSError, KeyError, UsageError, DamageFound):  # its history goes on without it
                continue
            last = described
            yield _State(from_rfc3339(version.created), version.message, item)

    def _lines(self, item_id: str) -> Iterator[_State]:
        """Yield what the accession of a record without files says of it."""
        item = self.library.item(item_id)
        object_id = accession_object(item.accession)
        if item.files or not self.library.archive.exists(object_id):
            return
        try:
            for state in record_states(self.library.archive, [item.accession], [item_id])[item_id]:
                if state.object_id == object_id:
                    yield _State(state.change, state.message, read_state(self.library.archive, state))
        except (DamageFound, NotFound):
            return


def _version(state: _State, events: Mapping[int, Event], before: Item | None) -> Version:
    event = events.get(state.change)
    if event is None:
        return Version(state.change, "brought", "", state.message, state.item, before)
    differing = differences(before, state.item) if before else ()
    return Version(state.change, _KINDS[event.type], event.agent, _why(event, differing), state.item, before)


def _why(event: Event, differing: Sequence[Difference]) -> str:
    """Return the reason in an event, without the differences that an edit writes behind it."""
    first = event.detail.partition("\n")[0]
    return "" if any(first.startswith(f"{one.field}: ") for one in differing) else first
