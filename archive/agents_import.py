"""Taking in an authority file: which agent each row is, what becomes different, and what cannot be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from archive.agents import Deciding, keep
from archive.agents_lookup import as_authority, find, is_above, is_free, other_names, standing_id, union
from metadata.agents import Authority, Parent, agent_id, bare_key, identifier_key, name_keys
from metadata.agents_editing import parent_of
from metadata.agents_files import Told
from metadata.errors import UsageError
from metadata.ids import is_item_id
from metadata.model import Kind
from metadata.problems import Problem, problem


@dataclass(slots=True)
class Imported:
    """What became of a file: how many agents were new to the authorities, changed, and the same; what was wrong."""

    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)


def import_agents(deciding: Deciding, told: Iterable[Told | Problem], why: str = "") -> Imported:
    """Take in what a file says of agents, as one decision.

    A row with the id of an agent says what it is from now on; another is added to the agent that bears its
    identifier, else its name; else it is a new one. Parents may be any agents, those of the same file too.
    """
    report, taking = Imported(), _Taking(deciding)
    for one in told:
        if isinstance(one, Problem):
            report.refused += 1
            report.problems.append(one)
        else:
            report.problems.extend(one.problems)
            taking.take(one)
    made = list(taking.with_parents(report.problems))
    before = {one.id: deciding.index.authority(one.id) for one in made}
    different = [
        one
        for one in made
        if (was := before[one.id]) is None or replace(was, decision=None) != replace(one, decision=None)
    ]
    report.new = sum(was is None or not was.bears for was in before.values())
    report.same = len(made) - len(different)
    report.changed = len(different) - report.new
    keep(deciding, different, "import", why)
    report.problems.extend(_shared(deciding, different))
    return report


class _Taking:
    """What a file makes of agents, row by row, before anything is written."""

    def __init__(self, deciding: Deciding) -> None:
        self._index = deciding.index
        self._made: dict[str, Authority] = {}
        self._by_key: dict[tuple[str, str], str] = {}
        self._kinds: dict[str, str] = {}
        self._parents: list[tuple[str, Told, bool]] = []

    def take(self, told: Told) -> None:
        """Take in a row, without its parents."""
        known = self._known(told)
        is_whole = bool(known and told.id == known.id)
        made = _whole(known, told) if known and is_whole else _added(known, told) if known else self._new(told)
        self._made[made.id] = made
        for key in made.own_keys():
            self._by_key.setdefault((key, ""), made.id)
            self._by_key.setdefault((key, told.kind), made.id)
        if told.kind:
            self._kinds.setdefault(made.id, told.kind)
        self._parents.append((made.id, told, is_whole))

    def with_parents(self, problems: list[Problem]) -> Iterator[Authority]:
        """Yield the agents with the parents that the file says; those that are nobody are named."""
        for agent, told, is_whole in self._parents:
            one = self._made[agent]
            parents = [] if is_whole else list(one.parents)
            for text in told.parents:
                try:
                    parent = parent_of(text, self._resolve)
                except UsageError:
                    parent = Parent("")
                if parent.agent and not self._is_above(agent, parent.agent):
                    parents.append(parent)
                else:
                    problems.append(problem("agent-parent-unknown", told.where, value=text[:80]))
            self._made[agent] = replace(one, parents=tuple(dict.fromkeys(parents)))
        yield from self._made.values()

    def _is_above(self, agent: str, parent: str) -> bool:
        return is_above(self._index, self._made, agent, parent)

    def _known(self, told: Told) -> Authority | None:
        """Return the agent that a row speaks of, None for a new one."""
        if is_item_id(told.id) and (agent := standing_id(self._index, told.id)):
            return self._made.get(agent) or as_authority(self._index, agent)
        keys = [identifier_key(one) for one in told.identifiers]
        for key in (*keys, *(bare_key(key) for key in name_keys(told.name.value))):
            for agent in filter(None, (*self._taken(key, told.kind), self._bearer(key, told.kind))):
                known = self._made.get(agent) or as_authority(self._index, agent)
                if key in keys or not (_numbered_otherwise(known, told) or self._is_otherwise(agent, told.kind)):
                    return known
        return None

    def _taken(self, key: str, kind: str) -> tuple[str, str]:
        """Return the agents that rows before this one made, of this kind and of any, that bear a key."""
        return self._by_key.get((key, kind), ""), self._by_key.get((key, ""), "")

    def _is_otherwise(self, agent: str, kind: str) -> bool:
        """Say whether a row before this one said that the agent is of another kind: a person and a body of one name."""
        return bool(kind) and self._kinds.get(agent, kind) != kind

    def _bearer(self, key: str, kind: str) -> str:
        """Return the one agent that claims a key, of several the one of this kind; else the provisional one."""
        claims = "SELECT c.agent, a.kind FROM claims c JOIN agents a ON a.id = c.agent WHERE c.key = ?"
        claimants = self._index.ask(claims, key)
        if claimants:
            meant = [row for row in claimants if row[1] == kind] if len(claimants) > 1 else claimants
            return str(meant[0][0]) if len(meant) == 1 else ""
        found = self._index.ask("SELECT id FROM agents WHERE key = ?", key)
        return str(found[0][0]) if found else ""

    def _new(self, told: Told) -> Authority:
        made = _whole(Authority("", told.kind or "person", told.name), told)
        attempt, key = 0, next(iter(made.own_keys()))
        while (tried := agent_id(key, attempt)) in self._made or not is_free(self._index, tried):
            attempt += 1
        return replace(made, id=tried)

    def _resolve(self, text: str) -> str:
        if text in self._made:
            return text
        for key in name_keys(text):
            if agent := self._by_key.get((bare_key(key), "")):
                return agent
        return find(self._index, text)


def _numbered_otherwise(known: Authority, told: Told) -> bool:
    mine, theirs = {x.scheme for x in known.identifiers}, {x.scheme for x in told.identifiers}
    return bool(mine & theirs) and not set(known.identifiers) & set(told.identifiers)


def _whole(known: Authority, told: Told) -> Authority:
    """Return an authority that is what a row says; what a row cannot say stays."""
    return replace(
        known,
        kind=_kind(known, told),
        name=told.name,
        variants=other_names(told.name, told.variants),
        identifiers=told.identifiers,
        languages=told.languages,
        begun=told.begun,
        ended=told.ended,
        note=told.note,
    )


def _added(known: Authority, told: Told) -> Authority:
    """Return an authority with what a row says of it, too; where only one can be, what it had stays."""
    name = known.name if known.decision else told.name
    told_names = {text.value for text in (told.name, *told.variants)}
    return replace(
        known,
        kind=known.kind if known.decision else _kind(known, told),
        name=name,
        variants=other_names(name, (*known.variants, known.name, told.name, *told.variants)),
        identifiers=union(known.identifiers, told.identifiers),
        languages=union(known.languages, told.languages),
        begun=known.begun or told.begun,
        ended=known.ended or told.ended,
        note=known.note or told.note,
        unclaimed=tuple(name for name in known.unclaimed if name not in told_names),
        decision=None,
    )


def _kind(known: Authority, told: Told) -> Kind:
    return told.kind or known.kind


def _shared(deciding: Deciding, authorities: Iterable[Authority]) -> Iterator[Problem]:
    """Yield a remark for each name or identifier that another authority bears, too."""
    for one in authorities:
        for key in one.own_keys():
            rows = deciding.index.ask("SELECT agent FROM claims WHERE key = ? ORDER BY agent LIMIT 5", key)
            if len(rows) > 1:
                agents = ", ".join(row[0] for row in rows)
                yield problem("agent-name-shared", one.id, value=key.removeprefix("name:")[:80], agents=agents)
