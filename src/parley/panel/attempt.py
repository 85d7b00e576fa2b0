"""One attempt: the chunks of one call become text, tool calls, usage and a verdict on whether that is an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from parley.domain.errors import FailureCode, SeatFailure, UpstreamFailure
from parley.domain.events import (
    CallRole,
    ConsolidationDelta,
    Emit,
    SeatDelta,
    SeatReasoning,
    SeatRefusal,
    SeatToolCall,
)
from parley.domain.json import JsonValue
from parley.domain.messages import Message, ToolCall
from parley.domain.models import Deployment
from parley.domain.run import FinishReason, Sampling
from parley.domain.text import GrowingText
from parley.domain.usage import Usage, estimate_tokens
from parley.panel.plan import Route, SeatPlan
from parley.panel.prompt_size import estimate_input_tokens
from parley.providers.provider import (
    Chunk,
    FinishChunk,
    LogprobsChunk,
    ReasoningChunk,
    RefusalChunk,
    TextChunk,
    ToolCallChunk,
    UsageChunk,
    WarningChunk,
)

_BILLED_WITHOUT_ANSWER = frozenset({FailureCode.TIMEOUT, FailureCode.CANCELLED})
"""Failures of ours, not the provider's: it was at work, so the input counts even if nothing came back."""


@dataclass(slots=True)
class _OpenCall:
    """A tool call whose arguments still come in."""

    call_id: str = ""
    name: str = ""
    arguments: GrowingText = field(default_factory=GrowingText)

    def closed(self) -> ToolCall:
        return ToolCall(self.call_id, self.name, str(self.arguments))


class Attempt:
    """Takes the chunks of one call as they come."""

    def __init__(self, seat: SeatPlan, route: Route, clock: Callable[[], float], emit: Emit) -> None:
        self.route = route
        self._seat = seat
        self._clock = clock
        self._emit = emit
        self._started = clock()
        self._text = GrowingText()
        self._reasoning = GrowingText()
        self._refusal = GrowingText()
        self._calls: dict[int, _OpenCall] = {}
        self._usage: Usage | None = None
        self._is_refused = False
        self.warnings: list[str] = []
        self.finish_reason: FinishReason | None = None
        self.first_token_ms: int | None = None
        self.has_relayed = False
        self.logprobs: JsonValue = None

    def take(self, chunk: Chunk) -> None:
        """Keep what the chunk says and pass its text on where the seat relays."""
        if self.first_token_ms is None and not isinstance(chunk, WarningChunk):
            self.first_token_ms = self.duration_ms
        match chunk:
            case TextChunk(text=text):
                self._text.append(text)
                if self._seat.relays:
                    self._relay_text(text)
            case ReasoningChunk(text=text):
                self._reasoning.append(text)
                self._relay(SeatReasoning(self._seat.index, text))
            case RefusalChunk(text=text):
                self._refusal.append(text)
                self._relay(SeatRefusal(self._seat.index, text))
            case ToolCallChunk():
                self._take_call(chunk)
            case UsageChunk(usage=usage):
                self._usage = usage if usage.is_believable else None
            case WarningChunk(text=text):
                self.warnings.append(text)
            case FinishChunk(reason=reason, is_refused=is_refused):
                self.finish_reason = reason
                self._is_refused = self._is_refused or is_refused
            case LogprobsChunk(logprobs=logprobs):
                self.logprobs = _joined(self.logprobs, logprobs)
            case _:
                assert_never(chunk)

    def _relay_text(self, text: str) -> None:
        self.has_relayed = True
        if self._seat.role is CallRole.CONSOLIDATION:
            self._emit(ConsolidationDelta(self.route.model, text))
        else:
            self._emit(SeatDelta(self._seat.index, text))

    def _relay(self, event: SeatReasoning | SeatRefusal | SeatToolCall) -> None:
        """Reasoning, refusals and tool calls reach a client of chat alone; a panel shows answers."""
        if self._seat.relays and self._seat.accepts_refusals:
            self.has_relayed = True
            self._emit(event)

    def _take_call(self, chunk: ToolCallChunk) -> None:
        call = self._calls.setdefault(chunk.index, _OpenCall())
        call.call_id = chunk.call_id or call.call_id
        call.name = chunk.name or call.name
        call.arguments.append(chunk.arguments)
        piece = ToolCall(chunk.call_id or "", chunk.name or "", chunk.arguments)
        self._relay(SeatToolCall(self._seat.index, chunk.index, piece))

    def verdict(self) -> UpstreamFailure | None:
        """Say whether what came is an answer: an empty one, a refusal and a filtered one are none in a panel."""
        if self._seat.accepts_refusals:
            return None
        if self.finish_reason is FinishReason.CONTENT_FILTER:
            return _no_answer(FailureCode.CONTENT_FILTERED, "The provider's content filter stopped this answer.")
        is_blank = not self.text.strip()
        if self._is_refused or (is_blank and self.refusal):
            return _no_answer(FailureCode.REFUSED, "The model declined to answer.")
        if is_blank and not self._calls:
            return _no_answer(FailureCode.EMPTY_ANSWER, self._why_empty())
        return None

    def _why_empty(self) -> str:
        if self.finish_reason is FinishReason.LENGTH:
            return "The model used up its max_tokens before it wrote any answer; allow more."
        return "The model returned an empty answer."

    def usage_or_estimate(self, messages: Sequence[Message], failure: UpstreamFailure | None) -> Usage:
        """Return the provider's count; without one an estimate from the text, or nothing for a call that was refused.

        A refused call (an error before any byte) costs nothing; one that we cut short has used at least its input.
        A count from the middle of a stream, marked as an estimate, gets the output that has come since.
        """
        if self._usage is not None and not self._usage.is_estimate:
            return self._usage
        written = self.text + self.reasoning + "".join(call.arguments for call in self.tool_calls)
        written += self.refusal or ""
        if self._usage is not None:
            return replace(self._usage, output_tokens=max(self._usage.output_tokens, estimate_tokens(written)))
        is_billed = failure is None or bool(written) or failure.failure.code in _BILLED_WITHOUT_ANSWER
        if not is_billed:
            return Usage()
        return Usage(estimate_input_tokens(messages), estimate_tokens(written), is_estimate=True)

    @property
    def has_begun(self) -> bool:
        """Whether anything came back."""
        return self.first_token_ms is not None

    @property
    def duration_ms(self) -> int:
        return round((self._clock() - self._started) * 1000)

    @property
    def text(self) -> str:
        return str(self._text)

    @property
    def reasoning(self) -> str:
        return str(self._reasoning)

    @property
    def refusal(self) -> str | None:
        return str(self._refusal) or None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple([self._calls[index].closed() for index in sorted(self._calls)]) if self._calls else ()


def most_output_tokens(sampling: Sampling, deployment: Deployment, assumed: int) -> int:
    """Return the most that an answer is taken to have: what was asked for, else the model's most, else `assumed`."""
    if sampling.max_tokens is not None:
        return sampling.max_tokens
    return min(deployment.capabilities.max_output_tokens or assumed, assumed)


def _no_answer(code: FailureCode, message: str) -> UpstreamFailure:
    """The call went well but gave no answer; the provider answered, so nothing speaks against it."""
    return UpstreamFailure(SeatFailure(code, message), status=200)


def _joined(known: JsonValue, more: JsonValue) -> JsonValue:
    """Return log probabilities of two pieces as one: OpenAI's object of lists; `known` takes in those of `more`."""
    if not isinstance(known, dict) or not isinstance(more, dict):
        return more if known is None else known
    for name, value in more.items():
        earlier = known.get(name)
        if isinstance(earlier, list) and isinstance(value, list):
            earlier.extend(value)
        else:
            known[name] = value
    return known
