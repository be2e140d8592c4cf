"""Atom feeds and the description of the search."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree, html
from web_library import BASE, EN, FR, GONE, RECORDS, SITE, Pages, index, make, serving

from archive.library import Library
from metadata.model import Text
from web.feeds import ATOM, OPENSEARCH

NAMES = {"a": ATOM, "o": OPENSEARCH}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return make(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


def feed_of(pages: Pages, path: str) -> etree._Element:
    """Return a feed, having asserted what RFC 4287 asks of every one (4.1.1, 4.1.2)."""
    answer = pages.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = etree.fromstring(answer.content)
    assert feed.tag == f"{{{ATOM}}}feed"
    assert len(found(feed, "a:author/a:name")) == 1
    assert found(feed, "a:link[@rel='self']/@href") == found(feed, "a:id/text()")
    for part in (feed, *feed.findall(f"{{{ATOM}}}entry")):
        for name in ("id", "title", "updated"):
            assert len(part.findall(f"{{{ATOM}}}{name}")) == 1
        assert datetime.fromisoformat(str(found(part, "a:updated/text()")[0])).tzinfo
        assert len(part.xpath("a:link[@rel='alternate']", namespaces=NAMES)) == 1
    ids = found(feed, "a:entry/a:id/text()")
    assert len(ids) == len(set(ids))
    return feed


def found(tree: etree._Element, path: str) -> list[object]:
    return list(tree.xpath(path, namespaces=NAMES))


def test_what_is_new_is_asked_for_once(pages: Pages, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("held", "shown", "item"):
        monkeypatch.setattr(type(library.catalogue), name, lambda *_: pytest.fail("each item was asked for"))
    assert len(found(feed_of(pages, "/new.atom"), "a:entry")) == RECORDS + 3


def test_new_items_come_first_and_withdrawn_ones_not_at_all(pages: Pages) -> None:
    feed = feed_of(pages, "/new.atom")
    moments = found(feed, "a:entry/a:updated/text()")
    assert len(moments) == RECORDS + 3
    assert moments == sorted(moments, key=str, reverse=True)
    assert found(feed, "a:updated/text()") == moments[:1]
    assert f"{BASE}/item/{GONE}" not in found(feed, "a:entry/a:id/text()")
    (entry,) = found(feed, f"a:entry[a:id='{BASE}/item/{FR}']")
    assert isinstance(entry, etree._Element)
    assert found(entry, "a:author/a:name/text()") == ["Marsden, Eleanor"]
    assert found(entry, "a:link[@rel='enclosure']/@href") == [f"{BASE}/item/{FR}/file/access.pdf"]


def test_a_search_is_a_feed_of_what_is_newest_of_it(tmp_path: Path) -> None:
    library = make(tmp_path)
    with library.writer() as writer:
        writer.put_item(replace(library.item(EN), notes=(Text("n"),)), {}, "Described anew")
    index(library)
    with serving(library) as pages:
        feed = feed_of(pages, "/search.atom?q=eleanor")
        narrow = feed_of(pages, "/search.atom?q=eleanor&language=fr&page=7&nonsense=x")
        assert feed_of(pages, "/search.atom?q=xylophone").findall(f"{{{ATOM}}}entry") == []
    assert found(feed, "a:entry/a:id/text()") == [f"{BASE}/item/{EN}", f"{BASE}/item/{FR}"]
    assert found(feed, "o:totalResults/text()") == ["2"]
    assert found(feed, "a:title/text()") == [f"eleanor · {SITE.name}"]
    assert found(narrow, "a:entry/a:id/text()") == [f"{BASE}/item/{FR}"]
    assert found(narrow, "a:link[@rel='alternate']/@href")[0] == f"{BASE}/search?q=eleanor&language=fr"


def test_the_results_page_names_its_feed(pages: Pages) -> None:
    tree = html.document_fromstring(pages.get("/search?q=eleanor&language=fr").text)
    (feed,) = [link for link in tree.xpath("//head/link[@type='application/atom+xml']/@href") if "search" in link]
    assert feed == "/search.atom?q=eleanor&language=fr"
    feed_of(pages, feed)


def test_the_search_is_described_and_its_templates_work(pages: Pages) -> None:
    (place,) = html.document_fromstring(pages.get("/").text).xpath("//head/link[@rel='search']/@href")
    answer = pages.get(place)
    assert answer.headers["content-type"].startswith("application/opensearchdescription+xml")
    tree = etree.fromstring(answer.content)
    assert tree.tag == f"{{{OPENSEARCH}}}OpenSearchDescription"
    (short,) = found(tree, "o:ShortName/text()")
    assert 0 < len(str(short)) <= 16
    for kind, rel in (("text/html", "results"), ("application/atom+xml", "results"), (None, "self")):
        wanted = f"@rel='{rel}'" + (f" and @type='{kind}'" if kind else "")
        (template,) = found(tree, f"o:Url[{wanted}]/@template")
        asked = str(template).replace("{searchTerms}", "paturages").replace("{startPage?}", "1")
        got = pages.get(asked.removeprefix(BASE))
        assert got.status_code == 200
        assert kind is None or FR in got.text


def test_a_feed_finds_what_the_search_finds_and_nothing_that_is_left_out(pages: Pages) -> None:
    for asked in ("q=eleanor&-language=fr", "q=wetlands&concepts=no", "q=wetlands"):
        feed, search = feed_of(pages, f"/search.atom?{asked}"), pages.get(f"/search.json?{asked}").json()
        assert found(feed, "o:totalResults/text()") == [str(search["total"])], asked
        assert {str(one).rpartition("/")[2] for one in found(feed, "a:entry/a:id/text()")} == {
            item["id"] for item in search["items"]
        }
    assert len(found(feed_of(pages, "/search.atom?q=eleanor&-language=fr"), "a:entry")) == 1


def test_what_is_new_is_in_the_feed_however_much_better_others_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.feeds.BEST", 1)
    monkeypatch.setattr("web.feeds.LATELY", 3)
    library = make(tmp_path)
    with library.writer() as writer:
        writer.put_item(replace(library.item(EN), notes=(Text("a report"),)), {}, "Described anew")
    index(library)
    with serving(library) as pages:
        feed = feed_of(pages, "/search.atom?q=report")
    assert found(feed, "a:entry/a:id/text()")[0] == f"{BASE}/item/{EN}"
