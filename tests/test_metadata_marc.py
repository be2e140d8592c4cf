from typing import Any

import pytest

from metadata.description import Description, Link, Rejected, Remarks
from metadata.marc import describe
from metadata.marc_record import Field, Record
from metadata.marc_text import trim
from metadata.model import Date, Identifier, Text

LEADER = "00000nam a2200000 a 4500"
FIXED = "200101s2020    fr            000 0 fre d"


def made(*fields: str, leader: str = LEADER, fixed: str = FIXED) -> Description | Rejected:
    """Describe a record whose fields are written ``245 10 $aTitle$bRest``."""
    record = Record(leader, {"001": [Field("001", "", (("", "42"),))], "008": [Field("008", "", (("", fixed),))]})
    for text in fields:
        tag, rest = text[:3], text[7:]
        subfields = tuple((part[0], part[1:]) for part in rest.split("$")[1:])
        record.fields.setdefault(tag, []).append(Field(tag, text[4:6], subfields))
    return describe(record, 1, b"", Remarks("x#1"))


def item(*fields: str, **more: Any) -> Any:
    found = made("245 10 $aForêts", *fields, **more)
    assert isinstance(found, Description)
    return found.item


def codes(found: Description | Rejected) -> list[str]:
    return [problem.code for problem in found.problems]


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


def test_titles_carry_their_languages() -> None:
    found = made(
        "041 1  $afre$heng",
        "245 13 $aLes forêts :$bétat des lieux /$cIUCN.",
        "240 10 $aForests of the world.$lFrançais",
        "246 31 $aForests",
        "242 00 $aThe forests$yeng",
    )
    assert isinstance(found, Description)
    assert found.item.titles == (
        Text("Les forêts : état des lieux", "fr"),
        Text("The forests", "en"),
        Text("Forests"),
        Text("Forests of the world", "en"),
    )


def test_persons_organisations_and_their_roles() -> None:
    found = item(
        "100 1  $aDupont, Marie,$d1950-$0(orcid)0000-0002-1825-0097",
        "700 1  $aSmith, John,$etraducteur.",
        "700 1  $aRoe, Jane$4edt$4ill",
        "710 2  $aIUCN.$bSpecies Survival Commission.",
        "264  1 $aGland :$bIUCN,$c2020.",
        "264  1 $b[s.n.],$c2020",
    )
    named = [(c.agent.name, c.agent.kind, c.role) for c in found.contributions]
    assert named == [
        ("Dupont, Marie", "person", "aut"),
        ("Smith, John", "person", "trl"),
        ("Roe, Jane", "person", "edt"),
        ("Roe, Jane", "person", "ill"),
        ("IUCN. Species Survival Commission", "organisation", "ctb"),
        ("IUCN", "organisation", "pbl"),
    ]
    assert found.contributions[0].agent.identifiers == (Identifier("orcid", "0000-0002-1825-0097"),)


def test_an_orcid_with_a_wrong_check_digit_names_nobody() -> None:
    found = made("245 10 $aTitle", "100 1  $aDupont, Marie$0(orcid)0000-0002-1825-0098")
    assert isinstance(found, Description)
    assert found.item.contributions[0].agent.identifiers == ()
    assert [(one.code, one.where.rpartition(":")[2]) for one in found.problems] == [("value-unknown", "100$0")]


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
        ("00000njm a2200000 a 4500", FIXED, [], "other"),
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


def test_identifiers_are_normal_or_reported() -> None:
    found = made(
        "003    $_X",
        "245 10 $aX",
        "020    $a0-7868-0877-2 (pbk.)",
        "020    $a0786808773",
        "022    $a0009-7330",
        "024 7  $ahttps://doi.org/10.1234/AB$2doi",
        "035    $a(OCoLC)20854397",
        "856 40 $ujavascript:alert(1)",
        "856 40 $uhttps://example.org/a.pdf",
        "856 42 $uhttps://example.org/related",
    )
    assert isinstance(found, Description)
    assert [(one.scheme, one.value) for one in found.item.identifiers] == [
        ("control-number", "(X)42"),
        ("isbn", "0786808772"),
        ("issn", "0009-7330"),
        ("doi", "10.1234/ab"),
        ("control-number", "(OCoLC)20854397"),
        ("url", "https://example.org/a.pdf"),
    ]
    assert [problem.where for problem in found.problems] == ["x#1:020$a", "x#1:856$u"]


def test_links_name_other_records_by_their_control_numbers() -> None:
    found = made(
        "041 1  $afre$heng",
        "245 10 $aX",
        "765 08 $iTraduction de :$w(X)7",
        "773 0  $w(X)8",
        "775 0  $eeng$w(X)9",
        "775 0  $efre$w(X)10",
        "780 00 $wbare",
    )
    assert isinstance(found, Description)
    assert found.links == (
        Link("isTranslationOf", "control-number", "(X)7", "765$w"),
        Link("isPartOf", "control-number", "(X)8", "773$w"),
        Link("isTranslationOf", "control-number", "(X)9", "775$w"),
        Link("replaces", "control-number", "bare", "780$w"),
    )


def test_abstracts_and_rights_speak_the_language_of_cataloguing() -> None:
    found = item("040    $bfre", "520    $aRésumé.$bSuite.", "540    $aCC BY 4.0$uhttps://x.org/by", "506    $aLibre")
    assert found.descriptions == (Text("Résumé. Suite.", "fr"),)
    assert found.rights == (Text("CC BY 4.0 https://x.org/by", "fr"), Text("Libre", "fr"))


@pytest.mark.parametrize(
    ("fields", "leader", "code", "set_aside"),
    [
        (["100 1  $aDupont"], LEADER, "record-without-title", False),
        (["245 10 $a /"], LEADER, "record-without-title", False),
        (["200 1  $aTitre"], LEADER, "record-unimarc", True),
        (["245 10 $aX"], "00000nz  a2200000n  4500", "record-not-bibliographic", True),
        (["245 10 $aX"], "00000nx  a2200000n  4500", "record-not-bibliographic", True),
    ],
)
def test_what_gives_no_item_says_why(fields: list[str], leader: str, code: str, set_aside: bool) -> None:
    found = made(*fields, leader=leader)
    assert isinstance(found, Rejected)
    assert codes(found) == [code]
    assert found.set_aside is set_aside


def test_a_thousand_remarks_are_a_hundred() -> None:
    found = made("245 10 $aX", *(f"041 0  $aq{n:03}" for n in range(1000)))
    assert len(found.problems) == 100
    assert "left out" in found.problems[-1].message()
