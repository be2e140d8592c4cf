"""CQL: what it becomes in the library's own query language, and what is refused with which diagnostic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.query import parse
from web.cql import LONGEST_CQL, CqlError, translated
from web.sru import _MESSAGES


@pytest.mark.parametrize(
    ("cql", "query"),
    [
        ("eau", "eau"),
        ('"eau"', "eau"),
        ("roseau*", "roseau*"),
        ('"zones humides"', '"zones humides"'),
        ("cql.serverChoice = eau", "eau"),
        ('cql.anywhere any "eau feu"', "eau OR feu"),
        ('cql.anywhere all "eau feu"', "eau feu"),
        ('title adj "zones humides"', 'title:"zones humides"'),
        ('dc.title all "zones hum*"', "title:zones title:hum*"),
        ("DC.TITLE=eau", "title:eau"),
        ("a and b and c", "a b c"),
        ("a or b or c", "a OR b OR c"),
        ("a or b and c", "(a OR b) c"),
        ("a and (b or c)", "a (b OR c)"),
        ("a and (b and (c))", "a b c"),
        ("a not b", "a -b"),
        ("a or b not (c and d)", "(a OR b) -(c d)"),
        ('a AND "or"', "a or"),
        ("OR*", "OR*"),
        ('"dc:title"', '"dc:title"'),
        ("l'eau", "l'eau"),
        (r'"say \"it\""', '"say  it "'),
        (r"\*a", '"*a"'),
        ("dc.date = 1990", 'year:"1990"'),
        ("dc.date >= 1990 and dc.date < 2000", "year:1990.. year:..1999"),
        ('dc.date within "1990 2000"', "year:1990..2000"),
        ("dc.language = fre", 'language:"fre"'),
        ('dc.type == "report"', 'type:"report"'),
        ('dc.creator = marsden and dc.subject any "birds fens"', "author:marsden (subject:birds OR subject:fens)"),
        ("bath.isbn = 9782831711850", 'identifier:"9782831711850"'),
        ("cql.allRecords = 1", ""),
    ],
)
def test_what_it_becomes(cql: str, query: str) -> None:
    assert translated(cql) == query
    assert parse(query).problems == ()


@pytest.mark.parametrize(
    ("cql", "code"),
    [
        ("a and", 10), ("and a", 10), ("a b", 10), ("title =", 10), ("title = and", 10), ("title = = b", 10),
        ("x" * (LONGEST_CQL + 1), 12), ("a" * 200 + " or " + "b" * 200, 12),
        ("(a", 13), ("a)", 13), ("(" * 300 + "a" + ")" * 300, 13),
        ('"a', 14), ("marc.245 = a", 15), ("dc.rights = a", 16), ("wine = a", 16), ("title <> a", 19),
        ("title exact a", 19), ("title < 1990", 19), ("title =/stem a", 20), ('""', 27), ('"!"', 27), ("!!!", 27),
        ("a?", 28), ("*a", 28), ('"a* b"', 28), ("a*", 29), ("*", 29), ("^a", 31),
        ("dc.date = soon", 36), ("dc.date < x", 36),
        ('dc.date > "1990 2000"', 36), ("dc.language = xx-klingon-yes", 36),
        (" or ".join("abcdefghi"[n % 9] for n in range(40)), 38),
        ("a prox b", 39), ("a and/rel b", 46), ('> dc = "x" a', 48), ("a and cql.allRecords = 1", 48),
        ("a sortBy dc.title", 80),
    ],
)  # fmt: skip
def test_what_is_refused(cql: str, code: int) -> None:
    with pytest.raises(CqlError) as caught:
        translated(cql)
    assert caught.value.code == code


PARTS = (
    "a", "bc*", "(", ")", "and", "or", "not", "title", "=", "any", '"x y"', "dc.date", ">=", "1990", "\\", '"', "/",
    "^", "*", "prox", "é", "\x00", ":",
)  # fmt: skip


def outcome(cql: str) -> int:
    """Return the code of the diagnostic, 0 where the query is translated to one that is understood."""
    try:
        query = translated(cql)
    except CqlError as refused:
        return refused.code
    return -1 if parse(query).problems else 0


@given(st.lists(st.sampled_from(PARTS), max_size=25))
def test_no_query_breaks_it_and_what_it_becomes_is_understood(parts: list[str]) -> None:
    assert outcome(" ".join(parts)) in {0, *_MESSAGES}


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert outcome(text) in {0, *_MESSAGES}
