"""JSON of the agencies' REST interfaces read: what api.datacite.org and api.crossref.org answer.

DataCite REST API (https://support.datacite.org/docs/api), one DOI or a list; Crossref REST API
(https://api.crossref.org/swagger-ui/), a work or a list. Both say what their XML does under names of their own, so a
record is written as that XML and read from it: the same work gives the same item in either form.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

import msgspec

from metadata.crossref_reader import read_crossref
from metadata.datacite_reader import read_datacite
from metadata.description import Description, Rejected
from metadata.kernel import NAMESPACE as KERNEL
from metadata.problems import problem
from metadata.record_values import without_markup
from metadata.xmlbuild import element, leaf

LARGEST = 64 << 20
_CROSSREF = "http://www.crossref.org/schema/5.3.1"
_BOOKS = frozenset(("book", "monograph", "edited-book", "reference-book", "proceedings"))
_PARTS = {
    # type there: the element of the whole, of its metadata, of the part
    "journal-article": ("journal", "journal_metadata", "journal_article"),
    "book-chapter": ("book", "book_metadata", "content_item"),
    "proceedings-article": ("conference", "proceedings_metadata", "conference_paper"),
}
_ROLES = ("author", "editor", "translator", "chair")

Told = Mapping[str, object]


class _Page(msgspec.Struct):
    """A page of DataCite's: ``data`` is a record or several."""

    data: list[msgspec.Raw] | msgspec.Raw


class _Message(msgspec.Struct):
    message: msgspec.Raw


class _Items(msgspec.Struct):
    items: list[msgspec.Raw]


class _Record(msgspec.Struct):
    attributes: dict[str, object]


def is_datacite_json(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like an answer of DataCite's REST API."""
    return head.lstrip()[:1] == b"{" and b'"attributes"' in head and b'"dois"' in head and b'"doi"' in head


def is_crossref_json(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like an answer of Crossref's REST API."""
    return head.lstrip()[:1] == b"{" and b'"message-type"' in head and b'"work' in head


def read_datacite_json(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every DOI of an answer of DataCite's as a description, or with the reason why not."""
    try:
        data = msgspec.json.decode(_whole(stream), type=_Page).data
        records = data if isinstance(data, list) else [data]
        made = [(bytes(one), _resource(msgspec.json.decode(one, type=_Record).attributes).encode()) for one in records]
    except (ValueError, RecursionError) as fault:
        yield _damaged(1, where, fault)
        return
    for number, (raw, text) in enumerate(made, 1):
        yield from _as_told(read_datacite(io.BytesIO(text), where), number, raw, where)


def read_crossref_json(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every work of an answer of Crossref's as a description, or with the reason why not."""
    try:
        message = msgspec.json.decode(_whole(stream), type=_Message).message
        works = msgspec.json.decode(message, type=_Items).items if b'"items"' in bytes(message) else [message]
        made = [(bytes(one), _work(msgspec.json.decode(one, type=dict[str, object])).encode()) for one in works]
    except (ValueError, RecursionError) as fault:
        yield _damaged(1, where, fault)
        return
    for number, (raw, text) in enumerate(made, 1):
        yield from _as_told(read_crossref(io.BytesIO(text), where), number, raw, where)


def _whole(stream: BinaryIO) -> bytes:
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it has more than {LARGEST >> 20} MiB")
    return data


def _damaged(number: int, where: str, fault: Exception) -> Rejected:
    return Rejected(number, (problem("record-damaged", f"{where}#{number}", reason=str(fault)[:200]),))


def _as_told(
    found: Iterable[Description | Rejected], number: int, raw: bytes, where: str
) -> Iterator[Description | Rejected]:
    """Yield what a record became, under its own number, and with what it came as."""
    for one in found:
        problems = tuple(
            replace(each, where=each.where.replace(f"{where}#1", f"{where}#{number}", 1)) for each in one.problems
        )
        told = replace(one, number=number, raw=raw, problems=problems)
        yield (
            replace(told, item=replace(told.item, source=f"{where}#{number}"))
            if isinstance(told, Description)
            else told
        )


def _resource(told: Told) -> str:
    """Return the kernel's record of what DataCite says of a DOI."""
    types = _table(told.get("types"))
    publisher = told.get("publisher")
    general = {"resourceTypeGeneral": _text(types.get("resourceTypeGeneral")) or "Other"}
    parts = (
        leaf("identifier", _text(told.get("doi")), {"identifierType": "DOI"}),
        element("creators", None, (_agent("creator", one) for one in _tables(told.get("creators")))),
        _texts("titles", "title", told.get("titles"), {"titleType": "titleType"}),
        leaf("publisher", _text(_table(publisher).get("name")) or _text(publisher)),
        leaf("publicationYear", _text(told.get("publicationYear"))),
        leaf("resourceType", _text(types.get("resourceType")) or general["resourceTypeGeneral"], general),
        _texts("subjects", "subject", told.get("subjects"), {}),
        element("contributors", None, (_agent("contributor", one) for one in _tables(told.get("contributors")))),
        _texts("dates", "date", told.get("dates"), {"dateType": "dateType", "dateInformation": "dateInformation"}),
        leaf("language", _text(told.get("language"))),
        element("alternateIdentifiers", None, (_alternate(one) for one in _tables(told.get("identifiers")))),
        _texts(
            "relatedIdentifiers", "relatedIdentifier", told.get("relatedIdentifiers"),
            {"relatedIdentifierType": "relatedIdentifierType", "relationType": "relationType"},
        ),
        element("sizes", None, (leaf("size", _text(one)) for one in _list(told.get("sizes")))),
        element("formats", None, (leaf("format", _text(one)) for one in _list(told.get("formats")))),
        leaf("version", _text(told.get("version"))),
        _texts("rightsList", "rights", told.get("rightsList"), {"rightsUri": "rightsURI"}),
        _texts("descriptions", "description", told.get("descriptions"), {"descriptionType": "descriptionType"}),
        element("fundingReferences", None, (_funding(one) for one in _tables(told.get("fundingReferences")))),
    )  # fmt: skip
    return element("resource", {"xmlns": KERNEL}, parts)


def _texts(wrapper: str, name: str, told: object, attributes: Mapping[str, str]) -> str:
    made = (
        leaf(
            name,
            _text(one.get(name)),
            {
                **{to: _text(one.get(at)) or None for at, to in attributes.items()},
                "xml:lang": _text(one.get("lang")) or None,
            },
        )
        for one in _tables(told)
    )
    return element(wrapper, None, made)


def _agent(name: str, told: Told) -> str:
    kind = _text(told.get("contributorType")) or None
    numbers = (
        leaf(
            "nameIdentifier",
            _text(one.get("nameIdentifier")),
            {"nameIdentifierScheme": _text(one.get("nameIdentifierScheme"))},
        )
        for one in _tables(told.get("nameIdentifiers"))
    )
    parts = (
        leaf(f"{name}Name", _text(told.get("name")), {"nameType": _text(told.get("nameType")) or None}),
        leaf("givenName", _text(told.get("givenName"))),
        leaf("familyName", _text(told.get("familyName"))),
        *numbers,
    )
    return element(name, {"contributorType": kind}, parts)


def _alternate(told: Told) -> str:
    kind = {"alternateIdentifierType": _text(told.get("identifierType"))}
    return leaf("alternateIdentifier", _text(told.get("identifier")), kind)


def _funding(told: Told) -> str:
    parts = (
        leaf(name, _text(told.get(name))) for name in ("funderName", "funderIdentifier", "awardNumber", "awardTitle")
    )
    return element("fundingReference", None, parts)


def _work(told: Told) -> str:
    """Return the deposit of what Crossref says of a work."""
    kind = _text(told.get("type"))
    if kind in _PARTS:
        whole, metadata, part = _PARTS[kind]
        title = "full_title" if whole == "journal" else "proceedings_title"
        name = _text(next(iter(_list(told.get("container-title"))), ""))
        within = leaf(title, name) if whole != "book" else element("titles", None, (leaf("title", name),))
        about = element(metadata, None, (within, *(leaf("issn", _text(one)) for one in _list(told.get("ISSN")))))
        volume = element("journal_volume", None, (leaf("volume", _text(told.get("volume"))),))
        issue = element("journal_issue", None, (volume, leaf("issue", _text(told.get("issue")))))
        body = element(whole, None, (about, issue if whole == "journal" else "", _described(part, told)))
    elif kind in _BOOKS:
        body = element("book", None, (_described("book_metadata", told),))
    elif kind == "dissertation":
        body = _described("dissertation", told)
    else:
        body = element("report-paper", None, (_described("report-paper_metadata", told),))
    return element("doi_batch", {"xmlns": _CROSSREF}, (element("body", None, (body,)),))


def _described(name: str, told: Told) -> str:
    title, subtitle, original = (
        _plain(next(iter(_list(told.get(at))), "")) for at in ("title", "subtitle", "original-title")
    )
    people = (_contributor(one, role) for role in _ROLES for one in _tables(told.get(role)))
    first, _, last = _text(told.get("page")).partition("-")
    parts = (
        element("contributors", None, people),
        element(
            "titles",
            None,
            (leaf("title", title), leaf("subtitle", subtitle), leaf("original_language_title", original)),
        ),
        element("abstract", None, (leaf("p", _plain(told.get("abstract"))),)),
        _issued("approval_date" if name == "dissertation" else "publication_date", told.get("issued")),
        *(leaf("isbn", _text(one).rpartition("/")[2]) for one in _list(told.get("ISBN"))),
        element("publisher", None, (leaf("publisher_name", _text(told.get("publisher"))),)),
        element("pages", None, (leaf("first_page", first), leaf("last_page", last))) if first else "",
        *(_licence(one) for one in _tables(told.get("license"))),
        element("doi_data", None, (leaf("doi", _text(told.get("DOI"))), leaf("resource", _text(told.get("URL"))))),
    )
    return element(name, {"language": _text(told.get("language")) or None}, parts)


def _contributor(told: Told, role: str) -> str:
    attributes = {"sequence": "first", "contributor_role": role}
    if not _text(told.get("family")):
        return leaf("organization", _text(told.get("name")), attributes)
    names = {"given_name": "given", "surname": "family", "suffix": "suffix", "ORCID": "ORCID"}
    return element("person_name", attributes, (leaf(to, _text(told.get(at))) for to, at in names.items()))


def _issued(name: str, told: object) -> str:
    parts = next((one for one in _list(_table(told).get("date-parts")) if isinstance(one, list)), [])
    year, month, day = [*map(_text, parts), "", "", ""][:3]
    return element(name, None, (leaf("month", month), leaf("day", day), leaf("year", year))) if year else ""


def _licence(told: Told) -> str:
    return leaf("ai:license_ref", _text(told.get("URL")), {"xmlns:ai": "http://www.crossref.org/AccessIndicators.xsd"})


def _plain(told: object) -> str:
    return without_markup(_text(told))


def _text(told: object) -> str:
    return str(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else ""


def _list(told: object) -> list[object]:
    return told if isinstance(told, list) else []


def _table(told: object) -> Told:
    return told if isinstance(told, dict) else {}


def _tables(told: object) -> list[Told]:
    return [one for one in _list(told) if isinstance(one, dict)]
