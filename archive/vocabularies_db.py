"""vocabularies.db: the vocabularies of a library, made ready to be asked, of forty thousand concepts as of forty.

A file of SQLite that is never written to: a changed one is made beside it and put in its place, so that
readers need no locks and see the old or the new. All of it is made from the archive (:mod:`archive.vocabularies`).
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from metadata.concepts import SORTED_IN, bare_key, in_reading_order, keys_of, ordered, prefix
from metadata.model import Concept, Text

EDITION = "1"
HERE, GONE, REPLACED, SHADOWED = 0, 1, 2, 3
"""How a concept is: here; no longer in its vocabulary; another counts in its place; another vocabulary has it first."""

_TABLES = """
CREATE TABLE made (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE vocabularies (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, version TEXT, uri TEXT, titles BLOB, concepts INTEGER,
    prefix TEXT, place INTEGER);
CREATE TABLE concepts (
    number INTEGER PRIMARY KEY, vocabulary INTEGER, uri TEXT, state INTEGER, replaceable INTEGER, data BLOB);
CREATE TABLE labels (
    bare TEXT, vocabulary INTEGER, concept INTEGER, language TEXT, key TEXT,
    PRIMARY KEY (bare, vocabulary, concept, language, key)) WITHOUT ROWID;
CREATE TABLE below (
    parent INTEGER, language TEXT, rank INTEGER, child INTEGER, PRIMARY KEY (parent, language, rank)) WITHOUT ROWID;
CREATE TABLE matches (target TEXT, concept INTEGER, PRIMARY KEY (target, concept)) WITHOUT ROWID;
CREATE TABLE replaced (old TEXT PRIMARY KEY, new TEXT) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX concepts_by_uri ON concepts (uri, state);
CREATE INDEX concepts_replaceable ON concepts (number) WHERE replaceable;
"""
_encode = msgspec.json.Encoder().encode
_texts = msgspec.json.Decoder(tuple[Text, ...])
_concept = msgspec.json.Decoder(Concept)


@dataclass(frozen=True, slots=True)
class Filled:
    """A vocabulary to be put into the file; ``gone`` are the concepts that former versions of it had."""

    id: str
    version: str
    uri: str
    titles: tuple[Text, ...]
    concepts: Mapping[str, Concept]
    top: Sequence[str]
    gone: Sequence[Concept] = ()


def connect(path: Path) -> sqlite3.Connection:
    """Open a file that nobody will write to."""
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1"
    return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)


def made(path: Path) -> Mapping[str, str]:
    """Return what a file was made of; nothing where there is none, or none that can be read."""
    try:
        with closing(connect(path)) as connection:
            return dict(connection.execute("SELECT name, value FROM made").fetchall())
    except sqlite3.DatabaseError:
        return {}


def versions(path: Path) -> Mapping[str, str]:
    """Return the version of each vocabulary in a file, by id, the first in place first."""
    with closing(connect(path)) as connection:
        return dict(connection.execute("SELECT id, version FROM vocabularies ORDER BY place").fetchall())


def decode_concept(data: bytes) -> Concept:
    """Return a concept as it stands in the file."""
    return _concept.decode(data)


def decode_texts(data: bytes) -> tuple[Text, ...]:
    """Return texts as they stand in the file."""
    return _texts.decode(data)


class Making:
    """A file in the making at ``path``: a copy of a former one, or new. Used as a context; it is then complete."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        execute = self._connection.execute
        execute("PRAGMA journal_mode=OFF")  # nobody looks at it before it is whole
        execute("PRAGMA synchronous=OFF")
        execute("PRAGMA cache_size=-32768")
        execute("BEGIN")

    def __enter__(self) -> "Making":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        self._connection.close()

    def create(self) -> None:
        """Make the tables."""
        for statement in _TABLES.split(";\n"):
            self._connection.execute(statement)

    def index(self) -> None:
        """Make the indexes that are missing."""
        for statement in _INDEXES.strip().split("\n"):
            self._connection.execute(statement.replace("INDEX", "INDEX IF NOT EXISTS"))

    def drop(self, vocabulary: str) -> None:
        """Take a vocabulary out; nothing where it is not there."""
        for (number,) in self._connection.execute("SELECT number FROM vocabularies WHERE id = ?", (vocabulary,)):
            mine = "(SELECT number FROM concepts WHERE vocabulary = ?1)"
            self._connection.execute(f"DELETE FROM below WHERE parent = -?1 OR parent IN {mine}", (number,))  # noqa: S608
            self._connection.execute(f"DELETE FROM matches WHERE concept IN {mine}", (number,))  # noqa: S608
            self._connection.execute("DELETE FROM labels WHERE vocabulary = ?", (number,))
            self._connection.execute("DELETE FROM concepts WHERE vocabulary = ?", (number,))
            self._connection.execute("DELETE FROM vocabularies WHERE number = ?", (number,))

    def fill(self, filled: Filled) -> None:
        """Put a vocabulary in."""
        execute = self._connection.execute
        taken = "SELECT coalesce(max(number), 0) + 1 FROM"
        vocabulary = int(execute(f"{taken} vocabularies").fetchone()[0])
        first = int(execute(f"{taken} concepts").fetchone()[0])
        about = (vocabulary, filled.id, filled.version, filled.uri, _encode(filled.titles), len(filled.concepts))
        execute("INSERT INTO vocabularies VALUES (?, ?, ?, ?, ?, ?, ?, 0)", (*about, prefix(filled.concepts)))
        numbers = {uri: number for number, uri in enumerate(filled.concepts, first)}
        self._put("concepts", 6, _concept_rows(filled, vocabulary, first))
        self._put("labels", 5, sorted(set(_label_rows(filled, vocabulary, numbers))))
        self._put("matches", 2, _match_rows(filled, numbers))
        self._put("below", 4, _below_rows(filled, vocabulary, numbers))

    def finish(self, own: str, order: Sequence[str], about: Mapping[str, str]) -> None:
        """Say which is the library's own and how the others follow, and what counts in place of what."""
        execute = self._connection.execute
        for place, name in enumerate(sorted(order, key=lambda one: one != own)):
            execute("UPDATE vocabularies SET place = ? WHERE id = ?", (place, name))
        self.index()
        execute("UPDATE concepts SET state = 0 WHERE state > 1")
        execute(_SHADOW)
        execute("DELETE FROM replaced")
        self._put("replaced", 2, self._replaced())
        execute("UPDATE concepts SET state = 2 WHERE state = 0 AND uri IN (SELECT old FROM replaced)")
        execute("DELETE FROM made")
        self._put("made", 2, {**about, "edition": EDITION, "own": own}.items())

    def _replaced(self) -> list[tuple[str, str]]:
        """Return (old, new) for each concept that another counts in place of, the chains followed to their ends."""
        direct: dict[str, str] = {}
        for data, state in self._connection.execute("SELECT data, state FROM concepts WHERE replaceable"):
            concept = _concept.decode(data)
            follow = self._here(concept.replaced_by)
            if not follow and state == GONE:
                follow = self._here((*concept.exact_matches, *self._matching(concept.uri)))
            if len(follow) == 1:
                direct[concept.uri] = follow[0]
        found = ((old, _end(old, direct)) for old in direct)
        return [(old, new) for old, new in found if new and new != old and not self._is_gone(new)]

    def _here(self, uris: Iterable[str]) -> list[str]:
        asked = "SELECT 1 FROM concepts WHERE uri = ? AND state < 3"
        return [uri for uri in dict.fromkeys(uris) if self._connection.execute(asked, (uri,)).fetchone()]

    def _is_gone(self, uri: str) -> bool:
        return self._connection.execute("SELECT 1 FROM concepts WHERE uri = ? AND state = 0", (uri,)).fetchone() is None

    def _matching(self, uri: str) -> list[str]:
        asked = "SELECT c.uri FROM matches m JOIN concepts c ON c.number = m.concept WHERE m.target = ? AND c.state = 0"
        return [found for (found,) in self._connection.execute(asked, (uri,))]

    def _put(self, table: str, width: int, rows: Iterable[tuple[object, ...]]) -> None:
        marks = ", ".join("?" * width)
        self._connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608 - ours


_SHADOW = """UPDATE concepts SET state = 3 WHERE state < 2 AND uri IN
(SELECT uri FROM concepts GROUP BY uri HAVING count(*) > 1) AND number <> (
SELECT c.number FROM concepts c JOIN vocabularies v ON v.number = c.vocabulary
WHERE c.uri = concepts.uri ORDER BY c.state & 1, v.place LIMIT 1)"""


def _end(old: str, direct: Mapping[str, str]) -> str:
    """Return where a chain of replacements ends; ``""`` for a circle."""
    seen = {old}
    while old in direct:
        old = direct[old]
        if old in seen:
            return ""
        seen.add(old)
    return old


def _concept_rows(filled: Filled, vocabulary: int, first: int) -> Iterator[tuple[object, ...]]:
    gone = [one for one in filled.gone if one.uri not in filled.concepts]
    for number, one in enumerate((*filled.concepts.values(), *gone), first):
        is_gone = one.uri not in filled.concepts
        yield number, vocabulary, one.uri, GONE if is_gone else HERE, bool(one.replaced_by) or is_gone, _encode(one)


def _label_rows(filled: Filled, vocabulary: int, numbers: Mapping[str, int]) -> Iterator[tuple[object, ...]]:
    for uri, concept in filled.concepts.items():
        for key, language in keys_of(concept):
            yield bare_key(key)[1:], vocabulary, numbers[uri], language, key


def _match_rows(filled: Filled, numbers: Mapping[str, int]) -> Iterator[tuple[object, ...]]:
    for uri, concept in filled.concepts.items():
        yield from ((target, numbers[uri]) for target in concept.exact_matches)


def _below_rows(filled: Filled, vocabulary: int, numbers: Mapping[str, int]) -> Iterator[tuple[object, ...]]:
    """Yield the children of each concept, and the top ones, in the orders that they are asked for in."""
    children: dict[int, list[Concept]] = {-vocabulary: [filled.concepts[uri] for uri in filled.top]}
    for concept in filled.concepts.values():
        for parent in concept.broader:
            if parent in numbers:
                children.setdefault(numbers[parent], []).append(concept)
    for parent_number, found in children.items():
        if len(found) == 1:
            yield parent_number, "", 0, numbers[found[0].uri]
            continue
        by_notation = ordered((one.uri for one in found), filled.concepts)
        yield from ((parent_number, "", rank, numbers[uri]) for rank, uri in enumerate(by_notation))
        for language in SORTED_IN:
            placed = in_reading_order(found, language)
            yield from ((parent_number, language, rank, numbers[one.uri]) for rank, one in enumerate(placed))
