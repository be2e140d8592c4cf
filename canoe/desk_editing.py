"""What the desk asks of the application to work on items, done as the commands do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from archive.duplicate_decisions import Distinct, keep_distinct, pair
from archive.library import Writer
from canoe import desk_subjects
from canoe.approving import approve_items
from canoe.desk_history import Versions
from canoe.desk_pairs import Pairs
from canoe.edit import apply_edit, judged, new_errors, unfit
from canoe.home import Home
from desk.editing_work import Doing, Fault, Meaning, Outcome, Pair, Plan, Suggested, Version
from metadata.description import shorten
from metadata.model import Item, Relation


@dataclass(frozen=True, slots=True)
class DeskEditing:
    """The work on the items of one home; every write opens it anew, so that requests do not share one."""

    home: Home
    _pairs: Pairs

    @classmethod
    def of(cls, home: Home) -> "DeskEditing":
        """Return the work on a home."""
        return cls(home, Pairs(home.library))

    def awaiting_approval(self) -> int:
        """Return how many items are held for approval."""
        return self.home.library.catalogue.number_waiting()

    def plan(self, wanted: Item) -> Plan:
        """Say what it would be to make an item what is wanted; nothing is written."""
        return _plan(self.home, wanted)

    def save(self, wanted: Item, change: int, doing: Doing) -> Outcome:
        """Make an item what is wanted, where it is still as it was at ``change``."""

        def write(home: Home, writer: Writer) -> Outcome:
            if not _is_at(home, wanted.id, change):
                return "overtaken"
            if _plan(home, wanted).faults:
                return "faulty"
            editing = judged(home, home.library.item(wanted.id), wanted)
            return "done" if apply_edit(writer, editing, doing.why) else "same"

        return self._writing(doing, write)

    def as_of(self, item_id: str, change: int) -> Item | None:
        """Return an item as it was at a change; None where the archive does not tell."""
        return Versions(self.home.library).as_of(item_id, change)

    def history(self, item_id: str) -> Sequence[Version]:
        """Return the versions of an item, newest first."""
        return Versions(self.home.library).history(item_id)

    def withdraw(self, item_id: str, doing: Doing) -> Outcome:
        """Withdraw a published item."""

        def write(home: Home, writer: Writer) -> Outcome:
            item = home.library.item(item_id)
            if item.status != "published":
                return "refused"
            writer.withdraw(item, doing.why)
            return "done"

        return self._writing(doing, write)

    def restore(self, item_id: str, doing: Doing) -> Outcome:
        """Publish a withdrawn item again."""

        def write(home: Home, writer: Writer) -> Outcome:
            item = home.library.item(item_id)
            if item.status != "withdrawn":
                return "refused"
            writer.restore(item, doing.why)
            return "done"

        return self._writing(doing, write)

    def approve(self, item_ids: Sequence[str], doing: Doing) -> int:
        """Make public what of these is held for approval; return how many items that were."""
        waiting = {one.item.id for one in self.home.library.catalogue.waiting()}
        asked = [one for one in item_ids if one in waiting]
        return sum(one.approved for one in approve_items(self._opened(), asked, doing.why, doing.who)) if asked else 0

    def pairs(self) -> Sequence[Pair]:
        """Return what is proposed as one publication, and was neither merged nor dismissed since; newest first."""
        return self._pairs.proposed()

    def dismiss(self, one: str, other: str, doing: Doing) -> None:
        """Say for good that two items are not the same publication."""

        def write(home: Home, writer: Writer) -> Outcome:
            first, second = pair(home.library.item(one).id, home.library.item(other).id)
            made = Distinct(first, second, doing.who, doing.why)
            return "done" if keep_distinct(writer, made, f"Not the same: {first}, {second}") else "same"

        self._writing(doing, write)

    def merge(self, wanted: Item, other: str, changes: tuple[int, int], doing: Doing) -> Outcome:
        """Make of two items one: ``wanted`` is what is kept, ``other`` is withdrawn in its favour."""

        def write(home: Home, writer: Writer) -> Outcome:
            if not (_is_at(home, wanted.id, changes[0]) and _is_at(home, other, changes[1])):
                return "overtaken"
            gone, held = home.library.item(other), home.library.item(wanted.id)
            if {gone.status, held.status} != {"published"} or other == wanted.id:
                return "refused"
            tie = Relation("replaces", other)
            kept = replace(wanted, relations=tuple(dict.fromkeys([*wanted.relations, tie])))
            if _plan(home, kept).faults:
                return "faulty"
            editing = judged(home, held, kept)
            # A DOI that the other was given here is one more name of what is kept, never the one it is registered by.
            after = replace(editing.after, doi=held.doi, identifiers=kept.identifiers)
            with writer.grouped():  # both or neither, whatever ends it in between
                apply_edit(writer, replace(editing, after=after), _merged(doing.why, gone))
                writer.withdraw(gone, f"{doing.why.rstrip('.')}. Replaced by {wanted.id}: {shorten(kept.title.value)}")
            return "done"

        return self._writing(doing, write)

    def suggested(self, item_id: str) -> Sequence[Suggested]:
        """Return the concepts that are proposed for an item, the likeliest first."""
        return desk_subjects.suggested(self.home, item_id)

    def classify(self, item_id: str, accepted: Sequence[str], refused: Sequence[str], doing: Doing) -> Outcome:
        """Give an item concepts, and have others not proposed for it again."""
        return self._writing(
            doing, lambda home, writer: desk_subjects.classify(home, writer, item_id, accepted, refused)
        )

    def meanings(self, keyword: str) -> Sequence[Meaning]:
        """Return the concepts that a keyword may mean, the likeliest first."""
        return desk_subjects.meanings(self.home, keyword)

    def decide(self, keyword: str, concept: str, doing: Doing) -> int | None:
        """Decide that a keyword is a concept, or stays one; return how many items changed, None if it is none."""
        home = self._opened()
        with home.library.writer() as writer:
            writer.agent = doing.who
            return desk_subjects.decide(home, writer, keyword, concept, doing)

    def _opened(self) -> Home:
        return Home(self.home.path, self.home.settings)

    def _writing(self, doing: Doing, write: Callable[[Home, Writer], Outcome]) -> Outcome:
        home = self._opened()
        with home.library.writer() as writer:
            writer.agent = doing.who
            return write(home, writer)


def _merged(why: str, gone: Item) -> str:
    return f"{why.rstrip('.')}. Merged with {gone.id}"


def _is_at(home: Home, item_id: str, change: int) -> bool:
    held = home.library.catalogue.held(item_id)
    return held is not None and held.change == change


def _plan(home: Home, wanted: Item) -> Plan:
    before = home.library.item(wanted.id)
    faults = [Fault(_PARTS.get(part, part), shorten(value)) for part, value, _ in unfit(home, before, wanted)]
    if faults:  # what no field can hold is judged no further
        return Plan(before, wanted, (), (), faults)
    editing = judged(home, before, wanted)
    errors = new_errors(editing)
    told = [Fault(_part_of(one.where), problem=one) for one in errors]
    doubtful = [one for one in editing.problems if one not in errors]
    return Plan(before, editing.after, editing.differences, doubtful, told)


_PARTS = {"a text": "", "language": "languages"}
_FIELDS = {"title": "titles", "date": "dates", "identifier": "identifiers", "language": "languages"}


def _part_of(where: str) -> str:
    field = where.rpartition(":")[2]
    return _FIELDS.get(field, field)
