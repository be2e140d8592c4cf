"""What describes files: rows of manifests, and files of records that lie beside a document under its name.

``report.mrc``, ``report.xml``, ``report.json``, ``report.bib``, ``report.ris`` describe ``report.pdf``, and so does
``report.pdf.xml``, where they hold one record. Such a record gives no item and no piece of its own: the
document's piece names it. Nothing is guessed: of several records, or of several documents of
one name, each comes in by itself. A folder of page images is described as a document is, and by a record in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path, PurePath

from ingest.draft import Original
from ingest.gather import Found
from ingest.series import Series
from ingest.ties import file_key, from_manifest
from metadata.accession import Piece
from metadata.description import Description, Rejected
from metadata.model import Item, Text
from metadata.problems import Problem, problem

_RICHEST = ("marc21", "marcxml", "mods", "mets", "eprints", "dublin-core", "json", "ris", "bibtex")
"""Kinds of records that may lie beside a document; of several the first in this order is taken."""


@dataclass(frozen=True, slots=True)
class Row:
    """A manifest's row that describes a file, and where the row stands."""

    source: str
    description: Description


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a document: a description where there is one, and the files of records to be kept with it."""

    description: Description | None
    beside: tuple[Original, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sidecar:
    found: Found
    original: Original
    description: Description


class Descriptions:
    """The descriptions of files that came in a batch, until the files are met."""

    def __init__(self, found: Sequence[Found], series: Series | None = None) -> None:
        self._series = series or Series(())
        self._rows: dict[str, Row] = {}  # by file_key
        self._sidecars: dict[str, list[_Sidecar]] = {}  # by the source of the document
        self._remarks: dict[str, list[Problem]] = {}
        self._documents = _by_name(one for one in found if one.kind == "document")

    def keep_row(self, manifest: Path, row: Row) -> Iterator[Piece]:
        """Keep a row until its file is met; yield the refusal of a second one for the same file."""
        links = from_manifest(row.description.links, manifest)
        kept = replace(row, description=replace(row.description, links=links))
        first = self._rows.setdefault(file_key(manifest.parent / row.description.file), kept)
        if first is not kept:
            why = problem("row-repeated", row.source, first=first.source, name=row.description.file)
            yield Piece(row.source, "refused", problems=(*row.description.problems, why))

    def without_sidecar(
        self, one: Found, original: Original, records: Iterator[Description | Rejected]
    ) -> Iterator[Description | Rejected]:
        """Yield the records of a file, none where it is a sidecar: then its record is kept for its document."""
        documents = self._beside(one)
        if not documents:
            yield from records
            return
        first = list(islice(records, 2))
        if one.kind == "mets" and one.source in self._series.described:
            first = [self._of_mets(documents[0], first)]  # of its records the first is that of the whole
        reason = _doubt(documents, first)
        if not reason and isinstance(first[0], Description):
            kept = _Sidecar(one, original, replace(first[0], file=""))
            self._sidecars.setdefault(documents[0].source, []).append(kept)
            return
        for document in documents:
            why = problem("sidecar-doubtful", document.source, name=one.named.name, reason=reason)
            self._remarks.setdefault(document.source, []).append(why)
        yield from chain(first, records)

    def is_sidecar(self, one: Found) -> bool:
        """Say whether a file of records is called like a document beside it."""
        return bool(self._beside(one))

    def of(self, one: Found) -> Told:
        """Return what is told of a document: a manifest's row goes before a sidecar, and a rich one before others."""
        row = self._rows.pop(file_key(one.named), None)
        sidecars = sorted(self._sidecars.pop(one.source, ()), key=lambda each: _RICHEST.index(each.found.kind))
        problems = self._remarks.pop(one.source, [])
        taken = row.source if row else sidecars[0].found.named.name if sidecars else ""
        for number, each in enumerate(sidecars):
            name = each.found.named.name
            used = not row and number == 0
            if used:
                problems.append(problem("described-by", one.source, name=name))
            else:
                problems.append(problem("sidecar-unused", one.source, name=name, first=taken))
        description = row.description if row else sidecars[0].description if sidecars else None
        return Told(description, tuple(each.original for each in sidecars), tuple(problems))

    @property
    def rows(self) -> dict[str, tuple[str, ...]]:
        """What rows describe, by :func:`ingest.ties.file_key`, each with the page files that its row lists."""
        return {key: row.description.pages for key, row in self._rows.items()}

    @property
    def described(self) -> set[str]:
        """The sources of what is described by records that lie beside it."""
        return set(self._sidecars)

    def unmet(self, sources: Iterable[str]) -> Iterator[tuple[Row, str]]:
        """Yield the rows whose file was not met, each with the source of the file where it came and was left."""
        came = {file_key(Path(source)): source for source in sources}
        for key, row in self._rows.items():
            yield row, came.get(key, "")

    def left_sidecars(self) -> Iterator[tuple[str, tuple[Problem, ...]]]:
        """Yield the sources of documents that came to nothing before what is told of them was asked for."""
        for source in dict.fromkeys([*self._sidecars, *self._remarks]):
            names = (each.found.named.name for each in self._sidecars.get(source, ()))
            told = (problem("described-by", source, name=name) for name in names)
            yield source, (*self._remarks.get(source, ()), *told)

    def _of_mets(self, folder: Found, records: Sequence[Description | Rejected]) -> Description:
        """Return what a METS document says of the whole: its first record, its label for want of a title."""
        told = next((one for one in records if isinstance(one, Description)), Description(1, Item(), b""))
        label = self._series.labels.get(folder.source, "")
        if label and not told.item.titles:
            told = replace(told, item=replace(told.item, titles=(Text(label),)))
        return told

    def _beside(self, one: Found) -> list[Found]:
        """Return the documents that a file of records may be meant for: of its whole name, else of its stem."""
        if folder := self._series.described.get(one.source):
            return [folder]
        if one.kind not in _RICHEST:
            return []
        key = file_key(one.named.parent / one.named.stem)
        whole = [document for document in self._documents.get(key, ()) if file_key(document.named) == key]
        return whole or self._documents.get(key, [])


def lone_json(source: str) -> Piece:
    """Return the piece of an item.json that lies beside no document."""
    reason = "an item.json that is called like no document beside it"
    return Piece(source, "set_aside", problems=(problem("not-a-document", source, reason=reason),))


def _by_name(documents: Iterable[Found]) -> dict[str, list[Found]]:
    """Return documents by the names that a sidecar of theirs may have less its last ending."""
    found: dict[str, list[Found]] = {}
    for one in documents:
        for name in (one.named.name, PurePath(one.named.name).stem):
            found.setdefault(file_key(one.named.parent / name), []).append(one)
    return found


def _doubt(documents: Sequence[Found], first: Sequence[Description | Rejected]) -> str:
    if len(documents) > 1:
        return "so are other documents: call it by the whole name of one (report.pdf.xml)"
    if len(first) > 1:
        return "it holds more than one record"
    return "" if first and isinstance(first[0], Description) else "its record cannot be read"
