"""Search results: what was asked, what answers, and how to ask for less or more."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from metadata.model import Item
from metadata.vocabulary import Vocabulary
from search.engine import FACETS as COUNTED
from search.engine import Answer, FacetCount, ItemHit, Snippet, Sort
from search.engine import Request as Question
from web.agents import by_all_names
from web.agents_counted import counted_once
from web.i18n import N_
from web.items import is_closed
from web.labels import FACETS as NAMED
from web.marking import marked_subjects
from web.reader import Pairs, reader
from web.render import Service, View, respond

PER_PAGE = 10
LAST_PAGE = 50
FACETS = tuple(name for name in COUNTED if name in NAMED)
"""The facets that the pages have words for (:data:`web.labels.FACETS`)."""

SORTS = {
    "relevance": N_("Best first"),
    "newest": N_("Newest first"),
    "oldest": N_("Oldest first"),
    "title": N_("By title"),
}
LONGEST_QUERY = 256
"""Results are paged through no further than :data:`LAST_PAGE`; whoever wants all harvests them."""

_LONGEST_VALUE = 300
_MOST_FILTERS = 20
_VALUES_SHOWN = 8
_FEW_WORDS = range(2, 9)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for.

    ``cut`` says that the query was longer than is read, ``expand`` whether words that name a
    concept find what is classified under it, too.
    """

    query: str = ""
    filters: Pairs = ()
    page: int = 1
    cut: bool = False
    excluded: Pairs = ()
    sort: Sort = "relevance"
    expand: bool = True

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that another query keeps; what is excluded has a minus before the facet's name."""
        excluded = [(f"-{facet}", value) for facet, value in self.excluded]
        sort = [("sort", self.sort)] if self.sort != "relevance" else []
        return [*self.filters, *excluded, *sort, *([] if self.expand else [("concepts", "no")])]

    def pairs(self, page: int = 1) -> list[tuple[str, str]]:
        """Return the parameters that ask for this again, on another page."""
        asked = [("q", self.query)] if self.query else []
        return [*asked, *self.kept, *([("page", str(page))] if page > 1 else [])]

    def with_(self, facet: str, value: str) -> "Asked":
        """Return the same with one value more."""
        return replace(self, filters=(*self.filters, (facet, value)), page=1)

    def without(self, facet: str, value: str) -> "Asked":
        """Return the same with one value less, chosen or excluded."""
        filters, excluded = (
            [pair for pair in pairs if pair != (facet, value)] for pairs in (self.filters, self.excluded)
        )
        return replace(self, filters=filters, excluded=excluded, page=1)

    def excluding(self, facet: str, value: str) -> "Asked":
        """Return the same for items that do not have this value."""
        less = self.without(facet, value)
        return replace(less, excluded=(*less.excluded, (facet, value)))

    def sorted_by(self, sort: Sort) -> "Asked":
        """Return the same in another order."""
        return replace(self, sort=sort, page=1)

    def expanding(self, expand: bool) -> "Asked":
        """Return the same with words taken for concepts or not."""
        return replace(self, expand=expand, page=1)

    def asking(self, query: str) -> "Asked":
        """Return the same for another query."""
        return replace(self, query=query, page=1)


@dataclass(frozen=True, slots=True)
class Found:
    """An item that answers, and why it does.

    ``subjects`` are those that the query asks for (language, pieces), where no passage shows a word of it.
    ``editions`` are the other published editions of its work, whether they answer or not.
    """

    item: Item
    hit: ItemHit
    subjects: Sequence[tuple[str, Snippet]] = ()
    editions: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet: how many items it would leave, and the searches that take or drop it, or exclude it.

    ``depth`` says how many of the values above stand over it in the vocabulary.
    """

    count: FacetCount
    chosen: bool
    then: Asked
    less: Asked
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet and the values to choose from."""

    name: str
    choices: Sequence[Choice]


def search(service: Service, request: Request) -> Response:
    """Answer ``/search``."""
    asked = asked_for(service, request)
    if asked.page > LAST_PAGE:
        values: dict[str, object] = {"asked": asked, "last": LAST_PAGE, "per_page": PER_PAGE}
        return respond(service, request, View("too_deep.html", values, 400, "/search", indexed=False))
    question = _question(service, asked, reader(service.site, request).language)
    answer = counted_once(service, question, service.engine.find(question), asked.filters)
    return respond(service, request, _view(service, asked, answer))


def read(parameters: QueryParams) -> Asked:
    """Return what the parameters of an address ask for; what makes no sense is left out."""
    whole = clean(parameters.get("q", ""))
    given = [(name, value) for name, value in parameters.multi_items() if _is_value(value)]
    excluded = [(name[1:], value) for name, value in given if name.startswith("-") and name[1:] in FACETS]
    page, sort = (parameters.get(name, "") for name in ("page", "sort"))
    return Asked(
        query=whole[:LONGEST_QUERY].strip(),
        filters=tuple(dict.fromkeys(pair for pair in given if pair[0] in FACETS))[:_MOST_FILTERS],
        excluded=tuple(dict.fromkeys(excluded))[:_MOST_FILTERS],
        sort=next((known for known in get_args(Sort) if known == sort), "relevance"),
        page=whole_number(page) or 1,
        cut=len(whole) > LONGEST_QUERY,
        expand=parameters.get("concepts") != "no",
    )


def asked_for(service: Service, request: Request) -> Asked:
    """Return what a request asks for, with the concepts that count now."""
    return _current(read(request.query_params), service.vocabulary)


def _current(asked: Asked, vocabulary: Vocabulary) -> Asked:
    """Return the same with the concepts that count now in place of those that were replaced."""
    filters, excluded = (
        tuple(
            dict.fromkeys((facet, vocabulary.current(value) if facet == "subject" else value) for facet, value in pairs)
        )
        for pairs in (asked.filters, asked.excluded)
    )
    return replace(asked, filters=filters, excluded=excluded)


def clean(query: str) -> str:
    """Return a query without control characters and outer white space, composed (NFC)."""
    # What is far too long is cut first, so that nothing is spent on it.
    start = query[: 4 * LONGEST_QUERY]
    shown = "".join(" " if unicodedata.category(character) == "Cc" else character for character in start)
    return unicodedata.normalize("NFC", shown).strip()


def whole_number(text: str) -> int:
    """Return the number of one to six ASCII digits, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def flat(hits: Iterable[ItemHit]) -> list[ItemHit]:
    """Return the items of works: each followed by its other editions that answer."""
    return [one for hit in hits for one in (hit, *hit.editions)]


def _is_value(value: str) -> bool:
    # A name that came in with a line break in it is found by it, too.
    return 0 < len(value) <= _LONGEST_VALUE and value.replace("\n", " ").isprintable()


def _question(service: Service, asked: Asked, language: str) -> Question:
    question = question_of(service, asked)
    return replace(question, offset=(asked.page - 1) * PER_PAGE, limit=PER_PAGE, language=language, facets=FACETS)


def question_of(service: Service, asked: Asked) -> Question:
    """Return what an engine is asked, from the first work on and without facets; an agent is meant by all its names."""
    return Question(
        asked.query,
        by_all_names(service, asked.filters),
        without=by_all_names(service, asked.excluded),
        sort=asked.sort,
        facets=(),
        expand=asked.expand,
    )


def _view(service: Service, asked: Asked, answer: Answer) -> View:
    pages = min(-(-answer.works // PER_PAGE), LAST_PAGE)
    values: dict[str, object] = {
        "asked": asked,
        "answer": answer,
        "found": _found(service, asked, answer.hits),
        "facets": [
            facet
            for name in FACETS
            if _is_offered(name, asked) and (facet := _facet(service, name, asked, answer)).choices
        ],
        "sorts": SORTS,
        "instead": asked.asking(answer.instead) if answer.instead else None,
        "pages": pages,
        "page_numbers": _around(asked.page, pages),
        "first": (asked.page - 1) * PER_PAGE + 1,
        "limit": LONGEST_QUERY,
        "feed": f"{service.site.root}/search.atom?{urlencode(asked.pairs())}",
    }
    if answer.total == 0:
        values |= {"unfiltered": _unfiltered(service, asked), "any_word": _any_word(asked)}
    status = 404 if asked.page > max(pages, 1) else 200
    return View("search.html", values, status, "/search", indexed=False)


def _found(service: Service, asked: Asked, hits: Sequence[ItemHit]) -> list[Found]:
    """Return the items of the hits; one that was withdrawn since the index was made is not shown."""
    items = ((service.library.catalogue.shown_item(hit.id), hit) for hit in hits)
    return [_why(service, asked, item, hit) for item, hit in items if item and item.status == "published"]


def _why(service: Service, asked: Asked, item: Item, hit: ItemHit) -> Found:
    """Return why an item answers; passages of pages that are not public are not shown."""
    if is_closed(item):
        hit = replace(hit, pages=(), page_total=0)
    subjects = () if _shows_why(hit) else marked_subjects(item, service.vocabulary, asked.query)
    return Found(item, hit, subjects, service.library.catalogue.editions(item.id) if hit.work else ())


def _shows_why(hit: ItemHit) -> bool:
    return bool(hit.pages) or any(marked for _, marked in hit.snippet)


def _is_offered(name: str, asked: Asked) -> bool:
    """Say whether a facet is offered: years only within a decade."""
    return name != "year" or any(facet in ("year", "decade") for facet, _ in asked.filters)


def _facet(service: Service, name: str, asked: Asked, answer: Answer) -> Facet:
    counts = answer.facets.get(name, ())
    chosen = [value for facet, value in asked.filters if facet == name]
    shown = [count for count in counts if count.value in chosen]
    shown += [count for count in counts if count.value not in chosen][:_VALUES_SHOWN]
    if not chosen and len(counts) == 1 and counts[0].count == answer.total:
        shown = []  # a choice that changes nothing is none
    if name in ("year", "decade"):
        shown.sort(key=lambda count: count.value, reverse=True)
    placed = _as_tree(service.vocabulary, shown) if name == "subject" else [(count, 0) for count in shown]
    return Facet(name, [_choice(asked, name, count, depth) for count, depth in placed])


def _choice(asked: Asked, name: str, count: FacetCount, depth: int) -> Choice:
    pair = (name, count.value)
    chosen = pair in asked.filters
    then = asked.without(*pair) if chosen else asked.with_(*pair)
    return Choice(count, chosen, then, asked.excluding(*pair), depth)


def _as_tree(vocabulary: Vocabulary, counts: Sequence[FacetCount]) -> list[tuple[FacetCount, int]]:
    """Return concepts, each after the broader one that is among them, and how deep it stands."""
    known = {count.value: count for count in counts}
    above = {uri: [one for one in vocabulary.broader_closure(uri) if one in known and one != uri] for uri in known}
    placed: list[tuple[FacetCount, int]] = []

    def place(uri: str, depth: int) -> None:
        if all(known[uri] is not count for count, _ in placed):
            placed.append((known[uri], depth))
            for below in known:
                if uri in above[below] and len(above[below]) == depth + 1:
                    place(below, depth + 1)

    for uri in sorted(known, key=lambda uri: len(above[uri])):
        place(uri, len(above[uri]))
    return placed


def _unfiltered(service: Service, asked: Asked) -> int:
    """Return how many items would answer without filters."""
    narrowed = asked.filters or asked.excluded
    return service.engine.find(Question(asked.query, limit=0, facets=(), expand=asked.expand)).total if narrowed else 0


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
