"""Places, editions, extents and series out of MARC 21 records."""

import pytest
from marc_fields import described, item, places

from metadata.model import Series


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        (["260    $aGland, Switzerland ;$aCambridge, U.K. :$bIUCN,$c1987."], ("Gland, Switzerland", "Cambridge, U.K.")),
        (["260    $a[S.l.] :$b[s.n.]"], ()),
        (["264  1 $a[Lieu de publication non identifié] :$bX"], ()),
        (["264  1 $a[Place of publication not identified] :$bX"], ()),
        (["264  1 $a[Lugar de publicación no identificado] :$bX"], ()),
        (["264  1 $a[Québec?] :$bX"], ("Québec?",)),
        (["264  3 $aLeipzig :$bDruck", "264  1 $aBonn :$bBfN"], ("Bonn",)),
        (["264  3 $aLeipzig :$bDruck"], ("Leipzig",)),
        (["260    $aVaduz [Liechtenstein] ;$a[Bern :$bX]"], ("Vaduz [Liechtenstein]", "Bern")),
    ],
)
def test_places_of_publication(fields: list[str], meant: tuple[str, ...]) -> None:
    assert item(*fields).places == meant


def test_edition_and_extent_are_as_printed() -> None:
    found = item(
        "250    $a2nd ed., rev. /$bby A. Lee.",
        "250    $aÉd. française.",
        "300    $axii, 345 p. :$bill., maps ;$c24 cm. +$e1 map",
        "300    $3score$a12 p. ;$c30 cm",
    )
    assert found.edition == "2nd ed., rev. / by A. Lee; Éd. française"
    assert found.extent == "xii, 345 p. : ill., maps ; 24 cm. + 1 map; score 12 p. ; 30 cm"


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        (["490 0  $aSérie verte,$x0317-8471 ;$vno 5."], [Series("Série verte", "no 5", "0317-8471")]),
        (["440  0 $aOccasional paper.$nSeries B ;$v12"], [Series("Occasional paper. Series B", "12")]),
        (["490 1  $aGreen books ;$v5", "830  0 $aGreen books.$v5"], [Series("Green books", "5")]),
        (["490 1  $aGreen", "830  0 $aGreen (London) ;$v5.$x0317-8471"], [Series("Green", "5", "0317-8471")]),
        (["490 1  $aRed ;$v1", "490 1  $aBlue ;$v2", "830  0 $aBlue ;$v2"], [Series("Red", "1"), Series("Blue", "2")]),
        (["490 1  $aGreen ;$v1", "830  0 $aGreen ;$v2"], [Series("Green", "1"), Series("Green", "2")]),
        (["830  0 $aGreen ;$v2"], [Series("Green", "2")]),
        (["490 1  $aLarge,$x0317-8471 ;$v2.$aSmall ;$v7"], [Series("Large", "2", "0317-8471"), Series("Small", "7")]),
        (["800 1  $aBrand, Max.$tWorks ;$v3"], [Series("Brand, Max. Works", "3")]),
        (["810 2  $aIUCN.$bSSC.$tPaper ;$v3"], [Series("IUCN. SSC. Paper", "3")]),
        (["773 0  $tOryx$gVol. 12 (1987), p. 3-9$x0030-6053"], [Series("Oryx", "Vol. 12 (1987), p. 3-9", "0030-6053")]),
        (["490 0  $x0317-8471"], [Series("", "", "0317-8471")]),
    ],
)  # fmt: skip
def test_series(fields: list[str], meant: list[Series]) -> None:
    assert list(item(*fields).series) == meant


def test_a_wrong_issn_of_a_series_is_told() -> None:
    found = described("490 0  $aSérie verte$x0317-8472")
    assert found.item.series == (Series("Série verte"),)
    assert places(found) == ["490$x"]
