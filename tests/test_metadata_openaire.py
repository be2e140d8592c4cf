"""OpenAIRE: what the guidelines want of a record, of any item; and valid where their schema is at hand."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from kernel_items import ITEM, RELATED, items, real_items, some, ties
from lxml import etree
from schemas_here import SHARED, schema_of
from thoroughness import usually

from metadata.kernel import MandatoryMissing, Related
from metadata.model import Date, Doi, Item, Text
from metadata.openaire import openaire
from metadata.types import TYPES
from metadata.vocabulary import shipped

SITE = "https://library.example.org"
NS = {
    "datacite": "http://datacite.org/schema/kernel-4",
    "dc": "http://purl.org/dc/elements/1.1/",
    "oaire": "http://namespace.openaire.eu/schema/oaire/",
}
COAR = "http://purl.org/coar/"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# Terms of the guidelines' vocabularies that we may use: fewer than DataCite 4.6 has.
CONTRIBUTOR_TYPES = {
    *("DataCollector", "DataCurator", "Distributor", "Editor", "HostingInstitution", "Other", "Producer"),
    *("ProjectLeader", "ProjectMember", "RightsHolder", "Researcher", "Sponsor", "Supervisor"),
}
RELATION_TYPES = {
    *("IsDerivedFrom", "IsSourceOf", "IsPartOf", "HasPart", "IsNewVersionOf", "IsPreviousVersionOf"),
    *("Continues", "IsContinuedBy", "IsVariantFormOf", "IsOriginalFormOf"),
}
ACCESS_RIGHTS = {
    f"{COAR}access_right/c_abf2": "open access",
    f"{COAR}access_right/c_f1cf": "embargoed access",
    f"{COAR}access_right/c_16ec": "restricted access",
    f"{COAR}access_right/c_14cb": "metadata only access",
}


def record(item: Item, related: tuple[Related, ...] = RELATED) -> etree._Element:
    return etree.fromstring(openaire(item, SITE, shipped(), related, "2026-11-22T10:00:00Z"))


def said(item: Item, path: str) -> list[tuple[str, dict[str, str]]]:
    found = record(item).iterfind(path, NS)
    return [
        (one.text or "", {str(name).replace(LANG, "lang"): str(value) for name, value in one.items()}) for one in found
    ]


def words(item: Item, path: str) -> list[str]:
    return [text for text, _ in said(item, path)]


def check(root: etree._Element) -> None:
    """Check a record against the guidelines' own rules: what is mandatory, how often, and from which list."""
    for path in ("datacite:titles", "datacite:identifier", "datacite:rights", "oaire:resourceType", "datacite:dates"):
        assert len(root.findall(path, NS)) == 1, path
    issued = root.findall("datacite:dates/datacite:date[@dateType='Issued']", NS)
    assert len(issued) == 1
    assert len(issued[0].text or "") in (4, 7, 10)
    for once in ("licenseCondition", "version", "citationTitle", "citationVolume", "citationEdition"):
        assert len(root.findall(f"oaire:{once}", NS)) <= 1, once
    (access,) = root.findall("datacite:rights", NS)
    assert ACCESS_RIGHTS[access.get("rightsURI", "")] == access.text
    (kind,) = root.findall("oaire:resourceType", NS)
    assert kind.get("resourceTypeGeneral") in ("literature", "dataset", "software", "other research product")
    assert kind.get("uri", "").startswith(f"{COAR}resource_type/")
    assert all((one.text or "").strip() or len(one) for one in root.iter()), "no empty element"
    assert {one.get("contributorType") for one in root.iterfind(".//datacite:contributor", NS)} <= CONTRIBUTOR_TYPES
    assert {one.get("relationType") for one in root.iterfind(".//datacite:relatedIdentifier", NS)} <= RELATION_TYPES
    assert {one.get("dateType") for one in root.iterfind(".//datacite:date", NS)} <= {"Issued", "Accepted", "Available"}
    kinds = {one.get("objectType") for one in root.iterfind("oaire:file", NS)}
    assert kinds <= {"fulltext", "dataset", "software", "other"}
    assert all(one.get("accessRightsURI") == access.get("rightsURI") for one in root.iterfind("oaire:file", NS))


def test_the_mandatory_ones() -> None:
    check(record(ITEM))
    assert said(ITEM, "datacite:titles/datacite:title")[:2] == [
        ("Forêts & <mangroves> du Sénégal", {"lang": "fr"}),
        ("Forests of Senegal", {"titleType": "TranslatedTitle", "lang": "en"}),
    ]
    assert said(ITEM, "datacite:identifier") == [("https://doi.org/10.12345/0123456789", {"identifierType": "DOI"})]
    assert said(ITEM, "oaire:resourceType") == [
        ("report", {"resourceTypeGeneral": "literature", "uri": f"{COAR}resource_type/c_93fc"})
    ]
    assert said(ITEM, "datacite:rights") == [("embargoed access", {"rightsURI": f"{COAR}access_right/c_f1cf"})]


def test_an_embargo_has_its_start_and_its_end() -> None:
    assert said(ITEM, "datacite:dates/datacite:date") == [
        ("1987-05", {"dateType": "Issued"}),
        ("1987-05", {"dateType": "Accepted"}),
        ("1989-01-31", {"dateType": "Available"}),
    ]
    assert len(said(replace(ITEM, access="open"), "datacite:dates/datacite:date")) == 1


def test_a_doi_that_does_not_resolve_is_not_given_away() -> None:
    reserved = replace(ITEM, doi=Doi("10.12345/0123456789", "reserved"))
    assert said(reserved, "datacite:identifier") == [(f"{SITE}/item/0123456789", {"identifierType": "URL"})]


def test_the_page_is_an_alternate_where_the_doi_is_the_identifier() -> None:
    assert words(ITEM, "datacite:alternateIdentifiers/datacite:alternateIdentifier") == [
        f"{SITE}/item/0123456789",
        "2831700000",
        "ocm123",
    ]


def test_what_is_mandatory_where_it_applies() -> None:
    assert words(ITEM, "datacite:creators/datacite:creator/datacite:creatorName") == ["Dupont, Jeanne"]
    kinds = [kind["contributorType"] for _, kind in said(ITEM, "datacite:contributors/datacite:contributor")]
    assert kinds == ["Other", "Other"]
    assert words(ITEM, "dc:language") == ["fra", "eng"]
    assert words(ITEM, "dc:publisher") == ["UICN", "CIRAD"]
    assert said(ITEM, "dc:description") == [("A report.", {"lang": "en"})]
    assert words(ITEM, "datacite:subjects/datacite:subject")[:3] == ["Mangroves", "Manglares", "Mangroves"]
    assert said(ITEM, "oaire:file") == [
        (
            f"{SITE}/item/0123456789/file/access.pdf",
            {
                "accessRightsURI": f"{COAR}access_right/c_f1cf",
                "mimeType": "application/pdf",
                "objectType": "fulltext",
            },
        )
    ]


def test_without_an_access_copy_the_originals_are_linked() -> None:
    scanned = replace(ITEM, files=ITEM.files[:1], access="")
    assert words(scanned, "oaire:file") == [f"{SITE}/item/0123456789/file/originals/scan%20%C3%A9.tif"]
    assert words(scanned, "datacite:rights") == ["open access"]


def test_what_is_recommended() -> None:
    assert said(ITEM, "oaire:licenseCondition") == [
        ("CC BY-NC 4.0", {"uri": "https://creativecommons.org/licenses/by-nc/4.0/"})
    ]
    assert said(ITEM, "oaire:version") == [("NA", {"uri": f"{COAR}version/c_be7fb7dd8ff6fe43"})]
    assert words(ITEM, "oaire:citationTitle") == ["Environmental policy"]
    assert words(ITEM, "oaire:citationVolume") == ["12"]
    assert words(ITEM, "oaire:citationEdition") == ["2e éd."]
    assert words(ITEM, "dc:coverage") == ["1980/1985"]
    assert words(ITEM, "datacite:geoLocations/datacite:geoLocation/datacite:geoLocationPlace") == ["Sénégal"]


def test_relations_use_the_terms_of_the_profile() -> None:
    found = said(ITEM, "datacite:relatedIdentifiers/datacite:relatedIdentifier")
    assert [kind["relationType"] for _, kind in found] == [
        "IsDerivedFrom",
        "IsSourceOf",
        "IsNewVersionOf",
        "IsPartOf",
        "IsPartOf",
        "IsPartOf",
    ]


@pytest.mark.parametrize(("code", "label"), [("article", "journal article"), ("guideline", "report"), ("map", "map")])
def test_types_have_their_label_there(code: str, label: str) -> None:
    (text, attributes) = said(replace(ITEM, type=code), "oaire:resourceType")[0]
    assert (text, attributes["uri"]) == (label, TYPES[code].coar)


def test_any_other_date_stands_in() -> None:
    assert words(replace(ITEM, dates=(), embargo=""), "datacite:dates/datacite:date") == ["2026-11-22"] * 1
    decade = replace(ITEM, dates=(Date("198X"),), access="")
    assert words(decade, "datacite:dates/datacite:date") == ["1980"]


def test_what_nothing_can_stand_for_is_named() -> None:
    with pytest.raises(MandatoryMissing) as fault:
        openaire(Item(titles=(Text("\x00 "),)), SITE, shipped())
    assert fault.value.fields == ("title", "date")


@settings(max_examples=usually(45, thoroughly=150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(item=items, related=some(ties))
def test_any_item_with_a_title_keeps_the_rules(item: Item, related: tuple[Related, ...]) -> None:
    check(record(replace(item, titles=(*item.titles, Text("Forests"))), related))


@pytest.mark.shared
def test_real_records_keep_the_rules() -> None:
    count = 0
    for item in real_items():
        check(record(item))
        count += 1
    assert count > 800


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    folder = SHARED / "schemas" / "oai" / "openaire-4"
    return schema_of(folder / "openaire.xsd", folder)


@pytest.mark.shared
def test_the_full_item_and_every_type_are_valid(schema: etree.XMLSchema) -> None:
    for code in TYPES:
        schema.assertValid(record(replace(ITEM, type=code)))


@pytest.mark.shared
@settings(max_examples=usually(30, thoroughly=100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(item=items, related=some(ties))
def test_any_item_with_a_title_is_valid(schema: etree.XMLSchema, item: Item, related: tuple[Related, ...]) -> None:
    schema.assertValid(record(replace(item, titles=(*item.titles, Text("Forests"))), related))
