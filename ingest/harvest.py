"""A harvest: the pages of another repository's list, made into the items of an accession.

The pages lie on disk as they came, and come in a part at a time, so memory stays flat and a break loses
nothing that was brought in: the accession says how far its list had come. A record goes through the
stages of any ingest. It belongs to its home: the identifier that it has there says which item it is,
and a record that was deleted there is withdrawn here.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from archive.library import Library, Writer
from ingest.doi_prefixes import Prefixes
from ingest.harvest_identity import HarvestRegister, HarvestTies, Ourselves
from ingest.records import Naming, RecordShelf, rejected_piece
from ingest.resemblance import Resemblance
from ingest.settling import settled
from ingest.tools import Report
from metadata.accession import Accession, Harvest, Outcome, Piece, count_outcomes, is_undone
from metadata.description import Rejected
from metadata.events import Event
from metadata.harvested import HarvestedRecord, read_answer
from metadata.harvested_forms import content_of, described, origins_of
from metadata.ids import item_id
from metadata.matching import NO_DECISIONS, Decisions, Matcher
from metadata.model import Identifier, Item, Origin, Relation
from metadata.origins import deleted_reason, is_deleted_at_home
from metadata.problems import Problem, problem
from metadata.serial import from_json, record_line
from metadata.vocabulary import Vocabulary

Place = tuple[int, int]
"""Where a record stands: which page of the part, which record of the page, from 0."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page as it came, and the encoding that HTTP said it has (``""``: none said)."""

    path: Path
    charset: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list: its pages, how far the list had come with the last, and why it went no further.

    ``last`` says of every identifier where it stands last: what stands before is superseded.
    ``must_note``: that the list came to its end is to be noted, whether or not anything is new.
    ``spared`` are the records that left only the set of the list, and stay.
    """

    pages: tuple[PageFile, ...]
    harvest: Harvest
    last: Mapping[str, Place]
    failure: str = ""
    must_note: bool = False
    spared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Intake:
    """What a harvest is brought in with; ``done`` is told how many records of a part are."""

    library: Library
    vocabulary: Vocabulary
    ourselves: Ourselves
    collection: str = ""
    done: Callable[[int], None] = lambda _: None
    decisions: Decisions = field(default_factory=lambda: NO_DECISIONS)


def bring_in(part: Part, intake: Intake, writer: Writer) -> Report:
    """Make an accession of a part of a list; report what became of each record. Raises StorageError.

    Nothing new makes no accession, unless the end of the list is to be noted.
    """
    with writer.workspace() as folder:
        return _Bringing(part, intake, folder).run(writer)


class _Bringing:
    def __init__(self, part: Part, intake: Intake, folder: Path) -> None:
        self._part = part
        self._intake = intake
        self._folder = folder
        self._harvest = harvest = part.harvest
        catalogue = intake.library.catalogue
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._home = Origin(harvest.base_url, "", "", "", now, harvest.repository, altered=True)
        self._register = HarvestRegister(catalogue, harvest.base_url)
        self._resemblance = Resemblance(catalogue)
        self._accession = self._accession_id()
        naming = Naming(Matcher(intake.vocabulary, intake.decisions), Prefixes(), intake.collection, self._accession)
        ties = HarvestTies(catalogue, harvest.base_url)
        self._shelf = RecordShelf(folder / "records.jsonl", self._register, ties, naming, self._resemblance)
        self._pieces: list[Piece] = []
        self._deleted = 0

    def run(self, writer: Writer) -> Report:
        for place, number, record in self._records():
            source = f"{self._harvest.base_url}#{record.identifier or number}"
            self._pieces += settled(source, self._settled(source, place, number, record), self._folder)
            self._intake.done(number)
        if self._part.failure:
            where = self._harvest.base_url
            why = problem("harvest-broken", where, reason=self._part.failure)
            self._pieces.append(Piece(where, "refused", problems=(why,)))
        self._amend()
        return self._close(writer)

    def _accession_id(self) -> str:
        """Derive the accession's id from what came; pages tell when they were made, so no other has it."""
        digests = [hashlib.sha512(page.path.read_bytes()).hexdigest() for page in self._part.pages]
        catalogue = self._intake.library.catalogue
        came = "\n".join([self._harvest.base_url, self._harvest.prefix, self._harvest.set_spec, *digests])
        taken = {one.id.removeprefix("a-") for one in catalogue.accessions()}
        return "a-" + item_id(hashlib.sha512(came.encode()).hexdigest(), taken)

    def _records(self) -> Iterator[tuple[Place, int, HarvestedRecord]]:
        number = 0
        for at, page in enumerate(self._part.pages):
            for nth, record in enumerate(read_answer(page.path.read_bytes(), page.charset).records):
                number += 1
                yield (at, nth), number, record

    def _settled(self, source: str, place: Place, number: int, record: HarvestedRecord) -> Iterator[Piece]:
        if not record.fault and self._part.last.get(record.identifier, place) != place:
            yield Piece(source, "duplicate", problems=(problem("harvest-superseded", source),))
        elif not record.fault and (held := self._register.known(record.identifier)):
            yield self._again(source, number, record, held)
        else:
            yield self._taken(source, number, record, self._register.new_id(record.identifier))

    def _again(self, source: str, number: int, record: HarvestedRecord, held: Item) -> Piece:
        """Return what becomes of a record that the library holds: withdrawn, as it was, or changed."""
        if record.deleted:
            if held.status == "withdrawn":
                return Piece(source, "identical", held.id)
            if record.identifier in self._part.spared:
                note = problem("harvest-left-set", source, set=self._harvest.set_spec)
                return Piece(source, "identical", held.id, (note,))
            self._shelf.keep(replace(held, status="withdrawn", reason=deleted_reason(held.origins[0])))
            self._deleted += 1
            return Piece(source, "changed", held.id, (problem("harvest-deleted", source, name=self._named),))
        stays = held.status == "published" or not (is_deleted_at_home(held) or is_undone(held))
        joined = not self._intake.collection or self._intake.collection in held.collections
        if stays and joined and held.submission == self._digest(record):
            return Piece(source, "identical", held.id)
        return self._taken(source, number, record, held.id)

    def _digest(self, record: HarvestedRecord) -> str:
        named = f"{self._harvest.base_url}\n{record.identifier}\n".encode()
        return hashlib.sha512(named + content_of(record)).hexdigest()

    def _taken(self, source: str, number: int, record: HarvestedRecord, item_id: str) -> Piece:
        """Return what becomes of a record that is new or changed; the library's own, come back, is left."""
        found = described(record, number, source)
        if isinstance(found, Rejected):
            return rejected_piece(source, found)
        origins = origins_of(record, self._home)
        if own := self._intake.ourselves.own(found.item, origins):
            note = problem("own-record", source, item=own, name=self._named)
            return Piece(source, "duplicate", own, (note,))
        others = (one for one in found.item.identifiers if one.value != record.identifier)
        item = replace(
            found.item,
            id=item_id,
            submission=self._digest(record),
            identifiers=(*others, Identifier("oai", record.identifier)),
            origins=origins,
        )
        return self._shelf.take(source, replace(found, item=item))

    @property
    def _named(self) -> str:
        return self._harvest.repository or self._harvest.base_url

    def _amend(self) -> None:
        """Add what is known only now: ties to records of this part, and what is like something else."""
        found: dict[str, tuple[bool, tuple[Problem, ...]]] = {}
        for source, amendment in self._shelf.resolve().items():
            found[source] = amendment.changed, amendment.problems
        for source, said in self._resemblance.remarks().items():
            changed, before = found.get(source, (False, ()))
            found[source] = changed, (*before, *said)
        self._tie_to_own()
        for place, piece in enumerate(self._pieces):
            if piece.source in found and piece.outcome != "duplicate":
                changed, problems = found[piece.source]
                outcome: Outcome = "changed" if changed else piece.outcome
                self._pieces[place] = replace(piece, outcome=outcome, problems=(*piece.problems, *problems))

    def _tie_to_own(self) -> None:
        """Tie what the library has itself to that: the two are shown as one."""
        own = self._resemblance.same_as_own()
        if not own:
            return
        path, tied = self._shelf.path, self._folder / "records.tied"
        with path.open("rb") as lines, tied.open("wb") as out:
            for line in lines:
                target = own.get(msgspec.json.decode(line, type=_Line).id)
                out.write(_tied(line, Relation("isFormatOf", target)) if target else line)
        tied.replace(path)

    def _close(self, writer: Writer) -> Report:
        pieces = tuple(self._pieces)
        if not self._part.must_note and not any(piece.outcome in ("new", "changed") for piece in pieces):
            return Report("", pieces)
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        counts = count_outcomes(pieces)
        accession = Accession(self._accession, now, (_told(self._harvest),), counts, harvest=self._harvest)
        name = re.sub(r"[^\w.-]", "-", self._harvest.prefix)[:60]
        received = {f"{at:04}-{name}.xml": page.path for at, page in enumerate(self._part.pages, 1)}
        detail = ", ".join(f"{count} {outcome}" for outcome, count in counts if count) or "nothing new"
        events = [Event("ingestion", "", agent=writer.agent, detail=f"{_told(self._harvest)}: {detail}")]
        if self._deleted:
            detail = f"Deleted in {self._named}, where it had been harvested"
            events.append(Event("withdrawal", "", agent=writer.agent, detail=detail))
        writer.put_accession(accession, pieces, self._shelf.path, received, events)
        return Report(accession.id, pieces)


class _Line(msgspec.Struct):
    """As much of a line as tells whose it is."""

    id: str


def _tied(line: bytes, tie: Relation) -> bytes:
    item = from_json(line)
    return record_line(replace(item, relations=tuple(dict.fromkeys([*item.relations, tie]))))


def _told(harvest: Harvest) -> str:
    """Return what an accession came from, in words."""
    of = f", set {harvest.set_spec}" if harvest.set_spec else ""
    return f"harvest of {harvest.base_url} ({harvest.prefix}{of})"
