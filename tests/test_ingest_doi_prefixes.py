"""Under which prefix what is named: the first rule that fits, else the usual one."""

import pytest

from ingest.doi_prefixes import Prefixes, PrefixRule

PREFIXES = Prefixes(
    "10.5555",
    (
        PrefixRule("10.6666", collection="maps"),
        PrefixRule("none", type="image"),
        PrefixRule("10.7777", type="report", source="scans/*"),
    ),
)


@pytest.mark.parametrize(
    ("kind", "collections", "source", "prefix"),
    [
        ("book", (), "a.pdf", "10.5555"),
        ("image", ("maps",), "a.tif", "10.6666"),
        ("image", (), "a.tif", ""),
        ("report", (), "scans/1990/a.pdf", "10.7777"),
        ("report", (), "other/a.pdf", "10.5555"),
        ("book", (), "scans/a.pdf", "10.5555"),
    ],
)
def test_the_first_rule_that_fits_counts(kind: str, collections: tuple[str, ...], source: str, prefix: str) -> None:
    assert PREFIXES.of(kind, collections, source) == prefix


def test_every_prefix_is_the_library_s() -> None:
    assert PREFIXES.all == ("10.5555", "10.6666", "10.7777")
    assert Prefixes().all == ()
    assert Prefixes("", (PrefixRule("10.6666", type="map"),)).of("book", (), "") == ""
