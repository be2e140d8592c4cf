"""schema.org: an item as linked data, its concepts by their URIs, its files where they are free."""

import json
from dataclasses import replace

import pytest

from metadata.model import (
    Access,
    Agent,
    Box,
    Contribution,
    Date,
    Doi,
    File,
    Identifier,
    Item,
    Relation,
    Series,
    Text,
)
from metadata.schemaorg import schemaorg
from metadata.types import TYPES
from metadata.vocabulary import shipped

SITE = "https://library.example.org"
CONCEPT = "https://w3id.org/canoe/conservation/c0302"
ITEM = Item(
    "0123456789",
    titles=(Text("Forests of Senegal", "en"), Text("Forêts", "fr")),
    contributions=(
        Contribution(
            Agent("Dupont, Jeanne", "person", (Identifier("orcid", "0000-0001-5109-3700"), Identifier("x", "7"))), "aut"
        ),
        Contribution(Agent("IUCN", "organisation", (Identifier("ror", "04tehfn33"),)), "pbl"),
        Contribution(Agent("Sy, Ba", "person"), "ctb"),
    ),
    dates=(Date("1987-05"), Date("1980/1985", "covered")),
    languages=("en",),
    type="article",
    concepts=(CONCEPT, "https://example.org/unknown"),
    identifiers=(Identifier("issn", "0036-8075"),),
    doi=Doi("10.5555/0123456789", "findable"),
    relations=(Relation("isTranslationOf", "origin0000"), Relation("isPartOf", "whole00000")),
    rights=(Text("https://creativecommons.org/licenses/by/4.0/"), Text("© IUCN 1987")),
    access="open",
    extent="p. 45–67",
    series=(Series("Journal of Forests", "12(3)"), Series("Papers", "7")),
    files=(File("a b.pdf", "original", "application/pdf", 12, "ab" * 64, fixity=(("sha256", "cd" * 32),)),),
)


def test_an_article() -> None:
    made = schemaorg(ITEM, SITE, shipped(), ["trans00000"])
    assert json.loads(json.dumps(made)) == made
    about = made.pop("about")
    assert isinstance(about, list)
    assert about[0]["@id"] == CONCEPT
    assert {name["@language"] for name in about[0]["name"]} >= {"en", "fr", "es"}
    assert about[1] == {"@type": "DefinedTerm", "@id": "https://example.org/unknown"}
    assert made == {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "@id": f"{SITE}/item/0123456789",
        "url": f"{SITE}/item/0123456789",
        "name": "Forests of Senegal",
        "alternateName": "Forêts",
        "author": {
            "@type": "Person",
            "@id": "https://orcid.org/0000-0001-5109-3700",
            "name": "Dupont, Jeanne",
            "familyName": "Dupont",
            "givenName": "Jeanne",
            "identifier": {"@type": "PropertyValue", "propertyID": "x", "value": "7"},
        },
        "publisher": {"@type": "Organization", "@id": "https://ror.org/04tehfn33", "name": "IUCN"},
        "contributor": {"@type": "Person", "name": "Sy, Ba", "familyName": "Sy", "givenName": "Ba"},
        "datePublished": "1987-05",
        "temporalCoverage": "1980/1985",
        "inLanguage": "en",
        "pageStart": "45",
        "pageEnd": "67",
        "issn": "0036-8075",
        "identifier": {"@type": "PropertyValue", "propertyID": "doi", "value": "10.5555/0123456789"},
        "sameAs": "https://doi.org/10.5555/0123456789",
        "isPartOf": [
            {"@id": f"{SITE}/item/whole00000"},
            {
                "@type": "PublicationIssue",
                "issueNumber": "3",
                "isPartOf": {
                    "@type": "PublicationVolume",
                    "volumeNumber": "12",
                    "isPartOf": {"@type": "Periodical", "name": "Journal of Forests"},
                },
            },
            {"@type": "CreativeWorkSeries", "name": "Papers", "position": "7"},
        ],
        "translationOfWork": {"@id": f"{SITE}/item/origin0000"},
        "workTranslation": {"@id": f"{SITE}/item/trans00000"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "copyrightNotice": "© IUCN 1987",
        "isAccessibleForFree": True,
        "conditionsOfAccess": ["http://purl.org/coar/access_right/c_abf2", "open access"],
        "encoding": {
            "@type": "MediaObject",
            "contentUrl": f"{SITE}/item/0123456789/file/a%20b.pdf",
            "contentSize": "12 B",
            "encodingFormat": "application/pdf",
            "sha256": "cd" * 32,
            "identifier": {"@type": "PropertyValue", "propertyID": "sha512", "value": "ab" * 64},
        },
    }


@pytest.mark.parametrize(
    ("access", "free"),
    [("open", True), ("embargoed", False), ("restricted", False), ("metadata-only", False), ("", True)],
)
def test_access(access: Access, free: bool) -> None:
    made = schemaorg(replace(ITEM, access=access, embargo=""), SITE, shipped())
    assert made["isAccessibleForFree"] is free
    assert ("encoding" in made) == free


def test_an_embargo_says_until_when() -> None:
    made = schemaorg(replace(ITEM, access="embargoed", embargo="2030-01-01"), SITE, shipped())
    words = ["http://purl.org/coar/access_right/c_f1cf", "embargoed access until 2030-01-01"]
    assert made["conditionsOfAccess"] == words


def test_files_of_a_dataset_are_its_distribution_and_only_web_addresses_are_the_same() -> None:
    evil = (Identifier("url", "javascript:alert(1)"), Identifier("url", "https://example.org/x"))
    made = schemaorg(replace(ITEM, type="dataset", identifiers=evil, doi=None), SITE, shipped())
    assert "distribution" in made
    assert "encoding" not in made
    assert made["sameAs"] == "https://example.org/x"


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_has_one_there(kind: str) -> None:
    made = schemaorg(Item("a", type=kind, titles=(Text("T"),)), SITE, shipped())
    assert (made["@type"] == "CreativeWork") == (kind in ("object", "other"))
    assert set(made) == {"@context", "@type", "@id", "url", "name"}


def test_a_book_says_its_pages_and_edition() -> None:
    made = schemaorg(Item("a", type="book", edition="2nd", page_count=9, extent="ix, 9 p."), SITE, shipped())
    assert (made["bookEdition"], made["numberOfPages"], made["materialExtent"]) == ("2nd", 9, "ix, 9 p.")


def test_places_are_told_by_names_codes_and_boxes() -> None:
    item = replace(ITEM, coverage=(Text("Chad"),), countries=("SN", "US-CA"), boxes=(Box(-17.5, 12.25, -11, 16.75),))
    assert schemaorg(item, "https://x.org", shipped())["spatialCoverage"] == [
        {"@type": "Place", "name": "Chad"},
        {"@type": "Country", "identifier": "SN"},
        {"@type": "AdministrativeArea", "identifier": "US-CA"},
        {"@type": "Place", "geo": {"@type": "GeoShape", "box": "12.25 -17.5 16.75 -11"}},
    ]
