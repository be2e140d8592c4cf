"""The long soak: a catalogue or an index damaged at random, by the hundred.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/damage_catalogue.py 50

Options: the number of damages, and a seed. Ends with exit 1 at the first wrong answer.
"""

import sys
import tempfile
from pathlib import Path

from damaging import Damager


def main(damages: int = 50, seed: int = 1) -> None:
    """Damage copies of a library, ask each, rebuild it and ask again."""
    with tempfile.TemporaryDirectory() as name:
        damager = Damager(Path(name), seed)
        for number in range(damages):
            if wrong := damager.wrong(number):
                sys.exit("\n".join(wrong))
        print(f"{damages} damages: {damager.refused} refused, {damager.unharmed} did no harm, 0 wrong answers")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
