"""What the desk's first page says needs attention: followed item by item, read in a moment."""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from desk_library import at_desk, text_of
from small_library import canoe_here

from archive.library import Writer
from archive.lock import file_lock
from archive.ocfl import Content
from canoe.desk_needing import LOCK, DeskNeeding, Watching
from canoe.desk_running import Running
from canoe.home import Home
from metadata.ids import item_id
from metadata.model import File, Item, Page, Text
from metadata.pages import page_line
from metadata.problems import problem


@pytest.fixture
def opened(home: Path) -> Iterator[Home]:
    home_here = Home.read(home)
    with home_here.library.writer() as writer:
        put(writer, "1" * 128, ("marshes", "Marshes of the moon"))
        put(writer, "2" * 128, ("marshes",), unread=2)
    yield home_here
    home_here.library.catalogue.close()


def put(writer: Writer, digest: str, keywords: tuple[str, ...], unread: int = 0) -> Item:
    item = Item(
        item_id(digest), (Text(f"Report <{digest[0]}>", "en"),), keywords=tuple(Text(word, "en") for word in keywords),
        source=f"{digest[0]}.pdf", submission=digest,
    )  # fmt: skip
    content: dict[str, Content] = {}
    if unread:
        lines = b"".join(page_line(Page(n, 100, 100, method="unread")) for n in range(1, unread + 1))
        said = problem("page-unread", "2.pdf", number="1", reason="it took too long")
        content = {"pages.jsonl": lines, "problems.jsonl": as_line(said)}
        sha512 = hashlib.sha512(lines).hexdigest()
        item = replace(item, files=(File("pages.jsonl", "pages", "application/x-ndjson", len(lines), sha512),))
    writer.put_item(item, content, "Ingested")
    return item


def as_line(said: object) -> bytes:
    return msgspec.json.encode(said) + b"\n"


def followed(home: Home) -> DeskNeeding:
    home.update_agents()
    Watching(home, threading.Event()).follow()
    return DeskNeeding(home)


def test_nothing_is_known_before_anybody_looked(opened: Home) -> None:
    assert DeskNeeding(opened).counts() == {}
    assert DeskNeeding(opened).cases("unread", 0, 10) == []


def test_unread_pages_and_keywords_are_counted_item_by_item(opened: Home) -> None:
    needing = followed(opened)
    assert needing.counts() == {"unread": 1, "keywords": 2, "agents": 0, "dois": 0, "duplicates": 0}
    (unread,) = needing.cases("unread", 0, 10)
    assert (unread.item, unread.title, list(unread.about)) == (item_id("2" * 128), "Report <2>", ["2"])
    assert [list(case.about) for case in needing.cases("keywords", 0, 10)] == [
        ["marshes", "2"],
        ["Marshes of the moon", "1"],
    ]
    assert [list(case.about) for case in needing.cases("keywords", 1, 10)] == [["Marshes of the moon", "1"]]


def test_what_is_mended_needs_no_attention(opened: Home) -> None:
    followed(opened)
    with opened.library.writer() as writer:
        one, two = (opened.library.item(item_id(digit * 128)) for digit in "12")
        writer.put_item(replace(one, keywords=()), {}, "Edited")
        writer.withdraw(two, "Not ours")
    assert followed(opened).counts()["keywords"] == 0
    assert followed(opened).counts()["unread"] == 0


def test_a_keyword_that_is_decided_on_is_not_open(opened: Home) -> None:
    followed(opened)
    assert canoe_here("subjects", "keep", "marshes", "--home", opened.path).code == 0
    (case,) = followed(opened).cases("keywords", 0, 10)
    assert list(case.about) == ["Marshes of the moon", "1"]


def test_a_file_that_is_damaged_or_of_another_edition_is_told_and_made_again(opened: Home) -> None:
    followed(opened)
    shutil.rmtree(opened.path / "desk.db-wal", ignore_errors=True)
    for name in ("desk.db", "desk.db-wal", "desk.db-shm"):
        (opened.path / name).unlink(missing_ok=True)
    assert followed(opened).counts()["keywords"] == 2


def test_the_first_page_leads_to_each(opened: Home) -> None:
    followed(opened)
    with at_desk(opened.path) as browser:
        front = browser.get("/desk")
        assert "Keywords that match no subject 2" in text_of(front)
        assert "Items with unread pages 1" in text_of(front)
        listed = browser.get("/desk/needs/unread")
        assert f'href="/desk/items/{item_id("2" * 128)}"' in listed.text
        assert "Report &lt;2&gt;" in listed.text
        for need in ("keywords", "agents", "dois"):
            assert browser.get(f"/desk/needs/{need}?page=7").status_code == 200
        assert browser.get("/desk/needs/duplicates").status_code == 404


def test_of_several_servers_one_looks_and_the_others_say_nothing(
    opened: Home, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("canoe.desk_needing._LOOK_EVERY", 0.01)
    watching = Watching(Home.read(opened.path), threading.Event())
    thread = threading.Thread(target=watching.run)
    with file_lock(opened.path / LOCK, "held", "by a test"):
        thread.start()
        time.sleep(0.2)
        assert DeskNeeding(opened).counts() == {}
    deadline = time.monotonic() + 20
    while not DeskNeeding(opened).counts().get("keywords") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert DeskNeeding(opened).counts()["keywords"] == 2
    watching.stop.set()
    thread.join()
    assert caplog.records == []


def test_what_keeps_uploads_from_coming_in_is_said_once(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("canoe.desk_running._LOOK_EVERY", 0.01)
    (home / "uploads" / "running.lock").mkdir(parents=True)
    running = Running(Home.read(home), threading.Event())
    thread = threading.Thread(target=running.run)
    thread.start()
    time.sleep(0.3)
    running.stop.set()
    thread.join()
    assert [record.getMessage().partition(".")[0] for record in caplog.records] == ["Uploads cannot be taken in"]
