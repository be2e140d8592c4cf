"""What viewers elsewhere ask for: manifests, collections, texts, hits, and the way back from a content state."""

import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.catalogued import Held
from metadata.errors import NotFound
from search.engine import Request as Question
from search.engine import gathered
from web import images
from web.annotations import AT_ONCE, IGNORED, MOST_HITS, found_in, text_of, xywh
from web.content_state import Place, place_of
from web.i18n import N_
from web.images import KEEP, OPEN, refusal
from web.items import held_item, is_closed
from web.manifest import (
    MEDIA_TYPE,
    SEARCH_CONTEXT,
    Node,
    by_language,
    collection,
    collection_address,
    collection_label,
    item_address,
    manifest,
    manifest_reference,
)
from web.render import Service
from web.results import LONGEST_QUERY, clean, whole_number

PART = 200
"""Manifests in one part of a collection."""

MOST_PARTS = 50
_BY = ("collection", "decade")
_SEARCH_TYPE = f'application/ld+json;profile="{SEARCH_CONTEXT}"'


def item_manifest(service: Service, request: Request) -> Response:
    """Answer ``/iiif/{id}/manifest.json``; the ETag is the item's change."""
    held = _seen(service, request)
    if isinstance(held, Response):
        return held
    tag = f'"{held.change}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={**OPEN, **headers})
    return _json(manifest(service, held), MEDIA_TYPE, headers)


def page_text(service: Service, request: Request) -> Response:
    """Answer ``/iiif/{id}/text/{n}``: the lines of a page."""
    held = _seen(service, request)
    if isinstance(held, Response):
        return held
    page = service.library.page(held.item.id, whole_number(request.path_params["n"]))
    return _json(text_of(service, held.item, page), MEDIA_TYPE)


def search(service: Service, request: Request) -> Response:
    """Answer ``/iiif/{id}/search?q=`` (Content Search API 2.0, section 3)."""
    held = _seen(service, request)
    if isinstance(held, Response):
        return held
    query = clean(request.query_params.get("q", ""))[:LONGEST_QUERY].strip()
    part = min(whole_number(request.query_params.get("page", "1")) or 1, MOST_HITS // AT_ONCE)
    ignored = [name for name in IGNORED if name in request.query_params]
    address = f"{item_address(service, held.item.id)}/search?{urlencode({'q': query})}"
    return _json(found_in(service, held.item, query, part, ignored, address), _SEARCH_TYPE)


def collections(service: Service, request: Request) -> Response:
    """Answer ``/iiif/collection/{name}``: the library, or the items of a collection or of ten years."""
    name = request.path_params["name"]
    if name == "library":
        return _json(_library(service), MEDIA_TYPE)
    facet, _, value = name.partition(":")
    if facet not in _BY or not value or len(value) > 300 or not value.isprintable():
        raise NotFound(f"There is no collection {name[:40]!r}.")
    return _json(
        _of_items(service, name, (facet, value), whole_number(request.path_params.get("part", ""))), MEDIA_TYPE
    )


def view(service: Service, request: Request) -> Response:
    """Answer ``/iiif/view?iiif-content=``: lead to the page, and the part of it, that a content state names."""
    place = place_of(request.query_params.get("iiif-content", ""))
    return RedirectResponse(service.site.root + _path(service, place), 303)


Endpoint = Callable[[Service, Request], Response | Awaitable[Response]]
ROUTES: Mapping[str, Endpoint] = {
    "/iiif/image/{name}": images.base,
    "/iiif/image/{name}/info.json": images.info,
    "/iiif/image/{name}/{region}/{size}/{rotation}/{file}": images.image,
    "/iiif/collection/{name}": collections,
    "/iiif/collection/{name}/{part}": collections,
    "/iiif/view": view,
    "/iiif/{id}/manifest.json": item_manifest,
    "/iiif/{id}/text/{n}": page_text,
}
SEARCHES: Mapping[str, Callable[[Service, Request], Response]] = {"/iiif/{id}/search": search}
"""What is searched anew each time, and so limited for each client."""


def _seen(service: Service, request: Request) -> Held | Response:
    """Return the item that an address names, or the answer where it may not be seen; raises NotFound."""
    held = held_item(service, request.path_params["id"])
    refused = refusal(service, request, held)
    if refused is None:
        return held
    refused.headers.update(OPEN)
    return refused


def _json(content: Node, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    kept = {**OPEN, "Cache-Control": KEEP, "X-Robots-Tag": "noindex", **(headers or {})}
    return Response(msgspec.json.encode(content), media_type=media_type, headers=kept)


def _library(service: Service) -> Node:
    facets = service.engine.find(Question("", filters=(("online", "yes"),), limit=0, facets=_BY)).facets
    named = [(facet, count.value) for facet in _BY for count in facets.get(facet, ())]
    items: list[Node] = [
        {
            "id": collection_address(service, f"{facet}:{value}"),
            "type": "Collection",
            "label": _label(service, facet, value),
        }
        for facet, value in named
    ]
    return collection(service, "library", {"none": [service.site.name]}, items)


def _label(service: Service, facet: str, value: str) -> dict[str, list[str]]:
    if facet == "decade":
        return by_language(lambda words: words.value(facet, value).value, service)
    return collection_label(service, value)


def _of_items(service: Service, name: str, chosen: tuple[str, str], part: int) -> Node:
    """Return a collection; one that is large has parts, from 1 on, each a collection of its own."""
    asked = Question("", filters=(chosen, ("online", "yes")), offset=max(0, part - 1) * PART, limit=PART, facets=())
    works = service.engine.find(Question("", filters=asked.filters, limit=0, facets=())).works
    parts = min(-(-works // PART), MOST_PARTS)
    if works == 0 or part > parts:
        raise NotFound(f"There is no collection {name[:40]!r}.")
    label = _label(service, *chosen)
    if not part and parts > 1:
        below = [_part(service, name, number) for number in range(1, parts + 1)]
        return collection(service, name, label, below)
    ids = [one.id for hit in gathered(service.engine, asked) for one in hit.all_editions]
    items = (service.library.catalogue.shown_item(item_id) for item_id in ids)
    public = (item for item in items if item and item.status == "published" and not is_closed(item))
    shown = [manifest_reference(service, item) for item in public if item.page_count]
    return collection(service, name, label, shown, part)


def _part(service: Service, name: str, number: int) -> Node:
    name = N_("Part %(number)s")
    label = by_language(lambda words: words.text(name) % {"number": words.number(number)}, service)
    return {"id": collection_address(service, name, number), "type": "Collection", "label": label}


def _path(service: Service, place: Place) -> str:
    """Return the path of the page that a place is on; raises NotFound for what is not of this library."""
    own = re.escape(f"{service.site.base_url}/iiif/")
    on_page = re.fullmatch(own + r"([a-z0-9-]{1,40})/canvas/([0-9]{1,6})", place.canvas, re.ASCII)
    if on_page:
        query = f"?{urlencode({'xywh': xywh(place.box)[5:]})}" if place.box else ""
        return f"/item/{held_item(service, on_page[1]).item.id}/page/{int(on_page[2])}{query}"
    whole = re.fullmatch(own + r"([a-z0-9-]{1,40})/manifest\.json", place.manifest, re.ASCII)
    if whole and not place.canvas:
        return f"/item/{held_item(service, whole[1]).item.id}"
    raise NotFound("The address names no place in this library.")
