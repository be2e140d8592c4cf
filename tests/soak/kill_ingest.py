"""The long soak: kills of an ingest by the hundred.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/kill_ingest.py 200

Options: the number of kills, and a seed. Prints a line a home; ends with exit 1 at the first difference.
"""

import sys
import tempfile
import time
from pathlib import Path

from killing import Killer, faults, state
from small_library import canoe_program, make_batch


def main(kills: int = 200, seed: int = 1) -> None:
    """Kill ``kills`` ingests, up to eight in a row on one home, and compare every home with an undisturbed one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_batch(folder / "batch")
        canoe_program("init", "--home", folder / "empty", "--doi-prefix", "10.5555")
        began = time.monotonic()
        expected = state(Killer(folder, folder / "empty", 0.0, 0).torment(0, 0))
        killer = Killer(folder, folder / "empty", time.monotonic() - began, seed)
        number = 0
        while killer.kills < kills:
            number += 1
            home = killer.torment(number, min(8, kills - killer.kills))
            wrong = faults(home) + [part for part, value in state(home).items() if value != expected[part]]
            print(
                f"home {number}: {killer.kills} kills, {', '.join(wrong) or 'as if nothing had happened'}", flush=True
            )
            if wrong:
                sys.exit("; ".join(killer.log[-8:]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
