"""Two items that nobody proposed as one publication: the other is named by number, DOI or address, then compared."""

from starlette.requests import Request
from starlette.responses import Response

from desk.accounts import Account
from desk.desk import Desk, Page, respond, see_other
from desk.editing import found as held_item
from desk.finding import LONGEST, named
from desk.labels import labels_of
from web.i18n import N_
from web.render import View

_NONE = N_("No item has this number, identifier or address.")
_ITSELF = N_("This is the item itself. Name another one.")


def other(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/items/{id}/merge?with=``: go to the comparison with the item that is named, the first being kept.

    Where several bear what was typed, they are listed; where none does, the form says so (422).
    """
    item = held_item(desk, request).item
    asked = " ".join(request.query_params.get("with", "").split())[:LONGEST]
    bearers = named(desk, asked)
    others = [one for one in bearers if one.id != item.id]
    if len(others) == 1:
        return see_other(desk, request, f"/desk/merge/{item.id}/{others[0].id}")
    wrong = _ITSELF if bearers else _NONE
    faults = [("with", labels_of(desk, request).text(wrong))] if asked and not others else []
    values: dict[str, object] = {"item": item, "asked": asked, "found": others, "faults": faults}
    return respond(desk, request, account, View("desk_merge_with.html", values, 422 if faults else 200))


PAGES = {"/desk/items/{id}/merge": Page(other)}
