"""Item ids: opaque, the same everywhere, and safe against a slip of the pen."""

import hashlib
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from metadata.ids import ALPHABET, LENGTH, is_item_id, item_id

submissions = st.binary(max_size=64).map(lambda data: hashlib.sha512(data).hexdigest())


@given(submissions)
def test_an_id_is_well_formed_and_always_the_same(submission: str) -> None:
    made = item_id(submission)
    assert len(made) == LENGTH
    assert set(made) <= set(ALPHABET)
    assert is_item_id(made)
    assert made == item_id(submission)


def test_an_id_is_what_it_always_was() -> None:
    assert item_id(hashlib.sha512(b"canoe").hexdigest()) == "v5d5vex67y"


def test_the_alphabet_has_no_letter_that_is_misread() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ilou") & set(ALPHABET)


@given(submissions)
def test_a_clash_derives_the_next_id(submission: str) -> None:
    first = item_id(submission)
    second = item_id(submission, {first})
    third = item_id(submission, {first, second})
    assert len({first, second, third}) == 3
    assert is_item_id(second)
    assert is_item_id(third)


@given(submissions)
def test_every_single_wrong_character_is_found(submission: str) -> None:
    made = item_id(submission)
    wrong = (made[:at] + other + made[at + 1 :] for at in range(LENGTH) for other in ALPHABET if other != made[at])
    assert not any(is_item_id(slip) for slip in wrong)


@given(submissions)
def test_every_exchange_of_two_of_the_first_nine_is_found(submission: str) -> None:
    made = item_id(submission)
    for one, two in combinations(range(LENGTH - 1), 2):
        letters = list(made)
        letters[one], letters[two] = letters[two], letters[one]
        exchanged = "".join(letters)
        assert exchanged == made or not is_item_id(exchanged)


@given(st.text(max_size=12))
def test_other_text_is_no_id_and_no_error(text: str) -> None:
    if set(text) - set(ALPHABET) or len(text) != LENGTH:
        assert not is_item_id(text)


def test_ten_thousand_submissions_have_ten_thousand_ids() -> None:
    made = {item_id(hashlib.sha512(str(n).encode()).hexdigest()) for n in range(10_000)}
    assert len(made) == 10_000
