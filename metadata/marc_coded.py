"""Numbers, coordinates and periods as MARC 21 codes them: what :mod:`metadata.marc_export` puts into its fields.

Specification: MARC 21 Format for Bibliographic Data, 010-048 and 086-088; Control Subfields ($0, $1).
"""

import re

from metadata.marc_record import Field
from metadata.model import Box, Identifier
from metadata.xmltext import legal

_OWN_TAGS = {
    "lccn": ("010", "  "),
    "isbn": ("020", "  "),
    "issn": ("022", "  "),
    "publisher-number": ("028", "52"),
    "coden": ("030", "  "),
    "control-number": ("035", "  "),
    "stock-number": ("037", "  "),
    "government-document-number": ("086", "  "),
    "report-number": ("088", "  "),
}
_NUMBERED = {"isrc": "0", "upc": "1", "ismn": "2", "ean": "3", "sici": "4", "other": "8"}
_MOMENT = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)
_CODES = {"handle": "hdl"}  # where the list of standard identifier source codes has another
_LINES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return ``text`` on one line, without characters that have no place in a record."""
    return _LINES.sub(" ", legal(text)).strip()


def data_field(tag: str, indicators: str, *subfields: tuple[str, str]) -> Field | None:
    """Return a data field with the subfields that hold something, None where none does."""
    kept = tuple([(code, value) for code, value in [(code, clean(text)) for code, text in subfields] if value])
    return Field(tag, indicators, kept) if kept else None


def number(identifier: Identifier) -> Field | None:
    """Return the field that holds an identifier of an item, None for an address (856 has those)."""
    scheme, value = identifier.scheme, ("a", identifier.value)
    if scheme in _NUMBERED:
        return data_field("024", f"{_NUMBERED[scheme]} ", value)
    if scheme in _OWN_TAGS:
        return data_field(*_OWN_TAGS[scheme], value)
    if scheme == "url":
        return None
    return data_field("024", "7 ", value, ("2", _CODES.get(scheme, scheme))) if clean(identifier.value) else None


def authority(identifier: Identifier) -> tuple[str, str]:
    """Return $1 for what names the agent itself, $0 for what names its authority record."""
    scheme, value = identifier.scheme, identifier.value
    things = {
        "orcid": "https://orcid.org/",
        "ror": "https://ror.org/",
        "wikidata": "https://www.wikidata.org/entity/",
    }
    return ("1", things[scheme] + value) if scheme in things else ("0", f"({scheme}){value}")


def area(box: Box) -> Field | None:
    """Return 034 for a box, in decimal degrees; its scale is not known."""
    west, east = _coordinate(box.west, "WE"), _coordinate(box.east, "WE")
    north, south = _coordinate(box.north, "SN"), _coordinate(box.south, "SN")
    return data_field("034", "0 ", ("a", "a"), ("d", west), ("e", east), ("f", north), ("g", south))


def period(covered: str) -> Field | None:
    """Return 045 for an EDTF date or interval of days, months or years, 648 for what it cannot code."""
    moments = [_MOMENT.fullmatch(part) for part in covered.split("/")]
    codes = [("b", f"d{''.join(part or '' for part in one.groups())}") for one in moments if one]
    if len(codes) < len(moments) or len(moments) > 2:
        return data_field("648", " 4", ("a", covered))
    return data_field("045", "2 " if len(moments) == 2 else "0 ", *codes)


def _coordinate(degrees: float, signs: str) -> str:
    """Return a coordinate in decimal degrees with its hemisphere: ``W080.0217``."""
    return f"{signs[degrees >= 0]}{abs(degrees):011.7f}".rstrip("0").rstrip(".")
