"""Search beside Whoosh 2.7.4, on the same pages in the same run.

    python -m benchmarks.search [PAGES [QUERIES [BESIDE]]]

Pages are made here: for each of English, French and Spanish a vocabulary of 30,000 words is
put together from syllables of the language, a third of them inflected with its usual
endings, and drawn with Zipf's frequencies (1/(rank+2.7)); a page has 200 to 500 words, an
item 20 pages. So frequencies, endings and accents are natural, meanings are not.

Both engines store the same fields and take a document a page. Whoosh stems with its
StemmingAnalyzer (English) in one field; Canoe keeps folded words and the page's own stems.
A question is a whole page of results: ten items with their total, facets over language,
type, year and subject, and a marked snippet of the best page of each. For Whoosh that is
collapse, groupedby and highlights; its facets count pages, Canoe's count items.

Canoe does all PAGES, alone; both do the first BESIDE of them, for Whoosh cannot keep up with
more. Times are those of the clock; beside them stands the processor's time, which other
work on the machine changes less. Canoe fills with a thread a core; a question takes one.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from time import process_time, thread_time
from typing import Any, TypeVar

from search.engine import PageDocument, Request, SearchReader, open_reader, open_writer
from search.query import parse
from search.query_tree import And, Node, Not, Or, Phrase, Prefix

warnings.filterwarnings("ignore", category=SyntaxWarning)  # Whoosh is older than this Python
warnings.filterwarnings("ignore", category=DeprecationWarning)

from whoosh import fields, highlight, index, query  # noqa: E402
from whoosh.analysis import StemmingAnalyzer  # noqa: E402

T = TypeVar("T")
PAGES_PER_ITEM = 20
FACETS = ("language", "type", "year", "subject")
VOCABULARY = 30_000
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
    """What one engine did: pages, how long it indexed, each question took and an update needed, bytes on disk."""

    pages: int
    indexing: Span
    questions: list[Span]
    size: int
    update: float = 0.0

    def percentile(self, share: float, of: Callable[[Span], float]) -> float:
        """Return the time within which ``share`` of the questions were answered, in milliseconds."""
        ordered = sorted(map(of, self.questions))
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def words_of(language: str, chance: random.Random) -> list[str]:
    """Make the vocabulary of a language, the most frequent word first."""
    syllables, endings = (part.split() for part in SYLLABLES[language])
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        stem = "".join(chance.choices(syllables, k=chance.choice((1, 2, 2, 3, 3, 4))))
        made[stem + (chance.choice(endings) if chance.random() < 1 / 3 else "")] = None
    return list(made)


def make_pages(count: int) -> list[PageDocument]:
    """Make ``count`` pages, and a description for every item."""
    chance = random.Random(1)  # noqa: S311 -- the same pages in every run
    vocabulary = {language: words_of(language, chance) for language in SYLLABLES}
    frequencies = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
    documents: list[PageDocument] = []
    for number in range(count):
        item, page = divmod(number, PAGES_PER_ITEM)
        language = ("en", "fr", "es")[item % 3]
        length = chance.randint(200, 500) if page else 12
        text = " ".join(chance.choices(vocabulary[language], cum_weights=frequencies, k=length))
        title = text if page == 0 else documents[-1].title
        kind = ("book", "report", "article", "map")[item % 4]
        subjects = (f"urn:subject:{item % 40}", f"urn:subject:{item % 5}")
        documents.append(
            PageDocument(f"i{item:07d}", page, language, title, text, kind, 1900 + item % 120, (language,), subjects)
        )
    return documents


def make_questions(pages: list[PageDocument], count: int) -> list[str]:
    """Make mixed questions from words that occur: frequent, rare, two, either, not, beginnings, phrases."""
    chance = random.Random(2)  # noqa: S311 -- the same questions in every run
    forms: list[Callable[[list[str]], str]] = [
        lambda w: w[0],
        lambda w: f"{w[0]} {w[5]}",
        lambda w: f"{w[0]} OR {w[5]}",
        lambda w: f"{w[0]} -{w[7]}",
        lambda w: f'"{w[0]} {w[1]}"',
        lambda w: f"{w[0][:4]}*",
        lambda w: f"{w[0]} {w[2]} {w[9]}",
        lambda w: f"({w[0]} OR {w[3]}) {w[6]}",
    ]
    made = []
    for number in range(count):
        words = chance.choice(pages).text.split()
        start = chance.randrange(max(1, len(words) - 10))
        made.append(forms[number % len(forms)](words[start : start + 10] or words))
    return made


def run_canoe(folder: Path, documents: list[PageDocument], questions: list[str]) -> tuple[Figures, list[int]]:
    """Index and ask with Canoe; return the figures and how many pages answer each question."""
    indexing, _ = timed(lambda: fill(folder, documents), process_time)
    reader = open_reader(folder)
    reader.find(Request(questions[0]))
    asked = [
        timed(lambda q=question: reader.find(Request(q, pages_per_item=1, facets=FACETS)).total)  # type: ignore[misc]
        for question in questions
    ]
    size = size_of(folder)
    times, totals = [span for span, _ in asked], [total for _, total in asked]
    return Figures(len(documents), indexing, times, size, update(folder, reader)), totals


def fill(folder: Path, documents: list[PageDocument]) -> None:
    """Index the documents."""
    writer = open_writer(folder)
    writer.put(iter(documents))
    writer.commit(1)
    writer.close()


def update(folder: Path, reader: SearchReader) -> float:
    """Return the seconds from an item's coming to its being found, the median of five."""
    took = []
    for number in range(5):
        started = time.perf_counter()
        writer = open_writer(folder)
        writer.put([PageDocument(f"new{number}", 0, "en", "new", f"qqnew{number}")])
        writer.commit(2 + number)
        assert reader.find(Request(f"qqnew{number}")).total == 1
        took.append(time.perf_counter() - started)
        writer.close()
    return sorted(took)[2]


def run_whoosh(folder: Path, documents: list[PageDocument], questions: list[str]) -> tuple[Figures, list[int]]:
    """Do the same with Whoosh."""
    folder.mkdir(parents=True)
    schema = fields.Schema(
        item=fields.ID(stored=True, sortable=True), page=fields.NUMERIC(stored=True),
        language=fields.ID(stored=True, sortable=True), type=fields.ID(sortable=True),
        year=fields.NUMERIC(sortable=True), subjects=fields.KEYWORD(sortable=True),
        title=fields.TEXT(analyzer=StemmingAnalyzer()), text=fields.TEXT(analyzer=StemmingAnalyzer(), stored=True),
    )  # fmt: skip
    made = index.create_in(str(folder), schema)

    def fill_whoosh() -> None:
        writer = made.writer(limitmb=128)
        for page in documents:
            writer.add_document(
                item=page.item, page=page.page, language=page.language, type=page.type, year=page.year,
                subjects=" ".join(page.subjects), title=page.title, text=page.text,
            )  # fmt: skip
        writer.commit()

    indexing, _ = timed(fill_whoosh, process_time)
    with made.searcher() as searcher:
        ask_whoosh(searcher, questions[0])
        asked = [timed(lambda q=question: ask_whoosh(searcher, q)) for question in questions]  # type: ignore[misc]
    times, totals = [span for span, _ in asked], [total for _, total in asked]
    return Figures(len(documents), indexing, times, size_of(folder)), totals


def ask_whoosh(searcher: Any, question: str) -> int:
    """Return how many items answer, having made a page of results."""
    node = parse(question).node
    assert node is not None
    found = searcher.search(
        to_whoosh(node), limit=10, collapse="item", groupedby=["language", "type", "year", "subjects"], terms=True
    )
    found.fragmenter = highlight.ContextFragmenter(maxchars=240)
    for hit in found:
        hit.highlights("text", top=1)
    return len(found)


def to_whoosh(node: Node) -> Any:
    """Return a query's tree as Whoosh's."""
    if isinstance(node, And):
        wanted = [to_whoosh(part) for part in node.nodes if not isinstance(part, Not)]
        unwanted = [query.Not(to_whoosh(part.node)) for part in node.nodes if isinstance(part, Not)]
        return query.And(wanted + unwanted)
    if isinstance(node, Or):
        return query.Or([to_whoosh(part) for part in node.nodes])
    if isinstance(node, Prefix):
        return query.Prefix("text", node.text.lower())
    assert isinstance(node, Phrase) or hasattr(node, "text")
    terms = [token.text for token in StemmingAnalyzer()(node.text)]
    return query.Phrase("text", terms) if len(terms) > 1 else query.Term("text", "".join(terms))


def timed(do: Callable[[], T], processor: Callable[[], float] = thread_time) -> tuple[Span, T]:
    """Return how long something took, and what it gave."""
    began, worked = time.perf_counter(), processor()
    given = do()
    return Span(time.perf_counter() - began, processor() - worked), given


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def rows(figures: Figures, documents: list[PageDocument]) -> dict[str, tuple[float, bool]]:
    """Return the figures by name, and whether less is better."""
    text = sum(len(page.text.encode()) for page in documents)
    return {
        "indexing, pages/s": (figures.pages / figures.indexing.clock, False),
        "  of processor": (figures.pages / figures.indexing.processor, False),
        "question p50, ms": (figures.percentile(0.5, lambda span: span.clock), True),
        "question p99, ms": (figures.percentile(0.99, lambda span: span.clock), True),
        "  p50 of processor": (figures.percentile(0.5, lambda span: span.processor), True),
        "  p99 of processor": (figures.percentile(0.99, lambda span: span.processor), True),
        "index ÷ text bytes": (figures.size / text, True),
    }


def beside(documents: list[PageDocument], asked: list[str], folder: Path) -> Iterator[str]:
    """Yield the report on both engines."""
    canoe, ours = run_canoe(folder / "canoe", documents, asked)
    whoosh, theirs = run_whoosh(folder / "whoosh", documents, asked)
    yield f"{len(documents):,} pages{'':12}{'Canoe':>10}{'Whoosh':>10}{'ratio':>10}"
    other = rows(whoosh, documents)
    for name, (ours_is, less_is_better) in rows(canoe, documents).items():
        theirs_is = other[name][0]
        ratio = theirs_is / ours_is if less_is_better else ours_is / theirs_is
        yield f"{name:24}{ours_is:10.2f}{theirs_is:10.2f}{ratio:9.1f}×"
    yield f"questions with an answer: Canoe {sum(map(bool, ours))}, Whoosh {sum(map(bool, theirs))}"


def alone(documents: list[PageDocument], asked: list[str], folder: Path) -> Iterator[str]:
    """Yield the report on Canoe alone."""
    figures, _ = run_canoe(folder, documents, asked)
    yield f"{len(documents):,} pages, Canoe alone"
    for name, (value, _) in rows(figures, documents).items():
        yield f"{name:24}{value:10.2f}"
    yield f"{'update found after, s':24}{figures.update:10.2f}"
    yield f"{'memory of a reader, MB':24}{memory(folder, asked):10.0f}"


def memory(folder: Path, asked: list[str]) -> float:
    """Return the resident memory of a process that has answered the questions, in megabytes, files mapped and all."""
    program = (
        "import resource, sys; from pathlib import Path; from search.engine import Request, open_reader\n"
        "reader = open_reader(Path(sys.argv[1]))\n"
        "for question in sys.stdin.read().splitlines(): reader.find(Request(question, pages_per_item=1))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(folder)], input="\n".join(asked), capture_output=True, text=True, check=True
    )
    return int(run.stdout) / 1000


def main(count: int = 100_000, questions: int = 200, compared: int = 5_000) -> None:
    """Make pages, run both on some and Canoe on all, print."""
    documents = make_pages(count)
    folder = Path(tempfile.mkdtemp(prefix="canoe-search-"))
    try:
        some = documents[:compared]
        print(*beside(some, make_questions(some, questions), folder / "beside"), sep="\n", flush=True)
        if count > compared:
            print(*alone(documents, make_questions(documents, questions), folder / "alone"), sep="\n")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
