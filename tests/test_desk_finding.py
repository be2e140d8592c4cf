"""Finding an item at the desk: by what it bears, or by words; also what is held, of which no index knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_items import GONE, HELD, ONE, TWO, Desk, at_desk
from test_archive_recovery import copy

from canoe.home import Home


@pytest.fixture(scope="module")
def desk(desk_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with at_desk(Home.read(copy(desk_made, tmp_path_factory.mktemp("finding") / "library"))) as made:
        yield made


def found(desk: Desk, asked: str) -> tuple[int, str, set[str]]:
    answer = desk.client.get("/desk/find", params={"q": asked})
    items = {one for one in (ONE, TWO, HELD, GONE) if f"/desk/items/{one}" in answer.text}
    return answer.status_code, answer.headers.get("location", ""), items


@pytest.mark.parametrize("item", [ONE, HELD, GONE])
@pytest.mark.parametrize(
    "asked",
    [
        "{}",
        " {} ",
        "10.5555/{}",
        "https://doi.org/10.5555/{}",
        "http://x/item/{}/",
        "http://x/item/{}?lang=fr",
        "http://x/canoe/item/{}/page/3?q=a/b#text",
        "http://x/item/{}.json",
        "http://x/desk/items/{}/edit",
    ],
)
def test_what_bears_a_number_is_gone_to(desk: Desk, item: str, asked: str) -> None:
    assert found(desk, asked.format(item)) == (303, f"/desk/items/{item}", set())


def test_an_identifier_leads_to_its_item(desk: Desk) -> None:
    assert found(desk, "number-of-gone") == (303, f"/desk/items/{GONE}", set())


@pytest.mark.parametrize(
    ("asked", "items"),
    [
        ("water", {ONE, TWO}),
        ("ZYMURGY valley", {HELD}),
        ("zymurgy mountain", set()),
        ("", set()),
        ("title:", set()),
        ("(((", set()),
        ("<script>", set()),
        ("x" * 5000, set()),
        ("\x00'", set()),
    ],
)
def test_words_are_looked_for_in_what_is_public_and_in_the_titles_of_what_is_held(
    desk: Desk, asked: str, items: set[str]
) -> None:
    assert found(desk, asked) == (200, "", items)
    assert "<script>" not in desk.client.get("/desk/find", params={"q": asked}).text


def test_strangers_find_nothing(desk: Desk) -> None:
    desk_of_nobody = desk.client.__class__(base_url=desk.client.base_url)
    answer = desk_of_nobody.get(f"/desk/find?q={HELD}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/login?next=%2Fdesk%2Ffind%3Fq%3D{HELD}")
    desk_of_nobody.close()
