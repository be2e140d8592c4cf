"""The values that a query's fields take: spans of years and days, codes by their names."""

import re
from collections.abc import Callable, Mapping

from metadata.folding import fold
from metadata.formats import puids_named
from metadata.languages import from_code
from metadata.types import from_label
from search.dates import days
from search.identifiers import identifier
from search.places import country
from search.query_tree import Dates, Fact, Node, Or, Value, Years, join

EXAMPLES: dict[str, str] = {
    "year": "year:1990..2005",
    "date": "date:>=2001-03",
    "language": "language:fr",
    "type": "type:report",
    "format": "format:pdf",
    "access": "access:open",
    "identifier": "isbn:9782831711850",
    "country": "country:KE",
}
"""What to write for each field that takes no words."""

_ACCESS = {
    "open": ("open", "open access", "ouvert", "libre", "acces ouvert", "acces libre", "abierto", "acceso abierto"),
    "embargoed": ("embargoed", "embargo", "sous embargo", "embargado", "bajo embargo"),
    "restricted": ("restricted", "closed", "restreint", "ferme", "restringido", "cerrado"),
    "metadata-only": ("metadata-only", "metadata only", "metadonnees", "notice seule", "solo metadatos", "metadatos"),
}
_ACCESS_CODES = {name: code for code, names in _ACCESS.items() for name in names}
_DATE = r"\d{1,4}(?:-\d\d?(?:-\d\d?)?)?"
_SPAN = re.compile(rf"(?P<first>{_DATE})?\.\.(?P<last>{_DATE})?|(?P<from>\d{{4}})\s?[-–—/]\s?(?P<to>\d{{4}})", re.ASCII)
_BOUND = re.compile(rf"(?P<sign>>=|<=|>|<|≥|≤|=)?\s*(?P<date>{_DATE})", re.ASCII)
_AT_LEAST, _AT_MOST = (">=", "≥"), ("<=", "≤")


def fact(text: str, field: str) -> Node | None:
    """Return what a value of ``field`` says, None where it is none; the name of a format means all its versions."""
    if field == "year":
        return _years(text.strip())
    if field == "date":
        return _dates(text.strip())
    if field == "format":
        return join(Or, [Value("format", puid) for puid in puids_named(text)])
    return _coded(text, field)


def _coded(text: str, field: str) -> Value | None:
    kind, reader = _READERS[field]
    known = reader(text)
    return Value(kind, known) if known else None


def _access(text: str) -> str:
    return _ACCESS_CODES.get(fold(text), "")


_READERS: Mapping[str, tuple[Fact, Callable[[str], str]]] = {
    "language": ("language", from_code),
    "type": ("type", from_label),
    "access": ("access", _access),
    "identifier": ("identifier", identifier),
    "country": ("country", country),
}


def _years(text: str) -> Years | None:
    found = _span(text)
    if found is None:
        return None
    first, last = found
    months = any(day is not None and day[2] for day in (first, last))
    if months:  # a year has no months to compare with
        return None
    return Years(first[0] // 10_000 if first else None, last[1] // 10_000 if last else None)


def _dates(text: str) -> Dates | None:
    found = _span(text)
    if found is None:
        return None
    first, last = found
    return Dates(first[0] if first else None, last[1] if last else None)


_Day = tuple[int, int, bool]
"""First and last day as numbers, and whether a month is given."""


def _span(text: str) -> tuple[_Day | None, _Day | None] | None:
    """Return both ends of a span, None for an open one; None for the whole where it is no span."""
    if found := _SPAN.fullmatch(text):
        written = found["first"] or found["from"], found["last"] or found["to"]
        first, last = (_day(end) if end else None for end in written)
        is_sound = (first or last) and all(day or not end for day, end in zip((first, last), written, strict=True))
        if first and last and first > last:  # the later end was written first
            first, last = last, first
        return (first, last) if is_sound else None
    found = _BOUND.fullmatch(text)
    day = _day(found["date"]) if found else None
    return _bounded(found["sign"] or "=", day) if found and day else None


def _bounded(sign: str, day: _Day) -> tuple[_Day | None, _Day | None]:
    first, last, fine = day
    if sign in _AT_LEAST:
        return day, None
    if sign in _AT_MOST:
        return None, day
    step = 1 if fine else 10_000
    if sign == ">":
        return (last + 1 if fine else first + step, last, fine), None
    if sign == "<":
        return None, (first, first - 1 if fine else last - step, fine)
    return day, day


def _day(text: str) -> _Day | None:
    parts = text.split("-")
    padded = "-".join([parts[0].zfill(4), *(part.zfill(2) for part in parts[1:])])
    found = days(padded)
    if not found or not all(part.strip("0") for part in parts[1:]):
        return None
    month, day = found[1] // 100 % 100, found[1] % 100
    return (*found, len(parts) > 1) if month <= 12 and day <= 31 else None
