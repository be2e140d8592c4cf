"""Accept headers: who gets what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.negotiation import preferred

OFFERS = ("text/html", "application/ld+json", "application/xml", "application/json")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        (BROWSER, "text/html"),
        ("application/ld+json", "application/ld+json"),
        ("application/ld+json, */*", "application/ld+json"),
        ("APPLICATION/XML;charset=utf-8", "application/xml"),
        ("application/*", "application/ld+json"),
        ("application/*;q=0.5, application/json;q=0.6", "application/json"),
        ("text/html;q=0, */*", "application/ld+json"),
        ("text/html;q=0.3, application/xml;q=0.301", "application/xml"),
        ("image/png, application/json; q=0.1", "application/json"),
        ("image/png", None),
        ("text/html;q=0", None),
        ("*/*;q=0", None),
        ("application/json;q=nan", None),
        ("application/json;q=x, text/html;q=0.1", "text/html"),
        ("nonsense", "text/html"),
        ("x" * 100_000, "text/html"),
    ],
)
def test_what_is_preferred(header: str, wanted: str | None) -> None:
    place = preferred(header, OFFERS)
    assert (None if place is None else OFFERS[place]) == wanted


@given(st.text(alphabet="ab/*;q=0.15, xml", max_size=60))
def test_no_header_breaks_it_and_anything_never_gets_nothing(header: str) -> None:
    preferred(header, OFFERS)
    assert preferred(f"a/b, */*, {header.replace(';', '').replace('*', '')}", OFFERS) is not None
