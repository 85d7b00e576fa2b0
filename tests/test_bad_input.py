"""Whatever bytes a client sends: the decoders translate them or refuse them with a sentence, and do so soon."""

import copy
import json
import random
import re
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.catalog.catalog import Catalog
from parley.config import ConfigError, load_config
from parley.config.sections import SCALARS, override_name
from parley.domain.errors import InvalidRequest, RequestRefused, UpstreamFailure
from parley.domain.models import Dialect
from parley.domain.settings import PanelSettings, ProviderSettings, Quirks
from parley.panel.plan import Planner, SeatPlan
from parley.providers import anthropic_request, gemini_request, openai_request
from parley.providers.provider import Call
from parley.providers.sse import EventSplitter, EventTooLarge
from parley.wire.chat import ChatContract
from parley.wire.chat_body import ChatBody
from parley.wire.compare import CompareBody, CompareContract
from parley.wire.exchange import Exchange, RequestInfo
from parley.wire.roundtable import RoundtableBody, RoundtableContract

INFO = RequestInfo("req_test", 0)
ROUNDTABLE = {"input": "Q", "models": ["p/a", "p/b"]}
COMPARE = {"models": ["p/a", "p/b"], "messages": [{"role": "user", "content": "Q"}]}
CHAT = {"model": "p/a", "messages": [{"role": "user", "content": "Q"}]}

CATALOG = Catalog([ProviderSettings("p", Dialect.OPENAI, base_url="http://127.0.0.1:1/v1")])

Decode = Callable[[bytes], Exchange]


def decode_roundtable(body: bytes) -> Exchange:
    return RoundtableContract().decode(body, INFO)


def decode_compare(body: bytes) -> Exchange:
    return CompareContract().decode(body, INFO)


def decode_chat(body: bytes) -> Exchange:
    return ChatContract(CATALOG).decode(body, INFO)


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


SCALAR = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(
    {*RoundtableBody.__struct_fields__, *CompareBody.__struct_fields__, *ChatBody.__struct_fields__, "other", "user"}
)


def translated_or_refused(decode: Decode, body: bytes) -> Exchange | None:
    try:
        return decode(body)
    except InvalidRequest as refused:
        assert refused.message
        assert refused.details
        assert len(refused.message) < 1_000
    except RequestRefused as refused:
        assert refused.code in {"not_found", "model_not_found"}
    return None


@every_family
@given(raw=st.binary(max_size=200))
@settings(deadline=None, max_examples=60)
def test_any_bytes_are_translated_or_refused(decode: Decode, base: dict[str, Any], raw: bytes) -> None:
    translated_or_refused(decode, raw)
    translated_or_refused(decode, with_raw(base, b'"x": ' + raw))
    translated_or_refused(decode, with_raw(base, b'"x": "' + raw + b'"'))


@every_family
@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
@settings(deadline=None, max_examples=150)
def test_any_values_are_translated_or_refused(decode: Decode, base: dict[str, Any], fields: dict[str, Any]) -> None:
    translated_or_refused(decode, json.dumps({**base, **fields}).encode())


WORD = st.text(max_size=6)
NAME = st.text("abc_-", min_size=1, max_size=4)
OBJECT = st.dictionaries(WORD, JSON, max_size=3)
PART = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": WORD}),
    st.fixed_dictionaries(
        {
            "type": st.just("image_url"),
            "image_url": st.fixed_dictionaries(
                {"url": st.sampled_from(["data:image/png;base64,AA==", "data:,", "http://x/y", ""])},
                optional={"detail": st.none() | WORD, "other": JSON},
            ),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("input_audio"), "input_audio": st.fixed_dictionaries({"data": WORD, "format": WORD})}
    ),
    st.fixed_dictionaries({"type": WORD.map("x".__add__)}, optional={"x": JSON}),
)
TOOL_CALL = st.fixed_dictionaries(
    {"id": WORD, "function": st.fixed_dictionaries({"name": NAME}, optional={"arguments": WORD | OBJECT})},
    optional={"type": st.just("function")},
)
CONTENT = WORD | st.lists(PART, min_size=1, max_size=3)
MESSAGE = st.one_of(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "developer", "user", "assistant"]), "content": CONTENT},
        optional={"name": NAME, "reasoning_details": JSON, "refusal": JSON},
    ),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "tool_calls": st.lists(TOOL_CALL, min_size=1, max_size=2)},
        optional={"content": st.none() | CONTENT},
    ),
    st.fixed_dictionaries({"role": st.just("tool"), "tool_call_id": NAME, "content": CONTENT}),
)
TOOL = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "function": st.fixed_dictionaries({"name": NAME}, optional={"parameters": OBJECT, "description": WORD}),
    }
)
CHAT_FIELDS = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGE, min_size=1, max_size=4)},
    optional={
        "tools": st.lists(TOOL, max_size=2),
        "tool_choice": st.sampled_from(["auto", "none"]),
        "reasoning_effort": st.sampled_from(["none", "low", "max"]),
        "response_format": st.sampled_from(
            [
                {"type": "json_object"},
                {"type": "json_schema", "json_schema": {"schema": {"type": "object", "properties": {"a": {}}}}},
            ]
        ),
        "max_tokens": st.integers(1, 10**20),
        "stop": WORD | st.lists(WORD, max_size=3),
        "user": JSON,
        "metadata": JSON,
        "thinking": JSON,
        "output_config": JSON,
        "stream": st.booleans(),
    },
)


@st.composite
def with_a_fault(draw: st.DrawFn) -> dict[str, Any]:
    """A chat request of which one value, anywhere, is replaced by any other."""
    fields: dict[str, Any] = copy.deepcopy(draw(CHAT_FIELDS))
    place: Any = fields
    while True:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = draw(st.sampled_from(steps))
        if not isinstance(place[step], dict | list) or not place[step] or draw(st.booleans()):
            place[step] = draw(JSON)
            return fields
        place = place[step]


@pytest.mark.parametrize("decode", [decode_chat, decode_compare])
@given(fields=with_a_fault())
@settings(deadline=None, max_examples=200)
def test_one_fault_anywhere_in_a_conversation_is_taken_or_refused(decode: Decode, fields: dict[str, Any]) -> None:
    body = {"model": "p/a", **fields} if decode is decode_chat else {**COMPARE, "messages": fields["messages"]}
    translated_or_refused(decode, json.dumps(body).encode())


def call_of(seat: SeatPlan) -> Call:
    return Call(
        seat.routes[0].deployment,
        seat.messages,
        seat.sampling,
        seat.output,
        seat.tools,
        seat.tool_choice,
        seat.allows_parallel_tools,
        seat.is_streamed,
        extra=seat.extra,
    )


@given(fields=CHAT_FIELDS)
@settings(deadline=None, max_examples=300)
def test_any_conversation_can_be_asked_of_every_dialect_or_is_refused(fields: dict[str, Any]) -> None:
    """What passes the decoder passes the planner and becomes a body of each dialect, or the seat's failure."""
    exchange = translated_or_refused(decode_chat, json.dumps({"model": "p/a", **fields}).encode())
    if exchange is None:
        return
    call = call_of(Planner(CATALOG, PanelSettings(), random.Random(1)).plan(exchange.request).seats[0])
    for build in (
        lambda: openai_request.build_body(call, Quirks(), []),
        lambda: anthropic_request.build_request(call, frozenset()).body,
        lambda: gemini_request.build_request(call, frozenset()).body,
    ):
        try:
            body = build()
        except UpstreamFailure as failure:
            assert failure.failure.message
        else:
            assert json.loads(msgspec.json.encode(body))


STREAM_PIECES = [
    b"data:",
    b"data: ",
    b" ",
    b"x",
    b"{}",
    b"\r",
    b"\n",
    b"\r\n",
    b": c",
    b"event: e",
    "ü".encode(),
    b"\0",
]


def events_of(stream: bytes) -> list[bytes]:
    """Return the data of a stream's events by the letter of the standard, an unfinished one at the end included."""
    events, data = [], []
    for line in [*re.split(rb"\r\n|\r|\n", stream.removeprefix(b"\xef\xbb\xbf")), b""]:
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line:
            events.append(b"\n".join(data))
            data = []
    return [event for event in events if event]


@given(
    pieces=st.lists(st.sampled_from(STREAM_PIECES), max_size=30),
    has_mark=st.booleans(),
    cuts=st.lists(st.integers(0, 90), max_size=6),
)
@settings(deadline=None, max_examples=400)
def test_any_stream_gives_the_same_events_wherever_it_is_cut(
    pieces: list[bytes], has_mark: bool, cuts: list[int]
) -> None:
    stream = (b"\xef\xbb\xbf" if has_mark else b"") + b"".join(pieces)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    splitter = EventSplitter(1_000)
    found = [event for begin, end in pairwise(places) for event in splitter.feed(stream[begin:end])]
    assert [*found, *splitter.finish()] == events_of(stream)


@given(reads=st.lists(st.binary(max_size=40) | st.sampled_from(STREAM_PIECES), max_size=40))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_split_within_the_bound(reads: list[bytes]) -> None:
    splitter = EventSplitter(60)
    try:
        for read in reads:
            assert all(len(event) <= 60 + len(read) for event in splitter.feed(read))
        splitter.finish()
    except EventTooLarge as error:
        assert "60" in str(error)


KEYS = sorted({key for keys in SCALARS.values() for key in keys} | {"dialect", "models", "path", "nonsense", "headers"})
TABLES = ["server", "store", "limiter", "defaults", "retention", "telemetry", "providers", "providers.p", "panels.x"]
VALUES = st.recursive(
    st.booleans() | st.integers(-10, 10**20) | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=9),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
ENTRIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3)


def as_toml(tables: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, entries in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in entries.items())]
    return "\n".join(lines)


def configured_or_refused(text: str | bytes, environ: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parley.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        try:
            load_config(path, environ)
        except ConfigError as refused:
            assert str(refused)


@given(tables=st.dictionaries(st.sampled_from([*TABLES, 'models."p/a"', "nonsense"]), ENTRIES, max_size=4))
@settings(deadline=None, max_examples=200)
def test_any_configuration_is_read_or_refused_with_a_sentence(tables: dict[str, dict[str, Any]]) -> None:
    configured_or_refused(as_toml(tables), {})


@given(text=st.text(max_size=60) | st.binary(max_size=60))
@settings(deadline=None, max_examples=100)
def test_any_file_is_a_configuration_or_refused_with_a_sentence(text: str | bytes) -> None:
    configured_or_refused(text, {})


NAMES = sorted(override_name(section, key) for section, keys in SCALARS.items() for key in keys)


@given(
    environ=st.dictionaries(st.sampled_from([*NAMES, "PARLEY_ADMIN_KEY", "PARLEY_X"]), st.text(max_size=40), max_size=3)
)
@settings(deadline=None, max_examples=200)
def test_any_environment_is_read_or_refused_with_a_sentence(environ: dict[str, str]) -> None:
    configured_or_refused("", environ)
