"""The query language: what is understood, what is remarked, and that nothing raises or stalls."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.query import (
    BETWEEN,
    DEEPEST,
    LONGEST,
    MOST_ALIKE,
    MOST_OPEN,
    MOST_TERMS,
    And,
    Dates,
    Fuzzy,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Value,
    Word,
    Years,
    parse,
    wanted,
)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("a -b", And((A, Not(B)))),
        ("a −b", And((A, Not(B)))),
        ("a NOT b", And((A, Not(B)))),
        ("a -(b c)", And((A, Not(And((B, C)))))),
        ("a or b", And((A, Word("or"), B))),
        ("ORTHO", Word("ORTHO")),
        ('"a b"', Phrase("a b")),
        ("“a b”", Phrase("a b")),
        ("«a b»", Phrase("a b")),
        ("„a b“", Phrase("a b")),
        ('-"a b"', Not(Phrase("a b"))),
        ("foret*", Prefix("foret")),
        ("porte-monnaie", Word("porte-monnaie")),
        ("l’honnête", Word("l’honnête")),
        ("title:a", Word("a", "title")),
        ("titre:a", Word("a", "title")),
        ("Título:a", Word("a", "title")),
        ('title:"a b"', Phrase("a b", "title")),
        ("title:(a OR b)", Or((Word("a", "title"), Word("b", "title")))),
        ("title:(a) b", And((Word("a", "title"), B))),
        ("-title:a", Not(Word("a", "title"))),
        ("year:1990", Years(1990, 1990)),
        ("year:1990..2005", Years(1990, 2005)),
        ("année:..2005", Years(None, 2005)),
        ("año:1990..", Years(1990, None)),
        ("language:fr", Value("language", "fr")),
        ("langue:Français", Value("language", "fr")),
        ("language:(en OR es)", Or((Value("language", "en"), Value("language", "es")))),
        ("type:rapport", Value("type", "report")),
        ("format:PDF/A-1b", Value("format", "fmt/354")),
        ("formato:X-fmt/111", Value("format", "x-fmt/111")),
        ('format:"jpeg, raw stream"', Value("format", "fmt/41")),
        ("format:gif", Or((Value("format", "fmt/3"), Value("format", "fmt/4")))),
        ("forest~", Fuzzy("forest", 2)),
        ("fores~", Fuzzy("fores", 1)),
        ("forest~1", Fuzzy("forest", 1)),
        ("forest~0", Word("forest")),
        ('"a b"~5', Near("a b", 5)),
        ("«a b»~", Near("a b", BETWEEN)),
        ('title:"a b"~0', Near("a b", 0, "title")),
        ("author:dupont", Word("dupont", "author")),
        ("creator:dupont", Word("dupont", "author")),
        ("Auteur:dupont", Word("dupont", "author")),
        ("autor:(a OR b)", Or((Word("a", "author"), Word("b", "author")))),
        ("éditeur:a", Word("a", "publisher")),
        ("sujet:a", Word("a", "subject")),
        ("subject:https://example.org/c1", Value("subject", "https://example.org/c1")),
        ("lieu:a", Word("a", "place")),
        ("série:a", Word("a", "series")),
        ("colección:a", Word("a", "collection")),
        ("isbn:2-8317-1185-1", Value("identifier", "9782831711850")),
        ('isbn:"978 2 8317 1185 0"', Value("identifier", "9782831711850")),
        ("issn:0378-5955", Value("identifier", "03785955")),
        ("doi:10.1234/AB-c", Value("identifier", "101234abc")),
        ("identifiant:https://doi.org/10.1234/AB-c", Value("identifier", "101234abc")),
        ("identificador:TR/2004-17", Value("identifier", "tr200417")),
        ("accès:ouvert", Value("access", "open")),
        ('acceso:"bajo embargo"', Value("access", "embargoed")),
        ("year:>=1990", Years(1990, None)),
        ("year:<1990", Years(None, 1989)),
        ("year:1990-2005", Years(1990, 2005)),
        ("date:1990", Dates(19900101, 19901231)),
        ("date:>=2001-03", Dates(20010301, None)),
        ("date:>2001-03", Dates(20010332, None)),
        ("fecha:<2001", Dates(None, 20001231)),
        ("date:<=2001", Dates(None, 20011231)),
        ("date:<2001-03-05", Dates(None, 20010304)),
        ("date:1990..1995-06", Dates(19900101, 19950631)),
        ("date:..1995-06-07", Dates(None, 19950607)),
        ("title: a b", And((Word("a", "title"), B))),
        ("colour: a", And((Word("colour"), A))),
        ("12:30", Word("12:30")),
        ("https://example.org/a", Word("https://example.org/a")),
        ("", None),
        (" \t\n", None),
        ("\x00", None),
    ],
)
def test_what_is_well_formed_is_understood_without_remark(text: str, node: Node | None) -> None:
    assert parse(text) == Query(node, (), blank=node is None)


@pytest.mark.parametrize(
    ("text", "node", "faults"),
    [
        ('a "b c', And((A, Phrase("b c"))), [("query-unclosed", "3")]),
        ("a (b", And((A, B)), [("query-unclosed", "3")]),
        ("a) b", And((A, B)), [("query-stray", "2")]),
        ("a OR", A, [("query-stray", "3")]),
        ("OR a", A, [("query-stray", "1")]),
        ("a OR OR b", Or((A, B)), [("query-stray", "3")]),
        ("AND", None, [("query-stray", "1")]),
        ("AND a", A, [("query-stray", "1")]),
        ("a AND OR b", Or((A, B)), [("query-stray", "3")]),
        ("(a AND) b", And((A, B)), [("query-stray", "4")]),
        ("a - b", And((A, B)), [("query-stray", "3")]),
        ("a -", A, [("query-stray", "3")]),
        ("a ()", A, [("query-stray", "3")]),
        ("a & b", And((A, B)), [("query-stray", "3")]),
        ("a ~2", A, [("query-stray", "3")]),
        ("a~2", A, [("query-fuzzy-short", "1")]),
        ("marais~7", Fuzzy("marais", 2), [("query-fuzzy-far", "1")]),
        ('"a b"~500', Near("a b", 50), [("query-near-far", "1")]),
        ("date:1990-13 a", A, [("query-value-unknown", "6")]),
        ("year:1990-05 a", A, [("query-value-unknown", "6")]),
        ("isbn:? a", A, [("query-stray", "6")]),
        ("access:maybe a", A, [("query-value-unknown", "8")]),
        ("year:199* a", A, [("query-value-unknown", "6")]),
        ("???", None, [("query-stray", "1")]),
        ("a*", A, [("query-prefix-short", "1")]),
        ("year:soon a", A, [("query-value-unknown", "6")]),
        ("language:klingonish a", A, [("query-value-unknown", "10")]),
        ("colour:a", And((Word("colour"), A)), [("query-field-unknown", "1")]),
    ],
)
def test_a_fault_has_its_position_and_the_rest_still_stands(
    text: str, node: Node | None, faults: list[tuple[str, str]]
) -> None:
    query = parse(text)
    assert query.node == node
    assert [(p.code, dict(p.params)["position"]) for p in query.problems] == faults
    assert all(p.message(language) for p in query.problems for language in ("en", "fr", "es"))


def test_a_long_query_is_cut_and_says_so() -> None:
    query = parse("a" * (LONGEST + 1))
    assert query.node == Word("a" * LONGEST)
    assert [p.code for p in query.problems] == ["query-too-long"]


def test_terms_are_capped_and_one_remark_says_from_where() -> None:
    query = parse(" ".join(["w"] * (MOST_TERMS + 5)))
    assert query.node == And((Word("w"),) * MOST_TERMS)
    assert [(p.code, dict(p.params)["position"]) for p in query.problems] == [
        ("query-too-many-terms", str(2 * MOST_TERMS + 1))
    ]


def test_words_left_open_are_capped_and_the_rest_are_looked_for_as_they_stand() -> None:
    query = parse("abc* abc~ " * 6)
    kinds = [type(leaf) for leaf in wanted(query.node)] if query.node else []
    assert (kinds.count(Prefix) + kinds.count(Fuzzy), kinds.count(Word)) == (MOST_OPEN, 12 - MOST_OPEN)
    assert {p.code for p in query.problems} == {"query-too-many-open"}


def test_depth_is_capped_and_what_is_inside_stays() -> None:
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST) == Query(A, (), blank=False)
    deeper = parse("(" * 100 + "a" + ")" * 100 + " b")
    assert deeper.node == And((A, B))
    assert {p.code for p in deeper.problems} == {"query-too-deep"}


def test_remarks_of_one_kind_are_few() -> None:
    assert [p.code for p in parse("(" * 100 + "a" + ")" * 100).problems] == ["query-too-deep"] * MOST_ALIKE
    assert len(parse("a* " * 80).problems) == MOST_ALIKE + 1  # and that there are too many terms


@pytest.mark.parametrize("text", ['"', "(", '""', "()"])
def test_a_mark_with_nothing_inside_is_remarked_on_once(text: str) -> None:
    assert [p.code for p in parse(text).problems] == ["query-stray"]


@pytest.mark.parametrize(
    ("text", "node", "codes"),
    [
        ("title:-forest b", And((Not(Word("forest", "title")), B)), []),
        ("title:NOT forest", Not(Word("forest", "title")), []),
        ("language:-fr", Not(Value("language", "fr")), []),
        ("year:-50..100 b", B, ["query-value-unknown"]),
        ("date:-0044-03-15", None, ["query-value-unknown"]),
        ("year:-(b)", None, ["query-value-unknown", "query-stray"]),
        ("title:* b", B, ["query-stray"] * 2),
        ("title:OR b", B, ["query-stray"] * 2),
        ("year:2005..1990", Years(1990, 2005), []),
        ("date:2005..1990-06", Dates(1990_06_01, 2005_12_31), []),
    ],
)
def test_what_stands_after_a_field_is_read_as_its_own(text: str, node: Node | None, codes: list[str]) -> None:
    query = parse(text)
    assert ([problem.code for problem in query.problems], query.node) == (codes, node)


def nodes_of(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    yield node
    if isinstance(node, And | Or):
        for part in node.nodes:
            yield from nodes_of(part)
    elif isinstance(node, Not):
        yield from nodes_of(node.node)


PIECES = st.sampled_from(
    ["(", ")", '"', "“", "»", "-", "−", "OR", "AND", "NOT", "*", "~", "~5", ":", "title:", "year:", "..", "1990",
     "language:", "fr", "forêt", "l'", "’", " ", "  ", "\x00", "\ud800", "e\u0301", "\u202e", "日本", "😀", "[a TO "]
)  # fmt: skip


@given(st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=200).map("".join)))
def test_any_input_gives_a_tree_within_the_caps(text: str) -> None:
    query = parse(text)
    nodes = list(nodes_of(query.node))
    leaves = [node for node in nodes if not isinstance(node, And | Or | Not)]
    assert len(leaves) <= MOST_TERMS
    assert all(len(node.nodes) >= 2 for node in nodes if isinstance(node, And | Or))
    assert all(any(map(str.isalnum, leaf.text)) for leaf in wanted(query.node)) if query.node else True
    assert query.node or query.problems or query.blank


@pytest.mark.parametrize("text", ["(" * 12_000, "[a TO " * 2_000, '"' * 100_000, "-" * 100_000, "a:" * 50_000])
def test_hostile_input_is_answered_at_once(text: str) -> None:
    started = time.perf_counter()
    assert any(p.code == "query-too-long" for p in parse(text).problems)
    assert time.perf_counter() - started < 0.2


@pytest.mark.shared
def test_the_shared_hostile_queries_are_answered() -> None:
    path = SHARED / "hostile" / "web" / "search_fuzz.jsonl"
    for line in path.read_text("utf-8").splitlines():
        query = parse(json.loads(line)["q"])
        assert query.node or query.problems or query.blank
