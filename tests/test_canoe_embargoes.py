"""While the library is served, an embargo ends on its day, in the archive and for everyone who follows."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import book
from small_library import canoe_here

from canoe.embargoes import Lifting
from canoe.home import Home
from metadata.model import Item


@pytest.fixture
def home(tmp_path: Path) -> Home:
    assert canoe_here("init", "--home", tmp_path / "home").code == 0
    opened = Home.read(tmp_path / "home")
    with opened.library.writer() as writer:
        for number, ends in ((1, "2020-01-31"), (2, "2999-01-31")):
            writer.put_item(replace(book(number)[0], access="embargoed", embargo=ends), book(number)[1], "Ingested")
    return opened


def access(home: Home, item: Item) -> str:
    return Home(home.path, home.settings).library.item(item.id).access


def test_what_is_over_is_opened_at_once_and_looked_for_every_hour(home: Home) -> None:
    stop = threading.Event()
    lifting = Lifting(home.library, stop)
    thread = threading.Thread(target=lifting.run)
    thread.start()
    try:
        until = time.monotonic() + 300
        while access(home, book(1)[0]) != "open" and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()
    assert [access(home, book(number)[0]) for number in (1, 2)] == ["open", "embargoed"]
    assert 0 < lifting.lift() <= 3601


def test_while_another_writes_it_comes_again_soon(home: Home) -> None:
    lifting = Lifting(Home(home.path, home.settings).library, threading.Event())
    with home.library.writer():
        assert lifting.lift() == 60
    assert access(home, book(1)[0]) == "embargoed"
    assert lifting.lift() > 0
    assert access(home, book(1)[0]) == "open"
