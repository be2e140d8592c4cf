"""What the parts of the DataCite reader share: names, dates, places, funders, what a thing is published in.

Specification: DataCite Metadata Schema 4.6; where the kernel's version 3 writes otherwise, that is said.
"""

import re
from collections.abc import Iterator

from lxml import etree

from metadata import record_values as values
from metadata import standard_numbers as numbers
from metadata.description import Remarks
from metadata.model import Agent, Box, Identifier, Series
from metadata.xmlrecords import by_name, content

Names = dict[str, list[etree._Element]]

_CODE = re.compile(r"\(?:(?:un[a-z]{2}|tba|null|none|etal)\)?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,15})?")
_EDTF = "EDTF: "
_EDGES = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")


def within(names: Names, *path: str) -> Iterator[etree._Element]:
    """Yield the elements of the last name, at the end of the path of the others."""
    found = names.get(path[0], [])
    for name in path[1:]:
        found = [below for one in found for below in by_name(one).get(name, ())]
    yield from found


def is_code(text: str) -> bool:
    """Say whether a text stands for one that is not known (appendix 3): ``:unav``, ``(:tba)``."""
    return _CODE.fullmatch(text) is not None


def agent_of(element: etree._Element, tag: str, role: str, remarks: Remarks) -> Agent | None:
    """Return the agent of a creator or contributor, whose name stands in ``tag``; None where it is not known."""
    inside = by_name(element)
    name, given, family = (_first(inside, one, remarks) for one in (tag, "givenName", "familyName"))
    kind = inside[tag][0].get("nameType", "") if tag in inside else ""
    if family and given and kind != "Organizational":
        name = f"{family}, {given}"
    if not name or is_code(name):
        return None
    known = tuple(_authorities(inside, remarks))
    if kind == "Personal" or (family and given and not kind):
        return Agent(name, "person", known)
    if kind == "Organizational":
        return Agent(name, "organisation", known)
    return values.agent(name, role, known)


def _authorities(inside: Names, remarks: Remarks) -> Iterator[Identifier]:
    for element in inside.get("nameIdentifier", ()):
        scheme = element.get("nameIdentifierScheme", "")
        if found := values.authority(content(element, remarks), scheme):
            yield found


def _first(inside: Names, tag: str, remarks: Remarks) -> str:
    return next((text for one in inside.get(tag, ()) if (text := content(one, remarks))), "")


def local_date(element: etree._Element, remarks: Remarks) -> str:
    """Return the EDTF date of a ``date``, ``""`` where it is none; what Canoe says of a doubtful one counts."""
    text, told = content(element, remarks), element.get("dateInformation", "")
    if told.startswith(_EDTF) and (made := values.date(told.removeprefix(_EDTF))):
        return made
    if not text or is_code(text):
        return ""
    ends = [end.partition("T")[0] for end in text.split("/")]
    made = values.date("/".join(ends))
    if not made:
        remarks.unknown("dates/date", text)
    return made


def box(element: etree._Element, remarks: Remarks) -> Box | None:
    """Return the box of a ``geoLocationBox``: four elements, or in kernel 3 a text, south-west and north-east."""
    inside = by_name(element)
    if inside:
        return _box([_first(inside, name, remarks) for name in _EDGES])
    south, west, north, east = (*content(element, remarks).split(), "", "", "", "")[:4]
    return _box([west, south, east, north])


def point(element: etree._Element, remarks: Remarks) -> Box | None:
    """Return a ``geoLocationPoint`` as a box without width: two elements, or in kernel 3 latitude and longitude."""
    inside = by_name(element)
    if inside:
        latitude, longitude = (_first(inside, name, remarks) for name in ("pointLatitude", "pointLongitude"))
    else:
        latitude, longitude = (*content(element, remarks).split(), "", "")[:2]
    return _box([longitude, latitude, longitude, latitude])


def _box(edges: list[str]) -> Box | None:
    if not all(map(_NUMBER.fullmatch, edges)):
        return None
    made = Box(*map(float, edges))
    return made if made.on_earth else None


def series_of(element: etree._Element, remarks: Remarks) -> Series | None:
    """Return the series or journal that a ``relatedItem`` is, None where it is something else."""
    if element.get("relationType") not in ("IsPublishedIn", "IsPartOf"):
        return None
    inside = by_name(element)
    titles = [content(one, remarks) for one in within(inside, "titles", "title")]
    number = ", ".join(filter(None, (_first(inside, name, remarks) for name in ("volume", "issue", "number"))))
    issn = next(filter(None, (numbers.issn(content(one, remarks)) for one in _issns(inside))), "")
    return Series(titles[0], number, issn) if titles and titles[0] and not is_code(titles[0]) else None


def _issns(inside: Names) -> Iterator[etree._Element]:
    for element in inside.get("relatedItemIdentifier", ()):
        if "ISSN" in element.get("relatedItemIdentifierType", ""):
            yield element


def funded(names: Names, remarks: Remarks) -> Iterator[tuple[Agent | None, str]]:
    """Yield who paid for it and the award, ``""`` for none, in words (19)."""
    for element in within(names, "fundingReferences", "fundingReference"):
        inside = by_name(element)
        told = (_first(inside, tag, remarks) for tag in ("funderName", "awardNumber", "awardTitle"))
        name, number, title = ("" if is_code(text) else text for text in told)
        award = " ".join(filter(None, (number, title)))
        identifier = values.authority(_first(inside, "funderIdentifier", remarks))
        agent = Agent(name, "organisation", (identifier,) if identifier else ()) if name else None
        yield agent, ": ".join(filter(None, (name, award))) if award else ""
