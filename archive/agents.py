"""What somebody decides about agents: merge, split, edit, keep apart; and the way back.

Every decision is a version of each authority that it makes different, all of them written together, so that after
a kill it is done as a whole or not at all. ``agent.json`` says in each version why it is as it is; the versions
are the history. To undo a decision gives each of its authorities what it was before, as one more version.
"""

import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from archive.agents_file import AGENT_FILE, agent_object
from archive.agents_following import open_agents, read_authority
from archive.agents_index import AgentIndex
from archive.agents_lookup import as_authority, find, is_above, is_free, other_names, union
from archive.agents_pages import on_item
from archive.clock import from_rfc3339, next_stamp, to_rfc3339
from archive.inventory import Version
from archive.library import Library
from metadata.agents import (
    MOST_NAMES,
    Authority,
    Claim,
    Decision,
    DecisionKind,
    agent_id,
    from_json,
    name_keys,
    to_json,
)
from metadata.agents_identifiers import read, scheme_of
from metadata.errors import DamageFound, UsageError
from metadata.ids import is_item_id, item_id
from metadata.model import Text

PATIENCE = 30.0
"""Seconds that a decision waits for who is looking through the agents."""

_AT_ONCE = 500
_LONGEST = 2000  # characters of a reason


@dataclass(frozen=True, slots=True)
class Deciding:
    """A library held for writing, and its index of agents, up to date. ``by`` is who decides."""

    library: Library
    index: AgentIndex
    by: str = ""


@contextmanager
def deciding(library: Library, by: str = "") -> Iterator[Deciding]:
    """Hold a library for decisions about its agents. Raises HomeHeld."""
    with library.writer(), open_agents(library, PATIENCE) as index:
        yield Deciding(library, index, by or _account())


def merge(deciding: Deciding, agents: Sequence[str], why: str = "") -> Authority:
    """Make one agent of several: the first stays, with the names, identifiers and items of all.

    Returns it as it then is. Raises UsageError where fewer than two are named.
    """
    ids = list(dict.fromkeys(find(deciding.index, one) for one in agents))
    if len(ids) < 2:
        raise UsageError("There is nothing to merge.", "Name two agents or more; the first is the one that stays.")
    into, *others = (as_authority(deciding.index, one) for one in ids)
    made = into
    for one in others:
        made = _joined(made, one)
    merged = {one.id: replace(one, merged_into=made.id) for one in others}
    made = replace(
        made,
        parents=tuple(one for one in made.parents if not is_above(deciding.index, merged, made.id, one.agent)),
        apart=tuple(one for one in made.apart if one not in {*merged, made.id}),
    )
    kept = [merged[one.id] for one in others if deciding.index.authority(one.id)]
    return keep(deciding, [made, *kept], "merge", why)[0]


def split(
    deciding: Deciding, agent: str, names: Sequence[str], items: Sequence[str] = (), why: str = ""
) -> tuple[Authority, Authority]:
    """Part names and identifiers from an agent, as an agent of their own; in some ``items`` only where any are named.

    Returns both as they then are. Raises UsageError for what the agent does not bear, items that it is not on, or if
    nothing would be left.
    """
    one = as_authority(deciding.index, find(deciding.index, agent))
    for item in items:
        if one.id not in on_item(deciding.index, item).values():
            raise UsageError(f"{one.name.value} ({one.id}) is not on {item}.", "canoe show ITEM says who is.")
    made = _parted(one, names, items)
    made = replace(made, id=_own_id(deciding.index, made, one.formerly), apart=(one.id,))
    left = [text for text in one.names if text not in made.names or text.value in made.unclaimed]
    if not left:
        raise UsageError("Nothing would be left of the agent.", "Name some of its names, not all; or add --item.")
    rest = replace(
        one,
        name=one.name if one.name in left else left[0],
        variants=tuple(text for text in left if text != (one.name if one.name in left else left[0])),
        identifiers=tuple(number for number in one.identifiers if number not in made.identifiers),
        formerly=tuple(former for former in one.formerly if former != made.id),
        claims=tuple(claim for claim in one.claims if claim not in made.claims),
        apart=(*one.apart, made.id),
    )
    kept = keep(deciding, [rest, made], "split", why)
    return kept[0], kept[1]


def keep_apart(deciding: Deciding, agents: Sequence[str], why: str = "") -> list[Authority]:
    """Note that agents are different, so that nobody proposes again to merge them."""
    ids = list(dict.fromkeys(find(deciding.index, one) for one in agents))
    if len(ids) < 2:
        raise UsageError("There is nothing to keep apart.", "Name two agents or more.")
    found = [as_authority(deciding.index, one) for one in ids]
    made = [replace(one, apart=union(one.apart, [x for x in ids if x != one.id])) for one in found]
    return keep(deciding, made, "apart", why)


def keep(
    deciding: Deciding, authorities: Sequence[Authority], kind: DecisionKind, why: str = "", undoes: str = ""
) -> list[Authority]:
    """Write what was decided: a version of each authority, all of them together, and put them in the index.

    Returns the authorities with the decision. Raises UsageError for one that has too many names, StorageError.
    """
    for one in authorities:
        if len(one.names) + len(one.identifiers) + len(one.claims) > MOST_NAMES:
            raise UsageError(f"{one.name.value[:80]} would have more than {MOST_NAMES} names, identifiers and items.")
    moment = next_stamp(0)
    ids = tuple(one.id for one in authorities)
    digest = item_id(f"decision {moment} {os.getpid()} {' '.join(ids[:10])}")
    listed = ids if len(ids) <= _AT_ONCE else ()
    decision = Decision(digest, kind, to_rfc3339(moment), deciding.by, why.strip()[:_LONGEST], listed, undoes)
    made = [replace(one, decision=decision) for one in authorities]
    for at in range(0, len(made), _AT_ONCE):
        _write(deciding, made[at : at + _AT_ONCE])
    return made


def history(library: Library, agent: str) -> list[Authority]:
    """Return what an authority was in each of its versions, oldest first; nothing for a provisional agent."""
    object_id = agent_object(agent)
    if not library.archive.exists(object_id):
        return []
    inventory = library.archive.inventory(object_id)
    try:
        numbers = range(1, len(inventory.versions) + 1)
        return [from_json(library.archive.read_former(inventory, n, AGENT_FILE)) for n in numbers]
    except (OSError, KeyError, UsageError) as fault:
        hint = "Run canoe check to see all that is damaged."
        raise DamageFound(f"{object_id} cannot be read: {fault}.", hint) from fault


def undo(deciding: Deciding, decided: str, why: str = "") -> tuple[Decision, list[Authority]]:
    """Take back a decision, by its id, or the last one about an agent, with all that it did to others.

    Returns the decision and the authorities as they were before it and are again. Raises NotFound, and UsageError
    where something newer was decided about one of them: that is to be undone first.
    """
    made = _with_decision(deciding.index, decided)
    agent = made[0] if made else _decided_about(deciding, decided)
    stack = _standing_states(deciding.library, agent)
    decision = stack[-1].decision if stack else None
    if decision is None:
        raise UsageError(f"Nothing that was decided about {agent} still stands.")
    if made and decision.id != decided:
        raise UsageError("What was undone cannot be undone.", "Decide it again.")
    agents = dict.fromkeys([*decision.agents, *_with_decision(deciding.index, decision.id)])
    before = [_before(deciding.library, one, decision) for one in agents]
    return decision, keep(deciding, before, "undo", why, undoes=decision.id)


def _write(deciding: Deciding, authorities: Sequence[Authority]) -> None:
    archive, index = deciding.library.archive, deciding.index
    index.announce(one.id for one in authorities)
    group = archive.begin()
    try:
        for one in authorities:
            former = archive.former(agent_object(one.id))
            created = next_stamp(from_rfc3339(former.created) if former.versions else 0)
            version = Version(to_rfc3339(created), _message(one), {})
            archive.stage(group, former, {AGENT_FILE: to_json(one)}, version, {})
        receipt = archive.complete(group)
    except BaseException:
        group.give_up()
        raise
    with index.transaction():
        index.put(authorities)
    index.announce(())
    receipt.done()


def _message(one: Authority) -> str:
    decision = one.decision
    told = {"merge": "Merged", "split": "Split", "edit": "Edited", "apart": "Kept apart", "import": "Imported"}
    return f"{told.get(decision.kind, 'Undone')}: {decision.why or decision.id}" if decision else "Decided"


def _joined(one: Authority, other: Authority) -> Authority:
    """Return an authority that has what both have; where only one can be, it is the first's."""
    return replace(
        one,
        variants=other_names(one.name, [*one.variants, *other.names]),
        identifiers=union(one.identifiers, other.identifiers),
        parents=union(one.parents, other.parents),
        languages=union(one.languages, other.languages),
        begun=one.begun or other.begun,
        ended=one.ended or other.ended,
        note="\n".join(dict.fromkeys(filter(None, (one.note, other.note)))),
        claims=union(one.claims, other.claims),
        unclaimed=_unclaimed(one, other),
        apart=union(one.apart, other.apart),
        formerly=union(one.formerly, (*other.formerly, other.id)),
    )


def _unclaimed(*authorities: Authority) -> tuple[str, ...]:
    """Return the names of authorities that none of them claims."""
    claimed = {text.value for one in authorities for text in one.names if text.value not in one.unclaimed}
    return tuple(name for name in union(*(one.unclaimed for one in authorities)) if name not in claimed)


def _parted(one: Authority, names: Sequence[str], items: Sequence[str]) -> Authority:
    """Return what is parted from an authority, still without an id."""
    numbers = tuple(found for text in names if scheme_of(text) and (found := read(text)))
    if lost := [number for number in numbers if number not in one.identifiers]:
        raise UsageError(f"{one.name.value} ({one.id}) has no {lost[0].scheme} {lost[0].value}.")
    texts = tuple(dict.fromkeys(text for name in names if not scheme_of(name) for text in _borne(one, name)))
    if items:
        texts = texts or one.names
        claims = tuple(Claim(item, text.value) for item in items for text in texts)
        return Authority(
            "", one.kind, texts[0], texts[1:], unclaimed=tuple(text.value for text in texts), claims=claims
        )
    if texts:
        keys = {key for text in texts for key in name_keys(text.value)}
        claims = tuple(claim for claim in one.claims if keys & {*name_keys(claim.name)})
        return Authority("", one.kind, texts[0], texts[1:], numbers, claims=claims)
    if not numbers:
        raise UsageError("There is nothing to split off.", "Say which of its names or identifiers.")
    return Authority("", one.kind, one.name, identifiers=numbers, unclaimed=(one.name.value,))


def _borne(one: Authority, name: str) -> list[Text]:
    """Return the names of an authority that a text means, for all that have its key are one."""
    keys = {*name_keys(name)}
    same = [text for text in one.names if text.value == name or keys & {*name_keys(text.value)}]
    if not same:
        there = "; ".join(text.value for text in one.names[:10])
        raise UsageError(f"{one.name.value} ({one.id}) is not called {name[:80]!r}.", f"It is called: {there}.")
    return same


def _own_id(index: AgentIndex, made: Authority, free: Sequence[str]) -> str:
    """Return an id for a new authority: that of its name, where it is free or only leads to the other."""
    key = next(iter(made.own_keys()), f"name:{made.name.value}")
    attempt = 0
    while (tried := agent_id(key, attempt)) not in free and not is_free(index, tried):
        attempt += 1
    return tried


def _standing_states(library: Library, agent: str) -> list[Authority]:
    """Return the states of an authority, oldest first, that no undoing has taken back."""
    stack: list[Authority] = []
    for state in history(library, agent):
        if state.decision and state.decision.undoes:
            if stack and stack[-1].decision and stack[-1].decision.id == state.decision.undoes:
                stack.pop()
        else:
            stack.append(state)
    return stack


def _before(library: Library, agent: str, decision: Decision) -> Authority:
    stack = _standing_states(library, agent)
    if not stack or stack[-1].decision is None or stack[-1].decision.id != decision.id:
        raise UsageError(
            f"{agent}, which that decision was about, too, was decided about since.",
            f"Undo that first: canoe agents undo {agent}",
        )
    return stack[-2] if len(stack) > 1 else replace(stack[-1], standing=False)


def _decided_about(deciding: Deciding, agent: str) -> str:
    """Return the agent that is meant, be it one that nobody bears now; one that was merged leads to the other."""
    known = read_authority(deciding.library, agent) if is_item_id(agent) else None
    return agent if known and not known.merged_into else find(deciding.index, agent)


def _with_decision(index: AgentIndex, decision: str) -> list[str]:
    """Return the authorities that are as they are by this decision."""
    rows = index.ask("SELECT id FROM authorities WHERE json_extract(json, '$.decision.id') = ? ORDER BY id", decision)
    return [str(row[0]) for row in rows]


def _account() -> str:
    """Return the name of the account that the program runs under, ``""`` where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""
