"""DOIs at Crossref, which judges later: each deposited once, whatever is lost on the way, and each judgement heard."""

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, publishing, put_records
from doi_agencies import CUT_AFTER, CUT_BEFORE, PASSWORD, USER, CrossrefPeer, Fault, serving

from archive.doi_ledger import open_ledger
from archive.library import Library
from ingest.doi_sync import Clock, Office, Synced, sync
from ingest.registrars import Credentials
from ingest.registrars.calling import Caller
from ingest.registrars.crossref import Crossref
from metadata.model import Item, Text
from metadata.vocabulary import shipped

BASE = "http://library.example.org"
NAME = f"10.5555/{bare_item(1).id}"


class Time:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def read(self) -> float:
        self.now += 0.01
        return self.now


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library.create(tmp_path / "home", publishing(BASE))
    with made.writer() as writer:
        writer.put_item(bare_item(1), {}, "Ingested with a-first")
    return made


@contextmanager
def office(library: Library, peer: CrossrefPeer, time: Time, password: str = PASSWORD) -> Iterator[Office]:
    credentials = Credentials(USER, password)
    with serving(peer) as url, open_ledger(library.home) as ledger:
        caller = Caller(None, silence=1.0)
        registrar = Crossref(url, credentials, "The library", "librarian@example.org", caller, time.read)
        registrar.agency = "Crossref of the tests"
        clock = Clock(time.read, time.sleep, random.Random(3).random)  # noqa: S311 - no secret
        try:
            yield Office(library, ledger, registrar, ("10.5555",), "The library", BASE, shipped(), clock)
        finally:
            registrar.close()


def run(library: Library, peer: CrossrefPeer, time: Time, password: str = PASSWORD) -> Synced:
    with office(library, peer, time, password) as opened:
        return sync(opened)


def put(library: Library, item: Item) -> None:
    with library.writer() as writer:
        writer.put_item(item, {}, "Edited")


def state_of(library: Library) -> str:
    doi = library.item(bare_item(1).id).doi
    assert doi
    return doi.state


def test_a_deposit_is_judged_later(library: Library) -> None:
    peer, time = CrossrefPeer(slow=2), Time()
    done = run(library, peer, time)
    assert (done.accepted, done.kept, state_of(library)) == (1, 1, "findable")
    assert peer.calls == [("POST", "/servlet/deposit"), *[("GET", "/servlet/submissionDownload")] * 2]
    assert peer.dois[NAME].url == f"{BASE}/item/{bare_item(1).id}"
    assert run(library, peer, time) == Synced()


def test_a_run_that_does_not_wait_leaves_the_judgement_to_the_next(library: Library) -> None:
    peer, time = CrossrefPeer(), Time()
    with office(library, peer, time) as opened:
        assert sync(opened, limit=1).accepted == 0
    assert state_of(library) == "reserved"
    time.now += 3600
    assert run(library, peer, time).accepted == 1
    assert (len(peer.uploads), len(peer.calls)) == (1, 2)


def test_a_lost_answer_ends_in_one_deposit(library: Library) -> None:
    peer, time = CrossrefPeer(fault=lambda number, *_: CUT_AFTER if number == 1 else None), Time()
    assert run(library, peer, time).accepted == 1
    assert [method for method, _ in peer.calls] == ["POST", "GET"]
    assert peer.dois[NAME].registrations == 1


def test_an_upload_that_never_came_is_sent_again(library: Library) -> None:
    peer, time = CrossrefPeer(fault=lambda number, *_: CUT_BEFORE if number == 1 else None), Time()
    assert run(library, peer, time).accepted == 1
    assert [method for method, _ in peer.calls] == ["POST", "GET", "POST", "GET"]


def test_a_failure_that_comes_as_a_success_is_none(library: Library) -> None:
    peer, time = CrossrefPeer(refuse=lambda xml: "" if b"Mended" in xml else "Invalid title"), Time()
    done = run(library, peer, time)
    assert [row.answer for row in done.parked] == ["Invalid title"]
    assert run(library, peer, time) == Synced()
    put(library, replace(library.item(bare_item(1).id), titles=(Text("Mended"),)))
    assert run(library, peer, time).accepted == 1
    body = b"<html><h2>FAILURE</h2> the queue is closed</html>"
    put(library, replace(library.item(bare_item(1).id), titles=(Text("Mended twice"),)))
    done = run(library, CrossrefPeer(fault=lambda *_: Fault(200, body=body)), time)
    assert "the queue is closed" in done.parked[0].answer


def test_an_answer_without_content_is_neither_a_success_nor_a_refusal(library: Library) -> None:
    peer = CrossrefPeer(fault=lambda number, *_: Fault(204, body=b"") if number == 1 else None)
    done = run(library, peer, Time())
    assert (done.accepted, done.parked) == (1, ())


def test_a_portals_page_is_no_judgement(library: Library) -> None:
    page = Fault(200, body=b"<!DOCTYPE html><html><body>Welcome</body></html>")
    peer, time = CrossrefPeer(fault=lambda number, *_: page if number in (1, 3) else None), Time()
    assert run(library, peer, time).accepted == 1
    assert peer.dois[NAME].registrations == 1


def test_a_withdrawn_item_says_so_and_the_newest_counts(library: Library) -> None:
    peer, time = CrossrefPeer(), Time()
    run(library, peer, time)
    with library.writer() as writer:
        writer.withdraw(library.item(bare_item(1).id), "an error")
    assert run(library, peer, time).accepted == 1
    assert (state_of(library), b"WITHDRAWN: " in peer.dois[NAME].xml) == ("registered", True)
    with library.writer() as writer:
        writer.restore(library.item(bare_item(1).id))
    assert run(library, peer, time).accepted == 1
    assert (state_of(library), b"WITHDRAWN: " in peer.dois[NAME].xml) == ("findable", False)


def test_a_wrong_password_stops_and_is_logged_nowhere(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    peer, time = CrossrefPeer(), Time()
    with caplog.at_level(logging.DEBUG):
        with office(library, peer, time) as opened:
            sync(opened, limit=1)
        time.now += 3600
        done = run(library, peer, time, "not-so-hush")
    assert (done.is_denied, done.stopped) == (True, "HTTP status 401: Unauthorized")
    assert PASSWORD not in caplog.text
    assert "not-so-hush" not in caplog.text


def test_fifty_items_through_a_system_that_fails_three_calls_of_ten(library: Library) -> None:
    with library.writer() as writer:
        put_records(writer, range(2, 51))
    lots = random.Random(5)  # noqa: S311 - no secret
    ways = [CUT_BEFORE, CUT_AFTER, Fault(500), Fault(503), Fault(429, headers=(("Retry-After", "2"),))]
    peer, time = CrossrefPeer(fault=lambda *_: lots.choice(ways) if lots.random() < 0.3 else None), Time()
    assert run(library, peer, time).accepted == 50
    assert [kept.registrations for kept in peer.dois.values()] == [1] * 50
    assert len(peer.uploads) == 50
