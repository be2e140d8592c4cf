"""DOIs reach the agency whatever goes wrong on the way: each registered once, none lost, none sent in vain."""

import json
import random
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, publishing, put_records
from doi_agencies import CUT_AFTER, CUT_BEFORE, PASSWORD, USER, DataCitePeer, Fault, failing, serving

from archive.doi_ledger import DoiRow, open_ledger
from archive.doi_receipts import RECEIPT_FILE, read_receipt
from archive.library import Library
from archive.replay import item_object
from archive.undo import undo
from ingest.doi_reconcile import Difference, reconcile
from ingest.doi_sync import Clock, Office, Synced, sync
from ingest.registrars import Credentials
from ingest.registrars.calling import Caller
from ingest.registrars.datacite import DataCite
from metadata.errors import HomeHeld
from metadata.model import Date, Doi, Identifier, Item, Origin, Relation, Text
from metadata.vocabulary import shipped

BASE = "http://library.example.org"


class Time:
    """A clock that sleeping moves on at once."""

    def __init__(self) -> None:
        self.now, self.slept = 1_800_000_000.0, 0.0
        self._lots = random.Random(7)  # noqa: S311 - no secret

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        self.slept += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep, self._lots.random)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "home", publishing(BASE))


@contextmanager
def office(
    library: Library, peer: DataCitePeer, time: Time | None = None, password: str = PASSWORD
) -> Iterator[Office]:
    credentials = Credentials(USER, password)
    with serving(peer) as url, open_ledger(library.home) as ledger:
        registrar = DataCite(url, credentials, Caller(credentials, silence=1.0))
        registrar.agency = "DataCite of the tests"  # its port is another one each time
        vocabulary, clock = shipped(), (time or Time()).clock
        try:
            yield Office(library, ledger, registrar, ("10.5555",), "The library", BASE, vocabulary, clock)
        finally:
            registrar.close()


def run(library: Library, peer: DataCitePeer, time: Time | None = None) -> Synced:
    with office(library, peer, time) as opened:
        return sync(opened)


def put(library: Library, *items: Item) -> None:
    with library.writer() as writer, writer.grouped():
        for item in items:
            writer.put_item(item, {}, "Ingested with a-first")


def records(library: Library, numbers: range) -> None:
    with library.writer() as writer:
        put_records(writer, numbers)


def row_of(library: Library, number: int) -> DoiRow:
    with open_ledger(library.home) as ledger:
        return ledger.row(name_of(number))


def name_of(number: int) -> str:
    return f"10.5555/{bare_item(number).id}"


def state_of(library: Library, number: int) -> str:
    doi = library.item(bare_item(number).id).doi
    assert doi
    return doi.state


def test_many_items_through_an_agency_that_fails_three_calls_of_ten(library: Library) -> None:
    """A thousand of them go the same way by tests/soak/register_dois.py."""
    number = 60
    records(library, range(number))
    peer = DataCitePeer(fault=failing(11))
    done = run(library, peer)
    assert (done.accepted, done.kept, done.parked, done.stopped) == (number, number, (), "")
    assert {kept.state for kept in peer.dois.values()} == {"findable"}
    assert [kept.registrations for kept in peer.dois.values()] == [1] * number
    assert done.calls == len(peer.calls) <= 2 * number
    assert {item.doi.state for item in library.items() if item.doi} == {"findable"}
    told = len(peer.calls)
    assert run(library, peer) == Synced()
    assert len(peer.calls) == told


def test_what_was_accepted_outlives_the_ledger_and_a_rebuild(library: Library) -> None:
    put(library, bare_item(1))
    peer, time = DataCitePeer(), Time()
    run(library, peer, time)
    item, change = bare_item(1).id, library.catalogue.last_change()
    receipt = read_receipt(library, item)
    assert receipt
    assert (receipt.name, receipt.state, receipt.agency) == (name_of(1), "findable", "DataCite of the tests")
    assert receipt.accepted_at == "2027-01-15T08:00:00Z"
    assert library.events(item)[-1].detail.startswith(f"DOI {name_of(1)}: findable at DataCite")
    for path in library.home.glob("dois.db*"):
        path.unlink()
    library.rebuild_catalogue()
    assert library.catalogue.last_change() == change
    assert run(library, peer, time) == Synced()
    assert row_of(library, 1).accepted_at == receipt.accepted_at
    assert len(peer.calls) == 1


def test_a_correction_is_told_to_the_agency_and_to_no_harvester(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer()
    run(library, peer)
    put(library, replace(library.item(bare_item(1).id), titles=(Text("Fens"),)))
    change = library.catalogue.last_change()
    assert run(library, peer).accepted == 1
    assert library.catalogue.last_change() == change
    assert b"Fens" in peer.dois[name_of(1)].xml
    put(library, replace(library.item(bare_item(1).id), accession="a-second"))  # nothing that the agency is told
    assert run(library, peer).calls == 0
    assert peer.dois[name_of(1)].registrations == 1


def test_a_withdrawn_item_is_hidden_and_a_restored_one_found_again(library: Library) -> None:
    put(library, bare_item(1), bare_item(2))
    peer = DataCitePeer()
    with library.writer() as writer:
        writer.withdraw(bare_item(2), "never seen")
    run(library, peer)
    assert list(peer.dois) == [name_of(1)]
    with library.writer() as writer:
        writer.withdraw(library.item(bare_item(1).id), "an error")
    run(library, peer)
    assert (peer.dois[name_of(1)].state, state_of(library, 1)) == ("registered", "registered")
    with library.writer() as writer:
        writer.restore(library.item(bare_item(1).id))
    run(library, peer)
    assert (peer.dois[name_of(1)].state, state_of(library, 1)) == ("findable", "findable")
    assert peer.dois[name_of(1)].events == ["publish", "hide", "publish"]
    assert state_of(library, 2) == "reserved"


def test_what_may_have_been_accepted_is_hidden_when_it_is_withdrawn(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer(fault=lambda *_: replace(CUT_AFTER))
    with office(library, peer) as opened:
        sync(opened, limit=1)
    assert (row_of(library, 1).in_doubt, state_of(library, 1)) == (True, "reserved")
    with library.writer() as writer:
        writer.withdraw(library.item(bare_item(1).id), "an error")
    peer.fault = lambda *_: None
    time = Time()
    time.now += 86_400
    run(library, peer, time)
    assert (peer.dois[name_of(1)].state, state_of(library, 1)) == ("registered", "registered")


def test_a_draft_that_nobody_saw_needs_no_hiding(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer(fault=lambda *_: CUT_BEFORE)
    with office(library, peer) as opened:
        sync(opened, limit=1)
        opened.ledger.put(replace(opened.ledger.row(name_of(1)), in_doubt=True))
    with library.writer() as writer:
        writer.withdraw(library.item(bare_item(1).id), "an error")
    peer.fault = lambda *_: None
    time = Time()
    time.now += 86_400
    run(library, peer, time)
    assert (peer.dois[name_of(1)].state, state_of(library, 1)) == ("draft", "reserved")
    assert run(library, peer, time).calls == 0


def test_a_refused_one_is_parked_once_and_blocks_nobody(library: Library) -> None:
    put(library, *map(bare_item, range(3)))
    bad = bare_item(1).titles[0].value.encode().replace(b"&", b"&amp;")
    peer = DataCitePeer(refuse=lambda xml: "No creators" if bad in xml else "")
    done = run(library, peer)
    assert (done.accepted, [row.name for row in done.parked]) == (2, [name_of(1)])
    row = row_of(library, 1)
    assert (row.phase, row.answer) == ("parked", "HTTP status 422: metadata: No creators")
    assert bad.decode() in row.document
    assert "doi-refused" in row.problem
    assert run(library, peer) == Synced()
    with office(library, peer) as opened:
        opened.ledger.retry([])
        done = sync(opened)
    assert (done.calls, done.parked) == (1, ())  # said once
    put(library, replace(library.item(bare_item(1).id), accession="a-second"))  # changed, but not for the agency
    assert run(library, peer) == Synced()
    assert row_of(library, 1).phase == "parked"
    put(library, replace(library.item(bare_item(1).id), titles=(Text("Mended"),)))
    assert run(library, peer).accepted == 1
    assert state_of(library, 1) == "findable"


def test_retry_sends_what_is_parked_and_what_is_named(library: Library) -> None:
    put(library, bare_item(1), bare_item(2))
    peer = DataCitePeer(refuse=lambda xml: "Closed today" if bare_item(1).id.encode() in xml else "")
    run(library, peer)
    peer.refuse = lambda _: ""
    with office(library, peer) as opened:
        assert opened.ledger.retry([]) == 1
        assert sync(opened).accepted == 1
        assert opened.ledger.retry([name_of(2).upper()]) == 1
        assert sync(opened).accepted == 1
    assert peer.dois[name_of(2)].registrations == 1


@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_an_agency_that_lets_nobody_in_stops_the_run_at_once(library: Library, status: int) -> None:
    put(library, bare_item(1), bare_item(2))
    peer = DataCitePeer(fault=lambda *_: Fault(status, headers=(("Location", "http://127.0.0.1:9/"),)))
    done = run(library, peer)
    assert (done.calls, done.is_denied, len(peer.calls)) == (1, True, 1)
    assert f"HTTP status {status}" in done.stopped
    peer.fault = lambda *_: None
    assert run(library, peer).accepted == 2


def test_one_that_is_forbidden_is_not_the_first_the_next_time(library: Library) -> None:
    put(library, *map(bare_item, range(3)))
    peer = DataCitePeer(fault=lambda _number, _method, name: Fault(403) if name == name_of(0) else None)
    assert run(library, peer).accepted == 0
    assert run(library, peer).accepted == 2


def test_the_agency_is_given_the_rest_that_it_asks_for(library: Library) -> None:
    put(library, *map(bare_item, range(3)))
    peer = DataCitePeer(fault=lambda number, *_: Fault(429, headers=(("Retry-After", "40"),)) if number == 1 else None)
    time = Time()
    assert run(library, peer, time).accepted == 3
    assert 40 <= time.slept < 60
    busy = DataCitePeer(fault=lambda *_: Fault(503, headers=(("Retry-After", "7200"),)))
    put(library, bare_item(4))
    later = Time()
    done = run(library, busy, later)
    assert (done.calls, later.slept, "503" in done.stopped) == (1, 0, True)
    assert (row_of(library, 4).next_try or 0) >= later.now + 7200
    assert run(library, DataCitePeer(), later).calls == 0


def test_a_rest_that_outlasts_a_run_holds_for_the_next_and_for_every_doi(library: Library) -> None:
    put(library, *map(bare_item, range(3)))
    time, peer = Time(), DataCitePeer(fault=lambda *_: Fault(503, headers=(("Retry-After", "7200"),)))
    run(library, peer, time)
    time.now += 3600
    again = run(library, peer, time)
    assert (again.calls, len(peer.calls), "it asked for one until" in again.stopped) == (0, 1, True)
    time.now += 2 * 3600
    assert run(library, DataCitePeer(), time).accepted == 3


def test_what_a_run_that_stopped_has_registered_waits_for_nothing(library: Library) -> None:
    put(library, *map(bare_item, range(3)))
    with office(library, DataCitePeer()) as opened:
        assert sync(opened, limit=2).kept == 2
        assert sorted(row.phase for row in opened.ledger.rows()) == ["look", "settled", "settled"]


@pytest.mark.parametrize("asked", ["0", "Mon, 02 Jan 2006 15:04:05 GMT"])
def test_an_agency_that_asks_for_no_rest_is_given_one(library: Library, asked: str) -> None:
    records(library, range(1))
    peer, time = DataCitePeer(fault=lambda *_: Fault(429, headers=(("Retry-After", asked),))), Time()
    run(library, peer, time)
    assert len(peer.calls) < 10  # each pause twice as long, as far as a run waits
    assert time.slept > 60


def test_an_agency_that_is_down_is_left_in_peace(library: Library) -> None:
    put(library, *map(bare_item, range(40)))
    peer = DataCitePeer(fault=lambda *_: CUT_BEFORE)
    done = run(library, peer)
    assert (done.calls, done.accepted, done.is_denied) == (20, 0, False)
    assert "no answer came" in done.stopped


def test_a_portals_page_is_no_acceptance(library: Library) -> None:
    put(library, bare_item(1))
    page = Fault(200, body=b"<html>Welcome to our wireless network</html>")
    peer = DataCitePeer(fault=lambda number, *_: page if number == 1 else None)
    assert run(library, peer).calls == 2
    assert peer.dois[name_of(1)].state == "findable"


def test_a_slow_answer_is_not_waited_for_for_ever(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer(fault=lambda number, *_: Fault(503, after=True, pause=1.3) if number == 1 else None)
    done = run(library, peer)
    assert (done.accepted, peer.dois[name_of(1)].registrations) == (1, 1)


def test_what_was_accepted_waits_while_another_writes(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer()
    with library.writer():
        done = run(library, peer)
    assert (done.accepted, done.kept, done.unkept, state_of(library, 1)) == (1, 0, 1, "reserved")
    done = run(library, peer)
    assert (done.calls, done.kept, state_of(library, 1)) == (0, 1, "findable")


def test_two_runs_at_once_do_no_harm(library: Library) -> None:
    put(library, bare_item(1))
    with office(library, DataCitePeer()), pytest.raises(HomeHeld), open_ledger(library.home):
        pass


def test_the_newest_wish_is_told(library: Library) -> None:
    put(library, bare_item(1))

    def changed(number: int, _method: str, _name: str) -> Fault | None:
        if number == 1:
            put(library, replace(bare_item(1), titles=(Text("Newer"),)))
        return CUT_AFTER if number == 1 else None

    peer = DataCitePeer(fault=changed)
    assert run(library, peer).accepted == 1
    assert b"Newer" in peer.dois[name_of(1)].xml
    assert run(library, peer).calls == 0


def test_a_tie_is_told_by_its_doi_once_that_resolves(library: Library) -> None:
    other = replace(bare_item(2), relations=(Relation("isTranslationOf", bare_item(1).id),))
    put(library, other)
    peer = DataCitePeer()
    run(library, peer)
    put(library, bare_item(1))
    assert run(library, peer).calls == 2
    tie = f'relatedIdentifierType="DOI" relationType="IsTranslationOf">{name_of(1)}<'
    assert tie.encode() in peer.dois[name_of(2)].xml


def test_others_dois_are_nobodys_business_here(library: Library) -> None:
    elsewhere = replace(bare_item(1), doi=Doi("10.1000/theirs", "external"))
    former = replace(bare_item(2), doi=Doi(f"10.4444/{bare_item(2).id}", "reserved"))
    home = Origin("https://r.example/oai", "oai:r:3", "2026-01-01", "urn:form", "2026-01-02T00:00:00Z")
    harvested = replace(bare_item(3), origins=(home,))
    put(library, elsewhere, former, harvested)
    assert run(library, DataCitePeer()) == Synced()


def test_no_publication_gets_a_second_doi(library: Library) -> None:
    """One that has its DOI elsewhere is not registered here, unless that was done before; ours is not elsewhere."""
    peer, theirs = DataCitePeer(), Identifier("doi", "https://doi.org/10.1000/THEIRS")
    records(library, range(1, 4))
    put(library, replace(library.item(bare_item(1).id), identifiers=(theirs,)))
    put(library, replace(library.item(bare_item(2).id), identifiers=(Identifier("doi", name_of(3)),)))
    done = run(library, peer)
    assert [dict(json.loads(row.problem))["code"] for row in done.parked] == ["doi-elsewhere"]
    assert (row_of(library, 1).phase, done.accepted, run(library, peer)) == ("parked", 2, Synced())
    put(library, replace(library.item(bare_item(1).id), identifiers=()))
    put(library, replace(library.item(bare_item(3).id), identifiers=(theirs,)))
    assert run(library, peer).accepted == 2
    assert {state_of(library, number) for number in (1, 2, 3)} == {"findable"}


def test_an_item_of_no_year_is_registered_under_this_one_and_keeps_it(library: Library) -> None:
    put(library, bare_item(1), replace(bare_item(2), dates=(Date("1987"),)))
    peer, time = DataCitePeer(), Time()
    run(library, peer, time)
    assert b"<publicationYear>2027</publicationYear>" in peer.dois[name_of(1)].xml
    assert b"<publicationYear>1987</publicationYear>" in peer.dois[name_of(2)].xml
    time.now += 2 * 366 * 86_400
    put(library, replace(library.item(bare_item(1).id), titles=(Text("Fens"),)))
    assert run(library, peer, time).calls == 1
    assert b"<publicationYear>2027</publicationYear>" in peer.dois[name_of(1)].xml
    with open_ledger(library.home) as ledger:
        ledger.put(replace(ledger.row(name_of(1)), phase="look", next_try=0.0))
    assert run(library, peer, time).calls == 0


def test_another_agency_knows_nothing_of_what_one_has_accepted(library: Library) -> None:
    put(library, bare_item(1))
    run(library, DataCitePeer())
    peer = DataCitePeer()
    with office(library, peer) as opened:
        assert isinstance(opened.registrar, DataCite)
        opened.registrar.agency = "DataCite, another one"
        put(library, replace(library.item(bare_item(1).id), accession="a-second"))
        assert sync(opened).accepted == 1
    assert row_of(library, 1).agency == "DataCite, another one"


def test_an_undone_accession_takes_its_findable_records_with_it(library: Library) -> None:
    records(library, range(2))
    peer = DataCitePeer()
    run(library, peer)
    with library.writer() as writer:
        done = undo(library, writer, "a-first")
    assert [step.outcome for step in done.steps] == ["withdrawn", "withdrawn"]
    run(library, peer)
    assert {kept.state for kept in peer.dois.values()} == {"registered"}
    assert [state_of(library, number) for number in range(2)] == ["registered", "registered"]


def test_an_archive_put_back_to_what_it_was_is_looked_at_anew(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer()
    with office(library, peer) as opened:
        sync(opened)
        opened.ledger._connection.execute("UPDATE followed SET change = change + 1000000")
        opened.ledger.follow(library)
        assert opened.ledger.row(name_of(1)).accepted == "findable"


def test_reconcile_names_what_differs(library: Library) -> None:
    put(library, *map(bare_item, range(3)))
    peer = DataCitePeer()
    run(library, peer)
    with office(library, peer) as opened:
        assert list(reconcile(opened)) == []
        peer.dois[name_of(0)].state = "registered"
        peer.dois[name_of(1)].url = "https://elsewhere.example/"
        del peer.dois[name_of(2)]
        found = {one.doi: one for one in reconcile(opened)}
    ids = [bare_item(number).id for number in range(3)]
    assert found == {
        name_of(0): Difference(name_of(0), ids[0], "state", "findable", "registered"),
        name_of(1): Difference(name_of(1), ids[1], "url", f"{BASE}/item/{ids[1]}", "https://elsewhere.example/"),
        name_of(2): Difference(name_of(2), ids[2], "state", "findable", "unknown"),
    }


def test_no_answer_brings_a_secret_back(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer(fault=lambda *_: Fault(400, body=f"no: {USER} {PASSWORD}\x1b[31m".encode()))
    run(library, peer)
    row = row_of(library, 1)
    assert row.answer == f"HTTP status 400: no: {USER} … [31m"
    kept = b"".join(path.read_bytes() for path in library.home.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept
    assert PASSWORD not in repr(Credentials(USER, PASSWORD))


def test_a_password_of_any_letters_is_sent_as_utf_8_and_comes_back_nowhere(library: Library) -> None:
    put(library, bare_item(1))
    word = "пароль"
    known = b64encode(f"{USER}:{word}".encode())
    peer = DataCitePeer(fault=lambda *_: Fault(400, body=b"no: Basic " + known))
    with office(library, peer, password=word) as opened:
        assert sync(opened).calls == 1
    assert row_of(library, 1).answer == "HTTP status 400: no: Basic …"


def test_the_archive_holds_the_receipt_as_json(library: Library) -> None:
    put(library, bare_item(1))
    run(library, DataCitePeer())
    inventory = library.archive.inventory(item_object(bare_item(1).id))
    told = library.archive.read(inventory, RECEIPT_FILE).decode()
    assert told.startswith('{\n  "name": "10.5555/')


def test_a_read_that_lags_is_not_believed_and_leads_to_no_second_call(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer(lag=1)
    run(library, peer)
    assert run(library, peer) == Synced()
    assert peer.calls == [("PUT", name_of(1))]
    time = Time()
    with office(library, peer, time) as opened:
        assert list(reconcile(opened)) == []
    assert (len(peer.calls), time.slept >= 10) == (3, True)
    peer.shown[name_of(1)] = [("draft", ""), ("draft", "")]
    with office(library, peer) as opened:
        assert [one.there for one in reconcile(opened)] == ["draft"]


def test_an_item_says_who_is_tied_to_it_once_that_one_s_doi_resolves(library: Library) -> None:
    put(library, bare_item(1))
    peer = DataCitePeer()
    run(library, peer)
    ties = (Relation("isTranslationOf", bare_item(1).id), Relation("isVersionOf", bare_item(1).id))
    put(library, replace(bare_item(2), relations=ties))
    done = run(library, peer)
    assert done.calls == 2
    told = peer.dois[name_of(1)].xml.decode()
    for kind in ("HasTranslation", "HasVersion"):
        assert f'relatedIdentifierType="DOI" relationType="{kind}">{name_of(2)}<' in told
    assert 'relationType="IsVersionOf"' in peer.dois[name_of(2)].xml.decode()
    put(library, replace(library.item(bare_item(2).id), relations=()))
    assert run(library, peer).calls == 2
    assert b"HasTranslation" not in peer.dois[name_of(1)].xml
    assert run(library, peer).calls == 0


def test_a_document_that_the_schema_would_refuse_is_parked_and_not_sent(library: Library) -> None:
    put(library, bare_item(1), bare_item(2))
    peer = DataCitePeer()
    with office(library, peer) as opened:
        done = sync(replace(opened, is_valid=lambda told: "no publisher" if bare_item(1).id.encode() in told else ""))
    assert [row.name for row in done.parked] == [name_of(1)]
    assert [name for _, name in peer.calls] == [name_of(2)]
    row = row_of(library, 1)
    assert ("doi-metadata-invalid" in row.problem, "no publisher" in row.problem, bool(row.document)) == (True,) * 3
    with office(library, peer) as opened:
        assert sync(opened) == Synced()  # said once, and not tried again
        opened.ledger.retry([])
        assert sync(opened).accepted == 1


def test_dois_of_several_prefixes_are_registered_and_no_others(library: Library) -> None:
    other = replace(bare_item(2), doi=Doi(f"10.6666/{bare_item(2).id}", "reserved"))
    former = replace(bare_item(3), doi=Doi(f"10.7777/{bare_item(3).id}", "reserved"))
    put(library, bare_item(1), other, former)
    peer = DataCitePeer(prefixes=("10.5555", "10.6666"))
    with office(library, peer) as opened:
        assert sync(replace(opened, prefixes=("10.5555", "10.6666"))).accepted == 2
    assert {name.partition("/")[0] for name in peer.dois} == {"10.5555", "10.6666"}


def test_what_an_agency_has_under_a_former_prefix_is_kept_up_to_date(library: Library) -> None:
    put(library, bare_item(1), replace(bare_item(2), doi=Doi(f"10.6666/{bare_item(2).id}", "reserved")))
    peer = DataCitePeer(prefixes=("10.5555", "10.6666"))
    with office(library, peer) as opened:
        assert sync(replace(opened, prefixes=("10.6666",))).accepted == 1  # the other rule is taken away now
    with library.writer() as writer:
        writer.withdraw(library.item(bare_item(2).id), "an error")
    assert run(library, peer).accepted == 2
    assert {name[:7]: one.state for name, one in peer.dois.items()} == {"10.5555": "findable", "10.6666": "registered"}


def test_a_run_ends_when_its_time_is_over(library: Library) -> None:
    put(library, *map(bare_item, range(5)))
    peer = DataCitePeer()
    with office(library, peer) as opened:
        clock = replace(opened.clock, is_over=lambda: len(peer.calls) >= 2)
        assert sync(replace(opened, clock=clock)).accepted == 2
    assert run(library, peer).accepted == 3


def test_a_clock_that_is_set_back_loses_and_doubles_nothing(library: Library) -> None:
    put(library, bare_item(1), bare_item(2))
    peer, time = DataCitePeer(fault=lambda number, *_: Fault(503) if number == 1 else None), Time()
    with office(library, peer, time) as opened:
        sync(opened, limit=1)
    time.now -= 400 * 86_400
    done = run(library, peer, time)
    assert done.accepted == 2  # one of them waited until a moment that lies far ahead now
    assert [kept.registrations for kept in peer.dois.values()] == [1, 1]
