"""The tours of the README in a real browser: the librarian's, also at the desk, the researcher's, the harvester's.

``python docs/make_pictures.py`` walks them over the whole sample collection, and keeps what is seen on the way as
the pictures of the documentation; here one book of it and its catalogue must do, of which no page needs to be read
by a program.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import httpx
import pytest
from browsers import SIZES, opened, shown, too_wide
from desk_library import FULL_NAME, NAME, PASSWORD
from PIL import Image
from shelved_library import make, spread
from small_library import PROGRAM, canoe_here, canoe_program, environment, marc_file, record
from thoroughness import THOROUGH
from web_library import index, serving

from canoe.sample.build import EDITIONS, bound, build, manifest
from canoe.sample.publications import publication
from canoe.sample.records import records
from web.site import Site

PICTURES = os.environ.get("CANOE_PICTURES", "")
"""The folder that the pictures are kept in; none are, where it is empty."""

WALKED = [("desktop", True), ("phone", False), *([("phone", True)] if THOROUGH or PICTURES else [])]
"""The sizes at which a researcher's tour is walked, with script and without."""

BROUGHT, ANOTHER = "How to count terns from a boat", "Notes of a lighthouse keeper on passing terns"

LIBRARY, ADDRESS = "The Canoe sample library", "https://library.example.org"
COLOURS, COMMON, MOST_BYTES = 128, 8, 150_000
PATIENCE = 40.0


@dataclass(frozen=True, slots=True)
class Story:
    """What a tour is about: what is looked for and in which language, the book it is found in, and how it is cited.

    ``wrong`` is a part of a title that a librarian corrects to ``right``.
    """

    query: str
    language: str
    book: str
    page: int
    button: str
    cited: str
    wrong: str
    right: str


STORIES = {
    "": Story(
        query="stewardship", language="en", book="A Short History of National Parks", page=1, button="Search",
        cited="Adeyemi-Clarke, Rosalind", wrong="National Parks", right="Our National Parks",
    ),
    "all": Story(
        query="tortue", language="fr", book="Les tortues marines de l'Anse aux Tamarins", page=2, button="Chercher",
        cited="Kervadec, Solange", wrong="guide for wardens", right="guide for wetland wardens",
    ),
}  # fmt: skip
STORY = STORIES["all" if PICTURES else ""]


@dataclass(frozen=True, slots=True)
class Sample:
    """A library of the sample collection that is served."""

    folder: Path
    home: Path
    address: str


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("tours")
    (folder / "sample" / "scans").mkdir(parents=True)
    if PICTURES:
        build(folder / "sample", lambda _: None)
    else:
        edition = next(one for one in EDITIONS if one.name == "parks.en")
        text = publication(edition.name)
        (folder / "sample" / "scans" / text.file).write_bytes(bound(edition, text))
        (folder / "sample" / "scans" / "manifest.csv").write_bytes(manifest([text]))
        (folder / "sample" / "records.mrc").write_bytes(records())
    home = folder / "library"
    canoe("init", "--home", home, "--name", LIBRARY, "--base-url", ADDRESS)
    canoe("ingest", folder / "sample", "--collection", "sample", "--home", home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(PROGRAM), "serve", "--home", str(home), "--port", str(port)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            await_answer(f"http://127.0.0.1:{port}/about")
            yield Sample(folder / "sample", home, f"http://127.0.0.1:{port}")
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened() as started:
        yield started


def canoe(*arguments: str | Path) -> str:
    """Run the program as a librarian does; an ingest that refuses something, as it should of the sample, is well."""
    answer = canoe_program(*arguments) if PICTURES and arguments[0] == "ingest" else canoe_here(*arguments)
    assert answer.code in (0, 3), answer.err
    return answer.out


def await_answer(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return


def picture(tab: Any, name: str) -> None:
    """Keep what is seen as a picture of the documentation, where pictures are wanted."""
    if not PICTURES:
        return
    target = Path(PICTURES) / f"{name}.png"
    tab.evaluate("document.activeElement && document.activeElement.blur()")
    tab.wait_for_load_state("networkidle")
    tab.screenshot(path=target)
    with Image.open(target) as seen:
        plain = seen.convert("RGB")
    for colours in (COLOURS, COLOURS * 3 // 4, COLOURS // 2):
        with_few_colours(plain, colours).save(target, optimize=True)
        if target.stat().st_size < MOST_BYTES:
            return
    raise AssertionError(f"{target} is too large")


def with_few_colours(plain: Image.Image, colours: int) -> Image.Image:
    """Return an image in few colours: the commonest as they are, paper and ink among them, and some near all others."""
    counted = cast("list[tuple[int, tuple[int, int, int]]]", plain.getcolors(plain.width * plain.height))
    common = sorted(counted, reverse=True)[:COMMON]
    rest = plain.quantize(colours - COMMON, Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(value for _, colour in common for value in colour), *rest[: 3 * (colours - COMMON)]])
    return plain.quantize(palette=palette, dither=Image.Dither.NONE)


@pytest.mark.parametrize(("size", "script"), WALKED)
def test_a_researcher_finds_reads_and_cites(browser: Any, sample: Sample, size: str, script: bool) -> None:
    scheme = "dark" if size == "phone" and not script else "light"
    tab, faults = shown(
        browser, f"{sample.address}/?lang={STORY.language}", size, java_script_enabled=script, color_scheme=scheme
    )
    tab.locator("#q").fill(STORY.query)
    tab.get_by_role("button", name=STORY.button).click()
    found = tab.locator(".results > li").filter(has_text=re.compile(re.escape(STORY.book)))
    assert found.locator(".passages mark").count() >= 1
    fits(tab)
    picture(tab, "search" if size == "desktop" else f"search-{size}") if script is (size == "desktop") else None
    found.locator(".passages a").filter(has_text=str(STORY.page)).first.click()
    assert tab.locator(".pane svg rect").count() >= 1
    assert tab.locator(".text mark").count() >= 1
    fits(tab)
    picture(tab, "reader" if size == "desktop" else f"reader-{size}") if script else None
    tab.locator("article .eyebrow a").click()
    cited = tab.locator(".cite").inner_text()
    assert STORY.cited in cited
    assert f"{ADDRESS}/item/" in cited
    fits(tab)
    picture(tab, "item") if size == "desktop" else None
    file = tab.locator(".files a").first.get_attribute("href")
    assert httpx.get(sample.address + file).headers["content-type"] == "application/pdf"
    assert faults == []
    tab.close()


def test_a_librarian_sees_what_was_ingested_corrected_and_withdrawn(browser: Any, sample: Sample) -> None:
    desk, faults = shown(browser, f"{sample.address}/?lang=en", "desktop")
    hand, _ = shown(browser, f"{sample.address}/?lang=es", "phone")
    assert desk.locator(".cards li").count() == 6
    listed = sample.folder / "scans" / "manifest.csv"
    listed.write_text(listed.read_text("utf-8").replace(STORY.wrong, STORY.right), "utf-8")
    said = canoe("ingest", sample.folder / "scans", "--collection", "sample", "--home", sample.home)
    assert "1 changed" in said
    for tab in (desk, hand):
        await_shown(tab, STORY.right)
        first = tab.locator(".cards li").first
        assert STORY.right in first.inner_text()
        fits(tab)
    picture(desk, "home")
    picture(hand, "home-phone")
    desk.get_by_role("link", name=STORY.right).click()
    item = desk.url.partition("?")[0]
    canoe("withdraw", item.rpartition("/")[2], "--reason", "A plate has no permission yet", "--home", sample.home)
    assert hand.goto(f"{item}?lang=es").status == 410
    assert "A plate has no permission yet" in hand.locator("main").inner_text()
    fits(hand)
    canoe("restore", item.rpartition("/")[2], "--home", sample.home)
    assert hand.goto(item).status == 200
    assert faults == []
    desk.close()
    hand.close()


def test_a_harvester_finds_the_way_to_every_record(browser: Any, sample: Sample) -> None:
    tab, faults = shown(browser, f"{sample.address}/collections/sample?lang=en", "phone")
    fits(tab)
    feed, listed, manifests = (link.get_attribute("href") for link in tab.locator(".machines a").all())
    total = int(re.findall(r"\d+", tab.locator(".masthead p a[href*='/search']").inner_text())[0])
    assert httpx.get(sample.address + listed).text.count("<record>") == min(total, 100)
    assert httpx.get(sample.address + feed).text.count("<entry>") == min(total, 50)
    assert httpx.get(sample.address + manifests.removeprefix(ADDRESS)).json()["type"] == "Collection"
    tab.goto(f"{sample.address}/oai?lang=en")
    assert "harvesters" in tab.locator("h1").inner_text()
    fits(tab)
    assert faults == []
    tab.close()


def test_a_librarian_brings_in_at_the_desk_what_is_seen_once_it_is_approved(browser: Any, sample: Sample) -> None:
    with patch.object(sys, "stdin", StringIO(f"{PASSWORD}\n")):
        canoe("account", "add", NAME, "--full-name", FULL_NAME, "--password-stdin", "--home", sample.home)
    reader, _ = shown(browser, f"{sample.address}/search?q=terns&lang=en", "phone")
    desk, faults = shown(browser, f"{sample.address}/desk?lang=en")
    desk.fill("#name", NAME)
    desk.fill("#password", PASSWORD)
    desk.click("main button")
    desk.get_by_role("link", name="Bring in files").first.click()
    desk.set_input_files("#files", marc_file(sample.folder / "terns.mrc", [record(1, BROUGHT), record(2, ANOTHER)]))
    desk.fill("#collection", "sample")
    desk.check("#hold")
    desk.click("main button")
    desk.wait_for_selector("h1:text-is('Taken in')", timeout=1000 * PATIENCE)  # the page asks for itself again
    desk.goto(f"{sample.address}/desk/approve?lang=en")
    reader.reload()
    assert BROUGHT not in reader.locator("main").inner_text()
    desk.get_by_label(BROUGHT).check()
    desk.fill("#why", "Compared with the title page")
    fits(desk)
    picture(desk, "desk")
    desk.click("main form button:text('Make public')")
    assert "1 item is public now" in desk.locator("[role=status]").inner_text()
    await_shown(reader, BROUGHT)
    assert ANOTHER not in reader.locator("main").inner_text()
    reader.get_by_role("link", name=BROUGHT).click()
    assert BROUGHT in reader.locator("h1").inner_text()
    fits(reader)
    assert faults == []
    desk.close()
    reader.close()


@pytest.mark.skipif(not PICTURES, reason="only where pictures are wanted")
def test_pictures_of_the_map_and_of_a_series(browser: Any, tmp_path: Path) -> None:
    library = make(tmp_path / "home")
    spread(library, 900)
    index(library)
    with serving(library, Site("The library of the Union", ADDRESS)) as pages:
        address = str(pages.get("/robots.txt").url).removesuffix("/robots.txt")
        tab, _ = shown(browser, f"{address}/map?lang=es")
        picture(tab, "map")
        tab.close()


def fits(tab: Any) -> None:
    """Assert that nothing is wider than the window; what a page without scripts cannot be asked is asked of none."""
    if tab.evaluate("1 + 1") == 2:
        assert not too_wide(tab), (tab.url, SIZES)


def await_shown(tab: Any, words: str) -> None:
    """Load a page again until it shows these words: the server follows what is written."""
    until = time.monotonic() + PATIENCE
    while words not in tab.locator("main").inner_text():
        assert time.monotonic() < until, words
        tab.wait_for_timeout(200)
        tab.reload()
