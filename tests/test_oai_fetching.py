"""Asking over HTTP: what another server may send, how long it may take, and where it may lead."""

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from faulty_repository import Asked, Reply, Repository, come_back, packed, serving

from metadata.errors import UsageError
from oai.fetching import Fetcher, Forbidden, Manners, Trouble, require_address
from oai.guard import is_public

QUICK = Manners(allow_private=True, most_bytes=100_000, seconds=3.0, silence=2.0, tries=3, pause=0.01)
IDENTIFY = {"verb": "Identify"}


def always(reply: Reply) -> Callable[[Asked], Reply]:
    return lambda _: reply


def in_turn(*replies: Reply | None) -> Callable[[Asked], Reply | None]:
    """Return a fault that gives one reply after the other, and then none."""
    waiting = list(replies)
    return lambda _: waiting.pop(0) if waiting else None


def fetched(repository: Repository, manners: Manners = QUICK) -> tuple[bytes, list[float]]:
    """Return what comes, and the pauses that were made."""
    pauses: list[float] = []
    with serving(repository) as url:
        fetcher = Fetcher(url, manners, lambda _, seconds: pauses.append(seconds))
        try:
            return fetcher.get(IDENTIFY).data, pauses
        finally:
            fetcher.close()


def trouble(repository: Repository, manners: Manners = QUICK) -> str:
    with pytest.raises(Trouble) as fault:
        fetched(repository, manners)
    return str(fault.value)


def test_bursts_of_failure_are_waited_out_longer_each_time() -> None:
    failing = in_turn(Reply(b"", 500), Reply(b"", 502))
    body, pauses = fetched(Repository(fault=failing))
    assert b"repositoryName" in body
    assert len(pauses) == 2
    assert 0.01 <= pauses[0] <= 0.016
    assert 0.02 <= pauses[1] <= 0.026


def test_what_goes_on_failing_is_named() -> None:
    repository = Repository(fault=always(Reply(b"", 503)))
    assert trouble(repository) == "it answers with HTTP status 503, 3 times"
    assert len(repository.asked) == 3


@pytest.mark.parametrize(
    ("wait", "least", "most"),
    [("0", 0.0, 0.0), ("1", 1.0, 1.0), (timedelta(seconds=300), 60.0, 300.0), ("soon", 0.01, 0.01),
     ("1 Jan 99999999999 00:00:00 GMT", 0.01, 0.01)],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_as_a_number_and_as_a_moment(
    wait: str | timedelta, least: float, most: float, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("oai.fetching.time", SimpleNamespace(sleep=slept.append))
    _, pauses = fetched(Repository(fault=in_turn(come_back(wait, status))))
    assert len(pauses) == 1
    assert least <= pauses[0] <= most + QUICK.pause / 2
    assert slept == pauses


def test_who_asks_to_come_back_tomorrow_is_left_for_today() -> None:
    for wait in ("86400", timedelta(days=1), "9" * 400):
        repository = Repository(fault=always(come_back(wait)))
        assert "asks to come back in" in trouble(repository)
        assert len(repository.asked) == 1


def test_what_is_packed_is_unpacked_but_no_further_than_allowed() -> None:
    assert fetched(Repository(fault=always(packed(b"x" * 90_000))))[0] == b"x" * 90_000
    repository = Repository(fault=always(packed(b"x" * 50_000_000)))
    start = time.process_time()
    assert "longer than 100000 bytes" in trouble(repository)
    assert time.process_time() - start < 1.0 + 1.0  # packing it costs the test the half of that
    assert "longer than 100000 bytes" in trouble(Repository(fault=always(Reply(b"x" * 100_001))))


def test_what_is_packed_wrongly_or_cut_short_is_asked_for_again() -> None:
    whole = packed(b"x" * 5000)
    bad = replace(whole, body=b"no gzip")
    short = replace(whole, body=whole.body[:-10])
    torn = Reply(b"<OAI", length=500)
    assert fetched(Repository(fault=in_turn(bad, short)))[0]
    assert fetched(Repository(fault=in_turn(torn)))[0]
    assert trouble(Repository(fault=always(bad))) == "its answer cannot be unpacked, 3 times"
    assert trouble(Repository(fault=always(short))) == "its answer is cut short, 3 times"
    assert "cannot be reached" in trouble(Repository(fault=always(torn)))
    strange = Reply(b"x", headers=(("Content-Encoding", "br"),))
    assert "encoding br" in trouble(Repository(fault=always(strange)))


def test_an_answer_that_drips_is_given_up() -> None:
    dripping = Reply(b"x" * 1000, pause=0.05)
    hurried = replace(QUICK, seconds=0.3, tries=2)
    start = time.monotonic()
    assert trouble(Repository(fault=always(dripping)), hurried) == "it took too long to answer, 2 times"
    assert time.monotonic() - start < 40  # a thousand bytes, twice, would take a hundred seconds


def test_a_chunk_of_less_than_nothing_is_a_fault_of_the_server() -> None:
    bad = Reply(b"-5\r\n<x/>", headers=(("Transfer-Encoding", "chunked"),))
    assert "it cannot be reached" in trouble(Repository(fault=always(bad)))
    assert fetched(Repository(fault=in_turn(bad)))[0]


def test_a_silent_server_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        fetcher = Fetcher(f"http://127.0.0.1:{deaf.getsockname()[1]}/", replace(QUICK, silence=0.1, tries=2))
        with pytest.raises(Trouble, match=r"timed out|too long"):
            fetcher.get(IDENTIFY)


def test_redirects_are_followed_so_far_and_to_the_web_only() -> None:
    def to(place: str) -> Reply:
        return Reply(b"", 302, (("Location", place),))

    assert fetched(Repository(fault=in_turn(to("/elsewhere?verb=Identify"))))[0]
    assert "redirects" in trouble(Repository(fault=always(to("/oai?verb=Identify"))))
    for place in ("file:///etc/passwd", "ftp://x.example/", "gopher://x/", "//u:p@x.example/", "jar:x", "http://[::1/"):
        assert "no address of the web" in trouble(Repository(fault=always(to(place)))), place


def test_other_statuses_are_answers() -> None:
    with serving(Repository(fault=always(Reply(b"gone", 404)))) as url:
        assert Fetcher(url, QUICK).get(IDENTIFY).status == 404


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1",
     "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "2002:7f00:1::", "64:ff9b::a00:1", "::127.0.0.1",
     "ff02::1", "2001:db8::1", "fec0::1", "64:ff9b:1::7f00:1", "::ffff:0:7f00:1"],
)  # fmt: skip
def test_addresses_of_private_networks_are_none_of_the_public(address: str) -> None:
    assert not is_public(address)
    assert not is_public("0.0.0.0")  # noqa: S104 - nothing is bound


@pytest.mark.parametrize("address", ["8.8.8.8", "2600::", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_other_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_asked_by_whatever_name(host: str) -> None:
    with pytest.raises(Forbidden, match="private network"):
        Fetcher(f"http://{host}:9/oai", replace(QUICK, allow_private=False)).get(IDENTIFY)


def test_where_a_redirect_leads_is_judged_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is asked first, and leads here afterwards, is not connected to."""
    real = socket.getaddrinfo

    def rebinding(host: str, *arguments: object, **named: object) -> object:
        return real("127.0.0.1" if host == "public.example" else host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr("oai.guard.is_public", lambda address: address == "127.0.0.1")
    redirecting = Repository(fault=always(Reply(b"", 307, (("Location", "http://127.0.0.2:9/"),))))
    with serving(redirecting) as url, pytest.raises(Forbidden, match=r"127\.0\.0\.2"):
        Fetcher(url.replace("127.0.0.1", "public.example"), replace(QUICK, allow_private=False)).get(IDENTIFY)


def test_a_name_that_leads_to_a_private_address_beside_a_public_one_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in ("93.184.216.34", "10.0.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(Forbidden, match=r"10\.0\.0\.7"):
        Fetcher("http://two.example/", replace(QUICK, allow_private=False)).get(IDENTIFY)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("HTTP://Example.ORG:80/OAI#x", "http://example.org/OAI"),
        ("https://example.org", "https://example.org/"),
        (" https://example.org:444/a?b=c ", "https://example.org:444/a?b=c"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
    ],
)
def test_an_address_is_written_in_one_way(given: str, written: str) -> None:
    assert require_address(given) == written


@pytest.mark.parametrize(
    "given",
    ["", "example.org/oai", "ftp://x/", "file:///etc/passwd", "http://", "http://[", "http://x:99999/", "http://a\nb/"],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(UsageError):
        require_address(given)


def test_passwords_in_addresses_are_refused() -> None:
    with pytest.raises(UsageError, match="password"):
        require_address("https://user:secret@example.org/oai")
