"""One request through the engine: what is asked, what each seat answered, how it was resolved."""

from collections.abc import Sequence
from dataclasses import field, replace
from decimal import Decimal
from enum import StrEnum

from parley.domain.errors import SeatFailure
from parley.domain.json import JsonObject, JsonValue
from parley.domain.messages import Message, Tool, ToolCall, ToolChoice
from parley.domain.models import Effort
from parley.domain.quick import dataclass
from parley.domain.usage import Usage


class FinishReason(StrEnum):
    """Why a model stopped. Source: OpenAI's chat completions; the other dialects map onto it."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is to write; None leaves it to the provider. `stop` holds at most what the provider allows."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    effort: Effort | None = None

    def over(self, usual: "Sampling") -> "Sampling":
        """Return this, with what `usual` says where this says nothing."""
        names = [name for name in self.__slots__ if getattr(self, name) in (None, ())]
        return replace(self, **{name: getattr(usual, name) for name in names})


@dataclass(frozen=True, slots=True)
class SchemaFormat:
    """The answer must be a value of this JSON Schema. `is_strict` None: the dialect decides how to ask for it."""

    schema: JsonObject
    name: str = "answer"
    is_strict: bool | None = None


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """The answer must be some JSON value (`response_format: {"type": "json_object"}`)."""


OutputFormat = SchemaFormat | JsonFormat


@dataclass(frozen=True, slots=True)
class SeatRequest:
    """One seat as asked for; `system_prompt` replaces the conversation's system message for this seat alone."""

    model: str
    sampling: Sampling = Sampling()
    system_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """Hand the answers back as they are."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Merge the answers into one; `judge` None: the configured default, else the first seat's model."""

    judge: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Write an evaluation of the answers; `judge` None: the configured default, else the first model that answered."""

    judge: str | None = None
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """Count the answers as votes for one of `choices`; `tie_breaker` None as in Summary."""

    choices: tuple[str, ...]
    tie_breaker: str | None = None


Resolution = Nothing | Summary | Comparison | Vote


@dataclass(frozen=True, slots=True)
class PanelRequest:
    """Everything that a contract hands to the engine. Times in seconds.

    `conversation` is sent to every seat, its system messages included; `instructions` go in front of them, for the
    consolidation as well. `is_streamed`: the client reads events. `seats_stream`: seats' text is relayed as it arrives.
    `fallback_models`: tried in order where the seat's model fails (chat). `accepts_refusals`: an empty answer or a
    refusal is an answer and not a failure (chat). `extra`: provider parameters that Parley does not know.
    `most_timeout_s` bounds the configured timeout where `timeout_s` asks for none. `output_param` is what the contract
    calls the field behind `output`, for messages. `cache_scope`: whose answers may be reused for the same call; None
    asks every model anew. `panel_name`: what callers know the seats by, where they are a panel of the configuration.
    """

    panel_id: str
    seats: tuple[SeatRequest, ...]
    conversation: tuple[Message, ...]
    resolution: Resolution = Nothing()
    instructions: str | None = None
    output: OutputFormat | None = None
    output_param: str = "output_schema"
    max_retries: int = 1
    timeout_s: float | None = None
    most_timeout_s: float | None = None
    judge_timeout_s: float | None = None
    is_streamed: bool = False
    seats_stream: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    allows_parallel_tools: bool | None = None
    fallback_models: tuple[str, ...] = ()
    accepts_refusals: bool = False
    extra: JsonObject = field(default_factory=dict)
    cache_scope: str | None = None
    panel_name: str | None = None


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """An answer held against its schema: the parsed value, or why it is none (`error`, a sentence)."""

    is_valid: bool
    value: JsonValue = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one seat said, or why it could not.

    `text` is what arrived, also when the seat failed. `usage` and `cost_usd` add up all its attempts; `cost_usd` is
    None when a price is not known. `is_judge`: a consolidation call's, with seat_index 0. `choice_index` is set in a
    vote, `schema` where a schema was asked for. `is_cached`: an earlier answer to the same call, at no cost and with
    no attempt.
    """

    seat_index: int
    model: str
    is_judge: bool = False
    text: str = ""
    usage: Usage | None = None
    cost_usd: Decimal | None = None
    duration_ms: int = 0
    finish_reason: FinishReason | None = None
    failure: SeatFailure | None = None
    refusal: str | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    schema: SchemaCheck | None = None
    choice_index: int | None = None
    attempts: int = 0
    warnings: tuple[str, ...] = ()
    provider: str | None = None
    upstream_model: str | None = None
    logprobs: JsonValue = None
    is_cached: bool = False

    @property
    def is_schema_invalid(self) -> bool:
        return self.schema is not None and not self.schema.is_valid


@dataclass(frozen=True, slots=True)
class ChoiceCount:
    choice: str
    votes: int
    seats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VoteCount:
    """A counted vote. `tally` lists every choice in the order of the request; `tie_break` is judge, seat_order or None.

    `share` is the winner's share of the valid votes, 0 to 1.
    """

    tally: tuple[ChoiceCount, ...]
    is_tie: bool
    tie_break: str | None
    share: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the resolver made of the answers.

    `text` is the consolidation as written, `value` its JSON value where a schema was set. `judge` is the Answer of the
    call that counts (the last one tried), None if none was made; `judge_answers` are all of them, for their cost.
    `shuffle_seed` and `order` (seat indices as the judge saw them) belong to that call.
    """

    text: str | None = None
    value: JsonValue = None
    judge: Answer | None = None
    judge_answers: tuple[Answer, ...] = ()
    is_fallback: bool = False
    failure: SeatFailure | None = None
    is_truncated: bool = False
    vote: VoteCount | None = None
    shuffle_seed: int | None = None
    order: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelResult:
    """The whole of a finished run. `cost_usd` sums what is known; `is_cost_complete` says whether that is all."""

    request: PanelRequest
    request_id: str
    trace_id: str
    answers: tuple[Answer, ...]
    verdict: Verdict
    cost_usd: Decimal
    is_cost_complete: bool
    duration_ms: int

    @property
    def is_partial(self) -> bool:
        return any(answer.failure is not None or answer.is_schema_invalid for answer in self.answers)

    @property
    def has_failed(self) -> bool:
        """Whether no seat at all answered."""
        return all(answer.failure is not None for answer in self.answers)

    @property
    def is_cached(self) -> bool:
        """Whether every call of the request was answered from the cache."""
        return all(answer.is_cached for answer in (*self.answers, *self.verdict.judge_answers))


def answered(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Return the answers that did not fail, in seat order."""
    return tuple(answer for answer in answers if answer.failure is None)
