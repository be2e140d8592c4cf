"""Snippets: the right passage, marked as the index matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import _SPLITS_OTHERWISE, ANALYSERS, FOLDED, terms, words
from search.query import parse
from search.snippets import LONGEST, Marker, snippet


def shown(query: str, text: str, language: str = "") -> str:
    made = snippet(text, language, Marker(parse(query).node))
    return "".join(f"[{piece}]" if marked else piece for piece, marked in made)


@pytest.mark.parametrize(
    ("query", "text", "language", "expected"),
    [
        ("foret", "La forêt claire", "fr", "La [forêt] claire"),
        ("FORÊTS", "La forêt claire", "fr", "La [forêt] claire"),
        ("forests", "A forest, two forests", "en", "A [forest], two [forests]"),
        ("forests", "A forest, two forests", "es", "A forest, two [forests]"),
        ("l'honnete", "L’honnête homme", "fr", "L’[honnête] homme"),
        ("fore*", "forest forêt afforested", "en", "[forest] [forêt] afforested"),
        ('"forest fire"', "fire forest; forest\n fire", "en", "fire forest; [forest] [fire]"),
        ('"forests"', "forest forests", "en", "forest [forests]"),
        ("porte-monnaie", "porte et porte-monnaie", "fr", "porte et [porte]-[monnaie]"),
        ("garde-forestier", "gardeforestier, garde forestier", "fr", "[gardeforestier], [garde] [forestier]"),
        (
            '"fire forest"~1',
            "fire; all the forest of fire, forest a b fire",
            "en",
            "fire; all the [forest] of [fire], [forest] a b fire",
        ),
        ('"fire edge forest"~2', "forest edge fire", "en", "[forest] [edge] [fire]"),
        ('"fire edge"~2 forest', "forest edge a b c fire", "en", "[forest] edge a b c fire"),
        ('"fire fire"~2', "a fire", "en", "a [fire]"),
        ("o'brian~", "A boat of O’Brien", "en", "A boat of [O]’[Brien]"),
        ("porte-monaie~2", "la porte, le porte-monnaie", "fr", "la [porte], le [porte]-[monnaie]"),
        ("a -b", "a b", "en", "[a] b"),
        ("(a OR c)", "a b c", "en", "[a] b [c]"),
        ("été", "😀 l’été\tfinit", "fr", "😀 l’[été] finit"),
        ("title:a", "a b", "en", "[a] b"),
        ("", "a  b\n\nc", "en", "a b c"),
        ("a", "", "en", ""),
        ("a", " — ", "en", "—"),
    ],
)
def test_what_matches_is_marked(query: str, text: str, language: str, expected: str) -> None:
    assert shown(query, text, language) == expected


def test_the_passage_with_most_different_words_is_shown() -> None:
    text = "fire " * 100 + "nothing " * 100 + "forest and fire" + " nothing" * 100
    made = shown("forest fire", text, "en")
    assert "[forest] and [fire]" in made
    assert made.startswith("… ")
    assert made.endswith(" …")


def test_a_snippet_is_short_and_cuts_no_word() -> None:
    text = " ".join(f"word{n}" for n in range(2000))
    made = snippet(text, "en", Marker(parse("word1000").node))
    whole = "".join(piece for piece, _ in made)
    assert len(whole) <= LONGEST + 4
    assert set(whole.strip("… ").split()) <= set(text.split())


def test_a_text_of_several_languages_is_marked_by_the_stems_of_all() -> None:
    assert shown("forêts humedal wetland", "Wetlands, humedales, forêt") == "[Wetlands], [humedales], [forêt]"


def test_words_are_split_as_the_index_splits_them() -> None:
    """Over every character that takes the quick way; a word seen otherwise would be marked wrongly."""
    quick = [chr(code) for code in range(0x2C00) if not _SPLITS_OTHERWISE.search(chr(code))]
    assert len(quick) > 2_000
    text = " ".join(f"a{character}b" for character in quick)
    expected = [text[t.char_offset_from : t.char_offset_to] for t in ANALYSERS[FOLDED].pre_tokenize(text).tokens]
    assert words(text) == expected
    assert len(terms(" ".join(words(text)))) == len(expected)


@pytest.mark.parametrize("text", ["e\u0301te\u0301 snake_case", "日本 語", "हिन्दी में", "a\u064bb \u064b日\u0301b"])
def test_other_scripts_are_split_as_the_index_splits_them(text: str) -> None:
    assert len(words(text)) == len(terms(text))
    assert terms(" ".join(words(text))) == terms(text)


@given(st.text(st.sampled_from("aé’ʼ'-_ \u0301\u0308\u064b\u0640日カω\u03c2İßœ1½न\u094d\u05b8שأ\u200c"), max_size=12))
def test_each_word_gives_one_term_whatever_stands_beside_it(text: str) -> None:
    assert terms(" ".join(words(text))) == terms(text)
    assert [len(terms(word)) for word in words(text)] == [1] * len(words(text))


PIECES = st.sampled_from(
    ("forest", "Forêt", "forests", "fire", "œuvre", "İstanbul", "ß", "l’été", "d'eau", "a-b", ";", "\n", "théâtre")
)
ASKED = st.sampled_from(
    (
        "forest",
        "forêts -fire",
        '"forest fire"',
        "fo*",
        "oeuvre OR eau",
        "théâtres",
        '"l été" 3rd',
        "istanbul ss",
        '"a b"',
        '"fire forest"~2 oeuvre',
        '"eau a"~ OR a-b',
    )
)


@given(st.lists(PIECES, max_size=25), ASKED, st.sampled_from(("en", "fr", "", "de")))
def test_the_quick_way_marks_what_a_look_at_every_word_marks(pieces: list[str], query: str, language: str) -> None:
    text = " ".join(pieces)
    quick = Marker(parse(query).node).places(text, language)
    slow = Marker(parse(query).node).places(f"{text} _", language)
    assert quick == slow
