"""What every page of the desk is made from: who is at it, what it may ask for, and how a page becomes an answer.

A page of the desk is an :data:`Endpoint` (GET, changes nothing) and, where something is to be done,
an :data:`Action` (POST), both in a :class:`Page` under its address. The door (:mod:`desk.door`) has
judged the session, the origin and the token of a form before either is called.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.accounts import Account, Accounts
from desk.editing_work import Editing
from desk.form import Form
from desk.i18n import environment
from desk.ingesting import Ingesting
from desk.needing import Needing
from desk.words import Words
from web.reader import reader
from web.render import Service, View, common_values

NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
"""Headers of every answer of the desk: nobody keeps it, and no search engine lists it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the desk works with: the public pages' service, its accounts, and what it asks of the application."""

    service: Service
    accounts: Accounts
    ingesting: Ingesting
    editing: Editing
    needing: Needing


Endpoint = Callable[[Desk, Request, Account], Response]
"""Answers a GET; it changes nothing."""

Action = Callable[[Desk, Request, Account, Form], Response]
"""Answers a POST of someone signed in, from a page of this desk; ends in :func:`see_other` where something changed."""


@dataclass(frozen=True, slots=True)
class Page:
    """What answers at an address of the desk, in worker threads."""

    get: Endpoint | None = None
    post: Action | None = None


def respond(
    desk: Desk, request: Request, account: Account | None, view: View, headers: Mapping[str, str] | None = None
) -> Response:
    """Write a page of the desk in the reader's language; ``account`` is None before one has signed in.

    Templates extend ``desk_base.html``. Besides the values of the public pages they have ``account``, ``words``
    (:class:`desk.words.Words`), ``csrf`` (the token every form sends; ``desk_parts.html`` has the field) and
    ``here`` (this page's address).
    """
    service = desk.service
    who = reader(service.site, request)
    values = {
        **common_values(service, who, view),
        "indexed": False,
        "account": account,
        "words": Words(who.language),
        "csrf": getattr(request.state, "csrf", ""),
        "here": who.link(who.path),
        **view.values,
    }
    text = environment(who.language).get_template(view.template).render(values)
    language = {"Content-Language": who.language}
    return Response(text, view.status, {**language, **NO_STORE, **(headers or {})}, "text/html; charset=utf-8")


def see_other(desk: Desk, request: Request, path: str, pairs: Mapping[str, str] | None = None) -> Response:
    """Send the reader to a page of the desk after something was done, so that reloading does not do it again."""
    who = reader(desk.service.site, request)
    return RedirectResponse(who.link(path, (pairs or {}).items()), 303, NO_STORE)
