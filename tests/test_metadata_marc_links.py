"""Other works that MARC 21 records name: links where the model holds the relation, notes where not."""

import pytest
from marc_fields import item, made

from metadata.description import Description, Link
from metadata.model import Text


def test_links_name_other_records_by_their_control_numbers() -> None:
    found = made(
        "041 1  $afre$heng",
        "245 10 $aX",
        "765 08 $iTraduction de :$w(X)7",
        "773 0  $w(X)8",
        "775 0  $eeng$w(X)9",
        "775 0  $efre$w(X)10",
        "780 00 $wbare",
        "780 07 $wparted",
        "767 0  $w(X)11",
        "785 00 $w(X)12",
    )
    assert isinstance(found, Description)
    assert found.links == (
        Link("isTranslationOf", "control-number", "(X)7", "765$w"),
        Link("isPartOf", "control-number", "(X)8", "773$w"),
        Link("isTranslationOf", "control-number", "(X)9", "775$w"),
        Link("replaces", "control-number", "bare", "780$w"),
    )


@pytest.mark.parametrize(
    ("field", "note"),
    [
        ("767 0  $tForests of the world.$w(X)11", "Translated as: Forests of the world"),
        (
            "765 0  $aRoe, Jane.$tForests.$dGland : IUCN, 1985$z2831700000",
            "Translation of: Roe, Jane. Forests. Gland : IUCN, 1985, ISBN 2831700000",
        ),
        ("776 08 $iOnline version:$tForests$x1365-3008", "Online version: Forests, ISSN 1365-3008"),
        ("785 00 $tOryx", "Continued by: Oryx"),
        ("785 07 $tOryx", "Merged with: Oryx"),
        ("780 07 $tOryx$w(X)1", "Separated from: Oryx"),
        ("787 0  $tMap$uhttps://x.org/m", "Related item: Map, https://x.org/m"),
        ("775 0  $efre$tAutre", "Other edition available: Autre"),
        (
            "700 12 $iContainer of (work):$aAusten, Jane,$d1775-1817.$tEmma.",
            "Container of (work): Austen, Jane. 1775-1817. Emma",
        ),
    ],
)  # fmt: skip
def test_what_no_relation_holds_is_a_note(field: str, note: str) -> None:
    assert item(field).notes == (Text(note),)


def test_the_words_before_a_note_are_in_the_language_of_cataloguing() -> None:
    assert item("040    $bfre", "767 0  $tForests").notes == (Text("Traduit sous le titre: Forests", "fr"),)
    assert item("040    $bspa", "785 00 $tOryx").notes == (Text("Continuado por: Oryx", "es"),)


def test_what_is_linked_or_a_series_is_no_note() -> None:
    assert item("780 00 $tOryx$w(X)1", "773 0  $tJournal$g12", "765 0  $tForests$w(X)2").notes == ()
