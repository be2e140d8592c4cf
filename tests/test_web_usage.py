"""Usage is counted as COUNTER 5.1 wants: asked for over HTTP, with the hands of the clock in the test."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.middleware import Middleware
from web_library import EN, FR, GONE, HOSTILE, Pages, identifier, make, serving

from archive.library import Library
from archive.usage import Usage
from archive.usage_kept import METRICS, Sums
from metadata.errors import UsageError
from web import usage
from web.usage import Counter, Counting
from web.usage_robots import FILE, Robots

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
NOON = 1_795_435_200.0  # 2026-11-23T12:00:00Z
PDF_PATH = f"/item/{FR}/file/access.pdf"


@dataclass(slots=True)
class Reading:
    """Readers at a library's pages, and what is counted of them."""

    pages: Pages
    counter: Counter
    library: Library
    now: float = NOON

    def get(self, path: str, agent: str = FIREFOX, **headers: str) -> httpx.Response:
        """Ask for a path as a browser, at the moment that it now is."""
        told = {"User-Agent": agent, "Accept": "text/html,*/*;q=0.8", **headers}
        return self.pages.get(path, headers=told)

    def after(self, seconds: float) -> "Reading":
        """Let time pass."""
        self.now += seconds
        return self

    def sums(self, item: str = FR) -> tuple[int, ...]:
        """Return all use of an item, in the order of METRICS, as it is on the disk once the server has stopped."""
        self.counter.settle(None)
        self.counter.flush()
        return Usage(self.library.home, self.library.archive).of_item(item).values


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return make(tmp_path_factory.mktemp("used") / "home")


@pytest.fixture(scope="module")
def served(library: Library) -> Iterator[tuple[Pages, Counter]]:
    counter = Counter(Usage(library.home, library.archive), Robots.of(library.home))
    with serving(library, through=[Middleware(Counting, counter=counter)]) as pages:
        yield pages, counter


@pytest.fixture
def reading(served: tuple[Pages, Counter], library: Library) -> Iterator[Reading]:
    pages, shared = served
    (library.home / "usage.db").unlink(missing_ok=True)
    reading = Reading(pages, shared, library)
    shared.clock = lambda: reading.now
    shared._known, shared._hour, shared._is_full = {}, int(NOON // 3600), False
    yield reading
    reading.sums()
    with closing(sqlite3.connect(library.home / "usage.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def test_a_page_of_an_item_is_an_investigation(reading: Reading) -> None:
    assert reading.get(f"/item/{FR}").status_code == 200
    assert reading.sums() == (1, 1, 0, 0)
    assert reading.sums(EN) == (0, 0, 0, 0)


def test_what_is_taken_or_read_is_a_request_and_an_investigation(reading: Reading) -> None:
    reading.get(PDF_PATH)
    reading.after(60).get(f"/item/{EN}/page/1")
    assert reading.sums() == reading.sums(EN) == (1, 1, 1, 1)


def test_a_session_is_an_hour_of_one_browser_and_counts_each_item_once_as_unique(reading: Reading) -> None:
    for path in (f"/item/{FR}", PDF_PATH, f"/item/{FR}/pages", f"/item/{FR}/search?q=eau"):
        assert reading.after(60).get(path).status_code == 200
    assert reading.sums() == (4, 1, 1, 1)
    reading.after(60).get(PDF_PATH, SAFARI)
    assert reading.sums() == (5, 2, 2, 2)
    reading.after(3600).get(PDF_PATH)
    assert reading.sums() == (6, 3, 3, 3)


def test_of_a_double_click_the_last_is_counted(reading: Reading) -> None:
    reading.now = NOON + 7 * 86_400 + 12 * 3600 - 1  # 2026-11-30T23:59:59Z
    reading.get(PDF_PATH)
    reading.get(f"/item/{EN}", SAFARI)
    reading.after(28).get(f"/item/{EN}?lang=fr", SAFARI)
    assert reading.sums() == (1, 1, 1, 1)
    assert reading.sums(EN) == (1, 1, 0, 0)
    months = Usage(reading.library.home, reading.library.archive).by_month()
    assert months == {"2026-11": Sums(1, 1, 1, 1), "2026-12": Sums(1, 1, 0, 0)}


def test_clicks_are_one_as_long_as_each_follows_within_half_a_minute(reading: Reading) -> None:
    for seconds in (0, 29, 29, 29, 29):
        reading.after(seconds).get(PDF_PATH)
    assert reading.sums()[2] == 1
    for seconds in (40, 31, 31):
        reading.after(seconds).get(PDF_PATH)
    assert reading.sums()[2] == 4


def test_a_click_is_counted_at_the_end_of_its_half_minute_and_not_before(reading: Reading) -> None:
    reading.get(PDF_PATH)
    for seconds, number in ((29, 0), (2, 1), (60, 1)):
        reading.after(seconds).counter.settle(reading.now - usage.DOUBLE_CLICK)
        reading.counter.flush()
        assert Usage(reading.library.home, reading.library.archive).of_item(FR).requests == number


def test_two_files_of_an_item_are_no_double_click(reading: Reading) -> None:
    reading.get(PDF_PATH)
    reading.after(1).get(f"/item/{FR}/file/originals/plan.svg")
    assert reading.sums() == (2, 1, 2, 1)


def test_turning_the_pages_of_an_item_is_one_request_a_session(reading: Reading) -> None:
    for page in (1, 2, 3, 1):
        assert reading.after(45).get(f"/item/{FR}/page/{page}").status_code == 200
    assert reading.sums() == (1, 1, 1, 1)
    reading.after(3600).get(f"/item/{FR}/page/2")
    assert reading.sums() == (2, 2, 2, 2)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; bingbot/2.0) Chrome/116.0.1938.76 Safari/537.36",
        "python-requests/2.32", "curl/8.9", "Wget/1.21", "Go-http-client/2.0", "Scrapy/2.11", "Mozilla/5.0", "",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
    ],
)  # fmt: skip
def test_robots_are_not_counted(reading: Reading, agent: str) -> None:
    reading.get(f"/item/{FR}", agent)
    reading.get(PDF_PATH, agent)
    assert reading.sums() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "agent",
    [
        FIREFOX, SAFARI, "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140",
        "Mozilla/5.0 (Linux; Android 12; HUAWEI2) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
    ],
)  # fmt: skip
def test_browsers_are_counted(reading: Reading, agent: str) -> None:
    reading.get(PDF_PATH, agent)
    assert reading.sums() == (1, 1, 1, 1)


def test_what_a_browser_asks_for_ahead_is_not_counted(reading: Reading) -> None:
    for name, value in (("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch"), ("X-Purpose", "preview")):
        assert reading.after(60).get(PDF_PATH, FIREFOX, **{name: value}).status_code == 200
    assert reading.sums() == (0, 0, 0, 0)


def test_only_the_beginning_of_what_is_taken_in_ranges_is_counted(reading: Reading) -> None:
    for asked in ("bytes=100-200", "bytes=-50", "bytes=5-, 0-1"):
        assert reading.after(60).get(PDF_PATH, Range=asked).status_code == 206
    assert reading.sums() == (0, 0, 0, 0)
    assert reading.after(60).get(PDF_PATH, Range="bytes=0-99").status_code == 206
    assert reading.sums() == (1, 1, 1, 1)


def test_what_the_browser_has_already_is_counted(reading: Reading) -> None:
    tag = reading.get(PDF_PATH).headers["etag"]
    assert reading.after(60).get(PDF_PATH, **{"If-None-Match": tag}).status_code == 304
    assert reading.sums() == (2, 1, 2, 1)


def test_head_is_not_counted(reading: Reading) -> None:
    for path in (f"/item/{FR}", PDF_PATH):
        assert reading.pages.request("HEAD", path, headers={"User-Agent": FIREFOX}).status_code == 200
    assert reading.sums() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "path",
    [
        f"/item/{FR}.json", f"/item/{FR}.mods", f"/item/{FR}.ris", f"/item/{FR}.linkset", f"/iiif/{FR}/manifest.json",
        f"/iiif/{FR}/text/1", f"/id/{FR}", "/search?q=eau", "/", f"/item/{FR}/page?n=2", f"/item/{FR}/page/99",
        f"/item/{FR}/file/pages.jsonl", f"/item/{GONE}", "/item/nothing", f"/item/{FR}/", f"//item/{FR}",
    ],
)  # fmt: skip
def test_forms_for_machines_and_what_is_not_there_are_not_counted(reading: Reading, path: str) -> None:
    reading.get(path)
    assert reading.sums() == reading.sums(GONE) == (0, 0, 0, 0)


def test_a_form_for_machines_at_the_address_of_the_page_is_not_counted(reading: Reading) -> None:
    assert reading.get(f"/item/{FR}", Accept="application/ld+json").status_code == 200
    assert reading.sums() == (0, 0, 0, 0)


def test_nothing_on_the_disk_leads_to_a_reader(reading: Reading) -> None:
    for _ in range(3):
        reading.after(60).get(PDF_PATH, "Mozilla/5.0 (Amiga; nobody else has this one)", Cookie="who=me")
    reading.sums()
    kept = b"".join(path.read_bytes() for path in reading.library.home.glob("usage.db*"))
    assert not [told for told in (b"127.0.0.1", b"Amiga", b"who=me") if told in kept]
    with closing(sqlite3.connect(reading.library.home / "usage.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("usage",)]
        assert connection.execute("SELECT * FROM usage").fetchall() == [(FR, "2026-11", 3, 1, 3, 1)]
    assert "cookie" not in reading.get(PDF_PATH).headers.get("set-cookie", "")


def test_marks_change_with_the_day_and_with_the_item(reading: Reading) -> None:
    def marked(path: str, agent: str = FIREFOX) -> bytes:
        reading.get(path, agent)
        return reading.counter._came.pop().mark

    today = marked(PDF_PATH)
    assert marked(f"/item/{FR}") == today
    others = {marked(f"/item/{EN}"), marked(PDF_PATH, SAFARI)}
    reading.after(86_400)
    assert len({today, *others, marked(PDF_PATH)}) == 4
    assert reading.counter._former_key == b""


def test_marks_are_forgotten_when_their_hour_is_over_though_nobody_comes(reading: Reading) -> None:
    reading.get(PDF_PATH)
    for seconds, number in ((40, 1), (3000, 1), (600, 0)):
        reading.after(seconds).counter.settle(reading.now - usage.DOUBLE_CLICK)
        assert len(reading.counter._known) == number


def test_a_flood_takes_a_bounded_memory_and_is_told_once(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(usage, "MOST", 5)
    for number in range(20):
        reading.after(0.1).get(PDF_PATH, f"{FIREFOX} {number}")
        reading.counter.settle(reading.now - usage.DOUBLE_CLICK)
    assert len(reading.counter._waiting) == 5
    reading.after(60).get(f"/item/{EN}", f"{FIREFOX} 99")
    assert reading.sums()[2] == 5
    assert len(reading.counter._known) == 5
    assert len([record for record in caplog.records if "More than 5" in record.message]) == 1
    reading.after(3600).get(PDF_PATH, f"{FIREFOX} 100")
    assert reading.sums()[2] == 6


def test_several_processes_add_up(reading: Reading) -> None:
    counters = [Counter(Usage(reading.library.home, reading.library.archive), reading.counter.robots) for _ in range(4)]

    def count(counter: Counter) -> None:
        for number in range(50):
            counter._sums = {(FR, "2026-11"): Sums(1, 1), (identifier(str(number)), "2026-11"): Sums(1, 1, 1, 1)}
            counter.flush()

    threads = [threading.Thread(target=count, args=(counter,)) for counter in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reading.sums() == (200, 200, 0, 0)
    assert reading.sums(identifier("7")) == (4, 4, 4, 4)


def test_what_cannot_be_written_is_kept_and_told_once(reading: Reading, caplog: pytest.LogCaptureFixture) -> None:
    (reading.library.home / "usage.db").mkdir()
    try:
        for _ in range(3):
            reading.after(60).get(PDF_PATH)
            reading.counter.settle(None)
            reading.counter.flush()
        assert len([record for record in caplog.records if "cannot be noted" in record.message]) == 1
        assert reading.get(f"/item/{FR}").status_code == 200
    finally:
        (reading.library.home / "usage.db").rmdir()
    assert reading.sums()[2] == 3


def test_a_library_can_have_a_list_of_robots_of_its_own(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("# ours\n\n^Fire.?fox\nNetscape\n", "utf-8")
    robots = Robots.of(tmp_path)
    assert robots.has("firefox/1.0")
    assert robots.has("Old netscape")
    assert not robots.has("Googlebot")
    (tmp_path / FILE).write_text("bot\n[a-\n", "utf-8")
    with pytest.raises(UsageError, match=f"{FILE}#2"):
        Robots.of(tmp_path)
    (tmp_path / FILE).write_text("", "utf-8")
    assert not Robots.of(tmp_path).has("Googlebot")


def test_the_metrics_are_those_of_counter() -> None:
    assert Sums(1, 2, 3, 4).by_metric == dict(zip(METRICS, (1, 2, 3, 4), strict=True))
    assert HOSTILE
