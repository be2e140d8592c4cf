"""From words of a query to boxes on the image: whole words, broken ones, accents, and no more than there is."""

import pytest
from pictured_library import SIZE, TEXT, words_of

from metadata.model import Page, Word
from web.word_boxes import MOST_MARKS, lines, marks


def page(text: str, language: str = "en") -> Page:
    return Page(1, *SIZE, text, language, 90.0, "ocr", 150, 0, words_of(text))


def texts(found: Page, query: str) -> list[str]:
    return [mark.text for mark in marks(found, query)]


def test_each_mark_lies_around_its_word() -> None:
    (mark,) = marks(page(TEXT), "sedge")
    (box,) = mark.boxes
    word = next(word for word in words_of(TEXT) if word.text == "sedge")
    left, top, right, bottom = word.box
    assert (box[0] <= left, box[1] <= top, box[0] + box[2] >= right, box[1] + box[3] >= bottom) == (True,) * 4
    assert box[2] < right - left + 20
    assert (mark.before.endswith("over the"), mark.after.startswith("bed and")) == (True, True)


def test_a_word_broken_at_the_end_of_a_line_has_two_boxes() -> None:
    (mark,) = marks(page(TEXT), "herons")
    assert mark.text == "herons"
    assert len(mark.boxes) == 2
    assert mark.boxes[0][1] < mark.boxes[1][1]


def test_words_after_a_broken_one_are_still_found_where_they_stand() -> None:
    (mark,) = marks(page(TEXT), "reed")
    last = words_of(TEXT)[-1].box
    assert mark.boxes[0][0] <= last[0] <= mark.boxes[0][0] + mark.boxes[0][2]


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("L'e\u0301tang gelé, l\u2019étang", "étang", 2),
        ("so\u00adft hy\u00adphens here", "hyphens", 1),
        ("- — - word", "word", 1),
        ("Franco-\nAmerican friends", "friends", 1),
        ("a b c", "zzz", 0),
        ("", "word", 0),
        ("word", "", 0),
        ("word", "((((", 0),
        ("湿地 の 鳥", "鳥", 1),
    ],
)
def test_texts_of_all_kinds(text: str, query: str, marked: int) -> None:
    found = marks(page(text, "fr" if "tang" in text else ""), query)
    assert len(found) == marked
    boxes = {word.box for word in words_of(text)}
    for mark in found:
        for left, top, width, height in mark.boxes:
            centre = (left + width / 2, top + height / 2)
            assert any(box[0] <= centre[0] <= box[2] and box[1] <= centre[1] <= box[3] for box in boxes)


def test_boxes_stay_on_the_page() -> None:
    edge = Page(1, 100, 100, "edge", "en", 90.0, "ocr", 150, 0, (Word("edge", (0, 60, 100, 100)),))
    ((left, top, width, height),) = marks(edge, "edge")[0].boxes
    assert (left, left + width, top + height) == (0, 100, 100)
    assert top < 60


def test_marks_are_bounded() -> None:
    assert len(marks(page("word " * 3 * MOST_MARKS), "word")) == MOST_MARKS


def test_lines_are_those_of_the_page() -> None:
    found = lines(page(TEXT))
    assert [line.text for line in found] == [line for line in TEXT.split("\n") if line]
    assert found[0].box == (80, 100, 300, 30)
    assert lines(Page(1, 10, 10, "text without words")) == []
