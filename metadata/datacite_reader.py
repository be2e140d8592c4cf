"""DataCite XML read: records of the kernel in its versions 2 to 4.

Specification: DataCite Metadata Schema 4.6 and 3.1 (https://schema.datacite.org/), namespaces
``http://datacite.org/schema/kernel-N``; numbers in comments are its properties. Codes for what is
unknown (appendix 3) stand for nothing here. What is not read stays in the record, which is kept.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from metadata import record_values as values
from metadata import standard_numbers as numbers
from metadata.datacite_parts import agent_of, box, funded, is_code, local_date, point, series_of, within
from metadata.description import Description, Rejected, Remarks
from metadata.kernel import CONTRIBUTORS
from metadata.model import Access, Box, Contribution, Date, DateKind, Identifier, Item, Series, Text, TitleKind
from metadata.xmlrecords import (
    Form,
    by_name,
    content,
    damaged,
    local,
    named,
    opening_names,
    read_records,
    space,
    stated_language,
    untitled,
)

NAMESPACE = "http://datacite.org/schema/kernel"
"""How the namespaces of all versions begin."""

_ROLES = {kind: role for role, kind in reversed(CONTRIBUTORS.items())} | {"Funder": "fnd", "Translator": "trl"}
_KINDS: dict[str, TitleKind] = {"TranslatedTitle": "translated"}
_DATES: dict[str, DateKind] = {"Issued": "issued", "Created": "created", "Coverage": "covered", "Collected": "created"}
_SCHEMES = {"ean13": "ean", "eissn": "issn", "lissn": "issn"}
_SCHEME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_MEDIA_TYPE = re.compile(r"(?:application|text|image|audio|video|model|font)/[\w.+-]+", re.IGNORECASE)
_SIZE = re.compile(r"[\d.,]+ ?(?:bytes|[kmg]i?b)\b", re.IGNORECASE)
_COUNTRY = re.compile("[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

Names = dict[str, list[etree._Element]]


def read_datacite(stream: BinaryIO, where: str) -> Iterator[Description | Rejected]:
    """Yield every DataCite record of ``stream``, in order, as a description or with the reason why not.

    ``where`` is the file's name for reports; see :func:`metadata.xmlrecords.read_records`.
    """
    return read_records(stream, where, DATACITE)


def is_datacite(head: bytes) -> bool:
    """Say whether ``head``, the beginning of a file, looks like DataCite XML."""
    return "resource" in opening_names(head) and named(head, NAMESPACE)


def _is_record(element: etree._Element) -> bool:
    return local(element) == "resource"


def _describe(element: etree._Element, number: int, raw: bytes, remarks: Remarks) -> Description | Rejected:
    """Return the item that a ``resource`` describes, or why it describes none."""
    if not space(element).startswith(NAMESPACE):
        return damaged(number, f"its namespace is {space(element) or 'none'}, not {NAMESPACE}-4", raw, remarks)
    names = by_name(element)
    tags = values.unique(_languages(names, remarks))
    titles = values.unique(_titles(names, tags, remarks))
    if not titles:
        return untitled(number, "titles/title", raw, remarks)
    return Description(number, _item(names, titles, tags, remarks), raw, "", (), tuple(remarks.problems))


def _item(names: Names, titles: tuple[Text, ...], tags: tuple[str, ...], remarks: Remarks) -> Item:
    rights, access, embargo = _access(names, remarks)
    series = values.unique(_series(names, remarks))
    places = [content(one, remarks) for one in within(names, "geoLocations", "geoLocation", "geoLocationPlace")]
    return Item(
        titles=titles,
        contributions=values.unique(_contributions(names, remarks)),
        dates=values.unique(_dates(names, remarks)),
        languages=tags,
        type=_type(names, remarks),
        keywords=_texts(names, remarks, "subjects", "subject"),
        descriptions=values.unique(_descriptions(names, remarks, abstract=True)),
        identifiers=values.unique(_identifiers(names, series, remarks)),
        coverage=values.unique(Text(place) for place in places if place and not _COUNTRY.fullmatch(place)),
        countries=values.unique(place for place in places if _COUNTRY.fullmatch(place)),
        boxes=values.unique(_boxes(names, remarks)),
        rights=rights,
        access=access,
        embargo=embargo,
        edition=" ; ".join(_plain(names, remarks, "version")),
        extent=" ; ".join(one for one in _plain(names, remarks, "sizes", "size") if not _SIZE.fullmatch(one)),
        series=series,
        notes=values.unique(_notes(names, remarks)),
        source=remarks.where,
    )


def _plain(names: Names, remarks: Remarks, *path: str) -> tuple[str, ...]:
    """Return the texts at a path, without those that say that there is none."""
    texts = (content(one, remarks) for one in within(names, *path))
    return values.unique(text for text in texts if text and not is_code(text))


def _texts(names: Names, remarks: Remarks, *path: str) -> tuple[Text, ...]:
    texts = (Text(content(one, remarks), stated_language(one) or "") for one in within(names, *path))
    return values.unique(text for text in texts if text.value and not is_code(text.value))


def _languages(names: Names, remarks: Remarks) -> Iterator[str]:
    for code in _plain(names, remarks, "language"):
        if tag := values.language(code, "language", remarks):
            yield tag


def _titles(names: Names, tags: tuple[str, ...], remarks: Remarks) -> Iterator[Text]:
    """Yield the titles (3), those without a type first, which is the main title's way."""
    listed = sorted(within(names, "titles", "title"), key=lambda one: bool(one.get("titleType")))
    main = True
    for element in listed:
        title = values.without_markup(content(element, remarks))
        if not title or is_code(title):
            continue
        stated = stated_language(element)
        own = tags[0] if main and tags else ""
        kind: TitleKind = "" if main else _KINDS.get(element.get("titleType", ""), "other")
        yield Text(title, own if stated is None else stated, kind)
        main = False


def _contributions(names: Names, remarks: Remarks) -> Iterator[Contribution]:
    for element in within(names, "creators", "creator"):
        if found := agent_of(element, "creatorName", "aut", remarks):
            yield Contribution(found, "aut")
    for element in within(names, "publisher"):
        name = content(element, remarks)
        told = values.authority(element.get("publisherIdentifier", ""), element.get("publisherIdentifierScheme", ""))
        if not is_code(name) and (found := values.agent(name, "pbl", (told,) if told else ())):
            yield Contribution(found, "pbl")
    for element in within(names, "contributors", "contributor"):
        role = _ROLES.get(element.get("contributorType", ""), "ctb")
        if element.get("contributorType") != "ContactPerson" and (
            found := agent_of(element, "contributorName", role, remarks)
        ):
            yield Contribution(found, role)
    yield from (Contribution(found, "fnd") for found, _ in funded(names, remarks) if found)


def _dates(names: Names, remarks: Remarks) -> Iterator[Date]:
    """Yield the dates (8); the year of publication (5) where none of them is that of issue."""
    found = [
        Date(made, kind)
        for element in within(names, "dates", "date")
        if (kind := _DATES.get(element.get("dateType", ""))) and (made := local_date(element, remarks))
    ]
    if not any(date.kind == "issued" for date in found):
        years = (values.date(year) for year in _plain(names, remarks, "publicationYear"))
        yield from (Date(year) for year in years if year)
    yield from found


def _type(names: Names, remarks: Remarks) -> str:
    """Return the type (10): by its own word, else by the general one."""
    found = list(within(names, "resourceType"))
    own = [content(one, remarks) for one in found]
    general = [_INNER_CAPITAL.sub(" ", one.get("resourceTypeGeneral", "")) for one in found]
    return values.publication_type([*own, *general]) or "other"


def _descriptions(names: Names, remarks: Remarks, abstract: bool) -> Iterator[Text]:
    """Yield the abstracts, or the other descriptions (17); series are read where they have their elements."""
    for element in within(names, "descriptions", "description"):
        kind = element.get("descriptionType", "Abstract")
        text = Text(values.without_markup(content(element, remarks)), stated_language(element) or "")
        if kind != "SeriesInformation" and (kind == "Abstract") == abstract and text.value and not is_code(text.value):
            yield text


def _identifiers(names: Names, series: tuple[Series, ...], remarks: Remarks) -> Iterator[Identifier]:
    """Yield the identifier (1), the alternate ones (11), and the ISSN of what it is part of (12), told but once."""
    for element in within(names, "identifier"):
        yield from _identifier(element, element.get("identifierType", "DOI"), remarks)
    for element in within(names, "alternateIdentifiers", "alternateIdentifier"):
        yield from _identifier(element, element.get("alternateIdentifierType", ""), remarks)
    for element in within(names, "relatedIdentifiers", "relatedIdentifier"):
        if _is_container(element) and (found := numbers.issn(content(element, remarks))):
            yield from () if found in {one.issn for one in series} else (Identifier("issn", found),)


def _identifier(element: etree._Element, kind: str, remarks: Remarks) -> Iterator[Identifier]:
    text, word = content(element, remarks), kind.strip().lower().replace(" ", "-")
    scheme = _SCHEMES.get(word, word)
    if not text or is_code(text):
        return
    if _SCHEME.fullmatch(scheme) and scheme not in ("url", "handle", "uri"):
        found = values.typed_identifier(scheme, text, remarks, local(element))
    else:
        found = values.identifier(text, remarks, local(element))
    yield from (found,) if found else ()


def _is_container(element: etree._Element) -> bool:
    kind, tie = element.get("relatedIdentifierType", ""), element.get("relationType", "")
    return kind in ("ISSN", "EISSN", "LISSN") and tie in ("IsPartOf", "IsPublishedIn")


def _boxes(names: Names, remarks: Remarks) -> Iterator[Box]:
    for place in within(names, "geoLocations", "geoLocation"):
        inside = by_name(place)
        made = [box(one, remarks) for one in inside.get("geoLocationBox", ())]
        made += [point(one, remarks) for one in inside.get("geoLocationPoint", ())]
        yield from (one for one in made if one)


def _access(names: Names, remarks: Remarks) -> tuple[tuple[Text, ...], Access, str]:
    """Return the rights (16), what they say of access, and the end of an embargo, which is a date (8)."""
    rights: list[Text] = []
    access: Access = ""
    for element in within(names, "rightsList", "rights"):
        text, link = content(element, remarks), element.get("rightsURI", "")
        meant = values.access(text) or values.access(link)
        access = access or meant
        whole = " ".join(filter(None, (text, "" if link in text else link)))
        if whole and not meant and not values.embargo(text):
            rights.append(Text(whole, stated_language(element) or ""))
    free = [one for one in within(names, "dates", "date") if one.get("dateType") == "Available"]
    ends = next(filter(None, (local_date(one, remarks) for one in free)), "")
    return values.unique(rights), access, ends if access == "embargoed" else ""


def _series(names: Names, remarks: Remarks) -> Iterator[Series]:
    """Yield what it is published in (20); where nothing says so, what is told of a series in words (17)."""
    found = [series_of(one, remarks) for one in within(names, "relatedItems", "relatedItem")]
    told = [one for one in found if one]
    for element in () if told else within(names, "descriptions", "description"):
        text = content(element, remarks)
        if element.get("descriptionType") == "SeriesInformation" and text and not is_code(text):
            told.append(Series(text))
    yield from told


def _notes(names: Names, remarks: Remarks) -> Iterator[Text]:
    """Yield what else is said: other descriptions, what it is related to, who paid for it, other formats."""
    yield from _descriptions(names, remarks, abstract=False)
    for element in within(names, "relatedIdentifiers", "relatedIdentifier"):
        text = content(element, remarks)
        if text and not is_code(text) and not _is_container(element):
            yield Text(f"{element.get('relationType', '')}: {text}".removeprefix(": "))
    for element in within(names, "relatedItems", "relatedItem"):
        titles = _plain(by_name(element), remarks, "titles", "title")
        if titles and series_of(element, remarks) is None:
            yield Text(f"{element.get('relationType', '')}: {titles[0]}".removeprefix(": "))
    yield from (Text(award) for _, award in funded(names, remarks) if award)
    formats = _plain(names, remarks, "formats", "format")
    yield from (Text(one) for one in formats if not _MEDIA_TYPE.fullmatch(one))


DATACITE = Form("DataCite record", ("resource",), _is_record, _describe)
