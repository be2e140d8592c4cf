"""Two processes of `canoe serve` count what many readers use: a clean stop loses nothing, a kill what waits.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/usage.py 200

Option: the number of readers. Each asks four times on connections of its own, so that both processes have some. Prints
what was counted; ends with exit 1 where a clean stop lost anything, or a kill lost what was older than half a minute.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from archive_library import book, filled, publishing
from small_library import PROGRAM, environment
from test_canoe_server import _answers, _free_port, _within

from archive.library import Library
from archive.usage import Usage
from web.usage import DOUBLE_CLICK, FLUSHED_EVERY

ITEM = book(1)[0].id
SETTINGS = '[library]\nbase_url = "http://library.example.org"\n[oai]\nnamespace = "library.example.org"\n'


def main(readers: int = 200) -> None:
    """Count ``readers`` readers and stop; count them again, wait, count half of them once more and kill."""
    with tempfile.TemporaryDirectory() as name:
        made = filled(Path(name) / "made")
        made.catalogue.close()
        (made.home / "canoe.toml").write_text(SETTINGS, "utf-8")
        stopped = shutil.copytree(made.home, Path(name) / "stopped")
        with served(stopped, signal.SIGTERM) as url:
            read(url, range(readers))
        judge("a clean stop", counted(stopped), readers, readers)
        killed = shutil.copytree(made.home, Path(name) / "killed")
        with served(killed, signal.SIGKILL) as url:
            read(url, range(readers))
            time.sleep(DOUBLE_CLICK + 2 * FLUSHED_EVERY)
            read(url, range(readers, readers + readers // 2))
        judge("a kill", counted(killed), readers, readers + readers // 2)


@contextmanager
def served(home: Path, how: signal.Signals) -> Iterator[str]:
    """Serve a home with two processes, which are ended all at once by a signal."""
    port = _free_port()
    command = [str(PROGRAM), "serve", "--home", str(home), "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(command, env=environment(), start_new_session=True)
    assert _within(60, lambda: _answers(port))
    time.sleep(10)  # until both listen
    yield f"http://127.0.0.1:{port}"
    if how == signal.SIGKILL:
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    process.wait()


def read(url: str, readers: range) -> None:
    """Have each reader look at the item four times in a moment, each on a connection of its own: a double click."""
    for number in readers:
        headers = {"User-Agent": f"Mozilla/5.0 (X11; Linux) Firefox/140.{number}"}
        for _ in range(4):
            assert httpx.get(f"{url}/item/{ITEM}", headers=headers, timeout=30).status_code == 200


def counted(home: Path) -> int:
    """Return how many looks were counted."""
    return Usage(home, Library.open(home, publishing()).archive).of_item(ITEM).investigations


def judge(what: str, found: int, least: int, most: int) -> None:
    """Print what was counted, and end where that cannot be."""
    sys.stdout.write(f"{what}: {found} counted, of {most}\n")
    if not least <= found <= most:
        sys.exit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
