"""RIS, one reference at a time, to items.

Research Information Systems' *RIS Format Specifications* (2001) and its extension of 2011, as
reference managers write it: ``TY  - `` begins a reference, ``ER  - `` ends it, a line without a tag goes on with the
value before it. What has a place of its own in an item goes there; all else becomes notes.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from metadata import reference_reading as reading
from metadata import standard_numbers as numbers
from metadata import types
from metadata.description import Description, Rejected, Remarks
from metadata.model import Agent, Contribution, Date, Identifier, Item, Kind, Series, Text, TitleKind

LARGEST = 1024 * 1024
"""A reference of more bytes than this is refused."""

_TYPES = {
    code: kind
    for kind, codes in {
        "article": "ABST CHAP CPAPER ECHAP EJOUR INPR JOUR MGZN NEWS",
        "book": "ANCIENT BOOK CLSWK CTLG DICT EBOOK EDBOOK ENCYC PAMP",
        "report": "GOVDOC RPRT",
        "periodical": "JFULL SER",
        "proceedings": "CONF",
        "guideline": "STAND STD",
        "map": "MAP",
        "thesis": "THES",
        "image": "ART CHART EQUA FIGURE SLIDE",
        "dataset": "AGGR DATA DBASE",
        "video": "ADVS MPCT VIDEO",
        "sound": "SOUND",
        "score": "MUSIC",
        "software": "COMP",
        "other": "BILL BLOG CASE ELEC GEN GRANT GRNT HEAR ICOMM LEGAL MANSCPT MULTI PAT PCOMM STAT UNBILL UNPB UNPD"
        " WEB",
    }.items()
    for code in codes.split()
}
_PEOPLE = {"AU": "aut", "A1": "aut", "ED": "edt", "A2": "edt", "A3": "edt", "A4": "trl", "TA": "trl"}
_WHOLES = ("BT", "T2", "JF", "JO", "SO")
_ABBREVIATED = ("JA", "J1", "J2")
_DATES = ("DA", "PY", "Y1")
_NOTES = ("N1", "NO", "RN")
# Tags that have a meaning here but no field of an item: notes that name it.
_TOLD = {
    "AD": "Address", "AV": "Location", "CA": "Caption", "CP": "Issue", "DB": "Database", "DP": "Provider",
    "L4": "Figure", "LB": "Label", "M1": "M1", "M2": "M2", "NV": "Number of volumes", "OP": "Original publication",
    "RI": "Reviewed", "RP": "Reprint", "SE": "Section", "Y2": "Accessed", "L1": "File", "L2": "File", "L3": "Related",
    "LK": "Link", "RD": "Retrieved", "ET": "Edition", "SV": "Series volume", "VL": "Volume", "IS": "Issue",
    **{f"C{at}": f"C{at}" for at in range(1, 9)}, **{f"U{at}": f"U{at}" for at in range(1, 6)},
}  # fmt: skip
_FOUND_BY_NAME = "TY ER TI T1 CT T3 ST TT AB N2 KW UR DO SN LA PB CY PP SP EP M3 AN ID CN"
_READ = frozenset((*_PEOPLE, *_WHOLES, *_ABBREVIATED, *_DATES, *_NOTES, *_FOUND_BY_NAME.split()))
_TAG = re.compile(rb"([A-Z][A-Z0-9])[ \t]{1,2}-(?:[ \t](.*))?", re.DOTALL)
_FIRST = re.compile(rb"(?<![^\r\n])TY[ \t]{1,2}-[ \t]*[A-Za-z]{2,12}[ \t]*(?=[\r\n]|\Z)")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)")
_ORGANISATION = re.compile(
    r"\b(?:universi|institut|minist|organi[sz]a|associa|asocia|societ|socied|committee|comit|commission|comisi|council"
    r"|consejo|conseil|union|uni[oó]n|foundation|fundaci|fondation|agenc|department|bank|group|centre|center|centro|fund)",
    re.IGNORECASE,
)


class _Piece(NamedTuple):
    raw: bytes
    fault: str = ""
    ended: bool = True


class _Value(NamedTuple):
    tag: str
    text: str


def read_ris(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every reference of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports. Lines that stand outside references are a piece of their own, and
    refused. Bytes are UTF-8, else Windows-1252. Memory stays flat; one reference may have up to 1 MiB.
    """
    number = 0
    for piece in _pieces(stream):
        number += 1
        yield _read(piece, number, Remarks(f"{where}#{number}"))
    if not number:
        remarks = Remarks(f"{where}#1")
        remarks.add("record-damaged", reason="there is no RIS reference in the file")
        yield Rejected(1, tuple(remarks.problems))


def is_ris(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like RIS: a line ``TY  - `` with a type."""
    head = reading.plain_head(head)
    return b"\0" not in head and _FIRST.search(head) is not None


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines with their ends; one without an end is cut where it grows longer than a reference may be."""
    held = b""
    for block in reading.blocks(stream):
        held += block
        at = 0
        limit = len(held) - held.endswith(b"\r")  # the other half of the line's end may be yet to come
        while found := _LINE.match(held, at, limit):
            at = found.end()
            yield found[0]
        held = held[at:]
        if len(held) > LARGEST:
            yield held
            held = b""
    if held:
        yield held


def _pieces(stream: BinaryIO) -> Iterator[_Piece]:
    """Yield each reference, and what stands between two."""
    held, size, inside = list[bytes](), 0, False
    for line in _lines(stream):
        found = _TAG.match(line) if len(line) < LARGEST else None
        tag = found[1] if found else b""
        if tag == b"TY" and held:
            yield from _closed(held, size, inside, ended=False)
            held, size = [], 0
        inside = inside or tag == b"TY"
        size += len(line)
        if size <= LARGEST or not held:
            held.append(line[:LARGEST])
        if tag == b"ER" and inside:
            yield from _closed(held, size, inside)
            held, size, inside = [], 0, False
    yield from _closed(held, size, inside, ended=False)


def _closed(held: list[bytes], size: int, inside: bool, ended: bool = True) -> Iterator[_Piece]:
    raw = b"".join(held).strip(b"\r\n\x1a")
    if not raw.strip():
        return
    if size > LARGEST:
        yield _Piece(raw, f"it is longer than {LARGEST // 1024 // 1024} MiB")
    else:
        yield _Piece(raw, "" if inside else "these lines stand outside references", ended)


def _read(piece: _Piece, number: int, remarks: Remarks) -> Description | Rejected:
    if piece.fault:
        remarks.add("record-damaged", reason=piece.fault)
        return Rejected(number, tuple(remarks.problems), piece.raw)
    if not piece.ended:
        remarks.mended("it has no ER line")
    values = _values(reading.decoded(piece.raw, remarks), remarks)
    item = _Reading(values, remarks).item()
    if not item.titles:
        remarks.add("record-without-title", "TI", field="TI")
        return Rejected(number, tuple(remarks.problems), piece.raw)
    return Description(number, item, piece.raw, "", (), tuple(remarks.problems))


def _values(text: str, remarks: Remarks) -> list[_Value]:
    """Return tags and values; a line without a tag goes on with the value before it, of keywords it is another."""
    found: list[tuple[str, list[str]]] = []
    pattern = re.compile(_TAG.pattern.decode(), re.DOTALL)
    for line in re.split(r"\r\n|\r|\n", text):
        if match := pattern.match(line):
            found.append((match[1], [match[2] or ""]))
        elif line.strip() and found:
            if found[-1][0] == "KW":
                found.append(("KW", [line]))
            else:
                found[-1][1].append(line)
    if any(tag == "ER" and "".join(parts).strip() for tag, parts in found):
        remarks.mended("its ER line has a value, which was left out", "ER")
    joined = ((tag, " ".join(" ".join(parts).split())) for tag, parts in found)
    return [_Value(tag, value) for tag, value in joined if value and tag != "ER"]


class _Reading:
    """One reference, and what it says of its item."""

    def __init__(self, values: list[_Value], remarks: Remarks) -> None:
        self.values = values
        self.remarks = remarks
        self.languages = reading.language_tags([(one.tag, one.text) for one in values if one.tag == "LA"], remarks)
        self.used: set[str] = set()
        self.type = self._type()

    def item(self) -> Item:
        """Return the item; it has no titles where the reference has none."""
        titles = tuple(self._titles())
        series = tuple(self._series())
        identifiers = list(self._identifiers())
        series, kept = reading.with_issn(series, identifiers, self.type)
        return Item(
            titles=titles,
            contributions=tuple(dict.fromkeys((*self._people(), *self._publishers()))),
            dates=tuple(self._dates()),
            languages=self.languages,
            type=self.type,
            keywords=reading.texts(self._each("KW")),
            descriptions=reading.texts(self._each("AB", "N2")),
            identifiers=kept,
            places=tuple(dict.fromkeys(self._each("CY", "PP"))),
            edition=self._first("ET"),
            extent=reading.pages(*self._pages(), self.type == "article"),
            series=series,
            notes=reading.texts(self._notes()),
            source=self.remarks.where,
        )

    def _each(self, *tags: str) -> Iterator[str]:
        """Yield the values of some tags, in the order of these."""
        return (one.text for tag in tags for one in self.values if one.tag == tag)

    def _first(self, *tags: str) -> str:
        return next(self._each(*tags), "")

    def _type(self) -> str:
        written = self._first("TY").upper()
        if written not in _TYPES:
            self.remarks.unknown("TY", written)
        named = next(filter(None, map(types.from_label, self._each("M3"))), "")
        return named or _TYPES.get(written, "other")

    def _titles(self) -> Iterator[Text]:
        own = list(self._each("TI", "T1", "CT"))
        if not own:
            self.used.add(next((tag for tag in _WHOLES if self._first(tag)), ""))
            own = list(self._each(*_WHOLES))[:1]
        language = reading.own_language(self.languages)
        for at, title in enumerate(dict.fromkeys((*own, *self._each("ST", "TT")))):
            yield Text(title, "" if at else language, self._kind(title) if at and title not in own else "")

    def _kind(self, title: str) -> TitleKind:
        return "translated" if title in self._each("TT") else "other"

    def _series(self) -> Iterator[Series]:
        """Yield the whole that it is part of with its volume and issue, then series."""
        volume, issue = self._first("VL"), self._first("IS")
        number = f"{volume}({issue})" if volume and issue else volume or issue
        wholes = dict.fromkeys(value for tag in _WHOLES if tag not in self.used for value in self._each(tag))
        short = list(dict.fromkeys(self._each(*_ABBREVIATED)))
        if not wholes and short:
            self.used.add("short")
            wholes = dict.fromkeys(short)
        for title in wholes:
            yield Series(title, number)
            number = self._spent("VL", "IS")
        for title in self._each("T3"):
            yield Series(title, self._first("SV") or number)
            number = self._spent("SV") if self._first("SV") else self._spent("VL", "IS")

    def _spent(self, *tags: str) -> str:
        """Note that what these tags say has found its place."""
        self.used.update(tags)
        return ""

    def _people(self) -> Iterator[Contribution]:
        for one in self.values:
            if (role := _PEOPLE.get(one.tag)) and (name := one.text.rstrip(" ,")):
                yield Contribution(Agent(name, _kind(one.text)), role)

    def _publishers(self) -> Iterator[Contribution]:
        for name in self._each("PB"):
            yield Contribution(Agent(name, "organisation"), "dgg" if self.type == "thesis" else "pbl")

    def _dates(self) -> Iterator[Date]:
        """Yield the date of issue, the most exact that is told."""
        found = dict.fromkeys(made for tag in _DATES for value in self._each(tag) if (made := self._date(tag, value)))
        if not found:
            return
        best = max(found, key=len)
        yield Date(best)
        for other in found:
            if other[:4] != best[:4]:
                self.remarks.mended(f"it has two dates; {best} was taken, {other} was not", "PY")

    def _date(self, tag: str, value: str) -> str:
        """Read ``YYYY/MM/DD/other``, each part of which but the first may lack."""
        year, month, day, other = (*value.split("/", 3), "", "", "")[:4]
        whole = reading.edtf(other) if re.match(r"\s*(?:\d\d|\.\.)", other) else ""
        made = whole or reading.calendar(year.strip(), month.strip(), day.strip()) or reading.edtf(value)
        if not made:
            self.remarks.unknown(tag, value)
        return made

    def _identifiers(self) -> Iterator[Identifier]:
        for value in self._each("DO"):
            yield from reading.dois("DO", value, self.remarks)
        for value in self._each("M3"):
            if made := numbers.doi(value):
                yield Identifier("doi", made)
        for value in self._each("SN"):
            yield from reading.standard_numbers("SN", value, self.remarks)
        for value in self._each("UR"):
            yield from reading.urls("UR", value, self.remarks)
        for tag, scheme in (("AN", "control-number"), ("ID", "local"), ("CN", "call-number")):
            for value in self._each(tag):
                yield Identifier(scheme, value)

    def _pages(self) -> tuple[str, str]:
        first, last = self._first("SP"), self._first("EP")
        parts = re.fullmatch(r"(\w+)\s*[-–—]+\s*(\w+)", first)
        return (parts[1], parts[2]) if parts and not last else (first, last)

    def _notes(self) -> Iterator[str]:
        yield from self._each(*_NOTES)
        for value in self._each("M3"):
            if not types.from_label(value) and not numbers.doi(value):
                yield value
        if "short" not in self.used:
            yield from (f"Abbreviated title: {value}" for value in self._each(*_ABBREVIATED))
        for tag in dict.fromkeys(one.tag for one in self.values):
            values = list(self._each(tag))[tag in ("ET", "SV", "VL", "IS") and (tag == "ET" or tag in self.used) :]
            if tag in _TOLD:
                yield from (f"{_TOLD[tag]}: {value}" for value in values)
            elif tag not in _READ:
                self.remarks.mended(f"the tag {tag} is not known; it was kept as a note", tag)
                yield from (f"{tag}: {value}" for value in values)


def _kind(name: str) -> Kind:
    """Say whose a name is: a person's is inverted (``Family, Given``); a comma ends an organisation's."""
    if name.rstrip().endswith(","):
        return "organisation"
    told = "," not in name and (_ORGANISATION.search(name) or len(name.split()) > 4)
    return "organisation" if told else "person"
