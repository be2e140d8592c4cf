"""Rebuilding: catalogue and index from the archive alone, beside reading every file of it.

    python -m benchmarks.rebuilding [--items 2000] [--pages 5] [--size 200000] [--runs 3] [--folder F]

A library is made of items with an original and an access copy of ``--size`` bytes each and
``--pages`` pages of 300 words with their boxes. The floor reads every file of the archive and
takes its sha512, in one process, as ``cat`` and ``sha512sum`` would; the files are in memory
for both (use a folder on a slow disk and drop the caches to see the disk). Medians are shown.
"""

import argparse
import hashlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from archive.cataloguing import Publishing
from archive.library import Library
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, File, Identifier, Item, Page, Text, Word
from metadata.pages import page_line
from metadata.vocabulary import shipped

WORDS = 300


def main() -> None:
    """Make the library, read it and rebuild it in turns, print medians."""
    parser = argparse.ArgumentParser(description="Rebuild a library beside reading its files.")
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--pages", type=int, default=5)
    parser.add_argument("--size", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the library is made  [default: the temporary folder]")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        home = Path(folder) / "library"
        canoe("init", "--home", str(home), "--base-url", "http://library.example.org")
        make(home, asked.items, asked.pages, asked.size)
        measure(home, asked.items, asked.items * asked.pages, asked.runs)


def make(home: Path, items: int, pages: int, size: int) -> None:
    """Fill the archive of ``home`` with items that differ in every file."""
    dice = random.Random(1971)  # noqa: S311 - the same library each time
    words = ["".join(dice.choices("abcdefghilmnoprstuv", k=dice.randint(2, 11))) for _ in range(20_000)]
    library = Library.open_unverified(home, Publishing("http://library.example.org", "library.example.org", shipped()))
    with library.writer() as writer:
        for number in range(items):
            lines = b"".join(page_line(page(dice, words, n)) for n in range(1, pages + 1))
            content = {"original/scan.pdf": dice.randbytes(size), "access.pdf": dice.randbytes(size)}
            writer.put_item(
                item(number, pages, {**content, "pages.jsonl": lines}), {**content, "pages.jsonl": lines}, "Made"
            )


def page(dice: random.Random, words: list[str], number: int) -> Page:
    """Return a page of words that are as rare as words are, each with its box."""
    taken = [words[int(len(words) * dice.random() ** 4)] for _ in range(WORDS)]
    placed = tuple(
        Word(word, (100 + 150 * (n % 12), 100 + 40 * (n // 12), 230 + 150 * (n % 12), 130 + 40 * (n // 12)), 93.0)
        for n, word in enumerate(taken)
    )
    return Page(number, 2480, 3508, " ".join(taken), "en", 93.0, "ocr", words=placed)


def item(number: int, pages: int, content: dict[str, bytes]) -> Item:
    """Return item ``number`` with a description of the usual length."""
    files = tuple(
        File(path, "original" if "original" in path else "access" if "pdf" in path else "pages", "application/pdf",
             len(data), hashlib.sha512(data).hexdigest())
        for path, data in content.items()
    )  # fmt: skip
    return Item(
        id=item_id(files[0].sha512),
        titles=(Text(f"Survey of the forests of district {number}", "en"),),
        contributions=(Contribution(Agent("Dupont, Jeanne", "person"), "aut"),),
        dates=(Date(str(1950 + number % 70)),),
        languages=("en",),
        type="report",
        keywords=(Text("forest", "en"), Text("survey", "en")),
        descriptions=(Text("What was found in the district, species by species. " * 8, "en"),),
        identifiers=(Identifier("report-number", f"D-{number}"),),
        files=files,
        page_count=pages,
        source=f"shelf/{number}.pdf",
        submission=files[0].sha512,
        accession="a-first",
    )


def measure(home: Path, items: int, pages: int, runs: int) -> None:
    """Read and rebuild in turns."""
    reading, catalogue, index, worked = [], [], [], []
    for _ in range(runs):
        reading.append(timed(lambda: read_all(home / "archive")))
        catalogue.append(timed(lambda: canoe("rebuild", "--catalogue", "--home", str(home))))
        before = processor()
        index.append(timed(lambda: canoe("rebuild", "--index", "--home", str(home))))
        worked.append(processor() - before)
    floor = statistics.median(reading)
    size = sum(path.stat().st_size for path in (home / "archive").rglob("*") if path.is_file())
    print(f"{items} items, {size / 1e6:.0f} MB; reading and sha512 of every file {floor:.2f} s = 1.00")
    for name, runs_of in (("catalogue", catalogue), ("index", index)):
        print(f"rebuild --{name:<10} {statistics.median(runs_of):6.2f} s = {statistics.median(runs_of) / floor:5.2f}")
    both = statistics.median(a + b for a, b in zip(catalogue, index, strict=True))
    print(f"both               {both:6.2f} s = {both / floor:5.2f}")
    print(
        f"rebuild --index: {pages / statistics.median(worked):,.0f} pages per second of processor, the start included"
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of a rebuild {peak:.0f} MB")


def timed(work: Callable[[], None]) -> float:
    """Return the seconds that ``work`` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def processor() -> float:
    """Return the seconds of processor that programs called so far have had."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def read_all(root: Path) -> None:
    """Read every file and take its sha512."""
    for path in root.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                hashlib.file_digest(stream, "sha512")


def canoe(*arguments: str) -> None:
    """Call the program as people do."""
    subprocess.run([sys.executable, "-m", "canoe", *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
