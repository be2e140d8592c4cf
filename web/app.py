"""The door: every address of the public pages, and what answers when none does."""

import inspect
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from typing import cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
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
from web import (
    agents,
    collections,
    feeds,
    iiif,
    places,
    resourcesync,
    result_forms,
    series,
    sitemaps,
    statistics,
    subjects,
    years,
)
from web.downloads import download
from web.forwarding import old, resolve
from web.guard import Guard
from web.home import home
from web.landing import item
from web.line import NO_LIMITS, Limits, Line, seconds_to_wait
from web.missing import nothing_here
from web.reading import all_pages, go_to_page, page, search_inside
from web.render import Service, View, respond
from web.results import search
from web.site import Site
from web.sru import sru
from web.static import static
from web.suggest import suggest

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = "120"
_AT_ONCE = min(4, len(os.sched_getaffinity(0)) + 1)
_MOST_WAITING, _WAITING_SECONDS = 128, 5.0
"""Answers that are made at once: what waits for the index or the disk leaves the processor to another. Pages and
searches stand in one line, for whoever came first is to be answered first."""

Endpoint = Callable[[Service, Request], Response]
Waiting = Callable[[Service, Request], Response | Awaitable[Response]]


def routes(
    site: Site,
    library: Library,
    engine: SearchReader,
    vocabulary: Vocabulary,
    renders: Mapping[str, Render] | None = None,
    limits: Limits = NO_LIMITS,
) -> list[BaseRoute]:
    """Return the routes of the public pages.

    They answer every path, so they go after all others. GET and HEAD only; endpoints run in worker threads, few at a
    time (:mod:`web.line`). ``renders`` makes records as harvesters get them (:class:`web.render.Service`).
    """
    service = Service(site, library, engine, vocabulary, renders or {})
    line = Line(_AT_ONCE, _MOST_WAITING, _WAITING_SECONDS)
    inner = Starlette(
        routes=[Route("/static/{name}", static), *_pages(service, limits, line)],
        exception_handlers={
            HTTPException: partial(_refused, service, line, limits.searches),
            NotFound: partial(nothing_here, service, line, limits.searches),
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


def _pages(service: Service, limits: Limits, line: Line) -> list[Route]:
    formerly: dict[str, Endpoint] = {"/{path:path}": partial(old, Redirects(service.library.archive))}
    answers = (
        *((path, _answer(line, NO_LIMIT, endpoint)) for path, endpoint in _PAGES.items()),
        *((path, _answer(line, limits.searches, endpoint)) for path, endpoint in _SEARCHES.items()),
        *((path, _answer(line, limits.lists, endpoint)) for path, endpoint in _LISTS.items()),
        *((path, _answer(line, NO_LIMIT, endpoint)) for path, endpoint in formerly.items()),
    )
    return [Route(path, partial(answer, service)) for path, answer in answers]


def _answer(line: Line, limit: Limit, endpoint: Waiting) -> Waiting:
    """Return what answers as an endpoint does, in its turn; who asks too fast is told so before anything is done."""
    return (
        endpoint if inspect.iscoroutinefunction(endpoint) else partial(_in_line, line, limit, cast(Endpoint, endpoint))
    )


async def _in_line(line: Line, limit: Limit, endpoint: Endpoint, service: Service, request: Request) -> Response:
    if wait := seconds_to_wait(limit, request):
        return come_later(wait)
    return await line.answer(partial(endpoint, service, request))


def is_own(path: str) -> bool:
    """Say whether an address without its query is one of the site's own, or may become one: no old one is kept there.

    ``path`` is decoded and begins with a slash.
    """
    return path.split("/")[1] in _RESERVED or any(own.match(path) for own in _own_paths())


@cache
def _own_paths() -> tuple[re.Pattern[str], ...]:
    return tuple(compile_path(own)[0] for own in (*_PAGES, *_SEARCHES, *_LISTS))


_RESERVED = frozenset(
    ("", "item", "id", "agent", "agents", "static", "search", "subjects", "collections", "series", "map", "years",
     "statistics", "desk", "oai", "iiif", "resourcesync", "sru", ".well-known")
)  # fmt: skip
"""What all addresses below begin with that are the site's, whatever it answers there today."""

_PAGES: Mapping[str, Waiting] = {
    "/": home,
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
    **collections.ROUTES,
    **places.ROUTES,
    **series.ROUTES,
    **years.ROUTES,
}
_SEARCHES: Mapping[str, Endpoint] = {
    "/search": search,
    "/suggest": suggest,
    "/item/{id}/search": search_inside,
    **iiif.SEARCHES,
    **result_forms.ROUTES,
    "/search.atom": feeds.found_items,
    "/sru": sru,
    **statistics.ROUTES,
}
"""What asks the search engine, and costs the most: robots that follow every facet are held here."""

_LISTS: Mapping[str, Endpoint] = {
    "/sitemap.xml": sitemaps.sitemap,
    "/sitemap-{part}.xml": sitemaps.part,
    "/.well-known/resourcesync": resourcesync.description,
    "/resourcesync/capabilitylist.xml": resourcesync.capability_list,
    "/resourcesync/resourcelist.xml": resourcesync.resource_list,
    "/resourcesync/resourcelist-{part}.xml": resourcesync.resource_part,
    "/resourcesync/changelist.xml": resourcesync.change_list,
    "/resourcesync/changelist-{part}.xml": resourcesync.change_part,
    "/new.atom": feeds.new_items,
}
"""What a program asks for again and again, each answer made anew."""


async def _refused(service: Service, line: Line, limit: Limit, request: Request, fault: Exception) -> Response:
    status = fault.status_code if isinstance(fault, HTTPException) else 400
    if status == 404:
        return await nothing_here(service, line, limit, request, fault)
    headers = fault.headers if isinstance(fault, HTTPException) else None
    view = View("error.html", {"status": status}, status, "/")
    return await run_in_threadpool(respond, service, request, view, headers)


def _unavailable(service: Service, request: Request, fault: Exception) -> Response:
    """Answer for a library that cannot be read just now; whoever keeps it finds the reason in the log."""
    _LOG.error("%s: %s", request.url.path, fault)
    view = View("error.html", {"status": 503}, 503, "/")
    return respond(service, request, view, {"Retry-After": _RETRY_SECONDS})


def _failed(service: Service, request: Request, _: Exception) -> Response:
    return respond(service, request, View("error.html", {"status": 500}, 500, "/"))
