"""The first page: search, what is new, and ways in by subject, place, year, type, language and collection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from metadata import places
from metadata.vocabulary import Vocabulary
from search.engine import FacetCount
from search.engine import Request as Question
from web.collection_links import address
from web.reader import reader
from web.render import Service, View, respond
from web.years import Decade, decades

NEWEST = 6
_BELOW = 4  # narrower concepts named under each top concept
_LISTED = 10
_COUNTED = ("subject", "type", "language")
_MOST_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Branch:
    """A top concept that has items, and the most used of its narrower ones."""

    subject: FacetCount
    below: Sequence[FacetCount]


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted over the whole library.

    ``library`` are the published and the withdrawn items, and the pages; ``places`` codes of countries, ``collections``
    names, with their items, most first.
    """

    library: tuple[int, int, int]
    facets: Mapping[str, Sequence[FacetCount]]
    places: Sequence[tuple[str, int]]
    collections: Sequence[tuple[str, int]]
    decades: Sequence[Decade]


_REMEMBERED: dict[str, tuple[tuple[int, int], Counts]] = {}
"""By home: after which write, in catalogue and index, what was counted."""

_REMEMBERING = Lock()


def home(service: Service, request: Request) -> Response:
    """Answer ``/``."""
    counts = counted(service)
    language = reader(service.site, request).language
    values: dict[str, object] = {
        "counts": counts.library,
        "newest": service.library.catalogue.newest(NEWEST),
        "branches": branches(service.vocabulary, counts.facets.get("subject", ())),
        "facets": {name: counts.facets.get(name, ())[:_LISTED] for name in ("type", "language")},
        "places": [(code, places.name_of(code, language), count) for code, count in counts.places[:_LISTED]],
        "collections": [(name, count, *address(name)) for name, count in counts.collections[:_LISTED]],
        "decades": counts.decades[:_LISTED],
    }
    return respond(service, request, View("home.html", values))


def counted(service: Service) -> Counts:
    """Return what is counted over the whole library; counted once after each write."""
    home, when = str(service.library.home), (service.library.catalogue.last_change(), service.engine.position())
    with _REMEMBERING:
        known = _REMEMBERED.get(home)
    if known and known[0] == when:
        return known[1]
    counts = _counted(service)
    with _REMEMBERING:
        if len(_REMEMBERED) >= _MOST_REMEMBERED:
            _REMEMBERED.clear()
        _REMEMBERED[home] = when, counts
    return counts


def branches(vocabulary: Vocabulary, counts: Sequence[FacetCount]) -> list[Branch]:
    """Return the top concepts that are used, in the vocabulary's order; counts hold broader concepts too."""
    used = {count.value: count for count in counts}
    return [Branch(used[uri], _below(vocabulary, uri, used)) for uri in vocabulary.top if uri in used]


def _counted(service: Service) -> Counts:
    catalogue = service.library.catalogue
    countries = [(code, count) for code, count in catalogue.shelf("place") if not places.is_region(code)]
    return Counts(
        library=catalogue.counts(),
        facets=service.engine.find(Question("", limit=0, facets=_COUNTED)).facets,
        places=_most_first(countries),
        collections=_most_first(catalogue.shelf("collection")),
        decades=decades(service),
    )


def _most_first(counts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda one: (-one[1], one[0]))


def _below(vocabulary: Vocabulary, uri: str, used: Mapping[str, FacetCount]) -> Sequence[FacetCount]:
    found = [used[child] for child in vocabulary.narrower(uri) if child in used]
    return sorted(found, key=lambda count: -count.count)[:_BELOW]
