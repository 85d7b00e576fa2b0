"""What the anthropic dialect sends, compared as JSON, and what it reports as dropped, lowered or translated."""

from dataclasses import replace
from typing import Any

import pytest

from local_calls import assistant, make_call, system, text_message, user
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
from parley.domain.settings import Quirks
from parley.providers.provider import Call
from upstream_exchange import NO_QUIRKS, exchange
from wire_server import json_reply, sse_reply

UNKNOWN = Capabilities()
PIXEL = "data:image/png;base64,iVBORw0KGgo="
WEATHER = Tool("weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
NOW = Tool("now")
OBJECT = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
RISING = (Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.XHIGH, Effort.MAX)

ANSWER = {"type": "message", "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn"}
STREAMED = (
    b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"ok"}}\n\n'
    b'data: {"type":"message_stop"}\n\n'
)


def ask(*messages: Message | str, facts: Capabilities = UNKNOWN, **fields: Any) -> Call:
    deployment = Deployment("anthropic", "claude-x", capabilities=facts)
    return make_call("claude-x", *(messages or ("Hi",)), deployment=deployment, **fields)


def sent(call: Call, quirks: Quirks = NO_QUIRKS) -> tuple[dict, list[str]]:
    """Return the body that goes out for `call`, and the warnings."""
    reply = sse_reply(STREAMED) if call.is_streamed else json_reply(ANSWER)
    talk = exchange(Dialect.ANTHROPIC, call, reply, quirks=quirks)
    assert talk.heard.failure is None
    return talk.requests[0].json, talk.heard.warnings


def told(text: str) -> dict:
    return {"type": "text", "text": text}


@pytest.mark.parametrize("is_streamed", [True, False])
def test_smallest_call(is_streamed: bool) -> None:
    body, warnings = sent(ask(is_streamed=is_streamed))
    assert body == {
        "model": "claude-x",
        "max_tokens": 4096,
        "stream": is_streamed,
        "messages": [{"role": "user", "content": [told("Hi")]}],
    }
    assert warnings == []


@pytest.mark.parametrize(
    ("asked", "catalog", "expected"),
    [(None, None, 4_096), (None, 64_000, 64_000), (100, 64_000, 100), (100, None, 100)],
)
def test_max_tokens_is_the_calls_else_the_catalogs_else_4096(
    asked: int | None, catalog: int | None, expected: int
) -> None:
    body, _ = sent(ask(sampling=Sampling(max_tokens=asked), facts=Capabilities(max_output_tokens=catalog)))
    assert body["max_tokens"] == expected


def test_conversation_alternates_with_system_text_on_top() -> None:
    body, warnings = sent(
        ask(system("Be kind."), system("Be brief."), "One", user("Two"), assistant("Three"), assistant("Four"), "Five")
    )
    assert body["system"] == "Be kind.\n\nBe brief."
    assert body["messages"] == [
        {"role": "user", "content": [told("One"), told("Two")]},
        {"role": "assistant", "content": [told("Three"), told("Four")]},
        {"role": "user", "content": [told("Five")]},
    ]
    assert warnings == []


def test_system_message_alone_is_sent_as_the_user_turn_that_anthropic_demands() -> None:
    body, warnings = sent(ask(system("Say hi.")))
    assert body["messages"] == [{"role": "user", "content": [told("Say hi.")]}]
    assert "system" not in body
    assert warnings == ["the system message was sent as a user message: Anthropic needs one"]


def test_tool_calls_and_results_become_blocks_and_results_share_one_turn() -> None:
    calls = (ToolCall("call_1", "weather", '{"city": "Köln"}'), ToolCall("call_2", "now", ""))
    body, _ = sent(
        ask(
            "Hi",
            Message(Role.ASSISTANT, (TextPart("Looking."),), tool_calls=calls),
            Message(Role.TOOL, (TextPart("12°"),), tool_call_id="call_1", name="weather"),
            Message(Role.TOOL, (TextPart(""), ImagePart(PIXEL)), tool_call_id="call_2"),
            "And?",
            tools=(WEATHER, NOW),
        )
    )
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                told("Looking."),
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Köln"}},
                {"type": "tool_use", "id": "call_2", "name": "now", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": [told("12°")]},
                {"type": "tool_result", "tool_use_id": "call_2", "content": [image]},
                told("And?"),
            ],
        },
    ]


@pytest.mark.parametrize(("arguments", "expected"), [("{broken", "{broken"), ("[1]", [1]), ('"x"', "x")])
def test_arguments_that_are_no_object_are_wrapped_in_one(arguments: str, expected: object) -> None:
    called = Message(Role.ASSISTANT, tool_calls=(ToolCall("call_1", "now", arguments),))
    body, _ = sent(ask("Hi", called, Message(Role.TOOL, (TextPart("x"),), tool_call_id="call_1")))
    assert body["messages"][1]["content"][0]["input"] == {"arguments": expected}


def test_ids_of_other_providers_are_made_fit_in_call_and_result_alike() -> None:
    foreign = "call_parley_ab~sig~" + "x/+=" * 300
    called = Message(Role.ASSISTANT, tool_calls=(ToolCall(foreign, "now", "{}"),))
    body, _ = sent(ask("Hi", called, Message(Role.TOOL, (TextPart("x"),), tool_call_id=foreign)))
    call_id = body["messages"][1]["content"][0]["id"]
    assert call_id == body["messages"][2]["content"][0]["tool_use_id"]
    assert call_id.replace("_", "").isalnum()
    assert len(call_id) <= 64


def test_images_go_by_data_or_by_address() -> None:
    parts = (
        TextPart("See:"),
        ImagePart("data:image/JPEG;charset=x;base64,AAAA"),
        ImagePart("https://example.org/cat.png", detail="low"),
        OtherPart({"type": "refusal", "refusal": "No."}),
    )
    body, warnings = sent(ask(Message(Role.USER, parts)))
    assert body["messages"][0]["content"] == [
        told("See:"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/cat.png"}},
        told("No."),
    ]
    assert warnings == ["image_url.detail was dropped: Anthropic does not know it"]


@pytest.mark.parametrize(
    ("messages", "advice"),
    [
        ((Message(Role.USER, (AudioPart("AAAA", "wav"),)),), "send a transcript as text"),
        ((Message(Role.USER, (ImagePart("file:///etc/passwd"),)),), "data:image/"),
        ((Message(Role.USER, (ImagePart("data:image/png,raw"),)),), "base64"),
        ((Message(Role.USER, (OtherPart({"type": "file"}),)),), "'file'"),
        ((Message(Role.SYSTEM, (ImagePart(PIXEL),)), user("Hi")), "move it to a user turn"),
        ((user(""),), "at least one user message"),
    ],
)
def test_what_anthropic_cannot_take_fails_with_advice_and_asks_nothing(
    messages: tuple[Message, ...], advice: str
) -> None:
    talk = exchange(Dialect.ANTHROPIC, ask(*messages), json_reply(ANSWER))
    assert talk.requests == []
    assert talk.heard.failure is not None
    assert talk.heard.failure.failure.code is FailureCode.INVALID_REQUEST
    assert not talk.heard.failure.is_transient
    assert advice in talk.heard.failure.failure.message


def test_sampling_goes_under_anthropics_names() -> None:
    body, warnings = sent(ask(sampling=Sampling(temperature=0.5, max_tokens=9, stop=("END", "\n\n"))))
    assert (body["temperature"], body["max_tokens"], body["stop_sequences"]) == (0.5, 9, ["END"])
    assert warnings == ["a stop sequence of white space was dropped: Anthropic takes none"]
    assert sent(ask(sampling=Sampling(top_p=0.5)))[0]["top_p"] == 0.5


@pytest.mark.parametrize(("asked", "expected", "count"), [(0.0, 0.0, 0), (1.0, 1.0, 0), (1.01, 1.0, 1), (2.0, 1.0, 1)])
def test_temperature_above_1_is_lowered_with_a_warning(asked: float, expected: float, count: int) -> None:
    body, warnings = sent(ask(sampling=Sampling(temperature=asked)))
    assert body["temperature"] == expected
    assert len(warnings) == count
    assert all(f"temperature {asked} was lowered to 1" in warning for warning in warnings)


def test_seed_and_top_p_beside_temperature_are_dropped_with_a_warning() -> None:
    body, warnings = sent(ask(sampling=Sampling(temperature=0.1, top_p=0.2, seed=3)))
    assert body["temperature"] == 0.1
    assert body.keys().isdisjoint({"top_p", "seed"})
    assert [warning.split()[0] for warning in warnings] == ["top_p", "seed"]


def test_parameters_that_model_or_vendor_refuse_are_dropped_with_a_warning() -> None:
    facts = Capabilities(refused_parameters=frozenset({"temperature", "top_k"}))
    call = ask(facts=facts, sampling=Sampling(temperature=0.5, stop=("x",)), extra={"top_k": 3})
    body, warnings = sent(call, Quirks(refused_parameters=frozenset({"stop", "top_p"})))
    assert body.keys() == {"model", "max_tokens", "stream", "messages"}
    assert warnings == [f"{name} was dropped: claude-x does not take it" for name in ("stop", "temperature", "top_k")]


def test_extra_parameters_of_anthropics_own_pass_and_others_are_named_in_one_warning() -> None:
    extra = {
        "top_k": 5,
        "service_tier": "auto",
        "metadata": {"user_id": "u1"},
        "thinking": {"type": "adaptive"},
        "max_tokens": 1,
        "n": 1,
        "logit_bias": {"1": 2},
        "frequency_penalty": 0.1,
        "verbosity": None,
    }
    body, warnings = sent(ask(extra=extra))
    assert (body["top_k"], body["service_tier"], body["metadata"]) == (5, "auto", {"user_id": "u1"})
    assert body["thinking"] == {"type": "adaptive"}
    assert body["max_tokens"] == 4096
    assert body.keys().isdisjoint({"n", "logit_bias", "frequency_penalty", "verbosity"})
    assert warnings == ["frequency_penalty, logit_bias, max_tokens were dropped: Anthropic does not take them"]


def test_values_that_only_openai_knows_do_not_reach_anthropic() -> None:
    body, warnings = sent(ask(extra={"service_tier": "default", "metadata": {"run": "7"}, "user": "u1", "n": 2}))
    assert body["metadata"] == {"user_id": "u1"}
    assert body.keys().isdisjoint({"service_tier", "user", "n"})
    assert warnings == ["metadata, n, service_tier were dropped: Anthropic does not take them"]


def test_tools_are_declared_with_their_schemas() -> None:
    strict = replace(WEATHER, is_strict=True)
    body, warnings = sent(ask(tools=(strict, NOW), facts=Capabilities(supports_structured_output=True)))
    assert body["tools"] == [
        {"name": "weather", "description": WEATHER.description, "input_schema": WEATHER.parameters, "strict": True},
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert "tool_choice" not in body
    assert warnings == []
    body, warnings = sent(ask(tools=(strict,)))
    assert "strict" not in body["tools"][0]
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("choice", "is_parallel", "can_force", "expected"),
    [
        (None, None, True, None),
        (None, True, True, None),
        (None, False, True, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, True, {"type": "auto"}),
        (ToolChoice("none"), False, True, {"type": "none"}),
        (ToolChoice("required"), None, True, {"type": "any"}),
        (ToolChoice("required"), False, True, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("named", "now"), None, True, {"type": "tool", "name": "now"}),
        (ToolChoice("required"), None, False, {"type": "auto"}),
        (ToolChoice("named", "now"), None, False, {"type": "auto"}),
    ],
)
def test_tool_choice(choice: ToolChoice | None, is_parallel: bool | None, can_force: bool, expected: object) -> None:
    facts = Capabilities(supports_forced_tool=can_force)
    call = ask(tools=(WEATHER, NOW), tool_choice=choice, allows_parallel_tools=is_parallel, facts=facts)
    body, warnings = sent(call)
    assert body.get("tool_choice") == expected
    assert len(warnings) == (0 if can_force else 1)


@pytest.mark.parametrize("support", [True, None])
def test_schema_goes_natively_where_that_is_possible_or_not_known(support: bool | None) -> None:
    schema = {"$schema": "x", "type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    body, warnings = sent(ask(output=SchemaFormat(schema), facts=Capabilities(supports_structured_output=support)))
    said = {"type": "integer", "description": 'Must also hold: {"minimum":1}'}
    closed = {"type": "object", "properties": {"n": said}, "additionalProperties": False}
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": closed}}
    assert "tools" not in body
    assert warnings == []


def test_schema_goes_as_one_forced_tool_where_the_model_has_no_native_form() -> None:
    facts = Capabilities(supports_structured_output=False)
    body, _ = sent(ask(output=SchemaFormat(OBJECT, name="my answer"), facts=facts))
    assert body["tools"] == [{"name": "my_answer", "description": "Gives the answer.", "input_schema": OBJECT}]
    assert body["tool_choice"] == {"type": "tool", "name": "my_answer"}
    assert "output_config" not in body


def test_schema_without_native_form_is_wrapped_and_its_references_follow() -> None:
    tree = {"type": "array", "items": {"$ref": "#"}, "$defs": {"x": {"$ref": "#/$defs/x"}}, "enum": [{"$ref": "#"}]}
    body, _ = sent(ask(output=SchemaFormat(tree)))
    moved = {
        "type": "array",
        "items": {"$ref": "#/properties/value"},
        "$defs": {"x": {"$ref": "#/properties/value/$defs/x"}},
        "enum": [{"$ref": "#"}],
    }
    assert body["tools"][0]["input_schema"] == {
        "type": "object",
        "properties": {"value": moved},
        "required": ["value"],
        "additionalProperties": False,
    }


def test_schema_goes_natively_as_it_stands_where_no_tool_can_be_forced() -> None:
    facts = Capabilities(supports_structured_output=False, supports_forced_tool=False)
    open_schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    body, _ = sent(ask(output=SchemaFormat(open_schema), facts=facts))
    assert body["output_config"]["format"] == {"type": "json_schema", "schema": open_schema}
    assert "tools" not in body


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        (None, {"type": "any"}, ["answer", "answer_"]),
        (ToolChoice("auto"), {"type": "any"}, ["answer", "answer_"]),
        (ToolChoice("none"), {"type": "tool", "name": "answer_"}, ["answer", "answer_"]),
        (ToolChoice("required"), {"type": "any"}, ["answer"]),
        (ToolChoice("named", "answer"), {"type": "tool", "name": "answer"}, ["answer"]),
    ],
)
def test_answer_tool_stands_beside_the_callers_tools(
    choice: ToolChoice | None, expected: object, names: list[str]
) -> None:
    facts = Capabilities(supports_structured_output=False)
    body, _ = sent(ask(tools=(Tool("answer"),), tool_choice=choice, output=SchemaFormat(OBJECT), facts=facts))
    assert body["tool_choice"] == expected
    assert [tool["name"] for tool in body["tools"]] == names


def test_json_without_a_schema_is_asked_for_in_words() -> None:
    body, warnings = sent(ask(system("Be kind."), "Hi", output=JsonFormat()))
    assert body["system"].startswith("Be kind.\n\nAnswer with one JSON object")
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("asked", "efforts", "expected", "count"),
    [
        (Effort.LOW, RISING, "low", 0),
        (Effort.MEDIUM, RISING, "medium", 0),
        (Effort.HIGH, RISING, "high", 0),
        (Effort.XHIGH, RISING, "xhigh", 0),
        (Effort.MAX, RISING, "max", 0),
        (Effort.MAX, None, "max", 0),
        (Effort.MINIMAL, None, "low", 1),
        (Effort.MINIMAL, RISING, "low", 1),
        (Effort.XHIGH, (Effort.LOW, Effort.HIGH, Effort.MAX), "max", 1),
        (Effort.MAX, (Effort.LOW, Effort.HIGH, Effort.XHIGH), "xhigh", 1),
        (Effort.MAX, (Effort.LOW, Effort.MEDIUM), "medium", 1),
        (Effort.LOW, (Effort.NONE, Effort.HIGH), "high", 1),
    ],
)
def test_effort_by_name(asked: Effort, efforts: tuple[Effort, ...] | None, expected: str, count: int) -> None:
    facts = Capabilities(reasoning_style="effort", efforts=efforts)
    body, warnings = sent(ask(sampling=Sampling(effort=asked), facts=facts))
    assert body["output_config"] == {"effort": expected}
    assert body["thinking"] == {"type": "adaptive"}
    assert body["max_tokens"] == 4096
    assert len(warnings) == count
    assert all(asked.value in warning and expected in warning for warning in warnings)


@pytest.mark.parametrize(
    ("asked", "budget"),
    [
        (Effort.MINIMAL, 1_024),
        (Effort.LOW, 2_048),
        (Effort.MEDIUM, 10_000),
        (Effort.HIGH, 16_384),
        (Effort.XHIGH, 32_768),
        (Effort.MAX, 32_768),
    ],
)
def test_effort_by_budget(asked: Effort, budget: int) -> None:
    efforts = (Effort.MINIMAL, Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.XHIGH)
    facts = Capabilities(reasoning_style="budget", efforts=efforts, max_output_tokens=64_000)
    body, warnings = sent(ask(sampling=Sampling(effort=asked), facts=facts))
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert body["max_tokens"] == 64_000
    assert "output_config" not in body
    assert warnings == []


@pytest.mark.parametrize(
    ("max_tokens", "most", "sent_tokens", "budget", "count"),
    [
        (10_001, None, 10_001, 10_000, 0),
        (10_000, None, 20_000, 10_000, 1),
        (500, None, 10_500, 10_000, 1),
        (500, 10_200, 10_200, 10_000, 1),
        (500, 8_000, 8_000, 4_000, 2),
        (500, 1_025, 1_025, 1_024, 2),
    ],
)
def test_max_tokens_is_raised_above_the_budget_and_stays_within_the_model(
    max_tokens: int, most: int | None, sent_tokens: int, budget: int, count: int
) -> None:
    facts = Capabilities(reasoning_style="budget", max_output_tokens=most)
    body, warnings = sent(ask(sampling=Sampling(effort=Effort.MEDIUM, max_tokens=max_tokens), facts=facts))
    assert (body["max_tokens"], body["thinking"]["budget_tokens"]) == (sent_tokens, budget)
    assert len(warnings) == count


def test_model_that_writes_too_little_does_not_think() -> None:
    facts = Capabilities(reasoning_style="budget", max_output_tokens=1_024)
    body, warnings = sent(ask(sampling=Sampling(effort=Effort.LOW), facts=facts))
    assert "thinking" not in body
    assert "reasoning_effort was dropped" in warnings[0]


@pytest.mark.parametrize(
    ("facts", "thinking", "count"),
    [
        (Capabilities(), None, 0),
        (Capabilities(reasoning_style="budget", efforts=RISING), None, 0),
        (Capabilities(reasoning_style="effort", efforts=(Effort.NONE, *RISING)), {"type": "disabled"}, 0),
        (Capabilities(reasoning_style="effort", efforts=None), {"type": "disabled"}, 0),
        (Capabilities(reasoning_style="effort", efforts=RISING), None, 1),
    ],
)
def test_effort_none_switches_thinking_off_where_there_is_a_switch(
    facts: Capabilities, thinking: object, count: int
) -> None:
    body, warnings = sent(ask(sampling=Sampling(effort=Effort.NONE), facts=facts))
    assert body.get("thinking") == thinking
    assert len(warnings) == count


@pytest.mark.parametrize("facts", [Capabilities(), Capabilities(reasoning_style="effort", efforts=())])
def test_effort_of_a_model_without_one_is_dropped_with_a_warning(facts: Capabilities) -> None:
    body, warnings = sent(ask(sampling=Sampling(effort=Effort.HIGH), facts=facts))
    assert body.keys() == {"model", "max_tokens", "stream", "messages"}
    assert warnings == ["reasoning_effort was dropped: claude-x is not known to have one"]


@pytest.mark.parametrize("style", ["effort", "budget"])
def test_sampling_that_thinking_forbids_is_dropped_with_a_warning(style: str) -> None:
    facts = Capabilities(reasoning_style=style)
    body, warnings = sent(ask(sampling=Sampling(effort=Effort.LOW, temperature=0.3), facts=facts))
    assert "temperature" not in body
    assert warnings == ["temperature was dropped: Anthropic takes none while the model thinks"]
    body, warnings = sent(ask(sampling=Sampling(effort=Effort.LOW, top_p=0.94), facts=facts))
    assert "top_p" not in body
    assert len(warnings) == 1
    assert sent(ask(sampling=Sampling(effort=Effort.LOW, top_p=0.95), facts=facts))[0]["top_p"] == 0.95


def test_sampling_that_the_model_refuses_only_while_it_reasons_is_dropped() -> None:
    facts = Capabilities(reasoning_style="effort", refused_with_effort=frozenset({"top_p"}))
    assert "top_p" not in sent(ask(sampling=Sampling(effort=Effort.LOW, top_p=0.99), facts=facts))[0]
    assert "top_p" in sent(ask(sampling=Sampling(top_p=0.99), facts=facts))[0]


@pytest.mark.parametrize(
    ("style", "keeps_effort"),
    [("effort", True), ("budget", False)],
)
def test_forced_tool_leaves_thinking_out(style: str, keeps_effort: bool) -> None:
    facts = Capabilities(reasoning_style=style, supports_structured_output=False)
    sampling = Sampling(effort=Effort.LOW)
    body, warnings = sent(ask(output=SchemaFormat(OBJECT), sampling=sampling, facts=facts))
    assert "thinking" not in body
    assert body.get("output_config") == ({"effort": "low"} if keeps_effort else None)
    assert len(warnings) == (0 if keeps_effort else 1)
    body, _ = sent(ask(tools=(NOW,), tool_choice=ToolChoice("required"), sampling=sampling, facts=facts))
    assert "thinking" not in body


def test_budget_is_left_out_after_tool_results_whose_thinking_is_gone() -> None:
    facts = Capabilities(reasoning_style="budget")
    called = Message(Role.ASSISTANT, tool_calls=(ToolCall("call_1", "now", "{}"),))
    result = Message(Role.TOOL, (TextPart("noon"),), tool_call_id="call_1")
    body, warnings = sent(ask("Hi", called, result, tools=(NOW,), sampling=Sampling(effort=Effort.LOW), facts=facts))
    assert "thinking" not in body
    assert "tool results" in warnings[0]


def test_effort_and_native_schema_share_output_config_with_the_callers_own() -> None:
    facts = Capabilities(reasoning_style="effort")
    extra = {"output_config": {"task_budget": 9, "effort": "low"}}
    body, _ = sent(ask(output=SchemaFormat(OBJECT), sampling=Sampling(effort=Effort.HIGH), facts=facts, extra=extra))
    schema = {"type": "json_schema", "schema": OBJECT}
    assert body["output_config"] == {"task_budget": 9, "effort": "high", "format": schema}


def test_name_of_a_speaker_is_dropped_with_a_warning() -> None:
    body, warnings = sent(ask(replace(text_message(Role.USER, "Hi"), name="Ann")))
    assert body["messages"] == [{"role": "user", "content": [told("Hi")]}]
    assert warnings == ["messages[].name was dropped: Anthropic does not know it"]
