"""`POST /v1/chat/compare`: one conversation to several models, the answers side by side, with an evaluation.

The request, the answer, the events of the stream, and how they are put together again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypedDict

from parley_client.call import USUAL, Call, CallOptions, Resource, StreamCall, endpoint
from parley_client.chat import ChatCompletion, ChatUsage, Conversation
from parley_client.decoding import copied, reader
from parley_client.reading import Reading, TextDelta, kinds_of
from parley_client.typevars import Required, S, Unpack


class ModelOverride(TypedDict, total=False):
    """What differs for one of the models; `system_prompt` replaces the conversation's system message."""

    model: Required[str]
    temperature: float
    max_tokens: int
    system_prompt: str


class CompareRequest(Conversation, total=False):
    """`messages` goes to each of `models` (1 to 10); `comparison_model` then evaluates, unless `skip_comparison`.

    A stored `template` may come before or instead of `messages`, its `variables` filled in. `temperature` and
    `max_tokens` hold for every model, never for the evaluation.
    """

    models: Required[Sequence[str]]
    model_overrides: Sequence[ModelOverride]
    comparison_model: str
    comparison_instructions: str
    skip_comparison: bool


@dataclass(frozen=True, slots=True)
class CompareResult:
    """What one model said in `content`, or why it could not: `error` is a sentence, `error_code` a slug.

    `cost` is in US dollars, None without a known price.
    """

    model: str
    response_body: ChatCompletion | None = None
    content: str | None = None
    latency_ms: int | None = None
    error: str | None = None
    error_code: str | None = None
    usage: ChatUsage | None = None
    request_id: str | None = None
    finish_reason: str | None = None
    cost: float | None = None
    warnings: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole answer: `results` in the order of `models`, and the evaluation's text in `comparison`.

    `total_cost` is in US dollars. `created` (Unix seconds) and `trace_uuid` are None where it was read from a stream.
    """

    comparison_id: str
    models: tuple[str, ...]
    results: tuple[CompareResult, ...]
    object: str | None = None
    created: int | None = None
    comparison: str | None = None
    comparison_model: str | None = None
    comparison_usage: ChatUsage | None = None
    comparison_fallback_used: bool = False
    total_latency_ms: int | None = None
    partial: bool = False
    skip_comparison: bool = False
    total_cost: float | None = None
    trace_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class ComparisonStartEvent:
    """The comparison has begun; no model has answered yet."""

    comparison_id: str
    models: tuple[str, ...]
    skip_comparison: bool = False
    event: Literal["comparison_start"] = "comparison_start"


@dataclass(frozen=True, slots=True)
class ModelChunkEvent:
    """A piece of one model's text; only with `skip_comparison`."""

    model: str
    delta: str
    event: Literal["model_chunk"] = "model_chunk"


@dataclass(frozen=True, slots=True)
class ModelStreamDoneEvent(CompareResult):
    """A model has finished or failed; only with `skip_comparison`. It has no `response_body`; the stream goes on."""

    event: Literal["model_stream_done"] = "model_stream_done"


@dataclass(frozen=True, slots=True)
class ModelResultEvent(CompareResult):
    """A model has finished or failed; only without `skip_comparison`. The stream goes on."""

    event: Literal["model_result"] = "model_result"


@dataclass(frozen=True, slots=True)
class ComparisonChunkEvent:
    """A piece of the evaluation."""

    comparison_model: str
    delta: str
    event: Literal["comparison_chunk"] = "comparison_chunk"


@dataclass(frozen=True, slots=True)
class ComparisonDoneEvent:
    """The last event. `usage` is the evaluation's; `error_code` says why its text broke off, if it did."""

    comparison_id: str
    comparison_model: str | None = None
    usage: ChatUsage | None = None
    total_latency_ms: int | None = None
    partial: bool = False
    comparison_fallback_used: bool = False
    skip_comparison: bool = False
    total_cost: float | None = None
    error_code: str | None = None
    event: Literal["done"] = "done"


CompareEvent: TypeAlias = (
    ComparisonStartEvent
    | ModelChunkEvent
    | ModelStreamDoneEvent
    | ModelResultEvent
    | ComparisonChunkEvent
    | ComparisonDoneEvent
)


class CompareReading(Reading[CompareEvent, Comparison]):
    """No event carries the whole answer, so it is put together from all of them."""

    tag = "event"
    kinds = kinds_of(CompareEvent, tag)
    needed = (ComparisonStartEvent, ModelStreamDoneEvent, ModelResultEvent, ComparisonChunkEvent, ComparisonDoneEvent)

    def condensed(self) -> list[CompareEvent]:
        pieces = self.kept(ComparisonChunkEvent)
        others = [event for event in self._kept if not isinstance(event, ComparisonChunkEvent)]
        return [*others, *(replace(piece, delta=_text(pieces)) for piece in pieces[-1:])]

    def collected(self) -> Comparison | None:
        starts, ends = self.kept(ComparisonStartEvent), self.kept(ComparisonDoneEvent)
        if not (starts and ends):
            return None
        models, pieces = starts[-1].models, self.kept(ComparisonChunkEvent)
        results = {result.model: copied(CompareResult, result) for result in self.kept(CompareResult)}
        return copied(
            Comparison,
            ends[-1],
            models=models,
            results=tuple(results[model] for model in models if model in results),
            object="compare.completion",
            comparison=_text(pieces) if pieces else None,
            comparison_usage=ends[-1].usage,
        )

    def text(self, event: CompareEvent) -> TextDelta | None:
        if isinstance(event, ModelChunkEvent):
            return TextDelta(None, event.model, event.delta, is_summary=False)
        if isinstance(event, ComparisonChunkEvent):
            return TextDelta(None, event.comparison_model, event.delta, is_summary=True)
        return None


def _text(pieces: Sequence[ComparisonChunkEvent]) -> str:
    return "".join(piece.delta for piece in pieces)


class CompareResource(Resource[S]):
    """One conversation to several models, the answers side by side."""

    @endpoint
    def create(self, *, options: CallOptions = USUAL, **request: Unpack[CompareRequest]) -> Call[Comparison]:
        """Ask, and return the answers with their evaluation. Models that failed are data in it."""
        return Call("POST", "/v1/chat/compare", reader(Comparison), options, request, takes_key=True)

    @endpoint
    def stream(
        self, *, options: CallOptions = USUAL, **request: Unpack[CompareRequest]
    ) -> StreamCall[CompareEvent, Comparison]:
        """Ask, and read the evaluation as it is written; with `skip_comparison`, each model's text."""
        return StreamCall("/v1/chat/compare", CompareReading, options, {**request, "stream": True})
