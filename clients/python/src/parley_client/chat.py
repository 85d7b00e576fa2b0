"""`POST /v1/chat/completions`, as OpenAI defines it, with Parley's additions.

The request, the completion, the chunks of the stream, and how they are put together again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypedDict, TypeVar

from parley_client.call import USUAL, Call, CallOptions, StreamCall
from parley_client.decoding import reader
from parley_client.reading import Reading, TextDelta
from parley_client.resource import Resource, plain, streamed
from parley_client.sse import Frame

if TYPE_CHECKING:
    from typing_extensions import Unpack

S = TypeVar("S")

Message: TypeAlias = Mapping[str, Any]
"""A chat message: `role`, `content` (text or parts), and what else belongs to it."""


class ChatRequest(TypedDict, total=False):
    """OpenAI's parameters; others go in `CallOptions.extra_body` and on to the provider.

    Parley's own: `models` (fallbacks after `model`), `template` with `variables`, `timeout` (seconds), `cache`.
    """

    model: str
    messages: Sequence[Message]
    models: Sequence[str]
    template: str
    variables: Mapping[str, str]
    timeout: float
    cache: bool
    temperature: float
    top_p: float
    max_tokens: int
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
class ChatCompletion:
    """A whole completion. `cost` is a decimal string in US dollars, None without a known price."""

    id: str
    model: str
    choices: tuple[ChatChoice, ...]
    object: str | None = None
    created: int | None = None
    usage: ChatUsage | None = None
    cost: str | None = None
    warnings: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ChatChunkChoice:
    """A piece of the answer."""

    index: int
    delta: ChatMessage
    finish_reason: str | None = None
    logprobs: Any = None


@dataclass(frozen=True, slots=True)
class ChatChunk:
    """One event of a streamed completion; `usage` comes in the last one if `stream_options` ask for it."""

    id: str
    model: str
    choices: tuple[ChatChunkChoice, ...]
    object: str | None = None
    created: int | None = None
    usage: ChatUsage | None = None
    cost: str | None = None
    warnings: tuple[str, ...] | None = None


class _Growing:
    """One choice while its pieces come."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.refusal: list[str] = []
        self.reasoning: list[str] = []
        self.calls: dict[int, ToolCall] = {}
        self.role = "assistant"
        self.finish_reason: str | None = None
        self.logprobs: Any = None

    def add(self, piece: ChatChunkChoice) -> None:
        delta = piece.delta
        self.role = delta.role or self.role
        self.text.append(delta.content or "")
        self.refusal.append(delta.refusal or "")
        self.reasoning.append(delta.reasoning_content or "")
        for call in delta.tool_calls or ():
            index = call.index or 0
            known = self.calls.get(index)
            self.calls[index] = replace(call, index=None) if known is None else _joined(known, call)
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.logprobs = piece.logprobs if piece.logprobs is not None else self.logprobs

    def choice(self, index: int) -> ChatChoice:
        text, refusal = "".join(self.text), "".join(self.refusal)
        message = ChatMessage(
            self.role,
            text if text or not (refusal or self.calls) else None,
            refusal or None,
            "".join(self.reasoning) or None,
            tuple(call for _, call in sorted(self.calls.items())) or None,
        )
        return ChatChoice(index, message, self.finish_reason, self.logprobs)


def _joined(known: ToolCall, piece: ToolCall) -> ToolCall:
    function = Function(
        known.function.name or piece.function.name,
        (known.function.arguments or "") + (piece.function.arguments or ""),
    )
    return ToolCall(function, known.id or piece.id, known.type or piece.type)


class ChatReading(Reading[ChatChunk, ChatCompletion]):
    """Chunks have no names: whatever is no error is a chunk. The result is put together from them."""

    tag = "object"
    kinds: ClassVar = {"chunk": ChatChunk}

    def __init__(self) -> None:
        super().__init__()
        self._whole: ChatCompletion | None = None
        self._choices: dict[int, _Growing] = {}

    def name_of(self, frame: Frame, value: Mapping[str, Any]) -> str:
        return "error" if value.get("error") is not None or frame.event == "error" else "chunk"

    def collect(self, event: ChatChunk) -> None:
        for piece in event.choices:
            self._choices.setdefault(piece.index, _Growing()).add(piece)
        known = self._whole or ChatCompletion(event.id, event.model, (), "chat.completion", event.created)
        self._whole = replace(
            known,
            model=event.model,
            usage=event.usage or known.usage,
            cost=event.cost or known.cost,
            warnings=event.warnings or known.warnings,
        )

    def collected(self) -> ChatCompletion | None:
        if self._whole is None:
            return None
        return replace(self._whole, choices=tuple(one.choice(index) for index, one in sorted(self._choices.items())))

    def text(self, event: ChatChunk) -> TextDelta | None:
        text = "".join(piece.delta.content or "" for piece in event.choices)
        return TextDelta(None, event.model, text, is_summary=False) if text else None


class CompletionsResource(Resource[S]):
    """Chat completions as OpenAI defines them."""

    @plain
    def create(self, *, options: CallOptions = USUAL, **request: Unpack[ChatRequest]) -> Call[ChatCompletion]:
        """Ask one model, or the first of several that answers. A failed call is an APIError with `provider_error`."""
        return Call("POST", "/v1/chat/completions", reader(ChatCompletion), options, request, takes_key=True)

    @streamed
    def stream(
        self, *, options: CallOptions = USUAL, **request: Unpack[ChatRequest]
    ) -> StreamCall[ChatChunk, ChatCompletion]:
        """Ask, and read the chunks as they come."""
        return StreamCall("/v1/chat/completions", ChatReading, options, request)


class ChatResource(Resource[S]):
    """Where `completions` live."""

    def __init__(self, shell: S) -> None:
        super().__init__(shell)
        self.completions = CompletionsResource(shell)
