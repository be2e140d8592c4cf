"""Editing an item of the library: what is asked for, whether it may be, and the new version of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from archive.library import Library, Writer
from canoe.home import Home
from ingest.doi_prefixes import Prefixes
from ingest.draft import Draft
from ingest.stages import name
from metadata import languages, relators
from metadata.description import Link, Remarks, shorten
from metadata.edit_fields import Difference, differences
from metadata.editing import Assignment, Edited, edit
from metadata.errors import UsageError
from metadata.events import Event
from metadata.ids import is_item_id
from metadata.marc_charset import purify
from metadata.model import Item
from metadata.problems import Problem
from metadata.serial import from_json
from metadata.types import TYPES
from metadata.validate import validate
from metadata.validate_values import is_edtf

LARGEST = 16 << 20
_FIXED = ("id", "files", "page_count", "status", "reason", "source", "submission", "accession", "doi", "origins")
_ELSEWHERE = {
    "status": "canoe withdraw and canoe restore change it.",
    "reason": "canoe withdraw and canoe restore change it.",
    "doi": "A DOI that the publication has elsewhere goes among the identifiers.",
}
Unfit = tuple[str, str, str]
"""A field, a value that it cannot have, and what is allowed."""
_LONGEST_DETAIL = 2000  # characters of an event


@dataclass(frozen=True, slots=True)
class Editing:
    """What an edit makes of an item, in what that differs from what it was, and what is doubtful in it."""

    before: Item
    after: Item
    differences: tuple[Difference, ...]
    problems: tuple[Problem, ...]


def plan_edit(home: Home, item_id: str, assignments: Sequence[Assignment], file: Path | None) -> Editing:
    """Return what an edit makes of an item: by assignments, or by an item.json that replaces it.

    Raises NotFound; UsageError for a value that its field cannot have, or for a part that no edit may change.
    """
    before = home.library.item(item_id)
    if file:
        edited = Edited(_replaced(home, before, _read(file)), ())
    else:
        edited = edit(before, assignments, home.vocabulary, lambda link: _resolve(home.library, link))
    editing = judged(home, before, edited.item, edited.problems)
    for problem in new_errors(editing):
        raise UsageError(f"{problem.where}: {problem.message()}")
    return editing


def judged(home: Home, before: Item, after: Item, known: Sequence[Problem] = ()) -> Editing:
    """Return what an edit makes of an item, named as it then is; ``known`` is what is doubtful in its values."""
    named = _named(before, after, home.settings.doi.prefixes)
    problems = (*known, *validate(named, before.id, known))
    return Editing(before, named, differences(before, named), problems)


def new_errors(editing: Editing) -> list[Problem]:
    """Return what is wrong with an item after an edit and was not before: with any of it the edit is refused."""
    known = set(validate(editing.before, editing.before.id))
    return [one for one in editing.problems if one.severity == "error" and one not in known]


def apply_edit(writer: Writer, editing: Editing, reason: str) -> bool:
    """Archive and catalogue an edit; return False, and write nothing, where it changes nothing."""
    if not editing.differences:
        return False
    changed = ", ".join(one.field for one in editing.differences)
    told = "\n".join(filter(None, [reason, *map(str, editing.differences)]))
    event = Event("metadata modification", "", agent=writer.agent, detail=shorten(told, _LONGEST_DETAIL))
    message = f"Edited: {shorten(reason) or changed}"
    return writer.put_item(editing.after, {}, message, [event])


def _read(file: Path) -> Item:
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as fault:
        raise UsageError(f"{file} cannot be read: {fault.strerror}.") from fault
    if len(data) > LARGEST:
        raise UsageError(f"{file} has more than {LARGEST} bytes.")
    try:
        return from_json(data)
    except UsageError as fault:
        hint = "Begin with what canoe show ITEM --format json prints."
        raise UsageError(f"{file}: {fault.message}", hint) from fault


def _replaced(home: Home, before: Item, after: Item) -> Item:
    """Return the item of a file, whose values are looked at as strictly as single ones are."""
    for part in _FIXED:
        if getattr(before, part) != getattr(after, part):
            raise UsageError(f"{part} cannot be changed by canoe edit.", _ELSEWHERE.get(part, "Leave it as it is."))
    for field, value, allowed in unfit(home, before, after):
        raise UsageError(f"{field} cannot be {shorten(value)!r}.", allowed)
    return after


def unfit(home: Home, before: Item, after: Item) -> Iterator[Unfit]:
    """Yield the values of a file that are none of the model's; those that the item had may stay."""
    yield from _unfit_texts(before, after)
    dates = [("dates", one.value) for one in after.dates if one not in before.dates]
    dates += [("embargo", after.embargo)] if after.embargo not in ("", before.embargo) else []
    yield from ((field, value, "A date in EDTF: 1987, 1987-05.") for field, value in dates if not is_edtf(value))
    if after.type not in (*TYPES, before.type):
        yield "type", after.type, f"One of: {', '.join(TYPES)}."
    roles = (one.role for one in after.contributions if one not in before.contributions)
    yield from (
        ("contributions", role, "A MARC relator code: aut, edt.") for role in roles if role not in relators.CODES
    )
    concepts = (uri for uri in after.concepts if uri not in before.concepts)
    vocabulary = home.vocabulary.concepts
    yield from (("concepts", uri, "canoe vocabulary list ID shows all.") for uri in concepts if uri not in vocabulary)
    ties = (one.target for one in after.relations if one not in before.relations)
    lost = (one for one in ties if one == after.id or home.library.catalogue.item(one) is None)
    yield from (("relations", one, "The id of another item here.") for one in lost)


def _unfit_texts(before: Item, after: Item) -> Iterator[Unfit]:
    for value in _strings(msgspec.to_builtins(after)):
        remarks = Remarks(after.id)
        if purify(value, remarks) != value or remarks.problems:
            yield "a text", value, "Take out what is no character of a text."
    if not after.titles or not all(text.value.strip() for text in after.titles):
        yield "titles", "", "An item needs a title, and every title a text."
    for tag in {*_tags(after)} - {*_tags(before)}:
        if languages.from_code(tag) != tag:
            yield "language", tag, "A BCP 47 tag: en, fr, pt-BR."


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _tags(item: Item) -> Iterator[str]:
    texts = (*item.titles, *item.keywords, *item.descriptions, *item.coverage, *item.rights, *item.notes)
    yield from (*item.languages, *(text.language for text in texts if text.language))


def _resolve(library: Library, link: Link) -> str:
    """Return the item that a tie leads to: by its id, or by its control number with the agency."""
    if is_item_id(link.value):
        return link.value if library.catalogue.item(link.value) else ""
    known = library.catalogue.by_identifier("control-number", link.value)
    return known[0].id if len(known) == 1 else ""


def _named(before: Item, after: Item, prefixes: Prefixes) -> Item:
    """Return the item with the DOI that its identifiers say it has elsewhere; one that was given here stays."""
    given = [[one for one in item.identifiers if one.scheme == "doi"] for item in (before, after)]
    if given[0] == given[1]:
        return after
    named = name(Draft(after), prefixes).item
    own = before.doi if before.doi and before.doi.state != "external" else None
    return replace(named, doi=own or named.doi)
