"""`POST /v1/chat/completions`, as OpenAI defines it, with Parley's additions.

The request, the completion, the chunks of the stream, and how they are put together again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias, TypedDict

from parley_client.call import USUAL, Call, CallOptions, Resource, StreamCall, endpoint
from parley_client.decoding import copied, reader
from parley_client.reading import Reading, TextDelta
from parley_client.sse import Frame
from parley_client.typevars import S, T, Unpack

Message: TypeAlias = Mapping[str, Any]
"""A chat message: `role`, `content` (text or parts), and what else belongs to it."""


class Conversation(TypedDict, total=False):
    """What completions and comparisons both take."""

    messages: Sequence[Message]
    template: str
    variables: Mapping[str, str]
    cache: bool
    temperature: float
    max_tokens: int


class ChatRequest(Conversation, total=False):
    """OpenAI's parameters; others go in `CallOptions.extra_body` and on to the provider.

    Parley's own: `models` (fallbacks after `model`), `template` with `variables`, `timeout` (seconds), `cache`.
    """

    model: str
    models: Sequence[str]
    timeout: float
    top_p: float
    max_completion_tokens: int
    stop: str | Sequence[str]
    seed: int
    frequency_penalty: float
    presence_penalty: float
    logprobs: bool
    top_logprobs: int
    tools: Sequence[Mapping[str, Any]]
    tool_choice: str | Mapping[str, Any]
    parallel_tool_calls: bool
    response_format: Mapping[str, Any]
    reasoning_effort: str
    stream_options: Mapping[str, Any]
    user: str


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """Tokens as chat completions and comparisons count them; `estimated` if the server counted.

    The details are those of OpenAI: `cached_tokens`, `cache_write_tokens`; `reasoning_tokens`.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: Mapping[str, int] | None = None
    completion_tokens_details: Mapping[str, int] | None = None
    estimated: bool | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the model wants called; `arguments` is JSON text, in a stream a piece of it."""

    name: str | None = None
    arguments: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call, or a piece of one: in a stream `index` says which, and `id` stands on its first piece."""

    function: Function
    id: str | None = None
    type: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """What the model said; in a stream a piece of it."""

    role: str | None = None
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[ToolCall, ...] | None = None


@dataclass(frozen=True, slots=True)
class ChatChoice:
    """The answer, and why it ended."""

    index: int
    message: ChatMessage
    finish_reason: str | None = None
    logprobs: Any = None


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What stands around choices. `cost` is a decimal string in US dollars, None without a known price."""

    id: str
    model: str
    choices: tuple[Any, ...]
    object: str | None = None
    created: int | None = None
    usage: ChatUsage | None = None
    cost: str | None = None
    warnings: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ChatCompletion(_Envelope):
    """A whole completion. `cost` is a decimal string in US dollars, None without a known price."""

    choices: tuple[ChatChoice, ...]


@dataclass(frozen=True, slots=True)
class ChatChunkChoice:
    """A piece of the answer."""

    index: int
    delta: ChatMessage
    finish_reason: str | None = None
    logprobs: Any = None


@dataclass(frozen=True, slots=True)
class ChatChunk(_Envelope):
    """One event of a streamed completion; `usage` comes in the last one if `stream_options` ask for it."""

    choices: tuple[ChatChunkChoice, ...]


class ChatReading(Reading[ChatChunk, ChatCompletion]):
    """Chunks have no names: whatever is no error is a chunk. The result is put together from them."""

    tag = "object"
    kinds: ClassVar = {"chunk": ChatChunk}
    needed = (ChatChunk,)

    def name_of(self, frame: Frame, value: Mapping[str, Any]) -> str:
        return "error" if value.get("error") is not None or frame.event == "error" else "chunk"

    def condensed(self) -> list[ChatChunk]:
        chunks = self.kept(ChatChunk)
        choices = _grouped((piece for chunk in chunks for piece in chunk.choices), lambda piece: piece.index)
        whole = ChatChunk(
            id=chunks[0].id,
            model=chunks[-1].model,
            choices=tuple(_joined_choice(index, pieces) for index, pieces in choices),
            created=chunks[0].created,
            usage=_first(chunk.usage for chunk in reversed(chunks)),
            cost=_first(chunk.cost for chunk in reversed(chunks)),
            warnings=_first(chunk.warnings for chunk in reversed(chunks)),
        )
        return [whole]

    def collected(self) -> ChatCompletion | None:
        if not self.kept(ChatChunk):
            return None
        [whole] = self.condensed()
        choices = tuple(copied(ChatChoice, choice, message=_whole(choice.delta)) for choice in whole.choices)
        return copied(ChatCompletion, whole, object="chat.completion", choices=choices)

    def text(self, event: ChatChunk) -> TextDelta | None:
        text = "".join(piece.delta.content or "" for piece in event.choices)
        return TextDelta(None, event.model, text, is_summary=False) if text else None


def _joined_choice(index: int, pieces: Sequence[ChatChunkChoice]) -> ChatChunkChoice:
    deltas = [piece.delta for piece in pieces]
    calls = _grouped((call for delta in deltas for call in delta.tool_calls or ()), lambda call: call.index or 0)
    delta = ChatMessage(
        role=_first(delta.role for delta in reversed(deltas)),
        content="".join(delta.content or "" for delta in deltas),
        refusal="".join(delta.refusal or "" for delta in deltas) or None,
        reasoning_content="".join(delta.reasoning_content or "" for delta in deltas) or None,
        tool_calls=tuple(_joined_call(index, pieces) for index, pieces in calls) or None,
    )
    finish_reason = _first(piece.finish_reason for piece in reversed(pieces))
    return ChatChunkChoice(index, delta, finish_reason, _first(piece.logprobs for piece in reversed(pieces)))


def _joined_call(index: int, pieces: Sequence[ToolCall]) -> ToolCall:
    arguments = [piece.function.arguments for piece in pieces if piece.function.arguments is not None]
    function = Function(_first(piece.function.name for piece in pieces), "".join(arguments) if arguments else None)
    return ToolCall(function, _first(piece.id for piece in pieces), _first(piece.type for piece in pieces), index)


def _whole(delta: ChatMessage) -> ChatMessage:
    """Return what the joined pieces of a message are as a message that came whole."""
    calls = tuple(replace(call, index=None) for call in delta.tool_calls or ()) or None
    content = delta.content or (None if delta.refusal or calls else "")
    return replace(delta, role=delta.role or "assistant", content=content, tool_calls=calls)


def _grouped(pieces: Iterable[T], index_of: Callable[[T], int]) -> list[tuple[int, list[T]]]:
    """Return the pieces of each index in the order of their coming, the indexes in theirs."""
    groups: dict[int, list[T]] = {}
    for piece in pieces:
        groups.setdefault(index_of(piece), []).append(piece)
    return sorted(groups.items())


def _first(values: Iterable[T | None]) -> T | None:
    """Return the first value that says something."""
    return next((value for value in values if value), None)


class CompletionsResource(Resource[S]):
    """Chat completions as OpenAI defines them."""

    @endpoint
    def create(self, *, options: CallOptions = USUAL, **request: Unpack[ChatRequest]) -> Call[ChatCompletion]:
        """Ask one model, or the first of several that answers. A failed call is an APIError with `provider_error`."""
        return Call("POST", "/v1/chat/completions", reader(ChatCompletion), options, request, takes_key=True)

    @endpoint
    def stream(
        self, *, options: CallOptions = USUAL, **request: Unpack[ChatRequest]
    ) -> StreamCall[ChatChunk, ChatCompletion]:
        """Ask, and read the chunks as they come."""
        return StreamCall("/v1/chat/completions", ChatReading, options, {**request, "stream": True})


class ChatResource(Resource[S]):
    """Where `completions` live."""

    def __init__(self, shell: S) -> None:
        super().__init__(shell)
        self.completions = CompletionsResource(shell)
