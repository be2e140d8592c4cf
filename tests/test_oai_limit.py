"""Buckets of requests: how fast one client may ask."""

import pytest

from oai.limit import _MOST_ADDRESSES, NO_LIMIT, Limit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_asks_at_once_what_the_bucket_holds_and_then_at_its_rate() -> None:
    clock = Clock()
    limit = Limit(2, 3, clock)
    assert [limit.seconds_to_wait("192.0.2.1") for _ in range(5)] == [0, 0, 0, 1, 1]
    clock.now = 0.5
    assert [limit.seconds_to_wait("192.0.2.1") for _ in range(2)] == [0, 1]
    clock.now = 1000.0
    assert [limit.seconds_to_wait("192.0.2.1") for _ in range(4)] == [0, 0, 0, 1]


def test_who_comes_when_told_is_let_in() -> None:
    clock = Clock()
    limit = Limit(0.1, 1, clock)
    assert limit.seconds_to_wait("192.0.2.1") == 0
    wait = limit.seconds_to_wait("192.0.2.1")
    assert wait == 10
    clock.now = float(wait)
    assert limit.seconds_to_wait("192.0.2.1") == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_itself_is_not_counted(address: str) -> None:
    limit = Limit(1, 1, Clock())
    assert [limit.seconds_to_wait(address) for _ in range(50)] == [0] * 50


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("testclient", "testclient", True),
        ("testclient", "other", False),
    ],
)
def test_clients_are_told_apart_by_what_one_has_for_itself(one: str, other: str, same: bool) -> None:
    limit = Limit(1, 1, Clock())
    assert limit.seconds_to_wait(one) == 0
    assert (limit.seconds_to_wait(other) > 0) == same


def test_many_addresses_do_not_fill_the_memory() -> None:
    limit = Limit(1, 1, Clock())
    for number in range(_MOST_ADDRESSES + 100):
        limit.seconds_to_wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limit._buckets) == _MOST_ADDRESSES


def test_no_limit_is_none() -> None:
    assert [NO_LIMIT.seconds_to_wait("192.0.2.1") for _ in range(50)] == [0] * 50
