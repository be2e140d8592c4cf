"""What it costs to keep an object, beside the floor: the same files staged, hashed, synced and renamed.

    python -m benchmarks.writing [--objects 300] [--rounds 3] [--folder PATH…]

The floor writes, one object after the other, just the files that one OCFL object has: each is
copied, its sha512 taken, it is fsynced, so is each folder; the object is renamed into place and
the folder it came into is fsynced. Canoe does all that, with inventories to be made, and
catalogues the object too: it counts as written when readers see it. It is shown twice: objects
put one by one, and in groups. Both sides read the same sources. Every round has a fresh home;
medians of the rounds are shown, and the median of the ratios of each round. fsyncs are those of
this process beside SQLite's own. Where there is a RAM disk it is measured too: there fsync
costs nothing, and what is left is processor time.
"""

import argparse
import hashlib
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from archive.cataloguing import Publishing
from archive.library import Library
from archive.ocfl import Content
from benchmarks.oai_store import made_item
from metadata.model import File, FileRole, Item, Page, Word
from metadata.pages import page_line
from metadata.serial import to_json
from metadata.vocabulary import shipped

MEMORY = Path("/dev/shm")  # noqa: S108
SIZES = {"20 kB": 20_000, "3 MB": 3_000_000}
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Book:
    """An item and the files it comes with."""

    item: Item
    files: dict[str, Content]


@dataclass(frozen=True, slots=True)
class Cost:
    """A run: seconds and fsyncs, each for one object."""

    seconds: float
    syncs: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, action="append", default=[])
    asked = parser.parse_args()
    folders = asked.folder or [Path(tempfile.gettempdir()), *([MEMORY] if os.access(MEMORY, os.W_OK) else [])]
    for folder in folders:
        for name, size in SIZES.items():
            print(f"{folder}: {asked.objects} objects, originals of {name}, medians of {asked.rounds} rounds")
            show(measure(folder, size, asked.objects, asked.rounds))


def measure(parent: Path, size: int, objects: int, rounds: int) -> list[dict[str, Cost]]:
    """Return what each side costs, round by round."""
    with tempfile.TemporaryDirectory(prefix="canoe-bench-", dir=parent) as name:
        folder = Path(name)
        books = [made_book(folder, number, size) for number in range(objects)]
        sides: dict[str, Callable[[Path], None]] = {
            "floor": lambda home: write_floor(home, books),
            "one by one": lambda home: write_ours(home, books, grouped=False),
            "in groups": lambda home: write_ours(home, books, grouped=True),
        }
        return [{side: cost(write, folder, objects) for side, write in sides.items()} for _ in range(rounds)]


def show(rounds: list[dict[str, Cost]]) -> None:
    """Print the medians of each side, and how it stands to the floor."""
    for side in rounds[0]:
        seconds = statistics.median(each[side].seconds for each in rounds)
        ratio = statistics.median(each["floor"].seconds / each[side].seconds for each in rounds)
        syncs = f"{rounds[-1][side].syncs:5.1f} fsyncs an object"
        print(f"  {side:11}{1 / seconds:8.0f} objects/s {1000 * seconds:7.2f} ms  {syncs}   {ratio:5.2f} of the floor")


def made_book(folder: Path, number: int, size: int) -> Book:
    """Make the sources of one object: an original, an access copy of half its size, pages."""
    line = page_line(Page(1, 800, 1200, "timber " * 20, "en", words=(Word("timber", (1, 2, 30, 40)),) * 20))
    content = {
        "original/scan.tif": os.urandom(size),
        "access.pdf": os.urandom(10_000),
        "pages.jsonl": b"".join(line.replace(b'"number":1', b'"number":%d' % n) for n in range(1, 10)),
    }
    source = folder / "sources" / str(number)
    source.mkdir(parents=True)
    for path, data in content.items():
        (source / path.replace("/", "-")).write_bytes(data)
    item = replace(made_item(number), files=tuple(map(file_of, content, content.values())), page_count=9)
    return Book(item, {path: source / path.replace("/", "-") for path in content})


def file_of(path: str, data: bytes) -> File:
    """Return what an item says of a file."""
    roles: dict[str, FileRole] = {"original": "original", "access.pdf": "access", "pages.jsonl": "pages"}
    return File(
        path, roles[path.split("/")[0]], "application/octet-stream", len(data), hashlib.sha512(data).hexdigest()
    )


def cost(write: Callable[[Path], None], folder: Path, objects: int) -> Cost:
    """Run one side in a home of its own."""
    home = folder / secrets.token_hex(4)
    home.mkdir()
    os.sync()
    with counted() as syncs:
        began = time.perf_counter()
        write(home)
        seconds = time.perf_counter() - began
    return Cost(seconds / objects, sum(syncs) / objects)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the fsyncs of this process, whatever thread asks for them."""
    syncs: list[int] = []
    fsync = os.fsync

    def counting(handle: int) -> None:
        syncs.append(1)
        fsync(handle)

    with patch.object(os, "fsync", counting):
        yield syncs


def write_floor(home: Path, books: list[Book]) -> None:
    """Write the same files with nothing but what is needed for them to be there, whole, after a power cut."""
    archive, staging = home / "archive", home / "staging"
    archive.mkdir()
    staging.mkdir()
    for book in books:
        staged = staging / book.item.id
        (staged / "v1" / "content" / "original").mkdir(parents=True)
        for path, source in floor_files(book):
            copy(source, staged / path)
        for folder in ("v1/content/original", "v1/content", "v1", ""):
            sync(staged / folder)
        staged.rename(archive / book.item.id)
        sync(archive)


def floor_files(book: Book) -> Iterator[tuple[str, Content]]:
    """Yield the files of one OCFL object: those inventories are as long as ours."""
    yield from ((f"v1/content/{path}", source) for path, source in book.files.items())
    yield "v1/content/item.json", to_json(book.item)
    for folder in ("v1/", ""):
        yield f"{folder}inventory.json", b" " * 1900
        yield f"{folder}inventory.json.sha512", b"0" * 128 + b"  inventory.json\n"
    yield "0=ocfl_object_1.1", b"ocfl_object_1.1\n"


def copy(source: Content, target: Path) -> str:
    """Write a file, fsync it, return its sha512."""
    digest = hashlib.sha512()
    with target.open("xb") as out:
        if isinstance(source, bytes):
            digest.update(source)
            out.write(source)
        else:
            with source.open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def sync(folder: Path) -> None:
    """Make the names in a folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_ours(home: Path, books: list[Book], grouped: bool) -> None:
    """Put every item through the writer, to where readers see it."""
    library = Library.create(home, Publishing("http://library.example.org", "library.example.org", shipped()))
    with library.writer() as writer, writer.grouped() if grouped else nullcontext():
        for book in books:
            writer.put_item(book.item, book.files, "Ingested")
    assert library.catalogue.counts()[0] == len(books)
    library.catalogue.close()


if __name__ == "__main__":
    main()
