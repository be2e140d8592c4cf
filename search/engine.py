"""The interface of a search engine, the values that pass through it, and the engines there are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from metadata.errors import UsageError
from metadata.problems import Problem

Snippet: TypeAlias = tuple[tuple[str, bool], ...]
"""A passage in pieces: text, and whether the query is what it matches."""

FACETS = ("language", "type", "year", "subject", "collection", "format")
DEFAULT = "tantivy"


@dataclass(frozen=True, slots=True)
class PageDocument:
    """A page as an engine takes it; ``page`` 0 is the item's own description.

    ``title`` holds all titles of the item, one a line; ``text`` what is searched, composed
    (NFC). Snippets are passages of the text, those of a description of its ``summary``, so
    that readers are not shown labels and numbers in a heap. ``language`` is the page's own
    (BCP 47, ``""`` unknown). The rest are facts of the item, the same on all its pages:
    ``languages``, ``type`` (a code), ``year``, ``subjects`` (concept URIs, the broader ones
    with them), ``collections`` and ``formats`` (PUIDs).
    """

    item: str
    page: int
    language: str = ""
    title: str = ""
    text: str = ""
    type: str = "other"
    year: int | None = None
    languages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    summary: str = ""
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    ``filters`` are facets (:data:`FACETS`) and a value; the same facet twice means either, two
    facets mean both. ``offset`` and ``limit`` count items; a limit of 0 gives totals alone.
    """

    query: str
    filters: tuple[tuple[str, str], ...] = ()
    offset: int = 0
    limit: int = 10
    pages_per_item: int = 3


@dataclass(frozen=True, slots=True)
class PageHit:
    """A page that answers, with the passage that does."""

    number: int
    snippet: Snippet
    score: float


@dataclass(frozen=True, slots=True)
class ItemHit:
    """An item that answers: its best pages, best first, and how many answer in all.

    ``snippet`` is a passage of the description. An item found by its description alone has no pages.
    """

    id: str
    score: float
    pages: tuple[PageHit, ...] = ()
    page_total: int = 0
    snippet: Snippet = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many items have this value, were it chosen."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: ``total`` counts items, exactly.

    ``facets`` has each of :data:`FACETS`, largest count first; a facet's counts take the
    query and the other facets' filters into account, not its own, so that a second value can
    be chosen. ``problems`` are the faults of the query.
    """

    total: int
    hits: tuple[ItemHit, ...] = ()
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The problems in English; ``problem.message(language)`` gives the other languages."""
        return tuple(found.message() for found in self.problems)


class SearchReader(Protocol):
    """An index that is asked. Both methods raise Outdated once it is missing or damaged."""

    def find(self, request: Request) -> Answer:
        """Answer a request from the newest commit. No query raises; safe from several threads."""

    def position(self) -> int:
        """Return the follower's position of the newest commit, 0 for an index that has none."""

    def close(self) -> None:
        """Let go of files and locks; what was not committed is dropped."""


class SearchEngine(SearchReader, Protocol):
    """An index that is also written to, by one process at a time; any number read meanwhile."""

    def put(self, documents: Iterable[PageDocument]) -> None:
        """Take in items; each item's documents stand together, page 0 among them, and replace what it had."""

    def remove(self, items: Iterable[str]) -> None:
        """Take out all documents of these items; those it does not have are no fault."""

    def commit(self, position: int) -> None:
        """Make what was put and removed durable and visible, together with the follower's ``position``."""

    def clear(self) -> None:
        """Forget everything, the position too; readers see it with the next commit."""


class Engine(NamedTuple):
    """How to open the two sides of an engine on the home's ``index`` folder."""

    reader: Callable[[Path], SearchReader]
    writer: Callable[[Path], SearchEngine]


def open_reader(folder: Path, name: str = DEFAULT) -> SearchReader:
    """Open the index in ``folder``, the home's ``index``, for reading.

    Raises Outdated when it is missing, damaged or another version's, UsageError when no
    engine has this name.
    """
    return _engine(name).reader(folder)


def open_writer(folder: Path, name: str = DEFAULT) -> SearchEngine:
    """Open the index in ``folder``, the home's ``index``, for writing too.

    What is missing, damaged or another version's gives way to an empty index with position
    0. Raises HomeHeld when another process is writing, StorageError when the disk refuses,
    UsageError when no engine has this name.
    """
    return _engine(name).writer(folder)


def _engine(name: str) -> Engine:
    if name not in ENGINES:
        raise UsageError(f"There is no search engine named {name}.", f"Engines: {', '.join(ENGINES)}.")
    return ENGINES[name]()


def _tantivy() -> Engine:
    from search.tantivy_engine import TantivyReader, TantivyWriter

    return Engine(TantivyReader, TantivyWriter)


ENGINES: Mapping[str, Callable[[], Engine]] = {"tantivy": _tantivy}
