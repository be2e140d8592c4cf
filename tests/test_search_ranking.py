"""Ranking, measured: queries in three languages with judged answers, the gain of the first ten (nDCG@10)."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import log2
from pathlib import Path
from typing import Any

import pytest
from search_sample import fill, item_of

from search.engine import PageDocument, Request, SearchReader, open_reader

FLOOR = 0.97
"""Below this, what readers want has moved down the list."""

JUDGED: Mapping[str, Any] = tomllib.loads((Path(__file__).with_name("judged.toml")).read_text("utf-8"))


def documents() -> Iterator[PageDocument]:
    for item in JUDGED["item"]:
        said = (item["title"], *item["authors"], item["summary"], *item["subjects"], str(item["year"]))
        description = PageDocument(
            item["id"], 0, item["language"], item["title"], "\n".join(said), year=item["year"],
            languages=(item["language"],), summary=item["summary"], authors=tuple(item["authors"]),
            topics=tuple(item["subjects"]), work=item.get("work", ""), online=bool(item["pages"]),
        )  # fmt: skip
        yield from item_of(description, *item["pages"])


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchReader]:
    folder = tmp_path_factory.mktemp("judged") / "index"
    fill(folder, documents())
    opened = open_reader(folder)
    yield opened
    opened.close()


def gain(reader: SearchReader, query: str, wanted: Mapping[str, int]) -> float:
    """Return nDCG@10 (exponential gain) of an answer; a work counts by its best edition, once."""
    works = {item["id"]: item.get("work", item["id"]) for item in JUDGED["item"]}
    best: dict[str, int] = {}
    for item, grade in wanted.items():
        best[works[item]] = max(grade, best.get(works[item], 0))
    found = [wanted.get(hit.id, 0) for hit in reader.find(Request(query)).hits]
    return discounted(found) / discounted(sorted(best.values(), reverse=True))


def discounted(grades: list[int]) -> float:
    return sum((2.0**grade - 1) / log2(place + 2) for place, grade in enumerate(grades[:10]))


def test_what_readers_want_comes_first(reader: SearchReader, capsys: pytest.CaptureFixture[str]) -> None:
    gains = {query["ask"]: gain(reader, query["ask"], query["wanted"]) for query in JUDGED["query"]}
    mean = sum(gains.values()) / len(gains)
    with capsys.disabled():
        worst = sorted(gains.items(), key=lambda one: one[1])[:5]
        print(f"\nnDCG@10 of {len(gains)} queries: {mean:.3f}; worst: {worst}")
    assert len(gains) >= 40
    assert mean >= FLOOR


def test_a_stray_page_comes_after_what_is_about_the_matter(reader: SearchReader) -> None:
    for query in JUDGED["query"]:
        hits = [hit.id for hit in reader.find(Request(query["ask"])).hits]
        matter = [hits.index(item) for item, grade in query["wanted"].items() if grade == 3 and item in hits]
        if "report-minutes" in hits and query["wanted"].get("report-minutes") == 1:
            assert hits.index("report-minutes") > max(matter, default=-1)


def test_a_book_of_a_thousand_pages_and_a_mere_record_rank_by_what_they_are_about(tmp_path: Path) -> None:
    told = "the weather of the year, the harvest, the fair and the price of rye"
    books = [
        item_of(PageDocument("chronicle", 0, "en", "Chronicle of the town", "Chronicle of the town\nAll that happened"),
                *(f"{told}; a lamprey was sold" if n % 50 == 0 else told for n in range(1000))),
        item_of(PageDocument("record", 0, "en", "The lamprey", "The lamprey\nSmith, Anne")),
        item_of(PageDocument("treatise", 0, "en", "Fish of the river", "Fish of the river\nLamprey, eel and trout"),
                *("the lamprey and how the lamprey spawns" for _ in range(12))),
        item_of(PageDocument("letters", 0, "en", "Letters", "Letters of a parson"), "we ate a lamprey on Sunday"),
    ]  # fmt: skip
    fill(tmp_path, (page for book in books for page in book))
    hits = open_reader(tmp_path).find(Request("lamprey")).hits
    assert {hits[0].id, hits[1].id} == {"record", "treatise"}
    assert {hits[2].id, hits[3].id} == {"chronicle", "letters"}


@pytest.mark.parametrize("names", [("a", "b", "c"), ("a", "c", "b")])
def test_words_on_one_page_come_before_words_far_apart(tmp_path: Path, names: tuple[str, str, str]) -> None:
    filler = "the price of rye at the fair of the year, and the weather"
    facts = PageDocument("x", 0, "en", "Chronicle", "Chronicle of a town")
    apart = ("a lamprey was sold", *[filler] * 30, "the sluice broke")
    together = (filler, *[filler] * 30, "the sluice broke and a lamprey was sold")
    twice = (filler, *[filler] * 29, *["the sluice broke and a lamprey was sold"] * 2)
    pages = zip(names, (twice, together, apart), strict=True)
    fill(tmp_path, (page for item, texts in pages for page in item_of(replace(facts, item=item), *texts)))
    hits = open_reader(tmp_path).find(Request("lamprey sluice")).hits
    assert [hit.id for hit in hits] == list(names)
    assert [sorted(page.number for page in hit.pages) for hit in hits] == [[31, 32], [32], [1, 32]]


def test_the_edition_in_the_readers_language_leads_unless_the_words_are_anothers(reader: SearchReader) -> None:
    for language in ("en", "fr", "es"):
        (hit,) = reader.find(Request("okafor", language=language)).hits
        assert (hit.id, len(hit.editions)) == (f"wet-{language}", 2)
    (hit,) = reader.find(Request("zones humides", language="en")).hits
    assert hit.id == "wet-fr"
