"""Identify: under which id a submission goes, and what the library has of it already."""

import hashlib
from collections.abc import Iterable, Iterator
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
    """The ids given in one batch, beside those the library had before it.

    A library that is ``empty`` before the batch is not asked for each record whether it knows it.
    """

    def __init__(self, catalogue: Catalogue, empty: bool = False) -> None:
        self._catalogue = catalogue
        self._empty = empty
        self._sources: dict[bytes, str] = {}  # by submission, as _short has it
        self._ids: dict[bytes, str] = {}  # by submission, too
        self._submissions: dict[str, bytes] = {}  # by id
        self._dois: dict[str, Doi] = {}

    def enter(self, draft: Draft, numbered: bool = True, earlier: str = "") -> Draft:
        """Return the draft with its id (:meth:`id_of`).

        A folder that had an id ``earlier``, with other pages, keeps it, unless the library holds just these pages.
        """
        submission = draft.item.submission
        if earlier and earlier not in self._submissions and not self._catalogue.by_submission(submission):
            self._ids.setdefault(_short(submission), earlier)
        return replace(draft, item=replace(draft.item, id=self.id_of(draft.item, numbered)))

    def id_of(self, item: Item, numbered: bool = True, submitted: str = "") -> str:
        """Return the id of what came: the one its submission has, else the next that is free.

        The submission is the item's, or ``submitted`` where it has none yet.

        A record that bears its control number and agency, ``(003)001``, and comes with other
        content keeps the id under which the library knows that number, or, where it comes from
        another library, the id it had there; a file, not ``numbered``, is known by its content alone.
        Numbers of other agencies (035) that it bears beside name nothing: two libraries' records
        of one publication share them, and some systems give the same ones to different publications.
        """
        whole = submitted or item.submission
        submission = _short(whole)
        made = self._ids.get(submission) or self._known(item, whole, numbered)
        made = made or (self._brought(item.id) if numbered else "") or item_id(whole, self)
        self._ids[submission] = made
        self._submissions[made] = submission
        return made

    def first_source(self, draft: Draft) -> str:
        """Return the source of the first draft of this batch with the same submission, its own if it is."""
        return self._sources.setdefault(_short(draft.item.submission), draft.item.source)

    def held(self, item_id: str) -> Item | None:
        """Return what the library held under this id before the batch.

        What is withdrawn only because its accession was undone comes again as if it were new.
        """
        held = None if self._empty else self._catalogue.item(item_id)
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
        return candidate in self._submissions or (not self._empty and str(candidate) in self._catalogue)

    def _brought(self, claimed: str) -> str:
        """Return the id that a record comes with, where it is none of another submission's."""
        return claimed if claimed and claimed not in self else ""

    def _known(self, item: Item, submission: str, numbered: bool) -> str:
        if self._empty:
            return ""
        same = self._catalogue.by_submission(submission)
        # A record that came before in this batch may have taken this one's place under its number.
        if same and self._submissions.get(same.id) in (None, _short(submission)):
            return same.id
        bearers = self._bearers(item) if numbered else {}
        # Two bearers, or one that this batch has already replaced: a doubtful number names nothing.
        free = [bearer for bearer in bearers if bearer not in self._submissions]
        return free[0] if len(bearers) == 1 and free else ""

    def _bearers(self, item: Item) -> dict[str, None]:
        """Return the ids of the items that a record is another version of, by its own number."""
        own = _own_number(item)
        if (given := own.removeprefix(f"({self._catalogue.publishing.namespace})")) != own and given in self._catalogue:
            return {given: None}
        if not own:
            return {bearer.id: None for bearer in self._held_under_handle(item)}
        # Who bears one of the others and is this publication bears its own number, too.
        agency = [own] if own.startswith("(") else [one for one in _control_numbers(item) if one.startswith("(")]
        return {bearer.id: None for number in agency for bearer in self._held_under(number, own, item)}

    def _held_under_handle(self, item: Item) -> Iterator[Item]:
        """Yield what the library has under the one handle of a record without a control number, as DSpace's are."""
        handles = [known.value for known in item.identifiers if known.scheme == "handle"]
        for bearer in self._catalogue.by_identifier("handle", handles[0]) if len(handles) == 1 else ():
            if not _own_number(bearer):
                yield bearer

    def _held_under(self, number: str, own: str, item: Item) -> Iterator[Item]:
        ours = f"({self._catalogue.publishing.namespace})"
        for bearer in self._catalogue.by_identifier("control-number", number):
            known = [*_control_numbers(bearer)]
            same = known[0] == own or (own in known and known[0].startswith(ours))  # it was given out, and came back
            if same and (not _is_of_file(own, item) or _resembles(item, bearer)):
                yield bearer


def accession_id(collection: str, digests: Iterable[str], catalogue: Catalogue) -> str:
    """Derive an accession's id from the digests of what came: the same again, until that accession is finished."""
    came = "\n".join([collection, *sorted(digests)])
    return "a-" + item_id(hashlib.sha512(came.encode()).hexdigest(), _Finished(catalogue))


class _Finished:
    """The ids of accessions that are finished: such an id is not given again."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __contains__(self, candidate: object) -> bool:
        return self._catalogue.accession(f"a-{candidate}") is not None


def _short(submission: str) -> bytes:
    """Return what is kept of a submission for each record of a batch: 16 bytes in place of 128 letters."""
    return hashlib.blake2b(submission.encode(), digest_size=16).digest()


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
