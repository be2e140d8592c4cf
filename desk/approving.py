"""An item at the desk: what it is, what was done to it, and what can be done: approve, withdraw, restore."""

import re
from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Held
from desk.accounts import Account
from desk.desk import Desk, Page, respond, see_other
from desk.differing import told
from desk.editing import LONGEST_REASON
from desk.editing import found as held_item
from desk.editing_work import Doing, Outcome, Version
from desk.form import Form
from desk.labels import labels_of
from metadata.accession import is_undone
from metadata.errors import HomeHeld, StorageError
from web.i18n import N_
from web.render import View

_DONE = {
    "edited": N_("The item is saved."),
    "withdrawn": N_("The item is withdrawn."),
    "restored": N_("The item is public again."),
    "approved": N_("The item is public now."),
    "merged": N_("The two items are one now."),
}
_KINDS = {
    "brought": N_("Brought in or described by an ingest"),
    "edited": N_("Edited"),
    "withdrawn": N_("Withdrawn"),
    "restored": N_("Published again"),
    "approved": N_("Approved"),
}
_WHY = N_("Say why: it is kept with the item.")
_BUSY = N_("It cannot be done just now (%(why)s). Try again in a moment.")
_UNTOLD = ("status", "reason", "accession", "submission")
"""What the kind of a change says already, or says nothing to people."""
_ACCESSION = re.compile(r"\ba-[0-9a-z]{10}\b")
_SHOWN = 100  # items waiting for approval


def item(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/items/{id}``: its state, what can be done with it, and its history."""
    return _item(desk, request, account, held_item(desk, request))


def change(desk: Desk, request: Request, account: Account, form: Form) -> Response:
    """Approve, withdraw or restore an item, as the button says; a reason is needed for all but the first."""
    held = held_item(desk, request)
    wish, why = form.value("do"), form.value("why")[:LONGEST_REASON]
    labels = labels_of(desk, request)
    if wish in ("withdraw", "restore") and not why:
        return _item(desk, request, account, held, [("why", labels.text(_WHY))])
    try:
        done = _done(desk, held.item.id, wish, Doing(account.shown, why))
    except (HomeHeld, StorageError) as fault:
        told_ = labels.text(_BUSY) % {"why": fault.message.rstrip(".")}
        return _item(desk, request, account, held, [("why", told_)], why)
    return see_other(desk, request, f"/desk/items/{held.item.id}", {"done": done} if done else None)


def _done(desk: Desk, item_id: str, wish: str, doing: Doing) -> str:
    """Do what was asked for; return what was done, ``""`` where that could not be."""
    if wish == "approve":
        return "approved" if desk.editing.approve([item_id], doing) else ""
    outcome: Outcome = "refused"
    if wish == "withdraw":
        outcome = desk.editing.withdraw(item_id, doing)
    elif wish == "restore":
        outcome = desk.editing.restore(item_id, doing)
    return {"withdraw": "withdrawn", "restore": "restored"}[wish] if outcome == "done" else ""


def _item(
    desk: Desk,
    request: Request,
    account: Account,
    held: Held,
    faults: list[tuple[str, str]] | None = None,
    why: str = "",
) -> Response:
    labels = labels_of(desk, request)
    versions = [
        (_led(one), labels.text(_KINDS[one.what]), told(one.before, one.after, labels, _UNTOLD) if one.before else [])
        for one in desk.editing.history(held.item.id)
    ]
    done = _DONE.get(request.query_params.get("done", ""), "")
    values: dict[str, object] = {
        "held": held,
        "item": held.item,
        "is_undone": is_undone(held.item),
        "versions": versions,
        "done": labels.text(done) if done else "",
        "faults": faults or [],
        "why": why,
    }
    return respond(desk, request, account, View("desk_item.html", values, 422 if faults else 200))


def _led(version: Version) -> tuple[Version, str]:
    """Return a version without the archive's own words for an ingest, and the accession they name instead."""
    found = _ACCESSION.search(version.why) if version.what == "brought" else None
    return (replace(version, why=""), found[0]) if found else (version, "")


def waiting(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/approve``: what is held for approval, to be approved one by one or together."""
    return _waiting(desk, request, account)


def approve(desk: Desk, request: Request, account: Account, form: Form) -> Response:
    """Approve the items that were chosen."""
    labels, doing = labels_of(desk, request), Doing(account.shown, form.value("why")[:LONGEST_REASON])
    chosen = form.values("item")
    if not chosen:
        fault = ("item-1", labels.text(N_("Choose the items that are to be public.")))
        return _waiting(desk, request, account, [fault])
    try:
        number = desk.editing.approve(chosen, doing)
    except (HomeHeld, StorageError) as fault:
        return _waiting(desk, request, account, [("why", labels.text(_BUSY) % {"why": fault.message.rstrip(".")})])
    return see_other(desk, request, "/desk/approve", {"approved": str(number)})


def _waiting(desk: Desk, request: Request, account: Account, faults: list[tuple[str, str]] | None = None) -> Response:
    catalogue = desk.service.library.catalogue
    approved = request.query_params.get("approved", "")
    values: dict[str, object] = {
        "waiting": catalogue.waiting(_SHOWN),
        "total": catalogue.number_waiting(),
        "approved": int(approved) if approved.isascii() and approved.isdigit() and len(approved) < 9 else None,
        "faults": faults or [],
    }
    return respond(desk, request, account, View("desk_approve.html", values, 422 if faults else 200))


PAGES: Mapping[str, Page] = {
    "/desk/items/{id}": Page(item, change),
    "/desk/approve": Page(waiting, approve),
}
"""The pages of this module, for the desk's table."""
