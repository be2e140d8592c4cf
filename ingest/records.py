"""Records without files: from a file of records to the items of an accession.

Memory stays flat: items are written as lines while they are read, and only those that are
tied to other records are looked at a second time, when all control numbers are known.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from archive.durable import storage
from ingest.doi_prefixes import Prefixes
from ingest.draft import Draft
from ingest.gather import Found
from ingest.given_out import GivenOut
from ingest.identify import Register
from ingest.recognise import HEAD
from ingest.resemblance import Resemblance
from ingest.stages import Named, into_collections, settle, submission_of
from ingest.ties import Ties
from metadata.accession import Piece
from metadata.bibtex import read_bibtex
from metadata.crossref_reader import read_crossref
from metadata.datacite_reader import read_datacite
from metadata.dc_xml import is_dublin_core, read_dublin_core
from metadata.description import Description, Link, Rejected
from metadata.eprints import read_eprints
from metadata.errors import StorageError
from metadata.item_record import LARGEST, read_item_record
from metadata.manifest import read_manifest
from metadata.mapping import Mapping
from metadata.marc21 import read_marc21
from metadata.marcxml import is_marcxml, read_marcxml
from metadata.matching import Matcher
from metadata.model import Doi, Item, Status
from metadata.mods import is_mods, read_mods
from metadata.problems import Problem, problem
from metadata.rest_json import read_crossref_json, read_datacite_json
from metadata.ris import read_ris
from metadata.serial import from_json, record_line
from metadata.tidying import tidy
from metadata.xlsx import read_xlsx

_Reader = Callable[[BinaryIO, str], Iterator[Description | Rejected]]


def _read_mets(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield what the records say that are wrapped in a METS document."""
    head = stream.read(HEAD)
    stream.seek(0)
    wrapped: tuple[tuple[Callable[[bytes], bool], _Reader], ...] = (
        (is_mods, read_mods),
        (is_marcxml, read_marcxml),
        (is_dublin_core, read_dublin_core),
    )
    if reader := next((reader for is_kind, reader in wrapped if is_kind(head)), None):
        yield from reader(stream, where)
    else:
        reason = "a METS document that names no page images which came with it, and holds no record that is read"
        yield Rejected(1, (problem("not-a-document", f"{where}#1", reason=reason),), set_aside=True)


_READERS: dict[str, _Reader] = {
    "marc21": read_marc21,
    "marcxml": read_marcxml,
    "mods": read_mods,
    "mets": _read_mets,
    "datacite": read_datacite,
    "crossref": read_crossref,
    "eprints": read_eprints,
    "dublin-core": read_dublin_core,
    "bibtex": read_bibtex,
    "ris": read_ris,
    "datacite-json": read_datacite_json,
    "crossref-json": read_crossref_json,
}


def read_file(found: Found, path: Path, mapping: Mapping | None = None) -> Iterator[Description | Rejected]:
    """Yield what the records of a file say, in its order; ``path`` is where its content lies.

    ``mapping`` is for tables whose columns have names of their own.
    """
    if found.kind == "tag":
        return
    if found.kind == "manifest":
        yield from read_manifest(path.read_bytes(), found.source, mapping)
        return
    if found.kind in ("item", "json"):
        with path.open("rb") as stream:
            yield read_item_record(stream.read(LARGEST + 1), found.source)
        return
    with path.open("rb") as stream:
        if found.kind == "workbook":
            yield from read_xlsx(stream, found.source, mapping)
        else:
            yield from _READERS[found.kind](stream, found.source)


def rejected_piece(source: str, rejected: Rejected) -> Piece:
    """Return the piece of a record that gives no item."""
    return Piece(source, "set_aside" if rejected.set_aside else "refused", problems=rejected.problems)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a second look adds to a piece: that its item changed after all, and more problems."""

    changed: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """What the short stages go by: what matches subjects, the DOI prefixes, the batch's collection and accession.

    ``status`` is that of what is new: published, or held for approval.
    """

    matcher: Matcher
    doi_prefixes: Prefixes
    collection: str
    accession: str
    status: Status = "published"


_AT_ONCE = 256 << 10  # bytes of lines


class _Named(msgspec.Struct):
    """As much of a line as tells whose it is."""

    id: str


_named = msgspec.json.Decoder(_Named).decode


class RecordShelf:
    """The items of one accession that are records, as lines of a file in the making."""

    def __init__(
        self,
        path: Path,
        register: Register,
        ties: Ties,
        naming: Naming,
        resemblance: Resemblance,
        given_out: GivenOut | None = None,
    ) -> None:
        self._path = path
        self._given_out = given_out
        self._resemblance = resemblance
        self._register = register
        self._ties = ties
        self._naming = naming
        self._tied: dict[str, tuple[str, tuple[Link, ...]]] = {}
        self._again: dict[str, tuple[Item, tuple[Link, ...]]] = {}
        self._lines: list[bytes] = []  # not written yet
        self._gathered = 0  # their bytes
        path.touch()

    @property
    def path(self) -> Path:
        """The file, with all that was kept so far."""
        self._flush()
        return self._path

    def take(self, source: str, description: Description) -> Piece:
        """Return what becomes of a record, and keep its item when it is new or changed."""
        naming = self._naming
        submission = description.item.submission or submission_of([hashlib.sha512(description.raw).hexdigest()])
        item, mended = tidy(description.item, source)
        if item.source != source:
            item = replace(item, source=source)
        item_id = self._register.id_of(item, submitted=submission)
        named = Named(item_id, source, submission, naming.accession, naming.collection)
        draft = settle(item, named, naming.matcher, naming.doi_prefixes, (*description.problems, *mended))
        draft = replace(draft, links=description.links) if description.links else draft
        self._ties.note_record(draft.item)
        first = self._register.first_source(draft)
        if first != source:
            note = problem("duplicate-of", source, source=first)
            return Piece(source, "duplicate", draft.item.id, (*draft.problems, note))
        return self._settle(draft, description.raw)

    def keep(self, item: Item) -> None:
        """Keep an item of the library as it is given, in place of what it was: no stage looks at it."""
        self._write(replace(item, accession=self._naming.accession))

    def resolve(self) -> dict[str, Amendment]:
        """Tie the records to those they name; return what that changes, by the source of the piece."""
        return {**self._resolve_written(), **self._resolve_held()}

    def _resolve_written(self) -> dict[str, Amendment]:
        found: dict[str, Amendment] = {}
        if not self._tied:
            return found
        resolved = self.path.with_suffix(".resolved")
        with self.path.open("rb") as lines, resolved.open("wb") as out:
            for line in lines:
                source, links = self._tied.get(_named(line).id, ("", ()))
                if not links:
                    out.write(line)
                    continue
                item, problems = self._ties.tie(from_json(line), links)
                self._resemblance.tie(item)
                out.write(record_line(item))
                if problems:
                    found[source] = Amendment(False, problems)
        resolved.replace(self.path)
        return found

    def _resolve_held(self) -> dict[str, Amendment]:
        """Tie what the library held as it came: a record it names may have come since."""
        found: dict[str, Amendment] = {}
        for source, (held, links) in self._again.items():
            item, problems = self._ties.tie(held, links)
            if item != held:
                self._write(item)
            if item != held or problems:
                found[source] = Amendment(item != held, problems)
        return found

    def _settle(self, draft: Draft, raw: bytes) -> Piece:
        item = draft.item
        held = self._register.held(item.id)
        if held and (held.submission == item.submission or self._is_given_out(held, raw)):
            item = into_collections(held, item.collections)
            if item == held:
                if draft.links:
                    self._again[draft.item.source] = (held, draft.links)
                return Piece(draft.item.source, "identical", item.id, draft.problems)
        elif held:
            item = replace(item, status=held.status, reason=held.reason, doi=_doi_of(held, item))
            item = replace(item, collections=into_collections(held, item.collections).collections)
        else:
            item = replace(self._register.with_own_doi(item), status=self._naming.status)
        if draft.links:
            self._tied[item.id] = (draft.item.source, draft.links)
        self._write(item)
        self._resemblance.note(draft.item.source, item)
        return Piece(draft.item.source, "changed" if held else "new", item.id, draft.problems)

    def _is_given_out(self, held: Item, raw: bytes) -> bool:
        """Say whether a record is what the library itself gives out of what it holds."""
        return self._given_out is not None and self._given_out.is_unchanged(held, raw)

    def _write(self, item: Item) -> None:
        line = record_line(item)
        self._lines.append(line)
        self._gathered += len(line)
        if self._gathered >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Write what was gathered; a fault here is no single record's."""
        if self._lines:
            try:
                with storage(self._path), self._path.open("ab") as out:
                    out.writelines(self._lines)
            except OSError as fault:
                raise StorageError(f"{self._path}: {fault.strerror}.", "Run the same command again.") from fault
            self._lines.clear()
            self._gathered = 0


def _doi_of(held: Item, item: Item) -> Doi | None:
    """Return the DOI of an item that comes with other content: the one given here stays, another's may be another."""
    is_ours = held.doi is not None and held.doi.state != "external"
    return item.doi if item.doi and item.doi.state == "external" and not is_ours else held.doi
