"""The door: every address of the public pages, and what answers when none does."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from archive.library import Library
from archive.redirects import Redirects
from metadata.errors import CanoeError, NotFound
from metadata.vocabulary import Vocabulary
from oai.app import come_later
from oai.formats import Render
from oai.limit import NO_LIMIT, Limit
from search.engine import SearchReader
from web import agents, feeds, iiif, resourcesync, result_forms, sitemaps, subjects
from web.downloads import download
from web.forwarding import old, resolve
from web.guard import Guard
from web.home import home
from web.landing import item
from web.reading import all_pages, go_to_page, page, search_inside
from web.render import Service, View, respond
from web.results import search
from web.site import Site
from web.sru import sru
from web.static import static
from web.suggest import suggest

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = "120"

Endpoint = Callable[[Service, Request], Response]
Waiting = Callable[[Service, Request], Response | Awaitable[Response]]


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
        routes=[Route("/static/{name}", static), *_pages(service, limit)],
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


def about(service: Service, request: Request) -> Response:
    """Answer ``/about``."""
    values: dict[str, object] = {"counts": service.library.catalogue.counts()}
    return respond(service, request, View("about.html", values))


def _pages(service: Service, limit: Limit) -> list[Route]:
    lists: dict[str, Endpoint] = {path: partial(_limited, limit, endpoint) for path, endpoint in _LISTS.items()}
    formerly: dict[str, Endpoint] = {"/{path:path}": partial(old, Redirects(service.library.archive))}
    pages = (*_PAGES.items(), *lists.items(), *formerly.items())
    return [Route(path, partial(endpoint, service)) for path, endpoint in pages]


def is_own(path: str) -> bool:
    """Say whether an address without its query is one of the site's own, or may become one: no old one is kept there.

    ``path`` is decoded and begins with a slash.
    """
    return path.split("/")[1] in _RESERVED or any(own.match(path) for own in _own_paths())


@cache
def _own_paths() -> tuple[re.Pattern[str], ...]:
    return tuple(compile_path(own)[0] for own in (*_PAGES, *_LISTS))


_RESERVED = frozenset(
    ("", "item", "id", "agent", "agents", "static", "search", "subjects", "oai", "iiif", "resourcesync", "sru",
     ".well-known")
)  # fmt: skip
"""What all addresses below begin with that are the site's, whatever it answers there today."""

_PAGES: Mapping[str, Waiting] = {
    "/": home,
    "/suggest": suggest,
    "/about": about,
    "/robots.txt": sitemaps.robots,
    "/opensearch.xml": feeds.description,
    "/item/{id}": item,
    "/item/{id}/page": go_to_page,
    "/item/{id}/page/{n}": page,
    "/item/{id}/pages": all_pages,
    "/item/{id}/file/{path:path}": download,
    "/id/{value:path}": resolve,
    **iiif.ROUTES,
    **subjects.ROUTES,
    **agents.ROUTES,
}
_LISTS: Mapping[str, Endpoint] = {
    "/search": search,
    "/item/{id}/search": search_inside,
    **iiif.SEARCHES,
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
