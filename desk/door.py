"""The desk's door: who may come in, by which way, and what a form must prove before anything is done.

GET changes nothing. A POST is done only for someone signed in, from a page of this site, with the
token of the session in the form. What was typed is not lost where a session ended meanwhile: the
form comes back to be sent again.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from desk.accounts import Account
from desk.desk import Action, Desk, Endpoint, Page, respond, see_other
from desk.form import MOST_BYTES, MOST_FIELDS, Form
from desk.sessions import form_token, is_form_of, is_from_here, is_private, token_of
from metadata.errors import CanoeError, NotFound
from web.guard import Guard
from web.render import View

_LOG = logging.getLogger(__name__)
_FORM = "application/x-www-form-urlencoded"

Answering = Callable[[Request], Awaitable[Response]]
Streamed = Callable[[Desk, Request, Account], Awaitable[Response]]
"""Answers a POST that brings files: it reads the request itself, and judges the token in it."""


class Refused(Exception):
    """A request that the door does not let in; ``view`` says why."""

    def __init__(self, view: View) -> None:
        super().__init__(view.template)
        self.view = view


def mounted(desk: Desk, pages: Mapping[str, Page], streamed: Mapping[str, Streamed], login: Page) -> BaseRoute:
    """Return the desk's pages by their addresses, which all begin with ``/desk``; they go before the public ones.

    ``login`` is for those who are not signed in yet.
    """
    addresses = {*pages, *streamed}
    routes = [
        Route("/desk/", partial(_front, desk), methods=["GET"]),
        Route("/desk/login", partial(_stranger, desk, login), methods=["GET", "POST"]),
        *(
            Route(path, partial(_answer, desk, pages.get(path, Page()), streamed.get(path)),
                  methods=_methods(pages.get(path, Page()), path in streamed))
            for path in sorted(addresses, key=lambda path: ("{" in path, path))
        ),
    ]  # fmt: skip
    handlers = {
        HTTPException: partial(_refused, desk),
        Refused: partial(_turned_away, desk),
        NotFound: partial(_not_found, desk),
        CanoeError: partial(_unavailable, desk),
        Exception: partial(_failed, desk),
    }
    inner = Starlette(routes=routes, exception_handlers=handlers)
    inner.router.redirect_slashes = False
    return _Desk(Guard(inner))


class _Desk(BaseRoute):
    """Every path of the desk, whatever is there; a Mount leaves out ``/desk`` itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("path", "")
        is_ours = scope["type"] == "http" and (path == "/desk" or path.startswith("/desk/"))
        return (Match.FULL, {}) if is_ours else (Match.NONE, {})

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def read_form(request: Request) -> Form:
    """Return the fields of a form without files; raises HTTPException for what is none, or too much."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise HTTPException(413)
    except ClientDisconnect:
        raise HTTPException(400) from None
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(413) from None
    return Form.of(pairs)


def _methods(page: Page, streams: bool) -> list[str]:
    return [*(["GET"] if page.get else []), *(["POST"] if page.post or streams else [])]


async def _front(desk: Desk, request: Request) -> Response:
    return see_other(desk, request, "/desk")


async def _stranger(desk: Desk, page: Page, request: Request) -> Response:
    """Answer someone who is not signed in, or wants to sign in anew."""
    _require_way(desk, request)
    nobody = Account("")
    if request.method != "POST":
        return await run_in_threadpool(_known(page.get), desk, request, nobody)
    _require_own_page(desk, request)
    return await run_in_threadpool(_done(page.post), desk, request, nobody, await read_form(request))


async def _answer(desk: Desk, page: Page, streamed: Streamed | None, request: Request) -> Response:
    _require_way(desk, request)
    if request.method != "POST":
        return await run_in_threadpool(_shown, desk, _known(page.get), request)
    _require_own_page(desk, request)
    if streamed:
        account = await run_in_threadpool(_who, desk, request)
        if account is None:
            raise Refused(View("desk_refused.html", {"why": "session"}, 401))
        return await streamed(desk, request, account)
    form = await read_form(request)
    return await run_in_threadpool(_acted, desk, _done(page.post), request, form)


def _shown(desk: Desk, endpoint: Endpoint, request: Request) -> Response:
    account = _who(desk, request)
    if account is None:
        query = f"?{request.url.query}" if request.url.query else ""
        return see_other(desk, request, "/desk/login", {"next": request.scope["path"] + query})
    return endpoint(desk, request, account)


def _acted(desk: Desk, action: Action, request: Request, form: Form) -> Response:
    account = _who(desk, request)
    token = token_of(desk.service.site, request)
    if account is None or not is_form_of(token, form.value("csrf")):
        kept = [(name, value) for name, value in form.pairs if name != "csrf"]
        view = View("desk_again.html", {"fields": kept}, 403 if account else 401)
        return respond(desk, request, account, view)
    return action(desk, request, account, form)


def _who(desk: Desk, request: Request) -> Account | None:
    """Return who asks, and keep the token of that session's forms for the templates."""
    token = token_of(desk.service.site, request)
    account = desk.accounts.signed_in(token) if token else None
    request.state.csrf = form_token(token) if account else ""
    request.state.account = account
    return account


def _require_way(desk: Desk, request: Request) -> None:
    if not is_private(desk.service.site, request):
        raise Refused(View("desk_refused.html", {"why": "way"}, 403))


def _require_own_page(desk: Desk, request: Request) -> None:
    if not is_from_here(desk.service.site, request):
        raise Refused(View("desk_refused.html", {"why": "origin"}, 403))


def _known(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise HTTPException(405)
    return endpoint


def _done(action: Action | None) -> Action:
    if action is None:
        raise HTTPException(405)
    return action


def _plain(desk: Desk, request: Request, view: View, headers: Mapping[str, str] | None = None) -> Response:
    return respond(desk, request, getattr(request.state, "account", None), view, headers)


def _turned_away(desk: Desk, request: Request, fault: Exception) -> Response:
    view = fault.view if isinstance(fault, Refused) else View("desk_refused.html", {"why": "origin"}, 403)
    return _plain(desk, request, view)


def _refused(desk: Desk, request: Request, fault: Exception) -> Response:
    status = fault.status_code if isinstance(fault, HTTPException) else 400
    headers = fault.headers if isinstance(fault, HTTPException) else None
    return _plain(desk, request, View("desk_error.html", {"status": status}, status), headers)


def _not_found(desk: Desk, request: Request, _: Exception) -> Response:
    return _plain(desk, request, View("desk_error.html", {"status": 404}, 404))


def _unavailable(desk: Desk, request: Request, fault: Exception) -> Response:
    """Answer where something cannot be done just now; whoever keeps the library finds the reason in the log, too."""
    _LOG.error("%s: %s", request.url.path, fault)
    told = fault.message if isinstance(fault, CanoeError) else ""
    return _plain(desk, request, View("desk_error.html", {"status": 503, "told": told}, 503), {"Retry-After": "10"})


def _failed(desk: Desk, request: Request, _: Exception) -> Response:
    return _plain(desk, request, View("desk_error.html", {"status": 500}, 500))
