"""Collections: which there are, and of each what is in it, by type, language, subject and time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from metadata.errors import NotFound
from metadata.model import Item
from metadata.sets import collection_set
from search.engine import Answer, FacetCount
from search.engine import Request as Question
from search.facets import ONLINE
from web.collection_links import address, linked_data
from web.jsonld import in_html
from web.manifest import collection_address
from web.reader import reader
from web.render import Service, View, respond
from web.years import shares_of

NEWEST = 6
_COUNTED = ("type", "language", "subject", "decade", "online")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A decade of a collection, its items, and how long its bar is, in percent."""

    decade: FacetCount
    share: float


def collections(service: Service, request: Request) -> Response:
    """Answer ``/collections``."""
    found = sorted(service.library.catalogue.shelf("collection"), key=lambda one: (-one[1], one[0]))
    entries = [(name, count, *address(name)) for name, count in found]
    return respond(service, request, View("collections.html", {"entries": entries}))


def collection(service: Service, request: Request) -> Response:
    """Answer ``/collections/{name}``, the collection's id; raises NotFound where nothing that is public is in it."""
    name = request.path_params["name"]
    chosen = (("collection", name),)
    answer = service.engine.find(Question("", chosen, limit=NEWEST, pages_per_item=0, sort="newest", facets=_COUNTED))
    if not answer.total:
        raise NotFound(f"There is no collection {name[:40]!r}.")
    decades = sorted(answer.facets.get("decade", ()), key=lambda one: one.value, reverse=True)
    values: dict[str, object] = {
        "name": name,
        "chosen": chosen,
        "total": answer.total,
        "newest": _items(service, [hit.id for hit in answer.hits]),
        "facets": {facet: answer.facets.get(facet, ())[:_SHOWN] for facet in ("type", "language", "subject")},
        "bars": [Bar(*one) for one in zip(decades, shares_of(one.count for one in decades), strict=True)],
        "feed": f"{service.site.root}/search.atom?{urlencode(chosen)}",
        "oai_set": collection_set(name),
        "iiif": collection_address(service, f"collection:{name}") if _has_files(answer) else "",
        "data": in_html(linked_data(service, name, reader(service.site, request).language, answer.total)),
    }
    return respond(service, request, View("collection.html", values))


def _has_files(answer: Answer) -> bool:
    return any(one.value == ONLINE for one in answer.facets.get("online", ()))


def _items(service: Service, ids: Sequence[str]) -> list[Item]:
    found = map(service.library.catalogue.item, ids)
    return [item for item in found if item and item.status == "published"]


ROUTES: Mapping[str, Callable[[Service, Request], Response]] = {
    "/collections": collections,
    "/collections/{name:path}": collection,
}
