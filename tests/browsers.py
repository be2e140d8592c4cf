"""A real browser for tests: Debian's Chromium, driven by Playwright; skips where one of them is missing."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
SIZES: Mapping[str, tuple[int, int]] = {"phone": (360, 740), "desktop": (1280, 800), "wall": (2560, 1440)}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def opened() -> Iterator[Any]:
    """Lend a browser."""
    if not CHROMIUM:
        pytest.skip("there is no chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def shown(browser: Any, address: str, size: str = "desktop", **kind: Any) -> tuple[Any, list[str]]:
    """Open an address; return the page, and what the browser complained about."""
    width, height = SIZES[size]
    tab = browser.new_page(viewport={"width": width, "height": height}, **kind)
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    tab.goto(address, wait_until="load")
    return tab, faults


def too_wide(tab: Any) -> list[str]:
    """Return the beginnings of what is wider than the window, nothing where the page fits."""
    wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth)"
    if tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    found: list[str] = tab.evaluate(f"{wide}.map(e => e.outerHTML.slice(0, 200))")
    return found or ["something outside of main"]
