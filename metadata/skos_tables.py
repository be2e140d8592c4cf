"""Vocabularies as tables: CSV and flat JSON, a concept a row.

The columns are documented in docs/reference/vocabulary.md. Without a column of parents the dots of the
notations tell them: 1.2 is below 1, where there is a 1.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from metadata import languages
from metadata.errors import UsageError
from metadata.problems import problem
from metadata.skos_drafts import Draft, Gathering
from metadata.table_cells import DELIMITERS, bare

_KEYS = {"uri": "uri", "iri": "uri"}
_NOTATIONS = ("notation", "code", "alpha2", "id")
"""What the column of the notations may be called; the first of them that there is counts."""

_NAMED = {
    "parent": "broader",
    "broader": "broader",
    "exactmatch": "exact",
    "closematch": "close",
    "replacedby": "replaced",
    "isreplacedby": "replaced",
    "deprecated": "deprecated",
}
_TEXTS = {
    "preflabel": "labels",
    "label": "labels",
    "name": "labels",
    "altlabel": "alternatives",
    "alt": "alternatives",
    "definition": "notes",
    "scopenote": "notes",
    "note": "notes",
}
_TRUE = ("true", "1", "yes")
_BAR = re.compile(r"(?<!\\)\|")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+")


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    kind: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a table's concepts are called: what their URIs begin with, and the language of labels that name none."""

    base: str
    language: str = ""

    def uri(self, notation: str) -> str:
        """Return the URI of the concept with a notation."""
        between = "" if self.base.endswith(("/", "#", ":")) else ":" if self.base.startswith("urn:") else "/"
        return self.base + between + quote(notation, safe="")


def columns_of(header: Iterable[str], language: str = "") -> tuple[Sequence[_Column], Sequence[str]]:
    """Return the columns that are understood, and the names of the others.

    ``language`` is that of labels whose column names none.
    """
    names = [name.strip().lstrip("\ufeff") for name in header]
    folded = [name.casefold() for name in names]
    notation = next((name for name in _NOTATIONS if name in folded), "")
    found = [_column(name, key, notation, language) for name, key in zip(names, folded, strict=True)]
    unknown = [name for name, column in zip(names, found, strict=True) if name and not column]
    return [column for column in found if column], unknown


def _column(name: str, key: str, notation: str, language: str) -> _Column | None:
    if key in _KEYS or key in _NAMED:
        return _Column(name, _KEYS.get(key) or _NAMED[key])
    if key in _NOTATIONS:
        return _Column(name, "notation") if key == notation else None
    kind, at, tag = key.partition("@")
    if kind in _TEXTS:
        return _Column(name, _TEXTS[kind], tag if at else language)
    return _Column(name, "labels", key) if _is_language(key) else None


def _is_language(key: str) -> bool:
    return len(key.partition("-")[0]) in (2, 3) and key.isascii() and bool(languages.from_code(key))


def looks_like_table(text: str) -> bool:
    """Say whether a text is a table of concepts: its first line names a key and labels."""
    line = text.lstrip("\ufeff").partition("\n")[0][:10_000]
    columns, _ = columns_of(_cells(line, _delimiter(line)))
    kinds = {column.kind for column in columns}
    return bool(kinds & {"uri", "notation"}) and "labels" in kinds


def gather_csv(gathering: Gathering, text: str, naming: Naming, name: str) -> None:
    """Add the concepts of a table in CSV (RFC 4180), commas, semicolons or tabs between the cells."""
    delimiter = _delimiter(text.partition("\n")[0][:10_000])
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    table = _Table(gathering, naming, name)
    header = next(reader, [])
    table.begin(header)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as fault:
            gathering.report(problem("concept-row-unreadable", f"{name}#{reader.line_num}", reason=str(fault)))
            continue
        if any(cell.strip() for cell in row[len(header) :]):  # a comma in a label that is not quoted would cut it
            reason = f"it has {len(row)} cells, the header {len(header)}"
            gathering.report(problem("concept-row-unreadable", f"{name}#{reader.line_num}", reason=reason))
        elif any(row):
            table.take(dict(zip(header, row, strict=False)), reader.line_num)
    table.finish()


def gather_json(gathering: Gathering, data: bytes, naming: Naming, name: str) -> None:
    """Add the concepts of a table in JSON: an array of flat objects, one a concept. Raises UsageError."""
    try:
        rows = msgspec.json.decode(data, type=list[dict[str, str | int | float | bool | None]])
    except (msgspec.DecodeError, RecursionError) as fault:
        hint = "JSON is JSON-LD, or an array of flat objects, one a concept."
        raise UsageError(f"The vocabulary cannot be read: {fault}", hint) from fault
    table = _Table(gathering, naming, name)
    table.begin(rows[0] if rows else ())
    for number, row in enumerate(rows, 1):
        table.take({key: "" if value is None else str(value) for key, value in row.items()}, number)
    table.finish()


class _Table:
    def __init__(self, gathering: Gathering, naming: Naming, name: str) -> None:
        self._gathering = gathering
        self._naming = naming
        self._name = name
        self._columns: Sequence[_Column] = ()
        self._rows: dict[str, int] = {}
        self._uris: dict[str, str] = {}
        self._ties: list[tuple[list[str], str]] = []

    def begin(self, header: Iterable[str]) -> None:
        """Look at the names of the columns. Raises UsageError where they are not a vocabulary's."""
        self._columns, unknown = columns_of(header, self._naming.language)
        kinds = {column.kind for column in self._columns}
        if "labels" not in kinds or not kinds & {"uri", "notation"}:
            hint = "A table has a column notation or uri, and one prefLabel@en for each language."
            raise UsageError(f"{self._name or 'The table'} has no columns that a vocabulary needs", hint)
        if unknown:
            names = ", ".join(name[:40] for name in unknown[:20])
            self._gathering.report(problem("vocabulary-columns-unknown", self._name, names=names))

    def take(self, row: Mapping[str, str], number: int) -> None:
        """Take in a row; one that has no key, or one that was given before, is reported and left out."""
        where = f"{self._name}#{number}"
        notation, uri = self._one(row, "notation"), self._one(row, "uri")
        key = uri or (self._naming.uri(notation) if notation else "")
        if not key or (uri and not _SCHEME.fullmatch(uri)):
            code = "concept-uri-wrong" if key else "concept-without-key"
            self._gathering.report(problem(code, where, uri=uri) if key else problem(code, where))
            return
        if not (self._gathering.is_uri(key, where) and self._gathering.fits(notation, 0, where)):
            return
        if (before := self._rows.get(key) or self._rows.get(notation and f"\0{notation}")) is not None:
            self._gathering.report(problem("concept-key-twice", where, key=notation or uri, row=before))
            return
        self._rows[key] = number
        if notation:
            self._rows[f"\0{notation}"] = number
            self._uris[notation] = key
        self._describe(self._gathering.draft(key), key, notation, row)

    def _describe(self, draft: Draft, key: str, notation: str, row: Mapping[str, str]) -> None:
        draft.is_concept = True
        if notation and notation not in draft.notations:
            draft.notations.append(notation)
        for column in self._columns:
            cell = _cell(row, column)
            if column.kind == "alternatives":
                for part in _BAR.split(cell):
                    self._gathering.text(draft.alternatives, part.replace("\\|", "|"), column.language, key)
            elif column.kind in ("labels", "notes"):
                self._gathering.text(getattr(draft, column.kind), cell, column.language, key)
            elif column.kind == "deprecated":
                draft.deprecated |= cell.strip().casefold() in _TRUE
        for kind in ("broader", "exact", "close", "replaced"):
            self._ties += [(getattr(draft, kind), reference) for reference in self._all(row, kind)]

    def finish(self) -> None:
        """Tie concepts to each other: a row may name one that comes later."""
        for ties, reference in self._ties:
            ties.append(self._named(reference))
        if not any(column.kind == "broader" for column in self._columns):
            for notation, key in self._uris.items():
                if parent := self._dotted(notation):
                    self._gathering.draft(key).broader.append(self._uris[parent])

    def _dotted(self, notation: str) -> str:
        while "." in notation:
            notation = notation.rpartition(".")[0]
            if notation in self._uris:
                return notation
        return ""

    def _named(self, reference: str) -> str:
        """Return the URI that a cell names: as it is, or by the notation."""
        if reference in self._uris:
            return self._uris[reference]
        return reference if _SCHEME.fullmatch(reference) else self._naming.uri(reference)

    def _one(self, row: Mapping[str, str], kind: str) -> str:
        return next((cell for column in self._columns if column.kind == kind and (cell := _cell(row, column))), "")

    def _all(self, row: Mapping[str, str], kind: str) -> Iterator[str]:
        for column in self._columns:
            if column.kind == kind:
                yield from filter(None, (part.strip() for part in _cell(row, column).split("|")))


def _cell(row: Mapping[str, str], column: _Column) -> str:
    return bare(row.get(column.name, "").strip())


def _delimiter(line: str) -> str:
    """Return what stands between the cells of a header: what gives most columns that are understood."""
    return max(DELIMITERS, key=lambda sign: len(columns_of(_cells(line, sign))[0]))


def _cells(line: str, delimiter: str) -> Sequence[str]:
    try:
        return next(csv.reader([line.strip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return []
