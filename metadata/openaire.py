"""OpenAIRE's record of an item, for harvesters: metadata prefix ``oai_openaire``.

OpenAIRE Guidelines for Institutional and Thematic Repository Managers 4.0
(https://openaire-guidelines-for-literature-repository-managers.readthedocs.io/): an application
profile of DataCite 4.1, Dublin Core and elements of its own. M, MA, R, O in comments are its
levels: mandatory, mandatory if applicable, recommended, optional.

The lists of terms are those of its schema, older than DataCite's: it knows no translations
(``IsDerivedFrom`` stands for them), no translators (``Other``) and no dates of coverage.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from metadata.dublin_core import iso_date
from metadata.kernel import (
    CONTRIBUTORS,
    NAMESPACE,
    RESOLVING,
    Kernel,
    MandatoryMissing,
    Related,
    link,
    offered,
    plain,
    shares,
    tag,
    w3cdtf,
)
from metadata.languages import to_iso639_3
from metadata.model import Identifier, Item
from metadata.rights import access_right, licence
from metadata.standard_numbers import doi_address
from metadata.types import TYPES
from metadata.vocabulary import Vocabulary
from metadata.xmlbuild import element, leaf

OAIRE = "http://namespace.openaire.eu/schema/oaire/"
SCHEMA = "https://www.openaire.eu/schema/repo-lit/4.0/openaire.xsd"

_ATTRIBUTES = {
    "xmlns:oaire": OAIRE,
    "xmlns:datacite": NAMESPACE,
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{OAIRE} {SCHEMA}",
}
_KERNEL = Kernel(
    {
        "isTranslationOf": ("IsDerivedFrom", "IsSourceOf"),
        "isPartOf": ("IsPartOf", "HasPart"),
        "isFormatOf": ("IsVariantFormOf", "IsOriginalFormOf"),
        "replaces": ("IsNewVersionOf", "IsPreviousVersionOf"),
        "isVersionOf": ("IsVariantFormOf", "IsOriginalFormOf"),
    },
    "datacite:",
    {role: kind for role, kind in CONTRIBUTORS.items() if kind != "Translator"},
)
# Labels of COAR Resource Types, as the guidelines list them, by publication type.
_LABELS = {"article": "journal article", "periodical": "journal", "proceedings": "conference proceedings"}
_LABELS |= {"guideline": "report", "music": "musical composition", "score": "musical notation"}
_LABELS |= {"object": "other", "mixed": "other"}
_OTHERS = ("map", "image", "video", "sound", "music", "score", "object", "mixed", "other")
_GENERAL = {"dataset": "dataset", "software": "software", **dict.fromkeys(_OTHERS, "other research product")}
_OBJECTS = {"dataset": "dataset", "software": "software", **dict.fromkeys(_OTHERS[:-1], "other")}
_NO_VERSION = "http://purl.org/coar/version/c_be7fb7dd8ff6fe43"


def openaire(
    item: Item, base_url: str, vocabulary: Vocabulary, related: Iterable[Related] = (), added: str = ""
) -> str:
    """Return the item's oai_openaire record: one element, its namespaces declared.

    ``base_url`` is the library's web address, without the slash at its end; ``vocabulary`` gives the
    concepts' labels. ``related`` are the item's ties, both ways (:func:`metadata.kernel.related_to`).
    ``added`` is when the item came into the library (ISO 8601), its date where it has no other: the
    guidelines ask for "any other date available". Raises MandatoryMissing, its ``fields`` among ``title`` and ``date``.
    """
    if fields := lacking(item, added):
        raise MandatoryMissing(*fields)
    titles, issued = _KERNEL.list_of("titles", _KERNEL.titles(item)), _issued(item, added)
    parts = (titles, *_described(item, base_url, vocabulary, related, issued), *_own(item, base_url))
    return element("oaire:resource", _ATTRIBUTES, parts)


def lacking(item: Item, added: str = "") -> list[str]:
    """Return what a record must have and this item has not: among ``title`` and ``date``."""
    has = {"title": any(plain(title.value) for title in item.titles), "date": _issued(item, added) != ""}
    return [name for name, present in has.items() if not present]


def _described(
    item: Item, base_url: str, vocabulary: Vocabulary, related: Iterable[Related], issued: str
) -> Iterator[str]:
    """Yield what DataCite and Dublin Core have elements for."""
    people = shares(item)
    yield _KERNEL.list_of("creators", _KERNEL.creators(people.creators))  # MA
    yield _KERNEL.list_of("contributors", _KERNEL.contributors(people.contributors))  # MA
    yield _KERNEL.list_of("alternateIdentifiers", _alternates(item, base_url))  # R
    yield _KERNEL.list_of("relatedIdentifiers", _KERNEL.related(related, item))  # MA
    yield _KERNEL.list_of("dates", _dates(item, issued))  # M
    yield from _each("dc:language", map(to_iso639_3, filter(tag, item.languages)))  # MA
    yield from _each("dc:publisher", (agent.name for agent in people.publishers))  # MA
    for text in item.descriptions:  # MA
        yield leaf("dc:description", text.value.strip(), {"xml:lang": tag(text.language)})
    yield from _each("dc:format", (file.media_type for file in offered(item)))  # R
    yield _identifier(item, base_url)  # M
    access = access_right(item)
    yield leaf("datacite:rights", access.label, {"rightsURI": access.uri})  # M
    yield _KERNEL.list_of("subjects", _KERNEL.subjects(item, vocabulary))  # MA
    yield from _each("dc:coverage", (when.value for when in item.dates if when.kind == "covered"))  # R
    yield _KERNEL.list_of("sizes", _KERNEL.sizes(item))  # O
    yield _KERNEL.list_of("geoLocations", _KERNEL.places(item))  # O


def _own(item: Item, base_url: str) -> Iterator[str]:
    """Yield the elements of OpenAIRE's own namespace."""
    kind = TYPES.get(item.type, TYPES["other"])
    general = _GENERAL.get(kind.code, "literature")
    label = _LABELS.get(kind.code, kind.code)
    yield leaf("oaire:resourceType", label, {"resourceTypeGeneral": general, "uri": kind.coar})  # M
    yield next(_licences(item), "")  # R, once
    if general == "literature":  # R; of works in print nothing is known of the stage they were taken at
        yield leaf("oaire:version", "NA", {"uri": _NO_VERSION})
    yield from _files(item, base_url)  # MA
    for series in item.series[:1]:  # R, once
        yield leaf("oaire:citationTitle", series.title.strip())
        yield leaf("oaire:citationVolume", series.number.strip())
    yield leaf("oaire:citationEdition", item.edition.strip())  # R


def _each(name: str, values: Iterable[str]) -> Iterator[str]:
    return (leaf(name, value.strip()) for value in dict.fromkeys(values))


def _identifier(item: Item, base_url: str) -> str:
    """Return the identifier as a link: the DOI where it resolves, else the item's page."""
    if item.doi and item.doi.state in RESOLVING and plain(item.doi.name):
        return leaf("datacite:identifier", doi_address(item.doi.name.strip()), {"identifierType": "DOI"})
    return leaf("datacite:identifier", f"{base_url}/item/{item.id}", {"identifierType": "URL"})


def _alternates(item: Item, base_url: str) -> Iterator[str]:
    if 'identifierType="DOI"' in _identifier(item, base_url):
        page = Identifier("url", f"{base_url}/item/{item.id}")
        yield _KERNEL.leaf("alternateIdentifier", page.value, {"alternateIdentifierType": "URL"})
    yield from _KERNEL.alternates(item)


def _issued(item: Item, added: str) -> str:
    """Return the one date of publication: a year that stands for a doubtful one, else any other date."""
    ordered = sorted((when for when in item.dates if when.kind != "covered"), key=lambda when: when.kind != "issued")
    for when in ordered:
        if found := iso_date(when.value) or w3cdtf(when.value).partition("/")[0]:
            return found
    return iso_date(added[:10])


def _dates(item: Item, issued: str) -> Iterator[str]:
    """Yield the date of publication; of an embargo its start, which is that date, and its end."""
    yield _KERNEL.leaf("date", issued, {"dateType": "Issued"})
    ends = iso_date(item.embargo)
    if ends and item.access == "embargoed":
        if issued <= ends:
            yield _KERNEL.leaf("date", issued, {"dateType": "Accepted"})
        yield _KERNEL.leaf("date", ends, {"dateType": "Available"})


def _licences(item: Item) -> Iterator[str]:
    """Yield the licences, those with a URI first."""
    made = [licence(text.value) for text in item.rights]
    for one in sorted(made, key=lambda one: not one.uri):
        if written := leaf("oaire:licenseCondition", one.name.strip(), {"uri": link(one.uri)}):
            yield written


def _files(item: Item, base_url: str) -> Iterator[str]:
    """Yield the files that people read, each with its address and, as the guidelines ask, who may read it."""
    for file in offered(item):
        attributes = {
            "accessRightsURI": access_right(item).uri,
            "mimeType": file.media_type or None,
            "objectType": _OBJECTS.get(item.type, "fulltext"),
        }
        path = quote(file.path, safe="/", errors="replace")
        yield leaf("oaire:file", f"{base_url}/item/{item.id}/file/{path}", attributes)
