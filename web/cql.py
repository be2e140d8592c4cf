"""CQL 1.2, the part of it that the search can answer, said in the library's own query language.

::

    query    = clause { ("and" | "or" | "not") clause }       from left to right, as CQL has it
    clause   = "(" query ")" | [ index relation ] term
    relation = "=" | "any" | "all" | "adj" | "==" | "exact" | "<" | ">" | "<=" | ">=" | "within"

The numbers of faults are those of SRU's diagnostics (http://www.loc.gov/standards/sru/diagnostics/).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from search.query import DEEPEST, parse

LONGEST_CQL = 1_000
INDEXES = {
    "cql.serverchoice": "", "cql.anywhere": "", "cql.anyindexes": "", "cql.allindexes": "", "cql.keywords": "",
    "dc.title": "title", "title": "title", "dc.date": "year", "year": "year", "dc.language": "language",
    "language": "language", "dc.type": "type", "type": "type", "dc.format": "format", "format": "format",
    "dc.creator": "author", "author": "author", "dc.publisher": "publisher", "dc.subject": "subject",
    "dc.coverage": "place", "dc.identifier": "identifier", "bath.isbn": "identifier", "bath.issn": "identifier",
}  # fmt: skip
"""The indexes there are, in lower case, and the field of the query language that each is."""

SETS = frozenset(("cql", "dc", "rec", "bath"))
"""Context sets whose names are known."""

_ALL = "cql.allrecords"
_FACTS = frozenset(("year", "language", "type", "format", "identifier"))
_TOKEN = re.compile(
    r'\s*(?:"(?P<string>(?:\\.|[^"\\])*)"|(?P<sign><=|>=|<>|==|[=<>/()])|(?P<bare>[^\s()=<>"/]+))', re.S
)
_BOOLEANS = frozenset(("and", "or", "not", "prox"))
_RELATIONS = frozenset(("=", "==", "<", ">", "<=", ">=", "<>", "any", "all", "adj", "exact", "within", "scr",
                        "encloses", "cql.any", "cql.all", "cql.adj", "cql.exact", "cql.within", "cql.scr"))  # fmt: skip
_MASKED = re.compile(r"(?<!\\)(?:\\\\)*([*?^])")
_PLAIN = re.compile(r"\w[\w'’&.,+-]*")
_RESERVED = frozenset(("AND", "OR", "NOT"))
_FAULTS = {
    "query-too-long": 12, "query-too-many-terms": 38, "query-too-deep": 13, "query-prefix-short": 29,
    "query-value-unknown": 36, "query-field-unknown": 16,
}  # fmt: skip


class CqlError(ValueError):
    """The query cannot be answered: ``code`` is the number of a diagnostic, ``details`` what it is about."""

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    is_string: bool = False

    @property
    def name(self) -> str:
        """The token as a word of the language, ``""`` where it stands in quotes."""
        return "" if self.is_string else self.text.lower()


@dataclass(frozen=True, slots=True)
class _Clause:
    """Parts of the query language, each complete, and what joins them: ``AND``, ``OR`` or nothing."""

    parts: tuple[str, ...]
    joint: str = ""

    def __str__(self) -> str:
        return (" OR " if self.joint == "OR" else " ").join(self.parts)

    def parted(self, joint: str) -> tuple[str, ...]:
        """Return the parts to be joined with others by ``joint``."""
        return self.parts if joint == self.joint or len(self.parts) == 1 else (f"({self})",)


def translated(cql: str) -> str:
    """Return a CQL query in the library's query language, ``""`` for all records; raises CqlError."""
    if len(cql) > LONGEST_CQL:
        raise CqlError(12, str(LONGEST_CQL))
    parser = _Parser(list(_tokens(cql)))
    text = str(parser.query(0))
    parser.require_end()
    for fault in parse(text).problems:
        raise CqlError(_FAULTS.get(fault.code, 10), fault.message())
    return text


def _tokens(cql: str) -> Iterator[_Token]:
    at, end = 0, len(cql.rstrip())
    while at < end:
        found = _TOKEN.match(cql, at)
        if not found:
            raise CqlError(14 if cql[at:].lstrip().startswith('"') else 10, f"character {at + 1}")
        yield _Token(found[found.lastgroup or 0], found.lastgroup == "string")
        at = found.end()


class _Parser:
    """One pass over the tokens of one query."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def query(self, depth: int) -> _Clause:
        """Read clauses and what joins them, up to the end or a closing parenthesis."""
        clause = self._clause(depth)
        while self._peek() in _BOOLEANS:
            clause = _joined(clause, self._boolean(), self._clause(depth))
        return clause

    def require_end(self) -> None:
        """Raise CqlError where anything is left."""
        if self._peek() == "sortby":
            raise CqlError(80)
        if self._next < len(self._tokens):
            raise CqlError(13 if self._peek() == ")" else 10, self._tokens[self._next].text)

    def _peek(self, ahead: int = 0) -> str:
        at = self._next + ahead
        return self._tokens[at].name if at < len(self._tokens) else ""

    def _take(self) -> _Token:
        if self._next == len(self._tokens):
            raise CqlError(10, "The query ends too early.")
        self._next += 1
        return self._tokens[self._next - 1]

    def _boolean(self) -> str:
        name = self._take().name
        if name == "prox":
            raise CqlError(39)
        if self._peek() == "/":
            raise CqlError(46)
        return name

    def _clause(self, depth: int) -> _Clause:
        if self._peek() == ">":
            raise CqlError(48, "prefix assignment")
        if self._peek() == "(":
            return self._group(depth)
        token = self._take()
        if self._peek() in _RELATIONS:
            index, relation = _index(token), self._relation()
            return _searched(index, relation, self._term(self._take()))
        return _searched("", "=", self._term(token))

    def _group(self, depth: int) -> _Clause:
        self._take()
        if depth == DEEPEST:
            raise CqlError(13, f"more than {DEEPEST} deep")
        clause = self.query(depth + 1)
        if self._peek() != ")":
            raise CqlError(13, "A parenthesis is not closed.")
        self._take()
        return clause

    def _relation(self) -> str:
        relation = self._take().name.removeprefix("cql.")
        if self._peek() == "/":
            raise CqlError(20)
        return relation

    def _term(self, token: _Token) -> _Token:
        if token.name in ("=", "==", "<", ">", "<=", ">=", "<>", "/", "(", ")") or token.name in _BOOLEANS:
            raise CqlError(10, token.text)
        if not token.text.strip():
            raise CqlError(27)
        return token


def _joined(left: _Clause, name: str, right: _Clause) -> _Clause:
    if not all((*left.parts, *right.parts)):
        raise CqlError(48, "cql.allRecords together with others")
    if name == "not":
        inner = right.parted("")
        return _Clause((*left.parted("AND"), f"-{inner[0]}"), "AND")
    joint = name.upper()
    return _Clause((*left.parted(joint), *right.parted(joint)), joint)


def _index(token: _Token) -> str:
    name = token.text.lower()
    if name == _ALL:
        return _ALL
    if name not in INDEXES:
        prefix, dot, _ = name.partition(".")
        raise CqlError(15 if dot and prefix not in SETS else 16, token.text)
    return INDEXES[name]


def _searched(index: str, relation: str, term: _Token) -> _Clause:
    if index == _ALL:
        return _Clause(("",))
    if index in _FACTS:
        return _Clause((f"{index}:{_fact(index, relation, _unescaped(term.text))}",))
    if relation not in ("=", "scr", "any", "all", "adj"):
        raise CqlError(19, relation)
    words = term.text.split()
    if len(words) > 1 and relation in ("=", "scr", "adj"):
        return _Clause((_fielded(index, _quoted(term.text)),))
    joint = "OR" if relation == "any" else "AND"
    return _Clause(tuple(_fielded(index, _word(word)) for word in words), joint)


def _fact(index: str, relation: str, term: str) -> str:
    if relation in ("=", "==", "exact", "scr"):
        return _quotes(term)
    if index != "year":
        raise CqlError(19, relation)
    first, _, last = term.strip().partition(" ")
    year = _year(first)
    shapes = {"<": f"..{year - 1}", "<=": f"..{year}", ">": f"{year + 1}..", ">=": f"{year}.."}
    if relation == "within":
        return f"{year}..{_year(last.strip())}"
    if relation not in shapes or last:
        raise CqlError(19 if relation not in shapes else 36, relation if relation not in shapes else term)
    return shapes[relation]


def _year(text: str) -> int:
    if not re.fullmatch("[0-9]{4}", text):
        raise CqlError(36, text)
    return int(text)


def _fielded(index: str, text: str) -> str:
    return f"{index}:{text}" if index else text


def _word(text: str) -> str:
    """Return a word, or the beginning of one where an asterisk ends it."""
    masks = list(_MASKED.finditer(text))
    starred = bool(masks) and masks[0][1] == "*" and masks[0].end() == len(text)
    if masks and not starred:
        raise CqlError(31 if masks[0][1] == "^" else 28, text)
    plain = _unescaped(text[:-1] if starred else text)
    if not any(map(str.isalnum, plain)):
        raise CqlError(29 if starred else 27, text)
    if not _PLAIN.fullmatch(plain):
        if starred:
            raise CqlError(28, text)
        return _quotes(plain)
    return f"{plain}*" if starred else plain.lower() if plain in _RESERVED else plain


def _quoted(text: str) -> str:
    masked = _MASKED.search(text)
    if masked:
        raise CqlError(31 if masked[1] == "^" else 28, text)
    return _quotes(_unescaped(text))


def _quotes(text: str) -> str:
    """Return a phrase; quotation marks within it mean nothing to the search."""
    if not any(map(str.isalnum, text)):
        raise CqlError(27, text)
    return '"' + re.sub('["“”„‟«»＂]', " ", text) + '"'


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.S)
