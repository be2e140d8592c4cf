"""Which agent is meant: by its id, an identifier or a name; and what it is as an authority."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from archive.agents_index import AgentIndex
from metadata.agents import Authority, bare_key, identifier_key, name_keys
from metadata.agents_identifiers import read, scheme_of
from metadata.description import shorten
from metadata.errors import NotFound, UsageError
from metadata.ids import is_item_id
from metadata.model import Identifier, Text

_T = TypeVar("_T")


def find(index: AgentIndex, text: str) -> str:
    """Return the id of the agent that a text means: an id, an identifier, or a name as it stands.

    One that was merged leads to the one that took its place. Raises NotFound, UsageError where several are meant.
    """
    known = standing_id(index, text.strip()) if is_item_id(text.strip()) else ""
    if known:
        return known
    found = _by_identifier(index, text) if scheme_of(text) else _by_name(index, text.strip())
    if len(found) > 1:
        named = ", ".join(f"{agent} ({name})" for agent, name in sorted(found.items()))
        raise UsageError(f"Several agents are called {text[:80]!r}: {named}.", "Name one by its id.")
    if not found:
        raise NotFound(f"There is no agent {text[:80]!r}.", "canoe agents list shows them, with their ids.")
    return next(iter(found))


def _by_identifier(index: AgentIndex, text: str) -> dict[str, str]:
    identifier = read(text)
    return _bearing(index, identifier_key(identifier)) if identifier else {}


def _by_name(index: AgentIndex, text: str) -> dict[str, str]:
    """Return the agents that a name means: those that records or authorities call just so, else by its key."""
    rows = index.ask(
        "SELECT a.id, a.name FROM agents a WHERE a.name = ?1"
        " UNION SELECT a.id, a.name FROM forms f JOIN agents a ON a.number = f.agent WHERE f.name = ?1",
        text,
    )
    found: dict[str, str] = dict(rows)
    for key in () if found else name_keys(text):
        found |= _bearing(index, bare_key(key))
    return found


def _bearing(index: AgentIndex, key: str) -> dict[str, str]:
    rows = index.ask(
        "SELECT a.id, a.name FROM bearers b JOIN forms f ON f.number = b.form JOIN agents a ON a.number = f.agent"
        " WHERE b.key = ?1 UNION SELECT a.id, a.name FROM claims c JOIN agents a ON a.id = c.agent WHERE c.key = ?1",
        key,
    )
    return dict(rows)


def standing_id(index: AgentIndex, agent: str) -> str:
    """Return an agent's id, or that of the one it was merged into, however many times; ``""`` where there is none."""
    for _ in range(100):
        if index.ask("SELECT 1 FROM agents WHERE id = ?", agent):
            return agent
        known = index.authority(agent)
        led = index.ask("SELECT agent FROM redirects WHERE id = ? LIMIT 1", agent)
        after = known.merged_into if known and known.standing and known.merged_into else led[0][0] if led else ""
        if not after:
            return ""
        agent = after
    return ""


def as_authority(index: AgentIndex, agent: str) -> Authority:
    """Return an agent as an authority: a provisional one as it would be if somebody decided something about it.

    Raises NotFound.
    """
    known = index.authority(agent)
    if known and known.bears:
        return known
    rows = index.ask("SELECT name, kind, key FROM agents WHERE id = ?", agent)
    if not rows:
        raise NotFound(f"There is no agent {shorten(agent)!r}.")
    name, kind, key = rows[0]
    scheme, _, value = key.partition(":")
    made = Authority(agent, kind, Text(name), identifiers=() if scheme == "name" else (Identifier(scheme, value),))
    rows = index.ask(
        "SELECT f.name, f.ids FROM forms f JOIN agents a ON a.number = f.agent WHERE a.id = ? ORDER BY f.name", agent
    )
    borne = [Identifier(*one.split(":", 1)) for _, ids in rows for one in ids.split()]
    made = replace(made, variants=other_names(made.name, (Text(row[0]) for row in rows)))
    if scheme == "name":
        return made
    # It is all that bears an identifier. What bears its name alone may be another's, and is not taken along.
    unclaimed = tuple(text.value for text in made.names)
    return replace(made, identifiers=union(made.identifiers, borne), unclaimed=unclaimed)


def is_free(index: AgentIndex, agent: str) -> bool:
    """Say whether a new authority can have this id: no other authority has or had it, nor does it lead anywhere."""
    known = index.authority(agent)
    is_authority = index.ask("SELECT 1 FROM agents WHERE id = ? AND key IS NULL", agent)
    led = index.ask("SELECT 1 FROM redirects WHERE id = ?", agent)
    return not (is_authority or led or (known and known.standing))


def is_above(index: AgentIndex, made: Mapping[str, Authority], agent: str, parent: str) -> bool:
    """Say whether an agent is its would-be parent, or stands above it, also by way of agents that were merged.

    ``made`` are authorities that are not written yet, by id, in place of what the index knows of them.
    """
    seen, waiting = set[str](), [parent]
    while waiting:
        one = waiting.pop()
        one = one if one in made else standing_id(index, one)
        if one == agent:
            return True
        if one not in seen:
            seen.add(one)
            known = made.get(one) or index.authority(one)
            waiting.extend((known.merged_into,) if known and known.merged_into else ())
            waiting.extend(above.agent for above in (known.parents if known else ()))
    return False


def union(one: Iterable[_T], other: Iterable[_T]) -> tuple[_T, ...]:
    """Return the values of both, each once, those of the first before."""
    return tuple(dict.fromkeys((*one, *other)))


def other_names(name: Text, names: Iterable[Text]) -> tuple[Text, ...]:
    """Return the names that are others than the preferred one, and than each other, in more than their language."""
    found = {name.value: name}
    for text in names:
        found.setdefault(text.value, text)
    return tuple(text for value, text in found.items() if value != name.value)
