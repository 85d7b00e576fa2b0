"""Reads a run's events and builds its tree of spans: request, seats, consolidation, and the attempts beneath them.

Attribute names follow OpenTelemetry's GenAI conventions (semantic-conventions-genai, gen-ai-spans.md, 2026) and begin
with `parley.` where those have none. No prompt, answer or error text stands in a span unless content is retained.
"""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from parley.books.span_content import input_messages, output_messages
from parley.domain.errors import FailureCode, SeatFailure
from parley.domain.events import (
    AttemptEnded,
    AttemptStarted,
    CallRole,
    ConsolidationDelta,
    ConsolidationFinished,
    Event,
    JudgeSeated,
    RunFinished,
    RunStarted,
    SeatFinished,
)
from parley.domain.quick import dataclass
from parley.domain.run import (
    Answer,
    Comparison,
    Nothing,
    PanelRequest,
    PanelResult,
    Resolution,
    Sampling,
    Summary,
    Verdict,
)
from parley.domain.usage import Usage

AttributeValue: TypeAlias = str | int | float | bool | tuple[str, ...] | tuple[int, ...]

_MOST_NAME_CHARACTERS = 256
_INTEGERS = 1 << 63
_PLAIN = Sampling()
_APIS = (("rt_", "roundtable"), ("cmp_", "compare"), ("chatcmpl-", "chat"))
_PROVIDERS = {"gemini": "gcp.gemini", "mistral": "mistral_ai", "moonshot": "moonshot_ai", "xai": "x_ai"}
"""Parley's names of vendors for which the conventions have a name of their own."""


@dataclass(slots=True)
class Span:
    """One step of a run. Times in seconds since 1970, UTC; ids in hexadecimal; the root's parent is the caller's.

    Only the reader of its run writes to it, and only until the run has ended.
    """

    span_id: str
    parent_id: str | None
    name: str
    kind: str
    status: str
    start_time: float
    end_time: float
    attributes: dict[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Trace:
    """One request's spans, the root first. `status` is ok, error or cancelled; `trace_id` is a UUID."""

    request_id: str
    trace_id: str
    key_id: str
    name: str
    status: str
    spans: tuple[Span, ...]

    @property
    def start_time(self) -> float:
        return self.spans[0].start_time

    @property
    def end_time(self) -> float:
        return self.spans[0].end_time


@dataclass(frozen=True, slots=True)
class TraceTools:
    """What every reader needs: the wall clock, where a finished trace goes, and whether texts are kept."""

    clock: Callable[[], float]
    keep: Callable[[Trace], None]
    keeps_content: bool = False


class _OpenSpan(Span):
    """A span that is still being written."""

    __slots__ = ("is_open",)

    def __init__(self, span_id: str, parent_id: str | None, name: str, kind: str, start_time: float) -> None:
        self.span_id = span_id
        self.parent_id = parent_id
        self.name = _short(name)
        self.kind = kind
        self.status = "ok"
        self.start_time = self.end_time = start_time
        self.attributes = {}
        self.is_open = True

    def close(self, now: float, outcome: str, code: str | None) -> None:
        self.is_open = False
        self.end_time = max(now, self.start_time)
        self.status = "cancelled" if outcome == "cancelled" else "error" if code else "ok"
        self.attributes["parley.outcome"] = outcome
        if code:
            self.attributes["error.type"] = code


class _Call:
    """A seat or the consolidation: its span, its attempts, and what they used together."""

    __slots__ = ("attempts", "cost", "is_streamed", "span", "usage")

    def __init__(self, span: _OpenSpan, is_streamed: bool) -> None:
        self.span = span
        self.is_streamed = is_streamed
        self.attempts: list[_OpenSpan] = []
        self.usage = Usage()
        self.cost: Decimal | None = Decimal(0)

    @property
    def running(self) -> _OpenSpan | None:
        """The attempt under way."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and last.is_open else None


class TraceReader:
    """Reads the events of one run. The finished trace is handed over with RunFinished, or by `finish` before it."""

    def __init__(self, tools: TraceTools, key_id: str, parent_span_id: str | None = None) -> None:
        self._tools = tools
        self._key_id = key_id
        self._parent_span_id = parent_span_id
        self._next_id = random.getrandbits(64)
        self._run: RunStarted | None = None
        self._spans: list[_OpenSpan] = []
        self._seats: list[_Call] = []
        self._consolidation: _Call | None = None
        self._judges = 0
        self._cost = Decimal(0)
        self._is_cost_complete = True
        self._is_done = False

    def __call__(self, event: Event) -> None:
        match event:
            case AttemptStarted():
                self._begin_attempt(event)
            case AttemptEnded():
                self._end_attempt(event)
            case SeatFinished(answer=answer):
                self._end_answer(answer)
            case ConsolidationDelta():
                self._note_stream()
            case RunStarted():
                self._begin(event)
            case JudgeSeated():
                self._seat_judge(event)
            case ConsolidationFinished(verdict=verdict):
                self._end_consolidation(verdict)
            case RunFinished(result=result):
                self._end(*outcome_of(result))
            case _:
                pass

    def finish(self, outcome: str = "cancelled") -> None:
        """Close what is open and hand the trace over, unless that was done: `outcome` is cancelled or failed."""
        if self._run is None or self._is_done:
            return
        code = FailureCode.CANCELLED if outcome == "cancelled" else "internal_error"
        now = self._tools.clock()
        for span in self._spans[1:]:
            if span.is_open:
                span.close(now, outcome, code)
        for call in (*self._seats, *([self._consolidation] if self._consolidation else [])):
            call.span.attributes.update(_usage_attributes(call.usage, call.cost) if call.attempts else {})
        self._end(outcome, code)

    def _open(self, parent: _OpenSpan | None, name: str, kind: str) -> _OpenSpan:
        span_id = f"{self._next_id % (1 << 64) or 1:016x}"
        self._next_id += 1
        parent_id = parent.span_id if parent is not None else self._parent_span_id
        span = _OpenSpan(span_id, parent_id, name, kind, self._tools.clock())
        self._spans.append(span)
        return span

    def _begin(self, event: RunStarted) -> None:
        self._run = event
        request = event.request
        root = self._open(None, _name_of(request), "server")
        root.attributes |= {
            "parley.request_id": event.request_id,
            "parley.api": api_of(request),
            "parley.panel_id": request.panel_id,
            "parley.resolution": resolution_of(request.resolution),
            "parley.seats": len(request.seats),
            "parley.streamed": request.is_streamed,
        }
        self._seats = [self._begin_seat(request, index) for index in range(len(request.seats))]

    def _begin_seat(self, request: PanelRequest, index: int) -> _Call:
        seat = request.seats[index]
        span = self._open(self._spans[0], f"chat {seat.model}", "client")
        role = CallRole.CHAT if request.accepts_refusals else CallRole.SEAT
        attributes = span.attributes
        attributes["gen_ai.operation.name"] = "chat"
        attributes["gen_ai.request.model"] = _short(seat.model)
        if seat.sampling != _PLAIN:
            attributes |= _asked(seat.sampling)
        if request.seats_stream:
            attributes["gen_ai.request.stream"] = True
        if request.output is not None:
            attributes["gen_ai.output.type"] = "json"
        attributes["parley.role"] = role.value
        attributes["parley.seat_index"] = index
        if self._tools.keeps_content:
            span.attributes["gen_ai.input.messages"] = input_messages(request, seat)
        return _Call(span, request.seats_stream)

    def _call_of(self, role: CallRole, seat_index: int) -> _Call | None:
        if role is CallRole.CONSOLIDATION:
            return self._consolidation
        return self._seats[seat_index] if seat_index < len(self._seats) else None

    def _begin_attempt(self, event: AttemptStarted) -> None:
        call = self._call_of(event.role, event.seat_index)
        if call is None:
            return
        deployment = event.deployment
        provider = provider_name(deployment.provider)
        call.span.attributes["gen_ai.provider.name"] = provider
        call.span.attributes["parley.provider"] = deployment.provider
        attempt = self._open(call.span, f"attempt {deployment.upstream_model}", "client")
        attempt.attributes = {
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": _short(deployment.upstream_model),
            "parley.role": event.role.value,
            "parley.seat_index": event.seat_index,
            "parley.attempt": len(call.attempts) + 1,
            "parley.model": _short(event.model),
            "parley.provider": deployment.provider,
        }
        call.attempts.append(attempt)

    def _end_attempt(self, event: AttemptEnded) -> None:
        call = self._call_of(event.role, event.seat_index)
        attempt = call.running if call is not None else None
        if call is None or attempt is None:
            return
        usage = event.usage
        cost = event.cost_usd if event.cost_usd is not None or usage.total_tokens else Decimal(0)
        self._add(call, usage, cost)
        attributes = attempt.attributes
        attributes["parley.usage.input_tokens"] = usage.input_tokens
        attributes["parley.usage.output_tokens"] = usage.output_tokens
        if usage.is_estimate:
            attributes["parley.usage.estimated"] = True
        if cost is not None:
            attributes["parley.cost_usd"] = f"{cost:f}"
        attributes["parley.latency_ms"] = event.duration_ms
        if event.first_token_ms is not None:
            attributes["parley.first_token_ms"] = event.first_token_ms
        attempt.close(self._tools.clock(), *_outcome(event.failure))
        if event.first_token_ms is not None and call.is_streamed:
            waited_s = attempt.start_time - call.span.start_time + event.first_token_ms / 1000
            call.span.attributes["gen_ai.response.time_to_first_chunk"] = round(waited_s, 6)

    def _add(self, call: _Call, usage: Usage, cost: Decimal | None) -> None:
        call.usage = call.usage + usage if len(call.attempts) > 1 else usage
        if cost is None:
            call.cost = None
            self._is_cost_complete = False
            return
        self._cost += cost
        call.cost = None if call.cost is None else call.cost + cost

    def _end_answer(self, answer: Answer) -> None:
        call = self._consolidation if answer.is_judge else self._call_of(CallRole.SEAT, answer.seat_index)
        if call is None:
            return
        self._describe(call, answer)
        call.span.close(self._tools.clock(), *_outcome(answer.failure, answer.is_schema_invalid))

    def _describe(self, call: _Call, answer: Answer) -> None:
        """Write down what is known of a call at its end: who answered, and what all its attempts used."""
        attributes = call.span.attributes
        if answer.provider is not None:
            attributes["gen_ai.provider.name"] = provider_name(answer.provider)
            attributes["parley.provider"] = answer.provider
        if answer.upstream_model and answer.failure is None:
            attributes["gen_ai.response.model"] = _short(answer.upstream_model)
        if answer.finish_reason is not None:
            attributes["gen_ai.response.finish_reasons"] = (answer.finish_reason.value,)
        attributes["parley.model"] = _short(answer.model)
        attributes["parley.attempts"] = len(call.attempts)
        if answer.is_cached:
            attributes["parley.cached"] = True
        if call.attempts or answer.is_cached:
            attributes |= _usage_attributes(call.usage, call.cost)
        if self._tools.keeps_content:
            attributes["gen_ai.output.messages"] = output_messages(answer)

    def _seat_judge(self, event: JudgeSeated) -> None:
        """One span holds the whole consolidation; a judge that takes over from another gives it its own name."""
        self._judges += 1
        if self._consolidation is None:
            self._consolidation = _Call(self._open(self._spans[0], "", "client"), is_streamed=False)
        span = self._consolidation.span
        span.is_open = True
        span.attributes.pop("error.type", None)
        span.name = _short(f"chat {event.model}")
        span.attributes |= {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": _short(event.model),
            "parley.role": CallRole.CONSOLIDATION.value,
            "parley.shuffle_seed": event.shuffle_seed,
            "parley.order": event.order,
            "parley.judges": self._judges,
        }

    def _note_stream(self) -> None:
        if self._consolidation is not None and not self._consolidation.is_streamed:
            self._consolidation.is_streamed = True
            self._consolidation.span.attributes["gen_ai.request.stream"] = True

    def _end_consolidation(self, verdict: Verdict) -> None:
        if self._consolidation is None:
            return
        span = self._consolidation.span
        ended = self._tools.clock() if span.is_open else span.end_time
        span.close(ended, *_outcome(verdict.failure))
        span.attributes["parley.fallback"] = verdict.is_fallback
        if verdict.vote is not None and verdict.vote.tie_break is not None:
            span.attributes["parley.tie_break"] = verdict.vote.tie_break

    def _end(self, outcome: str, code: str | None) -> None:
        assert self._run is not None
        self._is_done = True
        root = self._spans[0]
        root.attributes["parley.cost_usd"] = f"{self._cost:f}"
        root.attributes["parley.cost_complete"] = self._is_cost_complete
        root.close(self._tools.clock(), outcome, code)
        run = self._run
        trace = Trace(run.request_id, run.trace_id, self._key_id, root.name, root.status, tuple(self._spans))
        self._tools.keep(trace)


def api_of(request: PanelRequest) -> str:
    """Return which public API a request came by: roundtable, compare, chat, else other."""
    for prefix, api in _APIS:
        if request.panel_id.startswith(prefix):
            return api
    return "other"


def resolution_of(resolution: Resolution) -> str:
    """Return the resolution as one word."""
    match resolution:
        case Nothing():
            return "none"
        case Summary():
            return "summary"
        case Comparison():
            return "comparison"
        case _:
            return "vote"


def provider_name(provider: str) -> str:
    """Return a configured provider as the conventions name it, or as it stands where they have no name."""
    return _PROVIDERS.get(provider, provider)


def _name_of(request: PanelRequest) -> str:
    api, resolution = api_of(request), resolution_of(request.resolution)
    return api if resolution == "none" or api == "compare" else f"{api} {resolution}"


def outcome_of(result: PanelResult) -> tuple[str, str | None]:
    """Return how a whole run ended, and the error's code if nothing came of it."""
    if result.has_failed:
        return "failed", "all_models_failed"
    is_partial = result.is_partial or result.verdict.failure is not None
    return ("partial" if is_partial else "ok"), None


def _outcome(failure: SeatFailure | None, is_invalid: bool = False) -> tuple[str, str | None]:
    if failure is not None:
        return ("cancelled" if failure.code is FailureCode.CANCELLED else "failed"), failure.code.value
    return ("failed", FailureCode.SCHEMA_INVALID.value) if is_invalid else ("ok", None)


def _asked(sampling: Sampling) -> dict[str, AttributeValue]:
    asked: dict[str, AttributeValue | None] = {
        "gen_ai.request.temperature": sampling.temperature,
        "gen_ai.request.top_p": sampling.top_p,
        "gen_ai.request.max_tokens": _whole(sampling.max_tokens),
        "gen_ai.request.seed": _whole(sampling.seed),
    }
    return {name: value for name, value in asked.items() if value is not None}


def _usage_attributes(usage: Usage, cost: Decimal | None) -> dict[str, AttributeValue]:
    counted: dict[str, AttributeValue] = {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
    }
    if usage.cache_read_tokens:
        counted["gen_ai.usage.cache_read.input_tokens"] = usage.cache_read_tokens
    if usage.cache_creation_tokens:
        counted["gen_ai.usage.cache_creation.input_tokens"] = usage.cache_creation_tokens
    if usage.reasoning_tokens:
        counted["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning_tokens
    if usage.is_estimate:
        counted["parley.usage.estimated"] = True
    if cost is not None:
        counted["parley.cost_usd"] = f"{cost:f}"
    return counted


def _whole(number: int | None) -> int | str | None:
    """Return `number` as it stands, or as text where it is too large for an attribute."""
    return number if number is None or abs(number) < _INTEGERS else _short(str(number))


def _short(text: str) -> str:
    return text[:_MOST_NAME_CHARACTERS]
