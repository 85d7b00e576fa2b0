"""The openai dialect's requests: what a call becomes on the wire, for OpenAI itself and for vendors with quirks."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from local_calls import Heard, assistant, listen, make_call, system, user
from parley.catalog.vendors import VENDORS, find_vendor
from parley.domain.errors import FailureCode
from parley.domain.messages import (
    AudioPart,
    ImagePart,
    Message,
    OtherPart,
    Role,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
)
from parley.domain.models import Capabilities, Deployment, Dialect, Effort
from parley.domain.run import JsonFormat, Sampling, SchemaFormat
from parley.domain.settings import ProviderSettings, Quirks
from parley.providers.openai import OpenAIProvider
from parley.providers.provider import Call
from wire_server import Reply, Request, WireServer, json_reply, sse_reply

ANSWER = json_reply({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]})
STREAM = sse_reply(b'data: {"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n', b"data: [DONE]\n\n")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}
WEATHER = Tool("weather", "Tell the weather.", {"type": "object", "properties": {}})
CLOCK = Tool("clock")


def vendor(name: str) -> Quirks:
    found = find_vendor(name)
    assert found is not None
    return found.quirks


OPENAI = vendor("openai")


def exchange(call: Call, quirks: Quirks = OPENAI, replies: tuple[Reply, ...] = ()) -> tuple[Heard, list[Request]]:
    async def run() -> tuple[Heard, list[Request]]:
        async with WireServer(*(replies or (STREAM if call.is_streamed else ANSWER,))) as server:
            settings = ProviderSettings("acme", Dialect.OPENAI, server.url + "/v1", quirks=quirks, is_local=True)
            provider = OpenAIProvider(settings)
            try:
                return await listen(provider, call), server.requests
            finally:
                await provider.close()

    return asyncio.run(run())


def body_of(call: Call, quirks: Quirks = OPENAI) -> dict[str, Any]:
    heard, requests = exchange(call, quirks)
    assert heard.text == "ok"
    return requests[0].json


def warned(call: Call, quirks: Quirks = OPENAI) -> tuple[dict[str, Any], list[str]]:
    heard, requests = exchange(call, quirks)
    return requests[0].json, heard.warnings


def ask(**fields: Any) -> Call:
    return make_call("gpt-x", "Hi", **fields)


def can(call: Call, **capabilities: Any) -> Call:
    return replace(call, deployment=Deployment("acme", "gpt-x", capabilities=Capabilities(**capabilities)))


# --- messages ---


def test_bare_call_is_model_messages_and_nothing_it_was_not_asked_for() -> None:
    heard, requests = exchange(ask())
    assert requests[0].path == "/v1/chat/completions"
    assert requests[0].json == {
        "model": "gpt-x",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": False,
    }
    assert "authorization" not in requests[0].headers
    assert heard.warnings == []


def test_conversation_keeps_its_turns_and_texts_byte_for_byte() -> None:
    call = make_call("m", system(" Be brief. "), user("Grüße\n🌍"), assistant("Ja?"), user("Nein."))
    assert body_of(call)["messages"] == [
        {"role": "system", "content": " Be brief. "},
        {"role": "user", "content": "Grüße\n🌍"},
        {"role": "assistant", "content": "Ja?"},
        {"role": "user", "content": "Nein."},
    ]


def test_images_sounds_and_unknown_parts_stand_beside_their_text() -> None:
    raw = {"type": "file", "file": {"file_id": "f1"}}
    parts = (
        TextPart("Look:"),
        ImagePart("https://x.example/a.png"),
        ImagePart("data:image/png;base64,AAAA", "low"),
        AudioPart("UklGRg==", "wav"),
        OtherPart(raw),
    )
    assert body_of(make_call("m", Message(Role.USER, parts)))["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        raw,
    ]


def test_tool_calls_and_their_results_go_back_into_the_conversation() -> None:
    calling = Message(Role.ASSISTANT, tool_calls=(ToolCall("call_1", "weather", '{"city":'),))
    result = Message(Role.TOOL, (TextPart("sunny"),), tool_call_id="call_1")
    assert body_of(make_call("m", "Weather?", calling, result))["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":'}}
            ],
        },
        {"role": "tool", "content": "sunny", "tool_call_id": "call_1"},
    ]


def test_name_and_unknown_fields_of_a_message_are_passed_on() -> None:
    extra = {"reasoning_details": [{"type": "x"}], "role": "never"}
    message = Message(Role.ASSISTANT, (TextPart("Hm."),), name="ann", extra=extra)
    assert body_of(make_call("m", "Hi", message, "Go on"))["messages"][1] == {
        "role": "assistant",
        "content": "Hm.",
        "name": "ann",
        "reasoning_details": [{"type": "x"}],
    }


def test_vendor_that_forbids_foreign_message_fields_gets_none() -> None:
    extra = {"reasoning_content": "Hm.", "reasoning": "Hm.", "prefix": True}
    message = Message(Role.ASSISTANT, (TextPart("x"),), name="ann", extra=extra)
    written = body_of(make_call("m", "Hi", message, "Go on"), vendor("mistral"))["messages"][1]
    assert written == {"role": "assistant", "content": "x", "prefix": True}


def test_deepseek_gets_its_reasoning_back() -> None:
    message = Message(Role.ASSISTANT, (TextPart("x"),), extra={"reasoning_content": "Hm."})
    written = body_of(make_call("m", "Hi", message, "Go on"), vendor("deepseek"))["messages"][1]
    assert written["reasoning_content"] == "Hm."


def test_local_servers_get_one_system_message_at_the_start() -> None:
    call = make_call("m", system("A"), system("B"), "Hi")
    assert [turn["content"] for turn in body_of(call)["messages"]] == ["A", "B", "Hi"]
    for name in ("ollama", "vllm", "lmstudio", "llamacpp"):
        assert [turn["content"] for turn in body_of(call, vendor(name))["messages"]] == ["A\n\nB", "Hi"]


# --- sampling ---


def test_sampling_is_sent_under_the_names_of_the_dialect() -> None:
    sampling = Sampling(temperature=0.0, top_p=0.5, max_tokens=9, seed=0, stop=("a", "b"), effort=Effort.LOW)
    body = body_of(ask(sampling=sampling))
    assert {name: body[name] for name in body if name not in {"model", "messages", "stream"}} == {
        "temperature": 0.0,
        "top_p": 0.5,
        "max_completion_tokens": 9,
        "seed": 0,
        "stop": ["a", "b"],
        "reasoning_effort": "low",
    }


def test_bound_of_output_and_seed_have_each_vendors_name() -> None:
    call = ask(sampling=Sampling(max_tokens=9, seed=7))
    mistral = body_of(call, vendor("mistral"))
    assert (mistral["max_tokens"], mistral["random_seed"]) == (9, 7)
    assert not {"max_completion_tokens", "seed"} & set(mistral)
    assert body_of(call, vendor("groq"))["max_completion_tokens"] == 9
    assert body_of(call, vendor("ollama"))["max_tokens"] == 9


def test_model_knows_better_than_its_vendor_how_output_is_bounded() -> None:
    call = can(ask(sampling=Sampling(max_tokens=9)), output_token_field="max_tokens")
    assert body_of(call)["max_tokens"] == 9


@pytest.mark.parametrize(
    ("asked", "efforts", "sent", "warnings"),
    [
        (Effort.HIGH, None, "high", 0),
        (Effort.MAX, None, "high", 1),
        (Effort.XHIGH, None, "xhigh", 0),
        (Effort.MAX, (Effort.LOW, Effort.HIGH, Effort.XHIGH, Effort.MAX), "max", 0),
        (Effort.MAX, (Effort.LOW, Effort.HIGH, Effort.XHIGH), "xhigh", 1),
        (Effort.MAX, (Effort.LOW, Effort.HIGH), "high", 1),
        (Effort.MEDIUM, (Effort.LOW, Effort.HIGH), "low", 1),
        (Effort.LOW, (), None, 1),
        (Effort.NONE, (Effort.NONE, Effort.LOW), "none", 0),
    ],
)
def test_effort_is_lowered_to_what_the_model_takes_and_said(
    asked: Effort, efforts: tuple[Effort, ...] | None, sent: str | None, warnings: int
) -> None:
    body, told = warned(can(ask(sampling=Sampling(effort=asked)), efforts=efforts))
    assert body.get("reasoning_effort") == sent
    assert len(told) == warnings
    assert all("reasoning_effort" in text and "gpt-x" in text for text in told)


def test_refused_parameters_are_dropped_and_named() -> None:
    sampling = Sampling(temperature=0.3, top_p=0.5, seed=1)
    call = can(ask(sampling=sampling, extra={"logprobs": True}), refused_parameters=frozenset({"temperature", "seed"}))
    body, told = warned(call, replace(OPENAI, refused_parameters=frozenset({"logprobs", "top_logprobs"})))
    assert not {"temperature", "seed", "logprobs"} & set(body)
    assert body["top_p"] == 0.5
    assert [text.split()[0] for text in told] == ["logprobs", "seed", "temperature"]


def test_parameters_refused_while_reasoning_stay_without_it() -> None:
    quiet = can(ask(sampling=Sampling(temperature=0.3)), refused_with_effort=frozenset({"temperature"}))
    assert body_of(quiet)["temperature"] == 0.3
    body, told = warned(replace(quiet, sampling=Sampling(temperature=0.3, effort=Effort.LOW)))
    assert "temperature" not in body
    assert len(told) == 1


def test_unknown_parameters_are_passed_on_and_ours_win() -> None:
    extra = {"verbosity": "low", "model": "other", "stream": True, "messages": [], "top_p": 0.1}
    body = body_of(ask(sampling=Sampling(top_p=0.9), extra=extra))
    assert (body["verbosity"], body["model"], body["stream"], body["top_p"]) == ("low", "gpt-x", False, 0.9)
    assert len(body["messages"]) == 1


# --- streaming ---


def test_streams_are_asked_for_their_usage() -> None:
    body = body_of(ask(is_streamed=True, extra={"stream_options": {"include_obfuscation": False}}))
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_usage_is_not_asked_for_where_that_is_an_error() -> None:
    asked = {"stream_options": {"include_usage": True}}
    assert "stream_options" not in body_of(ask(extra=asked))
    assert "stream_options" not in body_of(ask(is_streamed=True, extra=asked), vendor("mistral"))
    assert "stream_options" not in body_of(can(ask(is_streamed=True), supports_stream_usage=False))


# --- tools ---


def test_tools_and_the_choice_between_them() -> None:
    call = ask(tools=(WEATHER, replace(CLOCK, is_strict=True)), allows_parallel_tools=False)
    body = body_of(replace(call, tool_choice=ToolChoice("named", "clock")))
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Tell the weather.",
                "parameters": {"type": "object", "properties": {}},
            },
        },
        {"type": "function", "function": {"name": "clock", "strict": True}},
    ]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "clock"}}
    assert body["parallel_tool_calls"] is False


@pytest.mark.parametrize("mode", ["auto", "none", "required"])
def test_plain_tool_choices_are_words(mode: str) -> None:
    assert body_of(ask(tools=(CLOCK,), tool_choice=ToolChoice(mode)))["tool_choice"] == mode


@pytest.mark.parametrize("name", ["llamacpp", "lmstudio"])
def test_named_tool_is_the_only_one_offered_where_it_cannot_be_named(name: str) -> None:
    body, told = warned(ask(tools=(WEATHER, CLOCK), tool_choice=ToolChoice("named", "clock")), vendor(name))
    assert [tool["function"]["name"] for tool in body["tools"]] == ["clock"]
    assert body["tool_choice"] == "required"
    assert told == []


def test_tool_that_cannot_be_forced_is_left_to_the_model_and_said() -> None:
    for choice in (ToolChoice("required"), ToolChoice("named", "clock")):
        call = can(ask(tools=(CLOCK,), tool_choice=choice), supports_forced_tool=False)
        body, told = warned(call)
        assert body["tool_choice"] == "auto"
        assert ["tool_choice" in text for text in told] == [True]
        body, told = warned(
            ask(tools=(CLOCK,), tool_choice=choice),
            Quirks(False, supports_required_tool=False, supports_named_tool=False),
        )
        assert body["tool_choice"] == "auto"


# --- structured output ---


def test_schema_is_rewritten_for_strict_mode_where_that_is_possible() -> None:
    asked = body_of(ask(output=SchemaFormat(SCHEMA, "my answer!")))["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["name"] == "my_answer_"
    assert asked["json_schema"]["strict"] is True
    assert sorted(asked["json_schema"]["schema"]["required"]) == ["a", "b"]
    assert asked["json_schema"]["schema"]["additionalProperties"] is False


def test_schema_that_strict_mode_cannot_hold_is_sent_as_it_is() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    asked = body_of(ask(output=SchemaFormat(schema)))["response_format"]
    assert asked == {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


@pytest.mark.parametrize("name", ["ollama", "mistral", "together", "vllm", "xai", "groq"])
def test_vendor_without_strict_mode_gets_the_schema_as_it_is(name: str) -> None:
    asked = body_of(ask(output=SchemaFormat(SCHEMA)), vendor(name))["response_format"]
    assert asked == {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


@pytest.mark.parametrize("is_strict", [True, False])
def test_callers_own_word_on_strictness_is_kept_and_the_schema_untouched(is_strict: bool) -> None:
    asked = body_of(ask(output=SchemaFormat(SCHEMA, is_strict=is_strict)))["response_format"]
    assert asked["json_schema"] == {"name": "answer", "schema": SCHEMA, "strict": is_strict}


def test_callers_strictness_is_dropped_with_a_word_where_there_is_none() -> None:
    body, told = warned(ask(output=SchemaFormat(SCHEMA, is_strict=True)), vendor("groq"))
    assert "strict" not in body["response_format"]["json_schema"]
    assert ["strict" in text for text in told] == [True]


def test_names_longer_than_the_dialect_allows_are_cut() -> None:
    asked = body_of(ask(output=SchemaFormat(SCHEMA, "n" * 65)))["response_format"]
    assert asked["json_schema"]["name"] == "n" * 64


def test_model_without_structured_output_is_not_asked_for_it() -> None:
    assert "response_format" not in body_of(can(ask(output=SchemaFormat(SCHEMA)), supports_structured_output=False))


def test_vendor_without_schemas_gets_json_mode_where_its_conditions_hold() -> None:
    deepseek = vendor("deepseek")
    told = make_call("m", system("Answer in JSON."), "Hi", output=SchemaFormat(SCHEMA))
    assert body_of(told, deepseek)["response_format"] == {"type": "json_object"}
    assert "response_format" not in body_of(ask(output=SchemaFormat(SCHEMA)), deepseek)
    assert "response_format" not in body_of(replace(told, output=SchemaFormat({"type": "array"})), deepseek)


def test_json_mode_has_each_vendors_form() -> None:
    assert body_of(ask(output=JsonFormat()))["response_format"] == {"type": "json_object"}
    asked = body_of(ask(output=JsonFormat()), vendor("lmstudio"))["response_format"]
    assert asked == {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}


# --- repair ---


def refusal(code: str, param: str, status: int = 400) -> Reply:
    return json_reply(
        {"error": {"message": "no", "type": "invalid_request_error", "param": param, "code": code}}, status
    )


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("code", ["unsupported_parameter", "unsupported_value"])
def test_one_parameter_that_turns_out_to_be_refused_is_dropped_and_said(code: str, is_streamed: bool) -> None:
    call = ask(sampling=Sampling(temperature=0.3, top_p=0.5), is_streamed=is_streamed)
    heard, requests = exchange(call, OPENAI, (refusal(code, "temperature"), STREAM if is_streamed else ANSWER))
    assert heard.text == "ok"
    assert "temperature" not in requests[1].json
    assert {**requests[1].json, "temperature": 0.3} == requests[0].json
    assert heard.warnings == ["temperature was dropped: gpt-x does not take it"]


def test_field_that_a_vendors_schema_forbids_is_dropped_and_said() -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "reasoning_effort"], "msg": "Extra inputs are not permitted"}]
    no = json_reply({"object": "error", "message": {"detail": detail}, "type": "invalid_request_error"}, 422)
    heard, requests = exchange(ask(sampling=Sampling(effort=Effort.LOW)), vendor("mistral"), (no, ANSWER))
    assert heard.text == "ok"
    assert "reasoning_effort" not in requests[1].json
    assert len(heard.warnings) == 1


def test_bound_of_output_is_sent_by_its_other_name_rather_than_dropped() -> None:
    call = ask(sampling=Sampling(max_tokens=9))
    heard, requests = exchange(call, Quirks(), (refusal("unsupported_parameter", "max_tokens"), ANSWER))
    assert heard.text == "ok"
    assert requests[1].json["max_completion_tokens"] == 9
    assert "max_tokens" not in requests[1].json


def test_second_refusal_is_the_end() -> None:
    replies = (refusal("unsupported_parameter", "temperature"), refusal("unsupported_parameter", "top_p"), ANSWER)
    heard, requests = exchange(ask(sampling=Sampling(temperature=0.3, top_p=0.5)), OPENAI, replies)
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.INVALID_REQUEST
    assert len(requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        refusal("unsupported_parameter", "messages"),
        refusal("unsupported_parameter", "seed"),
        refusal("invalid_type", "temperature"),
        refusal("unsupported_parameter", "temperature", 500),
        refusal("unsupported_parameter", "verbosity"),
    ],
    ids=["not expendable", "not sent", "another code", "another status", "the caller's own"],
)
def test_other_refusals_are_not_repaired(reply: Reply) -> None:
    call = ask(sampling=Sampling(temperature=0.3), extra={"verbosity": "low"})
    heard, requests = exchange(call, OPENAI, (reply, ANSWER))
    assert heard.failure is not None
    assert len(requests) == 1


# --- vendors ---


@pytest.mark.parametrize("name", [vendor.name for vendor in VENDORS if vendor.dialect is Dialect.OPENAI])
def test_every_vendor_of_the_dialect_can_be_asked_everything(name: str) -> None:
    call = make_call(
        "m",
        system("Be brief. JSON."),
        "Hi",
        sampling=Sampling(0.5, 0.9, 10, 1, ("x",), Effort.HIGH),
        output=SchemaFormat(SCHEMA),
        tools=(WEATHER,),
        tool_choice=ToolChoice("auto"),
        is_streamed=True,
    )
    body, told = warned(call, vendor(name))
    assert told == []
    assert body["model"] == "m"
