"""The tree of spans of a run, for every resolution and every way to end."""

import json
from collections.abc import Sequence
from decimal import Decimal

import pytest

from engine import Bench, failing, panel
from parley.books.meter import Meter
from parley.books.span_content import MOST_CHARACTERS
from parley.books.spans import Trace, TraceReader, TraceTools
from parley.domain.errors import FailureCode
from parley.domain.events import RunStarted, SeatFinished
from parley.domain.messages import ImagePart, Message, Role, TextPart, text_message
from parley.domain.run import (
    Answer,
    Comparison,
    FinishReason,
    Nothing,
    Sampling,
    SchemaFormat,
    SeatRequest,
    Summary,
    Vote,
)
from parley.domain.usage import Usage
from parley.providers.provider import FinishChunk, TextChunk, UsageChunk
from parley.providers.scripted import Pause, Script, says
from traced import beneath, texts, traced, tree

SECRETS = ("What is the capital", "PROMPT-SECRET", "ANSWER-SECRET", "The provider says")
A, B = ["chat a", ["attempt a"]], ["chat b", ["attempt b"]]


def bench(**scripts: Sequence[Script]) -> Bench:
    return Bench({name: tuple(steps) for name, steps in scripts.items()})


def total_cost(trace: Trace, role: str) -> Decimal:
    """Add up the cost of the spans directly beneath the root (calls) or of the attempts."""
    spans = beneath(trace, trace.spans[0])
    if role == "attempts":
        spans = [attempt for call in spans for attempt in beneath(trace, call)]
    return sum((Decimal(str(span.attributes["parley.cost_usd"])) for span in spans), Decimal(0))


@pytest.mark.parametrize(
    ("resolution", "name", "calls"),
    [
        (Nothing(), "roundtable", [A, B]),
        (Summary(), "roundtable summary", [A, B, ["chat a", ["attempt a"]]]),
        (Comparison(), "roundtable comparison", [A, B, ["chat a", ["attempt a"]]]),
        (Vote(("Paris", "Rome")), "roundtable vote", [A, B]),
    ],
)
def test_every_resolution_has_its_tree(resolution: object, name: str, calls: list) -> None:
    trace = traced(bench(a=[says("Paris")], b=[says("Paris")]), panel("a", "b", resolution=resolution))
    assert tree(trace) == [name, *calls]
    assert (trace.name, trace.status, trace.request_id, trace.key_id) == (name, "ok", "req_test", "key_a")


def test_tie_break_is_a_consolidation_with_its_outcome() -> None:
    tied = bench(a=[says("Paris")], b=[says("Rome")], c=[says("Rome")])
    trace = traced(tied, panel("a", "b", resolution=Vote(("Paris", "Rome"), "c")))
    judge = beneath(trace, trace.spans[0])[2]
    assert judge.name == "chat c"
    assert judge.attributes["parley.tie_break"] == "judge"


def test_seat_and_consolidation_carry_the_names_of_the_conventions() -> None:
    usage = Usage(10, 5, 4, 2, 3)
    script = (TextChunk("Paris"), FinishChunk(FinishReason.STOP), UsageChunk(usage))
    seats = (SeatRequest("a", Sampling(temperature=0.5, max_tokens=100, seed=1 << 70)), SeatRequest("b"))
    trace = traced(bench(a=[script], b=[says("Rome")]), panel(seats=seats, is_streamed=True, seats_stream=True))
    seat, _, judge = beneath(trace, trace.spans[0])
    assert dict(seat.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "p",
        "gen_ai.request.model": "a",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.seed": str(1 << 70),
        "gen_ai.request.stream": True,
        "gen_ai.response.model": "a",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.0,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.cache_creation.input_tokens": 2,
        "gen_ai.usage.reasoning.output_tokens": 3,
        "parley.role": "seat",
        "parley.seat_index": 0,
        "parley.model": "a",
        "parley.provider": "p",
        "parley.attempts": 1,
        "parley.cost_usd": "0.00002",
        "parley.outcome": "ok",
    }
    assert (trace.spans[0].kind, seat.kind, judge.kind) == ("server", "client", "client")
    assert judge.attributes["gen_ai.request.stream"] is True
    assert "gen_ai.response.time_to_first_chunk" in judge.attributes
    assert sorted(judge.attributes["parley.order"]) == [0, 1]
    assert isinstance(judge.attributes["parley.shuffle_seed"], int)


def test_attempts_lie_beneath_their_seat_and_count_from_one() -> None:
    flaky = bench(a=[[failing(FailureCode.RATE_LIMITED, is_transient=True)], says("Paris")])
    trace = traced(flaky, panel("a", resolution=Nothing(), max_retries=1))
    (seat,) = beneath(trace, trace.spans[0])
    first, second = beneath(trace, seat)
    assert [first.attributes["parley.attempt"], second.attributes["parley.attempt"]] == [1, 2]
    assert (first.status, first.attributes["error.type"]) == ("error", "rate_limited")
    assert (second.status, seat.status, trace.status) == ("ok", "ok", "ok")
    assert seat.start_time <= first.end_time < second.start_time <= seat.end_time
    assert seat.attributes["parley.attempts"] == 2


def test_tokens_stand_once_per_call_so_that_collectors_do_not_count_them_twice() -> None:
    trace = traced(bench(a=[says("Paris")], b=[says("Rome")]), panel("a", "b"))
    counted = [span for span in trace.spans if "gen_ai.usage.input_tokens" in span.attributes]
    assert counted == beneath(trace, trace.spans[0])


def test_failed_seat_has_its_code_and_partial_run_is_no_error() -> None:
    trace = traced(bench(a=[[failing(FailureCode.QUOTA_EXCEEDED)]], b=[says("Rome")]), panel("a", "b", max_retries=0))
    seat, other = beneath(trace, trace.spans[0])
    assert (seat.status, seat.attributes["error.type"], seat.attributes["parley.outcome"]) == (
        "error",
        "quota_exceeded",
        "failed",
    )
    assert "gen_ai.response.model" not in seat.attributes
    assert (other.status, trace.status, trace.spans[0].attributes["parley.outcome"]) == ("ok", "ok", "partial")


def test_run_without_any_answer_is_an_error() -> None:
    trace = traced(bench(a=[[failing()]]), panel("a", max_retries=0))
    assert (trace.status, trace.spans[0].attributes["error.type"]) == ("error", "all_models_failed")


def test_judges_that_take_over_share_one_span_that_ends_as_the_last_one_did() -> None:
    judges = bench(a=[says("Paris"), says("Both.")], b=[says("Rome")], j=[[failing(FailureCode.UNAVAILABLE)]])
    trace = traced(judges, panel("a", "b", resolution=Summary("j"), max_retries=0))
    *_, judge = beneath(trace, trace.spans[0])
    assert [span.name for span in beneath(trace, judge)] == ["attempt j", "attempt a"]
    assert [span.attributes["parley.attempt"] for span in beneath(trace, judge)] == [1, 2]
    assert (judge.name, judge.status) == ("chat a", "ok")
    assert "error.type" not in judge.attributes
    assert (judge.attributes["parley.fallback"], judge.attributes["parley.judges"]) == (True, 2)


def test_failed_consolidation_is_an_error_of_its_span() -> None:
    judges = bench(a=[says("Paris"), [failing()]], b=[says("Rome"), [failing()]])
    trace = traced(judges, panel("a", "b", max_retries=0))
    *_, judge = beneath(trace, trace.spans[0])
    assert (judge.status, judge.attributes["error.type"]) == ("error", "upstream_error")
    assert trace.spans[0].attributes["parley.outcome"] == "partial"


def test_invalid_answer_is_marked_on_its_seat() -> None:
    schema = SchemaFormat({"type": "object", "required": ["x"]})
    request = panel("a", resolution=Nothing(), output=schema, max_retries=0)
    seat = traced(bench(a=[says("{}")]), request).spans[1]
    assert (seat.attributes["error.type"], seat.attributes["gen_ai.output.type"]) == ("schema_invalid", "json")


def test_cancelled_run_has_a_whole_tree_and_what_it_used() -> None:
    stuck = bench(a=[says("Paris")], b=[(TextChunk("Ro"), UsageChunk(Usage(10, 1)), Pause())])
    trace = traced(stuck, panel("a", "b"), cut_after_s=3)
    seat, cut = beneath(trace, trace.spans[0])
    assert (trace.status, seat.status, cut.status) == ("cancelled", "ok", "cancelled")
    assert [span.status for span in beneath(trace, cut)] == ["cancelled"]
    assert cut.end_time - cut.start_time == 3
    assert cut.attributes["gen_ai.usage.output_tokens"] == 1
    meter = Meter()
    for event in stuck.events:
        meter(event)
    assert Decimal(str(trace.spans[0].attributes["parley.cost_usd"])) == meter.cost_usd
    assert total_cost(trace, "calls") == total_cost(trace, "attempts") == meter.cost_usd


def test_run_whose_calls_never_ended_is_closed_once() -> None:
    stuck = bench(a=[(TextChunk("x"), Pause())])
    whole = traced(stuck, panel("a", resolution=Nothing()), cut_after_s=1)
    kept: list[Trace] = []
    reader = TraceReader(TraceTools(lambda: 5.0, kept.append), "key_a")
    for event in stuck.events[:2]:
        reader(event)
    reader.finish("failed")
    reader.finish("cancelled")
    (trace,) = kept
    assert tree(trace) == tree(whole)
    assert {span.status for span in trace.spans} == {"error"}
    assert trace.spans[0].attributes["error.type"] == "internal_error"


def test_run_that_never_began_leaves_no_trace() -> None:
    kept: list[Trace] = []
    TraceReader(TraceTools(lambda: 5.0, kept.append), "key_a").finish()
    assert kept == []


def test_costs_of_the_spans_add_up_to_the_meter() -> None:
    mixed = bench(
        a=[[failing(is_transient=True)], says("Paris", input_tokens=7, output_tokens=3), says("Both.")],
        b=[says("Rome", input_tokens=11)],
    )
    trace = traced(mixed, panel("a", "b", max_retries=1))
    meter = Meter()
    for event in mixed.events:
        meter(event)
    assert meter.cost_usd > 0
    assert total_cost(trace, "calls") == total_cost(trace, "attempts") == meter.cost_usd
    assert trace.spans[0].attributes["parley.cost_usd"] == f"{meter.cost_usd:f}"
    assert trace.spans[0].attributes["parley.cost_complete"] is True


def test_answer_from_the_cache_is_marked_and_costs_nothing() -> None:
    kept: list[Trace] = []
    reader = TraceReader(TraceTools(lambda: 5.0, kept.append), "key_a")
    request = panel("a", resolution=Nothing())
    reader(RunStarted(request, "req_1", "trace"))
    reader(SeatFinished(Answer(0, "a", text="Paris", provider="mistral", upstream_model="m", is_cached=True)))
    reader.finish()
    seat = kept[0].spans[1].attributes
    assert (seat["parley.cached"], seat["parley.cost_usd"], seat["parley.attempts"]) == (True, "0", 0)
    assert (seat["gen_ai.provider.name"], seat["parley.provider"]) == ("mistral_ai", "mistral")


def test_incoming_parent_is_the_parent_of_the_root() -> None:
    trace = traced(bench(a=[says("x")]), panel("a", resolution=Nothing()), parent_span_id="00f067aa0ba902b7")
    assert trace.spans[0].parent_id == "00f067aa0ba902b7"
    ids = [span.span_id for span in trace.spans]
    assert len(set(ids)) == len(ids)
    assert {len(one) for one in ids} == {16}


def secretive() -> tuple[Bench, dict]:
    models = bench(
        a=[says("ANSWER-SECRET")],
        b=[[failing(is_transient=True)], says("ANSWER-SECRET")],
        j=[says("ANSWER-SECRET of the judge")],
    )
    fields = {
        "instructions": "PROMPT-SECRET",
        "seats": (SeatRequest("a", system_prompt="PROMPT-SECRET"), SeatRequest("b", Sampling(stop=("PROMPT-SECRET",)))),
        "resolution": Comparison("j", "PROMPT-SECRET"),
    }
    return models, fields


def test_no_prompt_answer_or_error_text_stands_in_a_trace() -> None:
    models, fields = secretive()
    seen = texts(traced(models, panel(**fields)).spans)
    assert [secret for secret in SECRETS if secret in seen] == []
    assert "gen_ai.input.messages" not in seen


def test_retained_content_stands_on_seats_in_the_shape_of_the_conventions() -> None:
    models, fields = secretive()
    trace = traced(models, panel(**fields), keeps_content=True)
    seat, _, judge = beneath(trace, trace.spans[0])
    assert json.loads(str(seat.attributes["gen_ai.input.messages"])) == [
        {"role": "system", "parts": [{"type": "text", "content": "PROMPT-SECRET"}]},
        {"role": "system", "parts": [{"type": "text", "content": "PROMPT-SECRET"}]},
        {"role": "user", "parts": [{"type": "text", "content": "What is the capital of France?"}]},
    ]
    assert json.loads(str(seat.attributes["gen_ai.output.messages"])) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "ANSWER-SECRET"}], "finish_reason": "stop"}
    ]
    assert "of the judge" in str(judge.attributes["gen_ai.output.messages"])


def test_retained_content_is_bounded_and_images_are_only_named() -> None:
    long = Message(Role.USER, (TextPart("x" * MOST_CHARACTERS), ImagePart("data:image/png;base64,AAAA")))
    conversation = (text_message(Role.USER, "old"), long)
    models = bench(a=[says("y" * (MOST_CHARACTERS + 1))])
    request = panel("a", conversation=conversation, resolution=Nothing())
    seat = traced(models, request, keeps_content=True).spans[1]
    old, new = json.loads(str(seat.attributes["gen_ai.input.messages"]))
    assert (old["parts"][0]["content"], len(new["parts"][0]["content"])) == ("…", MOST_CHARACTERS)
    assert new["parts"][1] == {"type": "image"}
    (answer,) = json.loads(str(seat.attributes["gen_ai.output.messages"]))
    assert answer["parts"][0]["content"] == "y" * MOST_CHARACTERS + "…"
