"""The engine: what is found, how it is counted and ranked."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_sample import fill, ids, item_of, sample

import search.tantivy_answer
import search.tantivy_counts
import search.tantivy_query
from search.engine import FACETS, Answer, ItemHit, PageDocument, Request, SearchReader, Snippet, Sort, open_reader
from search.query import And, Node, Not, Or, Word, parse

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchReader]:
    folder = tmp_path_factory.mktemp("home") / "index"
    fill(folder, sample())
    opened = open_reader(folder)
    yield opened
    opened.close()


def words(snippet: Snippet) -> str:
    return "".join(f"[{piece}]" if marked else piece for piece, marked in snippet)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("foret", "fr1"), ("forêts", "fr1"), ("FORETS", "fr1"), ("fore\u0302t", "fr1"),
        ("forests", "en1"), ("forest", "en1"), ("burning", "en1"),
        ("bosque", "es1"), ("humedal", "es1"), ("ano 1971", "es1"), ("año", "es1"),
        ("honnete", "fr1"), ("l'honnête", "fr1"), ("l’honnetes", "fr1"), ("afrique", "fr1"), ("d'Afrique", "fr1"),
        ("oeuvre", "fr1"), ("œuvre", "fr1"), ("porte-monnaie", "fr1"), ("porte monnaie", "fr1"), ("monnaie-porte", ""),
        ("o'brien", "en1"), ("don't", "en1"), ("forest's", "en1"),
        ('"forest fire"', "en1"), ('"forests fire"', ""), ('"fire forest"', ""), ('"forêts claires"', "fr1"),
        ("fore*", "en1 fr1"), ("l'hon*", "fr1"), ("forê*", "en1 fr1"), ("zzz*", ""),
        ("forest OR bosque", "en1 es1"), ("forest bosque", ""), ("burn panic", "en1"), ("reed smith panic", "en1"),
        ("forest -edge", ""), ("bosque -humedal", ""),
        ("forest -(edge OR fire)", ""), ("(forest OR bosque) -fire", "es1"), ('"edge a"', ""), ('"edge a"~5', ""),
        ("title:foret", "fr1"), ("title:wetland", "en1"), ("title:forest", ""), ('title:"foret d afrique"', "fr1"),
        ("title:wetlands forest", "en1"), ("title:humedales OR forest", "en1 es1"), ("-title:wetlands", "es1 fr1"),
        ("dupont", "fr1"), ("smith", "en1"),
        ("year:1999..2001", "en1 es1"), ("year:..1995", "fr1"), ("year:2000..", "en1"), ("year:2001..1999", "en1 es1"),
        ("format:pdf", "en1 fr1"), ("formato:tiff", "en1"), ("forest -format:fmt/353", ""), ("-format:pdf", "es1"),
        ("language:en", "en1 es1"), ("type:report -language:es", "en1"), ("forest year:1990", ""),
        ("", "en1 es1 fr1"), ("-foret", "en1 es1"), ("???", ""), ("x" * 200, ""), ("日本", ""),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_found(reader: SearchReader, query: str, found: str) -> None:
    assert ids(reader.find(Request(query))) == set(found.split())


def test_a_hit_says_which_page_and_marks_the_words(reader: SearchReader) -> None:
    (hit,) = reader.find(Request("forets")).hits
    assert [(page.number, words(page.snippet)) for page in hit.pages] == [
        (1, "Les [forêts] claires et l’honnête homme.")
    ]
    assert (hit.page_total, words(hit.snippet)) == (1, "Des [forêts] et de leurs gardiens.")


def test_an_item_found_by_its_description_alone_has_no_pages(reader: SearchReader) -> None:
    (hit,) = reader.find(Request("smith")).hits
    assert (hit.pages, hit.page_total, words(hit.snippet)) == ((), 0, "Reed beds of the coast.")
    (hit,) = reader.find(Request("reed smith")).hits
    assert words(hit.snippet) == "[Reed] beds of the coast."


def test_pages_are_the_best_first_and_no_more_than_asked(reader: SearchReader) -> None:
    (hit,) = reader.find(Request("forest", pages_per_item=1)).hits
    assert (len(hit.pages), hit.page_total) == (1, 2)
    (hit,) = reader.find(Request("forest")).hits
    assert [page.score for page in hit.pages] == sorted((page.score for page in hit.pages), reverse=True)


@pytest.mark.parametrize("most", [1000, 1])
def test_words_that_begin_so_are_found_on_pages_few_or_many(
    reader: SearchReader, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(search.tantivy_query, "_MOST_BEGUN", most)
    for query, pages in (("for*", {"en1": {1, 2}, "fr1": {1}}), ("bos* hum*", {"es1": {1}}), ("h* zz*", {})):
        hits = reader.find(Request(query)).hits
        assert {hit.id: {page.number for page in hit.pages} for hit in hits} == pages, query


def test_faults_of_the_query_come_with_the_answer(reader: SearchReader) -> None:
    answer = reader.find(Request('"forest fire'))
    assert ids(answer) == {"en1"}
    assert "character 1" in answer.remarks[0]
    assert "caractère 1" in answer.problems[0].message("fr")


def test_filters_of_one_facet_are_either_and_of_two_are_both(reader: SearchReader) -> None:
    either = reader.find(Request("", (("language", "fr"), ("language", "es"))))
    assert ids(either) == {"fr1", "es1"}
    both = reader.find(Request("", (("language", "en"), ("year", "2001"))))
    assert ids(both) == {"en1"}
    assert ids(reader.find(Request("", (("year", "soon"),)))) == set()
    unknown = reader.find(Request("forest", (("colour", "red"),)))
    assert ids(unknown) == {"en1"}
    assert [found.code for found in unknown.problems] == ["query-field-unknown"]


def test_a_facet_is_counted_without_its_own_filter(reader: SearchReader) -> None:
    facets = reader.find(Request("", (("language", "fr"),))).facets
    assert {c.value: c.count for c in facets["language"]} == {"en": 2, "es": 1, "fr": 1}
    assert {c.value: c.count for c in facets["type"]} == {"book": 1}
    assert list(facets) == list(FACETS)


def test_formats_are_a_facet_and_an_item_without_files_has_none(reader: SearchReader) -> None:
    facets = reader.find(Request("")).facets
    assert {c.value: c.count for c in facets["format"]} == {"fmt/17": 1, "fmt/276": 1, "fmt/353": 1}
    assert ids(reader.find(Request("", (("format", "fmt/353"), ("format", "fmt/17"))))) == {"en1", "fr1"}
    assert ids(reader.find(Request("", (("format", ""),)))) == set()


def test_titles_rank_before_descriptions_and_these_before_pages(tmp_path: Path) -> None:
    mere = "heron " * 40
    items = [
        item_of(PageDocument("page", 0, "en", "Birds", "Birds"), mere, mere, mere),
        item_of(PageDocument("abstract", 0, "en", "Birds", "Birds of the coast, among them a heron, and more" * 3)),
        item_of(PageDocument("title", 0, "en", "The heron of the coast", "The heron of the coast\n" + "bird " * 80)),
    ]
    fill(tmp_path, chain.from_iterable(items))
    assert [hit.id for hit in open_reader(tmp_path).find(Request("heron")).hits] == ["title", "abstract", "page"]


# Exactness: a library of random words, and a reading of the query tree in plain Python to judge by.

VOCABULARY = [f"w{n}x" for n in range(12)]


def random_items() -> list[list[PageDocument]]:
    chance = random.Random(8)  # noqa: S311 -- not for secrets
    made = []
    for n in range(150):
        pages = [" ".join(chance.choices(VOCABULARY, k=3)) for _ in range(chance.choice((1, 1, 2, 4, 30)))]
        facts = PageDocument(
            f"i{n}", 0, chance.choice(("en", "fr", "")), pages[0], pages[0], chance.choice(("book", "report")),
            chance.choice((None, 1990, 1991)), chance.choice((("en",), ("en", "fr"), ())),
            ("s:1", f"s:{n % 7}"), ("c",) * (n % 2), formats=(f"fmt/{n % 3}",) * (n % 4 != 0),
            authors=(f"a{n % 5}", "a0"), publishers=("a0",) * (n % 2), access=("", "open", "embargoed")[n % 3],
            work=f"work{n // 30}" * (n % 10 < 2), online=n % 2 == 0, repository="elsewhere" * (n % 9 == 0),
        )  # fmt: skip
        made.append(list(item_of(facts, *pages[1:])))
    return made


ITEMS = random_items()


@pytest.fixture(scope="module")
def random_reader(tmp_path_factory: pytest.TempPathFactory) -> SearchReader:
    folder = tmp_path_factory.mktemp("random") / "index"
    fill(folder, chain.from_iterable(ITEMS))
    return open_reader(folder)


def holds(node: Node, text: str) -> bool:
    """Say whether an item whose words are these holds a query."""
    if isinstance(node, And):
        return all(holds(part, text) for part in node.nodes)
    if isinstance(node, Or):
        return any(holds(part, text) for part in node.nodes)
    if isinstance(node, Not):
        return not holds(node.node, text)
    assert isinstance(node, Word)
    return node.text in text.split()


def expected(query: str, filters: dict[str, str], without: dict[str, str] | None = None) -> list[PageDocument]:
    """Return the descriptions of the items that hold the query."""
    node = parse(query).node
    found = [pages[0] for pages in ITEMS if node is None or holds(node, " ".join(page.text for page in pages))]
    kept = [facts for facts in found if all(value in values_of(facts, facet) for facet, value in filters.items())]
    return [
        facts for facts in kept if not any(value in values_of(facts, facet) for facet, value in (without or {}).items())
    ]


def every_hit(answer: Answer) -> list[ItemHit]:
    return [one for hit in answer.hits for one in (hit, *hit.editions)]


def work_of(facts: PageDocument) -> str:
    return facts.work or facts.item


def values_of(facts: PageDocument, facet: str) -> set[str]:
    return {
        "language": set(facts.languages),
        "type": {facts.type},
        "year": {str(facts.year)} if facts.year else set(),
        "subject": set(facts.subjects),
        "collection": set(facts.collections),
        "format": set(facts.formats),
        "decade": {f"{str(facts.year)[:3]}0"} if facts.year else set(),
        "agent": {*facts.authors, *facts.publishers},
        "access": {facts.access} - {""},
        "online": {"yes" if facts.online else "no"},
        "repository": {facts.repository} - {""},
    }[facet]


BASE = st.sampled_from(VOCABULARY)
POSITIVE = st.recursive(
    BASE, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(("", "OR")), inner), max_leaves=5
)
QUERIES = st.one_of(st.just(""), POSITIVE, st.builds("{} -{}".format, POSITIVE, POSITIVE))
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "language": st.just("fr"),
        "type": st.just("book"),
        "year": st.just("1990"),
        "subject": st.just("s:3"),
        "format": st.just("fmt/1"),
        "decade": st.just("1990"),
        "agent": st.just("a3"),
        "access": st.just("open"),
        "online": st.just("no"),
        "repository": st.just("elsewhere"),
    },
)
WITHOUT = st.fixed_dictionaries(
    {}, optional={"type": st.just("report"), "agent": st.just("a1"), "decade": st.just("1990")}
)
SORTS = st.sampled_from(("relevance", "newest", "oldest", "title"))


@settings(deadline=None, max_examples=60)
@given(QUERIES, FILTERS, WITHOUT, SORTS)
def test_totals_and_facets_are_exact(
    random_reader: SearchReader, query: str, filters: dict[str, str], without: dict[str, str], sort: Sort
) -> None:
    asked = Request(query, tuple(filters.items()), 0, 100, without=tuple(without.items()), sort=sort)
    answer = random_reader.find(asked)
    wanted = expected(query, filters, without)
    works = {work_of(facts) for facts in wanted}
    assert (answer.total, answer.works) == (len(wanted), len(works))
    assert {hit.id for hit in every_hit(answer)} <= {facts.item for facts in wanted}
    assert len({hit.work or hit.id for hit in answer.hits}) == len(answer.hits) == min(100, len(works))
    if len(works) <= 100:
        assert sorted(hit.id for hit in every_hit(answer)) == sorted(facts.item for facts in wanted)
    for facet in FACETS:
        others = {name: value for name, value in filters.items() if name != facet}
        counts = Counter(value for facts in expected(query, others, without) for value in values_of(facts, facet))
        assert {count.value: count.count for count in answer.facets[facet]} == dict(counts)


def test_totals_are_exact_beyond_what_an_aggregation_gives(
    random_reader: SearchReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.tantivy_counts, "_BUCKETS", 2)
    for query in VOCABULARY:
        answer, wanted = random_reader.find(Request(query)), expected(query, {})
        assert (answer.total, answer.works) == (len(wanted), len(set(map(work_of, wanted))))


def test_pages_of_results_neither_repeat_nor_miss(random_reader: SearchReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.tantivy_answer, "_LOOKED_AT", 5)
    for query in ("w1x", "w1x OR w2x OR w3x", ""):
        for sort in get_args(Sort):
            hits: list[ItemHit] = []
            while more := random_reader.find(Request(query, offset=len(hits), limit=7, sort=sort)).hits:
                hits += more
            found = [one.id for hit in hits for one in (hit, *hit.editions)]
            assert sorted(found) == sorted(facts.item for facts in expected(query, {}))
            assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_an_item_with_many_pages_does_not_crowd_out_the_others(tmp_path: Path) -> None:
    def crowd() -> Iterator[PageDocument]:
        yield from item_of(PageDocument("big", 0, "en", "Big"), *["heron heron"] * 900)
        yield from item_of(PageDocument("small", 0, "en", "Small"), "a heron among many other words of the page")

    fill(tmp_path, crowd())
    answer = open_reader(tmp_path).find(Request("heron"))
    assert [(hit.id, hit.page_total) for hit in answer.hits] == [("big", 900), ("small", 1)]


def test_without_a_query_the_newest_year_comes_first(reader: SearchReader) -> None:
    assert [hit.id for hit in reader.find(Request("")).hits] == ["en1", "es1", "fr1"]


def test_limits_are_kept_to(random_reader: SearchReader) -> None:
    assert random_reader.find(Request("", limit=0)).hits == ()
    assert len(random_reader.find(Request("", offset=-5, limit=10**9)).hits) == 100
    assert random_reader.find(Request("w1x", offset=10**12)).hits == ()


# Hostile queries, through the engine


@settings(deadline=2000, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300), st.lists(st.tuples(st.sampled_from((*FACETS, "x")), st.text(max_size=10)), max_size=3))
def test_no_query_raises(reader: SearchReader, query: str, filters: list[tuple[str, str]]) -> None:
    assert 0 <= reader.find(Request(query, tuple(filters))).total <= 3


@pytest.mark.parametrize("query", ["⑴*", "ßß*", "⒜⒝*", "a" * 100 + "*", '"…"', '"a - b"', "title:日本*", "½*"])
def test_odd_words_are_looked_for(reader: SearchReader, query: str) -> None:
    assert reader.find(Request(query)).total == 0


@pytest.mark.shared
def test_the_shared_hostile_queries_are_answered_in_time(random_reader: SearchReader) -> None:
    path = SHARED / "hostile" / "web" / "search_fuzz.jsonl"
    for line in path.read_text("utf-8").splitlines():
        started = time.perf_counter()
        assert random_reader.find(Request(json.loads(line)["q"])).total >= 0
        assert time.perf_counter() - started < 2
