"""Text for XML: whatever comes in, a parser reads it."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from metadata.xmltext import escape, legal

anything = st.text(st.characters())  # surrogates and control characters too


@given(anything)
def test_escaped_text_is_read_back_as_the_legal_text(text: str) -> None:
    document = f'<a b="{escape(text)}">{escape(text)}</a>'.encode()
    assert (etree.fromstring(document).text or "") == legal(text)


def test_illegal_characters_are_left_out_and_legal_ones_kept() -> None:
    assert legal("a\x00b\x0bc\ud800d\ufffee\uffff") == "abcde"
    kept = "\t\n\r é\u00a0\u200b\ue000\U0001f6f6\x7f\x85"
    assert legal(kept) == kept


def test_markup_is_only_text() -> None:
    assert escape('<a href="x">&amp;') == "&lt;a href=&quot;x&quot;&gt;&amp;amp;"
