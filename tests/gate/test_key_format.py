"""What a key looks like, and which slips of the hand are found without looking it up."""

import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.gate.key_format import digest_of, has_form, new_key

KEY = "parley_FEPRUPrjRAR1ZodKJdA56vbF2xa2kQZyfkYrD4mzJxn248VfO"
LETTERS = string.ascii_letters + string.digits


def test_made_keys_have_the_form_and_differ() -> None:
    made = {new_key() for _ in range(50)}
    assert len(made) == 50
    for key in made:
        assert key.startswith("parley_")
        assert len(key) == 56
        assert set(key.removeprefix("parley_")) <= set(LETTERS)
        assert has_form(key)


def test_form_and_digest_are_fixed_for_ever() -> None:
    assert has_form(KEY)
    assert digest_of(KEY).hex() == "f40e498b24b64bac458bbfa3fbc1de6e9177a3c664bc3b00548a5a305079c3fe"


@given(st.integers(7, 55), st.sampled_from(LETTERS))
def test_one_wrong_character_is_found(place: int, letter: str) -> None:
    changed = KEY[:place] + letter + KEY[place + 1 :]
    assert has_form(changed) is (changed == KEY)


@given(st.integers(7, 54))
def test_two_swapped_characters_are_found(place: int) -> None:
    swapped = KEY[:place] + KEY[place + 1] + KEY[place] + KEY[place + 2 :]
    assert has_form(swapped) is (swapped == KEY)


@given(st.integers(0, 55))
def test_missing_and_doubled_characters_are_found(place: int) -> None:
    assert not has_form(KEY[:place] + KEY[place + 1 :])
    assert not has_form(KEY[:place] + KEY[place] + KEY[place:])


@pytest.mark.parametrize(
    "key", ["", "parley_", KEY + "\n", KEY.upper(), KEY.removeprefix("parley_"), "sk-" + KEY[7:], "é" * 56, KEY * 2]
)
def test_what_is_no_key_of_ours_is_refused(key: str) -> None:
    assert not has_form(key)


def test_keys_of_the_first_release_still_have_a_form() -> None:
    assert has_form("parley_" + secrets.token_urlsafe(32))
    assert not has_form("parley_" + secrets.token_urlsafe(33))
