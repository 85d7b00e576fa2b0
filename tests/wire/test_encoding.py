"""Usage in both spellings: every count that a provider gave, and none that it did not."""

from decimal import Decimal

from parley.domain.usage import Usage
from parley.wire.encoding import encode_json, encode_openai_usage, encode_usage, escape_non_ascii

FULL = Usage(100, 50, cache_read_tokens=30, cache_creation_tokens=20, reasoning_tokens=10, is_estimate=True)


def test_roundtable_names_every_count_and_marks_an_estimate() -> None:
    assert encode_usage(FULL) == {
        "input_tokens": 100,
        "output_tokens": 50,
        "cache_read_tokens": 30,
        "cache_creation_tokens": 20,
        "reasoning_tokens": 10,
        "estimated": True,
    }


def test_openai_names_every_count_and_marks_an_estimate() -> None:
    assert encode_openai_usage(FULL) == {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 10},
        "estimated": True,
    }


def test_counts_that_are_0_and_providers_own_counts_are_not_decorated() -> None:
    assert encode_usage(Usage(1, 2)) == {"input_tokens": 1, "output_tokens": 2}
    assert encode_openai_usage(Usage(1, 2)) == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert (encode_usage(None), encode_openai_usage(None)) == (None, None)


def test_money_is_a_number_with_every_digit() -> None:
    assert encode_json({"cost": Decimal("0.123456789012")}) == b'{"cost":0.123456789012}'


def test_everything_beyond_ascii_is_escaped_in_code_units() -> None:
    assert escape_non_ascii('{"a":"é😀\u2028b"}'.encode()) == b'{"a":"\\u00e9\\ud83d\\ude00\\u2028b"}'
