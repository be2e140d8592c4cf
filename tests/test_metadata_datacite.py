"""DataCite: valid against 4.6 whatever the item, complete, and plain about what is missing."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from kernel_items import ITEM, RELATED, items, real_items, some, ties
from lxml import etree
from schemas_here import SHARED
from thoroughness import usually

from metadata.datacite import datacite
from metadata.kernel import MandatoryMissing, Related, doubt, link, related_to, w3cdtf
from metadata.model import Agent, Box, Contribution, Date, Doi, Identifier, Item, Text
from metadata.rights import access_right, licence
from metadata.vocabulary import shipped

KERNEL = SHARED / "schemas" / "datacite" / "kernel-4.6"
NS = {"d": "http://datacite.org/schema/kernel-4"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LIBRARY = "The library"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    if not KERNEL.is_dir():
        pytest.skip("../shared/data is absent")
    return etree.XMLSchema(etree.parse(KERNEL / "metadata.xsd", etree.XMLParser(no_network=True)))


def record(item: Item, registered: int | None = None) -> etree._Element:
    return etree.fromstring(datacite(item, LIBRARY, shipped(), RELATED, registered))


def said(item: Item, path: str) -> list[tuple[str, dict[str, str]]]:
    """Return text and attributes of the elements at ``path`` (local names)."""
    steps = "/".join(f"d:{step}" for step in path.split("/"))
    found = record(item, 2026).iterfind(steps, NS)
    return [
        (one.text or "", {str(name).replace(LANG, "lang"): str(value) for name, value in one.items()}) for one in found
    ]


def words(item: Item, path: str) -> list[str]:
    return [text for text, _ in said(item, path)]


def test_titles_have_types_and_languages() -> None:
    assert said(ITEM, "titles/title") == [
        ("Forêts & <mangroves> du Sénégal", {"lang": "fr"}),
        ("Forests of Senegal", {"titleType": "TranslatedTitle", "lang": "en"}),
        ("Forêts sénégalaises", {"titleType": "AlternativeTitle"}),
    ]


def test_the_kind_of_a_title_counts_more_than_its_language() -> None:
    titles = (Text("A", "fr"), Text("B", "fr", "translated"), Text("C", "en", "other"), Text("D", "en"))
    assert said(replace(ITEM, titles=titles), "titles/title") == [
        ("A", {"lang": "fr"}),
        ("B", {"titleType": "TranslatedTitle", "lang": "fr"}),
        ("C", {"titleType": "AlternativeTitle", "lang": "en"}),
        ("D", {"titleType": "TranslatedTitle", "lang": "en"}),
    ]


@pytest.mark.shared
def test_countries_and_boxes_are_places(schema: etree.XMLSchema) -> None:
    item = replace(ITEM, countries=("SN",), boxes=(Box(-17.5, 12.25, -11.0, 16.75), Box(170.0, -10.0, -1e-07, 0.0)))
    assert words(item, "geoLocations/geoLocation/geoLocationPlace") == ["Sénégal", "SN"]
    box = "geoLocations/geoLocation/geoLocationBox"
    assert words(item, f"{box}/westBoundLongitude") == ["-17.5", "170"]
    assert words(item, f"{box}/eastBoundLongitude") == ["-11", "-0.0000001"]
    assert words(item, f"{box}/southBoundLatitude") == ["12.25", "-10"]
    assert words(item, f"{box}/northBoundLatitude") == ["16.75", "0"]
    schema.assertValid(record(item))


def test_people_have_types_parts_and_identifiers() -> None:
    assert said(ITEM, "creators/creator/creatorName") == [("Dupont, Jeanne", {"nameType": "Personal"})]
    assert words(ITEM, "creators/creator/familyName") == ["Dupont"]
    assert said(ITEM, "creators/creator/nameIdentifier") == [
        (
            "https://orcid.org/0000-0002-1825-0097",
            {"nameIdentifierScheme": "ORCID", "schemeURI": "https://orcid.org"},
        )
    ]
    assert [attributes["contributorType"] for _, attributes in said(ITEM, "contributors/contributor")] == [
        "Translator",
        "Other",
        "Other",
    ]
    assert words(ITEM, "contributors/contributor/contributorName") == ["Smith, Ann", "Diop, Awa", "CIRAD"]
    assert words(ITEM, "contributors/contributor/nameIdentifier") == ["https://isni.org/isni/0000000121032683"]


def test_the_publisher_has_its_identifier() -> None:
    assert said(ITEM, "publisher") == [
        (
            "UICN",
            {
                "publisherIdentifier": "https://ror.org/04zmssz18",
                "publisherIdentifierScheme": "ROR",
                "schemeURI": "https://ror.org",
            },
        )
    ]


def test_the_type_is_general_and_particular() -> None:
    assert said(ITEM, "resourceType") == [("Report", {"resourceTypeGeneral": "Report"})]
    assert said(replace(ITEM, type="map"), "resourceType") == [("Map", {"resourceTypeGeneral": "Image"})]


def test_subjects_are_concepts_in_each_language_then_keywords() -> None:
    found = said(ITEM, "subjects/subject")
    assert [(text, attributes.get("lang", "")) for text, attributes in found] == [
        ("Mangroves", "en"),
        ("Manglares", "es"),
        ("Mangroves", "fr"),
        ("https://example.org/unknown", ""),
        ("palétuvier", "fr"),
        ("untagged", ""),
    ]
    assert found[0][1] == {
        "subjectScheme": "Subjects of a conservation library",
        "schemeURI": "https://w3id.org/canoe/conservation/",
        "valueURI": "https://w3id.org/canoe/conservation/c0302",
        "lang": "en",
    }


def test_dates_are_w3cdtf_or_ranges_and_doubts_stay() -> None:
    assert said(ITEM, "dates/date") == [
        ("1987-05", {"dateType": "Issued"}),
        ("1980/1989", {"dateType": "Created", "dateInformation": "EDTF: 198X"}),
        ("1980/1985", {"dateType": "Coverage"}),
        ("1989-01-31", {"dateType": "Available"}),
    ]


def test_identifiers_sizes_formats_and_the_rest() -> None:
    assert said(ITEM, "identifier") == [("10.12345/0123456789", {"identifierType": "DOI"})]
    assert said(ITEM, "alternateIdentifiers/alternateIdentifier") == [
        ("2831700000", {"alternateIdentifierType": "ISBN"}),
        ("ocm123", {"alternateIdentifierType": "control-number"}),
    ]
    assert words(ITEM, "sizes/size") == ["xii, 213 p.", "225 pages", "1200 bytes"]
    assert words(ITEM, "formats/format") == ["application/pdf"]
    assert words(ITEM, "language") == ["fr"]
    assert words(ITEM, "version") == ["2e éd."]
    assert words(ITEM, "geoLocations/geoLocation/geoLocationPlace") == ["Sénégal"]


def test_relations_go_both_ways() -> None:
    found = [
        (text, attributes["relatedIdentifierType"], attributes["relationType"])
        for text, attributes in said(ITEM, "relatedIdentifiers/relatedIdentifier")
    ]
    assert found == [
        ("10.12345/abc", "DOI", "IsTranslationOf"),
        ("10.12345/def", "DOI", "HasTranslation"),
        ("https://library.example.org/item/9876543210", "URL", "Obsoletes"),
        ("https://library.example.org/item/1111111111", "URL", "IsPartOf"),
        ("1013-8633", "ISSN", "IsPartOf"),
        ("0317-8471", "ISSN", "IsPartOf"),
    ]


def test_a_periodical_continues_another_and_its_issn_is_its_own() -> None:
    serial = replace(ITEM, type="periodical", series=())
    assert said(serial, "relatedIdentifiers/relatedIdentifier")[2][1]["relationType"] == "Continues"
    assert "0317-8471" in words(serial, "alternateIdentifiers/alternateIdentifier")
    assert "0317-8471" not in words(serial, "relatedIdentifiers/relatedIdentifier")


@pytest.mark.parametrize("state", ["findable", "reserved"])
def test_another_item_is_named_by_its_doi_only_where_that_resolves(state: str) -> None:
    other = Item(id="9876543210", type="book", doi=Doi("10.1/b", "findable" if state == "findable" else "reserved"))
    resolved = Identifier("doi", "10.1/b")
    page = Identifier("url", "https://a.org/item/9876543210")
    expected = Related("isPartOf", resolved if state == "findable" else page, "book", inverse=True)
    assert related_to("isPartOf", other, "https://a.org", inverse=True) == expected


def test_a_series_is_a_related_item_and_a_description() -> None:
    assert said(ITEM, "relatedItems/relatedItem") == [
        ("", {"relatedItemType": "Collection", "relationType": "IsPublishedIn"})
    ]
    assert words(ITEM, "relatedItems/relatedItem/titles/title") == ["Environmental policy"]
    assert words(ITEM, "relatedItems/relatedItem/volume") == ["12"]
    assert words(ITEM, "relatedItems/relatedItem/relatedItemIdentifier") == ["1013-8633"]
    assert said(ITEM, "descriptions/description") == [
        ("A report.", {"descriptionType": "Abstract", "lang": "en"}),
        ("Environmental policy, 12", {"descriptionType": "SeriesInformation"}),
        ("With an index.", {"descriptionType": "Other", "lang": "en"}),
    ]


def test_rights_are_the_access_right_and_the_licences() -> None:
    access, own, creative = said(ITEM, "rightsList/rights")
    assert (access[0], access[1]["rightsURI"]) == ("embargoed access", "http://purl.org/coar/access_right/c_f1cf")
    assert own == ("© UICN", {})
    assert creative == (
        "CC BY-NC 4.0",
        {
            "rightsURI": "https://creativecommons.org/licenses/by-nc/4.0/",
            "rightsIdentifier": "CC-BY-NC-4.0",
            "rightsIdentifierScheme": "SPDX",
            "schemeURI": "https://spdx.org/licenses/",
        },
    )
    assert len(said(replace(ITEM, access="", rights=()), "rightsList/rights")) == 0


@pytest.mark.parametrize(
    ("statement", "uri", "spdx"),
    [
        ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("cc-by-nc-sa-3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/", "CC-BY-NC-SA-3.0"),
        ("CC BY-NC-SA 3.0 IGO", "https://creativecommons.org/licenses/by-nc-sa/3.0/igo/", "CC-BY-NC-SA-3.0-IGO"),
        ("http://creativecommons.org/licenses/by/3.0/fr/", "https://creativecommons.org/licenses/by/3.0/fr/", ""),
        ("CC BY-XX 4.0", "", ""),
        ("Free: CC0.", "https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("See https://rightsstatements.org/vocab/InC/1.0/.", "https://rightsstatements.org/vocab/InC/1.0/", ""),
        ("All rights reserved", "", ""),
    ],
)
def test_licences_are_recognised(statement: str, uri: str, spdx: str) -> None:
    found = licence(statement)
    assert (found.uri, found.spdx) == (uri, spdx)


def test_where_nothing_is_said_what_has_files_is_open() -> None:
    assert access_right(replace(ITEM, access="")).label == "open access"
    assert access_right(replace(ITEM, access="", files=())).label == "metadata only access"


@pytest.mark.parametrize(
    ("edtf", "w3c"),
    [
        ("1987", "1987"),
        ("1987-05-04", "1987-05-04"),
        ("1987/1989", "1987/1989"),
        ("1987/..", "1987/"),
        ("../1989", "/1989"),
        ("198X", "1980/1989"),
        ("198X/199X", "1980/1999"),
        ("1906?/1912?", "1906/1912"),
        ("1900~", "1900"),
        ("19X", ""),
        ("nonsense", ""),
        ("../..", ""),
        ("", ""),
    ],
)
def test_dates_and_ranges(edtf: str, w3c: str) -> None:
    assert w3cdtf(edtf) == w3c


def test_only_a_doubt_is_kept_beside_a_date() -> None:
    assert (doubt("1987/1989"), doubt("1987?")) == (None, "EDTF: 1987?")


def test_only_whole_addresses_are_links() -> None:
    assert link("https://a.org/é b") == "https://a.org/%C3%A9%20b"
    assert [link(text) for text in ("javascript:x", "http://[::1", "http://a.org/%zz", "https://a.org#a#b", "")] == [
        None
    ] * 5


def test_what_is_missing_has_a_code() -> None:
    bare = Item(doi=Doi("10.1/a", "reserved"), dates=(Date("1987"),))
    assert words(bare, "creators/creator/creatorName") == [":unav"]
    assert words(bare, "titles/title") == [":unas"]
    assert words(bare, "publisher") == [LIBRARY]
    unnamed = etree.fromstring(datacite(bare, " ", shipped()))
    assert unnamed.findtext("d:publisher", namespaces=NS) == ":unav"


def test_an_editor_stands_in_for_an_author() -> None:
    edited = replace(ITEM, contributions=(Contribution(Agent("Diop, Awa", "person"), "edt"),))
    assert words(edited, "creators/creator/creatorName") == ["Diop, Awa"]
    assert words(edited, "contributors/contributor") == []


def test_what_no_code_can_stand_for_is_named() -> None:
    with pytest.raises(MandatoryMissing) as fault:
        datacite(Item(titles=(Text("x"),)), LIBRARY, shipped())
    assert fault.value.fields == ("identifier", "publicationYear")
    with pytest.raises(MandatoryMissing, match="identifier"):
        datacite(replace(ITEM, doi=Doi(" \x00", "reserved")), LIBRARY, shipped())


@pytest.mark.parametrize(
    ("item", "year"),
    [
        (ITEM, "1989"),  # the embargo's end
        (replace(ITEM, access="restricted"), "1987"),
        (replace(ITEM, access="", dates=(Date("1950", "created"), Date("198X"))), "1980"),
        (replace(ITEM, access="", dates=(Date("1950", "created"),)), "1950"),
        (replace(ITEM, access="", dates=(Date("../1989"),)), "1989"),
        (replace(ITEM, access="", dates=(Date("1950", "covered"),)), "2026"),
    ],
)
def test_the_year(item: Item, year: str) -> None:
    assert words(item, "publicationYear") == [year]


@pytest.mark.shared
def test_the_full_item_is_valid(schema: etree.XMLSchema) -> None:
    schema.assertValid(record(ITEM))


@pytest.mark.shared
@settings(max_examples=usually(12, thoroughly=40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(item=items, related=some(ties))
def test_any_item_with_a_doi_is_valid(schema: etree.XMLSchema, item: Item, related: tuple[Related, ...]) -> None:
    named = replace(item, doi=Doi("10.1/a", "reserved"))
    schema.assertValid(etree.fromstring(datacite(named, LIBRARY, shipped(), related, registered=2026)))


@pytest.mark.shared
def test_real_records_are_valid(schema: etree.XMLSchema) -> None:
    count = 0
    for item in real_items():
        schema.assertValid(etree.fromstring(datacite(item, LIBRARY, shipped(), registered=2026)))
        count += 1
    assert count > 800
