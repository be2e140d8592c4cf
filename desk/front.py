"""The desk's first page: what came in last, and what needs attention, each with the way to where it is mended."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from desk.accounts import Account
from desk.desk import Desk, Page, respond
from desk.needing import LISTED, Need
from web.render import View

_LAST = 10
_AT_ONCE = 50
_MOST_PAGES = 10_000


def front(desk: Desk, request: Request, account: Account) -> Response:
    """Answer GET ``/desk``."""
    accessions = desk.service.library.catalogue.last_accessions(_LAST)
    values: dict[str, object] = {
        "jobs": desk.ingesting.jobs(_LAST),
        "accessions": accessions,
        "awaiting": desk.editing.awaiting_approval(),
        "counts": desk.needing.counts(),
    }
    return respond(desk, request, account, View("desk_front.html", values))


def needs(desk: Desk, request: Request, account: Account) -> Response:
    """Answer GET ``/desk/needs/{need}``, a page of the cases."""
    need = _need(request.path_params["need"])
    total = desk.needing.counts().get(need, 0)
    page = _number(request.query_params.get("page", "1"))
    values: dict[str, object] = {
        "need": need,
        "total": total,
        "page": page,
        "pages": -(-total // _AT_ONCE),
        "cases": desk.needing.cases(need, (page - 1) * _AT_ONCE, _AT_ONCE),
    }
    return respond(desk, request, account, View("desk_needs.html", values))


def _need(asked: str) -> Need:
    found = next((need for need in LISTED if need == asked), None)
    if found is None:
        raise HTTPException(404)
    return found


def _number(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 6 else 1
    return min(max(number, 1), _MOST_PAGES)


PAGES = {"/desk": Page(front), "/desk/needs/{need}": Page(needs)}
