"""Which agents may be one, by what the index knows of them (:mod:`metadata.agents_likeness`)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from archive.agents_index import AgentIndex
from metadata.agents import from_json
from metadata.agents_likeness import THRESHOLD, Alike, AlikeKind, Context, Named, alike, weigh
from metadata.model import Kind

_PUBLISHING = frozenset(("pbl", "prt", "dst"))
_MOST_ITEMS = 300
"""So many items of an agent are looked at, the newest, for with whom and on what it works."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """One side of a proposal: an agent's id, its name, and how many items it has."""

    id: str
    name: str
    kind: Kind
    items: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two agents that may be one, or the second a part of the first; see :class:`metadata.agents_likeness.Alike`."""

    one: Proposed
    other: Proposed
    score: float
    kind: AlikeKind
    reasons: tuple[str, ...]


def proposals(index: AgentIndex, threshold: float = THRESHOLD) -> list[Proposal]:
    """Return which agents may be one, the likest first; not those of which somebody said that they are others."""
    sides = {row[0]: Proposed(*row[1:]) for row in index.ask("SELECT number, id, name, kind, items FROM agents")}
    settled = _settled(index, {side.id: number for number, side in sides.items()})
    gather = cache(lambda agent: _context(index, agent))
    found = [weigh(pair, gather(pair.one), gather(pair.other)) for pair in _pairs(index) if _key(pair) not in settled]
    chosen = sorted((one for one in found if one.score >= threshold), key=lambda one: (-one.score, one.one, one.other))
    return [_proposal(one, sides) for one in chosen]


def _pairs(index: AgentIndex) -> Iterator[Alike]:
    """Yield pairs that are alike by their names, and those that share an identifier."""
    by_names = alike(list(_named(index)))
    met = {_key(pair) for pair in by_names}
    yield from by_names
    for one, other in _sharing(index):
        if frozenset((one, other)) not in met:
            yield Alike(one, other, 0.5, "same", ())


def _named(index: AgentIndex) -> Iterator[Named]:
    names: dict[int, dict[str, None]] = defaultdict(dict)
    kinds: dict[int, Kind] = {}
    for number, kind, name in index.ask("SELECT number, kind, name FROM agents WHERE items > 0 OR key IS NULL"):
        names[number][name] = None
        kinds[number] = kind
    for number, name in index.ask("SELECT agent, name FROM forms"):
        if number in kinds:
            names[number][name] = None
    for number, line in index.ask(
        "SELECT a.number, r.json FROM authorities r JOIN agents a ON a.id = r.id AND a.key IS NULL"
    ):
        names[number] |= dict.fromkeys(text.value for text in from_json(line).names)
    for number, borne in names.items():
        yield Named(number, kinds[number], tuple(borne))


def _sharing(index: AgentIndex) -> Iterator[tuple[int, int]]:
    """Yield agents of which forms bear the same identifier."""
    rows = index.ask(
        "SELECT DISTINCT b.key, f.agent FROM bearers b JOIN forms f ON f.number = b.form"
        " WHERE b.key NOT GLOB 'name:*' ORDER BY b.key, f.agent"
    )
    by_key: dict[str, list[int]] = defaultdict(list)
    for key, agent in rows:
        by_key[key].append(agent)
    for agents in by_key.values():
        yield from ((agents[0], other) for other in agents[1:])


def _context(index: AgentIndex, agent: int) -> Context:
    """Return what is known of an agent beside its names."""
    newest = "SELECT DISTINCT item FROM contributions WHERE agent = ?1 ORDER BY item DESC LIMIT ?2"
    others = index.ask(
        f"SELECT DISTINCT agent, role FROM contributions WHERE item IN ({newest}) AND agent <> ?1",  # noqa: S608
        agent,
        _MOST_ITEMS,
    )
    items = frozenset(row[0] for row in index.ask(newest, agent, _MOST_ITEMS))
    subjects = index.ask(f"SELECT DISTINCT concept FROM subjects WHERE item IN ({newest})", agent, _MOST_ITEMS)  # noqa: S608
    years = "SELECT min(i.year), max(i.year) FROM contributions c JOIN items i ON i.number = c.item WHERE c.agent = ?"
    ((first, last),) = index.ask(years, agent)
    borne = index.ask("SELECT ids FROM forms WHERE agent = ?", agent)
    known = index.ask("SELECT r.json FROM authorities r JOIN agents a ON a.id = r.id WHERE a.number = ?", agent)
    identifiers = {one for (ids,) in borne for one in ids.split()}
    begun = ended = ""
    for (line,) in known:
        authority = from_json(line)
        begun, ended = authority.begun, authority.ended
        identifiers |= {f"{one.scheme}:{one.value}" for one in authority.identifiers}
    publishers = frozenset(one for one, role in others if role in _PUBLISHING)
    return Context(
        identifiers=frozenset(identifiers),
        co_agents=frozenset(one for one, _ in others) - publishers,
        publishers=publishers,
        subjects=frozenset(row[0] for row in subjects),
        items=items,
        first=first or 0,
        last=last or 0,
        begun=begun,
        ended=ended,
    )


def _settled(index: AgentIndex, numbers: dict[str, int]) -> set[frozenset[int]]:
    """Return the pairs that are decided about: kept apart, or one a part of the other."""
    found: set[frozenset[int]] = set()
    for (line,) in index.ask("SELECT json FROM authorities"):
        one = from_json(line)
        others: Iterable[str] = (*one.apart, *(parent.agent for parent in one.parents)) if one.bears else ()
        found |= {frozenset((numbers[one.id], numbers[x])) for x in others if x in numbers and one.id in numbers}
    return found


def _key(pair: Alike) -> frozenset[int]:
    return frozenset((pair.one, pair.other))


def _proposal(pair: Alike, sides: dict[int, Proposed]) -> Proposal:
    """Return a pair for people: of two that may be one, the one with more items first."""
    one, other = sides[pair.one], sides[pair.other]
    if pair.kind == "same" and (other.items, one.name) > (one.items, other.name):
        one, other = other, one
    return Proposal(one, other, pair.score, pair.kind, pair.reasons)
