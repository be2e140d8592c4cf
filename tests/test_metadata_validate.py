"""Doubts about an item: of each code something that has it, and something like it that has not."""

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metadata import mojibake
from metadata.description import Description
from metadata.folding import fold
from metadata.marc21 import read_marc21
from metadata.model import Agent, Contribution, Date, Doi, Identifier, Item, Series, Text
from metadata.problems import problem
from metadata.tidying import tidy
from metadata.validate import validate
from metadata.validate_text import check_text, fields_of, is_suspicious
from metadata.validate_values import address_fault, is_edtf

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
TODAY = date(2026, 11, 22)
GOOD = Item(titles=(Text("The forests", "en"),), dates=(Date("1988"),), languages=("en",), type="report")


def codes(item: Item) -> list[str]:
    return [one.code for one in validate(item, "x", today=TODAY)]


def with_title(title: str, language: str = "en") -> Item:
    return replace(GOOD, titles=(Text(title, language),))


def with_number(scheme: str, value: str) -> Item:
    return replace(GOOD, identifiers=(Identifier(scheme, value),))


def with_agent(scheme: str, value: str) -> Item:
    agent = Agent("Dupont, Marie", "person", (Identifier(scheme, value),))
    return replace(GOOD, contributions=(Contribution(agent, "aut"),))


def by(*names: str) -> Item:
    return replace(GOOD, contributions=tuple(Contribution(Agent(name, "person"), "aut") for name in names))


ENGLISH = "This is a report of the forests that have been cut, and what should be done with them."
FRENCH = "Ceci est un rapport sur les forêts qui ont été coupées et dont il ne reste plus que des souches."
RIGHTS = "https://creativecommons.org/licenses/"


@pytest.mark.parametrize(
    ("code", "bad", "good"),
    [
        ("field-missing", replace(GOOD, titles=()), GOOD),
        ("field-missing", replace(GOOD, dates=(Date("1988", "covered"),)),
         replace(GOOD, dates=(Date("1988", "created"),))),
        ("field-missing", replace(GOOD, languages=()), GOOD),
        ("field-missing", replace(GOOD, type="other"), GOOD),
        ("field-missing", replace(GOOD, access="embargoed"), replace(GOOD, access="embargoed", embargo="2030-01-01")),
        ("date-malformed", replace(GOOD, dates=(Date("c1988"),)), replace(GOOD, dates=(Date("1988~"),))),
        ("date-malformed", replace(GOOD, dates=(Date("1988-02-30"),)), replace(GOOD, dates=(Date("1988-02-29"),))),
        ("date-malformed", replace(GOOD, embargo="soon"), replace(GOOD, embargo="2030")),
        ("field-missing", replace(GOOD, embargo="2030"), replace(GOOD, access="embargoed", embargo="2030")),
        ("date-implausible", replace(GOOD, dates=(Date("2027"),)), replace(GOOD, dates=(Date("2026"),))),
        ("date-implausible", replace(GOOD, dates=(Date("2026-11-23"),)), replace(GOOD, dates=(Date("2026-11-22"),))),
        ("date-implausible", replace(GOOD, dates=(Date("1399"),)), replace(GOOD, dates=(Date("1400"),))),
        ("date-implausible", replace(GOOD, dates=(Date("2030"), Date("1200", "covered"))),
         replace(GOOD, dates=(Date("1988"), Date("1200", "covered")))),
        ("number-wrong", with_number("isbn", "0786808773"), with_number("isbn", "0786808772")),
        ("number-wrong", with_number("issn", "0009-7331"), with_number("issn", "0009-7330")),
        ("number-wrong", with_number("ismn", "979-0-2600-0043-7"), with_number("ismn", "979-0-2600-0043-8")),
        ("number-wrong", with_number("doi", "10.12/x"), with_number("doi", "10.1234/x")),
        ("number-wrong", replace(GOOD, doi=Doi("11.1/x", "external")), replace(GOOD, doi=Doi("10.1234/x", "external"))),
        ("number-wrong", with_agent("orcid", "0000-0002-1825-0098"), with_agent("orcid", "0000-0002-1825-0097")),
        ("number-wrong", with_agent("isni", "0000000121032684"), with_agent("isni", "0000000121032683")),
        ("number-wrong", with_agent("ror", "04tj63d07"), with_agent("ror", "04tj63d06")),
        ("number-wrong", replace(GOOD, series=(Series("N", "1", "0009-7331"),)),
         replace(GOOD, series=(Series("N", "1", "0009-7330"),))),
        ("address-wrong", with_number("url", "javascript:alert(1)"), with_number("url", "https://example.org/a?b=c")),
        ("address-wrong", replace(GOOD, rights=(Text("http://x:y@example.org/"),)),
         replace(GOOD, rights=(Text("Free: ask."),))),
        ("language-unknown", replace(GOOD, languages=("qqq",)), replace(GOOD, languages=("pt-BR",))),
        ("language-doubtful", replace(GOOD, descriptions=(Text(FRENCH, "en"),)),
         replace(GOOD, descriptions=(Text(FRENCH, "fr"),))),
        ("language-doubtful", replace(GOOD, languages=("es",), descriptions=(Text(ENGLISH),)),
         replace(GOOD, languages=("es", "en"), descriptions=(Text(ENGLISH), Text("De la mer", "en")))),
        ("place-unknown", replace(GOOD, coverage=(Text("XQ"),)),
         replace(GOOD, coverage=(Text("FR"), Text("France"), Text("UK")))),
        ("place-unknown", replace(GOOD, coverage=(Text("XQ-75"),)),
         replace(GOOD, coverage=(Text("FR-75"), Text("150")))),
        ("place-unknown", replace(GOOD, places=("XQX",)), replace(GOOD, places=("USA",))),
        ("place-unknown", replace(GOOD, countries=("XQ",)), replace(GOOD, countries=("FR", "US-CA"))),
        ("licence-malformed", replace(GOOD, rights=(Text(RIGHTS + "by/5.0/"),)),
         replace(GOOD, rights=(Text(RIGHTS + "by/4.0/"),))),
        ("licence-malformed", replace(GOOD, rights=(Text("CC BYSA-NC 4.0"),)),
         replace(GOOD, rights=(Text("CC BY-NC-SA 4.0"),))),
        ("licence-malformed", replace(GOOD, rights=(Text("http://rightsstatements.org/vocab/INC/2.0/"),)),
         replace(GOOD, rights=(Text("http://rightsstatements.org/vocab/InC/1.0/"),))),
        ("value-repeated", replace(GOOD, keywords=(Text("Forêts"), Text("forets"))),
         replace(GOOD, keywords=(Text("Forest", "en"), Text("Forest", "fr")))),
        ("value-repeated", by("Li, X.", "LI, X."), by("Li, X.", "Li, Y.")),
        ("title-in-capitals", with_title("REPORT ON FORESTS"), with_title("IUCN REPORT on UNESCO")),
        ("space-stray", with_title(" The  forests"), with_title("The forests")),
        ("space-stray", by("Li,\nX."), replace(GOOD, descriptions=(Text("One.\nTwo."),))),
        ("character-illegal", with_title("For\x00ests"), with_title("Forêts")),
        ("unicode-not-nfc", with_title("Fore\u0302ts"), with_title("Forêts")),
        ("mojibake", with_title("ForÃªts"), with_title("FORÊTS «À»")),
        ("characters-lost", with_title("For\ufffdts"), with_title("Forêts?")),
        ("markup-left", with_title("On <i>Quercus</i>"), with_title("If a <b and c> d <= e")),
        ("markup-left", with_title("Flora &amp; fauna"), with_title("Flora & fauna; R&D")),
        ("separator-left", with_title("The forests /"), with_title("The forests and/or lakes")),
        ("separator-left", by("Li, X. ; Dupont, M."), by("Li, X.")),
    ],
)  # fmt: skip
def test_each_code_by_what_has_it_and_what_has_not(code: str, bad: Item, good: Item) -> None:
    assert code in codes(bad)
    assert code not in codes(good)


def test_a_sound_item_raises_no_doubt() -> None:
    assert codes(GOOD) == []


def test_a_doubt_names_its_place_its_field_and_its_value() -> None:
    (found,) = validate(with_title("ForÃªts"), "b.csv#3", today=TODAY)
    assert (found.where, found.severity) == ("b.csv#3:title", "warning")
    assert found.message() == "title: “ForÃªts” was read in a wrong encoding; “Forêts” is perhaps meant."


def test_what_was_reported_is_not_said_again() -> None:
    item = replace(GOOD, languages=(), titles=())
    told = [problem("value-unknown", "x:language", field="language", value="qqq"), problem("title-missing", "x")]
    assert validate(item, "x", told, TODAY) == []
    found = validate(with_title("A /"), "x", today=TODAY)
    assert validate(with_title("A /"), "x", found, TODAY) == []


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("ForÃªts", "Forêts"),
        ("lâ€™eau", "l’eau"),
        ("â€œQuotedâ€\x9d", "“Quoted”"),
        ("EspaÃ±a Â© 1990", "España © 1990"),
        ("ForÃƒÂªts", "Forêts"),
        ("Ã©tÃ© et œuvre – déjà", "été et œuvre – déjà"),
        ("ï¿½", "\ufffd"),
        ("Ã\xa0 la mer", "à la mer"),
        ("São Tomé, NÃO, «ESPAÑ», l’Ïle", "São Tomé, NÃO, «ESPAÑ», l’Ïle"),
        ("Forêts d’été à Łódź", "Forêts d’été à Łódź"),
        ("Русский, ελληνικά, 日本語", "Русский, ελληνικά, 日本語"),
        ("plain", "plain"),
    ],
)
def test_mojibake_is_undone_and_honest_text_left(shown: str, meant: str) -> None:
    assert mojibake.mended(shown) == meant


@pytest.mark.parametrize(
    "value", ["1988", "1988?", "1988-05~", "198X", "19XX", "1988/1990", "1988/..", "../1988", "1988-21"]
)
def test_edtf_that_catalogues_use(value: str) -> None:
    assert is_edtf(value)


@pytest.mark.parametrize(
    "value", ["", "88", "1988-13", "1988-5", "1988-02-30", "1988/90", "May 1988", "1988\n", "/", "1990/1988"]
)
def test_what_is_no_edtf(value: str) -> None:
    assert not is_edtf(value)


@pytest.mark.parametrize(
    "address",
    ["ftp://example.org/", "http://", "https://a b", "http://user:secret@example.org/", "http://localhost/",
     "javascript:x", "https://exa<mple.org", "data:text/html,x", "https://" + "a-" * 2000],
)  # fmt: skip
def test_addresses_that_no_reader_should_follow(address: str) -> None:
    assert address_fault(address)


@pytest.mark.parametrize(
    "address", ["https://example.org", "http://[2001:db8::1]:80/a", "https://forêt.example/é?x=1#y"]
)
def test_addresses_that_are_sound(address: str) -> None:
    assert address_fault(address) == ""


def test_tidying_mends_and_says_so() -> None:
    item = replace(by(" Li\x00, X. "), titles=(Text("Fore\u0302ts "),), series=(Series("Notes"),))
    mended, problems = tidy(item, "x")
    assert (mended.title.value, mended.contributions[0].agent.name) == ("Forêts", "Li, X.")
    assert {one.code for one in problems} == {"record-mended"}
    assert len(problems) == 3
    assert tidy(GOOD, "x") == (GOOD, [])


def test_what_names_things_is_left_as_it_was() -> None:
    item = replace(GOOD, id=" a", source="Fore\u0302ts  1.pdf", submission=" x ", concepts=("https://a/e\u0302 ",))
    assert tidy(item, "x") == (item, [])


def test_blanks_in_a_text_become_one_and_paragraphs_stay() -> None:
    item = replace(GOOD, titles=(Text("The \n  forests"),), notes=(Text("One.\n\nTwo  three."),))
    mended, problems = tidy(item, "x")
    assert (mended.title.value, mended.notes[0].value) == ("The forests", "One.\n\nTwo three.")
    assert len(problems) == 1


PIECES = st.sampled_from(
    [" ", "  ", "\u00a0", "\n", "\r\n", "\t", "\x00", "\x1c", "\x85", "\u200b", "\ufeff", "e\u0302", "\u0302", "\u212b",
     "ê", "Ãª", "â€™", "ï¿½", "\ufffd",
     "<", "</p>", "<br", ">", "&amp;", "&", ";", "|", "/", ":", "=", ",", "a", "B", "10",
     "가", "\u1100\u1161", "日"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=8)


@given(st.lists(TEXTS, min_size=8, max_size=8))
@example(["", "a||b", *[""] * 6])
@example(["a ;", *[""] * 7])
@example(["a /", *[""] * 7])
@example([";", "", "a | b", *[""] * 5])
def test_the_look_at_all_texts_together_misses_nothing(texts: list[str]) -> None:
    title, name, keyword, note, place, published, number, edition = texts
    item = replace(
        by(name),
        titles=(Text(title),),
        keywords=(Text(keyword),),
        notes=(Text(note),),
        coverage=(Text(place),),
        places=(published,),
        series=(Series("S", number),),
        edition=edition,
    )
    found = [code for field, value in fields_of(item) for code, _ in check_text(field, value)]
    assert is_suspicious(item) or not found
    tidied, remarks = tidy(item, "x")
    assert (tidied == item) == (not remarks)
    assert tidy(tidied, "x") == (tidied, [])


@given(TEXTS, TEXTS)
def test_what_is_said_twice_is_found_whatever_is_in_it(one: str, other: str) -> None:
    notes = tuple(Text(value) for value in (one, other, one))
    assert "value-repeated" in codes(replace(GOOD, notes=notes))
    assert (codes(replace(GOOD, notes=notes[:2])).count("value-repeated") == 1) == (fold(one) == fold(other))


@pytest.mark.shared
def test_honest_records_raise_few_doubts() -> None:
    folder = SHARED / "marc" / "evergreen"
    with (folder / "lul_fre_100.mrc").open("rb") as stream:
        items = [one for one in read_marc21(stream, "lul") if isinstance(one, Description)]
    raised = Counter(code for one in items for code in {p.code for p in validate(one.item, "x", one.problems, TODAY)})
    assert len(items) == 100
    assert max(raised.values(), default=0) <= 10


@pytest.mark.parametrize(
    ("field", "missing"),
    [
        ("700$4", ["date", "language", "type"]),
        ("041$a", ["date", "type"]),
        ("originInfo/dateIssued", ["language", "type"]),
        ("Fecha de publicación", ["language", "type"]),
        ("PY", ["language", "type"]),
        ("dc:type", ["date", "language"]),
    ],
)
def test_a_value_left_out_excuses_its_own_field_alone(field: str, missing: list[str]) -> None:
    bare = replace(GOOD, dates=(), languages=(), type="other")
    told = [problem("value-unknown", f"x:{field}", field=field, value="?")]
    found = [dict(one.params)["field"] for one in validate(bare, "x", told) if one.code == "field-missing"]
    assert found == missing
