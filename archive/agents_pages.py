"""What pages and lists show of agents, from the index: who there is, what one made, with whom, on what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from archive.agents_index import AgentIndex
from metadata.agents import Authority, from_json
from metadata.agents_names import name_key
from metadata.model import Kind


@dataclass(frozen=True, slots=True)
class Listed:
    """An agent in a list: its id, name, and how many items it has; ``decided`` says that it is an authority."""

    id: str
    name: str
    kind: Kind
    items: int
    decided: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """An agent or a concept (by its URI), with how many items of another agent it is on."""

    id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An identifier that a record has of an agent and that is none: the item, the name there, scheme and value."""

    item: str
    name: str
    scheme: str
    value: str


_LISTED = "SELECT id, name, kind, items, key IS NULL FROM agents"


_BEARING = (
    "SELECT number FROM agents WHERE ' ' || sort GLOB ?1"
    " UNION SELECT agent FROM forms WHERE ' ' || key GLOB ?1"
    " UNION SELECT a.number FROM claims c JOIN agents a ON a.id = c.agent WHERE replace(c.key, ':', ' ') GLOB ?1"
)
_MOST_WORDS = 6


def listed(index: AgentIndex, query: str = "", after: int = 0, limit: int = 50) -> list[Listed]:
    """Return agents by name; those in whose names words begin as the query's do, those with most items first."""
    words = [word for word in name_key(query, "organisation").split() if word.isalnum()][:_MOST_WORDS]
    if not words:
        rows = index.ask(f"{_LISTED} WHERE items > 0 OR key IS NULL ORDER BY sort, id LIMIT ? OFFSET ?", limit, after)
        return [_listed(row) for row in rows]
    found = [{int(row[0]) for row in index.ask(_BEARING, f"* {word}*")} for word in words]
    asked = msgspec.json.encode(sorted(set.intersection(*found))).decode()
    chosen = "number IN (SELECT value FROM json_each(?)) AND (items > 0 OR key IS NULL)"
    rows = index.ask(f"{_LISTED} WHERE {chosen} ORDER BY items DESC, sort LIMIT ? OFFSET ?", asked, limit, after)
    return [_listed(row) for row in rows]


def under_letter(index: AgentIndex, letter: str, after: int, limit: int) -> list[Listed]:
    """Return the agents with items whose names begin with a letter, by name."""
    where = "WHERE letter = ? AND items > 0 ORDER BY sort, id LIMIT ? OFFSET ?"
    return [_listed(row) for row in index.ask(f"{_LISTED} {where}", letter, limit, after)]


def letters(index: AgentIndex) -> Mapping[str, int]:
    """Return under which letters there are agents with items, and how many."""
    rows = index.ask(
        "SELECT letter, count(*) FROM agents WHERE items > 0 GROUP BY letter ORDER BY letter = '#', letter"
    )
    return {str(letter): int(count) for letter, count in rows}


def number_of_items(index: AgentIndex, agent: str) -> int:
    """Return how many items an agent has, in whatever roles."""
    return sum(int(row[0]) for row in index.ask("SELECT items FROM agents WHERE id = ?", agent))


def names_in_records(index: AgentIndex, agent: str) -> list[tuple[str, int]]:
    """Return the names that records have of an agent, and how many contributions each has, commonest first."""
    rows = index.ask(
        "SELECT f.name, count(*) FROM contributions c JOIN forms f ON f.number = c.form"
        " WHERE c.agent = (SELECT number FROM agents WHERE id = ?) GROUP BY f.name ORDER BY 2 DESC, 1 LIMIT 200",
        agent,
    )
    return [(str(name), int(count)) for name, count in rows]


def roles(index: AgentIndex, agent: str) -> Mapping[str, int]:
    """Return the roles that an agent has, and on how many items each, commonest first."""
    rows = index.ask(
        "SELECT role, count(DISTINCT item) FROM contributions WHERE agent = (SELECT number FROM agents WHERE id = ?)"
        " GROUP BY role ORDER BY 2 DESC, 1",
        agent,
    )
    return {str(role): int(count) for role, count in rows}


def works(index: AgentIndex, agent: str, role: str, after: int, limit: int) -> list[str]:
    """Return the ids of an agent's items in a role, in any where it is ``""``, newest first."""
    rows = index.ask(
        "SELECT i.id FROM (SELECT DISTINCT item FROM contributions"
        " WHERE agent = (SELECT number FROM agents WHERE id = ?1) AND (?2 = '' OR role = ?2)) c"
        " JOIN items i ON i.number = c.item"
        " ORDER BY coalesce(i.year, 0) DESC, i.change DESC LIMIT ?3 OFFSET ?4",
        agent,
        role,
        limit,
        after,
    )
    return [str(row[0]) for row in rows]


def co_agents(index: AgentIndex, agent: str, limit: int) -> list[Counted]:
    """Return with whom an agent is on items, those it is most often with first."""
    rows = index.ask(
        "SELECT a.id, a.name, t.n FROM (SELECT o.agent AS other, count(DISTINCT o.item) AS n FROM contributions c"
        " JOIN contributions o ON o.item = c.item AND o.agent <> c.agent"
        " WHERE c.agent = (SELECT number FROM agents WHERE id = ?) GROUP BY o.agent ORDER BY n DESC LIMIT ?) t"
        " JOIN agents a ON a.number = t.other ORDER BY t.n DESC, a.sort",
        agent,
        limit,
    )
    return [Counted(*row) for row in rows]


def concepts(index: AgentIndex, agent: str, limit: int) -> list[Counted]:
    """Return the concepts that an agent's items are classified under, commonest first; ``id`` is the URI."""
    rows = index.ask(
        "SELECT k.uri, '', t.n FROM (SELECT s.concept, count(*) AS n FROM"
        " (SELECT DISTINCT item FROM contributions WHERE agent = (SELECT number FROM agents WHERE id = ?)) c"
        " JOIN subjects s ON s.item = c.item GROUP BY s.concept ORDER BY n DESC LIMIT ?) t"
        " JOIN concepts k ON k.number = t.concept ORDER BY t.n DESC, k.uri",
        agent,
        limit,
    )
    return [Counted(*row) for row in rows]


def children(index: AgentIndex, agent: str) -> list[Authority]:
    """Return the authorities of which this agent is a parent, or one that was merged into it, by name."""
    rows = index.ask(
        "SELECT DISTINCT r.json, a.sort FROM parts p JOIN authorities r ON r.id = p.agent JOIN agents a ON a.id = r.id"
        " WHERE p.parent IN (SELECT ?1 UNION SELECT id FROM redirects WHERE agent = ?1) ORDER BY a.sort, r.id",
        agent,
    )
    return [from_json(row[0]) for row in rows]


def on_item(index: AgentIndex, item: str) -> Mapping[str, str]:
    """Return whose the names on an item are: by the name as its record has it, the agent's id."""
    rows = index.ask(
        "SELECT f.name, a.id FROM items i JOIN contributions c ON c.item = i.number JOIN forms f ON f.number = c.form"
        " JOIN agents a ON a.number = c.agent WHERE i.id = ?",
        item,
    )
    return {str(name): str(agent) for name, agent in rows}


def names_beside(index: AgentIndex, name: str, limit: int) -> list[str]:
    """Return the other names that records have of an authority, one of whose names this is as a record has it."""
    rows = index.ask(
        "SELECT DISTINCT f.name FROM forms o JOIN agents a ON a.number = o.agent AND a.key IS NULL"
        " JOIN forms f ON f.agent = a.number WHERE o.name = ?1 AND f.name <> ?1 ORDER BY f.name LIMIT ?2",
        name,
        limit,
    )
    return [str(row[0]) for row in rows]


def faults(index: AgentIndex) -> list[Fault]:
    """Return the identifiers of agents that records have and that are none."""
    rows = index.ask(
        "SELECT i.id, f.name, f.scheme, f.value FROM faults f JOIN items i ON i.number = f.item ORDER BY f.rowid"
    )
    return [Fault(*row) for row in rows]


def claimed_twice(index: AgentIndex) -> list[tuple[str, Sequence[str]]]:
    """Return the names and identifiers that several authorities bear, so that they make nothing anybody's."""
    rows = index.ask("SELECT key, group_concat(agent, ' ') FROM claims GROUP BY key HAVING count(*) > 1 ORDER BY key")
    return [(str(key), str(agents).split()) for key, agents in rows]


def _listed(row: tuple[str, str, Kind, int, int]) -> Listed:
    return Listed(row[0], row[1], row[2], row[3], bool(row[4]))
