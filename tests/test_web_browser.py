"""The reader in a real browser: nothing spills over, nothing is against the policy, it zooms, axe finds no fault.

Needs Debian's chromium and the packages playwright and axe-playwright-python; skips where one is missing.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from pictured_library import SCAN, SIZE, make
from web_library import Pages, serving

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(make(tmp_path_factory.mktemp("home"))) as pages:
        yield address_of(pages)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def address_of(pages: Pages) -> str:
    return str(pages.get("/robots.txt").url).removesuffix("/robots.txt")


def shown(browser: Any, address: str, size: str = "desktop", **kind: Any) -> tuple[Any, list[str]]:
    """Open an address; return the page, and what the browser complained about."""
    width, height = SIZES[size]
    tab = browser.new_page(viewport={"width": width, "height": height}, **kind)
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    tab.goto(address, wait_until="load")
    return tab, faults


@pytest.mark.parametrize("path", ["page/1?q=sedge", "pages", "search?q=sedge"])
def test_pages_fit_the_screen_and_axe_finds_nothing(browser: Any, server: str, path: str) -> None:
    tab, faults = shown(browser, f"{server}/item/{SCAN}/{path}", "desktop")
    for width, height in SIZES.values():
        tab.set_viewport_size({"width": width, "height": height})
        wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth)"
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, tab.evaluate(
            f"{wide}.map(e => e.outerHTML.slice(0, 200))"
        )
    found = axe.Axe().run(tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == []
    assert faults == []
    tab.close()


@pytest.mark.parametrize("script", [True, False])
def test_marks_lie_on_the_image_at_every_size(browser: Any, server: str, script: bool) -> None:
    for zoom in ("fit", "200"):
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
