"""Crossref XML read: what publishers deposit, and what Crossref gives out of it (UNIXREF, UNIXSD).

Crossref deposit schema, versions 4 and 5 (https://data.crossref.org/reports/help/schema_doc/5.3.1/index.html),
namespaces ``http://www.crossref.org/schema/N`` and ``http://www.crossref.org/xschema/N``. Each work that may have a DOI
of its own is a record: an article, a book, a part of a book, a report, a standard, a dissertation, a paper, a
preprint; a journal only where no article of it comes with it. What is not read stays in the record, which is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from lxml import etree

from metadata import record_values as values
from metadata import standard_numbers as numbers
from metadata.datacite_parts import within
from metadata.description import Description, Rejected, Remarks
from metadata.model import Agent, Contribution, Date, Identifier, Item, Series, Text
from metadata.reference_reading import pages
from metadata.xmlrecords import (
    Form,
    by_name,
    content,
    local,
    named,
    opening_names,
    read_records,
    space,
    stated_language,
    untitled,
)

NAMESPACE = "http://www.crossref.org/"
"""How the namespaces of all versions begin."""

_TYPES = {
    "journal_article": "article",
    "conference_paper": "article",
    "content_item": "article",
    "book_metadata": "book",
    "book_series_metadata": "book",
    "book_set_metadata": "book",
    "dissertation": "thesis",
    "report-paper_metadata": "report",
    "report-paper_series_metadata": "report",
    "standard_metadata": "report",
    "posted_content": "article",
    "journal": "periodical",
}
_ROOTS = frozenset(("doi_batch", "doi_records", "crossref", "crossref_result", *_TYPES))
_ROLES = {"author": "aut", "editor": "edt", "translator": "trl", "chair": "edt", "reviewer": "rev"}
_DATES = ("publication_date", "approval_date", "posted_date")
_WHOLES = {"journal_article": "journal", "content_item": "book", "conference_paper": "conference"}
_WITHDRAWN = "WITHDRAWN: "
_NUMBERS = {"report-number": "report-number", "ISO-std": "report-number"}
_PART = re.compile(r"\d{1,4}")

Names = dict[str, list[etree._Element]]


def read_crossref(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every work in Crossref XML, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports; see :func:`metadata.xmlrecords.read_records`.
    """
    return read_records(stream, where, Form("Crossref record", tuple(_TYPES), _is_record, _Reading().describe))


def is_crossref(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like Crossref XML."""
    return next(opening_names(head), "") in _ROOTS and named(head, NAMESPACE)


def _is_record(element: etree._Element) -> bool:
    name = local(element)
    if name not in _TYPES or not space(element).startswith(NAMESPACE):
        return False
    return name != "journal" or element.find("{*}journal_article") is None


class _Reading:
    """What is known of the journal, book or conference that the works of one file are parts of.

    It stands before the first of them, and is gone from memory when the second comes.
    """

    def __init__(self) -> None:
        self._whole: Series | None = None

    def describe(self, element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
        """Return the item that a work's element describes, or why it describes none."""
        name = local(element)
        names = by_name(element)
        titles = values.unique(_titles(element, names, remarks))
        if not titles:
            return untitled(number, "titles/title", raw, remarks)
        self._note_whole(element, remarks)
        item = _item(element, titles, _language(element, remarks), remarks)
        whole = self._whole if name in _WHOLES else None
        series = values.unique(one for one in (whole, *_series(names, remarks)) if one)
        return Description(number, _in_series(item, series), raw, "", (), tuple(remarks.problems))

    def _note_whole(self, element: etree._Element, remarks: Remarks) -> None:
        above = element.getparent()
        inside = by_name(above) if above is not None and local(above) in _WHOLES.values() else {}
        told = [one for name, found in inside.items() if name.endswith("_metadata") for one in found if len(one)]
        if told:
            made = (_whole_of(one, inside.get("journal_issue", []), remarks) for one in told)
            self._whole = next(filter(None, made), None)


def _whole_of(metadata: etree._Element, issues: list[etree._Element], remarks: Remarks) -> Series | None:
    names = by_name(metadata)
    titles = [_text(names, tag, remarks) for tag in ("full_title", "proceedings_title")]
    titles += [content(one, remarks) for one in within(names, "titles", "title")]
    title = next(filter(None, titles), "")
    issn = next(filter(None, (numbers.issn(content(one, remarks)) for one in names.get("issn", ()))), "")
    place = _place(by_name(issues[0]), remarks) if issues else ""
    return Series(title, place, issn) if title else None


def _place(issue: Names, remarks: Remarks) -> str:
    """Return a place in a journal: ``12(3)`` is volume 12, issue 3."""
    volumes = [content(one, remarks) for one in within(issue, "journal_volume", "volume")]
    number = _text(issue, "issue", remarks)
    return f"{volumes[0] if volumes else ''}{f'({number})' if number else ''}"


def _in_series(item: Item, series: tuple[Series, ...]) -> Item:
    known = {one.issn for one in series}
    kept = tuple(one for one in item.identifiers if one.scheme != "issn" or one.value not in known)
    return replace(item, series=series, identifiers=kept)


def _item(work: etree._Element, titles: tuple[Text, ...], language: str, remarks: Remarks) -> Item:
    names, name = by_name(work), local(work)
    edition = _text(names, "edition_number", remarks)
    main = Text(titles[0].value, titles[0].language or language, titles[0].kind)
    return Item(
        titles=(main, *titles[1:]),
        contributions=values.unique(_contributions(names, remarks)),
        dates=values.unique(_dates(names, remarks)),
        languages=(language,) if language else (),
        type=_TYPES[name],
        descriptions=values.unique(_abstracts(work, remarks)),
        identifiers=values.unique(_identifiers(names, name, remarks)),
        rights=values.unique(_licences(work, remarks)),
        places=values.unique(_places(names, remarks)),
        edition=edition if edition != "0" else "",
        extent=_extent(names, name, remarks),
        notes=values.unique(_notes(work, names, remarks)),
        source=remarks.where,
    )


def _titles(element: etree._Element, names: Names, remarks: Remarks) -> Iterator[Text]:
    """Yield the first title with its subtitle, then what else it is called."""
    if local(element) == "journal":
        metadata = names.get("journal_metadata", [])
        for tag in ("full_title", "abbrev_title"):
            for one in within({"": metadata}, "", tag):
                yield Text(content(one, remarks), "", "other" if tag == "abbrev_title" else "")
        return
    for group in names.get("titles", []):
        inside = by_name(group)
        title = values.without_markup(_text(inside, "title", remarks)).removeprefix(_WITHDRAWN)
        subtitle = values.without_markup(_text(inside, "subtitle", remarks))
        if title:
            yield Text(f"{title}: {subtitle}" if subtitle else title)
        for one in inside.get("original_language_title", ()):
            if text := values.without_markup(content(one, remarks)):
                yield Text(text, stated_language(one) or _tag(one.get("language", ""), remarks), "other")


def _language(element: etree._Element, remarks: Remarks) -> str:
    return _tag(element.get("language", ""), remarks)


def _tag(code: str, remarks: Remarks) -> str:
    return values.language(code, "language", remarks) if code else ""


def _contributions(names: Names, remarks: Remarks) -> Iterator[Contribution]:
    people = [*within(names, "contributors", "person_name"), *names.get("person_name", ())]
    for element in (*people, *within(names, "contributors", "organization")):
        role = _ROLES.get(element.get("contributor_role", ""), "ctb")
        if found := _person(element, remarks) if local(element) == "person_name" else _organisation(element, remarks):
            yield Contribution(found, role)
    for element in within(names, "publisher", "publisher_name"):
        if found := values.agent(content(element, remarks), "pbl"):
            yield Contribution(found, "pbl")
    for element in within(names, "institution", "institution_name"):
        if name := content(element, remarks):
            yield Contribution(
                Agent(name, "organisation"), "dgg" if "degree" in names or "approval_date" in names else "isb"
            )


def _person(element: etree._Element, remarks: Remarks) -> Agent | None:
    inside = by_name(element)
    surname, given, suffix = (_text(inside, tag, remarks) for tag in ("surname", "given_name", "suffix"))
    if not surname:
        return None
    known = values.authority(_text(inside, "ORCID", remarks), "orcid")
    name = ", ".join(filter(None, (surname, given, suffix)))
    return Agent(name, "person", (known,) if known else ())


def _organisation(element: etree._Element, remarks: Remarks) -> Agent | None:
    name = content(element, remarks)
    return Agent(name, "organisation") if name else None


def _dates(names: Names, remarks: Remarks) -> Iterator[Date]:
    """Yield the first date of publication, of approval or of posting; where all are online, too."""
    found = [element for tag in _DATES for element in names.get(tag, ())]
    if not found and "journal_issue" in names:
        found = list(within(names, "journal_issue", "publication_date"))
    for element in found:
        inside = by_name(element)
        parts = [_text(inside, tag, remarks) for tag in ("year", "month", "day")]
        if made := _edtf(*parts):
            yield Date(made)
            return


def _edtf(year: str, month: str, day: str) -> str:
    """Return a date in EDTF; months beyond 12 are seasons and the like, which say less than a year."""
    fits = _PART.fullmatch(month) and 1 <= int(month) <= 12
    whole = fits and _PART.fullmatch(day)
    return values.date("-".join([year, *([month.zfill(2)] if fits else []), *([day.zfill(2)] if whole else [])]))


def _abstracts(work: etree._Element, remarks: Remarks) -> Iterator[Text]:
    """Yield the abstracts (JATS), a blank line between their paragraphs."""
    for element in work.iterchildren("{*}abstract"):
        paragraphs = [content(one, remarks) for one in element.iter("{*}p")] or [content(element, remarks)]
        text = "\n\n".join(filter(None, paragraphs))
        stated = [found for one in (element, *element.iter("{*}p")) if (found := stated_language(one))]
        if text:
            yield Text(text, stated[0] if stated else "")


def _identifiers(names: Names, name: str, remarks: Remarks) -> Iterator[Identifier]:
    for element in within(names, "doi_data", "doi"):
        yield from _number("doi", content(element, remarks), remarks)
    if name == "journal":
        issues = [names.get("journal_issue", []), names.get("journal_metadata", [])]
        dois = [one for found in issues for one in within({"": found}, "", "doi_data", "doi")]
        for one in dois[:1]:
            yield from _number("doi", content(one, remarks), remarks)
        for one in within(names, "journal_metadata", "issn"):
            yield from _number("issn", content(one, remarks), remarks)
    for element in names.get("isbn", ()):
        yield from _number("isbn", content(element, remarks), remarks)
    for element in (*within(names, "publisher_item", "identifier"), *within(names, "publisher_item", "item_number")):
        if text := content(element, remarks):
            yield Identifier(_NUMBERS.get(element.get("id_type", ""), "local"), text)


def _number(scheme: str, text: str, remarks: Remarks) -> Iterator[Identifier]:
    made = values.typed_identifier(scheme, text, remarks, scheme)
    yield from (made,) if made else ()


def _licences(work: etree._Element, remarks: Remarks) -> Iterator[Text]:
    for element in work.iter("{http://www.crossref.org/AccessIndicators.xsd}license_ref"):
        yield Text(content(element, remarks))


def _places(names: Names, remarks: Remarks) -> Iterator[str]:
    for element in within(names, "publisher", "publisher_place"):
        if made := values.place(content(element, remarks)):
            yield made


def _series(names: Names, remarks: Remarks) -> Iterator[Series]:
    """Yield the series of a book or report, with its volume there."""
    volume = _text(names, "volume", remarks)
    for tag in ("series_metadata", "set_metadata"):
        for element in names.get(tag, ()):
            inside = by_name(element)
            title = next((content(one, remarks) for one in within(inside, "titles", "title")), "")
            issn = next(filter(None, (numbers.issn(content(one, remarks)) for one in inside.get("issn", ()))), "")
            if title:
                yield Series(title, volume, issn)


def _extent(names: Names, name: str, remarks: Remarks) -> str:
    found = names.get("pages", [])
    inside = by_name(found[0]) if found else {}
    return pages(_text(inside, "first_page", remarks), _text(inside, "last_page", remarks), name in _WHOLES)


def _notes(work: etree._Element, names: Names, remarks: Remarks) -> Iterator[Text]:
    """Yield the degree of a thesis, and what a work is related to (relations.xsd)."""
    yield from (Text(content(one, remarks)) for one in names.get("degree", ()))
    for tag in ("inter_work_relation", "intra_work_relation"):
        for element in work.iter(f"{{http://www.crossref.org/relations.xsd}}{tag}"):
            if text := content(element, remarks):
                yield Text(f"{element.get('relationship-type', '')}: {text}".removeprefix(": "))


def _text(names: Names, tag: str, remarks: Remarks) -> str:
    return next((text for one in names.get(tag, ()) if (text := content(one, remarks))), "")
