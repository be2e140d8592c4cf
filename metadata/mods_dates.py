"""Dates of MODS (``originInfo``) as EDTF: points of an interval, encodings and doubts.

Specification: MODS User Guidelines (Version 3), originInfo, attributes ``encoding``, ``point``,
``keyDate`` and ``qualifier``.
"""

from collections.abc import Iterable, Iterator

from lxml import etree

from metadata import record_values as values
from metadata.description import Remarks
from metadata.model import Date, DateKind
from metadata.xmlrecords import by_name, content

_DOUBTS = {"approximate": "~", "questionable": "?"}


def dates(names: dict[str, list[etree._Element]], remarks: Remarks) -> Iterator[Date]:
    """Yield the dates of issue (else of copyright) and of creation that a record's ``originInfo`` states."""
    found: dict[str, list[etree._Element]] = {}
    for info in names.get("originInfo", ()):
        for name, elements in by_name(info).items():
            found.setdefault(name, []).extend(elements)
    issued = list(_of(found.get("dateIssued", ()), "issued", remarks))
    yield from issued or _of(found.get("copyrightDate", ()), "issued", remarks)
    yield from _of(found.get("dateCreated", ()), "created", remarks)


def _of(elements: Iterable[etree._Element], kind: DateKind, remarks: Remarks) -> Iterator[Date]:
    """Yield an interval where its points are given, else all dates in EDTF, else the best one of the others."""
    elements = list(elements)
    made = [(one, _value(one, remarks)) for one in elements]
    for one, value in made:
        if not value and (text := content(one, remarks)):
            remarks.unknown(f"originInfo/{etree.QName(one).localname}", text)
    start = next((value for one, value in made if one.get("point") == "start" and value), "")
    end = next((_end(one, remarks) for one in elements if one.get("point") == "end"), "")
    if start and end and (interval := values.date(f"{start}/{end}")):
        yield Date(interval, kind)
        return
    plain = [(one, value) for one, value in made if value]
    exact = [value for one, value in plain if one.get("encoding") == "edtf"]
    best = exact or [value for _, value in sorted(plain, key=_rank)][:1]
    yield from (Date(value, kind) for value in dict.fromkeys(best))


def _rank(pair: tuple[etree._Element, str]) -> tuple[bool, bool, bool]:
    """Put the key date first, and what was written before what was coded from it (MARC 008)."""
    one, _ = pair
    return one.get("keyDate") != "yes", one.get("encoding") == "marc", "/" in one.get("point", "")


def _end(element: etree._Element, remarks: Remarks) -> str:
    return ".." if content(element, remarks) in ("9999", "uuuu") else _value(element, remarks)


def _value(element: etree._Element, remarks: Remarks) -> str:
    text = content(element, remarks)
    if text in ("9999", "uuuu"):
        return ".." if element.get("point") == "end" else ""
    if element.get("encoding") == "marc":
        text = text.replace("u", "X")
    value = values.date(text)
    doubt = _DOUBTS.get(element.get("qualifier", ""), "")
    return value + doubt if value and value[-1].isdigit() and "/" not in value else value
