"""Uploads at the desk that wait for another process, and a server that is killed while one is taken in.

Run by hand, from the repository:

    PYTHONPATH=.:tests .venv/bin/python tests/soak/desk_uploads.py [--rounds 3]

In each round two uploads wait, for the library is held; the server is killed, and another is started. It must say
that the first was interrupted, take in the second, and the first when it is told to go on: once, whatever is
asked again.
Ends with exit 1 where it does not.
"""

import argparse
import os
import signal
import tempfile
from pathlib import Path

from desk_library import text_of
from small_library import canoe_program
from test_desk_uploading import add_account, marc, said, serving

from archive.lock import writer_lock


def waits_and_goes_on(home: Path, records: Path, number: int) -> None:
    """Let two uploads of one record each wait, kill the server, and see both come in with the next."""
    with serving(home) as served, writer_lock(home):
        first, second = (
            served.browser.upload({}, [(f"{n}.mrc", marc(records, n))]).headers["location"]
            for n in (number, number + 1)
        )
        held = said(served, first, "Waiting for another process")
        assert f"process {os.getpid()}" in text_of(held)
        assert "One upload is taken in before it." in text_of(served.browser.get(second))
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
    with serving(home) as one:
        assert "it can go on where it stopped" in text_of(said(one, first, "Interrupted"))
        assert "New 1" in text_of(said(one, second, "Taken in"))
        assert one.browser.post(first, token="").status_code == 403
        for _ in range(2):  # the second time: nothing
            assert one.browser.post(first).status_code == 303
            assert "New 1" in text_of(said(one, first, "Taken in"))


def main() -> None:
    """Do as many rounds as were asked for, in one home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="canoe-soak-") as folder:
        home = Path(folder) / "home"
        assert canoe_program("init", "--home", home).code == 0
        add_account(home)
        for number in range(rounds):
            waits_and_goes_on(home, Path(folder) / "records.mrc", 31 + 2 * number)
            print(f"round {number + 1}: both came in, once")


if __name__ == "__main__":
    main()
