"""The roundtable's request: every bound below, at and above; every refusal names field, value and remedy."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.errors import InvalidRequest
from parley.domain.models import Effort
from parley.domain.run import Nothing, PanelRequest, SchemaFormat, Summary, Vote
from parley.wire.exchange import RequestInfo
from parley.wire.roundtable import RoundtableContract

INFO = RequestInfo("req_test", 0, max_seats=4)
BASE = {"input": "Q", "models": ["p/a", "p/b"]}


def decode(**fields: Any) -> PanelRequest:
    body = json.dumps({**BASE, **fields}).encode()
    return RoundtableContract().decode(body, INFO).request


def refusal(raw: bytes | None = None, **fields: Any) -> InvalidRequest:
    body = json.dumps({**BASE, **fields}).encode() if raw is None else raw
    with pytest.raises(InvalidRequest) as caught:
        RoundtableContract().decode(body, INFO)
    return caught.value


def test_defaults_are_those_of_the_contract() -> None:
    request = decode()
    assert request.panel_id.startswith("rt_")
    assert len(request.panel_id) == 29
    assert request.resolution == Summary(None)
    assert (request.max_retries, request.timeout_s, request.is_streamed) == (1, None, False)
    assert (request.instructions, request.output) == (None, None)
    assert [message.text for message in request.conversation] == ["Q"]


def test_null_means_the_default() -> None:
    nulls = ("resolution", "choices", "instructions", "output_schema", "summary_model", "stream", "max_retries")
    request = decode(**dict.fromkeys((*nulls, "timeout_ms")))
    assert (request.resolution, request.max_retries, request.is_streamed) == (Summary(None), 1, False)


def test_seat_is_a_name_or_an_object_with_overrides() -> None:
    seat = {"name": "p/a", "temperature": 0, "max_tokens": 5, "top_p": 0.5, "reasoning": "max"}
    first, second = decode(models=[seat, "p/b"]).seats
    assert (first.model, second.model) == ("p/a", "p/b")
    sampling = first.sampling
    assert (sampling.temperature, sampling.max_tokens, sampling.top_p) == (0.0, 5, 0.5)
    assert sampling.effort is Effort.MAX
    assert second.sampling.temperature is None


def test_same_model_may_sit_twice() -> None:
    assert [seat.model for seat in decode(models=["p/a", "p/a"]).seats] == ["p/a", "p/a"]


def test_resolutions_become_the_engines() -> None:
    assert decode(resolution="fast").resolution == Nothing()
    assert decode(summary_model="j").resolution == Summary("j")
    vote = decode(resolution="multiple_choice", choices=["x", "y"], summary_model="j").resolution
    assert vote == Vote(("x", "y"), "j")


def test_seats_stream_but_in_votes_and_with_a_schema() -> None:
    assert decode(stream=True).seats_stream
    assert not decode(stream=True, output_schema={"type": "object"}).seats_stream
    assert not decode(stream=True, resolution="multiple_choice", choices=["x", "y"]).seats_stream
    assert decode(output_schema={"type": "object"}).output == SchemaFormat({"type": "object"})


def test_input_is_never_trimmed() -> None:
    assert decode(input="  Q \n").conversation[0].text == "  Q \n"


@pytest.mark.parametrize(
    ("fields", "is_right"),
    [
        ({"models": ["p/a"]}, True),
        ({"models": ["p/a"] * 4}, True),
        ({"models": ["p/a"] * 5}, False),
        ({"models": []}, False),
        ({"max_retries": 0}, True),
        ({"max_retries": 3}, True),
        ({"max_retries": 4}, False),
        ({"max_retries": -1}, False),
        ({"timeout_ms": 1}, True),
        ({"timeout_ms": 300_000}, True),
        ({"timeout_ms": 0}, False),
        ({"timeout_ms": 300_001}, False),
        ({"timeout_ms": 1.5}, False),
        ({"models": [{"name": "p/a", "temperature": 0}]}, True),
        ({"models": [{"name": "p/a", "temperature": 2}]}, True),
        ({"models": [{"name": "p/a", "temperature": 2.01}]}, False),
        ({"models": [{"name": "p/a", "temperature": -0.01}]}, False),
        ({"models": [{"name": "p/a", "top_p": 0}]}, True),
        ({"models": [{"name": "p/a", "top_p": 1}]}, True),
        ({"models": [{"name": "p/a", "top_p": 1.01}]}, False),
        ({"models": [{"name": "p/a", "max_tokens": 1}]}, True),
        ({"models": [{"name": "p/a", "max_tokens": 0}]}, False),
        ({"models": [{"name": "p/a", "reasoning": "low"}]}, True),
        ({"models": [{"name": "p/a", "reasoning": "none"}]}, False),
        ({"models": [{"name": " "}]}, False),
        ({"models": [""]}, False),
        ({"models": [3]}, False),
        ({"models": [{"temperature": 1}]}, False),
        ({"input": " \n\t"}, False),
        ({"input": ""}, False),
        ({"input": None}, False),
        ({"resolution": "vote"}, False),
        ({"choices": []}, True),
        ({"choices": ["x", "y"]}, False),
        ({"resolution": "fast", "choices": ["x", "y"]}, False),
        ({"resolution": "multiple_choice"}, False),
        ({"resolution": "multiple_choice", "choices": ["x"]}, False),
        ({"resolution": "multiple_choice", "choices": ["x", "y"]}, True),
        ({"resolution": "multiple_choice", "choices": [str(n) for n in range(100)]}, True),
        ({"resolution": "multiple_choice", "choices": [str(n) for n in range(101)]}, False),
        ({"resolution": "multiple_choice", "choices": ["x", "x"]}, False),
        ({"resolution": "multiple_choice", "choices": ["x", "X"]}, True),
        ({"resolution": "multiple_choice", "choices": ["x", "x "]}, True),
        ({"resolution": "multiple_choice", "choices": ["x", " "]}, False),
        ({"resolution": "multiple_choice", "choices": ["x", ""]}, False),
        ({"resolution": "multiple_choice", "choices": ["x", "y" * 1000]}, True),
        ({"resolution": "multiple_choice", "choices": ["x", "y" * 1001]}, False),
        ({"resolution": "multiple_choice", "choices": ["x", "y"], "output_schema": {}}, False),
        ({"output_schema": []}, False),
        ({"output_schema": True}, False),
        ({"stream": "yes"}, False),
        ({"stream": 1}, False),
        ({"instructions": 5}, False),
        ({"summary_model": 5}, False),
    ],
)
def test_bounds_and_types_hold(fields: dict[str, Any], is_right: bool) -> None:
    if is_right:
        decode(**fields)
    else:
        assert refusal(**fields).code == "validation_error"


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"timeout_ms": 500_000}, "timeout_ms", ["500000", "300000"]),
        ({"max_retries": "two"}, "max_retries", ['"two"', "integer"]),
        ({"inputs": "x"}, "inputs", ["`inputs`", "Did you mean `input`"]),
        ({"models": [{"name": "a", "temprature": 1}]}, "models[0].temprature", ["temperature"]),
        ({"models": ["a", {"name": "b", "temperature": 9}]}, "models[1].temperature", ["9", "2"]),
        ({"resolution": "vote"}, "resolution", ["vote"]),
        ({"input": "  "}, "input", ["blank"]),
        ({"resolution": "multiple_choice", "choices": ["x", "x"]}, "choices[1]", ["x", "different"]),
        (
            {"resolution": "multiple_choice", "choices": ["x", "y"], "output_schema": {}},
            "output_schema",
            ["multiple_choice", "leave it out"],
        ),
    ],
)
def test_refusal_names_the_field_the_value_and_what_would_be_right(
    fields: dict[str, Any], param: str, words: list[str]
) -> None:
    refused = refusal(**fields)
    assert refused.param == param
    for word in words:
        assert word in refused.message
    assert refused.details[0]["msg"] == refused.message


def test_missing_field_is_named() -> None:
    assert refusal(b'{"input": "Q"}').param == "models"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"3",
        b"null",
        b'{"input": "Q", "models": ["a"]',
        b'{"input": "\xff\xfe", "models": ["a"]}',
        b'{"input": "\\ud800", "models": ["a"]}',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"input": "Q", "models": ["a"], "output_schema": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
        b'{"input": "Q", "models": ["a"], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"input": "Q", "models": ["a"], "timeout_ms": 1e999}',
        b'{"input": "Q", "models": ["a"], "timeout_ms": NaN}',
        b'{"input": "Q", "models": ["a"], "timeout_ms": 99999999999999999999999999999}',
    ],
)
def test_broken_bodies_are_refused_and_nothing_else(raw: bytes) -> None:
    assert refusal(raw).code == "validation_error"


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    try:
        RoundtableContract().decode(raw, INFO)
    except InvalidRequest as refused:
        assert refused.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["input", "models", "resolution", "choices", "output_schema", "stream", "max_retries", "timeout_ms", "other"]
)


@given(st.dictionaries(FIELDS, JSON, max_size=5))
def test_any_json_object_is_decoded_or_refused_with_a_sentence(fields: dict[str, Any]) -> None:
    try:
        RoundtableContract().decode(json.dumps({**BASE, **fields}).encode(), INFO)
    except InvalidRequest as refused:
        assert refused.message
        assert refused.details
