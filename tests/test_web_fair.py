"""What F-UJI asks of an item's page (FAIRsFAIR metrics 0.5), as far as it can be judged without the network.

Each test is named after its metric. F-UJI reads linked data in the page, typed links, content negotiation
and the records it is led to; so do these tests, from the landing page alone.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree, html
from web_library import BASE, EN, FR, GONE, Pages, digest, make, serving

from archive.library import Library
from metadata.formats import format_of
from metadata.model import Text

OPEN = ("application/pdf", "image/tiff", "image/png", "image/jpeg", "image/svg+xml", "text/plain", "text/csv")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = make(tmp_path_factory.mktemp("home"))
    with made.writer() as writer:
        item = replace(
            made.item(EN),
            rights=(Text(LICENCE),),
            descriptions=(Text("How to care for wetlands.", "en"),),
            keywords=(Text("reedbeds", "en"),),
            access="open",
        )
        writer.put_item(item, {}, "Described anew")
    return made


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


@pytest.fixture(scope="module")
def embedded(pages: Pages) -> dict[str, Any]:
    tree = html.document_fromstring(pages.get(f"/item/{EN}").text)
    (data,) = tree.xpath("//head/script[@type='application/ld+json']/text()")
    made: dict[str, Any] = json.loads(data)
    return made


@pytest.fixture(scope="module")
def links(pages: Pages) -> list[tuple[str, str, str]]:
    """Return the typed links of the landing page: relation, target, media type."""
    value = pages.head(f"/item/{EN}").headers["link"]
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?', value)
    return [(rel, target, media_type) for target, rel, media_type in found]


def values(links: list[tuple[str, str, str]], rel: str) -> list[str]:
    return [target for relation, target, _ in links if relation == rel]


def test_f1_01_data_has_a_globally_unique_identifier(embedded: dict[str, Any]) -> None:
    assert embedded["@id"] == f"{BASE}/item/{EN}"


def test_f1_02_data_has_a_persistent_identifier_that_the_page_names(
    embedded: dict[str, Any], links: list[tuple[str, str, str]]
) -> None:
    assert values(links, "cite-as") == ["https://doi.org/10.99999/elsewhere"]
    assert embedded["identifier"]["value"] == "10.99999/elsewhere"


def test_f2_01_metadata_has_the_core_elements(embedded: dict[str, Any]) -> None:
    assert embedded["author"]["name"]
    assert embedded["provider"]["name"]
    wanted = ("name", "datePublished", "description", "keywords", "@type", "identifier", "inLanguage")
    assert all(embedded[name] for name in wanted)


def test_f3_01_metadata_names_the_content_it_describes(
    pages: Pages, embedded: dict[str, Any], links: list[tuple[str, str, str]]
) -> None:
    files = [one["contentUrl"] for one in embedded["encoding"]]
    assert files == values(links, "item")
    assert [pages.head(one.removeprefix(BASE)).status_code for one in files] == [200] * 3


def test_f4_01_metadata_can_be_had_by_machines_in_every_way(pages: Pages, links: list[tuple[str, str, str]]) -> None:
    embedded = html.document_fromstring(pages.get(f"/item/{EN}").text).xpath("//script/text()")[0]
    negotiated = pages.get(f"/item/{EN}", headers={"Accept": "application/ld+json"}).json()
    linked = [target for rel, target, kind in links if (rel, kind) == ("describedby", "application/ld+json")]
    assert json.loads(embedded) == negotiated == pages.get(linked[0].removeprefix(BASE)).json()
    assert f"{BASE}/item/{EN}" in pages.get("/sitemap.xml").text


def test_a1_01_metadata_says_who_has_access(embedded: dict[str, Any], pages: Pages) -> None:
    assert embedded["isAccessibleForFree"] is True
    assert "http://purl.org/coar/access_right/c_abf2" in embedded["conditionsOfAccess"]
    openaire = pages.get(f"/item/{EN}.openaire.xml").text
    assert "http://purl.org/coar/access_right/c_abf2" in openaire


def test_a1_02_and_03_metadata_and_data_come_by_a_standard_protocol(links: list[tuple[str, str, str]]) -> None:
    assert all(target.startswith("https://") for _, target, _ in links)


def test_a2_01_metadata_stays_when_data_has_gone(pages: Pages) -> None:
    answer = pages.get(f"/item/{GONE}")
    assert answer.status_code == 410
    assert "Sandy shores" in answer.text


def test_i1_01_and_i2_01_metadata_is_linked_data_with_known_vocabularies(embedded: dict[str, Any]) -> None:
    assert embedded["@context"] == "https://schema.org"
    assert embedded["about"]["@id"].startswith("https://w3id.org/")
    assert {name["@language"] for name in embedded["about"]["name"]} == {"en", "fr", "es"}


def test_i3_01_metadata_has_qualified_links_to_related_things(pages: Pages, embedded: dict[str, Any]) -> None:
    assert embedded["workTranslation"] == {"@id": f"{BASE}/item/{FR}"}
    assert pages.get(f"/item/{FR}.jsonld").json()["translationOfWork"] == {"@id": f"{BASE}/item/{EN}"}


def test_r1_01_metadata_says_what_the_content_is_and_says_true(pages: Pages, embedded: dict[str, Any]) -> None:
    assert embedded["@type"] == "Report"
    for file in embedded["encoding"]:
        answer = pages.get(file["contentUrl"].removeprefix(BASE))
        assert answer.headers["content-type"] == file["encodingFormat"]
        assert f"{len(answer.content)} B" == file["contentSize"]
        assert file["identifier"]["value"] == digest(answer.content)


def test_r1_1_01_the_licence_is_a_uri_and_one_that_spdx_knows(
    pages: Pages, embedded: dict[str, Any], links: list[tuple[str, str, str]]
) -> None:
    assert embedded["license"] == LICENCE
    assert values(links, "license") == [LICENCE]
    assert 'rightsIdentifier="CC-BY-4.0"' in pages.get(f"/item/{EN}.datacite.xml").text


def test_r1_2_01_metadata_tells_where_the_data_comes_from(embedded: dict[str, Any]) -> None:
    assert embedded["author"]
    assert embedded["datePublished"] == "1988"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", embedded["sdDatePublished"])


def test_r1_3_01_metadata_follows_standards_of_the_community(pages: Pages, links: list[tuple[str, str, str]]) -> None:
    spaces = set()
    for rel, target, kind in links:
        if rel == "describedby" and kind.endswith("xml"):
            spaces.add(etree.QName(etree.fromstring(pages.get(target.removeprefix(BASE)).content)).namespace)
    assert spaces >= {
        "http://datacite.org/schema/kernel-4",
        "http://www.openarchives.org/OAI/2.0/oai_dc/",
        "http://www.loc.gov/mods/v3",
        "http://www.loc.gov/MARC21/slim",
    }


def test_r1_3_02_content_is_in_formats_that_are_open_and_last(embedded: dict[str, Any], library: Library) -> None:
    assert {one["encodingFormat"] for one in embedded["encoding"]} <= set(OPEN)
    assert all(format_of(one.puid).label("en") for one in library.item(EN).files if one.puid)
