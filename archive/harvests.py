"""What was taken from other repositories, list by list: read from the accessions, so that it outlives a rebuild.

An accession that was harvested says how far its list had come (:class:`metadata.accession.Harvest`). What
brought nothing leaves no accession: that it was asked, and what went wrong, stands in ``harvests.json``
in the home, which may be lost: the next harvest then asks from the same datestamp as it would have.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from archive.durable import replace_file, storage
from metadata.accession import OUTCOMES, Accession, Harvest, Outcome

NOTES = "harvests.json"

Key = tuple[str, str, str]
"""A list: base URL, metadata prefix, set."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How a list stands.

    ``mark`` is the datestamp up to which all of it is here, ``""`` where it never came to its end;
    ``pending`` is a list that was broken off. ``last_success_at`` is when it last came to its end. ``counts``
    tell what became of the records, of all harvests whose accessions were not undone.
    """

    base_url: str
    prefix: str
    set_spec: str
    repository: str = ""
    mark: str = ""
    pending: Harvest | None = None
    last_success_at: str = ""
    last_error: str = ""
    last_error_at: str = ""
    accessions: int = 0
    counts: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """When a list was last asked to its end, though nothing came, and what went wrong since."""

    repository: str = ""
    succeeded_at: str = ""
    error: str = ""
    failed_at: str = ""


def key_of(harvest: Harvest) -> Key:
    """Return the list that a harvest is of."""
    return harvest.base_url, harvest.prefix, harvest.set_spec


def harvests(accessions: Iterable[Accession], notes: Mapping[Key, Note]) -> dict[Key, Listed]:
    """Return how every list stands, sorted; ``accessions`` are all there are, oldest first."""
    by_list: dict[Key, list[tuple[Accession, Harvest]]] = {key: [] for key in notes}
    for accession in accessions:
        if accession.harvest:
            by_list.setdefault(key_of(accession.harvest), []).append((accession, accession.harvest))
    found = {key: _folded(key, list(_standing(parts))) for key, parts in sorted(by_list.items())}
    return {key: _noted(listed, notes.get(key, Note())) for key, listed in found.items()}


def _standing(parts: list[tuple[Accession, Harvest]]) -> Iterator[tuple[Accession, Harvest]]:
    """Yield the accessions that count: not one that was undone, nor what came after it until it was.

    What it brought is to be asked for again, and so the list is back where it was before.
    """
    undone = [(place, one.undone_at) for place, (one, _) in enumerate(parts) if one.undone_at]
    for place, (one, harvest) in enumerate(parts):
        if not any(place >= gone and one.received_at <= when for gone, when in undone):
            yield one, harvest


def _folded(key: Key, parts: list[tuple[Accession, Harvest]]) -> Listed:
    listed = Listed(*key)
    for accession, harvest in parts:
        counts = {outcome: listed.counts.get(outcome, 0) + accession.count(outcome) for outcome in OUTCOMES}
        listed = replace(
            listed,
            repository=harvest.repository or listed.repository,
            accessions=listed.accessions + 1,
            counts=counts,
            pending=_pending(listed.pending, harvest),
            mark=_mark(listed.mark, harvest) if harvest.complete else listed.mark,
            last_success_at=accession.received_at if harvest.complete else listed.last_success_at,
        )
    return listed


def _pending(before: Harvest | None, harvest: Harvest) -> Harvest | None:
    """Return what is left of a list: one that was broken off stays so until all from its beginning on has come."""
    if before and harvest.since > before.since:
        return before
    return None if harvest.complete else harvest


def _mark(before: str, harvest: Harvest) -> str:
    """Return the datestamp from which the next harvest asks.

    Not later than the repository's clock when the list began: what it changed while it was read may be
    missing. A list that was asked from beyond the mark leaves a gap, and the mark where it was.
    """
    if not harvest.newest or (before and harvest.since > before):
        return before
    return min(harvest.newest, harvest.began[: len(harvest.newest)] or harvest.newest)


def _noted(listed: Listed, note: Note) -> Listed:
    """Add what stands in the notes, where it is newer than what the accessions say."""
    success = max(listed.last_success_at, note.succeeded_at)
    name = listed.repository or note.repository
    listed = replace(listed, repository=name, last_success_at=success)
    return replace(listed, last_error=note.error, last_error_at=note.failed_at) if note.error else listed


class _Kept(msgspec.Struct):
    """A note as it stands in the file."""

    base_url: str
    prefix: str
    set_spec: str
    note: Note


def read_notes(home: Path) -> dict[Key, Note]:
    """Return the notes of a home; none where there are none, or nobody can read them."""
    try:
        kept = msgspec.json.decode((home / NOTES).read_bytes(), type=list[_Kept])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
    return {(one.base_url, one.prefix, one.set_spec): one.note for one in kept}


def write_note(home: Path, key: Key, note: Note) -> None:
    """Note how a list's last harvest ended. Raises StorageError."""
    notes = {**read_notes(home), key: note}
    kept = [_Kept(*one, told) for one, told in sorted(notes.items())]
    with storage(home):
        replace_file(home / NOTES, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
