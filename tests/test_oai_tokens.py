import pytest
from hypothesis import given
from hypothesis import strategies as st

from oai.tokens import Place, accept, issue

KEY = b"k" * 32
PLACE = Place("ListRecords", "oai_dc", "type:report", 2_000, 1_000_000_007, 100, 450)
NOW = 1_000_000


def test_a_token_holds_its_place_to_the_last_second_of_its_life() -> None:
    token = issue(PLACE, KEY, NOW)
    assert accept(token, KEY, NOW) == PLACE
    assert accept(token, KEY, NOW + 1) is None


def test_a_token_can_stand_in_a_url_as_it_is() -> None:
    assert set(issue(PLACE, KEY, NOW)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=")


def test_a_token_of_another_library_is_refused() -> None:
    assert accept(issue(PLACE, b"another key, 16+", NOW), KEY, NOW) is None


def test_no_character_of_a_token_can_be_changed() -> None:
    token = issue(PLACE, KEY, NOW)
    # The neighbour in the alphabet differs in the last bit alone, which base64 may not even decode.
    for at, character in enumerate(token):
        for other in {chr(ord(character) ^ 1), chr(ord(character) + 1), "A", "", "=", "\n"} - {character}:
            assert accept(token[:at] + other + token[at + 1 :], KEY, NOW) is None


@pytest.mark.parametrize("added", ["=", "\n", " ", "A", ".", "\udcff", "é"])
def test_nothing_can_be_added_to_a_token(added: str) -> None:
    token = issue(PLACE, KEY, NOW)
    assert accept(token + added, KEY, NOW) is None
    assert accept(added + token, KEY, NOW) is None


@given(st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    assert accept(text, KEY, NOW) is None
