"""The long soak of kills three in a row: each home is killed three times before an ingest may finish.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults:tests/soak .venv/bin/python tests/soak/kill_thrice.py 50

Options: the number of homes, a seed, and how many lanes work side by side. The rest is as in kill_ingest.
"""

import sys

import kill_ingest

IN_A_ROW = 3


def main(homes: int = 50, seed: int = 2, lanes: int = 2) -> None:
    """Kill three times ``homes`` ingests."""
    kill_ingest.main(homes * IN_A_ROW, IN_A_ROW, seed, lanes)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
