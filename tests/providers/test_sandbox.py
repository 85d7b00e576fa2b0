"""The sandbox provider: pace, bounds, tools, usage, and models that fail as their names promise."""

import asyncio
import json

import pytest

from local_calls import Heard, Naps, assistant, hear, listen, make_call, system, user
from parley.catalog.sandbox import SANDBOX_MODELS
from parley.domain.errors import FailureCode
from parley.domain.messages import ImagePart, Message, Role, TextPart, Tool, ToolCall, ToolChoice
from parley.domain.models import Dialect, Effort
from parley.domain.run import FinishReason, JsonFormat, Sampling, SchemaFormat
from parley.domain.settings import ProviderSettings
from parley.domain.usage import Usage, estimate_tokens
from parley.providers.provider import CallLimits, FinishChunk, TextChunk, ToolCallChunk, UsageChunk
from parley.providers.sandbox import MODELS, SandboxProvider

QUESTION = "How can we improve onboarding for new customers?"
SCHEMA = SchemaFormat({"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]})
WEATHER = Tool(
    "get_weather",
    "Look up the weather",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
CLOCK = Tool("clock", "Tell the time")


def provider(tokens_per_s: float | None = 0, naps: Naps | None = None) -> SandboxProvider:
    return SandboxProvider(ProviderSettings("sandbox", Dialect.SANDBOX, tokens_per_s=tokens_per_s), naps or Naps())


def test_every_model_of_the_catalog_can_be_called() -> None:
    assert {model.name for model in SANDBOX_MODELS} == set(MODELS)


@pytest.mark.parametrize("name", ["terse", "thorough", "contrarian", "judge", "chatty"])
def test_same_call_gets_the_same_chunks_from_every_instance(name: str) -> None:
    call = make_call(name, system("Be kind."), QUESTION, is_streamed=True)
    first, second = hear(provider(), call), hear(provider(), call)
    assert first.chunks == second.chunks
    assert first.text


@pytest.mark.parametrize("name", ["terse", "thorough", "contrarian", "judge"])
def test_streamed_and_plain_answers_are_the_same_text(name: str) -> None:
    streamed = hear(provider(), make_call(name, QUESTION, is_streamed=True))
    plain = hear(provider(), make_call(name, QUESTION))
    assert streamed.text == plain.text
    assert len(plain.texts) == 1
    assert len(streamed.texts) == streamed.usage.output_tokens if streamed.usage else False
    assert all(1 <= len(piece) <= 4 for piece in streamed.texts)


def test_stream_ends_in_usage_and_finish() -> None:
    heard = hear(provider(), make_call("terse", system("Be kind."), QUESTION, is_streamed=True))
    expected = Usage(estimate_tokens("Be kind.") + estimate_tokens(QUESTION), estimate_tokens(heard.text))
    assert heard.chunks[-2:] == [UsageChunk(expected), FinishChunk(FinishReason.STOP)]
    assert not expected.is_estimate


@pytest.mark.parametrize(
    ("settings_speed", "name", "expected_speed"),
    [
        (None, "thorough", 100),
        (50, "thorough", 50),
        (100, "thorough?tps=10", 10),
        (None, "thorough?tps=5000", 5000),
        (0, "thorough?tps=25", 25),
    ],
)
def test_answer_takes_the_time_of_its_tokens(settings_speed: float | None, name: str, expected_speed: int) -> None:
    naps = Naps()
    heard = hear(provider(settings_speed, naps), make_call(name, QUESTION, is_streamed=True))
    assert naps.total_s == pytest.approx(len(heard.texts) / expected_speed)


@pytest.mark.parametrize(("settings_speed", "name"), [(0, "thorough"), (100, "thorough?tps=0")])
def test_speed_zero_never_sleeps(settings_speed: float, name: str) -> None:
    naps = Naps()
    assert hear(provider(settings_speed, naps), make_call(name, QUESTION, is_streamed=True)).text
    assert naps.seconds == []


def test_fast_models_share_sleeps_between_tokens_and_slow_ones_do_not() -> None:
    slow, fast = Naps(), Naps()
    tokens = len(hear(provider(100, slow), make_call("thorough", QUESTION, is_streamed=True)).texts)
    hear(provider(5_000, fast), make_call("thorough", QUESTION, is_streamed=True))
    assert len(slow.seconds) == tokens
    assert len(fast.seconds) == -(-tokens // 50)


def test_plain_call_waits_once_and_not_for_long() -> None:
    short, long = Naps(), Naps()
    heard = hear(provider(100, short), make_call("terse", "What is 17 * 23?"))
    hear(provider(1, long), make_call("thorough", QUESTION))
    assert short.seconds == [pytest.approx(len(heard.text) / 4 / 100)]
    assert long.seconds == [2.0]


@pytest.mark.parametrize("name", ["terse?tps=fast", "terse?tps=-1", "terse?tps=nan", "terse?speed=3", "terse?tps="])
def test_bad_speed_is_an_invalid_request(name: str) -> None:
    heard = hear(provider(), make_call(name, QUESTION))
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.INVALID_REQUEST
    assert not heard.failure.is_transient


def test_unknown_model_names_those_that_exist() -> None:
    heard = hear(provider(), make_call("tersest", QUESTION))
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.MODEL_NOT_FOUND
    assert not heard.failure.is_transient
    assert not heard.failure.trips_breaker
    assert "terse, thorough" in heard.failure.failure.message


@pytest.mark.parametrize("is_streamed", [True, False])
def test_slow_waits_two_seconds_before_its_first_token(is_streamed: bool) -> None:
    naps = Naps()
    sandbox = provider(0, naps)
    call = make_call("slow", "Tea or coffee?", is_streamed=is_streamed)

    async def first_chunk() -> object:
        async for chunk in sandbox.stream(call):
            assert naps.seconds == [2.0]
            return chunk
        return None

    assert isinstance(asyncio.run(first_chunk()), TextChunk)


def test_flaky_fails_transiently_on_every_second_call() -> None:
    sandbox = provider()
    call = make_call("flaky", "Tea or coffee?", is_streamed=True)
    heard = [hear(sandbox, call) for _ in range(4)]
    assert [one.failure is None for one in heard] == [True, False, True, False]
    assert heard[0].text == heard[2].text
    failure = heard[1].failure
    assert failure is not None
    assert failure.is_transient
    assert failure.status == 503
    assert heard[1].chunks == []


def test_down_is_always_a_503_that_speaks_against_the_provider() -> None:
    sandbox = provider()
    for is_streamed in (True, False):
        failure = hear(sandbox, make_call("down", QUESTION, is_streamed=is_streamed)).failure
        assert failure is not None
        assert failure.failure.code is FailureCode.UPSTREAM_ERROR
        assert (failure.is_transient, failure.trips_breaker, failure.status) == (True, True, 503)


@pytest.mark.parametrize("output", [SCHEMA, JsonFormat(), SchemaFormat({"type": "integer", "maximum": 9})])
def test_garbled_breaks_its_json(output: SchemaFormat | JsonFormat) -> None:
    heard = hear(provider(), make_call("garbled", QUESTION, output=output))
    assert heard.failure is None
    with pytest.raises(ValueError, match=r"."):
        json.loads(heard.text)


def test_garbled_breaks_its_stream_in_the_middle() -> None:
    whole = hear(provider(), make_call("thorough", QUESTION)).text
    heard = hear(provider(), make_call("garbled", QUESTION, is_streamed=True))
    assert heard.text == whole[: len(whole) // 2]
    assert heard.usage is None
    assert heard.finish is None
    failure = heard.failure
    assert failure is not None
    assert failure.failure.code is FailureCode.UPSTREAM_ERROR
    assert (failure.is_transient, failure.trips_breaker) == (True, False)


def test_garbled_gives_no_text_at_all_to_a_plain_call() -> None:
    heard = hear(provider(), make_call("garbled", QUESTION))
    assert heard.chunks == []
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.UPSTREAM_ERROR


@pytest.mark.parametrize("question", ["Tea or coffee?", "Über 日本 €?"])
def test_chatty_writes_twenty_thousand_tokens(question: str) -> None:
    heard = hear(provider(), make_call("chatty", question, is_streamed=True))
    assert len(heard.texts) == 20_000
    assert heard.usage is not None
    assert heard.usage.output_tokens == 20_000


@pytest.mark.parametrize("max_tokens", [1, 3, 10])
@pytest.mark.parametrize(
    "question", [QUESTION, "Summarise: Ää ü € 日本語 🙂 éé ñ. Öö ß 中文字 🙂🙂 und so weiter, immer weiter."]
)
def test_answer_is_cut_at_max_tokens(max_tokens: int, question: str) -> None:
    whole = hear(provider(), make_call("thorough", question)).text
    call = make_call("thorough", question, is_streamed=True, sampling=Sampling(max_tokens=max_tokens))
    heard = hear(provider(), call)
    assert whole.startswith(heard.text)
    assert heard.usage is not None
    assert 0 < heard.usage.output_tokens <= max_tokens
    assert heard.finish is FinishReason.LENGTH


def test_answer_that_just_fits_max_tokens_is_whole() -> None:
    whole = hear(provider(), make_call("terse", QUESTION))
    assert whole.usage is not None
    exact = whole.usage.output_tokens
    for max_tokens, reason in ((exact, FinishReason.STOP), (exact - 1, FinishReason.LENGTH)):
        heard = hear(provider(), make_call("terse", QUESTION, sampling=Sampling(max_tokens=max_tokens)))
        assert heard.finish is reason


def test_answer_ends_before_the_first_stop_sequence() -> None:
    call = make_call("terse", "What is 17 * 23?", sampling=Sampling(stop=("9", "= ", "")))
    heard = hear(provider(), call)
    assert heard.text == "17 * 23 "
    assert heard.finish is FinishReason.STOP


def test_sampling_that_a_program_has_no_use_for_changes_nothing() -> None:
    plain = hear(provider(), make_call("terse", QUESTION))
    sampling = Sampling(temperature=2.0, top_p=0.1, seed=7, effort=Effort.MAX)
    assert hear(provider(), make_call("terse", QUESTION, sampling=sampling)).chunks == plain.chunks


def test_answer_over_the_bound_is_cut_there_and_fails() -> None:
    call = make_call("chatty", QUESTION, is_streamed=True, limits=CallLimits(max_answer_bytes=1_001))
    heard = hear(provider(), call)
    assert len(heard.text) == 1_001
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.ANSWER_TOO_LARGE


def test_closing_a_stream_early_ends_it() -> None:
    naps = Naps()
    sandbox = provider(100, naps)

    async def read_two() -> None:
        stream = sandbox.stream(make_call("chatty", QUESTION, is_streamed=True))
        await anext(stream)
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(read_two())
    assert len(naps.seconds) == 2


def call_tool(choice: ToolChoice | None, *turns: Message | str, is_streamed: bool = False) -> Heard:
    call = make_call("terse", *turns, tools=(CLOCK, WEATHER), tool_choice=choice, is_streamed=is_streamed)
    return hear(provider(), call)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_named_tool_is_called_with_arguments_from_the_text(is_streamed: bool) -> None:
    heard = call_tool(ToolChoice("named", "get_weather"), "What is it like in Berlin today?", is_streamed=is_streamed)
    calls = heard.tool_calls
    assert [(one.index, one.name) for one in calls if one.call_id] == [(0, "get_weather")]
    assert calls[0].call_id is not None
    assert json.loads("".join(one.arguments for one in calls)) == {"city": "Berlin"}
    assert heard.text == ""
    assert heard.finish is FinishReason.TOOL_CALLS


def test_required_tool_is_the_mentioned_one_or_the_first() -> None:
    required = ToolChoice("required")
    assert call_tool(required, "Get the weather in Rome").tool_calls[0].name == "get_weather"
    assert call_tool(required, "What now?").tool_calls[0].name == "clock"


def test_tool_is_called_by_itself_only_when_the_text_mentions_it() -> None:
    assert call_tool(None, "Please get the weather in Rome").tool_calls
    assert call_tool(ToolChoice("auto"), "Use get_weather for Rome").tool_calls
    assert not call_tool(None, "Tea or coffee?").tool_calls
    assert not call_tool(ToolChoice("none"), "Please get the weather in Rome").tool_calls


def test_tool_result_is_answered_in_words() -> None:
    asked = Message(Role.ASSISTANT, tool_calls=(ToolCall("c1", "get_weather", "{}"),))
    result = Message(Role.TOOL, (TextPart("Sunny in Rome, 24 degrees."),), tool_call_id="c1")
    heard = call_tool(None, user("Get the weather in Rome"), asked, result)
    assert not heard.tool_calls
    assert "24 degrees" in heard.text


def test_tool_that_is_not_offered_is_an_invalid_request() -> None:
    heard = call_tool(ToolChoice("named", "launch"), "Go")
    assert heard.failure is not None
    assert heard.failure.failure.code is FailureCode.INVALID_REQUEST
    assert "clock, get_weather" in heard.failure.failure.message


def test_call_ids_differ_from_turn_to_turn() -> None:
    choice = ToolChoice("named", "clock")
    first = call_tool(choice, "What time is it?").tool_calls[0]
    later = call_tool(choice, "What time is it?", assistant("Late."), "What time is it?").tool_calls[0]
    assert first.call_id != later.call_id
    assert isinstance(first, ToolCallChunk)


def test_json_without_a_schema_is_an_object_with_the_keys_asked_for() -> None:
    question = 'Anna is 30 years old. Give me JSON with the keys "name" and "age".'
    heard = hear(provider(), make_call("terse", question, output=JsonFormat()))
    assert json.loads(heard.text) == {"name": "Anna", "age": 30}
    plain = hear(provider(), make_call("terse", "What is 17 * 23? Answer in JSON.", output=JsonFormat()))
    assert json.loads(plain.text) == {"answer": "17 * 23 = 391"}


def test_image_is_not_pretended_to_be_seen() -> None:
    message = Message(Role.USER, (TextPart("What is in this picture?"), ImagePart("data:image/png;base64,AA==")))
    assert "cannot see the image" in hear(provider(), make_call("terse", message)).text


def test_calls_side_by_side_do_not_disturb_each_other() -> None:
    sandbox = provider()

    async def both() -> list[Heard]:
        async with asyncio.TaskGroup() as group:
            calls = [make_call(name, QUESTION, is_streamed=True) for name in ("terse", "thorough", "contrarian")]
            tasks = [group.create_task(listen(sandbox, call)) for call in calls]
        return [task.result() for task in tasks]

    together = asyncio.run(both())
    alone = [hear(provider(), make_call(name, QUESTION)).text for name in ("terse", "thorough", "contrarian")]
    assert [one.text for one in together] == alone


@pytest.mark.parametrize("messages", [(), ("",), ("\x00\ud83d\u2028",), (system("system alone"),), ("?" * 5_000,)])
def test_odd_conversations_are_answered_all_the_same(messages: tuple[Message | str, ...]) -> None:
    for name in ("terse", "thorough", "contrarian", "judge"):
        heard = hear(provider(), make_call(name, *messages, is_streamed=True))
        assert heard.text
        assert heard.finish is FinishReason.STOP
