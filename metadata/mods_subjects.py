"""Subjects of a MODS record: headings, concepts, the places and times it speaks of.

Specification: MODS User Guidelines (Version 3), subject.
"""

import re
from collections.abc import Iterator

from lxml import etree

from metadata import marc_areas
from metadata import record_values as values
from metadata.description import Remarks
from metadata.marc_coverage import written_box
from metadata.model import Box, Date, Text
from metadata.mods_parts import Source, heading_of_name, tidy, whole_title
from metadata.xmlrecords import by_name, content, local, stated_language

_COVERAGE = frozenset({"geographic", "hierarchicalGeographic", "temporal"})
_COUNTRY = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_CODED = frozenset({"geographicCode", "cartographics"})


def subjects(source: Source) -> Iterator[Text]:
    """Yield the subject headings: what stands together is one, its divisions after `` -- ``."""
    for subject in source.each("subject"):
        inside = [one for one in subject.iterchildren(etree.Element) if _heading(one, source.remarks)]
        if not inside or all(local(one) in _COVERAGE for one in inside):
            continue
        stated = stated_language(subject, *inside)
        heading = " -- ".join(_heading(one, source.remarks) for one in inside)
        yield Text(heading, source.cataloguing if stated is None else stated)


def _heading(element: etree._Element, remarks: Remarks) -> str:
    """Return one part of a subject heading as a line; codes and coordinates are none."""
    match local(element):
        case "name":
            return heading_of_name(element, by_name(element), remarks)
        case "titleInfo":
            return whole_title(element, remarks)
        case "hierarchicalGeographic":
            return " -- ".join(filter(None, (content(one, remarks) for one in element.iterchildren(etree.Element))))
        case "geographicCode" | "cartographics":
            return ""
    return tidy(content(element, remarks))


def concepts(source: Source) -> Iterator[str]:
    """Yield the addresses of the concepts that subjects are; their labels are among the keywords too."""
    for subject in source.each("subject"):
        inside = [one for one in subject.iterchildren(etree.Element) if local(one) not in _COVERAGE]
        own = [one.get("valueURI", "") for one in inside] if len(inside) == 1 else []
        yield from (
            uri for uri in (subject.get("valueURI", ""), *own) if uri.startswith(("http://", "https://")) and inside
        )


def coverage(source: Source) -> Iterator[Text]:
    """Yield the places that stand for themselves, and times that are no dates."""
    for subject in source.each("subject"):
        inside = list(subject.iterchildren(etree.Element))
        if not all(local(one) in _COVERAGE | _CODED for one in inside):
            continue
        for one in inside:
            if local(one) == "temporal" and values.date(content(one, source.remarks)):
                continue
            if heading := _heading(one, source.remarks):
                yield Text(heading, source.text(one, subject).language)


def countries(source: Source) -> Iterator[str]:
    """Yield the ISO 3166 codes that ``geographicCode`` gives, or that a MARC area code means exactly."""
    for element in source.within("subject", "geographicCode"):
        code = content(element, source.remarks)
        match element.get("authority", ""):
            case "iso3166" | "iso3166-2" if _COUNTRY.fullmatch(code.upper()):
                yield code.upper()
            case "marcgac" if found := marc_areas.iso3166(code):
                yield found


def boxes(source: Source) -> Iterator[Box]:
    """Yield the boxes of ``cartographics/coordinates``, as MARC 255 $c writes them; others are remarked on."""
    for element in source.within("subject", "cartographics", "coordinates"):
        text = content(element, source.remarks)
        if box := written_box(text):
            yield box
        elif text:
            source.remarks.unknown("subject/cartographics/coordinates", text)


def covered(source: Source) -> Iterator[Date]:
    """Yield the dates and periods that stand for themselves."""
    for subject in source.each("subject"):
        inside = by_name(subject)
        if set(inside) <= _COVERAGE:
            ends = {
                one.get("point", ""): values.date(content(one, source.remarks)) for one in inside.get("temporal", ())
            }
            if ends.get("start") and ends.get("end"):
                yield Date(f"{ends['start']}/{ends['end']}", "covered")
            else:
                yield from (Date(value, "covered") for value in ends.values() if value)
