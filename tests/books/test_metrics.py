"""The counters: what a run adds to them, which labels there can be, what a scrape shows."""

import asyncio
import contextlib

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine import Bench, failing, panel, run_virtual
from parley.books.meter import Meter
from parley.books.metrics import Metrics, Vital
from parley.domain.errors import FailureCode
from parley.domain.events import Event
from parley.domain.run import FinishReason, Nothing, PanelRequest, SeatRequest, Summary
from parley.domain.usage import Usage
from parley.providers.provider import FinishChunk, TextChunk, UsageChunk
from parley.providers.scripted import Pause, says


class Ticks:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def counted(metrics: Metrics, bench: Bench, request: PanelRequest, cut_after_s: float | None = None) -> list[Event]:
    """Run `request` and have its events counted."""

    async def run() -> None:
        async with asyncio.timeout(cut_after_s):
            await bench.run(request)

    with contextlib.suppress(TimeoutError):
        run_virtual(run())
    reader = metrics.reader()
    for event in bench.events:
        reader(event)
    reader.finish()
    reader.finish("failed")
    return bench.events


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Return every sample as (name, label value, …): value, as Prometheus' own parser reads them."""
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_created"))
    }


def test_run_counts_request_calls_tokens_and_money() -> None:
    metrics = Metrics(["a", "b"])
    usage = Usage(10, 5, 4, 2, 3)
    cached = (TextChunk("Paris"), FinishChunk(FinishReason.STOP), UsageChunk(usage))
    bench = Bench({"a": (cached, says("Both.")), "b": ((failing(is_transient=True),), says("Rome"))})
    events = counted(metrics, bench, panel("a", "b", max_retries=1))
    got = samples(metrics)
    assert got["parley_requests_total", "roundtable", "ok"] == 1
    assert got["parley_requests_running",] == 0
    assert got["parley_calls_total", "a", "ok", "seat"] == 1
    assert got["parley_calls_total", "a", "ok", "consolidation"] == 1
    assert got["parley_attempts_total", "b", "seat"] == 2
    assert {kind: got["parley_tokens_total", kind, "a"] for kind in ("input", "output", "cache_read", "reasoning")} == {
        "input": 20,
        "output": 10,
        "cache_read": 4,
        "reasoning": 3,
    }
    meter = Meter()
    for event in events:
        meter(event)
    spent = got["parley_cost_usd_total", "a"] + got["parley_cost_usd_total", "b"]
    assert spent == pytest.approx(float(meter.cost_usd))
    assert (got["parley_request_seconds_count", "roundtable"], got["parley_overhead_seconds_count",]) == (1, 1)


def test_failures_are_counted_by_code() -> None:
    metrics = Metrics(["a", "b"])
    bench = Bench({"a": ((failing(FailureCode.QUOTA_EXCEEDED),),), "b": (says("Rome"),)})
    counted(metrics, bench, panel("a", "b", max_retries=0))
    got = samples(metrics)
    assert got["parley_calls_total", "a", "quota_exceeded", "seat"] == 1
    assert got["parley_requests_total", "roundtable", "partial"] == 1


def test_cancelled_run_counts_once_and_runs_no_more() -> None:
    metrics = Metrics(["a"])
    events = counted(metrics, Bench({"a": ((TextChunk("x"), Pause()),)}), panel("a"), cut_after_s=1)
    assert events
    got = samples(metrics)
    assert (got["parley_requests_total", "roundtable", "cancelled"], got["parley_requests_running",]) == (1, 0)
    assert ("parley_requests_total", "roundtable", "failed") not in got
    assert ("parley_overhead_seconds_count",) in got
    assert got["parley_overhead_seconds_count",] == 0


def test_running_requests_show_while_they_run() -> None:
    metrics = Metrics(["a"])
    bench = Bench({"a": (says("x"),)})
    bench.ask(panel("a", resolution=Nothing()))
    reader = metrics.reader()
    reader(bench.events[0])
    assert samples(metrics)["parley_requests_running",] == 1
    reader.finish()
    assert samples(metrics)["parley_requests_running",] == 0


def test_overhead_is_what_is_left_without_slowest_seat_and_judges() -> None:
    """Ticks: started 1; seats a 2 to 4 and b 3 to 5; judge 6 to 7; then two reads at the end."""
    metrics = Metrics(["a", "b"], Ticks())
    counted(metrics, Bench({"a": (says("x"), says("z")), "b": (says("y"),)}), panel("a", "b", resolution=Summary("a")))
    got = samples(metrics)
    assert got["parley_overhead_seconds_sum",] == (8 - 1) - 2 - 1
    assert got["parley_request_seconds_sum", "roundtable"] == 9 - 1


def test_first_token_counts_for_streamed_calls_alone() -> None:
    plain, streamed = Metrics(["a"]), Metrics(["a"])
    counted(plain, Bench({"a": (says("x"),)}), panel("a", resolution=Nothing()))
    fields = {"resolution": Nothing(), "is_streamed": True, "seats_stream": True}
    counted(streamed, Bench({"a": (says("x"),)}), panel("a", **fields))
    assert ("parley_first_token_seconds_count", "a") not in samples(plain)
    assert samples(streamed)["parley_first_token_seconds_count", "a"] == 1


def test_models_that_nobody_configured_share_one_label() -> None:
    metrics = Metrics(["a"])
    names = [f"m{number}" for number in range(20)]
    bench = Bench({name: (says("x"),) for name in (*names, "a")})
    seats = tuple(SeatRequest(name) for name in (*names, "a"))
    counted(metrics, bench, panel(seats=seats, resolution=Nothing()))
    got = samples(metrics)
    assert got["parley_calls_total", "other", "ok", "seat"] == 20
    assert got["parley_calls_total", "a", "ok", "seat"] == 1
    assert "m1" not in metrics.render().decode()


def test_vitals_are_read_at_each_scrape() -> None:
    metrics = Metrics([])
    depth = [3]
    metrics.watch(Vital.STORE_QUEUE, lambda: depth[0])
    metrics.watch(Vital.LIMITER_LET_THROUGH, lambda: 7)
    metrics.watch(Vital.STORE_HEALTHY, lambda: True)
    assert samples(metrics)["parley_store_queue_depth",] == 3
    depth[0] = 4
    got = samples(metrics)
    assert (got["parley_store_queue_depth",], got["parley_limiter_let_through_total",]) == (4, 7)
    assert got["parley_store_healthy",] == 1


def test_refusals_are_counted_by_code() -> None:
    metrics = Metrics([])
    metrics.count_refusal("compare", "rate_limit_exceeded")
    assert samples(metrics)["parley_refusals_total", "compare", "rate_limit_exceeded"] == 1


def test_two_servers_in_one_process_count_apart() -> None:
    one, two = Metrics(["a"]), Metrics(["a"])
    counted(one, Bench({"a": (says("x"),)}), panel("a", resolution=Nothing()))
    assert ("parley_requests_total", "roundtable", "ok") not in samples(two)


def test_no_text_of_a_run_stands_in_the_metrics() -> None:
    metrics = Metrics(["a"])
    counted(metrics, Bench({"a": (says("ANSWER-SECRET"),)}), panel("a", instructions="PROMPT-SECRET"))
    assert b"SECRET" not in metrics.render()
