"""The pages in a real browser: nothing spills over, nothing is against the policy, it zooms, axe finds no fault.

Needs Debian's chromium and the packages playwright and axe-playwright-python; skips where one is missing.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from browsers import SIZES, WCAG, opened, shown, too_wide
from pictured_library import GONE, SCAN, SIZE, make
from shelved_library import ISSN
from shelved_library import add as add_shelves
from thoroughness import THOROUGH, usually
from web_library import Pages, index, serving

from archive.agents_following import open_agents
from archive.library import Library

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

KINDS = (
    "/", "/search?q=sedge", f"/item/{SCAN}", f"/item/{SCAN}/page/1?q=sedge", "/map",
    "/search?q=nothingatall", "/search?q=report&type=report", f"/item/{SCAN}/pages", f"/item/{SCAN}/search?q=herons",
    f"/item/{GONE}", "/subjects", "/subjects/conservation/c0302", "/agents", "{agent}", "/collections",
    "/collections/reports", "/series", f"/series/{ISSN}", "/years", "/about", "/no/such/report",
)  # fmt: skip
JUDGED = usually(KINDS[:7], thoroughly=KINDS)
"""The pages that axe judges; the others are opened all the same."""

STATUS = {f"/item/{GONE}": 410, "/no/such/report": 404}
LOOKS = tuple(product(("en", "fr", "es"), ("phone", "desktop"), ("light", "dark")))
LONGEST_LINE = """Math.max(...[...document.querySelectorAll('main p')].map(e => {
    const range = document.createRange(); range.selectNodeContents(e);
    const widths = [...range.getClientRects()].map(line => line.width);
    return Math.max(0, ...widths) / parseFloat(getComputedStyle(e).fontSize); }))"""
"""In widths of an m, which are about two letters."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = make(tmp_path_factory.mktemp("home"))
    add_shelves(library)
    index(library)
    with open_agents(library):
        return library


@pytest.fixture(scope="module")
def server(library: Library) -> Iterator[str]:
    with serving(library) as pages:
        yield address_of(pages)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened() as started:
        yield started


def address_of(pages: Pages) -> str:
    return str(pages.get("/robots.txt").url).removesuffix("/robots.txt")


def looks(kind: int) -> Iterator[tuple[str, str, str]]:
    """Yield the ways in which a page is looked at: one, another for each kind, so that together they are all.

    Thoroughly, it is looked at in each of them, which takes minutes.
    """
    yield from LOOKS if THOROUGH else LOOKS[5 * kind % len(LOOKS) :][:1]


def found_by(judge: Any, tab: Any) -> list[tuple[str, list[str]]]:
    found = judge.run(tab, options={"runOnly": WCAG, "resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], [node["html"][:300] for node in one["nodes"]][:3]) for one in found]


def test_axe_finds_nothing_and_no_page_is_too_wide(browser: Any, server: str) -> None:
    judge = axe.Axe()
    tab, _ = shown(browser, f"{server}/agents")
    agent = tab.locator("main .plain a").first.get_attribute("href")
    for number, kind in enumerate(KINDS):
        for language, size, scheme in looks(number):
            tab.emulate_media(color_scheme=scheme)
            tab.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
            path = kind.format(agent=agent)
            answer = tab.goto(f"{server}{path}{'&' if '?' in path else '?'}lang={language}")
            assert answer.status == STATUS.get(kind, 200), path
            assert kind not in JUDGED or not (told := found_by(judge, tab)), (path, language, size, scheme, told)
            assert not too_wide(tab), (path, language, size)
    tab.emulate_media(color_scheme="light")
    tab.evaluate("document.querySelector('h1').style.color = '#999'")
    assert [rule for rule, _ in found_by(judge, tab)] == ["color-contrast"]
    tab.close()


def test_on_the_wall_lines_are_no_longer_than_the_eye_can_follow(browser: Any, server: str) -> None:
    tab, _ = shown(browser, f"{server}/", "wall")
    paths = ("/search?q=sedge", f"/item/{SCAN}/page/1?view=text", f"/item/{SCAN}", "/about", "/map")
    for path in usually(paths[:2], thoroughly=paths):
        tab.goto(server + path)
        assert tab.evaluate(LONGEST_LINE) < 50, path
        assert not too_wide(tab)
    tab.goto(f"{server}/search?q=sedge")
    facets, found = (tab.locator(name).bounding_box() for name in (".facets", ".found"))
    assert facets["x"] + facets["width"] <= found["x"]
    tab.close()


def test_the_first_view_of_results_is_light(browser: Any, server: str) -> None:
    context = browser.new_context(viewport=dict(zip(("width", "height"), SIZES["desktop"], strict=True)))
    tab = context.new_page()
    taken: list[int] = []
    tab.on("response", lambda answer: taken.append(len(answer.body())))
    tab.goto(f"{server}/search?q=report", wait_until="networkidle")
    assert tab.locator(".results > li").count() == 10
    assert len(taken) <= 10
    assert sum(taken) <= 100_000
    context.close()


def test_paper_has_what_is_read_and_nothing_to_press(browser: Any, server: str) -> None:
    tab, _ = shown(browser, f"{server}/item/{SCAN}")
    tab.emulate_media(media="print")
    for path, there in ((f"/item/{SCAN}", ".cite"), ("/search?q=sedge", ".results"), (f"/item/{SCAN}/page/1", ".text")):
        tab.goto(server + path)
        assert tab.locator(there).first.is_visible()
        for pressed in ("input", "button", ".places", ".tongues", ".facets", ".turn", ".button"):
            assert not any(one.is_visible() for one in tab.locator(pressed).all()), (path, pressed)
    assert tab.pdf(format="A4").startswith(b"%PDF")
    tab.close()


@pytest.mark.parametrize("script", [True, False])
def test_marks_lie_on_the_image_at_every_size(browser: Any, server: str, script: bool) -> None:
    for zoom in usually(("fit",) if script else ("200",), thoroughly=("fit", "200")):
        address = f"{server}/item/{SCAN}/page/1?q=sedge&zoom={zoom}"
        tab, faults = shown(browser, address, "desktop", java_script_enabled=script)
        for width, height in SIZES.values():
            tab.set_viewport_size({"width": width, "height": height})
            image, rect = tab.locator(".pane img").bounding_box(), tab.locator("#mark-1 rect")
            scale = min(image["width"] / SIZE[0], image["height"] / SIZE[1])
            left = image["x"] + (image["width"] - SIZE[0] * scale) / 2
            for edge, start in (("x", left), ("y", image["y"])):
                assert abs(start + int(rect.get_attribute(edge)) * scale - rect.bounding_box()[edge]) < 2.5
        assert faults == []
        tab.close()


def test_zooming_by_keys_and_mouse_and_turning_pages(browser: Any, server: str) -> None:
    tab, faults = shown(browser, f"{server}/item/{SCAN}/page/2")
    scale = "new DOMMatrix(getComputedStyle(document.querySelector('.pane figure')).transform).a"
    tab.locator(".pane").focus()
    tab.keyboard.press("+")
    assert tab.evaluate(scale) == pytest.approx(1.4)
    tab.keyboard.press("ArrowRight")  # moves the image, not to the next page
    assert tab.url.endswith("/page/2")
    tab.keyboard.press("0")
    assert tab.evaluate(scale) == 1
    box = tab.locator(".pane img").bounding_box()
    tab.mouse.dblclick(box["x"] + 100, box["y"] + 100)
    assert tab.evaluate(scale) == pytest.approx(2.5)
    tab.keyboard.press("0")
    with tab.expect_navigation():
        tab.keyboard.press("ArrowRight")
    assert tab.url.endswith("/page/3")
    assert faults == []
    tab.close()


def test_without_script_all_can_be_reached(browser: Any, server: str) -> None:
    tab, _ = shown(browser, f"{server}/item/{SCAN}", "phone", java_script_enabled=False)
    tab.get_by_role("link", name="Read the 5 pages").click()
    tab.get_by_role("link", name="Next page").first.click()
    assert tab.url.endswith("/page/2")
    tab.get_by_label("Search inside").fill("herons")
    tab.get_by_role("button", name="Search").click()
    tab.get_by_role("link", name="Page 1").click()
    assert tab.locator("#mark-1 rect").count() == 2
    tab.close()
