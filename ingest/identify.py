"""Identify: under which id a submission goes, and what the library has of it already."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from rapidfuzz import fuzz

from archive.catalogue import Catalogue
from ingest.draft import Draft
from metadata.accession import is_undone
from metadata.folding import fold
from metadata.ids import item_id
from metadata.model import Doi, Item

_NEARLY = 60.0  # of 100: so alike are two wordings of one title


class Register:
    """The ids given in one batch, beside those the library had before it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._sources: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._submissions: dict[str, str] = {}
        self._dois: dict[str, Doi] = {}

    def enter(self, draft: Draft, numbered: bool = True) -> Draft:
        """Return the draft with its id: the one its submission has, else the next that is free.

        A record that bears its control number and agency, ``(003)001``, and comes with other
        content keeps the id under which the library knows that number, or, where it comes from
        another library, the id it had there; a file, not ``numbered``, is known by its content alone.
        Numbers of other agencies (035) that it bears beside name nothing: two libraries' records
        of one publication share them, and some systems give the same ones to different publications.
        """
        submission = draft.item.submission
        made = self._ids.get(submission) or self._known(draft, numbered)
        made = made or (self._brought(draft.item.id) if numbered else "") or item_id(submission, self)
        self._ids[submission] = made
        self._submissions[made] = submission
        return replace(draft, item=replace(draft.item, id=made))

    def first_source(self, draft: Draft) -> str:
        """Return the source of the first draft of this batch with the same submission, its own if it is."""
        return self._sources.setdefault(draft.item.submission, draft.item.source)

    def held(self, item_id: str) -> Item | None:
        """Return what the library held under this id before the batch.

        What is withdrawn only because its accession was undone comes again as if it were new.
        """
        held = self._catalogue.item(item_id)
        if held is None or not is_undone(held):
            return held
        if held.doi and held.doi.state != "external":
            self._dois[item_id] = held.doi
        return None

    def with_own_doi(self, item: Item) -> Item:
        """Return an item that comes again, as far as :meth:`held` told, with the DOI that it was given here."""
        doi = self._dois.get(item.id)
        return replace(item, doi=doi) if doi else item

    def __contains__(self, candidate: object) -> bool:
        """Say whether an id is another submission's already."""
        return candidate in self._submissions or str(candidate) in self._catalogue

    def _brought(self, claimed: str) -> str:
        """Return the id that a record comes with, where it is none of another submission's."""
        return claimed if claimed and claimed not in self else ""

    def _known(self, draft: Draft, numbered: bool) -> str:
        submission = draft.item.submission
        same = self._catalogue.by_submission(submission)
        # A record that came before in this batch may have taken this one's place under its number.
        if same and self._submissions.get(same.id, submission) == submission:
            return same.id
        bearers = self._bearers(draft.item) if numbered else {}
        # Two bearers, or one that this batch has already replaced: a doubtful number names nothing.
        free = [bearer for bearer in bearers if bearer not in self._submissions]
        return free[0] if len(bearers) == 1 and free else ""

    def _bearers(self, item: Item) -> dict[str, None]:
        """Return the ids of the items that a record is another version of, by its own number."""
        own = _own_number(item)
        if (given := own.removeprefix(f"({self._catalogue.publishing.namespace})")) != own and given in self._catalogue:
            return {given: None}
        agency = (number for number in _control_numbers(item) if number.startswith("("))
        return {bearer.id: None for number in agency for bearer in self._held_under(number, own, item)}

    def _held_under(self, number: str, own: str, item: Item) -> Iterator[Item]:
        ours = f"({self._catalogue.publishing.namespace})"
        for bearer in self._catalogue.by_identifier("control-number", number):
            known = [*_control_numbers(bearer)]
            same = known[0] == own or (own in known and known[0].startswith(ours))  # it was given out, and came back
            if same and (not _is_of_file(own, item) or _resembles(item, bearer)):
                yield bearer


def _control_numbers(item: Item) -> Iterator[str]:
    return (known.value for known in item.identifiers if known.scheme == "control-number")


def _own_number(item: Item) -> str:
    """Return the number that the item's own agency knows it by: readers give it before others, ``""`` if none."""
    return next(_control_numbers(item), "")


def _is_of_file(number: str, item: Item) -> bool:
    """Say whether a number's agency is but the name of the file it came in, as BibTeX's keys have it."""
    return number.startswith(f"({PurePosixPath(item.source.rpartition('#')[0]).name})")


def _resembles(one: Item, other: Item) -> bool:
    """Say whether two items are one publication: nearly the same title, or a number of it that both bear."""
    numbers = [{known for known in item.identifiers if known.scheme != "control-number"} for item in (one, other)]
    return bool(numbers[0] & numbers[1]) or fuzz.ratio(fold(one.title.value), fold(other.title.value)) >= _NEARLY
