"""Records: from a file of MARC records to a library that is searched and harvested, beside pymarc's parsing.

    python -m benchmarks.records FILE… [--records 100000] [--runs 3] [--folder F]

FILE are files of real binary MARC records (ISO 2709). All their records, again and again, each
time under control numbers of their own, make one file of ``--records``. The floor is the processor
time in which pymarc parses that file, in a process of its own; Canoe's is that of one ``canoe
ingest`` of it, start and index included, after which the records are counted in the catalogue
and in the index. Medians are shown; memory is the peak of the process. Beside a batch of the whole size one of a
tenth is shown: memory is flat where the two need about the same.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

RECORD_END, FIELD_END = b"\x1d", b"\x1e"
PARSE = "import sys, pymarc\nfor record in pymarc.MARCReader(open(sys.argv[1], 'rb'), permissive=True): pass"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process cost: processor seconds, and its peak memory in MB."""

    seconds: float
    memory: float


def main() -> None:
    """Make the files, parse and ingest them in turns, print medians."""
    parser = argparse.ArgumentParser(description="Ingest MARC records beside parsing them with pymarc.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the libraries are made  [default: the temporary folder]")
    asked = parser.parse_args()
    real = [record for file in asked.files for record in split(file.read_bytes())]
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        for size in (asked.records // 10, asked.records):
            path = Path(name) / f"{size}.mrc"
            with path.open("wb") as stream:
                stream.writelines(renumbered(record, number) for number, record in enumerate(islice(cycle(real), size)))
            measure(path, len(real), asked.runs)


def split(data: bytes) -> Iterator[bytes]:
    """Yield the records of a file that say their own length."""
    for piece in data.split(RECORD_END):
        record = piece.lstrip(b"\r\n") + RECORD_END
        if record[:5].isdigit() and int(record[:5]) == len(record):
            yield record


def renumbered(record: bytes, number: int) -> bytes:
    """Return a record with a control number of its own (MARC 21, field 001) and all its other fields as they were."""
    base = int(record[12:17])
    directory = record[24 : base - 1]
    entries = [directory[start : start + 12] for start in range(0, len(directory), 12)]
    fields = [(b"001", b"canoe%08d" % number + FIELD_END)]
    for entry in entries:
        start, length = base + int(entry[7:12]), int(entry[3:7])
        if entry[:3] != b"001":
            fields.append((entry[:3], record[start : start + length]))
    places, content = b"", b""
    for tag, field in fields:
        places += b"%s%04d%05d" % (tag, len(field), len(content))
        content += field
    base = 24 + len(places) + 1
    length = base + len(content) + 1
    return b"%05d%s%05d%s" % (length, record[5:12], base, record[17:24]) + places + FIELD_END + content + RECORD_END


def measure(path: Path, real: int, runs: int) -> None:
    """Parse and ingest in turns; every run has a fresh home."""
    parsing, ingesting = [], []
    for run in range(runs):
        home = path.with_name(f"{path.stem}-{run}")
        parsing.append(cost([sys.executable, "-c", PARSE, str(path)]))
        subprocess.run(canoe("init", home), check=True, capture_output=True)
        ingesting.append(cost(canoe("ingest", home, str(path))))
    size = int(path.stem)
    floor, ours = (statistics.median(one.seconds for one in costs) for costs in (parsing, ingesting))
    print(f"{size} records ({real} real ones renumbered), {path.stat().st_size / 1e6:.0f} MB, {runs} runs")
    print(f"  pymarc parses     {floor:7.2f} CPU s = 1.00  ({1e6 * floor / size:.0f} µs a record)")
    ratio = statistics.median(one.seconds / two.seconds for one, two in zip(ingesting, parsing, strict=True))
    print(f"  canoe ingest      {ours:7.2f} CPU s = {ratio:.2f}  ({1e6 * ours / size:.0f} µs a record)")
    print(f"  peak memory       {max(one.memory for one in ingesting):7.0f} MB")
    found = (counted(path.with_name(f"{path.stem}-0"), what) for what in ("accessions", "search"))
    print("  " + "; ".join(found))


def counted(home: Path, what: str) -> str:
    """Return what the library says it has: of the catalogue, or of the index."""
    asked = {"accessions": ["accessions"], "search": ["search", "--limit", "1", "the"]}[what]
    done = subprocess.run(canoe(asked[0], home, *asked[1:]), check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


def canoe(command: str, home: Path, *arguments: str) -> list[str]:
    """Return the call of the program as people make it."""
    return [sys.executable, "-m", "canoe", command, "--home", str(home), *arguments]


def cost(command: Sequence[str]) -> Cost:
    """Run a command and return what it cost; pymarc's warnings of bad fields are nobody's."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):  # 3: some were refused
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
