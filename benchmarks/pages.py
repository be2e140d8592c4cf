"""The pages people see: first bytes of item and reader, images cold and warm, readers beside many who look.

    python -m benchmarks.pages [--items 40] [--pages 12] [--seconds 10] [--clients 16] [scan.pdf …]

A library is made of items whose pages are scans of A4 at 300 dpi (grey, JPEG in a PDF) with word
boxes, and served by one process as ``canoe serve`` does, here on 127.0.0.1. *Cold* is the first
time that a page is asked for; *warm* is the same again, from the cache of images. Last, of each PDF
that is named and of one made here, what drawing its first page costs the processor: that says more
than the clock on a machine that has other work.
"""

import argparse
import http.client
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha512
from pathlib import Path

from PIL import Image, ImageDraw

from archive.cataloguing import Publishing
from archive.library import Library
from archive.ocfl import Content
from canoe.home import Home
from canoe.settings import Settings, write_settings
from ingest.page_images import Cut, Leaf
from ingest.painters import LIMITS
from ingest.painting import Painter
from metadata.ids import item_id
from metadata.model import File, Item, Page, Text, Word
from metadata.pages import page_line
from metadata.vocabulary import shipped

SIZE = (2480, 3508)
PORT = 8791
WORDS = ("the", "marsh", "river", "heron", "reed", "sedge", "water", "spring", "bird", "meadow", "otter", "of", "and")

IMAGES = {
    "small picture, 96 wide": "full/!96,144/0/default.jpg",
    "page, 1200 wide": "full/1200,/0/default.jpg",
    "page, whole": "full/max/0/default.jpg",
}


def words(seed: int) -> tuple[Word, ...]:
    """Return some 400 words with their boxes."""
    chance, placed = random.Random(seed), []  # noqa: S311 -- the same pages each time
    for row in range(45):
        left = 300
        while left < 2100:
            word = chance.choice(WORDS)
            right = left + 32 * len(word)
            placed.append(Word(word, (left, 300 + 64 * row, right, 344 + 64 * row), 93.0))
            left = right + 30
    return tuple(placed)


def drawn(placed: tuple[Word, ...]) -> Image.Image:
    """Return the scan: grey paper with some noise, and strokes where the letters stand."""
    image = Image.effect_noise(SIZE, 4).point(lambda value: min(255, value + 105))
    pen = ImageDraw.Draw(image)
    for word in placed:
        left, top, right, bottom = word.box
        for stroke in range(left, right, 11):
            pen.line((stroke, top, stroke + 4, bottom), fill=40, width=4)
    return image


def fill(home: Path, items: int, pages: int) -> list[str]:
    """Make the library; return the ids of its items."""
    library = Library.create(home, Publishing(Settings().library.base_url, "canoe.localhost", shipped()))
    scan = io.BytesIO()
    images = [drawn(words(number)) for number in range(pages)]
    images[0].save(scan, "PDF", save_all=True, append_images=images[1:], resolution=300, quality=80)
    made = []
    with library.writer() as writer:
        for number in range(items):
            made.append(item_id(sha512(str(number).encode()).hexdigest()))
            lines = b"".join(page_line(_page(n)) for n in range(1, pages + 1))
            content: dict[str, Content] = {"access.pdf": scan.getvalue(), "pages.jsonl": lines}
            held = (("access.pdf", "access", "application/pdf"), ("pages.jsonl", "pages", "application/x-ndjson"))
            files = tuple(_file(path, role, kind, content[path]) for path, role, kind in held)
            item = Item(made[-1], (Text(f"The marsh, volume {number}", "en"),), languages=("en",), source=str(number))
            writer.put_item(replace(item, submission=made[-1], files=files, page_count=pages), content, "Ingested")
    library.catalogue.close()
    return made


def _file(path: str, role: str, kind: str, content: Content) -> File:
    data = content if isinstance(content, bytes) else b""
    return File(path, "access" if role == "access" else "pages", kind, len(data), sha512(data).hexdigest())


def _page(number: int) -> Page:
    placed = words(number - 1)
    lines: dict[int, list[str]] = {}
    for word in placed:
        lines.setdefault(word.box[1], []).append(word.text)
    text = "\n".join(" ".join(line) for line in lines.values())
    return Page(number, *SIZE, text, "en", 93.0, "ocr", 300, 0, placed)


@contextmanager
def served(home: Path) -> Iterator[None]:
    """Serve the library in a process of its own."""
    server = "import uvicorn; uvicorn.run('canoe.server:from_environment', factory=True, port=%d, log_level='error')"
    code = f"if __name__ == '__main__': {server % PORT}"
    script = home.parent / "serve.py"
    script.write_text(code)
    environment = {**os.environ, "CANOE_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen([sys.executable, str(script)], env=environment)
    try:
        while True:
            try:
                get("/robots.txt")
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


_lines = threading.local()


def get(path: str) -> tuple[float, float, int, bytes]:
    """Ask for a path on a line that is kept open; return seconds to the first byte and to the last, status, body."""
    line = getattr(_lines, "line", None) or http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    _lines.line = line
    started = time.perf_counter()
    try:
        line.request("GET", path)
        answer = line.getresponse()
        first = time.perf_counter() - started
        body = answer.read()
    except OSError:
        _lines.line = None
        raise
    return first, time.perf_counter() - started, answer.status, body


def told(name: str, paths: list[str]) -> None:
    """Ask for paths one after the other and print how long the first byte took, and how large the answers are."""
    found = [get(path) for path in paths]
    bad = {status for _, _, status, _ in found} - {200}
    firsts = sorted(first * 1000 for first, _, _, _ in found)
    size = statistics.mean(len(body) for *_, body in found)
    high = firsts[min(len(firsts) - 1, len(firsts) * 99 // 100)]
    print(
        f"{name:34} p50 {statistics.median(firsts):7.1f} ms   p99 {high:7.1f} ms   {size / 1000:7.1f} kB   {bad or ''}"
    )


def load(seconds: float, clients: int, tile: Callable[[int], str], item: Callable[[int], str]) -> None:
    """Have ``clients`` ask for images that nobody asked for before, while one reads items; print what they met."""
    stop = time.perf_counter() + seconds
    statuses: dict[int, int] = {}
    counting = threading.Lock()

    def look(client: int) -> None:
        number = client
        while time.perf_counter() < stop:
            status = get(tile(number))[2]
            with counting:
                statuses[status] = statuses.get(status, 0) + 1
            number += clients

    with ThreadPoolExecutor(clients) as pool:
        looking = [pool.submit(look, client) for client in range(clients)]
        waits, number = [], 0
        while time.perf_counter() < stop:
            waits.append(get(item(number))[1] * 1000)
            number += 1
        for one in looking:
            one.result()
    waits.sort()
    half, most = statistics.median(waits), waits[len(waits) * 99 // 100]
    print(f"{clients} clients on new tiles for {seconds} s: {statuses}")
    print(f"items meanwhile: {len(waits)}, p50 {half:.1f} ms, p99 {most:.1f} ms, the slowest {waits[-1]:.1f} ms")


def main() -> None:
    """Make the library, serve it, ask."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("items", 40), ("pages", 12), ("seconds", 10), ("clients", 16)):
        asked.add_argument(f"--{name}", type=int, default=default)
    asked.add_argument("scans", nargs="*", type=Path)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        ids = fill(home, given.items, given.pages)
        write_settings(home, Settings())
        Home.read(home).update_index()
        with served(home):
            measure(ids, given)
        made = Library.open(home, Home.read(home).publishing)
        for path in (made.file(made.item(ids[0]), "access.pdf"), *given.scans):
            drawing(path)


def drawing(path: Path) -> None:
    """Print what drawing the first page of a PDF costs, each time with nothing drawn before but in the last row."""
    whole, height = (0, 0, *SIZE), round(1200 * SIZE[1] / SIZE[0])
    leaf, painter = Leaf(path, "application/pdf", 0, 0, SIZE), Painter(LIMITS)
    cuts = {
        "small picture": Cut(whole, (96, 136)),
        "1200 wide": Cut(whole, (1200, height)),
        "whole": Cut(whole, SIZE),
        "tile": Cut((512, 512, 512, 512), (512, 512)),
        "next tile": Cut((1024, 512, 512, 512), (512, 512)),
    }
    print(path.name)
    for name, cut in cuts.items():
        painter = painter if name == "next tile" else Painter(LIMITS)
        started = time.process_time()
        size = len(painter.paint(leaf, cut))
        print(f"  {name:20} {(time.process_time() - started) * 1000:7.1f} ms of the processor {size / 1000:8.1f} kB")


def measure(ids: list[str], given: argparse.Namespace) -> None:
    """Print every figure."""
    for path in (f"/item/{ids[0]}", f"/item/{ids[0]}/page/1", f"/iiif/image/{ids[0]}:1/full/90,/0/default.jpg"):
        get(path)  # templates are compiled, a process that draws is started
    told("item", [f"/item/{one}" for one in ids])
    told("reader, a page with marks", [f"/item/{one}/page/{2 + n % 3}?q=heron" for n, one in enumerate(ids)])
    told("search inside", [f"/item/{one}/search?q=heron+reed" for one in ids])
    told("manifest", [f"/iiif/{one}/manifest.json" for one in ids])
    told("results", [f"/search?q={word}" for word in WORDS[1:11]])
    few = ids[: max(4, len(ids) // 4)]
    for number, (name, rest) in enumerate(IMAGES.items(), 2):
        paths = [f"/iiif/image/{one}:{number}/{rest}" for one in few]
        told(f"{name}, cold", paths)
        told(f"{name}, warm", paths)
    tile_of = "/iiif/image/{}:5/{},512,512,512/512,/0/default.jpg"
    pairs = [[get(tile_of.format(one, left))[0] for left in (512, 1024)] for one in few]
    for place, name in enumerate(("tile, the first of a page", "tile, the second of it")):
        print(f"{name + ', cold':34} p50 {statistics.median(pair[place] for pair in pairs) * 1000:7.1f} ms")
    told("tile, warm", [f"/iiif/image/{one}:5/512,512,512,512/512,/0/default.jpg" for one in few])
    width = (SIZE[0] - 512) // 8

    def tile(number: int) -> str:
        one, page = ids[number % len(ids)], 6 + number // len(ids) % max(1, given.pages - 6)
        return f"/iiif/image/{one}:{page}/{number % width},{number // width},512,512/512,/0/default.jpg"

    load(given.seconds, given.clients, tile, lambda number: f"/item/{ids[number % len(ids)]}")


if __name__ == "__main__":
    main()
