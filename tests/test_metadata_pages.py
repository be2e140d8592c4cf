"""pages.jsonl: a line a page, found by its offset."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.model import Page, Word
from metadata.pages import PageText, line_spans, page_line, read_page, read_page_text

PAGE = Page(
    2,
    2480,
    3508,
    "Foret\nd’été\u2028« fin »",
    "fr",
    87.5,
    "ocr",
    300,
    180,
    (Word("Foret", (10, 20, 300, 60), 91.25), Word("d’été", (310, 20, 400, 60))),
)


def test_a_page_is_one_line_and_comes_back() -> None:
    line = page_line(PAGE)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert read_page(line) == PAGE


@given(
    st.lists(
        st.builds(
            Page,
            number=st.integers(1, 9999),
            width=st.integers(0, 10**6),
            height=st.integers(0, 10**6),
            text=st.text(),
            words=st.lists(st.builds(Word, st.text(), st.tuples(*[st.integers(0, 10**6)] * 4))).map(tuple),
        )
    )
)
def test_any_page_is_found_by_its_span(pages: list[Page]) -> None:
    data = b"".join(map(page_line, pages))
    spans = list(line_spans(io.BytesIO(data)))
    assert [number for number, _, _ in spans] == list(range(1, len(pages) + 1))
    assert [read_page(data[offset : offset + length]) for _, offset, length in spans] == pages
    assert sum(length for _, _, length in spans) == len(data)


def test_a_last_line_without_its_newline_counts() -> None:
    assert list(line_spans(io.BytesIO(b"{}\n{}"))) == [(1, 0, 3), (2, 3, 2)]
    assert list(line_spans(io.BytesIO(b""))) == []


@pytest.mark.parametrize("line", [b"", b"\n", b"[]", b'{"number": 1}', page_line(PAGE)[:-3], b"\xff", b"[" * 100_000])
def test_what_is_no_page_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_page(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"number":3,"text":"a","language":"en","words":[{"text":"a","box":[1,2,3,4]}]}',
        b'{"words":[{"text":"a","box":[1,2,3,4]}],"number":3,"text":"a","language":"en"}',
        b'{"number":3,"words":[],"text":"a","language":"en"}',
        b'{"number":3,"text":"a","language":"en"}',
    ],
    ids=["words last", "words first", "words in the middle", "no words"],
)
def test_a_page_is_read_without_its_words_wherever_they_stand(line: bytes) -> None:
    assert read_page_text(line) == PageText(3, "a", "en")


def test_text_that_looks_like_the_beginning_of_the_words_is_text() -> None:
    page = Page(1, 10, 10, 'a ,"words":[ b', "en", words=(Word("a", (1, 2, 3, 4)),))
    assert read_page_text(page_line(page)) == PageText(1, page.text, "en")
