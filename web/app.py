"""The door: every address of the public pages, and what answers when none does."""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from archive.library import Library
from metadata.errors import CanoeError, NotFound
from metadata.vocabulary import Vocabulary
from oai.app import come_later
from oai.formats import Render
from oai.limit import NO_LIMIT, Limit
from search.engine import SearchReader
from web import feeds, resourcesync, result_forms, sitemaps
from web.downloads import download
from web.guard import Guard
from web.home import home
from web.landing import item
from web.reading import go_to_page, page
from web.render import Service, View, respond
from web.results import search
from web.site import Site
from web.sru import sru
from web.static import static
from web.suggest import suggest

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = "120"

Endpoint = Callable[[Service, Request], Response]


def routes(
    site: Site,
    library: Library,
    engine: SearchReader,
    vocabulary: Vocabulary,
    renders: Mapping[str, Render] | None = None,
    limit: Limit = NO_LIMIT,
) -> list[BaseRoute]:
    """Return the routes of the public pages.

    They answer every path, so they go after all others. GET and HEAD only; every endpoint
    runs in a worker thread. ``renders`` makes records as harvesters get them
    (:class:`web.render.Service`). ``limit`` is how fast one client may search and take lists.
    """
    service = Service(site, library, engine, vocabulary, renders or {})
    inner = Starlette(
        routes=[*_pages(service, limit), Route("/static/{name}", static)],
        exception_handlers={
            HTTPException: partial(_refused, service),
            NotFound: partial(_not_found, service),
            CanoeError: partial(_unavailable, service),
            Exception: partial(_failed, service),
        },
    )
    # A slash too many is an address that does not exist, not a redirect to the Host header's host.
    inner.router.redirect_slashes = False
    return [_Everything(Guard(inner))]


class _Everything(BaseRoute):
    """Every path there is; a Mount leaves out those with a line break.

    It matches in part only, so that a route before it that has the path, though not the
    method, is the one to refuse.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.PARTIAL, {}) if scope["type"] == "http" else (Match.NONE, {})

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _pages(service: Service, limit: Limit) -> list[Route]:
    pages: dict[str, Endpoint] = {
        "/": home,
        "/suggest": suggest,
        "/about": about,
        "/robots.txt": sitemaps.robots,
        "/opensearch.xml": feeds.description,
        "/item/{id}": item,
        "/item/{id}/page": go_to_page,
        "/item/{id}/page/{n}": page,
        "/item/{id}/file/{path:path}": download,
    }
    lists: dict[str, Endpoint] = {path: partial(_limited, limit, endpoint) for path, endpoint in _LISTS.items()}
    return [Route(path, partial(endpoint, service)) for path, endpoint in (*pages.items(), *lists.items())]


_LISTS: Mapping[str, Endpoint] = {
    "/search": search,
    **result_forms.ROUTES,
    "/sitemap.xml": sitemaps.sitemap,
    "/sitemap-{part}.xml": sitemaps.part,
    "/.well-known/resourcesync": resourcesync.description,
    "/resourcesync/capabilitylist.xml": resourcesync.capability_list,
    "/resourcesync/resourcelist.xml": resourcesync.resource_list,
    "/resourcesync/resourcelist-{part}.xml": resourcesync.resource_part,
    "/resourcesync/changelist.xml": resourcesync.change_list,
    "/resourcesync/changelist-{part}.xml": resourcesync.change_part,
    "/new.atom": feeds.new_items,
    "/search.atom": feeds.found_items,
    "/sru": sru,
}
"""What a program asks for again and again, each answer made anew."""


def _limited(limit: Limit, endpoint: Endpoint, service: Service, request: Request) -> Response:
    wait = limit.seconds_to_wait(request.client.host if request.client else "")
    return come_later(wait) if wait else endpoint(service, request)


def about(service: Service, request: Request) -> Response:
    """Answer ``/about``."""
    values: dict[str, object] = {"counts": service.library.catalogue.counts()}
    return respond(service, request, View("about.html", values))


def _refused(service: Service, request: Request, fault: Exception) -> Response:
    status = fault.status_code if isinstance(fault, HTTPException) else 400
    headers = fault.headers if isinstance(fault, HTTPException) else None
    return respond(service, request, View("error.html", {"status": status}, status, "/"), headers)


def _not_found(service: Service, request: Request, _: Exception) -> Response:
    return respond(service, request, View("error.html", {"status": 404}, 404, "/"))


def _unavailable(service: Service, request: Request, fault: Exception) -> Response:
    """Answer for a library that cannot be read just now; whoever keeps it finds the reason in the log."""
    _LOG.error("%s: %s", request.url.path, fault)
    view = View("error.html", {"status": 503}, 503, "/")
    return respond(service, request, view, {"Retry-After": _RETRY_SECONDS})


def _failed(service: Service, request: Request, _: Exception) -> Response:
    return respond(service, request, View("error.html", {"status": 500}, 500, "/"))
