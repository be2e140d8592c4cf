"""The vocabularies of a library as one: asked of vocabularies.db, and as it is at that moment.

A file that is put in place of another is seen at the next question (:class:`LiveVocabulary`), in every process.
What is remembered is bounded, whatever the number of concepts.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, ItemsView, Iterator, Mapping, Sequence, ValuesView
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path

from archive.vocabularies import file_of
from archive.vocabularies_db import connect, decode_concept, decode_texts
from metadata.concepts import SORTED_IN, Scheme, Vocabulary, bare_key, closure, label_key
from metadata.errors import Outdated
from metadata.model import Concept, Text
from metadata.vocabulary import shipped

_CONCEPTS, _ANSWERS = 8192, 16_384  # that are remembered

_GET = """SELECT data FROM concepts WHERE uri = coalesce((SELECT new FROM replaced WHERE old = ?1), ?1)
AND state < 2 ORDER BY state LIMIT 1"""
_NAMED = """SELECT v.place, l.concept, l.key, coalesce(r.new, c.uri) FROM labels l
JOIN vocabularies v ON v.number = l.vocabulary JOIN concepts c ON c.number = l.concept
LEFT JOIN replaced r ON r.old = c.uri WHERE l.bare = ?1 AND (?2 = '' OR l.language IN ('', ?2))"""
_BELOW = """SELECT c.uri FROM below b JOIN concepts c ON c.number = b.child
WHERE b.parent = ?1 AND b.language = ?2 AND c.state IN (0, 3) ORDER BY b.rank LIMIT ?3 OFFSET ?4"""
_COUNT = """SELECT count(*) FROM below b JOIN concepts c ON c.number = b.child
WHERE b.parent = ?1 AND b.language = ?2 AND c.state IN (0, 3)"""
_IS_SORTED = "SELECT 1 FROM below WHERE parent = ? AND language = ? LIMIT 1"
_NUMBER_BELOW = """SELECT count(*) FROM concepts p JOIN below b ON b.parent = p.number AND b.language = ''
WHERE p.uri = ? AND p.state = 0"""
_PARENT = "SELECT number FROM concepts WHERE uri = ? AND state = 0"
_SCHEME_OF = """SELECT v.id FROM concepts c JOIN vocabularies v ON v.number = c.vocabulary
WHERE c.uri = coalesce((SELECT new FROM replaced WHERE old = ?1), ?1) AND c.state < 2 ORDER BY c.state LIMIT 1"""
_SCHEMES = "SELECT number, id, uri, titles, concepts, prefix, place FROM vocabularies ORDER BY place"


class _Concepts(Mapping[str, Concept]):
    """The concepts of a file, read one by one."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._get = lru_cache(_CONCEPTS)(self._read)

    def __getitem__(self, uri: str) -> Concept:
        found = self._get(uri)
        if found is None:
            raise KeyError(uri)
        return found

    def get(self, uri: str, default: Concept | None = None) -> Concept | None:  # type: ignore[override]
        return self._get(uri) or default

    def __contains__(self, uri: object) -> bool:
        return isinstance(uri, str) and self._get(uri) is not None

    def __iter__(self) -> Iterator[str]:
        return (concept.uri for concept in self.each())

    def __len__(self) -> int:
        with _reading(self._path):
            return int(self._connection.execute("SELECT count(*) FROM concepts WHERE state = 0").fetchone()[0])

    def values(self) -> ValuesView[Concept]:
        return _Values(self)

    def items(self) -> ItemsView[str, Concept]:
        return _Items(self)

    def each(self) -> Iterator[Concept]:
        """Yield the concepts that are here, in the order of the vocabularies and of their files."""
        asked = """SELECT c.data FROM vocabularies v JOIN concepts c ON c.vocabulary = v.number
        WHERE c.state = 0 ORDER BY v.place, c.number"""
        with _reading(self._path):
            for (data,) in self._connection.execute(asked):
                yield decode_concept(data)

    def _read(self, uri: str) -> Concept | None:
        with _reading(self._path):
            row = self._connection.execute(_GET, (uri,)).fetchone()
        return decode_concept(row[0]) if row else None


class _Values(ValuesView[Concept]):
    _mapping: _Concepts

    def __iter__(self) -> Iterator[Concept]:
        return self._mapping.each()


class _Items(ItemsView[str, Concept]):
    _mapping: _Concepts

    def __iter__(self) -> Iterator[tuple[str, Concept]]:
        return ((concept.uri, concept) for concept in self._mapping.each())


class StoredVocabulary(Vocabulary):
    """What one file holds."""

    _path: Path
    _connection: sqlite3.Connection
    _edition: str
    _numbers: Mapping[str, int]
    _schemes: tuple[Scheme, ...]
    _stored: _Concepts
    _found: Callable[[str, str], tuple[str, ...]]
    _above: Callable[[str], tuple[str, ...]]

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __init__(self, path: Path, edition: str = "") -> None:
        with _reading(path):
            connection = connect(path)
            rows = connection.execute(_SCHEMES).fetchall()
        set_ = object.__setattr__
        set_(self, "_path", path)
        set_(self, "_connection", connection)
        set_(self, "_edition", edition)
        set_(self, "_numbers", {row[1]: row[0] for row in rows})
        set_(self, "_schemes", tuple(_scheme(*row[1:]) for row in rows))
        set_(self, "_stored", _Concepts(connection, path))
        set_(self, "_found", lru_cache(_ANSWERS)(self._find))
        set_(self, "_above", lru_cache(_ANSWERS)(self._closure))

    @property
    def edition(self) -> str:
        """The file that it is, in its place."""
        return self._edition

    @property
    def schemes(self) -> Sequence[Scheme]:
        """The vocabularies, the library's own classification first."""
        return self._schemes

    @property
    def concepts(self) -> Mapping[str, Concept]:
        """The concepts of all vocabularies."""
        return self._stored

    @property
    def titles(self) -> tuple[Text, ...]:
        """The titles of the library's own classification."""
        return self._schemes[0].titles if self._schemes else ()

    @cached_property
    def top(self) -> tuple[str, ...]:
        """The top concepts of the library's own classification."""
        return tuple(self._below(-self._numbers[self._schemes[0].id], "", -1, 0)) if self._schemes else ()

    @cached_property
    def _tops(self) -> frozenset[str]:
        return frozenset(self.top)

    def is_top(self, uri: str) -> bool:
        """Say whether a concept is one of these."""
        return uri in self._tops

    def concepts_of(self, scheme_id: str) -> Iterator[Concept]:
        """Yield the concepts of one vocabulary, also those that another one has first."""
        asked = "SELECT data FROM concepts WHERE vocabulary = ? AND state <> 1 ORDER BY number"
        with _reading(self._path):
            for (data,) in self._connection.execute(asked, (self._numbers.get(scheme_id, 0),)):
                yield decode_concept(data)

    def scheme_of(self, uri: str) -> Scheme | None:
        """Return the vocabulary that a concept is in, None for one that nobody knows."""
        with _reading(self._path):
            row = self._connection.execute(_SCHEME_OF, (uri,)).fetchone()
        return next((one for one in self._schemes if row and one.id == row[0]), None)

    def scheme_title(self, concept: Concept, language: str) -> str:
        """Return the title of a concept's own vocabulary."""
        scheme = self.scheme_of(concept.uri)
        return Concept("", scheme.titles).label(language).value if scheme else ""

    def find(self, label: str, language: str = "") -> str:
        """Return the one concept with a label: in the library's own classification, else in the first that has it."""
        return next(iter(self._found(label, language.partition("-")[0])), "")

    def meanings(self, label: str) -> tuple[str, ...]:
        """Return the one concept with a label of each vocabulary that has one, the library's own first."""
        return tuple(dict.fromkeys(uri for uri in self._found(label, "") if uri))

    def narrower(self, uri: str) -> tuple[str, ...]:
        """Return the concepts directly below one."""
        return tuple(self._below(self._number(self.current(uri)), "", -1, 0))

    def shown_below(self, uri: str, language: str, start: int, number: int) -> tuple[Sequence[str], int]:
        """Return a part of the concepts below one, or of the top ones of a vocabulary, and how many."""
        parent = -self._numbers[uri] if uri in self._numbers else self._number(self.current(uri))
        sorting = language if language in SORTED_IN else SORTED_IN[0]
        with _reading(self._path):
            if not self._connection.execute(_IS_SORTED, (parent, sorting)).fetchone():
                sorting = ""  # one alone
            count = self._connection.execute(_COUNT, (parent, sorting)).fetchone()[0]
        return self._below(parent, sorting, number, start), count

    def number_below(self, uri: str) -> int:
        """Return how many concepts are directly below one."""
        with _reading(self._path):
            return int(self._connection.execute(_NUMBER_BELOW, (uri,)).fetchone()[0])

    def broader_closure(self, uri: str) -> tuple[str, ...]:
        """Return the concepts above one; above one that was replaced first the one in its place."""
        return self._above(uri)

    def _closure(self, uri: str) -> tuple[str, ...]:
        """Return what is above; of a concept that was replaced first the one in its place."""
        current = self.current(uri)
        above = (one for one in closure(current, self._stored) if one not in (uri, current))
        return (*((current,) if current != uri else ()), *dict.fromkeys(map(self.current, above)))

    def _number(self, uri: str) -> int:
        with _reading(self._path):
            row = self._connection.execute(_PARENT, (uri,)).fetchone()
        return int(row[0]) if row else 0

    def _below(self, parent: int, language: str, number: int, start: int) -> list[str]:
        with _reading(self._path):
            found = self._connection.execute(_BELOW, (parent, language, number, start)).fetchall()
        return [uri for (uri,) in found]

    def _find(self, label: str, language: str) -> tuple[str, ...]:
        """Return the concept that each vocabulary with this label means, ``""`` where one means several."""
        if label in self._stored:
            return (self.current(label),)
        key = label_key(label)
        with _reading(self._path):
            rows = self._connection.execute(_NAMED, (bare_key(key)[1:], language)).fetchall()
        places = sorted({row[0] for row in rows})  # the library's own classification first
        return tuple(_meant([row[2:] for row in rows if row[0] == place], key) for place in places)


def _meant(rows: Sequence[tuple[str, str]], key: str) -> str:
    """Return the one concept of rows of keys and concepts; those with the very key come before the others."""
    named = {uri for its_key, uri in rows if its_key == key} or {uri for _, uri in rows}
    return named.pop() if len(named) == 1 else ""


class LiveVocabulary(Vocabulary):
    """The vocabularies of the home as they are at the moment of each question.

    Where none was ever added it is the one that comes with Canoe.
    """

    _home: Path
    _lock: threading.Lock
    _file: Path | None
    _opened: tuple[tuple[int, ...], Vocabulary] | None

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __init__(self, home: Path) -> None:
        set_ = object.__setattr__
        set_(self, "_home", home)
        set_(self, "_lock", threading.Lock())
        set_(self, "_opened", None)
        set_(self, "_file", None)

    def __reduce__(self) -> tuple[type["LiveVocabulary"], tuple[Path]]:
        return LiveVocabulary, (self._home,)

    @property
    def now(self) -> Vocabulary:
        """The vocabularies at this moment; who asks several questions that belong together asks this."""
        opened, file = self._opened, self._file
        if opened is not None and file is not None and opened[0] == _seen(file):
            return opened[1]
        with self._lock:
            return self._reopened()

    def _reopened(self) -> Vocabulary:
        file = self._file or file_of(self._home)
        seen, opened = _seen(file), self._opened
        if opened is None or opened[0] != seen:
            found = StoredVocabulary(file, edition="-".join(map(str, seen))) if seen else shipped()
            opened = (seen, found)
            object.__setattr__(self, "_file", file)
            object.__setattr__(self, "_opened", opened)
        return opened[1]

    @property
    def edition(self) -> str:
        """The file that it is, in its place."""
        return self.now.edition

    @property
    def schemes(self) -> Sequence[Scheme]:
        """The vocabularies, the library's own classification first."""
        return self.now.schemes

    @property
    def concepts(self) -> Mapping[str, Concept]:
        """The concepts of all vocabularies."""
        return self.now.concepts

    @property
    def titles(self) -> tuple[Text, ...]:
        """The titles of the library's own classification."""
        return self.now.titles

    @property
    def top(self) -> tuple[str, ...]:
        """The top concepts of the library's own classification."""
        return self.now.top

    def is_top(self, uri: str) -> bool:
        """Say whether a concept is one of these."""
        return self.now.is_top(uri)

    def concepts_of(self, scheme_id: str) -> Iterator[Concept]:
        """Yield the concepts of one vocabulary, also those that another one has first."""
        return self.now.concepts_of(scheme_id)

    def scheme_of(self, uri: str) -> Scheme | None:
        """Return the vocabulary that a concept is in, None for one that nobody knows."""
        return self.now.scheme_of(uri)

    def scheme_title(self, concept: Concept, language: str) -> str:
        """Return the title of a concept's own vocabulary."""
        return self.now.scheme_title(concept, language)

    def find(self, label: str, language: str = "") -> str:
        """Return the one concept with a label: in the library's own classification, else in the first that has it."""
        return self.now.find(label, language)

    def meanings(self, label: str) -> tuple[str, ...]:
        """Return the one concept with a label of each vocabulary that has one, the library's own first."""
        return self.now.meanings(label)

    def narrower(self, uri: str) -> tuple[str, ...]:
        """Return the concepts directly below one."""
        return self.now.narrower(uri)

    def shown_below(self, uri: str, language: str, start: int, number: int) -> tuple[Sequence[str], int]:
        """Return a part of the concepts below one, or of the top ones of a vocabulary, and how many."""
        return self.now.shown_below(uri, language, start, number)

    def number_below(self, uri: str) -> int:
        """Return how many concepts are directly below one."""
        return self.now.number_below(uri)

    def broader_closure(self, uri: str) -> tuple[str, ...]:
        """Return the concepts above one; above one that was replaced first the one in its place."""
        return self.now.broader_closure(uri)


def _seen(path: Path) -> tuple[int, ...]:
    """Return what tells one file from another in its place; nothing where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked at every question
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _scheme(name: str, uri: str, titles: bytes, concepts: int, prefix: str, place: int) -> Scheme:
    return Scheme(name, uri, decode_texts(titles), concepts, own=place == 0, prefix=prefix)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as fault:
        hint = "Run canoe rebuild --catalogue: it is made again from the archive."
        raise Outdated(f"{path} cannot be used: {fault}.", hint) from fault
