"""The interface of a search engine, the values that pass through it, and the engines there are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from metadata.errors import UsageError
from metadata.problems import Problem
from metadata.vocabulary import Vocabulary

Snippet: TypeAlias = tuple[tuple[str, bool], ...]
"""A passage in pieces: text, and whether the query is what it matches."""

FACETS = (
    "language", "type", "decade", "year", "subject", "collection", "agent", "access", "online", "repository", "format",
)  # fmt: skip
"""What answers are counted by and narrowed to; :mod:`search.facets` says what a document has of each."""

DEFAULT = "tantivy"
Sort: TypeAlias = Literal["relevance", "newest", "oldest", "title"]


@dataclass(frozen=True, slots=True)
class PageDocument:
    """A page as an engine takes it; ``page`` 0 is the item's own description.

    ``title`` holds all titles of the item, one a line; ``text`` what is searched, composed
    (NFC). Snippets are passages of the text, those of a description of its ``summary``, so
    that readers are not shown labels and numbers in a heap. ``language`` is the page's own
    (BCP 47, ``""`` unknown). The rest are facts of the item, the same on all its pages:
    ``languages``, ``type`` (a code), ``year``, ``subjects`` (concept URIs, the broader ones
    with them), ``collections`` and ``formats`` (PUIDs).

    What the query's fields look into: ``authors`` (all agents but publishers), ``publishers``,
    ``topics`` (labels of concepts, and keywords), ``places`` (covered, and of publication; :mod:`search.places`) and
    ``series`` are words as catalogued; ``identifiers`` are in the form of
    :func:`search.identifiers.identifier`; ``dates`` are the first and the last day of issue,
    each the number YYYYMMDD; ``access`` is a code, ``""`` where nothing is said.

    ``work`` is the same for all language editions of one publication (:mod:`search.works`),
    ``""`` for an item that has no other; ``tied`` are the editions that the item is itself tied
    to. ``online`` says that it has files here. ``repository`` names the home of a record that
    was harvested, ``""`` for the library's own.
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
    authors: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    dates: tuple[int, int] | None = None
    access: str = ""
    work: str = ""
    tied: tuple[str, ...] = ()
    online: bool = False
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    ``query`` is asked of items: their words may stand in the description or on any page, what is near or
    side by side stands on one (:mod:`search.query`). ``filters`` are facets (:data:`FACETS`) and a value; the
    same facet twice means either, two facets mean both. ``without`` are those that no item that answers may
    have. ``offset`` and ``limit`` count works, the editions of one together; a limit of 0 gives totals alone, and an
    offset beyond 10,000 no hits: for all there is :meth:`SearchReader.every`.

    ``sort`` is the order of the works: by relevance (without a query the newest first), by date
    of issue, those without one last, or by title. ``language`` (BCP 47) is the one whose edition
    leads its work, unless another answers much better. ``facets`` are those to count. ``expand``
    says whether words that name a concept find what is classified under it, too. ``among`` are the values of
    facets to count; where none is named they are those that most items have. ``items`` are those that are asked
    about; where none is named, all are. ``respell`` says whether other spellings are looked for where few answer.
    """

    query: str
    filters: tuple[tuple[str, str], ...] = ()
    offset: int = 0
    limit: int = 10
    pages_per_item: int = 3
    without: tuple[tuple[str, str], ...] = ()
    sort: Sort = "relevance"
    language: str = ""
    facets: tuple[str, ...] = FACETS
    expand: bool = True
    among: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    respell: bool = True


@dataclass(frozen=True, slots=True)
class PageHit:
    """A page that answers, with the passage that does."""

    number: int
    snippet: Snippet
    score: float


@dataclass(frozen=True, slots=True)
class ItemHit:
    """An item that answers: its best pages, best first, and how many answer in all.

    Pages that answer have all the words of the text, or, where no page of the item has them all, any.
    ``snippet`` is a passage of the description. An item found by its description alone has no pages.
    ``work`` as in :class:`PageDocument`. ``editions`` are the other editions of the work that answer,
    best first; they have no editions themselves.
    """

    id: str
    score: float
    pages: tuple[PageHit, ...] = ()
    page_total: int = 0
    snippet: Snippet = ()
    work: str = ""
    editions: tuple["ItemHit", ...] = ()

    @property
    def all_editions(self) -> tuple["ItemHit", ...]:
        """This item and the other editions of its work that answer."""
        return (self, *self.editions)


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many items have this value, were it chosen."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Expansion:
    """Words of the query that name a concept, its URI, and how many of the items that answer are classified so.

    Or words that are a name of an agent: then ``concept`` is ``""``, ``agent`` its preferred name, and ``names``
    those that records have of it, which find what stands under them.
    """

    text: str
    concept: str
    count: int = 0
    agent: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: ``total`` counts items, ``works`` counts works, both exactly.

    ``facets`` has each that was asked for, largest count first; a facet's counts take the
    query, the other facets' filters and what is left out into account, not its own filter, so that
    a second value can be chosen. ``problems`` are the faults of the query.
    ``expansions`` are the concepts that words of it were taken for and that items which answer have.
    ``instead`` is the query with words that hardly occur spelt as they are in the library, ``""``
    where that is no help; it is looked for where few items answer.
    """

    total: int
    hits: tuple[ItemHit, ...] = ()
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    works: int = 0
    instead: str = ""
    expansions: tuple[Expansion, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The problems in English; ``problem.message(language)`` gives the other languages."""
        return tuple(found.message() for found in self.problems)


@dataclass(frozen=True, slots=True)
class Completion:
    """What somebody who types may mean: a title or the name of an agent, and how many items bear it."""

    kind: Literal["title", "agent"]
    text: str
    count: int


def gathered(reader: "SearchReader", request: Request) -> Iterator[ItemHit]:
    """Yield as many works as are asked for: an engine gives a limited number at once."""
    given = 0
    while given < request.limit:
        offset, limit = request.offset + given, request.limit - given
        left = replace(request, offset=offset, limit=limit, facets=(), respell=False)
        if not (hits := reader.find(left).hits):
            return
        yield from hits
        given += len(hits)


class SearchReader(Protocol):
    """An index that is asked. Its methods raise Outdated once it is missing or damaged."""

    def find(self, request: Request) -> Answer:
        """Answer a request from the newest commit. No query raises; safe from several threads."""

    def every(self, request: Request) -> frozenset[str]:
        """Return the ids of all items that answer, however many; offset, limit and order do not matter."""

    def complete(self, start: str, limit: int) -> tuple[Completion, ...]:
        """Return titles and agents in which a word begins as ``start`` does, the most borne first."""

    def similar(self, item: str, limit: int) -> tuple[ItemHit, ...]:
        """Return items of other works that have this item's rarest words, without snippets; best first."""

    def position(self) -> int:
        """Return the follower's position of the newest commit, 0 for an index that has none."""

    def close(self) -> None:
        """Let go of files and locks; what was not committed is dropped."""


class SearchEngine(SearchReader, Protocol):
    """An index that is also written to, by one process at a time; any number read meanwhile."""

    def put(self, documents: Iterable[PageDocument]) -> None:
        """Take in items; each item's documents stand together, page 0 among them, and replace what it had."""

    def editions(self, items: Iterable[str]) -> Mapping[str, str]:
        """Return the newest commit's items of the works that one of these is of or was tied to, each with its work."""

    def remove(self, items: Iterable[str]) -> None:
        """Take out all documents of these items; those it does not have are no fault."""

    def commit(self, position: int) -> None:
        """Make what was put and removed durable and visible, together with the follower's ``position``."""

    def clear(self) -> None:
        """Forget everything, the position too; readers see it with the next commit."""


class Named(Protocol):
    """An agent: the preferred name, whether a person, and the names that records have of it."""

    @property
    def name(self) -> str:
        """The preferred name."""

    @property
    def kind(self) -> str:
        """``person``, or what is none."""

    @property
    def in_records(self) -> tuple[str, ...]:
        """The names that records have."""


Bearer: TypeAlias = Callable[[str], Named | None]
"""Tells which agent bears a name, None where none does or several do."""

Agents: TypeAlias = Callable[[], AbstractContextManager[Bearer]]


@contextmanager
def nobody() -> Iterator[Bearer]:
    """Lend what knows no agent."""
    yield lambda _: None


@dataclass(frozen=True, slots=True)
class Meanings:
    """What words of a query may stand for: labels of concepts, and names of agents."""

    vocabulary: Vocabulary | None = None
    agents: Agents = nobody


NO_MEANINGS: Final = Meanings()


class Engine(NamedTuple):
    """How to open the two sides of an engine on the home's ``index`` folder."""

    reader: Callable[[Path, Meanings], SearchReader]
    writer: Callable[[Path], SearchEngine]
    builder: Callable[[Path], AbstractContextManager[SearchEngine]] | None = None


def open_reader(
    folder: Path, name: str = DEFAULT, vocabulary: Vocabulary | None = None, agents: Agents = nobody
) -> SearchReader:
    """Open the index in ``folder``, the home's ``index``, for reading.

    ``vocabulary`` has the labels that words of a query are taken for; without it none are. ``agents`` lends what
    tells whose a name is, for one question; names are else what they are alone.
    Raises Outdated when it is missing, damaged or another version's, UsageError when no
    engine has this name.
    """
    return _engine(name).reader(folder, Meanings(vocabulary, agents))


def open_writer(folder: Path, name: str = DEFAULT) -> SearchEngine:
    """Open the index in ``folder``, the home's ``index``, for writing too.

    What is missing, damaged or another version's gives way to an empty index with position
    0. Raises HomeHeld when another process is writing, StorageError when the disk refuses,
    UsageError when no engine has this name.
    """
    return _engine(name).writer(folder)


def open_builder(folder: Path, name: str = DEFAULT) -> AbstractContextManager[SearchEngine]:
    """Give an empty index to be filled, which takes the place of the one in ``folder`` when the block ends well.

    The old one answers until then, where the engine can build beside it. Raises what
    :func:`open_writer` does.
    """
    engine = _engine(name)
    return engine.builder(folder) if engine.builder else _emptied(engine.writer(folder))


@contextmanager
def _emptied(writer: SearchEngine) -> Iterator[SearchEngine]:
    try:
        writer.clear()
        yield writer
    finally:
        writer.close()


def _engine(name: str) -> Engine:
    if name not in ENGINES:
        raise UsageError(f"There is no search engine named {name}.", f"Engines: {', '.join(ENGINES)}.")
    return ENGINES[name]()


def _tantivy() -> Engine:
    from search.tantivy_engine import TantivyReader, TantivyWriter, tantivy_builder

    return Engine(TantivyReader, TantivyWriter, tantivy_builder)


def _whoosh() -> Engine:
    from search.whoosh_engine import WhooshReader, WhooshWriter

    return Engine(WhooshReader, WhooshWriter)


ENGINES: Mapping[str, Callable[[], Engine]] = {"tantivy": _tantivy, "whoosh": _whoosh}
