import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from archive_library import bare_item, publishing, sha512

from archive.library import Library
from canoe.quality import quality_lines, quality_of, worst
from metadata.errors import DamageFound, NotFound
from metadata.model import File, Item, Method, Page, Word
from metadata.pages import page_line


def _page(number: int, method: Method, *confidences: float, language: str = "en") -> Page:
    words = tuple(Word("word", (0, 0, 9, 9), confidence) for confidence in confidences)
    return Page(number, 100, 100, " ".join("word" for _ in words), language, 0.0, method, words=words)


def _item(number: int, pages: Sequence[Page]) -> tuple[Item, bytes]:
    lines = b"".join(map(page_line, pages))
    file = File("pages.jsonl", "pages", "application/jsonl", len(lines), sha512(lines))
    return replace(bare_item(number), files=(file,), page_count=len(pages)), lines


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Make a library of a good book, a poor one, one with an unread page, a born-digital one, and a record."""
    made = Library.create(tmp_path / "home", publishing())
    books = [
        [_page(1, "ocr", 90, 96), _page(2, "ocr", 92, 50, language="fr"), _page(3, "ocr", 92, language="fr")],
        [_page(1, "ocr", 30, 40, language="")],
        [_page(1, "ocr", 99), _page(2, "unread", language=""), _page(3, "blank", language="")],
        [_page(1, "text-layer", 100, 100)],
    ]
    with made.writer() as writer:
        for number, pages in enumerate(books):
            item, lines = _item(number, pages)
            writer.put_item(item, {"pages.jsonl": lines}, "Ingested")
        writer.put_item(bare_item(9), {}, "Ingested")
    return made


def test_the_quality_of_an_item_is_told_from_its_pages(library: Library) -> None:
    found = quality_of(library, library.item(bare_item(0).id))
    assert (found.pages, found.unread, found.words) == (3, 0, 5)
    assert (found.confidence, found.doubtful) == (84.0, 0.2)
    assert (found.methods, found.languages) == ((("ocr", 3),), (("fr", 2), ("en", 1)))


def test_the_worst_come_first_unread_pages_before_poor_ones(library: Library) -> None:
    found = [one.item for one in worst(library, library.items(), 10)]
    assert found == [bare_item(2).id, bare_item(1).id, bare_item(0).id]
    assert [one.item for one in worst(library, library.items(), 1)] == found[:1]


def test_they_go_out_as_lines_of_json(library: Library) -> None:
    lines = [json.loads(line) for line in quality_lines(library, library.items(), 2)]
    assert lines[0] == {
        "id": bare_item(2).id, "source": "records.mrc#2", "title": "Forest & water 2", "pages": 3, "unread": 1,
        "words": 1,
        "confidence": 99.0, "doubtful": 0.0, "methods": {"ocr": 1, "unread": 1, "blank": 1}, "languages": {"en": 1},
        "in_dictionary": lines[0]["in_dictionary"],  # the models that are installed tell
    }  # fmt: skip
    assert [line["id"] for line in lines] == [bare_item(2).id, bare_item(1).id]


def test_what_has_no_pages_has_no_quality(library: Library) -> None:
    with pytest.raises(NotFound):
        quality_of(library, library.item(bare_item(9).id))


def test_damaged_pages_are_named_alone_and_passed_over_among_others(library: Library) -> None:
    item = library.item(bare_item(1).id)
    path = library.file(item, "pages.jsonl")
    path.chmod(0o600)
    path.write_bytes(b"{")
    with pytest.raises(DamageFound):
        quality_of(library, item)
    assert item.id not in {one.item for one in worst(library, library.items(), 10)}
