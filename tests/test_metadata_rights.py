"""Who may read what: access rights and embargoes."""

from datetime import date

import pytest

from metadata.model import Access, Item
from metadata.rights import is_readable

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("access", "embargo", "readable"),
    [
        ("", "", True),
        ("open", "", True),
        ("restricted", "", False),
        ("metadata-only", "", False),
        ("embargoed", "", False),
        ("embargoed", "2026-06-16", False),
        ("embargoed", "2026-06-15", True),
        ("embargoed", "2026-06", False),
        ("embargoed", "2026-05", True),
        ("embargoed", "2026", False),
        ("embargoed", "2025", True),
        ("embargoed", "2020/2030", False),
        ("embargoed", "2020/2025", True),
        ("embargoed", "2020/..", False),
        ("embargoed", "2020/", False),
        ("restricted", "2025", False),
    ],
)
def test_what_is_readable_today(access: Access, embargo: str, readable: bool) -> None:
    assert is_readable(Item(access=access, embargo=embargo), TODAY) is readable
