"""The long round trip: every readable MARC record of the shared set, in and out again, and what it costs.

Run by hand, from the repository:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/round_trip.py

Takes in all files, the ten thousand records made for speed too, gives them out as MARC 21 and as MARCXML, and
compares every subfield. Prints how many records were compared, how many were written in a second, and the
peak of memory; ends with exit 1 where a subfield was lost.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from schemas_here import SHARED
from test_canoe_round_trip import FOLDERS, exported, lost, travel

from canoe.home import Home
from canoe.marc_records import MarcRecords, marc21_records, marcxml_collection


def main() -> None:
    """Make the journey and say how it went."""
    with tempfile.TemporaryDirectory() as name:
        journey = travel(Path(name) / "home", [SHARED / "marc" / folder for folder in (*FOLDERS, "speed")])
        _measure(Home.read(journey.home))
        counts, missing = lost(journey, exported(journey, Path(name)))
        sys.stdout.write(f"compared {dict(counts)}, {len(missing)} lost something {missing[:3]}\n")
    sys.exit(bool(missing))


def _measure(home: Home) -> None:
    """Write all records and throw them away, in both forms, and say what that cost."""
    number = sum(home.library.catalogue.counts()[:2])
    for form in ("marc", "marcxml"):
        before, began = _peak(), time.process_time()
        records, items = MarcRecords(home), home.library.items()
        made = marc21_records(records, items, lambda *_: None) if form == "marc" else marcxml_collection(records, items)
        size = sum(map(len, made))
        took = time.process_time() - began
        sys.stdout.write(
            f"{form}: {number} records, {size} bytes, {number / took:.0f} records a CPU second,"
            f" peak {_peak():.0f} MB ({before:.0f} before)\n"
        )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
