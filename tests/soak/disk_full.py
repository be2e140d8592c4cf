"""The long soak of disks that fill up, limit the size of files, or become read-only in the middle.

Run by hand, from the repository, as root or where ``unshare -rm`` works:

    PYTHONPATH=tests:tests/faults .venv/bin/python tests/soak/disk_full.py

Prints a line a disk and a summary; ends with exit 1 when anything was not as it should be. A disk that becomes
read-only like one with a fault (ext4, remounted with ``abort``) takes root; without, that part is left out, and said.
"""

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from filling import Refusal, namespace, run_inside
from shelves import make_shelf
from small_library import canoe_program

PERCENT = (5, 15, 25, 35, 45, 55, 65, 85, 95)
KIBIBYTES = (0, 4, 16, 64, 128, 256, 512, 1024, 2048)


def main() -> None:
    """Ingest onto nine disks of each kind and compare each, once mended, with an undisturbed one."""
    command = namespace()
    if not command:
        sys.exit("No disk can be mounted here: neither as this account nor with unshare -rm.")
    began, refusals = time.monotonic(), list[Refusal]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixed, records = make_shelf(folder / "mixed"), folder / "records"
        records.mkdir()
        shutil.copy(mixed / "records.mrc", records)
        canoe_program("init", "--home", folder / "empty")
        kinds = [("full", records, PERCENT), ("filled", mixed, PERCENT), ("limited", mixed, KIBIBYTES)]
        if os.geteuid() == 0:
            kinds.append(("read-only", mixed, PERCENT))
        else:
            print("Only root can let a disk become read-only in the middle: left out.")
        for kind, batch, sizes in kinds:
            for one in run_inside(command, batch, folder / "empty", [(kind, size) for size in sizes]):
                refusals.append(one)
                stopped = f"exit {one.code}, {one.kept} items kept, {one.part or 'nowhere'}"
                print(f"{one.disk}: {stopped}: {'; '.join(one.wrong) or 'the same once mended'}", flush=True)
    wrong = sum(bool(one.wrong) for one in refusals)
    where = ", ".join(f"{count} in {part}" for part, count in Counter(one.part for one in refusals if one.part).items())
    refused = sum(one.code == 6 for one in refusals)
    print(
        f"{len(refusals)} disks: {refused} ingests were refused by name and reason ({where}), "
        f"{len(refusals) - refused} had come to their end; {len(refusals) - wrong} ended the same, {wrong} not; "
        f"{time.monotonic() - began:.0f} s."
    )
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
