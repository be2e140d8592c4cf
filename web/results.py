"""Search results: what was asked, what answers, and how to ask for less or more."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from metadata.model import Item
from search.engine import FACETS, Answer, FacetCount, ItemHit, Snippet
from search.engine import Request as Question
from web.marking import marked_subjects
from web.reader import Pairs
from web.render import Service, View, respond

PER_PAGE = 10
LAST_PAGE = 50
LONGEST_QUERY = 256
"""Results are paged through no further than :data:`LAST_PAGE`; whoever wants all harvests them."""

_LONGEST_VALUE = 300
_MOST_FILTERS = 20
_VALUES_SHOWN = 8
_FEW_WORDS = range(2, 9)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. ``cut`` says that the query was longer than is read."""

    query: str = ""
    filters: Pairs = ()
    page: int = 1
    cut: bool = False

    def pairs(self, page: int = 1) -> list[tuple[str, str]]:
        """Return the parameters that ask for this again, on another page."""
        asked = [("q", self.query)] if self.query else []
        return [*asked, *self.filters, *([("page", str(page))] if page > 1 else [])]

    def with_(self, facet: str, value: str) -> "Asked":
        """Return the same with one value more."""
        return replace(self, filters=(*self.filters, (facet, value)), page=1)

    def without(self, facet: str, value: str) -> "Asked":
        """Return the same with one value less."""
        return replace(self, filters=[pair for pair in self.filters if pair != (facet, value)], page=1)


@dataclass(frozen=True, slots=True)
class Found:
    """An item that answers, and why it does.

    ``subjects`` are those that the query asks for (language, pieces), where no passage shows a word of it.
    """

    item: Item
    hit: ItemHit
    subjects: Sequence[tuple[str, Snippet]] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet: how many items it would leave, and the search that takes or drops it."""

    count: FacetCount
    chosen: bool
    then: Asked


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet and the values to choose from."""

    name: str
    choices: Sequence[Choice]


def search(service: Service, request: Request) -> Response:
    """Answer ``/search``."""
    asked = read(request.query_params)
    if asked.page > LAST_PAGE:
        values: dict[str, object] = {"asked": asked, "last": LAST_PAGE, "per_page": PER_PAGE}
        return respond(service, request, View("too_deep.html", values, 400, "/search", indexed=False))
    answer = service.engine.find(_question(asked))
    return respond(service, request, _view(service, asked, answer))


def read(parameters: QueryParams) -> Asked:
    """Return what the parameters of an address ask for; what makes no sense is left out."""
    whole = clean(parameters.get("q", ""))
    filters = [(name, value) for name, value in parameters.multi_items() if name in FACETS]
    sound = [pair for pair in filters if _is_value(pair[1])]
    page = parameters.get("page", "")
    return Asked(
        query=whole[:LONGEST_QUERY].strip(),
        filters=tuple(dict.fromkeys(sound))[:_MOST_FILTERS],
        page=whole_number(page) or 1,
        cut=len(whole) > LONGEST_QUERY,
    )


def clean(query: str) -> str:
    """Return a query without control characters and outer white space, composed (NFC)."""
    # What is far too long is cut first, so that nothing is spent on it.
    start = query[: 4 * LONGEST_QUERY]
    shown = "".join(" " if unicodedata.category(character) == "Cc" else character for character in start)
    return unicodedata.normalize("NFC", shown).strip()


def whole_number(text: str) -> int:
    """Return the number of one to six ASCII digits, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def _is_value(value: str) -> bool:
    return 0 < len(value) <= _LONGEST_VALUE and value.isprintable()


def _question(asked: Asked) -> Question:
    return Question(asked.query, tuple(asked.filters), (asked.page - 1) * PER_PAGE, PER_PAGE)


def _view(service: Service, asked: Asked, answer: Answer) -> View:
    pages = min(-(-answer.total // PER_PAGE), LAST_PAGE)
    values: dict[str, object] = {
        "asked": asked,
        "answer": answer,
        "found": _found(service, asked, answer.hits),
        "facets": [facet for name in FACETS if (facet := _facet(name, asked, answer)).choices],
        "pages": pages,
        "page_numbers": _around(asked.page, pages),
        "first": (asked.page - 1) * PER_PAGE + 1,
        "limit": LONGEST_QUERY,
    }
    if answer.total == 0:
        values |= {"unfiltered": _unfiltered(service, asked), "any_word": _any_word(asked)}
    status = 404 if asked.page > max(pages, 1) else 200
    return View("search.html", values, status, "/search", indexed=False)


def _found(service: Service, asked: Asked, hits: Sequence[ItemHit]) -> list[Found]:
    """Return the items of the hits; one that was withdrawn since the index was made is not shown."""
    items = ((service.library.catalogue.item(hit.id), hit) for hit in hits)
    return [
        Found(item, hit, () if _shows_why(hit) else marked_subjects(item, service.vocabulary, asked.query))
        for item, hit in items
        if item and item.status == "published"
    ]


def _shows_why(hit: ItemHit) -> bool:
    return bool(hit.pages) or any(marked for _, marked in hit.snippet)


def _facet(name: str, asked: Asked, answer: Answer) -> Facet:
    counts = answer.facets.get(name, ())
    chosen = [value for facet, value in asked.filters if facet == name]
    shown = [count for count in counts if count.value in chosen]
    shown += [count for count in counts if count.value not in chosen][:_VALUES_SHOWN]
    if not chosen and len(counts) == 1 and counts[0].count == answer.total:
        shown = []  # a choice that changes nothing is none
    if name == "year":
        shown.sort(key=lambda count: count.value, reverse=True)
    return Facet(name, [_choice(asked, name, count, count.value in chosen) for count in shown])


def _choice(asked: Asked, name: str, count: FacetCount, chosen: bool) -> Choice:
    then = asked.without(name, count.value) if chosen else asked.with_(name, count.value)
    return Choice(count, chosen, then)


def _unfiltered(service: Service, asked: Asked) -> int:
    """Return how many items would answer without filters."""
    return service.engine.find(Question(asked.query, limit=0)).total if asked.filters else 0


def _any_word(asked: Asked) -> Asked | None:
    """Return the search for any of the words, where they are few and plain."""
    words = asked.query.split()
    plain = len(words) in _FEW_WORDS and all(word.isalnum() for word in words)
    return replace(asked, query=" OR ".join(words)) if plain else None


def _around(page: int, pages: int) -> list[int]:
    """Return the page numbers to offer: the first, those near, the last; 0 stands for a gap."""
    near = sorted({1, pages, *range(max(page - 2, 1), min(page + 2, pages) + 1)})
    numbers: list[int] = []
    for number in near:
        if numbers and number > numbers[-1] + 1:
            numbers.append(0)
        numbers.append(number)
    return numbers
