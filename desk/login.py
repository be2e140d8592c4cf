"""Signing in and out."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from desk.accounts import Account
from desk.desk import Desk, Page, respond, see_other
from desk.form import Form
from desk.i18n import messages
from desk.passwords import LONGEST, Busy
from desk.sessions import client_of, forget_token, set_token, token_of
from web.i18n import N_
from web.reader import reader
from web.render import View

_LONGEST_NAME = 64
_LONGEST_QUERY = 300
_BUSY_SECONDS = 5
_WRONG = N_("The name or the password is wrong.")
_NO_NAME = N_("Enter your name at this desk.")
_NO_PASSWORD = N_("Enter your password.")

Fault = tuple[str, str]
"""The id of a field, and a sentence in the reader's language."""


def ask(desk: Desk, request: Request, _: Account) -> Response:
    """Answer GET ``/desk/login``; who is signed in already goes on to the desk."""
    token = token_of(desk.service.site, request)
    if token and desk.accounts.signed_in(token):
        return see_other(desk, request, "/desk")
    return _form(desk, request, request.query_params.get("next", ""))


def sign_in(desk: Desk, request: Request, _: Account, form: Form) -> Response:
    """Answer POST ``/desk/login``: begin a session under a new token, whatever token was sent, and go on."""
    name, password = form.value("name").lower()[:_LONGEST_NAME], _password(form)
    if faults := _empty(name, password):
        return _form(desk, request, form.value("next"), name, _said(desk, request, faults))
    client = client_of(request)
    if wait := desk.accounts.seconds_to_wait(name, client):
        return _wait(desk, request, wait)
    try:
        token = desk.accounts.sign_in(name, password, client)
    except Busy:
        return _wait(desk, request, _BUSY_SECONDS)
    if not token:
        faults = [("name", _WRONG)]
        return _form(desk, request, form.value("next"), name, _said(desk, request, faults), 403)
    if before := token_of(desk.service.site, request):
        desk.accounts.sign_out(before)
    answer = _onward(desk, request, form.value("next"))
    set_token(desk.service.site, answer, token)
    return answer


def sign_out(desk: Desk, request: Request, _: Account, __: Form) -> Response:
    """Answer POST ``/desk/logout``."""
    desk.accounts.sign_out(token_of(desk.service.site, request))
    answer = see_other(desk, request, "/desk/login")
    forget_token(desk.service.site, answer)
    return answer


def _form(
    desk: Desk, request: Request, onward: str, name: str = "", faults: Sequence[Fault] = (), status: int = 0
) -> Response:
    values = {"next": onward if _is_of_desk(onward) else "", "name": name, "faults": faults}
    return respond(desk, request, None, View("desk_login.html", values, status or (422 if faults else 200)))


def _wait(desk: Desk, request: Request, seconds: int) -> Response:
    view = View("desk_refused.html", {"why": "guesses", "seconds": seconds}, 429)
    return respond(desk, request, None, view, {"Retry-After": str(seconds)})


def _password(form: Form) -> str:
    """Return the password as it was typed: space around it is part of it."""
    return next((value for key, value in form.pairs if key == "password"), "")[:LONGEST]


def _empty(name: str, password: str) -> list[Fault]:
    return [*([] if name else [("name", _NO_NAME)]), *([] if password else [("password", _NO_PASSWORD)])]


def _said(desk: Desk, request: Request, faults: Sequence[Fault]) -> list[Fault]:
    translate = messages(reader(desk.service.site, request).language).gettext
    return [(at, translate(sentence)) for at, sentence in faults]


def _onward(desk: Desk, request: Request, asked: str) -> Response:
    """Go to where one wanted to, within the desk."""
    path, _, query = (asked if _is_of_desk(asked) else "/desk").partition("?")
    pairs = dict(parse_qsl(query[:_LONGEST_QUERY]))
    return see_other(desk, request, path, {name: value for name, value in pairs.items() if name != "lang"})


def _is_of_desk(path: str) -> bool:
    return (path == "/desk" or path.startswith(("/desk/", "/desk?"))) and "\\" not in path


LOGIN = Page(ask, sign_in)
PAGES = {"/desk/logout": Page(None, sign_out)}
