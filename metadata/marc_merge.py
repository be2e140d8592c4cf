"""A record that came as MARC given out again: what its source says, and what the library has changed since.

Nothing of the source is left out unless the library has said something else in its place. What
was changed is seen by comparing the item as it was when the record was taken in with the item
as it is; then this is done:

===================================  ==============================  =======================================
what of the item                     fields                          when it was changed
===================================  ==============================  =======================================
nothing                              all                             as in the source, in its order
main title                           245 $a $b $n $p $f $g $k $s     written anew, other subfields stay
date of issue (or creation)          008/06-14, 264 #1 and 260 $c    written anew, other subfields stay
languages                            008/35-37, 041 $a               written anew, other subfields stay
type                                 leader/06-07, 008/18-34, 655    written anew; 655 that said the type goes
any other value that is gone         those that read as that value   dropped; what else was read from them and
                                                                     is still so is written anew
any other value that has come        those of that kind of value     added
===================================  ==============================  =======================================

Which fields read as a value is asked of the reader (:mod:`metadata.marc`), field by field; so this
need not know what the reader knows. Added, whatever was changed: 001, 003 and 005 of the
library (001 and 003 of the source go to 035), the DOI (024), concepts with their URIs
(650), ties (765, 773, 780) and the address (856). A record that was changed has leader/05
``c`` and the library in 040 $d.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from metadata import marc_fixed as fixed
from metadata.description import Description, Remarks
from metadata.marc import describe
from metadata.marc_export import Agency, described_fields, own_fields
from metadata.marc_pieces import Kept, parse
from metadata.marc_record import Field, Record
from metadata.marc_text import trim
from metadata.marc_title_export import title_field
from metadata.marc_writing import Written, control
from metadata.model import Date, Item, Text
from metadata.standard_numbers import doi
from metadata.types import from_label
from metadata.vocabulary import Vocabulary

_LIBRARYS = frozenset({"001", "003", "005"})
_TITLE = frozenset("abnpfgks")
# What is no description, or written whatever the source says.
_ELSEWHERE = frozenset(
    {
        *("id", "doi", "relations", "collections", "files", "page_count", "status", "reason"),
        *("source", "submission", "accession", "languages", "type"),
    }
)
_SINGLE = frozenset(("edition", "extent", "access", "embargo"))  # read from several fields together
_NAMES = tuple(one.name for one in dataclasses.fields(Item) if one.name not in _ELSEWHERE)
_IN_SERIES = frozenset(("440", "490", "800", "810", "811", "830"))  # a statement and its heading are one series
_SAME_BY = {"024": "a", "035": "a", "650": "0", "651": "0", "765": "w", "773": "w", "780": "w", "856": "u"}
_Values = frozenset[tuple[str, object]]
"""Values of an item, each with the name of the part it belongs to."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What an item was made from: its source record, and the item as it was then."""

    kept: Kept
    was: Item


def merged(item: Item, origin: Origin, vocabulary: Vocabulary, agency: Agency) -> Written:
    """Return the record of an item that came as MARC; raises ValueError where its source is no record."""
    record, fields = parse(origin.kept)
    leader = record.leader
    changed = _changed(origin.was, item)
    if changed:
        edit = _Edit(record, origin.was, item, vocabulary)
        fields = edit.fields(fields, agency)
        leader = _releadered(leader, origin.was, item)
    status = "d" if item.status == "withdrawn" else "c" if changed or leader[5] == "d" else leader[5]
    former = [Field("035", "  ", (("a", number),)) for number in _control_numbers(record)]
    added = [*former, *own_fields(item, vocabulary, agency)]
    kept = [one for one in fields if one.tag not in _LIBRARYS]
    known = {(one.tag, _normal(value)) for one in kept for value in one.all(_SAME_BY.get(one.tag, "-"))}
    new = (one for one in added if (one.tag, _normal(one.first(_SAME_BY[one.tag]))) not in known)
    head = (control("001", item.id), control("003", agency.namespace), control("005", fixed.changed_at(agency.changed)))
    return Written(leader[:5] + status + leader[6:], (*head, *_placed(kept, new)))


def _normal(value: str) -> str:
    """Return what two spellings of one value have in common; only DOIs have several."""
    return doi(value) or value


def _changed(was: Item, now: Item) -> bool:
    return any(getattr(was, name) != getattr(now, name) for name in (*_NAMES, "languages", "type"))


def _control_numbers(record: Record) -> Iterator[str]:
    agency = record.control("003").strip()
    for field in record.each("001"):
        if number := field.data.strip():
            yield f"({agency}){number}" if agency else number


def _placed(fields: Sequence[Field], added: Iterable[Field]) -> list[Field]:
    """Return the fields with those that are added, each behind the last whose tag is not above its own."""
    placed = list(fields)
    for one in added:
        at = next((n for n in range(len(placed), 0, -1) if placed[n - 1].tag <= one.tag), 0)
        placed.insert(at, one)
    return placed


def _releadered(leader: str, was: Item, now: Item) -> str:
    return leader[:6] + fixed.leader(now)[6:8] + leader[8:] if was.type != now.type else leader


class _Edit:
    """The fields of a source record brought up to what an item has become."""

    def __init__(self, record: Record, was: Item, now: Item, vocabulary: Vocabulary) -> None:
        self._was = was
        self._now = now
        self._vocabulary = vocabulary
        self._context = _context(record)
        self._without = _read(self._context)
        self._series = [one for tag in sorted(_IN_SERIES) for one in record.each(tag)]

    def fields(self, fields: Sequence[Field], agency: Agency) -> tuple[Field, ...]:
        """Return the source's fields without what is no longer so, and with what now is."""
        was, now = _values(self._was), _values(self._now)
        gone, come = was - now, now - was
        single = {name for name, _ in gone if name in _SINGLE}
        kept: list[Field] = []
        again: set[tuple[str, object]] = set(come)
        present = list(self._in_place(fields, agency))
        main = _main_title(present)
        for one in present:
            values = self._read_from(one) if gone and one is not main and one.tag != "008" else frozenset()
            if values & gone or any(name in single for name, _ in values):
                again |= values & now
            else:
                kept.append(one)
        dated = fixed.issued(self._was) != fixed.issued(self._now) or any(map(_is_dated, fields))
        dated = dated and not any(map(_is_dated, kept))
        written = described_fields(self._only(again, dated), self._vocabulary, agency)
        return tuple(_placed(kept, self._wanted(written, kept)))

    def _in_place(self, fields: Sequence[Field], agency: Agency) -> Iterator[Field]:
        """Yield the fields with title, date, languages and type written anew where these have changed."""
        main = _main_title(fields)
        for one in fields:
            field: Field | None = one
            if one.tag == "008":
                field = control("008", fixed.recoded(one.data, self._was, self._now))
            elif one is main:
                field = self._titled(one)
            elif one.tag in ("260", "264"):
                field = self._dated(one)
            elif one.tag == "041" and self._was.languages != self._now.languages:
                field = _without(one, "a" if one.indicators[1] != "7" else "a2")
            elif one.tag == "655" and self._was.type != self._now.type:
                field = None if from_label(trim(one.first("a"))) == self._was.type else one
            elif one.tag == "040":
                field = one._replace(subfields=(*one.subfields, ("d", agency.namespace)))
            if field:
                yield field

    def _titled(self, field: Field) -> Field:
        was, now = self._was.title, self._now.title
        if was.value == now.value:
            return field
        made = title_field(now)
        rest = [part for part in field.subfields if part[0] not in _TITLE]
        parts = list(made.subfields)
        if any(code == "c" for code, _ in rest):
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} /")
        return Field("245", field.indicators[0] + made.indicators[1], (*parts, *rest))

    def _dated(self, field: Field) -> Field | None:
        if fixed.issued(self._was) == fixed.issued(self._now) or (field.tag == "264" and field.indicators[1] != "1"):
            return field
        date = fixed.date_written(self._now)
        rest = _without(field, "c")
        parts = rest.subfields if rest else ()
        return field._replace(subfields=(*parts, ("c", date))) if date and field.first("c") else rest

    def _read_from(self, field: Field) -> _Values:
        """Return the values that the reader takes from one field, concepts as the library knows them."""
        found = _read(self._context, field) - self._without
        if field.tag in _IN_SERIES:
            found |= self._together_with(field)
        subjects = [one for name, one in found if name == "keywords" and one not in self._now.keywords]
        uris = (self._concept(one) for one in subjects if isinstance(one, Text))
        return found | {("concepts", uri) for uri in uris if uri}

    def _together_with(self, field: Field) -> _Values:
        """Return the series that a statement and its heading are together, where this field is one of the two."""
        alone, whole = _read(self._context, field), _read(self._context, *self._series)
        pairs = [_read(self._context, one, field) for one in self._series if one != field]
        return frozenset().union(*(pair for pair in pairs if not alone <= pair)) & whole

    def _concept(self, keyword: Text) -> str:
        find, first = self._vocabulary.find, keyword.value.partition(" -- ")[0]
        return (
            find(keyword.value, keyword.language) or find(keyword.value) or find(first, keyword.language) or find(first)
        )

    def _only(self, values: set[tuple[str, object]], dated: bool) -> Item:
        """Return an item of these values and no others, the date of issue where ``dated``, to be written."""
        parts: dict[str, object] = {name: _chosen(self._now, name, values) for name in _NAMES}
        parts["titles"] = (self._now.title, *(one for one in self._now.titles[1:] if ("titles", one) in values))
        if dated:
            issued = [one for one in self._now.dates if one.kind != "covered"]
            parts["dates"] = (*issued, *(one for one in self._now.dates if ("dates", one) in values))
        return replace(Item(id=self._now.id, languages=self._now.languages, type=self._now.type), **parts)  # type: ignore[arg-type]

    def _wanted(self, written: Iterable[Field], kept: Sequence[Field]) -> Iterator[Field]:
        """Yield what of the written fields is to be added; there is one main entry only."""
        entered = any(one.tag in ("100", "110", "111", "130") for one in kept)
        for one in written:
            if one.tag in ("245", "336", "337", "338"):
                continue
            if one.tag == "655" and self._was.type == self._now.type:
                continue
            if one.tag == "041" and self._was.languages == self._now.languages:
                continue
            yield one._replace(tag=f"7{one.tag[1:]}") if entered and one.tag in ("100", "110") else one


def _values(item: Item) -> _Values:
    """Return the values that are compared one by one: all but the main title, and of dates those covered."""
    found: set[tuple[str, object]] = set()
    for name in _NAMES:
        value = getattr(item, name)
        several = value if isinstance(value, tuple) else (value,) if value else ()
        found.update((name, one) for one in several if not isinstance(one, Date) or one.kind == "covered")
    return frozenset(found - {("titles", item.title)})


def _chosen(item: Item, name: str, values: set[tuple[str, object]]) -> object:
    value = getattr(item, name)
    if isinstance(value, tuple):
        return tuple(one for one in value if (name, one) in values)
    return value if (name, value) in values else type(value)()


def _context(record: Record) -> Record:
    """Return of a record what the reading of its other fields depends on, with a title that is none of its own."""
    tags: tuple[str, ...] = ("008", "040", "041")
    fields = {tag: record.fields[tag] for tag in tags if tag in record.fields}
    return Record(record.leader, {**fields, "245": [Field("245", "00", (("a", "\ufffd"),))]})


def _read(context: Record, *fields: Field) -> _Values:
    read = {**context.fields}
    for field in fields:
        before = read.get(field.tag, []) if field.tag in ("245", *_IN_SERIES) else []
        read[field.tag] = [*before, field]
    found = describe(Record(context.leader, read), 1, b"", Remarks("source"))
    return _values(found.item) if isinstance(found, Description) else frozenset()


def _main_title(fields: Iterable[Field]) -> Field | None:
    """Return the title statement that the reader takes the main title from."""
    titled = (one for one in fields if one.tag == "245" and any(code in _TITLE for code, _ in one.subfields))
    return next(titled, None)


def _is_dated(field: Field) -> bool:
    """Say whether a field tells when the item was published."""
    return (field.tag == "260" or (field.tag == "264" and field.indicators[1] == "1")) and bool(field.first("c"))


def _without(field: Field, codes: str) -> Field | None:
    """Return a field without its subfields of ``codes``, None where nothing is left."""
    rest = tuple(part for part in field.subfields if part[0] not in tuple(codes))
    return field._replace(subfields=rest) if rest else None
