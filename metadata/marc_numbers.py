"""Numbers and addresses of a MARC 21 record.

Specification: MARC 21 Bibliographic, fields 001, 003, 010-037, 086, 088 and 856.
"""

import re
from collections.abc import Callable, Iterator

from metadata import standard_numbers as numbers
from metadata.marc_record import Field, Record
from metadata.marc_source import Source
from metadata.marc_text import trim
from metadata.model import Identifier

_TAGS = ("010", "020", "022", "024", "027", "028", "030", "035", "037", "086", "088", "856")
_NUMBERED = {"0": "isrc", "1": "upc", "2": "ismn", "3": "ean", "4": "sici"}
_PLAIN = {
    "027": "report-number",
    "028": "publisher-number",
    "030": "coden",
    "035": "control-number",
    "037": "stock-number",
    "086": "government-document-number",
    "088": "report-number",
}
_CHECKED: dict[str, Callable[[str], str]] = {
    "isbn": numbers.isbn,
    "issn": numbers.issn,
    "ismn": lambda text: numbers.ismn(text.partition("(")[0]),
    "doi": numbers.doi,
    "url": numbers.url,
}
_OF_A_PART = ("3", "4")  # second indicators of 856 since 2020
_SCHEME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_URI = re.compile(r"(?:urn|info|ark|oai|tag):[^\s\"<>]{2,400}", re.IGNORECASE)
_HANDLE = re.compile(
    r"(?:hdl:\s*|info:hdl/|https?://hdl\.handle\.net/)?(\d[\w.]{0,40}/[^\s\"<>]{1,200})", re.IGNORECASE
)


def identifiers(source: Source) -> Iterator[Identifier]:
    """Yield the record's control number, then its numbers and addresses in their normal form.

    One that is wrong is remarked on and left out.
    """
    if control := control_number(source.record):
        yield Identifier("control-number", control)
    for field in source.record.each(*_TAGS):
        wanted = "u" if field.tag == "856" else "a"
        for code, value in field.subfields:
            if code == wanted and (value := value.strip()):
                scheme, made = _number(field, value)
                if made:
                    yield Identifier(scheme, made)
                elif scheme:
                    source.remarks.wrong_number(f"{field.tag}${wanted}", value, scheme)


def control_number(record: Record) -> str:
    """Return the control number (001) with its agency (003) before it in parentheses, ``""`` where there is none."""
    number, agency = record.control("001").strip(), record.control("003").strip()
    return f"({agency}){number}" if agency and number else number


def _number(field: Field, value: str) -> tuple[str, str]:
    """Return scheme and normal form of a number; no form where it is wrong, no scheme where not ours."""
    if field.tag in _PLAIN:
        return _PLAIN[field.tag], trim(value)
    match field.tag:
        case "020":
            return "isbn", numbers.isbn(value)
        case "010":
            return "lccn", value.replace(" ", "")
        case "022":
            return "issn", numbers.issn(value)
        case "856":
            return _address(field, value)
    return _other(field, value)


def _address(field: Field, value: str) -> tuple[str, str]:
    """Read an 856: of the record itself, unless its second indicator says that it is of something else.

    Many catalogues have a DOI nowhere but in the address at which it resolves. With $3 it may be that of a part.
    """
    relationship = field.indicators[1:]
    if relationship == "2":
        return "", ""
    if relationship not in _OF_A_PART and not field.first("3") and (named := numbers.doi(value)):
        return "doi", named
    return "url", numbers.url(value)


def _other(field: Field, value: str) -> tuple[str, str]:
    """Read a 024, whose first indicator, or $2, says what it is."""
    named = field.first("2").strip().lower() if field.indicators[:1] == "7" else ""
    if named and not _SCHEME.fullmatch(named):
        return "other", trim(value)
    match scheme := named or _NUMBERED.get(field.indicators[:1], "other"):
        case "hdl" | "handle":
            found = _HANDLE.fullmatch(value)
            return "handle", found[1] if found else ""
        case "uri":
            return ("uri", value) if _URI.fullmatch(value) else ("url", numbers.url(value))
    check = _CHECKED.get(scheme, trim)
    return scheme, check(value)
