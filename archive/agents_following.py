"""agents.db opened: brought up to the archive and the catalogue, lent to be written or to be read."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from archive.agents_file import AGENT_FILE, EDITION, FILE, LOCK, agent_object, connected, is_agent
from archive.agents_index import AgentIndex
from archive.derived import derived
from archive.library import Library
from archive.lock import PATIENCE, file_lock
from metadata.agents import Authority, from_json
from metadata.errors import DamageFound, HomeHeld, Outdated, StorageError, UsageError

_AT_ONCE = 500
_HINT = "Move it away: it is made again from the archive and the catalogue."


def follow(index: AgentIndex, library: Library) -> int:
    """Bring an index up to the library: authorities that a kill left behind, then what changed in the catalogue.

    Returns how many items that were. Authorities that are being written just now are left to who writes them.
    """
    if waiting := index.pending():
        library.heal_if_free()
        busy = library.archive.unfinished()
        if not any(library.archive.folder(agent_object(one)) in busy for one in waiting):
            with index.transaction():
                index.put([one for agent in waiting if (one := read_authority(library, agent))])
            index.announce(())
    position = index.position()
    if position > library.catalogue.last_change():  # the archive was put back to what it was: begin anew
        index.empty()
        _read_archive(index, library)
        position = 0
    number = 0
    while changes := library.changes(position, _AT_ONCE):
        with index.transaction():
            for change in changes:
                index.take_in(change.item, change.number)
            position = changes[-1].number
            index.reached(position)
        number += len(changes)
    return number


def is_followed(library: Library) -> bool:
    """Say, by looking alone, whether the index is up to the catalogue, and no authority was left half written."""
    try:
        with read_agents(library.home) as index:
            position, pending = index.position(), index.pending()
        is_behind = position > library.catalogue.last_change() or bool(library.changes(position, 1))
        return not (pending or is_behind)
    except Outdated:
        return False


def read_authority(library: Library, agent: str) -> Authority | None:
    """Return an authority from the archive; None where there is none. Raises DamageFound."""
    object_id = agent_object(agent)
    if not library.archive.exists(object_id):
        return None
    return from_json(library.archive.read(library.archive.inventory(object_id), AGENT_FILE))


@contextmanager
def open_agents(library: Library, patience: float = PATIENCE) -> Iterator[AgentIndex]:
    """Lend the index of a library to be written, up to date; made where there is none or it is of another edition.

    Raises HomeHeld while another process has it, Outdated where it is damaged, StorageError.
    """
    home = library.home
    told, hint = f"The agents of {home} are being looked through", "Wait until it is done."
    with ExitStack() as stack:
        stack.enter_context(file_lock(home / LOCK, told, hint, patience))
        stack.enter_context(derived(home / FILE, _HINT))
        connection = stack.enter_context(closing(sqlite3.connect(home / FILE, isolation_level=None)))
        connection.execute("PRAGMA journal_mode=WAL")
        index = AgentIndex(connection)
        if connection.execute("PRAGMA user_version").fetchone()[0] != EDITION:
            index.empty()
            _read_archive(index, library)
        follow(index, library)
        yield index


@contextmanager
def look_at_agents(library: Library) -> Iterator[AgentIndex]:
    """Lend the index of a library to be read only, up to date where that can be.

    While another process has it, it is as that one left it; in a home that can only be read it is made for the moment.
    """
    with ExitStack() as stack:
        try:
            index = stack.enter_context(open_agents(library))
        except HomeHeld:
            index = stack.enter_context(read_agents(library.home))
        except StorageError:
            connection = stack.enter_context(closing(sqlite3.connect(":memory:", isolation_level=None)))
            index = AgentIndex(connection)
            index.empty()
            _read_archive(index, library)
            follow(index, library)
        yield index


@contextmanager
def read_agents(home: Path) -> Iterator[AgentIndex]:
    """Lend the index of a home as it is, to be read. Raises Outdated where there is none, or it is damaged."""
    path = home / FILE
    with derived(path, _HINT), closing(connected(path)) as connection:
        yield AgentIndex(connection)


def _read_archive(index: AgentIndex, library: Library) -> None:
    """Take in every authority that the archive holds; one that is damaged is left out, as check says."""
    found: list[Authority] = []
    for inventory in library.archive.inventories(lambda _: None):
        if is_agent(inventory.object_id):
            try:
                found.append(from_json(library.archive.read(inventory, AGENT_FILE)))
            except (OSError, KeyError, DamageFound, UsageError):
                continue
    with index.transaction():
        index.put(found)
