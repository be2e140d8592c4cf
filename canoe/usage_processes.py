"""Several processes of one server, and one that counts: a double click may fall to two of them, and so may a session.

The process that started the others listens on a socket in a folder that only its own account can enter. What goes
over it stays in memory: nothing of it is on any disk.
"""

import logging
import os
import socket
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
from starlette.types import Message, Scope

from archive.usage import Usage
from canoe.home import Home
from web.usage import MOST, Counter, Look, Noting, seen
from web.usage_robots import Robots

VARIABLE = "CANOE_USAGE_LINE"
"""In the environment of a server's processes: where the one listens that counts."""

log = logging.getLogger(__name__)
_EVERY = 1.0  # second
_PATIENCE = 5.0  # seconds
_LONGEST = 1 << 16
_read = msgspec.msgpack.Decoder(Look).decode


@dataclass(slots=True)
class Teller:
    """Tells the process that counts, at ``address``, of what is used."""

    address: str
    robots: Robots
    stop: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.time
    _looks: deque[Look] = field(default_factory=lambda: deque(maxlen=MOST))
    _is_told: bool = False

    def answered(self, scope: Scope, start: Message) -> None:
        """Note an answer, of which ``start`` is the beginning, where it is usage."""
        if look := seen(scope, start, self.robots, self.clock()):
            self._looks.append(look)

    def run(self) -> None:
        """Tell what was noted, every second and last when it is told to stop."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(_PATIENCE)
            while not self.stop.wait(_EVERY):
                self._tell(line)
            self._tell(line)

    def _tell(self, line: socket.socket) -> None:
        while self._looks:
            look = self._looks.popleft()
            try:
                line.sendto(msgspec.msgpack.encode(look), self.address)
            except OSError as fault:
                if not self._is_told:
                    log.warning("What is used cannot be counted: %s", fault)
                self._is_told = True
                return


def usage_counter(home: Home) -> Noting | None:
    """Return what notes for this process how items are used, None where the settings say that nothing does."""
    if not home.settings.usage.count:
        return None
    address = os.environ.get(VARIABLE, "")
    return Teller(address, Robots.of(home.path)) if address else _counter(home)


def _counter(home: Home) -> Counter:
    return Counter(Usage(home.path, home.library.archive), Robots.of(home.path))


@contextmanager
def counting_for(home: Home, processes: int) -> Iterator[None]:
    """Count for the processes that are started within the ``with``; at its end all that they told is written.

    A single one counts itself.
    """
    if processes == 1 or not home.settings.usage.count:
        yield
        return
    counter = _counter(home)
    with (
        tempfile.TemporaryDirectory(prefix="canoe-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line,
    ):
        line.bind(f"{folder}/usage")
        line.settimeout(_EVERY / 2)
        is_over = threading.Event()
        hearing = threading.Thread(target=_hear, args=(line, counter, is_over), name="usage line", daemon=True)
        counting = threading.Thread(target=counter.run, name="usage", daemon=True)
        os.environ[VARIABLE] = f"{folder}/usage"
        hearing.start()
        counting.start()
        try:
            yield
        finally:
            del os.environ[VARIABLE]
            is_over.set()
            hearing.join()
            counter.stop.set()
            counting.join()


def _hear(line: socket.socket, counter: Counter, is_over: threading.Event) -> None:
    """Take what the others tell; once it is over, until there is nothing left."""
    while True:
        try:
            counter.note(_read(line.recv(_LONGEST)))
        except TimeoutError:
            if is_over.is_set():
                return
        except (OSError, msgspec.MsgspecError) as fault:
            log.warning("Something that was told of usage was not understood: %s", fault)
