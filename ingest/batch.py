"""The batch: everything that came, through every stage, into the library, and the report of it.

What came in = what became items + what is reported, always: each file or record ends as
exactly one Piece. A fault of one piece never stops the others (:mod:`ingest.settling`); a fault of the disk stops
the batch, and the same ingest again goes on where it stopped.
"""

import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archive.durable import remove_tree
from archive.library import Library, Writer
from ingest.arrivals import Arrivals, Taken, digests, is_publication, received, room
from ingest.digitise import digitise
from ingest.documents import Digitised, Progress, Refused
from ingest.draft import Draft, Original, Submitted
from ingest.formats import Identifier
from ingest.gather import Found, gather
from ingest.given_out import GivenOut
from ingest.identify import Register, accession_id
from ingest.ledger import Ledger
from ingest.pieces import PieceFile, in_order
from ingest.provenance import Looked, events_of
from ingest.publications import (
    beside,
    complete,
    is_told_anew,
    kept_problems,
    last_told,
    redescribed,
    refused,
    renewed,
    store,
    store_again,
    to_read,
    was_stored_again,
    with_files,
    without_pages,
)
from ingest.records import Amendment, Naming, RecordShelf, read_file, rejected_piece
from ingest.resemblance import Resemblance
from ingest.saf import Parcel
from ingest.series import PageImages, Series, earlier
from ingest.settling import settled
from ingest.sidecars import Descriptions, Row, Told, lone_json
from ingest.stages import describe, into_collections, submission_of
from ingest.ties import Ties
from ingest.tools import Report, Tools, Watcher
from metadata.accession import Accession, Outcome, Piece, count_outcomes
from metadata.description import Rejected
from metadata.events import Event
from metadata.matching import Matcher
from metadata.model import Item
from metadata.problems import Problem, problem
from metadata.validate import validate


def ingest(paths: Sequence[Path], library: Library, writer: Writer | None, tools: Tools, watcher: Watcher) -> Report:
    """Bring what lies at ``paths`` into the library and report on every piece.

    Without a ``writer`` nothing is written: the same stages run up to preservation and the
    report says what would become of each piece. Raises StorageError.
    """
    with ExitStack() as stack:
        if writer:
            workspace = stack.enter_context(writer.workspace())
        else:
            workspace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="canoe-plan-")))
        return _Batch(library, writer, tools, watcher, workspace).run(paths)


class _Batch:
    def __init__(
        self, library: Library, writer: Writer | None, tools: Tools, watcher: Watcher, workspace: Path
    ) -> None:
        self._library = library
        self._writer = writer
        self._tools = tools
        self._watcher = watcher
        self._workspace = workspace
        self._arrivals = Arrivals(workspace, tools)
        self._register = Register(library.catalogue, empty=not library.catalogue.number())
        self._ledger = Ledger(workspace)
        self._ties = Ties(library.catalogue, self._ledger)
        matcher = Matcher(tools.vocabulary, tools.decisions)
        self._naming = Naming(
            matcher, tools.doi_prefixes, tools.collection, "", status="held" if tools.hold else "published"
        )
        self._resemblance = Resemblance(library.catalogue, self._ledger)
        self._kept: dict[str, Item] = {}  # publications that are new or changed, by source
        self._order: dict[str, int] = {}  # where each source stands among what came
        self._series = Series(())
        self._descriptions = Descriptions(())
        self._identifier = Identifier(tools.limits)
        self._pieces = PieceFile(workspace)
        self._untold: deque[Piece] = deque()  # what nobody has been told yet, for it might not be safe
        self._refused: dict[str, Piece] = {}  # what is no record of a file, by source
        self._unread: set[str] = set()  # items whose pages are still being read
        self._waiting: list[tuple[Submitted, Digitised | None]] = []  # read, but tied to an item that is not

    def run(self, paths: Sequence[Path]) -> Report:
        found = list(self._gathered(paths))
        came = list(self._looked_at(found))
        arrived = digests(taken for _, taken in came)
        accession = accession_id(self._tools.collection, arrived, self._library.catalogue)
        self._naming = replace(self._naming, accession=accession)
        self._series = Series(found, self._tools.folders)
        self._descriptions = Descriptions(found, self._series)
        lines = self._workspace / "records.jsonl"
        shelf = RecordShelf(lines, self._register, self._ties, self._naming, self._resemblance, GivenOut(self._library))
        for one, taken in came:
            if not is_publication(one, taken):
                self._settle(one.source, self._recorded(one, taken, shelf))
        with self._writer.grouped() if self._writer else nullcontext(), self._identifier:
            self._publish([self._submitted(one, taken) for one, taken in self._publications(came)])
        self._tell()
        amendments = {**self._miss(), **shelf.resolve()}
        pieces = in_order(self._amended(amendments, self._alike()), self._order, self._workspace)
        self._ledger.close()
        return self._close(list(received(came)), shelf, pieces)

    def _gathered(self, paths: Sequence[Path]) -> Iterator[Found]:
        mapped = self._tools.mapping is not None
        for arrived in gather(paths, self._library.home, self._workspace, mapped):
            self._order[arrived.source] = len(self._order)
            if isinstance(arrived, Piece):
                self._note(arrived)
            else:
                yield arrived

    def _looked_at(self, found: Sequence[Found]) -> Iterator[tuple[Found, Taken]]:
        """Yield everything that can be read with what it is now."""
        for number, one in enumerate(found, 1):
            self._watcher.looked(number, len(found))
            taken = self._arrivals.take(one)
            if isinstance(taken, Piece):
                self._note(taken)
            else:
                yield one, taken

    def _recorded(self, one: Found, taken: Taken, shelf: RecordShelf) -> Iterator[Piece]:
        """Yield the pieces of a file of records; those that describe files wait for these."""
        if isinstance(taken, Parcel):
            yield shelf.take(one.source, taken.description)
            return
        if one.kind == "json" and not self._descriptions.is_sidecar(one):
            yield lone_json(one.source)
            return
        records = read_file(one, taken.path, self._tools.mapping)
        for described in self._descriptions.without_sidecar(one, taken, records):
            source = f"{one.source}#{described.number}"
            if isinstance(described, Rejected):
                yield rejected_piece(source, described)
            elif not described.file:
                yield shelf.take(source, described)
            else:
                yield from self._descriptions.keep_row(one.named, Row(source, described))

    def _publications(self, came: Sequence[tuple[Found, Taken]]) -> Iterator[tuple[Found, Taken | PageImages]]:
        """Yield what came as publications, a folder of page images as one."""
        alone = [(one, taken) for one, taken in came if isinstance(taken, Original) and is_publication(one, taken)]
        yield from ((one, taken) for one, taken in came if isinstance(taken, Parcel) and is_publication(one, taken))
        for group in self._series.grouped(alone, self._descriptions.rows, self._descriptions.described):
            if isinstance(group, Piece):
                self._note(group)
                continue
            one, taken = group
            if isinstance(taken, PageImages):  # the folder takes the places of its images
                places = [self._order.pop(original.source) for original in taken.originals]
                self._order[one.source] = min(places)
            yield group

    def _submitted(self, one: Found, taken: Taken | PageImages) -> Submitted:
        if isinstance(taken, Parcel):
            told, originals = Told(taken.description, taken.beside), taken.originals
        else:
            told = self._descriptions.of(one)
            originals = taken.originals if isinstance(taken, PageImages) else (taken,)
        digests = [original.sha512 for original in originals]
        is_folder = isinstance(taken, PageImages)
        is_series = is_folder or (isinstance(taken, Parcel) and taken.series)
        submission = submission_of(digests if is_folder else sorted(digests))
        remarks = (*told.problems, *(taken.problems if isinstance(taken, PageImages) else ()))
        blank = Draft(Item(source=one.source, submission=submission), problems=remarks)
        draft = describe(blank, told.description, self._tools.collection)
        before = earlier(self._library.catalogue, one.source, digests) if is_folder else ""
        draft = self._register.enter(draft, numbered=False, earlier=before)
        self._ties.note_file(one.named, draft.item.id)
        return Submitted(draft, originals, told.beside, isinstance(taken, Parcel), is_series)

    def _publish(self, submitted: Sequence[Submitted]) -> None:
        """Read and keep what is new; then settle what was known, when it is clear what became of all the rest."""
        for one in sorted(submitted, key=lambda one: not one.draft.described):
            self._register.first_source(one.draft)  # of two copies, the one that a row describes
        fresh = {one.draft.item.source: one for one in submitted if self._is_fresh(one)}
        self._unread = {one.draft.item.id for one in fresh.values()}
        tools = self._tools
        readable = (one for one in fresh.values() if one.is_readable)
        queue = (to_read(one, self._workspace, tools.languages, tools.models) for one in readable)
        with room(self._workspace):
            for one in fresh.values():
                if not one.is_readable:
                    self._take(without_pages(one, "none of its files is one that Canoe reads"), None)
            for done in digitise(queue, tools.engine, tools.workers, tools.limits, self._read, tools.scheduler):
                self._take(fresh[done.document.key], done)
        self._flush()  # what follows looks up what the library holds
        for one in submitted:
            if one.draft.item.source not in fresh:
                self._prepare(one)
                self._settle(one.draft.item.source, self._known(one))

    def _is_fresh(self, submitted: Submitted) -> bool:
        item = submitted.draft.item
        held = self._register.held(item.id)
        is_other = held is None or (submitted.series and held.submission != item.submission)
        return self._register.first_source(submitted.draft) == item.source and is_other

    def _take(self, submitted: Submitted, done: Digitised | Refused | None) -> None:
        """Take what was read, and keep every publication whose ties can now be told."""
        item = submitted.draft.item
        self._unread.discard(item.id)
        if isinstance(done, Refused) and submitted.parcel:
            submitted, done = without_pages(submitted, done.problems[0].message().rstrip(".")), None
        if isinstance(done, Refused):
            self._settle(item.source, iter([refused(submitted, done)]))
            self._ties.forget(item.id)
        else:
            self._waiting.append((submitted, done))
        ready = [one for one in self._waiting if not self._ties.targets(one[0].draft.links) & self._unread]
        for one in ready:
            self._waiting.remove(one)
            self._keep(*one)

    def _read(self, progress: Progress) -> None:
        """Tell of a page read, and let nothing wait for its group while a long document is read."""
        self._flush_if_due()
        self._watcher.read(progress)

    def _keep(self, submitted: Submitted, done: Digitised | None) -> None:
        item = submitted.draft.item
        self._prepare(submitted)
        self._settle(item.source, self._published(submitted, done))
        if item.source in self._refused:
            self._ties.forget(item.id)
        if done:
            remove_tree(done.document.workspace)

    def _published(self, submitted: Submitted, done: Digitised | None) -> Iterator[Piece]:
        draft = complete(submitted, done, self._naming, self._tools.models)
        held = self._register.held(draft.item.id)
        draft = renewed(draft, held, self._naming) if held else draft
        item, problems = self._ties.tie(self._register.with_own_doi(draft.item), draft.links)
        if self._writer:
            looked = list(self._looked(submitted, done))
            formats = [one.format for one in looked]
            preserved = with_files(replace(draft, item=item), submitted, done, formats)
            now = replace(preserved.item, accession=self._naming.accession)
            events = events_of(now, done, self._tools.engine, looked, self._writer.agent)
            store(self._writer, preserved, events, self._naming.accession if held else "")
        source = submitted.draft.item.source
        self._kept[source] = item
        yield Piece(source, "changed" if held else "new", item.id, (*draft.problems, *problems))

    def _looked(self, submitted: Submitted, done: Digitised | None) -> Iterator[Looked]:
        """Yield what was found of each original; the format of the one that was digitised is known."""
        for number, original in enumerate(submitted.originals):
            known = done.original_format if done and not number else None
            found = known or self._identifier.identify(original.path, original.media_type)
            yield Looked(self._arrivals.checked.get(original.source), found)

    def _known(self, submitted: Submitted) -> Iterator[Piece]:
        """Yield the piece of what this batch or the library has already."""
        draft = submitted.draft
        source, first = draft.item.source, self._register.first_source(draft)
        note = problem("duplicate-of", source, source=first)
        if first in self._refused:
            why = self._refused[first].problems
            yield Piece(source, "refused", problems=tuple(dict.fromkeys([*draft.problems, *why, note])))
        elif first != source:
            yield Piece(source, "duplicate", draft.item.id, (*draft.problems, note))
        elif held := self._register.held(draft.item.id):
            yield self._again(submitted, held)

    def _again(self, submitted: Submitted, held: Item) -> Piece:
        """Return what becomes of a file whose item the library holds: changed by its description, or not.

        What an interrupted ingest brought or changed is as new to this accession as if there
        had been no interruption.
        """
        draft, accession, sources = submitted.draft, self._naming.accession, beside(submitted)
        unfinished = self._library.catalogue.accession(held.accession) is None
        known = replace(held, accession=accession) if unfinished else held
        item, problems = self._ties.tie(redescribed(draft, known, self._naming), draft.links)
        if item != known and self._says_nothing_new(draft, held):
            item = into_collections(known, item.collections)
        anew = item != held or is_told_anew(self._library, held, sources)
        if anew and self._writer:
            store_again(self._writer, item, sources, accession)
        outcome: Outcome = "identical"
        if unfinished:
            outcome, problems = "new", (*kept_problems(self._library, held), *problems)
        elif anew or was_stored_again(self._library, held, accession):
            outcome = "changed"
        if draft.described and not unfinished:
            problems = (*validate(item, draft.item.source, draft.problems), *problems)
        if outcome != "identical":
            self._kept[draft.item.source] = item
        return Piece(draft.item.source, outcome, held.id, tuple(dict.fromkeys([*draft.problems, *problems])))

    def _says_nothing_new(self, draft: Draft, held: Item) -> bool:
        """Say whether an edited item's description is what it was before the edit, so that the edit stays."""
        then = last_told(self._library, held.id) if draft.described else None
        if then is None:
            return False
        now, _ = self._ties.tie(redescribed(draft, then, self._naming), draft.links)
        return replace(now, collections=then.collections) == then

    def _miss(self) -> dict[str, Amendment]:
        """Report the rows of manifests whose file did not come; return those whose file came and was left."""
        found = {source: Amendment(False, told) for source, told in self._descriptions.left_sidecars()}
        for row, source in self._descriptions.unmet(self._order):
            if source:
                found[source] = Amendment(False, row.description.problems)
                continue
            why = problem("file-missing", row.source, name=row.description.file)
            self._note(Piece(row.source, "refused", problems=(*row.description.problems, why)))
        return found

    def _alike(self) -> Mapping[str, tuple[Problem, ...]]:
        """Return what is like something else: publications are compared in the order in which they came."""
        for source in sorted(self._kept.keys() - self._refused.keys(), key=lambda source: self._order[source]):
            self._resemblance.note(source, self._kept[source])
        return self._resemblance.remarks()

    def _settle(self, source: str, pieces: Iterator[Piece]) -> None:
        """Note the pieces; a fault becomes the piece of its source and the batch goes on."""
        for piece in settled(source, pieces, self._workspace):
            self._note(piece)

    def _note(self, piece: Piece) -> None:
        self._pieces.append(piece)
        if piece.outcome == "refused" and piece.source in self._order:
            self._refused[piece.source] = piece
        self._untold.append(piece)
        if not (self._writer and self._writer.pending):
            self._tell()

    def _tell(self) -> None:
        """Tell of the pieces whose items are safe: a kill does not take back what was said."""
        while self._untold:
            self._watcher.piece(self._untold.popleft())

    def _prepare(self, submitted: Submitted) -> None:
        """Complete what must be before this one is settled: a full group, and what its links may lead to."""
        if self._ties.knows(submitted.draft.links):
            self._flush_if_due()
        else:
            self._flush()  # the library will be asked, and must know what came before

    def _flush(self) -> None:
        """Complete what was stored, and tell of it. A fault here is no single piece's: it stops the batch."""
        if self._writer:
            self._writer.flush()
            self._tell()

    def _flush_if_due(self) -> None:
        if self._writer:
            self._writer.flush_if_due()
            if not self._writer.pending:
                self._tell()

    def _amended(self, found: Mapping[str, Amendment], alike: Mapping[str, tuple[Problem, ...]]) -> Iterator[Piece]:
        """Yield all pieces with what a second look adds to them."""
        for piece in self._pieces:
            if amendment := found.get(piece.source):
                outcome: Outcome = "changed" if amendment.changed else piece.outcome
                piece = replace(piece, outcome=outcome, problems=(*piece.problems, *amendment.problems))
            if said := alike.get(piece.source):
                piece = replace(piece, problems=(*piece.problems, *said))
            yield piece

    def _close(self, received: Sequence[Original], shelf: RecordShelf, pieces: PieceFile) -> Report:
        if not any(piece.outcome in ("new", "changed") for piece in pieces):
            return Report("", pieces)
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        accession = Accession(self._naming.accession, now, tuple(self._order), count_outcomes(pieces))
        if self._writer:
            kept = {one.path.name: one.path for one in received}
            told = ", ".join(f"{count} {outcome}" for outcome, count in accession.counts if count)
            event = Event("ingestion", "", agent=self._writer.agent, detail=told)
            self._writer.put_accession(accession, pieces, shelf.path, kept, [event])
        return Report(accession.id, pieces)
