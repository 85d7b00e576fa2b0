"""POST /v1/chat/completions over HTTP: whole and streamed, tools, formats, fallbacks, panels, failures."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from parley.domain.settings import Patience
from serving import Got, post, serving
from upstream_models import Call, Fails, Upstream, says

PATH = "/v1/chat/completions"
ASK = [{"role": "user", "content": "What is the capital of France?"}]
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CITY = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}}
LOGPROBS = {"content": [{"token": "Paris", "logprob": -0.1, "bytes": None, "top_logprobs": []}], "refusal": None}
BUSY = Fails(429, "rate_limit_exceeded", "Slow down.", {"Retry-After": "7"})
MODELS = {
    "a": [says("Par", "is ☂")],
    "b": [says("Lyon", usage=(7, 3))],
    "j": [says("It is ", "Paris", usage=(100, 20))],
    "bad": [Fails(400, "invalid_value", "No such thing.")],
    "long": [Fails(400, "context_length_exceeded", "Too long.")],
    "busy": [BUSY],
    "broken": [Fails(500)],
    "locked": [Fails(401, "invalid_api_key")],
    "refuses": [says(refusal="I won't.")],
    "empty": [says()],
    "filtered": [says("Par", finish="content_filter")],
    "short": [says("Par", finish="length")],
    "thinks": [says("Paris", reasoning="Hm.")],
    "sure": [says("Paris", logprobs=LOGPROBS)],
    "calls": [says(calls=(Call("c1", "look", '{"at": 1}'), Call("c2", "look", "{}")), finish="tool_calls")],
    "cut": [says("Par", "is", breaks=True)],
    "json": [says('{"city": "Paris"}')],
    "fenced": [says('```json\n{"city": "Paris"}\n```')],
    "mends": [says("Paris"), says('{"city":"Paris"}')],
    "prose": [says("Paris")],
    "yes": [says("yes")],
    "no": [says("no")],
}
PANELS = """
[panels.merge]
models = ["a", "b"]
summary_model = "j"
[panels.lone]
models = ["bad", "a"]
[panels.dead]
models = ["bad", "refuses"]
[panels.mute]
models = ["yes", "no"]
instructions = "Once."
summary_model = "bad"
[panels.vote]
models = ["yes", "no", "yes"]
resolution = "multiple_choice"
choices = ["yes", "no"]
[panels.tied]
models = ["yes", "no"]
resolution = "multiple_choice"
choices = ["yes", "no"]
summary_model = "bad"
[panels.cities]
models = ["json", "fenced"]
summary_model = "json"
"""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(MODELS, dict.fromkeys(MODELS, ("1", "2"))) as running:
        yield running


@pytest.fixture(scope="module")
def url(upstream: Upstream) -> Iterator[str]:
    with serving(upstream.toml + PANELS) as address:
        yield address


def ask(url: str, model: str | None, headers: dict[str, str] | None = None, **fields: Any) -> Got:
    return post(url, PATH, {"model": model, "messages": ASK, **fields}, headers)


def chunks(got: Got) -> list[dict[str, Any]]:
    """Return a stream's chunks, each checked for what all have in common; [DONE] comes last."""
    assert got.status == 200
    assert got.headers["content-type"].startswith("text/event-stream")
    *told, last = got.events
    assert last == "[DONE]"
    assert len({(one["id"], one["object"], one["created"]) for one in told}) == 1
    assert told[0]["id"].startswith("chatcmpl-")
    assert told[0]["object"] == "chat.completion.chunk"
    return told


def deltas(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["choices"][0]["delta"] for one in told if one["choices"]]


def text_of(told: list[dict[str, Any]], field: str = "content") -> str:
    return "".join([delta.get(field) or "" for delta in deltas(told)])


def test_completion_has_openais_shape(url: str) -> None:
    got = ask(url, "a")
    body = got.json
    assert re.fullmatch(r"chatcmpl-[0-9A-HJKMNP-TV-Z]{26}", body.pop("id"))
    assert body.pop("created") > 1_700_000_000
    assert body == {
        "object": "chat.completion",
        "model": "a",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Paris ☂", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        "cost": "0.00002",
    }


def test_same_route_answers_under_v3_compat(url: str) -> None:
    got = post(url, "/v3/compat/chat/completions", {"model": "a", "messages": ASK})
    assert got.json["choices"][0]["message"]["content"] == "Paris ☂"
    assert post(url, "/v3/compat/chat/completions", {"model": "a"}).status == 422


def test_stream_begins_with_the_role_and_ends_with_the_finish_reason(url: str) -> None:
    told = chunks(ask(url, "a", stream=True))
    first, *middle, last = told
    assert first["choices"] == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
    ]
    assert text_of(middle) == "Paris ☂"
    assert all(one["choices"][0]["finish_reason"] is None for one in middle)
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "stop")
    assert {one["model"] for one in told} == {"a"}
    assert not any("usage" in one for one in told)


def test_usage_comes_in_a_chunk_of_its_own_when_asked_for(url: str, upstream: Upstream) -> None:
    told = chunks(ask(url, "a", stream=True, stream_options={"include_usage": True}))
    *others, last = told
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    assert all(one["usage"] is None for one in others)
    assert others[-1]["choices"][0]["finish_reason"] == "stop"


def test_clients_that_cannot_ask_get_usage_with_the_finish_reason(url: str) -> None:
    told = chunks(ask(url, "a", {"X-MeshAPI-SDK": "node/1.0"}, stream=True))
    assert all(one["choices"] for one in told)
    assert (told[-1]["usage"]["total_tokens"], told[-1]["cost"]) == (15, "0.00002")


def test_python_client_gets_ascii_alone(url: str) -> None:
    got = ask(url, "a", {"X-MeshAPI-SDK": "python/0.1.11"}, stream=True)
    assert got.body.isascii()
    assert text_of(chunks(got)) == "Paris ☂"
    assert "☂".encode() in ask(url, "a", {"X-MeshAPI-SDK": "go/1"}, stream=True).body


def test_parameters_reach_the_provider(url: str, upstream: Upstream) -> None:
    given = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 3, "stop": ["x"], "reasoning_effort": "low"}
    passed_on = {"logit_bias": {"5": 1}, "user": "u", "my_field": [1]}
    ask(url, "a", **given, **passed_on, models=[], timeout=9, cache=False, n=1)
    sent = upstream.of("a")[-1]
    assert {name: sent[name] for name in (*given, *passed_on)} == {**given, **passed_on}
    assert not {"models", "timeout", "cache", "n", "template", "variables"} & set(sent)


def test_fields_that_parley_sets_win_over_unknown_ones(url: str, upstream: Upstream) -> None:
    ask(url, "a", stream=False, metadata={"stream": True})
    assert (upstream.of("a")[-1]["model"], upstream.of("a")[-1]["stream"]) == ("a", False)


def test_system_and_developer_messages_and_images_reach_the_provider(url: str, upstream: Upstream) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Look"}, image]},
    ]
    assert post(url, PATH, {"model": "a", "messages": messages}).status == 200
    sent = upstream.of("a")[-1]["messages"]
    assert sent == [{"role": "system", "content": "Be brief."}, messages[1]]


def test_tool_calls_come_back_whole(url: str, upstream: Upstream) -> None:
    got = ask(url, "calls", tools=[TOOL], tool_choice="required", parallel_tool_calls=True)
    choice = got.json["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}},
        {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
    ]
    sent = upstream.of("calls")[-1]
    assert (sent["tools"], sent["tool_choice"], sent["parallel_tool_calls"]) == ([TOOL], "required", True)


def test_tool_calls_come_in_pieces_whose_first_has_id_and_name(url: str) -> None:
    told = chunks(ask(url, "calls", tools=[TOOL], stream=True))
    pieces = [piece for delta in deltas(told) for piece in delta.get("tool_calls", ())]
    for index, call_id, arguments in ((0, "c1", '{"at": 1}'), (1, "c2", "{}")):
        first, *rest = [piece for piece in pieces if piece["index"] == index]
        assert (first["id"], first["type"], first["function"]["name"]) == (call_id, "function", "look")
        assert not any({"id", "type"} & set(piece) or "name" in piece["function"] for piece in rest)
        assert "".join([piece["function"]["arguments"] for piece in (first, *rest)]) == arguments
    assert deltas(told)[0] == {"role": "assistant", "content": ""}
    assert told[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_refusal_is_passed_on_as_given(url: str) -> None:
    message = ask(url, "refuses").json["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == (None, "I won't.")
    told = chunks(ask(url, "refuses", stream=True))
    assert (text_of(told), text_of(told, "refusal")) == ("", "I won't.")


def test_empty_filtered_and_short_answers_are_passed_on(url: str) -> None:
    for model, content, finish in (
        ("empty", "", "stop"),
        ("filtered", "Par", "content_filter"),
        ("short", "Par", "length"),
    ):
        choice = ask(url, model).json["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == (content, finish)
        told = chunks(ask(url, model, stream=True))
        assert (text_of(told), told[-1]["choices"][0]["finish_reason"]) == (content, finish)
        assert told[0]["choices"][0]["delta"]["role"] == "assistant"


def test_reasoning_and_logprobs_are_passed_on(url: str, upstream: Upstream) -> None:
    assert ask(url, "thinks").json["choices"][0]["message"]["reasoning_content"] == "Hm."
    assert text_of(chunks(ask(url, "thinks", stream=True)), "reasoning_content") == "Hm."
    assert ask(url, "sure", logprobs=True).json["choices"][0]["logprobs"] == LOGPROBS
    assert chunks(ask(url, "sure", logprobs=True, stream=True))[-1]["choices"][0]["logprobs"] == LOGPROBS
    assert upstream.of("sure")[-1]["logprobs"] is True


@pytest.mark.parametrize("model", ["json", "fenced", "mends"])
def test_schema_is_asked_for_checked_and_its_answer_bare_json(url: str, upstream: Upstream, model: str) -> None:
    body = ask(url, model, response_format=CITY).json
    assert json.loads(body["choices"][0]["message"]["content"]) == {"city": "Paris"}
    assert "warnings" not in body
    sent = upstream.of(model)[-1]["response_format"]
    assert sent == {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}}


def test_answer_that_stays_invalid_is_handed_over_with_a_warning(url: str, upstream: Upstream) -> None:
    body = ask(url, "prose", response_format=CITY).json
    assert body["choices"][0]["message"]["content"] == "Paris"
    assert "response_format" in body["warnings"][0]
    assert len(upstream.of("prose")) == 2
    assert "response_format" in chunks(ask(url, "prose", response_format=CITY, stream=True))[-1]["warnings"][0]


def test_json_mode_is_passed_on(url: str, upstream: Upstream) -> None:
    messages = [{"role": "user", "content": "Answer in JSON."}]
    assert (
        post(url, PATH, {"model": "json", "messages": messages, "response_format": {"type": "json_object"}}).status
        == 200
    )
    assert upstream.of("json")[-1]["response_format"] == {"type": "json_object"}


def test_bad_schema_names_response_format_before_any_call(url: str, upstream: Upstream) -> None:
    before = len(upstream.calls)
    bad = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": 5}}}
    got = ask(url, "json", response_format=bad)
    assert (got.status, got.error["code"]) == (422, "validation_error")
    assert "response_format" in got.error["message"]
    assert len(upstream.calls) == before


def test_fallbacks_are_tried_in_order_and_the_one_that_answers_is_named(url: str, upstream: Upstream) -> None:
    before = len(upstream.calls)
    got = ask(url, "bad", models=["bad", "locked", "b", "a"])
    assert (got.json["model"], got.json["choices"][0]["message"]["content"]) == ("b", "Lyon")
    assert [call["model"] for call in upstream.calls[before:]] == ["bad", "locked", "b"]
    told = chunks(ask(url, None, models=["bad", "b"], stream=True))
    assert {one["model"] for one in told} == {"b"}
    assert text_of(told) == "Lyon"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("bad", 422, "invalid_request"),
        ("long", 422, "context_length_exceeded"),
        ("busy", 429, "rate_limited"),
        ("broken", 502, "upstream_error"),
        ("locked", 502, "authentication"),
    ],
)
def test_failed_call_has_its_status_with_the_providers_words(
    url: str, stream: bool, model: str, status: int, code: str
) -> None:
    got = ask(url, model, stream=stream, timeout=2)
    assert (got.status, got.error["code"]) == (status, code)
    assert got.headers["content-type"] == "application/json"
    assert "provider_error" in got.error
    assert got.json["request_id"] == got.headers["x-request-id"]
    if model == "busy":
        assert (got.headers["retry-after"], got.error["retry_after_seconds"]) == ("7", 7)


def test_provider_that_is_not_there_is_unavailable() -> None:
    with Upstream({"a": [says("A")]}) as upstream:
        toml = upstream.toml
    with serving(toml) as url:
        got = ask(url, "a", timeout=0.2)
        assert (got.status, got.error["code"]) == (503, "unavailable")
        assert int(got.headers["retry-after"]) >= 1


@pytest.mark.parametrize("stream", [False, True])
def test_model_that_takes_too_long_is_a_timeout(stream: bool) -> None:
    gate = threading.Event()
    with Upstream({"a": [says("A", waits=gate)]}) as upstream, serving(upstream.toml) as url:
        got = ask(url, "a", timeout=0.05, stream=stream)
        gate.set()
        assert (got.status, got.error["code"]) == (504, "timeout")


def test_stream_that_breaks_ends_in_an_error_frame(url: str) -> None:
    got = ask(url, "cut", stream=True)
    assert got.status == 200
    *told, failed, last = got.events
    assert text_of(told) == "Paris"
    assert failed["error"]["code"] == "upstream_error"
    assert failed["request_id"] == got.headers["x-request-id"]
    assert last == "[DONE]"


def test_head_of_a_silent_stream_is_sent_with_the_first_keep_alive() -> None:
    gate = threading.Event()
    scripts = {"a": [says("A", waits=gate)]}
    with Upstream(scripts) as upstream, serving(upstream.toml, patience=Patience(keep_alive_s=0.02)) as url:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        body = json.dumps({"model": "a", "messages": ASK, "stream": True})
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert (response.status, response.readline()) == (200, b": keep-alive\n")
        gate.set()
        assert response.read().endswith(b"data: [DONE]\n\n")
        connection.close()


def test_failure_after_a_keep_alive_ends_the_stream_with_an_error() -> None:
    gate = threading.Event()
    scripts = {"a": [says("A", waits=gate)]}
    with Upstream(scripts) as upstream, serving(upstream.toml, patience=Patience(keep_alive_s=0.02)) as url:
        got = ask(url, "a", stream=True, timeout=0.1)
        gate.set()
    assert got.status == 200
    assert [event if event == "[DONE]" else event["error"]["code"] for event in got.events] == ["timeout", "[DONE]"]


@pytest.mark.parametrize(
    ("fields", "status", "code", "word"),
    [
        ({"model": "nobody"}, 404, "model_not_found", "nobody"),
        ({"models": ["nobody"]}, 404, "model_not_found", "nobody"),
        ({"model": "panel/merg"}, 404, "model_not_found", "panel/merge"),
        ({"template": "greeting"}, 404, "not_found", "greeting"),
        ({"n": 2}, 422, "validation_error", "n is 2"),
        ({"messages": []}, 422, "validation_error", "messages"),
        ({"model": None}, 422, "validation_error", "model is missing"),
    ],
)
def test_refusal_comes_before_any_model_is_called(
    url: str, upstream: Upstream, fields: dict[str, Any], status: int, code: str, word: str
) -> None:
    before = len(upstream.calls)
    for stream in (False, True):
        got = post(url, PATH, {"model": "a", "messages": ASK, "stream": stream, **fields})
        assert (got.status, got.error["code"]) == (status, code)
        assert word in got.error["message"]
    assert len(upstream.calls) == before


def test_idempotency_key_on_a_stream_is_refused_and_on_a_plain_request_taken(url: str) -> None:
    key = {"Idempotency-Key": "once"}
    got = ask(url, "a", key, stream=True)
    assert (got.status, got.error["param"]) == (422, "Idempotency-Key")
    assert ask(url, "a", key).status == 200


def test_dropped_parameters_are_told_as_warnings() -> None:
    with Upstream({"o3": [says("Paris")]}) as strict, serving(strict.toml) as url:
        assert "temperature" in ask(url, "o3", temperature=1).json["warnings"][0]
        assert "temperature" in chunks(ask(url, "o3", temperature=1, stream=True))[-1]["warnings"][0]


def test_panel_answers_as_one_completion(url: str, upstream: Upstream) -> None:
    before = len(upstream.calls)
    messages = [{"role": "system", "content": "Be brief."}, *ASK]
    body = post(url, PATH, {"model": "panel/merge", "messages": messages}).json
    assert (body["model"], body["choices"][0]["message"]["content"]) == ("panel/merge", "It is Paris")
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"] == {"prompt_tokens": 117, "completion_tokens": 28, "total_tokens": 145}
    assert body["cost"] == "0.000173"
    assert "warnings" not in body
    first, second, judged = upstream.calls[before:]
    assert sorted([first["model"], second["model"]]) == ["a", "b"]
    assert first["messages"] == second["messages"] == messages
    assert judged["model"] == "j"


def test_panel_streams_its_consolidation_alone(url: str, upstream: Upstream) -> None:
    told = chunks(ask(url, "panel/merge", stream=True, stream_options={"include_usage": True}))
    assert text_of(told) == "It is Paris"
    assert {one["model"] for one in told} == {"panel/merge"}
    assert told[-1]["usage"]["total_tokens"] == 145
    assert [call["stream"] for call in upstream.calls[-3:]] == [False, False, True]


def test_one_survivor_of_a_panel_is_passed_through_with_a_warning(url: str) -> None:
    body = ask(url, "panel/lone").json
    assert body["choices"][0]["message"]["content"] == "Paris ☂"
    assert body["usage"]["total_tokens"] == 15
    assert len(body["warnings"]) == 1
    assert "bad gave no answer (invalid_request)" in body["warnings"][0]
    told = chunks(ask(url, "panel/lone", stream=True))
    assert (text_of(told), told[-1]["warnings"]) == ("Paris ☂", body["warnings"])


@pytest.mark.parametrize("stream", [False, True])
def test_panel_of_failures_lists_each_seat(url: str, stream: bool) -> None:
    got = ask(url, "panel/dead", stream=stream)
    assert (got.status, got.error["code"]) == (502, "all_models_failed")
    assert [row["error_code"] for row in got.error["details"]] == ["invalid_request", "refused"]


def test_panel_votes_for_a_choice(url: str, upstream: Upstream) -> None:
    assert ask(url, "panel/vote").json["choices"][0]["message"]["content"] == "yes"
    assert text_of(chunks(ask(url, "panel/vote", stream=True))) == "yes"


def test_tie_that_nobody_broke_is_told(url: str) -> None:
    body = ask(url, "panel/tied").json
    assert body["choices"][0]["message"]["content"] == "yes"
    assert "earliest seat" in body["warnings"][0]


def test_judge_that_fails_is_followed_and_told(url: str) -> None:
    body = ask(url, "panel/mute").json
    assert body["choices"][0]["message"]["content"] == "yes"
    assert "yes consolidated the answers" in body["warnings"][0]


def test_panel_without_a_consolidation_is_an_upstream_error() -> None:
    panel = '[panels.merge]\nmodels = ["a", "b"]\n'
    scripts = {"a": [says("A"), Fails(400)], "b": [says("B"), Fails(400)]}
    with Upstream(scripts) as upstream, serving(upstream.toml + panel) as url:
        got = ask(url, "panel/merge")
    assert (got.status, got.error["code"]) == (502, "upstream_error")
    assert "2 of 2 models answered" in got.error["message"]
    assert "invalid_request" in got.error["message"]


def test_panel_answers_in_the_form_asked_for(url: str) -> None:
    body = ask(url, "panel/cities", response_format=CITY).json
    assert json.loads(body["choices"][0]["message"]["content"]) == {"city": "Paris"}
    assert json.loads(text_of(chunks(ask(url, "panel/cities", response_format=CITY, stream=True)))) == {"city": "Paris"}
