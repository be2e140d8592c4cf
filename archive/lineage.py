"""Who made an item what it is: every state it was in, by accessions and by hand, from the archive alone.

An item with files has its states in the versions of its own object. A record without files
may have some there too, and some as lines of the accessions that brought or changed it. The
message of a version says whose doing it was; the change numbers give the order.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from archive.clock import from_rfc3339
from archive.inventory import Inventory
from archive.ocfl import Archive
from archive.replay import ITEM_FILE, RECORDS_FILE, accession_object, item_object, lines_of
from archive.writer import APPROVED
from metadata.errors import DamageFound, UsageError
from metadata.model import Item
from metadata.serial import from_json

INGESTED, DESCRIBED_ANEW, UNDONE = "Ingested with ", "Described anew with ", "Undone: "
"""How the message of a version begins that an accession made, or the undoing of one; its id follows."""

READ_AGAIN = "Pages read again"
"""The message of a version that says nothing new of the item but what stands on its pages."""

EMBARGO_ENDED = "Embargo ended"
"""The message of a version that the calendar made: nobody's doing, so it keeps nothing from being undone."""

DOI_STATE = "DOI state noted"
"""The message of a version that says what the DOI agency has accepted: nobody's doing either."""


@dataclass(frozen=True, slots=True)
class State:
    """What an item once was: since when, by whose doing, and where that is kept.

    ``change`` is its change number. ``maker`` is the accession that made it so, ``""`` by hand;
    ``undoes`` the accession whose undoing it was. ``number`` is the version of the object, and
    ``offset`` and ``length`` (bytes) the line of ``name``, length 0 for the whole file.
    """

    change: int
    maker: str
    undoes: str
    message: str
    object_id: str
    number: int
    name: str
    offset: int = 0
    length: int = 0


class _Line(msgspec.Struct):
    id: str


_line = msgspec.json.Decoder(_Line)


def own_states(archive: Archive, item_id: str) -> Iterator[State]:
    """Yield the states that somebody gave an item, kept in its own object, oldest first; raises DamageFound.

    Neither pages that were read again, nor the end of an embargo, the state of a DOI or an approval are anybody's.
    """
    object_id = item_object(item_id)
    for number, version in enumerate(archive.former(object_id).versions, 1):
        message = version.message
        if message in (READ_AGAIN, EMBARGO_ENDED, DOI_STATE, APPROVED):
            continue
        maker = next((message[len(by) :] for by in (INGESTED, DESCRIBED_ANEW) if message.startswith(by)), "")
        undoes = message.removeprefix(UNDONE) if message.startswith(UNDONE) else ""
        yield State(from_rfc3339(version.created), maker, undoes, message, object_id, number, ITEM_FILE)


def record_states(archive: Archive, accessions: Iterable[str], items: Collection[str]) -> Mapping[str, Sequence[State]]:
    """Return every state of some records without files, by item, oldest first; ``accessions`` are all there are.

    All their lines are read once, whatever the number of ``items``. Raises DamageFound.
    """
    found = {item: list(own_states(archive, item)) for item in items}
    for accession in accessions if items else ():
        inventory = archive.inventory(accession_object(accession))
        for item, state in _line_states(archive, inventory, accession):
            if item in found:
                found[item].append(state)
    return {item: sorted(states, key=lambda state: state.change) for item, states in found.items()}


def standing(states: Iterable[State]) -> list[State]:
    """Return those of an item's states, oldest first, that no undoing has taken back; the last made it what it is."""
    stack: list[State] = []
    for state in states:
        if not state.undoes:
            stack.append(state)
        while state.undoes and stack and stack[-1].maker == state.undoes:
            stack.pop()
    return stack


def read_state(archive: Archive, state: State) -> Item:
    """Return an item as it was in a state; raises DamageFound."""
    inventory = archive.inventory(state.object_id)
    try:
        if not state.length:
            return from_json(archive.read_former(inventory, state.number, state.name))
        with archive.path(state.object_id, state.name).open("rb") as lines:
            lines.seek(state.offset)
            return from_json(lines.read(state.length))
    except (OSError, KeyError, UsageError) as fault:
        raise _damage(state.object_id, state.name, str(fault)) from fault


def _line_states(archive: Archive, inventory: Inventory, accession: str) -> Iterator[tuple[str, State]]:
    for number, version in enumerate(inventory.versions, 1):
        for name in lines_of(inventory, number):
            maker, undoes = (accession, "") if name == RECORDS_FILE else ("", accession)
            change, message = from_rfc3339(version.created), f"{INGESTED if maker else UNDONE}{accession}"
            for nth, (item, offset, length) in enumerate(_spans(archive, inventory, name), 1):
                yield (
                    item,
                    State(change + nth, maker, undoes, message, inventory.object_id, number, name, offset, length),
                )


def _spans(archive: Archive, inventory: Inventory, name: str) -> Iterator[tuple[str, int, int]]:
    """Yield whose every line of a file is, where it begins and how long it is."""
    offset = 0
    try:
        with archive.verified(inventory, name).open("rb") as lines:
            for line in lines:
                yield _line.decode(line).id, offset, len(line)
                offset += len(line)
    except (OSError, ValueError) as fault:
        raise _damage(inventory.object_id, name, str(fault)) from fault


def _damage(object_id: str, name: str, reason: str) -> DamageFound:
    return DamageFound(f"{object_id}: {name} cannot be read: {reason}.", "Run canoe check to see all that is damaged.")
