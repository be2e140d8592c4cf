"""The crosswalk as a whole: dates, languages, types, and what gives no item."""

import time

import pytest
from marc_fields import FIXED, LEADER, codes, item, made

from metadata.description import Description, Rejected
from metadata.marc_text import trim, unbracketed
from metadata.model import Date, Text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Forests :", "Forests"),
        ("Forests  of\r\nthe world /", "Forests of the world"),
        ("Gatewood, Willard B.", "Gatewood, Willard B."),
        ("Brand, Max.", "Brand, Max"),
        ("Wiley & Sons, Inc.,", "Wiley & Sons, Inc."),
        ("And so on...", "And so on..."),
        ("Report no. 2.", "Report no. 2."),
        ("Perl (Computer program language)", "Perl (Computer program language)"),
    ],
)
def test_isbd_punctuation_goes_and_abbreviations_stay(written: str, meant: str) -> None:
    assert trim(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[Gland]", "Gland"),
        ("[Gland", "Gland"),
        ("IUCN]", "IUCN"),
        ("Vaduz [Liechtenstein]", "Vaduz [Liechtenstein]"),
        ("[Vaduz] [Liechtenstein]", "[Vaduz] [Liechtenstein]"),
        ("[", ""),
        ("", ""),
    ],
)
def test_brackets_of_what_a_cataloguer_supplied_go(written: str, meant: str) -> None:
    assert unbracketed(written) == meant


@pytest.mark.parametrize(
    ("fields", "fixed", "meant"),
    [
        (["260    $c[1987?]"], FIXED, "1987?"),
        (["264  4 $c©2019", "264  1 $c2018."], FIXED, "2018"),
        ([], FIXED, "2020"),
        (["260    $c1993-"], "200101c19939999fr            000 0 fre d", "1993/.."),
        (["260    $c[s.d.]"], "200101n        fr            000 0 fre d", ""),
    ],
)
def test_dates_of_issue(fields: list[str], fixed: str, meant: str) -> None:
    assert item(*fields, fixed=fixed).dates == ((Date(meant),) if meant else ())


def test_languages_run_together_are_taken_apart_and_unknown_ones_reported() -> None:
    found = made("041 0  $aengfrespa", "041 0  $aqqq", "245 10 $aX")
    assert isinstance(found, Description)
    assert found.item.languages == ("fr", "en", "es")
    assert codes(found) == ["value-unknown"]


@pytest.mark.parametrize(
    ("leader", "fixed", "fields", "meant"),
    [
        (LEADER, FIXED, [], "book"),
        (LEADER, FIXED, ["502    $aThèse"], "thesis"),
        (LEADER, FIXED, ["655  7 $aGuidelines."], "guideline"),
        (LEADER, FIXED[:29] + "1" + FIXED[30:], [], "proceedings"),
        (LEADER, FIXED[:24] + "t" + FIXED[25:], [], "report"),
        ("00000nas a2200000 a 4500", FIXED, [], "periodical"),
        ("00000nab a2200000 a 4500", FIXED, [], "article"),
        ("00000nem a2200000 a 4500", FIXED, [], "map"),
        ("00000ngm a2200000 a 4500", FIXED, [], "video"),
        ("00000njm a2200000 a 4500", FIXED, [], "music"),
        ("00000nim a2200000 a 4500", FIXED, [], "sound"),
        ("00000ncm a2200000 a 4500", FIXED, [], "score"),
        ("00000ndm a2200000 a 4500", FIXED, [], "score"),
        ("00000npc a2200000 a 4500", FIXED, [], "mixed"),
        ("00000nom a2200000 a 4500", FIXED, [], "mixed"),
        ("00000nrm a2200000 a 4500", FIXED, [], "object"),
        ("00000nmm a2200000 a 4500", FIXED[:26] + "a" + FIXED[27:], [], "dataset"),
        ("00000nmm a2200000 a 4500", FIXED[:26] + "b" + FIXED[27:], [], "software"),
        ("00000nmm a2200000 a 4500", FIXED[:26] + "u" + FIXED[27:], [], "software"),
        ("00000nmm a2200000 a 4500", FIXED[:26] + "u" + FIXED[27:], ["006 e"], "map"),
        ("00000nms a2200000 a 4500", FIXED[:26] + "d" + FIXED[27:], [], "periodical"),
        ("00000ngm a2200000 a 4500", FIXED[:33] + "s" + FIXED[34:], [], "image"),
        ("00000ngm a2200000 a 4500", FIXED, ["007 gs cj"], "image"),
        ("00000ngm a2200000 a 4500", FIXED, ["007 gs cj", "007 vf"], "video"),
        ("00000n m a2200000 a 4500", FIXED, ["007 sd"], "sound"),
        ("00000n m a2200000 a 4500", FIXED, ["006 m", "006 j", "007 cr"], "music"),
    ],
)
def test_types(leader: str, fixed: str, fields: list[str], meant: str) -> None:
    assert item(*fields, leader=leader, fixed=fixed).type == meant


def test_subjects_keep_the_language_of_their_thesaurus_and_places_are_coverage() -> None:
    found = item(
        "040    $aX$bspa",
        "650  0 $aForests$zFrance$xHistory.",
        "650  6 $aForêts$zFrance.",
        "650  7 $aForêts$2rameau",
        "650  4 $aBosques.",
        "651  0 $aFrance$xHistory.",
        "653    $aagua$asuelo",
    )
    assert found.keywords == (
        Text("Forests -- France -- History", "en"),
        Text("Forêts -- France", "fr"),
        Text("Forêts", "fr"),
        Text("Bosques", "es"),
        Text("France -- History", "en"),
        Text("agua", "es"),
        Text("suelo", "es"),
    )
    assert found.coverage == (Text("France", "en"),)


@pytest.mark.parametrize(
    ("fields", "leader", "code", "set_aside"),
    [
        (["100 1  $aDupont"], LEADER, "record-without-title", False),
        (["245 10 $a /"], LEADER, "record-without-title", False),
        (["200 1  $aTitre"], LEADER, "record-unimarc", True),
        (["101 0  $afre", "210    $aParis$d1987", "215    $a12 p.", "801  0$aFR"], LEADER, "record-unimarc", True),
        (["210 0  $aForêts", "225    $aX"], LEADER, "record-without-title", False),
        (["245 10 $aX"], "00000nz  a2200000n  4500", "record-not-bibliographic", True),
        (["245 10 $aX"], "00000nx  a2200000n  4500", "record-not-bibliographic", True),
    ],
)
def test_what_gives_no_item_says_why(fields: list[str], leader: str, code: str, set_aside: bool) -> None:
    found = made(*fields, leader=leader)
    assert isinstance(found, Rejected)
    assert codes(found) == [code]
    assert found.set_aside is set_aside


def test_a_record_with_245_is_marc_21_whatever_else_it_has() -> None:
    found = made("245 10 $aX", "200 1  $aY", "101    $afre", "210    $aParis", "215    $a12 p.", "801    $aFR")
    assert isinstance(found, Description)


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_unimarc_comes_with_advice(language: str) -> None:
    found = made("200 1  $aTitre")
    assert all(word in found.problems[0].message(language) for word in ("UNIMARC", "MARC 21", "USEMARCON"))


def test_a_thousand_remarks_are_a_hundred() -> None:
    found = made("245 10 $aX", *(f"041 0  $aq{n:03}" for n in range(1000)))
    assert len(found.problems) == 100
    assert "left out" in found.problems[-1].message()


@pytest.mark.parametrize(
    "pair",
    [
        ("700 1  $6880-01$aA", "880 1  $6700-01/(N$aБ"),
        ("041 0  $afre$heng", "775 0  $espa$w1"),
        ("041 0  $afre$heng", "240 10 $aX"),
        ("490 1  $aSeries number {n}", "830  0 $aOther series {n}"),
        ("246 3  $aTitle {n}", "880 3  $6246-01$aTitle {n}"),
    ],
)
def test_twice_as_many_fields_cost_twice_as_much(pair: tuple[str, str]) -> None:
    begun = time.process_time()
    made("245 10 $aX", *(field.format(n=n) for n in range(10_000) for field in pair))
    assert time.process_time() - begun < 8
