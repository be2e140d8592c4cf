"""Change numbers rise whatever the clock does, and are the instants of OCFL and OAI-PMH."""

import os
import random
import time
from pathlib import Path

import pytest
from archive_library import book, publishing
from damaging import get
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from starlette.applications import Starlette

from archive.clock import SECOND, Told, from_rfc3339, next_stamp, to_datestamp, to_rfc3339
from archive.library import Library
from oai.app import Door, application
from oai.provider import Provider, Repository

STAMPS = st.integers(min_value=0, max_value=253_402_300_799 * SECOND)


@given(STAMPS)
def test_an_instant_comes_back_as_it_went(stamp: int) -> None:
    assert from_rfc3339(to_rfc3339(stamp)) == stamp


@given(STAMPS, STAMPS)
def test_instants_sort_as_their_numbers(one: int, other: int) -> None:
    assert (to_rfc3339(one) < to_rfc3339(other)) == (one < other)


def test_instants_are_written_as_the_specifications_write_them() -> None:
    assert to_rfc3339(1_795_359_845 * SECOND + 1) == "2026-11-22T15:04:05.000001Z"
    assert to_datestamp(1_795_359_845 * SECOND + 999_999) == "2026-11-22T15:04:05Z"
    assert from_rfc3339("2026-11-22T17:04:05.25+02:00") == 1_795_359_845 * SECOND + 250_000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22T15:04:05", "2026-13-01T00:00:00Z"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_rfc3339(text)


def test_numbers_rise_when_the_clock_stands_still_or_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    last, day = next_stamp(0), 86_400 * 10**9
    start = time.time_ns()
    for now in (start, start, start + 3 * day, start - 3 * day, start):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        stamp = next_stamp(last)
        assert stamp > last
        last = stamp


def test_what_was_told_is_kept_and_never_falls(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    assert Told(path).last() == 0
    Told(path).note(2_000_000_000)
    Told(path).note(1_000_000_000)
    assert Told(path).last() == 2_000_000_000
    assert path.read_text().startswith("2033-05-18T03:33:20Z ")
    told = Told(path)
    told.note(2_000_000_001)
    before = path.stat().st_mtime_ns
    for _ in range(100):
        told.note(2_000_000_001)
    assert (path.stat().st_mtime_ns, Told(path).last()) == (before, 2_000_000_001)
    path.write_bytes(path.read_bytes().replace(b"2033", b"9033"))
    assert Told(path).last() == 0, "a damaged note must not send the datestamps into the future"


def test_where_nothing_can_be_noted_nothing_is_lost(tmp_path: Path) -> None:
    Told(tmp_path / "missing" / "clock").note(2_000_000_000)
    assert not os.listdir(tmp_path)  # noqa: PTH208


class Clock:
    """A clock that can be set, and goes on a little whenever it is looked at."""

    def __init__(self, chance: random.Random) -> None:
        self.now = 1_795_000_000 * 10**9
        self._chance = chance

    def __call__(self) -> int:
        self.now += self._chance.randrange(1, 40_000_000)
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += int(seconds * 10**9)


class Harvester:
    """Harvests what changed since the answer before, as OAI-PMH says (2.7.1), and keeps what it got."""

    def __init__(self, app: Starlette) -> None:
        self.records: dict[str, bytes] = {}
        self._app = app
        self._since = ""

    def harvest(self) -> None:
        query, since = f"metadataPrefix=oai_dc{self._since}", ""
        while query:
            root = etree.fromstring(get(self._app, f"/oai?verb=ListRecords&{query}").content)
            since = since or f"&from={root.findtext('{*}responseDate')}"
            for record in root.iter("{*}record"):
                self.records[record.findtext("{*}header/{*}identifier") or ""] = etree.tostring(record)
            token = root.findtext(".//{*}resumptionToken")
            query = f"resumptionToken={token}" if token else ""
        self._since = since


DAY = 86_400.0


@pytest.mark.parametrize("seed", range(10))
def test_a_harvester_misses_nothing_when_the_clock_jumps(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three days ahead and back, a little back, and again, with changes and harvests in between."""
    chance = random.Random(seed)  # noqa: S311
    clock = Clock(chance)
    monkeypatch.setattr(time, "time_ns", clock)
    library = Library.create(tmp_path / "home", publishing())
    repository = Repository("L", "http://library.example.org/oai", "a@example.org", "library.example.org", 3, b"k" * 32)
    provider = Provider(repository, library.catalogue)
    app = Starlette(routes=[application(provider, Door(library.settled))])
    harvester, number, newest = Harvester(app), 0, 0
    some, back = ["change", "change", "harvest", "both"], -chance.uniform(1, 100)
    # Where there is no change ahead, the numbers alone do not tell how far ahead the clock was.
    phases = [(0.0, some), (3 * DAY, ["harvest"]), (-3 * DAY, ["change"]), (60.0, ["harvest"])]
    for jump, steps in [*phases, (5 * DAY, some), (-5 * DAY, some), (back, some)]:
        clock.go_on(jump)
        for _ in range(chance.randint(1, 3)):
            clock.go_on(chance.choice([0.01, 0.5, 3, 4000]))
            step = chance.choice(steps)
            if step == "harvest":
                harvester.harvest()
                continue
            with library.writer() as writer, writer.grouped():
                number += 1
                writer.put_item(*book(number), "Ingested")
                if step == "both":
                    harvester.harvest()
                if number > 2:
                    writer.flush()
                    item = library.item(book(chance.randrange(1, number))[0].id)
                    (writer.withdraw(item, "why") if item.status == "published" else writer.restore(item))
            stamp = library.catalogue.last_change()
            assert stamp > newest, "a datestamp fell"
            newest = stamp
    harvester.harvest()
    every = Harvester(app)
    every.harvest()
    assert len(every.records) == number
    assert harvester.records == every.records
