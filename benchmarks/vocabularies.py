"""A vocabulary of 40,000 concepts, made from real ones: how long it takes to add, and what it costs to browse.

Run it with the folder of the real ones, UNESCO's and GEMET among them:

    python -m benchmarks.vocabularies ../shared/data/skos [concepts]

It prints seconds and megabytes for adding and replacing, milliseconds for each page of the tree, and whether a changed
label is seen by a server that runs.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import httpx

from archive.library import Library
from canoe.home import Home
from metadata.concepts import Scheme
from metadata.ids import item_id
from metadata.model import Concept, Item, Text
from metadata.skos import Source, read_vocabulary
from metadata.skos_export import turtle
from search.engine import Request

_REAL = ("unescothes.ttl", "gemet-fr.rdf", "dspace-srsc.xml", "iucn/iucn-habitat-data.csv", "yso-archaeology.ttl")
_SCHEME = "http://example.org/all/scheme"
ITEMS = 5000


def multiplied(folder: Path, number: int) -> Iterator[Concept]:
    """Yield so many concepts: the real ones again and again, each time with other URIs and labels of their own."""
    sources = [(name, (folder / name).read_bytes()) for name in _REAL]
    real = [read_vocabulary([Source(data, name)], f"http://example.org/{name}") for name, data in sources]
    made = 0
    for turn in range(number):
        for place, one in enumerate(real):
            for concept in one.concepts.values():
                if made == number:
                    return
                made += 1
                yield _copy(concept, f"http://example.org/all/{turn}-{place}-", f" {turn}" if turn else "")


def _copy(concept: Concept, before: str, after: str) -> Concept:
    def here(uri: str) -> str:
        return before + uri.rpartition("/")[2].rpartition(":")[2]

    def called(texts: Sequence[Text]) -> tuple[Text, ...]:
        return tuple(replace(text, value=text.value + after) for text in texts)

    return Concept(
        here(concept.uri), called(concept.labels), called(concept.alternatives), tuple(map(here, concept.broader)),
        scheme=_SCHEME, notes=concept.notes,
    )  # fmt: skip


def written(concepts: Sequence[Concept], path: Path) -> Path:
    """Write the vocabulary as Turtle."""
    scheme = Scheme("all", _SCHEME, (Text("All of them", "en"),), len(concepts))
    path.write_text("".join(turtle(scheme, concepts, ())), "utf-8")
    return path


def added(home: Path, path: Path) -> tuple[float, float, float]:
    """Add a vocabulary in a process of its own; return seconds, seconds of CPU and megabytes at most."""
    code = (
        "import resource, sys, time; from canoe.__main__ import main; t = time.perf_counter()\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "u = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(time.perf_counter() - t, u.ru_utime + u.ru_stime, u.ru_maxrss / 1024, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "vocabulary", "add", str(path), "--id", "all", "--own", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, processor, megabytes = map(float, done.stderr.split()[-3:])
    return seconds, processor, megabytes


def filled(home: Home, concepts: Sequence[Concept]) -> None:
    """Give the library items, each with two concepts."""
    with home.library.writer() as writer, writer.grouped():
        for number in range(ITEMS):
            names = (concepts[number * 7 % len(concepts)].uri, concepts[number * number % len(concepts)].uri)
            made = item_id(f"{number:0128x}")
            writer.put_item(Item(made, (Text(f"Item {number}", "en"),), concepts=names, source=str(number)), {}, "Made")
    home.update_index()


@contextmanager
def served(home: Path) -> Iterator[httpx.Client]:
    """Serve a home for as long as the context lasts."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "canoe", "serve", "--home", str(home), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            while not _answers(client):
                time.sleep(0.2)
            yield client
    finally:
        server.terminate()
        server.wait()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/about").status_code == 200
    except httpx.TransportError:
        return False


def browsed(client: httpx.Client, concepts: Sequence[Concept]) -> None:
    """Ask for pages of the tree, and print how long they take."""
    tails = [one.uri.removeprefix("http://example.org/all/") for one in concepts[:: len(concepts) // 200]]
    client.get("/subjects/all")
    _timed(client, "first page of the top concepts", ["/subjects/all"] * 20)
    _timed(client, "later pages of the top concepts", [f"/subjects/all?page={n}&lang=fr" for n in range(2, 22)])
    _timed(client, "concepts", [f"/subjects/all/{tail}" for tail in tails])


def _timed(client: httpx.Client, name: str, paths: Sequence[str]) -> None:
    took = []
    for path in paths:
        begun = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - begun) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    print(f"{name}: median {median(took):.1f} ms, 95th percentile {quantiles(took, n=20)[-1]:.1f} ms")


def seen_at_once(home: Home, client: httpx.Client, concepts: list[Concept], path: Path) -> None:
    """Change the label of the concept that most items have, and look for it in the facets of a server that runs."""
    counted = home.index_reader().find(Request("", limit=0)).facets["subject"][0]
    at = next(n for n, one in enumerate(concepts) if one.uri == counted.value)
    concepts[at] = replace(concepts[at], labels=(Text("Quite another label", "en"),))
    assert "Quite another label" not in client.get("/search?lang=en").text
    seconds, processor, megabytes = added(home.path, written(concepts, path))
    print(f"replaced, one label changed: {seconds:.1f} s ({processor:.1f} s of CPU), {megabytes:.0f} MB")
    assert "Quite another label" in client.get("/search?lang=en").text
    print(f"the new label stands in the facets of the running server; {counted.count} items were not touched")


def main() -> None:
    """Print the figures."""
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 40_000
    concepts = list(multiplied(Path(sys.argv[1]), number))
    with TemporaryDirectory(prefix="canoe-benchmark-") as folder:
        home, path = Path(folder, "home"), Path(folder, "all.ttl")
        subprocess.run([sys.executable, "-m", "canoe", "init", "--home", str(home)], check=True, capture_output=True)
        size = written(concepts, path).stat().st_size
        seconds, processor, megabytes = added(home, path)
        print(
            f"added {len(concepts)} concepts, {size / 1e6:.0f} MB: "
            f"{seconds:.1f} s ({processor:.1f} s of CPU), {megabytes:.0f} MB"
        )
        opened = Home.read(home)
        begun = time.perf_counter()
        opened.vocabulary.find("wetlands")
        print(f"opened and asked: {(time.perf_counter() - begun) * 1000:.1f} ms")
        filled(opened, concepts)
        with served(home) as client:
            browsed(client, concepts)
            seen_at_once(opened, client, concepts, path)
        library: Library = opened.library
        begun = time.perf_counter()
        library.rebuild_catalogue()
        print(f"catalogue and vocabularies made again: {time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()
