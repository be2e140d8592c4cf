"""Search beside Whoosh 2.7.4, on the same pages in the same run.

    python -m benchmarks.search [PAGES] [QUERIES]

Pages are made here: for each of English, French and Spanish a vocabulary of 30,000 words is
put together from syllables of the language, a third of them inflected with its usual
endings, and drawn with Zipf's frequencies (1/(rank+2.7)); a page has 200 to 500 words, an
item 20 pages. So frequencies, endings and accents are natural, meanings are not.

Both engines store the same fields and take a document a page. Whoosh stems with its
StemmingAnalyzer (English) in one field; Canoe keeps folded words and the page's own stems.
A question is a whole page of results: ten items with their total, facets over language,
type, year and subject, and a marked snippet of the best page of each. For Whoosh that is
collapse, groupedby and highlights; its facets count pages, Canoe's count items.
"""

import random
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from search.engine import PageDocument, Request, open_reader, open_writer
from search.query import And, Node, Not, Or, Phrase, Prefix, parse

warnings.filterwarnings("ignore", category=SyntaxWarning)  # Whoosh is older than this Python
warnings.filterwarnings("ignore", category=DeprecationWarning)

from whoosh import fields, highlight, index, query  # noqa: E402
from whoosh.analysis import StemmingAnalyzer  # noqa: E402

PAGES_PER_ITEM = 20
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
class Figures:
    """What one engine did: seconds to index, seconds of each question, bytes on disk."""

    indexing: float
    questions: list[float]
    size: int

    def percentile(self, share: float) -> float:
        """Return the time within which ``share`` of the questions were answered, in milliseconds."""
        ordered = sorted(self.questions)
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
    started = time.perf_counter()
    writer = open_writer(folder)
    writer.put(iter(documents))
    writer.commit(1)
    writer.close()
    indexing = time.perf_counter() - started
    reader = open_reader(folder)
    reader.find(Request(questions[0]))
    asked = [timed(lambda q: reader.find(Request(q, pages_per_item=1)).total, question) for question in questions]
    return Figures(indexing, [seconds for seconds, _ in asked], size_of(folder)), [total for _, total in asked]


def run_whoosh(folder: Path, documents: list[PageDocument], questions: list[str]) -> tuple[Figures, list[int]]:
    """Do the same with Whoosh."""
    folder.mkdir(parents=True)
    schema = fields.Schema(
        item=fields.ID(stored=True, sortable=True), page=fields.NUMERIC(stored=True),
        language=fields.ID(stored=True, sortable=True), type=fields.ID(sortable=True),
        year=fields.NUMERIC(sortable=True), subjects=fields.KEYWORD(sortable=True),
        title=fields.TEXT(analyzer=StemmingAnalyzer()), text=fields.TEXT(analyzer=StemmingAnalyzer(), stored=True),
    )  # fmt: skip
    started = time.perf_counter()
    made = index.create_in(str(folder), schema)
    writer = made.writer(limitmb=128)
    for page in documents:
        writer.add_document(
            item=page.item, page=page.page, language=page.language, type=page.type, year=page.year,
            subjects=" ".join(page.subjects), title=page.title, text=page.text,
        )  # fmt: skip
    writer.commit()
    indexing = time.perf_counter() - started
    with made.searcher() as searcher:
        ask_whoosh(searcher, questions[0])
        asked = [timed(lambda q: ask_whoosh(searcher, q), question) for question in questions]
    return Figures(indexing, [seconds for seconds, _ in asked], size_of(folder)), [total for _, total in asked]


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


def timed(ask: Callable[[str], int], question: str) -> tuple[float, int]:
    """Return seconds and answer."""
    started = time.perf_counter()
    answer = ask(question)
    return time.perf_counter() - started, answer


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def lines(canoe: Figures, whoosh: Figures, documents: list[PageDocument]) -> Iterator[str]:
    """Yield the report."""
    count, text = len(documents), sum(len(page.text.encode()) for page in documents)
    yield f"{'':24}{'Canoe':>10}{'Whoosh':>10}{'ratio':>10}"
    rows = [
        ("indexing, pages/s", count / canoe.indexing, count / whoosh.indexing, False),
        ("question p50, ms", canoe.percentile(0.5), whoosh.percentile(0.5), True),
        ("question p99, ms", canoe.percentile(0.99), whoosh.percentile(0.99), True),
        ("index ÷ text bytes", canoe.size / text, whoosh.size / text, True),
    ]
    for name, ours, theirs, smaller_is_better in rows:
        ratio = theirs / ours if smaller_is_better else ours / theirs
        yield f"{name:24}{ours:10.2f}{theirs:10.2f}{ratio:9.1f}×"


def main(count: int = 5_000, questions: int = 100) -> None:
    """Make pages, run both, print."""
    documents = make_pages(count)
    asked = make_questions(documents, questions)
    folder = Path(tempfile.mkdtemp(prefix="canoe-search-"))
    try:
        print(f"{count} pages, {sum(len(p.text.encode()) for p in documents) / 1e6:.1f} MB, {questions} questions")
        canoe, ours = run_canoe(folder / "canoe", documents, asked)
        whoosh, theirs = run_whoosh(folder / "whoosh", documents, asked)
        print(*lines(canoe, whoosh, documents), sep="\n")
        print(f"questions with an answer: Canoe {sum(map(bool, ours))}, Whoosh {sum(map(bool, theirs))}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
