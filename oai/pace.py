"""Whether brief answers are given where they are asked for, or in a thread as all the others.

To hand a request to a thread and its answer back costs more than to make a short page. So pages that cost a
millisecond are made in the server's loop, where everybody else waits that long. One that takes longer, since the disk
is cold or others keep it busy, is not to be waited for twice: after it, for a while, they are made in threads.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SLOW = 0.02
"""Seconds that nobody should wait for another's page."""

CALM = 10.0
"""Seconds for which threads are used once a page was slow."""


class Pace:
    """How quickly brief answers have been given of late; for one thread."""

    def __init__(self, slow: float = SLOW, calm: float = CALM) -> None:
        self._slow, self._calm = slow, calm
        self._resumes = 0.0

    @property
    def is_brisk(self) -> bool:
        """Whether none was slow lately."""
        return time.monotonic() >= self._resumes

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Measure an answer that is given at once."""
        start = time.monotonic()
        yield
        end = time.monotonic()
        if end - start > self._slow:
            self._resumes = end + self._calm
