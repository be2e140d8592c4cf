"""Ctrl-C while something is done that should not be left half done."""

import os
import signal

import pytest

from canoe.interrupts import undisturbed


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupted(times: int, done: list[str]) -> None:
    with undisturbed():
        for _ in range(times):
            interrupt()
        done.append("the rest")


def test_an_interrupt_waits_until_the_work_is_done() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(1, done)
    assert done == ["the rest"]


def test_a_second_one_does_not_wait() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(2, done)
    assert done == []


def test_work_that_nobody_interrupts_is_done_and_interrupts_are_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with undisturbed():
        pass
    assert signal.getsignal(signal.SIGINT) is before
