"""RIS: every reference is counted, what it says is understood, and what we write reads back."""

import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import usually

from metadata.description import Description, Rejected
from metadata.model import Agent, Contribution, Date, Identifier, Item, Series, Text
from metadata.ris import LARGEST, is_ris, read_ris
from metadata.ris_export import ris
from metadata.vocabulary import Vocabulary

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "other" / "dspace" / "ris-test.ris"
SITE = "https://library.example.org"
NOTHING = Vocabulary({})


def read(text: str | bytes) -> list[Description | Rejected]:
    return list(read_ris(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "x.ris"))


def only(text: str) -> Item:
    (found,) = read(text)
    assert isinstance(found, Description), found
    return found.item


def book(lines: str) -> Item:
    return only(f"TY  - BOOK\nTI  - T\n{lines}\nER  - \n")


def outcome(text: str | bytes) -> list[str]:
    """Return each piece's title, or the code of its last problem."""
    return [one.item.title.value if isinstance(one, Description) else one.problems[-1].code for one in read(text)]


def remarks(text: str | bytes) -> list[str]:
    return [problem.code for one in read(text) for problem in one.problems]


def test_a_reference_says_all_it_says() -> None:
    item = only(
        "TY  - JOUR\r\nA1  - Dupont, Jeanne\r\nAU  - IUCN,\r\nED  - Diop, Awa\r\n"
        "T1  - Forests\r\n  of Senegal\r\n"
        "JO  - J. For.\r\nJF  - Journal of Forests\r\nVL  - 12\r\nIS  - 3\r\nSP  - 45\r\nEP  - 67\r\n"
        "PY  - 1987/05/04/\r\n"
        "KW  - trees\r\nbirds\r\nKW  - bats, big\r\nSN  - 0036-8075 (print)\r\nDO  - 10.1000/A\r\nLA  - fr\r\n"
        "N2  - An abstract\r\nthat goes on.\r\nN1  - A note.\r\nUR  - https://a.example/1\r\n"
        "PB  - WWF\r\nCY  - Gland\r\n"
        "ET  - 2nd\r\nC1  - Custom\r\nXX  - Unheard of\r\nER  - \r\n"
    )
    assert item.titles == (Text("Forests of Senegal", "fr"),)
    assert [(one.agent.name, one.agent.kind, one.role) for one in item.contributions] == [
        ("Dupont, Jeanne", "person", "aut"),
        ("IUCN", "organisation", "aut"),
        ("Diop, Awa", "person", "edt"),
        ("WWF", "organisation", "pbl"),
    ]
    assert item.dates == (Date("1987-05-04"),)
    assert item.type == "article"
    assert item.series == (Series("Journal of Forests", "12(3)", "0036-8075"), Series("J. For."))
    assert item.extent == "p. 45–67"
    assert [text.value for text in item.keywords] == ["trees", "birds", "bats, big"]
    assert item.identifiers == (Identifier("doi", "10.1000/a"), Identifier("url", "https://a.example/1"))
    assert [text.value for text in item.descriptions] == ["An abstract that goes on."]
    assert [text.value for text in item.notes] == ["A note.", "C1: Custom", "XX: Unheard of"]
    assert (item.places, item.edition) == (("Gland",), "2nd")


@pytest.mark.parametrize(
    ("lines", "date"),
    [
        ("PY  - 2005", "2005"),
        ("PY  - 2005///", "2005"),
        ("Y1  - 2005/5//", "2005-05"),
        ("PY  - 2005\nDA  - 2005/05/04", "2005-05-04"),
        ("DA  - 2005//", "2005"),
        ("DA  - 1987///1987/1989", "1987/1989"),
        ("PY  - 2005///Spring", "2005"),
        ("PY  - [ca. 1987]", "1987~"),
    ],
)
def test_dates(lines: str, date: str) -> None:
    assert book(lines).dates == (Date(date),)


def test_two_dates_or_an_impossible_one_are_said() -> None:
    assert remarks("TY  - BOOK\nTI  - T\nPY  - 1999\nDA  - 2001/02/03\nER  - \n") == ["record-mended"]
    found = remarks("TY  - BOOK\nTI  - T\nPY  - soon\nSN  - 978-0-387-23483-1\nDO  - x\nER  - \n")
    assert sorted(found) == ["number-left-out", "number-left-out", "value-unknown"]


def test_numbers_and_pages_by_kind() -> None:
    assert book("SN  - 978-0-387-23483-0; 0036-8075\nSP  - 123").identifiers == (
        Identifier("isbn", "9780387234830"),
        Identifier("issn", "0036-8075"),
    )
    assert book("SP  - 123").extent == "123 p."
    assert book("SP  - 12-34").extent == "p. 12–34"
    assert book("T2  - Papers\nVL  - 7").series == (Series("Papers", "7"),)
    assert [text.value for text in book("VL  - 7").notes] == ["Volume: 7"]


def test_types() -> None:
    assert book("M3  - Technical report").type == "report"
    assert only("TY  - THES\nTI  - T\nPB  - A university\nER  - ").contributions[0].role == "dgg"
    assert remarks("TY  - ZZZZ\nTI  - T\nER  - ") == ["value-unknown"]


def test_a_book_may_have_its_title_in_bt_alone() -> None:
    assert outcome("TY  - BOOK\nBT  - T\nER  - ") == ["T"]
    assert outcome("TY  - BOOK\nAU  - A, B\nER  - ") == ["record-without-title"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_broken_reference_costs_no_neighbour(end: str) -> None:
    one, three = ["TY  - BOOK", "TI  - One", "ER  - "], ["TY  - BOOK", "TI  - Three", "ER  - "]
    assert outcome(end.join([*one, "", "TY  - BOOK", "TI  - Two", *three])) == ["One", "Two", "Three"]
    assert remarks(end.join([*one, "", "TY  - BOOK", "TI  - Two", *three])) == ["record-mended"]
    assert outcome(end.join([*one, "AU  - Stray", *three])) == ["One", "record-damaged", "Three"]
    assert outcome(end.join([*one, "TY  - BOOK", "ER  - ", *three])) == ["One", "record-without-title", "Three"]
    assert remarks(end.join([*one, *three[:-1]])) == ["record-mended"]


def test_raw_is_the_reference_as_it_came() -> None:
    reference = b"TY  - BOOK\r\nTI  - \xc9t\xe9\r\nER  - "
    (found,) = read(b"\r\n" + reference + b"\r\n\r\n")
    assert found.raw == reference
    assert [problem.code for problem in found.problems] == ["charset-doubtful"]
    assert outcome(reference) == ["Été"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    data = "TY  - BOOK\nTI  - Été\nER  - \n".encode(encoding)
    assert outcome(data) == ["Été"]
    assert is_ris(data)


def test_what_is_too_long_is_reported_and_passed_over() -> None:
    for long in (b"x" * (3 * LARGEST), b"xx\n" * LARGEST):
        found = read(b"TY  - BOOK\nTI  - " + long + b"\nER  - \nTY  - BOOK\nTI  - B\nER  - \n")
        assert [type(one).__name__ for one in found] == ["Rejected", "Description"]
        assert len(found[0].raw) <= LARGEST


def test_a_file_without_references_says_so() -> None:
    assert outcome("") == outcome("\n\n") == ["record-damaged"]


def test_recognition() -> None:
    assert is_ris(b"\xef\xbb\xbf\r\nTY  - JOUR\r\nAU  - A")
    assert is_ris(b"Provider: X\nTY - JOUR\n")
    assert not is_ris(b"TY for all\n@book{a, title={T}}")
    assert not is_ris(b"title,TY  - JOUR\n")


@settings(max_examples=usually(18, thoroughly=60))
@given(st.integers(1, 40), st.lists(st.sampled_from(["TY  - BOOK", "TI  - é", "ER  - ", "\n", "\r\n", "\r", "x", " "])))
def test_blocks_of_any_length_give_the_same(size: int, parts: list[str]) -> None:
    data = "".join(parts).encode()

    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(max(3, size))

    assert list(read_ris(Slow(data), "x")) == list(read_ris(io.BytesIO(data), "x"))


@pytest.mark.shared
def test_a_real_file() -> None:
    assert is_ris(SHARED.read_bytes())
    (found,) = read(SHARED.read_bytes())
    assert isinstance(found, Description)
    item = found.item
    assert [text.value for text in item.titles] == [
        "Challenge–Response Identification",
        "Challenge–Response Identification second title",
    ]
    assert [(one.agent.name, one.role) for one in item.contributions] == [
        ("Just, Mike", "aut"),
        ("van Tilborg, Henk C. A.", "edt"),
        ("Springer US", "pbl"),
    ]
    assert [one.title for one in item.series] == ["Encyclopedia of Cryptography and Security", "My Journal"]
    assert (item.dates, item.type, item.extent) == ((Date("2005"),), "article", "p. 73–74")
    assert Identifier("isbn", "9780387234830") in item.identifiers
    assert [problem.code for problem in found.problems] == ["record-mended"]  # PT is no tag of RIS


HOSTILE = (
    st.one_of(
        st.sampled_from(
            ["a\nTY  - BOOK", "ER  - ", "a\r\nER  - \r\n", "TY  - x", "{\\'e}", "KW  - ", "a;b, c", "\x85AU  - x"]
        ),
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1, max_size=30),
    )
    .map(lambda text: unicodedata.normalize("NFC", " ".join(text.replace("\ufeff", "").split())))
    .map(lambda text: text.strip(" ,") or "x")
)
PERSON = st.builds(lambda family, given: f"{family.replace(',', '') or 'x'}, {given}", HOSTILE, HOSTILE)
AGENT = st.one_of(st.builds(Agent, PERSON, st.just("person")), st.builds(Agent, HOSTILE, st.just("organisation")))
ITEMS = st.builds(
    Item,
    id=st.just("0123456789"),
    titles=st.lists(HOSTILE, min_size=1, max_size=3, unique=True).map(lambda found: tuple(map(Text, found))),
    contributions=st.lists(
        st.one_of(
            st.builds(Contribution, AGENT, st.sampled_from(["aut", "edt", "trl"])),
            st.builds(Contribution, st.builds(Agent, HOSTILE, st.just("organisation")), st.just("pbl")),
        ),
        max_size=5,
        unique=True,
    ).map(tuple),
    dates=st.sampled_from(
        ["1987", "1987-05", "1987-05-04", "1987/1989", "1987~", "198X", "1987?/1988?", "1987/..", "../1987"]
    ).map(lambda value: (Date(value),)),
    languages=st.sampled_from([(), ("fr",), ("en-GB",), ("fr", "es")]),
    type=st.sampled_from(["book", "report", "article", "map", "guideline", "image", "other"]),
    keywords=st.lists(HOSTILE, max_size=3, unique=True).map(lambda found: tuple(map(Text, found))),
    descriptions=st.lists(HOSTILE, max_size=2, unique=True).map(lambda found: tuple(map(Text, found))),
    identifiers=st.sets(
        st.sampled_from(
            [
                Identifier("isbn", "9780387234830"),
                Identifier("doi", "10.1000/a_b%{c}"),
                Identifier("url", "https://example.org/a_b#c~d?e=1&f={2}"),
                Identifier("issn", "0036-8075"),
            ]
        )
    ).map(tuple),
    places=st.lists(HOSTILE, max_size=2, unique=True).map(tuple),
    edition=HOSTILE,
)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\x85"])
def test_a_line_end_in_a_value_begins_no_tag(end: str) -> None:
    hostile = f"One{end}ER  - {end}TY  - BOOK{end}TI  - Two"
    item = Item("a", titles=(Text(hostile),), keywords=(Text(hostile),), notes=(Text(hostile),))
    assert outcome(ris(item, SITE, NOTHING)) == ["One ER - TY - BOOK TI - Two"]


@settings(max_examples=usually(24, thoroughly=80), deadline=None)
@given(ITEMS)
def test_what_is_written_reads_back(item: Item) -> None:
    found = read(ris(item, SITE, NOTHING) * 2)
    assert len(found) == 2
    assert isinstance(found[0], Description), found[0].problems
    back = found[0].item
    assert [text.value for text in back.titles] == [text.value for text in item.titles]
    assert set(back.contributions) == set(item.contributions)
    assert back.dates == item.dates
    assert (back.type, back.languages, back.places, back.edition) == (
        item.type,
        item.languages,
        item.places,
        item.edition,
    )
    assert [text.value for text in back.keywords] == [text.value for text in item.keywords]
    assert [text.value for text in back.descriptions] == [text.value for text in item.descriptions]
    told = {*item.identifiers, Identifier("url", f"{SITE}/item/0123456789"), Identifier("local", "0123456789")}
    assert set(back.identifiers) == told


def test_a_translated_title_is_told_as_one() -> None:
    item = Item(
        id="0123456789", titles=(Text("Marshes"), Text("Marais", "fr", "translated"), Text("Fens", "", "other"))
    )
    assert only(ris(item, "https://x.org", Vocabulary({}))).titles[1:] == (
        Text("Fens", "", "other"), Text("Marais", "", "translated"),
    )  # fmt: skip
