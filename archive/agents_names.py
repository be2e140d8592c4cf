"""Whose a name is, for who searches: the agent that bears it, and the names that records have of this agent."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from archive.agents_following import read_agents
from archive.agents_index import AgentIndex
from metadata.agents import bare_key, name_keys
from metadata.errors import Outdated
from metadata.model import Kind

_MOST_FORMS = 50
_LONGEST = 300  # characters of a name
_CLAIMED = (
    "SELECT DISTINCT a.number, a.name, a.kind FROM claims c JOIN agents a ON a.id = c.agent"
    " WHERE c.key IN (SELECT value FROM json_each(?)) LIMIT 2"
)

_OWNED = (
    "SELECT DISTINCT f.name, a.id FROM forms f JOIN agents a ON a.number = f.agent AND a.key IS NULL"
    " WHERE f.name IN (SELECT value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bears a name: the preferred name, and all names that records have of this agent."""

    name: str
    kind: Kind
    in_records: tuple[str, ...]


@contextmanager
def bearing(home: Path) -> Iterator[Callable[[str], Bearer | None]]:
    """Lend what tells whose a name is; of a home whose index of agents is not there or damaged, nobody's."""
    with ExitStack() as stack:
        try:
            index = stack.enter_context(read_agents(home))
        except Outdated:
            yield lambda _: None
            return
        yield lambda text: _unless_damaged(index, text)


def bearer(index: AgentIndex, text: str) -> Bearer | None:
    """Return the one authority that bears a name; None where none does, or several do.

    The words may stand as a record has them, or as people type them: the family's name first, without a comma.
    """
    first, _, rest = text[:_LONGEST].strip().partition(" ")
    keys = {bare_key(key) for name in (text[:_LONGEST], f"{rest} {first}") for key in name_keys(name)}
    found = index.ask(_CLAIMED, msgspec.json.encode(sorted(keys)).decode())
    if len(found) != 1:
        return None
    number, name, kind = found[0]
    rows = index.ask("SELECT DISTINCT name FROM forms WHERE agent = ? ORDER BY name LIMIT ?", number, _MOST_FORMS)
    return Bearer(name, kind, tuple(str(row[0]) for row in rows))


def owners(index: AgentIndex, names: Sequence[str]) -> Mapping[str, str]:
    """Return which authority each of these names of records is of; one that is several's or none's is left out."""
    rows = index.ask(_OWNED, msgspec.json.encode(names).decode())
    several = {name for name, number in Counter(str(name) for name, _ in rows).items() if number > 1}
    return {str(name): str(agent) for name, agent in rows if name not in several}


def _unless_damaged(index: AgentIndex, text: str) -> Bearer | None:
    try:
        return bearer(index, text)
    except sqlite3.DatabaseError:  # names find what they find as words
        return None
