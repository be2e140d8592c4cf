"""The reader: image and text side by side, words marked on both, ways to every page, all without script."""

from collections.abc import Iterator

import pytest
from lxml import html
from pictured_library import BARE, BORN, BROKEN, HUGE, PAGES, PHOTOS, SCAN, SIZE, TEXT, make, words_of
from web_library import Pages, serving

from metadata.pages import PageText
from web import inside
from web.inside import Search

LETTERS = words_of(TEXT)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with serving(make(tmp_path_factory.mktemp("home"))) as opened:
        yield opened


def tree(pages: Pages, path: str, status: int = 200) -> html.HtmlElement:
    answer = pages.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == status, answer.text
    return html.document_fromstring(answer.text)


def words(found: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in found.xpath(path)]


def test_the_image_in_several_sizes_with_its_shape_and_a_text_for_those_who_do_not_see_it(pages: Pages) -> None:
    (image,) = tree(pages, f"/item/{SCAN}/page/1").xpath("//figure/img")
    assert (image.get("width"), image.get("height")) == tuple(map(str, SIZE))
    assert image.get("alt") == "Page 1 of “The marsh in spring” (its text follows)"
    sources = dict(source.split() for source in image.get("srcset").split(", "))
    assert set(sources.values()) == {"480w", "800w", "1000w"}
    for path in sources:
        assert pages.get(path).status_code == 200


def test_words_of_the_query_are_marked_on_the_image_and_in_the_text(pages: Pages) -> None:
    found = tree(pages, f"/item/{SCAN}/page/1?q=herons")
    assert words(found, "//mark") == ["herons"]
    boxes = found.xpath("//figure/svg/g[@id='mark-1']/rect")
    assert len(boxes) == 2
    assert found.xpath("//figure/svg/@viewbox") == [f"0 0 {SIZE[0]} {SIZE[1]}"]
    word = next(word for word in LETTERS if word.text == "her-")
    assert int(boxes[0].get("x")) <= word.box[0] <= int(boxes[0].get("x")) + int(boxes[0].get("width"))
    assert found.xpath("//a[@href='#mark-1']")
    assert not tree(pages, f"/item/{SCAN}/page/1").xpath("//figure/svg")


def test_a_part_of_the_page_can_be_pointed_at(pages: Pages) -> None:
    (part,) = tree(pages, f"/item/{SCAN}/page/1?xywh=900,1300,500,500").xpath("//figure/svg/rect[@class='part']")
    assert [part.get(name) for name in ("x", "y", "width", "height")] == ["900", "1300", "100", "100"]
    for nonsense in ("1,2,3", "5000,0,1,1", "0,0,0,0", "%3Cscript%3E", "1,1,1,99999999999"):
        assert not tree(pages, f"/item/{SCAN}/page/1?xywh={nonsense}").xpath("//figure/svg")


def test_views_and_sizes_are_plain_links_that_keep_the_rest(pages: Pages) -> None:
    found = tree(pages, f"/item/{SCAN}/page/2?q=nothing&zoom=200&view=image&lang=en")
    assert found.xpath("//figure/img/@width") == [str(round(2 * SIZE[0] * 96 / 150))]
    assert not found.xpath("//section[@class='words']")
    assert words(found, "//nav[@class='choices']/a[@aria-current]") == ["Image", "200%"]
    (after,) = found.xpath("//div[@class='tools']//a[@rel='next']/@href")
    assert after == f"/item/{SCAN}/page/3?q=nothing&view=image&zoom=200&lang=en"
    assert tree(pages, after).xpath("//figure/img")
    text = tree(pages, f"/item/{SCAN}/page/2?view=text")
    assert text.xpath("//section[@class='words']")
    assert not text.xpath("//figure")


def test_the_way_to_other_pages(pages: Pages) -> None:
    found = tree(pages, f"/item/{SCAN}/page/3")
    links = found.xpath("(//nav[@class='turn'])[1]/a/@href")
    assert [int(link.rpartition("/")[2]) for link in links] == [1, 2, 4, PAGES]
    assert found.xpath("//link[@rel='prev' or @rel='next']/@href") == [f"/item/{SCAN}/page/{n}" for n in (2, 4)]
    assert len(found.xpath("//nav[@class='strip']//img[@loading='lazy'][@width][@height]")) == PAGES
    assert words(found, "//nav[@class='strip']//a[@aria-current='page']") == ["Page 33"]
    assert not tree(pages, f"/item/{SCAN}/page/1").xpath("//a[@rel='prev']")
    assert not tree(pages, f"/item/{SCAN}/page/{PAGES}").xpath("//a[@rel='next']")


def test_all_pages_as_small_pictures(pages: Pages) -> None:
    found = tree(pages, f"/item/{SCAN}/pages")
    images = found.xpath("//ol[@class='thumbs']//img/@src")
    assert len(images) == PAGES
    assert all(len(pages.get(path).content) <= 4096 for path in images)
    for part in ("0", "2", "x", "99999999999"):
        tree(pages, f"/item/{SCAN}/pages?part={part}", 404)


def test_searching_inside_leads_to_pages_with_marks(pages: Pages) -> None:
    found = tree(pages, f"/item/{SCAN}/search?q=sedge")
    assert words(found, "//h1") == ["1 page with sedge"]
    (link,) = found.xpath("//ol[contains(@class, 'results')]/li/a/@href")
    assert link == f"/item/{SCAN}/page/1?q=sedge"
    assert tree(pages, link).xpath("//figure/svg/g")
    assert words(found, "//li//mark") == ["sedge"]
    none = tree(pages, f"/item/{SCAN}/search?q=giraffe")
    assert none.xpath("//main//a[@href='/search?q=giraffe']")
    assert tree(pages, f"/item/{SCAN}/search").xpath("//form[@role='search']")
    tree(pages, f"/item/{SCAN}/search?q=sedge&part=2", 404)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("reed", [1, 3]), ("reed heron", [1]), ("reed OR otter", [1, 2, 3]), ("reed -heron", [3]),
        ("reed otter", [1, 2, 3]), ("heron otter -bed", [1, 2]), ("otter heron -reed", [2]), ('"grey heron"', [1]),
        ('"heron grey"', []), ("ott*", [2]), ("title:otter reed", [1, 3]), ("roseliere", []), ("", []), ("((", []),
        ("grey-re*", [1]), ("reed-beds~1", [3]), ("l'ott*", [2]),
        ('"grey reeds"~1', []), ('"reeds grey"~3', [1]), ('"bed reed"~', [3]),
    ],
)  # fmt: skip
def test_pages_that_answer_are_those_the_query_means(query: str, numbers: list[int]) -> None:
    texts = [PageText(1, "A grey heron in the reeds", "en"), PageText(2, "Otters", "en"), PageText(3, "Reed bed", "en")]
    search = Search.of(query)
    assert [page.number for page, _ in search.pages(iter(texts))] == numbers if search else not numbers


def test_items_of_all_kinds_can_be_read(pages: Pages) -> None:
    assert tree(pages, f"/item/{BORN}/page/1").xpath("//figure/img")
    assert tree(pages, f"/item/{PHOTOS}/page/2").xpath("//figure/img")
    assert tree(pages, f"/item/{HUGE}/page/1").xpath("//figure/img")
    assert tree(pages, f"/item/{BROKEN}/page/1").xpath("//figure/img[@alt]")
    bare = tree(pages, f"/item/{BARE}/page/1")
    assert not bare.xpath("//figure")
    assert "There is no image of this page." in bare.text_content()


def test_the_reader_alone_may_run_its_own_module(pages: Pages) -> None:
    answer = pages.get(f"/item/{SCAN}/page/1")
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    (source,) = html.document_fromstring(answer.text).xpath("//script[@type='module']/@src")
    assert pages.get(source).headers["content-type"].startswith("text/javascript")
    assert not html.document_fromstring(answer.text).xpath("//*[@style] | //@*[starts-with(name(), 'on')]")
    assert "script-src" not in pages.get(f"/item/{SCAN}").headers["content-security-policy"]


def test_covers_stand_where_there_are_pages(pages: Pages) -> None:
    assert tree(pages, f"/item/{SCAN}").xpath("//a[@class='front']/img[@width][@height]")
    assert not tree(pages, f"/item/{BARE}").xpath("//a[@class='front']")
    new = tree(pages, "/").xpath("//ul[@class='cards']//img")
    assert new
    assert all(image.get("loading") == "lazy" and image.get("width") for image in new)


def test_a_search_inside_that_takes_too_long_gives_what_it_has_found(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inside, "PATIENCE", -1.0)
    answer = pages.get(f"/item/{SCAN}/search?q=sedge", headers={"Accept-Language": "en"})
    assert "Only the first 0 pages are shown." in answer.text
    assert pages.get(f"/iiif/{SCAN}/search?q=sedge").json()["items"] == []
