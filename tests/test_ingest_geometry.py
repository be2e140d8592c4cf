import pytest

from ingest.geometry import Sheet


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("origin", [(0, 0), (-30, 40)])
def test_what_is_laid_on_a_page_is_shown_where_it_was(turn: int, origin: tuple[int, int]) -> None:
    left, bottom = origin
    sheet = Sheet(left, bottom, left + 300, bottom + 200, turn)
    width, height = (2 * side for side in sheet.size)
    a, b, c, d, e, f = sheet.laid(width, height)
    for x, y in ((0, 0), (width, 0), (0, height), (50, 70)):
        shown = sheet.shown(a * x + c * y + e, b * x + d * y + f)
        assert shown == pytest.approx((x / 2, (height - y) / 2))


def test_a_page_turned_on_its_side_is_as_wide_as_it_was_high() -> None:
    assert Sheet(0, 0, 300, 200, 90).size == (200, 300)
    assert Sheet(0, 0, 300, 200, 180).size == (300, 200)
