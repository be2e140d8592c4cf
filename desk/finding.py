"""Finding an item to work on: by its number, DOI or another identifier, or by words; what is held, too."""

import re
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from desk.accounts import Account
from desk.desk import Desk, Page, respond, see_other
from metadata.errors import CanoeError
from metadata.folding import fold
from metadata.ids import is_item_id
from metadata.model import Item
from search.engine import Request as Question
from web.render import View

LONGEST = 300
"""Characters of what is looked for."""
_MOST = 50
_ADDRESS = re.compile(r"/items?/([^/?#.]+)")
"""An item's number in the address of any of its pages, here or at the desk, as a browser shows it."""


def find(desk: Desk, request: Request, account: Account) -> Response:
    """Answer GET ``/desk/find?q=``: go to the item that bears a number or identifier, or list what words find."""
    asked = " ".join(request.query_params.get("q", "").split())[:LONGEST]
    bearers = named(desk, asked)
    if len(bearers) == 1:
        return see_other(desk, request, f"/desk/items/{bearers[0].id}")
    found = bearers or ([*_held(desk, asked), *_public(desk, asked)][:_MOST] if asked else [])
    return respond(desk, request, account, View("desk_find.html", {"asked": asked, "found": found}))


def named(desk: Desk, asked: str) -> list[Item]:
    """Return the items that bear a number, the address of a page or an identifier; at most 50, none for ``""``."""
    catalogue = desk.service.library.catalogue
    address = _ADDRESS.search(asked)
    last = (address[1] if address else asked.rstrip("/").rpartition("/")[2]).lower()
    found = catalogue.item(last) if is_item_id(last) else None
    return [found] if found else [*catalogue.by_any_identifier(asked)] if asked else []


def _held(desk: Desk, asked: str) -> Iterator[Item]:
    """Yield the items held for approval, which no index has, with titles that have all the words."""
    words = fold(asked).split()
    for one in desk.service.library.catalogue.waiting():
        titles = fold(" ".join(title.value for title in one.item.titles))
        if words and all(word in titles for word in words):
            yield one.item


def _public(desk: Desk, asked: str) -> Iterator[Item]:
    """Yield the public items that a search finds; none while the index cannot be read, or where it is no question."""
    question = Question(asked, limit=_MOST, pages_per_item=0, facets=(), expand=False)
    try:
        hits = desk.service.engine.find(question).hits
    except CanoeError:
        return
    items = (desk.service.library.catalogue.item(hit.id) for hit in hits)
    yield from (item for item in items if item and item.status != "held")


PAGES = {"/desk/find": Page(find)}
