"""The server's follower: what is written is found at once, and the server answers while its index is made anew."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_library import canoe_here

from canoe.home import Home
from canoe.server import _Follower
from metadata.model import Item, Text
from search.engine import Request, SearchReader

SOON = 0.5
"""Seconds within which what is committed is found."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    assert canoe_here("init", "--home", tmp_path / "home").code == 0
    opened = Home.read(tmp_path / "home")
    put(opened, 0)
    opened.update_index()
    return opened


@contextmanager
def following(home: Home) -> Iterator[SearchReader]:
    reader, stop = home.index_reader(), threading.Event()
    thread = threading.Thread(target=_Follower(home, reader, stop).run)
    thread.start()
    try:
        yield reader
    finally:
        stop.set()
        thread.join()


def put(home: Home, number: int) -> None:
    with home.library.writer() as writer:
        writer.put_item(Item(id=f"item{number:06d}", titles=(Text(f"Heron number{number}", "en"),)), {}, "Ingested")


def seen_after(reader: SearchReader, query: str, patience: float = 300) -> float:
    began = time.monotonic()
    while not reader.find(Request(query, limit=0)).total:
        assert time.monotonic() < began + patience
        time.sleep(0.005)
    return time.monotonic() - began


def test_what_is_committed_is_found_within_half_a_second(home: Home) -> None:
    """The best of a few, for the machine may be busy; each begins just when the follower begins to wait."""
    with following(home) as reader:
        delays = []
        for number in range(1, 7):
            put(home, number)
            delays.append(seen_after(reader, f"number{number}"))
    print(f"found after {', '.join(f'{delay:.2f}' for delay in sorted(delays))} s")
    assert min(delays) <= SOON


def test_it_answers_while_the_index_is_made_anew_and_follows_afterwards(home: Home) -> None:
    with following(home) as reader:
        for number in range(1, 4):
            assert home.rebuild_index() == number
            assert reader.find(Request("heron")).total == number
            put(home, number)
            seen_after(reader, f"number{number}")
    assert len(list(home.index.iterdir())) == 1


def test_an_index_that_is_lost_is_made_again(home: Home, tmp_path: Path) -> None:
    with following(home) as reader:
        put(home, 1)
        seen_after(reader, "number1")
        home.index.rename(tmp_path / "lost")
        put(home, 2)
        deadline = time.monotonic() + 300
        while not home.index.exists() or not list(home.index.glob("*/meta.json.sum")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        seen_after(reader, "number2")
        assert reader.find(Request("heron")).total == 3
