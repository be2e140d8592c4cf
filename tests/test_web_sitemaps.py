"""Sitemaps and robots.txt; and the shares in which long lists are given."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from web_library import BASE, EN, EVIL, FR, GONE, HOSTILE, RECORDS, Pages, digest, make, serving

import web.sitemaps
from archive.agents_following import open_agents
from archive.library import Library
from metadata.errors import NotFound
from metadata.ids import item_id
from web.shares import ChangeShare, IdShare, change_share, change_shares, holds_more, id_share, id_shares

NAMES = {"s": web.sitemaps.NAMESPACE, "x": "http://www.w3.org/1999/xhtml"}
ALWAYS = ("/", "/about", "/subjects", "/collections", "/series", "/agents", "/map", "/years", "/statistics")
SHELVES = [f"/collections/{quote(name)}" for name in ("field-guides", EVIL)]
IDS = [item_id(digest(str(number).encode())) for number in range(3_000)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = make(tmp_path_factory.mktemp("home"))
    with open_agents(library):  # as the server does
        return library


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


def tree_of(pages: Pages, path: str) -> etree._Element:
    answer = pages.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    return etree.fromstring(answer.content)


def found(tree: etree._Element, path: str) -> list[str]:
    return [str(value) for value in tree.xpath(path, namespaces=NAMES)]


def test_the_sitemap_has_every_public_item_once_with_its_change(pages: Pages, library: Library) -> None:
    tree = tree_of(pages, "/sitemap.xml")
    places = found(tree, "//s:loc/text()")
    assert tree.tag == f"{{{NAMES['s']}}}urlset"
    assert places[: len(ALWAYS)] == [BASE + path for path in ALWAYS]
    assert {BASE + path for path in SHELVES} <= set(places)
    assert len(places) == len(set(places)) == len(ALWAYS) + len(SHELVES) + RECORDS + 3
    assert {f"{BASE}/item/{item}" for item in (FR, EN, HOSTILE)} <= set(places)
    assert f"{BASE}/item/{GONE}" not in places
    held = library.catalogue.oai_record(FR)
    assert held
    (changed,) = found(tree, f"//s:url[s:loc='{BASE}/item/{FR}']/s:lastmod/text()")
    assert changed.encode() in held.header
    tongues = found(tree, f"//s:url[s:loc='{BASE}/item/{FR}']/x:link/@hreflang")
    assert tongues == ["en", "fr", "es", "x-default"]


def test_every_address_of_the_sitemap_answers(pages: Pages) -> None:
    tree = tree_of(pages, "/sitemap.xml")
    for place in found(tree, "//s:loc/text()")[:12] + found(tree, "//x:link/@href")[:8]:
        assert pages.get(place.removeprefix(BASE)).status_code == 200


def test_a_large_library_has_an_index_of_sitemaps(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = set(found(tree_of(pages, "/sitemap.xml"), "//s:loc/text()"))
    monkeypatch.setattr(web.sitemaps, "MOST", 4)
    index = tree_of(pages, "/sitemap.xml")
    assert index.tag == f"{{{NAMES['s']}}}sitemapindex"
    parts = found(index, "//s:loc/text()")
    assert len(parts) == 8
    listed = [place for part in parts for place in found(tree_of(pages, part.removeprefix(BASE)), "//s:loc/text()")]
    assert len(listed) == len(whole)
    assert set(listed) == whole


def test_robots_are_told_where_the_sitemap_is(pages: Pages) -> None:
    lines = pages.get("/robots.txt").text.split("\n")
    assert f"Sitemap: {BASE}/sitemap.xml" in lines
    assert "Disallow: /search" in lines
    assert not [line for line in lines if line in ("Disallow: /", "Disallow: /item")]


@pytest.mark.parametrize(
    "part", ["", "0", "0-1", "1-2", "16-0", "01-0", "1-00", "-1-0", "1-٣", "9" * 5000 + "-0", "0-0x"]
)
def test_parts_that_are_none(pages: Pages, part: str) -> None:
    assert pages.get(f"/sitemap-{part}.xml").status_code == 404


# --- shares -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [0, 1, 4, 7, 15])
def test_every_id_is_in_one_share_and_shares_are_even(bits: int) -> None:
    shares = [IdShare(bits, number).bounds for number in range(1 << bits)]
    assert shares[0][0] == "000"
    assert all(before[1] == after[0] for before, after in pairwise(shares))
    if bits <= 4:
        sizes = [sum(first <= one < end for one in IDS) for first, end in shares]
        assert sum(sizes) == len(IDS)
        assert max(sizes) < 1.4 * len(IDS) / len(shares)


@given(st.text(max_size=12))
def test_names_of_shares_are_read_as_they_are_written(text: str) -> None:
    for read in (id_share, change_share):
        try:
            share = read(text)
        except NotFound:
            continue
        assert text == (share.name if isinstance(share, IdShare) else share.digits)


def test_shares_hold_what_they_may(library: Library) -> None:
    catalogue = library.catalogue
    assert id_shares(catalogue, 1000) == [IdShare()]
    assert len(id_shares(catalogue, 27)) == 2
    assert len(id_shares(catalogue, 28)) == 1
    assert list(change_shares(catalogue, 1000)) == [ChangeShare()]
    shares = list(change_shares(catalogue, 3))
    assert len(shares) > RECORDS / 3
    changes = [one.number for one in library.changes(0, 100)]
    for share in shares:
        first, end = share.bounds
        inside = [number for number in changes if first <= number < end]
        assert 1 <= len(inside) <= 3
        assert not holds_more(catalogue, share, len(inside))
        assert holds_more(catalogue, share, len(inside) - 1)
        changes = [number for number in changes if number not in inside]
    assert not changes


def test_an_empty_library_has_lists_too(tmp_path: Path) -> None:
    from archive.cataloguing import Publishing
    from metadata.vocabulary import shipped

    empty = Library.create(tmp_path, Publishing(BASE, "example.org", shipped())).catalogue
    assert id_shares(empty, 5) == [IdShare()]
    assert list(change_shares(empty, 5)) == []


def test_the_index_of_sitemaps_reads_no_item(pages: Pages, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.sitemaps, "MOST", 3)
    for name in ("between", "stamps_between", "series", "shelf"):
        monkeypatch.setattr(type(library.catalogue), name, lambda *_: pytest.fail("items were read"))
    assert len(found(tree_of(pages, "/sitemap.xml"), "//s:sitemap")) > 1


def test_a_sitemap_is_made_of_ids_and_changes_alone(
    pages: Pages, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tree_of(pages, "/sitemap.xml")
    monkeypatch.setattr("archive.catalogue.from_own", lambda _: pytest.fail("an item was read"))
    assert etree.tostring(tree_of(pages, "/sitemap.xml")) == etree.tostring(whole)
