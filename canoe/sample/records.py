"""The sample's catalogue: MARC 21 records of invented publications, in two languages at least.

Fields follow the MARC 21 Format for Bibliographic Data, Library of Congress. Book numbers lie
in registration group 99999 of ISBN, which has been given to nobody.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import msgspec
from pymarc import Field, Indicators, Leader, Record, Subfield

Kind = Literal["book", "guideline", "map", "periodical", "proceedings", "report"]
AGENCY = "XXCRP"
_LEADERS: dict[Kind, str] = {"map": "00000nem a2200000 i 4500", "periodical": "00000nas a2200000 i 4500"}
_BOOK_LEADER = "00000nam a2200000 i 4500"
_GENRES = {
    "eng": {"guideline": "Guidelines", "report": "Technical reports", "map": "Maps"},
    "fre": {"guideline": "Lignes directrices", "report": "Rapports techniques", "map": "Cartes"},
    "spa": {"guideline": "Directrices", "report": "Informes técnicos", "map": "Mapas"},
}
_NOTES = {
    "eng": "Sample record: the publication, its makers and its number are invented.",
    "fre": "Notice d'exemple : la publication, ses auteurs et son numéro sont imaginaires.",
    "spa": "Registro de muestra: la publicación, sus autores y su número son imaginarios.",
}
_LANGUAGE_NAMES = {"eng": "English", "fre": "French", "spa": "Spanish"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A catalogue record as it was written in ``texts/records.toml``.

    ``language`` is a MARC code, ``country`` a MARC code without its padding; ``original`` is
    the ``number`` of the edition that this one translates.
    """

    number: str
    language: str
    kind: Kind
    year: int
    country: str
    place: str
    publisher: str
    title: str
    remainder: str
    statement: str
    extent: str
    subjects: tuple[str, ...]
    abstract: str
    original: str = ""
    person: str = ""
    organisation: str = ""
    meeting: str = ""
    meeting_place: str = ""
    meeting_year: int = 0
    scale: str = ""


def records() -> bytes:
    """Return the catalogue as binary MARC 21 in UTF-8, records in the order they were written."""
    source = files("canoe.sample").joinpath("texts", "records.toml").read_bytes()
    entries = msgspec.toml.decode(source, type=dict[str, list[Entry]])["records"]
    return b"".join(_record(entry, serial, entries).as_marc() for serial, entry in enumerate(entries, 1))


def _record(entry: Entry, serial: int, entries: list[Entry]) -> Record:
    record = Record(force_utf8=True)
    record.leader = Leader(_LEADERS.get(entry.kind, _BOOK_LEADER))
    record.fields = [
        *_control_fields(entry),
        *_numbers(entry, serial),
        *_description(entry, entries),
        *_subjects(entry),
        *_links(entry, entries),
    ]
    return record


def _control_fields(entry: Entry) -> list[Field]:
    fields = [("001", entry.number), ("003", AGENCY), ("005", f"{entry.year}1103120000.0")]
    if entry.kind == "map":
        fields.append(("007", "aj canzn"))
    return [Field(tag, data=data) for tag, data in (*fields, ("008", field_008(entry)))]


def field_008(entry: Entry) -> str:
    """Return field 008: forty characters, 18 to 34 by the kind of material."""
    periodical = entry.kind == "periodical"
    dates = f"c{entry.year}9999" if periodical else f"s{entry.year}    "
    head = f"{entry.year % 100:02}1103{dates}{entry.country:<3}"
    contents = "t" if entry.kind == "report" else " "
    meeting = "1" if entry.kind == "proceedings" else "0"
    material = {
        "periodical": "ar p       0   b0",
        "map": "a      a     0   ",
    }.get(entry.kind, f"a     {contents}    {meeting}00 0 ")
    return f"{head}{material}{entry.language} d"


def _numbers(entry: Entry, serial: int) -> list[Field]:
    made = [_field("040", "  ", a=AGENCY, b=entry.language, c=AGENCY)]
    if entry.kind == "periodical":
        made.insert(0, _field("022", "  ", a=issn(9999900 + serial)))
    elif entry.kind != "map":
        number = isbn_13(serial) if entry.year >= 2007 else isbn_10(serial)
        made.insert(0, _field("020", "  ", a=number))
    return made


def isbn_13(serial: int) -> str:
    """Return an ISBN in the unassigned group 99999, ``serial`` being its publisher and title."""
    digits = f"97899999{serial:04}"
    total = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def isbn_10(serial: int) -> str:
    """Return the ten-digit form that books bore before 2007."""
    digits = f"99999{serial:04}"
    return digits + _check_11(digits)


def issn(number: int) -> str:
    """Return an ISSN for seven digits, with its check character (ISO 3297)."""
    digits = f"{number:07}"
    return f"{digits[:4]}-{digits[4:]}{_check_11(digits)}"


def _check_11(digits: str) -> str:
    weighted = sum(int(digit) * (len(digits) + 1 - i) for i, digit in enumerate(digits))
    return "0123456789X"[-weighted % 11]


def _description(entry: Entry, entries: list[Entry]) -> list[Field]:
    original = _original(entry, entries)
    made = [*_heading(entry)]
    if original:
        made.insert(0, _field("041", "1 ", a=entry.language, h=original.language))
        uniform = {"a": f"{original.title}.", "l": f"{_LANGUAGE_NAMES[entry.language]}."}
        made.append(_field("240", "10", **uniform))
    added = "1" if made else "0"
    made.append(_field("245", added + "0", a=f"{entry.title} :", b=f"{entry.remainder} /", c=f"{entry.statement}."))
    if entry.scale:
        made.append(_field("255", "  ", a=f"{entry.scale}."))
    dates = f"{entry.year}-" if entry.kind == "periodical" else f"{entry.year}."
    made.append(_field("264", " 1", a=f"{entry.place} :", b=f"{entry.publisher},", c=dates))
    made.append(_field("300", "  ", a=entry.extent))
    made.append(_field("500", "  ", a=_NOTES[entry.language]))
    made.append(_field("520", "  ", a=entry.abstract))
    return made


def _heading(entry: Entry) -> list[Field]:
    if entry.person:
        return [_field("100", "1 ", {"4": "aut"}, a=entry.person)]
    if entry.organisation:
        return [_field("110", "2 ", {"4": "isb" if entry.kind == "periodical" else "aut"}, a=entry.organisation)]
    if entry.meeting:
        when = f"({entry.meeting_year} :"
        return [_field("111", "2 ", a=entry.meeting, d=when, c=f"{entry.meeting_place})")]
    return []


def _subjects(entry: Entry) -> list[Field]:
    made = [_field("650", " 4", a=subject) for subject in entry.subjects]
    genre = _GENRES[entry.language].get(entry.kind)
    return [*made, _field("655", " 4", a=genre)] if genre else made


def _links(entry: Entry, entries: list[Entry]) -> list[Field]:
    """Link a translation to its original (765) and an original to its translations (767)."""
    if original := _original(entry, entries):
        return [_field("765", "0 ", t=original.title, w=f"({AGENCY}){original.number}")]
    translations = [other for other in entries if other.original == entry.number]
    return [_field("767", "0 ", t=other.title, w=f"({AGENCY}){other.number}") for other in translations]


def _original(entry: Entry, entries: list[Entry]) -> Entry | None:
    return next((other for other in entries if other.number == entry.original), None)


def _field(tag: str, indicators: str, digits: dict[str, str] | None = None, /, **subfields: str) -> Field:
    """Make a field; ``digits`` are subfields whose codes are digits, which come last."""
    pairs = [*subfields.items(), *(digits or {}).items()]
    return Field(tag, Indicators(*indicators), [Subfield(code, value) for code, value in pairs])
