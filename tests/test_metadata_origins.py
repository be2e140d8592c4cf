"""Homes of harvested records: which it is, whatever way it is asked by, and where its readers go."""

import pytest

from metadata.model import Doi, Identifier, Item, Origin, Text
from metadata.origins import home_name, is_harvested_from, is_record, link_home, page_at_home

URL = "https://repository.example.org/oai"


def harvested(*identifiers: tuple[str, str], base_url: str = URL, doi: str = "", name: str = "") -> Item:
    origin = Origin(base_url, "oai:x:1", "2026-01-01", "urn:x", "2026-01-02", name)
    known = tuple(Identifier(*one) for one in identifiers)
    return Item(
        "0", (Text("A title"),), identifiers=known, origins=(origin,), doi=Doi(doi, "external") if doi else None
    )


def test_a_repository_is_the_same_by_http_and_https() -> None:
    item = harvested()
    for same in (URL, "http://repository.example.org/oai", URL + "/"):
        assert is_harvested_from(item, same)
    for other in ("https://repository.example.org/oai2", "https://example.org/oai", ""):
        assert not is_harvested_from(item, other)
    assert not is_harvested_from(Item("0"), URL)
    assert is_record(item, URL, "oai:x:1")
    assert not is_record(item, URL, "oai:x:2")


@pytest.mark.parametrize(
    ("item", "page"),
    [
        (harvested(("url", "https://other.example/1"), ("url", "https://Repository.example.org/item/1")),
         "https://Repository.example.org/item/1"),
        (harvested(("url", "https://other.example/1"), doi="10.5555/x"), "https://other.example/1"),
        (harvested(("handle", "1234/a b"), doi="10.5555/x"), "https://doi.org/10.5555/x"),
        (harvested(("handle", "1234/a b")), "https://hdl.handle.net/1234/a%20b"),
        (harvested(("url", "javascript:alert(1)"), ("url", 'https://x/">')), ""),
        (harvested(), ""),
    ],
)  # fmt: skip
def test_readers_are_led_to_the_page_at_home(item: Item, page: str) -> None:
    assert page_at_home(item) == page
    record = f"{URL}?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai%3Ax%3A1"
    assert link_home(item) == (page or record)


def test_a_base_url_may_have_a_query_and_our_own_have_no_home() -> None:
    assert link_home(harvested(base_url=URL + "?a=b")).startswith(URL + "?a=b&verb=GetRecord&")
    assert (link_home(Item("0")), page_at_home(Item("0")), home_name(Item("0"))) == ("", "", "")
    assert home_name(harvested()) == "repository.example.org"
    assert home_name(harvested(name="The library")) == "The library"
