"""The follower on a real library: what changes is found, whatever kills it on the way."""

import hashlib
import json
import logging
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import search.follower
from archive.cataloguing import Publishing
from archive.library import Library
from metadata.model import File, Item, Page, Relation, Text
from metadata.pages import page_line
from metadata.vocabulary import Vocabulary, shipped
from search.engine import Request, SearchReader, open_reader, open_writer
from search.follower import catch_up

VOCABULARY = shipped()
PAGES = 3


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.create(tmp_path, Publishing("https://library.example", "library.example", VOCABULARY))
    yield made
    made.catalogue.close()


def put(library: Library, number: int, word: str = "heron", pages: int = PAGES) -> Item:
    """Archive an item whose every page holds ``word`` and the item's own word."""
    lines = b"".join(
        page_line(Page(n, 100, 100, f"{word} own{number}", "en", method="text-layer")) for n in range(1, pages + 1)
    )
    kept = File("pages.jsonl", "pages", "application/jsonl", len(lines), hashlib.sha512(lines).hexdigest())
    item = Item(id=f"item{number:06d}", titles=(Text(f"Report {number}", "en"),), files=(kept,), page_count=pages)
    with library.writer() as writer:
        writer.put_item(item, {kept.path: lines}, "Ingested")
    return item


def follow(library: Library, vocabulary: Vocabulary = VOCABULARY) -> int:
    writer = open_writer(library.home / "index")
    try:
        return catch_up(writer, library, vocabulary)
    finally:
        writer.close()


def reader_of(library: Library) -> SearchReader:
    return open_reader(library.home / "index")


def found(library: Library, query: str) -> dict[str, int]:
    """Return the items that answer, each with how many of its pages do."""
    answer = reader_of(library).find(Request(query, limit=100))
    assert answer.total == len(answer.hits)
    return {hit.id: hit.page_total for hit in answer.hits}


def test_each_change_is_followed_once(library: Library) -> None:
    items = [put(library, n) for n in range(3)]
    assert follow(library) == 3
    assert follow(library) == 0
    assert found(library, "heron") == {item.id: PAGES for item in items}
    assert found(library, "title:report") == {item.id: 0 for item in items}
    assert reader_of(library).position() == library.changes(0, 100)[-1].number


def test_what_changed_replaces_what_was(library: Library) -> None:
    first = put(library, 1)
    put(library, 2)
    follow(library)
    put(library, 1, "egret", pages=2)
    assert follow(library) == 1
    assert found(library, "egret") == {first.id: 2}
    assert first.id not in found(library, "heron")


def test_what_is_withdrawn_is_gone_and_comes_back_when_restored(library: Library) -> None:
    item = put(library, 1)
    follow(library)
    with library.writer() as writer:
        withdrawn = writer.withdraw(item, "rights")
    follow(library)
    assert found(library, "heron") == found(library, "") == {}
    with library.writer() as writer:
        writer.restore(withdrawn)
    follow(library)
    assert found(library, "heron") == {item.id: PAGES}


def test_batches_and_commits_on_the_way_change_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.follower, "BATCH", 2)
    monkeypatch.setattr(search.follower, "COMMIT_AFTER", 3)
    items = [put(library, n) for n in range(5)]
    assert follow(library) == 5
    assert found(library, "heron") == {item.id: PAGES for item in items}


def test_an_item_whose_pages_are_lost_keeps_its_description_and_holds_up_nothing(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    lost, whole = put(library, 1), put(library, 2)
    for path in (library.home / "archive").rglob("pages.jsonl"):
        if b"own1" in path.read_bytes():
            path.unlink()
    with caplog.at_level(logging.WARNING):
        assert follow(library) == 2
    assert lost.id in caplog.text
    assert found(library, "heron") == {whole.id: PAGES}
    assert found(library, "report") == {lost.id: 0, whole.id: 0}


def test_an_index_ahead_of_its_catalogue_is_made_again(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    item = put(library, 1)
    writer = open_writer(library.home / "index")
    writer.commit(10**18)
    writer.close()
    with caplog.at_level(logging.WARNING):
        assert follow(library) == 1
    assert "made again" in caplog.text
    assert found(library, "heron") == {item.id: PAGES}


def test_subjects_of_the_vocabulary_are_found_and_filtered_with_the_broader_ones(library: Library) -> None:
    narrow = next(uri for uri, concept in sorted(VOCABULARY.concepts.items()) if concept.broader)
    above = VOCABULARY.concepts[narrow].broader[0]
    item = replace(put(library, 1), concepts=(narrow,))
    with library.writer() as writer:
        writer.put_item(item, {}, "Classified")
    follow(library)
    reader = reader_of(library)
    for language in ("en", "fr", "es"):
        label = VOCABULARY.concepts[narrow].label(language).value
        assert reader.find(Request(f'"{label}"')).total == 1
    assert reader.find(Request("", (("subject", above),))).total == 1


KILLED = """
import sys
from pathlib import Path
import search.follower
from archive.cataloguing import Publishing
from archive.library import Library
from metadata.vocabulary import shipped
from search.engine import open_writer
search.follower.COMMIT_AFTER = 1
home = Path(sys.argv[1])
vocabulary = shipped()
library = Library.open(home, Publishing("https://library.example", "library.example", vocabulary))
writer = open_writer(home / "index")
print("ready", flush=True)
search.follower.catch_up(writer, library, vocabulary)
print("done", flush=True)
"""


def test_kills_leave_neither_gap_nor_double_nor_orphan(library: Library) -> None:
    for n in range(40):
        put(library, n)
    chance = random.Random(2)  # noqa: S311 -- not for secrets
    for _ in range(4):
        killed_while_following(library, chance.uniform(0.01, 0.25))
        position = reader_of(library).position()
        followed = {c.item.id: PAGES for c in library.changes(0, 100) if c.number <= position}
        assert found(library, "heron") == followed
    follow(library)
    assert found(library, "heron") == {f"item{n:06d}": PAGES for n in range(40)}
    follow(library)
    assert orphans(library) == []


def orphans(library: Library) -> list[str]:
    """Return the files of the index, and the folders beside it, that nobody knows."""
    newest, *others = sorted((library.home / "index").iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    segments = json.loads((newest / "meta.json").read_text())["segments"]
    alive = {segment["segment_id"].replace("-", "") for segment in segments}
    unknown = [path.name for path in newest.iterdir() if len(path.name) > 36 and path.name[:32] not in alive]
    return [*unknown, *(path.name for path in others)]


def killed_while_following(library: Library, seconds: float) -> None:
    command = [sys.executable, "-c", KILLED, str(library.home)]
    root = Path(search.follower.__file__).resolve().parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        child.kill()


# Editions of one work


def tie(library: Library, number: int, *targets: int) -> None:
    """Say that an item is a translation of others, and of no more."""
    ties = tuple(Relation("isTranslationOf", f"item{target:06d}") for target in targets)
    item = replace(library.item(f"item{number:06d}"), relations=ties)
    with library.writer() as writer:
        writer.put_item(item, {}, "Tied")


def works(library: Library) -> dict[str, str]:
    """Return the work that each item is indexed with, by its number."""
    hits = [one for hit in reader_of(library).find(Request("", limit=100)).hits for one in (hit, *hit.editions)]
    return {hit.id.removeprefix("item0000"): hit.work.removeprefix("item0000") for hit in hits}


def test_ties_between_editions_make_one_work_and_their_end_makes_two(library: Library) -> None:
    for n in range(10, 14):
        put(library, n)
    follow(library)
    assert works(library) == {"10": "", "11": "", "12": "", "13": ""}
    tie(library, 12, 11)
    assert follow(library) == 1
    assert works(library) == {"10": "", "11": "11", "12": "11", "13": ""}
    tie(library, 13, 12)
    follow(library)
    assert works(library) == {"10": "", "11": "11", "12": "11", "13": "11"}
    tie(library, 13, 10, 12)
    follow(library)
    assert works(library) == {"10": "10", "11": "10", "12": "10", "13": "10"}
    tie(library, 13, 99)
    follow(library)
    assert works(library) == {"10": "", "11": "11", "12": "11", "13": "13"}


def test_random_ties_leave_the_works_that_a_new_index_has(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.follower, "BATCH", 3)
    monkeypatch.setattr(search.follower, "COMMIT_AFTER", 7)
    chance = random.Random(5)  # noqa: S311 -- not for secrets
    for n in range(10, 22):
        put(library, n, pages=1)
    for _ in range(6):
        for n in chance.sample(range(10, 22), 4):
            tie(library, n, *chance.sample(range(10, 22), chance.choice((0, 1, 1, 2))))
        follow(library)
        followed = works(library)
        shutil.rmtree(library.home / "index")
        follow(library)
        assert followed == works(library)
    assert len(set(works(library).values())) > 2
