"""schema.org in JSON-LD: an item for search engines (schema.org 28, types below CreativeWork)."""

import re
from collections.abc import Iterable, Iterator

from metadata import citing
from metadata.model import Agent, Concept, Contribution, File, Identifier, Item, Series, Text
from metadata.relators import CREATORS
from metadata.rights import access_right
from metadata.standard_numbers import doi_address
from metadata.vocabulary import Vocabulary

_TYPES = {
    "book": "Book", "report": "Report", "article": "ScholarlyArticle", "periodical": "Periodical",
    "proceedings": "Book", "guideline": "Report", "map": "Map", "thesis": "Thesis", "image": "ImageObject",
    "dataset": "Dataset", "video": "VideoObject", "sound": "AudioObject", "music": "MusicRecording",
    "score": "SheetMusic", "software": "SoftwareApplication", "mixed": "Collection",
}  # fmt: skip
_ROLES = {"edt": "editor", "trl": "translator", "pbl": "publisher", "ill": "illustrator", "fnd": "funder",
          "spn": "sponsor", "pro": "producer"}  # fmt: skip
_NAMES = {
    "orcid": "https://orcid.org/{}", "ror": "https://ror.org/{}", "viaf": "http://viaf.org/viaf/{}",
    "isni": "https://isni.org/isni/{}", "wikidata": "http://www.wikidata.org/entity/{}",
}  # fmt: skip
_WEB = re.compile("https?://", re.IGNORECASE)
_WRITTEN_SPACED = re.compile(r"[ -]")
_LICENCE = re.compile(
    r"https?://(?:www\.)?(?:creativecommons|opendatacommons|gnu|rightsstatements)\.org/[^\s\"<>)]+|https?://spdx\.org/\S+"
)


def schemaorg(item: Item, base_url: str, vocabulary: Vocabulary, translations: Iterable[str] = ()) -> dict[str, object]:
    """Return the item as a JSON-LD object; properties that have no value are left out.

    ``base_url`` is the library's web address, without the slash at its end; ``vocabulary`` gives the
    concepts' labels; ``translations`` are the ids of items that translate this one. Values are plain
    text: whoever writes the object into HTML escapes ``<`` (``\\u003c``).
    """
    about = [_concept(uri, vocabulary) for uri in dict.fromkeys(map(vocabulary.current, item.concepts))]
    values: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": kind_of(item),
        "@id": citing.landing(item, base_url),
        "url": citing.landing(item, base_url),
        "name": citing.clean(item.title.value),
        "alternateName": _values(item.titles[1:]),
        **_people(item.contributions),
        **_dates(item),
        **_said(item),
        "about": about,
        **_numbers(item),
        **_wholes(item, base_url),
        "workTranslation": [_item(target, base_url) for target in dict.fromkeys(translations)],
        **_reading(item, base_url),
    }
    return _without_nothing(values)


def kind_of(item: Item) -> str:
    """Return the item's type in schema.org, a name below CreativeWork."""
    return "Chapter" if citing.is_chapter(item) else _TYPES.get(item.type, "CreativeWork")


def agent_address(agent: Agent) -> str:
    """Return the URI of a person or an organisation by its first identifier that has one, ``""`` for none."""
    return next((address for one in agent.identifiers if (address := _address(one))), "")


def _without_nothing(values: dict[str, object]) -> dict[str, object]:
    """Leave out what has no value; a list of one is written as that one."""
    kept = {name: value for name, value in values.items() if value not in ("", None, [], {})}
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in kept.items()}


def _values(texts: Iterable[Text]) -> list[str]:
    return [value for value in dict.fromkeys(citing.clean(text.value) for text in texts) if value]


def _item(target: str, base_url: str) -> dict[str, object]:
    return {"@id": f"{base_url}/item/{target}"}


def _people(contributions: Iterable[Contribution]) -> dict[str, object]:
    found: dict[str, list[object]] = {}
    for one in contributions:
        role = "author" if one.role in CREATORS else _ROLES.get(one.role, "contributor")
        made = _agent(one.agent)
        if citing.clean(one.agent.name) and made not in found.setdefault(role, []):
            found[role].append(made)
    return dict(found)


def _agent(agent: Agent) -> dict[str, object]:
    """Return a person or an organisation: by its first identifier, its others beside."""
    addresses = [address for one in agent.identifiers if (address := _address(one))]
    rest = [one for one in agent.identifiers if not _address(one)]
    family, given = citing.family_and_given(agent) if agent.kind == "person" else ("", "")
    return _without_nothing(
        {
            "@type": "Person" if agent.kind == "person" else "Organization",
            "@id": addresses[0] if addresses else "",
            "name": citing.clean(agent.name),
            "familyName": family if given else "",
            "givenName": given,
            "sameAs": addresses[1:],
            "identifier": [_named(one) for one in rest],
        }
    )


def _address(identifier: Identifier) -> str:
    """Return the URI of an agent by its identifier, ``""`` where its scheme has none."""
    if identifier.scheme in ("url", "uri"):
        return identifier.value
    pattern = _NAMES.get(identifier.scheme, "")
    spaced = identifier.scheme == "isni"
    return pattern.format(_WRITTEN_SPACED.sub("", identifier.value) if spaced else identifier.value.strip())


def _named(identifier: Identifier) -> dict[str, object]:
    return {"@type": "PropertyValue", "propertyID": identifier.scheme, "value": citing.clean(identifier.value)}


def _dates(item: Item) -> dict[str, object]:
    return {
        "datePublished": citing.iso(item),
        "dateCreated": citing.iso(item, "created"),
        "temporalCoverage": [one.value for one in citing.covered(item)],
    }


def _said(item: Item) -> dict[str, object]:
    """Return what is said of the item in words."""
    first, last = citing.page_range(item)
    return {
        "inLanguage": list(item.languages),
        "description": _values(item.descriptions),
        "keywords": _values(item.keywords),
        "spatialCoverage": [*_places(item)],
        "bookEdition" if _TYPES.get(item.type) == "Book" else "version": citing.clean(item.edition),
        "materialExtent": "" if first else citing.clean(item.extent),
        "pageStart": first,
        "pageEnd": last,
        "numberOfPages": item.page_count if _TYPES.get(item.type) == "Book" and item.page_count else None,
        "locationCreated": [{"@type": "Place", "name": citing.clean(place)} for place in item.places],
    }


def _places(item: Item) -> Iterator[dict[str, object]]:
    """Yield the places covered: by their names, by their codes of ISO 3166, as boxes (latitude before longitude)."""
    for name in _values(item.coverage):
        yield {"@type": "Place", "name": name}
    for code in item.countries:
        yield {"@type": "AdministrativeArea" if "-" in code else "Country", "identifier": code}
    for box in item.boxes:
        shape = f"{box.south:g} {box.west:g} {box.north:g} {box.east:g}"
        yield {"@type": "Place", "geo": {"@type": "GeoShape", "box": shape}}


def _concept(uri: str, vocabulary: Vocabulary) -> dict[str, object]:
    concept = vocabulary.concepts.get(uri) or Concept(uri)
    names: list[object] = [{"@value": one.value, "@language": one.language} for one in concept.labels if one.language]
    return _without_nothing(
        {
            "@type": "DefinedTerm",
            "@id": uri,
            "name": names or [label.value for label in concept.labels],
            "termCode": concept.notation,
            "inDefinedTermSet": concept.scheme,
        }
    )


def _numbers(item: Item) -> dict[str, object]:
    doi = citing.doi(item)
    rest = [one for one in item.identifiers if one.scheme not in ("isbn", "issn", "url", "doi")]
    known = [Identifier("doi", doi)] if doi else []
    return {
        "isbn": citing.numbers(item, "isbn"),
        "issn": citing.numbers(item, "issn"),
        "identifier": [_named(one) for one in (*known, *rest)],
        "sameAs": [doi_address(doi)] * bool(doi) + [url for url in citing.numbers(item, "url") if _WEB.match(url)],
    }


def _wholes(item: Item, base_url: str) -> dict[str, object]:
    """Return what the item is part of, and what it translates."""
    parts: list[object] = [_item(one.target, base_url) for one in item.relations if one.kind == "isPartOf"]
    parts += [
        _series(one, item.type == "article" and at == 0, citing.is_chapter(item)) for at, one in enumerate(item.series)
    ]
    origins = [_item(one.target, base_url) for one in item.relations if one.kind == "isTranslationOf"]
    return {"isPartOf": parts, "translationOfWork": origins}


def _series(series: Series, is_host: bool, is_book: bool) -> dict[str, object]:
    """Return a series with the item's place in it, the journal with its volume and issue, or the book."""
    name, number = citing.clean(series.title), citing.clean(series.number)
    named: dict[str, object] = {"name": name, "issn": series.issn}
    if not is_host:
        return _without_nothing({"@type": "CreativeWorkSeries", **named, "position": number})
    whole = _without_nothing({"@type": "Book" if is_book else "Periodical", **named})
    volume, issue = citing.volume_and_issue(number)
    if volume and not is_book:
        whole = {"@type": "PublicationVolume", "volumeNumber": volume, "isPartOf": whole}
    return {"@type": "PublicationIssue", "issueNumber": issue, "isPartOf": whole} if issue and not is_book else whole


def _reading(item: Item, base_url: str) -> dict[str, object]:
    """Return how the item can be read: licence, access (as COAR names it), files."""
    licences = [found[0].rstrip(".,;") for text in item.rights if (found := _LICENCE.search(text.value))]
    files = [_file(item, file, base_url) for file in citing.offered(item)]
    plain = [text for text in item.rights if not _LICENCE.fullmatch(text.value.strip())]
    return {
        "license": list(dict.fromkeys(licences)),
        "copyrightNotice": _values(plain),
        **(_access(item) if item.access or item.files else {}),
        # The one word is for datasets alone, the other for all works; that is where harvesters look.
        "distribution" if kind_of(item) == "Dataset" else "encoding": files,
    }


def _access(item: Item) -> dict[str, object]:
    """Return who can read the item: by COAR's URI for machines, in words beside it."""
    right = access_right(item)
    told = f"{right.label} until {item.embargo}" if item.embargo else right.label
    return {"isAccessibleForFree": right.label == "open access", "conditionsOfAccess": [right.uri, told]}


def _file(item: Item, file: File, base_url: str) -> dict[str, object]:
    """Return a file that can be fetched; schema.org has a property for SHA-256 alone, SHA-512 goes by its name."""
    sha512 = [_named(Identifier("sha512", file.sha512))] if file.sha512 else []
    return _without_nothing(
        {
            "@type": "MediaObject",
            "contentUrl": citing.file_address(item, file, base_url),
            "contentSize": f"{file.size} B",
            "encodingFormat": file.media_type,
            "sha256": dict(file.fixity).get("sha256", ""),
            "identifier": sha512,
        }
    )
