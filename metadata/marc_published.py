"""How and where what a MARC 21 record describes was published: place, edition, extent, series.

Specification: MARC 21 Bibliographic, fields 250, 260, 264, 300, 440, 490, 773 and 800-830.
"""

import re
from collections.abc import Iterable, Iterator

from metadata import standard_numbers as numbers
from metadata.folding import fold
from metadata.marc_record import Field, Record
from metadata.marc_source import Source
from metadata.marc_text import joined, separated, trim, unbracketed
from metadata.model import Series

_PLACELESS = re.compile(
    r"[\[\s]*(?:s\.? ?l\.?|(?:place of (?:publication|production|distribution|manufacture)) not identified"
    r"|lieu d(?:e |')\w{1,20} non identifié|lugar de \w{1,20} no identificado)[\]\s.?]*",
    re.IGNORECASE,
)
_MOST = 20  # series of one record that are looked at for one and the same
_EXTENT = "abcefg3"
_TRACED = {"800": "abcdq", "810": "abnd", "811": "acnde", "830": ""}


def places(record: Record) -> Iterator[str]:
    """Yield the places of publication as printed, without ISBD's signs; those of others where there are none."""
    fields = record.each("264", "260")
    published = [field for field in fields if field.tag == "260" or field.indicators[1:] in ("1", " ")]
    for field in published or fields:
        for code, value in field.subfields:
            if code == "a" and (place := unbracketed(separated(value))) and not _PLACELESS.fullmatch(place):
                yield place


def edition(record: Record) -> str:
    """Return the edition statement (250), several with semicolons between."""
    return "; ".join([text for field in record.each("250") if (text := joined(field, "ab3"))])


def extent(record: Record) -> str:
    """Return the physical description (300) as printed, several with semicolons between."""
    found = [
        separated(" ".join([value for code, value in field.subfields if code in _EXTENT]))
        for field in record.each("300")
    ]
    return "; ".join([text.removesuffix(" +") for text in found if text])


def series(source: Source) -> Iterator[Series]:
    """Yield the series as printed (490, 440), then those known by their headings alone (8XX), then the host (773).

    A series that is printed and traced is one: the heading gives number and ISSN where print does not.
    """
    fields = source.record.fields
    printed = [one for field in source.record.each("490", "440") for one in _printed(field, source)]
    for tag, names in _TRACED.items():
        for field in fields.get(tag, ()):
            heading = _traced(field, names, source)
            if heading and not _joined_to_printed(heading, printed):
                printed.append(heading)
    yield from printed
    for field in fields.get("773", ()):
        if title := joined(field, "t") or joined(field, "s"):
            yield Series(title, separated("; ".join(field.all("g"))), _issn(field, source))


def _joined_to_printed(heading: Series, printed: list[Series]) -> bool:
    """Add what a heading knows to the printed series that it is the heading of; False where there is none."""
    folded = fold(heading.title)
    for at, one in enumerate(printed[:_MOST]):
        same = folded.startswith(fold(one.title)) or fold(one.title).startswith(folded)
        if same and (not heading.number or not one.number or fold(heading.number) == fold(one.number)):
            printed[at] = Series(one.title, one.number or heading.number, one.issn or heading.issn)
            return True
    return False


def _printed(field: Field, source: Source) -> Iterator[Series]:
    """Yield the series of a statement: each $a begins one, and what follows is of it."""
    groups: list[dict[str, list[str]]] = []
    for code, value in field.subfields:
        if code == "a" or not groups:
            groups.append({})
        groups[-1].setdefault("a" if code in "anp" else code, []).append(value)
    for group in groups:
        title = trim(" ".join(group.get("a", ())))
        if title and title[0] == "=":
            title = title[1:].strip()
        number = _number(group.get("v", ()))
        issn = _checked(group.get("x", [""])[0], field, source)
        if title or issn:
            yield Series(title, number, issn)


def _traced(field: Field, names: str, source: Source) -> Series | None:
    name = joined(field, names) if names else ""
    title = joined(field, "tfklnp" if names else "adfgkmnoprst")
    stop = "" if name.endswith(".") else "."
    whole = f"{name}{stop} {title}" if name and title else name or title
    return Series(whole, _number(field.all("v")), _issn(field, source)) if whole else None


def _number(values: Iterable[str]) -> str:
    """Return a number in a series as printed, without a full stop after its digits."""
    number = separated("; ".join(values))
    return number[:-1] if number[-2:-1].isdigit() and number[-1] == "." else number


def _issn(field: Field, source: Source) -> str:
    return _checked(field.first("x"), field, source)


def _checked(value: str, field: Field, source: Source) -> str:
    if not value.strip():
        return ""
    if not (made := numbers.issn(value)):
        source.remarks.wrong_number(f"{field.tag}$x", value, "issn")
    return made
