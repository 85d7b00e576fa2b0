"""Capabilities by name, checked against the quirks in contracts/providers.md."""

import pytest

from parley.catalog.capabilities import capabilities_of
from parley.domain.models import Capabilities, Dialect, Effort


@pytest.mark.parametrize(
    "model", ["o3", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.5", "gpt-5.6-sol", "gpt-6-sol", "gpt-6.1-sol"]
)
def test_openai_models_that_always_reason_refuse_sampling(model: str) -> None:
    known = capabilities_of(Dialect.OPENAI, model)
    assert {"temperature", "top_p"} <= known.refused_at(None)
    assert known.output_token_field == "max_completion_tokens"


@pytest.mark.parametrize("model", ["gpt-5.1", "gpt-5.2", "gpt-5.4-mini"])
def test_openai_models_that_reason_on_request_refuse_sampling_only_then(model: str) -> None:
    known = capabilities_of(Dialect.OPENAI, model)
    assert "temperature" not in known.refused_at(None)
    assert "temperature" not in known.refused_at(Effort.NONE)
    assert "temperature" in known.refused_at(Effort.LOW)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1-mini", "gpt-3.5-turbo"])
def test_openai_models_that_do_not_reason_take_sampling_and_no_effort(model: str) -> None:
    known = capabilities_of(Dialect.OPENAI, model)
    assert known.refused_at(Effort.HIGH) == frozenset()
    assert known.efforts == ()


@pytest.mark.parametrize(
    ("model", "accepted", "refused"),
    [
        ("gpt-5", Effort.MINIMAL, Effort.NONE),
        ("gpt-5.1", Effort.NONE, Effort.XHIGH),
        ("gpt-5.2", Effort.XHIGH, Effort.MINIMAL),
        ("gpt-5.6-terra", Effort.MAX, Effort.MINIMAL),
        ("gpt-6-sol", Effort.NONE, Effort.MINIMAL),
        ("gpt-6.1-sol", Effort.LOW, Effort.NONE),
        ("o3", Effort.HIGH, Effort.NONE),
    ],
)
def test_openai_efforts_differ_by_generation(model: str, accepted: Effort, refused: Effort) -> None:
    efforts = capabilities_of(Dialect.OPENAI, model).efforts
    assert efforts is not None
    assert accepted in efforts
    assert refused not in efforts


@pytest.mark.parametrize(("model", "has_it"), [("gpt-4o", True), ("gpt-4o-2024-05-13", False), ("gpt-4-turbo", False)])
def test_openai_structured_output_begins_with_gpt_4o_of_august_2024(model: str, has_it: bool) -> None:
    assert capabilities_of(Dialect.OPENAI, model).supports_structured_output is has_it


@pytest.mark.parametrize(
    "model",
    ["claude-fable-5", "claude-mythos-5-2", "claude-opus-4-7", "claude-opus-5", "claude-sonnet-5", "claude-opus-5-5"],
)
def test_newest_claude_models_refuse_sampling_and_take_every_effort(model: str) -> None:
    known = capabilities_of(Dialect.ANTHROPIC, model)
    assert {"temperature", "top_p", "top_k"} <= known.refused_parameters
    assert known.reasoning_style == "effort"
    assert known.efforts == (Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.XHIGH, Effort.MAX)
    assert known.max_output_tokens == 128_000


@pytest.mark.parametrize(
    ("model", "takes_it"),
    [("claude-fable-5", False), ("claude-mythos-5-2", False), ("claude-sonnet-5-5", False), ("claude-sonnet-5", True)],
)
def test_some_claude_models_refuse_a_forced_tool(model: str, takes_it: bool) -> None:
    assert capabilities_of(Dialect.ANTHROPIC, model).supports_forced_tool is takes_it


@pytest.mark.parametrize(
    ("model", "style", "structured"),
    [
        ("claude-sonnet-4-6", "effort", True),
        ("claude-opus-4-5-20251101", "effort", True),
        ("claude-haiku-4-5-20251001", "budget", True),
        ("claude-sonnet-4-5", "budget", True),
        ("claude-opus-4-1", "budget", True),
        ("claude-opus-4-20250514", "budget", False),
        ("claude-3-7-sonnet-latest", "budget", False),
        ("claude-3-5-haiku-latest", None, False),
    ],
)
def test_older_claude_models_reason_by_budget_and_the_oldest_lack_native_schemas(
    model: str, style: str | None, structured: bool
) -> None:
    known = capabilities_of(Dialect.ANTHROPIC, model)
    assert known.reasoning_style == style
    assert known.supports_structured_output is structured


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("claude-3-haiku-20240307", 4_096),
        ("claude-opus-4-1", 32_000),
        ("claude-opus-4-5", 64_000),
        ("claude-sonnet-4-6", 128_000),
    ],
)
def test_claude_output_limits_are_known_because_the_wire_demands_one(model: str, most: int) -> None:
    assert capabilities_of(Dialect.ANTHROPIC, model).max_output_tokens == most


def test_unknown_claude_is_assumed_to_have_native_schemas_and_nothing_refused() -> None:
    known = capabilities_of(Dialect.ANTHROPIC, "claude-next-9")
    assert known.supports_structured_output is True
    assert known.refused_parameters == frozenset()
    assert known.efforts is None
    assert known.max_output_tokens is None


@pytest.mark.parametrize(
    ("model", "style", "without"),
    [
        ("gemini-2.5-flash", "budget", ()),
        ("gemini-2.5-pro", "budget", (Effort.NONE,)),
        ("gemini-3-pro-preview", "level", (Effort.MINIMAL, Effort.MEDIUM)),
        ("gemini-3.1-pro-preview", "level", (Effort.MINIMAL,)),
        ("gemini-3.7-flash", "level", (Effort.MINIMAL,)),
        ("gemini-3.5-flash", "level", (Effort.NONE,)),
    ],
)
def test_gemini_reasons_by_budget_or_level_and_pro_never_stops(
    model: str, style: str, without: tuple[Effort, ...]
) -> None:
    known = capabilities_of(Dialect.GEMINI, model)
    assert known.reasoning_style == style
    assert known.efforts is not None
    assert not set(without) & set(known.efforts)


def test_vendor_prefix_and_capitals_do_not_count() -> None:
    assert capabilities_of(Dialect.OPENAI, "openai/GPT-4o-mini") == capabilities_of(Dialect.OPENAI, "gpt-4o-mini")


def test_unknown_model_is_unknown_in_every_respect() -> None:
    assert capabilities_of(Dialect.OPENAI, "my-finetune") == Capabilities()


def test_sandbox_takes_schemas_and_no_tools() -> None:
    known = capabilities_of(Dialect.SANDBOX, "terse?tps=0")
    assert (known.supports_structured_output, known.supports_tools) == (True, False)
