"""Undoing an accession: what it brought is withdrawn, what it changed goes back to what it was.

Nothing is deleted: whatever an accession brought was public from the moment it was done. What was held
for approval was not: it stays held for good, without a tombstone, and nobody is asked for it any more. What
something newer has changed since is left as it is, and named. Items with objects of their own
get a new version each, in groups; then, in one version of the accession's object, come all its
items that are lines, and the note that it is undone. An ingest that was interrupted has no such object:
of it the items go back that are there. So a kill leaves each item as it was or
undone, and the same again does the rest.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from archive.catalogued import Held
from archive.clock import from_rfc3339, to_datestamp
from archive.library import Library, Writer
from archive.lineage import UNDONE, State, own_states, read_state, record_states, standing
from archive.replay import accession_object, item_object
from metadata.accession import Accession, undone_reason
from metadata.errors import DamageFound, NotFound
from metadata.events import Event, EventType
from metadata.model import Item, Status
from metadata.serial import record_line

Undone = Literal["withdrawn", "reverted", "undone before", "left"]
_EVENTS: Mapping[Undone, EventType] = {"withdrawn": "withdrawal", "reverted": "metadata modification"}
OUTCOMES: tuple[Undone, ...] = ("withdrawn", "reverted", "undone before", "left")


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one item; ``reason`` says why it is left, ``state`` is what it goes back to.

    ``is_record`` says that it has no files, and no object of its own.
    """

    item: str
    source: str
    outcome: Undone
    reason: str = ""
    state: State | None = None
    damaged: bool = False
    is_record: bool = False

    @property
    def is_due(self) -> bool:
        """Whether there is anything to do."""
        return self.outcome in ("withdrawn", "reverted")


@dataclass(frozen=True, slots=True)
class Undoing:
    """What becomes of an accession and of each item that it brought or changed.

    One that is ``unfinished``, for its ingest was interrupted, has items but no object of its own.
    """

    accession: Accession
    steps: tuple[Step, ...]
    unfinished: bool = False

    @property
    def counts(self) -> Mapping[Undone, int]:
        """How many items have which outcome."""
        counted = Counter(step.outcome for step in self.steps)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    @property
    def is_due(self) -> bool:
        """Whether there is anything to do: an item, or after an interruption only the note that it is done."""
        counts = self.counts
        noted = self.unfinished or bool(self.accession.undone_at)
        return any(step.is_due for step in self.steps) or bool(counts["undone before"] and not noted)


def plan_undoing(library: Library, accession_id: str) -> Undoing:
    """Say what undoing an accession does to each of its items, in the order in which they came.

    Raises NotFound, DamageFound where what the accession holds cannot be read.
    """
    accession = library.catalogue.accession(accession_id)
    if accession is not None:
        return Undoing(accession, tuple(_Planner(library, accession.id, _pieces(library, accession.id)).steps()))
    if not (brought := list(_unfinished(library, accession_id))):
        raise NotFound(f"There is no accession {accession_id}.", "canoe accessions lists them.")
    accession = Accession(accession_id, "", (), ())
    return Undoing(accession, tuple(_Planner(library, accession_id, brought).steps()), unfinished=True)


def undo(library: Library, writer: Writer, accession_id: str) -> Undoing:
    """Undo an accession; return what was done, which is what the plan said. Raises what that raises."""
    planned = plan_undoing(library, accession_id)
    if not planned.is_due:
        return planned
    with writer.workspace() as folder:
        lines = folder / "undone.jsonl"
        steps = tuple(_taken(library, writer, planned, lines))
        done = replace(planned, steps=steps)
        if planned.unfinished:
            undone_at = to_datestamp(library.catalogue.next_change())
            return replace(done, accession=replace(planned.accession, undone_at=undone_at, left=done.counts["left"]))
        accession = writer.undo_accession(planned.accession, done.counts["left"], lines, _events(writer, done))
    return replace(done, accession=accession)


def _pieces(library: Library, accession_id: str) -> Iterator[tuple[str, bool]]:
    """Yield the items that an accession brought or changed, and whether they were new."""
    for piece in library.each_piece(accession_id):
        if piece.outcome in ("new", "changed"):
            yield piece.item, piece.outcome == "new"


def _unfinished(library: Library, accession_id: str) -> Iterator[tuple[str, bool]]:
    """Yield the same of an ingest that was interrupted: only the objects of items tell, so all are looked at."""
    for object_id in library.catalogue.object_ids():
        item = object_id.removeprefix(item_object(""))
        if item == object_id:
            continue
        try:
            makers = [state.maker for state in own_states(library.archive, item)]
        except DamageFound:  # whose it is nobody can tell
            continue
        if accession_id in makers:
            yield item, makers[0] == accession_id


class _Planner:
    """Tells of each item of an accession what its undoing does to it; ``brought`` are these, and whether new."""

    def __init__(self, library: Library, accession_id: str, brought: Iterable[tuple[str, bool]]) -> None:
        self._library = library
        self._accession = accession_id
        self._object = accession_object(accession_id)
        versions = library.archive.former(self._object).versions
        self._undone = from_rfc3339(versions[1].created) if len(versions) > 1 else None
        self._brought: dict[str, bool] = {}
        for item, is_new in brought:
            self._brought[item] = is_new or self._brought.get(item, False)

    def steps(self) -> Iterator[Step]:
        """Yield a step for each item, in order."""
        found = {item: self._step(item, is_new) for item, is_new in self._brought.items()}
        unsure = [item for item, step in found.items() if step is None]
        accessions = [one.id for one in self._library.catalogue.accessions()] if unsure else []
        states = record_states(self._library.archive, accessions, unsure)
        for item, step in found.items():
            yield step or self._judged(self._blank(item), states[item])

    def _is_plain(self, held: Held, is_new: bool) -> bool:
        """Say whether a record is just what this accession brought, or what its undoing made of it."""
        return held.object_id == self._object and (is_new or self._is_undone(held))

    def _is_undone(self, held: Held) -> bool:
        return self._undone is not None and held.change > self._undone

    def _step(self, item: str, is_new: bool) -> Step | None:
        """Return what becomes of an item; None for a record of which only the lines of all accessions tell."""
        held = self._library.catalogue.held(item)
        if held is None:
            return Step(item, "", "left", "the catalogue does not know it", damaged=True)
        step = self._blank(item, held.item)
        if not held.item.files:
            if not self._is_plain(held, is_new):
                return None
            return replace(step, outcome="undone before") if self._is_undone(held) else step
        try:
            return self._judged(step, list(own_states(self._library.archive, item)))
        except DamageFound as fault:
            return replace(step, outcome="left", reason=fault.message, damaged=True)

    def _blank(self, item_id: str, item: Item | None = None) -> Step:
        item = item or self._library.item(item_id)
        return Step(item_id, item.source, "withdrawn", is_record=not item.files)

    def _judged(self, step: Step, states: Sequence[State]) -> Step:
        stack = standing(states)
        mine = [state for state in stack if state.maker == self._accession]
        if not mine and any(state.undoes == self._accession for state in states):
            return replace(step, outcome="undone before")
        if not mine or stack[-1] is not mine[-1]:
            return replace(step, outcome="left", reason=_since(stack))
        if self._brought[step.item]:
            return step
        before = [state for state in stack if state.change < mine[0].change]
        if not before:
            return replace(step, outcome="left", reason="what it was before is not in the archive", damaged=True)
        return replace(step, outcome="reverted", state=before[-1])


def _since(stack: Sequence[State]) -> str:
    """Return why an item is left: what was done to it last."""
    if not stack:
        return "another accession that brought it was undone since"
    last = stack[-1]
    who = f"accession {last.maker}" if last.maker else f"hand ({last.message})"
    return f"changed since by {who} on {to_datestamp(last.change)[:10]}"


def _taken(library: Library, writer: Writer, planned: Undoing, lines: Path) -> Iterator[Step]:
    """Take back what is due, items that are lines into ``lines``; yield what became of each item."""
    accession = planned.accession.id
    with lines.open("wb") as out, writer.grouped():
        for step in planned.steps:
            yield _take(library, writer, step, accession, out) if step.is_due else step


def _take(library: Library, writer: Writer, step: Step, accession: str, out: BinaryIO) -> Step:
    item = library.item(step.item)
    try:
        undone = _reverted(item, read_state(library.archive, step.state)) if step.state else _withdrawn(item, accession)
        if item.files:
            event = Event(_EVENTS[step.outcome], "", agent=writer.agent, detail=_detail(accession))
            writer.put_item(undone, {}, f"{UNDONE}{accession}", [event])
        else:
            out.write(record_line(undone))
    except DamageFound as fault:
        return replace(step, outcome="left", reason=fault.message, damaged=True)
    return step


def _withdrawn(item: Item, accession: str) -> Item:
    status: Status = "held" if item.status == "held" else "withdrawn"  # what was never public leaves no tombstone
    return replace(item, status=status, reason=undone_reason(accession), accession=accession)


def _reverted(item: Item, before: Item) -> Item:
    """Return an item described as it was; its files, and a DOI that it was given here meanwhile, stay its own."""
    own = item.doi if item.doi and item.doi.state != "external" else before.doi
    if before.status == "held":  # it may have been approved since
        before = replace(before, status=item.status, reason=item.reason)
    return replace(before, doi=own, files=item.files, page_count=item.page_count)


def _events(writer: Writer, undoing: Undoing) -> list[Event]:
    """Return what the accession tells of those of its items that are lines in it."""
    done = {_EVENTS[step.outcome] for step in undoing.steps if step.is_due and step.is_record}
    return [Event(kind, "", agent=writer.agent, detail=_detail(undoing.accession.id)) for kind in sorted(done)]


def _detail(accession: str) -> str:
    return f"Accession {accession} undone"
