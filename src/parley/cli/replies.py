"""What a server answers, as far as the command line shows it; unknown fields and events are ignored.

Sources: contracts/roundtable.md and contracts/compare.md.
"""

from typing import TypeVar, cast

import msgspec

from parley.cli.fault import CommandFault, ExitCode
from parley.domain.json import JsonObject, JsonValue

Shape = TypeVar("Shape")


class TokenUsage(msgspec.Struct):
    """Tokens of one call; the two families name them differently."""

    input_tokens: int = 0
    output_tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def written(self) -> int:
        return self.output_tokens or self.completion_tokens


class SeatRow(msgspec.Struct):
    """An entry of a roundtable's `model_results`."""

    index: int
    model: str
    data: object = None
    duration_ms: int = 0
    cost: float | None = None
    usage: TokenUsage | None = None
    error: str | None = None
    error_code: str | None = None
    schema_error: str | None = None
    attempts: int = 1
    warnings: list[str] = []


class ChoiceRow(msgspec.Struct):
    choice: str
    votes: int
    seats: list[int]


class VoteRow(msgspec.Struct):
    tally: list[ChoiceRow]
    tie: bool
    share: float
    tie_break: str | None = None


class SummaryError(msgspec.Struct):
    code: str
    message: str


class Meta(msgspec.Struct):
    """`meta` of a roundtable."""

    total_cost: float = 0
    total_duration_ms: int = 0
    partial: bool = False
    cost_complete: bool = True
    summary_model: str | None = None
    summary_fallback_used: bool = False
    summary_truncated: bool = False
    summary_error: SummaryError | None = None
    trace_uuid: str | None = None
    vote: VoteRow | None = None


class RoundtableReply(msgspec.Struct):
    """A roundtable's plain response."""

    id: str
    meta: Meta
    model_results: list[SeatRow]
    data: object = None


class ModelDelta(msgspec.Struct, tag_field="type", tag="model_delta"):
    model_index: int
    delta: str


class ModelDone(msgspec.Struct, tag_field="type", tag="model_done"):
    model_index: int
    data: object = None
    usage: TokenUsage | None = None
    cost: float | None = None
    duration_ms: int = 0
    error_code: str | None = None
    schema_error: str | None = None


class ModelError(msgspec.Struct, tag_field="type", tag="model_error"):
    model_index: int
    error: str
    error_code: str = "upstream_error"
    partial_text: str = ""


class SummaryDelta(msgspec.Struct, tag_field="type", tag="summary_delta"):
    model: str
    delta: str


class RoundtableDone(RoundtableReply, tag_field="type", tag="done"):
    """The whole plain response, as the last event."""


class RoundtableError(msgspec.Struct, tag_field="type", tag="error"):
    error: str
    error_code: str = "internal_error"


RoundtableEvent = ModelDelta | ModelDone | ModelError | SummaryDelta | RoundtableDone | RoundtableError


class ResultRow(msgspec.Struct):
    """An entry of a comparison's `results`."""

    model: str
    content: str | None = None
    latency_ms: int = 0
    error: str | None = None
    error_code: str | None = None
    usage: TokenUsage | None = None
    cost: float | None = None
    warnings: list[str] | None = None


class CompareReply(msgspec.Struct):
    """A comparison's plain response."""

    models: list[str]
    results: list[ResultRow]
    comparison: str | None = None
    comparison_model: str | None = None
    comparison_fallback_used: bool = False
    total_latency_ms: int = 0
    partial: bool = False
    total_cost: float | None = None


class ModelChunk(msgspec.Struct, tag_field="event", tag="model_chunk"):
    model: str
    delta: str


class ModelResult(ResultRow, tag_field="event", tag="model_result"):
    """One model's result, comparison to follow."""


class ModelStreamDone(ResultRow, tag_field="event", tag="model_stream_done"):
    """One model's end where its tokens were streamed."""


class ComparisonChunk(msgspec.Struct, tag_field="event", tag="comparison_chunk"):
    comparison_model: str
    delta: str


class CompareDone(msgspec.Struct, tag_field="event", tag="done"):
    comparison_model: str | None = None
    total_latency_ms: int = 0
    partial: bool = False
    comparison_fallback_used: bool = False
    error_code: str | None = None
    total_cost: float | None = None


class Fatal(msgspec.Struct):
    code: str
    message: str


class CompareError(msgspec.Struct, tag_field="event", tag="error"):
    error: Fatal


CompareEvent = ModelChunk | ModelResult | ModelStreamDone | ComparisonChunk | CompareDone | CompareError

_ROUNDTABLE = {"model_delta", "model_done", "model_error", "summary_delta", "done", "error"}
_COMPARE = {"model_chunk", "model_result", "model_stream_done", "comparison_chunk", "done", "error"}


def read_roundtable_event(event: JsonObject) -> RoundtableEvent | None:
    """Return the event as a type, None for one that the command line has no use for."""
    if event.get("type") not in _ROUNDTABLE:
        return None
    return cast(RoundtableEvent, _convert(event, RoundtableEvent))


def read_compare_event(event: JsonObject) -> CompareEvent | None:
    """Return the event as a type, None for one that the command line has no use for."""
    if event.get("event") not in _COMPARE:
        return None
    return cast(CompareEvent, _convert(event, CompareEvent))


def read_roundtable(answer: JsonObject) -> RoundtableReply:
    """Return the plain response as a type."""
    return cast(RoundtableReply, _convert(answer, RoundtableReply))


def read_comparison(answer: JsonObject) -> CompareReply:
    """Return the plain response as a type."""
    return cast(CompareReply, _convert(answer, CompareReply))


def _convert(value: JsonValue, shape: object) -> object:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        message = f"The server's answer is not as its contract says: {error}."
        raise CommandFault(ExitCode.UNREACHABLE, "strange_answer", message) from error
