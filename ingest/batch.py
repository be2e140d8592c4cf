"""The batch: everything that came, through every stage, into the library, and the report of it.

What came in = what became items + what is reported, always: each file or record ends as
exactly one Piece. A fault of one piece never stops the others; a fault of the disk stops
the batch, and the same ingest again goes on where it stopped.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from archive.durable import remove_tree, sha512_of
from archive.library import Library, Writer
from ingest.digitise import digitise
from ingest.documents import Digitised, Document, Limits, Progress, Refused
from ingest.draft import Draft, Original, Submitted
from ingest.engine import OcrEngine
from ingest.gather import Found, gather
from ingest.identify import Register
from ingest.publications import complete, redescribed, store, with_files
from ingest.records import Naming, RecordShelf, read_file, rejected_piece
from ingest.stages import describe, submission_of
from ingest.ties import Ties, file_key, from_manifest
from metadata.accession import Accession, Outcome, Piece, count_outcomes
from metadata.description import Description, Rejected
from metadata.errors import SourceChanged, StorageError
from metadata.ids import item_id
from metadata.languages import to_tesseract
from metadata.model import Item
from metadata.problems import Problem, problem
from metadata.vocabulary import Vocabulary

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a batch works with: engine, vocabulary, limits; and what the librarian asked for.

    ``languages`` are Tesseract's codes for pages whose record names none.
    """

    engine: OcrEngine
    vocabulary: Vocabulary
    limits: Limits
    languages: tuple[str, ...]
    collection: str
    doi_prefix: str
    workers: int


@dataclass(frozen=True, slots=True)
class Report:
    """What became of each piece; ``accession`` is ``""`` when nothing new came in."""

    accession: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told how far the batch is: files looked at (of how many), pages read, pieces done."""

    looked: Callable[[int, int], None]
    read: Callable[[Progress], None]
    piece: Callable[[Piece], None]


def _deaf(*_: object) -> None:
    pass


NOBODY = Watcher(_deaf, _deaf, _deaf)


@dataclass(frozen=True, slots=True)
class _Row:
    """A manifest's row that describes a file, and where the row stands."""

    source: str
    description: Description


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
        self._register = Register(library.catalogue)
        self._ties = Ties(library.catalogue)
        self._rows: dict[str, _Row] = {}
        self._pieces: list[Piece] = []
        self._naming = Naming(tools.vocabulary, tools.doi_prefix, tools.collection, "")

    def run(self, paths: Sequence[Path]) -> Report:
        found = list(self._gathered(paths))
        digests = dict(self._looked_at(found))
        self._naming = replace(self._naming, accession=self._accession_id(digests.values()))
        shelf = RecordShelf(self._workspace / "records.jsonl", self._register, self._ties, self._naming)
        files = [one for one in found if one.kind != "document" and one.source in digests]
        for one in files:
            self._settle(one.source, self._recorded(one, shelf))
        documents = [one for one in found if one.kind == "document" and one.source in digests]
        self._publish(documents, digests)
        self._miss()
        self._add_problems(shelf.resolve())
        return self._close(files, shelf)

    def _gathered(self, paths: Sequence[Path]) -> Iterator[Found]:
        for arrived in gather(paths, self._library.home):
            if isinstance(arrived, Piece):
                self._note(arrived)
            else:
                yield arrived

    def _looked_at(self, found: Sequence[Found]) -> Iterator[tuple[str, str]]:
        """Yield source and sha512 of every file that can be read and is not beyond the limit."""
        for number, one in enumerate(found, 1):
            self._watcher.looked(number, len(found))
            if refusal := self._too_large(one):
                self._note(Piece(one.source, "refused", problems=(refusal,)))
                continue
            try:
                yield one.source, sha512_of(one.path)
            except OSError as fault:
                why = problem("file-unreadable", one.source, reason=fault.strerror or str(fault))
                self._note(Piece(one.source, "refused", problems=(why,)))

    def _too_large(self, one: Found) -> Problem | None:
        """Refuse what is beyond the limit before its digest is asked for."""
        size, limit = one.path.stat().st_size, self._tools.limits.size
        if one.kind != "document" or size <= limit:
            return None
        return problem("file-too-large", one.source, what="The file", size=f"{size} bytes", limit=limit)

    def _accession_id(self, digests: Iterable[str]) -> str:
        """Derive the accession's id from what came: the same again, until it is finished."""
        came = "\n".join([self._tools.collection, *sorted(digests)])
        return "a-" + item_id(hashlib.sha512(came.encode()).hexdigest(), _Finished(self._library))

    def _recorded(self, one: Found, shelf: RecordShelf) -> Iterator[Piece]:
        """Yield the pieces of a file of records; rows that describe files wait for these."""
        for described in read_file(one):
            source = f"{one.source}#{described.number}"
            if isinstance(described, Rejected):
                yield rejected_piece(source, described)
            elif not described.file:
                yield shelf.take(source, described)
            else:
                yield from self._keep_row(one.path, _Row(source, described))

    def _keep_row(self, manifest: Path, row: _Row) -> Iterator[Piece]:
        links = from_manifest(row.description.links, manifest)
        kept = replace(row, description=replace(row.description, links=links))
        first = self._rows.setdefault(file_key(manifest.parent / row.description.file), kept)
        if first is not kept:
            why = problem("row-repeated", row.source, first=first.source, name=row.description.file)
            yield Piece(row.source, "refused", problems=(why,))

    def _publish(self, documents: Sequence[Found], digests: dict[str, str]) -> None:
        fresh: dict[str, Submitted] = {}
        for submitted in [self._submitted(one, digests[one.source]) for one in documents]:
            self._settle(submitted.draft.item.source, self._known(submitted, fresh))
        queue = (self._document(submitted) for submitted in fresh.values())
        tools = self._tools
        for done in digitise(queue, tools.engine, tools.workers, tools.limits, self._watcher.read):
            self._settle(done.document.key, self._published(fresh[done.document.key], done))
            remove_tree(done.document.workspace)

    def _submitted(self, one: Found, sha512: str) -> Submitted:
        original = Original(one.path, one.source.rpartition("/")[2], one.media_type, one.path.stat().st_size, sha512)
        row = self._rows.pop(file_key(one.path), None)
        blank = Draft(Item(source=one.source, submission=submission_of([sha512])))
        draft = describe(blank, row.description if row else None, self._tools.collection)
        draft = self._register.enter(draft, numbered=False)
        self._ties.note_file(one.path, draft.item.id)
        return Submitted(draft, original)

    def _known(self, submitted: Submitted, fresh: dict[str, Submitted]) -> Iterator[Piece]:
        """Yield the piece of what the library or this batch has already; else put it among ``fresh``."""
        draft = submitted.draft
        source, item_id = draft.item.source, draft.item.id
        first = self._register.first_source(draft)
        held = self._register.held(item_id)
        if first != source:
            note = problem("duplicate-of", source, source=first)
            yield Piece(source, "duplicate", item_id, (*draft.problems, note))
        elif held is None:
            fresh[source] = submitted
        else:
            yield self._again(draft, held)

    def _again(self, draft: Draft, held: Item) -> Piece:
        """Return what becomes of a file whose item the library holds: changed by its description, or not."""
        item, problems = self._ties.tie(redescribed(draft, held, self._naming), draft.links)
        problems = (*draft.problems, *problems)
        if item == held:
            # Brought by this very accession before it was interrupted: still new to the library.
            outcome: Outcome = "new" if held.accession == self._naming.accession else "identical"
            return Piece(draft.item.source, outcome, held.id, problems)
        if self._writer:
            self._writer.put_item(item, {}, f"Described anew with {self._naming.accession}")
        return Piece(draft.item.source, "changed", held.id, problems)

    def _document(self, submitted: Submitted) -> Document:
        item = submitted.draft.item
        workspace = self._workspace / item.id
        workspace.mkdir()
        named = tuple(filter(None, (to_tesseract(tag) for tag in item.languages)))
        original = submitted.original
        path = self._plainly_named(original.path, item.id)
        return Document(path, original.media_type, named or self._tools.languages, workspace, item.source)

    def _plainly_named(self, path: Path, item_id: str) -> Path:
        """Return ``path``, or a link to it where its bytes are no UTF-8: decoders refuse such names."""
        try:
            os.fsencode(path).decode()
        except UnicodeDecodeError:
            link = self._workspace / f"{item_id}.original"
            link.symlink_to(path.absolute())
            return link
        return path

    def _published(self, submitted: Submitted, done: Digitised | Refused) -> Iterator[Piece]:
        if isinstance(done, Refused):
            draft = submitted.draft
            yield Piece(draft.item.source, "refused", problems=(*draft.problems, *done.problems))
            return
        draft = complete(submitted, done, self._naming)
        item, problems = self._ties.tie(draft.item, draft.links)
        if self._writer:
            store(self._writer, with_files(item, submitted.original, done))
        yield Piece(item.source, "new", item.id, (*draft.problems, *problems))

    def _miss(self) -> None:
        """Report the rows of manifests whose file did not come."""
        for row in self._rows.values():
            why = problem("file-missing", row.source, name=row.description.file)
            self._note(Piece(row.source, "refused", problems=(*row.description.problems, why)))

    def _settle(self, source: str, pieces: Iterator[Piece]) -> None:
        """Note the pieces; a fault becomes the piece of its source and the batch goes on."""
        try:
            for piece in pieces:
                self._note(piece)
        except StorageError:
            raise
        except SourceChanged:
            self._note(Piece(source, "refused", problems=(problem("file-changed", source),)))
        except Exception as fault:  # the one broad except: a bad piece never stops the batch
            log.exception("%s", source)
            why = problem("unexpected-fault", source, reason=f"{type(fault).__name__}: {fault}")
            self._note(Piece(source, "refused", problems=(why,)))

    def _note(self, piece: Piece) -> None:
        self._pieces.append(piece)
        self._watcher.piece(piece)

    def _add_problems(self, found: dict[str, tuple[Problem, ...]]) -> None:
        self._pieces = [
            replace(piece, problems=(*piece.problems, *found.get(piece.source, ()))) for piece in self._pieces
        ]

    def _close(self, files: Sequence[Found], shelf: RecordShelf) -> Report:
        pieces = tuple(self._pieces)
        if not any(piece.outcome in ("new", "changed") for piece in pieces):
            return Report("", pieces)
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        sources = tuple(dict.fromkeys(piece.source.partition("#")[0] for piece in pieces))
        accession = Accession(self._naming.accession, now, sources, count_outcomes(pieces))
        if self._writer:
            received = {f"{number:04}-{one.path.name}": one.path for number, one in enumerate(files, 1)}
            self._writer.put_accession(accession, pieces, shelf.path, received)
        return Report(accession.id, pieces)


class _Finished:
    """The ids of accessions that are finished: such an id is not given again."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def __contains__(self, candidate: object) -> bool:
        return self._library.catalogue.accession(f"a-{candidate}") is not None
