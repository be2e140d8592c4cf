"""Numbers and addresses out of MARC 21 records: normal, or reported."""

import pytest
from marc_fields import described, made, places

from metadata.description import Description


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
    assert places(found) == ["020$a", "856$u"]


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("010    $a   2021012345", ("lccn", "2021012345")),
        ("024 2  $aM-2306-7118-7 (score)", ("ismn", "9790230671187")),
        ("024 7  $a979-0-2306-7118-7$2ismn", ("ismn", "9790230671187")),
        ("024 2  $aM-2306-7118-8", None),
        ("024 7  $ahttp://hdl.handle.net/2268/1$2hdl", ("handle", "2268/1")),
        ("024 7  $anot a handle$2hdl", None),
        ("024 7  $aurn:nbn:de:101:1-2$2urn", ("urn", "urn:nbn:de:101:1-2")),
        ("024 7  $ahttps://x.org/1$2uri", ("url", "https://x.org/1")),
        ("024 7  $aark:/12148/bpt6k$2uri", ("uri", "ark:/12148/bpt6k")),
        ("024 7  $ajavascript:alert(1)$2uri", None),
        ("024 7  $a10.5/none$2doi", None),
        ("024 3  $a9780521168120", ("ean", "9780521168120")),
        ("024 8  $aX-1", ("other", "X-1")),
        ("024 7  $aX-1$2No Scheme!", ("other", "X-1")),
        ("027    $aIUCN-TR-123.", ("report-number", "IUCN-TR-123")),
        ("088    $aTR/12", ("report-number", "TR/12")),
        ("037    $aPB85-12345$bNTIS", ("stock-number", "PB85-12345")),
        ("028 02 $aSTMA 8007$bTamla", ("publisher-number", "STMA 8007")),
        ("030    $aASIRAF", ("coden", "ASIRAF")),
        ("086 0  $aA 13.28:F 61", ("government-document-number", "A 13.28:F 61")),
        ("856 40 $uhttp://dx.doi.org/10.1234/AB", ("doi", "10.1234/ab")),
        ("856 41 $uhttps://doi.org/10.1234/a%3Cb$zFree", ("doi", "10.1234/a<b")),
        ("856 40 $uhttps://x.org/10.1234/ab", ("url", "https://x.org/10.1234/ab")),
        ("856 4  $3Chapter 1$uhttps://doi.org/10.1234/ab", ("url", "https://doi.org/10.1234/ab")),
        ("856 43 $uhttps://doi.org/10.1234/ab", ("url", "https://doi.org/10.1234/ab")),
    ],
)
def test_each_number_by_its_field(field: str, meant: tuple[str, str] | None) -> None:
    found = described(field)
    assert [(one.scheme, one.value) for one in found.item.identifiers[1:]] == ([meant] if meant else [])
    assert places(found) == ([] if meant else ["024$a"])
