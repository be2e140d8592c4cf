"""DataCite XML: what the DOI registry is told of an item.

DataCite Metadata Schema 4.6 (https://schema.datacite.org/meta/kernel-4.6/); numbers in
comments are its properties. Six are mandatory. Where one is missing, appendix 3 ("Standard
values for unknown information") lets a code stand for it:

* creator: ``:unav`` (value unavailable, possibly unknown);
* title: ``:unas`` (value unassigned, as of what is untitled);
* publisher: the library, which "holds" the item (definition of property 4), else ``:unav``.

No code can stand for an identifier, nor for a year, which the schema wants as four digits:
then the guidance on property 5 allows the year of registration, and without that
:class:`~metadata.kernel.MandatoryMissing` is raised. The type is never missing.

The year is that of the publication, also of a digitised one: the record describes the
publication, and property 5 asks for the date "preferred from a citation perspective".
"""

from collections.abc import Iterable, Iterator

from metadata.kernel import (
    NAMESPACE,
    Kernel,
    MandatoryMissing,
    Related,
    Shares,
    doubt,
    link,
    name_identifiers,
    offered,
    plain,
    shares,
    tag,
    w3cdtf,
)
from metadata.model import Agent, Contribution, DateKind, Item, Series, Text
from metadata.rights import COAR_ACCESS, SPDX, access_right, licence
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from metadata.xmlbuild import element, leaf

UNAVAILABLE, UNASSIGNED = ":unav", ":unas"

_ATTRIBUTES = {
    "xmlns": NAMESPACE,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{NAMESPACE} https://schema.datacite.org/meta/kernel-4.6/metadata.xsd",
}
_DATES: dict[DateKind, str] = {"issued": "Issued", "created": "Created", "covered": "Coverage"}
_KERNEL = Kernel(
    {
        "isTranslationOf": ("IsTranslationOf", "HasTranslation"),
        "isPartOf": ("IsPartOf", "HasPart"),
        "isFormatOf": ("IsVariantFormOf", "IsOriginalFormOf"),
        "replaces": ("Obsoletes", "IsObsoletedBy"),
        "isVersionOf": ("IsVersionOf", "HasVersion"),
    }
)


def datacite(
    item: Item, publisher: str, vocabulary: Vocabulary, related: Iterable[Related] = (), registered: int | None = None
) -> str:
    """Return the item's DataCite record: one element ``resource``, its namespace declared, valid against 4.6.

    ``publisher`` is the library's name; ``vocabulary`` gives the concepts' labels (one it does not have
    appears as its URI). ``related`` are the item's ties, both ways (:func:`metadata.kernel.related_to`).
    ``registered`` is the year in which the DOI is registered, for an item without a year of its own.
    Raises MandatoryMissing, its ``fields`` among ``identifier`` and ``publicationYear``.
    """
    if fields := lacking(item, registered):
        raise MandatoryMissing(*fields)
    parts = (*_mandatory(item, publisher, _year(item, registered) or 0), *_optional(item, vocabulary, related))
    return element("resource", _ATTRIBUTES, parts)


def lacking(item: Item, registered: int | None = None) -> list[str]:
    """Return what a record must have and this item has not: among ``identifier`` and ``publicationYear``."""
    has = {
        "identifier": item.doi is not None and plain(item.doi.name) != "",
        "publicationYear": _year(item, registered) is not None,
    }
    return [name for name, present in has.items() if not present]


def _year(item: Item, registered: int | None) -> int | None:
    """Return the year of issue, else of creation, else the first of a decade (5); an embargo's end goes first."""
    if item.access in ("embargoed", "open") and (ends := w3cdtf(item.embargo)[:4]).isdigit():
        return int(ends)
    dates = sorted((when for when in item.dates if when.kind != "covered"), key=lambda when: when.kind != "issued")
    years = (w3cdtf(when.value).strip("/")[:4] for when in dates)
    return next((int(year) for year in years if year), registered)


def _mandatory(item: Item, publisher: str, year: int) -> Iterator[str]:
    people = shares(item)
    yield leaf("identifier", item.doi.name.strip() if item.doi else "", {"identifierType": "DOI"})
    unknown = element("creator", None, (leaf("creatorName", UNAVAILABLE),))
    yield _KERNEL.list_of("creators", _KERNEL.creators(people.creators)) or element("creators", None, (unknown,))
    untitled = element("titles", None, (leaf("title", UNASSIGNED),))
    yield _KERNEL.list_of("titles", _KERNEL.titles(item)) or untitled
    yield _publisher(people.publishers, publisher)
    yield leaf("publicationYear", f"{year:04}")
    kind = TYPES.get(item.type, TYPES["other"])
    yield leaf("resourceType", kind.en, {"resourceTypeGeneral": kind.datacite})


def _optional(item: Item, vocabulary: Vocabulary, related: Iterable[Related]) -> Iterator[str]:
    yield _KERNEL.list_of("subjects", _KERNEL.subjects(item, vocabulary))
    yield _KERNEL.list_of("contributors", _KERNEL.contributors(_contributors(shares(item))))
    yield _KERNEL.list_of("dates", _dates(item))
    yield leaf("language", next((found for one in item.languages if (found := tag(one))), ""))
    yield _KERNEL.list_of("alternateIdentifiers", _KERNEL.alternates(item))
    yield _KERNEL.list_of("relatedIdentifiers", _KERNEL.related(related, item))
    yield _KERNEL.list_of("sizes", _KERNEL.sizes(item))
    yield _KERNEL.list_of("formats", (leaf("format", file.media_type) for file in offered(item)))
    yield leaf("version", item.edition.strip())
    yield _KERNEL.list_of("rightsList", _rights(item))
    yield _KERNEL.list_of("descriptions", _descriptions(item))
    yield _KERNEL.list_of("geoLocations", _KERNEL.places(item))
    yield _KERNEL.list_of("relatedItems", (_series(one, item) for one in item.series))


def _publisher(publishers: tuple[Agent, ...], library: str) -> str:
    """Return the publisher (4) with its first identifier."""
    if not publishers:
        return leaf("publisher", library.strip()) or leaf("publisher", UNAVAILABLE)
    scheme, uri, value = next(name_identifiers(publishers[0]), (None, None, None))
    attributes = {"publisherIdentifier": value, "publisherIdentifierScheme": scheme, "schemeURI": uri}
    return leaf("publisher", publishers[0].name.strip(), attributes)


def _contributors(people: Shares) -> tuple[Contribution, ...]:
    """Return the contributors, with the publishers that have no place in property 4, which is not repeatable."""
    return (*people.contributors, *(Contribution(agent, "pbl") for agent in people.publishers[1:]))


def _dates(item: Item) -> Iterator[str]:
    for when in dict.fromkeys(item.dates):
        attributes = {"dateType": _DATES[when.kind], "dateInformation": doubt(when.value)}
        yield leaf("date", w3cdtf(when.value), attributes)
    yield leaf("date", w3cdtf(item.embargo), {"dateType": "Available"})


def _rights(item: Item) -> Iterator[str]:
    """Yield the access right, where one is stated, then the licences (16)."""
    if item.access:
        access = access_right(item)
        scheme = {"rightsIdentifier": access.code, "rightsIdentifierScheme": "COAR", "schemeURI": COAR_ACCESS}
        yield leaf("rights", access.label, {"rightsURI": access.uri, **scheme, "xml:lang": "en"})
    for text in item.rights:
        made = licence(text.value)
        attributes: dict[str, object] = {"rightsURI": link(made.uri)}
        if made.spdx:
            scheme = {"rightsIdentifier": made.spdx, "rightsIdentifierScheme": "SPDX", "schemeURI": SPDX}
            attributes = {**attributes, **scheme}
        yield from _KERNEL.texts("rights", (Text(made.name, text.language),), attributes)


def _descriptions(item: Item) -> Iterator[str]:
    yield from _KERNEL.texts("description", item.descriptions, {"descriptionType": "Abstract"})
    for series in item.series:
        named = ", ".join(part for part in (plain(series.title), plain(series.number)) if part)
        yield leaf("description", named, {"descriptionType": "SeriesInformation"})
    yield from _KERNEL.texts("description", item.notes, {"descriptionType": "Other"})


def _series(series: Series, item: Item) -> str:
    """Return the series or journal as a related item (20), which supersedes SeriesInformation and goes with it."""
    title = leaf("title", series.title.strip())
    kind = "Journal" if item.type == "article" else "Collection"
    parts = (
        leaf("relatedItemIdentifier", series.issn.strip(), {"relatedItemIdentifierType": "ISSN"}),
        element("titles", None, (title,)),
        leaf("volume", series.number.strip()),
    )
    return element("relatedItem", {"relatedItemType": kind, "relationType": "IsPublishedIn"}, parts) if title else ""
