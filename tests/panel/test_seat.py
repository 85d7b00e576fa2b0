"""One seat's life: retries, fallbacks, correction rounds, deadlines; and what it says when it fails."""

import asyncio

import pytest

from engine import Bench, failing, panel, run_virtual
from parley.domain.errors import FailureCode
from parley.domain.events import AttemptEnded, AttemptStarted, SeatDelta, SeatFinished
from parley.domain.run import Answer, FinishReason, Nothing, SchemaFormat, Vote
from parley.domain.usage import Usage
from parley.panel.seat import retry_delay_s
from parley.providers.provider import FinishChunk, RefusalChunk, TextChunk, UsageChunk
from parley.providers.scripted import Pause, says

TRANSIENT = failing(is_transient=True, trips_breaker=True)


def only(bench: Bench, **fields: object) -> Answer:
    """Ask the one model `a` and return its answer."""
    return bench.ask(panel("a", resolution=Nothing(), **fields)).answers[0]


def test_answer_is_the_text_as_it_came_with_usage_and_cost() -> None:
    answer = only(Bench({"a": [says(" Par", "is\n")]}))
    assert answer.text == " Paris\n"
    assert answer.usage == Usage(10, 5)
    assert str(answer.cost_usd) == "0.00002"
    assert (answer.attempts, answer.finish_reason, answer.failure) == (1, FinishReason.STOP, None)


def test_transient_failure_is_retried_and_both_attempts_are_told() -> None:
    bench = Bench({"a": [[TRANSIENT], says("Paris")]})
    answer = only(bench)
    assert (answer.text, answer.attempts) == ("Paris", 2)
    assert [event.attempt for event in bench.of(AttemptStarted)] == [1, 2]
    assert [event.failure is None for event in bench.of(AttemptEnded)] == [False, True]


@pytest.mark.parametrize(("max_retries", "attempts"), [(0, 1), (1, 2), (3, 4)])
def test_retries_stop_at_max_retries(max_retries: int, attempts: int) -> None:
    answer = only(Bench({"a": [[TRANSIENT]]}), max_retries=max_retries)
    assert answer.attempts == attempts
    assert answer.failure is not None
    assert answer.failure.code is FailureCode.UPSTREAM_ERROR


def test_lasting_failure_is_not_retried() -> None:
    assert only(Bench({"a": [[failing(FailureCode.AUTHENTICATION)]]}), max_retries=3).attempts == 1


def test_retry_after_is_obeyed_when_it_fits_the_deadline() -> None:
    limited = failing(FailureCode.RATE_LIMITED, is_transient=True, retry_after_s=20)
    answer = only(Bench({"a": [[limited], says("Paris")]}), timeout_s=30)
    assert answer.text == "Paris"
    assert answer.duration_ms == 20_000


def test_retry_after_beyond_the_deadline_fails_at_once() -> None:
    limited = failing(FailureCode.RATE_LIMITED, is_transient=True, retry_after_s=40)
    answer = only(Bench({"a": [[limited], says("Paris")]}), timeout_s=30)
    assert answer.failure is not None
    assert answer.failure.code is FailureCode.RATE_LIMITED
    assert (answer.attempts, answer.duration_ms) == (1, 0)


def test_deadline_covers_all_retries() -> None:
    answer = only(Bench({"a": [[TRANSIENT], [Pause()]]}), timeout_s=5)
    assert answer.failure is not None
    assert answer.failure.code is FailureCode.TIMEOUT
    assert (answer.attempts, answer.duration_ms) == (2, 5_000)


def test_other_deployment_is_tried_at_once_and_costs_no_retry() -> None:
    bench = Bench({"x": [[TRANSIENT]], "y": [says("Paris")]}, deployments={"a": ("x", "y")}, seed=1)
    answers = {bench.ask(panel("a", resolution=Nothing(), max_retries=0)).answers[0].text for _ in range(1)}
    assert answers == {"Paris"}


def test_each_deployment_is_tried_once_before_a_retry() -> None:
    bench = Bench({"x": [[TRANSIENT]], "y": [[TRANSIENT]]}, deployments={"a": ("x", "y")})
    answer = only(bench, max_retries=1)
    places = [event.deployment.upstream_model for event in bench.of(AttemptStarted)]
    assert sorted(places[:2]) == ["x", "y"]
    assert places[2] == places[0]
    assert answer.attempts == 3


def test_fault_of_the_request_is_not_carried_to_another_deployment() -> None:
    fault = failing(FailureCode.INVALID_REQUEST)
    bench = Bench({"x": [[fault]], "y": [[fault]]}, deployments={"a": ("x", "y")})
    assert only(bench).attempts == 1


def test_fallback_model_answers_in_the_place_of_the_first_and_is_named() -> None:
    bench = Bench({"a": [[failing(FailureCode.INVALID_REQUEST)]], "b": [says("Paris")]})
    answer = only(bench, fallback_models=("b",))
    assert (answer.model, answer.text) == ("b", "Paris")


def test_streamed_seat_is_not_retried_once_its_text_reached_the_client() -> None:
    bench = Bench({"a": [[TextChunk("Par"), TRANSIENT], says("Paris")]})
    answer = only(bench, is_streamed=True, seats_stream=True)
    assert answer.failure is not None
    assert (answer.text, answer.attempts) == ("Par", 1)
    assert [event.text for event in bench.of(SeatDelta)] == ["Par"]


def test_streamed_seat_is_retried_while_nothing_reached_the_client() -> None:
    bench = Bench({"a": [[TRANSIENT], says("Paris")]})
    assert only(bench, is_streamed=True, seats_stream=True).text == "Paris"


def test_seat_that_is_not_relayed_is_retried_after_a_break_in_the_middle() -> None:
    assert only(Bench({"a": [[TextChunk("Par"), TRANSIENT], says("Paris")]})).text == "Paris"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([FinishChunk(FinishReason.STOP)], FailureCode.EMPTY_ANSWER),
        ([TextChunk(" \n"), FinishChunk(FinishReason.STOP)], FailureCode.EMPTY_ANSWER),
        ([RefusalChunk("I can't."), FinishChunk(FinishReason.STOP)], FailureCode.REFUSED),
        ([TextChunk("So"), FinishChunk(FinishReason.STOP, is_refused=True)], FailureCode.REFUSED),
        ([TextChunk("So"), FinishChunk(FinishReason.CONTENT_FILTER)], FailureCode.CONTENT_FILTERED),
    ],
)
def test_what_is_no_answer_fails_the_seat_in_a_panel(script: list[object], code: FailureCode) -> None:
    answer = only(Bench({"a": [script]}))
    assert answer.failure is not None
    assert answer.failure.code is code
    assert answer.attempts == 1


def test_refusal_and_emptiness_are_answers_in_chat() -> None:
    script = [RefusalChunk("I can't."), FinishChunk(FinishReason.STOP)]
    answer = only(Bench({"a": [script]}), accepts_refusals=True)
    assert (answer.failure, answer.refusal) == (None, "I can't.")


def test_usage_missing_upstream_is_estimated_and_marked() -> None:
    answer = only(Bench({"a": [[TextChunk("Paris it is."), FinishChunk(FinishReason.STOP)]]}))
    assert answer.usage == Usage(8, 3, is_estimate=True)


def test_refused_call_costs_nothing() -> None:
    answer = only(Bench({"a": [[failing(FailureCode.AUTHENTICATION)]]}))
    assert answer.usage == Usage()
    assert answer.cost_usd == 0


def test_call_cut_by_the_deadline_is_billed_with_what_it_used() -> None:
    answer = only(Bench({"a": [[TextChunk("Paris"), Pause()]]}), timeout_s=1)
    assert answer.usage == Usage(8, 2, is_estimate=True)


def test_usage_from_the_middle_of_a_cut_stream_gets_the_output_that_has_come_since() -> None:
    so_far = UsageChunk(Usage(500, 1, cache_read_tokens=400, is_estimate=True))
    answer = only(Bench({"a": [[TextChunk("Paris"), so_far, TextChunk(" is the capital."), Pause()]]}), timeout_s=1)
    assert answer.usage == Usage(500, 6, cache_read_tokens=400, is_estimate=True)


def test_usage_and_cost_of_all_attempts_are_added_up() -> None:
    broken = [TextChunk("Par"), UsageChunk(Usage(10, 1)), TRANSIENT]
    answer = only(Bench({"a": [broken, says("Paris")]}))
    assert answer.usage == Usage(20, 6)


def test_failing_schema_costs_a_correction_round_that_shows_the_error() -> None:
    bench = Bench({"a": [says('{"n": "x"}'), says('{"n": 1}')]})
    schema = SchemaFormat({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    answer = only(bench, output=schema)
    assert answer.schema is not None
    assert (answer.schema.is_valid, answer.schema.value, answer.attempts) == (True, {"n": 1}, 2)
    second = bench.provider.calls[1].messages
    assert second[-2].text == '{"n": "x"}'
    assert "integer" in second[-1].text


def test_seat_without_a_valid_value_has_answered_with_an_error() -> None:
    schema = SchemaFormat({"type": "integer"})
    answer = only(Bench({"a": [says('"x"')]}), output=schema, max_retries=2)
    assert (answer.failure, answer.attempts, answer.text) == (None, 3, '"x"')
    assert answer.is_schema_invalid


def test_vote_for_nothing_on_the_list_fails_after_its_correction_round() -> None:
    bench = Bench({"a": [says("Perhaps.")]})
    answer = bench.ask(panel("a", resolution=Vote(("Paris", "Rome")))).answers[0]
    assert answer.failure is not None
    assert (answer.failure.code, answer.attempts, answer.text) == (FailureCode.INVALID_CHOICE, 2, "Perhaps.")


def test_input_is_the_last_message_byte_for_byte_and_directives_stand_in_the_system_message() -> None:
    bench = Bench({"a": [says("A")]})
    bench.ask(panel("a", resolution=Vote(("Paris", "Rome")), instructions="Be brief."))
    system, user = bench.provider.calls[0].messages
    assert user.text == "What is the capital of France?"
    assert system.text.startswith("Be brief.\n\n")
    assert "A) Paris\nB) Rome" in system.text


def test_open_breaker_makes_the_model_unavailable_without_a_call() -> None:
    bench = Bench({"a": [[TRANSIENT]]})

    async def main() -> Answer:
        for _ in range(5):
            await bench.run(panel("a", resolution=Nothing(), max_retries=0))
        return (await bench.run(panel("a", resolution=Nothing(), max_retries=0))).answers[0]

    answer = run_virtual(main())
    assert answer.failure is not None
    assert (answer.failure.code, answer.attempts, answer.usage) == (FailureCode.UNAVAILABLE, 0, None)
    assert len(bench.provider.calls) == 5


def test_short_deadlines_of_callers_do_not_open_the_breaker() -> None:
    bench = Bench({"a": [[Pause()]]})

    async def main() -> None:
        for _ in range(6):
            await bench.run(panel("a", resolution=Nothing(), timeout_s=0.01))

    run_virtual(main())
    assert len(bench.provider.calls) == 6


def test_cancelled_seat_tells_what_it_used_and_closes_its_call() -> None:
    bench = Bench({"a": [[TextChunk("Paris"), Pause()]]})

    async def main() -> None:
        task = asyncio.create_task(bench.run(panel("a", resolution=Nothing())))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(main())
    ended = bench.of(AttemptEnded)[0]
    assert ended.usage == Usage(8, 2, is_estimate=True)
    assert ended.failure is not None
    assert ended.failure.code is FailureCode.CANCELLED
    assert bench.of(SeatFinished)[0].answer.failure == bench.of(SeatFinished)[-1].answer.failure
    assert bench.provider.open_calls == 0


@pytest.mark.parametrize(
    ("retry", "retry_after_s", "jitter", "delay_s"),
    [(1, None, 0, 0.5), (2, None, 0, 1), (5, None, 0, 8), (9, None, 0, 8), (1, None, 1, 0.375), (1, 12.0, 0.5, 12)],
)
def test_delay_doubles_up_to_eight_seconds(
    retry: int, retry_after_s: float | None, jitter: float, delay_s: float
) -> None:
    assert retry_delay_s(retry, retry_after_s, jitter) == delay_s
