"""Authorities: one record for each person or organisation that somebody has decided something about.

Items store what their records said of an agent: a name as it stood there, perhaps identifiers. Whose
name that is follows from the authorities. A contribution belongs to the one that bears its identifier,
else to the one to which a librarian gave it, else to the one that bears its name
(:func:`metadata.agents_names.name_key`), where that is one alone; else to a *provisional* agent, which is
all that bears the same. So a merge, a split or a new name is a change of an authority and never of an
item, and what an authority was before it can be again.
"""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

import msgspec

from metadata.agents_names import name_key
from metadata.errors import UsageError
from metadata.ids import item_id
from metadata.model import Identifier, Kind, Text

DecisionKind = Literal["merge", "split", "edit", "apart", "import", "undo"]
MOST_NAMES = 2000
"""Names, claims and identifiers of one authority; more are refused."""


@dataclass(frozen=True, slots=True)
class Parent:
    """An agent that another is part of, by its id; ``since`` and ``until`` are dates (EDTF), ``""`` where not known."""

    agent: str
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One contribution that is given to an authority: the item, and the name as its record has it."""

    item: str
    name: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Why an authority is as it is: what was done, when (RFC 3339, UTC), by whom and why, to which agents.

    ``id`` is the same in every authority that it made different. ``undoes`` names the decision that it took back.
    """

    id: str
    kind: DecisionKind
    at: str
    by: str = ""
    why: str = ""
    agents: tuple[str, ...] = ()
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class Authority:
    """A person or an organisation: its preferred name, the other names that it bears, and who it is.

    ``begun`` and ``ended`` are birth and death, founding and end (EDTF). ``claims`` are contributions given to
    it one by one; ``unclaimed`` are names that it bears, but that alone make nothing its own: somebody else may
    bear them, too. ``apart`` are agents that somebody said are others. ``formerly`` are the ids of agents that were
    merged into it. ``merged_into`` is the id of the one that took its place. One that is not ``standing`` is
    as if nobody had ever decided anything: that was undone.
    """

    id: str
    kind: Kind
    name: Text
    variants: tuple[Text, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    parents: tuple[Parent, ...] = ()
    languages: tuple[str, ...] = ()
    begun: str = ""
    ended: str = ""
    note: str = ""
    claims: tuple[Claim, ...] = ()
    unclaimed: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    merged_into: str = ""
    standing: bool = True
    decision: Decision | None = None

    @property
    def names(self) -> tuple[Text, ...]:
        """All names that it bears, the preferred one first."""
        return (self.name, *self.variants)

    @property
    def bears(self) -> bool:
        """Whether contributions can belong to it: it stands, and was not merged into another."""
        return self.standing and not self.merged_into

    def own_keys(self) -> list[str]:
        """Return what makes contributions its own, each once: see :func:`identifier_key`, :func:`bare_key`.

        A name counts in whichever order its words are: records differ in what they take for a person.
        """
        found = [identifier_key(one) for one in self.identifiers]
        found += [claim_key(one.item, key) for one in self.claims for key in name_keys(one.name)]
        names = (text.value for text in self.names if text.value not in self.unclaimed)
        found += [bare_key(key) for name in names for key in name_keys(name)]
        return list(dict.fromkeys(found))


def name_keys(name: str) -> tuple[str, ...]:
    """Return the keys that a name has as a person's and as an organisation's, which are mostly the same."""
    kinds: tuple[Kind, ...] = ("person", "organisation")
    return tuple(dict.fromkeys(filter(None, (name_key(name, kind) for kind in kinds))))


def identifier_key(identifier: Identifier) -> str:
    """Return the key of what bears an identifier."""
    return f"{identifier.scheme}:{identifier.value}"


def bare_key(key: str) -> str:
    """Return the key of what bears a name and no identifier."""
    return f"name:{key}"


def claim_key(item: str, key: str) -> str:
    """Return the key of the contributions that one item has under one name."""
    return f"item:{item}:{key}"


def agent_id(key: str, attempt: int = 0) -> str:
    """Return the id of an agent whose first key this is, the same in any home; another for each further attempt."""
    return item_id(f"agent {key} {attempt}" if attempt else f"agent {key}")


def to_json(authority: Authority) -> bytes:
    """Return an authority as ``agent.json``: UTF-8, two spaces, without what is empty, a newline at the end."""
    try:
        return msgspec.json.format(msgspec.json.encode(_told(authority)), indent=2) + b"\n"
    except UnicodeEncodeError as fault:
        raise UsageError(f"The agent holds a text that is not Unicode: {fault}") from fault


def from_json(data: bytes | str) -> Authority:
    """Return the authority of ``data``, as :func:`to_json` wrote it; raises UsageError where it is none."""
    try:
        return _decode(data)
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"This is not an agent: {fault}") from fault


def _told(value: Any) -> Any:
    """Return a value without the parts that are empty; that it does not stand is told, that it does is not."""
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    if not is_dataclass(value):
        return value
    parts = ((one.name, getattr(value, one.name)) for one in fields(value))
    return {name: _told(part) for name, part in parts if part is False or (part and part is not True)}


_decode = msgspec.json.Decoder(Authority).decode
