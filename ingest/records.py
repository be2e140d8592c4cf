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

from ingest.draft import Draft
from ingest.gather import Found
from ingest.identify import Register
from ingest.resemblance import Resemblance
from ingest.stages import classify, describe, into_collections, judge, name, submission_of
from ingest.ties import Ties
from metadata.accession import Piece
from metadata.bibtex import read_bibtex
from metadata.datacite_reader import read_datacite
from metadata.dc_xml import read_dublin_core
from metadata.description import Description, Link, Rejected
from metadata.eprints import read_eprints
from metadata.item_record import LARGEST, read_item_record
from metadata.manifest import read_manifest
from metadata.mapping import Mapping
from metadata.marc21 import read_marc21
from metadata.marcxml import read_marcxml
from metadata.model import Doi, Item
from metadata.mods import read_mods
from metadata.problems import Problem, problem
from metadata.ris import read_ris
from metadata.serial import from_json, record_line
from metadata.vocabulary import Vocabulary
from metadata.xlsx import read_xlsx

_READERS: dict[str, Callable[[BinaryIO, str], Iterator[Description | Rejected]]] = {
    "marc21": read_marc21,
    "marcxml": read_marcxml,
    "mods": read_mods,
    "datacite": read_datacite,
    "eprints": read_eprints,
    "dublin-core": read_dublin_core,
    "bibtex": read_bibtex,
    "ris": read_ris,
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
    """What the short stages go by: the vocabulary, the DOI prefix, the batch's collection and accession."""

    vocabulary: Vocabulary
    doi_prefix: str
    collection: str
    accession: str


class _Named(msgspec.Struct):
    """As much of a line as tells whose it is."""

    id: str


_named = msgspec.json.Decoder(_Named).decode


class RecordShelf:
    """The items of one accession that are records, as lines of a file in the making."""

    def __init__(self, path: Path, register: Register, ties: Ties, naming: Naming, resemblance: Resemblance) -> None:
        self.path = path
        self._resemblance = resemblance
        self._register = register
        self._ties = ties
        self._naming = naming
        self._tied: dict[str, tuple[str, tuple[Link, ...]]] = {}
        self._again: dict[str, tuple[Item, tuple[Link, ...]]] = {}
        path.touch()

    def take(self, source: str, description: Description) -> Piece:
        """Return what becomes of a record, and keep its item when it is new or changed."""
        submission = description.item.submission or submission_of([hashlib.sha512(description.raw).hexdigest()])
        draft = describe(Draft(Item(source=source, submission=submission)), description, self._naming.collection)
        draft = classify(self._register.enter(draft), self._naming.vocabulary)
        draft = judge(name(draft, self._naming.doi_prefix))
        self._ties.note_record(draft.item)
        first = self._register.first_source(draft)
        if first != source:
            note = problem("duplicate-of", source, source=first)
            return Piece(source, "duplicate", draft.item.id, (*draft.problems, note))
        return self._settle(draft)

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

    def _settle(self, draft: Draft) -> Piece:
        item = replace(draft.item, accession=self._naming.accession)
        held = self._register.held(item.id)
        if held and held.submission == item.submission:
            item = into_collections(held, item.collections)
            if item == held:
                if draft.links:
                    self._again[draft.item.source] = (held, draft.links)
                return Piece(draft.item.source, "identical", item.id, draft.problems)
        elif held:
            item = replace(item, status=held.status, reason=held.reason, doi=_doi_of(held, item))
            item = replace(item, collections=into_collections(held, item.collections).collections)
        else:
            item = self._register.with_own_doi(item)
        if draft.links:
            self._tied[item.id] = (draft.item.source, draft.links)
        self._write(item)
        self._resemblance.note(draft.item.source, item)
        return Piece(draft.item.source, "changed" if held else "new", item.id, draft.problems)

    def _write(self, item: Item) -> None:
        with self.path.open("ab") as out:
            out.write(record_line(item))


def _doi_of(held: Item, item: Item) -> Doi | None:
    """Return the DOI of an item that comes with other content: the one given here stays, another's may be another."""
    is_ours = held.doi is not None and held.doi.state != "external"
    return item.doi if item.doi and item.doi.state == "external" and not is_ours else held.doi
