"""The anthropic dialect's answers: messages and event streams, as its servers send them, become chunks."""

import json
from typing import Any

import pytest

from local_calls import Heard, make_call
from parley.domain.errors import FailureCode, UpstreamFailure
from parley.domain.models import Capabilities, Deployment, Dialect
from parley.domain.run import FinishReason, SchemaFormat
from parley.domain.usage import Usage
from parley.providers.anthropic import read_reset_s
from parley.providers.provider import Call, CallLimits, FinishChunk, TextChunk, UsageChunk
from upstream_exchange import API_KEY, Exchange, exchange, joined_calls
from wire_server import CUT, HANG, Reply, body_reply, json_reply, sse_reply

FORCED = Capabilities(supports_structured_output=False)
OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def ask(**fields: Any) -> Call:
    return make_call("claude-x", "Hi", **fields)


def talk(call: Call, *replies: Reply) -> Exchange:
    return exchange(Dialect.ANTHROPIC, call, *replies)


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()


def start(**usage: int) -> bytes:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "stop_reason": None}
    return event("message_start", message={**message, "usage": usage} if usage else message)


def block(index: int, opening: dict, *deltas: dict) -> bytes:
    pieces = [event("content_block_delta", index=index, delta=delta) for delta in deltas]
    first = event("content_block_start", index=index, content_block=opening)
    return b"".join([first, *pieces, event("content_block_stop", index=index)])


def text_block(index: int, *texts: str) -> bytes:
    return block(index, {"type": "text", "text": ""}, *[{"type": "text_delta", "text": text} for text in texts])


def tool_block(index: int, name: str, *pieces: str, tool_id: str = "toolu_1") -> bytes:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block(index, {"type": "tool_use", "id": tool_id, "name": name, "input": {}}, *deltas)


def end(stop_reason: str = "end_turn", details: dict | None = None, **usage: Any) -> bytes:
    delta = {"stop_reason": stop_reason, "stop_sequence": None, "stop_details": details}
    return event("message_delta", delta=delta, **({"usage": usage} if usage else {})) + event("message_stop")


def message(*content: dict, stop_reason: str = "end_turn", details: dict | None = None, **usage: Any) -> Reply:
    whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": list(content)}
    ending = {"stop_reason": stop_reason, "stop_details": details}
    return json_reply({**whole, **ending, **({"usage": usage} if usage else {})})


def error(kind: str, text: str = "It did not work.") -> dict:
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_9"}


def text(said: str) -> dict:
    return {"type": "text", "text": said}


def failure_of(heard: Heard) -> UpstreamFailure:
    assert heard.failure is not None
    return heard.failure


STREAM = b"".join(
    [
        start(input_tokens=10, output_tokens=1, cache_creation_input_tokens=3, cache_read_input_tokens=4),
        event("ping"),
        block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Höre "},
            {"type": "thinking_delta", "thinking": "zu…"},
            {"type": "signature_delta", "signature": "c2ln"},
        ),
        event("a_kind_of_tomorrow", message="not an object", delta=7),
        text_block(1, "Grüße, ", "世界 ", "🙂"),
        b": a comment\n\n",
        text_block(2, " und mehr."),
        end(output_tokens=42, output_tokens_details={"thinking_tokens": 30}),
    ]
)
WHOLE = message(
    {"type": "thinking", "thinking": "Höre zu…", "signature": "c2ln"},
    {"type": "redacted_thinking", "data": "xxxx"},
    text("Grüße, 世界 🙂"),
    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
    text(" und mehr."),
    input_tokens=10,
    output_tokens=42,
    cache_creation_input_tokens=3,
    cache_read_input_tokens=4,
    output_tokens_details={"thinking_tokens": 30},
)
USAGE = Usage(17, 42, cache_read_tokens=4, cache_creation_tokens=3, reasoning_tokens=30)


def assert_is_the_golden_answer(heard: Heard) -> None:
    assert heard.failure is None
    assert heard.text == "Grüße, 世界 🙂 und mehr."
    assert heard.reasoning == "Höre zu…"
    assert heard.usage == USAGE
    assert heard.finish is FinishReason.STOP
    assert not heard.is_refused
    assert isinstance(heard.chunks[-1], FinishChunk)


def test_plain_and_streamed_answers_give_the_same_text_reasoning_usage_and_end() -> None:
    plain = talk(ask(), WHOLE).heard
    streamed = talk(ask(is_streamed=True), sse_reply(STREAM)).heard
    assert_is_the_golden_answer(plain)
    assert_is_the_golden_answer(streamed)
    assert len(plain.texts) == 1


@pytest.mark.parametrize("wire", [STREAM, STREAM.replace(b"\n", b"\r\n"), STREAM.rstrip(b"\n")])
def test_stream_cut_into_single_bytes_gives_the_same_answer(wire: bytes) -> None:
    pieces = [wire[index : index + 1] for index in range(len(wire))]
    assert_is_the_golden_answer(talk(ask(is_streamed=True), sse_reply(*pieces)).heard)


def test_request_goes_to_messages_with_key_and_version() -> None:
    request = talk(ask(), WHOLE).requests[0]
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert request.headers["x-api-key"] == API_KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers


def test_look_alike_that_ignores_stream_is_read_as_a_whole_message() -> None:
    assert_is_the_golden_answer(talk(ask(is_streamed=True), WHOLE).heard)


def test_usage_of_the_streams_start_comes_behind_its_first_text_and_is_an_estimate() -> None:
    wire = start(input_tokens=10, output_tokens=1) + text_block(0, "a", "b")
    heard = talk(ask(is_streamed=True), sse_reply(wire)).heard
    assert heard.chunks == [TextChunk("a"), UsageChunk(Usage(10, 1, is_estimate=True)), TextChunk("b")]


def test_usage_of_message_delta_is_the_sum_so_far_and_not_an_increment() -> None:
    later = event("message_delta", delta={"stop_reason": None}, usage={"input_tokens": None, "output_tokens": 20})
    wire = start(input_tokens=10, output_tokens=5) + text_block(0, "a") + later + end(output_tokens=25)
    assert talk(ask(is_streamed=True), sse_reply(wire)).heard.usage == Usage(10, 25)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_answer_without_usage_claims_none(is_streamed: bool) -> None:
    reply = sse_reply(start(), text_block(0, "ok"), end()) if is_streamed else message(text("ok"))
    heard = talk(ask(is_streamed=is_streamed), reply).heard
    assert heard.text == "ok"
    assert heard.usage is None


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize(
    ("stop_reason", "expected"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("pause_turn", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("a_reason_of_tomorrow", FinishReason.STOP),
    ],
)
def test_stop_reason_becomes_finish_reason(stop_reason: str, expected: FinishReason, is_streamed: bool) -> None:
    wire = sse_reply(start(), text_block(0, "x"), end(stop_reason))
    reply = wire if is_streamed else message(text("x"), stop_reason=stop_reason)
    assert talk(ask(is_streamed=is_streamed), reply).heard.finish is expected


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("explanation", ["This is about a weapon.", None])
def test_refusal_is_told_with_its_explanation_if_there_is_one(is_streamed: bool, explanation: str | None) -> None:
    details = {"type": "refusal", "category": "bio", "explanation": explanation}
    wire = sse_reply(start(), text_block(0, "I"), end("refusal", details))
    reply = wire if is_streamed else message(text("I"), stop_reason="refusal", details=details)
    heard = talk(ask(is_streamed=is_streamed), reply).heard
    assert heard.failure is None
    assert heard.is_refused
    assert heard.refusal == (explanation or "")
    assert heard.finish is FinishReason.STOP


TOOLS_STREAM = b"".join(
    [
        start(input_tokens=1),
        text_block(0, "Looking."),
        tool_block(1, "weather", "", '{"ci', 'ty": "Köln"}'),
        tool_block(2, "now", tool_id="toolu_2"),
        end("tool_use", output_tokens=9),
    ]
)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_tool_calls_come_in_order_with_their_arguments(is_streamed: bool) -> None:
    weather = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Köln"}}
    now = {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}
    reply = sse_reply(TOOLS_STREAM) if is_streamed else message(text("Looking."), weather, now, stop_reason="tool_use")
    heard = talk(ask(is_streamed=is_streamed), reply).heard
    calls = [(call_id, name, json.loads(arguments)) for call_id, name, arguments in joined_calls(heard.tool_calls)]
    assert calls == [("toolu_1", "weather", {"city": "Köln"}), ("toolu_2", "now", {})]
    assert heard.text == "Looking."
    assert heard.finish is FinishReason.TOOL_CALLS


@pytest.mark.parametrize("is_streamed", [True, False])
def test_input_of_a_forced_tool_is_the_answer(is_streamed: bool) -> None:
    wire = sse_reply(start(), tool_block(0, "answer", '{"n"', ": 7}"), end("tool_use"))
    whole = message({"type": "tool_use", "id": "t", "name": "answer", "input": {"n": 7}}, stop_reason="tool_use")
    call = ask(
        is_streamed=is_streamed,
        output=SchemaFormat(OBJECT),
        deployment=Deployment("anthropic", "claude-old", capabilities=FORCED),
    )
    heard = talk(call, wire if is_streamed else whole).heard
    assert json.loads(heard.text) == {"n": 7}
    assert heard.tool_calls == []
    assert heard.finish is FinishReason.STOP


@pytest.mark.parametrize("value", ['[{"a": 1}, {"b": {}}]', '"}} \\" }"', "12", '{"value": {"value": 1}}'])
@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("tail", ["}", " }", "\n}\n"])
def test_wrapped_answer_is_unwrapped_however_it_is_cut(value: str, size: int, tail: str) -> None:
    written = '{ "value" : ' + value + tail
    pieces = [written[index : index + size] for index in range(0, len(written), size)]
    wire = sse_reply(start(), tool_block(0, "answer", *pieces), end("tool_use"))
    deployment = Deployment("anthropic", "claude-old", capabilities=FORCED)
    schema = SchemaFormat({"type": "array", "items": {"type": "object"}})
    heard = talk(ask(is_streamed=True, output=schema, deployment=deployment), wire).heard
    assert heard.text == value
    raw = f'{{"type":"message","content":[{{"type":"tool_use","name":"answer","input":{written}}}]}}'.encode()
    reply = body_reply(raw, headers=[("Content-Type", "application/json")])
    assert talk(ask(output=schema, deployment=deployment), reply).heard.text == value


def test_answer_that_was_not_wrapped_after_all_comes_as_it_stands() -> None:
    wire = sse_reply(start(), tool_block(0, "answer", '{"items": [1, 2], "more": "' + "x" * 80, '"}'), end("tool_use"))
    deployment = Deployment("anthropic", "claude-old", capabilities=FORCED)
    heard = talk(ask(is_streamed=True, output=SchemaFormat({"type": "array"}), deployment=deployment), wire).heard
    assert json.loads(heard.text) == {"items": [1, 2], "more": "x" * 80}


@pytest.mark.parametrize(
    ("status", "kind", "code", "is_transient", "trips_breaker"),
    [
        (400, "invalid_request_error", FailureCode.INVALID_REQUEST, False, False),
        (401, "authentication_error", FailureCode.AUTHENTICATION, False, False),
        (402, "billing_error", FailureCode.QUOTA_EXCEEDED, False, False),
        (403, "permission_error", FailureCode.AUTHENTICATION, False, False),
        (404, "not_found_error", FailureCode.MODEL_NOT_FOUND, False, False),
        (409, "conflict_error", FailureCode.UPSTREAM_ERROR, True, False),
        (413, "request_too_large", FailureCode.CONTEXT_LENGTH_EXCEEDED, False, False),
        (422, "unprocessable", FailureCode.INVALID_REQUEST, False, False),
        (429, "rate_limit_error", FailureCode.RATE_LIMITED, True, False),
        (500, "api_error", FailureCode.UPSTREAM_ERROR, True, True),
        (503, "service_unavailable", FailureCode.UPSTREAM_ERROR, True, True),
        (504, "timeout_error", FailureCode.TIMEOUT, True, True),
        (529, "overloaded_error", FailureCode.UPSTREAM_ERROR, True, True),
    ],
)
@pytest.mark.parametrize("is_streamed", [True, False])
def test_refused_call_is_classified_by_type_and_status(
    status: int, kind: str, code: FailureCode, is_transient: bool, trips_breaker: bool, is_streamed: bool
) -> None:
    heard = talk(ask(is_streamed=is_streamed), json_reply(error(kind), status)).heard
    failure = failure_of(heard)
    assert heard.chunks == []
    assert (failure.failure.code, failure.is_transient, failure.trips_breaker) == (code, is_transient, trips_breaker)
    assert failure.status == status


def test_refusal_quotes_the_provider_and_its_request_id_but_no_key() -> None:
    reply = json_reply(error("invalid_request_error", f"bad {API_KEY}"), 400, [("request-id", "req_77")])
    failure = failure_of(talk(ask(), reply).heard).failure
    assert "req_77" in failure.message
    assert failure.provider_error == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "bad [redacted]"},
        "request_id": "req_9",
    }
    assert API_KEY not in failure.message


@pytest.mark.parametrize(
    ("kind", "code", "is_transient", "trips_breaker"),
    [
        ("overloaded_error", FailureCode.UPSTREAM_ERROR, True, True),
        ("api_error", FailureCode.UPSTREAM_ERROR, True, True),
        ("rate_limit_error", FailureCode.RATE_LIMITED, True, False),
        ("invalid_request_error", FailureCode.INVALID_REQUEST, False, False),
        ("authentication_error", FailureCode.AUTHENTICATION, False, False),
        ("error_of_tomorrow", FailureCode.UPSTREAM_ERROR, True, False),
    ],
)
def test_error_inside_of_a_stream_fails_after_the_text_before_it(
    kind: str, code: FailureCode, is_transient: bool, trips_breaker: bool
) -> None:
    wire = start(input_tokens=3) + text_block(0, "Half an") + event("error", **error(kind))
    heard = talk(ask(is_streamed=True), sse_reply(wire)).heard
    failure = failure_of(heard)
    assert heard.text == "Half an"
    assert heard.finish is None
    assert (failure.failure.code, failure.is_transient, failure.trips_breaker) == (code, is_transient, trips_breaker)
    assert kind in json.dumps(failure.failure.provider_error)


def test_error_with_status_200_where_a_message_was_asked_for_is_a_failure() -> None:
    failure = failure_of(talk(ask(), json_reply(error("overloaded_error"))).heard)
    assert (failure.failure.code, failure.is_transient) == (FailureCode.UPSTREAM_ERROR, True)


def test_retry_after_is_passed_on() -> None:
    reply = json_reply(error("rate_limit_error"), 429, [("retry-after", "7")])
    assert failure_of(talk(ask(), reply).heard).failure.retry_after_s == 7


def test_wait_is_read_from_the_used_up_bucket_that_fills_last() -> None:
    headers = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "1970-01-01T00:01:50Z",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "1970-01-01T00:02:00+00:00",
        "anthropic-ratelimit-tokens-remaining": "5",
        "anthropic-ratelimit-tokens-reset": "1970-01-01T01:00:00Z",
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "soon",
    }
    assert read_reset_s(headers, 100.0) == 20.0
    assert read_reset_s(headers, 500.0) == 0.0
    assert read_reset_s({}, 100.0) is None


@pytest.mark.parametrize(
    "wire",
    [
        (start(input_tokens=3), text_block(0, "Half")),
        (start(input_tokens=3), text_block(0, "Half"), CUT),
        (start(), text_block(0, "Half"), event("message_delta", delta={"stop_reason": "end_turn"})),
        (start(), text_block(0, "Half"), b"data: {no json\n\n"),
        (start(), text_block(0, "Half"), b"data: [1]\n\n"),
        (start(), text_block(0, "Half"), event("content_block_delta", index=0, delta="x")),
        (start(), text_block(0, "Half"), b'data: {"type": "message_delta", "delta": {"stop_reason": "\xff"}}\n\n'),
    ],
)
def test_stream_that_breaks_is_a_transient_fault_after_its_text(wire: tuple) -> None:
    heard = talk(ask(is_streamed=True), sse_reply(*wire)).heard
    failure = failure_of(heard)
    assert heard.text == "Half"
    assert heard.finish is None
    assert (failure.failure.code, failure.is_transient) == (FailureCode.UPSTREAM_ERROR, True)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"id": 1}', b'{"type": "ping"}', b'{"type":"message"'])
def test_plain_answer_that_is_no_message_is_a_transient_fault(body: bytes) -> None:
    heard = talk(ask(), body_reply(body, headers=[("Content-Type", "application/json")])).heard
    failure = failure_of(heard)
    assert (failure.failure.code, failure.is_transient) == (FailureCode.UPSTREAM_ERROR, True)


def test_stream_that_stays_open_after_message_stop_is_a_whole_answer() -> None:
    wire = sse_reply(start(), text_block(0, "All"), end(output_tokens=3), HANG)
    heard = talk(ask(is_streamed=True), wire).heard
    assert heard.failure is None
    assert heard.text == "All"
    assert heard.finish is FinishReason.STOP


@pytest.mark.parametrize(("most", "is_cut"), [(9, True), (10, False)])
@pytest.mark.parametrize("is_streamed", [True, False])
def test_answer_over_the_bound_is_cut_off(most: int, is_cut: bool, is_streamed: bool) -> None:
    reply = sse_reply(start(), text_block(0, "12345", "67890"), end()) if is_streamed else message(text("1234567890"))
    heard = talk(ask(is_streamed=is_streamed, limits=CallLimits(max_answer_bytes=most)), reply).heard
    assert heard.text == "1234567890"[:most]
    assert (heard.failure is not None) is is_cut
    if is_cut:
        assert failure_of(heard).failure.code is FailureCode.ANSWER_TOO_LARGE
