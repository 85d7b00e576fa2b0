"""The openai dialect's answers: completions and chunk streams, as OpenAI and its look-alikes send them."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from local_calls import Heard, listen, make_call
from parley.domain.errors import FailureCode, UpstreamFailure
from parley.domain.models import Dialect
from parley.domain.run import FinishReason
from parley.domain.settings import ProviderSettings
from parley.domain.usage import Usage
from parley.providers.openai import OpenAIProvider
from parley.providers.openai_errors import read_reset_s
from parley.providers.provider import (
    Call,
    CallLimits,
    FinishChunk,
    LogprobsChunk,
    ReasoningChunk,
    RefusalChunk,
    TextChunk,
    UsageChunk,
)
from upstream_exchange import joined_calls
from wire_server import CUT, HANG, Pause, Reply, Step, WireServer, body_reply, json_reply, sse_reply

KEY = "sk-secret-0123456789"
STREAMED = make_call("gpt-x", "Hi", is_streamed=True)
PLAIN = make_call("gpt-x", "Hi")
USAGE = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
DONE = b"data: [DONE]\n\n"


async def converse(call: Call, replies: tuple[Reply, ...]) -> tuple[Heard, WireServer]:
    async with WireServer(*replies) as server:
        provider = OpenAIProvider(ProviderSettings("acme", Dialect.OPENAI, server.url + "/v1", KEY, is_local=True))
        try:
            return await listen(provider, call), server
        finally:
            await provider.close()


def hear(call: Call, *replies: Reply) -> Heard:
    return asyncio.run(converse(call, replies))[0]


def chunk(delta: dict | None = None, finish: str | None = None, **fields: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    frame = {"id": "c1", "object": "chat.completion.chunk", "choices": choices, **fields}
    return f"data: {json.dumps(frame, ensure_ascii=False)}\n\n".encode()


def completion(message: dict, finish: str | None = "stop", **fields: Any) -> dict:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish, "logprobs": None}
    return {"id": "c1", "object": "chat.completion", "choices": [choice], **fields}


def code_of(heard: Heard) -> tuple[FailureCode, bool, bool]:
    assert isinstance(heard.failure, UpstreamFailure)
    return heard.failure.failure.code, heard.failure.is_transient, heard.failure.trips_breaker


BROKEN = (FailureCode.UPSTREAM_ERROR, True, False)


# --- whole answers ---


def test_plain_answer_is_one_text_then_finish_then_usage() -> None:
    heard = hear(PLAIN, json_reply(completion({"content": "Grüße 🌍"}, usage=USAGE)))
    assert heard.failure is None
    assert heard.chunks == [TextChunk("Grüße 🌍"), FinishChunk(FinishReason.STOP), UsageChunk(Usage(9, 5))]


@pytest.mark.parametrize(
    "padding", [b"\n\n  \r\n", b": keep-alive\n\n: keep-alive\n\n", b"\n: OPENROUTER PROCESSING\n"]
)
def test_padding_in_front_of_a_plain_answer_is_skipped(padding: bytes) -> None:
    body = padding + json.dumps(completion({"content": "hi"})).encode() + b"\n"
    assert hear(PLAIN, body_reply(body, 200, [("Content-Type", "application/json")])).text == "hi"


def test_refusal_comes_as_refusal_and_not_as_text() -> None:
    heard = hear(PLAIN, json_reply(completion({"content": None, "refusal": "I can't."})))
    assert heard.chunks == [RefusalChunk("I can't."), FinishChunk(FinishReason.STOP)]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("model_length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("function_call", FinishReason.TOOL_CALLS),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("eos", FinishReason.STOP),
    ],
)
def test_finish_reasons_are_translated(word: str, reason: FinishReason) -> None:
    for heard in (
        hear(PLAIN, json_reply(completion({"content": "x"}, word))),
        hear(STREAMED, sse_reply(chunk({"content": "x"}) + chunk({}, word))),
    ):
        assert heard.chunks[-1] == FinishChunk(reason)


def test_content_in_parts_is_joined_by_kind() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Let me"}, {"type": "text", "text": " see."}]},
        {"type": "text", "text": "Yes"},
        {"type": "reference", "reference_ids": [1]},
        {"type": "text", "text": ", it is."},
    ]
    heard = hear(PLAIN, json_reply(completion({"content": parts})))
    assert heard.chunks[:2] == [ReasoningChunk("Let me see."), TextChunk("Yes, it is.")]


@pytest.mark.parametrize(
    "fields", [{"reasoning": "Hm."}, {"reasoning_content": "Hm."}, {"reasoning": "Hm.", "reasoning_content": "Hm."}]
)
def test_reasoning_is_read_by_both_names_and_once(fields: dict) -> None:
    expected = [ReasoningChunk("Hm."), TextChunk("x")]
    assert hear(PLAIN, json_reply(completion({"content": "x", **fields}))).chunks[:2] == expected
    assert hear(STREAMED, sse_reply(chunk(fields), chunk({"content": "x"}, "stop"))).chunks[:2] == expected


@pytest.mark.parametrize(
    "arguments", ['{"city": "Rom"}', {"city": "Rom"}], ids=["as text", "as an object, like older local servers"]
)
def test_tool_calls_of_a_plain_answer(arguments: object) -> None:
    calls = [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": arguments}}]
    heard = hear(PLAIN, json_reply(completion({"content": None, "tool_calls": calls}, "tool_calls")))
    [(call_id, name, text)] = joined_calls(heard.tool_calls)
    assert (call_id, name, json.loads(text)) == ("call_1", "weather", {"city": "Rom"})


def test_logprobs_are_handed_on_as_they_are() -> None:
    body = completion({"content": "x"})
    body["choices"][0]["logprobs"] = {"content": [{"token": "x", "logprob": -0.5}]}
    assert LogprobsChunk({"content": [{"token": "x", "logprob": -0.5}]}) in hear(PLAIN, json_reply(body)).chunks


def test_further_choices_are_left_out() -> None:
    body = completion({"content": "first"})
    body["choices"].append({"index": 1, "message": {"content": "second"}, "finish_reason": "stop"})
    assert hear(PLAIN, json_reply(body)).texts == ["first"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": 5}]}',
        b'{"a": "\xff"}',
        b'{"a":' + b"[" * 5000,
    ],
)
def test_plain_body_that_is_no_completion_is_a_transient_upstream_error(body: bytes) -> None:
    assert code_of(hear(PLAIN, body_reply(body, 200, [("Content-Type", "application/json")]))) == BROKEN


# --- streams ---

TRANSCRIPT = (
    b": OPENROUTER PROCESSING\n\n"
    + chunk({"role": "assistant", "content": ""}, usage=None)
    + chunk({"reasoning": "Hmm, grüß"})
    + chunk({"content": "Grüße"}, obfuscation="x7")
    + b"event: ping\ndata:\n\n"
    + chunk({"content": " 🌍!"})
    + chunk({"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}]})
    + chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a":"ä'}}]})
    + chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"}'}}]})
    + chunk({}, "tool_calls")
    + chunk(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 4}})
)


def check_transcript(heard: Heard) -> None:
    assert heard.failure is None
    assert heard.text == "Grüße 🌍!"
    assert "".join([item.text for item in heard.chunks if isinstance(item, ReasoningChunk)]) == "Hmm, grüß"
    assert joined_calls(heard.tool_calls) == [("c1", "f", '{"a":"ä"}')]
    assert FinishChunk(FinishReason.TOOL_CALLS) in heard.chunks
    assert heard.chunks[-1] == UsageChunk(Usage(9, 5, cache_read_tokens=4))


async def hear_every_cut(transcript: bytes) -> None:
    cuts = range(1, len(transcript))
    turns = [Pause(0)] * 3  # of the event loop, so that the client reads the first part by itself
    replies = [sse_reply(transcript[:cut], *turns, transcript[cut:]) for cut in cuts]
    async with WireServer(*replies) as server:
        provider = OpenAIProvider(ProviderSettings("acme", Dialect.OPENAI, server.url, is_local=True))
        for _ in cuts:
            check_transcript(await listen(provider, STREAMED))
        await provider.close()
        assert server.connections == 1


@pytest.mark.parametrize(
    ("ending", "done"),
    [(b"\n", DONE), (b"\r\n", b"data: [DONE]"), (b"\r\n", b"")],
    ids=["LF", "CRLF, no last blank line", "CRLF, no done"],
)
def test_stream_reads_the_same_wherever_it_is_cut(ending: bytes, done: bytes) -> None:
    asyncio.run(hear_every_cut((TRANSCRIPT + done).replace(b"\n", ending)))


def test_stream_reads_the_same_byte_by_byte() -> None:
    steps = [TRANSCRIPT[at : at + 1] for at in range(len(TRANSCRIPT))]
    check_transcript(hear(STREAMED, sse_reply(*steps)))


def test_last_frame_counts_without_its_blank_line() -> None:
    heard = hear(STREAMED, sse_reply(chunk({"content": "x"}, "stop"), chunk(usage=USAGE).rstrip()))
    assert heard.chunks[-1] == UsageChunk(Usage(9, 5))


def test_missing_usage_is_no_failure_and_no_zero() -> None:
    for usage in ({}, {"usage": None}, {"usage": {}}, {"usage": {"prompt_tokens": 0, "completion_tokens": 0}}):
        heard = hear(STREAMED, sse_reply(chunk({"content": "x"}, "stop", **usage), DONE))
        assert heard.failure is None
        assert heard.chunks == [TextChunk("x"), FinishChunk(FinishReason.STOP)]


def test_plain_json_in_answer_to_a_streamed_call_is_taken() -> None:
    heard = hear(STREAMED, json_reply(completion({"content": "whole"}, usage=USAGE)))
    assert heard.failure is None
    assert heard.chunks == [TextChunk("whole"), FinishChunk(FinishReason.STOP), UsageChunk(Usage(9, 5))]


@pytest.mark.parametrize(
    "frame", [b"data: {broken\n\n", b"data: 7\n\n", b'data: {"choices": 7}\n\n', b'data: {"a":' + b"[" * 5000 + b"\n\n"]
)
def test_garbage_inside_a_stream_is_a_transient_upstream_error(frame: bytes) -> None:
    heard = hear(STREAMED, sse_reply(chunk({"content": "so far"}), frame))
    assert heard.text == "so far"
    assert code_of(heard) == BROKEN


def test_stream_that_ends_early_is_a_transient_upstream_error() -> None:
    heard = hear(STREAMED, sse_reply(chunk({"content": "so far"})))
    assert heard.text == "so far"
    assert code_of(heard) == BROKEN


def test_stream_without_a_single_frame_is_a_transient_upstream_error() -> None:
    assert code_of(hear(STREAMED, sse_reply(b": nothing\n\n"))) == BROKEN


def test_stream_may_end_with_done_alone() -> None:
    assert hear(STREAMED, sse_reply(chunk({"content": "x"}), DONE)).failure is None


@pytest.mark.parametrize("end", [CUT, HANG], ids=["cut", "silent"])
def test_connection_lost_after_the_model_has_stopped_costs_nothing(end: Step) -> None:
    limits = CallLimits(stall_s=0.03)
    call = make_call("gpt-x", "Hi", is_streamed=True, limits=limits)
    heard = hear(call, sse_reply(chunk({"content": "x"}, "stop"), Pause(0.005), end))
    assert heard.failure is None
    assert heard.text == "x"


def test_silence_before_the_model_has_stopped_is_a_timeout() -> None:
    call = make_call("gpt-x", "Hi", is_streamed=True, limits=CallLimits(stall_s=0.03))
    assert code_of(hear(call, sse_reply(chunk({"content": "x"}), HANG))) == (FailureCode.TIMEOUT, True, True)


def test_connection_serves_the_next_call_after_a_stream_and_after_a_refusal() -> None:
    async def run() -> int:
        stream = sse_reply(chunk({"content": "x"}, "stop"), DONE, Pause(0.002))
        async with WireServer(stream, json_reply({"error": {}}, 429), stream) as server:
            provider = OpenAIProvider(ProviderSettings("acme", Dialect.OPENAI, server.url, is_local=True))
            for _ in range(3):
                await listen(provider, STREAMED)
            await provider.close()
            return server.connections

    assert asyncio.run(run()) == 1


def test_text_arrives_when_it_is_sent_and_closing_closes_the_connection() -> None:
    async def run() -> None:
        async with WireServer(sse_reply(chunk({"content": "first"}), HANG)) as server:
            provider = OpenAIProvider(ProviderSettings("acme", Dialect.OPENAI, server.url, is_local=True))
            stream = provider.stream(STREAMED)
            assert await anext(stream) == TextChunk("first")
            await stream.aclose()  # type: ignore[attr-defined]
            await asyncio.wait_for(server.gone.wait(), 2)
            await provider.close()

    asyncio.run(run())


# --- bounds ---


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(
    ("bound", "kept"), [(13, "Grüße 🌍"), (12, "Grüße 🌍"), (11, "Grüße "), (4, "Grü"), (3, "Gr"), (1, "G")]
)
def test_answer_is_cut_at_the_bound_between_characters(bound: int, kept: str, is_streamed: bool) -> None:
    call = make_call("gpt-x", "Hi", is_streamed=is_streamed, limits=CallLimits(max_answer_bytes=bound))
    streamed = sse_reply(chunk({"content": "Grü"}), chunk({"content": "ße 🌍"}), chunk({}, "stop"), DONE)
    heard = hear(call, streamed if is_streamed else json_reply(completion({"content": "Grüße 🌍"})))
    assert heard.text == kept
    if bound >= 12:
        assert heard.failure is None
    else:
        assert code_of(heard) == (FailureCode.ANSWER_TOO_LARGE, False, False)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x" * 100},
        {"reasoning": "x" * 100},
        {"refusal": "x" * 100},
        {"tool_calls": [{"index": 0, "function": {"arguments": "x" * 100}}]},
    ],
    ids=["text", "reasoning", "refusal", "tool call"],
)
def test_endless_answer_of_any_kind_is_cut_off_upstream(delta: dict) -> None:
    async def run() -> None:
        async with WireServer(sse_reply(*[chunk(delta)] * 20, HANG)) as server:
            provider = OpenAIProvider(ProviderSettings("acme", Dialect.OPENAI, server.url, is_local=True))
            limits = CallLimits(max_answer_bytes=1000)
            heard = await listen(provider, make_call("gpt-x", "Hi", is_streamed=True, limits=limits))
            assert code_of(heard) == (FailureCode.ANSWER_TOO_LARGE, False, False)
            await asyncio.wait_for(server.gone.wait(), 2)
            await provider.close()

    asyncio.run(run())


# --- usage ---


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (USAGE, Usage(9, 5)),
        (
            {
                **USAGE,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 3, "accepted_prediction_tokens": 0},
            },
            Usage(9, 5, cache_read_tokens=4, cache_creation_tokens=2, reasoning_tokens=3),
        ),
        ({**USAGE, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 3}, Usage(9, 5, cache_read_tokens=6)),
        ({**USAGE, "prompt_tokens_details": None, "completion_tokens_details": None}, Usage(9, 5)),
        ({**USAGE, "cost": 0.000123}, Usage(9, 5, upstream_cost_usd=Decimal("0.000123"))),
        ({**USAGE, "cost": "0.5"}, Usage(9, 5, upstream_cost_usd=Decimal("0.5"))),
        ({**USAGE, "cost": -1}, Usage(9, 5)),
        ({**USAGE, "cost": 1e300}, Usage(9, 5)),
        ({"prompt_tokens": 9.0, "completion_tokens": 5.0}, Usage(9, 5)),
        ({"prompt_tokens": 9, "completion_tokens": None}, Usage(9, 0)),
        ({"prompt_tokens": -9, "completion_tokens": 5}, Usage(0, 5)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "total_tokens": 34,
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
            Usage(9, 25, reasoning_tokens=20),
        ),
    ],
    ids=lambda value: "" if isinstance(value, Usage) else ",".join(value),
)
def test_usage_is_the_same_streamed_and_plain(usage: dict, expected: Usage) -> None:
    plain = hear(PLAIN, json_reply(completion({"content": "x"}, usage=usage)))
    streamed = hear(STREAMED, sse_reply(chunk({"content": "x"}, "stop"), chunk(usage=usage), DONE))
    assert plain.chunks[-1] == streamed.chunks[-1] == UsageChunk(expected)


# --- errors ---

ERRORS = [
    (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, FailureCode.QUOTA_EXCEEDED, False),
    (429, {"code": "rate_limit_exceeded", "type": "tokens"}, FailureCode.RATE_LIMITED, True),
    (413, {"code": "rate_limit_exceeded", "type": "tokens"}, FailureCode.RATE_LIMITED, True),
    (400, {"code": "context_length_exceeded"}, FailureCode.CONTEXT_LENGTH_EXCEEDED, False),
    (400, {"code": 400, "type": "exceed_context_size_error"}, FailureCode.CONTEXT_LENGTH_EXCEEDED, False),
    (400, {"code": "content_filter"}, FailureCode.CONTENT_FILTERED, False),
    (400, {"code": "content_policy_violation"}, FailureCode.CONTENT_FILTERED, False),
    (403, {"code": 403, "metadata": {"flagged_input": "…"}}, FailureCode.CONTENT_FILTERED, False),
    (400, {"code": "model_decommissioned"}, FailureCode.MODEL_NOT_FOUND, False),
    (404, {"code": "model_not_found", "type": "invalid_request_error"}, FailureCode.MODEL_NOT_FOUND, False),
    (400, {"code": 400, "type": "invalid_request_error"}, FailureCode.INVALID_REQUEST, False),
    (400, {"code": "json_validate_failed"}, FailureCode.UPSTREAM_ERROR, True),
    (401, {"code": "invalid_api_key", "type": "invalid_request_error"}, FailureCode.AUTHENTICATION, False),
    (402, {"code": 402}, FailureCode.QUOTA_EXCEEDED, False),
    (500, {"type": "server_error", "code": None}, FailureCode.UPSTREAM_ERROR, True),
    (503, {"type": "unavailable_error", "code": 503}, FailureCode.UPSTREAM_ERROR, True),
]


@pytest.mark.parametrize("call", [PLAIN, STREAMED], ids=["plain", "streamed"])
@pytest.mark.parametrize(("status", "error", "code", "is_transient"), ERRORS)
def test_errors_are_classified_by_status_and_code(
    status: int, error: dict, code: FailureCode, is_transient: bool, call: Call
) -> None:
    heard = hear(call, json_reply({"error": {"message": "quota rate context filter", **error}}, status))
    assert code_of(heard) == (code, is_transient, status >= 500)
    assert heard.failure is not None
    assert heard.failure.status == status


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "OpenAI's way"}}, "OpenAI's way"),
        ({"error": "LM Studio's way"}, "LM Studio's way"),
        ({"code": "invalid-argument", "error": "xAI's way"}, "xAI's way"),
        ({"object": "error", "message": "vLLM's way", "type": "BadRequestError", "code": 400}, "vLLM's way"),
        ({"detail": "FastAPI's way"}, "FastAPI's way"),
        ({"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]}, "messages: Field"),
        (
            {"object": "error", "message": {"detail": [{"type": "missing", "loc": ["body", "x"], "msg": "Mistral's"}]}},
            "x: Mistral's",
        ),
    ],
)
def test_error_bodies_of_all_vendors_give_their_message(body: dict, message: str) -> None:
    heard = hear(PLAIN, json_reply(body, 400))
    assert heard.failure is not None
    assert message in heard.failure.failure.message
    assert heard.failure.failure.provider_error == body


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b"5", b'{"error": {"message": ["x"]}}', b"[" * 5000])
def test_error_bodies_of_no_known_shape_are_classified_by_status(body: bytes) -> None:
    assert code_of(hear(PLAIN, body_reply(body, 400))) == (FailureCode.INVALID_REQUEST, False, False)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"message": "x", "type": "server_error"}, (FailureCode.UPSTREAM_ERROR, True, True)),
        ({"message": "x", "code": 502}, (FailureCode.UPSTREAM_ERROR, True, True)),
        ({"message": "x", "code": "429"}, (FailureCode.RATE_LIMITED, True, False)),
        ({"message": "x", "code": "rate_limit_exceeded"}, (FailureCode.RATE_LIMITED, True, False)),
        ({"message": "x", "type": "invalid_request_error"}, (FailureCode.INVALID_REQUEST, False, False)),
        ({"message": "x", "code": "context_length_exceeded"}, (FailureCode.CONTEXT_LENGTH_EXCEEDED, False, False)),
        ({"message": "x"}, BROKEN),
        ("x", BROKEN),
    ],
)
def test_errors_after_a_good_status_are_classified_alike(
    error: object, expected: tuple[FailureCode, bool, bool]
) -> None:
    streamed = hear(STREAMED, sse_reply(chunk({"content": "so far"}), chunk({}, "error", error=error)))
    assert streamed.text == "so far"
    assert code_of(streamed) == expected
    assert code_of(hear(PLAIN, json_reply({"error": error}))) == expected
    body = completion({"content": "half"}, "error")
    body["choices"][0]["error"] = error
    assert code_of(hear(PLAIN, json_reply(body))) == expected


@pytest.mark.parametrize("word", ["error", "insufficient_system_resource"])
def test_model_that_breaks_down_without_a_word_is_a_transient_upstream_error(word: str) -> None:
    assert code_of(hear(STREAMED, sse_reply(chunk({"content": "x"}), chunk({}, word)))) == BROKEN


def test_key_never_comes_back_in_an_error() -> None:
    frame = chunk({}, "error", error={"message": f"key {KEY} is bad", "code": 500})
    for heard in (
        hear(PLAIN, json_reply({"error": {"message": f"Incorrect key {KEY}", "code": KEY}}, 400)),
        hear(STREAMED, sse_reply(frame)),
    ):
        assert heard.failure is not None
        assert KEY not in repr(heard.failure.failure)
        assert "[redacted]" in heard.failure.failure.message


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"remaining-requests": "0", "reset-requests": "12ms", "remaining-tokens": "5", "reset-tokens": "6m0s"}, 0.012),
        ({"remaining-requests": "0", "reset-requests": "1s", "remaining-tokens": "0", "reset-tokens": "6m0s"}, 360),
        ({"remaining-requests": "0", "reset-requests": "1h2m3.5s"}, 3723.5),
        ({"remaining-requests": "3", "reset-requests": "1s"}, None),
        ({"remaining-requests": "0", "reset-requests": "-1"}, None),
        ({"remaining-requests": "0", "reset-requests": "1s soon"}, None),
        ({"remaining-requests": "0"}, None),
        ({}, None),
    ],
)
def test_used_up_buckets_tell_how_long_to_wait(headers: dict[str, str], wait_s: float | None) -> None:
    assert read_reset_s({f"x-ratelimit-{name}": value for name, value in headers.items()}) == wait_s


def test_wait_of_a_used_up_bucket_counts_without_retry_after_only() -> None:
    bucket = [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0s")]
    for headers, wait_s in ((bucket, 360), ([*bucket, ("Retry-After", "2")], 2)):
        heard = hear(PLAIN, json_reply({"error": {"message": "slow down"}}, 429, headers))
        assert heard.failure is not None
        assert heard.failure.failure.retry_after_s == wait_s
