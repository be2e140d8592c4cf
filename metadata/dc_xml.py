"""Dublin Core in XML: oai_dc, qualified Dublin Core, DCMI's terms, and what DSpace writes.

Specifications: DCMI Metadata Terms; Guidelines for implementing Dublin Core in XML (DCMI, 2003);
OAI-PMH 2.0, section 7; DSpace's Simple Archive Format (``dublin_core``) and DIM. The wrapper does
not matter: an element that holds Dublin Core directly is a record. Of what is not read here,
internal notes of a repository for one, the record itself keeps all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from lxml import etree

from metadata import record_values as values
from metadata import relators
from metadata import standard_numbers as numbers
from metadata.dc_values import DC, TERMS, Source, Value, statements
from metadata.description import Description, Rejected, Remarks
from metadata.model import Access, Box, Contribution, Date, DateKind, Identifier, Item, Series, Text, TitleKind
from metadata.xmlrecords import Form, local, named, opening_names, read_records, space, untitled

_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_ROOTS = {"dc", "qualifieddc", "dublin_core", "dim", "metadata", "record"}
_ALWAYS = {"dc", "qualifieddc", "dublin_core", "dim"}
_FIELDS = {"dcvalue", "field"}
_ROLES = {
    "author": "aut", "advisor": "ths", "editor": "edt", "illustrator": "ill", "translator": "trl",
    "sponsor": "spn", "funder": "fnd", "committeemember": "dgc", "department": "his",
}  # fmt: skip
_MADE = {"created", "submitted", "datesubmitted", "dateaccepted"}
_KEPT_BY = {"accessioned", "updated", "modified", "valid", "embargo", "lift"}
_NUMBERS = {"isbn": "isbn", "issn": "issn", "doi": "doi", "ismn": "ismn", "sici": "sici", "govdoc": "report-number"}
_SERIES = re.compile(r"(?P<title>.+?)\s*;\s*(?P<number>\S.*)")
_PERIOD = re.compile(r"\b(start|end)\s*=\s*([^;]+)")
_BOX = re.compile(r"\b((?:north|south|west|east)limit)\s?=\s?([+-]?\d{1,3}(?:\.\d{1,15})?)\s?(?:;|$)", re.IGNORECASE)
_LONGEST_BOX = 500
_NAMED = re.compile(r"\bname\s*=\s*([^;]+)")
_ADDRESS = re.compile(r"(?:https?|urn|info|doi|hdl):\S+", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"(?:application|text|image|audio|video|model|font)/[\w.+-]+", re.IGNORECASE)
_SIZE = re.compile(r"[\d.,]+ ?(?:bytes|[kmg]i?b)\b", re.IGNORECASE)


def read_dublin_core(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every Dublin Core record of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports; see :func:`metadata.xmlrecords.read_records`.
    """
    return read_records(stream, where, DUBLIN_CORE)


def is_dublin_core(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like Dublin Core in XML."""
    names = list(opening_names(head))
    if not _ROOTS.intersection(names):
        return False
    told = any(named(head, uri) for uri in (DC, TERMS, _OAI_DC))
    return told or (names[0] in ("dublin_core", "dc") and len(names) > 1)


def _is_record(element: etree._Element) -> bool:
    """Say whether an element holds Dublin Core itself, and does not only wrap what does."""
    if any(_is_statement(child) for child in element.iterchildren(etree.Element)):
        return True
    inner = (child for child in element.iterchildren(etree.Element))
    return local(element) in _ALWAYS and not any(local(child) in _ROOTS for child in inner)


def _is_statement(element: etree._Element) -> bool:
    return space(element) in (DC, TERMS) or local(element) in _FIELDS


@dataclass(frozen=True, slots=True)
class _Rights:
    texts: tuple[Text, ...]
    access: Access
    embargo: str


def _describe(element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    """Return the item that an element's statements describe, or why they describe none."""
    return described(Source(tuple(statements(element, remarks)), remarks), number, raw)


def described(source: Source, number: int, raw: bytes) -> Description | Rejected:
    """Return the item that statements describe, or why they describe none; ``raw`` is where they stood."""
    tags = values.unique(_languages(source))
    titles = values.unique(_titles(source, tags))
    if not titles:
        return untitled(number, "dc:title", raw, source.remarks)
    return Description(number, _item(source, titles, tags), raw, "", (), tuple(source.remarks.problems))


def _item(source: Source, titles: tuple[Text, ...], tags: tuple[str, ...]) -> Item:
    rights = _rights(source)
    formats = list(_formats(source))
    extents = [value.text for value in source.each("format", "extent") if not _SIZE.fullmatch(value.text)]
    counted = extents or [text for text in formats if re.search(r"\d", text)]
    return Item(
        titles=titles,
        contributions=values.unique(_contributions(source)),
        dates=values.unique((*_dates(source), *_covered(source))),
        languages=tags,
        type=_type(source),
        keywords=values.unique(_keywords(source)),
        descriptions=values.unique(_descriptions(source)),
        identifiers=values.unique(_identifiers(source)),
        coverage=values.unique(_coverage(source)),
        boxes=values.unique(box for value in source.each("coverage") if (box := _box(value.text))),
        rights=rights.texts,
        access=rights.access,
        embargo=rights.embargo,
        extent=" ; ".join(values.unique(counted)),
        series=values.unique(_series(source)),
        notes=values.unique((*_notes(source), *(Text(text) for text in formats if text not in counted))),
        source=source.remarks.where,
    )


def _languages(source: Source) -> Iterator[str]:
    for value in source.each("language"):
        for part in re.split(r"[;|]", value.text):
            if tag := values.language(part.strip(), "dc:language", source.remarks):
                yield tag


def _titles(source: Source, tags: tuple[str, ...]) -> Iterator[Text]:
    """Yield the titles proper, then the alternatives; the first is in the language of a text in one language."""
    own = tags[0] if len(tags) == 1 else ""
    proper = [value for value in source.each("title") if value.refinement not in ("alternative", "translated")]
    others = [value for value in source.each("title") if value not in proper]
    for at, value in enumerate((*proper, *others)):
        text = values.without_markup(value.text)
        kind: TitleKind = "" if value in proper else "translated" if value.refinement == "translated" else "other"
        yield Text(text, value.language or ("" if at else own), kind if at else "")


def _contributions(source: Source) -> Iterator[Contribution]:
    for value in source.each("creator", "contributor", "publisher"):
        role = _role(value)
        if value.element == "contributor" and value.refinement == "other":
            role = "ctb"
        if found := values.agent(values.without_markup(value.text), role):
            yield Contribution(found, role)


def _role(value: Value) -> str:
    if value.element == "publisher":
        return "pbl"
    default = "aut" if value.element == "creator" else "ctb"
    return _ROLES.get(value.refinement) or relators.from_term(value.refinement) or default


def _dates(source: Source) -> Iterator[Date]:
    """Yield the dates of issue, then those of creation.

    Instants (``2010-05-04T10:20:30Z``) are the repository's own doing: they count where nothing else does.
    """
    issued = list(source.each("date", "issued"))
    plain = [value for value in source.each("date", "") if not values.embargo(value.text)]
    days = [value for value in plain if "T" not in value.text]
    fallback = [*source.each("date", "available"), *source.each("date", "copyright", "datecopyrighted")]
    chosen = issued or days or plain[:1] or fallback[:1]
    yield from _read(chosen, "issued", source.remarks)
    yield from _read(source.each("date", *_MADE), "created", source.remarks)


def _read(found: Iterator[Value] | list[Value], kind: DateKind, remarks: Remarks) -> Iterator[Date]:
    for value in found:
        if made := _period(value.text) or values.date(value.text.partition("T")[0]):
            yield Date(made, kind)
        else:
            remarks.unknown("dc:date", value.text)


def _period(text: str) -> str:
    """Return the interval that DCMI Period states (``start=1950; end=1960;``), else ``""``."""
    ends = {name: values.date(value) for name, value in _PERIOD.findall(text)}
    return f"{ends.get('start') or '..'}/{ends.get('end') or '..'}" if any(ends.values()) else ""


def _covered(source: Source) -> Iterator[Date]:
    for value in source.each("coverage"):
        if value.refinement != "spatial" and (made := _time(value)):
            yield Date(made, "covered")


def _time(value: Value) -> str:
    """Return the time that a coverage states; without a word that it is one, only what is plainly a date."""
    if made := _period(value.text):
        return made
    plain = re.fullmatch(r"[\d/.X?~ -]{4,25}", value.text) is not None
    return values.date(value.text) if value.refinement == "temporal" or plain else ""


def _coverage(source: Source) -> Iterator[Text]:
    for value in source.each("coverage"):
        if not _box(value.text) and (value.refinement == "spatial" or not _time(value)):
            named_in = _NAMED.search(value.text)
            yield Text(named_in[1].strip() if named_in else value.text, value.language)


def _box(text: str) -> Box | None:
    """Return the box of a text in DCMI's Box Encoding Scheme, in decimal degrees; None where it is none."""
    sides = {name.lower(): float(value) for name, value in _BOX.findall(text[:_LONGEST_BOX])}
    edges = [sides.get(f"{side}limit") for side in ("west", "south", "east", "north")]
    known = [edge for edge in edges if edge is not None]
    box = Box(*known) if len(known) == len(edges) else None
    return box if box and box.on_earth else None


def _type(source: Source) -> str:
    texts = [value.text for value in source.each("type") if not values.is_no_type(value.text)]
    found = values.publication_type(texts)
    if not found:
        for text in texts:
            source.remarks.unknown("dc:type", text)
    return found or "other"


def _keywords(source: Source) -> Iterator[Text]:
    for value in source.each("subject"):
        if value.refinement not in ("ddc", "lcc", "udc", "classification"):
            yield from (Text(part, value.language) for part in re.split(r"\s*;\s*", value.text) if part)


def _descriptions(source: Source) -> Iterator[Text]:
    for value in source.each("description", "", "abstract"):
        yield Text(values.without_markup(value.text), value.language)


def _identifiers(source: Source) -> Iterator[Identifier]:
    for value in source.each("identifier"):
        if value.refinement in ("citation", "bibliographiccitation"):
            continue
        scheme = _NUMBERS.get(value.refinement)
        if scheme:
            found = values.typed_identifier(scheme, value.text, source.remarks, "dc:identifier")
        else:
            found = values.identifier(value.text, source.remarks, "dc:identifier")
        if found:
            yield found


def _rights(source: Source) -> _Rights:
    texts: list[Text] = []
    access: Access = ""
    embargo = ""
    for value in source.each("rights"):
        meant = values.access(value.text)
        access = access or meant
        if not meant and not values.embargo(value.text):
            texts.append(Text(value.text, value.language))
    for value in (*source.each("type"), *source.each("date"), *source.each("rights")):
        access = access or (values.access(value.text) if value.element == "type" else "")
        embargo = embargo or values.embargo(value.text)
    for value in source.each("date", "embargo", "lift", "embargolift", "embargoend"):
        embargo = embargo or values.date(value.text.partition("T")[0])
    return _Rights(values.unique(texts), access or ("embargoed" if embargo else ""), embargo)


def _formats(source: Source) -> Iterator[str]:
    for value in source.each("format", "", "medium"):
        if not _MEDIA_TYPE.fullmatch(value.text) and not _SIZE.fullmatch(value.text):
            yield value.text


def _series(source: Source) -> Iterator[Series]:
    """Yield what the item is part of, where that is named and not only addressed; an ISSN goes with the name before."""
    found: list[Series] = []
    for value in source.each("relation", "ispartof", "ispartofseries"):
        if issn := _issn(value.text):
            last = found.pop() if found and not found[-1].issn else Series("")
            found.append(replace(last, issn=issn))
        elif not _ADDRESS.fullmatch(value.text):
            numbered = _SERIES.fullmatch(value.text)
            found.append(Series(numbered["title"], numbered["number"]) if numbered else Series(value.text))
    yield from found


def _is_series(value: Value) -> bool:
    told = value.element == "relation" and value.refinement in ("ispartof", "ispartofseries")
    return told and bool(_issn(value.text) or not _ADDRESS.fullmatch(value.text))


def _issn(text: str) -> str:
    return numbers.issn(text) if re.fullmatch(r"(?:urn:)?issn[: ]*\S+", text, re.IGNORECASE) else ""


def _notes(source: Source) -> Iterator[Text]:
    """Yield what else is said of the item: citation, contents, source, and works it is related to."""
    for value in source.each("identifier", "citation", "bibliographiccitation"):
        yield Text(value.text, value.language)
    for value in source.each("description"):
        if value.refinement not in ("", "abstract", "provenance"):
            yield Text(value.text, value.language)
    for value in source.each("source", "relation", "audience"):
        if _is_series(value):
            continue
        label = f"{value.label}: " if value.element == "relation" and value.label else ""
        yield Text(f"{label}{value.text}", value.language)
    for value in source.others():
        yield Text(f"{value.element}{'.' if value.label else ''}{value.label}: {value.text}", value.language)


DUBLIN_CORE = Form("Dublin Core record", tuple(sorted(_ROOTS)), _is_record, _describe)
