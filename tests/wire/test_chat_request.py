"""The request of a chat completion: every bound below, at and above; what is passed on; what is refused and how."""

import json
from typing import Any

import pytest

from parley.catalog.catalog import Catalog
from parley.domain.errors import InvalidRequest, ModelNotFound, NotFound
from parley.domain.messages import Tool, ToolChoice
from parley.domain.models import Dialect, Effort
from parley.domain.run import JsonFormat, Nothing, PanelRequest, Sampling, SchemaFormat, Summary, Vote
from parley.domain.settings import PanelPreset, ProviderSettings
from parley.wire.chat import ChatContract
from parley.wire.exchange import RequestInfo

INFO = RequestInfo("req_test", 0, max_seats=4)
BASE = {"model": "p/a", "messages": [{"role": "user", "content": "Hello"}]}
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}, "strict": True}}
TALK = {"type": "function", "function": {"name": "talk", "description": "Says it."}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
PRESETS = (
    PanelPreset("merge", ("p/a", "p/b"), instructions="Be brief.", summary_model="p/j", max_retries=2, timeout_ms=9000),
    PanelPreset("vote", ("p/a", "p/b"), "multiple_choice", choices=("yes", "no")),
    PanelPreset("raw", ("p/a", "p/b"), "fast"),
)
CONTRACT = ChatContract(Catalog([ProviderSettings("p", Dialect.OPENAI)], panels=PRESETS))


def decode(**fields: Any) -> PanelRequest:
    given = {name: value for name, value in {**BASE, **fields}.items() if value != "absent"}
    return CONTRACT.decode(json.dumps(given).encode(), INFO).request


def refusal(**fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        decode(**fields)
    return caught.value


def sampling(**fields: Any) -> Sampling:
    return decode(**fields).seats[0].sampling


def test_defaults_leave_everything_to_the_provider() -> None:
    request = decode()
    assert request.panel_id.startswith("chatcmpl-")
    assert (request.resolution, request.accepts_refusals) == (Nothing(), True)
    assert (request.is_streamed, request.seats_stream, request.timeout_s) == (False, False, None)
    assert request.seats[0].sampling == Sampling()
    assert (request.tools, request.tool_choice, request.allows_parallel_tools, request.output) == ((), None, None, None)
    assert (request.fallback_models, request.extra) == ((), {})


def test_null_means_the_default() -> None:
    names = ("models", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "n")
    more = ("seed", "stop", "reasoning_effort", "tools", "tool_choice", "parallel_tool_calls", "response_format")
    own = ("timeout", "cache", "template", "variables", "logit_bias", "user")
    request = decode(**dict.fromkeys((*names, *more, *own)))
    assert (request.seats[0].sampling, request.extra, request.is_streamed) == (Sampling(), {}, False)


def test_sampling_is_read() -> None:
    given = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": -3, "stop": ["\n", "END"]}
    assert sampling(**given, reasoning_effort="low") == Sampling(0.5, 0.9, 7, -3, ("\n", "END"), Effort.LOW)


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [("temperature", 0, 2), ("top_p", 0, 1), ("timeout", 0.001, 300), ("max_tokens", 1, None)],
)
def test_bounds_are_taken_at_and_refused_beyond(field: str, low: float, high: float | None) -> None:
    for value in (low, *([] if high is None else [high])):
        decode(**{field: value})
    for value in (low - 1, *([] if high is None else [high + 0.5])):
        error = refusal(**{field: value})
        assert error.param == field
        assert f"{field} is {value}" in error.message


@pytest.mark.parametrize("value", [0, -1, 1.5, "9"])
def test_output_bounds_are_whole_and_positive(value: Any) -> None:
    assert refusal(max_tokens=value).param == "max_tokens"
    assert refusal(max_completion_tokens=value).param == "max_completion_tokens"


def test_newer_name_of_the_output_bound_wins() -> None:
    assert sampling(max_completion_tokens=5).max_tokens == 5
    assert sampling(max_tokens=9, max_completion_tokens=5).max_tokens == 5


@pytest.mark.parametrize(("stop", "read"), [("END", ("END",)), ([], ()), (["a", "b"], ("a", "b"))])
def test_stop_is_a_text_or_several(stop: Any, read: tuple[str, ...]) -> None:
    assert sampling(stop=stop).stop == read


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh", "max"])
def test_every_effort_is_read(effort: str) -> None:
    assert sampling(reasoning_effort=effort).effort is Effort(effort)


def test_timeout_is_in_seconds() -> None:
    assert decode(timeout=1.5).timeout_s == 1.5
    assert refusal(timeout=0).param == "timeout"


def test_one_completion_is_made() -> None:
    assert "n" not in decode(n=1).extra
    for count in (0, 2):
        error = refusal(n=count)
        assert error.param == "n"
        assert f"n is {count}; it must be 1" in error.message
        assert "/v3/roundtable" in error.message


def test_models_after_the_first_are_fallbacks() -> None:
    request = decode(models=["p/b", "p/a", "p/c"])
    assert (request.seats[0].model, request.fallback_models) == ("p/a", ("p/b", "p/c"))
    request = decode(model="absent", models=["p/b", "p/c"])
    assert (request.seats[0].model, request.fallback_models) == ("p/b", ("p/c",))
    assert len(decode(models=["p/b", "p/c", "p/d"]).fallback_models) == 3


@pytest.mark.parametrize(
    ("fields", "param", "word"),
    [
        ({"model": "absent"}, "model", "missing"),
        ({"model": None, "models": []}, "model", "missing"),
        ({"model": " "}, "model", "GET /v1/models"),
        ({"model": 5}, "model", "text"),
        ({"models": ["p/b", ""]}, "models[1]", "GET /v1/models"),
        ({"models": ["p/b", "p/c", "p/d", "p/e"]}, "models", "5 models; the most is 4"),
        ({"models": ["panel/merge"]}, "models[0]", "no fallback"),
        ({"messages": "absent"}, "messages", "missing"),
        ({"messages": []}, "messages", "at least one"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content", "not blank"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "assistant"),
        ({"stream": "yes"}, "stream", "true or false"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "without `stream`"),
        ({"stop": 5}, "stop", "5"),
        ({"seed": 1.5}, "seed", "integer"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort", "high, low, max, medium, minimal, none, xhigh"),
        ({"tools": {}}, "tools", "array"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0].type", "function"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "missing"),
        ({"tools": [{"type": "function", "function": {"name": ""}}]}, "tools[0].function.name", "name"),
        ({"tools": [LOOK], "tool_choice": "always"}, "tool_choice", "auto, none, required"),
        ({"tools": [LOOK], "tool_choice": {"type": "allowed_tools"}}, "tool_choice", "auto, none, required"),
        ({"tool_choice": "required"}, "tool_choice", "no `tools`"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "json_object, json_schema, text"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
            "response_format.json_schema.schema",
            "missing",
        ),
        ({"variables": ["x"]}, "variables", "object"),
        ({"cache": 1}, "cache", "true or false"),
    ],
)
def test_fault_names_field_and_remedy(fields: dict[str, Any], param: str, word: str) -> None:
    error = refusal(**fields)
    assert error.param == param
    assert word in error.message
    assert error.details[0]["msg"] == error.message


def test_tools_are_read() -> None:
    assert decode(tools=[LOOK, TALK]).tools == (
        Tool("look", None, {"type": "object"}, True),
        Tool("talk", "Says it.", None, None),
    )


@pytest.mark.parametrize(
    ("choice", "read"),
    [
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ({"type": "function", "function": {"name": "talk"}}, ToolChoice("named", "talk")),
    ],
)
def test_tool_choice_is_read(choice: Any, read: ToolChoice) -> None:
    assert decode(tools=[LOOK, TALK], tool_choice=choice).tool_choice == read


def test_choice_of_a_tool_that_is_not_there_is_refused_with_the_nearest() -> None:
    error = refusal(tools=[LOOK, TALK], tool_choice={"type": "function", "function": {"name": "tal"}})
    assert "'tal', which is none of `tools`. Did you mean `talk`?" in error.message


def test_choices_without_tools_say_nothing() -> None:
    request = decode(tools=[], tool_choice="auto", parallel_tool_calls=False)
    assert (request.tools, request.tool_choice, request.allows_parallel_tools) == ((), None, None)
    assert decode(tools=[LOOK], parallel_tool_calls=False).allows_parallel_tools is False


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, JsonFormat()),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
            SchemaFormat(SCHEMA, "x", True),
        ),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}, SchemaFormat(SCHEMA, "x", False)),
    ],
)
def test_response_format_is_read(given: dict[str, Any], read: Any) -> None:
    request = decode(response_format=given)
    assert (request.output, request.output_param) == (read, "response_format")


def test_unknown_parameters_are_passed_on() -> None:
    given = {"logprobs": True, "top_logprobs": 2, "logit_bias": {"5": 1}, "user": "u", "frequency_penalty": 0.1}
    assert decode(**given, my_field=[1, {"x": None}]).extra == {**given, "my_field": [1, {"x": None}]}


def test_further_stream_options_are_passed_on() -> None:
    options = {"include_usage": True, "include_obfuscation": False}
    assert decode(stream=True, stream_options=options).extra == {"stream_options": {"include_obfuscation": False}}
    assert decode(stream=True, stream_options={"include_usage": True}).extra == {}


def test_deep_parameters_are_refused() -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    assert refusal(mine=deep).param == "mine"
    tool = {"type": "function", "function": {"name": "f", "parameters": {"x": deep}}}
    assert refusal(tools=[tool]).param == "tools[0].function.parameters"


def test_streams_relay() -> None:
    request = decode(stream=True)
    assert (request.is_streamed, request.seats_stream) == (True, True)


def test_template_is_not_found() -> None:
    with pytest.raises(NotFound, match="greeting"):
        decode(template="greeting", variables={"a": "b"})


def test_panel_of_the_configuration_is_asked_as_it_is_configured() -> None:
    request = decode(model="panel/merge", temperature=0.5, max_tokens=9, stream=True)
    assert [seat.model for seat in request.seats] == ["p/a", "p/b"]
    assert [seat.sampling for seat in request.seats] == [Sampling(temperature=0.5, max_tokens=9)] * 2
    assert (request.resolution, request.instructions) == (Summary("p/j"), "Be brief.")
    assert (request.max_retries, request.timeout_s) == (2, 9.0)
    assert (request.is_streamed, request.seats_stream, request.accepts_refusals) == (True, False, False)
    assert decode(model="panel/merge", timeout=3).timeout_s == 3
    assert decode(model="absent", models=["panel/merge"]).resolution == Summary("p/j")


def test_panel_that_votes_is_asked_for_its_choices() -> None:
    assert decode(model="panel/vote").resolution == Vote(("yes", "no"), None)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": "panel/merge", "models": ["p/a"]}, "models"),
        ({"model": "panel/merge", "tools": [LOOK]}, "tools"),
        ({"model": "panel/vote", "response_format": {"type": "json_object"}}, "response_format"),
        ({"model": "panel/raw"}, "model"),
    ],
)
def test_what_a_panel_cannot_do_is_refused(fields: dict[str, Any], param: str) -> None:
    error = refusal(**fields)
    assert error.param == param
    assert str(fields["model"]) in error.message


def test_unknown_panel_is_not_found_and_the_nearest_named() -> None:
    with pytest.raises(ModelNotFound, match="did you mean panel/merge"):
        decode(model="panel/merg")
