"""What the words of a query stand for beside themselves: numbers in any spelling, concepts, agents by all names.

``place:Afrique`` is also whatever lies in Africa (:mod:`search.places`).

``978-2-8317-1185-0`` is an identifier, however it is spelt where it is catalogued; ``zone
humide`` is a label of the concept of wetlands, whatever the language of the record. Both are
looked for *or* the words as they stand, so that nothing is lost.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import TypeAlias

from metadata.standard_numbers import isbn
from metadata.vocabulary import Vocabulary
from search.analysis import core, terms
from search.engine import Agents, Bearer, Expansion, Meanings, nobody
from search.identifiers import identifier, looks_like_identifier
from search.places import named
from search.query_tree import And, Node, Or, Phrase, Value, Word, join

LONGEST_LABEL = 8
"""Words of a label that are read together at most."""

_Labelled = Callable[[str], Sequence[str]]
_Run: TypeAlias = Sequence[Word]


def meant(node: Node, vocabulary: Vocabulary | None, agents: Agents = nobody) -> tuple[Node, tuple[Expansion, ...]]:
    """Return the tree with what its words stand for, and which words were taken for concepts and agents.

    ``vocabulary`` None takes no words for concepts. Words that are a whole name of an agent also find what
    stands under its other names; a single word in no field is taken so for no person. What is excluded
    stays as it stands, and so do words that name several concepts of a vocabulary; in several
    vocabularies they may name one in each, and all of these count. Narrower concepts count, too:
    items are indexed with all broader ones.
    """
    with agents() as bearer:
        reader = _Reader(vocabulary.meanings if vocabulary else lambda _: (), bearer)
        return reader.read(node), tuple(reader.expansions)


def understood(node: Node | None, meanings: Meanings, expand: bool) -> tuple[Node | None, tuple[Expansion, ...]]:
    """Return what a query means to one reader; where it is not to be expanded numbers and places alone are read."""
    if node is None:
        return None, ()
    return meant(node, meanings.vocabulary, meanings.agents) if expand else meant(node, None)


class _Reader:
    def __init__(self, labelled: _Labelled, bearer: Bearer) -> None:
        self._labelled = labelled
        self._bearer = bearer
        self.expansions: list[Expansion] = []

    def read(self, node: Node) -> Node:
        """Return the node with what it stands for."""
        if isinstance(node, And):
            return join(And, list(self._conjunction(node.nodes))) or node
        if isinstance(node, Or):
            return Or(tuple(map(self.read, node.nodes)))
        if isinstance(node, Word):
            return self._run([node]) or node
        if isinstance(node, Phrase) and node.field == "author":
            return self._or(node, self._agents(node.text))
        if isinstance(node, Phrase) and node.field in ("text", "subject"):
            own = self._agents(node.text) if node.field == "text" else ()
            return self._or(node, [*self._named(node.text), *own])
        if isinstance(node, Phrase) and node.field == "place":
            return self._placed(node, node.text) or node
        return node

    def _conjunction(self, nodes: Sequence[Node]) -> Iterator[Node]:
        """Read words that follow each other as far as they name one thing together, the longest name first."""
        at = 0
        while at < len(nodes):
            words = _words(nodes[at : at + LONGEST_LABEL])
            runs = ((size, self._run(words[:size])) for size in range(len(words), 0, -1))
            size, found = next(((size, node) for size, node in runs if node), (1, None))
            yield found or (nodes[at] if words else self.read(nodes[at]))
            at += size

    def _run(self, words: _Run) -> Node | None:
        """Return what words of one field mean together, None where it is nothing."""
        node = join(And, words)
        if node is None or words[0].field not in ("text", "subject", "place", "author"):
            return None
        text = " ".join(word.text for word in words)
        if words[0].field == "text" and _is_identifier(text, len(words)):
            return Or((node, Value("identifier", identifier(text))))
        if words[0].field == "place":
            return self._placed(node, text)
        found: Sequence[Value] = ()
        if words[0].field != "author":
            found = self._named(text) or (self._named(core(text)) if len(words) == 1 else ())
        if words[0].field != "subject":
            found = [*found, *self._agents(text, may_be_person=len(words) > 1 or words[0].field == "author")]
        return self._or(node, found) if found else None

    @staticmethod
    def _placed(node: Node, text: str) -> Node | None:
        """Return the words or what lies in the country or region that they name; None where they name none."""
        term = named(text)
        return Or((node, Value("country", term))) if term else None

    def _named(self, text: str) -> Sequence[Value]:
        """Return the concepts with this label, one a vocabulary, and note them."""
        uris = self._labelled(text)
        self.expansions += [Expansion(text, uri) for uri in uris]
        return [Value("subject", uri) for uri in uris]

    def _agents(self, text: str, may_be_person: bool = True) -> Sequence[Value]:
        """Return the names that records have of the agent that bears this one, and note them; none for no others."""
        found = self._bearer(text)
        if not found or (found.kind == "person" and not may_be_person):
            return ()
        if {frozenset(terms(name)) for name in found.in_records} <= {frozenset(terms(text))}:
            return ()
        self.expansions.append(Expansion(text, "", agent=found.name, names=found.in_records))
        return [Value("agent", name) for name in found.in_records]

    @staticmethod
    def _or(node: Node, found: Sequence[Value]) -> Node:
        return Or((node, *found)) if found else node


def _words(nodes: Sequence[Node]) -> list[Word]:
    """Return the words at the beginning of these nodes, as far as they are of one field."""
    first = nodes[0]
    same = takewhile(
        lambda node: isinstance(node, Word) and isinstance(first, Word) and node.field == first.field, nodes
    )
    return [node for node in same if isinstance(node, Word)]


def _is_identifier(text: str, words: int) -> bool:
    """Say whether words are an identifier: one that is built like it, or the groups of an ISBN."""
    if words == 1:
        return looks_like_identifier(text)
    digits = text.replace(" ", "")
    return len(digits) in (10, 13) and digits[:-1].isdigit() and bool(isbn(digits))
