"""How thorough a run of the tests is: by default a sample of what is much alike, with ``CANOE_THOROUGH=1`` all of it.

What is sampled: the steps before which a writer is killed, the seeds of what is random, the examples of properties,
and of lists in which several show the same, one of each kind. What a test asserts is the same in both.
"""

import os
from collections.abc import Iterator
from typing import TypeVar

import pytest

Amount = TypeVar("Amount")

THOROUGH = os.environ.get("CANOE_THOROUGH", "0") not in ("", "0")
ONLY_THOROUGHLY = pytest.mark.skipif(not THOROUGH, reason="takes long: CANOE_THOROUGH=1 runs it")


def usually(some: Amount, *, thoroughly: Amount) -> Amount:
    """Return how much of something is done: ``some``, or ``thoroughly`` where the environment asks for it."""
    return thoroughly if THOROUGH else some


def steps(stride: int, first: int = 1) -> Iterator[int]:
    """Yield 1, 2, 3 and so on where all is asked for, else every ``stride``-th from ``first``, without end.

    A stride that is prime to the length of what recurs in a walk comes to every kind of step.
    """
    step = first if not THOROUGH else 1
    while True:
        yield step
        step += 1 if THOROUGH else stride
