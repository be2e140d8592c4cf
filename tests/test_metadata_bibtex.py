"""BibTeX: every entry is counted, what it says is understood, and what we write reads back."""

import io
import tracemalloc
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import usually

from metadata.bibtex import is_bibtex, read_bibtex
from metadata.bibtex_export import bibtex, key
from metadata.bibtex_names import names
from metadata.bibtex_syntax import LARGEST
from metadata.description import Description, Link, Rejected
from metadata.latex import from_unicode, to_unicode
from metadata.model import Agent, Contribution, Date, Identifier, Item, Series, Text
from metadata.reference_reading import CHUNK
from metadata.standard_numbers import isbn, issn
from metadata.vocabulary import Vocabulary

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "other" / "dspace"
SITE = "https://library.example.org"
NOTHING = Vocabulary({})


def read(text: str | bytes) -> list[Description | Rejected]:
    return list(read_bibtex(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "refs/x.bib"))


def only(text: str | bytes) -> Item:
    (found,) = read(text)
    assert isinstance(found, Description), found
    return found.item


def misc(fields: str) -> Item:
    return only(f"@misc{{k, title={{T}}, {fields}}}")


def outcome(text: str | bytes) -> list[str]:
    """Return each piece's title, or the code of its last problem."""
    return [one.item.title.value if isinstance(one, Description) else one.problems[-1].code for one in read(text)]


def remarks(text: str | bytes) -> list[str]:
    return [problem.code for one in read(text) for problem in one.problems]


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\"A{\"O}{\"{u}}\ss", "ÄÖüß"),
        (r"Fr{\'e}d\'eric \c{c}a \'{\i}le \v Skoda", "Frédéric ça íle Škoda"),
        (r"{\'{\^e}} \'{\^{e}} \~{n} \~n", "ế ế ñ ñ"),
        (r"\oe uvre, {\OE}uvre, \aa, \L\'od\'z", "œuvre, Œuvre, å, Łódź"),
        (r"H$_2$O and $^{14}$C at 5\,\% of \$3 \& more", "H₂O and ¹⁴C at 5 % of $3 & more"),
        (r"$\alpha$-diversity, $x^{n+y}$", "α-diversity, x^n+y"),
        (r"\emph{Panthera} {\em leo} \textit{x} {{IUCN}}", "Panthera leo x IUCN"),
        (r"pp 1--2 --- ``so'' ?`que?", "pp 1–2 — “so” ¿que?"),
        (r"a~b \^{} \~{} {\textbackslash}", "a b ^ ~ \\"),
        (r"5 $ or 6", "5 $ or 6"),
        ("trailing \\", "trailing \\"),
        ("{" * 100_000 + "x" + "}" * 100_000, "x"),
    ],
)
def test_latex_becomes_text(latex: str, text: str) -> None:
    assert to_unicode(latex).text == text


def test_an_unknown_command_is_named() -> None:
    assert to_unicode(r"a \frobnicate{b}") == ("a b", (r"\frobnicate",))
    found = read(r"@misc{k, title={\frobnicate{A}}}")[0]
    assert [problem.code for problem in found.problems] == ["record-mended"]


ANY = st.text(
    st.one_of(st.sampled_from("{}\\\"#%$&_^~@,='`-!?()\r\n\t "), st.characters(exclude_categories=["Cs", "Cc"])),
    max_size=40,
)


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text.replace("\ufeff", "").replace("\uffff", "")).split())


@given(ANY)
def test_any_text_survives_latex(text: str) -> None:
    assert to_unicode(from_unicode(text)).text == plain(text.replace("\0", "")) or "\uffff" in text or "\ufeff" in text


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Donald E. Knuth and Leslie Lamport", ["Knuth, Donald E.", "Lamport, Leslie"]),
        ("Ludwig van Beethoven", ["van Beethoven, Ludwig"]),
        ("de la Cruz, Juan AND others", ["de la Cruz, Juan"]),
        ("King, Jr., Martin Luther", ["King, Martin Luther, Jr."]),
        ("Martin King Jr.", ["King, Martin, Jr."]),
        ("{Food and Agriculture Organization}", ["Food and Agriculture Organization"]),
        (r"{\"O}zil, Mesut and G{\"o}del", ["Özil, Mesut", "Gödel"]),
        ("given=Jan, family=Hasselt, prefix=van", ["van Hasselt, Jan"]),
        ("Sand~Smith", ["Smith, Sand"]),
        ("", []),
    ],
)
def test_names(written: str, read_as: list[str]) -> None:
    assert [one.name for one in names(written)] == read_as


def test_braces_make_an_organisation() -> None:
    assert [one.kind for one in names(r"{IUCN} and {\'E}cole, A and {\'E}cole")] == ["organisation", "person", "person"]


def test_an_entry_says_all_it_says() -> None:
    item = only(
        """
        @string{iucn = "IUCN" # { Press}}
        @preamble{"\\newcommand{\\x}{y}"} @comment{jabref-meta: x}
        Free text, and an address: me@example.org.
        @Report{Dupont1987, author = {Dupont, Jeanne and {WWF}}, editor = "Diop, Awa", title = {Forests},
          subtitle = {A survey}, year = 1987, month = may # "", institution = iucn, address = {Gland},
          isbn = {2-8317-0000-1 and 978-0-387-23483-0}, doi = {https://doi.org/10.1000/A\\_b},
          keywords = {forests; {birds, rare}; bats}, language = {french}, pagetotal = {iv, 123}, number = {TR 7},
          series = {Occasional papers}, volume = 3, abstract = {Short.}, edition = {2nd}, note = {A note.},
          url = {https://example.org/a\\%20b}, file = {x.pdf}, colour = {blue}}
        """
    )
    assert item.titles == (Text("Forests : A survey", "fr"),)
    assert [(one.agent.name, one.agent.kind, one.role) for one in item.contributions] == [
        ("Dupont, Jeanne", "person", "aut"),
        ("WWF", "organisation", "aut"),
        ("Diop, Awa", "person", "edt"),
        ("IUCN Press", "organisation", "pbl"),
    ]
    assert item.dates == (Date("1987-05"),)
    assert item.type == "report"
    assert [text.value for text in item.keywords] == ["forests", "birds, rare", "bats"]
    assert set(item.identifiers) == {
        Identifier("control-number", "(x.bib)Dupont1987"),
        Identifier("isbn", "9780387234830"),
        Identifier("doi", "10.1000/a_b"),
        Identifier("url", "https://example.org/a%20b"),
        Identifier("report-number", "TR 7"),
    }
    assert (item.places, item.edition, item.extent) == (("Gland",), "2nd", "iv, 123")
    assert item.series == (Series("Occasional papers", "3"),)
    assert [text.value for text in item.notes] == ["A note.", "colour: blue"]


def test_a_journal_is_what_an_article_is_part_of() -> None:
    item = only("@article{k, title={T}, journal={J}, volume=12, number=3, pages={45--67}, issn={0036-8075}}")
    assert item.series == (Series("J", "12(3)", "0036-8075"),)
    assert item.extent == "p. 45–67"
    assert [one.scheme for one in item.identifiers] == ["control-number"]


def test_what_is_wrong_is_left_out_and_said() -> None:
    text = "@misc{k, title={T}, isbn={978-0-387-23483-1}, doi={nonsense}, year={soon}, language={klingonese}}"
    assert sorted(remarks(text)) == [*["number-left-out"] * 2, *["value-unknown"] * 2]
    assert only(text).identifiers == (Identifier("control-number", "(x.bib)k"),)


def test_crossref_is_a_tie() -> None:
    found = read("@inbook{a, title={A}, crossref={b}} @book{b, title={B}}")
    assert isinstance(found[0], Description)
    assert found[0].links == (Link("isPartOf", "control-number", "(x.bib)b", "crossref"),)
    assert isinstance(found[1], Description)
    assert Identifier("control-number", "(x.bib)b") in found[1].item.identifiers


@pytest.mark.parametrize(
    "broken",
    [
        "@misc{two, title = {Two",
        '@misc{two, title = "Two',
        "@misc{two, title = {Two}, year = , }",
        "@misc{two, title Two}",
        "@misc{two, title = {Two}}}}}}",
        "@misc(two, title = {Two)",
        "@misc{two}",
        "@misc two, title = {Two}",
    ],
)
def test_a_broken_entry_costs_no_neighbour(broken: str) -> None:
    found = outcome(f"@misc{{one, title={{One}}}}\n{broken}\n@misc{{three, title={{Three}}}}\n")
    assert found in (
        ["One", "record-damaged", "Three"],
        ["One", "record-without-title", "Three"],
        ["One", "Two", "Three"],
    )
    assert (found[1] == "Two") == broken.endswith("}}}}}")


def test_what_can_be_mended_is() -> None:
    assert outcome("@misc{one, title={One}\n@misc{two, title={Two} year=1999}") == ["One", "Two"]
    assert remarks("@misc{one, title={One}\n@misc{two, title={Two} year=1999}") == ["record-mended"] * 2
    assert outcome("@misc{title={No key}}") == ["No key"]
    assert outcome("@misc{k, title = undefined}") == ["undefined"]
    assert outcome('@misc(k, title = {In (round) ones}, note = ")")') == ["In (round) ones"]
    assert outcome("@misc{a,title={A}}@misc{b,title={B}}") == ["A", "B"]


def test_raw_is_the_entry_as_it_came() -> None:
    entry = b"@misc{k,\r\n  title = {\xc9t\xe9}}"
    (found,) = read(b"% caf\xe9\r\n" + entry + b"\r\n")
    assert found.raw == entry
    assert isinstance(found, Description)
    assert found.item.title.value == "Été"
    assert [problem.code for problem in found.problems] == ["charset-doubtful"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    data = "@misc{k, title = {Été}}".encode(encoding)
    assert outcome(data) == ["Été"]
    assert remarks(data) == []


def test_a_file_without_entries_says_so() -> None:
    assert outcome("") == outcome("just text") == outcome("@comment{x}") == ["record-damaged"]


def test_an_entry_too_long_is_reported_and_passed_over() -> None:
    long = b"@misc{a, title={" + b"x" * (3 * LARGEST) + b"}}\n@misc{b, title={B}}\n"
    found = read(long)
    assert [type(one).__name__ for one in found] == ["Rejected", "Description"]
    assert len(found[0].raw) <= LARGEST


def test_memory_is_bounded_and_nothing_grows_without_end() -> None:
    doubling = "@string{a0 = {xxxxxxxxxx}}\n" + "".join(
        f"@string{{a{n} = a{n - 1} # a{n - 1}}}\n" for n in range(1, 60)
    )
    open_ended = b"@misc{a, title={" + b"xxxxxxxx{" * (2 * LARGEST)
    assert outcome(doubling + "@misc{k, title = {T}}")[-1] == "T"
    stream = io.BytesIO(open_ended)
    tracemalloc.start()
    assert len(list(read_bibtex(stream, "x.bib"))) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * LARGEST


@settings(max_examples=usually(18, thoroughly=60))
@given(st.integers(1, 40), st.lists(st.sampled_from(["{", "}", '"', "@misc{k,", ",", "=", "title", "#", "\n", "é"])))
def test_blocks_of_any_length_give_the_same(size: int, parts: list[str]) -> None:
    data = ("@misc{a, title={A}}\n" + "".join(parts) + "\n@misc{b, title={B}}\n").encode()

    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(max(3, size))

    assert [one.raw for one in read_bibtex(Slow(data), "x")] == [one.raw for one in read_bibtex(io.BytesIO(data), "x")]


def test_every_entry_of_a_long_file_is_counted() -> None:
    good = [f"@misc{{k{n}, title = {{Title {n}}}, note = {{{'x' * (n % 90)}}}}}" for n in range(6_000)]
    cut = "\n".join(entry if n % 10 else entry[:-2] for n, entry in enumerate(good))
    found = outcome(cut)
    assert len(cut) > CHUNK
    assert found == [f"Title {n}" if n % 10 else "record-damaged" for n in range(6_000)]
    many = usually(1_000, thoroughly=4_000)
    assert len(outcome("@misc{a,\n" * many)) == many


def test_recognition() -> None:
    assert is_bibtex(b"% a comment\r\n@Article {k,\r\n  title = {T}}")
    assert is_bibtex(b"\xef\xbb\xbf@string{a = 1}")
    assert is_bibtex("@book{é,\ntitle={x}}".encode("utf-16"))
    assert not is_bibtex(b"mail me@example.org, @media {a, b}")
    assert not is_bibtex(b"@media print { body { color: red } }")
    assert not is_bibtex(b"TY  - BOOK\r\n")


@pytest.mark.shared
def test_real_files() -> None:
    found = {path.stem: read(path.read_bytes()) for path in SHARED.glob("*.bib")}
    assert [len(found[name]) for name in sorted(found)] == [3, 1, 1]
    assert all(is_bibtex(path.read_bytes()) for path in SHARED.glob("*.bib"))
    (diacritics,) = found["bibtex-test-diacritics"]
    assert isinstance(diacritics, Description)
    assert diacritics.item.title.value == "The German umlauts: ÄÖüß"
    assert diacritics.item.contributions[0].agent.name == "Moß"
    (several,) = found["bibtex-test-multiple-authors"]
    assert isinstance(several, Description)
    assert [one.agent.name for one in several.item.contributions] == ["Nauthor, A.", "Nother, A.", "Third, A."]


def test_keys_are_stable() -> None:
    author = Contribution(Agent("Dúpont-Lévy, Jeanne", "person"), "aut")
    assert key(Item("0123456789", contributions=(author,), dates=(Date("1987-05"),))) == "dupontlevy1987-0123456789"
    assert key(Item("0123456789")) == "item-0123456789"


HOSTILE = st.one_of(
    st.sampled_from(
        [
            "{",
            "}",
            "}{",
            "\\",
            "\\'e",
            'a "b" c',
            "a\nTY  - b",
            "@misc{x,",
            "x and y",
            "a # b",
            "50% & $1_2 ~^",
            "--",
            "``",
        ]
    ),
    ANY,
).map(lambda text: plain(text).strip(",").strip() or "x")
WORD = st.one_of(st.sampled_from(["Dupont", "de la Cruz", "O'Neil", "Ångström", "and", "Others", "Jr"]), HOSTILE)
PERSON = st.builds(lambda family, given: f"{family}, {given}", WORD.map(lambda w: w.replace(",", "") or "x"), WORD)
AGENT = st.one_of(
    st.builds(Agent, PERSON, st.just("person")),
    st.builds(Agent, WORD.map(lambda w: w.replace(",", "") or "x"), st.just("person")),
    st.builds(Agent, WORD, st.just("organisation")),
)
DATES = st.sampled_from(["1987", "1987-05", "1987-05-04", "1987/1989", "1987~", "198X", "1987?/1988?", "1987/.."])
NUMBERS = st.sampled_from(
    [
        Identifier("isbn", isbn("978-0-387-23483-0")),
        Identifier("doi", "10.1000/a_b%{c}"),
        Identifier("url", "https://example.org/a_b#c~d?e=1&f={2}"),
        Identifier("issn", issn("0036-8075")),
    ]
)
ITEMS = st.builds(
    Item,
    id=st.just("0123456789"),
    titles=st.lists(HOSTILE, min_size=1, max_size=3, unique=True).map(lambda found: tuple(map(Text, found))),
    contributions=st.lists(
        st.one_of(
            st.builds(Contribution, AGENT, st.sampled_from(["aut", "edt", "trl", "com"])),
            st.builds(Contribution, st.builds(Agent, WORD, st.just("organisation")), st.just("pbl")),
        ),
        max_size=5,
        unique=True,
    ).map(tuple),
    dates=DATES.map(lambda value: (Date(value),)),
    languages=st.sampled_from([(), ("fr",), ("en-GB",), ("fr", "es")]),
    type=st.sampled_from(["book", "report", "article", "thesis", "map", "guideline", "other"]),
    keywords=st.lists(HOSTILE, max_size=3, unique=True).map(lambda found: tuple(map(Text, found))),
    identifiers=st.lists(NUMBERS, unique=True).map(tuple),
    places=st.lists(HOSTILE, max_size=2, unique=True).map(tuple),
    edition=HOSTILE,
)


def comparable(text: str) -> str:
    return " ".join(part.strip() for part in plain(text).split(",") if part.strip())


@settings(max_examples=usually(24, thoroughly=80), deadline=None)
@given(ITEMS)
def test_what_is_written_reads_back(item: Item) -> None:
    (found,) = read("% before\n" + bibtex(item, SITE, NOTHING) + bibtex(item, SITE, NOTHING))[:1]
    assert isinstance(found, Description), found.problems
    back = found.item
    assert [text.value for text in back.titles] == [text.value for text in item.titles]
    assert {(comparable(one.agent.name), one.agent.kind, one.role) for one in back.contributions} == {
        (comparable(one.agent.name), one.agent.kind, one.role) for one in item.contributions
    }
    assert back.dates == item.dates
    assert back.type == item.type
    assert back.languages == item.languages
    assert [text.value for text in back.keywords] == [text.value for text in item.keywords]
    told = {*item.identifiers, Identifier("url", f"{SITE}/item/0123456789")}
    assert {one for one in back.identifiers if one.scheme != "control-number"} == told
    assert back.places == item.places
    assert back.edition == item.edition


def test_an_entry_is_written_as_people_write_it() -> None:
    item = Item(
        "0123456789",
        titles=(Text("Forests of Senegal & IUCN"),),
        contributions=(
            Contribution(Agent("Dupont, Jeanne", "person"), "aut"),
            Contribution(Agent("IUCN", "organisation"), "aut"),
            Contribution(Agent("Taylor and Francis", "organisation"), "pbl"),
        ),
        dates=(Date("1987-05"),),
        type="book",
    )
    assert bibtex(item, SITE, NOTHING) == (
        "@book{dupont1987-0123456789,\n"
        "  title = {Forests of {Senegal} \\& {IUCN}},\n"
        "  author = {Dupont, Jeanne and {IUCN}},\n"
        "  publisher = {Taylor and Francis},\n"
        "  year = {1987},\n"
        "  month = may,\n"
        "  url = {https://library.example.org/item/0123456789},\n"
        "}\n"
    )


def test_a_volume_of_its_own_beside_a_number_in_a_series_is_kept() -> None:
    item = only("@book{b, title={T}, series={Papers}, number={4}, volume={1}}")
    assert (item.series, [one.value for one in item.notes]) == ((Series("Papers", "4"),), ["volume: 1"])


def test_proceedings_are_no_part_of_themselves() -> None:
    item = only("@proceedings{p, title={Proc. of X}, booktitle={Proc. of X}, series={LNCS}, volume={33}}")
    assert item.series == (Series("LNCS", "33"),)


def test_the_degree_and_a_list_cut_short_are_told_in_notes() -> None:
    item = only("@mastersthesis{t, title={T}, author={Roe, Jane and others}}")
    assert [one.value for one in item.notes] == ["Master’s thesis", "author: and others"]
    assert [one.agent.name for one in item.contributions] == ["Roe, Jane"]


def test_how_much_it_is_is_no_range_of_pages_and_a_second_series_keeps_its_number() -> None:
    item = Item(id="0123456789", type="book", titles=(Text("T"),), extent="xii, 204 p.", notes=(Text("Damp"),),
                series=(Series("One", "1"), Series("Two", "2")))  # fmt: skip
    text = bibtex(item, "https://x.org", Vocabulary({}))
    assert ("pagetotal = {xii, 204 p.}" in text, " pages =" in text) == (True, False)
    assert "note = {Damp. Two ; 2}" in text
    assert only(text).extent == "xii, 204 p."
