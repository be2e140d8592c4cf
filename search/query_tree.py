"""The tree of a query: what was understood of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeGuard, get_args

from metadata.problems import Problem

Words = Literal["text", "title", "author", "publisher", "subject", "place", "series", "collection"]
"""Fields of words: ``text`` is everything, the rest are facts of the item."""

Fact = Literal["language", "type", "format", "access", "identifier", "subject", "country", "agent"]
"""Fields that hold a value as it is; of ``subject`` it is the URI of a concept, of ``country`` a code of its own.

``agent`` is a name as a record has it; no query names this field, but words may stand for it (:mod:`search.meaning`).
"""

Field = Literal[Words, Fact, "year", "date"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed; an engine analyses it as it analyses the text."""

    text: str
    field: Words = "text"


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a word."""

    text: str
    field: Words = "text"


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word that may be spelt otherwise.

    ``distance`` letters, 1 or 2, may be wrong, missing, too many or exchanged with their
    neighbour (optimal string alignment).
    """

    text: str
    distance: int
    field: Words = "text"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side, on one page or in the description, exactly so but for accents and case."""

    text: str
    field: Words = "text"


@dataclass(frozen=True, slots=True)
class Near:
    """Words on one page of which each has the next one near it: at most ``between`` others between, in either order."""

    text: str
    between: int
    field: Words = "text"


@dataclass(frozen=True, slots=True)
class Years:
    """Years of issue from ``first`` to ``last``, both included; None is open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Dates:
    """Days of issue, as numbers YYYYMMDD, both included; None is open. Any day in common will do."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Value:
    """A fact of the item.

    ``language`` (a BCP 47 tag), ``type`` and ``access`` (codes), ``format`` (a PUID),
    ``identifier`` (see :func:`search.identifiers.identifier`) or ``subject`` (a concept's URI).
    """

    field: Fact
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be there."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """All of these; at least two."""

    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these; at least two."""

    nodes: "tuple[Node, ...]"


Wording: TypeAlias = Word | Prefix | Fuzzy | Phrase | Near
Leaf: TypeAlias = Wording | Years | Dates | Value
Node: TypeAlias = Leaf | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood. ``node`` is None where nothing was; ``blank`` when nothing was asked."""

    node: Node | None
    problems: tuple[Problem, ...]
    blank: bool


def takes_words(field: Field) -> TypeGuard[Words]:
    """Say whether what stands after a field is words, not a value."""
    return field in get_args(Words)


def wanted(node: Node) -> Iterator[Wording]:
    """Yield the words that are asked for, not those that must be absent."""
    if isinstance(node, And | Or):
        for part in node.nodes:
            yield from wanted(part)
    elif isinstance(node, Wording):
        yield node


def join(kind: type[And] | type[Or], nodes: Sequence[Node]) -> Node | None:
    """Return the nodes as one, None where there are none."""
    if len(nodes) < 2:
        return nodes[0] if nodes else None
    return kind(tuple(nodes))
