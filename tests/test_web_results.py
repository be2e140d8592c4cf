"""Search results: what is found, how it is narrowed, and that no input breaks it."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from starlette.datastructures import QueryParams
from web_library import BASE, EN, FR, RECORDS, Pages, make, serving

from metadata.vocabulary import shipped
from search.engine import FACETS
from web.results import LAST_PAGE, LONGEST_QUERY, clean, read, whole_number

HOSTILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "hostile" / "web"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serving(make(tmp_path_factory.mktemp("home"))) as opened:
        yield opened


def tree_of(page: str) -> html.HtmlElement:
    return html.document_fromstring(page)


def text_of(page: str) -> str:
    return " ".join(tree_of(page).text_content().split())


def test_a_word_without_its_accents_finds_the_page_and_is_marked(pages: Pages) -> None:
    tree = tree_of(pages.get("/search?q=paturages").text)
    assert tree.xpath("//ol[@class='results']/li//h2/a/@href") == [f"/item/{FR}"]
    assert tree.xpath("//ul[@class='passages']/li/a/@href") == [f"/item/{FR}/page/2?q=paturages"]
    assert tree.xpath("//mark/text()") == ["pâturages"]
    assert tree.xpath("string(//h1)").split() == ["1", "item", "for", "paturages"]


def test_a_record_without_pages_shows_its_description(pages: Pages) -> None:
    tree = tree_of(pages.get('/search?q="saw+in+1975"').text)
    assert tree.xpath("//p[@class='passage']//mark/text()") == ["saw", "in", "1975"]


def test_an_item_found_by_its_subject_says_by_which(pages: Pages) -> None:
    tree = tree_of(pages.get("/search?q=aires+protegees&lang=en").text)
    why = tree.xpath("(//ol[@class='results']/li)[1]/p[@class='quiet']")[0]
    assert why.xpath("span/@lang") == ["fr"]
    assert why.xpath(".//mark/text()") == ["Aires", "protégées"]
    assert not tree_of(pages.get("/search?q=report").text).xpath("//ol[@class='results']/li/p[@class='quiet']")


def test_facets_narrow_and_widen(pages: Pages) -> None:
    tree = tree_of(pages.get("/search?q=eleanor&lang=fr").text)
    link = tree.xpath("//section[@aria-labelledby='facet-language']//a[contains(., 'Anglais')]")[0]
    assert link.getnext().text == "1"
    assert link.get("rel") == "nofollow"
    narrowed = tree_of(pages.get(link.get("href")).text)
    assert narrowed.xpath("//h2/a/@href")[0] == f"/item/{EN}?lang=fr"
    chip = narrowed.xpath("//ul[@class='chips']//a")[0]
    assert "Langue\xa0: Anglais" in chip.text_content()
    assert chip.get("href") == "/search?q=eleanor&lang=fr"
    assert narrowed.xpath("//form//input[@name='language']/@value") == ["en"]


def test_formats_are_named_in_the_readers_language(pages: Pages) -> None:
    tree = tree_of(pages.get("/search?lang=es").text)
    (section,) = tree.xpath("//section[@aria-labelledby='facet-format']")
    assert section.xpath("string(h3)") == "Formato"
    (link,) = section.xpath(".//a[contains(., 'PDF 1.4')][not(@class)]")
    assert "format=fmt%2F18" in link.get("href")
    chip = tree_of(pages.get(link.get("href")).text).xpath("string(//ul[@class='chips'])")
    assert "Formato: PDF 1.4" in " ".join(chip.split())
    assert "Formato: Texto sin formato" in text_of(pages.get("/search?format=x-fmt/111&lang=es").text)


def test_a_subject_finds_what_stands_below_it_by_its_uri(pages: Pages) -> None:
    top = shipped().broader_closure(shipped().find("Wetlands", "en"))[-1]
    tree = tree_of(pages.get("/search", params={"subject": top, "lang": "es"}).text)
    assert {f"/item/{FR}?lang=es", f"/item/{EN}?lang=es"} <= set(tree.xpath("//ol[@class='results']//a/@href"))
    assert shipped().concepts[top].label("es").value in tree.xpath("string(//ul[@class='chips'])")


def test_paging_reaches_every_item_once(pages: Pages) -> None:
    found: list[str] = []
    address: str | None = "/search?q=annual"
    while address:
        tree = tree_of(pages.get(address).text)
        found += tree.xpath("//ol[@class='results']/li//h2/a/@href")
        address = next(iter(tree.xpath("//nav[@class='pages']/a[contains(@rel, 'next')]/@href")), None)
    assert len(found) == len(set(found)) == RECORDS
    assert tree.xpath("//ol/@start") == ["21"]


@pytest.mark.parametrize(("page", "status"), [("0", 200), ("x", 200), ("-1", 200), ("4", 404), ("50", 404),
                                              ("51", 400), ("999999", 400), ("9" * 400, 200), ("٣", 200)])  # fmt: skip
def test_pages_that_are_not_there(pages: Pages, page: str, status: int) -> None:
    assert pages.get("/search", params={"q": "annual", "page": page}).status_code == status


def test_deep_paging_is_refused_with_advice(pages: Pages) -> None:
    answer = pages.get(f"/search?q=annual&page={LAST_PAGE + 1}")
    assert "500" in text_of(answer.text)
    assert "/search?q=annual" in tree_of(answer.text).xpath("//main//a/@href")


def test_nothing_found_helps(pages: Pages) -> None:
    tree = tree_of(pages.get("/search?q=eau+otters&type=report").text)
    links = tree.xpath("//div[@class='help']//a/@href")
    assert "/search?q=eau+OR+otters&type=report" in links
    assert "/" in links
    assert not [link for link in links if link == "/search?q=eau+otters"]
    elsewhere = pages.get("/search?q=otters&type=report").text
    assert "Without the filters there is 1 item." in text_of(elsewhere)


def test_what_is_wrong_with_a_query_is_said_in_the_readers_language(pages: Pages) -> None:
    assert "se cerró al final" in text_of(pages.get('/search?q="eau&lang=es').text)
    long = text_of(pages.get("/search", params={"q": "eau " * 200, "lang": "fr"}).text)
    assert "dépassait 256 caractères" in long


def test_results_are_not_for_robots_and_have_one_address(pages: Pages) -> None:
    tree = tree_of(pages.get("/search?q=eau&page=1&language=fr").text)
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert tree.xpath("//link[@rel='canonical']/@href") == ["https://library.example.org/search"]


def test_a_query_comes_back_as_text(pages: Pages) -> None:
    query = '"><script>alert(1)</script>{{7*7}}\u202e&amp;'
    tree = tree_of(pages.get("/search", params={"q": query}).text)
    assert tree.xpath("//input[@id='q']/@value") == [query]
    assert not tree.xpath("//script")


def test_cleaning() -> None:
    assert clean(" a\x00b\r\nc ") == "a b  c"
    assert clean("e\u0301") == "é"
    assert len(clean("x" * 10**6)) == 4 * LONGEST_QUERY
    assert [whole_number(text) for text in ("12", "", "1234567", "-1", "１", " 1")] == [12, 0, 0, 0, 0, 0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["q", "page", "lang", *FACETS, "other"]), st.text(max_size=40)), max_size=6),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30),
)
def test_no_parameters_break_the_search(pages: Pages, pairs: list[tuple[str, str]], accepted: str) -> None:
    query = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in pairs)
    answer = pages.get(f"/search?{query}", headers={"Accept-Language": accepted.strip().encode("latin-1")})
    assert answer.status_code in (200, 400, 404)
    tree_of(answer.text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_bytes_break_the_search(pages: Pages, raw: bytes) -> None:
    answer = pages.get("/search?q=" + quote(raw) + "&year=" + quote(raw[:9]))
    assert answer.status_code in (200, 400, 404)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["search_fuzz", "path_fuzz"])
def test_hostile_requests_are_answered(pages: Pages, name: str) -> None:
    for line in (HOSTILE / f"{name}.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        answer = pages.get("/search", params=case) if "q" in case else pages.get(case["path"])
        assert answer.status_code < 500, line[:80]
        assert "root:x:" not in answer.text
        if "html" in answer.headers["content-type"]:
            assert not tree_of(answer.text).xpath("//script")


# Editions, order, exclusion, other spellings


def test_the_editions_of_a_work_are_one_result_that_names_the_others(pages: Pages) -> None:
    for language, lead, other in (("fr", FR, EN), ("en", EN, FR)):
        tree = tree_of(pages.get(f"/search?q=eleanor&lang={language}").text)
        (result,) = tree.xpath("//ol[@class='results']/li")
        assert result.xpath("h2/a/@href") == [f"/item/{lead}?lang={language}"]
        assert result.xpath("p[@class='quiet']/a/@href") == [f"/item/{other}?lang={language}"]


def test_a_value_is_left_out_and_taken_back(pages: Pages) -> None:
    whole = tree_of(pages.get("/search?lang=en").text)
    (row,) = whole.xpath("//section[@aria-labelledby='facet-type']//li[contains(., 'Guideline')]")
    (less,) = row.xpath("a[@class='less']/@href")
    without = tree_of(pages.get(less).text)
    assert "Caring for Wetlands" not in without.text_content()
    (chip,) = without.xpath("//ul[@class='chips']//a")
    assert "not Guideline" in " ".join(chip.text_content().split())
    assert without.xpath("//form//input[@name='-type']/@value") == ["guideline"]
    assert chip.get("href") == "/search?lang=en"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "“aires protegees” also finds the subject Protected and conserved areas: 24 items."),
        ("fr", "« aires protegees » trouve aussi le sujet Aires protégées et conservées : 24 documents."),
        ("es", "«aires protegees» encuentra también la materia Áreas protegidas y conservadas: 24 documentos."),
    ],
)
def test_the_page_says_which_words_named_a_subject_and_leaves_it_aside_if_told(
    pages: Pages, language: str, said: str
) -> None:
    tree = tree_of(pages.get(f"/search?q=aires+protegees&lang={language}").text)
    note = " ".join(tree.xpath("string((//p[@class='note'])[1])").split())
    assert note == said
    (alone,) = tree.xpath("//p[@class='quiet']/a[contains(@href, 'concepts=no')]/@href")
    assert "concepts=no" in alone
    without = pages.get(alone).text
    assert said not in text_of(without)
    assert not read(QueryParams(urlsplit(alone).query)).expand
    (back,) = tree_of(without).xpath("//p[@class='quiet']/a[contains(@href, '/search?q=aires')]/@href")
    assert "concepts" not in back


def test_results_are_put_in_order(pages: Pages) -> None:
    def years(sort: str) -> list[str]:
        tree = tree_of(pages.get(f"/search?sort={sort}&lang=en").text)
        return [found for found in tree.xpath("//p[@class='byline']/span/text()") if found.isdigit()]

    assert years("newest") == sorted(years("newest"), reverse=True)
    assert years("oldest") == sorted(years("oldest"))
    titles = tree_of(pages.get("/search?sort=title&lang=en").text).xpath("//ol[@class='results']/li/h2/a/text()")
    assert titles == sorted(titles, key=str.lower)
    sorts = tree_of(pages.get("/search?q=report&type=report").text).xpath("//p[@class='quiet sorts']")[0]
    (link,) = sorts.xpath("a[. = 'By title']/@href")
    assert link == "/search?q=report&type=report&sort=title"
    assert pages.get("/search?sort=;drop").status_code == 200


def test_another_spelling_is_offered(pages: Pages) -> None:
    tree = tree_of(pages.get("/search?q=paturagse&language=fr").text)
    (link,) = tree.xpath("//p[@class='note']/a")
    assert (link.text_content(), link.get("href")) == ("pâturages", "/search?q=p%C3%A2turages&language=fr")


def test_years_are_offered_within_a_decade(pages: Pages) -> None:
    whole = tree_of(pages.get("/search?lang=en").text)
    assert not whole.xpath("//section[@aria-labelledby='facet-year']")
    (link,) = whole.xpath("//section[@aria-labelledby='facet-decade']//a[. = '1990s']/@href")
    assert tree_of(pages.get(link).text).xpath("//section[@aria-labelledby='facet-year']")


def test_subjects_are_offered_as_a_tree(pages: Pages) -> None:
    wetlands = shipped().find("Wetlands", "en")
    tree = tree_of(pages.get("/search", params={"q": "eleanor", "lang": "en", "subject": wetlands}).text)
    depths = {
        " ".join(row.xpath("string(a[1])").split()): row.get("class")
        for row in tree.xpath("//section[@aria-labelledby='facet-subject']//li")
    }
    above = [shipped().concepts[uri].label("en").value for uri in shipped().broader_closure(wetlands)]
    assert "depth-0" in depths[above[-1]]
    assert f"depth-{len(above)}" in next(kind for name, kind in depths.items() if name.endswith("Wetlands"))


def test_all_results_can_be_taken_along_and_kept_as_a_feed(pages: Pages) -> None:
    tree = html.document_fromstring(pages.get("/search?q=report&-language=es&sort=title&page=2").text)
    links = [link for link in tree.xpath("//main//a/@href") if "/search." in link]
    assert [link.partition("?")[0].rpartition(".")[2] for link in links] == ["csv", "ris", "bib", "json", "atom"]
    assert [pages.get(link.removeprefix(BASE)).status_code for link in links] == [200] * 5
    assert len(pages.get(links[3]).json()["items"]) == RECORDS
    assert pages.get(links[0]).text.count("\n") == RECORDS + 1
