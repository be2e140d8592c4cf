"""What a MARC 21 record covers of space and time: places, countries, boxes on the map, periods.

Specification: MARC 21 Bibliographic, fields 034, 043, 045, 255, 522, 648, 651, 662 and 752. Of
coordinates all forms are read that 034 and 255 have; a box that is not whole, or leaves the
Earth, is left out with a remark. Times before the common era are left to the record.
"""

import re
from collections.abc import Iterator

from metadata import edtf_dates, marc_areas
from metadata.marc_record import Field, Record
from metadata.marc_source import Source
from metadata.marc_subjects import language
from metadata.marc_text import heading, joined, trim
from metadata.model import Box, Date, Text

_SIGNS = {"W": -1, "S": -1, "-": -1, "E": 1, "N": 1, "+": 1}
_CODED = re.compile(r"([NSEW+-])?(\d{3})(\d\d)?(\d\d)?(?:\.(\d{1,12}))?", re.IGNORECASE)
_DECIMAL = re.compile(r"([NSEW+-])?(\d{1,3})(?:\.(\d{1,12}))?", re.IGNORECASE)
_WRITTEN = re.compile(
    r"([NSEWO])\.?\s{0,2}(\d{1,3}(?:\.\d{1,12})?)\s{0,2}[°º⁰˚*]?"
    r"(?:\s{0,2}(\d{1,2}(?:\.\d{1,12})?)\s{0,2}['’ʹ′])?(?:\s{0,2}(\d{1,2}(?:\.\d{1,12})?)\s{0,2}(?:[\"”ʺ″]|''))?",
    re.IGNORECASE,
)
_LONGEST = 300
_ISO3166 = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_MOMENT = re.compile(r"d(\d{4})(\d\d)?(\d\d)?(?:\d\d)?")
_CENTURIES = re.compile(r"([e-y])([\d-])([e-y])([\d-])")


def places(source: Source) -> Iterator[Text]:
    """Yield the places that the record names: 651, 662 and 752, then what 522 says in a sentence."""
    fields = source.record.fields
    for field in fields.get("651", ()):
        if place := heading(field, "a", "z"):
            yield Text(place, language(field, source))
    for field in source.record.each("662", "752"):
        if place := " -- ".join([part for value in field.all("abcdfgh") if (part := trim(value))]):
            yield Text(place, source.cataloguing)
    for field in fields.get("522", ()):
        if place := joined(field, "a"):
            yield Text(place, source.cataloguing)


def countries(source: Source) -> Iterator[str]:
    """Yield the ISO 3166 codes of 043: those given ($c), and those that a geographic area code ($a) means exactly."""
    for field in source.record.each("043"):
        for code, value in field.subfields:
            if code == "a" and (found := marc_areas.iso3166(value)):
                yield found
            elif code == "c":
                given = value.strip().upper()
                if _ISO3166.fullmatch(given):
                    yield given
                else:
                    source.remarks.unknown("043$c", value)


def boxes(source: Source) -> Iterator[Box]:
    """Yield the boxes of 034, else those of 255 $c; none of the sky, none of another body than the Earth."""
    if "034" not in source.record.fields and "255" not in source.record.fields:
        return
    coded = [field for field in source.record.each("034") if not field.first("z")]
    found = [box for field in coded if (box := _coded(field, source))]
    yield from found
    if not found:
        for field in source.record.each("255"):
            for value in field.all("c"):
                if box := written_box(value):
                    yield box
                else:
                    source.remarks.unknown("255$c", value)


def _coded(field: Field, source: Source) -> Box | None:
    given = [field.first(code).strip() for code in "degf"]
    if not any(given):
        return None
    west, east, south, north = map(_degrees, given)
    box = _box(west, south, east, north)
    if box is None:
        source.remarks.unknown("034", " ".join(given))
    return box


def _degrees(text: str) -> float | None:
    """Return a coordinate in degrees: ``W0800130``, ``W080.0217``, ``W08001.30``, ``-080.0217``; None if it is none."""
    if found := _CODED.fullmatch(text):
        sign, degrees, *rest, fraction = found.groups()
        if rest[0] and not sign:
            return None
        parts = [float(part) for part in (degrees, *rest) if part]
        parts[-1] += float(f"0.{fraction or 0}")
        return _sum(sign or "+", *parts)
    if found := _DECIMAL.fullmatch(text):
        return _sum(found[1] or "+", float(f"{found[2]}.{found[3] or 0}"))
    return None


def _sum(sign: str, degrees: float = 0, minutes: float = 0, seconds: float = 0) -> float | None:
    if minutes >= 60 or seconds >= 60:
        return None
    # Seven digits are a centimetre on the ground; more would only be the rounding's own.
    return round(_SIGNS[sign.upper()] * (degrees + minutes / 60 + seconds / 3600), 7) + 0.0


def _box(west: float | None, south: float | None, east: float | None, north: float | None) -> Box | None:
    if west is None or south is None or east is None or north is None:
        return None
    box = Box(west, south, east, north)
    return box if box.on_earth else None


def written_box(text: str) -> Box | None:
    """Return the box of ``(W 125°30ʹ--W 120°/N 42°--N 37°)``, or of a point; ``O`` is west (ouest, oeste).

    None where it is none: not two of longitudes and latitudes each, or not on the Earth.
    """
    longitudes: list[float] = []
    latitudes: list[float] = []
    for letter, degrees, minutes, seconds in _WRITTEN.findall(text[:_LONGEST]):
        sign = "W" if letter.upper() == "O" else letter.upper()
        value = _sum(sign, float(degrees), float(minutes or 0), float(seconds or 0))
        if value is None:
            return None
        (longitudes if sign in "EW" else latitudes).append(value)
    if not 1 <= len(longitudes) <= 2 or not 1 <= len(latitudes) <= 2:
        return None
    return _box(longitudes[0], min(latitudes), longitudes[-1], max(latitudes))


def covered(record: Record) -> Iterator[Date]:
    """Yield the periods that the content speaks of: 045 in codes, 648 where its words are dates."""
    if "045" not in record.fields and "648" not in record.fields:
        return
    for field in record.each("045"):
        moments = [made for value in field.all("b") if (made := _moment(value.strip()))]
        if field.indicators[:1] == "2" and len(moments) == 2 and moments[0] <= moments[1]:
            yield Date("/".join(moments), "covered")
        else:
            yield from (Date(moment, "covered") for moment in moments)
        if not moments:
            yield from (Date(made, "covered") for value in field.all("a") if (made := _centuries(value.strip())))
    for field in record.each("648"):
        if made := edtf_dates.from_text(field.first("a")):
            yield Date(made, "covered")


def _moment(text: str) -> str:
    """Return the EDTF date of 045 $b (``d197805``), ``""`` where it is none of the common era."""
    found = _MOMENT.fullmatch(text)
    if not found or found[1] == "0000":
        return ""
    whole = "-".join([part for part in found.groups() if part])
    return whole if not found[2] or edtf_dates.from_text(whole) == whole else ""


def _centuries(text: str) -> str:
    """Return the EDTF interval of 045 $a: two centuries by letter (``x`` is 19XX), each with its decade or none."""
    found = _CENTURIES.fullmatch(text.lower())
    if not found:
        return ""
    first, second = (ord(letter) - ord("e") for letter in (found[1], found[3]))
    begins = first * 100 + int(found[2].replace("-", "0")) * 10
    ends = second * 100 + int(found[4].replace("-", "9")) * 10 + 9
    return f"{max(begins, 1):04}/{ends:04}" if begins < ends else ""
