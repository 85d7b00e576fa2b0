"""What the gemini dialect sends, compared as JSON, and what it reports as dropped, lowered or translated."""

import json
from dataclasses import replace
from typing import Any

import pytest

from local_calls import assistant, make_call, system, user
from parley.domain.errors import FailureCode
from parley.domain.messages import AudioPart, ImagePart, Message, OtherPart, Role, TextPart, Tool, ToolCall, ToolChoice
from parley.domain.models import Capabilities, Deployment, Dialect, Effort
from parley.domain.run import JsonFormat, Sampling, SchemaFormat
from parley.domain.settings import Quirks
from parley.providers.provider import Call
from upstream_exchange import NO_QUIRKS, exchange
from wire_server import json_reply, sse_reply

PIXEL = "data:image/png;base64,iVBORw0KGgo="
WEATHER = Tool("weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
NOW = Tool("now")
SCHEMA = {"$schema": "x", "type": "array", "items": {"type": "integer", "exclusiveMinimum": 0}}
JSON = {"responseMimeType": "application/json"}
UNKNOWN = Capabilities()
LEVEL = Capabilities(reasoning_style="level")
BUDGET = Capabilities(reasoning_style="budget")
LOW_TO_HIGH = (Effort.LOW, Effort.MEDIUM, Effort.HIGH)

ANSWER = {"candidates": [{"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}]}


def ask(*messages: Message | str, facts: Capabilities = UNKNOWN, **fields: Any) -> Call:
    deployment = Deployment("gemini", "gemini-x", capabilities=facts)
    return make_call("gemini-x", *(messages or ("Hi",)), deployment=deployment, **fields)


def sent(call: Call, quirks: Quirks = NO_QUIRKS) -> tuple[dict, list[str]]:
    """Return the body that goes out for `call`, and the warnings."""
    reply = sse_reply(f"data: {json.dumps(ANSWER)}\n\n".encode()) if call.is_streamed else json_reply(ANSWER)
    talk = exchange(Dialect.GEMINI, call, reply, quirks=quirks)
    assert talk.heard.failure is None
    return talk.requests[0].json, talk.heard.warnings


def config_of(call: Call) -> tuple[dict, list[str]]:
    body, warnings = sent(call)
    return body.get("generationConfig", {}), warnings


@pytest.mark.parametrize("is_streamed", [True, False])
def test_smallest_call(is_streamed: bool) -> None:
    body, warnings = sent(ask(is_streamed=is_streamed))
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    assert warnings == []


def test_conversation_alternates_with_system_text_apart() -> None:
    body, warnings = sent(
        ask(system("Be kind."), system("Be brief."), "One", user("Two"), assistant("Three"), "Four", assistant("Fi"))
    )
    assert body == {
        "systemInstruction": {"parts": [{"text": "Be kind.\n\nBe brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "One"}, {"text": "Two"}]},
            {"role": "model", "parts": [{"text": "Three"}]},
            {"role": "user", "parts": [{"text": "Four"}]},
            {"role": "model", "parts": [{"text": "Fi"}]},
        ],
    }
    assert warnings == []


def test_system_message_alone_is_sent_as_the_user_turn_that_gemini_demands() -> None:
    body, warnings = sent(ask(system("Say hi.")))
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Say hi."}]}]}
    assert len(warnings) == 1


def test_images_and_audio_go_inline() -> None:
    parts = (
        ImagePart(PIXEL, detail="auto"),
        AudioPart("QUFB", "wav"),
        TextPart("What?"),
        OtherPart({"type": "refusal", "refusal": "No."}),
    )
    body, warnings = sent(ask(Message(Role.USER, parts)))
    assert body["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"inlineData": {"mimeType": "audio/wav", "data": "QUFB"}},
        {"text": "What?"},
        {"text": "No."},
    ]
    assert warnings == []


RESULT = Message(Role.TOOL, (TextPart("x"),), tool_call_id="nobody")


@pytest.mark.parametrize(
    ("messages", "advice"),
    [
        ((Message(Role.USER, (ImagePart("https://example.org/a.png"),)),), "data:image/…;base64,…"),
        ((Message(Role.USER, (ImagePart("gs://bucket/a.png"),)),), "data:image/…;base64,…"),
        ((Message(Role.USER, (OtherPart({"type": "file"}),)),), "'file'"),
        ((Message(Role.SYSTEM, (ImagePart(PIXEL),)), user("Hi")), "move it to a user turn"),
        ((user("Hi"), RESULT), "nobody"),
        ((user(""),), "at least one user message"),
    ],
)
def test_what_gemini_cannot_take_fails_with_advice_and_asks_nothing(messages: tuple[Message, ...], advice: str) -> None:
    talk = exchange(Dialect.GEMINI, ask(*messages), json_reply(ANSWER))
    assert talk.requests == []
    assert talk.heard.failure is not None
    assert talk.heard.failure.failure.code is FailureCode.INVALID_REQUEST
    assert not talk.heard.failure.is_transient
    assert advice in talk.heard.failure.failure.message


def tool_talk(*calls: ToolCall, results: tuple[str, ...]) -> list[Message]:
    answers = [
        Message(Role.TOOL, (TextPart(text),), tool_call_id=call.call_id)
        for call, text in zip(calls, results, strict=True)
    ]
    return [user("Hi"), Message(Role.ASSISTANT, (TextPart("Looking."),), tool_calls=calls), *answers]


def test_tool_calls_and_results_become_parts_and_results_share_one_turn() -> None:
    calls = (
        ToolCall("fc_1~sig~c2ln/+=", "weather", '{"city": "Köln"}'),
        ToolCall("call_parley_0123", "now", ""),
        ToolCall("toolu_3", "now", "{broken"),
    )
    body, _ = sent(ask(*tool_talk(*calls, results=('{"degrees": 12}', "noon", "[1]")), tools=(WEATHER, NOW)))
    assert body["contents"][1:] == [
        {
            "role": "model",
            "parts": [
                {"text": "Looking."},
                {
                    "functionCall": {"name": "weather", "args": {"city": "Köln"}, "id": "fc_1"},
                    "thoughtSignature": "c2ln/+=",
                },
                {"functionCall": {"name": "now", "args": {}}},
                {"functionCall": {"name": "now", "args": {"arguments": "{broken"}, "id": "toolu_3"}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "weather", "response": {"degrees": 12}, "id": "fc_1"}},
                {"functionResponse": {"name": "now", "response": {"result": "noon"}}},
                {"functionResponse": {"name": "now", "response": {"result": [1]}, "id": "toolu_3"}},
            ],
        },
    ]


def test_image_in_a_tool_result_stands_behind_it() -> None:
    call = ToolCall("c1", "now", "{}")
    shown = Message(Role.TOOL, (TextPart("see"), ImagePart(PIXEL)), tool_call_id="c1")
    body, _ = sent(ask("Hi", Message(Role.ASSISTANT, tool_calls=(call,)), shown))
    result, image = body["contents"][2]["parts"]
    assert result["functionResponse"]["response"] == {"result": "see"}
    assert image["inlineData"]["mimeType"] == "image/png"


def test_result_of_an_unknown_call_goes_by_its_own_name() -> None:
    body, _ = sent(ask("Hi", replace(RESULT, name="weather")))
    assert body["contents"][0]["parts"][1]["functionResponse"]["name"] == "weather"


def test_first_tool_call_of_a_turn_never_lacks_a_signature_where_the_model_wants_one() -> None:
    calls = (ToolCall("a", "now", "{}"), ToolCall("b", "now", "{}"))
    parts = sent(ask(*tool_talk(*calls, results=("1", "2")), facts=LEVEL))[0]["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [None, "skip_thought_signature_validator", None]
    parts = sent(ask(*tool_talk(*calls, results=("1", "2")), facts=BUDGET))[0]["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [None, None, None]


def test_sampling_goes_into_generation_config() -> None:
    extra = {"presence_penalty": 0.1, "frequency_penalty": -0.2, "top_k": 40}
    sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=50, seed=7, stop=("A", "\n"))
    config, warnings = config_of(ask(sampling=sampling, extra=extra))
    assert config == {
        "temperature": 0.0,
        "topP": 0.9,
        "maxOutputTokens": 50,
        "seed": 7,
        "stopSequences": ["A", "\n"],
        "presencePenalty": 0.1,
        "frequencyPenalty": -0.2,
        "topK": 40,
    }
    assert warnings == []


def test_unknown_parameters_are_named_in_one_warning_and_geminis_own_pass() -> None:
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    extra = {
        "logit_bias": {},
        "n": 2,
        "service_tier": "flex",
        "safety_settings": safety,
        "user": "u",
        "logprobs": False,
    }
    body, warnings = sent(ask(extra=extra))
    assert body.keys() == {"contents", "serviceTier", "safetySettings"}
    assert (body["serviceTier"], body["safetySettings"]) == ("flex", safety)
    assert warnings == ["logit_bias, n, user were dropped: Gemini does not take them"]
    assert sent(ask(extra={"service_tier": "auto"}))[1] == ["service_tier was dropped: Gemini does not take it"]


def test_parameters_that_model_or_vendor_refuse_are_dropped_with_a_warning() -> None:
    facts = Capabilities(refused_parameters=frozenset({"seed", "presence_penalty"}))
    call = ask(facts=facts, sampling=Sampling(seed=5, top_p=0.5), extra={"presence_penalty": 1})
    body, warnings = sent(call, Quirks(refused_parameters=frozenset({"top_p"})))
    assert body.keys() == {"contents"}
    assert len(warnings) == 3


def test_tools_are_declared_with_their_schemas() -> None:
    body, warnings = sent(ask(tools=(replace(WEATHER, is_strict=True), NOW), allows_parallel_tools=False))
    weather = {"name": "weather", "description": "Tells the weather.", "parametersJsonSchema": WEATHER.parameters}
    assert body["tools"] == [{"functionDeclarations": [weather, {"name": "now"}]}]
    assert "toolConfig" not in body
    assert [warning.split()[0] for warning in warnings] == ["tools[].function.strict", "parallel_tool_calls"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", "now"), {"mode": "ANY", "allowedFunctionNames": ["now"]}),
    ],
)
def test_tool_choice(choice: ToolChoice, expected: dict) -> None:
    body, warnings = sent(ask(tools=(WEATHER, NOW), tool_choice=choice))
    assert body["toolConfig"] == {"functionCallingConfig": expected}
    assert warnings == []


@pytest.mark.parametrize("support", [True, None])
@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (SchemaFormat(SCHEMA), JSON | {"responseJsonSchema": {name: SCHEMA[name] for name in ("type", "items")}}),
        (JsonFormat(), JSON),
    ],
)
def test_form_of_the_answer_goes_natively(
    output: SchemaFormat | JsonFormat, expected: dict, support: bool | None
) -> None:
    config, warnings = config_of(ask(output=output, facts=Capabilities(supports_structured_output=support)))
    assert config == expected
    assert warnings == []


@pytest.mark.parametrize("output", [SchemaFormat(SCHEMA), JsonFormat()])
@pytest.mark.parametrize(
    ("facts", "tools", "is_native"),
    [
        (Capabilities(supports_structured_output=False), (), False),
        (BUDGET, (NOW,), False),
        (BUDGET, (), True),
        (LEVEL, (NOW,), True),
    ],
)
def test_form_of_the_answer_is_told_in_words_where_the_model_cannot_be_held_to_it(
    output: SchemaFormat | JsonFormat, facts: Capabilities, tools: tuple[Tool, ...], is_native: bool
) -> None:
    body, warnings = sent(ask(system("Be kind."), "Hi", output=output, facts=facts, tools=tools))
    assert ("generationConfig" in body) is is_native
    assert len(warnings) == (0 if is_native else 1)
    told = body["systemInstruction"]["parts"][0]["text"]
    assert told.startswith("Be kind.")
    assert ("Answer with" in told) is not is_native
    if isinstance(output, SchemaFormat) and not is_native:
        assert '"exclusiveMinimum":0' in told


@pytest.mark.parametrize(
    ("asked", "efforts", "level", "count"),
    [
        (Effort.MINIMAL, None, "MINIMAL", 0),
        (Effort.LOW, None, "LOW", 0),
        (Effort.MEDIUM, None, "MEDIUM", 0),
        (Effort.HIGH, None, "HIGH", 0),
        (Effort.XHIGH, None, "HIGH", 0),
        (Effort.MAX, None, "HIGH", 0),
        (Effort.MAX, LOW_TO_HIGH, "HIGH", 0),
        (Effort.MEDIUM, (Effort.LOW, Effort.HIGH), "LOW", 1),
        (Effort.MINIMAL, LOW_TO_HIGH, "LOW", 1),
        (Effort.NONE, LOW_TO_HIGH, "LOW", 1),
        (Effort.NONE, (Effort.MINIMAL, *LOW_TO_HIGH), "MINIMAL", 1),
        (Effort.NONE, None, "LOW", 1),
    ],
)
def test_effort_by_level(asked: Effort, efforts: tuple[Effort, ...] | None, level: str, count: int) -> None:
    facts = Capabilities(reasoning_style="level", efforts=efforts)
    config, warnings = config_of(ask(sampling=Sampling(effort=asked), facts=facts))
    assert config == {"thinkingConfig": {"thinkingLevel": level}}
    assert len(warnings) == count
    assert all(f"{asked.value} was sent as {level.lower()}" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("asked", "efforts", "budget", "count"),
    [
        (Effort.NONE, None, 0, 0),
        (Effort.NONE, (Effort.NONE, *LOW_TO_HIGH), 0, 0),
        (Effort.NONE, (Effort.MINIMAL, *LOW_TO_HIGH), 512, 1),
        (Effort.MINIMAL, None, 512, 0),
        (Effort.LOW, None, 2_048, 0),
        (Effort.MEDIUM, None, 8_192, 0),
        (Effort.HIGH, None, 16_384, 0),
        (Effort.XHIGH, None, 24_576, 0),
        (Effort.MAX, None, 24_576, 0),
        (Effort.MAX, (*LOW_TO_HIGH, Effort.XHIGH), 24_576, 0),
        (Effort.MAX, LOW_TO_HIGH, 16_384, 1),
    ],
)
def test_effort_by_budget(asked: Effort, efforts: tuple[Effort, ...] | None, budget: int, count: int) -> None:
    facts = Capabilities(reasoning_style="budget", efforts=efforts)
    config, warnings = config_of(ask(sampling=Sampling(effort=asked), facts=facts))
    assert config == {"thinkingConfig": {"thinkingBudget": budget}}
    assert len(warnings) == count


@pytest.mark.parametrize(
    ("max_tokens", "most", "expected", "count"),
    [(2_049, None, 2_049, 0), (2_048, None, 4_096, 1), (100, None, 2_148, 1), (100, 2_100, 2_100, 1)],
)
def test_max_tokens_is_raised_above_the_budget(max_tokens: int, most: int | None, expected: int, count: int) -> None:
    facts = Capabilities(reasoning_style="budget", max_output_tokens=most)
    config, warnings = config_of(ask(sampling=Sampling(effort=Effort.LOW, max_tokens=max_tokens), facts=facts))
    assert config["maxOutputTokens"] == expected
    assert len(warnings) == count


def test_max_tokens_stays_where_thinking_is_off() -> None:
    config, warnings = config_of(ask(sampling=Sampling(effort=Effort.NONE, max_tokens=5), facts=BUDGET))
    assert config == {"maxOutputTokens": 5, "thinkingConfig": {"thinkingBudget": 0}}
    assert warnings == []


def test_model_with_levels_that_can_stop_thinking_is_switched_off_by_budget() -> None:
    facts = Capabilities(reasoning_style="level", efforts=(Effort.NONE, *LOW_TO_HIGH))
    config, warnings = config_of(ask(sampling=Sampling(effort=Effort.NONE), facts=facts))
    assert config == {"thinkingConfig": {"thinkingBudget": 0}}
    assert warnings == []


@pytest.mark.parametrize("facts", [LEVEL, BUDGET])
def test_thoughts_are_asked_for_where_they_stream(facts: Capabilities) -> None:
    config, _ = config_of(ask(is_streamed=True, sampling=Sampling(effort=Effort.LOW), facts=facts))
    assert config["thinkingConfig"]["includeThoughts"] is True


@pytest.mark.parametrize("facts", [UNKNOWN, Capabilities(reasoning_style="level", efforts=())])
def test_effort_of_a_model_without_one_is_dropped_with_a_warning(facts: Capabilities) -> None:
    body, warnings = sent(ask(sampling=Sampling(effort=Effort.HIGH), facts=facts))
    assert body.keys() == {"contents"}
    assert warnings == ["reasoning_effort was dropped: gemini-x is not known to have one"]
    assert sent(ask(sampling=Sampling(effort=Effort.NONE), facts=facts))[1] == []


def test_names_and_details_that_gemini_does_not_know_are_reported() -> None:
    message = Message(Role.USER, (ImagePart(PIXEL, detail="high"),), name="Ann")
    _, warnings = sent(ask(message))
    assert [warning.split()[0] for warning in warnings] == ["messages[].name", "image_url.detail"]
