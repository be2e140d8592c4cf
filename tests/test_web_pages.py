"""The pages as readers get them: home, item, page, tombstone, about, errors."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from web_library import BASE, EN, FR, GONE, HOSTILE, SITE, Pages, index, make, serving

from archive.agents_following import open_agents
from archive.cataloguing import Publishing
from archive.library import Library
from metadata.model import Page
from metadata.vocabulary import shipped
from web.guard import HEADERS
from web.labels import Labels
from web.reading import POLICY, paragraphs
from web.site import Site
from web.static import address, assets


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = make(tmp_path_factory.mktemp("home"))
    with open_agents(library):  # as the server does
        return library


@pytest.fixture(scope="module")
def pages(library: Library) -> Iterator[Pages]:
    with serving(library) as opened:
        yield opened


PATHS = (
    "/",
    "/search",
    "/search?q=eau",
    "/search?q=report&type=report&year=1975&year=1976",
    "/search?q=nothingatall&type=report",
    "/search?page=51",
    "/about",
    f"/item/{FR}",
    f"/item/{EN}",
    f"/item/{HOSTILE}",
    f"/item/{GONE}",
    f"/item/{FR}/page/1?q=eau",
    f"/item/{FR}/page/3",
    "/nothing/here",
)


def text_of(page: str) -> str:
    return " ".join(html.document_fromstring(page).text_content().split())


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_sound_html_and_guarded(pages: Pages, path: str, language: str) -> None:
    answer = pages.get(path, headers={"Accept-Language": language})
    tree = html.document_fromstring(answer.text)
    ids = tree.xpath("//@id")
    assert answer.text.startswith("<!doctype html>\n<html lang=")
    assert tree.get("lang") == language == answer.headers["content-language"]
    assert len(ids) == len(set(ids))
    assert len(tree.xpath("//main")) == len(tree.xpath("//h1")) == 1
    assert not tree.xpath("//img[not(@alt)] | //script[not(@type='application/ld+json')][not(@type='module')]")
    assert set(tree.xpath("//script/@src")) == ({address("reader.js")} if "/page/" in path else set())
    assert not tree.xpath("//style | //@style | //iframe | //*[starts-with(@on, 'on')]")
    assert set(tree.xpath("//label/@for")) == set(tree.xpath("//input[not(@type='hidden')]/@id"))
    assert set(tree.xpath("//@aria-labelledby")) <= set(ids)
    assert {link[1:] for link in tree.xpath("//a/@href") if link.startswith("#")} <= set(ids)
    assert tree.xpath("//title/text()")[0].endswith(SITE.name)
    policy = POLICY if "/page/" in path else HEADERS["Content-Security-Policy"]
    assert {name: answer.headers[name] for name in HEADERS} == {**HEADERS, "Content-Security-Policy": policy}


@pytest.mark.parametrize("path", PATHS)
def test_pages_load_only_what_is_ours_and_all_of_it_is_there(pages: Pages, path: str) -> None:
    tree = html.document_fromstring(pages.get(path).text)
    loaded = set(tree.xpath("//link[@rel='icon' or @rel='stylesheet']/@href | //img/@src | //script/@src"))
    loaded = {link for link in loaded if not link.startswith("/iiif/image/")}  # see test_web_reader
    reader = {address("reader.css"), address("reader.js")} if "/page/" in path else set()
    assert loaded == {address("canoe.css"), address("mark.svg"), *reader}
    for resource in loaded:
        answer = pages.get(resource)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert pages.get(resource, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_internal_links_lead_somewhere(pages: Pages) -> None:
    seen: set[str] = set()
    for path in ("/", "/search?q=eau", f"/item/{FR}", f"/item/{FR}/page/1", f"/item/{GONE}", "/nothing"):
        links = html.document_fromstring(pages.get(path).text).xpath("//a/@href")
        seen |= {link for link in links if link.startswith("/") and not link.startswith("/oai")}
    seen = {link for link in seen if not link.startswith("/nothing")}
    assert len(seen) > 30
    for link in seen:
        assert pages.get(link, follow_redirects=True).status_code == (410 if GONE in link else 200), link


def test_stylesheet_is_small_and_asks_for_nothing() -> None:
    style = assets()["canoe.css"].content
    assert len(style) < 15_000
    assert b"url(" not in style
    assert b"@import" not in style
    assert b"prefers-color-scheme: dark" in style
    assert b"@media print" in style


def test_home_counts_and_leads_into_the_subjects(pages: Pages) -> None:
    page = pages.get("/", headers={"Accept-Language": "fr"}).text
    assert "27 publications, 5 pages" in text_of(page)
    assert "Zones humides" in page
    assert "Lignes directrices" in page
    assert 'hreflang="es"' in page


def test_item_shows_all_its_facts_in_the_readers_language(pages: Pages) -> None:
    answer = pages.get(f"/item/{FR}?lang=es")
    text = text_of(answer.text)
    for fact in (
        "Prendre soin des zones humides", "Marsden, Eleanor autoría", "mayo de 1990", "Directrices",
        "Francés", "Humedales", "roselières", "978-2-1234-5680-3", "field-guides", f"10.99999/{FR} reservado",
        "PDF, 10,2 kB", "le scan é.pdf", "Un guide pratique.", "Caring for Wetlands", "Leer las 3 páginas",
        "Lire l'eau Plantez une échelle", "sin texto", "javascript:alert(1)",
    ):  # fmt: skip
        assert fact in text, fact
    assert f"Marsden, Eleanor (1990). Prendre soin des zones humides. Éditions de la Rose. {BASE}/item/{FR}" in text
    assert "https://doi.org/" not in answer.text
    assert 'href="javascript' not in answer.text
    assert f'<link rel="canonical" href="{BASE}/item/{FR}?lang=es">' in answer.text


def test_texts_in_another_language_say_so(pages: Pages) -> None:
    tree = html.document_fromstring(pages.get(f"/item/{FR}?lang=en").text)
    assert tree.xpath("string(//h1/span/@lang)") == "fr"
    assert tree.xpath("string(//p[@class='lede']/@lang)") == "fr"
    french = html.document_fromstring(pages.get(f"/item/{FR}?lang=fr").text)
    assert not french.xpath("//h1/span/@lang")


def test_a_doi_that_resolves_is_linked_and_cited(pages: Pages) -> None:
    page = pages.get(f"/item/{EN}").text
    assert 'href="https://doi.org/10.99999/elsewhere"' in page
    assert "Marsden, Eleanor (1988). Caring for Wetlands. https://doi.org/10.99999/elsewhere" in text_of(page)


def test_hostile_metadata_is_shown_as_text(pages: Pages) -> None:
    for path in (f"/item/{HOSTILE}", "/search?q=alert", "/search?type=no-such-type", "/"):
        answer = pages.get(path)
        assert answer.status_code == 200
        tree = html.document_fromstring(answer.text)
        assert not tree.xpath(
            "//script[not(@type='application/ld+json')] | //img[@onerror] | //a[starts-with(@href, 'javascript')]"
        )
        assert "</title><script>" in text_of(answer.text)


def test_page_shows_its_text_neighbours_and_how_it_was_read(pages: Pages) -> None:
    answer = pages.get(f"/item/{FR}/page/2", headers={"Accept-Language": "fr-CA, en;q=0.5"})
    text = text_of(answer.text)
    assert "Les pâturages inondés nourrissent la bécassine." in text
    assert "91 %" in text.replace("\u202f", " ").replace("\xa0", " ")
    assert "tournée de 180°" in text
    links = html.document_fromstring(answer.text)
    assert links.xpath("//a[@rel='prev']/@href") == [f"/item/{FR}/page/1"] * 2
    assert links.xpath("//a[@rel='next']/@href") == [f"/item/{FR}/page/3"] * 2
    assert "La page est blanche." in text_of(pages.get(f"/item/{FR}/page/3?lang=fr").text)


@pytest.mark.parametrize("query", ["paturages", "pâturage", "PÂTURAGES", "patur*", '"pâturages inondés"'])
def test_words_of_the_query_are_marked(pages: Pages, query: str) -> None:
    tree = html.document_fromstring(pages.get(f"/item/{FR}/page/2", params={"q": query}).text)
    assert tree.xpath("//mark/text()")[0] == "pâturages"
    assert "Marked on this page" in tree.text_content()


def test_a_query_that_is_not_on_the_page_says_so(pages: Pages) -> None:
    page = pages.get(f"/item/{FR}/page/2?q=otter").text
    assert "Not on this page: otter" in text_of(page)
    assert "<mark>" not in page


def test_lines_flow_but_short_ones_keep_their_end() -> None:
    prose = "A line that goes on to the margin, as prose does,\nand another one that is about as long,\nand ends."
    table = "Rain  12\nFog  7"
    made = paragraphs(Page(1, 1, 1, f"{prose}\n\n{table}"), "")
    assert [len(lines) for lines in made] == [1, 2]
    assert made[0][0][0][0] == prose.replace("\n", " ")


def test_a_phrase_that_runs_over_the_end_of_a_paragraph_is_marked_in_both() -> None:
    made = paragraphs(Page(1, 1, 1, "Of the grey\n\n  \nheron, and of\n\n\nothers"), '"grey heron" "of others"~3')
    marked = [[piece for line in paragraph for piece, is_marked in line if is_marked] for paragraph in made]
    assert marked == [["grey"], ["heron", "of"], ["others"]]
    assert paragraphs(Page(1, 1, 1, " \n"), "grey") == []


def test_go_to_page(pages: Pages) -> None:
    answer = pages.get(f"/item/{FR}/page?n=2&q=eau&lang=fr")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/item/{FR}/page/2?q=eau&lang=fr"
    for number in ("0", "4", "", "x", "9" * 5000, "٣"):
        assert pages.get(f"/item/{FR}/page", params={"n": number}).status_code == 404


def test_about_leads_programs_to_all_they_may_ask(pages: Pages) -> None:
    links = re.findall(r'<a href="(/[^"]+)" rel="nofollow"><code>http', pages.get("/about?lang=es").text)
    assert links == ["/oai?verb=Identify", "/sru", "/iiif/collection/library", "/new.atom", "/.well-known/resourcesync"]
    assert {path: pages.get(path).status_code for path in links if "/oai" not in path} == dict.fromkeys(links[1:], 200)


def test_the_top_of_a_vocabulary_is_named_once(pages: Pages) -> None:
    assert len(re.findall("Subjects of a conservation library</", pages.get("/subjects?lang=en").text)) == 1


def test_numbers_are_named_in_the_readers_language() -> None:
    named = [Labels("fr", shipped()).scheme(code) for code in ("lccn", "publisher-number", "local", "tpb")]
    assert named == ["LCCN", "Numéro d’éditeur", "Autre numéro", "tpb"]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    library = Library.create(tmp_path_factory.mktemp("empty"), Publishing(BASE, "example.org", shipped()))
    index(library)
    with open_agents(library):
        pass
    with serving(library) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "told", "untold"),
    [
        ("/", "The library is still empty.", "Browse by"),
        ("/agents", "No publication names anybody yet.", "Letters"),
        ("/map", "No publication names a country yet.", "in the list below"),
        ("/collections", "no collection", "items"),
        ("/series", "no series", "items"),
        ("/years", "No publication", "Year by year"),
        ("/search", "0 items", "Narrow the results"),
        ("/statistics", "Nothing has been counted yet.", "By type"),
    ],
)
def test_an_empty_library_says_so(empty: Pages, path: str, told: str, untold: str) -> None:
    answer = empty.get(f"{path}?lang=en")
    assert answer.status_code == 200
    assert told in answer.text
    assert untold not in answer.text


def test_a_withdrawn_item_leaves_a_tombstone(pages: Pages) -> None:
    for path in ("", "/page/1", "/file/originals/the%20scan.pdf"):
        answer = pages.get(f"/item/{GONE}{path}")
        assert answer.status_code == 410
        for fact in ("Sandy shores", "Doe, Jane", "The rights holder asked for it.", "was withdrawn"):
            assert fact in text_of(answer.text)
        assert '<meta name="robots" content="noindex">' in answer.text


@pytest.mark.parametrize(
    "path",
    ["/item/", "/item/0000000000", f"/item/{FR}x", f"/item/{FR.upper()}", "/item/%00", f"/item/{FR}/page/0",
     f"/item/{FR}/page/99", f"/item/{FR}/page/1e3", f"/item/{FR}/page/{'9' * 5000}", f"/item/{FR}/page/%D9%A3",
     "/..%2f..%2fetc/passwd", "/static/..%2fapp.py", "/static/", "/item/%0d%0aSet-Cookie:x=1", "//evil.example/x",
     "/search/", "/" + "a" * 8000],
)  # fmt: skip
def test_what_is_not_there_is_not_found_and_offers_a_search(pages: Pages, path: str) -> None:
    answer = pages.get(path)
    assert answer.status_code == 404
    tree = html.document_fromstring(answer.text)
    assert tree.xpath("//main//form[@role='search']")
    assert not [link for link in tree.xpath("//a/@href") if link.startswith("//")]
    assert "set-cookie" not in answer.headers


def test_only_reading_is_allowed(pages: Pages) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = pages.request(method, "/search")
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
        assert answer.headers["content-security-policy"]


def test_another_routes_path_is_left_to_it_whatever_the_method(library: Library) -> None:
    feed = Route("/oai", lambda _: PlainTextResponse("records"), methods=["GET", "POST"])
    with serving(library, before=[feed]) as served:
        assert served.request("POST", "/oai").text == "records"
        refused = served.request("PUT", "/oai")
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_an_endless_address_is_not_sent_back(pages: Pages) -> None:
    answer = pages.get("/about?" + "&".join(f"x{n}={'y' * 500}" for n in range(100)))
    assert answer.status_code == 200
    assert len(answer.content) < 40_000
    assert "/about?x0=yyy" in answer.text


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_its_body(pages: Pages, path: str) -> None:
    got, headed = pages.get(path), pages.head(path)
    assert headed.content == b""
    assert headed.status_code == got.status_code
    assert {**headed.headers, "date": ""} == {**got.headers, "date": ""}


def test_robots_are_kept_off_searches(pages: Pages) -> None:
    answer = pages.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Disallow: /search\n" in answer.text
    for path in ("/", "/search?q=report", f"/item/{FR}"):
        links = html.document_fromstring(pages.get(path).text).xpath("//main//a[contains(@href, '/search?')]")
        assert links
        assert all("nofollow" in link.get("rel", "") for link in links)


def test_a_site_below_a_path_keeps_its_links_below_it(library: Library) -> None:
    with serving(library, Site("Below", BASE + "/library", "")) as below:
        tree = html.document_fromstring(below.get(f"/item/{FR}").text)
    local = tree.xpath("//a/@href | //img/@src | //form/@action | //link/@href")
    assert all(link.startswith(("/library/", "#", "https://")) for link in local)
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{BASE}/library/item/{FR}"]


def test_a_library_that_cannot_be_read_says_come_back(tmp_path: Path) -> None:
    damaged = make(tmp_path)
    with serving(damaged) as opened:
        damaged.catalogue.close()
        damaged.catalogue.path.write_bytes(b"not a database at all" * 500)
        for leftover in tmp_path.glob("catalogue.db-*"):
            leftover.unlink()
        answer = opened.get("/about")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "cannot be read just now" in answer.text


def test_a_lost_file_is_a_fault_of_ours(tmp_path: Path) -> None:
    own = make(tmp_path)
    own.file(own.item(FR), "originals/plan.svg").unlink()
    with serving(own) as opened:
        answer = opened.get(f"/item/{FR}/file/originals/plan.svg")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_language_stays_where_it_was_chosen(pages: Pages) -> None:
    chosen = html.document_fromstring(pages.get(f"/item/{FR}?lang=fr").text)
    assert all("lang=" in link for link in chosen.xpath("//main//a/@href") if link.startswith(f"/item/{EN}"))
    assert chosen.xpath("//input[@name='lang']/@value") == ["fr"]
    negotiated = html.document_fromstring(pages.get(f"/item/{FR}", headers={"Accept-Language": "fr"}).text)
    assert not [link for link in negotiated.xpath("//main//a/@href") if "lang=" in link]


def test_readers_of_other_languages_get_the_sites_own(library: Library) -> None:
    with serving(library, replace(SITE, default_language="es")) as spanish:
        assert '<html lang="es">' in spanish.get("/", headers={"Accept-Language": "de"}).text
        assert '<html lang="fr">' in spanish.get("/", headers={"Accept-Language": "fr"}).text
