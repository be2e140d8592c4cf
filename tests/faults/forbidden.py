"""A home of which a part is forbidden to the account; runs as an account that permissions hold for.

Prints a JSON line for each part: what an ingest of ``batch`` said, what readers said, and what the same ingest
said when the permission was given back.
"""

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from small_library import canoe_here

PARTS = ("archive", "staging", "catalogue.db", "writer.lock", "index")


def main(batch: str, empty: str, folder: str) -> None:
    """Take the permission to write from one part after the other, each of a fresh home below ``folder``."""
    for part in PARTS:
        home = shutil.copytree(empty, Path(folder) / part)
        (home / part).touch()
        below = [home / part, *(one for one in (home / part).rglob("*") if one.is_dir())]
        modes = [one.stat().st_mode for one in below]
        for one in below:
            one.chmod(0o500 if one.is_dir() else 0o400)
        commands = [["ingest", batch, "--json"], ["export"], ["check"]]
        said = [asdict(canoe_here(*command, "--home", home)) for command in commands]
        for one, mode in zip(below, modes, strict=True):
            one.chmod(mode)
        said += [asdict(canoe_here(*command, "--home", home)) for command in (["ingest", batch], ["search", "map"])]
        print(json.dumps({"part": str(home / part), "said": said}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
