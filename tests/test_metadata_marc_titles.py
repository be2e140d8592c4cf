"""Titles of MARC 21 records: each with its kind and language, none twice."""

import pytest
from marc_fields import item, made

from metadata.description import Description
from metadata.model import Text


def titles(*fields: str) -> tuple[Text, ...]:
    found = made(*fields)
    assert isinstance(found, Description)
    return found.item.titles


def test_titles_carry_their_kinds_and_languages() -> None:
    assert titles(
        "041 1  $afre$heng",
        "245 13 $aLes forêts :$bétat des lieux /$cIUCN.",
        "240 10 $aForests of the world.$lFrançais",
        "246 31 $aForests",
        "247 10 $aForêts d'hier",
        "242 00 $aThe forests$yeng.",
    ) == (
        Text("Les forêts : état des lieux", "fr"),
        Text("The forests", "en", "translated"),
        Text("Forests", "", "other"),
        Text("Forêts d'hier", "", "other"),
        Text("Forests of the world", "en", "other"),
    )


def test_parts_have_their_numbers_and_names() -> None:
    assert titles("245 10 $aFaune.$nTome 2,$pOiseaux /$cX.")[0] == Text("Faune. Tome 2, Oiseaux", "fr")


def test_the_sign_after_a_medium_stays() -> None:
    assert titles("245 10 $aEmma$h[microform] :$ba novel /$cX.")[0].value == "Emma : a novel"
    assert titles("245 10 $aLi zhi$h[text] =$bSense")[0].value == "Li zhi = Sense"
    assert titles("245 10 $aEmma$h[microform] /$cX.")[0].value == "Emma"


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("130 0  $aBible.$pN.T.$lFrançais.", "Bible. N.T."),
        ("730 02 $aBirds of Senegal.", "Birds of Senegal"),
        ("740 02 $aBirds.$pForest species.", "Birds. Forest species"),
        ("222  0 $aOryx$b(London)", "Oryx (London)"),
        ("210 0  $aConserv. biol.", "Conserv. biol"),
        ("246 1  $iTitle on spine:$aWoods", "Woods"),
    ],
)
def test_every_other_title_is_kept(field: str, meant: str) -> None:
    assert item(field).titles[1:] == (Text(meant, "", "other"),)


def test_titles_in_other_scripts_are_other_titles() -> None:
    assert item(
        "246 31 $6880-02$aLes",
        "880 10 $6245-01/(N$aЛеса :$bобзор /$cИванов.",
        "880 31 $6246-02/(N$aЛес",
        "880 0  $6130-03/(N$aРусский лес.",
        "880 1  $6100-04/(N$aИванов",
    ).titles[1:] == (
        Text("Les", "", "other"),
        Text("Леса : обзор", "fr", "other"),
        Text("Лес", "fr", "other"),
        Text("Русский лес", "", "other"),
    )


def test_a_title_is_not_said_twice() -> None:
    assert titles(
        "245 10 $aForests /", "246 3  $aForests.", "240 10 $aForests", "740 0  $aWoods", "246 3  $aWoods"
    ) == (
        Text("Forests", "fr"),
        Text("Woods", "", "other"),
    )


def test_a_second_245_is_another_title() -> None:
    assert titles("245 10 $aOne", "245 10 $aTwo") == (Text("One", "fr"), Text("Two", "fr", "other"))
