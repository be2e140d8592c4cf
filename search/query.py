"""The query language: from what somebody typed to a small typed tree.

::

    query   = any
    any     = all { "OR" all }
    all     = part { ["AND"] part }
    part    = { "-" | "NOT" } ( "(" any ")" | field ":" part | phrase | word )
    phrase  = '"' words '"' [ "~" [ number ] ]         (also “ ” „ « »)
    word    = letters [ "*" | "~" [ "1" | "2" ] ]
    field   = a name of search.query_tokens.FIELDS, in English, French or Spanish
    span    = bound ".." bound | ".." bound | bound ".." | [ ">" | ">=" | "<" | "<=" ] bound
    bound   = year | year "-" month [ "-" day ]        (the value of year: and date:)

All words are wanted, each somewhere in the item: in its description or on any page; those of a
phrase stand on one. Accents and upper case do not matter, except in ``OR``, ``AND`` and
``NOT``. No input raises: what cannot be understood becomes a Problem with its position
(characters, counted from 1) and the rest of the query still stands.
"""

import unicodedata
from dataclasses import replace

from metadata.folding import fold
from metadata.problems import Problem, problem
from search.query_tokens import FIELDS, Token, tokens
from search.query_tree import (
    And,
    Dates,
    Field,
    Fuzzy,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Value,
    Word,
    Wording,
    Words,
    Years,
    join,
    takes_words,
    wanted,
)
from search.query_values import EXAMPLES, fact

__all__ = (
    "And", "Dates", "Fuzzy", "Near", "Node", "Not", "Or", "Phrase", "Prefix", "Query", "Value", "Word", "Years",
    "parse", "wanted",
)  # fmt: skip

LONGEST = 256
MOST_TERMS = 32
MOST_OPEN = 4
"""Words with a star or a tilde: each stands for any number of words of the index, and costs accordingly."""
DEEPEST = 8
SHORTEST_PREFIX = 2
SHORTEST_FUZZY = 3
FURTHEST = 2
LONG_WORD = 6
"""From so many letters on, a word with a bare tilde may differ in two of them."""
MOST_BETWEEN = 50
BETWEEN = 10
"""Words between those of a phrase with a bare tilde."""
MOST_ALIKE = 3
"""Remarks of one kind; nobody reads more."""


def parse(text: str) -> Query:
    """Return the tree of a query and what was wrong with it; never raises."""
    cut = text[:LONGEST]
    found = tokens(cut)
    parser = _Parser(found)
    if len(text) > LONGEST:
        parser.note("query-too-long", limit=LONGEST)
    node = parser.whole()
    return Query(node, tuple(parser.problems), blank=not found)


class _Parser:
    """One pass over the tokens of one query."""

    def __init__(self, tokens: list[Token]) -> None:
        self.problems: list[Problem] = []
        self._tokens = tokens
        self._next = 0
        self._terms = 0
        self._open = 0
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
        return join(And, nodes)

    def _peek(self) -> str:
        return self._tokens[self._next].kind if self._next < len(self._tokens) else ""

    def _kinds(self, number: int) -> tuple[str, ...]:
        return tuple(token.kind for token in self._tokens[self._next : self._next + number])

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _any(self, field: Field) -> Node | None:
        nodes: list[Node] = []
        joint: Token | None = None
        while True:
            node = self._all(field)
            if joint and not (node and nodes):
                self._stray(joint)
            nodes += [node] if node else []
            if self._peek() != "or":
                return join(Or, nodes)
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
        return join(And, nodes)

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

    def _negation(self, token: Token, field: Field) -> Node | None:
        while self._peek() in ("not", "minus"):
            self._take()
        if self._peek() in ("", "or", "close", "and"):
            self._stray(token)
            return None
        node = self._part(field)
        return Not(node) if node else None

    def _group(self, token: Token, field: Field) -> Node | None:
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

    def _fielded(self, token: Token, field: Field) -> Node | None:
        named = FIELDS.get(fold(token.text))
        if named and self._peek() in _READABLE:
            return self._part(named)
        if named in ("year", "date") and self._kinds(2) in _BEFORE_CHRIST:
            minus = self._take()
            return self._leaf(replace(minus, kind="word", text=f"-{self._take().text}"), named)
        if named and self._peek() in ("minus", "not"):
            return self._negation(self._take(), named)
        if named and self._peek() != "field":
            self._stray(replace(token, text=f"{token.text}:"))
            return None
        if not named:
            fields = ", ".join(dict.fromkeys(FIELDS.values()))
            self.note("query-field-unknown", field=token.text, position=token.position, fields=fields)
        return self._leaf(replace(token, kind="word"), field)

    def _close_stray(self) -> None:
        self._stray(self._take())

    def _stray(self, token: Token) -> None:
        self.note("query-stray", text=token.text, position=token.position)

    def _leaf(self, token: Token, field: Field) -> Node | None:
        if not any(map(str.isalnum, token.text)):
            self._stray(replace(token, text=token.text.strip() or '" "'))
            return None
        if not token.whole:
            self.note("query-unclosed", mark='"', position=token.position)
        if self._terms == MOST_TERMS:
            self._crowded(token)
            return None
        self._terms += 1
        if takes_words(field) and not (field == "subject" and "://" in token.text):
            return self._wording(token, field)
        return self._fact(token, field)

    def _crowded(self, token: Token) -> None:
        if all(found.code != "query-too-many-terms" for found in self.problems):
            self.note("query-too-many-terms", limit=MOST_TERMS, position=token.position)

    def _fact(self, token: Token, field: Field) -> Node | None:
        if field == "subject":
            return Value("subject", token.text)
        leaf = fact(token.text, field) if token.kind in ("word", "phrase") else None
        if leaf is None:
            example = EXAMPLES[field]
            self.note("query-value-unknown", value=token.text, position=token.position, field=field, example=example)
        return leaf

    def _wording(self, token: Token, field: Words) -> Wording:
        text = _plain(token.text)
        if token.kind == "phrase":
            return Phrase(text, field)
        if token.kind == "near":
            return Near(text, self._between(token), field)
        return Word(text, field) if token.kind == "word" else self._open_word(replace(token, text=text), field)

    def _between(self, token: Token) -> int:
        if token.number > MOST_BETWEEN:
            self.note("query-near-far", number=token.number, position=token.position, limit=MOST_BETWEEN)
        return min(token.number, MOST_BETWEEN) if token.number >= 0 else BETWEEN

    def _open_word(self, token: Token, field: Words) -> Wording:
        """Read a word with a star or a tilde; as it stands where it is too short or one too many."""
        letters = sum(map(str.isalnum, token.text))
        code, fewest = _SHORT[token.kind]
        if letters < fewest:
            self.note(code, text=token.text, position=token.position, limit=fewest)
            return Word(token.text, field)
        if self._open == MOST_OPEN:
            self.note("query-too-many-open", text=token.text, position=token.position, limit=MOST_OPEN)
            return Word(token.text, field)
        self._open += 1
        return Prefix(token.text, field) if token.kind == "prefix" else self._fuzzy(token, letters, field)

    def _fuzzy(self, token: Token, letters: int, field: Words) -> Wording:
        if token.number > FURTHEST:
            self.note("query-fuzzy-far", text=token.text, position=token.position, limit=FURTHEST)
        if token.number == 0:
            return Word(token.text, field)
        distance = token.number if token.number > 0 else 2 if letters >= LONG_WORD else 1
        return Fuzzy(token.text, min(distance, FURTHEST), field)


_BEFORE_CHRIST = (("minus", "word"), ("minus", "phrase"))  # no value of a field, but meant as one
_READABLE = frozenset(("open", "phrase", "near", "word", "prefix", "fuzzy"))
_SHORT = {"prefix": ("query-prefix-short", SHORTEST_PREFIX), "fuzzy": ("query-fuzzy-short", SHORTEST_FUZZY)}


def _plain(text: str) -> str:
    """Compose accents (NFC) and drop what cannot be seen, as documents are prepared too."""
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", visible)
