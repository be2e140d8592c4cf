"""Search beside Whoosh and SQLite's FTS5, on the same pages in the same run.

    python -m benchmarks.search [--pages 100000] [--questions 200] [--beside 10000] [--folder /dev/shm]

Pages are made here: for each of English, French and Spanish a vocabulary of 30,000 words is
put together from syllables of the language, a third of them inflected with its usual
endings, and drawn with Zipf's frequencies (1/(rank+2.7)); a page has 200 to 500 words, an
item 20 pages. So frequencies, endings and accents are natural, meanings are not.

A question is a whole page of results: ten items with their totals, facets over language, type,
year and subject, and a marked snippet of the best page of each. For Whoosh that is collapse,
groupedby and highlights; its facets count pages, Canoe's count items. FTS5 gives hits, snippets
and a total alone: it has no facets. The questions are mixed: one word, two, three, either,
without, parentheses, phrases, beginnings, nearness, slips of the pen. Whoosh and FTS5 stem
English only, in one field; Canoe keeps folded words and the page's own stems.

Canoe does all ``--pages``, alone, read as they are made; all three do the first ``--beside`` of
them, for Whoosh cannot keep up with more (0: none). Beside the clock's time stands the processor's,
which other work on the machine changes less; of indexing it is that of all threads, without
the making of pages.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from time import process_time, thread_time
from typing import TypeVar

from search.engine import PageDocument, Request, open_reader, open_writer

T = TypeVar("T")
PAGES_PER_ITEM = 20
FACETS = ("language", "type", "year", "subject")
VOCABULARY = 30_000
_DRAWN = 1 << 19  # words of each language are drawn from so many, in which each is as often as it should be
_ASKED_OF = 2_000  # questions are made of the words of so many pages
SYLLABLES = {
    "en": ("for wet land riv er shed bir ding man age ment spe cies hab it at pro tec tion wood ri ver "
           "sea coast fish ing gra zing burn ed clim ate wa ter fen marsh el ow th str ing", "s ed ing er ly"),
    "fr": ("fo rêt ma rais ri viè re pê che oi seau es pè ce mi lieu na tu rel pro té gé zone hu mi de "
           "cô te mon ta gne é tang bois ges tion cli mat eau ber ge prai rie châ tai", "s es ment tion eur"),
    "es": ("bos que hu me dal rí o pes ca a ve es pe cie me dio na tu ral pro te gi do zo na cos ta "
           "mon ta ña la gu na ges tión cli ma a gua ri be ra pra do ár bol se quí", "s es mente ción ados"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """How long something took, in seconds: of the clock, and of the processor."""

    clock: float
    processor: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one engine did: pages and their bytes of text, how long it indexed and each question took, bytes on disk."""

    pages: int
    text: int
    indexing: Span
    questions: list[Span]
    answered: int
    size: int

    def percentile(self, share: float, of: Callable[[Span], float]) -> float:
        """Return the time within which ``share`` of the questions were answered, in milliseconds."""
        ordered = sorted(map(of, self.questions))
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


class Pages:
    """Pages as they are made: how many, their bytes of text, and how long the making took."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.text = 0
        self.clock = self.processor = 0.0

    def __iter__(self) -> Iterator[PageDocument]:
        made = make_pages(self.count)
        while batch := self._timed(made):
            yield from batch

    def _timed(self, made: Iterator[PageDocument]) -> list[PageDocument]:
        span, batch = timed(lambda: list(islice(made, 10 * PAGES_PER_ITEM)))
        self.clock, self.processor = self.clock + span.clock, self.processor + span.processor
        self.text += sum(len(page.text.encode()) for page in batch)
        return batch


def words_of(language: str, chance: random.Random) -> list[str]:
    """Make the vocabulary of a language, the most frequent word first."""
    syllables, endings = (part.split() for part in SYLLABLES[language])
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        stem = "".join(chance.choices(syllables, k=chance.choice((1, 2, 2, 3, 3, 4))))
        made[stem + (chance.choice(endings) if chance.random() < 1 / 3 else "")] = None
    return list(made)


def make_pages(count: int) -> Iterator[PageDocument]:
    """Make ``count`` pages, the first of each item its description."""
    chance = random.Random(1)  # noqa: S311 -- the same pages in every run
    frequencies = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
    drawn = {
        language: chance.choices(words_of(language, chance), cum_weights=frequencies, k=_DRAWN)
        for language in SYLLABLES
    }
    title = ""
    for number in range(count):
        item, page = divmod(number, PAGES_PER_ITEM)
        language = ("en", "fr", "es")[item % 3]
        text = " ".join(chance.choices(drawn[language], k=chance.randint(200, 500) if page else 12))
        title = title if page else text
        kind = ("book", "report", "article", "map")[item % 4]
        subjects = (f"urn:subject:{item % 40}", f"urn:subject:{item % 5}")
        year = 1900 + item % 120
        yield PageDocument(f"i{item:07d}", page, language, title, text, kind, year, (language,), subjects)


def make_questions(pages: int, count: int) -> list[str]:
    """Make mixed questions from words of the pages: frequent, rare, two, either, not, beginnings, phrases, slips."""
    chance = random.Random(2)  # noqa: S311 -- the same questions in every run
    some = list(make_pages(min(pages, _ASKED_OF)))
    forms: list[Callable[[list[str]], str]] = [
        lambda w: w[0],
        lambda w: f"{w[0]} {w[5]}",
        lambda w: f"{w[0]} OR {w[5]}",
        lambda w: f"{w[0]} -{w[7]}",
        lambda w: f'"{w[0]} {w[1]}"',
        lambda w: f"{w[0][:4]}*",
        lambda w: f"{w[0]} {w[2]} {w[9]}",
        lambda w: f"({w[0]} OR {w[3]}) {w[6]}",
        lambda w: f'"{w[0]} {w[4]}"~5',
        lambda w: f"{w[0][:-1]}~ {w[3]}" if len(w[0]) > 4 else f"{w[0]} {w[3]}",
    ]
    made = []
    for number in range(count):
        words = chance.choice([page for page in some if page.page]).text.split()
        start = chance.randrange(max(1, len(words) - 10))
        made.append(forms[number % len(forms)](words[start : start + 10]))
    return made


def run_canoe(folder: Path, pages: Pages, questions: list[str]) -> Figures:
    """Index and ask with Canoe; return the figures."""
    indexing, _ = timed(lambda: fill(folder, pages), process_time)
    reader = open_reader(folder)
    asked = ask(questions, lambda question: reader.find(Request(question, pages_per_item=1, facets=FACETS)).total)
    return figures(folder, pages, indexing, asked)


def fill(folder: Path, documents: Iterable[PageDocument]) -> None:
    """Index the documents."""
    writer = open_writer(folder)
    writer.put(documents)
    writer.commit(1)
    writer.close()


def figures(folder: Path, pages: Pages, indexing: Span, asked: list[tuple[Span, int]]) -> Figures:
    """Return the figures of an engine; the making of pages is none of its time."""
    own = Span(indexing.clock - pages.clock, indexing.processor - pages.processor)
    times, totals = [span for span, _ in asked], [total for _, total in asked]
    return Figures(pages.count, pages.text, own, times, sum(map(bool, totals)), size_of(folder))


def ask(questions: list[str], find: Callable[[str], int]) -> list[tuple[Span, int]]:
    """Ask each question, the first once before."""
    find(questions[0])
    return [timed(lambda q=question: find(q)) for question in questions]  # type: ignore[misc]


def timed(do: Callable[[], T], processor: Callable[[], float] = thread_time) -> tuple[Span, T]:
    """Return how long something took, and what it gave."""
    began, worked = time.perf_counter(), processor()
    given = do()
    return Span(time.perf_counter() - began, processor() - worked), given


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def rows(done: Figures) -> dict[str, float]:
    """Return the figures by name."""
    return {
        "indexing, pages/s": done.pages / done.indexing.clock,
        "  of processor": done.pages / done.indexing.processor,
        "question p50, ms": done.percentile(0.5, lambda span: span.clock),
        "question p99, ms": done.percentile(0.99, lambda span: span.clock),
        "  p50 of processor": done.percentile(0.5, lambda span: span.processor),
        "  p99 of processor": done.percentile(0.99, lambda span: span.processor),
        "index ÷ text bytes": done.size / done.text,
        "questions answered": float(done.answered),
    }


def beside(count: int, questions: list[str], folder: Path) -> Iterator[str]:
    """Yield the report on all engines, on the same pages."""
    from benchmarks.search_beside import run_fts5, run_whoosh

    runs = {"Canoe": run_canoe, "Whoosh": run_whoosh, "FTS5": run_fts5}
    done = {name: rows(run(folder / name, Pages(count), questions)) for name, run in runs.items()}
    yield f"{f'{count:,} pages':24}" + "".join(f"{name:>12}" for name in runs) + f"{'Canoe ÷ Whoosh':>18}"
    for name in done["Canoe"]:
        values = [done[engine][name] for engine in runs]
        yield f"{name:24}" + "".join(f"{value:12.2f}" for value in values) + f"{values[0] / values[1]:18.3f}"


def alone(count: int, questions: list[str], folder: Path) -> Iterator[str]:
    """Yield the report on Canoe alone."""
    yield f"{count:,} pages, Canoe alone"
    yield from (f"{name:24}{value:12.2f}" for name, value in rows(run_canoe(folder, Pages(count), questions)).items())
    with Server(folder) as server:
        server.ask(questions)
        own, mapped = server.memory()
        yield f"{'memory of a server, MB':24}{own:12.0f} and {mapped:.0f} of the index's files"
        yield f"{'update found after, s':24}{update(folder, server):12.2f}"


class Server:
    """A process that answers questions, one a line, with the number of items."""

    _PROGRAM = (
        "import sys; from pathlib import Path; from search.engine import Request, open_reader\n"
        "reader = open_reader(Path(sys.argv[1]))\n"
        "for line in sys.stdin: print(reader.find(Request(line.strip(), pages_per_item=1)).total, flush=True)\n"
    )

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", self._PROGRAM, str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, questions: Iterable[str]) -> list[int]:
        """Return how many items answer each."""
        assert self._process.stdin
        assert self._process.stdout
        totals = []
        for question in questions:
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
            totals.append(int(self._process.stdout.readline()))
        return totals

    def memory(self) -> tuple[float, float]:
        """Return its own resident memory and what it has of mapped files, which the system takes back, in megabytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = dict(line.split(":") for line in status.splitlines())
        own, *mapped = (int(found[name].split()[0]) / 1000 for name in ("RssAnon", "RssFile", "RssShmem"))
        return own, sum(mapped)


def update(folder: Path, server: Server) -> float:
    """Return the seconds from an item's coming to its being found by another process that serves, the worst of five."""
    took = []
    for number in range(5):
        started = time.perf_counter()
        writer = open_writer(folder)
        writer.put([PageDocument(f"new{number}", 0, "en", "new", f"qqnew{number}")])
        writer.commit(2 + number)
        while server.ask([f"qqnew{number}"]) != [1]:
            pass
        took.append(time.perf_counter() - started)
        writer.close()
    return max(took)


def main() -> None:
    """Run all engines on some pages and Canoe on all, print."""
    parser = argparse.ArgumentParser(description="Search beside Whoosh and SQLite's FTS5.")
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--beside", type=int, default=10_000, help="pages that all engines do; 0: none")
    parser.add_argument("--folder", type=Path, help="where the indexes are made  [default: the temporary folder]")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canoe-search-", dir=asked.folder) as name:
        if asked.beside:
            some = make_questions(asked.beside, asked.questions)
            print(*beside(asked.beside, some, Path(name) / "beside"), sep="\n", flush=True)
        if asked.pages > asked.beside:
            print(*alone(asked.pages, make_questions(asked.pages, asked.questions), Path(name) / "alone"), sep="\n")


if __name__ == "__main__":
    main()
