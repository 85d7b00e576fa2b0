"""Counts what happens, for Prometheus: requests, calls, tokens, money, times, and the state of store and limiter.

Labels come from closed sets: outcomes, codes, and the names of configured models; any other model is `other`. Each
server process counts by itself.
"""

import importlib
import time
from collections.abc import Callable, Iterable
from enum import Enum

from parley.books.counts import Counts, Reading, Times
from parley.books.spans import api_of, outcome_of
from parley.domain.events import (
    AttemptEnded,
    AttemptStarted,
    CallRole,
    ConsolidationDelta,
    Event,
    RunFinished,
    RunStarted,
    SeatFinished,
)
from parley.domain.run import Answer, PanelRequest
from parley.domain.usage import Usage

OTHER_MODEL = "other"
_SHORT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_LONG_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


class Vital(Enum):
    """A state of the house that is read when somebody asks: name, meaning, and whether it only ever grows."""

    STORE_HEALTHY = ("parley_store_healthy", "1 while the last commit went well, else 0.", False)
    STORE_QUEUE = ("parley_store_queue_depth", "Writes that wait for the next commit.", False)
    LIMITER_HEALTHY = ("parley_limiter_healthy", "1 while the limiter can be reached, else 0.", False)
    LIMITER_LET_THROUGH = (
        "parley_limiter_let_through",
        "Requests let through uncounted, as the limiter could not be reached.",
        True,
    )
    JOURNAL_BYTES = ("parley_journal_bytes", "Usage that waits in the journal for the store.", False)
    EVENTS_ABANDONED = ("parley_usage_events_abandoned", "Usage events whose process ended before them.", True)
    TRACES_QUEUE = ("parley_traces_queue_depth", "Traces that wait to be written.", False)
    TRACES_DROPPED = ("parley_traces_dropped", "Traces that were lost, as the store lagged.", True)
    EXPORTS_DROPPED = ("parley_trace_exports_dropped", "Traces that the OTLP collector did not take.", True)


class Metrics:
    """All counters of this process. `models` are the names that may be labels."""

    def __init__(self, models: Iterable[str], clock: Callable[[], float] = time.perf_counter) -> None:
        self._models = frozenset(models)
        self.clock = clock
        self.running = 0
        self._vitals: dict[Vital, Callable[[], float]] = {}
        self._requests = Counts("parley_requests", "Requests that ran, by API and outcome.", ("api", "outcome"))
        self._refused = Counts("parley_refusals", "Requests refused, by API and code.", ("api", "code"))
        self._calls = Counts(
            "parley_calls",
            "Seats and consolidations, by role, model and outcome: ok or an error code.",
            ("role", "model", "outcome"),
        )
        self._attempts = Counts("parley_attempts", "Upstream calls, retries included.", ("role", "model"))
        self._tokens = Counts(
            "parley_tokens",
            "Tokens by kind; cached kinds are parts of input, reasoning is a part of output.",
            ("kind", "model"),
        )
        self._cost = Counts("parley_cost_usd", "US dollars, where the price is known.", ("model",))
        self._duration = Times("parley_request_seconds", "Whole runs.", ("api",), _LONG_BUCKETS)
        self._first_token = Times(
            "parley_first_token_seconds", "From a streamed call to its first token.", ("model",), _LONG_BUCKETS
        )
        self._overhead = Times(
            "parley_overhead_seconds",
            "Whole runs without their slowest seat and their consolidation.",
            (),
            _SHORT_BUCKETS,
        )

    def reader(self) -> "MetricsReader":
        """Return the reader of one run; whoever runs it calls its `finish` at the end, whatever that was."""
        return MetricsReader(self)

    def watch(self, vital: Vital, read: Callable[[], float]) -> None:
        """Have `read` asked for `vital` at every scrape, in a thread of its own."""
        self._vitals[vital] = read

    def count_refusal(self, api: str, code: str) -> None:
        """Count a request that was not run: `code` is the error's, `api` roundtable, compare or chat."""
        self._refused.add((api, code))

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        counts = (self._requests, self._refused, self._calls, self._attempts, self._tokens, self._cost)
        running = Reading("parley_requests_running", "Requests that run now.", self.running)
        readings = [
            Reading(vital.value[0], vital.value[1], read(), vital.value[2])
            for vital, read in tuple(self._vitals.items())
        ]
        shown = (*readings, running, *counts, self._duration, self._first_token, self._overhead)
        page: bytes = importlib.import_module("parley.books.exposition").render(shown)
        return page

    def count_request(self, api: str, outcome: str, duration_s: float) -> None:
        self._requests.add((api, outcome))
        self._duration.add((api,), duration_s)

    def count_overhead(self, overhead_s: float) -> None:
        self._overhead.add((), max(overhead_s, 0.0))

    def count_call(self, role: CallRole, answer: Answer) -> None:
        invalid = "schema_invalid" if answer.is_schema_invalid else "ok"
        outcome = answer.failure.code.value if answer.failure is not None else invalid
        self._calls.add((role.value, self._label(answer.model), outcome))

    def count_attempt(self, event: AttemptEnded, model: str, is_streamed: bool) -> None:
        label = self._label(model)
        self._attempts.add((event.role.value, label))
        self._count_tokens(event.usage, label)
        if event.cost_usd:
            self._cost.add((label,), float(event.cost_usd))
        if is_streamed and event.first_token_ms is not None:
            self._first_token.add((label,), event.first_token_ms / 1000)

    def _count_tokens(self, usage: Usage, label: str) -> None:
        add = self._tokens.add
        if usage.input_tokens:
            add(("input", label), usage.input_tokens)
        if usage.output_tokens:
            add(("output", label), usage.output_tokens)
        if usage.cache_read_tokens:
            add(("cache_read", label), usage.cache_read_tokens)
        if usage.cache_creation_tokens:
            add(("cache_creation", label), usage.cache_creation_tokens)
        if usage.reasoning_tokens:
            add(("reasoning", label), usage.reasoning_tokens)

    def _label(self, model: str) -> str:
        return model if model in self._models else OTHER_MODEL


class MetricsReader:
    """Reads the events of one run and counts them as they come."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._request: PanelRequest | None = None
        self._started = 0.0
        self._calls: dict[tuple[CallRole, int], _CallTimes] = {}
        self._judge_streams = False
        self._is_done = False

    def __call__(self, event: Event) -> None:
        match event:
            case AttemptStarted(role=role, seat_index=seat_index, model=model):
                call = self._calls.setdefault((role, seat_index), _CallTimes(self._metrics.clock()))
                call.model = model
            case AttemptEnded():
                self._count_attempt(event)
            case SeatFinished(answer=answer):
                self._count_call(answer)
            case ConsolidationDelta():
                self._judge_streams = True
            case RunStarted(request=request):
                self._request = request
                self._started = self._metrics.clock()
                self._metrics.running += 1
            case RunFinished(result=result):
                self._count_overhead()
                self.finish(outcome_of(result)[0])
            case _:
                pass

    def finish(self, outcome: str = "cancelled") -> None:
        """Count the run as ended, unless that was done: `outcome` is cancelled or failed."""
        if self._request is None or self._is_done:
            return
        self._is_done = True
        self._metrics.running -= 1
        self._metrics.count_request(api_of(self._request), outcome, self._metrics.clock() - self._started)

    def _count_attempt(self, event: AttemptEnded) -> None:
        call = self._calls.get((event.role, event.seat_index))
        if call is None or self._request is None:
            return
        is_judge = event.role is CallRole.CONSOLIDATION
        is_streamed = self._judge_streams if is_judge else self._request.seats_stream
        self._metrics.count_attempt(event, call.model, is_streamed)

    def _count_call(self, answer: Answer) -> None:
        if self._request is None:
            return
        own = CallRole.CHAT if self._request.accepts_refusals else CallRole.SEAT
        role = CallRole.CONSOLIDATION if answer.is_judge else own
        self._metrics.count_call(role, answer)
        call = self._calls.get((role, answer.seat_index))
        if call is not None:
            call.ended = self._metrics.clock()

    def _count_overhead(self) -> None:
        """The seats run side by side, the judges one after the other once they are done."""
        judges_s = sum(call.lasted_s for (role, _), call in self._calls.items() if role is CallRole.CONSOLIDATION)
        seats_s = [call.lasted_s for (role, _), call in self._calls.items() if role is not CallRole.CONSOLIDATION]
        total_s = self._metrics.clock() - self._started
        self._metrics.count_overhead(total_s - max(seats_s, default=0.0) - judges_s)


class _CallTimes:
    """When a seat, or all judges together, were at work, and the model that was asked last."""

    __slots__ = ("ended", "model", "started")

    def __init__(self, started: float) -> None:
        self.started = self.ended = started
        self.model = ""

    @property
    def lasted_s(self) -> float:
        return self.ended - self.started
