"""Many clients at once on a library of 10,000 items: none is refused, and 99 in 100 are answered within half a second.

Run by hand, from the repository:

    PYTHONPATH=. .venv/bin/python tests/soak/load.py [--items 10000] [--pages 10] [--clients 16] [--seconds 20]

The library is made through the library's own interface: reports in three languages whose pages have words as rare as
words are (:mod:`benchmarks.search`), of 2,000 persons, 60 series and the concepts of the shipped vocabulary. It is
served by ``canoe serve`` in one process. Each client asks on and on, for one thing of the mix after the other; nobody
waits between two questions, so sixteen clients are what some hundreds of readers are. With ``--home`` the library is
kept there and used again. ``--alone`` asks each kind alone, one after the other, and says what it costs the processor.
Ends with exit 1 when an answer failed, or the 99th percentile is above ``--most`` milliseconds.
"""

import argparse
import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha512
from itertools import accumulate
from pathlib import Path
from urllib.parse import quote

from archive.cataloguing import Publishing
from archive.library import Library
from benchmarks.search import SYLLABLES, VOCABULARY, words_of
from canoe.home import Home
from canoe.settings import Settings, write_settings
from metadata.ids import item_id
from metadata.model import Agent, Contribution, Date, File, Item, Page, Series, Text
from metadata.pages import page_line
from metadata.vocabulary import shipped

LANGUAGES = ("en", "fr", "es")
PLACES = ("FR", "ES", "GB", "US", "CA", "MX", "CO", "KE", "IN", "SE")
TYPES = ("report", "book", "article", "guideline", "map")
MIX = {"home": 5, "results": 25, "results narrowed": 15, "item": 25, "page": 15, "feed": 5, "export": 2, "OAI-PMH": 8}
"""How many of a hundred questions are of each kind."""

_TICKS = os.sysconf("SC_CLK_TCK")


def make(home: Path, items: int, pages: int) -> None:
    """Make the library and its index."""
    chance = random.Random(16)  # noqa: S311 -- the same library each time
    drawn = _words(chance)
    library = Library.create(home, Publishing(Settings().library.base_url, "canoe.localhost", shipped()))
    concepts = [uri for uri in shipped().concepts if not shipped().narrower(uri)]
    with library.writer() as writer, writer.grouped():
        for number in range(items):
            language = LANGUAGES[number % 3]
            lines = b"".join(_line(n, language, chance.choices(drawn[language], k=200)) for n in range(1, pages + 1))
            made = _item(number, chance, " ".join(chance.choices(drawn[language], k=8)), chance.sample(concepts, 2))
            file = File("pages.jsonl", "pages", "application/x-ndjson", len(lines), sha512(lines).hexdigest())
            object.__setattr__(made, "files", (file,))
            object.__setattr__(made, "page_count", pages)
            writer.put_item(made, {"pages.jsonl": lines}, "Made")
            writer.flush_if_due()
    library.catalogue.close()
    write_settings(home, Settings())
    Home.read(home).update_index()
    Home.read(home).update_agents()


def _words(chance: random.Random) -> dict[str, list[str]]:
    frequencies = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
    return {
        language: chance.choices(words_of(language, chance), cum_weights=frequencies, k=1 << 19)
        for language in SYLLABLES
    }


def _line(number: int, language: str, words: list[str]) -> bytes:
    return page_line(Page(number, 2480, 3508, " ".join(words), language, 93.0, "ocr", 300))


def _item(number: int, chance: random.Random, title: str, concepts: list[str]) -> Item:
    submission = sha512(str(number).encode()).hexdigest()
    persons = [Agent(f"Family{chance.randrange(2000)}, Given", "person") for _ in range(chance.randint(1, 3))]
    return Item(
        id=item_id(submission),
        titles=(Text(title.capitalize(), LANGUAGES[number % 3]),),
        contributions=(
            *(Contribution(person, "aut") for person in dict.fromkeys(persons)),
            Contribution(Agent(f"Office of Works {number % 97}", "organisation"), "pbl"),
        ),
        dates=(Date(str(1900 + number % 120)),),
        languages=(LANGUAGES[number % 3],),
        type=TYPES[number % len(TYPES)],
        concepts=tuple(concepts),
        countries=(PLACES[number % len(PLACES)],),
        descriptions=(Text(f"What was found, and how, in survey {number}.", "en"),),
        rights=(Text("https://creativecommons.org/licenses/by/4.0/"),),
        series=(Series(f"Papers of the Office {number % 60}", str(number // 60)),),
        collections=(f"collection-{number % 12}",),
        source=f"shelf/{number}",
        submission=submission,
    )


@dataclass(frozen=True, slots=True)
class Server:
    """The server, a process of its own."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Return the seconds of processor that it has had."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / _TICKS

    def memory(self) -> int:
        """Return the megabytes that it holds of its own, the files of the index aside."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) // 1024 for line in told.splitlines() if line.startswith("RssAnon"))


@contextmanager
def served(home: Path) -> Iterator[Server]:
    """Serve a home as ``canoe serve`` does."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "canoe", "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not _answers(port):
            assert process.poll() is None, "the server has ended"
            time.sleep(0.1)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Asking:
    """What clients ask for, and what they met: of each kind how many seconds each answer took, and what failed."""

    ids: list[str]
    words: list[str]
    pages: int
    took: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    failed: list[str] = field(default_factory=list)

    def path(self, kind: str, chance: random.Random) -> str:
        """Return what one question of a kind asks for."""
        one, word = chance.choice(self.ids), quote(chance.choice(self.words))
        narrowed = [f"language={chance.choice(LANGUAGES)}", f"type={chance.choice(TYPES)}",
                    f"place={chance.choice(PLACES)}", f"decade={chance.randrange(190, 202)}0s"]  # fmt: skip
        made: dict[str, Callable[[], str]] = {
            "home": lambda: "/",
            "results": lambda: f"/search?q={word}",
            "results narrowed": lambda: f"/search?q={word}&" + "&".join(chance.sample(narrowed, 2)),
            "item": lambda: f"/item/{one}",
            "page": lambda: f"/item/{one}/page/{chance.randint(1, self.pages)}?q={word}",
            "feed": lambda: chance.choice(("/new.atom", f"/search.atom?q={word}")),
            "export": lambda: f"/search.{chance.choice(('csv', 'json', 'bib', 'ris'))}?q={word}",
            "OAI-PMH": lambda: (
                f"/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:canoe.localhost:{one}"
                if chance.random() < 0.7
                else "/oai?verb=ListRecords&metadataPrefix=oai_dc"
            ),
        }
        return made[kind]()

    def ask(self, line: http.client.HTTPConnection, kind: str, path: str) -> None:
        """Ask, and remember how long the whole answer took."""
        began = time.perf_counter()
        try:
            line.request("GET", path)
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as fault:
            self.failed.append(f"{path}: {fault!r}")
            line.close()
            return
        self.took[kind].append(time.perf_counter() - began)
        if answer.status != 200:
            self.failed.append(f"{path}: {answer.status}")


def load(server: Server, asking: Asking, clients: int, seconds: float) -> None:
    """Have clients ask on and on."""
    stop = time.perf_counter() + seconds

    def client(number: int) -> None:
        chance = random.Random(number)  # noqa: S311
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for kind in iter(lambda: chance.choices([*MIX], [*MIX.values()])[0], ""):
            if time.perf_counter() > stop:
                break
            asking.ask(line, kind, asking.path(kind, chance))
        line.close()

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))


def alone(server: Server, asking: Asking, times: int) -> None:
    """Ask each kind by itself; print how long one takes and what it costs the server's processor."""
    chance = random.Random(5)  # noqa: S311
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for kind in MIX:
        for _ in range(5):
            asking.ask(line, kind, asking.path(kind, chance))
        asking.took[kind].clear()
        began = server.cpu()
        for _ in range(times):
            asking.ask(line, kind, asking.path(kind, chance))
        cost = (server.cpu() - began) / times * 1000
        print(f"{kind:18} {_spread(asking.took[kind])}   processor {cost:6.1f} ms")
        asking.took[kind].clear()


def _spread(took: list[float]) -> str:
    ordered = sorted(one * 1000 for one in took) or [0.0]
    most = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    half = statistics.median(ordered)
    return f"{len(took):6} answers   p50 {half:6.1f} ms   p99 {most:6.1f} ms   max {ordered[-1]:6.1f} ms"


def measure(home: Path, asked: argparse.Namespace) -> bool:
    """Serve, ask, print; return whether all was as it should be."""
    library = Home.read(home).library
    ids = [item.id for item in library.items()][: asked.items]
    words = [word for language in LANGUAGES for word in words_of(language, random.Random(16))[:2000]]  # noqa: S311
    asking = Asking(ids, words, asked.pages)
    with served(home) as server:
        for kind in MIX:
            asking.ask(http.client.HTTPConnection("127.0.0.1", server.port), kind, asking.path(kind, random.Random(1)))  # noqa: S311
        for took in asking.took.values():
            took.clear()
        if asked.alone:
            alone(server, asking, 200)
        before, (one, *_) = server.cpu(), os.getloadavg()
        load(server, asking, asked.clients, asked.seconds)
        worked, memory = server.cpu() - before, server.memory()
    for kind, took in asking.took.items():
        print(f"{kind:18} {_spread(took)}")
    together = [one for took in asking.took.values() for one in took]
    print(f"{'together':18} {_spread(together)}")
    each = worked / max(1, len(together)) * 1000
    print(f"{len(together) / asked.seconds:.0f} answers a second; processor {each:.1f} ms each,")
    print(f"{worked / asked.seconds:.2f} cores; {memory} MB; load before {one:.1f}; failed: {len(asking.failed)}")
    print(*asking.failed[:10], sep="\n")
    slowest = sorted(together)[len(together) * 99 // 100] * 1000
    return not asking.failed and slowest <= asked.most


def main() -> None:
    """Make the library where there is none, ask, say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("items", 10_000), ("pages", 10), ("clients", 16), ("seconds", 20), ("most", 500)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--home", type=Path, help="keep the library here, and use it again")
    parser.add_argument("--alone", action="store_true", help="first ask each kind alone")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not (home / "canoe.toml").exists():
            make(home, asked.items, asked.pages)
        sys.exit(not measure(home, asked))


if __name__ == "__main__":
    main()
