"""The edit form at the desk: typed, looked at, compared, and only then saved, with who and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Held
from desk.accounts import Account
from desk.desk import Desk, Page, respond, see_other
from desk.differing import told
from desk.editing_choices import agents, concept_match, concepts, contribution_of, options
from desk.editing_form import GROUPS, PARTS, Typed, filled, read, typed, with_another
from desk.editing_values import rows_of
from desk.editing_work import Doing, Plan
from desk.form import Form
from desk.labels import labels_of
from metadata.errors import HomeHeld, NotFound, StorageError
from metadata.ids import is_item_id
from metadata.model import Item
from web.i18n import N_
from web.labels import Labels
from web.render import View

LONGEST_REASON = 500
_MOST_PICKED = 20
_FAULTY = N_("“%(value)s” cannot stand here.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form as it is shown: the item it began with, what stands in it, and what was looked up."""

    held: Held
    form: Typed
    change: int
    faults: Sequence[tuple[str, str]] = ()
    told: str = ""
    asked: Mapping[str, str] | None = None
    why: str = ""


def found(desk: Desk, request: Request) -> Held:
    """Return the item that a page is about, and its change number; raises NotFound."""
    item_id = str(request.path_params["id"])
    held = desk.service.library.catalogue.held(item_id) if is_item_id(item_id) else None
    if held is None:
        raise NotFound(f"There is no item {item_id[:40]!r}.")
    return held


def moment(text: str) -> int:
    """Return the change number that a form was opened at, 0, which is that of nothing, for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def edit_form(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/items/{id}/edit``: the form, filled with what is known of the item."""
    held = found(desk, request)
    return _shown(desk, request, account, Sheet(held, filled(held.item), held.change))


def edit(desk: Desk, request: Request, account: Account, form: Form) -> Response:
    """Do what a button of the form asks for; nothing is written but by the last, and nothing typed is lost."""
    held = found(desk, request)
    change = moment(form.value("version"))
    sheet = Sheet(held, _with_picked(desk, typed(form), form), change, why=form.value("why")[:LONGEST_REASON])
    if form.has("add"):
        return _shown(desk, request, account, replace(sheet, form=with_another(sheet.form, form.value("add"))))
    if form.has("find"):
        asked = {part: form.value(f"find-{part}")[:100] for part in (form.value("find"),)}
        return _shown(desk, request, account, replace(sheet, asked=asked))
    if form.has("again"):
        return _shown(desk, request, account, sheet)
    if form.has("rebase"):
        return _shown(desk, request, account, _rebased(desk, sheet))
    return _judged(desk, request, account, sheet, is_final=form.has("save"))


def _judged(desk: Desk, request: Request, account: Account, sheet: Sheet, is_final: bool) -> Response:
    """Show what is wrong, or what would be different; or save it, where that was asked for."""
    labels = labels_of(desk, request)
    wanted, form = read(sheet.form, _base(desk, sheet))
    sheet = replace(sheet, form=form)
    if form.faults:
        told = [(id_, labels.text(message) % {"value": value}) for id_, message, value in form.faults]
        return _shown(desk, request, account, replace(sheet, faults=told))
    if sheet.change != sheet.held.change:
        return _overtaken(desk, request, account, sheet, wanted)
    plan = desk.editing.plan(wanted)
    if plan.faults:
        return _shown(desk, request, account, replace(sheet, faults=faults_of(plan, labels)))
    if not plan.differences:
        return _shown(desk, request, account, replace(sheet, told=N_("Nothing is different yet.")))
    if not is_final:
        return _preview(desk, request, account, sheet, plan)
    if not sheet.why:
        fault = ("why", labels.text(N_("Say why: it is kept with the item.")))
        return _preview(desk, request, account, replace(sheet, faults=[fault]), plan)
    return _saved(desk, request, account, sheet, plan)


def _saved(desk: Desk, request: Request, account: Account, sheet: Sheet, plan: Plan) -> Response:
    try:
        outcome = desk.editing.save(plan.after, sheet.change, Doing(account.shown, sheet.why))
    except (HomeHeld, StorageError) as fault:
        message = N_("It cannot be saved just now (%(why)s). Try again in a moment: nothing is lost.")
        told = labels_of(desk, request).text(message) % {"why": fault.message.rstrip(".")}
        return _preview(desk, request, account, replace(sheet, faults=[("save", told)]), plan)
    if outcome in ("overtaken", "faulty"):
        sheet = replace(sheet, held=found(desk, request))
        return _overtaken(desk, request, account, sheet, plan.after)
    return see_other(desk, request, f"/desk/items/{sheet.held.item.id}", {"done": "edited"})


def _base(desk: Desk, sheet: Sheet) -> Item:
    """Return the item as it was when the form was opened."""
    if sheet.change == sheet.held.change:
        return sheet.held.item
    return desk.editing.as_of(sheet.held.item.id, sheet.change) or sheet.held.item


def _rebased(desk: Desk, sheet: Sheet) -> Sheet:
    """Return a form with what was typed put on top of what another has saved meanwhile."""
    base = _base(desk, sheet)
    wanted, _ = read(sheet.form, base)
    merged = three_way(base, sheet.held.item, wanted)
    told = N_("Your changes now stand on top of theirs. Look through them, then save.")
    return replace(sheet, form=filled(merged), change=sheet.held.change, told=told)


def three_way(base: Item, theirs: Item, mine: Item) -> Item:
    """Return an item with what both made different; where both made one value different, mine counts."""
    change: dict[str, Any] = {}
    for part in PARTS:
        was, other, own = (getattr(one, part) for one in (base, theirs, mine))
        if own == was:
            continue
        if other == was or not isinstance(was, tuple):
            change[part] = own
        else:
            kept = [one for one in other if one in own or one not in was]
            change[part] = tuple(dict.fromkeys([*kept, *(one for one in own if one not in was)]))
    return replace(theirs, **change)


def _with_picked(desk: Desk, form: Typed, sent: Form) -> Typed:
    """Return a form with a row for each person or organisation that was chosen among the matches."""
    chosen = (contribution_of(desk.service, one) for one in sent.values("pick")[:_MOST_PICKED])
    made = [one for one in chosen if one]
    if not made:
        return form
    rows = [row for row in form.rows["contributions"] if row["name"]]
    new = rows_of("contributions", Item(contributions=tuple(made)))
    return form.with_rows("contributions", [*rows, *new])


def faults_of(plan: Plan, labels: Labels) -> list[tuple[str, str]]:
    """Return what an edit cannot be done with: the part of the form it is in, and a sentence."""
    made: list[tuple[str, str]] = []
    for one in plan.faults:
        message = one.problem.message(labels.language) if one.problem else labels.text(_FAULTY) % {"value": one.value}
        made.append((one.part if one.part in PARTS else "titles", message))
    return made


def _shown(desk: Desk, request: Request, account: Account, sheet: Sheet) -> Response:
    labels = labels_of(desk, request)
    asked = sheet.asked or {}
    matches = concepts(desk.service, asked.get("concepts", ""), labels.language)
    chosen = {uri: concept_match(desk.service.vocabulary, uri, labels.language) for uri in sheet.form.concepts}
    values: dict[str, object] = {
        "held": sheet.held,
        "groups": GROUPS,
        "form": sheet.form,
        "version": sheet.change,
        "faults": sheet.faults,
        "told": sheet.told,
        "why": sheet.why,
        "asked": asked,
        "agents": agents(desk.service, asked.get("contributions", "")),
        "chosen": list(chosen.values()),
        "concepts": [one for one in matches if one.uri not in chosen],
        "options": lambda name, text: options(name, labels, text),
    }
    status = 422 if sheet.faults else 200
    return respond(desk, request, account, View("desk_edit.html", values, status))


def _preview(desk: Desk, request: Request, account: Account, sheet: Sheet, plan: Plan) -> Response:
    labels = labels_of(desk, request)
    values: dict[str, object] = {
        "held": sheet.held,
        "fields": [*sheet.form.pairs()],
        "version": sheet.change,
        "differences": told(plan.before, plan.after, labels),
        "doubtful": [one.message(labels.language) for one in plan.problems],
        "faults": sheet.faults,
        "why": sheet.why,
    }
    return respond(desk, request, account, View("desk_preview.html", values, 422 if sheet.faults else 200))


def _overtaken(desk: Desk, request: Request, account: Account, sheet: Sheet, wanted: Item) -> Response:
    """Say that another saved the item meanwhile, and show what both have changed."""
    labels, base = labels_of(desk, request), _base(desk, sheet)
    newest = next(iter(desk.editing.history(sheet.held.item.id)), None)
    values: dict[str, object] = {
        "held": sheet.held,
        "fields": [*sheet.form.pairs()],
        "version": sheet.change,
        "why": sheet.why,
        "newest": newest,
        "theirs": told(base, sheet.held.item, labels),
        "mine": told(base, wanted, labels),
    }
    return respond(desk, request, account, View("desk_overtaken.html", values, 409))


PAGES: Mapping[str, Page] = {"/desk/items/{id}/edit": Page(edit_form, edit)}
"""The pages of this module, for the desk's table."""
