"""`POST /v3/roundtable`: one input to every seat, the answers merged, handed back or counted as votes.

The request, the answer, the events of the stream, and how the stream is read.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypedDict, overload

from parley_client.call import USUAL, Call, CallOptions, Resource, StreamCall, endpoint
from parley_client.decoding import decode, reader
from parley_client.errors import OutputError
from parley_client.reading import Reading, TextDelta, kinds_of
from parley_client.typevars import Required, S, T, Unpack
from parley_client.usage import Usage

if TYPE_CHECKING:
    from parley_client.shell import AsyncShell, Shell


class Seat(TypedDict, total=False):
    """One model's place in the panel; the overrides hold for it alone. A bare name is a seat too."""

    name: Required[str]
    temperature: float
    max_tokens: int
    top_p: float
    reasoning: Literal["low", "medium", "high", "max"]


class Question(TypedDict, total=False):
    """`input` goes to each of `models` (1 to 32), after the system prompt `instructions`.

    `summary_model` consolidates, or breaks a tie. `max_retries` (0 to 3) and `timeout_ms` (up to 300000) are each
    seat's, on the server.
    """

    input: Required[str]
    models: Required[Sequence[str | Seat]]
    instructions: str
    summary_model: str
    max_retries: int
    timeout_ms: int


class VoteRequest(Question):
    """A question with 2 to 100 distinct choices."""

    choices: Sequence[str]


class RoundtableRequest(Question, total=False):
    """A question, how to resolve it, and a JSON Schema (draft 2020-12) that every answer must fit."""

    resolution: Literal["summary", "fast", "multiple_choice"]
    choices: Sequence[str]
    output_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SummaryError:
    """Why there is no consolidated answer."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class VoteCount:
    """How many votes a choice has, and of which seats."""

    choice: str
    votes: int
    seats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Vote:
    """The count. `share` is the winner's part of the valid votes; `tie_break` is judge, seat_order or None."""

    tally: tuple[VoteCount, ...]
    tie: bool
    tie_break: str | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class RoundtableMeta:
    """What the roundtable was. `total_cost` is in US dollars and sums what is known: see `cost_complete`."""

    resolution: str
    models_used: tuple[str, ...]
    total_cost: float
    total_duration_ms: int
    trace_uuid: str | None = None
    partial: bool = False
    cost_complete: bool | None = None
    summary_model: str | None = None
    summary_usage: Usage | None = None
    summary_fallback_used: bool | None = None
    summary_error: SummaryError | None = None
    summary_truncated: bool | None = None
    vote: Vote | None = None


@dataclass(frozen=True, slots=True)
class SeatResult:
    """What one seat said in `data`, or why it could not: `error` is a sentence, `error_code` a slug.

    A seat with `schema_valid` False has answered: its raw text is in `data`, and `schema_error` says what is wrong.
    `cost` is in US dollars, None without a known price.
    """

    index: int
    model: str
    data: Any = None
    duration_ms: int | None = None
    finish_reason: str | None = None
    cost: float | None = None
    usage: Usage | None = None
    error: str | None = None
    error_code: str | None = None
    schema_valid: bool | None = None
    schema_error: str | None = None
    attempts: int | None = None
    warnings: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Roundtable:
    """The whole answer. `data` is the consolidated text, the JSON value with a schema, the winning choice, or None.

    `model_results` has one entry for each seat, in the order of the request.
    """

    id: str
    meta: RoundtableMeta
    model_results: tuple[SeatResult, ...]
    data: Any = None


@dataclass(frozen=True, slots=True)
class StartEvent:
    """The roundtable has begun; no model has answered yet."""

    id: str | None = None
    models: tuple[str, ...] = ()
    type: Literal["start"] = "start"


@dataclass(frozen=True, slots=True)
class ModelDeltaEvent:
    """A piece of one seat's text. The same model may sit twice: `model_index` is the key to the seat."""

    model_index: int
    model: str
    delta: str
    type: Literal["model_delta"] = "model_delta"


@dataclass(frozen=True, slots=True)
class ModelDoneEvent:
    """A seat has answered; fields as in `SeatResult`."""

    model_index: int
    model: str
    data: Any = None
    usage: Usage | None = None
    cost: float | None = None
    duration_ms: int | None = None
    finish_reason: str | None = None
    schema_valid: bool | None = None
    schema_error: str | None = None
    error_code: str | None = None
    type: Literal["model_done"] = "model_done"


@dataclass(frozen=True, slots=True)
class ModelErrorEvent:
    """A seat has failed; the stream goes on. `partial_text` is what had arrived."""

    model_index: int
    model: str
    error: str
    error_code: str | None = None
    partial_text: str | None = None
    type: Literal["model_error"] = "model_error"


@dataclass(frozen=True, slots=True)
class SummaryDeltaEvent:
    """A piece of the consolidation."""

    model: str
    delta: str
    type: Literal["summary_delta"] = "summary_delta"


@dataclass(frozen=True, slots=True)
class DoneEvent(Roundtable):
    """The whole answer, the last event."""

    type: Literal["done"] = "done"


RoundtableEvent: TypeAlias = (
    StartEvent | ModelDeltaEvent | ModelDoneEvent | ModelErrorEvent | SummaryDeltaEvent | DoneEvent
)


class RoundtableReading(Reading[RoundtableEvent, Roundtable]):
    """The result is what `done` carries."""

    tag = "type"
    kinds = kinds_of(RoundtableEvent, tag)
    needed = (DoneEvent,)

    def collected(self) -> Roundtable | None:
        for done in self.kept(DoneEvent):
            return Roundtable(done.id, done.meta, done.model_results, done.data)
        return None

    def text(self, event: RoundtableEvent) -> TextDelta | None:
        if isinstance(event, ModelDeltaEvent):
            return TextDelta(event.model_index, event.model, event.delta, is_summary=False)
        if isinstance(event, SummaryDeltaEvent):
            return TextDelta(None, event.model, event.delta, is_summary=True)
        return None


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A consolidated answer as a `T`, the JSON Schema that was sent, and the whole answer as it came."""

    parsed: T
    schema: Mapping[str, Any]
    raw: Roundtable


def _parser(kind: type[T]) -> tuple[Mapping[str, Any], Callable[[object], Parsed[T]]]:
    """Return the schema of a type that pydantic knows, and what makes the type of an answer.

    Raises ImportError if pydantic is not installed, and pydantic's own errors for a type without a schema.
    """
    try:
        pydantic: Any = import_module("pydantic")
    except ImportError as error:
        message = "parse needs pydantic: pip install 'parley-client[pydantic]', or use create with output_schema."
        raise ImportError(message) from error
    adapter = pydantic.TypeAdapter(kind)
    schema: Mapping[str, Any] = adapter.json_schema()

    def parse(answer: object) -> Parsed[T]:
        raw = decode(Roundtable, answer)
        if raw.data is None and (error := raw.meta.summary_error):
            raise OutputError(f"There is no consolidated answer ({error.code}): {error.message}", raw=raw)
        try:
            return Parsed(adapter.validate_python(raw.data), schema, raw)
        except pydantic.ValidationError as error:
            # The cause quotes the answer; the message does not.
            raise OutputError(f"The answer does not fit {getattr(kind, '__name__', kind)}.", raw=raw) from error

    return schema, parse


def _call(read: Callable[[Any], T], body: Mapping[str, Any], options: CallOptions) -> Call[T]:
    return Call("POST", "/v3/roundtable", read, options, body, takes_key=True)


class RoundtableResource(Resource[S]):
    """One input to several models, their answers merged, handed back or counted."""

    @endpoint
    def create(self, *, options: CallOptions = USUAL, **request: Unpack[RoundtableRequest]) -> Call[Roundtable]:
        """Ask, and return the whole answer. Seats that failed are data in it; that all failed is an APIError 502."""
        return _call(reader(Roundtable), request, options)

    @endpoint
    def vote(self, *, options: CallOptions = USUAL, **request: Unpack[VoteRequest]) -> Call[Roundtable]:
        """Let the models vote on `choices`: the winner is in `data`, the count in `meta.vote`."""
        return _call(reader(Roundtable), {**request, "resolution": "multiple_choice"}, options)

    @endpoint
    def stream(
        self, *, options: CallOptions = USUAL, **request: Unpack[RoundtableRequest]
    ) -> StreamCall[RoundtableEvent, Roundtable]:
        """Ask, and read what each model says as it comes."""
        return StreamCall("/v3/roundtable", RoundtableReading, options, {**request, "stream": True})

    @overload
    def parse(
        self: Resource[Shell], *, output_type: type[T], options: CallOptions = ..., **request: Unpack[Question]
    ) -> Parsed[T]: ...
    @overload
    def parse(
        self: Resource[AsyncShell], *, output_type: type[T], options: CallOptions = ..., **request: Unpack[Question]
    ) -> Coroutine[Any, Any, Parsed[T]]: ...
    def parse(self, *, output_type: type[T], options: CallOptions = USUAL, **request: Unpack[Question]) -> Any:
        """Ask for answers of a type: a pydantic model, or whatever pydantic makes a schema of.

        Raises OutputError, with the whole answer, if the consolidated one is missing or does not fit.
        """
        schema, parse = _parser(output_type)
        return self._shell.make(_call(parse, {**request, "output_schema": schema}, options))
