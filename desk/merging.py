"""Two items that are one publication: looked at side by side, made one, or kept apart for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from archive.catalogued import Held
from desk.accounts import Account
from desk.desk import Desk, Page, respond, see_other
from desk.differing import told, value_of
from desk.editing import LONGEST_REASON, faults_of, moment
from desk.editing_form import GROUPS
from desk.editing_work import Doing, Plan
from desk.form import Form
from desk.labels import labels_of
from metadata.edit_fields import shown
from metadata.errors import HomeHeld, NotFound, StorageError
from metadata.ids import is_item_id
from metadata.model import Identifier, Item
from web.i18n import N_
from web.labels import Labels
from web.render import View

CHOICES = ("kept", "other", "both")
_ALWAYS_BOTH = ("identifiers", "collections")
_ALIKE = {
    "title": N_("title"),
    "main-title": N_("main title"),
    "other-title": N_("another title"),
    "agent": N_("people or organisations"),
    "year": N_("year"),
    "extent": N_("number of pages"),
    "series": N_("series and number"),
}
"""What two items have in common (:class:`metadata.likeness_scores.Alike`), beside numbers of some scheme."""
_APART = frozenset(("language", "edition", "isbns"))
"""What a likeness names because it differs."""
_REASONS = {
    "faulty": N_("What was chosen cannot stand together. Choose otherwise, or edit one of the items first."),
    "overtaken": N_("One of the items was saved meanwhile. Look at them again."),
    "refused": N_("Only two public items can be made one."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A part of two items, side by side; ``choice`` is whose counts, ``fixed`` that nothing is to be chosen."""

    part: str
    title: str
    kept: Sequence[Any]
    other: Sequence[Any]
    choice: str
    single: bool
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Two:
    """What is kept, what is withdrawn in its favour, whose part counts as far as that was chosen, and what is wrong."""

    kept: Held
    other: Held
    choices: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[tuple[str, str]] = ()


def pairs(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/duplicates``: the pairs that are proposed."""
    found, labels = desk.editing.pairs(), labels_of(desk, request)
    values: dict[str, object] = {
        "pairs": [replace(one, reasons=_in_words(one.reasons, labels)) for one in found[:100]],
        "total": len(found),
        "done": request.query_params.get("done", ""),
    }
    return respond(desk, request, account, View("desk_duplicates.html", values))


def _in_words(reasons: str, labels: Labels) -> str:
    """Return what two items have in common, by codes, in the reader's language."""
    codes = [code for code in reasons.split(", ") if code not in _APART]
    return ", ".join(labels.text(_ALIKE[code]) if code in _ALIKE else labels.scheme(code) for code in codes)


def side_by_side(desk: Desk, request: Request, account: Account) -> Response:
    """Answer ``/desk/merge/{one}/{other}``: part by part what each has, the first being the one that is kept."""
    return _compared(desk, request, account, _two(desk, request))


def merge(desk: Desk, request: Request, account: Account, form: Form) -> Response:
    """Do what a button asks for: show what would be, make the two one, or say that they are not the same."""
    choices = {name.removeprefix("part-"): value for name, value in form.pairs if name.startswith("part-")}
    two = replace(_two(desk, request), choices=choices)
    try:
        if form.has("distinct"):
            doing = Doing(account.shown, form.value("why-distinct")[:LONGEST_REASON])
            desk.editing.dismiss(two.kept.item.id, two.other.item.id, doing)
            return see_other(desk, request, "/desk/duplicates", {"done": "distinct"})
        return _merged(desk, request, account, two, form)
    except (HomeHeld, StorageError) as fault:
        message = N_("It cannot be done just now (%(why)s). Try again in a moment.")
        told_ = labels_of(desk, request).text(message) % {"why": fault.message.rstrip(".")}
        return _compared(desk, request, account, replace(two, faults=[("", told_)]))


def _merged(desk: Desk, request: Request, account: Account, two: Two, form: Form) -> Response:
    labels, why = labels_of(desk, request), form.value("why")[:LONGEST_REASON]
    wanted = merged(two.kept.item, two.other.item, two.choices)
    plan = desk.editing.plan(wanted)
    if form.has("again") or plan.faults:
        faults = [(f"part-{part}-kept", sentence) for part, sentence in faults_of(plan, labels)]
        return _compared(desk, request, account, replace(two, faults=faults))
    if not form.has("save"):
        return _preview(desk, request, account, two, plan)
    if not why:
        faults = [("why", labels.text(N_("Say why: it is kept with the item.")))]
        return _preview(desk, request, account, replace(two, faults=faults), plan)
    changes = (moment(form.value("kept-at")), moment(form.value("other-at")))
    outcome = desk.editing.merge(wanted, two.other.item.id, changes, Doing(account.shown, why))
    if outcome in _REASONS:
        two = replace(_two(desk, request), choices=two.choices, faults=[("", labels.text(_REASONS[outcome]))])
        return _compared(desk, request, account, two)
    return see_other(desk, request, f"/desk/items/{two.kept.item.id}", {"done": "merged"})


def merged(kept: Item, other: Item, choices: Mapping[str, str]) -> Item:
    """Return what is kept of two items: part by part as chosen, the fuller where nothing was; all identifiers of both.

    The other's DOI becomes an identifier of what is kept; ties of the two to each other go.
    """
    change: dict[str, Any] = {}
    for line in lines(kept, other, choices):
        mine, theirs = getattr(kept, line.part), getattr(other, line.part)
        if line.choice == "both" and isinstance(mine, tuple):
            change[line.part] = tuple(dict.fromkeys([*mine, *theirs]))
        elif line.choice == "other":
            change[line.part] = theirs
    made = replace(kept, **change)
    own = {other.doi.name} if other.doi and other.doi.state != "external" else set()
    more = [Identifier("doi", name) for name in own if Identifier("doi", name) not in made.identifiers]
    ties = tuple(one for one in made.relations if one.target not in (kept.id, other.id))
    return replace(made, identifiers=(*made.identifiers, *more), relations=ties)


def lines(kept: Item, other: Item, choices: Mapping[str, str]) -> list[Line]:
    """Return two items part by part, those in which they do not differ left out."""
    found: list[Line] = []
    for part in (part for group in GROUPS for part in group.parts):
        mine, theirs = getattr(kept, part.name), getattr(other, part.name)
        if mine == theirs:
            continue
        fixed = part.name in _ALWAYS_BOTH
        asked = choices.get(part.name, "")
        known = asked in CHOICES and not (part.single and asked == "both")
        choice = "both" if fixed else asked if known else _fuller(mine, theirs)
        found.append(Line(part.name, part.title, _each(mine), _each(theirs), choice, part.single, fixed))
    return found


def _fuller(mine: object, theirs: object) -> str:
    """Return whose value says more, by its length; the kept one's where both say as much."""
    return "other" if _length(theirs) > _length(mine) else "kept"


def _length(value: object) -> int:
    return sum(len(shown(one)) for one in _each(value)) if value != "other" else 0


def _each(value: Any) -> list[Any]:
    return [*value] if isinstance(value, tuple) else [value] if value else []


def _two(desk: Desk, request: Request) -> Two:
    ids = (str(request.path_params["one"]), str(request.path_params["other"]))
    catalogue = desk.service.library.catalogue
    held = [catalogue.held(one) if is_item_id(one) else None for one in ids]
    if held[0] is None or held[1] is None or ids[0] == ids[1]:
        raise NotFound("There are no two such items.")
    return Two(held[0], held[1])


def _compared(desk: Desk, request: Request, account: Account, two: Two) -> Response:
    labels = labels_of(desk, request)
    values: dict[str, object] = {
        "two": two,
        "lines": [_named(line, labels) for line in lines(two.kept.item, two.other.item, two.choices)],
        "can_merge": two.kept.item.status == two.other.item.status == "published",
        "faults": two.faults,
    }
    return respond(desk, request, account, View("desk_merge.html", values, 422 if two.faults else 200))


def _named(line: Line, labels: Labels) -> Line:
    kept, other = ([value_of(line.part, one, labels) for one in side] for side in (line.kept, line.other))
    return replace(line, title=labels.text(line.title), kept=kept, other=other)


def _preview(desk: Desk, request: Request, account: Account, two: Two, plan: Plan) -> Response:
    labels = labels_of(desk, request)
    values: dict[str, object] = {
        "two": two,
        "fields": [(f"part-{part}", choice) for part, choice in two.choices.items()],
        "differences": told(plan.before, plan.after, labels, ("doi",)),
        "faults": two.faults,
    }
    return respond(desk, request, account, View("desk_merge_preview.html", values, 422 if two.faults else 200))


PAGES: Mapping[str, Page] = {
    "/desk/duplicates": Page(pairs),
    "/desk/merge/{one}/{other}": Page(side_by_side, merge),
}
"""The pages of this module, for the desk's table."""
