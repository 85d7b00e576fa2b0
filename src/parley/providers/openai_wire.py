"""Answers of the `openai` dialect as types: one decoded frame, streamed or whole, becomes chunks.

Only what is used is decoded; unknown fields are ignored, because every look-alike adds its own. Both names of the
reasoning text are read, both shapes of content. Source: contracts/providers.md, sections 1 and 4.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from parley.domain.errors import UpstreamFailure
from parley.domain.run import FinishReason
from parley.domain.usage import Usage
from parley.providers.batch import Batch
from parley.providers.provider import (
    FinishChunk,
    LogprobsChunk,
    ReasoningChunk,
    RefusalChunk,
    ToolCallChunk,
    UsageChunk,
)

_DONE = b"[DONE]"
_ABSENT = msgspec.Raw(b"")
_NO_JSON = frozenset({b"", b"null", b"false", b'""', b"{}"})
# No model call costs more; a larger number is a unit of the vendor's own.
_MAX_COST_USD = Decimal(1_000_000)

_FINISH_REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}
# OpenRouter's, DeepSeek's and Mistral's words for a model that broke down while it wrote.
_BREAKDOWNS = frozenset({"error", "insufficient_system_resource"})


class _Part(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: "list[_Part] | str | None" = None
    refusal: str | None = None


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: msgspec.Raw = _ABSENT


class _ToolCall(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Message(msgspec.Struct, gc=False):
    """A whole message or a delta: the same fields."""

    content: str | list[_Part] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None
    logprobs: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: int | float | None = None
    cache_write_tokens: int | float | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | float | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | float | None = None
    completion_tokens: int | float | None = None
    total_tokens: int | float | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: int | float | None = None
    cost: Decimal | None = None


class _Frame(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: msgspec.Raw = _ABSENT


_decode_frame = msgspec.json.Decoder(_Frame).decode


class AnswerReader:
    """Turns the frames of one answer into chunks, which it puts into `batch`.

    `has_finished`: the model has stopped; `is_done`: nothing more will come. `broken` words the failure of an answer
    that is none, `refused` that of an error body inside of an answer.
    """

    def __init__(
        self, batch: Batch, broken: Callable[[str], UpstreamFailure], refused: Callable[[bytes], UpstreamFailure]
    ) -> None:
        self.is_done = False
        self.has_finished = False
        self._batch = batch
        self._broken = broken
        self._refused = refused

    def read(self, payloads: Iterable[bytes]) -> None:
        """Read some frames; garbage, and an error inside, fail the batch."""
        try:
            for payload in payloads:
                self._read_frame(payload)
        except UpstreamFailure as failure:
            self._batch.fail(failure)

    def read_whole(self, body: bytes) -> None:
        """Read an answer that was not streamed, whatever keep-alive padding stands before it."""
        rest = body.lstrip()
        while rest.startswith(b":"):
            rest = rest.partition(b"\n")[2].lstrip()
        self.read([rest])

    def check_end(self) -> None:
        """Raise UpstreamFailure if the answer ended before its end was said."""
        if not self.has_finished and not self.is_done:
            raise self._broken("ended its answer before it was complete")

    def _read_frame(self, payload: bytes) -> None:
        if payload == _DONE:
            self.is_done = True
            return
        try:
            frame = _decode_frame(payload)
        except (ValueError, RecursionError) as error:
            raise self._broken("sent something that is not an answer in OpenAI's format") from error
        if _says_something(frame.error):
            raise self._refused(payload)
        for choice in frame.choices or ():
            if choice.index == 0:
                self._read_choice(choice)
        usage = None if frame.usage is None else _usage_of(frame.usage)
        if usage is not None:
            self._batch.add(UsageChunk(usage))

    def _read_choice(self, choice: _Choice) -> None:
        message = choice.delta
        if message is None and choice.message is not None:
            message = choice.message
            self.is_done = True
        if message is not None:
            self._read_message(message)
        if _says_something(choice.logprobs):
            self._batch.add(LogprobsChunk(msgspec.json.decode(choice.logprobs)))
        if _says_something(choice.error):
            raise self._refused(b'{"error":' + bytes(choice.error) + b"}")
        if choice.finish_reason and not self.has_finished:
            if choice.finish_reason in _BREAKDOWNS:
                raise self._broken(f"stopped with {choice.finish_reason}")
            self.has_finished = True
            self._batch.add(FinishChunk(_FINISH_REASONS.get(choice.finish_reason, FinishReason.STOP)))

    def _read_message(self, message: _Message) -> None:
        batch = self._batch
        if reasoning := message.reasoning_content or message.reasoning:
            batch.add(ReasoningChunk(reasoning))
        if isinstance(message.content, str):
            batch.add_text(message.content)
        elif message.content:
            self._read_parts(message.content)
        if message.refusal:
            batch.add(RefusalChunk(message.refusal))
        for position, call in enumerate(message.tool_calls or ()):
            function = call.function or _Function()
            index = position if call.index is None else call.index
            batch.add(ToolCallChunk(index, call.id or None, function.name or None, _arguments_of(function)))

    def _read_parts(self, parts: list[_Part]) -> None:
        """Read the parts joined by kind: Mistral's models think in parts of their own."""
        if reasoning := "".join([_thinking_of(part) for part in parts]):
            self._batch.add(ReasoningChunk(reasoning))
        self._batch.add_text("".join([part.text or "" for part in parts if part.thinking is None]))
        if refusal := "".join([part.refusal or "" for part in parts]):
            self._batch.add(RefusalChunk(refusal))


def _says_something(raw: msgspec.Raw) -> bool:
    return raw is not _ABSENT and bytes(raw) not in _NO_JSON


def _thinking_of(part: _Part) -> str:
    if isinstance(part.thinking, str):
        return part.thinking
    return "".join([inner.text or "" for inner in part.thinking or ()])


def _arguments_of(function: _Function) -> str:
    """Return the arguments as JSON text; some servers send them as an object instead."""
    raw = bytes(function.arguments)
    if raw in {b"", b"null"}:
        return ""
    if raw.startswith(b'"'):
        return msgspec.json.decode(raw, type=str)
    return raw.decode()


def _usage_of(usage: _Usage) -> Usage | None:
    """Return the tokens; None where all is zero or missing, which is no count at all."""
    read_details = usage.prompt_tokens_details or _InputDetails()
    write_details = usage.completion_tokens_details or _OutputDetails()
    input_tokens = _count(usage.prompt_tokens)
    output_tokens = _count(usage.completion_tokens)
    reasoning_tokens = _count(write_details.reasoning_tokens)
    if input_tokens == output_tokens == 0:
        return None
    if reasoning_tokens and _count(usage.total_tokens) == input_tokens + output_tokens + reasoning_tokens:
        output_tokens += reasoning_tokens  # xAI counts reasoning beside the completion, not inside of it
    cache_read = _count(read_details.cached_tokens) or _count(usage.prompt_cache_hit_tokens)
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=min(cache_read, input_tokens),
        cache_creation_tokens=min(_count(read_details.cache_write_tokens), max(input_tokens - cache_read, 0)),
        reasoning_tokens=min(reasoning_tokens, output_tokens),
        upstream_cost_usd=_cost_of(usage),
    )


def _count(tokens: float | None) -> int:
    return max(int(tokens), 0) if tokens else 0


def _cost_of(usage: _Usage) -> Decimal | None:
    """Return the provider's own figure; None for one that can't be a price, such as -1 for unknown."""
    cost = usage.cost
    if cost is None or not cost.is_finite() or not 0 <= cost < _MAX_COST_USD:
        return None
    return cost
