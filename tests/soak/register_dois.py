"""A thousand DOIs through an agency that fails three calls of ten.

Run by hand, from the repository:

    PYTHONPATH=tests .venv/bin/python tests/soak/register_dois.py 1000 11

Options: how many items, and the seed of the lots. Prints what was done; ends with exit 1 when an item is not
findable, is registered twice, or more than two calls an item were needed.
"""

import os
import sys
import tempfile
from pathlib import Path

from archive_library import publishing, put_records
from doi_agencies import DataCitePeer, failing
from test_ingest_doi_sync import BASE, run

from archive.library import Library
from ingest.doi_sync import Synced


def main(number: int = 1000, seed: int = 11) -> None:
    """Register ``number`` items, and once more what is not new."""
    with tempfile.TemporaryDirectory() as folder:
        library = Library.create(Path(folder) / "home", publishing(BASE))
        with library.writer() as writer:
            put_records(writer, range(number))
        peer, began = DataCitePeer(fault=failing(seed)), os.times()
        done = run(library, peer)
        used = os.times().user + os.times().system - began.user - began.system
        states = {item.doi.state for item in library.items() if item.doi}
        once = all(kept.registrations == 1 for kept in peer.dois.values())
        again = run(library, peer)
    print(f"{number} items, {done.calls} calls ({done.calls / number:.2f} an item), {used:.1f} s of CPU, {states}")
    whole = states == {"findable"} and len(peer.dois) == number == done.accepted == done.kept
    if not (whole and once and done.calls <= 2 * number and again == Synced()):
        sys.exit(f"not as it should be: {done}, {again}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
