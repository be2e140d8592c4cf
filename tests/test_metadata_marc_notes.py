"""What MARC 21 records say in sentences: abstracts, notes, rights, access."""

import pytest
from marc_fields import item

from metadata.model import Access, Text


def test_abstracts_and_rights_speak_the_language_of_cataloguing() -> None:
    found = item("040    $bfre", "520    $aRésumé.$bSuite.", "540    $aCC BY 4.0$uhttps://x.org/by", "506    $aLibre")
    assert found.descriptions == (Text("Résumé. Suite.", "fr"),)
    assert found.rights == (Text("CC BY 4.0 https://x.org/by", "fr"), Text("Libre", "fr"))


def test_notes_come_in_the_order_of_the_record_then_what_stands_elsewhere() -> None:
    found = item(
        "040    $beng",
        "504    $aBibliography: p. 12.",
        "500    $aIndex.$5DLC",
        "505 0  $gv. 1.$tTrees /$rRoe --$tBirds",
        "546    $3Vol. 2$aIn French.",
        "856 41 $3Cover:$uhttps://x.org/c.jpg",
        "856 42 $uhttps://x.org/r",
        "856 40 $uhttps://x.org/own",
        "362 0  $aVol. 1-",
        "255    $aScale 1:250,000 ;$bLambert proj.",
    )
    assert [text.value for text in found.notes] == [
        "Bibliography: p. 12.",
        "Index.",
        "v. 1. Trees / Roe -- Birds",
        "Vol. 2: In French.",
        "Vol. 1-",
        "Scale 1:250,000; Lambert proj.",
        "Cover: https://x.org/c.jpg",
        "https://x.org/r",
    ]
    assert {text.language for text in found.notes} == {"en"}


@pytest.mark.parametrize(
    "field", ["583    $aWeeded", "590    $aShelf 3", "541    $cGift", "561 0  $aStolen", "599    $ax"]
)
def test_what_one_library_did_with_its_copy_is_no_note(field: str) -> None:
    assert item(field).notes == ()


def test_private_rights_are_none() -> None:
    assert item("542 0  $dSecret", "542 1  $dIUCN$g1987$fAll rights reserved$uhttps://x.org").rights == (
        Text("IUCN 1987 All rights reserved https://x.org"),
    )


@pytest.mark.parametrize(
    ("field", "access", "embargo", "rights"),
    [
        ("506    $aopen access", "open", "", ()),
        ("506    $ainfo:eu-repo/semantics/restrictedAccess", "restricted", "", ()),
        ("506 0  $fUnrestricted online access$2star", "open", "", ("Unrestricted online access",)),
        ("506 1  $aClosed until 2031.$g20310203", "embargoed", "2031-02-03", ("Closed until 2031.",)),
        ("506    $ainfo:eu-repo/date/embargoEnd/2031-02-03", "embargoed", "2031-02-03", ()),
        ("506 1  $aStaff only", "", "", ("Staff only",)),
    ],
)
def test_access(field: str, access: Access, embargo: str, rights: tuple[str, ...]) -> None:
    found = item(field)
    assert (found.access, found.embargo, tuple(text.value for text in found.rights)) == (access, embargo, rights)


def test_other_scripts_are_not_lost() -> None:
    found = item(
        "040    $beng",
        "100 1  $6880-01$aIvanov, Ivan.",
        "260    $6880-02$aMoskva :$bNauka,$c1987.",
        "880 1  $6100-01/(N$aИванов, Иван.",
        "880    $6260-02/(N$aМосква :$bНаука,$c1987.",
        "880    $6520-00/(N$aО лесах.",
        "880    $6500-03/(N$aУказатель.",
        "880  0 $6650-00/(N$aЛеса$xИстория.",
        "880    $6590-00/(N$aПолка 3",
    )
    assert [text.value for text in found.notes] == [
        "Ivanov, Ivan = Иванов, Иван",
        "Moskva : Nauka, 1987 = Москва : Наука, 1987",
        "Указатель",
    ]
    assert [text.value for text in found.descriptions] == ["О лесах."]
    assert found.keywords == (Text("Леса -- История"),)
