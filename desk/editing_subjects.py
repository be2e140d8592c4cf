"""Subjects at the desk: what is proposed for an item, and what a keyword means, decided one by one."""

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from desk.accounts import Account
from desk.desk import Desk, Page, respond, see_other
from desk.editing import LONGEST_REASON, found
from desk.editing_choices import concept_match, concepts
from desk.editing_work import Doing
from desk.form import Form
from desk.labels import labels_of
from metadata.errors import HomeHeld, StorageError
from web.i18n import N_
from web.render import View

LONGEST_KEYWORD = 200
_BUSY = N_("It cannot be done just now (%(why)s). Try again in a moment.")
_NO_CHOICE = N_("Choose what is to be done.")
_KEEP = "keep"

Faults = Sequence[tuple[str, str]]


def proposed(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/items/{id}/subjects``: the concepts that are proposed, each with the passages that say so."""
    return _proposed(desk, request, account)


def classify(desk: Desk, request: Request, account: Account, form: Form) -> Response:
    """Give the item what was accepted, and have what was refused not proposed again."""
    held, labels = found(desk, request), labels_of(desk, request)
    chosen = [(value, verdict) for name, value in form.pairs if name == "concept" for verdict in form.values(value)]
    accepted = [uri for uri, verdict in chosen if verdict == "accept"]
    refused = [uri for uri, verdict in chosen if verdict == "refuse"]
    if not accepted and not refused:
        return _proposed(desk, request, account, [("concept-1-accept", labels.text(_NO_CHOICE))])
    try:
        desk.editing.classify(held.item.id, accepted, refused, Doing(account.shown, ""))
    except (HomeHeld, StorageError) as fault:
        return _proposed(desk, request, account, [("", labels.text(_BUSY) % {"why": fault.message.rstrip(".")})])
    return see_other(desk, request, f"/desk/items/{held.item.id}/subjects")


def _proposed(desk: Desk, request: Request, account: Account, faults: Faults = ()) -> Response:
    held, labels = found(desk, request), labels_of(desk, request)
    vocabulary = desk.service.vocabulary
    values: dict[str, object] = {
        "held": held,
        "has": [concept_match(vocabulary, uri, labels.language) for uri in held.item.concepts],
        "suggested": [
            (one, concept_match(vocabulary, one.concept, labels.language))
            for one in desk.editing.suggested(held.item.id)
        ],
        "faults": faults,
    }
    return respond(desk, request, account, View("desk_item_subjects.html", values, 422 if faults else 200))


def keyword(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/keyword?word=``: what a keyword may mean."""
    word = " ".join(request.query_params.get("word", "").split())
    if not word or len(word) > LONGEST_KEYWORD:
        raise HTTPException(404)
    return _keyword(desk, request, account, word, {"changed": request.query_params.get("changed", "")})


def decide(desk: Desk, request: Request, account: Account, form: Form) -> Response:
    """Decide what a keyword means, or look for another concept first."""
    word, labels = form.value("word")[:LONGEST_KEYWORD], labels_of(desk, request)
    why, asked = form.value("why")[:LONGEST_REASON], form.value("find-concepts")[:100]
    if form.has("find"):
        return _keyword(desk, request, account, word, {"asked": asked, "why": why})
    chosen = form.value("concept")
    changed: int | None = None
    try:
        if chosen:
            changed = desk.editing.decide(word, "" if chosen == _KEEP else chosen, Doing(account.shown, why))
    except (HomeHeld, StorageError) as fault:
        told = labels.text(_BUSY) % {"why": fault.message.rstrip(".")}
        return _keyword(desk, request, account, word, {"asked": asked, "why": why}, [("", told)])
    if changed is None:
        faults = [("concept-keep", labels.text(_NO_CHOICE))]
        return _keyword(desk, request, account, word, {"asked": asked, "why": why}, faults)
    return see_other(desk, request, "/desk/keyword", {"word": word, "changed": str(changed)})


def _keyword(
    desk: Desk, request: Request, account: Account, word: str, told: Mapping[str, str], faults: Faults = ()
) -> Response:
    labels, vocabulary = labels_of(desk, request), desk.service.vocabulary
    likely = [concept_match(vocabulary, one.concept, labels.language) for one in desk.editing.meanings(word)]
    known = {one.uri for one in likely}
    more = [one for one in concepts(desk.service, told.get("asked", ""), labels.language) if one.uri not in known]
    changed = told.get("changed", "")
    values: dict[str, object] = {
        "word": word,
        "likely": [*likely, *more],
        "asked": told.get("asked", ""),
        "why": told.get("why", ""),
        "changed": int(changed) if changed.isascii() and changed.isdecimal() and len(changed) < 9 else None,
        "faults": faults,
    }
    return respond(desk, request, account, View("desk_item_keyword.html", values, 422 if faults else 200))


PAGES: Mapping[str, Page] = {
    "/desk/items/{id}/subjects": Page(proposed, classify),
    "/desk/keyword": Page(keyword, decide),
}
"""The pages of this module, for the desk's table."""
