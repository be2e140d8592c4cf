"""The query language: from what somebody typed to a small typed tree.

::

    query   = any
    any     = all { "OR" all }
    all     = part { ["AND"] part }
    part    = { "-" | "NOT" } ( "(" any ")" | field ":" part | phrase | word ["*"] )
    phrase  = '"' words '"'         (also “ ” „ « »)
    field   = "title" | "year" | "language" | "type" | "format"   (or its name in French or Spanish)

All words are wanted. Accents and upper case do not matter, except in ``OR``, ``AND`` and
``NOT``. No input raises: what cannot be understood becomes a Problem with its position
(characters, counted from 1) and the rest of the query still stands.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from metadata.folding import fold
from metadata.formats import puids_named
from metadata.languages import from_code
from metadata.problems import Problem, problem
from metadata.types import from_label

LONGEST = 256
MOST_TERMS = 32
DEEPEST = 8
SHORTEST_PREFIX = 2
MOST_ALIKE = 3
"""Remarks of one kind; nobody reads more."""

Field = Literal["text", "title", "year", "language", "type", "format"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed; an engine analyses it as it analyses the text."""

    text: str
    field: Field = "text"


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a word."""

    text: str
    field: Field = "text"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side, exactly so but for accents and case."""

    text: str
    field: Field = "text"


@dataclass(frozen=True, slots=True)
class Years:
    """Years of issue from ``first`` to ``last``, both included; None is open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Value:
    """A fact of the item: ``language`` (a BCP 47 tag), ``type`` (a code) or ``format`` (a PUID)."""

    field: Field
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


Leaf: TypeAlias = Word | Prefix | Phrase | Years | Value
Node: TypeAlias = Leaf | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood. ``node`` is None where nothing was; ``blank`` when nothing was asked."""

    node: Node | None
    problems: tuple[Problem, ...]
    blank: bool


def parse(text: str) -> Query:
    """Return the tree of a query and what was wrong with it; never raises."""
    cleaned = "".join(map(_printable, text[:LONGEST]))
    parser = _Parser(_tokens(cleaned))
    if len(text) > LONGEST:
        parser.note("query-too-long", limit=LONGEST)
    node = parser.whole()
    return Query(node, tuple(parser.problems), blank=not cleaned.strip())


def wanted(node: Node) -> Iterator[Word | Prefix | Phrase]:
    """Yield the words that are asked for, not those that must be absent."""
    if isinstance(node, And | Or):
        for part in node.nodes:
            yield from wanted(part)
    elif isinstance(node, Word | Prefix | Phrase):
        yield node


_QUOTES = '"“”„‟«»＂'
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | [{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?P<closed>[{_QUOTES}]?)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<or>OR(?![^\s()]))
  | (?P<and>AND(?![^\s()]))
  | (?P<not>NOT(?![^\s()]))
  | (?P<minus>[-−](?=[^\s)]))
  | (?P<field>[^\W\d_]+):(?=[^\s)/])
  | (?P<stray>~\d*|\*+)
  | (?P<word>[^\s()~*{_QUOTES}]+)(?P<star>\*?)
    """,
    re.VERBOSE,
)

_FIELDS: dict[str, Field] = {
    "title": "title", "titre": "title", "titulo": "title",
    "year": "year", "annee": "year", "ano": "year",
    "language": "language", "langue": "language", "idioma": "language", "lengua": "language",
    "type": "type", "tipo": "type",
    "format": "format", "formato": "format",
}  # fmt: skip
_EXAMPLES = {"year": "year:1990..2005", "language": "language:fr", "type": "type:report", "format": "format:pdf"}
_YEARS = re.compile(r"(\d{1,4})?(?:(\.\.)(\d{1,4})?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int
    whole: bool = True  # of a phrase: its closing quote is there


def _printable(character: str) -> str:
    """Replace controls and lone surrogates by a space, so that positions stay."""
    return " " if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character


def _tokens(text: str) -> list[_Token]:
    matches = (match for match in _TOKEN.finditer(text) if match.lastgroup != "space")
    return [_token(match) for match in matches]


def _token(match: re.Match[str]) -> _Token:
    position = match.start() + 1
    if match["phrase"] is not None:
        return _Token("phrase", match["phrase"], position, bool(match["closed"]))
    if match["word"] is not None:
        return _Token("prefix" if match["star"] else "word", match["word"], position)
    kind = match.lastgroup or ""
    return _Token(kind, match[kind], position)


class _Parser:
    """One pass over the tokens of one query."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.problems: list[Problem] = []
        self._tokens = tokens
        self._next = 0
        self._terms = 0
        self._depth = 0
        self._overlooked = 0  # parentheses too deep, whose closing is not to be missed

    def note(self, code: str, **params: object) -> None:
        """Put down a fault, each once, and no kind of fault more than a few times."""
        found = problem(code, **params)
        alike = [known for known in self.problems if known.code == code]
        if found not in alike and len(alike) < MOST_ALIKE:
            self.problems.append(found)

    def whole(self) -> Node | None:
        """Read to the end, whatever stands there."""
        nodes: list[Node] = []
        while self._peek():
            node = self._any("text")
            nodes += [node] if node else []
            while self._peek() == "close":
                self._close_stray()
        return _join(And, nodes)

    def _peek(self) -> str:
        return self._tokens[self._next].kind if self._next < len(self._tokens) else ""

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _any(self, field: Field) -> Node | None:
        nodes: list[Node] = []
        joint: _Token | None = None
        while True:
            node = self._all(field)
            if joint and not (node and nodes):
                self._stray(joint)
            nodes += [node] if node else []
            if self._peek() != "or":
                return _join(Or, nodes)
            joint = self._take()

    def _all(self, field: Field) -> Node | None:
        nodes: list[Node] = []
        while not self._at_end_of_all():
            if self._peek() == "and":
                joint = self._take()
                if not nodes or self._at_end_of_all():
                    self._stray(joint)
                continue
            node = self._part(field)
            nodes += [node] if node else []
        return _join(And, nodes)

    def _at_end_of_all(self) -> bool:
        return self._peek() in ("", "or") or (self._peek() == "close" and not self._overlooked)

    def _part(self, field: Field) -> Node | None:
        token = self._take()
        if token.kind in ("not", "minus"):
            return self._negation(token, field)
        if token.kind == "open":
            return self._group(token, field)
        if token.kind == "field":
            return self._fielded(token, field)
        if token.kind == "close":
            self._overlooked -= 1
        elif token.kind == "stray":
            self._stray(token)
        else:
            return self._leaf(token, field)
        return None

    def _negation(self, token: _Token, field: Field) -> Node | None:
        while self._peek() in ("not", "minus"):
            self._take()
        if self._peek() in ("", "or", "close", "and"):
            self._stray(token)
            return None
        node = self._part(field)
        return Not(node) if node else None

    def _group(self, token: _Token, field: Field) -> Node | None:
        if self._depth == DEEPEST:
            self.note("query-too-deep", limit=DEEPEST, position=token.position)
            self._overlooked += 1
            return None
        self._depth += 1
        node = self._any(field)
        self._depth -= 1
        if self._peek() == "close":
            self._take()
        elif node:
            self.note("query-unclosed", mark="(", position=token.position)
        if not node:
            self._stray(replace(token, text="( )"))
        return node

    def _fielded(self, token: _Token, field: Field) -> Node | None:
        named = _FIELDS.get(fold(token.text))
        if named and self._peek() in ("open", "phrase", "word", "prefix"):
            return self._part(named)
        if not named:
            fields = ", ".join(dict.fromkeys(_FIELDS.values()))
            self.note("query-field-unknown", field=token.text, position=token.position, fields=fields)
        return self._leaf(replace(token, kind="word"), field)

    def _close_stray(self) -> None:
        self._stray(self._take())

    def _stray(self, token: _Token) -> None:
        self.note("query-stray", text=token.text, position=token.position)

    def _leaf(self, token: _Token, field: Field) -> Node | None:
        if not any(map(str.isalnum, token.text)):
            self._stray(replace(token, text=token.text.strip() or '" "'))
            return None
        if not token.whole:
            self.note("query-unclosed", mark='"', position=token.position)
        if self._terms == MOST_TERMS:
            self._crowded(token)
            return None
        self._terms += 1
        return self._fact(token, field) if field in _EXAMPLES else self._text(token, field)

    def _crowded(self, token: _Token) -> None:
        if all(found.code != "query-too-many-terms" for found in self.problems):
            self.note("query-too-many-terms", limit=MOST_TERMS, position=token.position)

    def _text(self, token: _Token, field: Field) -> Leaf:
        text = _plain(token.text)
        if token.kind == "phrase":
            return Phrase(text, field)
        if token.kind == "prefix" and sum(map(str.isalnum, text)) >= SHORTEST_PREFIX:
            return Prefix(text, field)
        if token.kind == "prefix":
            self.note("query-prefix-short", text=text, position=token.position, limit=SHORTEST_PREFIX)
        return Word(text, field)

    def _fact(self, token: _Token, field: Field) -> Node | None:
        leaf = _years(token.text) if field == "year" else _value(token.text, field)
        if leaf is None or token.kind == "prefix":
            example = _EXAMPLES[field]
            self.note("query-value-unknown", value=token.text, position=token.position, field=field, example=example)
            return None
        return leaf


def _years(text: str) -> Years | None:
    match = _YEARS.fullmatch(text.strip())
    if not match or not (match[1] or match[3]):
        return None
    first, last = (int(year) if year else None for year in (match[1], match[3]))
    return Years(first, last if match[2] else first)


def _value(text: str, field: Field) -> Node | None:
    """Return the fact that a code or a name means; the name of a format means all its versions."""
    if field == "format":
        return _join(Or, [Value(field, puid) for puid in puids_named(text)])
    known = from_code(text) if field == "language" else from_label(text)
    return Value(field, known) if known else None


def _plain(text: str) -> str:
    """Compose accents (NFC) and drop what cannot be seen, as documents are prepared too."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", visible)


def _join(kind: type[And] | type[Or], nodes: list[Node]) -> Node | None:
    if len(nodes) < 2:
        return nodes[0] if nodes else None
    return kind(tuple(nodes))
