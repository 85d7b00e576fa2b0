"""The gemini dialect's answers: responses and streams of them, as Google's servers send them, become chunks."""

import json
from typing import Any

import pytest

from local_calls import Heard, make_call
from parley.domain.errors import FailureCode, UpstreamFailure
from parley.domain.models import Dialect
from parley.domain.run import FinishReason
from parley.domain.usage import Usage
from parley.providers.provider import Call, CallLimits, FinishChunk, TextChunk, UsageChunk
from upstream_exchange import API_KEY, Exchange, exchange, joined_calls
from wire_server import CUT, Reply, body_reply, json_reply, sse_reply


def ask(model: str = "gemini-x", **fields: Any) -> Call:
    return make_call(model, "Hi", **fields)


def talk(call: Call, *replies: Reply) -> Exchange:
    return exchange(Dialect.GEMINI, call, *replies)


def candidate(*parts: dict, finish: str | None = None, **fields: Any) -> dict:
    content = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    return {"index": 0, **content, **({"finishReason": finish} if finish else {}), **fields}


def response(*candidates: dict, usage: dict | None = None, **fields: Any) -> dict:
    counted = {"usageMetadata": usage} if usage else {}
    return {"candidates": list(candidates), **counted, "modelVersion": "gemini-x", "responseId": "r1", **fields}


def sse(*responses: dict) -> bytes:
    return b"".join(f"data: {json.dumps(one, ensure_ascii=False)}\r\n\r\n".encode() for one in responses)


def answer_of(is_streamed: bool, *responses: dict) -> Reply:
    """Return the last response as a whole answer, or all of them as a stream."""
    return sse_reply(sse(*responses)) if is_streamed else json_reply(responses[-1])


def error(code: int, status: str, *details: dict, message: str = "It did not work.") -> dict:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def failure_of(heard: Heard) -> UpstreamFailure:
    assert heard.failure is not None
    return heard.failure


FINAL_USAGE = {
    "promptTokenCount": 20,
    "candidatesTokenCount": 12,
    "thoughtsTokenCount": 30,
    "cachedContentTokenCount": 8,
    "toolUsePromptTokenCount": 5,
    "totalTokenCount": 67,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
}
USAGE = Usage(25, 42, cache_read_tokens=8, reasoning_tokens=30)
STREAM = sse(
    response(candidate({"text": "Höre ", "thought": True}), usage={"promptTokenCount": 20, "thoughtsTokenCount": 9}),
    response(candidate({"text": "zu…", "thought": True})),
    response(candidate({"text": "Grüße, "}), usage={"promptTokenCount": 20, "candidatesTokenCount": 2}),
    response(candidate({"text": "世界 "}, {"text": "🙂"}), kind_of_tomorrow={"a": [1]}),
    response(candidate({"text": "", "thoughtSignature": "c2ln"}, finish="STOP"), usage=FINAL_USAGE),
)
WHOLE = response(
    candidate({"text": "Höre zu…", "thought": True}, {"text": "Grüße, "}, {"text": "世界 🙂"}, finish="STOP"),
    candidate({"text": "another"}, finish="SAFETY", index=1),
    usage=FINAL_USAGE,
)


def assert_is_the_golden_answer(heard: Heard) -> None:
    assert heard.failure is None
    assert heard.text == "Grüße, 世界 🙂"
    assert heard.reasoning == "Höre zu…"
    assert heard.usage == USAGE
    assert heard.finish is FinishReason.STOP
    assert isinstance(heard.chunks[-1], FinishChunk)


def test_plain_and_streamed_answers_give_the_same_text_reasoning_usage_and_end() -> None:
    plain = talk(ask(), json_reply(WHOLE)).heard
    streamed = talk(ask(is_streamed=True), sse_reply(STREAM)).heard
    assert_is_the_golden_answer(plain)
    assert_is_the_golden_answer(streamed)
    assert len(plain.texts) == 1
    assert streamed.texts == ["Grüße, ", "世界 🙂"]


@pytest.mark.parametrize("wire", [STREAM, STREAM.replace(b"\r\n", b"\n"), STREAM.rstrip(b"\r\n")])
def test_stream_cut_into_single_bytes_gives_the_same_answer(wire: bytes) -> None:
    pieces = [wire[index : index + 1] for index in range(len(wire))]
    assert_is_the_golden_answer(talk(ask(is_streamed=True), sse_reply(*pieces)).heard)


def test_array_of_responses_is_read_where_a_server_ignores_alt_sse() -> None:
    reply = json_reply([json.loads(line[6:]) for line in STREAM.decode().split("\r\n") if line])
    assert_is_the_golden_answer(talk(ask(is_streamed=True), reply).heard)


@pytest.mark.parametrize(
    ("model", "is_streamed", "path"),
    [
        ("gemini-x", False, "/v1beta/models/gemini-x:generateContent"),
        ("gemini-x", True, "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"),
        ("a/b?c#d e%", False, "/v1beta/models/a%2Fb%3Fc%23d%20e%25:generateContent"),
        ("../../v1/files", True, "/v1beta/models/..%2F..%2Fv1%2Ffiles:streamGenerateContent?alt=sse"),
    ],
)
def test_model_is_one_segment_of_the_path(model: str, is_streamed: bool, path: str) -> None:
    talked = talk(ask(model, is_streamed=is_streamed), answer_of(is_streamed, WHOLE))
    assert talked.heard.failure is None
    assert (talked.requests[0].method, talked.requests[0].path) == ("POST", path)


def test_key_goes_in_its_header_and_nowhere_else() -> None:
    request = talk(ask(), json_reply(WHOLE)).requests[0]
    assert request.headers["x-goog-api-key"] == API_KEY
    assert "authorization" not in request.headers
    assert API_KEY not in request.path


@pytest.mark.parametrize("is_streamed", [True, False])
def test_answer_without_usage_claims_none(is_streamed: bool) -> None:
    heard = talk(
        ask(is_streamed=is_streamed), answer_of(is_streamed, response(candidate({"text": "ok"}, finish="STOP")))
    )
    assert heard.heard.text == "ok"
    assert heard.heard.usage is None


def test_last_usage_counts_and_those_before_the_end_are_estimates() -> None:
    wire = sse(
        response(candidate({"text": "a"}), usage={"promptTokenCount": 4, "candidatesTokenCount": 1}),
        response(candidate({"text": "b"}, finish="STOP"), usage={"promptTokenCount": 4, "candidatesTokenCount": 2}),
    )
    heard = talk(ask(is_streamed=True), sse_reply(wire)).heard
    assert heard.chunks == [
        TextChunk("a"),
        UsageChunk(Usage(4, 1, is_estimate=True)),
        TextChunk("b"),
        UsageChunk(Usage(4, 2)),
        FinishChunk(FinishReason.STOP),
    ]


FILTERS = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_RECITATION")


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        *[(name, FinishReason.CONTENT_FILTER) for name in FILTERS],
    ],
)
def test_finish_reason_is_mapped(reason: str, expected: FinishReason, is_streamed: bool) -> None:
    reply = answer_of(is_streamed, response(candidate({"text": "x"}, finish=reason)))
    heard = talk(ask(is_streamed=is_streamed), reply).heard
    assert heard.failure is None
    assert heard.finish is expected


@pytest.mark.parametrize("is_streamed", [True, False])
def test_blocked_answer_without_content_ends_in_the_content_filter(is_streamed: bool) -> None:
    blocked = response(candidate(finish="SAFETY", safetyRatings=[]), usage={"promptTokenCount": 3})
    heard = talk(ask(is_streamed=is_streamed), answer_of(is_streamed, blocked)).heard
    assert heard.chunks == [UsageChunk(Usage(3, 0)), FinishChunk(FinishReason.CONTENT_FILTER)]


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", "MODEL_ARMOR", "JAILBREAK", "OTHER"])
def test_blocked_prompt_is_a_filtered_failure_with_its_usage(reason: str, is_streamed: bool) -> None:
    blocked = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 3}}
    heard = talk(ask(is_streamed=is_streamed), answer_of(is_streamed, blocked)).heard
    failure = failure_of(heard)
    assert heard.chunks == [UsageChunk(Usage(3, 0))]
    assert (failure.failure.code, failure.is_transient) == (FailureCode.CONTENT_FILTERED, False)
    assert reason in failure.failure.message


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize(
    ("reason", "is_transient"),
    [
        ("MALFORMED_FUNCTION_CALL", True),
        ("UNEXPECTED_TOOL_CALL", True),
        ("TOO_MANY_TOOL_CALLS", True),
        ("OTHER", True),
        ("LANGUAGE", False),
        ("NO_IMAGE", False),
        ("REASON_OF_TOMORROW", False),
    ],
)
def test_answer_that_ends_in_a_fault_is_an_upstream_error(reason: str, is_transient: bool, is_streamed: bool) -> None:
    reply = answer_of(is_streamed, response(candidate({"text": "x"}, finish=reason), usage={"promptTokenCount": 3}))
    heard = talk(ask(is_streamed=is_streamed), reply).heard
    failure = failure_of(heard)
    assert (failure.failure.code, failure.is_transient) == (FailureCode.UPSTREAM_ERROR, is_transient)
    assert (failure.trips_breaker, reason in failure.failure.message) == (False, True)
    assert (heard.text, heard.usage, heard.finish) == ("x", Usage(3, 0), None)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_tool_calls_come_in_order_with_ids_given_or_made(is_streamed: bool) -> None:
    weather = {
        "functionCall": {"name": "weather", "args": {"city": "Köln"}, "id": "fc_1"},
        "thoughtSignature": "c2ln/+=",
    }
    bare = {"functionCall": {"name": "now"}}
    twin = {"functionCall": {"name": "now", "args": {}}}
    empty = response(candidate(finish="STOP"))
    whole = response(candidate({"text": "Looking."}, weather, bare, twin, finish="STOP"))
    parts = [response(candidate({"text": "Looking."}, weather)), response(candidate(bare)), response(candidate(twin))]
    reply = answer_of(is_streamed, *parts, empty) if is_streamed else json_reply(whole)
    heard = talk(ask(is_streamed=is_streamed), reply).heard
    calls = joined_calls(heard.tool_calls)
    assert [(name, json.loads(arguments)) for _, name, arguments in calls] == [
        ("weather", {"city": "Köln"}),
        ("now", {}),
        ("now", {}),
    ]
    assert calls[0][0] == "fc_1~sig~c2ln/+="
    assert calls[1][0].startswith("call_parley_")
    assert calls[1][0] != calls[2][0]
    assert heard.text == "Looking."
    assert heard.finish is FinishReason.TOOL_CALLS


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
NO_BILLING = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BILLING_DISABLED"}
DAILY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
}
ODD = {"retryDelay": 5, "reason": ["x"]}

ERRORS = [
    (400, "INVALID_ARGUMENT", (), FailureCode.INVALID_REQUEST, False, False),
    (400, "INVALID_ARGUMENT", (BAD_KEY,), FailureCode.AUTHENTICATION, False, False),
    (400, "FAILED_PRECONDITION", (), FailureCode.INVALID_REQUEST, False, False),
    (401, "UNAUTHENTICATED", (), FailureCode.AUTHENTICATION, False, False),
    (403, "PERMISSION_DENIED", (), FailureCode.AUTHENTICATION, False, False),
    (403, "PERMISSION_DENIED", (NO_BILLING,), FailureCode.QUOTA_EXCEEDED, False, False),
    (404, "NOT_FOUND", (), FailureCode.MODEL_NOT_FOUND, False, False),
    (429, "RESOURCE_EXHAUSTED", (DAILY, ODD, RETRY_INFO), FailureCode.RATE_LIMITED, True, False),
    (500, "INTERNAL", (), FailureCode.UPSTREAM_ERROR, True, True),
    (503, "UNAVAILABLE", (), FailureCode.UPSTREAM_ERROR, True, True),
    (504, "DEADLINE_EXCEEDED", (), FailureCode.TIMEOUT, True, True),
    (502, "STATUS_OF_TOMORROW", (), FailureCode.UPSTREAM_ERROR, True, True),
]


@pytest.mark.parametrize(("code", "status", "details", "meaning", "is_transient", "trips_breaker"), ERRORS)
@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("is_array", [True, False])
def test_refused_call_is_classified_by_status_and_details(
    code: int,
    status: str,
    details: tuple,
    meaning: FailureCode,
    is_transient: bool,
    trips_breaker: bool,
    is_streamed: bool,
    is_array: bool,
) -> None:
    body = error(code, status, *details)
    heard = talk(ask(is_streamed=is_streamed), json_reply([body] if is_array else body, code)).heard
    failure = failure_of(heard)
    assert heard.chunks == []
    assert (failure.failure.code, failure.is_transient, failure.trips_breaker) == (meaning, is_transient, trips_breaker)
    assert failure.status == code
    assert failure.failure.retry_after_s == (34.07 if RETRY_INFO in details else None)


@pytest.mark.parametrize(("code", "status", "details", "meaning", "is_transient", "trips_breaker"), ERRORS)
def test_error_inside_of_a_stream_fails_after_the_text_before_it(
    code: int, status: str, details: tuple, meaning: FailureCode, is_transient: bool, trips_breaker: bool
) -> None:
    wire = sse(response(candidate({"text": "Half an"})), error(code, status, *details))
    heard = talk(ask(is_streamed=True), sse_reply(wire)).heard
    failure = failure_of(heard)
    assert heard.text == "Half an"
    assert heard.finish is None
    assert (failure.failure.code, failure.is_transient, failure.trips_breaker) == (meaning, is_transient, trips_breaker)
    assert failure.status == code


def test_error_body_that_is_not_geminis_is_classified_by_status() -> None:
    for body in (b"upstream connect error", b"[]", b'{"error": "text"}', b""):
        reply = body_reply(body, 503, [("Content-Type", "text/plain")])
        failure = failure_of(talk(ask(), reply).heard)
        assert (failure.failure.code, failure.is_transient, failure.status) == (FailureCode.UPSTREAM_ERROR, True, 503)


def test_providers_error_is_kept_without_our_key() -> None:
    body = error(400, "INVALID_ARGUMENT", message=f"key {API_KEY} is odd")
    failure = failure_of(talk(ask(), json_reply(body, 400)).heard).failure
    assert failure.provider_error == error(400, "INVALID_ARGUMENT", message="key [redacted] is odd")
    assert API_KEY not in failure.message


@pytest.mark.parametrize(
    "wire",
    [
        (sse(response(candidate({"text": "Half"}))),),
        (sse(response(candidate({"text": "Half"}))), CUT),
        (sse(response(candidate({"text": "Half"}))), b"data: {no json\n\n"),
        (sse(response(candidate({"text": "Half"}))), b"data: 7\n\n"),
        (sse(response(candidate({"text": "Half"}))), b'data: {"candidates": [{"finishReason": "\xff"}]}\n\n'),
        (sse(response(candidate({"text": "Half"})), response(usage={"promptTokenCount": 1})),),
    ],
)
def test_stream_without_a_finish_reason_is_a_transient_fault_after_its_text(wire: tuple) -> None:
    heard = talk(ask(is_streamed=True), sse_reply(*wire)).heard
    failure = failure_of(heard)
    assert heard.text == "Half"
    assert heard.finish is None
    assert (failure.failure.code, failure.is_transient) == (FailureCode.UPSTREAM_ERROR, True)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"7", b"{}", b'{"candidates": []}', b'{"candidates": [{}]}'])
def test_plain_answer_without_an_end_is_a_transient_fault(body: bytes) -> None:
    failure = failure_of(talk(ask(), body_reply(body, headers=[("Content-Type", "application/json")])).heard)
    assert (failure.failure.code, failure.is_transient) == (FailureCode.UPSTREAM_ERROR, True)


@pytest.mark.parametrize(("most", "is_cut"), [(9, True), (10, False)])
@pytest.mark.parametrize("is_streamed", [True, False])
def test_answer_over_the_bound_is_cut_off(most: int, is_cut: bool, is_streamed: bool) -> None:
    parts = [response(candidate({"text": "12345"})), response(candidate({"text": "67890"}, finish="STOP"))]
    whole = response(candidate({"text": "1234567890"}, finish="STOP"))
    reply = sse_reply(sse(*parts)) if is_streamed else json_reply(whole)
    heard = talk(ask(is_streamed=is_streamed, limits=CallLimits(max_answer_bytes=most)), reply).heard
    assert heard.text == "1234567890"[:most]
    assert (heard.failure is not None) is is_cut
    if is_cut:
        assert failure_of(heard).failure.code is FailureCode.ANSWER_TOO_LARGE
