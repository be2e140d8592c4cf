"""One writer at a time, named; a dead one holds nothing."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archive_library import book, publishing

from archive.library import Library
from archive.lock import writer_lock
from metadata.errors import HomeHeld, StorageError

_HOLD = """
import sys
from pathlib import Path
from archive.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that holds the lock."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, home], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_who_holds_the_home(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "home", publishing())
    with holder(library.home) as other:
        with pytest.raises(HomeHeld) as raised, library.writer():
            pass
        assert f"process {other.pid} on {socket.gethostname()} since 20" in raised.value.message
        assert str(library.home) in raised.value.message
        with pytest.raises(HomeHeld):
            library.rebuild_catalogue()
        assert library.catalogue.counts() == (0, 0, 0)


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "home", publishing())
    with holder(library.home) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        with library.writer() as writer:
            assert writer.put_item(*book(1), "Ingested")


def test_the_lock_is_given_back(tmp_path: Path) -> None:
    with writer_lock(tmp_path), pytest.raises(HomeHeld, match=f"process {os.getpid()} on"), writer_lock(tmp_path):
        pass
    with pytest.raises(RuntimeError), writer_lock(tmp_path):
        raise RuntimeError
    with writer_lock(tmp_path):
        pass
    assert (tmp_path / "writer.lock").read_bytes() == b""


def test_a_started_program_does_not_inherit_the_lock(tmp_path: Path) -> None:
    with writer_lock(tmp_path):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with child:
        with writer_lock(tmp_path):
            pass
        child.kill()


def test_a_child_forked_meanwhile_does_not_keep_the_lock(tmp_path: Path) -> None:
    with writer_lock(tmp_path):
        child = os.fork()
        if not child:
            signal.pause()
    try:
        with writer_lock(tmp_path, patience=0):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_writer_waits_for_a_reader_that_heals(tmp_path: Path) -> None:
    taken = threading.Event()

    def heal() -> None:
        with writer_lock(tmp_path):
            taken.set()
            time.sleep(0.1)

    healing = threading.Thread(target=heal)
    healing.start()
    taken.wait()
    with pytest.raises(HomeHeld), writer_lock(tmp_path, patience=0):
        pass
    with writer_lock(tmp_path, patience=60):
        healing.join()


def test_a_home_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "writer.lock").mkdir()
    with pytest.raises((StorageError, IsADirectoryError), match=r"writer\.lock"), writer_lock(tmp_path):
        pass
