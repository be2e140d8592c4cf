"""The first page: search, what is new, and ways in by subject, type and language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from metadata.vocabulary import Vocabulary
from search.engine import FacetCount
from search.engine import Request as Question
from web.render import Service, View, respond

NEWEST = 6
_BELOW = 4  # narrower concepts named under each top concept


@dataclass(frozen=True, slots=True)
class Branch:
    """A top concept that has items, and the most used of its narrower ones."""

    subject: FacetCount
    below: Sequence[FacetCount]


def home(service: Service, request: Request) -> Response:
    """Answer ``/``."""
    facets = service.engine.find(Question("", limit=0)).facets
    values: dict[str, object] = {
        "counts": service.library.catalogue.counts(),
        "newest": service.library.catalogue.newest(NEWEST),
        "branches": branches(service.vocabulary, facets.get("subject", ())),
        "facets": {name: facets.get(name, ()) for name in ("type", "language", "collection")},
    }
    return respond(service, request, View("home.html", values))


def branches(vocabulary: Vocabulary, counts: Sequence[FacetCount]) -> list[Branch]:
    """Return the top concepts that are used, in the vocabulary's order; counts hold broader concepts too."""
    used = {count.value: count for count in counts}
    return [Branch(used[uri], _below(vocabulary, uri, used)) for uri in vocabulary.top if uri in used]


def _below(vocabulary: Vocabulary, uri: str, used: Mapping[str, FacetCount]) -> Sequence[FacetCount]:
    found = [used[child] for child in vocabulary.narrower(uri) if child in used]
    return sorted(found, key=lambda count: -count.count)[:_BELOW]
