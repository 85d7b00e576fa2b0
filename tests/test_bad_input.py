"""Whatever bytes a client sends: the decoders translate them or refuse them with a sentence, and do so soon."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from parley.catalog.catalog import Catalog
from parley.domain.errors import InvalidRequest
from parley.wire.chat import ChatContract
from parley.wire.compare import CompareContract
from parley.wire.exchange import Exchange, RequestInfo
from parley.wire.roundtable import RoundtableContract

INFO = RequestInfo("req_test", 0)
ROUNDTABLE = {"input": "Q", "models": ["p/a", "p/b"]}
COMPARE = {"models": ["p/a", "p/b"], "messages": [{"role": "user", "content": "Q"}]}
CHAT = {"model": "p/a", "messages": [{"role": "user", "content": "Q"}]}

Decode = Callable[[bytes], Exchange]


def decode_roundtable(body: bytes) -> Exchange:
    return RoundtableContract().decode(body, INFO)


def decode_compare(body: bytes) -> Exchange:
    return CompareContract().decode(body, INFO)


def decode_chat(body: bytes) -> Exchange:
    return ChatContract(Catalog(())).decode(body, INFO)


FAMILIES = [(decode_roundtable, ROUNDTABLE), (decode_compare, COMPARE), (decode_chat, CHAT)]
every_family = pytest.mark.parametrize(("decode", "base"), FAMILIES, ids=["roundtable", "compare", "chat"])


def with_raw(base: dict[str, Any], field: bytes) -> bytes:
    """Return the body `base` with one more field, as it stands: JSON or not."""
    return json.dumps(base).encode()[:-1] + b", " + field + b"}"


def refusal(decode: Decode, body: bytes) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        decode(body)
    assert caught.value.message
    assert caught.value.details
    return caught.value


BROKEN = [
    b'"x": 1e999',
    b'"x": {"y": [1e999]}',
    b'"x": ' + b"1" * 5_000,
    b'"x": "\xff"',
    b'"\xff": 1',
    b'"x": "\\ud800"',
    b'"x": NaN',
    b'"x": 01',
    b'"x": ' + b"[" * 10_000 + b"]" * 10_000,
    b'"x": ' + b'{"y":' * 10_000 + b"1" + b"}" * 10_000,
    b'"x": ' + b"[" * 500 + b"]" * 500,
    b'"x": tru',
    b'"x"',
]


@every_family
@pytest.mark.parametrize("field", BROKEN)
def test_broken_value_of_an_unknown_field_is_refused(decode: Decode, base: dict[str, Any], field: bytes) -> None:
    refusal(decode, with_raw(base, field))


@pytest.mark.parametrize("value", [b"1e999", b'"\xff"', b"[" * 500 + b"]" * 500])
def test_broken_value_inside_of_stream_options_is_refused(value: bytes) -> None:
    refused = refusal(decode_chat, with_raw(CHAT, b'"stream": true, "stream_options": {"x": ' + value + b"}"))
    assert refused.param == "stream_options"


@every_family
@pytest.mark.parametrize("name", ["x" * 1_000_000, "models\n" * 100_000])
def test_endless_name_of_a_field_is_not_repeated(decode: Decode, base: dict[str, Any], name: str) -> None:
    try:
        decode(json.dumps({**base, name: 1e999 if base is CHAT else 1}).replace("Infinity", "1e999").encode())
    except InvalidRequest as refused:
        assert len(refused.message) < 500
        assert len(json.dumps(refused.details)) < 1_500
        assert len(refused.param or "") < 300


LONG = "".join(chr(0x4E00 + (place * 37 + place // 91) % 150) for place in range(20_000))
"""A text that looks for long like its own permutations: no bound on comparing them would be felt."""


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (decode_compare, {**COMPARE, "models": [LONG], "model_overrides": [{"model": LONG[1:]}]}),
        (decode_roundtable, {**ROUNDTABLE, "resolution": "summary" + " " * 60}),
        (
            decode_chat,
            {
                **CHAT,
                "tools": [
                    {"type": "function", "function": {"name": LONG[index:] + LONG[:index]}} for index in range(9)
                ],
                "tool_choice": {"type": "function", "function": {"name": LONG[1:]}},
            },
        ),
    ],
)
def test_nearest_names_are_not_sought_among_endless_ones(decode: Decode, body: dict[str, Any]) -> None:
    assert "Did you mean" not in refusal(decode, json.dumps(body).encode()).message


def test_wrong_value_in_an_object_of_texts_is_told_from_the_object() -> None:
    refused = refusal(decode_compare, json.dumps({**COMPARE, "variables": {"a": "b", "c": 3}}).encode())
    assert refused.message == "A value in variables is not right; it must be text."
    assert refused.param == "variables"
