"""EPrints XML: what an EPrints repository gives out of its eprints (``ep2/data/2.0``).

Specification: the fields of EPrints 3 (namespaces, eprint_fields), http://eprints.org/ep2/data/2.0.
Files are named and not fetched. Addresses of persons, reviewers and suggestions, which are the
repository's own affair, are left out of the item; the record itself is kept whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from lxml import etree

from metadata import record_values as values
from metadata import relators
from metadata import standard_numbers as numbers
from metadata.description import Description, Rejected, Remarks
from metadata.model import Access, Agent, Contribution, Date, DateKind, Identifier, Item, Series, Text
from metadata.xmlrecords import (
    Form,
    by_name,
    content,
    damaged,
    local,
    named,
    opening_names,
    read_records,
    set_aside,
    space,
    stated_language,
    untitled,
)

NAMESPACE = "http://eprints.org/ep2/data/2.0"
_ROOTS = {"eprints", "eprint"}
_TYPES = {
    "article": "article", "book": "book", "book_section": "article", "monograph": "report", "thesis": "thesis",
    "conference_item": "proceedings", "dataset": "dataset", "image": "image", "video": "video",
    "audio": "sound", "composition": "score", "artefact": "object",
}  # fmt: skip
_MONOGRAPHS = {"manual": "guideline"}
_PEOPLE = {
    "creators": "aut", "corp_creators": "aut", "editors": "edt", "contributors": "ctb", "producers": "pro",
    "conductors": "cnd", "lyricists": "lyr", "supervisors": "ths", "thesis_advisor": "ths", "advisors": "ths",
    "funders": "fnd",
}  # fmt: skip
_BODIES = {"corp_creators", "funders"}
_ACCESS: dict[str, Access] = {"public": "open", "restricted": "restricted", "none": "metadata-only"}
_CREATED = {"completed", "submitted"}
_LICENCE = re.compile(r"(cc)_(by(?:_(?:nc|nd|sa))*|public_domain|0)(?:_(\d))?")
_NUMBERS = {"doi": "doi", "isbn": "isbn", "official_url": "url"}

Names = dict[str, list[etree._Element]]


@dataclass(frozen=True, slots=True)
class _Source:
    """An eprint being read: its fields by name."""

    names: Names
    remarks: Remarks

    def text(self, name: str) -> str:
        """Return what a field of one value says, without HTML."""
        return values.without_markup(content(next(iter(self.names.get(name, ())), None), self.remarks))

    def items(self, name: str) -> Iterator[etree._Element]:
        """Yield the values of a field of several; one that is not split into items is one value."""
        for field in self.names.get(name, ()):
            yield from by_name(field).get("item", [field])

    def texts(self, name: str) -> Iterator[Text]:
        """Yield the texts of a field, each with its language where it has one."""
        for item in self.items(name):
            inside = by_name(item)
            told = inside.get("text") or inside.get("name") or [item]
            text = values.without_markup(content(told[0], self.remarks))
            stated = stated_language(item) or ""
            for one in inside.get("lang", ())[:1]:
                stated = values.language(content(one, self.remarks), name, self.remarks)
            if text:
                yield Text(text, stated)


def read_eprints(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every eprint of ``stream``, in order, as a description or with the reason why not.

    What is not in the repository's archive (its inbox, its review buffer, what was deleted) is set
    aside. ``where`` is the file's name for reports; see :func:`metadata.xmlrecords.read_records`.
    """
    return read_records(stream, where, _FORM)


def is_eprints(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like EPrints XML."""
    names = list(opening_names(head))
    return bool(_ROOTS.intersection(names)) and (named(head, NAMESPACE) or names[0] == "eprints")


def _is_record(element: etree._Element) -> bool:
    return local(element) == "eprint"


def _describe(element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    if space(element) not in ("", NAMESPACE):
        return damaged(number, f"its namespace is {space(element)}, not {NAMESPACE}", raw, remarks)
    source = _Source(by_name(element), remarks)
    status = source.text("eprint_status")
    if status not in ("", "archive"):
        return set_aside(number, f"in EPrints it is in “{status}”, not in the archive", raw, remarks)
    titles = values.unique(_titles(source))
    if not titles:
        return untitled(number, "title", raw, remarks)
    return Description(number, _item(source, titles, element.get("id", "")), raw, "", (), tuple(remarks.problems))


def _titles(source: _Source) -> Iterator[Text]:
    tags = _languages(source)
    own = tags[0] if len(tags) == 1 else ""
    for at, title in enumerate(source.texts("title")):
        yield title if title.language or at else Text(title.value, own)
    yield from (Text(title.value, title.language, "other") for title in source.texts("alt_title"))


def _item(source: _Source, titles: tuple[Text, ...], address: str) -> Item:
    pages = source.text("pages")
    embargo = next((date for one in _documents(source) if (date := values.date(_of(one, "date_embargo", source)))), "")
    return Item(
        titles=titles,
        contributions=values.unique(_contributions(source)),
        dates=tuple(_dates(source)),
        languages=_languages(source),
        type=_type(source),
        keywords=values.unique(_keywords(source)),
        descriptions=values.unique(source.texts("abstract")),
        identifiers=values.unique(_identifiers(source, address)),
        rights=values.unique(_rights(source)),
        access="embargoed" if embargo else _ACCESS.get(source.text("full_text_status"), ""),
        embargo=embargo,
        places=tuple(filter(None, [values.place(source.text("place_of_pub"))])),
        edition=source.text("edition"),
        extent=f"{pages} p." if pages.isdigit() else pages,
        series=values.unique(_series(source)),
        notes=values.unique(_notes(source)),
        source=source.remarks.where,
    )


def _languages(source: _Source) -> tuple[str, ...]:
    """Return the language of the eprint, else those of its documents."""
    told = [content(one, source.remarks) for one in source.items("language")]
    told = told or [_of(one, "language", source) for one in _documents(source)]
    return values.unique(tag for text in told if (tag := values.language(text, "language", source.remarks)))


def _contributions(source: _Source) -> Iterator[Contribution]:
    for field, role in _PEOPLE.items():
        for item in source.items(field):
            if found := _agent(item, field, source.remarks):
                yield Contribution(found, _role(item, source.remarks) or role)
    if publisher := values.agent(source.text("publisher"), "pbl"):
        yield Contribution(publisher, "pbl")
    if source.text("type") == "thesis" and (grantor := values.agent(source.text("institution"), "pbl")):
        yield Contribution(grantor, "dgg")


def _agent(item: etree._Element, field: str, remarks: Remarks) -> Agent | None:
    inside = by_name(item)
    name = inside.get("name", inside.get("agency", [item]))[0]
    parts = {local(one): content(one, remarks) for one in name.iterchildren(etree.Element)}
    told = [("orcid", one) for one in inside.get("orcid", ())] + [("", one) for one in inside.get("id", ())]
    found = [values.authority(content(one, remarks), scheme) for scheme, one in told]
    for (scheme, one), made in zip(told, found, strict=True):
        if scheme and not made and (text := content(one, remarks)):
            remarks.wrong_number(f"{field}/orcid", text, "orcid")
    known = values.unique(one for one in found if one)
    if parts.get("family") or parts.get("given"):
        family = " ".join(filter(None, (parts.get("family"), parts.get("lineage"))))
        return Agent(", ".join(filter(None, (family, parts.get("given"), parts.get("honourific")))), "person", known)
    if len(item) and name is item:
        return None
    whole = values.without_markup(content(name, remarks))
    return values.agent(whole, "pbl" if field in _BODIES else "", known)


def _role(item: etree._Element, remarks: Remarks) -> str:
    """Return the role a contributor's type gives: ``http://www.loc.gov/loc.terms/relators/EDT``."""
    told = content(next(iter(by_name(item).get("type", ())), None), remarks)
    return relators.from_code(told.rpartition("/")[2].lower()) or relators.from_term(told)


def _dates(source: _Source) -> Iterator[Date]:
    written = source.text("date") or source.text("date_issue")
    if not written:
        return
    kind: DateKind = "created" if source.text("date_type") in _CREATED else "issued"
    if made := values.date(written):
        yield Date(made, kind)
    else:
        source.remarks.unknown("date", written)


def _type(source: _Source) -> str:
    told = source.text("type")
    if told == "monograph":
        return _MONOGRAPHS.get(source.text("monograph_type"), "report")
    if told and told not in _TYPES and not values.publication_type([told]):
        source.remarks.unknown("type", told)
    return _TYPES.get(told) or values.publication_type([told]) or "other"


def _keywords(source: _Source) -> Iterator[Text]:
    for text in source.texts("keywords"):
        yield from (Text(part, text.language) for part in values.parts(text.value))
    yield from source.texts("subjects")


def _identifiers(source: _Source, address: str) -> Iterator[Identifier]:
    if number := source.text("eprintid"):
        host = urlsplit(address).hostname or "" if values.is_address(address) else ""
        yield Identifier("control-number", f"({host}){number}" if host else number)
    for field, scheme in _NUMBERS.items():
        if text := source.text(field):
            found = values.typed_identifier(scheme, text, source.remarks, field)
            yield from (found,) if found else ()
    if text := source.text("id_number"):
        found = values.identifier(text, source.remarks, "id_number")
        yield from (found,) if found else ()
    if (issn := source.text("issn")) and not _host(source):
        found = values.typed_identifier("issn", issn, source.remarks, "issn")
        yield from (found,) if found else ()


def _host(source: _Source) -> str:
    return source.text("publication") or source.text("book_title")


def _series(source: _Source) -> Iterator[Series]:
    """Yield the journal or book that the eprint appeared in, and its place there; then its series."""
    volume, issue, pages = source.text("volume"), source.text("number"), source.text("pagerange")
    place = " ".join(filter(None, (volume, f"({issue})" if issue and volume else issue)))
    if host := _host(source):
        yield Series(host, ", ".join(filter(None, (place, pages))), numbers.issn(source.text("issn")))
    if series := source.text("series"):
        yield Series(series, "" if host else place)


def _rights(source: _Source) -> Iterator[Text]:
    yield from source.texts("rights")
    for document in _documents(source):
        if found := _LICENCE.fullmatch(_of(document, "license", source)):
            version = f" {found[3]}.0" if found[3] else ""
            yield Text(f"CC {found[2].upper().replace('_', '-')}{version}")


def _documents(source: _Source) -> Iterator[etree._Element]:
    """Yield the documents, without those that EPrints made of others (previews, index codes)."""
    for field in source.names.get("documents", ()):
        for document in by_name(field).get("document", ()):
            kinds = (one.text or "" for one in document.iter("{*}type"))
            if not any(kind.endswith("isVolatileVersionOf") for kind in kinds):
                yield document


def _of(element: etree._Element, name: str, source: _Source) -> str:
    return content(next(iter(by_name(element).get(name, ())), None), source.remarks)


def _notes(source: _Source) -> Iterator[Text]:
    """Yield the note, the event, the addresses of related things, and the names of the files."""
    yield from source.texts("note")
    event = (source.text(name) for name in ("event_title", "event_location", "event_dates"))
    if held := ", ".join(filter(None, event)):
        yield Text(held)
    for item in source.items("related_url"):
        inside = by_name(item)
        told = [content(one, source.remarks) for name in ("description", "url") for one in inside.get(name, ())]
        if text := ": ".join(filter(None, told)):
            yield Text(text)
    for document in _documents(source):
        yield from map(Text, _files(document, source))


def _files(document: etree._Element, source: _Source) -> Iterator[str]:
    for files in by_name(document).get("files", ()):
        for file in by_name(files).get("file", ()):
            if name := _of(file, "filename", source):
                told = (_of(file, "mime_type", source), _of(document, "content", source), _of(file, "url", source))
                yield f"{name} ({', '.join(filter(None, told))})" if any(told) else name


_FORM = Form("eprint", ("eprint",), _is_record, _describe)
