"""Addresses that lead on: those that the library's pages once had, and those made of an item's identifier."""

from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.redirects import Redirects, bearers
from search.engine import ItemHit
from search.engine import Request as Question
from search.identifiers import identifier
from web.reader import reader
from web.render import Service

_LONGEST = 400  # characters of an identifier
_HEADERS = {"Cache-Control": "no-cache"}  # what an address leads to may be corrected, also once a browser has seen it


def old(redirects: Redirects, service: Service, request: Request) -> Response:
    """Answer an address that no page has: where the table of old addresses has it, 301 to the item's page, else 404.

    Only pages of items are led to, so to no other host, and to nothing that leads on again.
    """
    target = redirects.target(request.url.hostname or "", request.url.path, request.url.query)
    if not target:
        raise HTTPException(404)
    return _led_to(service, request, target, 301)


def resolve(service: Service, request: Request) -> Response:
    """Answer ``/id/{value}``: 302 to the item that has this id, DOI or other identifier, 404 where none has.

    Where several have it they are listed by a search. Case, hyphens and spaces make no difference where none
    has it as it is asked for.
    """
    return _led_to(service, request, request.path_params["value"][:_LONGEST], 302)


def _led_to(service: Service, request: Request, target: str, status: int) -> Response:
    found = [item.id for item in bearers(service.library.catalogue, target)]
    if not found:
        found = [hit.id for hit in _alike(service, target)]
    if not found:
        raise HTTPException(404)
    if len(found) == 1:
        return RedirectResponse(f"{service.site.base_url}/item/{found[0]}", status, _HEADERS)
    return RedirectResponse(reader(service.site, request).link("/search", [("q", _query(target))]), 302, _HEADERS)


def _alike(service: Service, target: str) -> Iterator[ItemHit]:
    """Yield the published items with this identifier, however it is spelt, as far as two of them."""
    if query := _query(target):
        for hit in service.engine.find(Question(query, limit=2, pages_per_item=0, facets=())).hits:
            yield from hit.all_editions


def _query(target: str) -> str:
    folded = identifier(target)
    return f"identifier:{folded}" if folded else ""
