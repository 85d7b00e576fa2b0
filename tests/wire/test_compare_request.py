"""The request of a comparison: every bound below, at and above; every refusal names field, value and remedy."""

import json
from typing import Any

import pytest

from engine import Bench, panel, run_virtual
from parley.domain.errors import FailureCode, InvalidRequest, NotFound
from parley.domain.messages import Role
from parley.domain.run import Comparison, Nothing, PanelRequest, PanelResult
from parley.domain.settings import PanelSettings
from parley.providers.scripted import Pause, says
from parley.wire.compare import CompareContract
from parley.wire.exchange import RequestInfo

INFO = RequestInfo("req_test", 0, max_models=4)
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
BASE = {"models": ["a", "b"], "messages": MESSAGES}


def decode(**fields: Any) -> PanelRequest:
    return CompareContract().decode(json.dumps({**BASE, **fields}).encode(), INFO).request


def refusal(**fields: Any) -> InvalidRequest:
    given = {name: value for name, value in {**BASE, **fields}.items() if value != "absent"}
    with pytest.raises(InvalidRequest) as caught:
        CompareContract().decode(json.dumps(given).encode(), INFO)
    return caught.value


def test_defaults_are_those_of_the_contract() -> None:
    request = decode()
    assert request.panel_id.startswith("cmp_")
    assert len(request.panel_id) == 30
    assert request.resolution == Comparison(None, None)
    assert (request.max_retries, request.is_streamed, request.seats_stream) == (1, False, False)
    assert [message.role for message in request.conversation] == [Role.SYSTEM, Role.USER]
    assert all(seat.sampling.temperature is None and seat.sampling.max_tokens is None for seat in request.seats)


def test_null_means_the_default() -> None:
    names = ("model_overrides", "comparison_model", "comparison_instructions", "temperature", "max_tokens", "stream")
    request = decode(**dict.fromkeys((*names, "skip_comparison", "cache", "template", "variables")))
    assert request.resolution == Comparison(None, None)
    assert request.is_streamed is False


def test_duplicates_are_dropped_and_the_first_place_kept() -> None:
    assert [seat.model for seat in decode(models=["b", "a", "b", "a"]).seats] == ["b", "a"]


@pytest.mark.parametrize("models", [["a"], ["a", "b", "c", "d"], ["a", "b", "c", "d", "a", "b"]])
def test_one_to_the_most_models_are_taken_duplicates_not_counted(models: list[str]) -> None:
    assert len(decode(models=models).seats) == len(set(models))


@pytest.mark.parametrize(("models", "count"), [([], "0 models"), (["a", "b", "c", "d", "e"], "5 models")])
def test_too_few_or_too_many_models_are_refused(models: list[str], count: str) -> None:
    error = refusal(models=models)
    assert error.message == f"models has {count}; it must have 1 to 4, duplicates not counted."
    assert (error.param, error.details[0]["loc"]) == ("models", ["body", "models"])


def test_ten_models_are_the_default_bound() -> None:
    assert RequestInfo("req_test", 0).max_models == 10


def test_comparison_is_asked_for_as_given() -> None:
    request = decode(comparison_model="j", comparison_instructions="Mind the dates.")
    assert request.resolution == Comparison("j", "Mind the dates.")


def test_skipping_the_comparison_leaves_only_answers() -> None:
    assert decode(skip_comparison=True, comparison_model="j").resolution == Nothing()


@pytest.mark.parametrize(("skips", "seats_stream"), [(True, True), (False, False)])
def test_models_stream_only_without_a_comparison(skips: bool, seats_stream: bool) -> None:
    request = decode(stream=True, skip_comparison=skips)
    assert (request.is_streamed, request.seats_stream) == (True, seats_stream)


@pytest.mark.parametrize("temperature", [0, 0.7, 2, 2.0])
def test_temperature_within_its_bounds_holds_for_every_model(temperature: float) -> None:
    assert [seat.sampling.temperature for seat in decode(temperature=temperature).seats] == [temperature] * 2


@pytest.mark.parametrize("temperature", [-0.01, 2.01, "1"])
def test_temperature_out_of_bounds_is_refused(temperature: Any) -> None:
    error = refusal(temperature=temperature)
    assert error.param == "temperature"
    assert str(temperature) in error.message


@pytest.mark.parametrize("max_tokens", [1, 2])
def test_max_tokens_within_its_bound_holds_for_every_model(max_tokens: int) -> None:
    assert [seat.sampling.max_tokens for seat in decode(max_tokens=max_tokens).seats] == [max_tokens] * 2


@pytest.mark.parametrize("max_tokens", [0, -1, 1.5])
def test_max_tokens_out_of_bounds_are_refused(max_tokens: Any) -> None:
    assert refusal(max_tokens=max_tokens).param == "max_tokens"


def test_overrides_hold_for_their_model_alone() -> None:
    override = {"model": "b", "temperature": 0, "max_tokens": 5, "system_prompt": "You are B."}
    first, second = decode(temperature=1, max_tokens=9, model_overrides=[override]).seats
    assert (first.sampling.temperature, first.sampling.max_tokens, first.system_prompt) == (1, 9, None)
    assert (second.sampling.temperature, second.sampling.max_tokens, second.system_prompt) == (0, 5, "You are B.")


def test_override_leaves_what_it_does_not_name() -> None:
    seat = decode(temperature=1, max_tokens=9, model_overrides=[{"model": "a"}]).seats[0]
    assert (seat.sampling.temperature, seat.sampling.max_tokens) == (1, 9)


def test_override_of_a_model_that_is_not_asked_is_refused_with_the_nearest() -> None:
    error = refusal(models=["openai/gpt-5", "x/y"], model_overrides=[{"model": "openai/gpt-4"}])
    assert error.param == "model_overrides[0].model"
    assert 'is "openai/gpt-4"; it must be one of `models`. Did you mean `openai/gpt-5`?' in error.message


def test_two_overrides_of_one_model_are_refused() -> None:
    error = refusal(model_overrides=[{"model": "a"}, {"model": "a", "temperature": 1}])
    assert error.param == "model_overrides[1].model"


@pytest.mark.parametrize(
    ("override", "param"),
    [
        ({"model": "a", "temperature": 2.1}, "model_overrides[0].temperature"),
        ({"model": "a", "max_tokens": 0}, "model_overrides[0].max_tokens"),
        ({"model": "a", "system_prompt": 1}, "model_overrides[0].system_prompt"),
        ({"temperature": 1}, "model_overrides[0].model"),
    ],
)
def test_override_keeps_the_bounds(override: dict[str, Any], param: str) -> None:
    assert refusal(model_overrides=[override]).param == param


@pytest.mark.parametrize(
    ("fields", "param", "hint"),
    [
        ({"temprature": 1}, "temprature", "`temperature`"),
        ({"model_overrides": [{"model": "a", "max_token": 1}]}, "model_overrides[0].max_token", "`max_tokens`"),
    ],
)
def test_unknown_field_is_refused_with_the_nearest_known(fields: dict[str, Any], param: str, hint: str) -> None:
    error = refusal(**fields)
    assert error.param == param
    assert f"Unknown field `{param}`. Did you mean {hint}" in error.message
    assert error.details[0]["type"] == "extra_forbidden"


def test_unknown_fields_of_a_message_are_no_error() -> None:
    said = {"role": "assistant", "content": "Hi", "reasoning_details": [{"a": 1}], "name": "x", "whatever": 1}
    assert len(decode(messages=[*MESSAGES, said]).conversation) == 3


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"models": "absent"}, "models"),
        ({"models": "a"}, "models"),
        ({"models": [1]}, "models[0]"),
        ({"models": ["a", " "]}, "models[1]"),
        ({"messages": "absent"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages[0].content"),
        ({"stream": "yes"}, "stream"),
        ({"skip_comparison": 1}, "skip_comparison"),
        ({"cache": "no"}, "cache"),
        ({"comparison_model": 1}, "comparison_model"),
        ({"comparison_instructions": []}, "comparison_instructions"),
        ({"variables": {"a": 1}}, "variables"),
        ({"template": 1}, "template"),
    ],
)
def test_fault_names_its_field(fields: dict[str, Any], param: str) -> None:
    error = refusal(**fields)
    assert error.param == param
    assert error.details[0]["msg"] == error.message
    assert param in error.message


def test_template_is_not_found() -> None:
    with pytest.raises(NotFound, match="greeting"):
        decode(template="greeting", variables={"a": "b"})


def compare(bench: Bench, **fields: Any) -> PanelResult:
    """Decode a comparison and run it on virtual time."""
    return bench.ask(decode(**fields))


def test_every_model_has_120_s_that_cover_its_retry() -> None:
    bench = Bench({"a": [says("A")], "b": [[Pause()]]}, settings=PanelSettings(timeout_ms=300_000))
    result = compare(bench, skip_comparison=True)
    assert result.duration_ms == 120_000
    assert [answer.failure and answer.failure.code for answer in result.answers] == [None, FailureCode.TIMEOUT]


def test_timeout_is_configurable_downwards() -> None:
    bench = Bench({"a": [says("A")], "b": [[Pause()]]}, settings=PanelSettings(timeout_ms=7_000))
    assert compare(bench, skip_comparison=True).duration_ms == 7_000


def test_comparison_and_its_fallbacks_have_120_s_of_their_own() -> None:
    scripts = {"a": [says("A"), [Pause()]], "b": [says("B")], "j": [[Pause()]]}
    result = compare(Bench(scripts, settings=PanelSettings(timeout_ms=7_000)), comparison_model="j")
    assert result.duration_ms == 120_000
    assert result.verdict.text is None


def test_comparison_gets_neither_max_tokens_nor_temperature() -> None:
    bench = Bench({"a": [says("A")], "b": [says("B")], "j": [says("J")]})
    compare(bench, comparison_model="j", max_tokens=3, temperature=1, comparison_instructions="Mind the dates.")
    judged = bench.provider.calls[-1]
    assert judged.deployment.upstream_model == "j"
    assert (judged.sampling.max_tokens, judged.sampling.temperature) == (None, None)
    assert "Mind the dates." in judged.messages[0].text
    for heading in ("Accuracy", "Completeness", "Clarity", "Recommendation"):
        assert heading in judged.messages[0].text


def test_system_prompt_replaces_the_system_message_of_its_model_alone() -> None:
    bench = Bench({"a": [says("A")], "b": [says("B")], "c": [says("C")]})
    prompts = [{"model": "b", "system_prompt": "You are B."}, {"model": "c", "system_prompt": ""}]
    compare(bench, models=["a", "b", "c"], model_overrides=prompts, skip_comparison=True)
    seen = {
        call.deployment.upstream_model: [message.text for message in call.messages] for call in bench.provider.calls
    }
    assert seen == {"a": ["Be brief.", "Hello"], "b": ["You are B.", "Hello"], "c": ["Hello"]}


def test_seats_of_a_roundtable_keep_their_own_timeout() -> None:
    bench = Bench({"a": [[Pause()]], "b": [says("B")]}, settings=PanelSettings(timeout_ms=300_000))
    result = run_virtual(bench.run(panel("a", "b", resolution=Nothing())))
    assert result.duration_ms == 300_000
