"""Ways in for those who browse: collections, series with their gaps, the map of coverage, years, the first page."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from lxml import html
from shelved_library import GONE, HELD, ISSN, NOTES, NUMBERS, ODD, PLACES, make
from web_library import SITE, Pages, identifier, index, serving

import web.series
from archive.agents_following import open_agents
from archive.library import Library
from metadata import places
from metadata.collection import Collection, by_id
from metadata.model import Date, Item, Text
from metadata.sets import collection_set
from search.places import lying_in
from web.collection_links import address
from web.guard import HEADERS
from web.places import legend, steps, world

ADDRESSES = (
    "/", "/collections", "/collections/reports", f"/collections/{quote(ODD)}", "/series", f"/series/{ISSN}",
    "/series/atlas-maps", "/map", "/years", "/no/such/report/place",
)  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = make(tmp_path_factory.mktemp("home"))
    with open_agents(library):
        return library


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


def tree_of(pages: Pages, path: str, language: str = "en") -> html.HtmlElement:
    return html.document_fromstring(pages.get(path, headers={"Accept-Language": language}).text)


def text_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def count_at(pages: Pages, link: str) -> int:
    """Return how many items the search finds that a link leads to."""
    found = re.match(r"(\d+) item", text_of(tree_of(pages, link).xpath("//h1")[0]))
    assert found, link
    return int(found[1])


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_every_page_is_sound_and_guarded(pages: Pages, path: str, language: str) -> None:
    answer = pages.get(path, headers={"Accept-Language": language})
    tree = html.document_fromstring(answer.text)
    ids = tree.xpath("//@id")
    assert tree.get("lang") == language == answer.headers["content-language"]
    assert len(ids) == len(set(ids))
    assert len(tree.xpath("//main")) == len(tree.xpath("//h1")) == 1
    assert not tree.xpath(
        "//img[not(@alt)] | //script[@type!='application/ld+json'] | //style | //@style | //*[starts-with(@on, 'on')]"
    )
    assert set(tree.xpath("//@aria-labelledby")) <= set(ids)
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    assert not {HELD, GONE} & set(re.findall(r"/item/(\w+)", answer.text))


@pytest.mark.parametrize("path", ADDRESSES[:-1])
def test_every_link_leads_somewhere_and_says_truly_how_many_are_there(pages: Pages, path: str) -> None:
    tree = tree_of(pages, path)
    for link in {link for link in tree.xpath("//main//a/@href") if not link.startswith("/oai")}:
        assert pages.get(link.removeprefix(SITE.base_url)).status_code == 200, link
    for entry in tree.xpath("//main//li[span[@class='count']]/a | //main//h2[span[@class='count']]/a")[:30]:
        number = re.match(r"\d+", text_of(entry.getparent().xpath("span[@class='count']")[0]))
        assert number
        if urlsplit(entry.get("href")).path == "/search":
            assert count_at(pages, entry.get("href")) == int(number[0]), entry.get("href")


@pytest.fixture(scope="module")
def titled(library: Library) -> Iterator[Pages]:
    """Lend the same pages, where the collection of odd name is called something, in English and in French."""
    said = Collection(ODD, {"en": "Wet & <dry>", "fr": "L’été"}, {"fr": "Ce qui sèche </script>."})
    with serving(library, replace(SITE, collections=by_id((said,)))) as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "called", "tongue"), [("en", "Wet & <dry>", None), ("fr", "L’été", None), ("es", "Wet & <dry>", "en")]
)
def test_a_collection_is_called_by_its_title_everywhere(
    titled: Pages, language: str, called: str, tongue: str | None
) -> None:
    path, note = f"/collections/{quote(ODD)}", identifier("note V")
    for page, place in (
        ("/", "//section[@aria-labelledby='by-collection']//li/a"), ("/collections", "//main//li/a"), (path, "//h1"),
        (f"/item/{note}", "//dd/a"), (f"/search?collection={quote(ODD, safe='')}", "//main//li/a"),
        (f"/statistics?collection={quote(ODD, safe='')}", "//h1"),
    ):  # fmt: skip
        tree = tree_of(titled, page, language)
        shown = [one for one in tree.xpath(place) if called in one.text_content()]
        assert shown, page
        assert shown[0].xpath("string(.//@lang)") == (tongue or ""), page
        assert ODD not in text_of(tree.xpath("//main")[0])
    tree = tree_of(titled, path, language)
    (said,) = tree.xpath("//header/p[@class='lede']")
    assert said.text == "Ce qui sèche </script>."
    assert said.get("lang") == (None if language == "fr" else "fr")
    data = json.loads(tree.xpath("//script")[0].text)
    assert (data["name"], data["description"], data["@type"]) == (called, said.text, "Collection")
    assert data["url"] == data["@id"] == SITE.base_url + path
    assert data["collectionSize"] == len(NUMBERS)
    assert called in tree.xpath("//title")[0].text


def test_programs_are_told_the_titles_of_collections(titled: Pages) -> None:
    item = titled.get(f"/item/{identifier('note V')}.jsonld").json()
    (whole,) = [one for one in item["isPartOf"] if one["@type"] == "Collection"]
    assert whole == {
        "@type": "Collection", "@id": (place := f"{SITE.base_url}/collections/{quote(ODD)}"), "url": place,
        "name": "Wet & <dry>",
    }  # fmt: skip
    feed = titled.get("/search.atom", params={"collection": ODD}).text
    assert "<title>Wet &amp; &lt;dry&gt; · " in feed


def test_a_collection_nothing_is_said_of_shows_its_id(titled: Pages) -> None:
    tree = tree_of(titled, "/collections/reports")
    assert text_of(tree.xpath("//h1")[0]) == "reports"
    assert not tree.xpath("//header/p[@class='lede']")


@pytest.mark.parametrize("name", ["two\nlines", "..", "a/../b", ""])
def test_a_collection_that_makes_no_path_leads_to_a_search(name: str) -> None:
    assert address(name) == ("/search", (("collection", name),))


def test_the_link_to_a_collection_with_a_line_break_finds_its_items(tmp_path: Path) -> None:
    library = make(tmp_path / "home")
    with library.writer() as writer:
        broken = Item(identifier("broken"), (Text("A broken line", "en"),), dates=(Date("1990"),))
        writer.put_item(replace(broken, collections=("two\nlines",)), {}, "Ingested")
    index(library)
    with serving(library) as opened:
        links = tree_of(opened, "/collections").xpath("//main//a")
        (link,) = [a.get("href") for a in links if "lines" in a.text_content()]
        assert count_at(opened, link) == 1
        assert opened.get("/sitemap.xml").status_code == 200


def test_a_collection_is_found_by_any_name(pages: Pages) -> None:
    (link,) = [a.get("href") for a in tree_of(pages, "/collections").xpath("//main//a") if a.text_content() == ODD]
    tree = tree_of(pages, link)
    assert text_of(tree.xpath("//h1")[0]) == ODD
    assert tree.xpath("//main//form//input[@name='collection']/@value") == [ODD]
    assert tree.xpath("//link[@type='application/atom+xml']/@href")[-1] in set(tree.xpath("//main//a/@href"))
    assert quote(collection_set(ODD), safe="") in pages.get(link).text or collection_set(ODD) in pages.get(link).text
    (feed,) = {a for a in tree.xpath("//main//a/@href") if "search.atom" in a}
    assert pages.get(feed).text.count("<entry>") == len(NUMBERS)
    for unknown in ("/collections/unseen", "/collections/nothing", "/collections/"):
        assert pages.get(unknown).status_code == 404


def test_a_series_is_in_order_and_shows_what_is_missing(pages: Pages) -> None:
    tree = tree_of(pages, f"/series/{ISSN}")
    lines = [text_of(one) for one in tree.xpath("//ol[@class='numbers']/li/span[1]")]
    assert lines == ["1", "No. 2", "3", "4", "V", "6–9", "10", "Special", "without a number"]
    assert [text_of(one) for one in tree.xpath("//li[@class='missing']/span[1]")] == ["4", "6–9"]
    assert text_of(tree.xpath("//h1")[0]) == NOTES
    assert ISSN in text_of(tree.xpath("//header[@class='masthead']")[0])
    listed = [text_of(one) for one in tree_of(pages, "/series").xpath("//main//li")]
    assert listed == ["Atlas & maps 1 item", f"{NOTES} ISSN {ISSN} {len(NUMBERS)} items"]


def test_a_series_has_one_address(pages: Pages) -> None:
    for asked in ("/series/notes-de-l-observatoire", "/series/03178471", "/series/0317-8471?lang=en"):
        answer = pages.get(asked)
        shown = answer if answer.status_code == 200 else pages.get(answer.headers["location"])
        assert answer.status_code == (200 if "lang" in asked else 301)
        assert f'<link rel="canonical" href="{SITE.base_url}/series/{ISSN}' in shown.text
    for unknown in ("/series/1234-5679", "/series/unseen", "/series/%00", f"/series/{ISSN}?page=2", "/series?page=0"):
        assert pages.get(unknown).status_code == 404


def test_long_series_and_lists_of_them_have_pages(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.series, "AT_ONCE", 1)
    for path, titles in (("/series", 2), (f"/series/{ISSN}", len(NUMBERS))):
        shown, link = [], path
        while link:
            tree = tree_of(pages, link)
            shown.append(text_of(tree.xpath("//main//li[not(@class)]")[0]))
            link = next(iter(tree.xpath("//nav[@class='pages']/a[@rel='next']/@href")), "")
        assert len(shown) == len(set(shown)) == titles


def test_the_item_leads_to_its_series_collection_and_countries(pages: Pages) -> None:
    links = tree_of(pages, f"/item/{identifier('note No. 2')}").xpath("//dl//a/@href")
    assert f"/series/{ISSN}" in links
    assert f"/collections/{quote(ODD)}" in links
    countries = tree_of(pages, f"/item/{identifier('place 1')}", "fr").xpath("//dl//a[contains(@href, 'country')]")
    assert [text_of(one) for one in countries] == ["Kenya", "Tanzanie"]


def test_the_map_says_by_shade_and_list_what_the_search_finds(pages: Pages) -> None:
    tree = tree_of(pages, "/map", "es")
    shaded = {one.getparent().get("href"): one.get("class") for one in tree.xpath("//svg//a/*")}
    assert set(shaded) == {f"/search?q=country%3A{code}" for code in ("KE", "TZ", "FR", "MT", "US", "BO", "PE", "FJ")}
    assert shaded["/search?q=country%3AKE"] != shaded["/search?q=country%3ATZ"] == "land step-1"
    assert tree.xpath("//svg//circle/title/text()") == ["Malta: 1 documento"]
    listed = {a.get("href") for a in tree.xpath("//div[@class='continents']//a")}
    assert set(shaded) < listed
    assert {"/search?q=country%3A002", "/search?q=country%3A014"} <= listed
    assert count_at(pages, "/search?q=country%3A002&lang=en") == 3
    assert not tree.xpath("//svg[not(@aria-hidden='true')] | //svg//a[not(@tabindex='-1')]")


def test_places_are_those_that_the_search_knows(library: Library) -> None:
    for countries in PLACES:
        item = next(one for one in library.catalogue.items() if one.countries == countries)
        told = places.covered(item.countries, (text.value for text in item.coverage))
        assert {f"m49{code.lower()}" for code in told} == set(lying_in(item))


def test_the_world_has_every_country_once() -> None:
    codes = [shape.code for shape in world().shapes]
    assert len(codes) == len(set(codes))
    assert places.countries_in(places.WORLD) - set(codes) == {"BV", "UM"}
    assert len((Path(__file__).parents[1] / "web" / "world.txt").read_bytes()) < 100_000


@pytest.mark.parametrize(
    ("counts", "bounds"),
    [
        ([], []),
        ([0], []),
        ([1, 1], [1]),
        ([3, 1], [1, 2, 3]),
        ([0, 100], [1, 4, 7, 17, 41]),
        ([5000], [1, 6, 31, 167, 911]),
    ],
)
def test_shades_begin_with_one_and_reach_the_most(counts: list[int], bounds: list[int]) -> None:
    assert steps(counts) == bounds
    told = legend(bounds)
    assert [low for _, low, _ in told] == bounds
    assert all(high + 1 == low for (_, _, high), (_, low, _) in pairwise(told))
    assert not told or told[-1][2] == 0


def test_years_are_counted_and_lead_to_their_items(pages: Pages) -> None:
    tree = tree_of(pages, "/years")
    shown = [text_of(one) for one in tree.xpath("//ol[@class='bars']/li")]
    assert shown == ["2000s 7", "1990s 2", "1980s 1", "1970s 2", "1960s 1", "1950s 2"] or shown[0] == "2000s 7"
    assert "185" not in text_of(tree.xpath("//main")[0])
    link = tree.xpath("//dl//a[text()='2001']/@href")[0]
    assert count_at(pages, link) == len(NUMBERS)


def test_the_first_page_counts_anew_after_a_write(pages: Pages, library: Library) -> None:
    before = text_of(tree_of(pages, "/").xpath("//main")[0])
    assert "Browse by place" in before
    assert "Kenya 3" in before
    gone = next(one for one in library.catalogue.items() if one.countries == ("FJ",))
    with library.writer() as writer:
        writer.withdraw(gone, "For a test.")
    assert "Fiji" in before
    assert "Fiji" not in text_of(tree_of(pages, "/").xpath("//main")[0])


@pytest.mark.parametrize(
    ("path", "words", "hits"),
    [
        ("/old/site/atlas-report.html", "old site atlas report", True),
        ("/handle/123/Report%20on%20atlas", "report atlas", True),
        (f"/item/{HELD}", "", False),
        ("/item/c7ahmjjc4k/nothing", "nothing", False),
        ("/iiif/report/manifest.json", "", False),
        ("/%22%3E%3Cscript%3Ereport", "script report", True),
        ("/report+OR+AND+(((", "report", True),
    ],
)
def test_what_is_missing_is_searched_for_by_its_words(pages: Pages, path: str, words: str, hits: bool) -> None:
    answer = pages.get(path)
    tree = html.document_fromstring(answer.text)
    assert answer.status_code == 404
    assert "noindex" in tree.xpath("//meta[@name='robots']/@content")
    assert tree.xpath("//main//input[@name='q']/@value") == [words]
    assert bool(tree.xpath("//section[@aria-labelledby='perhaps']//li/div/h3/a")) is hits


@pytest.mark.parametrize("path", ADDRESSES)
def test_browsers_have_nothing_to_mend(pages: Pages, path: str) -> None:
    parser = pytest.importorskip("html5lib").HTMLParser()
    parser.parse(pages.get(path).text)
    assert parser.errors == []
