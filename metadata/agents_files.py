"""Authority files: a table (CSV) in and out, MARC 21 authority records in.

A row of a table has the columns of :data:`COLUMNS`, with a comma, semicolon or tab between them; cells with several
values have them parted by ``|``. A name may be followed by ``@`` and its language, a parent by ``[since/until]``.

MARC 21 Format for Authority Data: 100, 110 and 111 are the preferred name, 4XX its variants, 510 with $w ``g`` or
``t`` a parent, 024 (and 010, for the Library of Congress) identifiers, 046 dates, 377 languages, 678 and 680 the
note. Headings of other kinds (titles, subjects) are passed over.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, TypeVar

from metadata import iso2709, marc21, marcxml
from metadata.agents import Authority
from metadata.agents_editing import checked_date, checked_identifier, checked_name, language_tag
from metadata.agents_identifiers import SCHEMES
from metadata.description import Remarks
from metadata.errors import UsageError
from metadata.marc_record import Field, Record
from metadata.marc_text import joined
from metadata.model import Identifier, Kind, Text
from metadata.problems import Problem, problem
from metadata.table_cells import bare, delimiter_of, inert

COLUMNS = (
    "id", "kind", "name", "language", "variants", "identifiers", "parents", "languages", "begun", "ended", "note",
)  # fmt: skip
LARGEST = 256 << 20
"""Files of more bytes are refused."""

_T = TypeVar("_T")
_PARTED = re.compile(r"(?<!\\)\|")
_TAGGED = re.compile(r"(.+)@([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})")
_HEADINGS: Mapping[str, tuple[Kind, str]] = {
    "00": ("person", "abc"),
    "10": ("organisation", "abn"),
    "11": ("organisation", "andce"),
}
_KINDS: Mapping[str, Kind] = {
    "person": "person", "personne": "person", "persona": "person",
    "organisation": "organisation", "organization": "organisation", "organisme": "organisation",
    "organización": "organisation",
}  # fmt: skip
_DATE = re.compile(r"(\d{4})(\d\d)?(\d\d)?|(\d{4}-\d\d(?:-\d\d)?)")
_LIFE = re.compile(r"(?:b\. ?)?(\d{4})?\s*[-–]\s*(\d{4})?\.?|(?:b\. ?|born ?)(\d{4})")


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says of an agent. ``parents`` are as they are named there; ``kind`` may be ``""``: not said."""

    where: str
    name: Text
    kind: Kind | Literal[""] = ""
    id: str = ""
    variants: tuple[Text, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    parents: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    begun: str = ""
    ended: str = ""
    note: str = ""
    problems: tuple[Problem, ...] = field(default=())


def read_file(stream: BinaryIO, where: str) -> Iterator[Told | Problem]:
    """Yield what a file says of agents, and the rows and records that say nothing that can be used.

    Raises UsageError for a file that is none of these, or too large.
    """
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UsageError(f"{where} has more than {LARGEST} bytes.", "Split it.")
    head = data[:4096]
    if marcxml.is_marcxml(head):
        yield from _marcxml_records(data, where)
    elif marc21.is_marc21(data[:100_000]):
        yield from _marc_records(data, where)
    else:
        yield from _rows(data, where)


def table(authorities: Iterable[Authority]) -> Iterator[str]:
    """Yield the lines of a table of authorities, the heading first; parents are named by their ids."""
    yield _line(COLUMNS)
    for one in authorities:
        parents = (f"{x.agent} [{x.since}/{x.until}]" if x.since or x.until else x.agent for x in one.parents)
        yield _line(
            (
                one.id,
                one.kind,
                inert(one.name.value),
                one.name.language,
                _joined(_tagged(text) for text in one.variants),
                _joined(f"{x.scheme}:{x.value}" for x in one.identifiers),
                _joined(parents),
                _joined(one.languages),
                one.begun,
                one.ended,
                inert(one.note),
            )
        )


def safe_line(cells: Iterable[object]) -> str:
    """Return a line of a table in which no cell is a formula for a spreadsheet."""
    return _line([inert(str(cell)) for cell in cells])


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _tagged(text: Text) -> str:
    return f"{text.value}@{text.language}" if text.language or _TAGGED.fullmatch(text.value) else text.value


def _joined(values: Iterable[str]) -> str:
    return "|".join(inert(value.replace("|", "\\|")) for value in values)


def _parts(cell: str) -> list[str]:
    return [bare(made) for part in _PARTED.split(cell) if (made := part.replace("\\|", "|").strip())]


def _rows(data: bytes, where: str) -> Iterator[Told | Problem]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UsageError(f"{where} is neither a table in UTF-8 nor MARC.", "Save it as CSV in UTF-8.") from fault
    csv.field_size_limit(1 << 20)
    # An unclosed quotation would swallow all rows after it.
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    try:
        heading = [name.strip().lower() for name in rows.fieldnames or ()]
        if "name" not in heading:
            raise UsageError(f"{where} has no column name.", f"Columns: {', '.join(COLUMNS)}.")
        rows.fieldnames = heading
        for number, row in enumerate(rows, 2):
            cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
            if any(cells.values()):
                yield _row(cells, f"{where}#{number}")
    except csv.Error as fault:
        raise UsageError(f"{where} cannot be read as a table after line {rows.line_num}: {fault}.") from fault


def _row(cells: Mapping[str, str], where: str) -> Told | Problem:
    problems: list[Problem] = []
    check = _Checker(where, problems)
    try:
        name = checked_name(bare(cells["name"]))
    except UsageError:
        return problem("agent-nameless", where)
    kind = cells["kind"].lower()
    tags = check.all("language", language_tag, [cells["language"]] if cells["language"] else [])
    return Told(
        where=where,
        name=Text(name, tags[0] if tags else ""),
        kind=_KINDS.get(kind, ""),
        id=cells["id"],
        variants=tuple(check.all("variants", _variant, _parts(cells["variants"]))),
        identifiers=tuple(check.identifiers(_parts(cells["identifiers"]))),
        parents=tuple(_parts(cells["parents"])),
        languages=tuple(check.all("languages", language_tag, _parts(cells["languages"]))),
        begun=check.date("begun", cells["begun"]),
        ended=check.date("ended", cells["ended"]),
        note=bare(cells["note"]),
        problems=tuple(problems),
    )


def _variant(text: str) -> Text:
    found = _TAGGED.fullmatch(text)
    return Text(checked_name(found[1]), language_tag(found[2])) if found else Text(checked_name(text.removesuffix("@")))


class _Checker:
    """Checks values, and keeps what is wrong with those that are none."""

    def __init__(self, where: str, problems: list[Problem]) -> None:
        self._where = where
        self._problems = problems

    def all(self, field: str, check: Callable[[str], _T], values: Iterable[str]) -> list[_T]:
        """Return the values that are right."""
        found = []
        for value in values:
            try:
                found.append(check(value))
            except UsageError:
                self._problems.append(problem("agent-value-wrong", self._where, field=field, value=value[:80]))
        return found

    def identifiers(self, values: Iterable[str]) -> list[Identifier]:
        """Return the identifiers that are right."""
        found = []
        for value in values:
            try:
                found.append(checked_identifier(value))
            except UsageError:
                self._problems.append(problem("agent-identifier-wrong", self._where, value=value[:80]))
        return found

    def date(self, field: str, value: str) -> str:
        """Return a date, ``""`` where it is none."""
        made = self.all(field, lambda text: checked_date(field, text), [value] if value else [])
        return made[0] if made else ""


def _marc_records(data: bytes, where: str) -> Iterator[Told | Problem]:
    for number, (piece, _) in enumerate(marc21.pieces(io.BytesIO(data)), 1):
        remarks = Remarks(f"{where}#{number}")
        try:
            record = iso2709.parse(piece, remarks)
        except iso2709.Damaged as fault:
            yield problem("record-damaged", f"{where}#{number}", reason=fault)
        else:
            yield from _authority(record, f"{where}#{number}")


def _marcxml_records(data: bytes, where: str) -> Iterator[Told | Problem]:
    number = 0
    try:
        for piece, context in marcxml.pieces(marcxml.in_ascii_superset(io.BytesIO(data))):
            number += 1
            record = marcxml.record_of(marcxml.element_of(piece, context), Remarks(f"{where}#{number}"))
            yield from _authority(record, f"{where}#{number}")
    except (marcxml.Refused, SyntaxError) as fault:
        yield problem("xml-refused", f"{where}#{number + 1}", reason=fault)


def _authority(record: Record, where: str) -> Iterator[Told | Problem]:
    """Yield what an authority record says of a person or an organisation; nothing for headings of other kinds."""
    headings = [one for end in _HEADINGS for one in record.each(f"1{end}") if not one.first("t")]
    if not headings:
        return
    heading = headings[0]
    kind, codes = _HEADINGS[heading.tag[1:]]
    try:
        name = checked_name(joined(heading, codes))
    except UsageError:
        yield problem("agent-nameless", where)
        return
    problems: list[Problem] = []
    check = _Checker(where, problems)
    begun, ended = _life(record, heading)
    variants = [joined(one, codes) for end in _HEADINGS for one in record.each(f"4{end}") if not one.first("t")]
    yield Told(
        where=where,
        name=Text(name),
        kind=kind,
        variants=tuple(check.all("4XX", lambda text: Text(checked_name(text)), variants)),
        identifiers=tuple(dict.fromkeys(check.identifiers(_numbers(record)))),
        parents=tuple(joined(one, "ab") for one in record.each("510") if set(one.first("w")[:1]) & {"g", "t"}),
        languages=tuple(dict.fromkeys(check.all("377", language_tag, _all(record, "377", "a")))),
        begun=begun,
        ended=ended,
        note="\n".join(joined(one, "abi") for one in record.each("678", "680")),
        problems=tuple(problems),
    )


def _all(record: Record, tag: str, code: str) -> list[str]:
    return [value for one in record.each(tag) for value in one.all(code)]


def _numbers(record: Record) -> Iterator[str]:
    """Yield the identifiers of a record, ``scheme:number``; of schemes that tell agents, and none that is empty."""
    for one in record.each("024"):
        scheme = one.first("2").strip().lower()
        value = one.first("a0").strip()
        if scheme in SCHEMES and any(map(str.isalnum, value)):
            yield value if value.startswith("http") else f"{scheme}:{value}"
        elif scheme == "uri" and any(host in value for host in ("orcid.org", "ror.org", "isni.org", "viaf.org")):
            yield value
    for one in record.each("010"):
        number = one.first("a").replace(" ", "")
        if number.startswith("n"):
            yield f"lcnaf:{number}"


def _life(record: Record, heading: Field) -> tuple[str, str]:
    """Return when an agent began and ended (EDTF): by 046, else by the dates in its heading ($d)."""
    for one in record.each("046"):
        begun, ended = _date(one.first("fsq")), _date(one.first("gtr"))
        if begun or ended:
            return begun, ended
    found = _LIFE.fullmatch(heading.first("d").strip().rstrip(",")) if heading.tag == "100" else None
    return (found[1] or found[3] or "", found[2] or "") if found else ("", "")


def _date(text: str) -> str:
    found = _DATE.fullmatch(text.strip())
    if not found:
        return ""
    made = found[4] or "-".join(part for part in found.groups()[:3] if part)
    try:
        return checked_date("046", made)
    except UsageError:
        return ""
